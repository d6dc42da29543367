"""The commands that belong to no panel: keys, sync, look, and the dialogs by which incidents are run.

It opens dialogs and gives intentions to the doer; no rule lives here.
"""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from console.ui.room import Room
from console.viewmodels.commands import Command, Commands


class Intents:
    """One per window."""

    def __init__(self, room: Room, window: QWidget) -> None:
        self._room = room
        self._window = window

    def add_commands(self, commands: Commands) -> None:
        """Offer them."""
        commands.add(Command(name="lock", title="Lock my writer key", group="Keys", run=self._room.desk.lock,
                             key="Ctrl+L", why_not=self._is_locked))  # fmt: skip
        commands.add(Command(name="unlock", title="Unlock my writer key", group="Keys", run=self._unlock))

    def _is_locked(self) -> str | None:
        return None if self._room.desk.session.unlocked else "It is locked already."

    def _unlock(self) -> None:
        desk = self._room.desk
        self._room.doer.do(lambda session: session.writer(), lambda _done: desk.refresh(), lane="slow")
