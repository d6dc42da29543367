"""Break-glass: one person contains alone, everybody is called, a second one ratifies it, or it is an open finding.

The rule itself is `domain.quorum`; here a document is made that may go by it. It signs nothing.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from console.domain.actions import Action, Ratification, document_json
from console.domain.errors import Problem, WrongUse
from console.domain.gravity import irreversible
from console.domain.render import MIN_BREAK_GLASS_REASON
from console.journal.tx import Tx
from console.journal.values import Draft
from console.keys import canon
from console.outbox.facts import read_document
from console.services import approvals, corrections, policy
from console.services.corrections import Proposal
from console.services.session import Session
from console.services.standing import corrections as standings_of
from console.services.standing import held_roles

Glass = Literal["ratified", "due", "finding"]
_NOTHING = "Nothing was proposed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """One correction that one person sent alone: who, when, until when it is to be ratified, and how it stands.

    `ratification` is the document that waits for the second person's signature, where somebody made it.
    """

    op: str
    doc: str
    inc: str
    title: str
    reason: str
    by: str
    at_ms: int
    until_ms: int
    state: Glass
    ratified_by: str | None
    ratification: str | None


def why_not(session: Session, named: str) -> str:
    """Why this correction cannot be sent under break-glass by this person; empty where it can."""
    held = corrections.find_document(session, named)
    action = corrections.action_of(held)
    judged = approvals.judge(session, held)
    granted = {role for one in session.roster.roster.persons if one.person == session.me for role in one.roles}
    mine = held_roles(session, action.inc).get(session.me, frozenset()) & granted
    allowed = policy.in_force(session).break_glass
    may = " or ".join(allowed) or "nobody"
    reasons = (
        (action.direction != "contain", "Break-glass is for containment only; giving back needs two."),
        (irreversible(action.targets), "Something in it cannot be reverted; that always needs two."),
        (any(one.listed is not None for one in action.targets), "A list is never sent by one person."),
        (any(one.by_hand for one in action.targets), "What people do by hand needs no dispatch: ask, and record it."),
        (action.break_glass, "It is proposed under break-glass already: sign it."),
        (judged.authorised or judged.cancelled, "It was decided already."),
        (not mine & set(allowed), f"Only {may} may, and you hold {', '.join(sorted(mine)) or 'no role'} in it."),
    )
    return next((why for so, why in reasons if so), "")


def break_the_glass(session: Session, named: str, reason: str) -> Proposal:
    """Propose a waiting containment anew so that this person alone may sign it; the targets are read and planned again.

    Raises:
        WrongUse: when it may not, or the reason is shorter than 20 characters.
        WaitsForConnection: when a provider has to be read and cannot be.
    """
    if len(reason.strip()) < MIN_BREAK_GLASS_REASON:
        raise WrongUse(f"Say why in {MIN_BREAK_GLASS_REASON} characters or more: everybody reads it.", _NOTHING)
    why = why_not(session, named)
    if why:
        raise WrongUse(why, _NOTHING)
    return corrections.alone(session, corrections.find_document(session, named), reason)


def ratify(session: Session, named: str) -> str:
    """Propose the ratification of what was sent alone; gives the document, for the second person to sign.

    One that waits already is given again.

    Raises:
        WrongUse: when it was not sent under break-glass, or is ratified.
    """
    held = corrections.find_document(session, named)
    found = next((one for one in broken(session) if one.doc == held.sha), None)
    if found is None:
        raise WrongUse("That was not sent by one person under break-glass.", "See `standdown correct glass`.")
    if found.state == "ratified":
        raise WrongUse("It is ratified already.")
    if found.ratification is not None:
        return found.ratification
    feed, ref = session.person(), session.ref

    def work(tx: Tx) -> str:
        document = Ratification(org=session.org, doc=held.sha, op=found.op, roster=ref, created=tx.now_ms)
        raw = canon.encode(document_json(document))
        sha = canon.sha256_hex(raw)
        draft = Draft("document.proposed", found.inc, None, {"doc": sha, "doc_type": "ratification.v1"})
        tx.put_document(raw, carried_by=tx.append(feed, draft, roster=ref).id)
        return sha

    return session.store.write(work)


def broken(session: Session, inc: str | None = None) -> tuple[Broken, ...]:
    """Everything that one person sent alone: ratified, due, or an open finding; the newest first."""
    ratifications = _ratifications(session)
    now, found = session.clock.wall_ms(), list[Broken]()
    for one in standings_of(session, inc):
        if one.authorised_ms is None:
            continue
        with suppress(Problem):
            with session.reader.snapshot() as connection:
                action = read_document(connection, one.doc).document
            if not isinstance(action, Action) or not action.break_glass or len(one.signed) != 1:
                continue
            until = one.authorised_ms + policy.in_force(session).windows["ratify_ms"]
            doc, by = ratifications.get(one.doc, (None, None))
            state: Glass = "ratified" if by else "due" if now <= until else "finding"
            found.append(
                Broken(
                    op=one.op, doc=one.doc, inc=one.inc, title=one.title, reason=one.reason, by=one.signed[0],
                    at_ms=one.authorised_ms, until_ms=until, state=state, ratified_by=by, ratification=doc,
                )
            )  # fmt: skip
    return tuple(reversed(found))


def _ratifications(session: Session) -> dict[str, tuple[str | None, str | None]]:
    """For each action that somebody asked to ratify: the document, and who ratified it (null: nobody yet)."""
    found: dict[str, tuple[str | None, str | None]] = {}
    for stored in session.reader.entries(kinds=("document.proposed",)):
        if stored.entry.pub.get("doc_type") != "ratification.v1" or stored.standing != "good":
            continue
        with suppress(Problem):
            sha = str(stored.entry.pub["doc"])
            with session.reader.snapshot() as connection:
                held = read_document(connection, sha)
            if isinstance(held.document, Ratification):
                verdict = approvals.judge(session, held).verdict
                before = found.get(held.document.doc)
                if before is None or before[1] is None:
                    found[held.document.doc] = (sha, verdict.counted[0] if verdict.met else None)
    return found
