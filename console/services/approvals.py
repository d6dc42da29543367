"""What waits for signatures, the text a signer reads (made from the very bytes), and the signature itself.

An approver key is opened in a child process for one signature. Nothing here can approve without its passphrase.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from console.domain.actions import Action, ApprovalRecord, Document
from console.domain.errors import Problem, WrongUse
from console.domain.facts import HARDWARE, Facts, Signed
from console.domain.profile import MAX_DOCUMENT_BYTES, JsonValue
from console.domain.quorum import Verdict, quorum
from console.domain.render import approval_text
from console.journal.values import Draft, Stored
from console.keys import canon, keyfile, signer, sshsig
from console.keys.keyfile import SavedKey
from console.keys.words import words_of
from console.outbox.facts import CARRIERS, Held, View, gather, proven_records, read_document
from console.runtime.ids import new_nonce
from console.services.guests import Guest, find_guest, guests_here
from console.services.machine_time import doubted_by
from console.services.organisation import b64
from console.services.readings import Reading, readings
from console.services.redacted_values import shown_values
from console.services.rulings import rulings_of
from console.services.session import Session

__all__ = [
    "APPROVABLE", "Guest", "Judged", "Opened", "Reading", "Waiting", "ask", "decide", "find_guest",
    "guests_here", "judge", "names_here", "open_values", "readings", "text", "varying_value", "waiting", "weigh_up",
    "why_not_counted",
]  # fmt: skip
APPROVABLE = ("action.v1", "closing.v1", "redaction.v1", "extension.v1", "ratification.v1", "clock.v1")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A document and how it stands: who proposed it, the rule's answer, who decided already."""

    sha: str
    document: Document
    proposer: str | None
    verdict: Verdict
    authorised: bool
    cancelled: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """How a document stands, with all it was judged by: the facts, each proven record once with its first carrier.

    `proposal` is the entry that proposed it, where it is here.
    """

    standing: Waiting
    facts: Facts
    records: tuple[tuple[Stored, Signed], ...]
    proposal: Stored | None


def weigh_up(session: Session, held: Held) -> Judged:
    """Judge a document here and now, by the same rule that the dispatcher and the auditor run."""
    roster, now, by = session.roster, session.clock.wall_ms(), doubted_by(session)
    with session.reader.snapshot() as connection:
        view = View(connection)
        carried = [one for one in view.entries(CARRIERS) if one.entry.pub.get("doc") == held.sha]
        first: dict[str, tuple[Stored, Signed]] = {}
        for carrier, one in proven_records(carried, roster):
            first.setdefault(one.record.nonce, (carrier, one))
        records = tuple(first.values())
        facts = gather(view, held, roster, now)
        signed = [one for _, one in records]
        verdict = quorum(held.sha, held.document, signed, facts, now, doubtful=by is not None, deciding=by)
        done = rulings_of(session).decided(connection, held.sha)
        proposals = view.entries(("correction.proposed", "document.proposed"))
        proposal = next((one for one in proposals if one.entry.pub.get("doc") == held.sha), None)
    return Judged(
        Waiting(held.sha, held.document, facts.proposer, verdict, done, facts.cancelled), facts, records, proposal
    )


def judge(session: Session, held: Held) -> Waiting:
    """How a document stands here and now."""
    return weigh_up(session, held).standing


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
            if getattr(held.document, "approve_by", now) < now:
                continue  # before it is judged: nearly all of a long record is past its time
            one = judge(session, held)
        except Problem:
            continue  # parts of it are not here yet: the next sync brings them
        if not (one.authorised or one.cancelled):
            found.append(one)
    return found


# -- the text ----------------------------------------------------------------------------------------------------------

MARKS = {"heading": "", "fact": "  ", "warning": "  ! ", "request": "    "}


@dataclass(frozen=True, slots=True)
class Opened:
    """The values beside a document's bytes, each proven against a digest in them: by target, reason, lift criteria."""

    targets: tuple[Mapping[str, JsonValue], ...]
    reason: str | None
    lift_criteria: str | None


def open_values(held: Held) -> Opened:
    """The values of a document that are here."""
    action = held.document if isinstance(held.document, Action) else None
    known = held.row.disclosed_by_digest

    def words(digest: str | None) -> str | None:
        found = known.get(digest) if digest is not None else None
        return found[1] if found is not None and isinstance(found[1], str) else None

    return Opened(
        tuple(held.disclosed(at) for at in range(len(action.targets))) if action else (),
        words(getattr(held.document, "reason_sd", None)),
        words(action.lift_criteria_sd) if action else None,
    )


def text(session: Session, held: Held) -> list[str]:
    """What the signer reads, from the bytes that would be signed and nothing else; gravity is computed anew here.

    Raises:
        NotAllHere: when a disclosure is missing: what cannot be shown cannot be approved.
        WaitsForConnection: when the lines of a list are.
        UnknownField: when a newer version wrote it.
    """
    from console.services.canaries import strange_canaries  # noqa: PLC0415  as below
    from console.services.listed import lines_for  # noqa: PLC0415  what waits is listed before adapters are imported

    with session.reader.snapshot() as connection:
        facts = gather(View(connection), held, session.roster, session.clock.wall_ms())
    opened = open_values(held)
    lines = approval_text(
        canon.decode(held.row.raw, limit=MAX_DOCUMENT_BYTES), opened.targets,
        {**names_here(session), **shown_values(session, held)},
        reason=opened.reason, lift_criteria=opened.lift_criteria, facts=facts,
        digest_words=words_of(canon.sha256_hex(held.row.raw)).split(),
    )  # fmt: skip
    told = [f"{MARKS.get(line.kind, '  ')}{line.text}" for line in lines]
    strange = [f"{MARKS['warning']}{line}" for line in strange_canaries(session, held)]
    return [f"Document {held.sha}", *told, *strange, *lines_for(session, held)]


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


def decide(
    session: Session, held: Held, decision: str, unlock: Callable[[], bytes], *, reason: str = "",
    guest: Guest | None = None, shown: str | None = None,
) -> Stored:  # fmt: skip
    """Sign an approval or a refusal with the approver key, in a child process, and carry it in one entry.

    `guest` signs at this console's shared seat with their own key; the console's own feed carries it. `shown` is the
    document that was first shown to the signer.

    Raises:
        WrongPassphrase: when it does not open the key; nothing was signed.
        WrongUse: for a decision that is neither, a person who signed this already, or another document than was shown.
        WaitsForConnection: when a part of it cannot be shown here.
    """
    if decision not in ("approve", "refuse"):
        raise WrongUse("A decision is approve or refuse.", "Give one of them.")
    if canon.sha256_hex(held.row.raw) != held.sha or shown not in (None, held.sha):
        raise WrongUse("This is not the document that was shown; nothing was signed.", "Open it again and read it.")
    if guest is not None and reason:
        raise WrongUse("A remark cannot be kept with a signature at a shared seat.", "Leave it out, or write a note.")
    text(session, held)  # what cannot be shown cannot be signed, whoever calls
    feed = session.person() if guest is None else session.device()
    _require_counts(session, held, decision, guest)
    key = keyfile.read_saved(session.paths.key("approver"), "approver") if guest is None else guest.key
    raw = canon.encode(_record(session, held, decision, key, guest).as_json())
    blob = signer.sign_single(key, sshsig.approve_ns(session.org), raw, unlock)
    pub: dict[str, JsonValue] = {"doc": held.sha, "record": b64(raw), "sig": b64(blob)}
    words: dict[str, JsonValue] = {"reason": reason} if reason else {}
    family = "correction" if isinstance(held.document, Action) else "document"
    kind = f"{family}.{'approved' if decision == 'approve' else 'refused'}"
    if guest is not None:
        kind, pub["carried_by"] = "approval.received", None
    inc: str | None = getattr(held.document, "inc", None)
    op: str | None = held.document.op if isinstance(held.document, Action) else None
    ref = session.ref
    return session.store.write(lambda tx: tx.append(feed, Draft(kind, inc, op, pub, words), roster=ref))


def _require_counts(session: Session, held: Held, decision: str, guest: Guest | None) -> None:
    if decision != "approve":
        return
    judged = weigh_up(session, held)
    person = session.me if guest is None else guest.person
    if person in judged.standing.verdict.counted:
        who = "You have" if guest is None else f"{guest.name} has"
        raise WrongUse(f"{who} signed this already.", "Somebody else has to sign now.")
    if guest is not None and (why := why_not_counted(session, held, guest, judged)):
        raise WrongUse(why, "Sign it at your own console; nothing was signed here.")


def why_not_counted(session: Session, held: Held, guest: Guest, judged: Judged | None = None) -> str | None:
    """Why an approval at the shared seat would not count, as one sentence; None where it would."""
    judged = judged or weigh_up(session, held)
    now = session.clock.wall_ms()
    record = _record(session, held, "approve", guest.key, guest)
    kind = guest.key.public.kind
    trial = Signed(record, kind, kind == HARDWARE, now)
    signed: Sequence[Signed] = [*(one for _, one in judged.records), trial]
    by = doubted_by(session)
    verdict = quorum(held.sha, held.document, signed, judged.facts, now, doubtful=by is not None, deciding=by)
    if guest.person in verdict.counted:
        return None
    why = dict(verdict.rejected).get(record.nonce) or dict(verdict.cannot).get(guest.person)
    if why is None and verdict.gravity == "critical":
        return "At a shared seat a software key never counts for what is critical."
    return f"It would not count: {why or 'a software key at a shared seat is not enough for it'}."


def _record(session: Session, held: Held, decision: str, key: SavedKey, guest: Guest | None) -> ApprovalRecord:
    seat: Literal["own", "shared"] = "own" if guest is None else "shared"
    return ApprovalRecord(
        org=session.org, doc=held.sha, doc_type=_type_of(held.document), op=getattr(held.document, "op", None),
        decision="approve" if decision == "approve" else "refuse",
        person=session.me if guest is None else guest.person, key=key.public.fingerprint,
        console=session.settings.console, seat=seat, at=session.clock.wall_ms(), roster=session.ref,
        nonce=new_nonce(session.entropy),
    )  # fmt: skip


def ask(session: Session, held: Held, question: str) -> Stored:
    """A question to the proposer: a note about the proposal. It decides nothing and ends nothing.

    Raises:
        WrongUse: for an empty one.
    """
    if not question.strip():
        raise WrongUse("There is nothing to ask.", "Write the question.")
    proposal = weigh_up(session, held).proposal
    pub: dict[str, JsonValue] = {} if proposal is None else {"of": [proposal.id]}
    inc: str | None = getattr(held.document, "inc", None)
    op: str | None = getattr(held.document, "op", None)
    return session.append(Draft("note", inc, op, pub, {"text": question}))


def _type_of(document: Document) -> str:
    return "action.v1" if isinstance(document, Action) else document.doc_type
