"""Reading `index.db`: pages of a timeline, its order, hits of a search. Every read is short and one snapshot.

It never writes, and never trusts that the file it opened is still the one in place. Thread-safe: one lock.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.journal import index, search
from console.journal.line import Line, Shown, place_of

_LINES = (
    "SELECT l.n, lower(hex(l.id)), i.inc, f.feed, l.seq, f.author, k.kind, l.subj, l.occurred_ms, l.plus_minus_ms, "
    "l.hlc_ms, l.hlc_n, l.received_ms, coalesce(l.standing, 'good'), l.flags, l.absent, l.held, {words} FROM line l "
    "JOIN incident i ON i.no = l.inc JOIN feed f ON f.no = l.feed JOIN kind k ON k.no = l.kind"
)
_WHOLE = _LINES.format(words="l.text, l.speaker, l.fact, l.more")
_SHORT = _LINES.format(words="substr(l.text, 1, 500), substr(l.speaker, 1, 120), substr(l.fact, 1, 200), ''")
_ORDER = "l.occurred_ms, l.hlc_ms, l.hlc_n, l.feed_at, l.n"
_DOWN = "l.occurred_ms DESC, l.hlc_ms DESC, l.hlc_n DESC, l.feed_at DESC, l.n DESC"
# a retracted amendment says nothing any more
_SAID = (
    "SELECT s.target, s.retracts, substr(l.text, 1, 500), f.author FROM said_of s JOIN line l ON l.n = s.n "
    "JOIN feed f ON f.no = l.feed WHERE s.target IN ({marks}) AND l.standing IS NULL "
    "AND NOT EXISTS (SELECT 1 FROM said_of r JOIN line b ON b.n = r.n WHERE r.target = l.id AND r.retracts "
    "AND b.standing IS NULL) ORDER BY l.hlc_ms, l.hlc_n, l.feed_at"
)
SKEWED, QUOTED = 1, 2

Key = tuple[int, int, int, int, int]
"""What the order of a timeline is kept by: occurred, hybrid time (two), feed, n."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which state of the index was read: another `file` or `turn` means that known rows may have changed or moved."""

    file: tuple[int, int]
    turn: int
    n: int

    def continues(self, earlier: Place | None) -> bool:
        """Whether what was read earlier still holds, and there can only be more."""
        return earlier is not None and (self.file, self.turn) == (earlier.file, earlier.turn) and self.n >= earlier.n


@dataclass(frozen=True, slots=True)
class Tally:
    """One incident (None: the organisation) and how many lines it has; `first_n` and `last_n` are local numbers."""

    inc: str | None
    lines: int
    first_n: int
    last_n: int


class Shelf:
    """The reading side of one `index.db`. Where there is none (yet), everything is empty and `place` is None."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._gate = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None

    # -- what there is -------------------------------------------------------------------------------------------------

    def place(self) -> Place | None:
        """Which file is in place and how far it is; None where there is none of ours."""
        with self._reading() as index_db:
            if index_db is None or self._file is None:
                return None
            turn, n = index_db.execute("SELECT turn, n FROM at").fetchone()
            return Place(self._file, turn, n)

    def tallies(self) -> list[Tally]:
        """Every incident with lines, first heard first; the organisation's own record among them."""
        sql = "SELECT inc, lines, first_n, last_n FROM incident ORDER BY first_n"
        with self._reading() as index_db:
            return [] if index_db is None else [Tally(*row) for row in index_db.execute(sql)]

    def count(self, inc: str | None) -> int:
        """How many lines a timeline has."""
        with self._reading() as index_db:
            row = None if index_db is None else index_db.execute(
                "SELECT lines FROM incident WHERE inc IS ?", (inc,)
            ).fetchone()  # fmt: skip
        return 0 if row is None else int(row[0])

    # -- lines ---------------------------------------------------------------------------------------------------------

    def after(self, inc: str | None, last: Line | None, limit: int) -> list[Line]:
        """Lines in order of occurrence behind the last one seen, their words whole."""
        with self._reading() as index_db:
            if index_db is None:
                return []
            sql, values = f"{_WHOLE} WHERE l.inc = ?", [_inc(index_db, inc)]
            if last is not None:
                sql += f" AND ({_ORDER}) > (?, ?, ?, ?, ?)"
                values += [last.occurred_ms, *last.hlc, place_of(last.feed, last.id), last.n]
            found = index_db.execute(f"{sql} ORDER BY {_ORDER} LIMIT ?", (*values, limit)).fetchall()
        return [_line(row) for row in found]

    def tail(self, inc: str | None, limit: int) -> list[Shown]:
        """The last lines in order of occurrence, found without knowing the rest; their words cut at 500 characters."""
        with self._reading() as index_db:
            if index_db is None:
                return []
            sql = f"{_SHORT} WHERE l.inc = ? ORDER BY {_DOWN} LIMIT ?"
            found = index_db.execute(sql, (_inc(index_db, inc), limit)).fetchall()
            return _shown(index_db, reversed(found))

    def page(self, numbers: Sequence[int]) -> list[Shown]:
        """The lines of these local numbers in this order; their words cut at 500 characters."""
        with self._reading() as index_db:
            return [] if index_db is None else _page(index_db, numbers)

    def find(self, begins: str, limit: int = 20) -> list[Shown]:
        """Lines whose entry id begins with these (at least 6) hex digits."""
        even = begins[: len(begins) // 2 * 2]
        first, last = bytes.fromhex(even).ljust(32, b"\0"), bytes.fromhex(even).ljust(32, b"\xff")
        with self._reading() as index_db:
            if index_db is None:
                return []
            sql = f"{_SHORT} WHERE l.id BETWEEN ? AND ? ORDER BY l.n DESC LIMIT ?"
            found = index_db.execute(sql, (first, last, limit)).fetchall()
            return _shown(index_db, [row for row in found if row[1].startswith(begins)])

    # -- order ---------------------------------------------------------------------------------------------------------

    def keys(self, inc: str | None, last: Key | None, upto_n: int, limit: int) -> list[Key]:
        """Keys in order of occurrence behind the last one, of lines received up to `upto_n`."""
        with self._reading() as index_db:
            if index_db is None:
                return []
            values: list[object] = [_inc(index_db, inc), upto_n]
            sql = f"SELECT {_ORDER} FROM line l WHERE l.inc = ? AND l.n <= ?"  # noqa: S608  our own column names
            if last is not None:
                sql += f" AND ({_ORDER}) > (?, ?, ?, ?, ?)"
                values += last
            return index_db.execute(f"{sql} ORDER BY {_ORDER} LIMIT ?", (*values, limit)).fetchall()

    def since(self, inc: str | None, n: int, limit: int, kinds: Collection[str] = (), typed: str = "") -> list[Key]:
        """Keys of lines received after `n`, in order of receipt; of these kinds and with these words only."""
        with self._reading() as index_db:
            if index_db is None:
                return []
            sql = f"SELECT {_ORDER} FROM line l NOT INDEXED WHERE l.n > ? AND l.inc = ?"  # noqa: S608  our own column names
            values: list[object] = [n, _inc(index_db, inc)]
            if kinds:
                numbers = _kinds(index_db, kinds)
                sql += f" AND l.kind IN ({','.join('?' * len(numbers))})"
                values += numbers
            if typed.strip():
                sql += " AND l.n IN (SELECT rowid FROM words WHERE words MATCH ? AND rowid > ?)"
                values += [search.expression(typed) or _NOTHING, n]
            return index_db.execute(f"{sql} ORDER BY l.n LIMIT ?", (*values, limit)).fetchall()

    def at_once(self, inc: str | None, occurred_ms: int) -> list[int]:
        """Local numbers of all lines of one millisecond, in order."""
        with self._reading() as index_db:
            if index_db is None:
                return []
            sql = f"SELECT l.n FROM line l WHERE l.inc = ? AND l.occurred_ms = ? ORDER BY {_ORDER}"  # noqa: S608  as above
            return [row[0] for row in index_db.execute(sql, (_inc(index_db, inc), occurred_ms))]

    def targets_since(self, n: int) -> list[str]:
        """Ids of entries that lines received after `n` amend or retract."""
        sql = "SELECT lower(hex(target)) FROM said_of WHERE n > ?"
        with self._reading() as index_db:
            return [] if index_db is None else [row[0] for row in index_db.execute(sql, (n,))]

    def said_of(self, ident: str) -> list[tuple[str, bool]]:
        """Entries that amend (False) or retract (True) this one and count."""
        sql = (
            "SELECT lower(hex(l.id)), s.retracts FROM said_of s JOIN line l ON l.n = s.n "
            "WHERE s.target = ? AND l.standing IS NULL ORDER BY l.n"
        )
        with self._reading() as index_db:
            found = [] if index_db is None else index_db.execute(sql, (bytes.fromhex(ident),)).fetchall()
        return [(row[0], bool(row[1])) for row in found]

    # -- search --------------------------------------------------------------------------------------------------------

    def newest_hits(
        self, typed: str, inc: str | None = None, *, everywhere: bool = False, kinds: Collection[str] = (),
        limit: int = 200, before: int | None = None,
    ) -> list[int]:  # fmt: skip
        """Local numbers of the hits received last, newest first; of one timeline, or `everywhere`."""
        with self._reading() as index_db:
            if index_db is None:
                return []
            sought = _Sought.of(index_db, inc, kinds, everywhere=everywhere)
            return [] if sought is None else sought.newest(index_db, typed, limit, before)

    def hits(self, typed: str, inc: str | None, after: int, limit: int, kinds: Collection[str] = ()) -> list[int]:
        """Local numbers of the hits received after `after`, in order of receipt.

        Where one timeline holds most of all lines, hits of others are among them: keep to the order of your own.
        """
        with self._reading() as index_db:
            sought = None if index_db is None else _Sought.of(index_db, inc, kinds, everywhere=False)
            if index_db is None or sought is None:
                return []
            asked = search.expression(typed, sought.rare_inc, sought.kinds)
            return [] if asked is None else search.hits(index_db, asked, after, limit)

    # -- the file ------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Close the file; it is opened again when needed."""
        with self._gate:
            self._drop()

    @contextmanager
    def _reading(self) -> Generator[sqlite3.Connection | None]:
        with self._gate:
            there = index.identity(self._path)
            if there is None or there != self._file:
                self._drop()
                self._connection = index.open_(self._path, read_only=True)
                self._file = there if self._connection is not None else None
            if self._connection is None:
                yield None
                return
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def _drop(self) -> None:
        connection, self._connection, self._file = self._connection, None, None
        if connection is not None:
            connection.close()


_NOTHING = 'facet : "nothing"'
_NOWHERE = -1
_MOST, _TRIES = 4, 8


@dataclass(frozen=True, slots=True)
class _Sought:
    """Among which lines is searched, as numbers of the index.

    What most lines have in common is not asked of the full-text index, which would walk through all of them: it is
    looked up in the lines that were found.
    """

    inc: int | None
    kinds: tuple[int, ...]
    rare_inc: int | None
    rare_kinds: tuple[int, ...]

    @classmethod
    def of(
        cls, index_db: sqlite3.Connection, inc: str | None, kinds: Collection[str], *, everywhere: bool
    ) -> _Sought | None:
        """None where no line can be meant."""
        numbers = tuple(_kinds(index_db, kinds))
        no = None if everywhere else _inc(index_db, inc)
        if no == _NOWHERE or (kinds and not numbers):
            return None
        (total,) = index_db.execute("SELECT sum(lines) FROM incident").fetchone()
        few = total // _MOST
        (mine,) = index_db.execute("SELECT coalesce(sum(lines), 0) FROM incident WHERE no IS ?", (no,)).fetchone()
        marks = ",".join("?" * len(numbers))
        sql = f"SELECT coalesce(sum(lines), 0) FROM kind WHERE no IN ({marks})"  # noqa: S608  marks only
        (alike,) = index_db.execute(sql, numbers).fetchone()
        return cls(no, numbers, no if mine < few else None, numbers if alike < few else ())

    def newest(self, index_db: sqlite3.Connection, typed: str, limit: int, before: int | None) -> list[int]:
        rare = search.expression(typed, self.rare_inc, self.rare_kinds)
        exact = search.expression(typed, self.inc, self.kinds)
        if exact is None:
            return []
        found: list[int] = []
        for _ in range(_TRIES if rare is not None else 0):
            some = search.newest(index_db, rare or exact, limit * 2, before)
            found += some if rare == exact else self._keep(index_db, some)
            if len(found) >= limit or len(some) < limit * 2:
                return found[:limit]
            before = some[-1]
        return (found + search.newest(index_db, exact, limit, before))[:limit]

    def _keep(self, index_db: sqlite3.Connection, numbers: Sequence[int]) -> list[int]:
        """Those of them that are meant, in the same order."""
        sql = f"SELECT n FROM line NOT INDEXED WHERE n IN ({','.join('?' * len(numbers))})"  # noqa: S608  marks only
        values = list(numbers)
        if self.inc is not None:
            sql, values = f"{sql} AND inc = ?", [*values, self.inc]
        if self.kinds:
            sql, values = f"{sql} AND kind IN ({','.join('?' * len(self.kinds))})", [*values, *self.kinds]
        meant = {row[0] for row in index_db.execute(sql, values)}
        return [n for n in numbers if n in meant]


def _inc(index_db: sqlite3.Connection, inc: str | None) -> int:
    row = index_db.execute("SELECT no FROM incident WHERE inc IS ?", (inc,)).fetchone()
    return _NOWHERE if row is None else int(row[0])


def _kinds(index_db: sqlite3.Connection, kinds: Collection[str]) -> list[int]:
    known = dict(index_db.execute("SELECT kind, no FROM kind").fetchall())
    return sorted(known[kind] for kind in kinds if kind in known)


def _page(index_db: sqlite3.Connection, numbers: Sequence[int]) -> list[Shown]:
    marks = ",".join("?" * len(numbers))
    found = {row[0]: row for row in index_db.execute(f"{_SHORT} WHERE l.n IN ({marks})", tuple(numbers))}
    return _shown(index_db, [found[n] for n in numbers if n in found])


def _shown(index_db: sqlite3.Connection, found: Iterable[tuple[Any, ...]]) -> list[Shown]:
    lines = [_line(row) for row in found]
    sql = _SAID.format(marks=",".join("?" * len(lines)))
    said: dict[str, Shown] = {}
    by_id = {line.id: line for line in lines}
    for target, retracts, text, author in index_db.execute(sql, [bytes.fromhex(line.id) for line in lines]):
        ident = target.hex()
        known = said.get(ident) or Shown(by_id[ident])
        said[ident] = (
            Shown(known.line, known.amended, known.amended_text, known.amended_by, retracted=True)
            if retracts
            else Shown(known.line, amended=True, amended_text=text, amended_by=author, retracted=known.retracted)
        )
    return [said.get(line.id) or Shown(line) for line in lines]


def _line(row: tuple[Any, ...]) -> Line:
    """A row of `_LINES`, whose columns are typed by the table (STRICT) and stand in this order."""
    (
        n, ident, inc, feed, seq, author, kind, subj, occurred_ms, plus_minus_ms, hlc_ms, hlc_n, received_ms, standing,
        flags, absent, held, text, speaker, fact, more,
    ) = row  # fmt: skip
    return Line(
        n=n, id=ident, inc=inc, feed=feed, seq=seq, author=author, kind=kind, subj=subj, occurred_ms=occurred_ms,
        plus_minus_ms=plus_minus_ms, hlc=(hlc_ms, hlc_n), received_ms=received_ms, standing=standing,
        skewed=bool(flags & SKEWED), quoted=bool(flags & QUOTED), absent=absent, held=held, text=text, speaker=speaker,
        fact=fact, more=more,
    )  # fmt: skip
