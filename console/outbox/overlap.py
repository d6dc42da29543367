"""What is in force at the place a target writes to, read from every console's own entries.

A place is what two levers would fight over: the same thing selected, by the same lever, at the same provider. It reads
inside one transaction and sends nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, NamedTuple, cast

from adapters.contract import Planned
from adapters.hand import PATCH
from console.domain.actions import Action
from console.domain.errors import Problem
from console.domain.lists import LIFTS
from console.domain.overlap import Claim, InForce, Lift, fold_place
from console.domain.profile import JsonValue
from console.journal.rows import select_entries
from console.journal.values import Stored
from console.outbox.facts import Held, good_entries, read_document
from console.outbox.item import STEP_KINDS, state_told
from console.outbox.members import Members
from console.providers.planned import from_disclosures, selects

# it may bite, or may have landed: a lift of something else must not loosen it
_CLAIMS: Final = frozenset(
    {
        "dispatching", "unknown", "accepted", "attested", "recorded", "enforced", "unmeasurable", "attention",
        "drifted",
    }
)  # fmt: skip
_UNDER_WAY: Final = frozenset({"dispatching", "unknown"})
_GIVEN_BACK: Final = frozenset({"accepted", "attested", "recorded"})

IN_ORDER: Final = "e.hlc_ms, e.hlc_n, e.feed, e.seq"


class Decided(NamedTuple):
    """One decision of some console: when, about which action, and whether it had its people, asked only when it counts.

    A machine's key carries no authority: what did not have them is nothing that stands, is under way, or was lifted.
    """

    at_ms: int
    held: Held
    action: Action
    holds: Callable[[], bool]


Authorised = Sequence[Decided]
Holds = Callable[[Held, Stored], bool]
StepsOf = Callable[[str, str, int], list[Stored]]  # of an action's op, a document and a target


@dataclass(frozen=True, slots=True)
class Place:
    """Where a target writes. `paths` are the methods and paths of what it sends and would send to revert.

    `by_hand`: a person writes there. That never counts beside what is sent: no console plans it anew before it stands,
    so its way back must not become bytes that go out.
    """

    instance: str
    lever: str
    selector: str
    surface: str
    paths: frozenset[tuple[str, str]]
    by_hand: bool = False

    def same_as(self, other: Place) -> bool:
        """Whether both write the same: one key may be selected under two surfaces, one name may mean two things."""
        mine, theirs = (self.instance, self.lever, self.selector), (other.instance, other.lever, other.selector)
        return mine == theirs and (self.surface == other.surface or bool(self.paths & other.paths))


def place_of(action: Action, at: int, planned: Planned) -> Place:
    """The place of one target."""
    target = action.targets[at]
    return replace(place_at(target.instance, target.surface, planned), by_hand=target.by_hand)


def place_at(instance: str, surface: str, planned: Planned) -> Place:
    """The place a plan would write to."""
    paths = frozenset((one.method, one.path) for one in (*planned.requests, *planned.revert))
    by_hand = not paths and PATCH in planned.params
    return Place(instance, planned.lever, planned.selector, surface, paths, by_hand)


def authorised(
    connection: sqlite3.Connection, holds: Holds, read: Callable[[str], Held] | None = None
) -> Authorised:  # fmt: skip
    """Every action of which some console says that it was authorised. `holds` judges that again, where it counts.

    `read` is how documents are read, where that is done once for many questions.
    """
    found: list[Decided] = []
    document = read or partial(read_document, connection)
    for stored in good_entries(connection, ("dispatch.authorised",)):
        try:
            held = document(str(stored.entry.pub["doc"]))
        except Problem:
            continue
        if isinstance(held.document, Action):
            found.append(Decided(stored.entry.hlc[0], held, held.document, partial(holds, held, stored)))
    return found


def steps_of(connection: sqlite3.Connection, op: str, doc: str, target: int, feed: str | None = None) -> list[Stored]:
    """The steps of one target as entered, of all consoles unless one's feed is named."""
    marks = ",".join("?" * len(STEP_KINDS))
    where, values = f"e.subj = ? AND e.kind IN ({marks}) AND s.id IS NULL", (op, *STEP_KINDS)
    found = select_entries(connection, where, values, order=IN_ORDER)
    return [
        one for one in found
        if one.entry.pub.get("doc") == doc and one.entry.pub.get("target") == target and feed in (None, one.feed)
    ]  # fmt: skip


def targets_at(
    place: Place, held: Held, action: Action, members: Members | None = None
) -> Iterator[tuple[int, Planned]]:
    """The targets of an action that write to this place; with `members`, also the lists of which it is one account."""
    for at, target in enumerate(action.targets):
        if (target.instance, target.lever) != (place.instance, place.lever):
            continue
        if target.by_word or target.by_hand != place.by_hand:
            continue
        disclosed = held.disclosed(at)
        if target.listed is None and not selects(disclosed, place.selector):
            continue  # before its plan is opened, which most need not be
        try:
            planned: Planned | None = (
                from_disclosures(target, disclosed, action.direction)
                if members is None or target.listed is None
                else members.plan_for(members.template(held, action, at), place.selector)
            )
        except Problem:
            continue
        if planned is not None and place_of(action, at, planned).same_as(place):
            yield at, planned


def in_force_at(
    connection: sqlite3.Connection, place: Place, known: Authorised, *, but: str = "",
    members: Members | None = None, steps: StepsOf | None = None,
) -> InForce:  # fmt: skip
    """The corrections in force at a place; `but` leaves one document out: the one that is asked for.

    With `members` also what lists ask of it, where the place is one account. `known` and `steps`: what was authorised,
    and how entered steps are read, where that is done once for many places.
    """
    ask = steps or partial(steps_of, connection)
    seen: set[tuple[str, int]] = set()
    events: list[Claim | Lift] = []
    for decided_ms, held, action, holds in known:
        for at, planned in targets_at(place, held, action, members) if held.sha != but else ():
            if (held.sha, at) in seen or not holds():  # two consoles decided it, or one says so
                continue
            seen.add((held.sha, at))
            if members is not None and action.targets[at].listed is not None:
                event = _of_list(ask, decided_ms, held, action, at, planned, members)
            else:
                event = _event(ask, decided_ms, held, action, at, planned)
            events += [event] if event is not None else []
    return fold_place(events)


def under_way_at(
    steps_of: StepsOf, place: Place, feed: str, known: Authorised, *, but: tuple[str, int],
    newer_ms: int, late_ms: int | None = None,
) -> bool:  # fmt: skip
    """Whether something else is being sent to this place: by `feed` at all, by another console since `newer_ms`.

    What a dead console left unknown must not stop containment for ever. Where `late_ms` is given, a call whose answer
    was lost since then counts too, whatever it was taken for: it may land still.
    """
    for _, held, action, holds in known:
        for at, _planned in targets_at(place, held, action):
            if (held.sha, at) == but or not holds():
                continue
            by_feed: dict[str, list[Stored]] = {}
            for one in steps_of(action.op, held.sha, at):
                by_feed.setdefault(one.feed, []).append(one)
            for name, steps in by_feed.items():
                state, _ = state_told([(one.entry.kind, one.entry.pub) for one in steps])
                if state in _UNDER_WAY and (name == feed or steps[-1].entry.hlc[0] > newer_ms):
                    return True
                if late_ms is not None and _may_land(steps, late_ms):
                    return True
    return False


def _may_land(steps: Sequence[Stored], late_ms: int) -> bool:
    """Whether a call was lost since then and nothing says that it had landed."""
    lost = False
    for one in steps:
        if one.entry.kind == "dispatch.unknown":
            lost = one.entry.hlc[0] > late_ms
        elif one.entry.kind == "dispatch.accepted":
            lost = False
    return lost


def _event(
    steps_of: StepsOf, decided_ms: int, held: Held, action: Action, at: int, planned: Planned
) -> Claim | Lift | None:
    steps = steps_of(action.op, held.sha, at)
    state, attempt = state_told([(one.entry.kind, one.entry.pub) for one in steps])
    if action.direction == "restore":
        return lift_of(action, planned, decided_ms) if state in _GIVEN_BACK else None
    if state not in _CLAIMS or (state == "attention" and attempt == 0):
        return None
    return Claim(
        doc=held.sha, target=at, decided_ms=decided_ms, wanted=planned.wanted, signed_pre=planned.pre,
        found=_found(steps, planned), supersedes=action.supersedes,
    )  # fmt: skip


def _of_list(
    steps_of: StepsOf, decided_ms: int, held: Held, action: Action, at: int, planned: Planned, members: Members
) -> Claim | Lift | None:  # fmt: skip
    """What a list asks of the one account whose plan this is; None where it never came to it."""
    if not members.came_to(
        held, action, at, planned.selector, lambda: steps_of(action.op, held.sha, at)
    ):  # fmt: skip
        return None
    if action.direction == "restore":
        return lift_of(action, members.template(held, action, at), decided_ms)
    return Claim(
        doc=held.sha, target=at, decided_ms=decided_ms, wanted=planned.wanted, signed_pre=planned.pre, found=None,
        supersedes=action.supersedes,
    )  # fmt: skip


def lift_of(action: Action, planned: Planned, decided_ms: int) -> Lift:
    """A restore as the fold takes it. A list says beside its lines which correction it lifts."""
    names = action.undoes or planned.params.get(LIFTS)
    return Lift(decided_ms=decided_ms, created_ms=action.created, wanted=planned.wanted, names=names)


def _found(steps: Sequence[Stored], planned: Planned) -> Mapping[str, str] | None:
    """How the first attempt found it, where every field the lever writes was entered."""
    for one in steps:
        if one.entry.kind == "dispatch.intent" or one.entry.pub.get("outcome") == "already-so":
            told: JsonValue = one.disclosed.get("fields")
            if isinstance(told, dict) and all(isinstance(told.get(name), str) for name in planned.pre):
                return {name: cast("str", told[name]) for name in planned.pre}
            return None
    return None


__all__ = [
    "IN_ORDER", "Authorised", "Place", "StepsOf", "authorised", "in_force_at", "lift_of", "place_at", "place_of",
    "steps_of", "targets_at",
    "under_way_at",
]  # fmt: skip
