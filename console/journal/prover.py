"""What one stored row proves by itself: its bytes, its signature, its key's right to write, the values beside it.

It never looks at another row, and trusts no column that the signed bytes can contradict. Several threads may use it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from console.domain.errors import BadForm, Problem
from console.domain.forms import Entry, RosterRef
from console.journal import envelope, rosters
from console.journal.roster_tree import RosterTree
from console.keys import canon
from console.keys.publickey import PublicKey
from console.keys.roster import VerifiedRoster
from console.keys.sshsig import Verifier

Row = tuple[str, str, int, str | None, int, str, str | None, int, int, bytes, bytes, str | None]
Values = dict[str, list[tuple[str, str]]]
_MANY = 400


class Unsound(Exception):
    """The first thing that does not hold: where it lies, and one clause that says why."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why


class Link(NamedTuple):
    """What of a proven entry its neighbours, its feed and the rosters are held to."""

    feed: str
    seq: int
    hlc: tuple[int, int]
    prev: str | None
    inc: str | None
    iseq: int
    iprev: str | None
    author: str | None
    console: str
    key: str
    refs: tuple[str, ...]
    roster: RosterRef


@dataclass(frozen=True, slots=True)
class Proof:
    """The entries of a window that are proven, from its beginning. `wrong` says where and why it stopped before."""

    links: list[Link]
    wrong: tuple[str, str] | None = None


class Prover:
    """Proves rows against the rosters and what was redacted; it only ever adds to its caches."""

    def __init__(
        self, chain: Sequence[VerifiedRoster], by_ref: dict[RosterRef, VerifiedRoster], tombstones: frozenset[str]
    ) -> None:
        self._chain = chain
        self._by_ref = by_ref
        self._tombstones = tombstones
        self._verifiers: dict[tuple[str, bool], Verifier] = {}

    @classmethod
    def of(cls, tree: RosterTree, tombstones: frozenset[str]) -> Self:
        """By the rosters of a journal, and what was redacted in it."""
        return cls(tree.chain, {one.ref: one for one in (*tree.everything(), *tree.open)}, tombstones)

    def __reduce__(self) -> tuple[type[Self], tuple[object, ...]]:
        """To another process it goes without its cache, which holds what OpenSSL made."""
        return type(self), (self._chain, self._by_ref, self._tombstones)

    def window(self, window: Sequence[Row], values: Values) -> Proof:
        """Prove these rows in order, up to the first that does not hold."""
        # First everything that needs the interpreter, then all signatures, which do not: threads then rarely wait.
        links: list[Link] = []
        checks: list[Verifier] = []
        wrong: tuple[str, str] | None = None
        try:
            for row in window:
                entry = _read(row)
                checks.append(self._verifier(row, entry))
                if row[0] in values:
                    check_values(where(row), frozenset(entry.sd), values[row[0]], self._tombstones)
                links.append(_link(entry))
        except Unsound as fault:
            wrong = fault.where, fault.why
        for at, (row, verifier) in enumerate(zip(window, checks, strict=False)):
            try:
                verifier.verify(row[9], row[10])
            except Problem as fault:
                return Proof(links[:at], (where(row), fault.what.rstrip(".")))
        return Proof(links, wrong)

    def is_late(self, entry: Link, ident: str) -> bool:
        """Whether its key had ended or was revoked before it, as the newest roster says."""
        if not self._chain:
            return False
        named = self._by_ref.get(entry.roster, self._chain[-1])
        return rosters.is_late(named, self._chain[-1], entry, ident)

    def was_late(self, entry: Link, ident: str) -> bool:
        """Whether any roster there was speaks against it."""
        named = self._by_ref.get(entry.roster)
        return named is None or any(rosters.is_late(named, known, entry, ident) for known in self._chain)

    def _verifier(self, row: Row, entry: Entry) -> Verifier:
        named = self._by_ref.get(entry.roster)
        if named is None or named.roster.org != entry.org:
            raise Unsound(where(row), "it names a roster that is not here, or another organisation")
        line = rosters.may_write(named, entry)
        if line is None:
            raise Unsound(where(row), "the roster does not let its key write this feed")
        place = (line, entry.author is None)
        found = self._verifiers.get(place)
        if found is None:
            namespace = envelope.namespace_of(entry.org, entry.author)
            found = self._verifiers[place] = Verifier(PublicKey.parse(line), namespace)
        return found


def where(row: Row) -> str:
    """How people find this entry again."""
    return f"entry {row[0][:16]} (feed {row[1][:16]}, number {row[2]})"


def values_of(connection: sqlite3.Connection, holders: Sequence[str]) -> Values:
    """The values stored beside these entries or documents: (digest as the row says, disclosure)."""
    found: Values = {}
    for at in range(0, len(holders), _MANY):
        some = holders[at : at + _MANY]
        sql = f"SELECT holder, digest, body FROM disclosure WHERE holder IN ({','.join('?' * len(some))})"  # noqa: S608  marks only
        for holder, digest, body in connection.execute(sql, tuple(some)):
            found.setdefault(holder, []).append((digest, body))
    return found


def check_values(
    place: str, digests: frozenset[str], values: Sequence[tuple[str, str]], tombstones: frozenset[str]
) -> None:
    """Hold values to the signed digests.

    Raises:
        Unsound: at the first that was changed, is named otherwise, or was redacted.
    """
    for named, body in values:
        try:
            digest, _, _ = envelope.verify_disclosure(body, digests)
        except BadForm as fault:
            raise Unsound(place, f"a value beside it was changed: {fault.why}") from None
        if digest != named:
            raise Unsound(place, "a value beside it is filed under another digest than its own")
        if digest in tombstones:
            raise Unsound(place, "a redacted value is still here")


def _link(entry: Entry) -> Link:
    return Link(
        entry.feed, entry.seq, entry.hlc, entry.prev, entry.inc, entry.iseq, entry.iprev, entry.author, entry.console,
        entry.key, entry.refs, entry.roster,
    )  # fmt: skip


def _read(row: Row) -> Entry:
    raw = row[9]
    if canon.sha256_hex(raw) != row[0]:
        raise Unsound(where(row), "its bytes were changed: they do not have its hash")
    try:
        entry = envelope.read_entry(raw)
    except Problem as fault:
        raise Unsound(where(row), fault.why if isinstance(fault, BadForm) else fault.what.rstrip(".")) from None
    hlc_ms, hlc_n = entry.hlc
    if row[1:9] != (entry.feed, entry.seq, entry.inc, entry.iseq, entry.kind, entry.subj, hlc_ms, hlc_n):
        raise Unsound(where(row), "its row says something else than its signed bytes")
    return entry
