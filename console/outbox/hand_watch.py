"""Looks again at what people did by hand, where somebody watched it once: as often as at what was sent from here.

The console on which it was watched does it, with its own credential. It only reads: what somebody undid is entered as a
reading, shows as an alarm, and is never sent by anybody but people.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from adapters.contract import AdapterFault, NotSent, Planned, ReadBack, Throttled, Wish
from console.domain.errors import Problem
from console.domain.overlap import covers
from console.domain.profile import JsonValue
from console.journal.rows import select_entries
from console.journal.tx import Tx
from console.journal.values import Draft
from console.outbox.by_hand import LEVER, ByHand, read_by_hand
from console.outbox.reading import Reading
from console.outbox.steps import Pace, Sleep, Steps, plain
from console.outbox.undone import by_whom
from console.providers.plane import Plane, Planes


@dataclass(slots=True)
class HandWatch:
    """One per engine. Looks at one provider go one after the other; none holds another provider up."""

    steps: Steps
    pace: Pace
    sleep: Sleep
    _due_ms: int = 0  # boot clock
    _round: asyncio.Task[None] | None = None
    _rest_until_ms: dict[str, int] = field(default_factory=dict[str, int])
    _plans: dict[tuple[str, str, str, str], Planned] = field(default_factory=dict[tuple[str, str, str, str], Planned])

    @property
    def tasks(self) -> tuple[asyncio.Task[None], ...]:
        """The round under way."""
        return () if self._round is None or self._round.done() else (self._round,)

    def begin(self, planes: Planes) -> None:
        """Begin a round when one is due and none under way."""
        now = self.steps.clock.boot_ms()
        if now >= self._due_ms and not self.tasks:
            self._due_ms = now + self.pace.watch_ms
            self._round = asyncio.create_task(self._go_round(planes))

    async def _go_round(self, planes: Planes) -> None:
        watched = await self.steps.write(self._watched)
        by_place: dict[str, list[ByHand]] = {}
        for one in watched:
            by_place.setdefault(one.instance, []).append(one)
        await asyncio.gather(*(self._at(planes, instance, some) for instance, some in by_place.items()))

    async def _at(self, planes: Planes, instance: str, some: Sequence[ByHand]) -> None:
        """Nothing is learnt from a fault: how old the last reading is stands in the record."""
        plane = planes.get(instance)
        now = self.steps.clock.boot_ms()
        if plane is None or now < self._rest_until_ms.get(instance, 0):
            return
        for one in some:
            try:
                await self._look(one, plane)
            except Throttled as fault:
                self._rest_until_ms[instance] = now + max(self.pace.watch_ms, int(fault.retry_after_s * 1000))
                return
            except NotSent:
                return
            except (AdapterFault, Problem):
                continue

    def _watched(self, tx: Tx) -> list[ByHand]:
        """What this console watched, was found standing once, and nobody has decided again about."""
        found = [one for one in read_by_hand(tx.connection, self.steps.feed.console) if one.stands != "never"]
        return [one for one in found if not _decided_again(tx, one)]

    async def _look(self, one: ByHand, plane: Plane) -> None:
        planned = await self._plan(one, plane)
        seen = await plane.read_back(planned)
        if _is_off(planned, seen) and one.stands == "stands":
            await self.sleep(self.pace.recheck_ms / 1000)  # one read may be an old answer; two in a row are none
            seen = await plane.read_back(planned)
            if _is_off(planned, seen):
                who = await by_whom(plane, planned, one.since_ms)
                await self.steps.write(lambda tx: self._enter(tx, one, seen, f"It was undone. {who}"))
                return
        stands = seen.verdict == "in-effect" or covers(seen.fields, planned.wanted)
        if stands and (one.stands == "undone" or self._owes_result(one)):
            await self.steps.write(lambda tx: self._enter(tx, one, seen, "", stands=True))

    async def _plan(self, one: ByHand, plane: Plane) -> Planned:
        """The plan by which it is read; where it stands is what was watched, so it is made once."""
        if one.place not in self._plans:
            key = await self.steps.write(lambda tx: _key(tx, one.surface))
            wish = Wish(lever=one.lever, selector=one.selector, surface_key=key, params={})
            self._plans[one.place] = await plane.plan(wish)
        return self._plans[one.place]

    def _owes_result(self, one: ByHand) -> bool:
        """Whether this look is one of those whose result is entered, as for what was sent."""
        after = self.pace.again_ms
        return one.results < len(after) and self.steps.clock.wall_ms() - one.since_ms >= after[one.results]

    def _enter(self, tx: Tx, one: ByHand, seen: ReadBack, why: str, *, stands: bool = False) -> None:
        if _decided_again(tx, one):  # people decided while it was read
            return
        pub: dict[str, JsonValue] = {
            "instance": one.instance, "surface": one.surface or None, "what": "read-back",
            "verdict": "in-effect" if stands else "not-in-effect", "count": 1 if stands else 2, "of": [one.entry],
        }  # fmt: skip
        words: dict[str, JsonValue] = {
            "name": one.name, "selector": one.selector, "text": why, "fields": {LEVER: one.lever, **seen.fields},
        }  # fmt: skip
        values = {name: plain(value) for name, value in words.items() if value not in ("", {})}
        draft = Draft("reading.observed", inc=one.inc, subj=None, pub=pub, disclosures=values)
        tx.append(self.steps.feed, draft, roster=tx.roster().ref)


def _key(tx: Tx, surface: str) -> str:
    """What the provider calls a surface."""
    named = select_entries(tx.connection, "e.kind = 'surface.added'", (), index="entry_told")
    keys = [each.disclosed.get("key") for each in named if each.entry.pub["surface"] == surface]
    return str(keys[-1]) if keys and keys[-1] else ""


def _is_off(planned: Planned, seen: ReadBack) -> bool:
    return seen.verdict == "not-in-effect" and not covers(seen.fields, planned.wanted)


def _decided_again(tx: Tx, one: ByHand) -> bool:
    """Whether a correction of this console's people about the same account was decided since it stood so."""
    for at_ms, held, action, holds in Reading.of(tx).authorised():
        if at_ms < one.done_ms:
            continue
        for at, target in enumerate(action.targets):
            if (target.instance, target.lever) == (one.instance, one.lever):
                told = held.disclosed(at)
                if (told.get("selector") in {one.selector, one.name} or told.get("name") == one.name) and holds():
                    return True
    return False


__all__ = ["HandWatch"]
