"""Proves a whole profile again from its bytes: every signature, chain, roster, value, document and attachment.

It names the first wrong thing and why, changes nothing, and trusts no column that the signed bytes can contradict.
"""

from __future__ import annotations

import os
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from console.domain.errors import BadForm, Problem
from console.domain.forms import Entry
from console.domain.profile import MAX_DOCUMENT_BYTES
from console.journal import envelope, rosters, rows
from console.journal.faults import Damaged
from console.journal.rosters import RosterChain
from console.journal.store import JournalStore
from console.keys import canon
from console.keys.publickey import PublicKey
from console.keys.roster import VerifiedRoster
from console.keys.sshsig import Verifier

Progress = Callable[[int, int], None]
Row = tuple[str, str, int, str | None, int, str, str | None, int, int, bytes, bytes, str | None]
_COUNTED: tuple[str, ...] = (
    "entries", "disclosures", "documents", "blobs", "rosters", "feeds", "quarantined", "forked",
)  # fmt: skip
_WINDOW = 256
_WORKERS = 4
_ROWS = (
    "SELECT e.id, e.feed, e.seq, e.inc, e.iseq, e.kind, e.subj, e.hlc_ms, e.hlc_n, e.raw, e.sig, s.standing "
    "FROM entry e LEFT JOIN standing s ON s.id = e.id WHERE e.feed = ? AND (e.seq, e.id) > (?, ?) "
    "ORDER BY e.seq, e.id LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class Wrong:
    """The first thing that does not hold: where it lies, and one clause that says why."""

    where: str
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was proven. `counts` are entries, disclosures, documents, blobs, rosters, feeds, quarantined, forked."""

    ok: bool
    first_wrong: Wrong | None
    counts: dict[str, int]


class _Stop(Exception):
    def __init__(self, where: str, why: str) -> None:
        super().__init__(where)
        self.wrong = Wrong(where, why)


@dataclass(slots=True)
class _Feed:
    """What of a feed has been walked: the ids at the last two numbers, and the last of each incident."""

    seq: int = -1
    before: dict[str, tuple[int, int]] = field(default_factory=dict)
    here: dict[str, tuple[int, int]] = field(default_factory=dict)
    incidents: dict[str | None, set[tuple[int, str]]] = field(default_factory=dict)
    forked: bool = False
    facts: tuple[str, str | None, str] | None = None


def verify_profile(store: JournalStore, progress: Progress | None = None) -> Report:
    """Walk everything. `progress(done, all)` counts entries. Reads one snapshot; runs on the caller's thread.

    What does not hold is in the report, never raised.
    """
    counts: dict[str, int] = dict.fromkeys(_COUNTED, 0)
    with store.reader().snapshot() as connection:
        try:
            _Walk(connection, counts, progress).all()
            _documents(connection, counts)
            _blobs(store, connection, counts)
        except _Stop as stop:
            return Report(ok=False, first_wrong=stop.wrong, counts=counts)
        except Damaged as fault:
            return Report(ok=False, first_wrong=Wrong(fault.where, fault.why), counts=counts)
        except sqlite3.DatabaseError as fault:
            return Report(ok=False, first_wrong=Wrong("journal.db", f"SQLite cannot read it ({fault})"), counts=counts)
    return Report(ok=True, first_wrong=None, counts=counts)


class _Walk:
    """Windows of rows go to a few threads (verifying leaves the interpreter lock); chains are joined here, in order."""

    def __init__(self, connection: sqlite3.Connection, counts: dict[str, int], progress: Progress | None) -> None:
        self._connection = connection
        self._counts = counts
        self._progress = progress
        self._all = int(connection.execute("SELECT count(*) FROM entry").fetchone()[0])
        chain = RosterChain().load(connection)
        counts["rosters"] = len(chain)
        self._prover = _Prover(chain)
        self._forks = dict(connection.execute("SELECT feed, seq FROM fork").fetchall())
        self._tombstones = frozenset(row[0] for row in connection.execute("SELECT digest FROM tombstone"))

    def all(self) -> None:
        """Every feed, then whatever belongs to none."""
        workers = min(_WORKERS, os.cpu_count() or 1)
        waiting: deque[tuple[_Feed, Sequence[Row], Future[list[Entry]]]] = deque()
        with ThreadPoolExecutor(workers, thread_name_prefix="verify") as pool:
            try:
                for feed, window in self._windows():
                    bodies = rows.disclosures_of(self._connection, [row[0] for row in window])
                    self._counts["disclosures"] += sum(map(len, bodies.values()))
                    waiting.append((feed, window, pool.submit(self._prover.window, window, bodies, self._tombstones)))
                    if len(waiting) > 2 * workers:
                        self._join(*waiting.popleft())
                while waiting:
                    self._join(*waiting.popleft())
            except BaseException:
                for _, _, future in waiting:
                    future.cancel()
                raise
        if self._counts["entries"] != self._all:
            raise _Stop("the feeds", "there are entries that belong to no feed")

    def _windows(self) -> Iterator[tuple[_Feed, list[Row]]]:
        for (feed,) in self._connection.execute("SELECT DISTINCT feed FROM entry ORDER BY feed").fetchall():
            self._counts["feeds"] += 1
            state = _Feed(facts=self._facts(feed), forked=feed in self._forks)
            at: tuple[int, str] = (-1, "")
            while window := self._connection.execute(_ROWS, (feed, *at, _WINDOW)).fetchall():
                at = (window[-1][2], window[-1][0])
                yield state, window

    def _facts(self, feed: str) -> tuple[str, str | None, str] | None:
        found: tuple[str, str | None, str] | None = self._connection.execute(
            "SELECT key, author, console FROM feed WHERE feed = ?", (feed,)
        ).fetchone()
        return found

    def _join(self, feed: _Feed, window: Sequence[Row], future: Future[list[Entry]]) -> None:
        stopped: _Stop | None = None
        try:
            entries = future.result()
        except _Partial as partial:
            entries, stopped = partial.entries, partial.stop
        for row, entry in zip(window, entries, strict=False):
            self._link(feed, row, entry)
        if stopped is not None:
            raise stopped
        if self._progress is not None:
            self._progress(self._counts["entries"], self._all)

    def _link(self, feed: _Feed, row: Row, entry: Entry) -> None:
        ident = row[0]
        if entry.seq != feed.seq:
            if entry.seq != feed.seq + 1:
                missing = f"number {feed.seq + 1} is missing before it"
                raise _Stop(_where(row), missing)
            feed.seq, feed.before, feed.here = entry.seq, feed.here, {}
        elif self._forks.get(row[1], entry.seq + 1) > entry.seq:
            raise _Stop(_where(row), "two entries stand at one number, and the fork is not marked")
        feed.here[ident] = entry.hlc
        if entry.prev is not None and (entry.prev not in feed.before or feed.before[entry.prev] >= entry.hlc):
            raise _Stop(_where(row), "it does not follow the entry before it")
        if feed.facts != (entry.key, entry.author, entry.console):
            raise _Stop(_where(row), "it was written by another key or console than its feed's")
        self._link_incident(feed, row, entry)
        self._standing(row, entry)
        self._counts["entries"] += 1

    @staticmethod
    def _link_incident(feed: _Feed, row: Row, entry: Entry) -> None:
        last = feed.incidents.setdefault(entry.inc, set())
        fits = (entry.iseq - 1, entry.iprev) in last if entry.iprev is not None else not last or feed.forked
        if not fits:
            raise _Stop(_where(row), "it does not follow this feed's entry before it in the incident")
        if not feed.forked:
            last.clear()
        last.add((entry.iseq, row[0]))

    def _standing(self, row: Row, entry: Entry) -> None:
        standing = row[11]
        if standing is not None:
            self._counts[standing] += 1
        elif entry.seq >= self._forks.get(row[1], entry.seq + 1):
            raise _Stop(_where(row), "it stands after a fork, but is counted")
        elif self._prover.is_late(entry, row[0]):
            raise _Stop(_where(row), "its key was revoked before it, but it is counted")


class _Partial(Exception):
    def __init__(self, entries: list[Entry], stop: _Stop) -> None:
        super().__init__()
        self.entries = entries
        self.stop = stop


class _Prover:
    """What one row proves by itself; used by several threads at once, so it only ever adds to its caches."""

    def __init__(self, chain: Sequence[VerifiedRoster]) -> None:
        self._by_ref = {found.ref: found for found in chain}
        self._current = chain[-1] if chain else None
        self._verifiers: dict[tuple[str, bool], Verifier] = {}

    def window(
        self, window: Sequence[Row], bodies: dict[str, tuple[str, ...]], tombstones: frozenset[str]
    ) -> list[Entry]:
        """The proven entries; what was proven before the first fault travels in `_Partial`."""
        # First everything that needs the interpreter, then all signatures, which do not: threads then rarely wait.
        entries: list[Entry] = []
        checks: list[Verifier] = []
        stopped: _Stop | None = None
        try:
            for row in window:
                entry = self._read(row)
                checks.append(self._verifier(row, entry))
                if row[0] in bodies:
                    _values(_where(row), frozenset(entry.sd), bodies[row[0]], tombstones)
                entries.append(entry)
        except _Stop as stop:
            stopped = stop
        for at, (row, verifier) in enumerate(zip(window, checks, strict=False)):
            try:
                verifier.verify(row[9], row[10])
            except Problem as fault:
                raise _Partial(entries[:at], _Stop(_where(row), fault.what.rstrip("."))) from None
        if stopped is not None:
            raise _Partial(entries, stopped)
        return entries

    def is_late(self, entry: Entry, ident: str) -> bool:
        """Whether its key had ended or was revoked before it."""
        if self._current is None:
            return False
        named = self._by_ref.get(entry.roster, self._current)
        return rosters.is_late(named, self._current, entry, ident)

    @staticmethod
    def _read(row: Row) -> Entry:
        raw = row[9]
        if canon.sha256_hex(raw) != row[0]:
            raise _Stop(_where(row), "its bytes were changed: they do not have its hash")
        try:
            entry = envelope.read_entry(raw)
        except Problem as fault:
            raise _Stop(_where(row), fault.why if isinstance(fault, BadForm) else fault.what.rstrip(".")) from None
        hlc_ms, hlc_n = entry.hlc
        if row[1:9] != (entry.feed, entry.seq, entry.inc, entry.iseq, entry.kind, entry.subj, hlc_ms, hlc_n):
            raise _Stop(_where(row), "its row says something else than its signed bytes")
        return entry

    def _verifier(self, row: Row, entry: Entry) -> Verifier:
        named = self._by_ref.get(entry.roster)
        if named is None or named.roster.org != entry.org:
            raise _Stop(_where(row), "it names a roster that is not here, or another organisation")
        line = rosters.may_write(named, entry)
        if line is None:
            raise _Stop(_where(row), "the roster does not let its key write this feed")
        place = (line, entry.author is None)
        found = self._verifiers.get(place)
        if found is None:
            namespace = envelope.namespace_of(entry.org, entry.author)
            found = self._verifiers[place] = Verifier(PublicKey.parse(line), namespace)
        return found


def _where(row: Row) -> str:
    return f"entry {row[0][:16]} (feed {row[1][:16]}, number {row[2]})"


def _values(where: str, digests: frozenset[str], bodies: Sequence[str], tombstones: frozenset[str]) -> None:
    for body in bodies:
        try:
            digest, _, _ = envelope.verify_disclosure(body, digests)
        except BadForm as fault:
            raise _Stop(where, f"a value beside it was changed: {fault.why}") from None
        if digest in tombstones:
            raise _Stop(where, "a redacted value is still here")


def _documents(connection: sqlite3.Connection, counts: dict[str, int]) -> None:
    tombstones = frozenset(row[0] for row in connection.execute("SELECT digest FROM tombstone"))
    for sha, raw in connection.execute("SELECT sha256, raw FROM document ORDER BY rowid"):
        where = f"document {sha[:16]}"
        try:
            value = canon.decode(raw, limit=MAX_DOCUMENT_BYTES)
        except BadForm as fault:
            raise _Stop(where, fault.why) from None
        if canon.sha256_hex(raw) != sha:
            raise _Stop(where, "its bytes were changed: they do not have its hash")
        bodies = rows.disclosures_of(connection, [sha]).get(sha, ())
        _values(where, envelope.digests_in(value), bodies, tombstones)
        counts["documents"] += 1
        counts["disclosures"] += len(bodies)
    stray = connection.execute("SELECT count(*) FROM disclosure").fetchone()[0] - counts["disclosures"]
    if stray:
        raise _Stop("the values", f"{stray} of them belong to no entry and no document")


def _blobs(store: JournalStore, connection: sqlite3.Connection, counts: dict[str, int]) -> None:
    for sha, size in connection.execute("SELECT sha256, size FROM blob ORDER BY sha256"):
        raw = store.reader().blob(sha)
        if raw is None or len(raw) != size:
            raise _Stop(f"blob {sha[:16]}", "its file is missing or has another size")
        counts["blobs"] += 1
