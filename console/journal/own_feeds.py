"""Which of this console's own feeds may still be written, and how far they were written (protocol 3, 11 Profile).

A feed of ours into which anything came from outside was written by a later self, or by a copy: it is never resumed,
a new feed continues it. Nothing here is ever forgotten except by the file of the mark itself.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import Final

from console.domain.forms import Head
from console.journal.faults import OlderThanWritten
from console.runtime.clock import Clock
from console.runtime.faults import RuntimeProblem
from console.runtime.mark import MARK_EVERY_MS, MarkFile

_ASIDE: Final = "aside:"


def set_aside(connection: sqlite3.Connection, feed: str) -> None:
    """Never resume this feed, nor any other of ours by the same key."""
    connection.execute(
        "INSERT INTO meta (name, value) SELECT ? || o.feed, ? FROM feed f JOIN feed o ON o.key = f.key AND o.mine = 1 "
        "WHERE f.feed = ? ON CONFLICT DO NOTHING",
        (_ASIDE, feed, feed),
    )


def set_all_aside(connection: sqlite3.Connection) -> None:
    """Never resume any feed that was opened here so far."""
    for (feed,) in connection.execute("SELECT feed FROM feed WHERE mine = 1").fetchall():
        set_aside(connection, feed)


def is_aside(connection: sqlite3.Connection, feed: str) -> bool:
    """Whether a new feed has to continue this one."""
    return connection.execute("SELECT 1 FROM meta WHERE name = ?", (_ASIDE + feed,)).fetchone() is not None


def resumable(connection: sqlite3.Connection, key: str, console: str, author: str | None) -> str | None:
    """The feed this key last opened here, if it may go on."""
    row = connection.execute(
        "SELECT f.feed FROM feed f JOIN entry e ON e.id = f.opened WHERE f.key = ? AND f.console = ? "
        "AND f.author IS ? AND f.mine = 1 AND f.feed NOT IN (SELECT feed FROM fork) "
        "AND ? || f.feed NOT IN (SELECT name FROM meta) ORDER BY e.n DESC LIMIT 1",
        (key, console, author, _ASIDE),
    ).fetchone()
    return None if row is None else str(row[0])


def to_continue(connection: sqlite3.Connection, key: str, console: str, author: str | None) -> Head | None:
    """The end of the newest feed of this key and console that has not forked, whoever opened it."""
    row = connection.execute(
        "SELECT e.feed, e.seq, e.id FROM entry e JOIN feed f ON f.feed = e.feed WHERE f.key = ? AND f.console = ? "
        "AND f.author IS ? AND f.feed NOT IN (SELECT feed FROM fork) ORDER BY e.hlc_ms DESC, e.hlc_n DESC, e.n DESC "
        "LIMIT 1",
        (key, console, author),
    ).fetchone()
    return None if row is None else (row[0], row[1], row[2])


def heads(connection: sqlite3.Connection) -> dict[str, tuple[int, str]]:
    """How far every feed that was opened here goes."""
    rows = connection.execute(
        "SELECT e.feed, e.seq, e.id FROM entry e JOIN feed f ON f.feed = e.feed AND f.mine = 1 "
        "WHERE e.seq = (SELECT max(seq) FROM entry WHERE feed = f.feed) ORDER BY e.feed, e.id"
    ).fetchall()
    return {feed: (seq, ident) for feed, seq, ident in rows}


class Watermark:
    """Keeps the mark of a journal's own feeds, on its writer thread. Without a file it keeps and refuses nothing."""

    __slots__ = ("_clock", "_due_ms", "_file", "_wrote")

    def __init__(self, file: MarkFile | None, clock: Clock) -> None:
        self._file = file
        self._clock = clock
        self._wrote = False
        self._due_ms = clock.boot_ms() + MARK_EVERY_MS

    def wrote(self) -> None:
        """An own entry was written: the mark is to rise."""
        self._wrote = True

    def keep_if_due(self, connection: sqlite3.Connection) -> None:
        """Raise the mark once in a minute, where anything was written. After a commit only."""
        if self._wrote and self._file is not None and self._clock.boot_ms() >= self._due_ms:
            self.keep(connection)

    def keep(self, connection: sqlite3.Connection) -> None:
        """Raise the mark to what is durable now. A state folder that cannot be written stops nobody."""
        if not self._wrote or self._file is None:
            return
        self._due_ms = self._clock.boot_ms() + MARK_EVERY_MS
        with suppress(OSError, RuntimeProblem, sqlite3.Error):
            self._file.rise(heads(connection))
            self._wrote = False

    def start_anew(self, connection: sqlite3.Connection) -> None:
        """Mark what is here, and no more: what was marked beyond it is nowhere to be found.

        Raises:
            OSError: when the mark cannot be written.
        """
        if self._file is not None:
            self._file.replace(heads(connection))

    def lacking(self, connection: sqlite3.Connection) -> dict[str, tuple[int, int]]:
        """Own feeds that were written further than this journal knows: (last number here or -1, number marked)."""
        found: dict[str, tuple[int, int]] = {}
        for feed, (seq, ident) in ({} if self._file is None else self._file.read()).items():
            if connection.execute("SELECT 1 FROM entry WHERE id = ? AND feed = ?", (ident, feed)).fetchone() is None:
                last = connection.execute("SELECT coalesce(max(seq), -1) FROM entry WHERE feed = ?", (feed,)).fetchone()
                found[feed] = (int(last[0]), seq)
        return found

    def require(self, connection: sqlite3.Connection) -> None:
        """Refuse to write into a journal that is older than what this console has written.

        Raises:
            OlderThanWritten: then.
        """
        lacking = self.lacking(connection)
        if lacking:
            raise OlderThanWritten(sum(marked - max(here, -1) for here, marked in lacking.values()))
