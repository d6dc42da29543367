"""What is shown quickly: timeline rows by incident in order of occurrence, in `index.db`. Deletable at any time.

Nothing here is evidence. A rebuild equals what was kept up step by step; redaction wipes it by rebuilding.
"""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

from console.journal.reader import Reader
from console.journal.store import JournalStore
from console.journal.values import Stored

_FORM = 1
_WINDOW = 500
_TABLES = (
    "CREATE TABLE at (one INTEGER PRIMARY KEY CHECK (one = 1), n INTEGER NOT NULL, mark TEXT NOT NULL) STRICT",
    """CREATE TABLE line (
        n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, inc TEXT, occurred_ms INTEGER NOT NULL,
        plus_minus_ms INTEGER NOT NULL, hlc_ms INTEGER NOT NULL, hlc_n INTEGER NOT NULL, feed TEXT NOT NULL,
        author TEXT, kind TEXT NOT NULL, subj TEXT, standing TEXT NOT NULL, skewed INTEGER NOT NULL,
        absent INTEGER NOT NULL, text TEXT NOT NULL) STRICT""",
    "CREATE INDEX line_order ON line (inc, occurred_ms, hlc_ms, hlc_n, feed, n)",
)
_COLUMNS = (
    "n, id, inc, occurred_ms, plus_minus_ms, hlc_ms, hlc_n, feed, author, kind, subj, standing, skewed, absent, text"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a timeline. `occurred_ms` is when it occurred as its author says, else when it was recorded.

    `text` is the first of title, text and reason that is here; empty where there is none.
    """

    n: int
    id: str
    inc: str | None
    occurred_ms: int
    plus_minus_ms: int
    hlc: tuple[int, int]
    feed: str
    author: str | None
    kind: str
    subj: str | None
    standing: str
    skewed: bool
    absent: int
    text: str


def line_of(stored: Stored) -> Line:
    """The row of one entry; what its author says of the time is believed for display only."""
    entry = stored.entry
    occurred_ms, plus_minus_ms = entry.hlc[0], 0
    told = stored.disclosed.get("occurred")
    if isinstance(told, dict):
        at_ms, about_s = told.get("at_ms"), told.get("plus_minus_s", 0)
        if type(at_ms) is int and at_ms >= 0:
            occurred_ms = at_ms
            plus_minus_ms = about_s * 1000 if type(about_s) is int and 0 <= about_s < 2**40 else 0
    words = (stored.disclosed.get(name) for name in ("title", "text", "reason"))
    text = next((word for word in words if isinstance(word, str)), "")
    return Line(
        n=stored.n,
        id=stored.id,
        inc=entry.inc,
        occurred_ms=occurred_ms,
        plus_minus_ms=plus_minus_ms,
        hlc=entry.hlc,
        feed=entry.feed,
        author=entry.author,
        kind=entry.kind,
        subj=entry.subj,
        standing=stored.standing,
        skewed=stored.skewed,
        absent=stored.absent,
        text=text,
    )


class Projections:
    """`index.db` of one profile. Thread-safe: one short lock. A context manager."""

    def __init__(self, store: JournalStore) -> None:
        self._store = store
        self._reader: Reader = store.reader()
        self._path = store.paths.index
        self._gate = threading.RLock()
        self._connection: sqlite3.Connection | None = None

    def update(self) -> int:
        """Take in what arrived since the last time; gives the number of new rows.

        Where values, standings or tombstones changed behind the rows already made, or the file is missing, of
        another form or damaged, everything is rebuilt.
        """
        with self._gate:
            found = self._place()
            if found is None or found[1] != self._mark(found[0]):
                return self.rebuild()
            return self._take_in(self._open(), found[0])

    def rebuild(self) -> int:
        """Make a new file beside, then swap: readers see the old rows or the new ones, never half of them."""
        with self._gate:
            self.close()
            beside = self._path.with_name("index.db.new")
            _remove(beside)
            connection = sqlite3.connect(beside, isolation_level=None, check_same_thread=False)
            try:
                connection.execute("PRAGMA synchronous = OFF")
                for statement in _TABLES:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {_FORM}")
                count = self._take_in(connection, 0)
            finally:
                connection.close()
            _remove(self._path)
            beside.replace(self._path)
            return count

    def timeline(self, inc: str | None, *, after: Line | None = None, limit: int = 500) -> list[Line]:
        """Rows of one incident (None: the organisation's) in order of occurrence, windowed by the last row seen."""
        sql = f"SELECT {_COLUMNS} FROM line WHERE inc IS ?"  # noqa: S608  our own column names
        values: list[object] = [inc]
        if after is not None:
            sql += " AND (occurred_ms, hlc_ms, hlc_n, feed, n) > (?, ?, ?, ?, ?)"
            values += [after.occurred_ms, *after.hlc, after.feed, after.n]
        sql += " ORDER BY occurred_ms, hlc_ms, hlc_n, feed, n LIMIT ?"
        with self._gate:
            self.update()
            rows = self._open().execute(sql, (*values, limit)).fetchall()
        return [_line(row) for row in rows]

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
            self._connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode = WAL").fetchall()
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute("PRAGMA secure_delete = ON").fetchall()
        return self._connection

    def _place(self) -> tuple[int, str] | None:
        if not self._path.exists():
            return None
        try:
            connection = self._open()
            if connection.execute("PRAGMA user_version").fetchone()[0] != _FORM:
                return None
            row = connection.execute("SELECT n, mark FROM at").fetchone()
        except sqlite3.DatabaseError:
            return None
        return None if row is None else (row[0], row[1])

    def _mark(self, n: int) -> str:
        """What the rows up to `n` depend on besides their immutable bytes."""
        with self._reader.snapshot() as connection:
            found = connection.execute(
                "SELECT (SELECT count(*) FROM disclosure d JOIN entry e ON e.id = d.holder WHERE e.n <= ?), "
                "(SELECT count(*) FROM standing s JOIN entry e ON e.id = s.id WHERE e.n <= ?), "
                "(SELECT count(*) FROM tombstone), (SELECT id FROM entry WHERE n = ?)",
                (n, n, n),
            ).fetchone()
        return orjson.dumps(found).decode()

    def _take_in(self, connection: sqlite3.Connection, at: int) -> int:
        count, n = 0, at
        connection.execute("BEGIN IMMEDIATE")
        try:
            while window := self._reader.entries(after=n, limit=_WINDOW):
                connection.executemany(
                    f"INSERT INTO line ({_COLUMNS}) VALUES ({','.join('?' * 15)})",  # noqa: S608  as above
                    [_row(line_of(stored)) for stored in window],
                )
                n = window[-1].n
                count += len(window)
            connection.execute("DELETE FROM at")
            connection.execute("INSERT INTO at (one, n, mark) VALUES (1, ?, ?)", (n, self._mark(n)))
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        return count


def _row(line: Line) -> tuple[object, ...]:
    return (
        line.n, line.id, line.inc, line.occurred_ms, line.plus_minus_ms, *line.hlc, line.feed, line.author, line.kind,
        line.subj, line.standing, int(line.skewed), line.absent, line.text,
    )  # fmt: skip


def _line(row: tuple[object, ...]) -> Line:
    n, ident, inc, occurred, about, hlc_ms, hlc_n, feed, author, kind, subj, standing, skewed, absent, text = row
    return Line(
        _int(n), str(ident), _word(inc), _int(occurred), _int(about), (_int(hlc_ms), _int(hlc_n)), str(feed),
        _word(author), str(kind), _word(subj), str(standing), bool(skewed), _int(absent), str(text),
    )  # fmt: skip


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0


def _word(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
