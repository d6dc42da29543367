"""Which segments an own feed is cut into, so that a meeting after every command leaves few files (decision 0063).

Full segments begin and end where counting from the first entry says; behind them a few small ones may lie, and are
merged when there are too many. A segment goes only when others that surely lie there hold all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from console.journal.segments import FLUSH_BYTES, encode_segment
from console.keys import canon
from console.sync import layout
from console.sync.folder import FolderPlace, Listed
from console.sync.held import Line
from console.sync.layout import ObjectName

MAX_SMALL: Final = 16
Range = tuple[int, int]


@dataclass(slots=True)
class Owned:
    """An own feed's segments that lie in the place and hold exactly what is here; and how many had to be mended."""

    names: list[ObjectName] = field(default_factory=list[ObjectName])
    mended: int = 0


def own_segments(place: FolderPlace, listed: Iterable[Listed], feed: str, entries: Sequence[Line]) -> Owned:
    """What of this feed lies in the place already. A half-written one is put right.

    What is named as ours and is not, a copy of this profile wrote, or somebody else: the way in reports what it is.
    """
    found = Owned()
    for item in listed:
        if item.name.family != "segment" or (item.name.feed, item.name.by) != (feed, None):
            continue
        if item.name.last >= len(entries):
            continue
        data = _segment(entries, (item.name.first, item.name.last))
        if canon.sha256_hex(data) != item.name.sha:
            continue
        if item.size != len(data):
            place.mend(item.name.path, data)
            found.mended += 1
        found.names.append(item.name)
    return found


def missing(feed: str, entries: Sequence[Line], names: Sequence[ObjectName]) -> Iterator[tuple[ObjectName, bytes]]:
    """The segments to be written now: full ones not there, then one for what is new."""
    there = {(one.first, one.last) for one in names}
    *full, tail = runs(entries)
    for run in full:
        if run not in there:
            yield _named(feed, entries, run)
    upto = _end_of(sorted(there, key=_wide_first), tail[0])
    if upto <= tail[1]:
        small = sum(first >= tail[0] for first, _ in there)
        yield _named(feed, entries, tail if small >= MAX_SMALL else (upto, tail[1]))


def covering(names: Iterable[ObjectName]) -> list[Range]:
    """The ranges that together hold all from the first entry on, the widest where several would do."""
    found: list[Range] = []
    upto = 0
    for first, last in sorted({(one.first, one.last) for one in names}, key=_wide_first):
        if first <= upto <= last:
            found.append((first, last))
            upto = last + 1
    return found


def superseded(names: Sequence[ObjectName]) -> list[ObjectName]:
    """Own segments whose every entry lies in others too."""
    kept = covering(names)
    upto = kept[-1][1] if kept else -1
    return [one for one in names if (one.first, one.last) not in kept and one.last <= upto]


def every_side(feed: str, entries: Sequence[Line]) -> list[tuple[ObjectName, bytes]]:
    """The segments of a forked feed, in which several entries stand at one number."""
    pieces: list[tuple[ObjectName, bytes]] = []
    for first, last in runs(entries):
        data = _segment(entries, (first, last))
        sha, numbers = canon.sha256_hex(data), (entries[first].seq, entries[last].seq)
        pieces.append((ObjectName(layout.segment_name(feed, *numbers, sha), "segment", sha, feed, *numbers), data))
    return pieces


def runs(entries: Sequence[Line]) -> list[Range]:
    """The runs that counting from the first entry gives; only the last one can still grow."""
    found: list[Range] = []
    first, size = 0, 0
    for at, one in enumerate(entries):
        if at > first and size + one.weight > FLUSH_BYTES:
            found.append((first, at - 1))
            first, size = at, 0
        size += one.weight
    return [*found, (first, len(entries) - 1)]


def _end_of(ranges: Iterable[Range], upto: int) -> int:
    for first, last in ranges:
        if first <= upto <= last:
            upto = last + 1
    return upto


def _wide_first(one: Range) -> tuple[int, int]:
    return one[0], -one[1]


def _named(feed: str, entries: Sequence[Line], run: Range) -> tuple[ObjectName, bytes]:
    data = _segment(entries, run)
    sha = canon.sha256_hex(data)
    path = layout.segment_name(feed, *run, sha)
    return ObjectName(path, "segment", sha, feed, *run), data


def _segment(entries: Sequence[Line], run: Range) -> bytes:
    return encode_segment(one.pair for one in entries[run[0] : run[1] + 1])
