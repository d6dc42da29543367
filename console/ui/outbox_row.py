"""One row of the outbox: state, what and where, why it waits, until when, what then, and the one thing that helps.

It gives commands about the target it shows, and ends the hold of that target alone; it sends nothing by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from console.ui.parts import row
from console.ui.room import Room
from console.ui.widgets import StateMark, Text, Words, plain_tooltip
from console.viewmodels.outbox import HELP_WORDS, Help, OutboxLine

if TYPE_CHECKING:
    from console.services.session import Session
    from console.viewmodels.shell import Trouble

# which command of the window does what a row offers
COMMANDS: Final[dict[Help, str]] = {
    "again": "propose-again", "take-over": "take-over", "cancel": "cancel-correction",
    "attest": "attest", "bites": "refusals",
}  # fmt: skip
_MARK_UNITS: Final = 14


class OutboxRow(QWidget):
    """One target. Nothing on it is made anew because a second passed."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        self._line: OutboxLine | None = None
        unit = room.look.theme.space("unit")
        self._mark = StateMark(room.look, "queued")
        self._mark.setMinimumWidth(_MARK_UNITS * unit)
        self._title = Words(room.look, weight="medium")
        self._why = Words(room.look)
        self._then = Text(room.look, size="small", tone="text-muted", wrap=True)
        self.helps = QPushButton("")
        self.helps.clicked.connect(self._help)
        self.cancel = QPushButton(HELP_WORDS["cancel"])
        self.cancel.clicked.connect(lambda: self._give("cancel"))
        words = QVBoxLayout()
        words.setSpacing(0)
        for part in (self._title, self._why, self._then):
            words.addWidget(part)
        buttons = QHBoxLayout()
        for button in (self.cancel, self.helps):
            buttons.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        line = row(self, unit, (0, 4, 0, 4))
        line.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        line.addLayout(words, 1)
        line.addLayout(buttons)

    @property
    def line(self) -> OutboxLine | None:
        """What is shown."""
        return self._line

    def put(self, line: OutboxLine) -> None:
        """Show this one; nothing is touched that has not changed."""
        if line == self._line:
            return
        self._line = line
        self._mark.set_state(line.state)
        self._title.setText(f"{line.title} at {line.where}")
        self._why.setText(line.why)
        until = f"{line.until[:1].upper()}{line.until[1:]}."
        self._then.setText(f"{until} {line.then}".strip())
        self.helps.setText(HELP_WORDS.get(line.help, ""))
        self.helps.setAccessibleName(f"{HELP_WORDS.get(line.help, '')}: {line.title} at {line.where}")
        self.helps.setVisible(bool(line.help))
        self.cancel.setAccessibleName(f"{HELP_WORDS['cancel']}: {line.title} at {line.where}")
        self.cancel.setVisible(line.may_cancel)
        self.setAccessibleName(f"{line.title} at {line.where}, {line.state}. {line.why} {until} {line.then}".strip())

    def take_focus(self) -> None:
        """The focus on what helps, else on the row."""
        if self.helps.isVisibleTo(self):
            self.helps.setFocus()
            return
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFocus()

    def _help(self) -> None:
        if self._line is None:
            return
        if self._line.help == "now":
            self._release(self._line.doc, self._line.target)
        elif self._line.help:
            self._give(self._line.help)

    def _release(self, doc: str, target: int) -> None:
        """Of this one alone: what else is held goes when its own time has come."""
        self.helps.setEnabled(False)

        def work(session: Session) -> int:
            from console.services import resending  # noqa: PLC0415  a window that starts sends nothing yet

            return resending.release(session, doc, target)

        def failed(trouble: Trouble) -> None:
            self.helps.setEnabled(True)
            self._room.doer.troubled.emit(trouble)

        def done(_count: int) -> None:
            self.helps.setEnabled(True)
            self._room.desk.refresh()

        self._room.doer.do(work, done, failed=failed, over=self)

    def _give(self, what: Help) -> None:
        if self._line is None:
            return
        self._room.desk.point_at(self._line.doc, self._line.target)
        why = self._room.commands.give(COMMANDS[what])
        if why is not None:
            self.helps.setToolTip(plain_tooltip(why))
