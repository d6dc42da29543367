"""The chain of rosters as the journal holds it: proven again at every opening, and asked who may write which feed.

The rules between versions are `console.keys.roster`'s. A rival (second valid version of one number) is kept, unused.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from console.domain.errors import Problem
from console.domain.forms import Entry, Roster
from console.domain.profile import MAX_DOCUMENT_BYTES
from console.journal.faults import Damaged, NoGenesis, NoRoster
from console.journal.values import Answer
from console.keys import canon, roster
from console.keys.faults import BadRoster
from console.keys.roster import VerifiedRoster

_GENESIS = "genesis"


class RosterChain:
    """The rosters of one database, proven once and kept while their number does not change. Not shared by threads."""

    def __init__(self) -> None:
        self._count = -1
        self._chain: tuple[VerifiedRoster, ...] = ()
        self._by_sha: dict[str, VerifiedRoster] = {}

    def load(self, connection: sqlite3.Connection) -> tuple[VerifiedRoster, ...]:
        """All versions from 0 on.

        Raises:
            Damaged: when a stored roster does not prove itself any more.
        """
        count = int(connection.execute("SELECT count(*) FROM roster").fetchone()[0])
        if count != self._count:
            self._chain = _prove(connection)
            self._by_sha = {found.sha256: found for found in self._chain}
            self._count = count
        return self._chain

    def forget(self) -> None:
        """Read again next time (after a rollback)."""
        self._count = -1

    def current(self, connection: sqlite3.Connection) -> VerifiedRoster:
        """The newest version.

        Raises:
            NoRoster: when there is none.
        """
        chain = self.load(connection)
        if not chain:
            raise NoRoster
        return chain[-1]

    def named(self, connection: sqlite3.Connection, ref: tuple[int, str]) -> VerifiedRoster | None:
        """The version an entry refers to, or None where it is not known (yet)."""
        self.load(connection)
        found = self._by_sha.get(ref[1])
        return found if found is not None and found.roster.n == ref[0] else None


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
    """Prove a roster version and keep it: inserted, exists (further signatures are added), gap, or forked.

    Raises:
        BadRoster: when it may not follow or may not begin.
        NoGenesis: when it begins and nothing is pinned.
    """
    sha = canon.sha256_hex(raw)
    known = chain.load(connection)
    if connection.execute("SELECT 1 FROM roster WHERE sha256 = ?", (sha,)).fetchone():
        return Answer.exists
    n = Roster.parse(canon.decode(raw, limit=MAX_DOCUMENT_BYTES)).n
    if n == 0:
        pinned = pinned_genesis(connection)
        if pinned is None:
            raise NoGenesis
        verified = roster.verify_genesis(raw, sigs, pinned)
    elif n > len(known):
        return Answer.gap
    else:
        verified = roster.verify_next(known[n - 1], raw, sigs)
    rival = n < len(known)
    connection.execute(
        "INSERT INTO roster (sha256, n, rival, received_ms, raw) VALUES (?, ?, ?, ?, ?)",
        (verified.sha256, n, int(rival), received_ms, raw),
    )
    connection.executemany(
        "INSERT INTO roster_sig (sha256, key, sig) VALUES (?, ?, ?)", [(sha, key, sig) for key, sig in sigs.items()]
    )
    chain.forget()
    return Answer.forked if rival else Answer.inserted


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


def is_late(verified: VerifiedRoster, current: VerifiedRoster, entry: Entry, ident: str) -> bool:
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


def _prove(connection: sqlite3.Connection) -> tuple[VerifiedRoster, ...]:
    sigs: dict[str, dict[str, bytes]] = {}
    for sha, key, sig in connection.execute("SELECT sha256, key, sig FROM roster_sig"):
        sigs.setdefault(sha, {})[key] = sig
    chain: list[VerifiedRoster] = []
    for sha, raw in connection.execute("SELECT sha256, raw FROM roster WHERE rival = 0 ORDER BY n"):
        try:
            if chain:
                chain.append(roster.verify_next(chain[-1], raw, sigs.get(sha, {})))
            else:
                chain.append(roster.verify_genesis(raw, sigs.get(sha, {}), pinned_genesis(connection) or ""))
        except (Problem, ValueError) as fault:
            why = fault.what.rstrip(".") if isinstance(fault, Problem) else str(fault)
            raise Damaged(f"roster {len(chain)}", why) from None
    return tuple(chain)
