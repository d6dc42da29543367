"""What runs on where a correction goes or went, target by target, read now. It changes nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from console.domain.actions import Action
from console.domain.errors import Problem
from console.domain.flight import NOT_COUNTED
from console.outbox.facts import Held
from console.providers.flight import NOT_NOW, running_on
from console.providers.plane import Planes
from console.providers.planned import from_disclosures
from console.services import providers
from console.services.corrections import action_of
from console.services.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsOn:
    """One target: what it is called, and what runs there in words."""

    target: int
    name: str
    told: str
    at_ms: int


def running_now(session: Session, held: Held) -> list[RunsOn]:
    """Every target of a correction. It opens sockets: call it on a worker, never where a person waits."""
    action = action_of(held)

    async def work(planes: Planes) -> list[RunsOn]:
        return list(await asyncio.gather(*(_one(planes, held, action, at, session.clock.wall_ms())
                                           for at in range(len(action.targets)))))  # fmt: skip

    return providers.on_planes(session, work)


async def _one(planes: Planes, held: Held, action: Action, at: int, now_ms: int) -> RunsOn:
    target = action.targets[at]
    plane = planes.get(target.instance)
    name = str(held.disclosed(at).get("name", "?"))
    if plane is None:
        return RunsOn(target=at, name=name, told=planes.why_not(target.instance), at_ms=now_ms)
    try:
        planned = from_disclosures(target, held.disclosed(at), action.direction)
    except Problem as fault:
        return RunsOn(target=at, name=name, told=fault.what, at_ms=now_ms)
    found = await running_on(plane, planned)
    told = NOT_COUNTED if found is None else found or NOT_NOW
    return RunsOn(target=at, name=name, told=told, at_ms=plane.clock.wall_ms())
