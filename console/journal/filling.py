"""Writes lines into `index.db`: their row, the words they are found by, what they say of others, the counts.

Always inside a transaction of the caller. Nothing here is evidence.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from console.journal.line import Line, line_of, place_of
from console.journal.search import facet, spread
from console.journal.shelf import QUOTED, SKEWED
from console.journal.values import Stored

_LINE = (
    "INSERT OR REPLACE INTO line (n, id, inc, feed, seq, kind, subj, occurred_ms, plus_minus_ms, hlc_ms, hlc_n, "
    "received_ms, standing, flags, absent, held, text, speaker, fact, more, feed_at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


_WORDS = "INSERT INTO words (rowid, body, facet) VALUES (?, ?, ?)"
_UNWORDS = "INSERT INTO words (words, rowid, body, facet) VALUES ('delete', ?, ?, ?)"


def add(connection: sqlite3.Connection, window: Sequence[Stored]) -> None:
    """Lines for entries that have none yet."""
    lines = [line_of(stored) for stored in window]
    numbers = _Numbers(connection)
    _put(connection, lines, numbers)
    connection.executemany("INSERT OR IGNORE INTO said_of (target, n, retracts) VALUES (?, ?, ?)", _said_of(window))
    numbers.count(lines)


def replace(connection: sqlite3.Connection, found: Sequence[Stored]) -> None:
    """Lines for entries that have one already; the full-text index has to be told what it forgets."""
    marks = ",".join("?" * len(found))
    sql = f"SELECT n, text, speaker, fact, more, inc, kind FROM line WHERE n IN ({marks})"  # noqa: S608  marks only
    old = connection.execute(sql, [stored.n for stored in found]).fetchall()
    connection.executemany(_UNWORDS, [(n, _body(*words), facet(inc, kind)) for n, *words, inc, kind in old])
    _put(connection, [line_of(stored) for stored in found], _Numbers(connection))


def merge_no_more_by_itself(connection: sqlite3.Connection) -> None:
    """Full-text segments are merged by `merge` from now on: left to itself one append in 64 takes 15 to 50 ms."""
    connection.execute("INSERT INTO words (words, rank) VALUES ('automerge', 0)")
    connection.execute("INSERT INTO words (words, rank) VALUES ('usermerge', 8)")


def merge(connection: sqlite3.Connection, pages: int) -> bool:
    """Merge full-text segments, writing about so many pages; says whether there was anything to do."""
    before = connection.total_changes
    connection.execute("INSERT INTO words (words, rank) VALUES ('merge', ?)", (pages,))
    return connection.total_changes - before > 1


def _put(connection: sqlite3.Connection, lines: Sequence[Line], numbers: _Numbers) -> None:
    connection.executemany(_LINE, [_row(line, numbers) for line in lines])
    connection.executemany(_WORDS, [_found_by(line, numbers) for line in lines])


class _Numbers:
    """The numbers by which incidents, feeds and kinds are called in the index, for one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[str, str | None], int] = {}

    def inc(self, inc: str | None) -> int:
        return self._number(
            "incident", inc, "SELECT no FROM incident WHERE inc IS ?",
            "INSERT INTO incident (inc, lines, first_n, last_n) VALUES (?, 0, 0, 0)", (inc,),
        )  # fmt: skip

    def feed(self, feed: str, author: str | None) -> int:
        return self._number(
            "feed", feed, "SELECT no FROM feed WHERE feed = ?", "INSERT INTO feed (feed, author) VALUES (?, ?)",
            (feed, author),
        )  # fmt: skip

    def kind(self, kind: str) -> int:
        return self._number(
            "kind", kind, "SELECT no FROM kind WHERE kind = ?", "INSERT INTO kind (kind, lines) VALUES (?, 0)", (kind,)
        )

    def count(self, lines: Sequence[Line]) -> None:
        """Add new lines to the counts of their incidents and kinds."""
        added: dict[int, list[int]] = {}
        for line in lines:
            added.setdefault(self.inc(line.inc), []).append(line.n)
        self._connection.executemany(
            "UPDATE incident SET lines = lines + ?, first_n = iif(first_n = 0, ?, first_n), last_n = ? WHERE no = ?",
            [(len(ns), ns[0], ns[-1], no) for no, ns in added.items()],
        )

        kinds: dict[int, int] = {}
        for line in lines:
            kinds[self.kind(line.kind)] = kinds.get(self.kind(line.kind), 0) + 1
        self._connection.executemany(
            "UPDATE kind SET lines = lines + ? WHERE no = ?", [(count, no) for no, count in kinds.items()]
        )

    def _number(self, table: str, name: str | None, find: str, add: str, values: tuple[str | None, ...]) -> int:
        known = self._known.get((table, name))
        if known is None:
            row = self._connection.execute(find, (name,)).fetchone()
            known = row[0] if row is not None else self._connection.execute(add, values).lastrowid
            self._known[table, name] = known = known or 0
        return known


def _row(line: Line, numbers: _Numbers) -> tuple[object, ...]:
    return (
        line.n, bytes.fromhex(line.id), numbers.inc(line.inc), numbers.feed(line.feed, line.author), line.seq,
        numbers.kind(line.kind), line.subj, line.occurred_ms, line.plus_minus_ms, *line.hlc, line.received_ms,
        None if line.standing == "good" else line.standing, SKEWED * line.skewed + QUOTED * line.quoted, line.absent,
        line.held, line.text, line.speaker, line.fact, line.more, place_of(line.feed, line.id),
    )  # fmt: skip


def _found_by(line: Line, numbers: _Numbers) -> tuple[int, str, str]:
    body = _body(line.text, line.speaker, line.fact, line.more)
    return line.n, body, facet(numbers.inc(line.inc), numbers.kind(line.kind))


def _body(*words: str) -> str:
    return spread("\n".join(word for word in words if word))


def _said_of(window: Iterable[Stored]) -> list[tuple[bytes, int, int]]:
    """Which entries are amended (0) or retracted (1), and by which row."""
    found: list[tuple[bytes, int, int]] = []
    for stored in window:
        of = stored.entry.pub.get("of")
        if stored.entry.kind in {"amendment", "retraction"} and isinstance(of, list):
            retracts = int(stored.entry.kind == "retraction")
            found += [(bytes.fromhex(one), stored.n, retracts) for one in of if isinstance(one, str)]
    return found
