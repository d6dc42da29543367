"""Confirm the time of this console: what its clock shows in large figures, and then the signature of two people."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QWidget

from console.services.machine_time import propose_time
from console.ui.confirm import ConfirmDialog
from console.ui.parts import column
from console.ui.room import Room
from console.ui.roster_waiting import marked
from console.ui.sheets import Sheet
from console.ui.widgets import Text
from console.viewmodels.machine_time import time_view

_LEAD: Final = (
    "This clock went back, so restores, redactions and what is irreversible wait here. If it is right now, two people "
    "may say so by their signature."
)
_HOW: Final = (
    "Both of you: compare the figures with a watch or a telephone of your own, not with this machine.",
    "If they differ by more than a minute, set the clock right instead: then nothing has to be confirmed.",
    "It serves for an hour, and ends at once when this clock is set again or the machine starts anew.",
)
_TURN_MS: Final = 250


class ConfirmTimeSheet(Sheet):
    """Shows the clock as it runs; proposes what it shows, and opens the usual confirmation of that."""

    def __init__(self, room: Room, parent: QWidget | None) -> None:
        super().__init__(room, parent, "Confirm the time of this console", _LEAD)
        look = room.look
        card = QFrame()
        card.setProperty("ground", "raised")
        wide = look.theme.space("wide")
        lines = column(card, look.theme.space("half"), (wide, wide, wide, wide))
        self.figures = Text(look, size="wall-headline", weight="semibold")
        self.day = Text(look, size="title")
        self.utc = Text(look, size="title", tone="text-muted")
        for one in (self.figures, self.day, self.utc):
            lines.addWidget(one)
        self.add(card)
        for told in _HOW:
            self.add(marked(look, "info", "known", told, wrap=True))
        self.go = self.add_button("Sign it ...", self._propose, "main")
        self._turn = QTimer(self)
        self._turn.setInterval(_TURN_MS)
        self._turn.timeout.connect(self._show)
        self._turn.start()
        self._show()
        self.fit(620)

    def _show(self) -> None:
        view = time_view(self.room.desk.session.clock.wall_ms())
        if view.figures != self.figures.text():
            self.figures.setText(view.figures)
            self.day.setText(view.day)
            self.utc.setText(f"{view.utc}, the same moment")

    def _propose(self) -> None:
        self.carry_out(propose_time, self._proposed)

    def _proposed(self, sha: str) -> None:
        room, parent = self.room, self.parentWidget()
        self.accept()
        room.desk.refresh()
        ConfirmDialog.opened(room, sha, parent)
