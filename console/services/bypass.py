"""What went round the gateways: for every model that a gateway and the vendor behind it offer. It only reads."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from console.domain.bypass import Bypass, told
from console.domain.errors import WrongUse
from console.providers.plane import Planes
from console.providers.traffic import gone_round
from console.services import inventory, providers
from console.services.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One model: what was found, and a sentence of it."""

    found: Bypass
    told: str


def round_now(session: Session, model: str = "") -> list[Round]:
    """Every model that can be compared, or the one of this name. It opens sockets: call it on a worker.

    Raises:
        WrongUse: when no model of this name is known.
    """
    known = inventory.surfaces(session)
    models = sorted({one.model for one in known if not model or one.model == model})
    if model and not models:
        raise WrongUse(f"No model called {model[:80]!r} is known.", "See `standdown provider models`.")
    places = [[one for one in known if one.model == name] for name in models]

    async def work(planes: Planes) -> Sequence[Bypass | None]:
        return await asyncio.gather(*(gone_round(planes, found, session.clock.wall_ms()) for found in places))

    return [Round(found=one, told=told(one)) for one in providers.on_planes(session, work) if one is not None]
