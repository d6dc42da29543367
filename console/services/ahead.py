"""Documents that are here ahead of the entry that proposed them: brought by hand, or by a fast lane (0063, 0096).

No incident and no standing knows them yet, so whoever has to sign them is told from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from console.domain.actions import Action
from console.domain.deceit import shown
from console.domain.errors import Problem
from console.outbox.facts import Held, read_document
from console.services import approvals
from console.services.session import Session

_WINDOW_MS: Final = 25 * 3_600_000  # nothing may be executed more than 24 h after it was written
LACKS_ROLE: Final = "does not hold the role that is still missing"  # the rule's word; roles are not known here


@dataclass(frozen=True, slots=True)
class Ahead:
    """One that this person may still decide: its hash, what it is in a few words, who signed, until when."""

    doc: str
    title: str
    detail: str
    until_ms: int | None


def ahead(session: Session, now_ms: int) -> Iterator[Ahead]:
    """Those that wait for this person, in order of receipt."""
    with session.reader.snapshot() as connection:
        found = connection.execute(
            "SELECT sha256, type FROM document WHERE received_ms > ? AND carried_by IS NOT NULL "
            "AND carried_by NOT IN (SELECT id FROM entry) ORDER BY rowid",
            (now_ms - _WINDOW_MS,),
        ).fetchall()
    for sha, kind in found:
        if kind in approvals.APPROVABLE and (one := _waiting(session, sha, now_ms)) is not None:
            yield one


def _waiting(session: Session, sha: str, now_ms: int) -> Ahead | None:
    try:
        with session.reader.snapshot() as connection:
            held = read_document(connection, sha)
        judged = approvals.weigh_up(session, held)
    except Problem:
        return None  # parts of it are not here
    standing, verdict = judged.standing, judged.standing.verdict
    until: int | None = getattr(held.document, "approve_by", None)
    decided = any(one.record.person == session.me for _, one in judged.records)
    over = standing.authorised or standing.cancelled or verdict.met or (until is not None and until < now_ms)
    helps = session.me in verdict.can_sign or dict(verdict.cannot).get(session.me) == LACKS_ROLE
    if decided or over or not helps:
        return None
    signed = ", ".join(session.name_of(person) for person in verdict.counted)
    return Ahead(sha, _title(held), f"Signed by {signed}." if signed else "Nobody is known here to have signed.", until)


def _title(held: Held) -> str:
    document = held.document
    if not isinstance(document, Action):
        return f"Decide what came ahead of its history: {document.doc_type.partition('.')[0]}"
    models = ", ".join(dict.fromkeys(shown(target.model) for target in document.targets))
    count = len(document.targets)
    way = "take away" if document.direction == "contain" else "give back"
    return f"Decide what came ahead of its history: {way}, {models}, {count} target{'' if count == 1 else 's'}"
