"""What a place lacks of other consoles' feeds and is here: relayed, as signed, under this console's own prefix.

So a record that came by a stick goes on to everybody else, and a lost place is filled again by any console. Whoever
reads it proves every entry at the journal's door as ever: who laid it there does not matter. When its writer has laid
it there too, the relayed copy goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from console.domain.named_file import is_sealed
from console.journal.segments import encode_segment
from console.keys import canon
from console.sync import compact, held, layout
from console.sync.compact import Range
from console.sync.held import Line
from console.sync.outgoing import Offer, create_all, object_here, remove, size_here


@dataclass(frozen=True, slots=True)
class _Piece:
    """Entries of one feed that are relayed together, and where their segment lies."""

    path: str
    data: bytes
    entries: Sequence[Line]

    @property
    def first(self) -> int:
        """The number of its first entry."""
        return self.entries[0].seq

    @property
    def last(self) -> int:
        """The number of its last entry."""
        return self.entries[-1].seq


def offer_others(offer: Offer, own: Sequence[str], others: Iterable[str], here: set[str]) -> None:
    """Relay what the place lacks of other consoles' feeds, and take back what it does not lack any more.

    `own` are this console's feeds; `here` segments there whose very bytes are here. A console that has no feed yet has
    no prefix to write under.
    """
    if not own:
        return
    heads, stays = offer.reader.heads(), set[str]()
    for feed in others:
        if feed in heads:
            stays |= _relay(offer, own, feed, heads[feed][0], here)
    for item in offer.listed:
        if item.name.by in own and item.name.path not in stays:
            remove(offer, item.name.path)


def _relay(offer: Offer, own: Sequence[str], feed: str, head: int, here: set[str]) -> set[str]:
    """What of this feed nobody else laid there; the names under our prefix that are to stay."""
    by = min(own)
    there = [one.name for one in offer.listed if one.name.feed == feed and one.name.family == "segment"]
    known = [one for one in there if one.path in here]
    mine = [one for one in there if one.by in own]
    # where something of ours lies, we go on ourselves: two that leave it to each other would leave nothing
    if feed in offer.reader.forks():
        laid = {one.sha for one in there if one.by not in own} - {one.sha for one in mine}
        pieces = [piece for piece in _every_side(offer, by, feed) if canon.sha256_hex(piece.data) not in laid]
    else:
        every = _pieces(offer, by, feed, _lacking([one for one in known if one.by is None], head))
        beside = [one for one in known if one.by not in own]
        pieces = [
            one for one in every
            if any(one.last >= name.first and name.last >= one.first for name in mine)
            or _lacking(beside, one.last, one.first)
        ]  # fmt: skip
    stays = {one.path for one in pieces}
    _put(offer, [(one.path, one.data) for one in pieces])
    _offer_objects(offer, by, feed, [line for piece in pieces for line in piece.entries])
    for piece in pieces:
        values = _values(offer, by, feed, piece)
        _put(offer, values)
        stays |= {name for name, _ in values}
    return stays


def _lacking(names: Iterable[layout.ObjectName], last: int, first: int = 0) -> list[Range]:
    """The numbers from `first` to `last` that none of these segments holds."""
    found: list[Range] = []
    at = first
    for low, high in sorted((one.first, one.last) for one in names):
        if low > at:
            found.append((at, min(low - 1, last)))
        at = max(at, high + 1)
        if at > last:
            break
    return [*found, (at, last)] if at <= last else found


def _pieces(offer: Offer, by: str, feed: str, ranges: Iterable[Range]) -> list[_Piece]:
    found: list[_Piece] = []
    for low, high in ranges:
        entries = held.lines(offer.reader, feed, low, high)
        runs = compact.runs(entries) if entries else []
        found += [_piece(by, feed, entries[first : last + 1]) for first, last in runs]
    return found


def _every_side(offer: Offer, by: str, feed: str) -> list[_Piece]:
    """Of a forked feed both sides are somebody's word: several entries stand at one number."""
    entries = held.lines(offer.reader, feed)
    return [_piece(by, feed, entries[first : last + 1]) for first, last in compact.runs(entries)]


def _piece(by: str, feed: str, entries: Sequence[Line]) -> _Piece:
    data = encode_segment(one.pair for one in entries)
    path = layout.relayed_name(by, feed, entries[0].seq, entries[-1].seq, canon.sha256_hex(data))
    return _Piece(path, data, entries)


def _values(offer: Offer, by: str, feed: str, piece: _Piece) -> list[tuple[str, bytes]]:
    """As they are here now: what was redacted is not among them, and the file that held it goes."""
    return [
        (layout.relayed_name(by, feed, low, high, canon.sha256_hex(data), values=True), data)
        for low, high, data in held.value_files(offer.reader, piece.entries)
    ]


def _offer_objects(offer: Offer, by: str, feed: str, entries: Sequence[Line]) -> None:
    """The documents and files that these entries name, where nobody laid them there whole."""
    if not entries:
        return
    relayed = {one.id for one in entries}
    names = dict.fromkeys((doc for one in entries if (doc := one.doc()) is not None), False)
    names |= held.travelling(pair for pair in held.file_names(offer.reader, feed) if pair[0].id in relayed)
    there = {(one.name.sha, one.size) for one in offer.listed if one.name.family == "object"}
    for sha, sealed in names.items():
        size = size_here(offer.reader, sha)
        data = object_here(offer.reader, sha) if size is not None and (sha, size) not in there else None
        if data is not None and (is_sealed(data) or not sealed):
            _put(offer, [(layout.object_name(by, sha), data)])


def _put(offer: Offer, objects: Sequence[tuple[str, bytes]]) -> None:
    """Under our own prefix: what is not there is laid there, what lies there half is put right."""
    there = {one.name.path: one.size for one in offer.listed}
    create_all(offer, [(path, data) for path, data in objects if path not in there])
    for path, data in objects:
        if there.get(path, len(data)) != len(data):
            offer.place.mend(path, data)
            offer.tally.sent += 1
