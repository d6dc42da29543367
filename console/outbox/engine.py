"""The loop that moves the outbox: sync, decide, look, dispatch, observe; one provider never holds another up.

It constructs nothing about people and signs with the machine's feed only. Only the holder of the engine lock runs it.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

from console.domain.actions import Action, Target
from console.domain.errors import Problem
from console.domain.profile import JsonValue
from console.journal.rows import select_entries
from console.journal.schema import KIND_SAID
from console.journal.store import JournalStore
from console.journal.tries import Try
from console.journal.tx import Tx
from console.journal.values import Draft, FeedSigner
from console.outbox import store as table
from console.outbox.authorise import Decision, authorise
from console.outbox.backoff import Breaker
from console.outbox.beside import beside
from console.outbox.enforce import Enforcer, by_hand
from console.outbox.executor import Executor
from console.outbox.facts import Held, good_entries
from console.outbox.gate import Unauthorised
from console.outbox.guards import roster_doubt
from console.outbox.hand_proof import HandProof
from console.outbox.hand_watch import HandWatch
from console.outbox.item import NEEDS_PEOPLE, STEP_KINDS, Row, Settled
from console.outbox.lanes import choose
from console.outbox.lists import Lists
from console.outbox.reading import Reading
from console.outbox.reconcile import Reconciler, recover
from console.outbox.redaction import Redactions
from console.outbox.steps import CrashPoint, Overtaken, Pace, Sleep, Steps, no_crash
from console.outbox.stumbles import Stumbles
from console.outbox.time import clock_words
from console.outbox.turn import Lease, may_stand_in, turns
from console.outbox.watch import DriftWatch, is_answered
from console.providers.plane import Plane, Planes
from console.providers.poller import Look, Reachability, Transition, look
from console.runtime.clock import Clock
from console.runtime.ids import Entropy

Until = Literal["settled", "forever"]
SyncHook = Callable[[], object]
_BREATH_S = 0.01  # so long, once a step has ended, for others to end with it
_QUIET_KINDS = (*STEP_KINDS, "reading.observed", "provider.unreachable", "provider.reachable")
PATIENT_ATTEMPTS = 5  # so often tried, a settling run leaves it waiting and says so


class FeedEnded(Problem):
    """The machine feed this engine writes may not go on: nothing more can be entered in it."""

    def __init__(self) -> None:
        super().__init__(
            "This console's own feed was continued elsewhere or has forked: a backup was put back, or a copy writes.",
            "It goes on in a new feed by itself; find out whether this profile was copied.",
        )


@dataclass(slots=True)
class _Provider:
    """What the engine remembers of one provider while it runs."""

    breaker: Breaker = field(default_factory=Breaker)
    looked_ms: int | None = None


class Outbox:
    """Dispatches what this console decides. One per profile; use it on one event loop."""

    def __init__(  # noqa: PLR0913  the one place where it is wired
        self,
        store: JournalStore,
        feed: FeedSigner,
        planes: Planes,
        clock: Clock,
        entropy: Entropy,
        *,
        sync: SyncHook | None = None,
        pace: Pace | None = None,
        sleep: Sleep = asyncio.sleep,
        crash: CrashPoint = no_crash,
        tried: Callable[[Try], None] | None = None,
    ) -> None:
        """`tried` is told every single try of what is forbidden, and must only take note."""
        self._pace = pace or Pace()
        self._steps = Steps(store, feed, clock, entropy, crash)
        self._planes = planes
        self._clock = clock
        self._sync = sync
        self._sleep = sleep
        self._lease = Lease(kept=sync is not None)
        self._executor = Executor(self._steps, self._pace, self._lease)
        self._reconciler = Reconciler(self._steps, self._pace, self._executor)
        self._enforcer = Enforcer(self._steps, self._pace, self._executor, sleep, tried)
        self._lists = Lists(self._steps, self._pace, self._executor, sleep)
        self._drift = DriftWatch(self._steps, self._pace, self._enforcer, sleep, self._lists.read_back)
        self._by_hand = HandWatch(self._steps, self._pace, sleep)
        self._hand_proof = HandProof(self._steps, self._pace)
        self._watch = Reachability()
        self._providers: dict[str, _Provider] = {}
        self._working: dict[tuple[str, int], tuple[Row, asyncio.Task[None]]] = {}
        self._woken = asyncio.Event()
        self._looking: dict[str, asyncio.Task[None]] = {}
        self._odd: list[str] = []
        self._decisions: dict[str, Decision] = {}
        self._over: set[str] = set()
        self._newest = -1
        self._doubts: tuple[str, ...] = ()
        self._decided_ms = 0
        self._synced_ms: int | None = None
        self._syncing: asyncio.Task[None] | None = None
        self._redactions = Redactions(store, feed)
        self._forgetting: asyncio.Task[None] | None = None
        self._forgot: tuple[int, int] = (-1, 0)
        self._ended = threading.Event()
        self._asked: dict[tuple[str, int], tuple[int, int]] = {}
        self._refused: set[tuple[str, int]] = set()
        self._stumbles = Stumbles(self._pace.recheck_ms)

    @property
    def odd(self) -> tuple[str, ...]:
        """What did not add up: a doubtful clock, rows without a decision, sync faults, adapters' surprises."""
        return (*self._doubts, *self._odd)

    async def rows(self) -> list[Row]:
        """Every row as it stands."""
        return await self._steps.write(lambda tx: table.load(tx.connection))

    async def authorise(self, doc: str) -> Decision:
        """Decide about one document now, if its people have signed."""
        return await self._steps.write(lambda tx: authorise(tx, self._steps.feed, doc, self._turns))

    def _turns(self, tx: Tx, held: Held) -> tuple[int, ...]:
        return turns(tx, self._steps.feed, held, self._can_stand_in)

    def _can_stand_in(self, action: Action, target: Target) -> bool:
        plane = self._planes.get(target.instance)
        return plane is not None and may_stand_in(action, target, plane.lever(target.lever))

    async def release(self, doc: str, target: int) -> bool:
        """The "now" button: end the hold of a target that waits after an outage. False where it does not."""

        def work(tx: Tx) -> bool:
            row = table.find(tx.connection, doc, target)
            if row is None or row.state != "queued" or not row.held or row.by_hand:
                return False
            tx.connection.execute("UPDATE outbox SET not_before_ms = 0 WHERE doc = ? AND target = ?", (doc, target))
            return True

        return await self._steps.write(work)

    async def recover(self) -> None:
        """Set the table right by the chain, and learn which providers were down. Once, before the first round."""
        self._odd += await self._steps.write(lambda tx: recover(tx, self._steps))
        self._watch = Reachability(await self._steps.write(self._down))

    async def run(self, until: Until = "settled", *, deadline_ms: int | None = None) -> Settled:
        """Go round until every row is final or waits for people or a connection (or, `forever`, until cancelled).

        `deadline_ms` bounds a settling run on the boot clock; what is under way then is finished first.
        """
        await self.recover()
        try:
            while True:
                await self.run_once()
                late = deadline_ms is not None and self._clock.boot_ms() >= deadline_ms
                if until == "settled" and (late or await self._is_settled()):
                    break
                await self._rest()
            await self._quiet()
            return await self._told()
        finally:
            await self._abandon()

    async def run_once(self) -> None:
        """One round: sync and looks when due, decisions, and a step begun for every row that may take one.

        Raises:
            FeedEnded: when this console's feed forked, or another continues it: begin anew with the one after.
        """
        if not self._steps.store.may_write(self._steps.feed.feed):
            raise FeedEnded
        await self._sync_if_due()
        await self._decide_all()
        self._forget_if_due()
        busy = set(self._working)  # what is read of these now may be old by the time it is looked at: the next round
        known = [row for row in await self._steps.write(self._load) if row.key not in self._refused]
        self._drift.begin(known, self._planes)
        self._by_hand.begin(self._planes)
        self._hand_proof.begin(known, self._planes)
        self._odd += [one for one in self._drift.odd() if one not in self._odd]
        rows = [row for row in known if not row.final]
        self._look_if_due({row.instance for row in rows if not row.by_hand or row.state != "queued"})
        ready: list[Row] = []
        for row in rows:
            if row.key in self._working or row.key in busy or self._stumbles.rests(row.key, self._clock.boot_ms()):
                continue
            if row.state == "queued" and not (row.by_hand or row.outage) and self._watch.is_down(row.instance):
                await self._reconciler.lost(row)  # authorised while its provider was already away
            elif await self._is_due(row):
                ready.append(row)
        for row in choose(ready, [row for row, _ in self._working.values()], self._slow_ms):
            self._working[row.key] = row, asyncio.create_task(self._advance(row))

    def _load(self, tx: Tx) -> list[Row]:
        rows = table.load(tx.connection)
        self._lists.learn(tx, (row for row in rows if not row.final))
        return rows

    async def _rest(self) -> None:
        """Until the next round: a tick, or less where a step has ended, since another may follow it.

        Also where something ended that goes on beside: it may have been the last that was waited for.
        """
        ends = asyncio.ensure_future(self._sleep(self._pace.tick_s))
        wakes = asyncio.ensure_future(self._woken.wait())
        try:
            await asyncio.wait({ends, wakes, *self._beside()}, return_when=asyncio.FIRST_COMPLETED)
            if not ends.done():
                await asyncio.wait({ends}, timeout=min(_BREATH_S, self._pace.tick_s))
        finally:
            ends.cancel()
            wakes.cancel()
            await asyncio.gather(ends, wakes, return_exceptions=True)
            self._woken.clear()

    def _slow_ms(self, instance: str) -> int:
        plane = self._planes.get(instance)
        return 0 if plane is None else plane.wire.slow_ms

    # -- sync and decisions --------------------------------------------------------------------------------------------

    async def _sync_if_due(self) -> None:
        now = self._clock.boot_ms()
        if self._sync is None or (self._synced_ms is not None and now - self._synced_ms < self._pace.sync_ms):
            return
        if self._syncing is None or self._syncing.done():
            self._synced_ms = now
            self._syncing = asyncio.create_task(self._sync_now(self._sync))
            await asyncio.wait({self._syncing}, timeout=self._pace.sync_wait_s)

    async def _sync_now(self, hook: SyncHook) -> None:
        """The journal first, but not for ever: after the wait the round goes on beside a sync that hangs."""
        began_ms = self._clock.boot_ms()
        try:
            await beside(hook, "sync")
            self._lease.meet(began_ms)
        except (Problem, OSError) as fault:  # no place is needed to contain: it is recorded and tried again
            self._note(f"sync: {fault}")

    async def _decide_all(self) -> None:
        """Decide whatever may have become decidable: when the journal has grown, and at every poll.

        A document or a value can arrive without any entry.
        """
        now = self._clock.boot_ms()
        again = now - self._decided_ms >= self._pace.poll_ms
        (newest, docs), self._doubts = await self._steps.write(
            lambda tx: (_undecided(tx, self._steps.feed.feed, -1 if again else self._newest), _doubts(tx))
        )
        self._newest = newest
        if docs:
            self._decided_ms = now
        for doc in docs:
            if doc in self._over:
                continue
            try:
                decision = await self.authorise(doc)
            except Problem as fault:
                decision = Decision(doc=doc, op=None, outcome="waiting", why=fault.what)
            self._decisions[doc] = decision
            if decision.settled:
                self._over.add(doc)

    # -- redactions ----------------------------------------------------------------------------------------------------

    def _forget_if_due(self) -> None:
        """Carry out redactions beside everything else: when the journal has grown, and while one is under way."""
        now, (newest, at_ms) = self._clock.boot_ms(), self._forgot
        if self._forgetting is not None and not self._forgetting.done():
            return
        again = self._redactions.open and now - at_ms >= self._pace.poll_ms  # a document can arrive without any entry
        if newest != self._newest or again:
            self._forgot = (self._newest, now)
            self._forgetting = asyncio.create_task(self._forget(again=again))

    async def _forget(self, *, again: bool) -> None:
        try:
            told = await beside(lambda: self._redactions.carry_out(self._ended.is_set, again=again), "redactions")
        except (Problem, OSError, sqlite3.Error) as fault:  # nothing that is sent depends on it; it is tried again
            self._note(f"redaction: {fault}")
            return
        for one in told:
            if one.outcome == "done":
                self._synced_ms = None  # the place still offers the values, until it is met
            elif one.outcome == "refused":
                self._note(f"redaction {one.doc[:16]}: {one.why}")

    # -- providers -----------------------------------------------------------------------------------------------------

    def _look_if_due(self, instances: set[str]) -> None:
        now = self._clock.boot_ms()
        for instance in instances:
            plane, known = self._planes.get(instance), self._known(instance)
            if plane is None or instance in self._looking:
                continue
            if known.looked_ms is None or now - known.looked_ms >= self._pace.poll_ms:
                known.looked_ms = now
                self._looking[instance] = asyncio.create_task(self._look(plane))

    async def _look(self, plane: Plane) -> None:
        try:
            await self._take_in(await look(plane))
        finally:
            self._looking.pop(plane.instance.id, None)

    async def _take_in(self, seen: Look) -> None:
        if seen.reachable:
            self._known(seen.instance).breaker.success()
        change = self._watch.observe(seen)
        if change is not None:
            await self._steps.write(lambda tx: self._enter(tx, change))

    def _enter(self, tx: Tx, change: Transition) -> None:
        pub: dict[str, JsonValue] = {"instance": change.instance, "since": change.since_ms}
        words: dict[str, JsonValue] = {"why": change.detail} if change.detail else {}
        draft = Draft(f"provider.{change.became}", pub=pub, disclosures=words)
        tx.append(self._steps.feed, draft, roster=tx.roster().ref)
        if change.became == "unreachable":
            tx.connection.execute(
                "UPDATE outbox SET outage = 1, held = 0 WHERE instance = ? AND state = 'queued' AND by_hand = 0",
                (change.instance,),
            )

    def _down(self, tx: Tx) -> frozenset[str]:
        down: dict[str, bool] = {}
        kinds = ("provider.unreachable", "provider.reachable")
        where = f"e.feed = ? AND e.kind IN ({','.join('?' * len(kinds))})"
        values = (self._steps.feed.feed, *kinds)
        for stored in select_entries(tx.connection, where, values, order="e.seq", index="entry_told"):
            down[str(stored.entry.pub["instance"])] = stored.entry.kind == "provider.unreachable"
        return frozenset(instance for instance, is_down in down.items() if is_down)

    def _known(self, instance: str) -> _Provider:
        return self._providers.setdefault(instance, _Provider())

    # -- rows ----------------------------------------------------------------------------------------------------------

    async def _is_due(self, row: Row) -> bool:
        now_ms = self._clock.wall_ms()
        if row.since_ms <= now_ms < row.not_before_ms:  # a clock that went back makes nobody wait for a day
            return self._asks_for_lapse(row) and await self._may_have_lapsed(row)
        if row.by_hand and row.state == "queued":
            return not row.held or self._may_have_word(row)
        if self._planes.get(row.instance) is None:
            return False
        if self._watch.is_down(row.instance) or not self._known(row.instance).breaker.may_try(self._clock.boot_ms()):
            return row.state == "queued" and await self._may_have_lapsed(row)
        if row.missed and row.direction == "restore" and row.state == "queued":
            since = self._watch.answering_since_ms(row.instance)
            return since is not None and self._clock.wall_ms() - since >= self._pace.stable_ms
        return True

    def _asks_for_lapse(self, row: Row) -> bool:
        """Whether to look at a row that waits: however long a provider asks to wait, what lapsed is shown lapsed."""
        now = self._clock.boot_ms()
        _, asked_ms = self._asked.get(row.key, (-1, 0))
        if row.state != "queued" or row.by_hand or now - asked_ms < self._pace.poll_ms:
            return False
        self._asked[row.key] = (self._newest, now)
        return True

    def _may_have_word(self, row: Row) -> bool:
        """Whether somebody may have attested (the journal has grown), or its time may have passed."""
        newest, asked_ms = self._asked.get(row.key, (-1, 0))
        now = self._clock.boot_ms()
        if newest == self._newest and now - asked_ms < self._pace.poll_ms:
            return False
        self._asked[row.key] = (self._newest, now)
        return True

    async def _may_have_lapsed(self, row: Row) -> bool:
        """Whether a waiting row's time may have passed: it is then shown expired at once, not when somebody returns.

        Also where its document is not here or is no action: the gate says so of this row, and no other waits for it.
        """

        def work(tx: Tx) -> bool:
            try:
                document = Reading.of(tx).document(row.doc).document
            except Problem:
                return True
            if not isinstance(document, Action):
                return True
            longest = (document.execute_by_unreachable or 0) if row.direction == "contain" else 0
            return tx.now_ms > max(document.execute_by, longest)

        return await self._steps.write(work)

    async def _advance(self, row: Row) -> None:
        """One step of one row. Whatever goes wrong stays with this row."""
        breaker = self._known(row.instance).breaker
        try:
            changed = await self._step(row)
            self._stumbles.forget(row.key)
            lost = changed.missed and changed.tries > row.tries
            if lost or (changed.state == "unknown" and row.state == "queued"):
                breaker.fault(self._clock.boot_ms())
                self._known(row.instance).looked_ms = None  # look at once: is it the provider?
            elif not row.by_hand:
                breaker.success()
        except Unauthorised as fault:
            self._refused.add(row.key)
            self._note(f"{row.doc[:16]} target {row.target}: {fault.what}")
        except Overtaken:
            pass  # what the other process wrote is read in the next round
        except Problem as fault:
            self._refused.add(row.key)
            self._note(f"{row.doc[:16]} target {row.target}: {fault.what}")
        except Exception as fault:  # noqa: BLE001  a full disk, a fault of ours: it is seen, and tried again
            told = self._stumbles.note(row.key, fault, self._clock.boot_ms())
            self._note(f"{row.doc[:16]} target {row.target}: {told}")
        finally:
            self._working.pop(row.key, None)
            self._woken.set()

    async def _step(self, row: Row) -> Row:
        if row.by_hand and row.state == "queued":
            return await by_hand(row, self._steps)
        plane = self._planes.get(row.instance)
        if plane is None:
            return row
        listed = await self._lists.takes(row)
        steps: dict[str, Callable[[Row, Plane], Awaitable[Row]]] = {
            "unknown": self._lists.settle if listed else self._reconciler.settle,
            "accepted": self._lists.confirm if listed else self._enforcer.confirm,
            "recorded": self._enforcer.measure,
        }
        step = steps.get(row.state)
        if step is not None:
            return await step(row, plane)
        if row.state != "queued":
            return row
        if row.outage and not row.held and not self._watch.is_down(row.instance):
            return await self._reconciler.hold(row)
        return await (self._lists if listed else self._executor).dispatch(row, plane)

    # -- the end -------------------------------------------------------------------------------------------------------

    async def _is_settled(self) -> bool:
        if self._tasks() or (self._sync is not None and self._synced_ms is None):
            return False
        return all(self._waits(row) is not None for row in await self.rows())

    def _waits(  # noqa: PLR0911  one answer for each thing a row can wait for
        self, row: Row
    ) -> tuple[Literal["nobody", "people", "connection"], str] | None:
        """What a row waits for; None while this engine still has something to do with it."""
        place = f"{row.op} target {row.target}"
        if row.final:
            if row.state in NEEDS_PEOPLE:
                return "people", f"{place} is {row.state}: {row.detail}"
            return "nobody", ""
        if row.key in self._refused:
            return "people", f"{place} was refused at the gate"
        if left := self._stumbles.left(row.key):
            return "people", f"{place} could not be taken further: {left}"
        if row.by_hand and row.state == "queued":
            return ("people", f"{place} waits for an attestation") if row.held else None
        if self._planes.get(row.instance) is None:
            return "people", f"{place}: {self._planes.why_not(row.instance)}"
        if self._watch.is_down(row.instance):
            return "connection", f"{place} is {row.state}: its provider cannot be reached"
        if row.state == "queued" and row.attempt >= PATIENT_ATTEMPTS and row.not_before_ms > self._clock.wall_ms():
            return "connection", f"{place} was tried {row.attempt} times: {row.detail}"
        return None

    async def _told(self) -> Settled:
        rows = tuple(await self.rows())
        drifted, feed = [row for row in rows if row.state == "drifted"], self._steps.feed
        quiet = await self._steps.write(lambda tx: [row.key for row in drifted if is_answered(tx, feed, row)])
        waits = [found for row in rows if row.key not in quiet and (found := self._waits(row)) is not None]
        people = [text for whom, text in waits if whom == "people"]
        for one in self._decisions.values():
            if one.outcome == "waiting":
                missing = " ".join(one.verdict.missing) if one.verdict is not None else ""
                people.append(f"{one.op or one.doc[:16]}: {missing or one.why}")
        connection = tuple(text for whom, text in waits if whom == "connection")
        unfinished = tuple(
            f"{row.op} target {row.target} is {row.state}: {row.detail or 'under way'}"
            for row in rows if self._waits(row) is None
        )  # fmt: skip
        return Settled(rows=rows, people=tuple(people), connection=connection, unfinished=unfinished, odd=self.odd)

    def _tasks(self) -> list[asyncio.Task[None]]:
        return [*(task for _, task in self._working.values()), *self._beside()]

    def _beside(self) -> list[asyncio.Task[None]]:
        """What goes on and is no step of a row."""
        forgetting = [] if self._forgetting is None or self._forgetting.done() else [self._forgetting]
        return [*self._looking.values(), *self._drift.tasks, *self._by_hand.tasks, *self._hand_proof.tasks, *forgetting]

    async def _quiet(self) -> None:
        while tasks := self._tasks():
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _abandon(self) -> None:
        """Cancel what is under way: a write cut short is found `dispatching` at the next start, and settled then."""
        self._ended.set()
        tasks = self._tasks()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._steps.desk.hand_over(self._steps.store)
        self._working.clear()
        self._looking.clear()

    def _note(self, text: str) -> None:
        if text not in self._odd:
            self._odd.append(text)


def _undecided(tx: Tx, feed: str, newest_seen: int) -> tuple[int, list[str]]:
    """The newest entry's local number, and (where it has grown by more than our own steps) every proposed document."""
    newest = int(tx.connection.execute("SELECT coalesce(max(n), 0) FROM entry").fetchone()[0])
    marks = ",".join("?" * len(_QUIET_KINDS))
    other = f"SELECT 1 FROM entry WHERE n > ? AND NOT (feed = ? AND {KIND_SAID} IN ({marks})) LIMIT 1"  # noqa: S608  marks only
    if tx.connection.execute(other, (newest_seen, feed, *_QUIET_KINDS)).fetchone() is None:
        return newest, []
    proposals = good_entries(tx.connection, ("correction.proposed", "document.proposed"))
    return newest, list(dict.fromkeys(str(one.entry.pub["doc"]) for one in proposals))


def _doubts(tx: Tx) -> tuple[str, ...]:
    """What is to be known beside whatever goes: of the clock, and of the roster."""
    return tuple(one for one in (" ".join(clock_words(tx)).strip(), roster_doubt(tx)) if one)


__all__ = ["FeedEnded", "Outbox", "Settled", "Until"]
