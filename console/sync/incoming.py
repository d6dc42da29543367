"""What a shared place offers this console: rosters first, then entries, documents and values, each proven at the door.

A file that is half-written, altered or not understood is named in one sentence, left where it is and tried again; the
rest goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.domain.errors import Problem
from console.domain.forms import Roster
from console.journal.reader import Reader
from console.journal.segments import (
    Disclosed,
    Pair,
    decode_disclosures,
    decode_segment,
    encode_disclosures,
    encode_segment,
)
from console.journal.store import JournalStore
from console.journal.tx import Tx
from console.journal.values import Answer
from console.keys import canon
from console.sync.faults import FileRefused
from console.sync.folder import FolderPlace, Listed
from console.sync.outgoing import blob_name, value_lines
from console.sync.people import Found, read_signed
from console.sync.report import Tally

_REFUSED = {
    Answer.malformed: "is no sound entry of this organisation",
    Answer.bad_signature: "has a signature that does not hold",
    Answer.unknown_key: "was signed by a key that no roster here lists for it",
    Answer.forked: "is a second, different entry at a place that was taken: that feed has forked",
    Answer.after_revocation: "was written after its key was revoked, so it is kept but does not count",
    Answer.skewed: "comes from a clock more than five minutes ahead",
}


@dataclass(frozen=True, slots=True)
class Intake:
    """The place as it was listed, and the journal that takes in."""

    place: FolderPlace
    store: JournalStore
    listed: Sequence[Listed]
    tally: Tally


def take_rosters(intake: Intake) -> None:
    """New roster versions, in order; a version whose predecessor is missing waits for the next sync."""
    known = [sha for _, sha, _, _, _ in intake.store.reader().roster_files()]
    found, refused = read_signed(intake.place, intake.listed, "roster", "roster-signature", known)
    intake.tally.faults += [str(fault) for fault in refused]
    for one in found:
        try:
            answer = _put_roster(intake.store, one)
        except Problem as fault:
            intake.tally.faults.append(f"Roster {one.n} ({one.sha256[:16]}): {fault}")
            continue
        intake.tally.rosters += answer in (Answer.inserted, Answer.forked)
        if answer is Answer.forked:
            intake.tally.faults.append(_rival(one))
        elif answer is Answer.gap:
            intake.tally.faults.append(f"Roster {one.n} waits for roster {one.n - 1}, which is not in the place yet.")


def _put_roster(store: JournalStore, one: Found) -> Answer:
    return store.write(lambda tx: tx.put_roster(one.raw, one.signatures))


def _rival(one: Found) -> str:
    return (
        f"The place holds a second, validly signed roster {one.n} ({one.sha256[:16]}): the admins have to sign one "
        "that names both. Containment goes on with people who stand in both."
    )


def take_entries(intake: Intake) -> None:
    """Every segment that holds something new, each feed in its own order; what comes too early is tried again."""
    waiting = [item for item in intake.listed if item.name.family == "segment" and _is_news(intake, item)]
    waiting.sort(key=lambda item: (item.name.first, item.name.feed or "", item.name.path))
    read: dict[str, list[Pair]] = {}
    for item in waiting:
        try:
            read[item.name.path] = decode_segment(intake.place.read(item.name))
        except FileRefused as fault:
            intake.tally.faults.append(str(fault))
        except Problem as fault:
            intake.tally.faults.append(str(FileRefused(item.name.path, fault.what.rstrip("."))))
    pending = read
    while pending:
        left = {path: rest for path, pairs in pending.items() if (rest := _offer_pairs(intake, path, pairs))}
        if sum(map(len, left.values())) == sum(map(len, pending.values())):
            break
        pending = left
    for path, pairs in pending.items():
        _report_waiting(intake, path, pairs)


def _is_news(intake: Intake, item: Listed) -> bool:
    """Whether the journal does not hold exactly these bytes already: the name is that of the content."""
    first, last = item.name.first, item.name.last
    held = intake.store.reader().feed(item.name.feed or "", first, last)
    if len(held) != last - first + 1:
        return True
    return canon.sha256_hex(encode_segment((one.raw, one.sig) for one in held)) != item.name.sha


def _offer_pairs(intake: Intake, path: str, pairs: list[Pair]) -> list[Pair]:
    """Offer a segment's entries in one transaction; gives back those that need something earlier first."""

    def work(tx: Tx) -> list[Answer]:
        return [tx.ingest(raw, sig) for raw, sig in pairs]

    left: list[Pair] = []
    for number, (pair, answer) in enumerate(zip(pairs, intake.store.write(work), strict=True), 1):
        if answer.retry:
            left.append(pair)
            continue
        intake.tally.count(answer)
        if answer in _REFUSED:
            intake.tally.faults.append(f"{path}, line {number}: the entry {_REFUSED[answer]}.")
    return left


def _report_waiting(intake: Intake, path: str, pairs: list[Pair]) -> None:
    intake.tally.waiting += len(pairs)
    answers = intake.store.write(lambda tx: [tx.ingest(raw, sig) for raw, sig in pairs])
    for answer in answers:
        intake.tally.count(answer)
    if Answer.unknown_key in answers:
        intake.tally.faults.append(
            f"{path}: {answers.count(Answer.unknown_key)} entries {_REFUSED[Answer.unknown_key]}. They are tried again."
        )


def take_objects(intake: Intake) -> None:
    """Documents and files that an entry or roster here names and that are not here; nothing that nobody named."""
    documents, blobs = _missing(intake)
    taken: set[str] = set()
    for item in intake.listed:
        sha = item.name.sha
        if item.name.family != "object" or sha in taken or (sha not in documents and sha not in blobs):
            continue
        try:
            raw = intake.place.read(item.name)
            _put(intake.store, sha, raw, documents)
        except FileRefused as fault:
            intake.tally.faults.append(str(fault))
        except Problem as fault:
            intake.tally.faults.append(str(FileRefused(item.name.path, fault.what.rstrip("."))))
        else:
            taken.add(sha)
            intake.tally.documents += 1


def _put(store: JournalStore, sha: str, raw: bytes, documents: dict[str, str | None]) -> str:
    if sha in documents:
        return store.write(lambda tx: tx.put_document(raw, (), documents[sha], sha256=sha))
    return store.write(lambda tx: tx.put_blob(raw, sha256=sha))


def _missing(intake: Intake) -> tuple[dict[str, str | None], set[str]]:
    """Documents named and not here, with the entry that carries them; and files."""
    reader = intake.store.reader()
    documents: dict[str, str | None] = {}
    blobs: set[str] = set()
    for one in reader.entries():
        for field in ("doc", "policy"):
            named = one.entry.pub.get(field)
            if isinstance(named, str):
                documents.setdefault(named, one.id)
        sha = blob_name(one.disclosed.get("blob"))
        if sha is not None:
            blobs.add(sha)
    for _, _, raw, _, _ in reader.roster_files():
        policy = Roster.parse(canon.decode(raw, limit=len(raw))).policy
        if policy is not None:
            documents[policy] = None
    for sha, _, _ in reader.documents():
        documents.pop(sha, None)
    return documents, blobs - {sha for sha, _ in reader.blobs()} - reader.tombstones()


def take_values(intake: Intake) -> None:
    """Values of entries and documents that are here; the door drops what is redacted or belongs to nothing signed."""
    for item in intake.listed:
        if item.name.family != "disclosures" or _holds_values(intake.store.reader(), item):
            continue
        try:
            lines = decode_disclosures(intake.place.read(item.name), limit=item.name.limit_bytes)
        except FileRefused as fault:
            intake.tally.faults.append(str(fault))
        except Problem as fault:
            intake.tally.faults.append(str(FileRefused(item.name.path, fault.what.rstrip("."))))
        else:
            _put_values(intake.store, lines)


def _holds_values(reader: Reader, item: Listed) -> bool:
    """Whether exactly these values are here already."""
    entries = reader.feed(item.name.feed or "", item.name.first, item.name.last)
    return canon.sha256_hex(encode_disclosures(value_lines(reader, entries))) == item.name.sha


def _put_values(store: JournalStore, lines: list[Disclosed]) -> None:
    held = store.reader().disclosures([holder for holder, _ in lines])
    news = [(holder, texts) for holder, texts in lines if set(texts) - set(held.get(holder, ()))]
    if news:
        store.write(lambda tx: [tx.add_disclosures(holder, texts) for holder, texts in news])
