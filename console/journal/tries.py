"""Every try of what a correction forbids, by the second, in a small file of its own beside the journal. Deletable.

Nothing here is evidence, and nothing here is ever signed: what tries came to is entered. It is bounded: a place for
each target and second, the newest few thousand of each.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

MOST: Final = 4_000  # seconds with a try that are kept of one target
_FORM: Final = 1
_BUSY_S: Final = 2.0
_SECOND: Final = 1_000
_TABLE: Final = """CREATE TABLE try (
    doc TEXT NOT NULL, target INTEGER NOT NULL, at_s INTEGER NOT NULL, passed INTEGER NOT NULL,
    refused INTEGER NOT NULL, unclear INTEGER NOT NULL, PRIMARY KEY (doc, target, at_s)) STRICT, WITHOUT ROWID"""


@dataclass(frozen=True, slots=True)
class Try:
    """What tries of one target came to in one second (ms since the epoch, whole seconds where it was read)."""

    doc: str
    target: int
    at_ms: int
    passed: int = 0
    refused: int = 0
    unclear: int = 0


def path_beside(index: Path) -> Path:
    """Where the tries of the profile lie whose projections are at `index`."""
    return index.with_name("tries.db")


class Tries:
    """Takes tries and gives them back, from any thread. A context manager."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._gate = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def add(self, tries: Sequence[Try]) -> None:
        """Keep these; what came in the same second is added up.

        Raises:
            sqlite3.Error: when the file cannot be written; nothing else depends on it.
        """
        rows = [(one.doc, one.target, one.at_ms // _SECOND, one.passed, one.refused, one.unclear) for one in tries]
        with self._gate:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.executemany(
                    "INSERT INTO try VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (doc, target, at_s) DO UPDATE SET "
                    "passed = passed + excluded.passed, refused = refused + excluded.refused, "
                    "unclear = unclear + excluded.unclear",
                    rows,
                )
                for doc, target in {(one.doc, one.target) for one in tries}:
                    connection.execute(
                        "DELETE FROM try WHERE doc = ? AND target = ? AND at_s <= (SELECT at_s FROM try "
                        "WHERE doc = ? AND target = ? ORDER BY at_s DESC LIMIT 1 OFFSET ?)",
                        (doc, target, doc, target, MOST),
                    )
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise

    def of(self, doc: str) -> list[Try]:
        """Every try of one document that is kept, the oldest first; none where the file cannot be read."""
        if not self._path.exists():
            return []
        try:
            with self._gate:
                found = self._open().execute(
                    "SELECT doc, target, at_s * 1000, passed, refused, unclear FROM try WHERE doc = ? "
                    "ORDER BY at_s, target",
                    (doc,),
                ).fetchall()  # fmt: skip
        except sqlite3.Error:
            return []
        return [Try(*row) for row in found]

    def close(self) -> None:
        """Close the file; it is opened again when needed."""
        with self._gate:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self._connection = _connect(self._path)
            except sqlite3.OperationalError:
                raise  # busy, full, not allowed: the file itself is sound
            except sqlite3.DatabaseError:
                for suffix in ("", "-wal", "-shm"):  # damaged, or of another form: it is worth nothing
                    Path(f"{self._path}{suffix}").unlink(missing_ok=True)
                self._connection = _connect(self._path)
        return self._connection


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        connection.execute("PRAGMA synchronous = NORMAL")
        form = connection.execute("PRAGMA user_version").fetchone()[0]
        if form not in (0, _FORM):
            raise sqlite3.DatabaseError("another form")  # noqa: TRY301  as a damaged one
        if form == 0:
            connection.execute("BEGIN IMMEDIATE")
            if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                connection.execute(_TABLE)
                connection.execute(f"PRAGMA user_version = {_FORM}")
            connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


__all__ = ["MOST", "Tries", "Try", "path_beside"]
