"""Takes in what an urgent file holds, before the history it belongs to: everything through the journal's one door.

An entry whose place in its feed cannot be shown yet is proven by itself. Then the document it proposes can be read and
signed, and the approval it carries be counted; the entry itself joins the record when its history has come.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from console.domain.actions import Action, ApprovalRecord, parse_document
from console.domain.errors import Problem
from console.domain.facts import approver_keys
from console.domain.forms import Entry
from console.domain.profile import MAX_DOCUMENT_BYTES
from console.journal import envelope
from console.journal.store import JournalStore
from console.journal.tx import Tx
from console.journal.values import Answer, Draft, FeedSigner
from console.keys import canon, sshsig
from console.keys.publickey import PublicKey
from console.keys.roster import VerifiedRoster
from console.sync.held import PROPOSALS, policy_of
from console.sync.parcel import Parcel
from console.sync.people import prove_signature
from console.sync.report import REFUSED, Tally
from console.sync.urgent import CARRIERS

Machine = Callable[[], FeedSigner]
_COUNTS: Final = (Answer.inserted, Answer.exists, Answer.skewed)
_MAX_RECORD_BYTES: Final = 16 * 1024


@dataclass(slots=True)
class _Taken:
    """What one file's entries came to: documents they name, approvals whose entry has no place yet, refusals."""

    named: dict[str, str | None] = field(default_factory=dict[str, str | None])
    loose: list[tuple[str, Entry]] = field(default_factory=list[tuple[str, Entry]])
    answers: list[Answer] = field(default_factory=list[Answer])
    documents: int = 0


def take_in(store: JournalStore, path: str, parcel: Parcel, tally: Tally, machine: Machine | None) -> None:
    """Offer an urgent file to the journal: rosters, entries, documents they name, values, approvals."""
    for raw, signatures in parcel.rosters:
        _take_roster(store, raw, signatures, tally)
    try:
        taken = store.write(lambda tx: _take(tx, parcel))
    except Problem as fault:  # as when no roster is here yet
        tally.faults.append(f"{path}: {fault}")
        return
    for answer in taken.answers:
        if answer is not Answer.exists and not answer.retry:
            tally.count(answer)
    for answer in sorted({one for one in taken.answers if one in REFUSED and not one.retry}):
        tally.faults.append(f"{path}: an entry {REFUSED[answer]}.")
    tally.documents += taken.documents
    tally.early += taken.documents
    if taken.loose and machine is not None:
        tally.early += _take_approvals(store, taken.loose, machine)


def _take_roster(store: JournalStore, raw: bytes, signatures: dict[str, bytes], tally: Tally) -> None:
    """A version that does not follow is left to the ordinary way, which says so."""
    good: dict[str, bytes] = {}
    for fingerprint, blob in signatures.items():
        try:
            prove_signature(raw, blob, fingerprint)
        except Problem:
            continue
        good[fingerprint] = blob
    try:
        tally.rosters += store.write(lambda tx: tx.put_roster(raw, good)) is Answer.inserted
    except Problem:
        return


def _take(tx: Tx, parcel: Parcel) -> _Taken:
    taken = _Taken()
    for (raw,) in tx.connection.execute("SELECT raw FROM roster").fetchall():
        policy = policy_of(raw)
        if policy is not None:
            taken.named[policy] = None
    for raw, sig in parcel.entries:
        answer = tx.ingest(raw, sig)
        taken.answers.append(answer)
        entry: Entry | Answer = answer
        if answer is Answer.gap:
            entry = tx.prove(raw, sig)
        elif answer in _COUNTS:
            entry = envelope.read_entry(raw)
        if isinstance(entry, Entry):
            _note(taken, canon.sha256_hex(raw), entry, loose=answer is Answer.gap)
    for raw in parcel.documents:
        sha = canon.sha256_hex(raw)
        known = tx.connection.execute("SELECT 1 FROM document WHERE sha256 = ?", (sha,)).fetchone()
        if sha in taken.named and known is None and _is_document(raw):
            tx.put_document(raw, (), taken.named[sha], sha256=sha)
            taken.documents += 1
    for holder, texts in parcel.values:
        tx.add_disclosures(holder, texts)
    return taken


def _note(taken: _Taken, ident: str, entry: Entry, *, loose: bool) -> None:
    doc = entry.pub.get("doc")
    if not isinstance(doc, str):
        return
    if entry.kind in PROPOSALS:
        taken.named.setdefault(doc, ident)
    elif loose and entry.kind in CARRIERS:
        taken.loose.append((ident, entry))


def _is_document(raw: bytes) -> bool:
    try:
        value = canon.decode(raw, limit=MAX_DOCUMENT_BYTES)
    except Problem:
        return False
    return isinstance(value, dict) and isinstance(value.get("type"), str)


def _take_approvals(store: JournalStore, loose: Sequence[tuple[str, Entry]], machine: Machine) -> int:
    """Record proven approvals of what this console dispatches in its own feed; how many were new."""
    try:
        feed = machine()
        return store.write(lambda tx: sum(_take_approval(tx, feed, ident, entry) for ident, entry in loose))
    except Problem:
        return 0  # this console cannot write yet: they come with the history


def _take_approval(tx: Tx, feed: FeedSigner, ident: str, entry: Entry) -> bool:
    doc, record = str(entry.pub.get("doc")), str(entry.pub.get("record"))
    if not _dispatches(tx, feed, doc) or is_known(tx, record) or not _is_proven(entry, tx.roster()):
        return False
    pub = {"doc": doc, "record": record, "sig": entry.pub["sig"], "carried_by": ident}
    draft = Draft("approval.received", inc=entry.inc, subj=entry.subj, pub=pub)
    tx.append(feed, draft, roster=tx.roster().ref)
    return True


def _dispatches(tx: Tx, feed: FeedSigner, doc: str) -> bool:
    row = tx.connection.execute("SELECT raw FROM document WHERE sha256 = ?", (doc,)).fetchone()
    if row is None:
        return False
    try:
        found = parse_document(canon.decode(row[0], limit=MAX_DOCUMENT_BYTES))
    except Problem:
        return False
    return isinstance(found, Action) and any(target.dispatchers[0] == feed.feed for target in found.targets)


def is_known(tx: Tx, record: str) -> bool:
    """Whether an entry here carries this approval record (in base64) already."""
    marks = ",".join("?" * len(CARRIERS))
    found = tx.connection.execute(
        f"SELECT 1 FROM entry WHERE kind IN ('approval.received',{marks}) "  # noqa: S608  marks only
        "AND json_extract(CAST(raw AS TEXT), '$.pub.record') = ? LIMIT 1",
        (*CARRIERS, record),
    ).fetchone()
    return found is not None


def _is_proven(entry: Entry, roster: VerifiedRoster) -> bool:
    """Whether the record is the approval of one of the roster's approver keys, about the document its entry names."""
    try:
        raw = base64.b64decode(str(entry.pub.get("record")), validate=True)
        sig = base64.b64decode(str(entry.pub.get("sig")), validate=True)
        record = ApprovalRecord.parse(canon.decode(raw, limit=_MAX_RECORD_BYTES))
        listed = approver_keys(roster.roster).get(record.key)
        if listed is None or record.doc != entry.pub.get("doc"):
            return False
        sshsig.verify(PublicKey.parse(listed[1].key), sshsig.approve_ns(roster.roster.org), raw, sig)
    except (Problem, binascii.Error):
        return False
    return True
