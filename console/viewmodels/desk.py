"""A profile in use at a window: intentions go in, immutable snapshots come out. It knows no widget and never waits.

What another process writes into the same profile shows within a second: the journal's own change counter is watched.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from console.domain.errors import Problem
from console.runtime.workers import Stopped
from console.services.live_values import Connectivity, Looks, SyncNews
from console.services.session import Session
from console.viewmodels.banners import BANNERS, notices
from console.viewmodels.drafts import DRAFTS_GONE, Drafts, DraftsGone, forget_redacted
from console.viewmodels.header import CONNECTIVITY
from console.viewmodels.lanes import Lane, Lanes
from console.viewmodels.outlet import Outlet
from console.viewmodels.shell import (
    GROWN,
    INCIDENTS,
    LOOKS,
    NOW,
    PROVEN,
    SHELL,
    SYNC_NEWS,
    TROUBLE,
    Grown,
    Incidents,
    Now,
    Rung,
    Shell,
    Trouble,
)

if TYPE_CHECKING:  # what reads the record in full is imported on the lane that reads: the window is there first
    from console.journal.projections import Projections
    from console.services.incidents import IncidentLine
    from console.services.live import Live
    from console.services.standing import Standing
    from console.services.verification import Progressed, Verification

T = TypeVar("T")
WATCH_EVERY_S = 0.2
_RESTS = 4  # so many times as long as it took
_RESTS_AT_MOST_MS = 600  # between two readings
_PROVE_AFTER_MS = 3_000  # what a person opened the window for comes first
AGAIN_EVERY_S = 15.0  # lapses and expiries come with time alone
_CONTAINED = ("enforced", "attested", "unmeasurable", "lifted", "recorded")


class Desk:
    """One per window. `start` begins the lanes and the watch; `stop` ends them in a fixed order."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.outlet = Outlet()
        self.lanes = Lanes(session)
        self.engine: Live | None = None
        self.pointed: tuple[str, int | None] | None = None
        self.pointed_surface: tuple[str, str] | None = None
        self.drafts = Drafts(session.paths.root)
        self._inc: str | None = None
        self._chosen = False
        self._mark = 0
        self._buried = 0
        self._rests_until_ms = 0
        self._promised: tuple[tuple[str, int], int | None] = (("", -1), None)
        self._newest = -1
        self._bringing: Future[None] | None = None
        self._verification: Verification | None = None
        self._prove_at_ms = 0
        self._asked = threading.Event()
        self._ending = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="desk-watch", daemon=True)

    # -- life ----------------------------------------------------------------------------------------------------------

    def start(self, *, watch: bool = True) -> None:
        """Begin; once only. Without `watch` nothing is read before `watch` is called."""
        self.lanes.start()
        if watch:
            self.watch()

    def watch(self) -> None:
        """Read the record, and again whenever it changed; once only."""
        self._watcher.start()
        self.refresh()

    @cached_property
    def projections(self) -> Projections:
        """The index of this profile, opened when the first rows are wanted. On the thread that shows them."""
        from console.journal.projections import Projections  # noqa: PLC0415  see above

        return Projections(self.session.store)

    def stop(self) -> None:
        """End: first nothing new is read, then what was taken is finished."""
        self._ending.set()
        self._asked.set()
        if self._bringing is not None:
            self._bringing.exception()
        if self.engine is not None:
            self.engine.stop()
        if self._watcher.ident is not None:
            self._watcher.join(10.0)
        if self._verification is not None:
            self._verification.close()
        self.lanes.stop()
        if "projections" in vars(self):
            self.projections.close()

    # -- intentions ----------------------------------------------------------------------------------------------------

    def do(self, work: Callable[[Session], T], lane: Lane = "quick") -> Future[T]:
        """Run one intention of the person on a lane; the screen follows from the journal, not from the answer."""
        return self.lanes.submit(lane, work)

    @property
    def inc(self) -> str | None:
        """The incident that is shown; None is the organisation's own record."""
        return self._inc

    def choose(self, inc: str | None) -> None:
        """Show this incident."""
        self._inc, self._chosen = inc, True
        self.refresh()

    def point_at(self, doc: str, target: int | None = None) -> None:
        """Say which correction (and target) the next command about corrections means."""
        self.pointed = (doc, target)

    def point_at_surface(self, model: str, surface: str) -> None:
        """Say which surface the next correction is about."""
        self.pointed_surface = (model, surface)

    def refresh(self) -> None:
        """Read again soon. Many calls are one reading."""
        self._asked.set()

    def lock(self) -> None:
        """Forget the person's key; the machine's own work goes on."""
        self.session.lock()
        self.refresh()

    # -- the engine ----------------------------------------------------------------------------------------------------

    def bring_engine(self) -> None:
        """Start the live engine. It is imported and made on a lane, for that takes longer than a window may."""

        def bring(session: Session) -> None:
            from console.services.live import Live  # noqa: PLC0415  as the docstring says

            engine = Live(session, self.heard)
            engine.start()
            self.engine = engine

        self._bringing = self.lanes.submit("slow", bring)

    def heard(self, name: str, snapshot: object) -> None:
        """News from the live engine, on its thread: taken note of, never waited for."""
        if isinstance(snapshot, Connectivity):
            self.outlet.post(CONNECTIVITY, snapshot)
            self._notices()
        elif isinstance(snapshot, Looks):
            self.outlet.post(LOOKS, snapshot)
        elif isinstance(snapshot, SyncNews):
            self.outlet.post(SYNC_NEWS, snapshot)
        elif name == "outbox":
            self.refresh()

    def _prove_later(self) -> None:
        """Verify the journal in the background, once the window has what a person opened it for."""
        now = self.session.clock.boot_ms()
        self._prove_at_ms = self._prove_at_ms or now + _PROVE_AFTER_MS
        if now < self._prove_at_ms:
            return
        from console.services.verification import Verification  # noqa: PLC0415  as in bring_engine

        self._verification = Verification(self.session, self._proven)
        self._verification.start()

    def _proven(self, found: Progressed) -> None:
        """On the verification's thread: what does not hold is told at once."""
        self.outlet.post(PROVEN, found)
        self._notices()

    def _notices(self) -> None:
        shell, links = self.outlet.latest(SHELL), self.outlet.latest(CONNECTIVITY)
        if shell is not None:
            proven = self.outlet.latest(PROVEN)
            self.outlet.post(BANNERS, notices(shell, links, self.session.clock.wall_ms(), proven))

    # -- reading -------------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Wake when the journal's change counter moved, when asked, and now and then for what time alone changes."""
        connection = sqlite3.connect(
            f"{self.session.paths.journal.as_uri()}?mode=ro", uri=True, check_same_thread=False
        )
        waited, counter = 0.0, -1
        reading: Future[None] | None = None
        clock_ms = self.session.clock.boot_ms
        try:
            while not self._ending.is_set():
                if self._verification is None and self.engine is not None:
                    self._prove_later()
                asked = self._asked.wait(WATCH_EVERY_S)
                waited += WATCH_EVERY_S
                now = int(connection.execute("PRAGMA data_version").fetchone()[0])
                if not (asked or now != counter or waited >= AGAIN_EVERY_S):
                    continue
                if (reading is not None and not reading.done()) or clock_ms() < self._rests_until_ms:
                    self._ending.wait(0.02)  # one reading at a time; what is asked for stays asked for
                    continue
                self._asked.clear()
                counter, waited = now, 0.0
                try:
                    reading = self.lanes.submit("look", self._read)
                except Stopped:
                    return
        finally:
            connection.close()

    def _read(self, session: Session) -> None:
        began_ms = session.clock.boot_ms()
        try:
            self._post(session)
        except Problem as fault:
            self.outlet.post(TROUBLE, Trouble(fault.what, fault.next_step, session.clock.wall_ms()))
        ended_ms = session.clock.boot_ms()
        # while hundreds of entries come in, whoever paints or sends has four fifths of the interpreter all the same
        self._rests_until_ms = ended_ms + min(_RESTS * (ended_ms - began_ms), _RESTS_AT_MOST_MS)

    def _post(self, session: Session) -> None:
        from console.services import incidents, needs, standing, waiting  # noqa: PLC0415  see above

        with session.reader.snapshot() as connection:
            newest = int(connection.execute("SELECT coalesce(max(n), 0) FROM entry").fetchone()[0])
            buried = int(connection.execute("SELECT count(*) FROM tombstone").fetchone()[0])
        if buried != self._buried:
            self.outlet.post(DRAFTS_GONE, DraftsGone(buried, forget_redacted(session, self.drafts)))
            self._buried = buried
        if newest != self._newest:
            self._mark += 1
            new = newest - self._newest if self._newest >= 0 else newest
            self._newest = newest
            self.outlet.post(GROWN, Grown(self._mark, new))
        lines = sorted(incidents.list_incidents(session), key=_pressing)
        if not self._chosen and self._inc is None:
            self._inc = next((one.inc for one in lines if one.status != "closed"), None)
        self.outlet.post(INCIDENTS, Incidents(tuple(lines)))
        everything = standing.corrections(session)
        wanted = needs.needs(session, everything, lines)
        shown = tuple(one for one in everything if self._inc is None or one.inc == self._inc)
        closed = frozenset(one.inc for one in lines if one.status == "closed")
        self.outlet.post(NOW, Now(shown, wanted, everything, waiting.senders(session, everything), closed))
        self.outlet.post(SHELL, self._shell(session, lines, everything, len(wanted)))
        self._notices()

    def _shell(
        self, session: Session, lines: list[IncidentLine], everything: tuple[Standing, ...], wanted: int
    ) -> Shell:
        from console.services import standing  # noqa: PLC0415  see above

        line = next((one for one in lines if one.inc == self._inc), None)
        held = standing.held_roles(session, self._inc) if self._inc is not None else {}
        mine = [one for one in everything if one.inc == self._inc]
        return Shell(
            me=session.me, my_name=session.settings.name, world=session.settings.world, rung=_rung(session),
            unlocked=session.unlocked, inc=self._inc, line=line,
            commander=session.name_of(line.commander) if line is not None and line.commander is not None else None,
            scribes=tuple(session.name_of(person) for person, roles in held.items() if "scribe" in roles),
            my_roles=tuple(sorted(held.get(session.me, frozenset()))),
            uncontained_since_ms=_uncontained(line, mine),
            queued=sum(one.group == "queued" for one in everything), needs_me=wanted,
            update_due_ms=self._update_due(session, line),
        )  # fmt: skip

    def _update_due(self, session: Session, line: IncidentLine | None) -> int | None:
        """Read anew only where something was written since, or another incident is shown."""
        from console.services.said import promised_in  # noqa: PLC0415  see above

        if line is None or line.status == "closed":
            return None
        key = (line.inc, self._newest)
        if self._promised[0] != key:
            found = promised_in(session, line.inc)
            self._promised = (key, None if found is None else found.due_ms)
        return self._promised[1]


def _pressing(line: IncidentLine) -> tuple[bool, int, int]:
    """Open before closed, worse before milder, newer before older."""
    return line.status == "closed", line.severity, -line.declared_ms


def _rung(session: Session) -> Rung:
    roster = session.roster.roster
    named = any(one.person == session.me for one in roster.persons)
    if not named:
        return "joining"
    return "provisional" if roster.n == 0 else "founded"


def _uncontained(line: IncidentLine | None, mine: list[Standing]) -> int | None:
    """Since when nothing holds: from the declaration until some containment is in force (asked for is not enough)."""
    if line is None or line.status == "closed":
        return None
    holds = any(
        target.state in _CONTAINED and target.state != "lifted"
        for one in mine if one.direction == "contain" for target in one.targets if not target.canary
    )  # fmt: skip
    return None if holds else line.declared_ms
