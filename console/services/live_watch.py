"""Looks at every provider again and again, for the board: one that hangs or is down holds up no other.

It only ever reads. It writes no entry (transitions are the outbox's) and asks no provider that was just asked.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

from console.domain.errors import Problem
from console.journal.telemetry import Sample, Telemetry
from console.providers.instance import MANUAL, Instance
from console.providers.plane import Plane, Planes
from console.providers.poller import FAULTS_BEFORE_UNREACHABLE, Look, Reachability, look
from console.providers.proofs import Secrets
from console.services.live_pace import AT_A_TICK, LivePace, every_ms, wait_ms
from console.services.live_places import aside
from console.services.live_values import SAMPLES, InstanceLook, PageHint, ProviderLink, ProviderWord, SurfaceLook
from console.services.provider_secrets import needs_of, without
from console.services.providers import instances_of
from console.services.secrets import open_secrets
from console.services.session import Session

STATUS_PAGE: Final = "status_page"  # the adapter that reads a vendor's page: what it says is a hint, and no state
_RETIRE_AFTER_S: Final = 90.0  # longer than any step on a plane that was exchanged may take
_AGAIN_LOCKED_MS: Final = 5_000
_SECRETS_WITHIN_S: Final = 5.0
_STORE_EVERY_MS: Final = 5_000
_MOST_SAMPLES: Final = 20_000


class _NoSecrets:
    """What stands in while nobody can say whether there are any."""

    def get(self, name: str) -> str | None:  # noqa: ARG002  whatever is asked for
        """None."""
        return None


@dataclass(slots=True)
class _Watched:
    instance: Instance
    broken: str = ""
    due_ms: int = 0
    every_ms: int | None = None
    misses: int = 0
    asked: bool = False
    looking: asyncio.Task[None] | None = None
    last: Look | None = None
    read_ms: int | None = None
    since: tuple[ProviderWord, int] | None = None
    surfaces: tuple[SurfaceLook, ...] = ()
    latency: deque[int | None] = field(default_factory=lambda: deque[int | None](maxlen=SAMPLES))
    filled: bool = False
    page: PageHint | None = None


class Watch:
    """The providers of one profile, looked at from one event loop. `planes` is shared with the dispatcher.

    `changed` is called on that loop whenever something was learnt; `odd` with a sentence that somebody should read.
    """

    def __init__(
        self, session: Session, telemetry: Telemetry, pace: LivePace, changed: Callable[[], None],
        odd: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._session = session
        self._telemetry = telemetry
        self._pace = pace
        self._calm = False
        self._changed = changed
        self._odd = odd
        self._watched: dict[str, _Watched] = {}
        self._reach = Reachability()
        self._mine: set[str] = set()
        self._samples: list[Sample] = []
        self._stored: Future[None] | None = None
        self._store_ms = 0
        self._retiring: set[asyncio.Task[None]] = set()
        self._instances = instances_of(session)
        self._file: tuple[int, int] | None = None
        self._reloading: asyncio.Task[None] | None = None
        self._priming: Future[tuple[Secrets, str]] | None = None
        self._again_ms: int | None = None
        self.planes = Planes(())
        self.locked = ""

    # -- which providers -----------------------------------------------------------------------------------------------

    async def reload(self) -> None:
        """Read the list of providers and their secrets anew; what is unchanged goes on undisturbed."""
        self._instances = instances_of(self._session)
        self._file = self._instances.stamp()
        self._again_ms = None
        try:
            everything = self._instances.all()
        except Problem as fault:
            self._odd(f"providers: {fault}")
            return
        needs = needs_of(self._instances, everything)
        place, self.locked = await self._prime([name for names in needs.values() for name in names])
        fresh = Planes.open(self._instances, place, self._session.clock)
        if self.locked:
            fresh = without(fresh, needs, self.locked)
        for plane in fresh.all():
            plane.heard = self._heard
        self._retire(self.planes.exchange(fresh))
        self._take_over()
        self._changed()

    def _take_over(self) -> None:
        """Watch what is open now, and keep what was learnt of those that are unchanged."""
        broken = {one.instance.id: one.reason for one in self.planes.broken()}
        open_now = {plane.instance.id for plane in self.planes.all()}
        before, self._watched = self._watched, {}
        for one in self._instances.all():
            if one.id in open_now or one.id in broken:
                known = before.get(one.id)
                kept = known if known is not None and known.instance == one else _Watched(one)
                kept.broken = broken.get(one.id, "")
                self._watched[one.id] = kept

    async def _prime(self, names: list[str]) -> tuple[Secrets, str]:
        """Read the secrets aside: a keyring may hang, or ask somebody. Where they are, and why they cannot be had."""
        if self._priming is None or self._priming.done():
            self._priming = aside(lambda: self._read_secrets(names), "provider secrets")
        done, _ = await asyncio.wait({asyncio.wrap_future(self._priming)}, timeout=_SECRETS_WITHIN_S)
        found: tuple[Secrets, str] = (_NoSecrets(), "The keyring does not answer; unlock it.")
        if done:
            found = done.pop().result()
        if found[1]:
            self._again_ms = self._session.clock.boot_ms() + _AGAIN_LOCKED_MS
        return found

    def _read_secrets(self, names: list[str]) -> tuple[Secrets, str]:
        place = open_secrets(self._session)
        try:
            place.prime(names)
        except Problem as fault:
            return place, f"{fault.what} {fault.next_step}".strip()
        return place, ""

    def _retire(self, planes: Iterable[Plane]) -> None:
        async def close_later(plane: Plane) -> None:
            try:
                await asyncio.sleep(_RETIRE_AFTER_S)
            finally:
                await plane.aclose()

        for plane in planes:
            task = asyncio.create_task(close_later(plane))
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)

    # -- looking -------------------------------------------------------------------------------------------------------

    async def tick(self) -> None:
        """Begin every look that is due, keep the samples, and notice that another process changed the list."""
        now = self._session.clock.boot_ms()
        again = self._again_ms is not None and now >= self._again_ms
        if (again or self._instances.stamp() != self._file) and (self._reloading is None or self._reloading.done()):
            self._reloading = asyncio.create_task(self._reload_guarded())
        begun = 0
        for ident, one in sorted(self._watched.items(), key=lambda pair: pair[1].due_ms):
            plane = self.planes.get(ident)
            if plane is None or one.instance.adapter == MANUAL or one.looking is not None or now < one.due_ms:
                continue
            one.looking = asyncio.create_task(self._look(plane, one))
            begun += 1
            if begun == AT_A_TICK:
                break
        self._store()

    def attend(self, *, calm: bool) -> None:
        """Whether all is calm, or an incident is open: then what is due late is due soon, one after the other."""
        if calm == self._calm:
            return
        self._calm = calm
        soon = self._session.clock.boot_ms() + self._pace.poll_ms
        for one in self._watched.values():
            if not calm and one.misses < FAULTS_BEFORE_UNREACHABLE and one.due_ms > soon and not one.asked:
                one.due_ms = soon - int(self._pace.poll_ms * self._chance())

    async def _reload_guarded(self) -> None:
        try:
            await self.reload()
        except Exception as fault:  # noqa: BLE001  the board goes on with what it had
            self._odd(f"providers: they could not be read anew ({type(fault).__name__})")

    async def look_now(self) -> None:
        """Look at every provider at once, and wait for it."""
        for one in self._watched.values():
            one.due_ms = 0
        while any(self._is_due(ident, one) for ident, one in self._watched.items()):
            await self.tick()
            await asyncio.sleep(0)
        await asyncio.gather(*self.under_way())

    def _is_due(self, ident: str, one: _Watched) -> bool:
        asked = self.planes.get(ident) is not None and one.instance.adapter != MANUAL
        return asked and one.looking is None and one.due_ms == 0

    def under_way(self) -> tuple[asyncio.Task[None], ...]:
        """The looks under way."""
        return tuple(one.looking for one in self._watched.values() if one.looking is not None)

    async def _look(self, plane: Plane, one: _Watched) -> None:
        ident = plane.instance.id
        self._mine.add(ident)
        try:
            await look(plane)
        except Exception as fault:  # noqa: BLE001  a fault of ours at one provider must not end the others
            self._odd(f"{plane.instance.name}: the look broke off ({type(fault).__name__})")
            self._delay(one, every_ms(self._pace, calm=self._calm, took_ms=0))
        finally:
            self._mine.discard(ident)
            one.looking = None

    def _heard(self, seen: Look) -> None:
        """A look came to its end, ours or the dispatcher's."""
        one = self._watched.get(seen.instance)
        if one is None:
            return
        one.last = seen
        self._reach.observe(seen)
        one.misses = 0 if seen.status is not None else one.misses + 1
        latency_ms = None if seen.status is None else seen.status.latency_ms
        one.latency.append(latency_ms)
        if seen.status is not None:
            one.read_ms = seen.at_ms
            one.page = PageHint.of(seen.status.facts, seen.at_ms) if one.instance.adapter == STATUS_PAGE else None
            one.surfaces = tuple(
                SurfaceLook(key=s.key, model=s.model, state=s.state, restrictions=tuple(s.restrictions),
                            detail=s.detail, read_ms=seen.at_ms, made_ms=s.made_ms)
                for s in seen.status.surfaces
            )  # fmt: skip
        self._note_state(one, seen)
        self._sample(one, seen, latency_ms)
        one.every_ms = every_ms(self._pace, calm=self._calm, took_ms=seen.took_ms)
        one.asked = seen.asked_ms > 0
        wait = wait_ms(self._pace, calm=self._calm, took_ms=seen.took_ms, misses=one.misses, asked_ms=seen.asked_ms)
        # where the dispatcher looks by itself, it will again: it is left to it unless it stops
        self._delay(one, wait if seen.instance in self._mine else wait * 3 // 2)
        self._changed()

    def _delay(self, one: _Watched, ms: int) -> None:
        less = 1.0 if one.asked else 0.9  # a provider that asked for time gets all of it
        one.due_ms = self._session.clock.boot_ms() + int(ms * (less + 0.2 * self._chance()))

    def _chance(self) -> float:
        return int.from_bytes(self._session.entropy.token(2), "big") / 2**16

    def _note_state(self, one: _Watched, seen: Look) -> None:
        word = self._word(one)
        if one.since is None or one.since[0] != word:
            one.since = (word, seen.at_ms)

    def _word(self, one: _Watched) -> ProviderWord:
        if one.instance.adapter == MANUAL and not one.broken:
            return "by-hand"
        if one.broken:
            return "broken"
        if self._reach.is_down(one.instance.id):
            return "unreachable"
        if one.last is None or (not one.last.reachable and one.read_ms is None):
            return "unread"
        return "answers"

    # -- samples -------------------------------------------------------------------------------------------------------

    def _sample(self, one: _Watched, seen: Look, latency_ms: int | None) -> None:
        lost = "unread" if seen.reachable else "unreachable"
        found = {s.key: s.state for s in one.surfaces} if seen.status is not None else {}
        states = found or {s.key: lost for s in one.surfaces}
        self._samples += [Sample(seen.instance, key, seen.at_ms, state, latency_ms) for key, state in states.items()]
        if not one.filled and one.surfaces:
            one.filled = True
            self._fill(one, seen)

    def _fill(self, one: _Watched, seen: Look) -> None:
        """What was measured before this start, so that a line does not begin empty."""
        loop = asyncio.get_running_loop()
        reading = aside(
            lambda: self._telemetry.last(seen.instance, one.surfaces[0].key, seen.at_ms - 1, SAMPLES), "telemetry"
        )

        def put(found: list[Sample]) -> None:
            one.latency = deque([*(sample.latency_ms for sample in found), *one.latency], maxlen=SAMPLES)

        def done(future: Future[list[Sample]]) -> None:
            if future.exception() is None and not loop.is_closed():
                loop.call_soon_threadsafe(put, future.result())

        reading.add_done_callback(done)

    def _store(self) -> None:
        now = self._session.clock.boot_ms()
        if not self._samples or now < self._store_ms or (self._stored is not None and not self._stored.done()):
            del self._samples[:-_MOST_SAMPLES]
            return
        if self._stored is not None and (fault := self._stored.exception()) is not None:
            self._odd(f"status samples could not be kept ({type(fault).__name__})")
        samples, self._samples = self._samples, []
        self._store_ms = now + _STORE_EVERY_MS
        self._stored = aside(lambda: self._telemetry.add(samples), "telemetry")

    # -- what is known -------------------------------------------------------------------------------------------------

    def looks(self) -> tuple[InstanceLook, ...]:
        """Every provider as last seen, in the order in which they were added."""
        return tuple(
            InstanceLook(
                link=self._link(one),
                surfaces=one.surfaces,
                latency=tuple(one.latency),
                page=one.page,
                every_ms=one.every_ms,
            )
            for one in self._watched.values()
        )

    def _link(self, one: _Watched) -> ProviderLink:
        word = self._word(one)
        last = one.last
        fault = one.broken or ("" if last is None or last.status is not None else last.fault or "")
        return ProviderLink(
            instance=one.instance.id, name=one.instance.name, adapter=one.instance.adapter, state=word,
            since_ms=one.since[1] if one.since is not None and one.since[0] == word else None,
            looked_ms=last.at_ms if last is not None else None, read_ms=one.read_ms,
            latency_ms=one.latency[-1] if one.latency else None, fault=fault,
        )  # fmt: skip

    async def aclose(self) -> None:
        """End every look, and close every connection."""
        tasks = list(self.under_way())
        tasks += [*self._retiring, *([self._reloading] if self._reloading is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.planes.aclose()
