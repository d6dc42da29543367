"""The write side of one open journal: its only write connection, and what is remembered between two transactions.

What is remembered is a short cut only: another process's commit (data_version) or a rollback forgets it.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from console.domain.forms import Head
from console.journal.ancestry import Ancestry
from console.journal.faults import named
from console.journal.migrate import migrate
from console.journal.own_feeds import Watermark, is_aside
from console.journal.readings import Readings
from console.journal.rosters import RosterChain
from console.journal.schema import JOURNAL, Part
from console.journal.values import MAX_AHEAD_MS, FeedFacts
from console.keys.publickey import PublicKey
from console.keys.sshsig import Verifier
from console.runtime import platform
from console.runtime.clock import Clock
from console.runtime.ids import Entropy
from console.runtime.mark import MarkFile
from console.runtime.paths import ProfilePaths

BUSY_TIMEOUT_S = 30.0
_VERIFIERS = 256
_LOG_PAGES = 4000  # 16 MiB: an entry touches about six pages, and the same ones again and again


@dataclass(slots=True)
class FeedHead:
    """The end of one feed: its last entry, and by incident the last (iseq, id). `n` is the local order of receipt.

    `mine`: it was opened in this database. `aside`: it is never resumed, another feed continues it.
    """

    facts: FeedFacts | None
    seq: int = -1
    id: str | None = None
    n: int = 0
    hlc: tuple[int, int] = (0, 0)
    forked_at: int | None = None
    mine: bool = False
    aside: bool = False
    incidents: dict[str | None, tuple[int, str]] = field(default_factory=dict)


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection in autocommit mode. The write side is WAL with synchronous=FULL, and wipes what it deletes."""
    if read_only:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None,
            check_same_thread=False,
        )  # fmt: skip
        connection.execute("PRAGMA query_only = ON")
        return connection
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    try:
        for pragma in (
            "journal_mode = WAL", "synchronous = FULL", "secure_delete = ON", "foreign_keys = ON",
            f"wal_autocheckpoint = {_LOG_PAGES}",
        ):  # fmt: skip
            connection.execute(f"PRAGMA {pragma}").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


class Ledger:
    """Lives on the writer thread alone."""

    def __init__(
        self, connection: sqlite3.Connection, paths: ProfilePaths, clock: Clock, entropy: Entropy,
        mark: MarkFile | None = None,
    ) -> None:  # fmt: skip
        self.connection = connection
        self.paths = paths
        self.clock = clock
        self.entropy = entropy
        self.rosters = RosterChain(told=True)
        self.watermark = Watermark(mark, clock)
        self.readings = Readings(clock)
        self._heads: dict[str, FeedHead] = {}
        self._hlc: tuple[int, int] | None = None
        self._data_version = -1
        self._newest_n: int | None = None
        self._any_awaits: bool | None = None
        self._verifiers: OrderedDict[tuple[str, str], Verifier] = OrderedDict()
        self.ancestry = Ancestry()

    @classmethod
    def open(
        cls, paths: ProfilePaths, clock: Clock, entropy: Entropy, parts: Sequence[Part], mark: MarkFile | None = None
    ) -> Ledger:
        """Open or create `journal.db`, bring its tables up to date. `mark` says how far its own feeds were written.

        Raises:
            NewerJournal: when a newer version wrote it.
            NotWritten, Damaged: when the system or the file does not let it.
        """
        new = not paths.journal.exists()
        try:
            platform.make_private_directory(paths.root)
            connection = connect(paths.journal)
            try:
                migrate(connection, (JOURNAL, *parts))
                platform.make_private_file(paths.journal)
            except BaseException:
                connection.close()
                raise
        except (sqlite3.Error, OSError) as fault:
            told = named(fault, paths.journal)
            if told is None:
                raise
            raise told from fault
        if new:  # SQLite makes its files durable, not the folders they lie in
            platform.sync_directory(paths.root)
            platform.sync_directory(paths.root.parent)
        return cls(connection, paths, clock, entropy, mark)

    def close(self) -> None:
        """Raise the mark and close the connection; the last one to close checkpoints the WAL."""
        self.watermark.keep(self.connection)
        self.connection.close()

    def begin(self) -> None:
        """Take the write lock and forget what another process has overtaken."""
        self.connection.execute("BEGIN IMMEDIATE")
        version = self.connection.execute("PRAGMA data_version").fetchone()[0]
        if version != self._data_version:
            self.forget()
            self.rosters.doubt()
            self._data_version = version

    def commit(self) -> None:
        """Make it durable: when this returns, a power cut loses nothing of it."""
        self.connection.execute("COMMIT")
        self.watermark.keep_if_due(self.connection)

    def rollback(self) -> None:
        """Undo the transaction, as far as one is open still, and forget."""
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")
        self.forget()
        self.rosters.forget()

    def forget(self) -> None:
        """Read everything again from the database when next asked."""
        self._heads.clear()
        self._hlc = None
        self._newest_n = None
        self._any_awaits = None

    def any_awaits(self) -> bool:
        """Whether any entry here awaits one that is not."""
        if self._any_awaits is None:
            self._any_awaits = self.connection.execute("SELECT 1 FROM awaits LIMIT 1").fetchone() is not None
        return self._any_awaits

    def awaits_changed(self) -> None:
        """Look again when next asked."""
        self._any_awaits = None

    def inserted(self, n: int) -> None:
        """Remember the newest local number; nothing newer is here until another process commits."""
        self._newest_n = n

    def head(self, feed: str) -> FeedHead:
        """The end of `feed`; for a feed not known here one without facts."""
        found = self._heads.get(feed)
        if found is None:
            found = self._heads[feed] = self._read_head(feed)
        return found

    def forget_head(self, feed: str) -> None:
        """Read this feed's end again when next asked."""
        self._heads.pop(feed, None)

    def last_in_incident(self, head: FeedHead, feed: str, inc: str | None) -> tuple[int, str] | None:
        """The feed's last (iseq, id) in this incident, None where it wrote nothing in it."""
        if inc in head.incidents:
            return head.incidents[inc]
        # never by walking the feed back: it may have written for years since it last wrote in this incident
        by, where = ("entry_org", "inc IS NULL") if inc is None else ("entry_incident", "inc = ?")
        row = self.connection.execute(
            f"SELECT iseq, id FROM entry INDEXED BY {by} WHERE {where} AND feed = ? ORDER BY n DESC LIMIT 1",  # noqa: S608  our own names
            (feed,) if inc is None else (inc, feed),
        ).fetchone()
        if row is None:
            return None
        head.incidents[inc] = (row[0], row[1])
        return head.incidents[inc]

    def newly_seen(self, head: FeedHead, feed: str) -> list[Head]:
        """Heads of other feeds that arrived since this feed's own last entry, without those that do not count.

        None that awaits what is not here: whoever meets a citation of it would have to wait for that as well. Those
        that awaited and do no longer are new in their turn.
        """
        if head.n == self._newest_n:
            return []
        # NOT INDEXED: the newest entries by their local number, never a walk over every feed to group by it
        heads = "SELECT e.feed, max(e.seq), e.id FROM"
        whole = "e.feed <> ? AND s.id IS NULL AND e.id NOT IN (SELECT id FROM awaits) GROUP BY e.feed LIMIT 500"
        since = "entry e NOT INDEXED LEFT JOIN standing s ON s.id = e.id WHERE e.n > ?"
        rows = self.connection.execute(f"{heads} {since} AND {whole}", (head.n, feed)).fetchall()
        joined = "joined j CROSS JOIN entry e ON e.id = j.id LEFT JOIN standing s ON s.id = e.id WHERE j.n > ?"
        rows += self.connection.execute(f"{heads} {joined} AND {whole}", (head.n, feed)).fetchall()
        last = {one: (one, seq, ident) for one, seq, ident in sorted(rows, key=lambda row: (row[0], row[1]))}
        return [last[one] for one in sorted(last)[:500]]

    def tick(self) -> tuple[int, int]:
        """The next hybrid time: the wall clock, or one step after the newest seen where that is ahead."""
        wall = self.clock.wall_ms()
        last = self._newest_hlc(wall)
        self._hlc = (wall, 0) if wall > last[0] else (last[0], last[1] + 1)
        return self._hlc

    def heard(self, hlc: tuple[int, int], received_ms: int) -> None:
        """Let a colleague's time push ours, unless it is too far ahead to be believed."""
        if hlc[0] <= received_ms + MAX_AHEAD_MS and self._hlc is not None and hlc > self._hlc:
            self._hlc = hlc

    def verifier(self, line: str, namespace: str) -> Verifier:
        """The verifier of this public key line, kept for the next entry."""
        place = (line, namespace)
        found = self._verifiers.get(place)
        if found is None:
            found = self._verifiers[place] = Verifier(PublicKey.parse(line), namespace)
            if len(self._verifiers) > _VERIFIERS:
                self._verifiers.popitem(last=False)
        return found

    def _newest_hlc(self, wall_ms: int) -> tuple[int, int]:
        if self._hlc is None:
            newest = (0, 0)
            for (feed,) in self.connection.execute("SELECT feed FROM feed").fetchall():
                hlc = self.head(feed).hlc
                if hlc[0] <= wall_ms + MAX_AHEAD_MS or self._is_mine(feed):
                    newest = max(newest, hlc)
            self._hlc = newest
        return self._hlc

    def _is_mine(self, feed: str) -> bool:
        row = self.connection.execute("SELECT mine FROM feed WHERE feed = ?", (feed,)).fetchone()
        return bool(row[0])

    def _read_head(self, feed: str) -> FeedHead:
        facts = self.connection.execute(
            "SELECT feed, key, author, console, opened, mine FROM feed WHERE feed = ?", (feed,)
        ).fetchone()
        if facts is None:
            return FeedHead(None)
        head = FeedHead(FeedFacts(*facts[:5]), mine=bool(facts[5]))
        head.aside = head.mine and is_aside(self.connection, feed)
        fork = self.connection.execute("SELECT seq FROM fork WHERE feed = ?", (feed,)).fetchone()
        head.forked_at = None if fork is None else int(fork[0])
        row = self.connection.execute(
            "SELECT seq, id, n, hlc_ms, hlc_n FROM entry WHERE feed = ? ORDER BY seq DESC, id LIMIT 1", (feed,)
        ).fetchone()
        if row is not None:
            head.seq, head.id, head.n, head.hlc = row[0], row[1], row[2], (row[3], row[4])
        return head
