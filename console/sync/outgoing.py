"""What this console offers in a shared place: its own feeds, their documents and values, and the rosters it knows.

It writes under its own feeds' prefixes only, adds and never overwrites; a half-written file of its own it mends, small
ones it merges, and values redacted meanwhile it takes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from console.domain.named_file import is_sealed
from console.journal.reader import Reader
from console.keys import canon
from console.sync import compact, held, layout
from console.sync.faults import FileRefused
from console.sync.folder import FolderPlace, Listed
from console.sync.held import Line
from console.sync.people import put_roster
from console.sync.report import Tally


@dataclass(frozen=True, slots=True)
class Offer:
    """The place as it was listed, and the journal that offers."""

    place: FolderPlace
    reader: Reader
    listed: Sequence[Listed]
    tally: Tally


def offer_rosters(offer: Offer) -> None:
    """Every roster version known here, rivals too, with its signatures."""
    there = {item.name.path for item in offer.listed}
    for n, sha, raw, signatures, _ in offer.reader.roster_files():
        names = [layout.roster_name(n, sha), *(layout.roster_signature_name(n, sha, key) for key in signatures)]
        if any(name not in there for name in names):
            offer.tally.sent += put_roster(offer.place, n, raw, signatures)


def offer_feed(offer: Offer, feed: str) -> None:
    """One own feed: entries not there yet as segments, then documents and files, then values; then room is made."""
    entries = held.lines(offer.reader, feed)
    if not entries:
        return
    if any(one.seq != at for at, one in enumerate(entries)):
        _offer_forked(offer, feed, entries)
        return
    found = compact.own_segments(offer.place, offer.listed, feed, entries)
    offer.tally.sent += found.mended
    fresh = list(compact.missing(feed, entries, found.names))
    made = create_all(offer, [(name.path, data) for name, data in fresh])
    # where the name was taken, somebody else's bytes may lie there: never lean on those
    found.names += [name for (name, _), done in zip(fresh, made, strict=True) if done]
    _offer_objects(offer, feed, entries)
    _offer_values(offer, feed, entries, compact.covering(found.names))
    for name in compact.superseded(found.names):
        remove(offer, name.path)


def _offer_forked(offer: Offer, feed: str, entries: Sequence[Line]) -> None:
    """Nothing is written in it any more, but everything that was said in it is somebody's word: every side goes out.

    What lies there already stays; numbers no longer tell places, so nothing of it is merged or superseded.
    """
    there = {item.name.path: item.size for item in offer.listed}
    pieces = compact.every_side(feed, entries)
    for name, data in pieces:
        if name.path in there and there[name.path] != len(data):
            offer.place.mend(name.path, data)
            offer.tally.sent += 1
    create_all(offer, [(name.path, data) for name, data in pieces if name.path not in there])
    _offer_objects(offer, feed, entries)
    _offer_values(offer, feed, entries, compact.runs(entries))


def _offer_objects(offer: Offer, feed: str, entries: Sequence[Line]) -> None:
    there = {item.name.sha: item for item in offer.listed if item.name.family == "object" and item.name.feed == feed}
    anywhere = {item.name.sha for item in offer.listed if item.name.family == "object"}
    for sha in offer.reader.tombstones() & set(there):
        remove(offer, there[sha].name.path)
    for sha, sealed in _object_names(offer.reader, feed, entries, anywhere).items():
        # a document or file is read only where it is missing; its size tells whether half of it lies there
        if sha in there and there[sha].size == size_here(offer.reader, sha):
            continue
        data = object_here(offer.reader, sha)
        if data is None or (sealed and not is_sealed(data)):
            continue
        name = layout.object_name(feed, sha)
        if sha in there:
            offer.place.mend(name, data)
            offer.tally.sent += 1
        else:
            offer.tally.sent += offer.place.create(name, data)


def _object_names(reader: Reader, feed: str, entries: Sequence[Line], anywhere: set[str]) -> dict[str, bool]:
    """What this feed's writer publishes, and whether it must be encrypted to leave (`held.travelling`).

    Documents it proposed, files it took in, policies nobody published yet.
    """
    names = dict.fromkeys((doc for one in entries if (doc := one.doc()) is not None), False)
    names |= held.travelling(held.file_names(reader, feed))
    return names | dict.fromkeys((sha for sha in held.policies(reader) if sha not in anywhere), False)


def size_here(reader: Reader, sha: str) -> int | None:
    """How large a document or file is, where it is here."""
    with reader.snapshot() as connection:
        row = connection.execute(
            "SELECT length(raw) FROM document WHERE sha256 = ? UNION ALL SELECT size FROM blob WHERE sha256 = ?",
            (sha, sha),
        ).fetchone()
    return None if row is None else int(row[0])


def object_here(reader: Reader, sha: str) -> bytes | None:
    """A document's or file's bytes, where it is here."""
    row = reader.document(sha)
    return reader.blob(sha) if row is None else row.raw


def _offer_values(offer: Offer, feed: str, entries: Sequence[Line], ranges: Iterable[tuple[int, int]]) -> None:
    """Values of each range in files of their own; a former file of the same range goes, redacted values with it."""
    every = [item for item in offer.listed if item.name.family == "disclosures"]
    mine = [item for item in every if (item.name.feed, item.name.by) == (feed, None)]
    wanted: dict[str, bytes] = {}
    for first, last in ranges:
        for low, high, data in held.value_files(offer.reader, entries[first : last + 1]):
            wanted[layout.disclosures_name(feed, low, high, canon.sha256_hex(data))] = data
    there = {item.name.path: item.size for item in mine}
    create_all(offer, [(name, data) for name, data in wanted.items() if name not in there])
    for name, data in wanted.items():
        if there.get(name, len(data)) != len(data):
            offer.place.mend(name, data)
            offer.tally.sent += 1
    for name in there:
        if name not in wanted:
            remove(offer, name)


def create_all(offer: Offer, objects: Sequence[tuple[str, bytes]]) -> list[bool]:
    """Put all of these there; which of them were new. Several at a time: the place may be far away."""
    place = offer.place
    made = place.together([partial(place.create, path, data) for path, data in objects])
    offer.tally.sent += sum(made)
    return made


def remove(offer: Offer, name: str) -> None:
    """Take an own object away; what keeps it is told."""
    try:
        offer.place.remove(name)
    except FileRefused as fault:
        offer.tally.faults.append(str(fault))
