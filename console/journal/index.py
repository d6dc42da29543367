"""`index.db` as a file: its tables, opened by path, made anew beside and swapped in. Deletable at any time.

Nothing in it is evidence. Another process may swap it at any moment: whoever reads asks `moved` first.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Generator
from pathlib import Path

from console.runtime import platform
from console.runtime.platform import FileLock

FORM = 7
BUSY_TIMEOUT_S = 10.0
_CACHE = "cache_size = -16384"
# a checkpoint waits for the disk: it is made by `checkpoint` when nobody waits, and by itself only in need
_WRITING = (
    "journal_mode = WAL", "synchronous = NORMAL", "secure_delete = ON", "wal_autocheckpoint = 20000",
    "journal_size_limit = 1048576",
)  # fmt: skip
_LOG_BYTES = 4 * 1024 * 1024  # what is left of it is brought into the file when a profile is closed
_BUILDING_CACHE = "cache_size = -65536"
# feed_at (`line.place_of`) settles a tie of the hybrid time by the feed, and of a fork's two sides by the entry
_TABLES = (
    """CREATE TABLE at (
        one INTEGER PRIMARY KEY CHECK (one = 1), n INTEGER NOT NULL, id BLOB, standings INTEGER NOT NULL,
        tombstones INTEGER NOT NULL, turn INTEGER NOT NULL) STRICT""",
    "INSERT INTO at (one, n, id, standings, tombstones, turn) VALUES (1, 0, NULL, 0, 0, 0)",
    """CREATE TABLE incident (
        no INTEGER PRIMARY KEY, inc TEXT UNIQUE, lines INTEGER NOT NULL, first_n INTEGER NOT NULL,
        last_n INTEGER NOT NULL) STRICT""",
    "CREATE TABLE feed (no INTEGER PRIMARY KEY, feed TEXT NOT NULL UNIQUE, author TEXT) STRICT",
    "CREATE TABLE kind (no INTEGER PRIMARY KEY, kind TEXT NOT NULL UNIQUE, lines INTEGER NOT NULL) STRICT",
    """CREATE TABLE line (
        n INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, inc INTEGER NOT NULL, feed INTEGER NOT NULL,
        seq INTEGER NOT NULL, kind INTEGER NOT NULL, subj TEXT, occurred_ms INTEGER NOT NULL,
        plus_minus_ms INTEGER NOT NULL, hlc_ms INTEGER NOT NULL, hlc_n INTEGER NOT NULL, received_ms INTEGER NOT NULL,
        standing TEXT, flags INTEGER NOT NULL, absent INTEGER NOT NULL, held INTEGER NOT NULL, text TEXT NOT NULL,
        speaker TEXT NOT NULL, fact TEXT NOT NULL, more TEXT NOT NULL, feed_at INTEGER NOT NULL) STRICT""",
    "CREATE INDEX line_order ON line (inc, occurred_ms, hlc_ms, hlc_n, feed_at, n, kind)",
    "CREATE INDEX line_absent ON line (n) WHERE absent > 0",
    "CREATE INDEX line_standing ON line (n) WHERE standing IS NOT NULL",
    """CREATE TABLE said_of (
        target BLOB NOT NULL, n INTEGER NOT NULL, retracts INTEGER NOT NULL, PRIMARY KEY (target, n))
        STRICT, WITHOUT ROWID""",
    "CREATE INDEX said_of_order ON said_of (n)",
    """CREATE VIRTUAL TABLE words USING fts5 (
        body, facet, content = '', columnsize = 0, prefix = '1 2 3 4', tokenize = 'unicode61 remove_diacritics 2')""",
)


def make(path: Path) -> sqlite3.Connection:
    """A new file with empty tables, for building: not durable until it is closed and swapped in."""
    remove(path)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        platform.make_private_file(path)
        for pragma in (
            "journal_mode = MEMORY",
            "synchronous = OFF",
            "secure_delete = ON",
            f"cache_size = -{64 * 1024}",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        for statement in _TABLES:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {FORM}")
    except BaseException:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def _alone(path: Path) -> Generator[None]:
    """Between opening a file and its log no other process may swap it: SQLite finds the log by name."""
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while (lock := FileLock.try_take(path.with_name("index.swap"))) is None:
        if time.monotonic() > deadline:
            raise sqlite3.OperationalError("the index is being swapped for longer than anything takes")
        time.sleep(0.001)
    with lock:
        yield


def open_(path: Path, *, read_only: bool = False) -> sqlite3.Connection | None:
    """A connection in autocommit mode; None where there is no file, or one of another form, or none of ours."""
    if not path.exists():
        return None
    with _alone(path):
        return _open(path, read_only=read_only)


def _open(path: Path, *, read_only: bool) -> sqlite3.Connection | None:
    mode = "ro" if read_only else "rw"
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None,
            check_same_thread=False,
        )  # fmt: skip
    except sqlite3.DatabaseError:
        return None
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] == FORM:
            for pragma in () if read_only else _WRITING:
                connection.execute(f"PRAGMA {pragma}").fetchall()
            connection.execute(f"PRAGMA {_CACHE}")
            connection.execute("SELECT turn FROM at").fetchone()
            return connection
    except sqlite3.DatabaseError:
        pass
    connection.close()
    return None


def checkpoint(connection: sqlite3.Connection, path: Path) -> None:
    """Bring a long log into the file (some 30 ms), as far as no reader needs it; a short one is left."""
    try:
        size = Path(f"{path}-wal").stat().st_size
    except FileNotFoundError:
        return
    if size > _LOG_BYTES:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def swap(beside: Path, path: Path) -> None:
    """Put a finished file into place, durably enough for something that can be made again."""
    with _alone(path):
        remove(path)
        beside.replace(path)


def identity(path: Path) -> tuple[int, int] | None:
    """Which file lies there now (device and number); None where none does."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def remove(path: Path) -> None:
    """Remove a file and what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{path}{suffix}")  # noqa: PTH108  a path with a suffix that is no extension
