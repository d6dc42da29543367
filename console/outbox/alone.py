"""What one person alone signed is planned anew by whoever sends it: it has to be what it calls itself.

How grave an action is follows from what its proposer wrote of it (protocol.md section 12). Where two sign, the second
one's console plans it anew and they read what differs; where one signature suffices, nobody else has looked (0168).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from adapters.contract import AdapterFault, Lever, Planned, Refused
from console.domain.actions import Target
from console.domain.undoing import ground
from console.journal.tx import Tx
from console.journal.values import FeedSigner
from console.outbox.gate import Authority, Stop
from console.outbox.item import Row
from console.outbox.moments import Moments
from console.outbox.papers import policy_of
from console.outbox.reading import Reading
from console.providers.plane import Plane
from console.providers.replanned import plan_all_anew, plan_differs

_CHARS: Final = 900
_NOT_ALONE: Final = (
    "One person alone signed this undo, and what it would undo was signed by one person too; this console never "
    "compared its way back before sending it, and no console of others did. Nothing was sent; lift it with two "
    "signatures."
)


def looked_at(authority: Authority, row: Row) -> bool:
    """Whether it needs no second look: two people signed these bytes."""
    people = {one.record.person for one in authority.signed
              if one.record.decision == "approve" and one.record.doc == row.doc}  # fmt: skip
    return len(people) > 1


def goes_back(tx: Tx, feed: FeedSigner, authority: Authority, row: Row) -> Stop | bool:
    """Why an undo that one person alone signed may not go from here; else whether it may go without a second look.

    It sends exactly the revert that was signed. So that this is no request of one person's own, either two people
    signed what is undone, or this console compared that revert before it sent it (0174), or the console of others did:
    then it is planned anew here, too (0187). The same pure function as in the rule says which.
    """
    facts = Moments(tx.connection, tx.roster(), policy_of(tx.roster())).now(row.doc, tx.now_ms)
    found = ground(facts, row.target, feed.feed) if authority.action.undoes is not None else None
    if found is None:
        return Stop("attention", "dispatch.attention", _NOT_ALONE)
    return found != "another console compared it"


def sent_before(tx: Tx, feed: FeedSigner, row: Row) -> bool:
    """Whether this console entered that it sends it: then it was looked at, and a part may have landed since.

    Its own entries say so, never the table of what is under way.
    """
    steps = Reading.of(tx).steps(row.op, row.doc, row.target)
    return any(one.kind == "dispatch.intent" and one.feed == feed.feed for one in steps)


async def alone(plane: Plane, target: Target, plans: Sequence[Planned]) -> Stop | AdapterFault | bool:
    """What sends it back to people where it is not what it calls itself; the fault where that cannot be read now.

    Else whether its way back is the one this console would take, too; where it stands otherwise than it was signed,
    that cannot be told. `plans` are one, or of a list what is to be sent now for each of its accounts.
    """
    fault: AdapterFault | None = None
    same = True
    for signed, found in zip(plans, await plan_all_anew(plane, plans), strict=True):
        if isinstance(found, Refused):
            return _stop(signed, target, f"this console cannot plan it: {found.detail.rstrip('.')}")
        if isinstance(found, AdapterFault):
            fault = found
            continue
        same = same and dict(found.pre) == dict(signed.pre)
        odd = _odd(plane.lever(signed.lever), target, signed, found)
        if odd:
            return _stop(signed, target, f"this console would plan it otherwise: {', '.join(odd)}")
    return same if fault is None else fault


def _odd(lever: Lever, target: Target, signed: Planned, found: Planned) -> list[str]:
    if lever.revokes_credential and _counted(signed, found):
        found = replace(found, credential=signed.credential)
    # of an undo the way back of the way back is nobody's business: it goes once
    already = signed.direction == "restore" or dict(found.pre) != dict(signed.pre)
    odd = list(plan_differs(signed, found, already=already))
    if target.category != lever.category:
        odd.append(f"it is of the kind {lever.category}, not {target.category}")
    return odd


def _counted(signed: Planned, found: Planned) -> bool:
    """Whether what is said of it comes from its proposer's counts (0145), and nothing read here denies it."""
    if signed.credential == "unused-24h":
        return found.credential != "in-use"
    return signed.credential == "verified-replacement"


def _stop(signed: Planned, target: Target, why: str) -> Stop:
    of = "" if target.listed is None else f" of the account {signed.selector[:80]}"
    told = f"One person alone signed it, and{of} {why}"[:_CHARS]
    return Stop("attention", "dispatch.attention", f"{told}. Nothing was sent; two people may sign it.")
