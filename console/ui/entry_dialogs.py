"""Dialogs about one entry: say it in better words, take it back, tell it as another kind; and jump to a time.

Nothing is edited: each writes one more entry, and says so.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QComboBox, QWidget

from console.domain.errors import Problem
from console.services import timeline
from console.services.session import Session
from console.services.timeline import Detail
from console.ui.composer import KINDS
from console.ui.kept import Kept
from console.ui.room import Room
from console.ui.sheets import Labelled, Sheet, text_line, text_lines
from console.ui.widgets import Text
from console.viewmodels.intake import read_moment
from console.viewmodels.lines import LineView
from console.viewmodels.zones import zone_chosen


class _About(Sheet):
    """Shows the entry it is about."""

    def __init__(self, room: Room, parent: QWidget, line: LineView, title: str, lead: str) -> None:
        super().__init__(room, parent, title, lead)
        self.line = line
        self.add(
            Text(room.look, f"{line.day} {line.clock} {line.zone}, {line.word} by {line.author}", tone="text-muted")
        )

    def changed(self, _done: object) -> None:
        """It is in the record."""
        self.room.desk.refresh()
        self.accept()


class AmendDialog(_About):
    """The whole text, to be said in better words."""

    def __init__(self, room: Room, parent: QWidget, line: LineView) -> None:
        super().__init__(room, parent, line, "Amend", "The newest wording is shown; the original stays one key away.")
        self.text = text_lines(room, "New wording", 8)
        self.text.setPlainText("reading ...")
        self.text.setEnabled(False)
        self.add(Labelled(room, "New wording", self.text), 1)
        self.add_button("Amend", self._amend, "main")
        self.take_room(620, 440)
        self._kept = Kept(self, f"amend:{line.id}", {"text": self.text}, wait=True)
        self.read_first(lambda session: timeline.detail(session, line.id), self._read, "Reading ...", "look")

    def not_read(self) -> None:
        """Nothing is amended that was not shown."""
        self.text.clear()

    def _read(self, found: Detail) -> None:
        self.text.setEnabled(True)
        self.text.setPlainText(found.history.wordings[-1].text if found.history.wordings else found.text)
        self.text.setFocus()
        self._kept.begin()

    def _amend(self) -> None:
        text, ident = self.text.toPlainText(), self.line.id
        self.carry_out(self._kept.spending(lambda session: timeline.amend(session, ident, text)), self.changed)


class RetractDialog(_About):
    """Takes an entry back, with the reason."""

    def __init__(self, room: Room, parent: QWidget, line: LineView) -> None:
        super().__init__(room, parent, line, "Take back", "It stays in the record, struck through, with your reason.")
        self.add(Text(room.look, line.text, wrap=True))
        self.reason = text_line("Reason")
        self.reason.textChanged.connect(self.check)
        self.add(Labelled(room, "Reason", self.reason))
        self.add_button("Take back", self._retract, "main")
        self.check()
        self.fit(540)
        self.reason.setFocus()
        self._kept = Kept(self, f"retract:{line.id}", {"reason": self.reason})

    def why_not(self) -> str:
        """A reason is asked for."""
        return "" if self.reason.text().strip() else "Give the reason."

    def _retract(self) -> None:
        reason, ident = self.reason.text(), self.line.id
        self.carry_out(self._kept.spending(lambda session: timeline.retract(session, ident, reason)), self.changed)


class RetypeDialog(_About):
    """Tells an entry as one of another kind."""

    def __init__(self, room: Room, parent: QWidget, line: LineView) -> None:
        lead = "A signed kind cannot be changed: it is taken back and written again with the time it occurred."
        super().__init__(room, parent, line, "Tell as another kind", lead)
        self.add(Text(room.look, line.text, wrap=True))
        self.kind = QComboBox()
        for kind, word in KINDS:
            if kind not in (line.kind, "knowledge.fact"):
                self.kind.addItem(word, kind)
        self.add(Labelled(room, "Kind", self.kind))
        self.add_button("Write it so", self._retype, "main")
        self.fit(540)
        self.kind.setFocus()

    def _retype(self) -> None:
        kind, ident = str(self.kind.currentData()), self.line.id

        def work(session: Session) -> None:
            timeline.retype(session, ident, kind)

        self.carry_out(work, self.changed)


class JumpDialog(Sheet):
    """Asks for a moment and goes there."""

    def __init__(self, room: Room, parent: QWidget, go: Callable[[int], None]) -> None:
        zone = zone_chosen(room.desk.outlet)
        lead = f"14:02, 2026-11-25 14:02, or -30m for half an hour ago. Times are read in {zone}."
        super().__init__(room, parent, "Jump to a time", lead)
        self._zone = zone
        self._go = go
        self.when = text_line("Time")
        self.when.returnPressed.connect(self._jump)
        self.add(Labelled(room, "Time", self.when))
        self.add_button("Jump", self._jump, "main")
        self.fit(420)
        self.when.setFocus()

    def _jump(self) -> None:
        try:
            at = read_moment(self.when.text(), self.room.desk.session.clock.wall_ms(), self._zone)
        except Problem as fault:
            self.tell(fault.what, fault.next_step)
            return
        self.accept()
        self._go(at)
