"""A split roster is ended by one version that names every branch (protocol.md section 2, decision 0027).

It goes on with the version in force here, and revokes whatever any branch revoked. Who stands only in another branch is
admitted again, afterwards. Which branch is meant is for people to agree on: it must be signed by the admins of each.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from console.domain.errors import WrongUse
from console.domain.forms import Head, RevokedKey
from console.keys.roster import VerifiedRoster
from console.services import roster
from console.services.session import Session


def settle(session: Session, reason: str) -> roster.Outcome:
    """Propose the version that ends every split known here, in favour of the version in force here.

    Raises:
        WrongUse: when the roster is not split, for an empty reason, or as `roster.propose`.
        BadRoster: when no version can stand on all branches (a key changed hands in one of them).
    """
    tree = session.reader.roster_tree()
    tips = tree.tips()
    if not tips:
        raise WrongUse("The roster is not split.", "There is nothing to settle.")
    if not reason.strip():
        raise WrongUse("Say why this version goes on.", "Whoever signs next reads it.")
    now = session.roster
    made = max(roster.made_ms(session), *(one.roster.created for one in tips))
    after = replace(
        roster.follows(session, replace(now.roster, revoked=_revoked((now, *tips))), made),
        settles=tuple(sorted(one.sha256 for one in tips)),
    )
    return roster.propose(session, after, reason=reason)


def left_out(session: Session) -> tuple[str, ...]:
    """Who stands in another branch only: to be admitted again when it is settled."""
    tree = session.reader.roster_tree()
    here = {person.person for person in session.roster.roster.persons}
    there = {person.person for one in tree.tips() for person in one.roster.persons if person.roles}
    return tuple(sorted(there - here))


def _revoked(versions: Iterable[VerifiedRoster]) -> tuple[RevokedKey, ...]:
    """Every key that any of them revokes; where several do, good is only what all of them call good."""
    good: dict[str, dict[str, Head]] = {}
    for version in versions:
        for one in version.roster.revoked:
            told = {head[0]: head for head in one.good}
            known = good.get(one.key)
            good[one.key] = told if known is None else {
                feed: min(known[feed], told[feed], key=lambda head: head[1]) for feed in known.keys() & told.keys()
            }  # fmt: skip
    return tuple(RevokedKey(key=key, good=tuple(sorted(heads.values()))) for key, heads in sorted(good.items()))
