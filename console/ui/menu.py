"""The visible way in for who does not know the palette: a button whose menu lists every command by group."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QMenu, QToolButton

from console.ui.room import Room
from console.ui.widgets.text import plain_tooltip

_ORDER = (
    "Incident",
    "Write",
    "Corrections",
    "Go",
    "Providers",
    "Organisation",
    "Sharing",
    "Keys",
    "Look",
    "Window",
    "Help",
)


class MenuButton(QToolButton):
    """Its menu is made when it is opened, so that it tells what may be given at that moment."""

    def __init__(self, room: Room, give: Callable[[str], None]) -> None:
        super().__init__()
        self._room = room
        self._give = give
        self.setText("Menu")
        self.setAccessibleName("Menu of all commands")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        menu.aboutToShow.connect(lambda: self._fill(menu))
        self.setMenu(menu)

    def _fill(self, menu: QMenu) -> None:
        fill_menu(menu, self._room, self._give)


def fill_menu(menu: QMenu, room: Room, give: Callable[[str], None]) -> None:
    """Every command, in groups; what may not be given is there with its reason as the tip."""
    menu.clear()
    menu.setToolTipsVisible(True)
    groups: dict[str, list[str]] = {name: [] for name in _ORDER}
    for command in room.commands:
        groups.setdefault(command.group or "Window", []).append(command.name)
    for group, names in groups.items():
        if not names:
            continue
        part = menu.addMenu(group)
        part.setToolTipsVisible(True)
        for name in names:
            command = room.commands.get(name)
            why = command.why_not()
            action = part.addAction(f"{command.title}\t{command.key}" if command.key else command.title)
            action.setEnabled(why is None)
            action.setToolTip(plain_tooltip(why or command.title))
            action.triggered.connect(lambda _checked=False, chosen=name: give(chosen))
