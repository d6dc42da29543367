"""Work in flight as a plane counts it: asked beside a plan and after enforcement, and never in anybody's way.

A count is a hint: where it fails or takes long, that is said, and the plan or the step goes on without it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from adapters.contract import AdapterFault, Planned, Running
from console.domain import flight
from console.domain.flight import NOT_NOW
from console.providers.plane import Plane

__all__ = ["NOT_NOW", "in_flight", "running_on", "still_running"]
DEADLINE_S: Final = 5.0


async def in_flight(plane: Plane, planned: Planned) -> tuple[str, ...]:
    """What runs now and what this plan makes of it, as its signers read it; empty where nothing can be counted."""
    known, found = await _count(plane, planned)
    if not known:
        return (NOT_NOW,)
    if found is None:
        return ()
    return tuple(flight.told(one.count, one.what, one.then) for one in found if one.count) or (flight.NOTHING,)


async def still_running(plane: Plane, planned: Planned) -> str:
    """What runs on after the plan took hold, with the moment; empty where that cannot be told."""
    _, found = await _count(plane, planned)
    return "" if found is None else flight.still([(one.count, one.what) for one in found], plane.clock.wall_ms())


async def running_on(plane: Plane, planned: Planned) -> str | None:
    """What runs now, whatever a plan makes of it; None where it is not counted, empty where it could not be now."""
    known, found = await _count(plane, planned)
    if not known or found is None:
        return None if known else ""
    some = [flight.counted(one.count, one.what) for one in found if one.count]
    return " and ".join(some) or flight.NOTHING


async def _count(plane: Plane, planned: Planned) -> tuple[bool, Sequence[Running] | None]:
    """Whether an answer came at all, and what it says; None where the provider counts none of it."""
    try:
        async with asyncio.timeout(DEADLINE_S):
            return True, await plane.running(planned)
    except (AdapterFault, TimeoutError):
        return False, None
