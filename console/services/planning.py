"""From a wish to a plan and a signed target's public part: by reading only. It proposes nothing and sends nothing."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from console.domain import bypass
from console.domain.actions import Action, Target
from console.domain.errors import Problem, WaitsForConnection, WrongUse
from console.domain.flight import notes_of
from console.domain.forms import Policy
from console.domain.gravity import gravity
from console.journal.envelope import conceal
from console.journal.values import DocumentRow
from console.outbox.facts import Held, View, read_policy, recent_normal
from console.providers.flight import in_flight
from console.providers.instance import MANUAL
from console.providers.plane import IN_FLIGHT, Plane, Planes
from console.providers.planned import to_disclosures
from console.providers.traffic import Rounds
from console.providers.wishes import AdapterFault, Planned, wish
from console.runtime.ids import new_id
from console.services import providers
from console.services.session import Session

Direction = Literal["contain", "restore"]
Weight = Literal["normal", "high", "critical"]
DAY_MS = 24 * 3_600_000
WORST = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetWish:
    """One target as a person names it: provider, surface, lever, what it selects, parameters as text."""

    provider: str
    surface: str
    lever: str
    selector: str = ""
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    canary: bool = False
    assignee: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One target of a proposal: its public part, its plan, and its disclosures."""

    target: Target
    planned: Planned
    texts: tuple[str, ...]


class OtherWays(WrongUse):
    """A provider that refuses a wish; `levers` are those that it names as other ways, the mildest first."""

    def __init__(self, what: str, levers: Sequence[str]) -> None:
        super().__init__(what, "Nothing was proposed; see `standdown provider surfaces`.")
        self.levers = tuple(levers)


def resolve(session: Session, one: TargetWish) -> providers.Surface:
    """The surface a wish names.

    Raises:
        WrongUse: for an unknown provider or surface.
    """
    instance = providers.instances_of(session).get(one.provider)
    return providers.find_surface(session, instance, one.surface)


def covered(session: Session, chosen: Sequence[str]) -> set[str]:
    """Models all of whose known surfaces are among the chosen, where there is more than one."""
    by_model: dict[str, set[str]] = {}
    for one in providers.surfaces(session):
        by_model.setdefault(one.model, set()).add(one.surface)
    return {model for model, places in by_model.items() if len(places) > 1 and places <= set(chosen)}


async def plan_one(
    planes: Planes, where: providers.Surface, one: TargetWish, direction: Direction,
    rounds: Rounds | None = None,
) -> Planned:  # fmt: skip
    """The plan for one target, with what runs already where it restricts something, and what goes round a gateway.

    `rounds` tells what goes round, once for all targets of a proposal.

    Raises:
        WaitsForConnection: when its provider cannot be read.
        WrongUse: when it refuses the wish.
        Problem: when it is not connected here.
    """
    plane = planes.get(where.instance)
    if plane is None:
        raise Problem(planes.why_not(where.instance), "See `standdown provider list`.")
    plane.lever(one.lever)
    wanted = wish(one.lever, one.selector, where.key, one.params, direction)
    try:
        planned = await plane.plan(wanted)
    except AdapterFault as fault:
        name = type(fault).__name__
        what = f"{plane.instance.name} does not plan {one.lever} {one.selector}: {fault.detail}."
        if name in {"NotSent", "Throttled", "OutcomeUnknown"}:
            raise WaitsForConnection(what, "Nothing was proposed; try again when it answers.") from None
        raise OtherWays(what, getattr(fault, "instead", ())) from None
    if direction == "restore":
        return planned
    running, gone = await asyncio.gather(in_flight(plane, planned), _gone_round(plane, where, rounds))
    return replace(planned, notes=(*planned.notes, *bypass.notes_of(gone), *notes_of(running)))


async def _gone_round(plane: Plane, where: providers.Surface, rounds: Rounds | None) -> bypass.Bypass | None:
    if rounds is None or plane.counts_calls != "carried":
        return None
    return await rounds.of(where.model, plane.clock.wall_ms())


async def plan_every(
    planes: Planes, where: Sequence[providers.Surface], wishes: Sequence[TargetWish], direction: Direction,
    known: Sequence[providers.Surface] = (),
) -> list[Planned]:  # fmt: skip
    """Every wish planned, some at a time at each provider; raises what the first of them raises, as `plan_one`."""
    turns = {one.instance: asyncio.Semaphore(IN_FLIGHT) for one in where}

    rounds = Rounds(planes, known)

    async def one(surface: providers.Surface, wanted: TargetWish) -> Planned:
        async with turns[surface.instance]:
            return await plan_one(planes, surface, wanted, direction, rounds)

    every = [one(surface, wanted) for surface, wanted in zip(where, wishes, strict=True)]
    found = await asyncio.gather(*every, return_exceptions=True)
    for planned in found:
        if isinstance(planned, BaseException):
            raise planned
    return [planned for planned in found if not isinstance(planned, BaseException)]


def part_of(
    session: Session, where: providers.Surface, one: TargetWish, planned: Planned, *, all_surfaces: bool,
    dispatchers: tuple[str, ...], listed: int | None = None,
) -> Part:  # fmt: skip
    """The signed target of a plan; `dispatchers` are the machine feeds that may send it, first in line first.

    `listed` is the count of a list.
    """
    instances = providers.instances_of(session)
    instance = instances.get(where.instance)
    manifest = instances.registry.manifest(instance.adapter)
    lever = manifest.lever(one.lever)
    category = planned.params.get("category", lever.category) if instance.adapter == MANUAL else lever.category
    made = f"{instance.adapter}/{manifest.version}"
    if lever.by_hand:  # what a person carries out is of this form, whichever adapter rendered it and reads it back
        made = f"{MANUAL}/{instances.registry.manifest(MANUAL).version}"
    texts, digests = conceal(to_disclosures(planned), session.entropy)
    target = Target(
        surface=where.surface, instance=where.instance, adapter=made, lever=one.lever,
        category=category, model=where.model, reach=planned.reach, assignee=one.assignee,
        reversal=planned.reversal, selectors=planned.selectors,
        all_surfaces=all_surfaces and lever.category == "shutdown", credential=planned.credential,
        canary=one.canary, dispatchers=dispatchers, listed=listed, sd=digests,
    )  # fmt: skip
    return Part(target, planned, texts)


def goes_within_ms(session: Session) -> int:
    """How long a correction that is proposed now has until it is carried out, by the policy in force."""
    sha = session.roster.roster.policy
    if sha is None:
        return DAY_MS
    with session.reader.snapshot() as connection:
        windows = read_policy(connection, sha).windows
    return max(windows["approve_by_ms"], min(windows["execute_by_ms"], DAY_MS))


def to_sign_ms(windows: Mapping[str, int], severity: int, direction: Direction) -> int:
    """How long a proposal may be signed: containment twice as long at SEV-1, and never beyond its being carried out.

    The severity asks for no more people: it gives them more time (protocol.md section 6).
    """
    given = windows["approve_by_ms"]
    longer = given * 2 if severity == WORST and direction == "contain" else given
    return max(given, min(longer, windows["execute_by_ms"], DAY_MS))


def write_action(  # noqa: PLR0913  each is a field of the signed document
    session: Session, inc: str, targets: Sequence[Target], policy: Policy, now: int, direction: Direction,
    undoes: str | None, *, severity: int, reason_sd: str, lift_sd: str | None, policy_sha: str,
    review_in_ms: int = DAY_MS,
) -> Action:  # fmt: skip
    """The action document of these targets, its gravity not yet weighed."""
    windows = policy.windows
    contain = direction == "contain"
    exact = all(target.reversal == "exact" or target.by_hand for target in targets)
    return Action(
        org=session.org, op=new_id("a", session.entropy), rev=1, inc=inc, direction=direction, gravity="normal",
        severity=severity, break_glass=False, targets=tuple(targets), reason_sd=reason_sd, lift_criteria_sd=lift_sd,
        created=now, approve_by=now + to_sign_ms(windows, severity, direction),
        execute_by=now + max(windows["approve_by_ms"], min(windows["execute_by_ms"], DAY_MS)),
        execute_by_unreachable=now + min(windows["execute_by_unreachable_ms"], DAY_MS) if contain else None,
        review_by=now + review_in_ms if contain else None,
        undo_within_s=windows["undo_ms"] // 1000 if contain and exact else None, undoes=undoes,
        roster=session.ref, policy=policy_sha, supersedes=None,
    )  # fmt: skip


def weigh_new(
    connection: sqlite3.Connection, action: Action, policy: Policy, proposer: str, now: int
) -> tuple[Weight, str]:
    """The gravity of an action that no entry names yet, and why."""
    trial = Held("", action, DocumentRow("", b"", "action.v1", action.op, None, now, {}))
    recent = recent_normal(View(connection), trial, proposer, now)
    weight, why = gravity(action.targets, action.direction, recent, policy)
    if weight == "critical":
        return "critical", why
    return ("high", why) if weight == "high" else ("normal", why)
