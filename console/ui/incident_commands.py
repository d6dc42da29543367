"""The commands about the incident that is shown: declare, rate, move on, roles, hand over, close, reopen.

Each says in one sentence why it may not be given; no rule lives here, the services have the last word.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtWidgets import QWidget

from console.services.incidents import IncidentLine
from console.ui.command_dialogs import AcceptDialog, CloseDialog, HandOverDialog, RolesDialog
from console.ui.incident_dialogs import DeclareDialog, MoveDialog, ReopenDialog, SeverityDialog
from console.ui.next_update import UpdateDialog
from console.ui.room import Room
from console.ui.sheets import Sheet
from console.viewmodels.commands import Command, Commands, WhyNot
from console.viewmodels.incident_words import NO_INCIDENT
from console.viewmodels.shell import INCIDENTS, NOW, SHELL, Shell

_GROUP: Final = "Incident"
_CLOSED: Final = "It is closed: reopen it first."
Made = Callable[[IncidentLine], Sheet]


class IncidentCommands:
    """One per window."""

    def __init__(self, room: Room, window: QWidget) -> None:
        self._room = room
        self._window = window

    def add_commands(self, commands: Commands) -> None:
        """Offer them."""
        commands.add(Command(name="declare", title="Declare an incident", key="Ctrl+I", group=_GROUP,
                             run=self._declare, why_not=self._not_admitted, also="new incident start"))  # fmt: skip
        self._add(commands, "severity", "Change the severity", self._severity, self._not_open, "raise lower rate")
        self._add(commands, "phase", "Change the phase", self._phase, self._not_open, "analysis execution recovery")
        self._add(commands, "status", "Change the status", self._status, self._not_open, "holding recovering")
        self._add(commands, "roles", "Roles in this incident", self._roles, self._not_open, "scribe deputy assign")
        self._add(commands, "hand-over", "Hand over command", self._hand_over, self._not_mine, "offer command shift")
        commands.add(Command(name="next-update", title="Promise the next update", key="u", group=_GROUP,
                             run=lambda: self._open(self._update), why_not=self._not_open,
                             also="communication due announce"))  # fmt: skip
        self._add(commands, "accept-command", "Accept command", self._accept, self._not_offered, "take command")
        self._add(commands, "close", "Close the incident", self._close, self._not_closable, "closing end finish")
        self._add(commands, "reopen", "Reopen the incident", self._reopen, self._not_closed, "")

    def _add(self, commands: Commands, name: str, title: str, made: Made, why_not: WhyNot, also: str) -> None:
        commands.add(
            Command(name=name, title=title, group=_GROUP, run=lambda: self._open(made), why_not=why_not, also=also)
        )

    # -- dialogs -------------------------------------------------------------------------------------------------------

    def _declare(self) -> None:
        DeclareDialog(self._room, self._window).open()

    def _open(self, made: Made) -> None:
        line = self._line()
        if line is not None:
            made(line).open()

    def _severity(self, line: IncidentLine) -> Sheet:
        return SeverityDialog(self._room, self._window, line)

    def _phase(self, line: IncidentLine) -> Sheet:
        return MoveDialog(self._room, self._window, line, "phase")

    def _status(self, line: IncidentLine) -> Sheet:
        return MoveDialog(self._room, self._window, line, "status")

    def _roles(self, line: IncidentLine) -> Sheet:
        shell = self._shell()
        deputy = shell is not None and shell.inc == line.inc and "deputy" in shell.my_roles
        may_give = deputy or line.commander == self._room.desk.session.me
        return RolesDialog(self._room, self._window, line, may_give=may_give)

    def _hand_over(self, line: IncidentLine) -> Sheet:
        return HandOverDialog(self._room, self._window, line)

    def _update(self, line: IncidentLine) -> Sheet:
        return UpdateDialog(self._room, self._window, line)

    def _accept(self, line: IncidentLine) -> Sheet:
        return AcceptDialog(self._room, self._window, line)

    def _close(self, line: IncidentLine) -> Sheet:
        return CloseDialog(self._room, self._window, line)

    def _reopen(self, line: IncidentLine) -> Sheet:
        return ReopenDialog(self._room, self._window, line)

    # -- why not -------------------------------------------------------------------------------------------------------

    def _line(self) -> IncidentLine | None:
        """The chosen incident: at once, while the frame may still tell of the one before."""
        known, inc = self._room.desk.outlet.latest(INCIDENTS), self._room.desk.inc
        return next((one for one in known.lines if one.inc == inc), None) if known is not None else None

    def _shell(self) -> Shell | None:
        return self._room.desk.outlet.latest(SHELL)

    def _rung(self) -> str:
        shell = self._shell()
        return "" if shell is None else shell.rung

    def _not_admitted(self) -> str | None:
        return "You are not admitted yet: an admin signs the roster first." if self._rung() == "joining" else None

    def _not_chosen(self) -> str | None:
        return self._not_admitted() or (NO_INCIDENT if self._line() is None else None)

    def _not_open(self) -> str | None:
        return self._not_chosen() or (_CLOSED if self._is_closed() else None)

    def _not_closed(self) -> str | None:
        return self._not_chosen() or (None if self._is_closed() else "It is not closed.")

    def _not_mine(self) -> str | None:
        why, line = self._not_open(), self._line()
        if why is not None or line is None:
            return why
        session = self._room.desk.session
        if line.commander != session.me:
            shell = self._shell()
            who = shell.commander if shell is not None and shell.inc == line.inc else None
            return f"You do not command it; {who or 'somebody else'} does."
        return "You are alone here: nobody could take it over." if self._rung() == "provisional" else None

    def _not_offered(self) -> str | None:
        why, line, now = self._not_open(), self._line(), self._room.desk.outlet.latest(NOW)
        if why is not None or line is None:
            return why
        if line.commander == self._room.desk.session.me:
            return "You command it already."
        offered = now is not None and any(one.kind == "command" and one.inc == line.inc for one in now.needs)
        return None if offered else "Nobody offered you command of it."

    def _not_closable(self) -> str | None:
        why = self._not_open()
        if why is None and self._rung() == "provisional":
            return "Closing takes two signatures, and the record is one person's: found the organisation first."
        return why

    def _is_closed(self) -> bool:
        line = self._line()
        return line is not None and line.status == "closed"
