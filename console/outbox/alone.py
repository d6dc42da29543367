"""What one person alone signed is planned anew by whoever sends it: it has to be what it calls itself.

How grave an action is follows from what its proposer wrote of it (protocol.md section 12). Where two sign, the second
one's console plans it anew and they read what differs; where one signature suffices, nobody else has looked (0168).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from adapters.contract import AdapterFault, Planned, Refused
from console.domain.actions import Target
from console.outbox.gate import Authority, Stop
from console.outbox.item import Row
from console.providers.plane import Plane
from console.providers.replanned import plan_anew, plan_differs

_CHARS: Final = 900


def looked_at(authority: Authority, row: Row) -> bool:
    """Whether it needs no second plan: two people signed these bytes, it gives back, or it was looked at before.

    What one person gives back alone is an undo, which is exactly what was signed to be its revert.
    """
    people = {one.record.person for one in authority.signed
              if one.record.decision == "approve" and one.record.doc == row.doc}  # fmt: skip
    return len(people) > 1 or authority.action.direction == "restore" or row.attempt > 0


async def alone(plane: Plane, target: Target, signed: Planned) -> Stop | AdapterFault | None:
    """What sends it back to people where it is not what it calls itself; the fault where that cannot be read now.

    `signed` is a list's plan for one account, where the target is a list.
    """
    lever = plane.lever(signed.lever)
    try:
        found = await plan_anew(plane, signed)
    except Refused as fault:
        return _stop(f"this console cannot plan it: {fault.detail.rstrip('.')}")
    except AdapterFault as fault:
        return fault
    if lever.revokes_credential and _counted(signed, found):
        found = replace(found, credential=signed.credential)
    odd = list(plan_differs(signed, found, already=dict(found.pre) != dict(signed.pre)))
    if target.category != lever.category:
        odd.append(f"it is of the kind {lever.category}, not {target.category}")
    return _stop(f"this console would plan it otherwise: {', '.join(odd)}") if odd else None


def _counted(signed: Planned, found: Planned) -> bool:
    """Whether what is said of it comes from its proposer's counts (0145), and nothing read here denies it."""
    if signed.credential == "unused-24h":
        return found.credential != "in-use"
    return signed.credential == "verified-replacement"


def _stop(why: str) -> Stop:
    told = f"One person alone signed it, and {why}"[:_CHARS]
    return Stop("attention", "dispatch.attention", f"{told}. Nothing was sent; two people may sign it.")
