"""The text that a person follows who carries out a correction by hand: shown to the letter, copied, or kept as a file.

It is what was signed. Nothing is sent from here, and that it was copied or kept says nothing of whether it is done.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton, QWidget

from console.domain.deceit import shown
from console.services import hand_text
from console.services.hand_text import HandStep
from console.services.session import Session
from console.ui.exports import ask_save
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.sheets import Sheet
from console.ui.widgets import Exact, Text


class HandText(QWidget):
    """One step's text with its two presses; what became of a press is said beneath."""

    def __init__(self, room: Room, sheet: Sheet, step: HandStep) -> None:
        super().__init__()
        self._room, self._sheet, self._step = room, sheet, step
        look = room.look
        unit = look.theme.space("unit")
        lines = column(self, unit // 2)
        head = QWidget()
        line = row(head, unit)
        line.addWidget(Text(look, "Exactly this is asked", size="small", weight="semibold", tone="text-muted"), 1)
        self.copy = _press("Copy", f"Copy the text about {step.name}")
        self.copy.clicked.connect(self._copy)
        self.keep = _press("Save as a file ...", f"Save the text about {step.name} as a file")
        self.keep.clicked.connect(self._choose)
        line.addWidget(self.copy)
        line.addWidget(self.keep)
        lines.addWidget(head)
        lines.addWidget(Exact(look, "\n".join(map(shown, step.text.splitlines()))))
        self.said = Text(look, size="small", tone="good", wrap=True)
        self.said.hide()
        lines.addWidget(self.said)

    def in_order(self) -> list[QWidget]:
        """What takes the focus, in reading order."""
        return [self.copy, self.keep]

    def save(self, name: str) -> None:
        """Write it to a new file, beside what the window does."""
        step, path = self._step, Path(name)

        def work(_session: Session) -> Path:
            return hand_text.save(step, path)

        self._room.doer.do(
            work, self._saved, failed=lambda trouble: self._sheet.tell(trouble.what, trouble.next_step), over=self
        )

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._step.text)
        self._say("Copied.")

    def _choose(self) -> None:
        dialog = ask_save(self.window(), str(Path.home() / self._step.file))
        dialog.setWindowTitle("Save the text as a file")
        dialog.fileSelected.connect(self.save)
        dialog.open()

    def _saved(self, at: Path) -> None:
        self._say(f"Saved as {at}.")

    def _say(self, text: str) -> None:
        self.said.setText(text)
        self.said.show()


def _press(text: str, name: str) -> QPushButton:
    made = QPushButton(text)
    made.setProperty("kind", "quiet")
    made.setAutoDefault(False)
    made.setAccessibleName(name)
    return made


__all__ = ["HandText"]
