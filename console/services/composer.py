"""From plans to the bytes people sign: an action document with its disclosures. It signs, sends and stores nothing.

What it makes is read back through the same parser every approver uses, so that nothing unsignable is proposed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from console.domain.actions import MAX_EXECUTION_MS, Action, Target
from console.domain.errors import WrongUse
from console.domain.forms import Policy, RosterRef
from console.domain.gravity import gravity
from console.domain.profile import MAX_DOCUMENT_BYTES, JsonValue
from console.keys import canon
from console.providers.planned import Planned, from_disclosures, to_disclosures
from console.runtime.ids import Entropy

_SALT_BYTES = 16
Disclose = Callable[[str, JsonValue], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One target to be: its plan, where it stands, and what the plan does not know."""

    planned: Planned
    surface: str
    instance: str
    adapter: str
    lever: str
    category: str
    dispatchers: tuple[str, ...]
    assignee: str | None = None
    canary: bool = False
    all_surfaces: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What an action says besides its targets. Times are ms; `reason` and `lift_criteria` become disclosures."""

    org: str
    op: str
    inc: str
    direction: Literal["contain", "restore"]
    severity: int
    reason: str
    roster: RosterRef
    policy: Policy
    policy_sha: str
    now_ms: int
    rev: int = 1
    supersedes: str | None = None
    undoes: str | None = None
    lift_criteria: str | None = None
    review_by: int | None = None
    break_glass: bool = False
    recent_normal: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """An action document as it will be signed: bytes, hash, disclosures, and its gravity with the reason."""

    action: Action
    raw: bytes
    sha256: str
    disclosures: tuple[str, ...]
    gravity_reason: str


def compose(frame: Frame, parts: Sequence[Part], entropy: Entropy) -> Composed:
    """Make the document.

    Raises:
        WrongUse: when there is no reason or no target.
        BadForm: when the result would not be a document others can approve (too large, bad text).
    """
    if not frame.reason.strip():
        raise WrongUse("A correction needs a reason.", "Say in a sentence why it is made; it is signed with the rest.")
    if not parts:
        raise WrongUse("A correction needs at least one target.", "Name a provider, a lever and what it is pulled on.")
    texts: list[str] = []

    def disclose(name: str, value: JsonValue) -> str:
        made = canon.make_disclosure(entropy.token(_SALT_BYTES), name, value)
        texts.append(made)
        return canon.digest(made)

    targets = tuple(
        _target(part, tuple(sorted(disclose(name, value) for name, value in to_disclosures(part.planned).items())))
        for part in parts
    )
    weight, why = gravity(targets, frame.direction, frame.recent_normal, frame.policy)
    action = _action(frame, targets, weight, disclose("reason", frame.reason), disclose)
    raw = canon.encode(action.as_json())
    Action.parse(canon.decode(raw, limit=MAX_DOCUMENT_BYTES))
    return Composed(action=action, raw=raw, sha256=canon.sha256_hex(raw), disclosures=tuple(texts), gravity_reason=why)


def _action(frame: Frame, targets: tuple[Target, ...], weight: str, reason_sd: str, disclose: Disclose) -> Action:
    windows = frame.policy.windows
    contain = frame.direction == "contain"
    undoable = contain and not frame.break_glass and all(t.reversal != "none" for t in targets)
    latest = frame.now_ms + MAX_EXECUTION_MS
    execute_by = min(frame.now_ms + windows["execute_by_ms"], latest)
    return Action(
        org=frame.org, op=frame.op, rev=frame.rev, inc=frame.inc, direction=frame.direction,
        gravity=_as_gravity(weight), severity=frame.severity, break_glass=frame.break_glass, targets=targets,
        reason_sd=reason_sd,
        lift_criteria_sd=None if frame.lift_criteria is None else disclose("lift_criteria", frame.lift_criteria),
        created=frame.now_ms, approve_by=min(frame.now_ms + windows["approve_by_ms"], execute_by),
        execute_by=execute_by,
        execute_by_unreachable=min(frame.now_ms + windows["execute_by_unreachable_ms"], latest) if contain else None,
        review_by=frame.review_by, undo_within_s=windows["undo_ms"] // 1000 if undoable else None,
        undoes=frame.undoes, roster=frame.roster, policy=frame.policy_sha, supersedes=frame.supersedes,
    )  # fmt: skip


def _as_gravity(weight: str) -> Literal["normal", "high", "critical"]:
    if weight == "normal":
        return "normal"
    return "high" if weight == "high" else "critical"


def _target(part: Part, sd: tuple[str, ...]) -> Target:
    plan = part.planned
    return Target(
        surface=part.surface, instance=part.instance, adapter=part.adapter, lever=part.lever, category=part.category,
        model=plan.model, reach=plan.reach, assignee=part.assignee, reversal=plan.reversal, selectors=plan.selectors,
        all_surfaces=part.all_surfaces, credential=plan.credential, canary=part.canary, dispatchers=part.dispatchers,
        listed=None, sd=sd,
    )  # fmt: skip


def reversed_part(target: Target, disclosed: dict[str, JsonValue], now_ms: int, pre: dict[str, str] | None) -> Part:
    """The part that takes one signed target back to its signed pre-state: its revert becomes what is sent.

    `pre` is what the lever's fields read now, where somebody could read them; else what the action had wanted.

    Raises:
        NotHereYet: when a disclosure of the target is missing.
        WrongUse: when the target says that it cannot be reverted.
    """
    plan = from_disclosures(target, disclosed)
    if target.reversal == "none":
        raise WrongUse(f"{plan.name} cannot be taken back at {target.adapter}.", "Record what is done instead by hand.")
    back = replace(
        plan, requests=plan.revert, revert=plan.requests, pre=plan.wanted if pre is None else pre, wanted=plan.pre,
        pre_read_ms=now_ms, direction="restore",
    )  # fmt: skip
    return Part(
        planned=back, surface=target.surface, instance=target.instance, adapter=target.adapter, lever=target.lever,
        category=target.category, dispatchers=target.dispatchers, assignee=target.assignee, canary=target.canary,
        all_surfaces=target.all_surfaces,
    )  # fmt: skip
