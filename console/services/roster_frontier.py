"""How far the record of a key is good when it is revoked: the last good entry of each feed, and what is set aside.

It reads; a revocation is proposed by `console.services.members`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from console.domain.forms import Head
from console.journal.values import Stored
from console.services.session import Session

_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """One feed of a key that is to be revoked: its last good entry (None: none of it is good), and what comes after.

    `aside` is the number of entries known here that would be set aside, `newest_ms` when the newest of the feed was
    written.
    """

    key: str
    feed: str
    by_person: bool
    good: Stored | None
    aside: int
    newest_ms: int


def frontiers(session: Session, fingerprints: frozenset[str], since_ms: int | None) -> tuple[Frontier, ...]:
    """What a revocation of these keys would name, feed by feed, as far as feeds are known here."""
    heads, found = session.reader.heads(), list[Frontier]()
    for facts in session.reader.feeds():
        if facts.key not in fingerprints or facts.feed not in heads:
            continue
        newest = session.reader.entry(heads[facts.feed][1])
        good = newest if since_ms is None else _before(session, facts.feed, heads[facts.feed][0], since_ms)
        known = heads[facts.feed][0] - (good.seq if good is not None else -1)
        found.append(
            Frontier(
                key=facts.key, feed=facts.feed, by_person=facts.author is not None, good=good, aside=known,
                newest_ms=newest.entry.hlc[0] if newest is not None else 0,
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda one: (not one.by_person, one.feed)))


def last_good(session: Session, fingerprint: str, since_ms: int | None) -> tuple[Head, ...]:
    """The last good entry of each feed of a key; a feed that has none by then is named by nothing."""
    return tuple(
        sorted(
            (one.feed, one.good.seq, one.good.id)
            for one in frontiers(session, frozenset({fingerprint}), since_ms)
            if one.good is not None
        )
    )


def _before(session: Session, feed: str, newest: int, since_ms: int) -> Stored | None:
    """The last good entry before a moment; a feed is read backwards from its head, for what was lost is lost lately."""
    at = newest
    while at >= 0:
        first = max(0, at - _AT_ONCE + 1)
        for one in reversed(session.reader.feed(feed, first, at)):
            if one.standing == "good" and one.entry.hlc[0] < since_ms:
                return one
        at = first - 1
    return None
