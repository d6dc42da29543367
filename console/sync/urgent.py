"""What of an own feed cannot wait for its history: decisions that are open, packed into one small file (decision 0063).

First whatever concerns a document that can still be signed or sent, then the feed's end, as far back as it fits, so
that a console that is nearly up to date has no gap. It only reads.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from console.domain.profile import MAX_DOCUMENT_BYTES
from console.journal.reader import Reader
from console.journal.segments import Disclosed
from console.journal.values import DocumentRow
from console.keys import canon
from console.sync import held, parcel
from console.sync.held import PROPOSALS, Line
from console.sync.layout import LIMIT_BYTES

CARRIERS: Final = ("correction.approved", "correction.refused", "document.approved", "document.refused")
_DECISIONS: Final = ("dispatch.authorised", "redaction.authorised", "closing.authorised")
URGENT: Final = (*PROPOSALS, *CARRIERS, *_DECISIONS, "correction.cancelled", "approval.received")
_WITHOUT_END: Final = ("ratification.v1",)  # due within a day, though its bytes do not say so
_WINDOW_MS: Final = 25 * 3_600_000  # nothing may be executed more than 24 h after it was written
_ROSTER_BYTES: Final = 48 * 1024
_TAIL: Final = 256
_MOST: Final = 64


@dataclass(slots=True)
class _Box:
    """The lines so far, by sort, and the room that is left in bytes."""

    room: int = LIMIT_BYTES["now"]
    rosters: list[bytes] = field(default_factory=list[bytes])
    entries: dict[int, bytes] = field(default_factory=dict[int, bytes])
    documents: dict[str, bytes] = field(default_factory=dict[str, bytes])
    values: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def add(self, entries: Iterable[Line], values: Iterable[Disclosed], row: DocumentRow | None = None) -> bool:
        """Put all of this in, or nothing where it does not fit."""
        new_entries = {one.seq: parcel.entry_line(one.pair) for one in entries if one.seq not in self.entries}
        new_values = {one[0]: parcel.value_line(one) for one in values if one[0] not in self.values}
        new_documents: dict[str, bytes] = {}
        if row is not None and row.sha256 not in self.documents:
            new_documents[row.sha256] = parcel.document_line(row.raw)
        parts = (new_entries, new_values, new_documents)
        weight = sum(len(line) for part in parts for line in part.values())
        if weight > self.room:
            return False
        self.room -= weight
        self.entries |= new_entries
        self.values |= new_values
        self.documents |= new_documents
        return True

    def bytes(self) -> bytes:
        """The file."""
        entries = (self.entries[seq] for seq in sorted(self.entries))
        return b"".join((*self.rosters, *entries, *self.documents.values(), *self.values.values()))


def pack(reader: Reader, feed: str, now_ms: int) -> tuple[int, bytes] | None:
    """The feed's newest number and its urgent file; None where nothing is open."""
    groups = _open_groups(reader, feed, now_ms)
    if not groups:
        return None
    box = _Box()
    _add_rosters(box, reader)
    for doc, entries in groups:
        row = reader.document(doc) if any(one.kind in PROPOSALS for one in entries) else None
        values = _values(reader, entries, row)
        if not box.add(entries, values, row):
            box.add(entries, ())  # too large: the document itself comes with the history
    head = reader.heads()[feed][0]
    tail = held.lines(reader, feed, max(0, head - _TAIL + 1), head)
    spoken = dict(_values(reader, tail, None))
    for one in reversed(tail):
        if not box.add((one,), [(one.id, spoken[one.id])] if one.id in spoken else ()):
            break
    return head, box.bytes()


def _open_groups(reader: Reader, feed: str, now_ms: int) -> list[tuple[str, list[Line]]]:
    """Entries by the open document they are about: what nobody decided yet first, then the newest."""
    groups: dict[str, list[Line]] = {}
    for one in held.recent(reader, feed, URGENT, now_ms - _WINDOW_MS):
        doc = held.read(one.raw).pub.get("doc")
        if isinstance(doc, str):
            groups.setdefault(doc, []).append(one)
    decided = {doc for doc, _ in held.named_lately(reader, _DECISIONS)}
    found = [(doc, entries) for doc, entries in groups.items() if _is_open(reader, doc, now_ms)]
    found.sort(key=lambda group: (group[0] in decided, -group[1][-1].seq))
    return found[:_MOST]


def _is_open(reader: Reader, doc: str, now_ms: int) -> bool:
    row = reader.document(doc)
    value = None if row is None else canon.decode(row.raw, limit=MAX_DOCUMENT_BYTES)
    if not isinstance(value, dict):
        return False
    ends = [value.get(name) for name in ("approve_by", "execute_by", "execute_by_unreachable")]
    times = [at for at in ends if isinstance(at, int)]
    return max(times) >= now_ms if times else value.get("type") in _WITHOUT_END


def _add_rosters(box: _Box, reader: Reader) -> None:
    """The newest versions, as far back as a quarter of the file goes."""
    room = _ROSTER_BYTES
    for _, _, raw, signatures, rival in reversed(reader.roster_files()):
        line = parcel.roster_line(raw, signatures)
        room -= len(line)
        if room < 0:
            break
        if not rival:
            box.rosters.insert(0, line)
            box.room -= len(line)
    policy = held.policy_of(reader.roster().raw)
    row = None if policy is None else reader.document(policy)
    box.add((), (), row)


def _values(reader: Reader, entries: Iterable[Line], row: DocumentRow | None) -> list[Disclosed]:
    ids = [one.id for one in entries]
    found: list[Disclosed] = list(reader.disclosures(ids).items())
    return [*found, (row.sha256, row.strings)] if row is not None and row.strings else found
