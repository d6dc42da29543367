"""What this console reads for itself of each target of a proposal, beside what is signed and never instead of it.

Reading only, each target within a hard deadline, all at the same time; a provider that hangs holds nothing up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from console.domain.actions import Action, Target
from console.domain.errors import Problem
from console.outbox.facts import Held
from console.services.session import Session

if TYPE_CHECKING:  # a window shows what waits for people before anything of a provider is imported
    from console.providers.plane import Plane, Planes
    from console.providers.planned import Planned
    from console.providers.wishes import AdapterFault

DEADLINE_S: Final = 8.0
_NOT_FOUND: Final = 404
How = Literal["read", "already", "contradiction", "no-credential", "offline", "unreadable", "by-hand"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One target as read here. `name` is what the provider calls it; `fields` are what the lever writes, as now.

    `read` agrees with what is signed; `already` is as the lever would make it; `contradiction` has another name or
    another state, said in `why`. The others were not read: no credential here, offline, unreadable, done by people.
    """

    target: int
    how: How
    at_ms: int
    name: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    why: str = ""

    @property
    def contradicts(self) -> bool:
        """Whether it speaks against what would be signed."""
        return self.how == "contradiction"


def readings(session: Session, held: Held, *, deadline_s: float = DEADLINE_S) -> list[Reading]:
    """Every target of an action as this console reads it, in order; of other documents there is nothing to read.

    It opens sockets and may ask for the secrets' passphrase: call it on a worker, never where a person waits.
    """
    import asyncio  # noqa: PLC0415  as above

    from console.services import providers  # noqa: PLC0415  as above

    action = held.document
    if not isinstance(action, Action):
        return []
    now = session.clock.wall_ms()

    async def read_all(planes: Planes) -> list[Reading]:
        return list(
            await asyncio.gather(
                *(_read(planes, held, action, at, now, deadline_s) for at in range(len(action.targets)))
            )
        )

    return providers.on_planes(session, read_all)


async def _read(planes: Planes, held: Held, action: Action, at: int, now_ms: int, deadline_s: float) -> Reading:
    import asyncio  # noqa: PLC0415  as above

    from console.providers.planned import from_disclosures  # noqa: PLC0415  as above
    from console.providers.wishes import AdapterFault  # noqa: PLC0415  as above

    target = action.targets[at]
    if target.by_hand:
        return Reading(target=at, how="by-hand", at_ms=now_ms)
    plane = planes.get(target.instance)
    if plane is None:
        return Reading(target=at, how="no-credential", at_ms=now_ms, why=planes.why_not(target.instance))
    try:
        signed = from_disclosures(target, held.disclosed(at), action.direction)
        async with asyncio.timeout(deadline_s):
            return await _compare(plane, target, signed, at)
    except TimeoutError:
        return Reading(target=at, how="offline", at_ms=now_ms, why=f"no answer within {deadline_s:g} s")
    except AdapterFault as fault:
        return _fault(fault, at, now_ms)
    except Problem as fault:
        return Reading(target=at, how="unreadable", at_ms=now_ms, why=fault.what)


async def _compare(plane: Plane, target: Target, signed: Planned, at: int) -> Reading:
    from console.providers.wishes import wish  # noqa: PLC0415  as above

    lever = plane.lever(target.lever)
    known = () if lever.params is None else lever.params.model_fields
    params = {name: value for name, value in signed.params.items() if name in known and value}
    found = await plane.plan(wish(target.lever, signed.selector, signed.surface_key, params, signed.direction))
    fields = tuple(sorted(found.pre.items()))
    how, why = _judge(signed, found)
    return Reading(target=at, how=how, at_ms=found.pre_read_ms, name=found.name, fields=fields, why=why)


def _judge(signed: Planned, found: Planned) -> tuple[How, str]:
    if found.selector != signed.selector:
        return "contradiction", f"it stands for {found.selector} here, not for {signed.selector}"
    if found.name != signed.name:
        return "contradiction", f"it is called {found.name!r} here, not {signed.name!r}"
    if dict(found.pre) == dict(signed.pre):
        return "read", ""
    if dict(found.pre) == dict(signed.wanted):
        return "already", "it is so already"
    odd = [name for name in {**signed.pre, **found.pre} if found.pre.get(name) != signed.pre.get(name)]
    told = ", ".join(f"{name} is {found.pre.get(name, 'gone')}, not {signed.pre.get(name, 'absent')}" for name in odd)
    return "contradiction", told


def _fault(fault: AdapterFault, at: int, now_ms: int) -> Reading:
    name = type(fault).__name__
    if name == "Refused" and getattr(fault, "status", None) == _NOT_FOUND:
        return Reading(
            target=at, how="contradiction", at_ms=now_ms, why=f"the provider knows no such thing: {fault.detail}"
        )
    how: How = "offline" if name in {"NotSent", "Throttled", "OutcomeUnknown"} else "unreadable"
    return Reading(target=at, how=how, at_ms=now_ms, why=fault.detail)
