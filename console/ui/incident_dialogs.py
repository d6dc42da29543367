"""Dialogs by which an incident is declared, rated, moved on and reopened. They say what each word means.

They write through the services only; what was typed stays until it is durable.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QCheckBox, QWidget

from console.services import incidents
from console.services.incidents import IncidentLine
from console.services.session import Session
from console.ui.choice import Choice, severity_choice
from console.ui.kept import Kept
from console.ui.room import Room
from console.ui.sheets import Labelled, Sheet, text_line, text_lines
from console.viewmodels.incident_words import (
    PHASE_MEANS,
    PHASE_WORDS,
    PHASES,
    SAID_STATUSES,
    STATUS_MEANS,
    phase_word,
)

_TITLE_CHARS = 200


class DeclareDialog(Sheet):
    """Declares an incident; whoever declares it commands it. It is shown as soon as it is durable."""

    def __init__(self, room: Room, parent: QWidget) -> None:
        super().__init__(
            room,
            parent,
            "Declare an incident",
            "You command it until you hand it over. It is never erased.",
        )
        self.title = text_line("Title", _TITLE_CHARS)
        self.title.setPlaceholderText("What is wrong, in one line")
        self.severity = severity_choice(room.look)
        self.text = text_lines(room, "What is known so far", 4)
        self.shareable = QCheckBox("May be quoted to executives and customers")
        self.add(Labelled(room, "Title", self.title))
        self.add(Labelled(room, "Severity", self.severity, "When unsure, the worse one."))
        self.add(Labelled(room, "What is known so far (optional)", self.text))
        self.add(self.shareable)
        self.add_button("Declare", self._declare, "main")
        self.title.textChanged.connect(self.check)
        self.severity.changed.connect(self.check)
        self.title.returnPressed.connect(self._on)
        self.check()
        self.fit(620)
        self.title.setFocus()
        self._kept = Kept(self, "declare", {"title": self.title, "severity": self.severity, "text": self.text,
                                            "shareable": self.shareable})  # fmt: skip

    def why_not(self) -> str:
        """What is still to be said."""
        if not self.title.text().strip():
            return "Say in one line what is wrong."
        return "" if self.severity.value() else "Choose a severity."

    def _on(self) -> None:
        self.severity.setFocus()

    def _declare(self) -> None:
        title, severity = self.title.text().strip(), int(self.severity.value() or 0)
        text, shareable = self.text.toPlainText().strip(), self.shareable.isChecked()

        def done(inc: str | None) -> None:
            self.accept()
            self.room.desk.choose(inc)

        def work(session: Session) -> str | None:
            return incidents.declare(session, title, severity, text, shareable=shareable).entry.inc

        self.carry_out(self._kept.spending(work), done)


class SeverityDialog(Sheet):
    """Raises freely; lowering needs a reason."""

    def __init__(self, room: Room, parent: QWidget, line: IncidentLine) -> None:
        super().__init__(room, parent, f"Severity of {line.label}", f"It is SEV-{line.severity} now.")
        self._line = line
        self.severity = severity_choice(room.look)
        self.severity.choose(str(line.severity))
        self.reason = text_line("Reason")
        self._why = Labelled(room, "Reason", self.reason)
        self.add(Labelled(room, "Severity", self.severity))
        self.add(self._why)
        self.add_button("Change it", self._change, "main")
        self.severity.changed.connect(self.check)
        self.reason.textChanged.connect(self.check)
        self.reason.returnPressed.connect(self.press_main)
        self.check()
        self.fit(640)
        self.severity.setFocus()
        self._kept = Kept(self, f"severity:{line.inc}", {"severity": self.severity, "reason": self.reason})

    def why_not(self) -> str:
        """What is still to be said."""
        to = int(self.severity.value() or self._line.severity)
        self._why.say("Lowering a severity needs one." if to > self._line.severity else "Optional.")
        if to == self._line.severity:
            return "Choose another severity."
        return "Say why it may be lowered." if to > self._line.severity and not self.reason.text().strip() else ""

    def _change(self) -> None:
        to, reason, inc = str(self.severity.value()), self.reason.text().strip(), self._line.inc
        work = partial(_changed, inc=inc, what="severity", to=to, reason=reason)
        self.carry_out(self._kept.spending(work), lambda _done: self.accept())


class MoveDialog(Sheet):
    """Says in which phase or status an incident is now."""

    def __init__(self, room: Room, parent: QWidget, line: IncidentLine, what: str) -> None:
        now = phase_word(line.phase) if what == "phase" else line.status
        super().__init__(room, parent, f"{what.capitalize()} of {line.label}", f"It is: {now}.")
        self._line, self._what = line, what
        self._now = line.phase if what == "phase" else line.status
        if what == "phase":
            words, means = {one: PHASE_WORDS[one] for one in PHASES}, PHASE_MEANS
        else:
            words, means = {one: one.capitalize() for one in SAID_STATUSES}, STATUS_MEANS
        self.choice = Choice(room.look, what.capitalize(), words, means)
        if self._now in words:
            self.choice.choose(self._now)
        self.reason = text_line("Reason")
        self.add(self.choice)
        self.add(Labelled(room, "Reason (optional)", self.reason))
        self.add_button("Change it", self._change, "main")
        self.choice.changed.connect(self.check)
        self.reason.returnPressed.connect(self.press_main)
        self.check()
        self.fit(640)
        self.choice.setFocus()
        self._kept = Kept(self, f"{what}:{line.inc}", {"choice": self.choice, "reason": self.reason})

    def why_not(self) -> str:
        """What is still to be said."""
        return f"Choose another {self._what}." if self.choice.value() in (None, self._now) else ""

    def _change(self) -> None:
        to, reason = str(self.choice.value()), self.reason.text().strip()
        work = partial(_changed, inc=self._line.inc, what=self._what, to=to, reason=reason)
        self.carry_out(self._kept.spending(work), lambda _done: self.accept())


class ReopenDialog(Sheet):
    """Opens a closed incident again; the closing that two signed stays in the record."""

    def __init__(self, room: Room, parent: QWidget, line: IncidentLine) -> None:
        super().__init__(
            room, parent, f"Reopen {line.label}",
            "The closing that two people signed stays in the record, and so does this.",
        )  # fmt: skip
        self._line = line
        self.reason = text_line("Why it is opened again")
        self.add(Labelled(room, "Why it is opened again", self.reason))
        self.add_button("Reopen", self._reopen, "main")
        self.reason.textChanged.connect(self.check)
        self.reason.returnPressed.connect(self.press_main)
        self.check()
        self.fit(520)
        self.reason.setFocus()
        self._kept = Kept(self, f"reopen:{line.inc}", {"reason": self.reason})

    def why_not(self) -> str:
        """What is still to be said."""
        return "" if self.reason.text().strip() else "Say why."

    def _reopen(self) -> None:
        work = partial(_changed, inc=self._line.inc, what="status", to="reopened", reason=self.reason.text().strip())
        self.carry_out(self._kept.spending(work), lambda _done: self.accept())


def _changed(session: Session, *, inc: str, what: str, to: str, reason: str) -> str:
    return incidents.change(session, inc, what, to, reason).id
