"""What this console reads for itself of each target of a proposal, beside what is signed and never instead of it.

Reading only, each target within a hard deadline, all at the same time; a provider that hangs holds nothing up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from console.domain import flight
from console.domain.actions import Action, Target
from console.domain.errors import Problem
from console.outbox.facts import Held
from console.services.session import Session

if TYPE_CHECKING:  # a window shows what waits for people before anything of a provider is imported
    from console.providers.plane import Plane, Planes
    from console.providers.planned import Planned
    from console.providers.wishes import AdapterFault
    from console.services.inventory import Surface

DEADLINE_S: Final = 8.0
_NOT_FOUND: Final = 404
FALLBACK_AT: Final = -1
Others = Callable[[Target, "Planned"], "Planned"]
How = Literal["read", "already", "contradiction", "no-credential", "offline", "unreadable", "by-hand"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One target as read here. `name` is what the provider calls it; `fields` are what the lever writes, as now.

    `read` agrees with what is signed; `already` is as the lever would make it; `contradiction` has another name,
    another state, or would send something else from here, said in `why`. The others were not read: no credential here,
    offline, unreadable, done by people. `aside` tells what may differ and contradicts nothing: counts, versions.
    `target` is `FALLBACK_AT` for what answers instead; `why` is its state then.
    """

    target: int
    how: How
    at_ms: int
    name: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    why: str = ""
    aside: tuple[str, ...] = ()

    @property
    def contradicts(self) -> bool:
        """Whether it speaks against what would be signed."""
        return self.how == "contradiction"


def readings(session: Session, held: Held, *, deadline_s: float = DEADLINE_S) -> list[Reading]:
    """Every target of an action as this console reads it, in order, and what answers instead where one is named.

    Of other documents there is nothing to read.

    It opens sockets and may ask for the secrets' passphrase: call it on a worker, never where a person waits.
    """
    import asyncio  # noqa: PLC0415  as above

    from console.services import providers  # noqa: PLC0415  as above

    action = held.document
    if not isinstance(action, Action):
        return []
    now = session.clock.wall_ms()

    others = _others(session, action)
    instead = _named_instead(session, held, action)

    async def read_all(planes: Planes) -> list[Reading]:
        every = [_read(planes, held, action, at, now, deadline_s, others) for at in range(len(action.targets))]
        if instead is not None:
            every.append(_read_fallback(planes, instead, now, deadline_s))
        return list(await asyncio.gather(*every))

    return providers.on_planes(session, read_all)


def _named_instead(session: Session, held: Held, action: Action) -> Surface | None:
    """The surface that the signed reason names as what answers instead, where it is known here."""
    from console.domain.reasons import read_reason  # noqa: PLC0415  as above
    from console.services import fallback, inventory  # noqa: PLC0415  as above

    told = held.row.disclosed_by_digest.get(action.reason_sd)
    named = fallback.surface_in(read_reason(str(told[1])).fallback) if told is not None else None
    return next((one for one in inventory.surfaces(session) if one.surface == named), None) if named else None


async def _read_fallback(planes: Planes, surface: Surface, now_ms: int, deadline_s: float) -> Reading:
    from console.services import fallback  # noqa: PLC0415  as above

    seen = await fallback.look_on(planes, surface, now_ms, deadline_s)
    how: How = "unreadable" if seen.state == "unknown" else "read"
    return Reading(target=FALLBACK_AT, how=how, at_ms=seen.at_ms, name=surface.name, why=fallback.state_words(seen))


def _others(session: Session, action: Action) -> Others:
    """A plan as it has to be beside what else is in force there, as the proposing console made it."""
    from console.services import inventory, lifting  # noqa: PLC0415  as above

    known = {one.surface: one for one in inventory.surfaces(session)}

    def beside(target: Target, planned: Planned) -> Planned:
        where = known.get(target.surface)
        restores = action.direction == "restore" and where is not None
        return lifting.with_others(session, where, planned, action.undoes) if restores and where else planned

    return beside


async def _read(
    planes: Planes, held: Held, action: Action, at: int, now_ms: int, deadline_s: float, others: Others
) -> Reading:
    import asyncio  # noqa: PLC0415  as above

    from console.providers.planned import from_disclosures  # noqa: PLC0415  as above
    from console.providers.wishes import AdapterFault  # noqa: PLC0415  as above

    target = action.targets[at]
    if target.by_word:
        return Reading(target=at, how="by-hand", at_ms=now_ms)
    plane = planes.get(target.instance)
    if plane is None:
        return Reading(target=at, how="no-credential", at_ms=now_ms, why=planes.why_not(target.instance))
    try:
        signed = from_disclosures(target, held.disclosed(at), action.direction)
        async with asyncio.timeout(deadline_s):
            return await _compare(plane, target, signed, at, others)
    except TimeoutError:
        return Reading(target=at, how="offline", at_ms=now_ms, why=f"no answer within {deadline_s:g} s")
    except AdapterFault as fault:
        return _fault(fault, at, now_ms)
    except Problem as fault:
        return Reading(target=at, how="unreadable", at_ms=now_ms, why=fault.what)


async def _compare(plane: Plane, target: Target, signed: Planned, at: int, others: Others) -> Reading:
    from console.providers.flight import in_flight  # noqa: PLC0415  as above
    from console.providers.replanned import plan_anew, plan_differs  # noqa: PLC0415  as above

    found = await plan_anew(plane, signed)
    runs = await in_flight(plane, signed) if signed.direction == "contain" else ()
    fields = tuple(sorted(found.pre.items()))
    how, why = _judge(signed, found)
    aside = _aside(signed, found, runs)
    made = f"{plane.manifest.name}/{plane.manifest.version}"
    if made != target.adapter and not target.by_hand:
        aside = (*aside, f"planned with {target.adapter}, and {made} is here")
    if how in ("read", "already") and target.listed is None:
        odd = plan_differs(signed, others(target, found), already=how == "already")
        if odd and signed.direction == "contain":
            how, why = "contradiction", f"this console would plan it otherwise: {', '.join(odd)}"
        elif odd:  # a lift is weighed against what is in force here, which may have moved on
            aside = (*aside, f"this console would plan it otherwise: {', '.join(odd)}")
    return Reading(target=at, how=how, at_ms=found.pre_read_ms, name=found.name, fields=fields, why=why, aside=aside)


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
    told = ", ".join(
        f"{name} is {_said(found.pre.get(name, 'gone'))}, not {_said(signed.pre.get(name, 'absent'))}" for name in odd
    )
    return "contradiction", told


def _said(value: str) -> str:
    """As the confirmation shows it beside."""
    return {"true": "yes", "false": "no", "null": "none"}.get(value, value)


def _aside(signed: Planned, found: Planned, runs: Sequence[str]) -> tuple[str, ...]:
    """What moves by itself, where it is not as it was signed: how many it touches, what runs."""
    told: list[str] = []
    if found.affected != signed.affected and found.affected is not None:
        before = "not counted" if signed.affected is None else str(signed.affected)
        told.append(f"users: {found.affected} here, {before} as proposed")
    before_runs, _ = flight.split(signed.notes)
    now_runs = "; ".join(runs)
    if now_runs and now_runs != before_runs:
        told.append(f"in flight now: {now_runs}")
    return tuple(told)


def _fault(fault: AdapterFault, at: int, now_ms: int) -> Reading:
    name = type(fault).__name__
    if name == "Refused" and getattr(fault, "status", None) == _NOT_FOUND:
        return Reading(
            target=at, how="contradiction", at_ms=now_ms, why=f"the provider knows no such thing: {fault.detail}"
        )
    how: How = "offline" if name in {"NotSent", "Throttled", "OutcomeUnknown"} else "unreadable"
    return Reading(target=at, how=how, at_ms=now_ms, why=fault.detail)
