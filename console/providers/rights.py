"""Whether a credential may write what was planned, where the provider tells that without a write: a hint, no proof."""

from __future__ import annotations

import asyncio
from typing import Final

from adapters.contract import AdapterFault, Planned
from adapters.rights import TellsRights
from console.providers.plane import Plane

DEADLINE_S: Final = 10.0


async def may_not(plane: Plane, planned: Planned) -> tuple[str, ...] | None:
    """What it may not do of a plan, in plain words; empty where it may do all; None where that is not told, or not now.

    The context lends no write, so that asking can change nothing.
    """
    adapter = plane.adapter
    if not isinstance(adapter, TellsRights):
        return None
    try:
        async with asyncio.timeout(DEADLINE_S):
            found = await adapter.may_not(plane.context(), planned)
    except (AdapterFault, TimeoutError):
        return None
    except Exception:  # noqa: BLE001  a stranger's code: what it cannot say is not known
        return None
    return None if found is None else tuple(found)
