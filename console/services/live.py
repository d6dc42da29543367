"""The engine inside a window's process: it watches every provider, syncs, and dispatches while it has the engine lock.

One thread, one loop. A fault becomes a line to read and never ends it; what it learns it posts as immutable values.
It decides nothing itself: the outbox does, under its own rules.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from sqlite3 import Connection
from typing import Final, TypeVar

from console.domain.errors import Problem
from console.domain.incident_fold import HEADLINE_KINDS
from console.journal.telemetry import DAY_MS, Telemetry, path_beside
from console.outbox.engine import Outbox
from console.outbox.steps import Pace
from console.runtime.instance import EngineLock, read_holder
from console.runtime.workers import EngineThread, Stopped
from console.services import dispatch
from console.services.clock_hint import Colleagues, told_by
from console.services.dispatch import EngineBusy
from console.services.incidents import list_incidents
from console.services.inventory import Surface, retired, surfaces
from console.services.live_pace import LivePace
from console.services.live_places import Places, aside
from console.services.live_rounds import RoundWatch
from console.services.live_values import Connectivity, EngineLink, InstanceLook, Looks, SyncNews
from console.services.live_watch import Watch
from console.services.recovery import alarm_of
from console.services.session import Session
from console.services.trying import TryNotes

T = TypeVar("T")
Listener = Callable[[str, object], None]
CONNECTIVITY: Final = "connectivity"
LOOKS: Final = "looks"
OUTBOX: Final = "outbox"
SYNC: Final = "sync"
_SURFACE_KINDS: Final = ("surface.added", "surface.removed", "provider.added", "provider.removed")
_MOST_ODD: Final = 50
_MAIN_ENDS_WITHIN_S: Final = 3.0
_THREAD_ENDS_WITHIN_S: Final = 1.5


class Live:
    """One per window. `listener(key, snapshot)` is called on the engine's thread and must only take note.

    Keys: `connectivity` (Connectivity), `looks` (Looks), `outbox` (a tuple of Row), `sync` (SyncNews). Every other
    method may be called from any thread; futures carry results and faults.
    """

    def __init__(
        self, session: Session, listener: Listener, *, pace: LivePace | None = None, outbox_pace: Pace | None = None
    ) -> None:
        self._session = session
        self._listener = listener
        self._pace = pace or LivePace()
        self._outbox_pace = outbox_pace
        self._thread = EngineThread("engine")
        self._telemetry = Telemetry(path_beside(session.paths.index))
        self._tries = TryNotes.of(session)
        self._places = Places(session, self._touch, self._note)
        self._colleagues = Colleagues(session)
        self._rounds = RoundWatch(session.clock, self._pace, self._touch)
        self._watch: Watch | None = None
        self._outbox: Outbox | None = None
        self._main: asyncio.Task[None] | None = None
        self._engine = EngineLink(state="starting")
        self._odd: list[str] = []
        self._dirty = True
        self._posted: dict[str, object] = {}
        self._surfaces: tuple[Surface, ...] = ()
        self._read_to = -1
        self._open = True
        self._retired: frozenset[str] = frozenset()
        self._synced_ms: int | None = None
        self._alarm = ("", "")
        self._alarm_ms: int | None = None

    # -- life ----------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin; returns at once. Once only."""
        self._thread.start()
        self._thread.submit(self._begin()).result()

    def stop(self) -> None:
        """End within five seconds, whatever is under way: a call that was cut short is settled at the next start.

        Raises:
            WillNotStop: when something ignores its end; the process must not pretend that it closed.
        """
        self._places.end()
        # where it was never started, or does not end in time, the thread's own end below cuts it short
        with suppress(Stopped, TimeoutError):
            self._thread.submit(self._end()).result(_MAIN_ENDS_WITHIN_S)
        self._thread.stop(_THREAD_ENDS_WITHIN_S)
        self._places.join(0.5)
        self._telemetry.close()
        self._tries.close()

    async def _begin(self) -> None:
        self._watch = Watch(self._session, self._telemetry, self._pace, self._touch, self._note)
        self._main = asyncio.create_task(self._run(self._watch))

    async def _end(self) -> None:
        if self._main is not None:
            self._main.cancel()
            await asyncio.gather(self._main, return_exceptions=True)

    async def _run(self, watch: Watch) -> None:
        parts = [
            asyncio.create_task(self._again(work, name))
            for work, name in (
                (lambda: self._watching(watch), "watch"), (lambda: self._dispatching(watch), "engine"),
                (lambda: self._posting(watch), "posts"), (self._calling, "call-out"),
                (lambda: self._rounding(watch), "round the gateways"),
            )
        ]  # fmt: skip
        aside(lambda: self._telemetry.forget_before(self._session.clock.wall_ms() - DAY_MS), "telemetry")
        try:
            await asyncio.gather(*parts)
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
            await watch.aclose()

    async def _again(self, work: Callable[[], Coroutine[object, object, None]], name: str) -> None:
        """Keep one part going: what it raises is noted, and it begins again."""
        while True:
            try:
                await work()
            except Problem as fault:
                self._note(f"{name}: {fault}")
            except Exception as fault:  # noqa: BLE001  no fault may end the engine; it is shown
                self._note(f"{name}: it broke off ({type(fault).__name__}: {fault})"[:300])
            await asyncio.sleep(self._pace.again_s)

    # -- what others ask for -------------------------------------------------------------------------------------------

    def sync_now(self) -> Future[tuple[SyncNews, ...]]:
        """Meet every place now; gives what each brought. A place that hangs is left out after ten seconds."""

        async def work() -> tuple[SyncNews, ...]:
            await asyncio.wrap_future(aside(partial(self._places.meet_and_wait, at_once=True), "sync now"))
            self._touch()
            return self._places.news()

        return self._submit(work())

    def look_now(self) -> Future[None]:
        """Look at every provider now; done when each has answered or could not."""

        async def work() -> None:
            if self._watch is not None:
                await self._watch.look_now()

        return self._submit(work())

    def reload_providers(self) -> Future[None]:
        """Take in a provider, canary or secret that was added, or a secrets file that was unlocked."""

        async def work() -> None:
            if self._watch is not None:
                await self._watch.reload()
                await self._watch.tick()

        return self._submit(work())

    def release(self, doc: str, target: int) -> Future[bool]:
        """The "now" button: end the hold of a target that waits after an outage. False where it does not wait so.

        The future raises EngineBusy while another process dispatches, and Problem where nothing is dispatched here.
        """

        async def work() -> bool:
            if self._outbox is not None:
                return await self._outbox.release(doc, target)
            if self._engine.state == "elsewhere":
                raise EngineBusy(self._engine.pid)
            raise Problem("Nothing is dispatched here now.", self._engine.sentence)

        return self._submit(work())

    def _submit(self, work: Coroutine[object, object, T]) -> Future[T]:
        try:
            return self._thread.submit(work)
        except Stopped as fault:
            ended: Future[T] = Future()
            ended.set_exception(fault)
            return ended

    # -- watching ------------------------------------------------------------------------------------------------------

    async def _watching(self, watch: Watch) -> None:
        await watch.reload()
        while True:
            await watch.tick()
            await asyncio.sleep(self._pace.tick_s)

    async def _rounding(self, watch: Watch) -> None:
        while True:
            await self._rounds.turn(watch.planes, self._surfaces, calm=not self._open)
            await asyncio.sleep(self._pace.again_s)

    # -- being the engine ----------------------------------------------------------------------------------------------

    async def _dispatching(self, watch: Watch) -> None:
        """Try for the lock until it is had; then be the engine until the end."""
        while (lock := EngineLock.acquire(self._session.paths, self._session.clock)) is None:
            holder = read_holder(self._session.paths)
            self._become(
                EngineLink(state="elsewhere", pid=holder.pid if holder else None,
                           since_ms=holder.since_ms if holder else None)
            )  # fmt: skip
            await asyncio.sleep(self._pace.lock_s)
        with lock:
            try:
                while (why := self._not_yet()) is not None:
                    self._become(EngineLink(state="recording", since_ms=lock.holder.since_ms, detail=why))
                    self._sync_if_due()
                    await asyncio.sleep(self._pace.lock_s)
                await self._dispatch(watch, lock.holder.since_ms)
            finally:
                self._outbox = None

    async def _dispatch(self, watch: Watch, since_ms: int) -> None:
        outbox = Outbox(
            self._session.store, self._session.device(), watch.planes, self._session.clock, self._session.entropy,
            sync=self._places.meet_and_wait, pace=self._outbox_pace, tried=self._tries,
        )  # fmt: skip
        self._outbox = outbox
        self._become(EngineLink(state="here", since_ms=since_ms))
        try:
            await outbox.run("forever")
        finally:
            self._become(EngineLink(state="starting"))

    async def _calling(self) -> None:
        """Page whoever is due, while this process is the engine: one console pages, not all of them."""
        from console.services import callout, staging  # noqa: PLC0415  a window that starts calls nobody yet

        while True:
            if self._engine.state == "here":
                made = await asyncio.wrap_future(aside(lambda: staging.turn(self._session), "staged lifts"))
                self._dirty |= bool(made)
                for page in await asyncio.wrap_future(aside(lambda: callout.turn(self._session), "call-out")):
                    if not page.ok:
                        self._note(f"call-out: {page.hook or 'nobody'}: {page.detail}")
                    self._touch()
            await asyncio.sleep(self._pace.call_s)

    def _not_yet(self) -> str | None:
        """Why nothing is dispatched, where it is so: one person's record, or a console that no roster names yet."""
        if self._session.provisional:
            return "this is one person's record; a second person has to found the organisation with you."
        try:
            self._session.device()
        except Problem as fault:
            return fault.what
        return None

    def _sync_if_due(self) -> None:
        now = self._session.clock.boot_ms()
        if self._synced_ms is None or now - self._synced_ms >= self._pace.sync_ms:
            self._synced_ms = now
            self._places.meet(at_once=False)

    def _become(self, engine: EngineLink) -> None:
        if engine != self._engine:
            self._engine = engine
            self._touch()

    # -- telling -------------------------------------------------------------------------------------------------------

    def _touch(self) -> None:
        """Something changed: it is posted at the next tick. From any thread."""
        self._dirty = True

    def _note(self, text: str) -> None:
        if text not in self._odd:
            self._odd = [*self._odd[1 - _MOST_ODD :], text]
            self._touch()

    async def _posting(self, watch: Watch) -> None:
        while True:
            self._session.keep_mark()
            await self._read_alarm()
            await self._read_news()
            self._attend(watch)
            if self._dirty:
                self._dirty = False
                self._post(CONNECTIVITY, self._connectivity(watch))
                self._post(
                    LOOKS,
                    Looks(surfaces=self._surfaces, instances=self._looks(watch), poll_ms=self._pace.poll_ms,
                          rounds=self._rounds.hints),
                )  # fmt: skip
                for news in self._places.news():
                    self._post_news(news)
            self._post(OUTBOX, tuple(dispatch.rows(self._session)))
            await asyncio.sleep(self._pace.tick_s)

    def _looks(self, watch: Watch) -> tuple[InstanceLook, ...]:
        """Without what was retired for everybody and is still connected here: it is nobody's surface any more."""
        return tuple(one for one in watch.looks() if one.link.instance not in self._retired)

    def _connectivity(self, watch: Watch) -> Connectivity:
        odd = [*self._odd, *(self._outbox.odd if self._outbox is not None else ())]
        return Connectivity(
            engine=self._engine, providers=tuple(one.link for one in self._looks(watch)), places=self._places.links(),
            locked=watch.locked, odd=tuple(odd[-_MOST_ODD:]), alarm=self._alarm,
            retired=tuple(one.link for one in watch.looks() if one.link.instance in self._retired),
            clock=told_by(self._session, watch.planes.all(), self._colleagues),
        )  # fmt: skip

    def _post_news(self, news: SyncNews) -> None:
        """What brought something, or told of other faults or forks than the last; a quiet round tells nobody."""
        key = f"{SYNC} {news.path}"
        before = self._posted.get(key)
        if before == news:
            return
        told = (before.faults, before.forks) if isinstance(before, SyncNews) else ((), ())
        brought = news.received or news.documents or news.rosters or news.sent or news.early
        if brought or told != (news.faults, news.forks):
            self._hand(SYNC, news)
        self._posted[key] = news

    def _post(self, key: str, snapshot: object) -> None:
        if self._posted.get(key) != snapshot:
            self._posted[key] = snapshot
            self._hand(key, snapshot)

    def _hand(self, key: str, snapshot: object) -> None:
        try:
            self._listener(key, snapshot)
        except Exception as fault:  # noqa: BLE001  a listener's fault is not the engine's
            self._note(f"the window did not take {key} ({type(fault).__name__})")

    async def _read_alarm(self) -> None:
        """Now and then: whether this console's record or clock is not to be relied on."""
        now = self._session.clock.boot_ms()
        if self._alarm_ms is None or now - self._alarm_ms >= self._pace.poll_ms:
            self._alarm_ms = now
            alarm = await asyncio.wrap_future(self._session.store.transaction(alarm_of))
            self._dirty |= alarm != self._alarm
            self._alarm = alarm

    async def _read_news(self) -> None:
        """The surfaces, and whether an incident is open: again where an entry about them came, and only then."""
        with self._session.reader.snapshot() as connection:
            newest = int(connection.execute("SELECT coalesce(max(n), 0) FROM entry").fetchone()[0])
            if newest == self._read_to:
                return
            self._colleagues.read(connection, self._read_to)
            about_surfaces, about_incidents = (
                self._read_to < 0 or _came(connection, self._read_to, kinds)  # at first it would read the whole journal
                for kinds in (_SURFACE_KINDS, HEADLINE_KINDS)
            )
        self._dirty = True  # own entries may have come too: what is to be sent has changed
        if about_surfaces:
            self._surfaces, self._retired = await asyncio.wrap_future(aside(self._inventory, "surfaces"))
        if about_incidents:
            self._open = await asyncio.wrap_future(aside(self._any_open, "incidents"))
        self._read_to = newest

    def _any_open(self) -> bool:
        return any(one.status != "closed" for one in list_incidents(self._session))

    def _attend(self, watch: Watch) -> None:
        """Look often while an incident is open or something is under way."""
        rows = self._posted.get(OUTBOX)
        under_way = isinstance(rows, tuple) and any(not row.final for row in rows)
        watch.attend(calm=not self._open and not under_way)

    def _inventory(self) -> tuple[tuple[Surface, ...], frozenset[str]]:
        return tuple(surfaces(self._session)), frozenset(retired(self._session))


def _came(connection: Connection, since: int, kinds: Sequence[str]) -> bool:
    marks = ", ".join("?" * len(kinds))
    found = connection.execute(
        f"SELECT 1 FROM entry WHERE n > ? AND kind IN ({marks}) LIMIT 1",  # noqa: S608  only question marks are put in
        (since, *kinds),
    ).fetchone()
    return found is not None


__all__ = ["CONNECTIVITY", "LOOKS", "OUTBOX", "SYNC", "Live", "LivePace"]
