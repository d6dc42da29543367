"""One look at a provider, and whether its reachability changed. It writes nothing: entries are the outbox's."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from adapters.contract import AdapterFault, NotSent, Status, Throttled
from console.providers.instance import MANUAL
from console.providers.plane import Plane

FAULTS_BEFORE_UNREACHABLE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look came to. `status` is None where nothing was learnt; `fault` is then one plain line.

    `reachable` says whether the provider answered at all; a provider that refuses our credential was reached.
    `took_ms` is how long all its calls took together; `asked_ms`, how long the provider asked to be left alone.
    """

    instance: str
    at_ms: int
    reachable: bool
    status: Status | None
    fault: str | None
    took_ms: int = 0
    asked_ms: int = 0


async def look(plane: Plane) -> Look:
    """Look once, and tell whoever listens to this plane. Never raises an adapter's fault: it is a fact with a time."""
    began = plane.clock.boot_ms()
    seen = await _look(plane)
    seen = replace(seen, took_ms=max(0, plane.clock.boot_ms() - began))
    if plane.heard is not None:
        plane.heard(seen)
    return seen


async def _look(plane: Plane) -> Look:
    instance = plane.instance.id
    if plane.instance.adapter == MANUAL:
        return Look(instance=instance, at_ms=plane.clock.wall_ms(), reachable=True, status=None, fault=None)
    try:
        status = await plane.status()
    except AdapterFault as fault:
        answered = not isinstance(fault, NotSent)  # it refused, throttled or puzzled us: it was reached
        asked_ms = int(fault.retry_after_s * 1000) if isinstance(fault, Throttled) else 0
        return Look(
            instance=instance, at_ms=plane.clock.wall_ms(), reachable=answered, status=None, fault=fault.detail,
            asked_ms=max(0, asked_ms),
        )  # fmt: skip
    return Look(instance=instance, at_ms=plane.clock.wall_ms(), reachable=True, status=status, fault=None)


async def hear_the_time(plane: Plane, within_s: float) -> None:
    """Ask for nothing in particular, showing no credential: the date of any answer is taken down (`Dates`)."""
    with suppress(AdapterFault, TimeoutError):  # whatever it says, or why it does not
        async with asyncio.timeout(within_s):
            await plane.context().call("GET", "/", effect="read", credential=None, fresh=True)


@dataclass(frozen=True, slots=True)
class Transition:
    """A provider was lost or came back; `since_ms` is the first look that showed it."""

    instance: str
    became: Literal["unreachable", "reachable"]
    since_ms: int
    detail: str


class Reachability:
    """Looks in, transitions out. One missed look is no outage; the second one is, dated from the first.

    `since_ms` of an instance that answers is the look since which it has done so without a gap.
    """

    __slots__ = ("_answering_since", "_down", "_missed")

    def __init__(self, down: frozenset[str] = frozenset()) -> None:
        self._down = set(down)
        self._missed: dict[str, tuple[int, int]] = {}
        self._answering_since: dict[str, int] = {}

    def observe(self, seen: Look) -> Transition | None:
        """Take in a look; the transition it completes, if any."""
        if seen.reachable:
            self._missed.pop(seen.instance, None)
            since = self._answering_since.setdefault(seen.instance, seen.at_ms)
            if seen.instance not in self._down:
                return None
            self._down.discard(seen.instance)
            return Transition(seen.instance, "reachable", since, seen.fault or "")
        self._answering_since.pop(seen.instance, None)
        first_ms, count = self._missed.get(seen.instance, (seen.at_ms, 0))
        self._missed[seen.instance] = (first_ms, count + 1)
        if seen.instance in self._down or count + 1 < FAULTS_BEFORE_UNREACHABLE:
            return None
        self._down.add(seen.instance)
        return Transition(seen.instance, "unreachable", first_ms, seen.fault or "")

    def is_down(self, instance: str) -> bool:
        """Whether it counts as unreachable."""
        return instance in self._down

    def answering_since_ms(self, instance: str) -> int | None:
        """Since when it has answered without a gap, or None."""
        return self._answering_since.get(instance)
