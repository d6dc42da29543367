"""Sharing: the situation to the clipboard, the room page, exports and checks, sync, and the zone times are shown in.

What leaves is shown before it leaves, for whom is said, and that it left is an entry.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, cast

from PySide6.QtCore import QSettings, QTimer, QTimeZone
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QPushButton, QWidget

from console.services import brief
from console.services.brief import Audience, Brief
from console.services.incidents import IncidentLine
from console.services.live_values import SyncNews
from console.services.session import Session
from console.ui.choice import Choice
from console.ui.exports import ExportDialog, PathField, VerifyDialog, ask_save
from console.ui.room import Room
from console.ui.sheets import NOT_READ, Labelled, Sheet
from console.ui.widgets import Text
from console.viewmodels.commands import Command, Commands
from console.viewmodels.incident_words import NO_INCIDENT
from console.viewmodels.roompage import ROOM_PAGE, RoomPage, RoomPageState
from console.viewmodels.shell import INCIDENTS, Trouble
from console.viewmodels.times import ago
from console.viewmodels.zones import UTC_NAME, ZONE, zone_chosen

_GROUP: Final = "Sharing"
_TICK_MS: Final = 1_000
_WHOM: Final = {"internal": "Colleagues", "exec": "Executives", "customer": "Customers"}
_MEANS: Final = {
    "internal": "Everything but what is privileged or marked red, with names.",
    "exec": "Only what is marked shareable is quoted; no names of keys, no surfaces.",
    "customer": "As for executives, and nothing that is only proposed or only about our own systems.",
}
_UTC_NAMES: Final = frozenset({"", "UTC", "Etc/UTC", "Etc/UCT", "Etc/GMT", "GMT", "Zulu"})
Say = Callable[[str, str], None]


class SharingCommands:
    """One per window. `say` tells the person that something is done; `settings` keep the zone."""

    def __init__(self, room: Room, window: QWidget, say: Say, settings: QSettings) -> None:
        self._room, self._window, self._say, self._settings = room, window, say, settings
        self._fault = ""
        kept: object = settings.value("zone")
        if isinstance(kept, str) and kept != UTC_NAME:
            room.desk.outlet.post(ZONE, kept)
        self.page = RoomPage(room.desk, lambda: zone_chosen(room.desk.outlet))
        self.page.start()
        self._tick = QTimer(window)
        self._tick.setInterval(_TICK_MS)
        self._tick.timeout.connect(self.page.tick)
        self._tick.start()
        room.bridge.on(ROOM_PAGE, self._page_is)

    def add_commands(self, commands: Commands) -> None:
        """Offer them."""
        add = commands.add
        add(Command(name="copy-situation", title="Copy the situation", key="Ctrl+Shift+C", group=_GROUP,
                    run=self._copy, why_not=self._not_chosen, also="brief clipboard summary"))  # fmt: skip
        add(Command(name="copy-situation-for", title="Copy the situation for executives or customers", group=_GROUP,
                    run=self._copy_for, why_not=self._not_chosen, also="brief audience preview"))  # fmt: skip
        add(Command(name="room-page", title="Room page for people without keys", group=_GROUP, run=self._room_page,
                    why_not=self._not_chosen, also="wall html share"))  # fmt: skip
        add(Command(name="export", title="Export the incident", group=_GROUP, run=self._export,
                    why_not=self._not_chosen, also="bundle zip auditor"))  # fmt: skip
        add(Command(name="verify", title="Verify a record or a bundle", group=_GROUP, also="check proof audit",
                    run=lambda: VerifyDialog(self._room, self._window).open()))  # fmt: skip
        add(Command(name="sync", title="Sync now", group=_GROUP, run=self._sync, why_not=self._no_places,
                    also="exchange share folder pull push"))  # fmt: skip
        add(Command(name="zone", title="Show times in UTC or in local time", group="Look", run=self._turn_zone,
                    also="time zone utc local"))  # fmt: skip

    # -- the situation -------------------------------------------------------------------------------------------------

    def _copy(self) -> None:
        line = self._line()
        if line is not None:
            self._room.doer.do(
                partial(_situation, inc=line.inc, audience="internal", zone=self._zone()), self._copied, lane="look"
            )

    def _copied(self, found: tuple[str, Brief]) -> None:
        copy_and_record(self._room, *found, said=self._say)

    def _copy_for(self) -> None:
        line = self._line()
        if line is not None:
            CopyDialog(self._room, self._window, line, self._say).open()

    def _room_page(self) -> None:
        line = self._line()
        if line is not None:
            RoomPageDialog(self._room, self._window, line, self.page).open()

    def _page_is(self, state: RoomPageState | None) -> None:
        """A fault is said once, when it is new."""
        fault = "" if state is None else state.fault
        if fault and fault != self._fault and state is not None:
            now = self._room.desk.session.clock.wall_ms()
            self._room.doer.troubled.emit(Trouble(f"The room page is not kept up: {fault}", state.next_step, now))
        self._fault = fault

    # -- export, sync, zone --------------------------------------------------------------------------------------------

    def _export(self) -> None:
        line = self._line()
        if line is not None:
            ExportDialog(self._room, self._window, line).open()

    def _sync(self) -> None:
        engine = self._room.desk.engine
        if engine is not None:
            self._room.bridge.when_done(engine.sync_now(), self._synced, self._failed)

    def _synced(self, news: tuple[SyncNews, ...]) -> None:
        self._room.desk.refresh()
        faults = [one for place in news for one in place.faults]
        if faults:
            now = self._room.desk.session.clock.wall_ms()
            self._room.doer.troubled.emit(Trouble(faults[0], "The rest was exchanged.", now))
            return
        received, sent = sum(one.received for one in news), sum(one.sent for one in news)
        self._say(
            f"Synced with {len(news)} place{'' if len(news) == 1 else 's'}.", f"{received} received, {sent} sent."
        )

    def _failed(self, fault: BaseException) -> None:
        self._room.doer.troubled.emit(self._room.doer.trouble_of(fault))

    def _turn_zone(self) -> None:
        local = bytes(QTimeZone.systemTimeZoneId().data()).decode("ascii", "replace")
        name = local if self._zone() == UTC_NAME and local not in _UTC_NAMES else UTC_NAME
        self._settings.setValue("zone", name)
        self._room.desk.outlet.post(ZONE, name)
        self._say(
            f"Times are told and read in {name}, with UTC beside it."
            if name != UTC_NAME
            else "Times are told and read in UTC.",
            "" if local not in _UTC_NAMES else "Local time is UTC here.",
        )

    # -- what is so ----------------------------------------------------------------------------------------------------

    def _zone(self) -> str:
        return zone_chosen(self._room.desk.outlet)

    def _line(self) -> IncidentLine | None:
        known, inc = self._room.desk.outlet.latest(INCIDENTS), self._room.desk.inc
        return next((one for one in known.lines if one.inc == inc), None) if known is not None else None

    def _not_chosen(self) -> str | None:
        return NO_INCIDENT if self._line() is None else None

    def _no_places(self) -> str | None:
        if self._room.desk.engine is None:
            return "The engine does not run."
        if not self._room.desk.session.settings.places:
            return "There is no shared place yet: found or join an organisation first."
        return None


def _situation(session: Session, *, inc: str, audience: Audience, zone: str) -> tuple[str, Brief]:
    return inc, brief.situation(session, inc, audience, zone)


def copy_and_record(room: Room, inc: str, found: Brief, *, said: Say) -> None:
    """Put it on the clipboard, then enter that it was copied; whichever fails is said."""
    QGuiApplication.clipboard().setText(found.text)
    whom = _WHOM[found.audience].lower()

    def broken(trouble: Trouble) -> None:
        room.doer.troubled.emit(
            Trouble(f"The situation was copied, but that is not recorded: {trouble.what}", trouble.next_step,
                    trouble.at_ms)
        )  # fmt: skip

    room.doer.do(
        lambda session: brief.record_copy(session, inc, found).id,
        lambda _entry: said(f"Copied for {whom}: {len(found.lines)} lines.", "That it was copied is recorded."),
        failed=broken,
    )


class CopyDialog(Sheet):
    """For whom, and exactly what they will read."""

    def __init__(self, room: Room, parent: QWidget, line: IncidentLine, said: Say) -> None:
        super().__init__(room, parent, f"Copy the situation of {line.label}")
        self._line, self._said = line, said
        self._brief: Brief | None = None
        self.audience = Choice(room.look, "For whom", _WHOM, _MEANS)
        self.audience.choose("exec")
        self.preview = QPlainTextEdit()
        self.preview.setReadOnly(True)
        self.preview.setAccessibleName("What is copied")
        self.add(Labelled(room, "For whom", self.audience))
        self.add(Labelled(room, "What is copied", self.preview), 1)
        self.add_button("Copy", self._copy, "main")
        self.audience.changed.connect(self._read)
        self._read()
        self.take_room(720, 560)
        self.audience.setFocus()

    def why_not(self) -> str:
        """Nothing is copied that was not shown."""
        if self._brief is not None:
            return ""
        return "Reading ..." if self.is_busy else NOT_READ

    def _read(self) -> None:
        self._brief = None
        self.preview.clear()  # never what another audience would have read
        wanted = cast("Audience", self.audience.value() or "internal")
        zone = zone_chosen(self.room.desk.outlet)
        work = partial(_situation, inc=self._line.inc, audience=wanted, zone=zone)
        self.read_first(work, self._show, "Reading ...", "look")

    def _show(self, found: tuple[str, Brief]) -> None:
        if found[1].audience == self.audience.value():
            self._brief = found[1]
            self.preview.setPlainText(found[1].text)
        self.check()

    def _copy(self) -> None:
        if self._brief is not None:
            copy_and_record(self.room, self._line.inc, self._brief, said=self._said)
            self.accept()


class RoomPageDialog(Sheet):
    """Where the page of this incident is written and kept up, and how it stands with it."""

    def __init__(self, room: Room, parent: QWidget, line: IncidentLine, page: RoomPage) -> None:
        super().__init__(
            room, parent, f"Room page of {line.label}",
            "One HTML file for people without keys: headline, corrections, roles, last decisions. No secret, no "
            "evidence, nothing privileged. Whoever can read the file can read that: put it where only they can.",
        )  # fmt: skip
        self._line, self._page = line, page
        self.path = PathField("Where to", ask_save)
        self._kept = Text(room.look, wrap=True)
        state = room.desk.outlet.latest(ROOM_PAGE)
        self.path.edit.setText(state.path if state is not None else str(Path.home() / f"{line.label}.html"))
        self.add(Labelled(room, "Where to", self.path, "Written after every change and once a minute while this window "
                          "is open; the page tells its own age."))  # fmt: skip
        self.add(self._kept)
        self.only_close()
        self.stop: QPushButton = self.add_button("Stop", self._stop)
        self.add_button("Keep it up", self._keep, "main")
        self.path.edit.textChanged.connect(self.check)
        self.path.edit.returnPressed.connect(self.press_main)
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._tell)
        self._tick.start()
        self.check()
        self._tell()
        self.fit(620)

    def why_not(self) -> str:
        """What is still to be said."""
        return "" if self.path.text().strip() else "Choose where it goes."

    def _tell(self) -> None:
        state = self.room.desk.outlet.latest(ROOM_PAGE)
        self.stop.setEnabled(state is not None and not self.is_busy)
        if state is None:
            self._kept.setText("No page is kept up.")
        elif state.fault:
            self._kept.setText(f"{state.path}: {state.fault}")
        else:
            now = self.room.desk.session.clock.wall_ms()
            age = f"good {ago(now, state.good_ms)}" if state.good_ms is not None else "not written yet"
            which = "" if state.inc == self._line.inc else " (of another incident)"
            self._kept.setText(f"{state.path}{which}: {age}.")

    def _keep(self) -> None:
        work = partial(self._page.choose, path=Path(self.path.text().strip()), inc=self._line.inc)
        self.carry_out(work, lambda _state: self._tell(), "Writing ...", "aside")

    def _stop(self) -> None:
        self.carry_out(self._page.give_up, lambda _none: self._tell(), "Stopping ...", "aside")
