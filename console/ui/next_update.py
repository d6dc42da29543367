"""Promises the next update, or says that none follows: one communication in plain words; the header counts down."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QCheckBox, QComboBox, QWidget

from console.services.incidents import IncidentLine
from console.services.said import announce
from console.services.session import Session
from console.ui.kept import Kept
from console.ui.room import Room
from console.ui.sheets import Labelled, Sheet, text_line, text_lines
from console.ui.widgets import Text
from console.viewmodels.said_times import next_clock
from console.viewmodels.times import both, span
from console.viewmodels.zones import shown_zone, zone_chosen

_MINUTE_MS: Final = 60_000
_AT: Final = -1
_NONE: Final = 0
_CHOICES: Final = (
    ("in 15 minutes", 15), ("in 30 minutes", 30), ("in 1 hour", 60), ("in 2 hours", 120), ("in 4 hours", 240),
    ("at a time ...", _AT), ("no further update is planned", _NONE),
)  # fmt: skip
_USUAL: Final = 1


class UpdateDialog(Sheet):
    """What can be said now, and when more will be."""

    def __init__(self, room: Room, parent: QWidget, line: IncidentLine) -> None:
        super().__init__(
            room, parent, "Promise the next update",
            "A communication in the record. The header, the wall and the situation count down to it.",
        )  # fmt: skip
        self._line = line
        self.text = text_lines(room, "What can be said now", 3)
        self.when = QComboBox()
        for word, minutes in _CHOICES:
            self.when.addItem(word, minutes)
        self.when.setCurrentIndex(_USUAL)
        self.at = text_line("At what time")
        self.at.setPlaceholderText("HH:MM")
        self._at = Labelled(room, f"At what time, in {zone_chosen(room.desk.outlet)}", self.at)
        self._told = Text(room.look, weight="medium", wrap=True)
        self.shareable = QCheckBox("May be quoted to executives and customers")
        self.add(Labelled(room, "What can be said now (optional)", self.text))
        self.add(Labelled(room, "The next update follows", self.when))
        self.add(self._at)
        self.add(self._told)
        self.add(self.shareable)
        self.add_button("Promise it", self._promise, "main")
        for signal in (self.when.currentIndexChanged, self.at.textChanged):
            signal.connect(self.check)
        self.at.returnPressed.connect(self.press_main)
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._tell)
        self._tick.start()
        self.check()
        self.take_room(560, 500)
        self.when.setFocus()
        self._kept = Kept(self, f"update:{line.inc}", {"text": self.text, "shareable": self.shareable})

    def why_not(self) -> str:
        """What is still to be said."""
        self._tell()
        return "" if self._due_ms() != -1 else "Say at what time, as HH:MM."

    def _due_ms(self) -> int | None:
        """When it is due, in whole minutes; None where none follows, -1 where no time can be read."""
        minutes = int(self.when.currentData())
        now = self.room.desk.session.clock.wall_ms()
        if minutes == _NONE:
            return None
        if minutes == _AT:
            at = next_clock(self.at.text(), now, shown_zone(zone_chosen(self.room.desk.outlet)))
            return -1 if at is None else at
        return -(-(now + minutes * _MINUTE_MS) // _MINUTE_MS) * _MINUTE_MS

    def _tell(self) -> None:
        due, now = self._due_ms(), self.room.desk.session.clock.wall_ms()
        self._at.setVisible(int(self.when.currentData()) == _AT)
        zone = shown_zone(zone_chosen(self.room.desk.outlet))
        told = "" if due == -1 else "Says that no further update is planned." if due is None else (
            f"Due {both(due, zone)}, in {span(due - now)}."
        )  # fmt: skip
        if self._told.text() != told:
            self._told.setText(told)

    def _promise(self) -> None:
        due, text, inc = self._due_ms(), self.text.toPlainText(), self._line.inc
        shareable = self.shareable.isChecked()

        def work(session: Session) -> str:
            return announce(session, inc, due, text, shareable=shareable).id

        def done(_entry: str) -> None:
            self.room.desk.refresh()
            self.accept()

        self.carry_out(self._kept.spending(work), done)


__all__ = ["UpdateDialog"]
