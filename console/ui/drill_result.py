"""Records what a drill came to: its bundle is checked first, and only its hash and what is typed go into the record."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QWidget

from console.services import drill_result
from console.services.drill_result import DrillResult
from console.ui.exports import PathField, ask_open
from console.ui.kept import Kept
from console.ui.room import Room
from console.ui.sheets import Labelled, Sheet, text_lines
from console.viewmodels.commands import Command


class DrillResultDialog(Sheet):
    """The bundle, and what was learnt."""

    def __init__(self, room: Room, parent: QWidget | None) -> None:
        super().__init__(
            room, parent, "Record a drill's result",
            "The bundle is checked; its hash and what you write go into this record, nothing else of it.",
        )  # fmt: skip
        self.path = PathField("The drill's bundle", ask_open)
        self.text = text_lines(room, "What was learnt", 5)
        self.add(Labelled(room, "The drill's bundle", self.path, "The zip that the drill exported."))
        self.add(Labelled(room, "What was learnt", self.text), 1)
        self.go = self.add_button("Check and record", self._record, "main")
        self.path.edit.textChanged.connect(self.check)
        self.check()
        self.take_room(600, 420)
        self.path.edit.setFocus()
        self._kept = Kept(self, "drill-result", {"path": self.path.edit, "text": self.text})

    def why_not(self) -> str:
        """A bundle is needed."""
        return "" if self.path.text().strip() else "Choose the drill's bundle."

    def _record(self) -> None:
        path, text = Path(self.path.text().strip()).expanduser(), self.text.toPlainText()
        work = partial(drill_result.record, bundle=path, text=text)
        self.carry_out(self._kept.spending(work), self._recorded, "Checking the bundle ...", "aside")

    def _recorded(self, _made: DrillResult) -> None:
        self.room.desk.refresh()
        self.accept()


def add_commands(room: Room, window: QWidget) -> None:
    """Offer it, where the record is no practice itself."""
    practice = room.desk.session.settings.world == "drill"
    room.commands.add(
        Command(name="drill-result", title="Record a drill's result", group="Write",
                run=lambda: DrillResultDialog(room, window).open(), also="exercise rehearsal practice bundle",
                why_not=lambda: "This record is practice itself." if practice else None)
    )  # fmt: skip


__all__ = ["DrillResultDialog", "add_commands"]
