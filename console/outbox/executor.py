"""One call to a provider and its two commits: the intent before the first byte, the answer after the last.

It must never send twice what may have landed, and never without a decision proven in the same breath.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final

import orjson

from adapters.contract import AdapterFault, NotSent, Planned, ReadBack, Refused, Stale, Throttled
from console.domain.profile import JsonValue
from console.journal.tx import Tx
from console.outbox import backoff, gate
from console.outbox.alone import alone, goes_back, looked_at, sent_before
from console.outbox.gate import Authority, Stop
from console.outbox.guards import why_it_waits
from console.outbox.item import Row
from console.outbox.members import Members
from console.outbox.overlap import place_of, under_way_at
from console.outbox.reading import Reading
from console.outbox.steps import Pace, Steps
from console.outbox.turn import Lease, fence, is_careful, may_stand_in, waits_ms
from console.outbox.wholes import Exact, Wholes, by_membership, exact
from console.providers.plane import Plane

LOOK_MS: Final = 30_000  # whoever waits longer looks again meanwhile: the other may be known to be done with it


def requests_sha(planned: Planned) -> str:
    """The name of the exact requests, as an intent records it."""
    return hashlib.sha256(orjson.dumps([request.as_json() for request in planned.requests])).hexdigest()


@dataclass(frozen=True, slots=True)
class Executor:
    """Takes one queued target through gate, intent, call and answer."""

    steps: Steps
    pace: Pace
    lease: Lease = field(default_factory=Lease)
    wholes: Wholes = field(default_factory=Wholes)

    async def dispatch(self, row: Row, plane: Plane) -> Row:
        """Send one queued target, if everything still says so.

        Raises:
            Unauthorised: when no valid decision stands behind the row.
        """
        checked = await self.steps.write(lambda tx: self.check(tx, row, plane))
        if isinstance(checked, Stop):
            return await self.steps.end(row, checked.state, checked.kind, checked.why)
        async with self.wholes.turn(plane, checked.planned) as came:
            return await self._in_turn(row, plane, checked) if came else await self.later(row)

    async def _in_turn(self, row: Row, plane: Plane, checked: Authority) -> Row:
        planned = checked.planned
        before: bool | Stop = looked_at(checked, row)
        before = before or await self.steps.write(lambda tx: self._sent_before(tx, checked, row))
        seen, compared = await self._look(checked, row, plane, before=before)
        if isinstance(seen, Stop):
            return await self.steps.end(row, seen.state, seen.kind, seen.why)
        if isinstance(seen, AdapterFault):
            return await self.wait(row, seen)
        fields: dict[str, JsonValue] = dict(seen.fields)
        if seen.verdict == "in-effect":
            words: dict[str, JsonValue] = {"fields": fields, "why": "It was so already; nothing was sent."}
            return await self.steps.attempted(
                row, "dispatch.accepted", "accepted", pub={"outcome": "already-so"}, words=words, tries=0
            )
        pre = gate.compare(planned, seen)
        if pre == "same" and not compared:
            pre = "not-laxer"  # nobody but its one signer knows the way back: nobody undoes it alone
        made = await exact(plane, [planned]) if by_membership(planned) else None
        if isinstance(made, AdapterFault) or (made is not None and not made.wholes):
            return await self._not_made(row, made)
        row = await self.steps.write(lambda tx: self._intend(tx, row, plane, pre, seen, made))
        if row.state != "dispatching":
            return row
        self.steps.crash("after-intent")
        return await self._call(row, plane, planned if made is None else made.sent(planned))

    async def _not_made(self, row: Row, made: Exact | AdapterFault) -> Row:
        """A set that is written whole takes nobody more; it cannot be read now; or somebody made it so a moment ago."""
        if isinstance(made, AdapterFault):
            return await self.wait(row, made)
        why = next(iter(made.refused.values()), "")
        if why:
            return await self.steps.end(row, "stale", "dispatch.stale", f"It cannot be sent: {why}.")
        return await self.later(row)

    async def later(self, row: Row) -> Row:
        """Nothing happened; it is looked at again soon."""
        return await self.steps.save(row, not_before_ms=self.steps.clock.wall_ms() + self.pace.settle_ms)

    def _sent_before(self, tx: Tx, checked: Authority, row: Row) -> bool | Stop:
        """Whether it was looked at before; what one person alone may not give back does not go."""
        if checked.action.direction == "restore":
            return goes_back(tx, self.steps.feed, checked, row)
        return sent_before(tx, self.steps.feed, row)

    async def _look(
        self, checked: Authority, row: Row, plane: Plane, *, before: bool | Stop
    ) -> tuple[ReadBack | Stop | AdapterFault, bool]:
        """How the target is; and where nobody looked before, whether it is what it calls itself.

        Beside it: whether its way back is known to be the one that this console's own adapter would take.
        """
        if isinstance(before, Stop):
            return before, False
        try:
            seen = await plane.read_back(checked.planned)
        except AdapterFault as fault:
            return fault, False
        if seen.verdict == "in-effect" or before:
            return seen, True
        looked = await alone(plane, checked.action.targets[row.target], (checked.planned,))
        return (seen, looked) if isinstance(looked, bool) else (looked, False)

    def check(self, tx: Tx, row: Row, plane: Plane) -> Authority | Stop:
        """The decision proven and the rule asked again, inside the caller's transaction; why it may not go, else."""
        authority = gate.prove(tx, self.steps.feed, row)
        if gate.told(tx, self.steps.feed, row) != row:
            raise gate.Unauthorised("its state is not what this console's record says")
        lever, action = plane.lever(authority.planned.lever), authority.action
        target = action.targets[row.target]
        if target.dispatchers[0] != self.steps.feed.feed and not may_stand_in(action, target, lever):
            raise gate.Unauthorised("this console only stands by for it, and it must not be sent twice")
        stop = gate.recheck(tx, authority, row, tx.now_ms) or fence(tx, authority, row, lever, self.lease)
        return stop or authority

    def _intend(self, tx: Tx, row: Row, plane: Plane, pre: gate.Pre | None, seen: ReadBack, made: Exact | None) -> Row:
        """The last look and the intent are one transaction: a cancel either came before it or came too late."""
        checked = self.check(tx, row, plane)
        if isinstance(checked, Stop):
            return self._stop(tx, row, checked)
        planned = checked.planned
        wait_ms, why = self._waits_its_turn(tx, row, checked, plane)
        if wait_ms:
            return self.steps.save_in(tx, row, not_before_ms=tx.now_ms + wait_ms, detail=why)
        fields: dict[str, JsonValue] = dict(seen.fields)
        others = gate.overlap(tx, checked, row, seen, Members(self.steps.store.reader().blob))
        if isinstance(others, Stop):
            return self._stop(tx, row, others, fields)
        if others == "stands":
            return self._leave(tx, row, fields)
        if pre is None:
            changed = gate.changed(planned, seen)
            why = f"What it would change is no longer as it was signed: {changed}. People decide again."
            return self._stop(tx, row, Stop("stale", "dispatch.stale", why), fields)
        attempt = row.attempt + 1
        pub: dict[str, JsonValue] = {
            "attempt": attempt, "requests": requests_sha(planned), "step": "apply", "pre": pre,
            "verdict": "approved",
        }  # fmt: skip
        words: dict[str, JsonValue] = {"fields": fields}
        if made is not None:
            pub["requests"] = made.sha256
            fields |= made.fields
            words["blob"] = made.keep(tx)
        return self.steps.tell_in(tx, row, "dispatch.intent", pub, words=words, state="dispatching", attempt=attempt)

    def _leave(self, tx: Tx, row: Row, fields: dict[str, JsonValue]) -> Row:
        why = "Another correction in force there is as strict or stricter; nothing was sent."
        pub: dict[str, JsonValue] = {"attempt": row.attempt, "outcome": "already-so"}
        return self.steps.tell_in(
            tx, row, "dispatch.accepted", pub, words={"why": why, "fields": fields}, state="accepted", tries=0,
            not_before_ms=0, detail=why,
        )  # fmt: skip

    def _stop(self, tx: Tx, row: Row, stop: Stop, fields: dict[str, JsonValue] | None = None) -> Row:
        words: dict[str, JsonValue] = {"why": stop.why, "fields": fields or {}}
        return self.steps.tell_in(tx, row, stop.kind, {}, words=words, state=stop.state, detail=stop.why)

    def _waits_its_turn(self, tx: Tx, row: Row, authority: Authority, plane: Plane) -> tuple[int, str]:
        """How long (ms) it has to wait for others, and why.

        One call at a time to one place: of two, the second would be sent over a target nobody has read since.
        """
        settle_ms = self.pace.settle_ms
        lever = plane.lever(authority.planned.lever)
        wait_ms = waits_ms(tx, authority, row, lever, self.lease, settle_ms)
        if wait_ms:
            return min(wait_ms, LOOK_MS), "It was taken over: the other console's lease of 15 minutes has to end first."
        doubt = why_it_waits(tx, authority, row, self.lease)
        if doubt:
            return LOOK_MS, doubt
        place = place_of(authority.action, row.target, authority.planned)
        careful = is_careful(authority.action, authority.action.targets[row.target], lever)
        reading = Reading.of(tx)
        others = under_way_at(
            reading.steps_of, place, self.steps.feed.feed, reading.authorised(), but=row.key,
            newer_ms=tx.now_ms - self.pace.record_ms, late_ms=tx.now_ms - self.pace.late_ms if careful else None,
        )  # fmt: skip
        if others:
            return settle_ms, "Something else is being sent there; one goes after the other."
        return 0, ""

    async def _call(self, row: Row, plane: Plane, planned: Planned) -> Row:
        steps = self.steps
        try:
            receipt = await plane.apply(planned)
        except Throttled as fault:
            return await self._again(row, fault.detail, retry_after_s=fault.retry_after_s)
        except NotSent as fault:
            return await self._again(row, fault.detail, missed=True)
        except Refused as fault:
            answered = None if fault.status is None else str(fault.status)
            return await steps.attempted(
                row, "dispatch.failed", "failed", words={"why": fault.detail, "response": answered}
            )
        except Stale as fault:
            return await steps.end(row, "stale", "dispatch.stale", fault.detail)
        except AdapterFault as fault:
            steps.crash("after-call")
            wait = self.steps.clock.wall_ms() + self.pace.settle_ms
            return await steps.attempted(
                row, "dispatch.unknown", "unknown", words={"why": fault.detail}, not_before_ms=wait, tries=0
            )
        steps.crash("after-call")
        words: dict[str, JsonValue] = {
            "request_id": receipt.request_id, "text": receipt.detail,
            "response": None if receipt.status is None else str(receipt.status),
        }  # fmt: skip
        return await steps.attempted(
            row, "dispatch.accepted", "accepted", pub={"outcome": receipt.outcome}, words=words, tries=0,
            not_before_ms=0,
        )  # fmt: skip

    async def _again(self, row: Row, why: str, *, retry_after_s: float | None = None, missed: bool = False) -> Row:
        """It did not land: back into the queue, and the wait stands beside it."""
        tries = row.tries + 1
        wait = self.steps.clock.wall_ms() + backoff.wait_ms(tries, self.steps.entropy, retry_after_s=retry_after_s)
        return await self.steps.attempted(
            row, "dispatch.requeued", "queued", words={"why": why}, tries=tries, not_before_ms=wait,
            missed=row.missed or missed,
        )  # fmt: skip

    async def wait(self, row: Row, fault: AdapterFault) -> Row:
        """A read did not come through: nothing happened, so nothing is entered; the row waits."""
        tries = row.tries + 1
        after = fault.retry_after_s if isinstance(fault, Throttled) else None
        until = self.steps.clock.wall_ms() + backoff.wait_ms(tries, self.steps.entropy, retry_after_s=after)
        return await self.steps.save(
            row, tries=tries, not_before_ms=until, missed=row.missed or isinstance(fault, NotSent),
            detail=fault.detail[:300],
        )  # fmt: skip
