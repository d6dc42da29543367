"""The board panel. It shows snapshots and gives commands; it decides nothing."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from console.ui.room import Room
from console.viewmodels.commands import Commands


class BoardPanel(QWidget):
    """To be filled in."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room

    def add_commands(self, commands: Commands) -> None:
        """Offer this panel's commands."""
