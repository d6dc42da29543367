"""Meets every shared place on a thread of its own: a place that hangs holds up neither the others nor the end.

It decides nothing; what came in went through the journal's door. Its threads are abandoned, never waited for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from console.domain.errors import Problem
from console.journal.store import JournalStore
from console.journal.values import FeedSigner
from console.runtime.settings import read_settings
from console.services import organisation, synced
from console.services.live_values import PlaceLink, SyncNews
from console.services.session import Session
from console.sync.folder import FolderPlace
from console.sync.report import SyncReport
from console.sync.session import sync_once, sync_open

T = TypeVar("T")
Exchange = Callable[[JournalStore, FolderPlace, str, Callable[[], FeedSigner]], SyncReport]
PATIENCE_S: Final = 10.0  # the journal first, but not for ever (protocol section 7, Reconnection)
_ADOPT_EVERY_MS: Final = 30_000
_LONGEST_REST_MS: Final = 20_000


def aside(work: Callable[[], T], name: str) -> Future[T]:
    """Do `work` on a thread that nobody ever waits for: a disk or a keyring may hang."""
    done: Future[T] = Future()

    def run() -> None:
        try:
            result = work()
        except BaseException as fault:  # noqa: BLE001  it belongs to whoever waits for the future
            if done.set_running_or_notify_cancel():
                done.set_exception(fault)
        else:
            if done.set_running_or_notify_cancel():
                done.set_result(result)

    threading.Thread(target=run, name=name, daemon=True).start()
    return done


@dataclass(slots=True)
class _Place:
    link: PlaceLink
    own: int | None = None
    meeting: Future[None] | None = None
    began_ms: int = 0
    rests_until_ms: int = 0
    news: SyncNews | None = None


@dataclass(slots=True)
class Places:
    """The shared places of a profile. `changed` and `odd` are called from their threads and must only take note."""

    session: Session
    changed: Callable[[], None]
    odd: Callable[[str], None]
    _gate: threading.Lock = field(default_factory=threading.Lock)
    _ending: threading.Event = field(default_factory=threading.Event)
    _places: dict[str, _Place] = field(default_factory=dict[str, _Place])
    _adopting: Future[None] | None = None
    _adopted_ms: int | None = None

    def paths(self) -> tuple[str, ...]:
        """The places of the profile as its file names them now: another process may have added one."""
        return read_settings(self.session.paths.settings).places

    def links(self) -> tuple[PlaceLink, ...]:
        """How each stands."""
        own = self._own_entries()
        with self._gate:
            return tuple(
                replace(one.link, to_send=None if one.own is None else max(0, own - one.own))
                for one in self._places.values()
            )

    def news(self) -> tuple[SyncNews, ...]:
        """The last meeting with each place."""
        with self._gate:
            return tuple(one.news for one in self._places.values() if one.news is not None)

    def meet(self, *, at_once: bool = True) -> tuple[Future[None], ...]:
        """Begin to meet every place that is not being met; gives those worth waiting for. They never raise.

        Unless `at_once`, only what is open is exchanged with a place whose last whole meeting took long, for four times
        as long (at most 20 s), if there is nothing of our own to bring: a long history must not keep the machine busy.
        """
        try:
            paths = self.paths()
        except Problem as fault:
            self.odd(f"sync: {fault}")
            return ()
        now = self.session.clock.boot_ms()
        own = self._own_entries()
        with self._gate:
            self._places = {path: self._places.get(path) or _Place(PlaceLink(path=path)) for path in paths}
            for path, place in self._places.items():
                if self._ending.is_set():
                    break
                rests = not at_once and own == place.own and now < place.rests_until_ms
                if place.meeting is None or place.meeting.done():
                    place.began_ms = now
                    place.link = replace(place.link, busy_since_ms=self.session.clock.wall_ms())
                    exchange = sync_open if rests else sync_once
                    place.meeting = aside(partial(self._meet, path, place, exchange), f"sync {path}")
            # one that hangs was waited for once: its next rounds hold nobody up
            recent = (one for one in self._places.values() if now - one.began_ms < PATIENCE_S * 1000)
            return tuple(one.meeting for one in recent if one.meeting is not None)

    def meet_and_wait(self, *, at_once: bool = False) -> None:
        """Meet them all and wait for it: until all are met, patience ends, or `end` is called."""
        ends = self.session.clock.boot_ms() + PATIENCE_S * 1000
        under_way = self.meet(at_once=at_once)
        while any(not one.done() for one in under_way) and self.session.clock.boot_ms() < ends:
            if self._ending.wait(0.02):
                return

    def end(self) -> None:
        """Begin nothing more, and let nobody wait. A meeting under way is left to itself: its steps are whole."""
        self._ending.set()

    def join(self, within_s: float) -> None:
        """Give meetings under way a moment to end by themselves."""
        with self._gate:
            futures = [one.meeting for one in self._places.values() if one.meeting is not None]
        ends = self.session.clock.boot_ms() + within_s * 1000
        while any(not one.done() for one in futures) and self.session.clock.boot_ms() < ends:
            threading.Event().wait(0.01)

    # -- one meeting ---------------------------------------------------------------------------------------------------

    def _meet(self, path: str, place: _Place, exchange: Exchange) -> None:
        own, heads = self._own_entries(), synced.own_heads(self.session)
        try:
            session = self.session
            report = exchange(session.store, FolderPlace(Path(path)), session.settings.console, session.device)
        except Problem as fault:
            self._failed(place, fault.what)
        except OSError as fault:
            self._failed(place, f"{fault.strerror or fault}.")
        except Exception as fault:  # noqa: BLE001  a fault of ours at one place must not end the others
            self._failed(place, f"The exchange broke off ({type(fault).__name__}).")
        else:
            if exchange is sync_once:
                synced.keep(self.session, heads)
            self._met(path, place, report, None if exchange is sync_open else own)
            self._adopt(new=bool(report.received or report.documents or report.rosters))
        self.changed()

    def _met(self, path: str, place: _Place, report: SyncReport, own: int | None) -> None:
        """`own` is how many own entries the place has been given; None where only what is open was exchanged."""
        now = self.session.clock.wall_ms()
        news = SyncNews(
            path=path, at_ms=now, received=report.received, documents=report.documents, rosters=report.rosters,
            sent=report.sent, waiting=report.waiting, faults=report.faults, early=report.early,
            forks=tuple(one.sentence for one in report.forks),
        )  # fmt: skip
        with self._gate:
            place.link = replace(place.link, fault="", fault_ms=None, busy_since_ms=None)
            if own is None:
                place.news = news if news.early or news.faults else place.news
                return
            place.link = replace(place.link, synced_ms=now)
            place.own = own
            place.news = news
            boot = self.session.clock.boot_ms()
            place.rests_until_ms = boot + min(_LONGEST_REST_MS, 4 * (boot - place.began_ms))

    def _failed(self, place: _Place, what: str) -> None:
        now = self.session.clock.wall_ms()
        with self._gate:
            since = place.link.fault_ms if place.link.fault == what else now
            place.link = replace(place.link, fault=what, fault_ms=since, busy_since_ms=None)
            place.rests_until_ms = 0

    def _adopt(self, *, new: bool) -> None:
        """Take over a roster that became complete, aside: it looks into every place, and one of them may hang."""
        now = self.session.clock.boot_ms()
        with self._gate:
            due = new or self._adopted_ms is None or now - self._adopted_ms >= _ADOPT_EVERY_MS
            if not due or self._ending.is_set() or (self._adopting is not None and not self._adopting.done()):
                return
            self._adopted_ms = now
            self._adopting = aside(self._adopt_now, "sync rosters")

    def _adopt_now(self) -> None:
        try:
            organisation.adopt_rosters(self.session)
        except (Problem, OSError) as fault:
            self.odd(f"rosters: {fault}")
        except Exception as fault:  # noqa: BLE001  as in `_meet`
            self.odd(f"rosters: it broke off ({type(fault).__name__})")
        self.changed()

    def _own_entries(self) -> int:
        """How many entries this console's own feeds hold."""
        return sum(seq + 1 for seq in synced.own_heads(self.session).values())
