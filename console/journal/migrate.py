"""Brings a database to the newest form of each part, one step at a time, each in a transaction of its own.

It must never run a step twice and never open a newer form. It may be broken off anywhere: the next run goes on from the
last whole step.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from console.journal.faults import NewerJournal
from console.journal.schema import Part

_PARTS = "CREATE TABLE IF NOT EXISTS part (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID"
_ASK_EVERY: Final = 20_000  # of SQLite's own instructions: a few milliseconds
_INTERRUPTED: Final = sqlite3.SQLITE_INTERRUPT


class BrokenOff(Exception):
    """The upgrade was told to stop. The step at hand is undone, those before it stay."""


@dataclass(frozen=True, slots=True)
class Upgraded:
    """How far an upgrade is: statements that are done, of how many, in a journal of so many entries."""

    done: int
    total: int
    entries: int


def migrate(
    connection: sqlite3.Connection,
    parts: Sequence[Part],
    told: Callable[[int], None] = lambda _done: None,
    stop: Callable[[], bool] | None = None,
) -> None:
    """Run the missing steps of every part. The connection is in autocommit mode. Two processes may do it at once.

    `told` hears the number of statements done; `stop` is asked every few milliseconds, in the middle of one too.

    Raises:
        NewerJournal: when a part's tables are newer than this version knows.
        BrokenOff: when `stop` said so.
    """
    done = 0

    def counted() -> None:
        nonlocal done
        done += 1
        told(done)

    if stop is not None:
        connection.set_progress_handler(stop, _ASK_EVERY)
    try:
        for part in parts:
            while _step(connection, part, counted):
                if stop is not None and stop():
                    raise BrokenOff
    except sqlite3.OperationalError as fault:
        if getattr(fault, "sqlite_errorcode", 0) == _INTERRUPTED:
            raise BrokenOff from None
        raise
    finally:
        if stop is not None:
            connection.set_progress_handler(None, 0)


def version_of(connection: sqlite3.Connection, name: str) -> int:
    """The stored version of a part; 0 where it has never been made."""
    row = connection.execute("SELECT version FROM part WHERE name = ?", (name,)).fetchone()
    return 0 if row is None else int(row[0])


def missing(path: Path, parts: Sequence[Part]) -> Upgraded | None:
    """What an upgrade of the journal at `path` would have to do; None where it is new, up to date or not to be read.

    It only looks, and quickly: whoever opens the journal is told what is wrong with it.
    """
    if not path.exists():
        return None
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=1.0, isolation_level=None)
    except sqlite3.Error:
        return None
    try:
        steps = [step for part in parts for step in part.steps[version_of(connection, part.name) :]]
        entries = connection.execute("SELECT coalesce(max(n), 0) FROM entry").fetchone()[0]
    except sqlite3.Error:
        return None
    finally:
        connection.close()
    return Upgraded(0, sum(map(len, steps)), int(entries)) if steps else None


def _step(connection: sqlite3.Connection, part: Part, counted: Callable[[], None]) -> bool:
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(_PARTS)
        found = version_of(connection, part.name)
        if found > len(part.steps):
            raise NewerJournal(part.name, found, len(part.steps))  # noqa: TRY301  the lock is given back below
        if found == len(part.steps):
            connection.execute("COMMIT")
            return False
        for statement in part.steps[found]:
            connection.execute(statement)
            counted()
        connection.execute(
            "INSERT INTO part (name, version) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET version = excluded.version",
            (part.name, found + 1),
        )
        connection.execute("COMMIT")
    except BaseException:
        connection.set_progress_handler(None, 0)  # undoing is not to be broken off
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return True
