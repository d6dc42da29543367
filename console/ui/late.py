"""The commands whose dialogs need much code: imported on a lane once the window is there, so that it comes at once."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QWidget

from console.ui.room import Room


def import_late() -> None:
    """Import what the late commands need. Any thread; takes up to a second on a cold start."""
    import console.ui.confirm  # noqa: PLC0415  that is what this function is for
    import console.ui.intents  # noqa: PLC0415  as above
    import console.ui.proposal  # noqa: F401, PLC0415  as above


def add_late_commands(room: Room, window: QWidget, say: Callable[[str, str], None], settings: QSettings) -> None:
    """Offer them; on Qt's thread."""
    from console.ui.intents import Intents  # noqa: PLC0415  as above
    from console.ui.proposal import add_commands  # noqa: PLC0415  as above

    add_commands(room, window)
    Intents(room, window, say, settings).add_commands(room.commands)
