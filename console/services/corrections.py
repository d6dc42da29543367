"""Proposing, lifting, undoing and attesting corrections: one function for each intention of a person.

Planning reads providers; proposing writes one entry and one document in one transaction. Nothing here sends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from console.domain.actions import CATEGORIES, Action, Target
from console.domain.errors import WaitsForPeople, WrongUse
from console.domain.forms import Policy
from console.domain.profile import MAX_DOCUMENT_BYTES, JsonValue
from console.journal.tx import Tx
from console.journal.values import Draft, Stored
from console.keys import canon
from console.providers.planned import Planned
from console.runtime.ids import new_id
from console.services.approvals import document_here
from console.services.composer import Composed, Frame, Part, compose, reversed_part
from console.services.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A proposal as it stands in the journal: the carrying entry and the composed document."""

    entry: Stored
    composed: Composed


def policy_in_force(session: Session) -> tuple[Policy, str]:
    """The approval policy that the roster names, and its hash.

    Raises:
        WaitsForPeople: in a provisional record: one person alone dispatches nothing.
    """
    sha256 = session.roster.roster.policy
    row = None if sha256 is None else session.store.reader().document(sha256)
    if sha256 is None or row is None:
        raise WaitsForPeople(
            "This is a provisional record of one person: corrections by console need an organisation of two.",
            "Record what you do elsewhere by hand now, and found the organisation with `standdown org found`.",
        )
    return Policy.parse(canon.decode(row.raw, limit=MAX_DOCUMENT_BYTES)), sha256


def propose(  # noqa: PLR0913  each is a field of the signed document, named where it is given
    session: Session,
    *,
    inc: str,
    parts: Sequence[Part],
    reason: str,
    severity: int,
    direction: Literal["contain", "restore"] = "contain",
    op: str | None = None,
    rev: int = 1,
    supersedes: str | None = None,
    undoes: str | None = None,
    lift_criteria: str | None = None,
    review_by: int | None = None,
    break_glass: bool = False,
    recent_normal: int = 0,
) -> Proposal:
    """Compose the action and propose it: document, disclosures and entry in one durable transaction.

    Raises:
        WaitsForPeople: while the organisation is one person.
        WrongUse: without reason or targets.
    """
    policy, policy_sha = policy_in_force(session)
    frame = Frame(
        org=session.org, op=op or new_id("a", session.entropy), inc=inc, direction=direction, severity=severity,
        reason=reason, roster=session.ref, policy=policy, policy_sha=policy_sha, now_ms=session.clock.wall_ms(),
        rev=rev, supersedes=supersedes, undoes=undoes, lift_criteria=lift_criteria, review_by=review_by,
        break_glass=break_glass, recent_normal=recent_normal,
    )  # fmt: skip
    composed = compose(frame, parts, session.entropy)
    draft = Draft(
        "correction.proposed", inc=inc, subj=frame.op, pub={"doc": composed.sha256, "rev": rev},
        disclosures={"reason": reason},
    )  # fmt: skip
    feed, ref = session.person(), session.ref

    def write(tx: Tx) -> Stored:
        entry = tx.append(feed, draft, roster=ref)
        tx.put_document(composed.raw, composed.disclosures, entry.id)
        return entry

    return Proposal(entry=session.store.write(write), composed=composed)


def by_hand(
    *,
    instance: str,
    surface: str,
    model: str,
    category: str,
    instruction: str,
    dispatchers: tuple[str, ...],
    plan: Planned,
    assignee: str | None,
) -> Part:
    """A target that a person carries out or asks a vendor for; `plan` comes from the `manual` adapter.

    Raises:
        WrongUse: for an unknown category or an empty instruction.
    """
    if category not in CATEGORIES:
        raise WrongUse(f"There is no category {category}.", f"Choose one of {', '.join(CATEGORIES)}.")
    if not instruction.strip():
        raise WrongUse(
            "A correction by hand needs an instruction.", "Say what is to be done, by whom or asked of whom."
        )
    if plan.model != model:
        raise WrongUse("The plan names another model than the surface.", "Plan it again for this surface.")
    return Part(
        planned=plan, surface=surface, instance=instance, adapter="manual/1", lever=plan.lever, category=category,
        dispatchers=dispatchers, assignee=assignee,
    )  # fmt: skip


def signed_action(session: Session, doc: str) -> Action:
    """The action of this hash.

    Raises:
        WrongUse: when the document is no action.
    """
    document, _ = document_here(session, doc)
    if not isinstance(document, Action):
        raise WrongUse("That document is not a correction.", "Name a correction by its op or its hash.")
    return document


def disclosed_of(session: Session, doc: str, target: Target) -> dict[str, JsonValue]:
    """What is disclosed here of one target of a document, by name."""
    row = session.store.reader().document(doc)
    held: Mapping[str, tuple[str, JsonValue]] = {} if row is None else row.disclosed_by_digest
    return dict(held[digest] for digest in target.sd if digest in held)


def reversal(
    session: Session, doc: str, *, only: Sequence[int] = (), readings: Mapping[int, dict[str, str]] | None = None
) -> list[Part]:
    """The parts that take targets of an action back to their signed pre-state: all targets, or those numbered `only`.

    `readings` are the lever's fields as they read now, by target number; where nobody could read them, what the action
    had wanted stands as the pre-state.

    Raises:
        NotHereYet: when disclosures are missing here.
        WrongUse: when a target cannot be reverted.
    """
    action = signed_action(session, doc)
    now_ms, read = session.clock.wall_ms(), readings or {}
    return [
        reversed_part(target, disclosed_of(session, doc, target), now_ms, read.get(number))
        for number, target in enumerate(action.targets)
        if not only or number in only
    ]


def attest(  # noqa: PLR0913  each is a field of the entry, named where it is given
    session: Session,
    *,
    inc: str,
    direction: Literal["contain", "restore"],
    category: str,
    done_ms: int,
    text: str,
    doc: str | None = None,
    op: str | None = None,
    target: int | None = None,
    details: Mapping[str, str] | None = None,
    facts: Mapping[str, str] | None = None,
) -> Stored:
    """Record what was done by hand: part of an action (`doc`, `op`, `target`), or before the console was opened.

    `details` become disclosures (name, selector, ticket, contact), `facts` public fields (surface, instance, lever,
    outcome).
    """
    pub: dict[str, JsonValue] = {
        "doc": doc, "target": target, "done_ms": done_ms, "direction": direction, "category": category, **(facts or {}),
    }  # fmt: skip
    occurred: dict[str, JsonValue] = {"at_ms": done_ms, "plus_minus_s": 0}
    values: dict[str, JsonValue] = {"text": text, "occurred": occurred, **(details or {})}
    return session.append(Draft("correction.attested", inc=inc, subj=op, pub=pub, disclosures=values))


def cancel(session: Session, *, inc: str, op: str, doc: str, reason: str) -> Stored:
    """Take a proposal back, or stop what is approved and not yet sent; it reaches the dispatcher with the next sync."""
    return session.append(
        Draft("correction.cancelled", inc=inc, subj=op, pub={"doc": doc}, disclosures={"reason": reason})
    )
