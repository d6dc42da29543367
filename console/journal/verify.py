"""Proves a whole profile again from its bytes: every signature, chain, roster, value, document and attachment.

It names the first wrong thing and why, changes nothing, and trusts no column that the signed bytes can contradict. It
streams, can stop and go on from where it was, and what it proved before it takes on trust only where it is told to.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Protocol

from console.journal import branches, remains
from console.journal.faults import Damaged
from console.journal.hands import Hands
from console.journal.prover import Link, Proof, Prover, Row, Unsound, values_of, where
from console.journal.reader import Reader
from console.journal.rosters import RosterChain
from console.journal.verified import FeedUpto, Upto
from console.runtime.paths import ProfilePaths

Progress = Callable[[int, int], None]
_COUNTED: tuple[str, ...] = (
    "entries", "disclosures", "documents", "blobs", "rosters", "feeds", "quarantined", "forked",
)  # fmt: skip
_WINDOW = 256
_WITHIN_S = 600.0  # for one window: whoever proves has shorter limits of their own
_ROWS = (
    "SELECT e.id, e.feed, e.seq, e.inc, e.iseq, e.kind, e.subj, e.hlc_ms, e.hlc_n, e.raw, e.sig, s.standing "
    "FROM entry e LEFT JOIN standing s ON s.id = e.id WHERE e.feed = ? AND (e.seq, e.id) > (?, ?) "
    "ORDER BY e.seq, e.id LIMIT ?"
)


class Readable(Protocol):
    """A journal that can be read: one that is open, or a copy of one (`console.journal.still`)."""

    @property
    def paths(self) -> ProfilePaths:
        """Where its attachments lie."""
        ...

    def reader(self) -> Reader:
        """Read-only access."""
        ...


@dataclass(frozen=True, slots=True)
class Wrong:
    """The first thing that does not hold: where it lies, and one clause that says why."""

    where: str
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was proven. `counts` are entries, disclosures, documents, blobs, rosters, feeds, quarantined, forked.

    `finished` is False where it was stopped; `upto` is then where to go on. Where it is empty, what was proven before
    does not fit any more: begin anew.
    """

    ok: bool
    first_wrong: Wrong | None
    counts: dict[str, int]
    finished: bool = True
    upto: Upto = field(default_factory=Upto)


def verify_profile(
    store: Readable, progress: Progress | None = None, *, since: Upto | None = None,
    at_least: Upto | None = None, stop: Callable[[], bool] | None = None, hands: Hands | None = None,
) -> Report:  # fmt: skip
    """Walk everything (or what came after `since`). Reads one snapshot; `hands` prove beside the caller's thread.

    `progress(done, all)` counts entries. `at_least` was here once: what of it is gone is wrong. `stop` is asked every
    few hundred entries. What does not hold is in the report, never raised.
    """
    counts: dict[str, int] = dict.fromkeys(_COUNTED, 0)
    with ExitStack() as open_:
        mine = hands or open_.enter_context(Hands())
        connection = open_.enter_context(store.reader().snapshot())
        try:
            walk = _Walk(connection, mine, counts, progress, stop or _never)
            fits = since is not None and walk.fits(since)
            walk.require(at_least or Upto())
            upto = walk.entries(since if fits and since is not None else Upto())
            return walk.rest(store.paths, upto)
        except _Stopped as stopped:
            return Report(ok=False, first_wrong=None, counts=counts, finished=False, upto=stopped.upto)
        except (Unsound, Damaged) as fault:
            return Report(ok=False, first_wrong=Wrong(fault.where, fault.why), counts=counts)
        except sqlite3.DatabaseError as fault:
            return Report(ok=False, first_wrong=Wrong("journal.db", f"SQLite cannot read it ({fault})"), counts=counts)


def verify_file(store: Readable) -> Wrong | None:
    """What SQLite itself finds wrong in the file: pages, and indexes that leave rows out. Reads everything once."""
    with store.reader().snapshot() as connection:
        try:
            found = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
        except sqlite3.DatabaseError as fault:
            found = str(fault)
    return None if found == "ok" else Wrong("journal.db", f"SQLite finds it damaged ({' '.join(found.split())[:200]})")


class _Stopped(Exception):
    def __init__(self, upto: Upto) -> None:
        super().__init__()
        self.upto = upto


@dataclass(slots=True)
class _Feed:
    """What of a feed has been walked: the ids at the last two numbers, and the last of each incident."""

    name: str
    facts: tuple[str, str | None, str, str, int] | None
    forked: bool
    seq: int = -1
    before: dict[str, tuple[int, int]] = field(default_factory=dict)
    here: dict[str, tuple[int, int]] = field(default_factory=dict)
    incidents: dict[str | None, set[tuple[int, str]]] = field(default_factory=dict)
    resumed: FeedUpto | None = None
    entries: int = 0
    values: int = 0


def _never() -> bool:
    return False


_Waiting = tuple[_Feed, Sequence[Row], int, Future[Proof]]


class _Walk:
    """Windows of rows go to the hands; chains are joined here, in order."""

    def __init__(
        self, connection: sqlite3.Connection, hands: Hands, counts: dict[str, int], progress: Progress | None,
        stop: Callable[[], bool],
    ) -> None:  # fmt: skip
        self._connection = connection
        self._hands = hands
        self._counts = counts
        self._progress = progress
        self._stop = stop
        self._all = _one(connection, "SELECT count(*) FROM entry")
        tree = RosterChain().tree(connection)
        chain = tree.chain
        counts["rosters"] = len(chain)
        remains.check_rosters(connection, tree)
        self._roster = chain[-1].sha256 if chain else ""
        self._forks: dict[str, int] = dict(connection.execute("SELECT feed, seq FROM fork").fetchall())
        settled = branches.settled_feeds(connection, chain[-1]) if chain else {}
        self._good = {feed: branches.good_branch(connection, ident) for feed, ident in settled.items()}
        self._tombstones = frozenset(row[0] for row in connection.execute("SELECT digest FROM tombstone"))
        self._prover = Prover.of(tree, self._tombstones)
        self._reached: dict[str, FeedUpto] = {}
        self._resumed = False

    def fits(self, since: Upto) -> bool:
        """Whether what was proven before can be gone on from: a new roster or redaction judges all entries anew."""
        return since.roster == self._roster and since.tombstones == len(self._tombstones)

    def require(self, known: Upto) -> None:
        """Everything up to these heads was here: it has to be here still."""
        for feed, upto in sorted(known.feeds.items()):
            sql = "SELECT 1 FROM entry WHERE feed = ? AND seq = ? AND id = ?"
            if self._connection.execute(sql, (feed, upto.seq, upto.id)).fetchone() is None:
                last = _one(self._connection, "SELECT coalesce(max(seq), -1) FROM entry WHERE feed = ?", feed)
                ends = _ends(last) if last < upto.seq else "now another stands there"
                why = f"number {upto.seq} was here when it was verified before, and {ends}"
                raise Unsound(f"feed {feed[:16]}", f"{why}: its end was cut off, or an older file was put back")

    # -- entries -------------------------------------------------------------------------------------------------------

    def entries(self, since: Upto) -> Upto:
        """Every feed, then whatever belongs to none; gives what is proven now."""
        self._resumed = since != Upto()
        self._counts["entries"] = since.entries
        self._hands.expect(self._all - since.entries)
        base = replace(since, roster=self._roster, tombstones=len(self._tombstones), feeds={})
        waiting: deque[_Waiting] = deque()
        try:
            for feed, window in self._windows(since):
                values = values_of(self._connection, [row[0] for row in window])
                future = self._hands.submit(self._prover, window, values)
                waiting.append((feed, window, sum(map(len, values.values())), future))
                if len(waiting) > 2 * self._hands.count:
                    self._join(*waiting.popleft())
            while waiting:
                self._join(*waiting.popleft())
        except _Stopped:
            while waiting:
                self._join(*waiting.popleft())
            raise _Stopped(replace(base, feeds={**since.feeds, **self._reached})) from None
        except BaseException:
            for *_, future in waiting:
                future.cancel()
            raise
        upto = replace(base, feeds=self._reached)
        self._counts["entries"] = upto.entries
        if upto.entries != self._all:
            if self._resumed:
                raise _Stopped(Upto())  # something came between what was proven before: see it all
            raise Unsound("the feeds", "there are entries that belong to no feed")
        return upto

    def _windows(self, since: Upto) -> Iterator[tuple[_Feed, list[Row]]]:
        for (name,) in self._connection.execute("SELECT DISTINCT feed FROM entry ORDER BY feed").fetchall():
            self._counts["feeds"] += 1
            feed = _Feed(name, remains.facts_of(self._connection, name), name in self._forks)
            at = self._resume(feed, since.feeds.get(name))
            while at is not None and (window := self._connection.execute(_ROWS, (name, *at, _WINDOW)).fetchall()):
                at = (window[-1][2], window[-1][0])
                yield feed, window
                # a forked feed is walked whole or not at all: its branches are not kept
                if not feed.forked and self._stop():
                    raise _Stopped(Upto())

    def _resume(self, feed: _Feed, known: FeedUpto | None) -> tuple[int, str] | None:
        """Behind which entry to begin; None where the whole feed was proven before."""
        if known is None:
            return -1, ""
        if feed.forked:
            count = _one(self._connection, "SELECT count(*) FROM entry WHERE feed = ?", feed.name)
            if count != known.entries:
                self._counts["entries"] -= known.entries
                return -1, ""
            self._reached[feed.name] = known
            return None
        sql = "SELECT hlc_ms, hlc_n FROM entry WHERE feed = ? AND seq = ? AND id = ?"
        row = self._connection.execute(sql, (feed.name, known.seq, known.id)).fetchone()
        if row is None:
            self._counts["entries"] -= known.entries
            return -1, ""
        feed.seq, feed.here, feed.resumed = known.seq, {known.id: (row[0], row[1])}, known
        feed.entries, feed.values = known.entries, known.values
        self._reached[feed.name] = known
        return known.seq, known.id

    def _join(self, feed: _Feed, window: Sequence[Row], values: int, future: Future[Proof]) -> None:
        proof = future.result(_WITHIN_S)
        for row, link in zip(window, proof.links, strict=False):
            self._link(feed, row, link)
        if proof.wrong is not None:
            raise Unsound(*proof.wrong)
        if feed.facts is not None and feed.facts[4]:
            remains.check_refs(self._connection, window, proof.links)
        feed.values += values
        self._reached[feed.name] = FeedUpto(feed.seq, window[-1][0], feed.entries, feed.values)
        if self._progress is not None:
            self._progress(self._counts["entries"], self._all)

    def _link(self, feed: _Feed, row: Row, entry: Link) -> None:
        ident = row[0]
        if entry.seq != feed.seq:
            if entry.seq != feed.seq + 1:
                raise Unsound(where(row), f"number {feed.seq + 1} is missing before it")
            feed.seq, feed.before, feed.here = entry.seq, feed.here, {}
        elif self._forks.get(row[1], entry.seq + 1) > entry.seq:
            raise Unsound(where(row), "two entries stand at one number, and the fork is not marked")
        feed.here[ident] = entry.hlc
        if entry.prev is not None and (entry.prev not in feed.before or feed.before[entry.prev] >= entry.hlc):
            raise Unsound(where(row), "it does not follow the entry before it")
        if feed.facts is None or feed.facts[:3] != (entry.key, entry.author, entry.console):
            raise Unsound(where(row), "it was written by another key or console than its feed's")
        if entry.seq == 0 and feed.facts[3] != ident and not feed.forked:
            raise Unsound(where(row), "its feed is said to begin with another entry")
        self._link_incident(feed, row, entry)
        self._standing(row, entry)
        self._counts["entries"] += 1
        feed.entries += 1

    def _link_incident(self, feed: _Feed, row: Row, entry: Link) -> None:
        if entry.inc not in feed.incidents:
            feed.incidents[entry.inc] = self._before_resuming(feed, entry.inc)
        last = feed.incidents[entry.inc]
        fits = (entry.iseq - 1, entry.iprev) in last if entry.iprev is not None else not last or feed.forked
        if not fits:
            raise Unsound(where(row), "it does not follow this feed's entry before it in the incident")
        if not feed.forked:
            last.clear()
        last.add((entry.iseq, row[0]))

    def _before_resuming(self, feed: _Feed, inc: str | None) -> set[tuple[int, str]]:
        if feed.resumed is None:
            return set()
        sql = "SELECT iseq, id FROM entry WHERE feed = ? AND inc IS ? AND seq <= ? ORDER BY seq DESC LIMIT 1"
        return set(self._connection.execute(sql, (feed.name, inc, feed.resumed.seq)).fetchall())

    def _standing(self, row: Row, entry: Link) -> None:
        standing = row[11]
        good = self._good.get(row[1])
        forked = entry.seq >= self._forks.get(row[1], entry.seq + 1) if good is None else row[0] not in good
        if standing is None and forked:
            raise Unsound(where(row), "it stands after a fork, but is counted")
        if standing is None and self._prover.is_late(entry, row[0]):
            raise Unsound(where(row), "its key was revoked before it, but it is counted")
        if standing is not None and not (forked if standing == "forked" else self._prover.was_late(entry, row[0])):
            raise Unsound(where(row), "it is not counted, though nothing speaks against it")

    # -- everything else -----------------------------------------------------------------------------------------------

    def rest(self, paths: ProfilePaths, upto: Upto) -> Report:
        """Marks, documents, values, attachments: what is not an entry; gives the report of all."""
        connection, counts = self._connection, self._counts
        counts.update(remains.check_marks(connection, self._forks))
        upto, whole = remains.check_documents(connection, self._tombstones, upto, self._stop)
        counts["documents"], counts["disclosures"] = upto.documents, upto.values
        if not whole:
            raise _Stopped(upto)
        held = "SELECT (SELECT count(*) FROM entry_value) + (SELECT count(*) FROM document_value)"
        if stray := _one(connection, held) - upto.values:
            if self._resumed:
                raise _Stopped(Upto())  # values came later than their entries: see them all
            raise Unsound("the values", f"{stray} of them belong to no entry and no document")
        upto, whole = remains.check_blobs(connection, paths, upto, self._stop)
        counts["blobs"] = upto.blobs
        if not whole:
            raise _Stopped(upto)
        return Report(ok=True, first_wrong=None, counts=counts, upto=upto)


def _ends(last: int) -> str:
    return f"now it ends at {last}" if last >= 0 else "now nothing of it is here"


def _one(connection: sqlite3.Connection, sql: str, *values: object) -> int:
    return int(connection.execute(sql, values).fetchone()[0])
