"""What people did by hand, watched once, and somebody undid since: an alarm until people decide about it again."""

from __future__ import annotations

from collections.abc import Sequence

from console.outbox.by_hand import ByHand, read_by_hand
from console.services.session import Session
from console.services.standing import Standing


def undone_by_hand(session: Session, standings: Sequence[Standing]) -> list[ByHand]:
    """Every one about whose account nothing was proposed since; of closed incidents too."""
    with session.reader.snapshot() as connection:
        found = [one for one in read_by_hand(connection) if one.stands == "undone"]
    return [one for one in found if not any(_is_about(each, one) for each in standings)]


def _is_about(later: Standing, one: ByHand) -> bool:
    """Whether this was proposed later about the same account."""
    return later.proposed_ms > one.since_ms and any(
        (target.instance, target.lever) == (one.instance, one.lever)
        and {target.selector, target.name} & {one.selector, one.name}
        for target in later.targets
    )
