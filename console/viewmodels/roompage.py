"""Keeps the room page up while the window runs: after every change, and once a minute so that a dead one shows.

It never waits and never fails a caller: what goes wrong is posted. It writes nothing but that page and its own note.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from console.domain.errors import Problem, WrongUse
from console.domain.ids import is_id
from console.runtime import platform
from console.runtime.workers import Stopped
from console.services.room import write_room_page
from console.services.session import Session
from console.viewmodels.desk import Desk
from console.viewmodels.outlet import Topic
from console.viewmodels.shell import GROWN, NOW

_NOTE: Final = "room-page.json"
_MAX_NOTE_BYTES: Final = 8_192
AT_LEAST_EVERY_MS: Final = 30_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomPageState:
    """Where the page of which incident is kept, when it was last found or made good (ms), and what is wrong with it."""

    path: str
    inc: str
    good_ms: int | None = None
    fault: str = ""
    next_step: str = ""


ROOM_PAGE: Final[Topic[RoomPageState | None]] = Topic("room-page")


class RoomPage:
    """One per window, which calls `tick` once a second: a burst of changes is one writing.

    `zone` gives the name of the zone in which its times are told.
    """

    def __init__(self, desk: Desk, zone: Callable[[], str]) -> None:
        self._desk = desk
        self._zone = zone
        self._gate = threading.Lock()
        self._busy = False
        self._again = False
        self._read = False
        self._changed = False
        self._asked_ms = 0
        self._chosen: RoomPageState | None = None

    def start(self) -> None:
        """Go on with what was chosen before in this profile, and hear of changes from now on."""
        self._desk.outlet.listen(self._heard)
        self.touch()

    def choose(self, session: Session, path: Path, inc: str) -> RoomPageState:
        """Write the page of an incident there now, and keep it up. For a lane.

        Raises:
            WrongUse: where it cannot be written; then nothing is kept up that was not before.
        """
        whole = path.expanduser().absolute()
        if whole.suffix.lower() not in {".html", ".htm"}:
            raise WrongUse("The page is an HTML file.", "Give a name that ends in .html.")
        write_room_page(session, inc, whole, self._zone())
        state = RoomPageState(path=str(whole), inc=inc, good_ms=session.clock.wall_ms())
        note = json.dumps({"path": state.path, "inc": inc}).encode()
        platform.write_durably(session.paths.root / _NOTE, note)
        self._become(state)
        return state

    def give_up(self, session: Session) -> None:
        """Keep it up no longer; the file stays as it is, and tells its age. For a lane."""
        (session.paths.root / _NOTE).unlink(missing_ok=True)
        self._become(None)

    def tick(self) -> None:
        """Write it anew where something changed, and now and then where nothing did."""
        now = self._desk.session.clock.boot_ms()
        if self._changed or now - self._asked_ms >= AT_LEAST_EVERY_MS:
            self._changed = False
            self.touch()

    def touch(self) -> None:
        """It may have to be written anew: soon, once, on a lane. From any thread; never waits."""
        self._asked_ms = self._desk.session.clock.boot_ms()
        with self._gate:
            if self._busy:
                self._again = True
                return
            self._busy = True
        with suppress(Stopped):
            self._desk.do(self._write, "aside")

    def _heard(self, name: str, _snapshot: object) -> None:
        if name in (GROWN.name, NOW.name):
            self._changed = True

    def _write(self, session: Session) -> None:
        try:
            self._write_once(session)
        finally:
            with self._gate:
                self._busy, again = False, self._again
                self._again = False
            if again:
                self.touch()

    def _write_once(self, session: Session) -> None:
        if not self._read:
            self._read = True
            self._become(_noted(session))
        state = self._chosen
        if state is None:
            return
        try:
            write_room_page(session, state.inc, Path(state.path), self._zone())
        except Problem as fault:
            found = RoomPageState(path=state.path, inc=state.inc, good_ms=state.good_ms, fault=fault.what,
                                  next_step=fault.next_step)  # fmt: skip
        else:
            found = RoomPageState(path=state.path, inc=state.inc, good_ms=session.clock.wall_ms())
        if self._chosen is state:  # else it was chosen anew meanwhile
            self._become(found)

    def _become(self, state: RoomPageState | None) -> None:
        self._read = True
        self._chosen = state
        self._desk.outlet.post(ROOM_PAGE, state)


def _noted(session: Session) -> RoomPageState | None:
    """What was chosen before; a note that cannot be read chose nothing."""
    try:
        with (session.paths.root / _NOTE).open("rb") as stream:
            told: object = json.loads(stream.read(_MAX_NOTE_BYTES))
    except (OSError, ValueError):
        return None
    if not isinstance(told, dict):
        return None
    path, inc = told.get("path"), told.get("inc")
    if not isinstance(path, str) or not isinstance(inc, str) or not is_id(inc, "i"):
        return None
    return RoomPageState(path=path, inc=inc)
