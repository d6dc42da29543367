"""A plan without a proposal: what would be sent where, how grave it is, who could approve, what is left out.

One bad target never hides the others. It reads, writes nothing, and needs no key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from console.domain.actions import Target, document_json
from console.domain.errors import Problem, WaitsForConnection
from console.domain.forms import Policy, default_policy
from console.domain.quorum import Verdict, quorum
from console.journal.envelope import conceal
from console.journal.values import DocumentRow
from console.keys import canon
from console.outbox.facts import Held, View, gather, read_policy
from console.providers.plane import Planes
from console.providers.traffic import Rounds
from console.providers.wishes import Planned
from console.services import incidents, providers
from console.services.levers import LeverLine, Options, options_for
from console.services.lifting import with_others
from console.services.planning import (
    Direction,
    Part,
    TargetWish,
    covered,
    part_of,
    plan_one,
    resolve,
    weigh_new,
    write_action,
)
from console.services.session import Session

DEADLINE_S: Final = 10.0
_NO_FEED: Final = "0" * 64  # nobody signs a trial, so nobody has to send it
PROVISIONAL: Final = "The record is provisional: one person alone cannot dispatch. Found the organisation first."


@dataclass(frozen=True, slots=True, kw_only=True)
class Magnitude:
    """A parameter as wished, and what stands in its place now (null where the provider does not say)."""

    name: str
    title: str
    value: str
    present: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialTarget:
    """One wish and its plan, or why there is none. `waits` says that it may be possible when the provider answers.

    `instead` are levers that do less at the same place, or (where this one is not possible) that are there at all.
    `ways`: its provider itself names these, the mildest first; `elsewhere` are then the other surfaces of this model.
    """

    wish: TargetWish
    surface: providers.Surface | None = None
    target: Target | None = None
    planned: Planned | None = None
    lever: LeverLine | None = None
    magnitudes: tuple[Magnitude, ...] = ()
    instead: tuple[LeverLine, ...] = ()
    why_not: str = ""
    next_step: str = ""
    waits: bool = False
    ways: tuple[str, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """Another surface of the same model, where something can be done about it: a vendor's own switch, say."""

    surface: providers.Surface
    provider: str
    by_hand: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A surface of a model that is corrected elsewhere, and not here; `options` are the levers it has."""

    surface: providers.Surface
    provider: str
    options: tuple[LeverLine, ...]
    why: str

    @property
    def sentence(self) -> str:
        """As it is signed with the reason."""
        provider = self.provider or "a provider not connected here"
        return f"{self.surface.name} at {provider} ({self.surface.surface}): {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a proposal of these wishes would be. `gravity` is null where nothing could be planned.

    `can_sign`, `cannot` and `missing` are the rule's answer with no signature yet. `affected` counts users where every
    adapter could, else it is null; `affected_known` those that could be counted, `uncounted` the targets where not.
    """

    direction: Direction
    targets: tuple[TrialTarget, ...]
    left_out: tuple[LeftOut, ...]
    gravity: str | None
    why: str
    can_sign: tuple[str, ...]
    cannot: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]
    affected: int | None
    provisional: bool
    affected_known: int | None = None
    uncounted: int = 0

    @property
    def ready(self) -> bool:
        """Whether every target could be planned, so that it can be proposed as it stands."""
        return bool(self.targets) and all(one.planned is not None for one in self.targets)


def plan(
    session: Session, inc: str | None, wishes: Sequence[TargetWish], direction: Direction = "contain",
    *, deadline_s: float = DEADLINE_S,
) -> Trial:  # fmt: skip
    """Plan every wish by reading, and say what proposing it would mean. It never raises for a wish.

    It opens sockets and may ask for the secrets' passphrase: call it on a worker, never where a person waits.
    """
    planned = providers.on_planes(session, lambda planes: _plan_all(session, planes, wishes, direction, deadline_s))
    wide = covered(session, [one.surface.surface for one in planned if one.surface and one.planned is not None])
    parts = [_part(session, one, wide) for one in planned]
    options = {one.surface.surface: one for one in options_for(session, "")}
    targets = tuple(
        _with_lever(one, part, options[one.surface.surface].levers if one.surface else (), options)
        for one, part in zip(planned, parts, strict=True)
    )
    real = [part for part in parts if part is not None]
    weight, why, verdict = _judge(session, inc, real, direction)
    counted = [one.planned.affected for one in planned if one.planned is not None and not one.wish.canary]
    known = [count for count in counted if count is not None]
    return Trial(
        direction=direction, targets=targets, left_out=_left_out(session, planned), gravity=weight, why=why,
        can_sign=() if verdict is None else verdict.can_sign, cannot=() if verdict is None else verdict.cannot,
        missing=_missing(session, verdict, real), provisional=session.roster.roster.policy is None,
        affected=sum(known) if known and len(known) == len(counted) else None,
        affected_known=sum(known) if known else None, uncounted=len(counted) - len(known),
    )  # fmt: skip


async def _plan_all(
    session: Session, planes: Planes, wishes: Sequence[TargetWish], direction: Direction, deadline_s: float
) -> list[TrialTarget]:
    rounds = Rounds(planes, providers.surfaces(session))
    return list(await asyncio.gather(*(_try(session, planes, one, direction, deadline_s, rounds) for one in wishes)))


async def _try(
    session: Session, planes: Planes, one: TargetWish, direction: Direction, deadline_s: float, rounds: Rounds
) -> TrialTarget:
    try:
        surface = resolve(session, one)
    except Problem as fault:
        return TrialTarget(wish=one, why_not=fault.what, next_step=fault.next_step)
    try:
        async with asyncio.timeout(deadline_s):
            planned = with_others(session, surface, await plan_one(planes, surface, one, direction, rounds))
    except TimeoutError:
        why = f"Its provider did not answer within {deadline_s:g} s."
        return TrialTarget(wish=one, surface=surface, why_not=why, next_step="Try again.", waits=True)
    except Problem as fault:
        waits, ways = isinstance(fault, WaitsForConnection), getattr(fault, "levers", ())
        return TrialTarget(
            wish=one, surface=surface, why_not=fault.what, next_step=fault.next_step, waits=waits, ways=ways
        )
    return TrialTarget(wish=one, surface=surface, planned=planned)


def _part(session: Session, one: TrialTarget, wide: set[str]) -> Part | None:
    if one.surface is None or one.planned is None:
        return None
    every = one.surface.model in wide
    return part_of(session, one.surface, one.wish, one.planned, all_surfaces=every, dispatchers=(_NO_FEED,))


def _with_lever(
    one: TrialTarget, part: Part | None, levers: Sequence[LeverLine], options: Mapping[str, Options]
) -> TrialTarget:
    lever = next((found for found in levers if found.name == one.wish.lever), None)
    others = tuple(found for found in levers if found.name != one.wish.lever)
    if one.planned is not None:
        others = tuple(found for found in others if lever is not None and found.name == lever.milder)
    elif one.ways:
        others = tuple(found for name in one.ways for found in others if found.name == name)
    return replace(
        one, target=None if part is None else part.target, lever=lever, instead=others,
        magnitudes=_magnitudes(one, lever), elsewhere=_elsewhere(one, options) if one.ways else (),
    )  # fmt: skip


def _elsewhere(one: TrialTarget, options: Mapping[str, Options]) -> tuple[Elsewhere, ...]:
    """The other surfaces of its model at which something can be pulled, or people be asked."""
    here = one.surface
    return tuple(
        Elsewhere(surface=each.surface, provider=each.provider, by_hand=each.by_hand)
        for each in options.values()
        if here is not None and each.surface.model == here.model and each.surface.instance != here.instance
        and each.levers
    )  # fmt: skip


def _magnitudes(one: TrialTarget, lever: LeverLine | None) -> tuple[Magnitude, ...]:
    if lever is None or one.planned is None:
        return ()
    pre = one.planned.pre
    return tuple(
        Magnitude(name=param.name, title=param.title, value=one.planned.params[param.name], present=pre[param.name])
        for param in lever.params
        if param.name in one.planned.params and param.name in pre
    )


def _judge(
    session: Session, inc: str | None, parts: Sequence[Part], direction: Direction
) -> tuple[str | None, str, Verdict | None]:
    """Gravity, its reason, and the quorum rule's answer with no record at all."""
    if not parts:
        return None, "", None
    now = session.clock.wall_ms()
    policy_sha = session.roster.roster.policy
    line = next((one for one in incidents.list_incidents(session) if one.inc == inc), None)
    _, reason = conceal({"reason": "trial"}, session.entropy)
    with session.reader.snapshot() as connection:
        policy: Policy = default_policy(session.org, now) if policy_sha is None else read_policy(connection, policy_sha)
        action = write_action(
            session, inc or f"i-{'0' * 26}", [part.target for part in parts], policy, now, direction, None,
            severity=4 if line is None else line.severity, reason_sd=reason[0], lift_sd=None,
            policy_sha=policy_sha or _NO_FEED,
        )  # fmt: skip
        weight, why = weigh_new(connection, action, policy, session.me, now)
        if policy_sha is None:
            return weight, why, None
        action = replace(action, gravity=weight)
        raw = canon.encode(document_json(action))
        sha = canon.sha256_hex(raw)
        held = Held(sha, action, DocumentRow(sha, raw, "action.v1", action.op, None, now, {}))
        facts = replace(gather(View(connection), held, session.roster, now), proposer=session.me)
        return weight, why, quorum(sha, action, (), facts, now)


def _missing(session: Session, verdict: Verdict | None, parts: Sequence[Part]) -> tuple[str, ...]:
    if session.roster.roster.policy is None:
        return (PROVISIONAL,)
    if verdict is None or not parts:
        return ("Nothing could be planned.",)
    return verdict.missing


def _left_out(session: Session, planned: Sequence[TrialTarget]) -> tuple[LeftOut, ...]:
    return left_out_of(session, [one.surface for one in planned if one.surface is not None])


def left_out_of(
    session: Session, touched: Sequence[providers.Surface], words: Mapping[str, str] | None = None
) -> tuple[LeftOut, ...]:
    """Surfaces of the same models that are not touched; `words` say why, by surface, where somebody said it."""
    chosen, models = {one.surface for one in touched}, {one.model for one in touched}
    said = words or {}
    found: list[LeftOut] = []
    for one in options_for(session, ""):
        if one.surface.model in models and one.surface.surface not in chosen:
            why = one.broken or ("not chosen" if one.levers else "nothing can be pulled there")
            why = said.get(one.surface.surface) or why
            found.append(LeftOut(surface=one.surface, provider=one.provider, options=one.levers, why=why))
    return tuple(found)
