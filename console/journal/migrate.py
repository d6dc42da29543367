"""Brings a database to the newest form of each part, one step at a time, each in a transaction of its own.

It must never run a step twice and never open a newer form.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from console.journal.faults import NewerJournal
from console.journal.schema import Part

_PARTS = "CREATE TABLE IF NOT EXISTS part (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID"


def migrate(connection: sqlite3.Connection, parts: Sequence[Part]) -> None:
    """Run the missing steps of every part. The connection is in autocommit mode. Two processes may do it at once.

    Raises:
        NewerJournal: when a part's tables are newer than this version knows.
    """
    for part in parts:
        while _step(connection, part):
            pass


def version_of(connection: sqlite3.Connection, name: str) -> int:
    """The stored version of a part; 0 where it has never been made."""
    row = connection.execute("SELECT version FROM part WHERE name = ?", (name,)).fetchone()
    return 0 if row is None else int(row[0])


def _step(connection: sqlite3.Connection, part: Part) -> bool:
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
        connection.execute(
            "INSERT INTO part (name, version) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET version = excluded.version",
            (part.name, found + 1),
        )
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return True
