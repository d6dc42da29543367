"""What this console offers in a shared place: its own feeds, their documents and values, and the rosters it knows.

It writes under its own feeds' prefixes only, adds and never overwrites; a half-written file of its own it mends, and
values redacted meanwhile it takes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from console.domain.ids import is_sha256
from console.domain.profile import JsonValue
from console.journal.reader import Reader
from console.journal.segments import Disclosed, chunks, encode_disclosures, encode_segment
from console.journal.values import Stored
from console.keys import canon
from console.sync import layout
from console.sync.faults import FileRefused
from console.sync.folder import FolderPlace, Listed
from console.sync.people import put_roster
from console.sync.report import Tally

PROPOSALS = ("correction.proposed", "document.proposed")


@dataclass(frozen=True, slots=True)
class Offer:
    """The place as it was listed, and the journal that offers."""

    place: FolderPlace
    reader: Reader
    listed: Sequence[Listed]
    tally: Tally


def blob_name(value: JsonValue) -> str | None:
    """The SHA-256 that a `blob` disclosure names, None where it names none."""
    fields = list(value.values()) if isinstance(value, dict) else [value]
    return next((text for text in fields if is_sha256(text) and isinstance(text, str)), None)


def offer_rosters(offer: Offer) -> None:
    """Every roster version known here, rivals too, with its signatures."""
    there = {item.name.path for item in offer.listed}
    for n, sha, raw, signatures, _ in offer.reader.roster_files():
        names = [layout.roster_name(n, sha), *(layout.roster_signature_name(n, sha, key) for key in signatures)]
        if any(name not in there for name in names):
            offer.tally.sent += put_roster(offer.place, n, raw, signatures)


def offer_feed(offer: Offer, feed: str) -> None:
    """One own feed: entries not there yet as segments, then documents and blobs, then values."""
    entries = offer.reader.feed(feed)
    if not entries or any(one.seq != at for at, one in enumerate(entries)):
        return  # forked: what is there stays, and nothing more is written under this name
    ranges = _offer_segments(offer, feed, entries)
    _offer_objects(offer, feed, entries)
    _offer_values(offer, feed, entries, ranges)


def _offer_segments(offer: Offer, feed: str, entries: list[Stored]) -> list[tuple[int, int]]:
    """Send what is missing; gives the ranges that now lie there, in order."""
    ranges: list[tuple[int, int]] = []
    upto = 0
    mine = [item for item in offer.listed if item.name.family == "segment" and item.name.feed == feed]
    for item in sorted(mine, key=lambda one: (one.name.first, -one.name.last)):
        first, last = item.name.first, item.name.last
        data = encode_segment((one.raw, one.sig) for one in entries[first : last + 1])
        if last >= len(entries) or canon.sha256_hex(data) != item.name.sha:
            continue  # the way in reports what it is: a copy of this profile that went on, or somebody's forgery
        if item.size != len(data):
            offer.place.mend(item.name.path, data)
            offer.tally.sent += 1
        if first <= upto <= last:
            ranges.append((first, last))
            upto = last + 1
    for run in chunks([(one.raw, one.sig) for one in entries[upto:]]):
        data = encode_segment(run)
        name = layout.segment_name(feed, upto, upto + len(run) - 1, canon.sha256_hex(data))
        offer.tally.sent += offer.place.create(name, data)
        ranges.append((upto, upto + len(run) - 1))
        upto += len(run)
    return ranges


def _offer_objects(offer: Offer, feed: str, entries: Iterable[Stored]) -> None:
    there = {item.name.sha: item for item in offer.listed if item.name.family == "object" and item.name.feed == feed}
    anywhere = {item.name.sha for item in offer.listed if item.name.family == "object"}
    objects: dict[str, bytes] = {}
    for one in entries:
        _gather_objects(offer.reader, one, objects)
    for _, _, raw, _, _ in offer.reader.roster_files():
        policy = _policy_of(raw)
        row = offer.reader.document(policy) if policy is not None and policy not in anywhere else None
        if row is not None:
            objects[row.sha256] = row.raw
    for sha, data in objects.items():
        name = layout.object_name(feed, sha)
        if sha not in there:
            offer.tally.sent += offer.place.create(name, data)
        elif there[sha].size != len(data):
            offer.place.mend(name, data)
            offer.tally.sent += 1


def _gather_objects(reader: Reader, one: Stored, objects: dict[str, bytes]) -> None:
    doc = one.entry.pub.get("doc")
    if one.entry.kind in PROPOSALS and isinstance(doc, str):
        row = reader.document(doc)
        if row is not None:
            objects[doc] = row.raw
    # need-to-know files would have to be encrypted first, held ones are never copied
    sha = blob_name(one.disclosed.get("blob")) if one.entry.pub.get("class", "open") == "open" else None
    raw = None if sha is None else reader.blob(sha)
    if sha is not None and raw is not None:
        objects[sha] = raw


def _policy_of(raw: bytes) -> str | None:
    value = canon.decode(raw, limit=layout.LIMIT_BYTES["roster"])
    policy = value.get("policy") if isinstance(value, dict) else None
    return policy if isinstance(policy, str) else None


def _offer_values(offer: Offer, feed: str, entries: list[Stored], ranges: Iterable[tuple[int, int]]) -> None:
    """Values of each range in a file of its own; a former file of the same range goes, redacted values with it."""
    mine = [item for item in offer.listed if item.name.family == "disclosures" and item.name.feed == feed]
    wanted: dict[str, bytes] = {}
    for first, last in ranges:
        data = encode_disclosures(value_lines(offer.reader, entries[first : last + 1]))
        if data:
            wanted[layout.disclosures_name(feed, first, last, canon.sha256_hex(data))] = data
    there = {item.name.path: item.size for item in mine}
    for name, data in wanted.items():
        if name not in there:
            offer.tally.sent += offer.place.create(name, data)
        elif there[name] != len(data):
            offer.place.mend(name, data)
            offer.tally.sent += 1
    for name in there:
        if name not in wanted:
            try:
                offer.place.remove(name)
            except FileRefused as fault:
                offer.tally.faults.append(str(fault))


def value_lines(reader: Reader, entries: list[Stored]) -> list[Disclosed]:
    """Lines of (holder, values): each entry, then the document it proposes; with a feed's beginning, the rosters."""
    holders: list[str] = []
    for one in entries:
        holders.append(one.id)
        doc = one.entry.pub.get("doc")
        if one.entry.kind in PROPOSALS and isinstance(doc, str):
            holders.append(doc)
        if one.seq == 0:
            holders.extend(sha for _, sha, _, _, _ in reader.roster_files())
    found = reader.disclosures(holders)
    return [(holder, found[holder]) for holder in dict.fromkeys(holders) if found.get(holder)]
