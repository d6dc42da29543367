"""The commands that belong to no panel: keys, incidents, providers, sharing, the organisation, help, the window itself.

It opens dialogs and gives intentions to the doer; no rule lives here.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QWidget

from console.ui.carry_commands import CarryCommands
from console.ui.correction_commands import CorrectionCommands
from console.ui.help import About, KeysSheet
from console.ui.incident_commands import IncidentCommands
from console.ui.organisation import OrganisationDialog
from console.ui.providers import ProviderCommands
from console.ui.room import Room
from console.ui.roster_commands import RosterCommands
from console.ui.sharing import Say, SharingCommands
from console.viewmodels.commands import Command, Commands

_KEYS: Final = "Keys"


class Intents:
    """One per window. `say` tells the person that something is done."""

    def __init__(self, room: Room, window: QWidget, say: Say, settings: QSettings) -> None:
        self._room = room
        self._window = window
        self._incidents = IncidentCommands(room, window)
        self._corrections = CorrectionCommands(room, window)
        self._carried = CarryCommands(room, window)
        self._providers = ProviderCommands(room, window)
        self._sharing = SharingCommands(room, window, say, settings)
        self._roster = RosterCommands(room, window)

    def add_commands(self, commands: Commands) -> None:
        """Offer them."""
        self._incidents.add_commands(commands)
        self._corrections.add_commands(commands)
        self._carried.add_commands(commands)
        self._providers.add_commands(commands)
        self._sharing.add_commands(commands)
        add = commands.add
        add(Command(name="organisation", title="Organisation", group="Organisation",
                    run=self._organisation, also="members roster who can act found join admit rehearse"))  # fmt: skip
        self._roster.add_commands(commands)
        add(Command(name="lock", title="Lock my writer key", group=_KEYS, run=self._room.desk.lock, key="Ctrl+L",
                    why_not=self._is_locked))  # fmt: skip
        add(Command(name="unlock", title="Unlock my writer key", group=_KEYS, run=self._unlock,
                    why_not=self._is_open))  # fmt: skip
        add(Command(name="keys", title="All keys", key="?", group="Help", run=self._keys, also="shortcuts help"))
        add(Command(name="about", title="About Standdown", group="Help", run=self._about, also="version licences"))
        add(Command(name="quit", title="Close the window", key="Ctrl+Q", group="Window", run=self._quit, also="exit"))

    # -- keys ----------------------------------------------------------------------------------------------------------

    def _is_locked(self) -> str | None:
        return None if self._room.desk.session.unlocked else "It is locked already."

    def _is_open(self) -> str | None:
        return "It is unlocked already." if self._room.desk.session.unlocked else None

    def _unlock(self) -> None:
        desk = self._room.desk
        self._room.doer.do(lambda session: session.writer(), lambda _done: desk.refresh(), lane="slow")

    # -- windows -------------------------------------------------------------------------------------------------------

    def _organisation(self) -> None:
        OrganisationDialog(self._room, self._window).open()

    def _keys(self) -> None:
        KeysSheet(self._room, self._window).open()

    def _about(self) -> None:
        About(self._room, self._window).open()

    def _quit(self) -> None:
        self._window.close()
