"""Tells whoever looks elsewhere that something needs them: the task bar, a message from the tray, a sound if wanted.

Only what is new since the window opened, and only while none of its windows is in front. It names no target: a lock
screen may show it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QSettings
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from console.ui.room import Room
from console.viewmodels.commands import Command, Commands
from console.viewmodels.outside import Key, key_of, said_outside
from console.viewmodels.shell import NOW, Now
from console.viewmodels.zones import shown_zone, zone_chosen

_SOUND: Final = "sound"
_TITLE: Final = "Standdown: needs you"


class Notifier(QObject):
    """One per window; it lives as long as its window."""

    def __init__(
        self, room: Room, window: QWidget, settings: QSettings, say: Callable[[str, str], None],
        alert: Callable[[QWidget], None] = QApplication.alert,
    ) -> None:  # fmt: skip
        super().__init__(window)
        self._room, self._window, self._settings, self._say, self._alert = room, window, settings, say, alert
        self._known: frozenset[Key] | None = None
        self._tray: QSystemTrayIcon | None = None
        self.last = ""
        room.bridge.on(NOW, self._take, self)

    def add_commands(self, commands: Commands) -> None:
        """Offer the sound."""
        commands.add(Command(name="notify-sound", title="Sound when something needs me: on or off", group="Look",
                             run=self._turn_sound, also="notification beep quiet mute"))  # fmt: skip

    @property
    def sounds(self) -> bool:
        """Whether a sound is wanted."""
        return str(self._settings.value(_SOUND, "off")) == "on"

    def _turn_sound(self) -> None:
        wanted = not self.sounds
        self._settings.setValue(_SOUND, "on" if wanted else "off")
        self._say(
            "A sound is made when something needs you and you look elsewhere." if wanted else "No sound is made.", ""
        )

    def _take(self, now: Now) -> None:
        before, self._known = self._known, frozenset(map(key_of, now.needs))
        if before is None:  # what was there when the window opened stands in it
            return
        fresh = [one for one in now.needs if key_of(one) not in before]
        if not fresh or QApplication.activeWindow() is not None:
            return
        self.last = said_outside(fresh, shown_zone(zone_chosen(self._room.desk.outlet)))
        self._alert(self._window)
        self._show(self.last)
        if self.sounds:
            QApplication.beep()

    def _show(self, text: str) -> None:
        if not QSystemTrayIcon.isSystemTrayAvailable():
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(self._room.look.icon("bell"), self)
            self._tray.setToolTip("Standdown")
            self._tray.activated.connect(self._raise)
            self._tray.messageClicked.connect(self._raise)
            self._tray.show()
        self._tray.showMessage(_TITLE, text, self._room.look.icon("bell"))

    def _raise(self) -> None:
        self._window.show()
        self._window.raise_()
        self._window.activateWindow()
        if any(one.name == "needs" for one in self._room.commands):
            self._room.commands.give("needs")


__all__ = ["Notifier"]
