"""The rosters as the journal holds them: proven again at every opening, and asked who may write which feed.

The rules between versions are `console.keys.roster`'s; which of several branches counts is `roster_tree`'s.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Protocol

from console.domain.forms import Entry
from console.journal.faults import NoGenesis, NoRoster
from console.journal.roster_tree import Kept, RosterTree
from console.journal.values import Answer
from console.keys import canon, roster
from console.keys.faults import BadRoster
from console.keys.roster import VerifiedRoster

_GENESIS = "genesis"


class RosterChain:
    """The rosters of one database, proven once and kept while their number does not change. Not shared by threads.

    `told`: whoever has it says when another process has written (`doubt`); until then the number is not asked for.
    """

    def __init__(self, *, told: bool = False) -> None:
        self._told = told
        self._sure = False
        self._count = -1
        self._tree = RosterTree((), None)

    def tree(self, connection: sqlite3.Connection) -> RosterTree:
        """All versions, each in its place.

        Raises:
            Damaged: when a stored roster does not prove itself any more.
        """
        if self._sure:
            return self._tree
        count = int(connection.execute("SELECT count(*) FROM roster").fetchone()[0])
        if count != self._count:
            self._tree = RosterTree(kept_in(connection), pinned_genesis(connection))
            self._count = count
        self._sure = self._told
        return self._tree

    def load(self, connection: sqlite3.Connection) -> tuple[VerifiedRoster, ...]:
        """The versions in force one after another, from 0 on.

        Raises:
            Damaged: as `tree`.
        """
        return self.tree(connection).chain

    def doubt(self) -> None:
        """Ask for their number next time."""
        self._sure = False

    def forget(self) -> None:
        """Read again next time (after a rollback)."""
        self._count = -1
        self._sure = False

    def current(self, connection: sqlite3.Connection) -> VerifiedRoster:
        """The version in force.

        Raises:
            NoRoster: when there is none.
        """
        chain = self.load(connection)
        if not chain:
            raise NoRoster
        return chain[-1]

    def named(self, connection: sqlite3.Connection, entry: Entry) -> VerifiedRoster | None:
        """The version an entry refers to, or None where it is not known (yet).

        While a version of another branch is not settled, entries under it wait, but for those of keys that may write
        that feed under the version in force too.
        """
        tree = self.tree(connection)
        found = tree.get(entry.roster[1])
        if found is None or found.ref != entry.roster:
            return None
        return None if found in tree.open and may_write(tree.chain[-1], entry) is None else found


def kept_in(connection: sqlite3.Connection) -> list[Kept]:
    """Every version as it is stored, with its signatures."""
    sigs: dict[str, dict[str, bytes]] = {}
    for sha, key, sig in connection.execute("SELECT sha256, key, sig FROM roster_sig"):
        sigs.setdefault(sha, {})[key] = sig
    rows = connection.execute("SELECT sha256, n, rival, received_ms, raw FROM roster ORDER BY n, sha256")
    return [Kept(sha, n, bool(rival), at_ms, raw, sigs.get(sha, {})) for sha, n, rival, at_ms, raw in rows]


def pinned_genesis(connection: sqlite3.Connection) -> str | None:
    """The fingerprint of roster 0 this database trusts; None before it is pinned."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (_GENESIS,)).fetchone()
    return None if row is None else str(row[0])


def pin_genesis(connection: sqlite3.Connection, sha256: str) -> None:
    """Pin roster 0 once and for all.

    Raises:
        BadRoster: when another is pinned already.
    """
    found = pinned_genesis(connection)
    if found is None:
        connection.execute("INSERT INTO meta (name, value) VALUES (?, ?)", (_GENESIS, sha256))
    elif found != sha256:
        raise BadRoster("another genesis is pinned for this profile")


def add_roster(
    connection: sqlite3.Connection, chain: RosterChain, raw: bytes, sigs: Mapping[str, bytes], received_ms: int
) -> Answer:
    """Prove a roster version and keep it: inserted (it is in force), exists, gap, or forked (it stands beside it).

    Raises:
        BadRoster: when it may not follow or may not begin.
        NoGenesis: when it begins and nothing is pinned.
    """
    sha = canon.sha256_hex(raw)
    tree = chain.tree(connection)
    if connection.execute("SELECT 1 FROM roster WHERE sha256 = ?", (sha,)).fetchone():
        return Answer.exists
    told, pinned = roster.read_roster(raw), pinned_genesis(connection)
    settled = tree.settled_by(told.settles)
    if told.n == 0:
        if pinned is None:
            raise NoGenesis
        roster.verify_genesis(raw, sigs, pinned)
    elif (told.n > len(tree.chain) and tree.get(told.prev) is None) or settled is None:
        return Answer.gap
    else:
        roster.verify_next(tree.get(told.prev) or tree.chain[told.n - 1], raw, sigs, settled)
    extends = told.prev == (tree.chain[-1].sha256 if tree.chain else None)
    one = Kept(sha, told.n, rival=not extends, received_ms=received_ms, raw=raw, sigs=sigs)
    rival = tree.with_one(one, pinned).chain[-1].sha256 != sha
    connection.execute(
        "INSERT INTO roster (sha256, n, rival, received_ms, raw) VALUES (?, ?, ?, ?, ?)",
        (sha, told.n, int(rival), received_ms, raw),
    )
    connection.executemany(
        "INSERT INTO roster_sig (sha256, key, sig) VALUES (?, ?, ?)", [(sha, key, sig) for key, sig in sigs.items()]
    )
    chain.forget()
    return Answer.forked if rival else Answer.inserted


class Placed(Protocol):
    """As much of an entry as says whether its key still counted when it was written."""

    @property
    def key(self) -> str:
        """The fingerprint of what signed it."""
        ...

    @property
    def feed(self) -> str:
        """Where it stands."""
        ...

    @property
    def seq(self) -> int:
        """Its number there."""
        ...

    @property
    def hlc(self) -> tuple[int, int]:
        """Its hybrid time."""
        ...


def may_write(verified: VerifiedRoster, entry: Entry) -> str | None:
    """Whether this version lets the entry's key write its feed: the key's public line, or None.

    A person feed needs a writer key of the author (bound to this console, or to none); a machine feed the device key
    of the console. The key must be valid at the entry's own time.
    """
    facts = verified.key(entry.key)
    if facts is None or facts.from_ms > entry.hlc[0]:
        return None
    if entry.author is None:
        fits = facts.person is None and facts.console == entry.console
    else:
        fits = facts.use == "writer" and facts.person == entry.author and facts.console in {None, entry.console}
    return facts.public.line if fits else None


def is_late(verified: VerifiedRoster, current: VerifiedRoster, entry: Placed, ident: str) -> bool:
    """Whether the key had ended, or was revoked and this entry lies behind (or beside) its last good one."""
    for known in (verified, current):
        facts = known.key(entry.key)
        if facts is not None and facts.to_ms is not None and entry.hlc[0] >= facts.to_ms:
            return True
    if not current.is_revoked(entry.key):
        return False
    good = current.good(entry.key, entry.feed)
    return good is None or entry.seq > good[0] or (entry.seq == good[0] and ident != good[1])


def has_ended(chain: tuple[VerifiedRoster, ...], fingerprint: str, now_ms: int) -> bool:
    """Whether the newest version ended or revoked the key: what it signed from now on would count nowhere."""
    if not chain:
        return False
    facts = chain[-1].key(fingerprint)
    ended = facts is not None and facts.to_ms is not None and now_ms >= facts.to_ms
    return ended or chain[-1].is_revoked(fingerprint)
