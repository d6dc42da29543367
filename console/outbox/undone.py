"""Who undid what was in force, as far as its provider's own log tells. It reads, and nobody ever waits long for it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Final

from adapters.contract import AdapterFault, Change, Planned
from console.providers.plane import Plane

WITHIN_S: Final = 5.0
_CHARS: Final = 120
NOT_TOLD: Final = "Its provider does not tell who did it."
NOT_NOW: Final = "Its provider's log could not be read just now, so who did it is not known."
NOTHING: Final = "Its provider's log holds no change since it was found in force."


async def by_whom(plane: Plane, planned: Planned, since_ms: int) -> str:
    """A sentence about who changed it since then, as the log says; that it cannot be told, where it cannot."""
    try:
        async with asyncio.timeout(WITHIN_S):
            found = await plane.changes(planned, since_ms)
    except (AdapterFault, TimeoutError):
        return NOT_NOW
    if found is None:
        return NOT_TOLD
    newest = max(found, key=lambda one: one.at_ms, default=None)
    return NOTHING if newest is None else _told(newest)


def _told(one: Change) -> str:
    at = datetime.fromtimestamp(max(0, one.at_ms) / 1000, UTC)
    return f"Its provider's log: {_short(one.what)} by {_short(one.who)} at {at:%Y-%m-%d %H:%M:%S} UTC."


def _short(text: str) -> str:
    """One line of somebody else's words."""
    line = " ".join(text.split())
    return line if len(line) <= _CHARS else f"{line[:_CHARS]} [cut]"


__all__ = ["NOTHING", "NOT_NOW", "NOT_TOLD", "by_whom"]
