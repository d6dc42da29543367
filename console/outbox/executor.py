"""One call to a provider and its two commits: the intent before the first byte, the answer after the last.

It must never send twice what may have landed, and never without a decision proven in the same breath.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import orjson

from adapters.contract import AdapterFault, NotSent, Planned, Refused, Stale, Throttled
from console.domain.profile import JsonValue
from console.journal.tx import Tx
from console.outbox import backoff, gate
from console.outbox.gate import Authority, Stop
from console.outbox.item import Row
from console.outbox.steps import Pace, Steps
from console.providers.plane import Plane


def requests_sha(planned: Planned) -> str:
    """The name of the exact requests, as an intent records it."""
    return hashlib.sha256(orjson.dumps([request.as_json() for request in planned.requests])).hexdigest()


@dataclass(frozen=True, slots=True)
class Executor:
    """Takes one queued target through gate, intent, call and answer."""

    steps: Steps
    pace: Pace

    async def dispatch(self, row: Row, plane: Plane) -> Row:
        """Send one queued target, if everything still says so.

        Raises:
            Unauthorised: when no valid decision stands behind the row.
        """
        checked = await self.steps.write(lambda tx: self._check(tx, row))
        if isinstance(checked, Stop):
            return await self.steps.end(row, checked.state, checked.kind, checked.why)
        planned = checked.planned
        try:
            seen = await plane.read_back(planned)
        except AdapterFault as fault:
            return await self.wait(row, fault)
        fields: dict[str, JsonValue] = dict(seen.fields)
        if seen.verdict == "in-effect":
            words: dict[str, JsonValue] = {"fields": fields, "why": "It was so already; nothing was sent."}
            return await self.steps.attempted(
                row, "dispatch.accepted", "accepted", pub={"outcome": "already-so"}, words=words, tries=0
            )
        pre = gate.compare(planned, seen)
        if pre is None:
            why = "What it would change is no longer as it was signed; people decide again."
            return await self.steps.tell(
                row, "dispatch.stale", {}, words={"why": why, "fields": fields}, state="stale", detail=why
            )
        row = await self.steps.write(lambda tx: self._intend(tx, row, planned, pre, fields))
        if row.state != "dispatching":
            return row
        self.steps.crash("after-intent")
        return await self._call(row, plane, planned)

    def _check(self, tx: Tx, row: Row) -> Authority | Stop:
        authority = gate.prove(tx, self.steps.feed, row)
        if gate.told(tx, self.steps.feed, row) != row:
            raise gate.Unauthorised("its state is not what this console's record says")
        return gate.recheck(tx, authority, row, tx.now_ms) or authority

    def _intend(self, tx: Tx, row: Row, planned: Planned, pre: gate.Pre, fields: dict[str, JsonValue]) -> Row:
        """The last look and the intent are one transaction: a cancel either came before it or came too late."""
        checked = self._check(tx, row)
        if isinstance(checked, Stop):
            return self.steps.tell_in(
                tx, row, checked.kind, {}, words={"why": checked.why}, state=checked.state, detail=checked.why
            )
        attempt = row.attempt + 1
        pub: dict[str, JsonValue] = {
            "attempt": attempt, "requests": requests_sha(planned), "step": "apply", "pre": pre, "verdict": "approved",
        }  # fmt: skip
        return self.steps.tell_in(
            tx, row, "dispatch.intent", pub, words={"fields": fields}, state="dispatching", attempt=attempt
        )

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
