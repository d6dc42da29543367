"""The models at the left: each with a short bar of its surfaces' states. It shows snapshots and decides nothing."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from console.ui.room import Room


class ModelsPanel(QWidget):
    """To be filled in."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
