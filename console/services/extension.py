"""More time for the same bytes: a signer of an action extends unexpired containment, once (protocol.md section 6)."""

from __future__ import annotations

from console.domain.actions import Extension, document_json
from console.domain.errors import WrongUse
from console.domain.needs import MAX_EXTENSION_MS
from console.journal.tx import Tx
from console.journal.values import Draft
from console.keys import canon
from console.services import approvals, corrections
from console.services.session import Session


def extend(session: Session, named: str, until_ms: int | None = None) -> str:
    """Propose more time for a correction that is on its way; the document, for one of its signers to sign.

    Without `until_ms` it is as long as may be: 24 h after the action was written.

    Raises:
        WrongUse: when the rule would not let it be extended, whoever signed.
    """
    held = corrections.find_document(session, named)
    action = corrections.action_of(held)
    judged = approvals.weigh_up(session, held)
    if action.direction != "contain":
        raise WrongUse("Only containment can be extended.", "Propose it again.")
    if not judged.standing.authorised:
        raise WrongUse("It is not decided yet: nothing of it can lapse but the time to sign.", "Propose it again.")
    if judged.facts.extended_to is not None:
        raise WrongUse("It was extended once already.", "Propose it again; its reason is kept.")
    now, latest = session.clock.wall_ms(), action.created + MAX_EXTENSION_MS
    until = latest if until_ms is None else until_ms
    if now > max(action.execute_by, action.execute_by_unreachable or 0):
        raise WrongUse("It has lapsed already.", "Propose it again; its reason is kept.")
    if not max(action.execute_by, now) < until <= latest:
        raise WrongUse("The new time is not later, or is more than 24 h after it was written.", "Choose another one.")
    feed, ref = session.person(), session.ref

    def work(tx: Tx) -> str:
        document = Extension(
            org=session.org, doc=held.sha, op=action.op, execute_by=until, roster=ref, created=tx.now_ms
        )
        raw = canon.encode(document_json(document))
        sha = canon.sha256_hex(raw)
        draft = Draft("document.proposed", action.inc, None, {"doc": sha, "doc_type": "extension.v1"})
        tx.put_document(raw, carried_by=tx.append(feed, draft, roster=ref).id)
        return sha

    return session.store.write(work)
