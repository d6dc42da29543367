"""What is not known is found out, never assumed: after a crash, after a lost answer, after an outage.

It must never resend blindly, and nothing may fire by surprise when a provider comes back.
"""

from __future__ import annotations

from dataclasses import dataclass

from adapters.contract import AdapterFault, Lever
from console.domain.actions import Action
from console.domain.errors import Problem
from console.domain.profile import JsonValue
from console.journal.tx import Tx
from console.outbox import backoff, gate
from console.outbox import store as table
from console.outbox.authorise import new_row, own_targets
from console.outbox.executor import Executor
from console.outbox.facts import good_entries
from console.outbox.item import Row
from console.outbox.reading import Reading
from console.outbox.steps import Pace, Steps
from console.providers.plane import Plane

# an answer lost at these may be asked for again: the same write twice is the write once
REPEATABLE = frozenset({"key", "conditional", "desired-state", "taggable"})
MOST_READS = 8
_ODD_CHARS = 300


def recover(tx: Tx, steps: Steps) -> list[str]:
    """At start: rows set right by this console's own chain; whatever was dispatching is unknown. Returns what was odd.

    Rows for which no valid decision stands are taken out and reported; decided targets without a row get it back.
    """
    odd: list[str] = []
    for doc, action in _decided(tx, steps, odd):
        for at in own_targets(action, steps.feed):
            if table.find(tx.connection, doc, at) is None:
                table.enqueue(tx.connection, new_row(action, doc, at, tx.now_ms))
                odd.append(f"{doc[:16]} target {at}: its row was missing")
    for row in table.load(tx.connection):
        try:
            gate.prove(tx, steps.feed, row)
        except Problem as fault:
            odd.append(f"{row.doc[:16]} target {row.target}: {fault.what}")
            if isinstance(fault, gate.Unauthorised):
                table.forget(tx.connection, row.doc, row.target)
            continue
        except Exception as fault:  # noqa: BLE001  a fault of ours at one row: every other is sent all the same
            odd.append(f"{row.doc[:16]} target {row.target}: {type(fault).__name__}: {fault}"[:_ODD_CHARS])
            continue
        true = gate.told(tx, steps.feed, row)
        if true != row:
            odd.append(f"{row.doc[:16]} target {row.target}: the row said {row.state}, the record {true.state}")
            table.save(tx.connection, true)
        if true.state == "dispatching":
            why = "The console ended between sending and the answer."
            steps.tell_in(
                tx, true, "dispatch.unknown", {"attempt": true.attempt}, words={"why": why}, state="unknown",
                not_before_ms=0, tries=0, detail=why,
            )  # fmt: skip
    return odd


def _decided(tx: Tx, steps: Steps, odd: list[str]) -> list[tuple[str, Action]]:
    """Every action that this console's own signed decisions cover; a document that is gone stops no other."""
    found: list[tuple[str, Action]] = []
    for stored in good_entries(tx.connection, ("dispatch.authorised",)):
        doc = str(stored.entry.pub["doc"])
        if stored.feed == steps.feed.feed:
            try:
                document = Reading.of(tx).document(doc).document
            except Problem as fault:
                odd.append(f"{doc[:16]}: it was decided here, and: {fault.what}")
                continue
            if isinstance(document, Action):
                found.append((doc, document))
    return found


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Settles unknown targets, and lets those through that waited for a provider."""

    steps: Steps
    pace: Pace
    executor: Executor

    async def settle(self, row: Row, plane: Plane) -> Row:
        """Read back, then decide: it landed, or it did not and may be repeated, or a person decides."""
        authority = await self.steps.write(lambda tx: gate.prove(tx, self.steps.feed, row))
        planned = authority.planned
        lever = plane.lever(planned.lever)
        try:
            seen = await plane.read_back(planned)
        except AdapterFault as fault:
            return await self.executor.wait(row, fault)
        if seen.verdict == "in-effect":
            words: dict[str, JsonValue] = {
                "why": "It had landed: an independent read shows it.",
                "fields": dict(seen.fields),
            }
            return await self.steps.attempted(
                row, "dispatch.accepted", "accepted", pub={"outcome": "accepted"}, words=words, tries=0
            )
        if seen.verdict == "cannot-tell" or row.tries * self.pace.settle_ms < lever.read_back_lag_s * 1000:
            if row.tries < MOST_READS or seen.verdict != "cannot-tell":
                until = self.steps.clock.wall_ms() + self.pace.settle_ms
                return await self.steps.save(row, tries=row.tries + 1, not_before_ms=until)
            return await self.steps.end(
                row, "attention", "dispatch.attention", "Nothing tells whether it landed; a person decides."
            )
        return await self._not_landed(row, lever)

    async def _not_landed(self, row: Row, lever: Lever) -> Row:
        """A read shows that it is not so (yet): what that allows is said by the lever's idempotency."""
        left_ms = row.since_ms + self.pace.late_ms - self.steps.clock.wall_ms()
        if lever.idempotency == "taggable" and 0 < left_ms <= self.pace.late_ms:
            # what is on its way still would make a second one, with the same tag
            return await self.steps.save(row, not_before_ms=row.since_ms + self.pace.late_ms)
        if lever.idempotency in REPEATABLE:
            return await self.steps.attempted(
                row, "dispatch.requeued", "queued", words={"why": "It did not land: an independent read shows it."},
                tries=0, not_before_ms=self._pause_ms(row),
            )  # fmt: skip
        return await self.steps.end(
            row, "attention", "dispatch.attention",
            "It does not show, and this lever cannot be pulled twice safely; a person decides.",
        )  # fmt: skip

    def _pause_ms(self, row: Row) -> int:
        """When a write that keeps getting lost may be tried again: later each time."""
        again = row.attempt - 1
        return 0 if again < 1 else self.steps.clock.wall_ms() + backoff.wait_ms(again, self.steps.entropy)

    async def hold(self, row: Row) -> Row:
        """A provider came back: containment goes after a visible hold, giving back goes to people again."""
        if row.direction == "restore":
            return await self.steps.end(
                row, "stale", "dispatch.stale", "Its provider was away while it waited; people decide again."
            )
        until = self.steps.clock.wall_ms() + self.pace.hold_ms
        why = f"The provider is back; it goes after {self.pace.hold_ms / 1000:g} s."
        return await self.steps.tell(
            row, "dispatch.held", {}, words={"why": why}, held=True, not_before_ms=until, tries=0, detail=why
        )

    async def lost(self, row: Row) -> Row:
        """Its provider is down: the row waits, and will not go by surprise."""
        return await self.steps.save(row, outage=True, held=False, detail="Its provider cannot be reached.")
