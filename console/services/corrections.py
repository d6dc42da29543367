"""Propose, cancel, undo, lift and attest corrections: from wishes to signed bytes that say exactly what will be sent.

It sends nothing. What it writes is a proposal, which alone moves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from console.domain.actions import Action, document_json
from console.domain.errors import WrongUse
from console.domain.ids import is_id, is_sha256
from console.domain.overlap import covers
from console.domain.profile import JsonValue
from console.domain.reasons import read_reason, with_parts
from console.journal.envelope import conceal
from console.journal.rows import select_document
from console.journal.tx import Tx
from console.journal.values import Draft, Stored
from console.keys import canon
from console.outbox.facts import Held, View, may_cancel, proposer_of, read_document, read_policy
from console.providers.planned import from_disclosures, to_disclosures
from console.providers.wishes import Planned
from console.services import agreements, incidents, providers
from console.services import fallback as fallback_of
from console.services.lifting import stand_bys, with_others
from console.services.planning import (
    DAY_MS,
    Direction,
    Part,
    TargetWish,
    covered,
    part_of,
    plan_every,
    resolve,
    weigh_new,
    write_action,
)
from console.services.session import Session
from console.services.trial import LeftOut, Trial, TrialTarget, left_out_of, plan
from console.services.undoing import WayBack, way_back

BY_HAND = "by hand"
MIN_REVIEW_MS = 60_000
NO_CRITERIA = "None were agreed beforehand: whoever signs the lift judges."


@dataclass(frozen=True, slots=True)
class Proposal:
    """What was proposed: its op, hash and bytes, the plans by target, gravity and why.

    `besides` are the lines that are signed beside the reason: what is left out, what answers instead, and so on. `way`
    says of an undo from where it goes.
    """

    op: str
    sha: str
    action: Action
    plans: tuple[Planned, ...]
    reason: str
    entry: str
    besides: tuple[str, ...] = ()
    way: WayBack | None = None


def propose(  # noqa: PLR0913  each is a part of what is signed
    session: Session, inc: str, wishes: Sequence[TargetWish], reason: str, *, criteria: str = "",
    direction: Direction = "contain", left_out: Sequence[str] = (), if_not: str = "", fallback: str = "",
    allowed_by: Sequence[str] = (), review_in_ms: int = DAY_MS,
) -> Proposal:  # fmt: skip
    """Plan every target by reading, write the action document, and propose it.

    `review_in_ms` is when people have to look at it again (containment only), a minute to 30 days from now.
    `left_out` names surfaces that were not chosen, each with its reason; `if_not` says what happens otherwise;
    `fallback` names the surface that answers instead (or `none`), which is read now; `allowed_by` the agreements under
    which it is done. All of it is part of the reason that everybody signs (`console.domain.reasons`).

    Raises:
        WrongUse: for an unknown provider, surface, lever or agreement, or a lever that refuses the wish.
        WaitsForConnection: when a provider that has to be read for the plan cannot be reached.
    """
    if not reason.strip():
        raise WrongUse("A correction needs a reason.", "Give it with --reason.")
    if not wishes:
        raise WrongUse("A correction needs a target.", "Choose what is to be restricted.")
    if not MIN_REVIEW_MS <= review_in_ms <= 30 * DAY_MS:
        raise WrongUse("The time of review is not between a minute and 30 days.", "Choose another one.")
    session.person()
    parts = _parts(session, wishes, direction)
    instead = _instead(session, parts, fallback)
    terms = agreements.lines(session, allowed_by, [part.target.category for part in parts])
    besides = left_out or if_not.strip() or instead or terms
    text = with_parts(reason, left_out, if_not, instead, terms) if besides else reason
    return _propose(session, inc, parts, text, criteria=criteria, direction=direction, review_in_ms=review_in_ms)


def _instead(session: Session, parts: Sequence[Part], named: str) -> str:
    """What answers instead, as it is signed; a surface that is itself corrected cannot."""
    told = fallback_of.line(session, named, {part.target.model for part in parts})
    if fallback_of.surface_in(told) in {part.target.surface for part in parts}:
        raise WrongUse("The fallback is corrected by this very proposal.", "Name another surface, or `none`.")
    return told


def displaced(session: Session, wishes: Sequence[TargetWish], words: Mapping[str, str]) -> tuple[str, ...]:
    """Every surface of the same models that these wishes leave out, as it is signed.

    `words` say why, by `PROVIDER` or `PROVIDER:SURFACE`.

    Raises:
        WrongUse: for one that is not there, or that is not left out.
    """
    touched = [resolve(session, one) for one in wishes]
    said: dict[str, str] = {}
    for named, why in words.items():
        provider, _, surface = named.partition(":")
        where = resolve(session, TargetWish(provider=provider, surface=surface, lever=""))
        if where.surface in {one.surface for one in touched}:
            raise WrongUse(f"{named} is not left out: it is a target.", "Leave it out of the targets, or say no word.")
        said[where.surface] = why
    return tuple(one.sentence for one in left_out_of(session, touched, said))


def propose_with(  # noqa: PLR0913  each is a part of what is signed
    session: Session, inc: str, parts: Sequence[Part], more: Sequence[TargetWish], reason: str, *, criteria: str = "",
    direction: Direction = "contain", if_not: str = "", review_in_ms: int = DAY_MS,
) -> Proposal:  # fmt: skip
    """Propose targets that were planned already (a list), and beside them others that are planned now.

    Raises:
        WrongUse, WaitsForConnection: as `propose`.
    """
    if not reason.strip():
        raise WrongUse("A correction needs a reason.", "Give it with --reason.")
    if not MIN_REVIEW_MS <= review_in_ms <= 30 * DAY_MS:
        raise WrongUse("The time of review is not between a minute and 30 days.", "Choose another one.")
    text = with_parts(reason, (), if_not) if if_not.strip() else reason
    return _propose(
        session, inc, [*parts, *_parts(session, more, direction)], text, criteria=criteria, direction=direction,
        review_in_ms=review_in_ms,
    )  # fmt: skip


def _parts(
    session: Session, wishes: Sequence[TargetWish], direction: Direction, *, lifts: str | None = None
) -> list[Part]:
    """Every wish planned by reading, as it has to be beside what is in force there; `lifts` names what is lifted."""
    if not wishes:
        return []
    found = [resolve(session, one) for one in wishes]

    known = providers.surfaces(session)
    read = providers.on_planes(session, lambda planes: plan_every(planes, found, wishes, direction, known))
    plans = [with_others(session, where, one, lifts) for where, one in zip(found, read, strict=True)]
    wide = covered(session, [where.surface for where in found])
    feed = session.device().feed
    return [
        part_of(
            session, where, one, planned, all_surfaces=where.model in wide,
            dispatchers=(feed, *(stand_bys(session, where.instance) if direction == "contain" else ())),
        )
        for where, one, planned in zip(found, wishes, plans, strict=True)
    ]  # fmt: skip


def propose_planned(
    session: Session, inc: str, trial: Trial, reason: str, *, criteria: str = "", if_not: str = "",
    review_in_ms: int = DAY_MS,
) -> Proposal:  # fmt: skip
    """Propose what a trial showed: every target is read and planned anew; what was left out is said in the reason.

    Raises:
        WrongUse: when a target of the trial could not be planned, or what would be proposed is not what was shown.
        WaitsForConnection: as `propose`.
    """
    for one in trial.targets:
        if one.planned is None:
            raise WrongUse(f"{one.wish.lever} {one.wish.selector}: {one.why_not}", "Leave it out, or mend it first.")
    return propose(
        session, inc, [one.wish for one in trial.targets], reason, criteria=criteria, direction=trial.direction,
        left_out=[one.sentence for one in trial.left_out], if_not=if_not, review_in_ms=review_in_ms,
    )  # fmt: skip


def _propose(  # noqa: PLR0913  each is a part of what is signed
    session: Session, inc: str, parts: Sequence[Part], reason: str, *, criteria: str = "",
    direction: Direction, undoes: str | None = None, review_in_ms: int = DAY_MS, after: Held | None = None,
    break_glass: bool = False,
) -> Proposal:  # fmt: skip
    """`after` is the document of which this is the next revision; `break_glass` lets one person alone sign it."""
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
        action = write_action(
            session, inc, [part.target for part in parts], policy, now, direction, undoes,
            severity=line.severity, reason_sd=reason_digests[0],
            lift_sd=lift_digests[0] if lift_digests else None, policy_sha=policy_sha, review_in_ms=review_in_ms,
        )  # fmt: skip
        if after is not None:
            before = action_of(after)
            action = replace(action, op=before.op, rev=before.rev + 1, supersedes=after.sha)
        action = replace(action, break_glass=break_glass)
        weight, why = weigh_new(tx.connection, action, policy, session.me, now)
        action = replace(action, gravity=weight)
        raw = canon.encode(document_json(action))
        sha = canon.sha256_hex(raw)
        stored = tx.append(
            feed,
            Draft("correction.proposed", inc, action.op, {"doc": sha, "rev": action.rev}, {"reason": reason}),
            roster=ref,
        )
        tx.put_document(raw, texts, carried_by=stored.id)
        return action, sha, why, stored

    action, sha, why, stored = session.store.write(work)
    plans = tuple(part.planned for part in parts)
    return Proposal(action.op, sha, action, plans, why, stored.id, besides=read_reason(reason).lines())


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
    """Cancel a revision that has not gone yet; what went already needs an undo or a lift.

    Raises:
        WrongUse: when a cancel by this person would not count.
    """
    held = find_document(session, named)
    action = action_of(held)
    with session.reader.snapshot() as connection:
        if not may_cancel(View(connection), held, session.roster, session.me):
            raise WrongUse("Only its proposer, its signers and those in command may cancel it.", "Refuse it instead.")
    words: dict[str, JsonValue] = {"reason": reason} if reason else {}
    return session.append(Draft("correction.cancelled", action.inc, action.op, {"doc": held.sha}, words))


def undo(session: Session, named: str, reason: str) -> Proposal:
    """Propose to revert an action exactly to its signed pre-state; one of its signers alone may sign this, once.

    It names the console from which one signature suffices, where there is one (`console.services.undoing`).

    Raises:
        WrongUse: when the action carries no undo.
    """
    held = find_document(session, named)
    action = action_of(held)
    if action.undo_within_s is None:
        raise WrongUse("That action carries no undo.", "Lift it: `standdown correct lift` (two signatures).")
    parts: list[Part] = []
    way = way_back(session, held)
    for at, target in enumerate(action.targets):
        before = from_disclosures(target, held.disclosed(at))
        turned = replace(
            before, requests=before.revert, revert=before.requests, direction="restore", wanted=before.pre,
            pre=before.wanted, pre_read_ms=session.clock.wall_ms(),
        )  # fmt: skip
        texts, digests = conceal(to_disclosures(turned), session.entropy)
        own = replace(target, sd=digests, dispatchers=(way.feeds[at],))
        parts.append(Part(own, turned, texts))
    made = _propose(session, action.inc, parts, reason or "Undo.", direction="restore", undoes=held.sha)
    return replace(made, way=way)


def lift(session: Session, named: str, reason: str) -> Proposal:
    """Propose to restore what a correction restricted, from a fresh reading; it needs two signatures again.

    It says against which criteria it is to be judged: by that it is no undo to the quorum function (0160). What another
    correction in force asks for stays; where none does, what was there before comes back.
    """
    held = find_document(session, named)
    action = action_of(held)
    if any(target.listed is not None for target in action.targets):
        raise WrongUse("That correction has a list.", "Lift it by its list: `standdown list lift`.")
    if not reason.strip():
        raise WrongUse("A lift needs a reason.", "Give it with --reason.")
    session.person()
    parts = _parts(session, wishes_of(session, held), "restore", lifts=held.sha)
    return _propose(
        session,
        action.inc,
        parts,
        reason,
        direction="restore",
        undoes=_named(held, [part.planned for part in parts]),
        criteria=_criteria(held) or NO_CRITERIA,
    )


def _named(held: Held, plans: Sequence[Planned]) -> str | None:
    """The correction that a lift names; none where it gives something back by sending exactly its revert.

    Named, that would be an undo to the quorum function of a console older than 0160, which one signer may sign alone
    within the window. What is lifted is told by its value then (`domain.overlap.Lift`).
    """
    before = [from_disclosures(target, held.disclosed(at)) for at, target in enumerate(action_of(held).targets)]
    if [one.requests for one in plans] != [one.revert for one in before]:
        return held.sha
    gives = any(not covers(now.wanted, then.wanted) for now, then in zip(plans, before, strict=True))
    return None if gives else held.sha


def _criteria(held: Held) -> str:
    """The lift criteria that were signed with a correction; empty where there were none."""
    digest = action_of(held).lift_criteria_sd
    return "" if digest is None else _told(held, digest) or "Its criteria are not on the console that proposed this."


def _told(held: Held, digest: str) -> str:
    """A disclosure of the document's own; empty where it is not here."""
    told = held.row.disclosed_by_digest.get(digest)
    return "" if told is None else str(told[1])


def lift_some(session: Session, held: Held, targets: Sequence[int], reason: str, *, criteria: str) -> Proposal:
    """Propose to restore some targets of a correction, by number: a stage of its lift, whose criteria are signed.

    Raises:
        WrongUse, WaitsForConnection: as `propose`.
    """
    if not reason.strip() or not targets:
        raise WrongUse("A stage needs a reason and a target.", "Nothing was proposed.")
    session.person()
    parts = _parts(session, wishes_of(session, held, targets), "restore", lifts=held.sha)
    return _propose(session, action_of(held).inc, parts, reason, direction="restore", criteria=criteria)


def again(session: Session, named: str, targets: Sequence[int], reason: str = "") -> Proposal:
    """Propose these targets of a correction again as its next revision, from a fresh reading, to be sent from here.

    Its reason is kept where no other is given. Nothing that was signed before carries over.

    Raises:
        WrongUse: when nothing of it is left to be done.
    """
    held = find_document(session, named)
    action = action_of(held)
    if not targets:
        raise WrongUse("Nothing of that correction is left to be sent.", "See `standdown correct show`.")
    kept = reason.strip() or _told(held, action.reason_sd)
    if not kept:
        raise WrongUse("Its reason is not here.", "Give one with --reason.")
    session.person()
    parts = _parts(session, wishes_of(session, held, targets), action.direction, lifts=action.undoes)
    undoes = action.undoes
    if undoes is not None:
        before = find_document(session, undoes)
        sent = [
            from_disclosures(target, held.disclosed(at), action.direction) for at, target in enumerate(action.targets)
        ]
        if _named(before, sent) is not None:  # it was a lift, and stays one
            undoes = _named(before, [part.planned for part in parts])
    return _propose(
        session,
        action.inc,
        parts,
        kept,
        direction=action.direction,
        undoes=undoes,
        after=held,
        criteria=_criteria(held),
    )


def alone(session: Session, held: Held, reason: str) -> Proposal:
    """The same containment as its next revision under break-glass, planned anew; `console.services.glass` has the rule.

    Raises:
        WrongUse, WaitsForConnection: as `propose`.
    """
    action = action_of(held)
    session.person()
    parts = _parts(session, wishes_of(session, held), "contain")
    return _propose(session, action.inc, parts, reason, direction="contain", after=held, break_glass=True)


def wishes_of(session: Session, held: Held, targets: Sequence[int] | None = None) -> list[TargetWish]:
    """The wishes behind the targets of an action (all of them, unless some are named by number)."""
    action = action_of(held)
    instances = providers.instances_of(session)
    wishes: list[TargetWish] = []
    for at in range(len(action.targets)) if targets is None else targets:
        target = action.targets[at]
        planned = from_disclosures(target, held.disclosed(at))
        asked = instances.registry.manifest(instances.get(target.instance).adapter).lever(target.lever).params
        known = () if asked is None else asked.model_fields
        wishes.append(
            TargetWish(
                provider=target.instance, surface=target.surface, lever=target.lever, selector=planned.selector,
                params={name: value for name, value in planned.params.items() if name in known and value},
                canary=target.canary, assignee=target.assignee,
            )
        )  # fmt: skip
    return wishes


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
    "LeftOut", "Proposal", "TargetWish", "Trial", "TrialTarget", "action_of", "again", "attest", "cancel", "displaced",
    "find_document", "lift", "plan", "propose", "propose_planned", "proposer", "record_by_hand", "select_document",
    "undo",
]  # fmt: skip
