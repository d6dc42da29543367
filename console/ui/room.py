"""What every part of a window is handed at construction: the desk, the bridge, the look, the commands, the doer."""

from __future__ import annotations

from dataclasses import dataclass

from console.ui.bridge import Bridge
from console.ui.doer import Doer
from console.ui.theme import Look
from console.viewmodels.commands import Commands
from console.viewmodels.desk import Desk


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """One window's surroundings. A part takes what it needs from here and never looks for anything elsewhere."""

    desk: Desk
    bridge: Bridge
    look: Look
    commands: Commands
    doer: Doer
