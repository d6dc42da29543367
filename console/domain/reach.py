"""What a console that had seen certain heads had seen altogether, and which of it counts (protocol 4, 7.1).

Truth is the partial order: an entry descends from `prev` and `refs`. No journal's own word on an entry is asked here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from console.domain.errors import Problem
from console.domain.facts import fingerprint
from console.domain.forms import Entry, Head, Roster


class NotSeen(Problem):
    """What was said to have been seen, or what such an entry refers to, is not among the entries at hand."""

    def __init__(self, what: str) -> None:
        """`what` names it."""
        super().__init__(
            f"{what} was seen when it was decided, but is not here.", "Meet the shared folder, then again."
        )


def reachable(entries: Mapping[str, Entry], seen: Iterable[Head]) -> dict[str, Entry]:
    """The entries from which these heads descend, the heads included, over `prev` and `refs`.

    Raises:
        NotSeen: when one of them is missing.
    """
    found: dict[str, Entry] = {}
    waiting: list[str] = []
    for feed, seq, ident in seen:
        entry = entries.get(ident)
        if entry is None or (entry.feed, entry.seq) != (feed, seq):
            raise NotSeen(f"Number {seq} of feed {feed[:16]}")
        waiting.append(ident)
    while waiting:
        ident = waiting.pop()
        if ident in found:
            continue
        entry = entries.get(ident)
        if entry is None:
            raise NotSeen(f"The entry {ident[:16]}")
        found[ident] = entry
        waiting.extend(entry.refs)
        if entry.prev is not None:
            waiting.append(entry.prev)
    return found


def counting(
    found: Mapping[str, Entry], roster: Roster, forks: Mapping[str, int] | None = None
) -> tuple[list[tuple[str, Entry]], frozenset[str]]:
    """Those entries that count, in order of (hlc, feed), and the feeds that have forked among them or in `forks`."""
    places: dict[tuple[str, int], int] = {}
    for entry in found.values():
        places[entry.feed, entry.seq] = places.get((entry.feed, entry.seq), 0) + 1
    forked = dict(forks or {})
    for (feed, seq), count in places.items():
        if count > 1:
            forked[feed] = min(seq, forked.get(feed, seq))
    good = {(one.key, feed): seq for one in roster.revoked for feed, seq, _ in one.good}
    revoked = {one.key for one in roster.revoked}
    branches = _good_branches(found, roster, forked)
    forked = {feed: seq for feed, seq in forked.items() if feed not in branches}
    ended = _ended(roster)
    kept = [
        (ident, entry)
        for ident, entry in found.items()
        if entry.seq < forked.get(entry.feed, entry.seq + 1)
        and (entry.key not in revoked or entry.seq <= good.get((entry.key, entry.feed), -1))
        and entry.hlc[0] < ended.get(entry.key, entry.hlc[0] + 1)
        and ident in branches.get(entry.feed, (ident,))
    ]
    kept.sort(key=lambda pair: (pair[1].hlc, pair[1].feed, pair[1].seq))
    return kept, frozenset(forked)


def _good_branches(found: Mapping[str, Entry], roster: Roster, forked: Mapping[str, int]) -> dict[str, frozenset[str]]:
    """Of forked feeds whose key is revoked, the entries that the last good one descends from, where it is known.

    Whoever stole the key can sign beside what was recorded long ago; that takes nothing of it away.
    """
    branches: dict[str, frozenset[str]] = {}
    for one in roster.revoked:
        for feed, seq, last in one.good:
            if seq < forked.get(feed, seq + 1) or last not in found:
                continue
            branch: set[str] = set()
            at: str | None = last
            while at is not None and at in found:
                branch.add(at)
                at = found[at].prev
            if at is None:
                branches[feed] = frozenset(branch)
    return branches


def _ended(roster: Roster) -> dict[str, int]:
    """When the keys that write feeds ended, by fingerprint."""
    lines = [(key.key, key.to_ms) for person in roster.persons for key in person.keys]
    lines += [(one.key, one.to_ms) for one in roster.consoles]
    found: dict[str, int] = {}
    for line, to_ms in lines:
        if to_ms is not None:
            with suppress(ValueError, IndexError):
                found[fingerprint(line)] = to_ms
    return found
