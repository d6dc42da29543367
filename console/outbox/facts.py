"""What the quorum rule needs to know, folded from the journal inside one transaction: the deciding console's view.

It verifies every approval's signature itself. It must never take a fact from a row that no signed entry carries.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from console.domain.actions import Action
from console.domain.errors import Problem
from console.domain.facts import Facts
from console.domain.moment import HOUR_MS
from console.journal.values import Stored
from console.keys.roster import VerifiedRoster
from console.outbox.moments import Moments
from console.outbox.papers import (
    CARRIERS,
    Held,
    NoPolicy,
    UnknownDocument,
    UnprovenRecord,
    good_entries,
    policy_of,
    prove_record,
    proven_records,
    read_document,
    read_policy,
)

__all__ = [
    "CARRIERS", "Held", "Moments", "NoPolicy", "UnknownDocument", "UnprovenRecord", "View", "gather", "good_entries",
    "may_cancel", "policy_of", "proposer_of", "prove_record", "proven_records", "read_document", "read_policy",
    "recent_normal", "rehearsed",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class View:
    """The journal as one connection sees it now, for questions that stand outside a decision."""

    connection: sqlite3.Connection

    def entries(self, kinds: Iterable[str], inc: str | None = None) -> list[Stored]:
        """As `good_entries`."""
        return good_entries(self.connection, kinds, inc)


def gather(view: View, held: Held, roster: VerifiedRoster, now_ms: int) -> Facts:
    """Every fact about one document as seen here and now.

    Raises:
        NoPolicy, UnknownDocument: when there is no policy, or it is not here.
    """
    moments = Moments(view.connection, roster, policy_of(roster), held)
    return moments.now(held.sha, now_ms)


def rehearsed(view: View, roster: VerifiedRoster) -> frozenset[str]:
    """Persons with a self-test and a proven rehearsal of their own.

    Raises:
        NoPolicy: in a provisional record.
    """
    moments = Moments(view.connection, roster, policy_of(roster))
    return moments.now("", 0).rehearsed


def proposer_of(view: View, sha: str) -> str | None:
    """Who proposed the document first."""
    proposals = view.entries(("correction.proposed", "document.proposed"))
    return next((one.entry.author for one in proposals if one.entry.pub.get("doc") == sha), None)


def may_cancel(view: View, held: Held, roster: VerifiedRoster, person: str) -> bool:
    """Whether a cancel by this person would count, as the gate counts it.

    Raises:
        NoPolicy, UnknownDocument: as `gather`.
    """
    return Moments(view.connection, roster, policy_of(roster), held).may_cancel(held.sha, person)


def recent_normal(view: View, held: Held, proposer: str | None, now_ms: int) -> int:
    """Normal actions authorised in the hour before, by this proposer or on one of the same surfaces.

    For a document that is only being written; a proposed one is asked about with `gather`.
    """
    if not isinstance(held.document, Action):
        return 0
    surfaces = {target.surface for target in held.document.targets}
    by_person: set[str] = set()
    by_surface: dict[str, set[str]] = {}
    for doc, other in _authorised_within(view, now_ms):
        if doc == held.sha or other.gravity != "normal":
            continue
        if proposer is not None and proposer_of(view, doc) == proposer:
            by_person.add(doc)
        for surface in surfaces & {target.surface for target in other.targets}:
            by_surface.setdefault(surface, set()).add(doc)
    return max([len(by_person), *(len(docs) for docs in by_surface.values())])


def _authorised_within(view: View, now_ms: int) -> Iterable[tuple[str, Action]]:
    for stored in view.entries(("dispatch.authorised",)):
        doc, at_ms = str(stored.entry.pub["doc"]), stored.entry.pub["now"]
        if not isinstance(at_ms, int) or not now_ms - HOUR_MS < at_ms <= now_ms:
            continue
        try:
            other = read_document(view.connection, doc).document
        except Problem:
            continue
        if isinstance(other, Action):
            yield doc, other
