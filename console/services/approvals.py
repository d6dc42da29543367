"""What waits for signatures, the text a signer reads (made from the very bytes), and the signature itself.

An approver key is opened in a child process for one signature. Nothing here can approve without its passphrase.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from console.domain.actions import Action, ApprovalRecord, Document
from console.domain.errors import Problem, WrongUse
from console.domain.profile import MAX_DOCUMENT_BYTES, JsonValue
from console.domain.quorum import Verdict, quorum
from console.domain.render import approval_text
from console.journal.values import Draft, Stored
from console.keys import canon, keyfile, signer, sshsig
from console.keys.words import words_of
from console.outbox.facts import CARRIERS, Held, View, gather, is_cancelled, proven_records, read_document
from console.runtime.ids import new_nonce
from console.services.organisation import b64
from console.services.session import Session

APPROVABLE = ("action.v1", "closing.v1", "redaction.v1", "extension.v1", "ratification.v1")
_AUTHORISED = ("dispatch.authorised", "closing.authorised", "redaction.authorised")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A document and how it stands: who proposed it, the rule's answer, who decided already."""

    sha: str
    document: Document
    proposer: str | None
    verdict: Verdict
    authorised: bool
    cancelled: bool


def judge(session: Session, held: Held) -> Waiting:
    """How a document stands here and now, by the same rule that the dispatcher and the auditor run."""
    roster = session.roster
    with session.reader.snapshot() as connection:
        view = View(connection)
        carried = [one for one in view.entries(CARRIERS) if one.entry.pub.get("doc") == held.sha]
        signed: dict[str, object] = {}
        records = []
        for _, one in proven_records(carried, roster):
            if one.record.nonce not in signed:
                signed[one.record.nonce] = one
                records.append(one)
        facts = gather(view, held, roster, session.clock.wall_ms())
        verdict = quorum(held.sha, held.document, records, facts, session.clock.wall_ms())
        done = any(one.entry.pub.get("doc") == held.sha for one in view.entries(_AUTHORISED))
        return Waiting(held.sha, held.document, facts.proposer, verdict, done, is_cancelled(view, held.sha))


def waiting(session: Session) -> list[Waiting]:
    """Everything that could still be signed: neither decided nor cancelled nor past its time."""
    now = session.clock.wall_ms()
    found: list[Waiting] = []
    for sha, kind, _ in session.reader.documents():
        if kind not in APPROVABLE:
            continue
        try:
            with session.reader.snapshot() as connection:
                held = read_document(connection, sha)
            one = judge(session, held)
        except Problem:
            continue  # parts of it are not here yet: the next sync brings them
        late = getattr(held.document, "approve_by", now) < now
        if not (one.authorised or one.cancelled or late):
            found.append(one)
    return found


# -- the text ----------------------------------------------------------------------------------------------------------

MARKS = {"heading": "", "fact": "  ", "warning": "  ! ", "request": "    "}


def text(session: Session, held: Held) -> list[str]:
    """What the signer reads, from the bytes that would be signed and nothing else; gravity is computed anew here.

    Raises:
        NotAllHere: when a disclosure is missing: what cannot be shown cannot be approved.
        UnknownField: when a newer version wrote it.
    """
    action = held.document if isinstance(held.document, Action) else None
    opened = held.row.disclosed_by_digest

    def words(digest: str | None) -> str | None:
        found = opened.get(digest) if digest is not None else None
        return found[1] if found is not None and isinstance(found[1], str) else None

    with session.reader.snapshot() as connection:
        facts = gather(View(connection), held, session.roster, session.clock.wall_ms())
    lines = approval_text(
        canon.decode(held.row.raw, limit=MAX_DOCUMENT_BYTES),
        [held.disclosed(at) for at in range(len(action.targets))] if action else [],
        names_here(session),
        reason=words(getattr(held.document, "reason_sd", None)),
        lift_criteria=words(action.lift_criteria_sd) if action else None,
        facts=facts,
        digest_words=words_of(canon.sha256_hex(held.row.raw)).split(),
    )
    return [f"Document {held.sha}", *(f"{MARKS.get(line.kind, '  ')}{line.text}" for line in lines)]


def names_here(session: Session) -> dict[str, str]:
    """What ids are called on this console: people, providers, surfaces."""
    names = {one.person: session.name_of(one.person) for one in session.roster.roster.persons}
    for stored in session.reader.entries(org=True, kinds=("provider.added", "surface.added")):
        ident = stored.entry.pub.get("surface") or stored.entry.pub.get("instance")
        name = stored.disclosed.get("name")
        if isinstance(ident, str) and isinstance(name, str):
            names[ident] = name
    return names


def varying_value(held: Held) -> tuple[str, str]:
    """What the signer has to type, and what it is: it differs from action to action, so no habit can type it."""
    if isinstance(held.document, Action):
        model = held.document.targets[0].model
        return f"{model} {len(held.document.targets)}", "the model's name and the count of targets"
    return words_of(held.sha).split()[0], "the first word of the document"


# -- signing -----------------------------------------------------------------------------------------------------------


def decide(session: Session, held: Held, decision: str, unlock: Callable[[], bytes], *, reason: str = "") -> Stored:
    """Sign an approval or a refusal with the approver key, in a child process, and carry it in one entry.

    Raises:
        WrongPassphrase: when it does not open the key; nothing was signed.
        WrongUse: for a decision that is neither, or a person who signed this already.
        WaitsForConnection: when a part of it cannot be shown here.
    """
    if decision not in ("approve", "refuse"):
        raise WrongUse("A decision is approve or refuse.", "Give one of them.")
    text(session, held)  # what cannot be shown cannot be signed, whoever calls
    feed, ref = session.person(), session.ref
    if decision == "approve" and session.me in judge(session, held).verdict.counted:
        raise WrongUse("You have signed this already.", "Somebody else has to sign now.")
    action = held.document if isinstance(held.document, Action) else None
    op = getattr(held.document, "op", None)
    key = keyfile.read_saved(session.paths.key("approver"), "approver")
    record = ApprovalRecord(
        org=session.org, doc=held.sha, doc_type="action.v1" if action else _type_of(held.document), op=op,
        decision="approve" if decision == "approve" else "refuse", person=session.me, key=key.public.fingerprint,
        console=session.settings.console, seat="own", at=session.clock.wall_ms(), roster=ref,
        nonce=new_nonce(session.entropy),
    )  # fmt: skip
    raw = canon.encode(record.as_json())
    blob = signer.sign_once(key, sshsig.approve_ns(session.org), raw, unlock())
    family = "correction" if action else "document"
    word = "approved" if decision == "approve" else "refused"
    pub: dict[str, JsonValue] = {"doc": held.sha, "record": b64(raw), "sig": b64(blob)}
    words: dict[str, JsonValue] = {"reason": reason} if reason else {}
    inc: str | None = getattr(held.document, "inc", None)
    return session.store.write(
        lambda tx: tx.append(feed, Draft(f"{family}.{word}", inc, op if action else None, pub, words), roster=ref)
    )


def _type_of(document: Document) -> str:
    return "action.v1" if isinstance(document, Action) else document.doc_type
