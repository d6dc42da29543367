"""Looks again at what is in force: 5 and 60 minutes after it was found so, and at every interval from then on.

What was found is read from the record, so a restart forgets nothing. It only reads and probes: what somebody undid is
said and is never sent again (protocol.md section 7, point 7).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from adapters.contract import AdapterFault, NotSent, Planned, ReadBack, Throttled
from console.domain.actions import Action
from console.domain.errors import Problem
from console.domain.overlap import Claim, covers
from console.domain.profile import JsonValue
from console.journal.rows import select_entries
from console.journal.tx import Tx
from console.journal.values import Draft, FeedSigner, Stored
from console.outbox import gate
from console.outbox.enforce import Enforcer
from console.outbox.gate import Authority
from console.outbox.item import Row, state_told
from console.outbox.overlap import Authorised, Place, authorised, lift_of, place_of, targets_at
from console.outbox.reading import Reading
from console.outbox.steps import Overtaken, Pace, Sleep, Steps, plain
from console.outbox.undone import by_whom
from console.providers.plane import Plane, Planes

Read = Callable[[Row, Planned, Plane], Awaitable[ReadBack]]
# What ended in attention is left out: nothing says that it is in force, it is an alarm already, and people decide about
# it by a reading of their own. Once somebody proposes it again, that is looked at.
WATCHED: Final = ("enforced", "unmeasurable")
# an action that ended in one of these changed nothing
CAME_TO_NOTHING: Final = ("failed", "stale", "expired", "cancelled")
_UNDONE: Final = "An independent read no longer shows it: somebody or something undid it."
_NEXT: Final = "It is not sent again; propose it again or anew."


@dataclass(frozen=True, slots=True)
class Watched:
    """A target in force: the entry that says so, since when, and how many results were entered about it since."""

    row: Row
    authority: Authority
    entry: str
    since_ms: int
    results: int

    @property
    def planned(self) -> Planned:
        """What was signed of it."""
        return self.authority.planned

    @property
    def surface(self) -> str:
        """Where it is in force."""
        return self.authority.action.targets[self.row.target].surface

    def owes_result(self, pace: Pace, now_ms: int) -> bool:
        """Whether this look is one of those whose result is entered."""
        after = pace.again_ms
        return self.results < len(after) and now_ms - self.since_ms >= after[self.results]


@dataclass(slots=True)
class DriftWatch:
    """One per engine. Looks at one provider go one after the other; none holds another provider up."""

    steps: Steps
    pace: Pace
    enforcer: Enforcer
    sleep: Sleep
    read: Read | None = None  # how a target is read again, where that is more than one question: a list
    _looked_ms: dict[tuple[str, int], int] = field(default_factory=dict[tuple[str, int], int])  # boot clock
    _rest_until_ms: dict[str, int] = field(default_factory=dict[str, int])
    _rounds: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, "asyncio.Task[None]"])
    _odd: list[str] = field(default_factory=list[str])

    @property
    def tasks(self) -> tuple[asyncio.Task[None], ...]:
        """Rounds under way."""
        return tuple(self._rounds.values())

    def odd(self) -> list[str]:
        """What did not add up since the last call."""
        told, self._odd = self._odd, []
        return told

    def begin(self, rows: Iterable[Row], planes: Planes) -> None:
        """Begin a round at every provider that has something due and none under way."""
        now = self.steps.clock.boot_ms()
        due: dict[str, list[Row]] = {}
        for row in rows:
            if row.state in WATCHED and row.direction == "contain" and self._is_due(row, now):
                due.setdefault(row.instance, []).append(row)
        for instance, some in due.items():
            plane = planes.get(instance)
            if plane is not None and instance not in self._rounds and now >= self._rest_until_ms.get(instance, 0):
                some.sort(key=lambda row: self._looked_ms.get(row.key, -1))
                self._rounds[instance] = asyncio.create_task(self._round(plane, some))

    def _is_due(self, row: Row, now_ms: int) -> bool:
        looked = self._looked_ms.get(row.key)
        if looked is not None:
            return now_ms - looked >= self.pace.watch_ms
        # the wall clock may have gone back meanwhile: then it is looked at rather than left
        return not 0 <= self.steps.clock.wall_ms() - row.since_ms < self.pace.watch_ms

    async def _round(self, plane: Plane, rows: Sequence[Row]) -> None:
        instance = plane.instance.id
        try:
            known = await self.steps.write(lambda tx: Reading.of(tx).authorised())
            for row in rows:
                self._looked_ms[row.key] = self.steps.clock.boot_ms()
                rest_ms = await self._look_at(row, plane, known)
                if rest_ms is not None:
                    self._rest_until_ms[instance] = self.steps.clock.boot_ms() + rest_ms
                    return
        finally:
            self._rounds.pop(instance, None)

    async def _look_at(self, row: Row, plane: Plane, known: Authorised) -> int | None:
        """Look once; for how long (ms) the provider is to be left alone, where it could not be asked.

        Nothing is learnt from a fault: how old the last result is stands in the record.
        """
        try:
            one = await self.steps.write(lambda tx: in_force(tx, self.steps, row, known))
            if one is not None:
                await self._look(one, plane)
        except Throttled as fault:
            return max(self.pace.watch_ms, int(fault.retry_after_s * 1000))
        except NotSent:
            return self.pace.watch_ms
        except (AdapterFault, Overtaken):
            pass
        except Problem as fault:
            self._odd.append(f"{row.doc[:16]} target {row.target}: {fault.what}")
        return None

    async def _look(self, one: Watched, plane: Plane) -> None:
        seen = await self._again(one, plane)
        if not _holds(one, seen) and seen.verdict == "not-in-effect":
            await self.sleep(self.pace.recheck_ms / 1000)  # one read may be an old answer; two in a row are none
            seen = await self._again(one, plane)
            if not _holds(one, seen) and seen.verdict == "not-in-effect":
                who = await by_whom(plane, one.planned, one.since_ms)
                await self.steps.write(lambda tx: self._drifted(tx, one, seen, who))
                return
        if one.owes_result(self.pace, self.steps.clock.wall_ms()):
            passes, refused = await self._probe(one, plane)
            await self.steps.write(lambda tx: self._enter(tx, one, seen, passes, refused))

    async def _again(self, one: Watched, plane: Plane) -> ReadBack:
        return await (plane.read_back(one.planned) if self.read is None else self.read(one.row, one.planned, plane))

    async def _probe(self, one: Watched, plane: Plane) -> tuple[int, int]:
        """A few tries of what it forbids, where that was measured by trying: (passed, refused)."""
        if one.row.state != "enforced":
            return 0, 0
        witness = await self.enforcer.witness(one.row, plane)
        if witness is None:
            return 0, 0
        passed = refused = 0
        for number in range(self.pace.again_probes):
            tried = witness.plans[number % len(witness.plans)]
            outcome = (await plane.probe(tried, witness.credential)).outcome
            passed, refused = passed + (outcome == "passed"), refused + (outcome == "refused")
            self.enforcer.note_try(one.row, outcome)
        return passed, refused

    def _drifted(self, tx: Tx, one: Watched, seen: ReadBack, who: str) -> None:
        if is_over(tx, one.row, one.authority, Reading.of(tx).authorised()):  # a lift was decided while it was read
            return
        why = f"{_UNDONE} {who} {_NEXT}"
        words: dict[str, JsonValue] = {"why": why, "fields": dict(seen.fields)}
        self.steps.tell_in(tx, one.row, "dispatch.drifted", {}, words=words, state="drifted", detail=why)

    def _enter(self, tx: Tx, one: Watched, seen: ReadBack, passes: int, refused: int) -> None:
        """Enter what a result look came to. A pass says that it is recorded and not enforced: measured anew."""
        if is_over(tx, one.row, one.authority, Reading.of(tx).authorised()):
            return
        verdict = "in-effect" if _holds(one, seen) else seen.verdict
        self._reading(tx, one, "read-back", verdict, 1, {"fields": dict(seen.fields)})
        if passes:
            pub: dict[str, JsonValue] = {"attempt": one.row.attempt, "passes": passes}
            why = "It was tried again, and what it forbids worked."
            self.steps.tell_in(
                tx, one.row, "dispatch.passed", pub, words={"why": why}, state="recorded", detail=why, tries=0,
                not_before_ms=0,
            )  # fmt: skip
        elif refused:
            self._reading(tx, one, "probe", "refused", refused, {})

    def _reading(
        self, tx: Tx, one: Watched, what: str, verdict: str, count: int, more: Mapping[str, JsonValue]
    ) -> None:
        pub: dict[str, JsonValue] = {
            "instance": one.row.instance, "surface": one.surface, "what": what, "verdict": verdict, "count": count,
            "of": [one.entry],
        }  # fmt: skip
        words = {"name": one.planned.name, "selector": one.planned.selector, **more}
        values = {name: plain(value) for name, value in words.items() if value not in ("", {})}
        draft = Draft("reading.observed", inc=one.row.inc, subj=one.row.op, pub=pub, disclosures=values)
        tx.append(self.steps.feed, draft, roster=tx.roster().ref)


def _holds(one: Watched, seen: ReadBack) -> bool:
    return seen.verdict == "in-effect" or covers(seen.fields, one.planned.wanted)


def in_force(tx: Tx, steps: Steps, row: Row, known: Authorised) -> Watched | None:
    """What the record says of a row that is in force; None where it is not, or not any more.

    Raises:
        Problem: when no valid decision stands behind it.
    """
    authority = gate.prove(tx, steps.feed, row)
    if gate.told(tx, steps.feed, row) != row or is_over(tx, row, authority, known):
        return None
    last = [one for one in Reading.of(tx).steps_of(row.op, row.doc, row.target) if one.feed == steps.feed.feed][-1]
    about = select_entries(
        tx.connection, "e.subj = ? AND e.feed = ? AND e.kind = 'reading.observed'", (row.op, steps.feed.feed)
    )
    return Watched(
        row=row, authority=authority, entry=last.id, since_ms=last.entry.hlc[0],
        results=sum(1 for one in about if one.entry.pub["what"] == "read-back" and last.id in _of(one)),
    )  # fmt: skip


def _of(one: Stored) -> tuple[JsonValue, ...]:
    of = one.entry.pub.get("of")
    return tuple(of) if isinstance(of, list) else ()


def is_over(tx: Tx, row: Row, authority: Authority, known: Authorised) -> bool:
    """Whether this correction is being lifted or was, or a later revision took its place, on whichever console.

    A lift of another correction at the same place leaves this one in force.
    """
    planned, decided_ms = authority.planned, authority.decided_ms
    own = Claim(
        doc=row.doc, target=row.target, decided_ms=decided_ms, wanted=planned.wanted, signed_pre=planned.pre,
        found=None, supersedes=authority.action.supersedes,
    )  # fmt: skip
    return any(
        action.supersedes == row.doc or (action.direction == "restore" and lift_of(action, later, at_ms).lifts(own))
        for at_ms, action, later in _later(tx, row, place_of(authority.action, row.target, planned), decided_ms, known)
    )


def is_answered(tx: Tx, feed: FeedSigner, row: Row) -> bool:
    """Whether people have decided again about what this row is about; not of a row for which no decision stands."""
    try:
        authority = gate.prove(tx, feed, row)
    except Problem:
        return False
    place = place_of(authority.action, row.target, authority.planned)
    return bool(_later(tx, row, place, authority.decided_ms, Reading.of(tx).authorised()))


def _later(
    tx: Tx, row: Row, place: Place, decided_ms: int, known: Authorised
) -> list[tuple[int, Action, Planned]]:  # fmt: skip
    """What was authorised later for the same place, or in this one's stead, and did not come to nothing."""
    found: list[tuple[int, Action, Planned]] = []
    for at_ms, later, action, holds in known:
        # what names it came after it, whatever the clocks say
        named = row.doc in (action.undoes, action.supersedes)
        if later.sha == row.doc or not (named or at_ms >= decided_ms):
            continue
        found += [
            (at_ms, action, planned) for at, planned in targets_at(place, later, action)
            if (action.supersedes == row.doc or _came_to_something(tx, action, later.sha, at)) and holds()
        ]  # fmt: skip
    return found


def _came_to_something(tx: Tx, action: Action, doc: str, at: int) -> bool:
    steps = [(one.entry.kind, one.entry.pub) for one in Reading.of(tx).steps_of(action.op, doc, at)]
    return state_told(steps)[0] not in CAME_TO_NOTHING


__all__ = ["DriftWatch", "Watched", "authorised", "in_force", "is_answered", "is_over"]
