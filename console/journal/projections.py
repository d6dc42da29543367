"""Keeps `index.db` in step with the journal: timeline rows, counts by incident, full-text search. Deletable.

Nothing here is evidence. A rebuild equals what was kept up step by step; redaction wipes it by rebuilding. It works in
slices, so that whoever waits on the same thread is served between two of them.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import orjson

from console.journal import filling, index, rows
from console.journal.line import Line, Shown, line_of
from console.journal.shelf import Shelf
from console.journal.store import JournalStore
from console.runtime.platform import FileLock

__all__ = ["Line", "Progress", "Projections", "Shown", "line_of"]

_WINDOW = 250
_MANY = 400
_MERGE_FEW, _MERGE_MANY = 16, 256  # pages of the full-text index
_SLICE_S = 0.05
_OTHERS_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the rows are: `done` of `total` entries. `building`: anew, beside the old rows if there are any.

    `elsewhere`: another process builds it just now.
    """

    done: int
    total: int
    building: bool = False
    elsewhere: bool = False

    @property
    def finished(self) -> bool:
        """Whether the rows are in step with the journal."""
        return self.done >= self.total and not self.building


class Projections:
    """The upkeep of one profile's `index.db`. Thread-safe: one lock, held for a slice. A context manager."""

    def __init__(self, store: JournalStore) -> None:
        self._reader = store.reader()
        self._path = store.paths.index
        self._beside = self._path.with_name("index.db.new")
        self._lock_path = self._path.with_name("index.lock")
        self._gate = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._building: _Building | None = None
        self._anew = False
        self._asked_n = 2**62
        self.shelf = Shelf(self._path)

    def advance(self, budget_s: float = _SLICE_S) -> Progress:
        """Do at most about `budget_s` of what is to be done; call it again until it says `finished`.

        Where the file is missing, of another form, damaged, or of another journal, or where something was redacted,
        it is made anew beside and swapped in when it is whole: until then readers see the old rows, without what was
        redacted.
        """
        deadline = time.monotonic() + budget_s
        with self._gate:
            if self._building is None:
                connection = self._current()
                if connection is not None and not self._anew and not self._redacted(connection):
                    return self._keep_up(connection, deadline)
                if (lock := FileLock.try_take(self._lock_path)) is None:
                    return Progress(0, self._newest(), building=True, elsewhere=True)
                self._building, self._anew = _Building(lock, index.make(self._beside)), False
            return self._build(self._building, deadline)

    def tend(self) -> bool:
        """A small piece of putting the file in order, for when nobody waits: mostly a millisecond, seldom some 30.

        Says whether there is more. Left undone, searching gets slower bit by bit, and some update later does it all.
        """
        with self._gate:
            connection = self._current() if self._building is None else None
            if connection is None:
                return False
            index.checkpoint(connection, self._path)
            return filling.merge(connection, _MERGE_FEW)

    def update(self) -> int:
        """Bring the rows in step now, however long that takes; gives the number of new rows."""
        before = self._count()
        while not (progress := self.advance(_SLICE_S * 20)).finished:
            if progress.elsewhere:
                time.sleep(_OTHERS_POLL_S)
        with self._gate:
            if (connection := self._current()) is not None:
                self._mend(connection, whole=True)
        self.tend()
        return self._count() - before

    def rebuild(self) -> int:
        """Make it anew; gives the number of rows."""
        with self._gate:
            self._anew = True
            self.update()
            return self._count()

    def timeline(self, inc: str | None, *, after: Line | None = None, limit: int = 500) -> list[Line]:
        """Rows of one incident (None: the organisation's) in order of occurrence, windowed by the last row seen."""
        self.update()
        return self.shelf.after(inc, after, limit)

    def close(self) -> None:
        """Close the files; they are opened again when needed. What was being built is begun again later."""
        with self._gate:
            self.shelf.close()
            self._close_file()  # last: it brings the log into the file, else the next start reads it through
            building, self._building = self._building, None
            if building is not None:
                building.connection.close()
                index.remove(self._beside)
                building.lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # -- which file ----------------------------------------------------------------------------------------------------

    def _current(self) -> sqlite3.Connection | None:
        """The file in place where it is sound and belongs to this journal."""
        there = index.identity(self._path)
        if there is None or there != self._identity:
            self._close_file()
            self._connection, self._identity = index.open_(self._path), there
        if self._connection is None:
            return None
        try:
            n, ident = self._connection.execute("SELECT n, id FROM at").fetchone()
        except sqlite3.DatabaseError:
            self._close_file()
            return None
        with self._reader.snapshot() as journal:
            row = journal.execute("SELECT id FROM entry WHERE n = ?", (n,)).fetchone()
        return self._connection if n == 0 or (row is not None and bytes.fromhex(row[0]) == ident) else None

    def _close_file(self) -> None:
        connection, self._connection, self._identity = self._connection, None, None
        if connection is not None:
            connection.close()

    def _newest(self) -> int:
        with self._reader.snapshot() as journal:
            return int(journal.execute("SELECT coalesce(max(n), 0) FROM entry").fetchone()[0])

    def _count(self) -> int:
        with self._gate:
            connection = self._current()
            return 0 if connection is None else _one(connection, "SELECT coalesce(sum(lines), 0) FROM incident")

    # -- made anew -----------------------------------------------------------------------------------------------------

    def _build(self, building: _Building, deadline: float) -> Progress:
        """A slice of building; swaps when it is whole. The lock keeps other processes from building the same."""
        connection = building.connection
        try:
            if building.tombstones < 0:
                building.tombstones = self._tombstones()
                connection.execute("UPDATE at SET tombstones = ?", (building.tombstones,))
            progress = self._take_in(connection, deadline)
            if progress.done < progress.total:
                return Progress(progress.done, progress.total, building=True)
            self._mend(connection, whole=True)
            turn = self._last_turn()
            connection.execute("UPDATE at SET turn = ?", (turn + 1,))
            filling.merge_no_more_by_itself(connection)
            connection.close()
            self._close_file()
            self.shelf.close()
            index.swap(self._beside, self._path)
        except BaseException:
            self._building = None
            connection.close()
            building.lock.release()
            raise
        self._building = None
        building.lock.release()
        return progress

    def _last_turn(self) -> int:
        connection = index.open_(self._path, read_only=True)
        if connection is None:
            return 0
        try:
            return _one(connection, "SELECT turn FROM at")
        finally:
            connection.close()

    # -- kept up -------------------------------------------------------------------------------------------------------

    def _keep_up(self, connection: sqlite3.Connection, deadline: float) -> Progress:
        try:
            self._mend(connection)
            return self._take_in(connection, deadline)
        except sqlite3.DatabaseError as fault:
            if type(fault) is not sqlite3.DatabaseError:
                raise  # busy, full, read-only: the file is sound
            self._anew = True
            return Progress(0, self._newest(), building=True)

    def _take_in(self, connection: sqlite3.Connection, deadline: float) -> Progress:
        """Rows for what arrived, a window in one transaction each; another process may do the same at any time."""
        total = self._newest()
        if (n := _one(connection, "SELECT n FROM at")) >= total:
            return Progress(n, total)
        while True:
            connection.execute("BEGIN IMMEDIATE")
            try:
                n = _one(connection, "SELECT n FROM at")
                window = self._reader.entries(after=n, limit=_WINDOW) if n < total else []
                if window:
                    filling.add(connection, window)
                    n = window[-1].n
                    connection.execute("UPDATE at SET n = ?, id = ?", (n, bytes.fromhex(window[-1].id)))
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            if len(window) == _WINDOW and self._building is None:
                filling.merge(connection, _MERGE_MANY)
            if not window or n >= total or time.monotonic() > deadline:
                return Progress(n if window else max(n, total), total)

    def _mend(self, connection: sqlite3.Connection, *, whole: bool = False) -> None:
        """Make rows again whose values or standing came after them."""
        with self._reader.snapshot() as journal:
            standings = _one(journal, "SELECT count(*) FROM standing")
        at_n, known = connection.execute("SELECT n, standings FROM at").fetchone()
        doubtful = self._late_values(connection, whole=whole)
        if standings != known:
            doubtful |= self._late_standings(connection, at_n)
        if not doubtful and standings == known:
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            self._retake(connection, doubtful)
            connection.execute("UPDATE at SET standings = ?", (standings,))
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise

    def _late_values(self, connection: sqlite3.Connection, *, whole: bool) -> set[int]:
        """Rows that lacked values and hold another number of them now. Only such rows can gain any.

        Unless `whole`, the newest are asked each time and the others in turn: however many wait, nobody waits for them.
        """
        sql = "SELECT n, lower(hex(id)), held FROM line WHERE absent > 0 AND n < ? ORDER BY n DESC LIMIT ?"
        waiting = connection.execute(sql, (2**62, -1 if whole else _MANY)).fetchall()
        if len(waiting) == _MANY and not whole:
            others = connection.execute(sql, (min(self._asked_n, waiting[-1][0]), _MANY)).fetchall()
            self._asked_n = others[-1][0] if others else 2**62
            waiting += others
        found: set[int] = set()
        for at in range(0, len(waiting), _MANY):
            some = waiting[at : at + _MANY]
            marks = ",".join("?" * len(some))
            counts = f"SELECT holder, count(*) FROM disclosure WHERE holder IN ({marks}) GROUP BY holder"  # noqa: S608  marks only
            with self._reader.snapshot() as journal:
                here = dict(journal.execute(counts, [ident for _, ident, _ in some]).fetchall())
            found |= {n for n, ident, held in some if here.get(ident, 0) != held}
        return found

    def _late_standings(self, connection: sqlite3.Connection, at_n: int) -> set[int]:
        with self._reader.snapshot() as journal:
            now = {
                row[0]
                for row in journal.execute(
                    "SELECT e.n FROM standing s JOIN entry e ON e.id = s.id WHERE e.n <= ?", (at_n,)
                )
            }
        return now ^ {row[0] for row in connection.execute("SELECT n FROM line WHERE standing IS NOT NULL")}

    def _retake(self, connection: sqlite3.Connection, doubtful: set[int]) -> None:
        """Inside a transaction: read these entries again and replace their rows, in place."""
        ordered = sorted(doubtful)
        for at in range(0, len(ordered), _MANY):
            some = ordered[at : at + _MANY]
            with self._reader.snapshot() as journal:
                found = rows.select_entries(journal, f"e.n IN ({','.join('?' * len(some))})", some)
            filling.replace(connection, found)
        if ordered:
            connection.execute("UPDATE at SET turn = turn + 1")

    # -- redaction -----------------------------------------------------------------------------------------------------

    def _tombstones(self) -> int:
        with self._reader.snapshot() as journal:
            return _one(journal, "SELECT count(*) FROM tombstone")

    def _redacted(self, connection: sqlite3.Connection) -> bool:
        """Whether something was redacted since; then its rows are blanked at once, and the file has to be made anew."""
        if self._tombstones() == _one(connection, "SELECT tombstones FROM at"):
            return False
        connection.execute("BEGIN IMMEDIATE")
        try:
            self._retake(connection, self._named_by_redactions(connection))
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        return True

    def _named_by_redactions(self, connection: sqlite3.Connection) -> set[int]:
        """Rows with values of entries that a redaction known here names."""
        with self._reader.snapshot() as journal:
            raws = journal.execute(
                "SELECT raw FROM document WHERE sha256 IN (SELECT DISTINCT doc FROM tombstone)"
            ).fetchall()
        entries = {name for (raw,) in raws for name in _entries_in(orjson.loads(raw))}
        found: set[int] = set()
        for name in entries:
            row = connection.execute("SELECT n, held FROM line WHERE id = ?", (bytes.fromhex(name),)).fetchone()
            with self._reader.snapshot() as journal:
                (held,) = journal.execute("SELECT count(*) FROM disclosure WHERE holder = ?", (name,)).fetchone()
            if row is not None and row[1] != held:
                found.add(row[0])
        return found


@dataclass(slots=True)
class _Building:
    """A file that is being made: whoever holds the lock makes it."""

    lock: FileLock
    connection: sqlite3.Connection
    tombstones: int = -1


def _entries_in(redaction: object) -> list[str]:
    items = redaction.get("items") if isinstance(redaction, dict) else None
    found = [item.get("entry") for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return [name for name in found if isinstance(name, str)]


def _one(connection: sqlite3.Connection, sql: str) -> int:
    return int(connection.execute(sql).fetchone()[0])
