"""What some console wrote down as decided, judged again here by the one rule with exactly what it says it had.

A machine key carries no authority: an authorisation without its people counts for nothing, whoever wrote it, and
nothing on any screen may take its word.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from console.domain import shape
from console.domain.actions import Action, Closing, Document, Redaction
from console.domain.clock_doubt import decided_by
from console.domain.errors import BadForm, Problem
from console.domain.facts import Signed
from console.domain.forms import Head, Policy, RosterRef
from console.domain.gravity import graver, gravity
from console.domain.needs import FLOORS, may_be_alone
from console.domain.profile import JsonValue
from console.domain.quorum import quorum
from console.journal.rows import select_entries
from console.journal.store import JournalStore
from console.journal.values import Stored
from console.keys.roster import VerifiedRoster
from console.outbox.moments import Moments
from console.outbox.papers import Held, good_entries, prove_record, read_document, read_policy

AUTHORISED: Final = ("dispatch.authorised", "closing.authorised", "redaction.authorised")
_KINDS: Final[Mapping[str, type[Document]]] = {
    "dispatch.authorised": Action, "closing.authorised": Closing, "redaction.authorised": Redaction,
}  # fmt: skip


class Unproven(Problem):
    """An authorisation that cannot be proven here: not yet, or not at all. Nothing is done on its word."""

    def __init__(self, why: str) -> None:
        """`why` is one clause."""
        super().__init__(f"A decision is not proven here: {why}.", "Sync; nothing was done on its word.")


class WithoutPeople(Unproven):
    """An authorisation that had not the people it needs: whoever wrote it, nothing is done for it."""


# what was found of decisions in this process, by entry: it follows from signed entries alone, in whichever journal
_FOUND: dict[str, bool] = {}
_MOST_FOUND: Final = 50_000


def note_found(ident: str, *, holds: bool) -> None:
    """Remember of a decision whether it had its people: whoever decided it here need not judge it again."""
    if len(_FOUND) >= _MOST_FOUND:
        _FOUND.clear()
    _FOUND[ident] = holds


def had_its_people(
    connection: sqlite3.Connection, rosters: Callable[[], Sequence[VerifiedRoster]], held: Held, stored: Stored
) -> bool:
    """Whether this decision had its people, as its console saw them then; no, where that cannot be told here (yet).

    Nothing a machine enters about a decision without its people holds anything up, keeps it in force or ends it (0189).
    """
    known = _FOUND.get(stored.id)
    if known is None:
        try:
            judge(connection, by_ref(rosters()), held, stored)
            known = True
        except WithoutPeople:
            known = False
        except Problem:
            return False  # something it was decided by is not here yet
        note_found(stored.id, holds=known)
    return known


class Rulings:
    """Which documents are decided, as far as the record here shows. It remembers what it found. Thread-safe.

    What holds once holds for ever: it follows from entries that are here. So does what had not its people, while this
    lives; what could not be judged for want of something is looked at anew whenever it is asked about.
    """

    def __init__(self, store: JournalStore) -> None:
        self._store = store
        self._known: dict[str, bool] = {}
        self._enough: dict[str, bool] = {}
        self._gate = threading.Lock()

    def decided(self, connection: sqlite3.Connection, doc: str) -> bool:
        """Whether any authorisation of this document holds. `connection` is inside a snapshot."""
        found = [one for one in good_entries(connection, AUTHORISED) if one.entry.pub.get("doc") == doc]
        return any(self.holds(connection, one) for one in found)

    def enough(self, connection: sqlite3.Connection, held: Held | None, stored: Stored) -> bool:
        """Whether this authorisation of something that is over had signers enough, as far as is here now.

        `held` is its document, where it was read already.
        """
        with self._gate:
            known = self._enough.get(stored.id) if self._known.get(stored.id) is not False else False
        if known is None:
            try:
                about = held or read_document(connection, str(stored.entry.pub.get("doc")))
                known = signed_enough(connection, by_ref(self._store.rosters()), about, stored)
            except Problem:
                return False
            with self._gate:
                self._enough[stored.id] = known
        return known

    def holds(self, connection: sqlite3.Connection, stored: Stored) -> bool:
        """Whether this authorisation had its people, as its console saw them then."""
        with self._gate:
            known = self._known.get(stored.id)
        if known is None:
            try:
                rosters = by_ref(self._store.rosters())
                judge(connection, rosters, read_document(connection, str(stored.entry.pub.get("doc"))), stored)
                known = True
            except WithoutPeople:
                known = False
            except Problem:
                return False  # something it was decided by is not here yet
            with self._gate:
                self._known[stored.id] = known
        return known


def signed_enough(
    connection: sqlite3.Connection, rosters: Mapping[RosterRef, VerifiedRoster], held: Held, stored: Stored
) -> bool:
    """Whether a machine that the document names lists as many proven signers as it takes at the least.

    Much cheaper than `judge`, for what is long over: who held which role then is not asked.
    """
    action, pub = held.document, stored.entry.pub
    if not isinstance(action, Action) or not any(stored.feed in target.dispatchers for target in action.targets):
        return False
    roster = rosters.get(shape.pair(pub["roster"], "roster"))
    if roster is None or roster.roster.policy is None:
        return False
    signed = [_record(connection, roster, held.sha, stored, ident) for ident in _texts(pub["records"])]
    people = {one.record.person for one in signed if one.record.decision == "approve"}
    return len(people) >= _least(action, read_policy(connection, roster.roster.policy))


def _least(action: Action, policy: Policy) -> int:
    if action.undoes is not None or (action.break_glass and may_be_alone(action)):
        return 1
    found, _ = gravity(action.targets, action.direction, 0, policy)
    weight = found if graver(found, action.gravity) else action.gravity
    return max(policy.levels[weight].persons, FLOORS[weight])


def by_ref(rosters: Sequence[VerifiedRoster]) -> dict[RosterRef, VerifiedRoster]:
    """Rosters as entries cite them."""
    return {one.ref: one for one in rosters}


def judge(
    connection: sqlite3.Connection, rosters: Mapping[RosterRef, VerifiedRoster], held: Held, stored: Stored,
    *, each: bool = False,
) -> None:  # fmt: skip
    """Ask the rule with exactly what the deciding console had: its roster, policy, records and heads.

    With `each`, every entry it had seen is followed (`Moments.at`); else see `Moments.below`.

    Raises:
        WithoutPeople: when it had not its people.
        Problem: when something it was decided by is not here (yet).
    """
    pub = stored.entry.pub
    if not isinstance(held.document, _KINDS.get(stored.entry.kind, ())):
        raise WithoutPeople("it is about another kind of document")
    roster = rosters.get(shape.pair(pub["roster"], "roster"))
    if roster is None:
        raise Unproven("the roster it was decided under is not here")
    if roster.roster.policy is None or roster.roster.policy != pub["policy"]:
        raise Unproven("it was decided under another policy than its roster names")
    now, seen = shape.whole(pub["now"], "now"), _seen(stored)
    if any(not _is_here(connection, ident) for _, _, ident in seen):  # before the whole record is read for nothing
        raise Unproven("something it was decided by is not here yet")
    signed = [_record(connection, roster, held.sha, stored, ident) for ident in _texts(pub["records"])]
    moments = Moments(connection, roster, roster.roster.policy, held)
    facts = (moments.at if each else moments.below)(seen, held.sha, now)
    ask = partial(quorum, held.sha, held.document, signed, facts, now, doubtful=pub["clock"] == "doubtful",
                  deciding=decided_by(stored.entry, now))  # fmt: skip
    verdict = ask()
    if not verdict.met:
        verdict = ask(unreachable=True)
    if not verdict.met:
        raise WithoutPeople(f"it had not its people ({' '.join(verdict.missing)})")


def _seen(stored: Stored) -> list[Head]:
    """The heads that console said it had seen, and its own feed up to the decision."""
    heads = [head for head in shape.heads(stored.entry.pub["seen"], "seen") if head[0] != stored.feed]
    return [*heads, (stored.feed, stored.seq - 1, str(stored.entry.prev))]


def _is_here(connection: sqlite3.Connection, ident: str) -> bool:
    return connection.execute("SELECT 1 FROM entry WHERE id = ?", (ident,)).fetchone() is not None


def _record(connection: sqlite3.Connection, roster: VerifiedRoster, doc: str, decision: Stored, ident: str) -> Signed:
    where = "e.id = ? AND e.feed = ? AND e.kind = 'approval.received' AND e.seq < ? AND s.id IS NULL"
    found = select_entries(connection, where, (ident, decision.feed, decision.seq))
    if not found or found[0].entry.pub.get("doc") != doc:
        raise Unproven("an approval it counts is not in the deciding console's record")
    return prove_record(found[0].entry.pub, roster, found[0].entry.hlc[0])


def _texts(value: JsonValue) -> Sequence[str]:
    if not isinstance(value, list):
        raise BadForm("records", "it is no list")
    return [str(one) for one in value]
