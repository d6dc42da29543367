"""The outbox: one line at the bottom that opens into a drawer. It shows why each thing waits; it sends nothing."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from console.ui.room import Room


class OutboxDrawer(QWidget):
    """To be filled in."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room

    def toggle(self) -> None:
        """Open or close the drawer."""
