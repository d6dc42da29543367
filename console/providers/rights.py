"""Whether a credential may write what was planned, where the provider tells that without a write: a hint, no proof."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from adapters.contract import AdapterFault, Context, Planned
from adapters.rights import Granted, TellsGrants, TellsRights
from console.providers.plane import Plane

DEADLINE_S: Final = 10.0
Told = TypeVar("Told")


async def may_not(plane: Plane, planned: Planned) -> tuple[str, ...] | None:
    """What it may not do of a plan, in plain words; empty where it may do all; None where that is not told, or not now.

    The context lends no write, so that asking can change nothing.
    """
    adapter = plane.adapter
    if not isinstance(adapter, TellsRights):
        return None
    found, _ = await _asked(plane, lambda context: adapter.may_not(context, planned))
    return None if found is None else tuple(found)


async def granted(plane: Plane) -> tuple[Granted | None, str]:
    """What its provider says that it was granted; and where it says nothing though it could, why not."""
    adapter = plane.adapter
    if not isinstance(adapter, TellsGrants):
        return None, ""
    found, why = await _asked(plane, adapter.granted)
    return found, why


async def _asked(plane: Plane, question: Callable[[Context], Awaitable[Told]]) -> tuple[Told | None, str]:
    """What was answered, or why nothing was."""
    try:
        async with asyncio.timeout(DEADLINE_S):
            return await plane.ask(question), ""
    except AdapterFault as fault:
        return None, fault.detail.rstrip(".")
    except TimeoutError:
        return None, f"no answer within {DEADLINE_S:g} s"


__all__ = ["Granted", "granted", "may_not"]
