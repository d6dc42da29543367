"""What is proposed of a rotation: the old credentials slowed, and those revoked that nothing needs any more.

A provider that does not answer, or refuses, holds the others up in nothing: it is left out, by name. It sends nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from console.domain.errors import Problem, WaitsForConnection, WrongUse
from console.domain.rotation import Step
from console.providers.plane import Planes
from console.providers.wishes import Planned
from console.services import corrections, planning, providers
from console.services.corrections import Proposal, TargetWish
from console.services.lifting import stand_bys, with_others
from console.services.planning import Part
from console.services.rotation import Held, Rotating, find
from console.services.session import Session

_UNTIL = "Until replaced."
_NO_WAY_BACK = "A revoked credential is not given back; a new one is made."


@dataclass(frozen=True, slots=True)
class Left:
    """A credential that could not be planned now, and why."""

    number: int
    old: str
    why: str


@dataclass(frozen=True, slots=True)
class Rotated:
    """A step that was proposed, and what it leaves for later."""

    made: Proposal
    left: tuple[Left, ...]


def slow(session: Session, inc: str, named: str, reason: str = "") -> Rotated:
    """Propose the reversible sibling for every credential that has one and is not proposed yet, as one correction.

    Raises:
        WrongUse: when none has, or all are proposed already, or none can be planned.
        WaitsForConnection: when no provider of them answers.
    """
    now = find(session, inc, named)
    if not any(one.item.sibling for one in now.items):
        raise WrongUse("No reversible lever was named.", "Revoke when the replacement is seen in use.")
    if not now.to_slow:
        raise WrongUse("It is proposed already.", "Sign it, or lift it.")
    wishes = [
        TargetWish(provider=one.instance, surface=one.surface, lever=one.sibling, selector=one.slow_at or one.old,
                   params=dict(one.params))
        for one in (now.items[number].item for number in now.to_slow)
    ]  # fmt: skip
    return _proposed(session, now, "slow", now.to_slow, wishes, reason)


def revoke(session: Session, inc: str, named: str, reason: str = "", *, all_of_them: bool = False) -> Rotated:
    """Propose to revoke every credential that is replaced and seen in use, or unused, as one correction.

    `all_of_them` takes in those still in use: the action is then graver, and says so.

    Raises:
        WrongUse: when there is nothing to revoke, or it is proposed already, or none can be planned.
        WaitsForConnection: when no provider of them answers.
    """
    now = find(session, inc, named)
    fit = [at for at, one in enumerate(now.items) if one.word != "revoked" and (all_of_them or at in now.ready)]
    if not fit:
        raise WrongUse("No old credential is replaced and seen in use, or unused for 24 h.", "Look again later.")
    numbers = [at for at in fit if "revoke" not in now.items[at].steps]
    if not numbers:
        raise WrongUse("It is proposed already.", "Sign it, or cancel it.")
    wishes = [
        TargetWish(provider=one.instance, surface=one.surface, lever=one.revoke, selector=one.old)
        for one in (now.items[number].item for number in numbers)
    ]
    return _proposed(session, now, "revoke", numbers, wishes, reason)


def _proposed(
    session: Session, now: Rotating, step: Step, numbers: Sequence[int], wishes: Sequence[TargetWish], reason: str
) -> Rotated:
    session.person()
    places = [planning.resolve(session, one) for one in wishes]
    plans = _plans(session, places, wishes)
    parts: list[Part] = []
    meant: list[int] = []
    left: list[Left] = []
    for number, where, one, plan in zip(numbers, places, wishes, plans, strict=True):
        held = now.items[number]
        if isinstance(plan, Problem):
            left.append(Left(number, held.item.old, plan.what.split(": ", 1)[-1].rstrip(".")))
            continue
        parts.append(_part(session, where, one, plan, held if step == "revoke" else None))
        meant.append(number)
    if not parts:
        raise _worst([plan for plan in plans if isinstance(plan, Problem)])
    criteria = f"{now.rotation.mark(step, meant)}. {_UNTIL if step == 'slow' else _NO_WAY_BACK}"
    why = " ".join(filter(None, (reason.strip() or now.rotation.why, _told_left(left))))
    return Rotated(corrections.propose_with(session, now.inc, parts, (), why, criteria=criteria), tuple(left))


def _plans(
    session: Session, places: Sequence[providers.Surface], wishes: Sequence[TargetWish]
) -> list[Planned | Problem]:
    async def one(planes: Planes, where: providers.Surface, wanted: TargetWish) -> Planned | Problem:
        try:
            return await planning.plan_one(planes, where, wanted, "contain")
        except Problem as fault:
            return fault

    async def plan_all(planes: Planes) -> list[Planned | Problem]:
        return list(await asyncio.gather(*map(one, [planes] * len(wishes), places, wishes)))

    return providers.on_planes(session, plan_all)


def _part(session: Session, where: providers.Surface, one: TargetWish, plan: Planned, held: Held | None) -> Part:
    """`held` is what is revoked: its fact is signed, with what was told of its use."""
    planned = with_others(session, where, plan)
    if held is not None:
        planned = replace(planned, credential=held.fact, notes=(*planned.notes, _told(held)))
    dispatchers = (session.device().feed, *stand_bys(session, where.instance))
    return planning.part_of(session, where, one, planned, all_surfaces=False, dispatchers=dispatchers)


def _worst(faults: Sequence[Problem]) -> Problem:
    """What is raised where nothing could be planned: a refusal before a silence, which passes."""
    return next((one for one in faults if not isinstance(one, WaitsForConnection)), faults[0])


def _told_left(left: Sequence[Left]) -> str:
    """What is left for later, for the signers: it is part of the reason."""
    return "Left for later: " + "; ".join(f"{one.old} ({one.why})" for one in left)[:900] + "." if left else ""


def _told(one: Held) -> str:
    """What was told of its use, for the signers."""
    if one.fact == "verified-replacement" and one.new is not None:
        counted = "used since it was placed" if one.new.last_ms is not None else f"{one.new.asked} calls counted"
        return f"replaced by {one.item.new}, which was seen in use ({counted})"
    if one.fact == "unused-24h":
        return "no use is known for 24 h"
    return "it may still be in use: what uses it stops"


__all__ = ["Left", "Rotated", "revoke", "slow"]
