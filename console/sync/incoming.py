"""What a shared place offers this console: rosters first, then entries, documents and values, each proven at the door.

A file that is half-written, altered or not understood is named in one sentence, left where it is and tried again; the
rest goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from console.domain.errors import Problem
from console.domain.named_file import is_sealed
from console.journal.reader import Reader
from console.journal.segments import Disclosed, Pair, decode_disclosures, decode_segment, encode_segment
from console.journal.store import JournalStore
from console.journal.tx import Tx
from console.journal.values import Answer
from console.keys import canon
from console.keys.faults import TooFewSigners
from console.sync import held
from console.sync.faults import FileRefused, FileVanished
from console.sync.folder import FolderPlace, Listed
from console.sync.layout import MIB
from console.sync.people import Found, read_rosters
from console.sync.report import REFUSED, Tally

_AT_ONCE: Final = 16
_BATCH_BYTES: Final = 64 * MIB


@dataclass(frozen=True, slots=True)
class Intake:
    """The place as it was listed, and the journal that takes in. `here`: segments whose very bytes are here."""

    place: FolderPlace
    store: JournalStore
    listed: Sequence[Listed]
    tally: Tally
    here: set[str] = field(default_factory=set[str])


def take_rosters(intake: Intake) -> None:
    """New roster versions, in order; a version whose predecessor is missing waits for the next sync."""
    known = [sha for _, sha, _, _, _ in intake.store.reader().roster_files()]
    found, refused = read_rosters(intake.place, intake.listed, known)
    intake.tally.faults += [str(fault) for fault in refused]
    for one in found:
        try:
            answer = _put_roster(intake.store, one)
        except TooFewSigners as fault:
            why = fault.what.removeprefix("The roster is refused: ")
            intake.tally.faults.append(f"Roster {one.n} ({one.sha256[:16]}) waits for signatures: {why}")
            continue
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


def take_entries(intake: Intake, between: Callable[[], None] = lambda: None) -> bool:
    """Every segment that holds something new, each feed in its own order; what comes too early is tried again.

    `between` is called after every few segments: a long history must not keep what is urgent waiting. False where a
    segment vanished while it was read: its owner merged it with others, so list again.
    """
    news = [item for item in intake.listed if item.name.family == "segment" and _is_news(intake, item)]
    news.sort(key=lambda item: (item.name.first, item.name.feed or "", item.name.path))
    pending: dict[str, list[Pair]] = {}
    whole = True
    for at in range(0, len(news), _AT_ONCE):
        some = news[at : at + _AT_ONCE]
        for item, data in zip(some, intake.place.read_all([one.name for one in some]), strict=True):
            whole &= not isinstance(data, FileVanished)
            pairs = _opened(intake, item, data)
            if pairs and (rest := _offer_pairs(intake, item.name.path, pairs)):
                pending[item.name.path] = rest
        between()
    while pending:
        left = {path: rest for path, pairs in pending.items() if (rest := _offer_pairs(intake, path, pairs))}
        if sum(map(len, left.values())) == sum(map(len, pending.values())):
            break
        pending = left
    for path, pairs in pending.items():
        _report_waiting(intake, path, pairs)
    for item in news:  # what was taken in now is here as well
        _is_news(intake, item)
    return whole


def _opened(intake: Intake, item: Listed, data: bytes | FileRefused) -> list[Pair]:
    """The entries in what was read, or none and a sentence why."""
    try:
        if isinstance(data, FileRefused):
            raise data
        return decode_segment(data)
    except FileVanished:
        return []
    except FileRefused as fault:
        intake.tally.faults.append(str(fault))
    except Problem as fault:
        intake.tally.faults.append(str(FileRefused(item.name.path, fault.what.rstrip("."))))
    return []


def _is_news(intake: Intake, item: Listed) -> bool:
    """Whether the journal does not hold exactly these bytes already: the name is that of the content."""
    first, last = item.name.first, item.name.last
    reader, feed = intake.store.reader(), item.name.feed or ""
    if held.count(reader, feed, first, last) != last - first + 1:
        return True
    here = held.lines(reader, feed, first, last)
    data = encode_segment(one.pair for one in here)
    same = canon.sha256_hex(data) == item.name.sha
    if same and item.size == len(data):  # half of it may lie there under the whole one's name
        intake.here.add(item.name.path)
    return not same


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
        if answer in REFUSED:
            intake.tally.faults.append(f"{path}, line {number}: the entry {REFUSED[answer]}.")
    return left


def _report_waiting(intake: Intake, path: str, pairs: list[Pair]) -> None:
    intake.tally.waiting += len(pairs)
    answers = intake.store.write(lambda tx: [tx.ingest(raw, sig) for raw, sig in pairs])
    for answer in answers:
        intake.tally.count(answer)
    if Answer.unknown_key in answers:
        intake.tally.faults.append(
            f"{path}: {answers.count(Answer.unknown_key)} entries {REFUSED[Answer.unknown_key]}. They are tried again."
        )


def take_objects(intake: Intake) -> None:
    """Documents and files that an entry or roster here names and that are not here; nothing that nobody named."""
    reader = intake.store.reader()
    documents, files = held.missing_documents(reader), held.missing_files(reader)
    copies: dict[str, list[Listed]] = {}
    for item in intake.listed:
        if item.name.family == "object" and (item.name.sha in documents or item.name.sha in files):
            copies.setdefault(item.name.sha, []).append(item)
    while copies:  # where one feed's copy is no good, another's may be
        first = [items.pop(0) for items in copies.values()]
        for some in _batches(first):
            for item, data in zip(some, intake.place.read_all([one.name for one in some]), strict=True):
                if _take_object(intake, item, data, documents, sealed=files.get(item.name.sha, False)):
                    copies.pop(item.name.sha)
        copies = {sha: items for sha, items in copies.items() if items}


def _take_object(
    intake: Intake, item: Listed, data: bytes | FileRefused, documents: dict[str, str | None], *, sealed: bool
) -> bool:
    try:
        if isinstance(data, FileRefused):
            raise data
        if sealed:
            _require_sealed(item, data)
        _put(intake.store, item.name.sha, data, documents)
    except FileRefused as fault:
        intake.tally.faults.append(str(fault))
    except Problem as fault:
        intake.tally.faults.append(str(FileRefused(item.name.path, fault.what.rstrip("."))))
    else:
        intake.tally.documents += 1
        return True
    return False


def _require_sealed(item: Listed, data: bytes) -> None:
    if not is_sealed(data):
        raise FileRefused(item.name.path, "it is for named people and not encrypted")


def _batches(items: Sequence[Listed]) -> Iterator[list[Listed]]:
    """A few at a time, so that large files never come into memory all together."""
    batch: list[Listed] = []
    for item in items:
        if batch and (len(batch) == _AT_ONCE or sum(one.size for one in batch) + item.size > _BATCH_BYTES):
            yield batch
            batch = []
        batch.append(item)
    if batch:
        yield batch


def _put(store: JournalStore, sha: str, raw: bytes, documents: dict[str, str | None]) -> str:
    if sha in documents:
        return store.write(lambda tx: tx.put_document(raw, (), documents[sha], sha256=sha))
    return store.write(lambda tx: tx.put_blob(raw, sha256=sha))


def take_values(intake: Intake) -> bool:
    """Values of entries and documents that are here; the door drops what is redacted or belongs to nothing signed.

    False where a file vanished while it was read: its owner replaced it, so list again.
    """
    whole = True
    reader = intake.store.reader()
    news = [item for item in intake.listed if item.name.family == "disclosures" and not _holds_values(reader, item)]
    for some in _batches(news):
        for item, data in zip(some, intake.place.read_all([one.name for one in some]), strict=True):
            try:
                if isinstance(data, FileRefused):
                    raise data
                lines = decode_disclosures(data, limit=item.name.limit_bytes)
            except FileVanished:
                whole = False
            except FileRefused as fault:
                intake.tally.faults.append(str(fault))
            except Problem as fault:
                intake.tally.faults.append(str(FileRefused(item.name.path, fault.what.rstrip("."))))
            else:
                _put_values(intake.store, lines)
    return whole


def _holds_values(reader: Reader, item: Listed) -> bool:
    """Whether exactly these values are here already."""
    entries = held.lines(reader, item.name.feed or "", item.name.first, item.name.last)
    files = held.value_files(reader, entries) if entries else []
    return len(files) == 1 and canon.sha256_hex(files[0][2]) == item.name.sha


def _put_values(store: JournalStore, lines: list[Disclosed]) -> None:
    held = store.reader().disclosures([holder for holder, _ in lines])
    news = [(holder, texts) for holder, texts in lines if set(texts) - set(held.get(holder, ()))]
    if news:
        store.write(lambda tx: [tx.add_disclosures(holder, texts) for holder, texts in news])
