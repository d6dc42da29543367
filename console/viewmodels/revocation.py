"""What a revocation would do, told before it is proposed: how far each feed stays good, and what is set aside."""

from __future__ import annotations

from dataclasses import dataclass

from console.keys.publickey import PublicKey
from console.services import members
from console.services.roster_frontier import Frontier, frontiers
from console.services.session import Session
from console.viewmodels.approval_words import count
from console.viewmodels.times import both


@dataclass(frozen=True, slots=True)
class RevocationView:
    """One line for each feed, and how many entries would be set aside in all."""

    lines: tuple[str, ...]
    aside: int
    keys: int


def revocation_view(session: Session, what: str, since_ms: int | None) -> RevocationView:
    """What revoking this person, console or key would name. For a lane.

    Raises:
        WrongUse: for an unknown name.
    """
    names = frozenset(PublicKey.parse(line).fingerprint for line in members.keys_named(session, what))
    fresh = frozenset(name for name in names if not session.roster.is_revoked(name))
    found = frontiers(session, fresh, since_ms)
    return RevocationView(tuple(_line(one) for one in found), sum(one.aside for one in found), len(fresh))


def _line(one: Frontier) -> str:
    whose = "What they wrote" if one.by_person else "What the machine recorded"
    if one.good is None:
        return (
            f"{whose} (feed {one.feed[:8]}): nothing is good; {count(one.aside, 'entry is', 'entries are')} set aside."
        )
    upto = f"good up to entry {one.good.seq} (written {both(one.good.entry.hlc[0])}, {one.good.id[:12]})"
    rest = f"; {count(one.aside, 'later entry is', 'later entries are')} set aside" if one.aside else ""
    return f"{whose} (feed {one.feed[:8]}): {upto}{rest}."
