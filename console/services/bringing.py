"""What was carried here by hand is taken in through the journal's one door; each approval is proven before it is kept.

It believes nothing that was brought. What is refused is said, the rest is kept, and nothing here is lost by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from console.domain import frames
from console.domain.actions import Action, ApprovalRecord
from console.domain.errors import Problem, WrongUse
from console.domain.lists import list_of
from console.domain.profile import JsonValue
from console.journal.tx import Tx
from console.journal.values import Draft
from console.keys import canon
from console.outbox.authorise import doc_type
from console.outbox.facts import Held, prove_record, read_document
from console.providers.planned import from_disclosures
from console.services.approvals import APPROVABLE, Waiting, judge
from console.services.organisation import b64
from console.services.session import Session
from console.sync import carrier, early
from console.sync.carrier import Load, Record
from console.sync.report import Tally

MAX_PACKED_BYTES: Final = 4 * 1024 * 1024  # what pictures can hold opens to no more than this


@dataclass(frozen=True, slots=True)
class Received:
    """One approval that was brought: by whom, what they decided, what they said with it (nobody signed those words).

    `new` is whether it was not here yet; `why_not` why it does not count, empty where it does.
    """

    person: str
    decision: Literal["approve", "refuse"]
    remark: str
    new: bool
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of what was brought. `standing` is how its document stands here now, None where it is not here.

    `entries`, `documents` and `rosters` count what is new here; `faults` are sentences.
    """

    doc: str
    asks: bool
    entries: int
    documents: int
    rosters: int
    records: tuple[Received, ...]
    faults: tuple[str, ...]
    standing: Waiting | None


def open_frames(packed: bytes) -> bytes:
    """What a whole set of frames holds.

    Raises:
        NotTogether: when it cannot be unpacked.
    """
    return frames.unpack(packed, MAX_PACKED_BYTES)


def take(session: Session, data: bytes) -> Taken:
    """Take in what another console handed over. Taking in the same again changes nothing.

    Raises:
        NotCarried: when it is not readable.
        WrongUse: when it is of another organisation, or about a document that neither is here nor came with it.
    """
    load = carrier.decode(data)
    if load.org != session.org:
        kind = "practice" if load.org.startswith("d-") else "another organisation"
        raise WrongUse(f"It belongs to {kind} ({load.org}), not to this one.", "Nothing was taken in.")
    tally = Tally()
    early.take_in(session.store, "What was brought", load.parcel, tally, session.device)
    documents = _documents(session, load)
    lists = sum(_take_list(session, document, raw) for document in documents for raw in load.lists)
    held = _held(session, load.doc)
    if held is None:
        raise WrongUse(_why_not_here(load, tally), "Sync, or have it carried as a file, which brings more with it.")
    kept = [_receive(session, one) for one in load.records]
    tally.faults += [why for _, _, why in kept if why]
    standing = _standing(session, held, tally)
    counts = {} if standing is None else dict(standing.verdict.rejected)
    records = tuple(
        Received(record.person, record.decision, one.remark, new, counts.get(record.nonce, ""))
        for one, (record, new, _) in zip(load.records, kept, strict=True)
        if record is not None and record.doc == load.doc
    )
    return Taken(
        doc=load.doc, asks=load.asks, entries=tally.received, documents=tally.documents + lists,
        rosters=tally.rosters, records=records, faults=tuple(dict.fromkeys(tally.faults)), standing=standing,
    )  # fmt: skip


def _standing(session: Session, held: Held, tally: Tally) -> Waiting | None:
    """How it stands; where that cannot be judged here (no policy yet), that is one of the faults."""
    try:
        return judge(session, held)
    except Problem as fault:
        tally.faults.append(str(fault))
        return None


def _documents(session: Session, load: Load) -> Iterable[Held]:
    for raw in load.parcel.documents if load.lists else ():
        held = _held(session, canon.sha256_hex(raw))
        if held is not None:
            yield held


def _held(session: Session, sha: str) -> Held | None:
    try:
        with session.reader.snapshot() as connection:
            return read_document(connection, sha)
    except Problem:
        return None


def _why_not_here(load: Load, tally: Tally) -> str:
    if tally.faults:
        return f"The document {load.doc[:16]} could not be taken in: {tally.faults[0].rstrip('.')}."
    if load.asks:
        return f"Nothing that was brought proves who proposed the document {load.doc[:16]}; it was not taken in."
    return f"It is about the document {load.doc[:16]}, which is not here; none of its approvals was taken in."


def _take_list(session: Session, held: Held, raw: bytes) -> bool:
    """Keep the lines of a list that a document here names; whether they are new."""
    action, sha = held.document, canon.sha256_hex(raw)
    if not isinstance(action, Action) or session.reader.blob(sha) is not None:
        return False
    listed = (at for at, target in enumerate(action.targets) if target.listed is not None)
    if not any(_names(held, action, at, sha) for at in listed):
        return False
    session.store.write(lambda tx: tx.put_blob(raw, sha256=sha))
    return True


def _names(held: Held, action: Action, at: int, sha: str) -> bool:
    try:
        planned = from_disclosures(action.targets[at], held.disclosed(at), action.direction)
    except Problem:  # what it consists of is not all here
        return False
    return list_of(planned.params) == sha


def _receive(session: Session, one: Record) -> tuple[ApprovalRecord | None, bool, str]:
    """The proven record, whether it is new, and why it was not taken in."""
    feed, ref = session.device(), session.ref
    try:
        doc = _doc_of(one.raw)
        held = _held(session, doc)
        if held is None:
            return None, False, f"An approval of the document {doc[:16]}, which is not here, was not taken in."
        pub: dict[str, JsonValue] = {"doc": doc, "record": b64(one.raw), "sig": b64(one.sig), "carried_by": None}
        record = prove_record(pub, session.roster, session.clock.wall_ms()).record
    except Problem as fault:
        return None, False, f"An approval was not taken in: {fault.what}"
    inc: str | None = getattr(held.document, "inc", None)
    op: str | None = getattr(held.document, "op", None)
    if (record.doc_type, record.op) != (doc_type(held.document), op) or record.doc_type not in APPROVABLE:
        return None, False, "An approval was not taken in: it names another kind of document, or another action."
    subject = op if isinstance(held.document, Action) else None

    def keep(tx: Tx) -> bool:
        if early.is_known(tx, b64(one.raw)):
            return False
        tx.append(feed, Draft("approval.received", inc, subject, pub), roster=ref)
        return True

    return record, session.store.write(keep), ""


def _doc_of(raw: bytes) -> str:
    return ApprovalRecord.parse(canon.decode(raw, limit=carrier.MAX_RECORD_BYTES)).doc
