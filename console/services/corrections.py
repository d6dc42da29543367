"""Propose, cancel, undo, lift and attest corrections: from wishes to signed bytes that say exactly what will be sent.

It sends nothing. What it writes is a proposal, which alone moves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from console.domain.actions import Action, Target, document_json
from console.domain.errors import Problem, WaitsForConnection, WrongUse
from console.domain.forms import Policy
from console.domain.gravity import gravity
from console.domain.ids import is_id, is_sha256
from console.domain.profile import JsonValue
from console.journal.envelope import conceal
from console.journal.rows import select_document
from console.journal.tx import Tx
from console.journal.values import DocumentRow, Draft, Stored
from console.keys import canon
from console.outbox.facts import Held, View, proposer_of, read_document, read_policy, recent_normal
from console.providers.instance import MANUAL
from console.providers.plane import Planes
from console.providers.planned import from_disclosures, to_disclosures
from console.providers.wishes import AdapterFault, Planned, wish
from console.runtime.ids import new_id
from console.services import incidents, providers
from console.services.session import Session

_DAY_MS = 24 * 3_600_000
BY_HAND = "by hand"


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
class Proposal:
    """What was proposed: its op, hash and bytes, the plans by target, gravity and why."""

    op: str
    sha: str
    action: Action
    plans: tuple[Planned, ...]
    reason: str
    entry: str


@dataclass(frozen=True, slots=True)
class _Part:
    target: Target
    planned: Planned
    texts: tuple[str, ...]


def propose(
    session: Session, inc: str, wishes: Sequence[TargetWish], reason: str, *, criteria: str = "",
    direction: Literal["contain", "restore"] = "contain",
) -> Proposal:  # fmt: skip
    """Plan every target by reading, write the action document, and propose it.

    Raises:
        WrongUse: for an unknown provider, surface or lever, or one that refuses the wish.
        WaitsForConnection: when a provider that has to be read for the plan cannot be reached.
    """
    if not reason.strip():
        raise WrongUse("A correction needs a reason.", "Give it with --reason.")
    session.person()
    found = [_resolve(session, one) for one in wishes]

    async def plan_all(planes: Planes) -> list[Planned]:
        return [await _plan(planes, where, one, direction) for where, one in zip(found, wishes, strict=True)]

    plans = providers.on_planes(session, plan_all)
    wide = _covered(session, [where.surface for where in found])
    parts = [
        _part(session, where, one, planned, all_surfaces=where.model in wide)
        for where, one, planned in zip(found, wishes, plans, strict=True)
    ]
    return _propose(session, inc, parts, reason, criteria=criteria, direction=direction)


def _resolve(session: Session, one: TargetWish) -> providers.Surface:
    instance = providers.instances_of(session).get(one.provider)
    return providers.find_surface(session, instance, one.surface)


def _covered(session: Session, chosen: Sequence[str]) -> set[str]:
    """Models all of whose known surfaces are among the chosen, where there is more than one."""
    by_model: dict[str, set[str]] = {}
    for one in providers.surfaces(session):
        by_model.setdefault(one.model, set()).add(one.surface)
    return {model for model, places in by_model.items() if len(places) > 1 and places <= set(chosen)}


async def _plan(
    planes: Planes, where: providers.Surface, one: TargetWish, direction: Literal["contain", "restore"]
) -> Planned:
    plane = planes.get(where.instance)
    if plane is None:
        raise Problem(planes.why_not(where.instance), "See `standdown provider list`.")
    plane.lever(one.lever)
    wanted = wish(one.lever, one.selector, where.key, one.params, direction)
    try:
        return await plane.plan(wanted)
    except AdapterFault as fault:
        name = type(fault).__name__
        what = f"{plane.instance.name} does not plan {one.lever} {one.selector}: {fault.detail}."
        if name in {"NotSent", "Throttled", "OutcomeUnknown"}:
            raise WaitsForConnection(what, "Nothing was proposed; try again when it answers.") from None
        raise WrongUse(what, "Nothing was proposed; see `standdown provider surfaces`.") from None


def _part(
    session: Session, where: providers.Surface, one: TargetWish, planned: Planned, *, all_surfaces: bool
) -> _Part:
    instances = providers.instances_of(session)
    instance = instances.get(where.instance)
    manifest = instances.registry.manifest(instance.adapter)
    lever = manifest.lever(one.lever)
    category = planned.params.get("category", lever.category) if instance.adapter == MANUAL else lever.category
    texts, digests = conceal(to_disclosures(planned), session.entropy)
    target = Target(
        surface=where.surface, instance=where.instance, adapter=f"{instance.adapter}/{manifest.version}",
        lever=one.lever, category=category, model=where.model, reach=planned.reach, assignee=one.assignee,
        reversal=planned.reversal, selectors=planned.selectors,
        all_surfaces=all_surfaces and lever.category == "shutdown", credential=planned.credential,
        canary=one.canary, dispatchers=(session.device().feed,), listed=None, sd=digests,
    )  # fmt: skip
    return _Part(target, planned, texts)


def _propose(
    session: Session, inc: str, parts: Sequence[_Part], reason: str, *, criteria: str = "",
    direction: Literal["contain", "restore"], undoes: str | None = None,
) -> Proposal:  # fmt: skip
    feed, ref = session.person(), session.ref
    roster = session.roster.roster
    if roster.policy is None:
        raise WrongUse(
            "A provisional record cannot dispatch.",
            "Record what people do with `standdown correct record-by-hand`, or found: `standdown org found`.",
        )
    policy_sha = roster.policy
    line = next(one for one in incidents.list_incidents(session) if one.inc == inc)
    reason_texts, reason_digests = conceal({"reason": reason}, session.entropy)
    lift_texts, lift_digests = conceal({"lift_criteria": criteria}, session.entropy) if criteria else ((), ())
    texts = [*(text for part in parts for text in part.texts), *reason_texts, *lift_texts]

    def work(tx: Tx) -> tuple[Action, str, str, Stored]:
        policy = read_policy(tx.connection, policy_sha)
        now = tx.now_ms
        action = _action(
            session, inc, [part.target for part in parts], policy, now, direction, undoes,
            severity=line.severity, reason_sd=reason_digests[0],
            lift_sd=lift_digests[0] if lift_digests else None, policy_sha=policy_sha,
        )  # fmt: skip
        weight, why = _weigh(tx, action, policy, session.me, now)
        action = replace(action, gravity=weight)
        raw = canon.encode(document_json(action))
        sha = canon.sha256_hex(raw)
        stored = tx.append(
            feed, Draft("correction.proposed", inc, action.op, {"doc": sha, "rev": 1}, {"reason": reason}), roster=ref
        )
        tx.put_document(raw, texts, carried_by=stored.id)
        return action, sha, why, stored

    action, sha, why, stored = session.store.write(work)
    return Proposal(action.op, sha, action, tuple(part.planned for part in parts), why, stored.id)


def _weigh(
    tx: Tx, action: Action, policy: Policy, proposer: str, now: int
) -> tuple[Literal["normal", "high", "critical"], str]:
    trial = Held("", action, DocumentRow("", b"", "action.v1", action.op, None, now, {}))
    recent = recent_normal(View(tx.connection), trial, proposer, now)
    weight, why = gravity(action.targets, action.direction, recent, policy)
    if weight == "critical":
        return "critical", why
    return ("high", why) if weight == "high" else ("normal", why)


def _action(  # noqa: PLR0913  each is a field of the signed document
    session: Session, inc: str, targets: Sequence[Target], policy: Policy, now: int,
    direction: Literal["contain", "restore"], undoes: str | None, *, severity: int, reason_sd: str,
    lift_sd: str | None, policy_sha: str,
) -> Action:  # fmt: skip
    windows = policy.windows
    contain = direction == "contain"
    exact = all(target.reversal == "exact" or target.by_hand for target in targets)
    return Action(
        org=session.org, op=new_id("a", session.entropy), rev=1, inc=inc, direction=direction, gravity="normal",
        severity=severity, break_glass=False, targets=tuple(targets), reason_sd=reason_sd, lift_criteria_sd=lift_sd,
        created=now, approve_by=now + windows["approve_by_ms"],
        execute_by=now + max(windows["approve_by_ms"], min(windows["execute_by_ms"], _DAY_MS)),
        execute_by_unreachable=now + min(windows["execute_by_unreachable_ms"], _DAY_MS) if contain else None,
        review_by=now + _DAY_MS if contain else None,
        undo_within_s=windows["undo_ms"] // 1000 if contain and exact else None, undoes=undoes,
        roster=session.ref, policy=policy_sha, supersedes=None,
    )  # fmt: skip


# -- what was proposed -------------------------------------------------------------------------------------------------


def find_document(session: Session, named: str) -> Held:
    """The document a person means: its hash, the beginning of it (8 digits or more), or its op (newest revision).

    Raises:
        WrongUse: when no single one fits.
    """
    if is_id(named, "a"):
        of_op = [row.sha256 for row in session.reader.documents_of(named) if row.type == "action.v1"]
        shas = of_op[-1:]
    else:
        shas = [sha for sha, _, _ in session.reader.documents() if len(named) >= 8 and sha.startswith(named)]  # noqa: PLR2004  as help says
    if len(shas) != 1:
        raise WrongUse(f"No single proposal is called {named[:64]!r} here.", "See `standdown approve list`, or sync.")
    with session.reader.snapshot() as connection:
        return read_document(connection, shas[0])


def action_of(held: Held) -> Action:
    """The action in a document.

    Raises:
        WrongUse: when it is another document.
    """
    if isinstance(held.document, Action):
        return held.document
    raise WrongUse("That document is no correction.", "See `standdown correct show`.")


def cancel(session: Session, named: str, reason: str) -> Stored:
    """Cancel a revision that has not gone yet; what went already needs an undo or a lift."""
    held = find_document(session, named)
    action = action_of(held)
    words: dict[str, JsonValue] = {"reason": reason} if reason else {}
    return session.append(Draft("correction.cancelled", action.inc, action.op, {"doc": held.sha}, words))


def undo(session: Session, named: str, reason: str) -> Proposal:
    """Propose to revert an action exactly to its signed pre-state; one of its signers alone may sign this, once.

    Raises:
        WrongUse: when the action carries no undo.
    """
    held = find_document(session, named)
    action = action_of(held)
    if action.undo_within_s is None:
        raise WrongUse("That action carries no undo.", "Lift it: `standdown correct lift` (two signatures).")
    parts: list[_Part] = []
    for at, target in enumerate(action.targets):
        before = from_disclosures(target, held.disclosed(at))
        turned = replace(
            before, requests=before.revert, revert=before.requests, direction="restore", wanted=before.pre,
            pre=before.wanted, pre_read_ms=session.clock.wall_ms(),
        )  # fmt: skip
        texts, digests = conceal(to_disclosures(turned), session.entropy)
        own = replace(target, sd=digests, dispatchers=(session.device().feed,))
        parts.append(_Part(own, turned, texts))
    return _propose(session, action.inc, parts, reason or "Undo.", direction="restore", undoes=held.sha)


def lift(session: Session, named: str, reason: str) -> Proposal:
    """Propose to restore what a correction restricted, from a fresh reading; it needs two signatures again."""
    held = find_document(session, named)
    action = action_of(held)
    wishes: list[TargetWish] = []
    for at, target in enumerate(action.targets):
        planned = from_disclosures(target, held.disclosed(at))
        instances = providers.instances_of(session)
        asked = instances.registry.manifest(instances.get(target.instance).adapter).lever(target.lever).params
        known = () if asked is None else asked.model_fields
        wishes.append(
            TargetWish(
                provider=target.instance, surface=target.surface, lever=target.lever, selector=planned.selector,
                params={name: value for name, value in planned.params.items() if name in known and value},
                canary=target.canary, assignee=target.assignee,
            )
        )  # fmt: skip
    return propose(session, action.inc, wishes, reason, direction="restore")


def attest(
    session: Session, named: str, target: int, text: str, *, outcome: str = "done", ticket: str = "",
    done_ms: int | None = None,
) -> Stored:  # fmt: skip
    """Attest that a by-hand target was carried out (or promised, or declined).

    Raises:
        WrongUse: when that target is not by hand.
    """
    held = find_document(session, named)
    action = action_of(held)
    if not 0 <= target < len(action.targets) or not action.targets[target].by_hand:
        raise WrongUse("That target is not carried out by hand.", "See `standdown correct show`.")
    one = action.targets[target]
    pub: dict[str, JsonValue] = {
        "doc": held.sha, "target": target, "done_ms": done_ms or session.clock.wall_ms(),
        "direction": action.direction, "category": one.category, "outcome": outcome,
    }  # fmt: skip
    words: dict[str, JsonValue] = {"text": text}
    if ticket:
        words["ticket"] = ticket
    return session.append(Draft("correction.attested", action.inc, action.op, pub, words))


def record_by_hand(  # noqa: PLR0913  each is a field of the entry
    session: Session, text: str, *, inc: str | None, category: str, done_ms: int, selector: str = "",
    name: str = "", lever: str = "", provider: str | None = None, direction: str = "contain",
) -> Stored:  # fmt: skip
    """Record a correction that people made themselves, with its time; before any console, before any organisation."""
    pub: dict[str, JsonValue] = {
        "doc": None, "target": None, "done_ms": done_ms, "direction": direction, "category": category,
        "outcome": "done",
    }  # fmt: skip
    if lever:
        pub["lever"] = lever
    if provider is not None:
        pub["instance"] = providers.instances_of(session).get(provider).id
    words: dict[str, JsonValue] = {"text": text}
    words |= {key: value for key, value in (("selector", selector), ("name", name)) if value}
    return session.append(Draft("correction.attested", inc, None, pub, words))


def proposer(session: Session, sha: str) -> str | None:
    """Who proposed a document."""
    with session.reader.snapshot() as connection:
        return proposer_of(View(connection), sha)


def is_document(text: str) -> bool:
    """Whether the text is a document's full name."""
    return is_sha256(text)


__all__ = [
    "Proposal", "TargetWish", "action_of", "attest", "cancel", "find_document", "lift", "propose", "proposer",
    "record_by_hand", "select_document", "undo",
]  # fmt: skip
