"""The commands whose dialogs need much code: imported on a lane once the window is there, so that it comes at once."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QWidget

from console.ui.room import Room

_LATE: Final = ("console.ui.confirm", "console.ui.intents", "console.ui.proposal", "console.ui.redact")


def import_late() -> None:
    """Import what the late commands need. Any thread; takes up to a second on a cold start."""
    for name in _LATE:
        importlib.import_module(name)


def add_late_commands(room: Room, window: QWidget, say: Callable[[str, str], None], settings: QSettings) -> None:
    """Offer them; on Qt's thread."""
    from console.ui.intents import Intents  # noqa: PLC0415  see the module's docstring
    from console.ui.proposal import add_commands  # noqa: PLC0415  as above
    from console.ui.redact import add_commands as add_redaction  # noqa: PLC0415  as above

    add_commands(room, window)
    add_redaction(room, window)
    Intents(room, window, say, settings).add_commands(room.commands)
