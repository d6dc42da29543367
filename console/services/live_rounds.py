"""Asks now and then what went round the gateways, a model after the other, for the board. A hint: it changes no state.

It only reads, and it is in nobody's way: what does not answer is asked again at the next turn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from console.domain.bypass import told
from console.providers.plane import Planes
from console.providers.traffic import gone_round
from console.runtime.clock import Clock
from console.services.live_pace import LivePace
from console.services.live_values import RoundHint
from console.services.providers import Surface

_Comparable = dict[str, tuple[tuple[str, ...], tuple[str, ...]]]


class RoundWatch:
    """One per engine. `changed` is called when `hints` are others."""

    def __init__(self, clock: Clock, pace: LivePace, changed: Callable[[], None]) -> None:
        self._clock = clock
        self._pace = pace
        self._changed = changed
        self._known: dict[str, RoundHint] = {}
        self._asked: tuple[_Comparable, int] | None = None

    @property
    def hints(self) -> tuple[RoundHint, ...]:
        """What was told last, a model each."""
        return tuple(self._known[name] for name in sorted(self._known))

    async def turn(self, planes: Planes, surfaces: Sequence[Surface], *, calm: bool) -> None:
        """Ask about every model that can be compared, where it is time or something else can be compared than before.

        What was known stays, with its age, where nothing can be told now.
        """
        comparable = _comparable(planes, surfaces)
        now = self._clock.boot_ms()
        every = self._pace.round_calm_ms if calm else self._pace.round_ms
        if self._asked is not None and self._asked[0] == comparable and now - self._asked[1] < every:
            return
        self._asked = (comparable, now)
        self._keep({name: one for name, one in self._known.items() if name in comparable})
        for model, (gateways, vendors) in sorted(comparable.items()):
            places = [one for one in surfaces if one.model == model]
            found = await gone_round(planes, places, self._clock.wall_ms())
            if found is not None and (found.round is not None or model not in self._known):
                hint = RoundHint(
                    model=model, gateways=gateways, vendors=vendors, calls=found.round, until_ms=found.until_ms,
                    words=told(found),
                )  # fmt: skip
                self._keep({**self._known, model: hint})

    def _keep(self, known: dict[str, RoundHint]) -> None:
        if known != self._known:
            self._known = known
            self._changed()


def _comparable(planes: Planes, surfaces: Sequence[Surface]) -> _Comparable:
    """The models that a gateway and a vendor that counts both offer: the former's instances, and the latter's."""
    counts = {plane.instance.id: word for plane in planes.all() if (word := plane.counts_calls) is not None}
    found: dict[str, dict[str, None]] = {}
    for one in surfaces if {*counts.values()} == {"carried", "served"} else ():
        if one.instance in counts:
            found.setdefault(one.model, {})[one.instance] = None

    def those(ids: dict[str, None], word: str) -> tuple[str, ...]:
        return tuple(one for one in ids if counts[one] == word)

    told_by = {model: (those(ids, "carried"), those(ids, "served")) for model, ids in found.items()}
    return {model: both for model, both in told_by.items() if all(both)}


__all__ = ["RoundWatch"]
