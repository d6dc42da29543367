"""What a machine enters as decided counts for no more than the signed approvals that it lists (protocol.md 11, 12).

A device key carries no authority: whoever has one may enter that anything was decided, at any time, by anybody. So what
follows from a decision (who may undo or extend it, whether an undo is used up) follows from the signed bytes: the
document names the machines that may decide it, each record names the document, and the rule itself is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from console.domain import shape
from console.domain.actions import Action
from console.domain.clock_doubt import decided_by
from console.domain.errors import Problem
from console.domain.facts import Facts, Signed
from console.domain.forms import Entry
from console.domain.profile import JsonValue
from console.domain.quorum import quorum

Prove = Callable[[Entry], Signed | None]
Then = Callable[[Mapping[str, int], int], Facts]


@dataclass(frozen=True, slots=True)
class Decision:
    """What one machine entered as decided, with the approvals among its records that are proven to be of it."""

    entry: Entry
    signed: tuple[Signed, ...]

    @property
    def people(self) -> frozenset[str]:
        """Who had signed it."""
        return frozenset(one.record.person for one in self.signed)

    @property
    def now_ms(self) -> int | None:
        """When it was decided, as that machine says."""
        now = self.entry.pub.get("now")
        return now if isinstance(now, int) else None

    def upto(self) -> dict[str, int]:
        """How far that machine had seen each feed, its own up to the decision.

        Raises:
            BadForm: when it says so in no form known here.
        """
        seen = {feed: seq for feed, seq, _ in shape.heads(self.entry.pub.get("seen"), "seen")}
        return seen | {self.entry.feed: self.entry.seq - 1}


def decisions(kept: Mapping[str, Entry], doc: str, action: Action, prove: Prove) -> list[Decision]:
    """The first of each machine that the document names as a dispatcher. `kept` are entries that count, in order."""
    named = {feed for target in action.targets for feed in target.dispatchers}
    first: dict[str, Decision] = {}
    for entry in kept.values():
        if entry.kind == "dispatch.authorised" and entry.pub.get("doc") == doc and entry.feed in named:
            first.setdefault(entry.feed, Decision(entry, tuple(_approvals(kept, entry, doc, prove))))
    return [one for one in first.values() if one.signed]


def _approvals(kept: Mapping[str, Entry], decision: Entry, doc: str, prove: Prove) -> Iterable[Signed]:
    """Each has to stand in the same machine's record before the decision, and to be of this very document."""
    for ident in _texts(decision.pub.get("records")):
        carrier = kept.get(ident)
        if carrier is None or carrier.kind != "approval.received" or carrier.pub.get("doc") != doc:
            continue
        if carrier.feed != decision.feed or carrier.seq >= decision.seq:
            continue
        signed = prove(carrier)
        if signed is not None and signed.record.doc == doc and signed.record.decision == "approve":
            yield signed


def had_its_people(decision: Decision, doc: str, action: Action, then: Then) -> bool:
    """Whether the rule lets it go by the approvals it lists; `then` gives the facts up to those heads, at that time."""
    entry, now_ms = decision.entry, decision.now_ms
    if now_ms is None:
        return False
    try:
        facts = then(decision.upto(), now_ms)
    except Problem:
        return False
    ask = partial(quorum, doc, action, decision.signed, facts, now_ms, doubtful=entry.pub.get("clock") == "doubtful",
                  deciding=decided_by(entry, now_ms))  # fmt: skip
    return ask().met or ask(unreachable=True).met


def original_signers(held: Iterable[Decision]) -> tuple[frozenset[str], int | None]:
    """Who signed it before it was first sent, as far as every machine that decided it agrees; and when that was first.

    Whoever adds a signature afterwards, and has their own machine decide it once more, is none of them.
    """
    found = list(held)
    if not found:
        return frozenset(), None
    people = frozenset.intersection(*(one.people for one in found))
    return people, min(one.now_ms for one in found if one.now_ms is not None)


def _texts(value: JsonValue) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
