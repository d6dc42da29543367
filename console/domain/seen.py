"""An entry as the folds see it, whatever stored it, and the one order in which they read.

Truth is the partial order (each feed's own numbering, and refs); ties are broken by hybrid time, then feed.
"""

from __future__ import annotations

import base64
import binascii
import heapq
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from console.domain.actions import ApprovalRecord
from console.domain.errors import BadForm
from console.domain.profile import JsonValue

Standing = Literal["good", "quarantined", "forked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One verified entry. `hlc` is [wall ms, counter]; `received_ms` when this console had it; `disclosed` by name.

    Only entries of standing `good` change what is folded; the others stay in the timeline.
    """

    id: str
    feed: str
    seq: int
    author: str | None
    console: str
    kind: str
    pub: Mapping[str, JsonValue]
    hlc: tuple[int, int]
    subj: str | None = None
    inc: str | None = None
    refs: tuple[str, ...] = ()
    disclosed: Mapping[str, JsonValue] = field(default_factory=dict)
    standing: Standing = "good"
    received_ms: int = 0

    @property
    def about(self) -> tuple[str, ...]:
        """The entries it is about (`pub.of`)."""
        found = self.pub.get("of")
        return tuple(str(one) for one in found) if isinstance(found, list) else ()

    def words(self, name: str) -> str:
        """A public field as text; empty where there is none."""
        found = self.pub.get(name)
        return found if isinstance(found, str) else ""

    def number(self, name: str, otherwise: int = 0) -> int:
        """A public field as a whole number."""
        found = self.pub.get(name)
        return found if type(found) is int else otherwise

    def disclosed_text(self, *names: str) -> str:
        """The first of these disclosures that is here and is text."""
        for name in names:
            found = self.disclosed.get(name)
            if isinstance(found, str):
                return found
        return ""


@dataclass(frozen=True, slots=True)
class Carried:
    """An approval record as one entry carries it. Its SSHSIG is not verified here: who does, needs `raw` and `sig`.

    `by_console` tells the deciding console's own receipt (`approval.received`) from a person's entry.
    """

    entry: str
    feed: str
    author: str | None
    record: ApprovalRecord
    raw: bytes
    sig: bytes
    at_ms: int
    received_ms: int
    by_console: bool


def carried(entry: Seen) -> Carried | None:
    """The record an entry carries, or None where it is not readable or names another document."""
    try:
        raw = base64.b64decode(entry.words("record"), validate=True)
        sig = base64.b64decode(entry.words("sig"), validate=True)
        record = ApprovalRecord.parse(json.loads(raw))
    except (binascii.Error, ValueError, BadForm, RecursionError):
        return None
    if record.doc != entry.words("doc"):
        return None
    return Carried(
        entry.id, entry.feed, entry.author, record, raw, sig, entry.hlc[0], entry.received_ms, entry.author is None
    )


def in_order(entries: Iterable[Seen]) -> tuple[Seen, ...]:
    """Each entry once, in the order every console agrees on, whatever the order of arrival.

    An entry comes after its feed's earlier ones and after the entries it refers to, where those are given.
    """
    by_id = {entry.id: entry for entry in entries}
    before = predecessors(by_id)
    after: dict[str, list[str]] = {}
    waits = {name: len(found) for name, found in before.items()}
    for name, found in before.items():
        for earlier in found:
            after.setdefault(earlier, []).append(name)
    ready = [_key(entry) for name, entry in by_id.items() if not waits[name]]
    heapq.heapify(ready)
    ordered: list[Seen] = []
    while ready:
        entry = by_id[heapq.heappop(ready)[-1]]
        ordered.append(entry)
        for name in after.get(entry.id, ()):
            waits[name] -= 1
            if not waits[name]:
                heapq.heappush(ready, _key(by_id[name]))
    # a circle needs a hash collision; if there were one, nothing may be lost from view for it
    stuck = [entry for name, entry in by_id.items() if waits[name] > 0]
    return (*ordered, *sorted(stuck, key=_key))


def _key(entry: Seen) -> tuple[int, int, str, int, str]:
    return (entry.hlc[0], entry.hlc[1], entry.feed, entry.seq, entry.id)


def predecessors(by_id: Mapping[str, Seen]) -> dict[str, frozenset[str]]:
    """For each entry those given entries that come directly before it: in its feed, and by its refs."""
    feeds: dict[str, dict[int, list[str]]] = {}
    for entry in by_id.values():
        feeds.setdefault(entry.feed, {}).setdefault(entry.seq, []).append(entry.id)
    found: dict[str, set[str]] = {
        name: {ref for ref in entry.refs if ref in by_id and ref != name} for name, entry in by_id.items()
    }
    for numbers in feeds.values():
        earlier: list[str] = []
        for seq in sorted(numbers):
            for name in numbers[seq]:
                found[name].update(earlier)
            earlier = numbers[seq]
    return {name: frozenset(names) for name, names in found.items()}


def newest(wanted: Sequence[Seen], ordered: Sequence[Seen]) -> tuple[Seen, ...]:
    """Those of `wanted` that no other of them comes after: what was said last, concurrently.

    An entry that names another in `pub.of` comes after it too.
    """
    by_id = {entry.id: entry for entry in ordered}
    before = predecessors(by_id)
    names = {entry.id for entry in wanted}
    below: dict[str, frozenset[str]] = {}
    for entry in ordered:  # earlier ones first, so that what lies below them is known
        under: set[str] = set()
        for earlier in (*before[entry.id], *entry.about):
            under |= below.get(earlier, frozenset())
            if earlier in names:
                under.add(earlier)
        below[entry.id] = frozenset(under)
    overtaken: set[str] = set().union(*(below[entry.id] for entry in wanted)) if wanted else set()
    return tuple(entry for entry in wanted if entry.id not in overtaken)
