"""Status samples of surfaces over the last day, in a small file of their own beside the journal. Deletable at any time.

Nothing here is evidence, and nothing here is ever signed: transitions are entries. It is bounded by its form: one
place for each surface and half minute of a day, which the next day's sample takes over.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

SLOT_MS: Final = 30_000
SLOTS: Final = 2_880  # a day of half minutes
DAY_MS: Final = SLOT_MS * SLOTS
_FORM: Final = 1
_BUSY_S: Final = 2.0
_TABLE: Final = """CREATE TABLE sample (
    instance TEXT NOT NULL, key TEXT NOT NULL, slot INTEGER NOT NULL CHECK (slot BETWEEN 0 AND 2879),
    at_ms INTEGER NOT NULL, state TEXT NOT NULL, latency_ms INTEGER, PRIMARY KEY (instance, key, slot))
    STRICT, WITHOUT ROWID"""


@dataclass(frozen=True, slots=True)
class Sample:
    """How one surface was at one look. `key` is the provider's own name for it.

    `latency_ms` is None where the provider did not answer.
    """

    instance: str
    key: str
    at_ms: int
    state: str
    latency_ms: int | None


def path_beside(index: Path) -> Path:
    """Where the samples of the profile lie whose projections are at `index`."""
    return index.with_name("telemetry.db")


class Telemetry:
    """Takes samples and gives them back, from any thread. A context manager."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._gate = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def add(self, samples: Sequence[Sample]) -> None:
        """Keep these; of several in one half minute the last is kept.

        Raises:
            sqlite3.Error: when the file cannot be written; nothing else depends on it.
        """
        rows = [
            (one.instance, one.key, one.at_ms // SLOT_MS % SLOTS, one.at_ms, one.state, one.latency_ms)
            for one in samples
        ]
        with self._gate:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.executemany("INSERT OR REPLACE INTO sample VALUES (?, ?, ?, ?, ?, ?)", rows)
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise

    def last(self, instance: str, key: str, now_ms: int, limit: int = SLOTS) -> list[Sample]:
        """The last samples of one surface within a day before `now_ms`, oldest first."""
        with self._gate:
            found = self._open().execute(
                "SELECT instance, key, at_ms, state, latency_ms FROM sample WHERE instance = ? AND key = ? "
                "AND at_ms BETWEEN ? AND ? ORDER BY at_ms DESC LIMIT ?",
                (instance, key, now_ms - DAY_MS, now_ms, limit),
            ).fetchall()  # fmt: skip
        return [Sample(*row) for row in reversed(found)]

    def forget_before(self, at_ms: int) -> None:
        """Drop what is older: surfaces that are no longer looked at would stay otherwise."""
        with self._gate:
            self._open().execute("DELETE FROM sample WHERE at_ms < ?", (at_ms,))

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
        _shape(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _shape(connection: sqlite3.Connection) -> None:
    """Make the table in a new file.

    Raises:
        sqlite3.DatabaseError: when the file has another form.
    """
    form = connection.execute("PRAGMA user_version").fetchone()[0]
    if form not in (0, _FORM):
        raise sqlite3.DatabaseError("another form")
    if form == 0:
        connection.execute("BEGIN IMMEDIATE")
        if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
            connection.execute(_TABLE)
            connection.execute(f"PRAGMA user_version = {_FORM}")
        connection.execute("COMMIT")
