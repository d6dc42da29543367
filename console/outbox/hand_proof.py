"""What somebody says was done by hand, read where it should stand: a word becomes an observation, or an alarm.

Only of levers whose adapter can read it (`adapters.hand`); what is asked of people freely stays attested. It only
reads: what is found is entered as a step, and then tried like anything else that is recorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from adapters.contract import AdapterFault, Planned, ReadBack, Throttled
from console.domain.errors import Problem
from console.domain.overlap import covers
from console.domain.profile import JsonValue
from console.journal.tx import Tx
from console.journal.values import Stored
from console.outbox import gate
from console.outbox.enforce import words_about
from console.outbox.item import Row
from console.outbox.reading import Reading
from console.outbox.steps import Overtaken, Pace, Steps
from console.outbox.watch import is_over
from console.providers.plane import Plane, Planes

SAID: Final = ("attested", "attention")
_NEXT: Final = "Ask again; this ends by itself once it reads back."


@dataclass(slots=True)
class HandProof:
    """One per engine. Looks at one provider go one after the other; none holds another provider up."""

    steps: Steps
    pace: Pace
    _looked_ms: dict[tuple[str, int], int] = field(default_factory=dict[tuple[str, int], int])  # boot clock
    _rest_until_ms: dict[str, int] = field(default_factory=dict[str, int])
    _rounds: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, "asyncio.Task[None]"])

    @property
    def tasks(self) -> tuple[asyncio.Task[None], ...]:
        """Rounds under way."""
        return tuple(self._rounds.values())

    def begin(self, rows: Iterable[Row], planes: Planes) -> None:
        """Begin a round at every provider where something was said to be done, and none is under way."""
        now = self.steps.clock.boot_ms()
        due: dict[str, list[Row]] = {}
        for row in rows:
            if row.by_hand and row.state in SAID and self._is_due(row, now):
                due.setdefault(row.instance, []).append(row)
        for instance, some in due.items():
            plane = planes.get(instance)
            if plane is not None and instance not in self._rounds and now >= self._rest_until_ms.get(instance, 0):
                self._rounds[instance] = asyncio.create_task(self._round(plane, some))

    def _is_due(self, row: Row, now_ms: int) -> bool:
        """Often while it may just be taking hold, then as often as what is in force."""
        looked = self._looked_ms.get(row.key)
        young = 0 <= self.steps.clock.wall_ms() - row.since_ms < self.pace.record_ms
        return looked is None or now_ms - looked >= (self.pace.recheck_ms if young else self.pace.watch_ms)

    async def _round(self, plane: Plane, rows: Iterable[Row]) -> None:
        instance = plane.instance.id
        try:
            for row in rows:
                self._looked_ms[row.key] = self.steps.clock.boot_ms()
                try:
                    await self._look(row, plane)
                except Throttled as fault:
                    rest_ms = max(self.pace.watch_ms, int(fault.retry_after_s * 1000))
                    self._rest_until_ms[instance] = self.steps.clock.boot_ms() + rest_ms
                    return
                except (AdapterFault, Overtaken, Problem):
                    continue  # nothing is learnt from a fault: it stays a person's word
        finally:
            self._rounds.pop(instance, None)

    async def _look(self, row: Row, plane: Plane) -> None:
        planned = await self.steps.write(lambda tx: self._said(tx, row))
        if planned is None or not any(one.name == planned.lever and one.by_hand for one in plane.manifest.levers):
            return
        seen = await plane.read_back(planned)
        await self.steps.write(lambda tx: self._enter(tx, row, plane, planned, seen))

    def _said(self, tx: Tx, row: Row) -> Planned | None:
        """The plan of what is said to be done; None where nobody said so, or people have decided again."""
        authority = gate.prove(tx, self.steps.feed, row)
        if gate.told(tx, self.steps.feed, row) != row or _done(tx, row) is None:
            return None
        if row.direction == "contain" and is_over(tx, row, authority, Reading.of(tx).authorised()):
            return None
        return authority.planned

    def _enter(self, tx: Tx, row: Row, plane: Plane, planned: Planned, seen: ReadBack) -> None:
        fields: dict[str, JsonValue] = dict(seen.fields)
        if seen.verdict == "in-effect" or (row.direction == "contain" and covers(seen.fields, planned.wanted)):
            pub: dict[str, JsonValue] = {"attempt": row.attempt}
            self.steps.tell_in(
                tx, row, "dispatch.recorded", pub, words={"fields": fields}, state="recorded", detail="", tries=0,
                not_before_ms=0,
            )  # fmt: skip
            return
        said, steps = _done(tx, row), Reading.of(tx).steps(row.op, row.doc, row.target)
        mine = max((one.n for one in steps if one.feed == self.steps.feed.feed), default=0)
        if said is None or (row.state == "attention" and said.n < mine):
            return  # it is an alarm already, and nobody has said it again since
        if tx.now_ms - said.received_ms < self.pace.record_ms + plane.lever(planned.lever).read_back_lag_s * 1000:
            return
        told = "does not show it" if seen.verdict == "not-in-effect" else "cannot tell"
        why = f"Somebody says that it is done, and an independent read {told}. {seen.detail} {_NEXT}"
        why = " ".join(why.split())
        self.steps.tell_in(
            tx, row, "dispatch.attention", {}, words={"why": why, "fields": fields}, state="attention", detail=why
        )


def _done(tx: Tx, row: Row) -> Stored | None:
    """The last time that somebody said it is done."""
    said = [one for one in words_about(tx, row) if one.entry.pub.get("outcome", "done") == "done"]
    return max(said, key=lambda one: one.n, default=None)


__all__ = ["HandProof"]
