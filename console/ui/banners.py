"""What must not be overlooked, between header and panels: offline, provisional, and what the last intention met.

A banner goes when its reason goes, or when a person closes it; none vanishes by time.
"""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from console.ui.parts import column
from console.ui.room import Room
from console.ui.widgets import Banner
from console.viewmodels.banners import BANNERS, Notice


class Banners(QWidget):
    """Standing notices from the view-model, and one line for what a person was just told.

    `deserted` says that the notice on which the keys acted is gone: left alone, Qt would give them to the next control.
    """

    deserted = Signal()

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        self._column = column(self)
        self._said = Banner(room.look)
        self._said.acted.connect(self._said.clear)
        self._column.addWidget(self._said)
        self._standing: dict[str, Banner] = {}
        self._commands: dict[str, str] = {}

    def listen(self) -> None:
        """Show what stands, from now on: once every command that a notice may name is there."""
        self._room.bridge.on(BANNERS, self._take)

    def say(self, sentence: str, next_step: str = "") -> None:
        """Tell the person this; it stays until they close it or something else is said."""
        self._said.tell("alarm", sentence, next_step, "Close")

    def note(self, sentence: str, next_step: str = "") -> None:
        """As `say`, for what is done and well."""
        self._said.tell("good", sentence, next_step, "Close")

    def _take(self, notices: tuple[Notice, ...]) -> None:
        wanted = {one.name: one for one in notices}
        for name in [one for one in self._standing if one not in wanted]:
            bar = self._standing.pop(name)
            focus = cast("QWidget | None", self.window().focusWidget())  # the stubs forget that there may be none
            if focus is not None and bar.isAncestorOf(focus):
                self.deserted.emit()
            self._column.removeWidget(bar)
            bar.deleteLater()
        for name, notice in wanted.items():
            bar = self._standing.get(name) or self._add(name)
            self._commands[name] = notice.command
            action = self._room.commands.get(notice.command).title if notice.command else ""
            bar.tell(notice.kind, notice.text, notice.next_step, action)

    def _add(self, name: str) -> Banner:
        bar = Banner(self._room.look)
        bar.acted.connect(lambda: self._room.commands.give(self._commands[name]))
        self._standing[name] = bar
        self._column.addWidget(bar)
        return bar
