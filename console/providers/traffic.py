"""What gateways carried of a model beside what vendors counted of it, asked about the same time; in nobody's way.

A count is a hint: where it fails or takes long, it is left out, and the comparison says less.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from adapters.contract import AdapterFault, Traffic
from console.domain.bypass import Bypass
from console.providers.plane import Plane, Planes

DEADLINE_S: Final = 5.0
LATE_MS: Final = 10 * 60_000  # a vendor counts some minutes late
_MINUTE_MS: Final = 60_000  # a vendor counts whole ones: a part of one would be compared with all of it
LONG_MS: Final = 60 * 60_000


class Place(Protocol):
    """A surface: its provider and what it is called there."""

    @property
    def instance(self) -> str:
        """The provider."""
        ...

    @property
    def key(self) -> str:
        """Its name there."""
        ...

    @property
    def model(self) -> str:
        """The organisation's name of the model."""
        ...


async def gone_round(planes: Planes, places: Sequence[Place], now_ms: int) -> Bypass | None:
    """What went round the gateways among these surfaces of one model, in an hour that ended ten minutes ago.

    None where none of them is a gateway's, or none a vendor's that counts.
    """
    until_ms = (now_ms - LATE_MS) // _MINUTE_MS * _MINUTE_MS
    since_ms = until_ms - LONG_MS

    def where(counts: str) -> list[tuple[Plane, Place]]:
        known = [(planes.get(one.instance), one) for one in places]
        return [(plane, one) for plane, one in known if plane is not None and plane.counts_calls == counts]

    gateways, vendors = where("carried"), where("served")
    if not gateways or not vendors:
        return None
    carried, counted = await asyncio.gather(
        *(asyncio.gather(*(_ask(plane, one.key, since_ms, until_ms) for plane, one in part))
          for part in (gateways, vendors))
    )  # fmt: skip
    known = [one for one in counted if one is not None]
    return Bypass(
        model=places[0].model, since_ms=since_ms, until_ms=until_ms,
        # a gateway that does not say what it carried would make all of it look as if it went round
        carried=None if None in carried else sum(one.calls for one in carried if one is not None),
        counted=sum(one.calls for one in known) if known else None, by=_together(known),
        gateways=_named(gateways), vendors=_named(vendors),
        whole=None not in counted and all(one.whole for one in known),
    )  # fmt: skip


class Rounds:
    """What went round, asked once for each model however many targets it has. Made for one event loop."""

    def __init__(self, planes: Planes, known: Sequence[Place]) -> None:
        self._planes = planes
        self._known = known
        self._asked: dict[str, asyncio.Task[Bypass | None]] = {}

    async def of(self, model: str, now_ms: int) -> Bypass | None:
        """As `gone_round` for the surfaces of this model."""
        if model not in self._asked:
            places = [one for one in self._known if one.model == model]
            self._asked[model] = asyncio.create_task(gone_round(self._planes, places, now_ms))
        return await asyncio.shield(self._asked[model])  # one target's deadline must not end it for the others


async def _ask(plane: Plane, key: str, since_ms: int, until_ms: int) -> Traffic | None:
    try:
        async with asyncio.timeout(DEADLINE_S):
            return await plane.traffic(key, since_ms, until_ms)
    except (AdapterFault, TimeoutError):
        return None


def _named(found: Sequence[tuple[Plane, Place]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(plane.instance.name for plane, _ in found))


def _together(found: Sequence[Traffic]) -> Mapping[str, int]:
    by: dict[str, int] = {}
    for one in found:
        for who, calls in one.by.items():
            by[who] = by.get(who, 0) + calls
    return by
