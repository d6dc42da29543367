"""Propose again, or take over: what changed at each target since it was signed, the reason that is kept, the next step.

It reads, and proposes the next revision; nothing moves before that is signed anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QGridLayout, QPushButton, QWidget

from console.domain.deceit import shown
from console.domain.reasons import read_reason
from console.services import changes, resending
from console.services.changes import FieldChange, TargetChange
from console.services.corrections import Proposal
from console.services.session import Session
from console.services.standing import Standing
from console.ui.kept import Kept
from console.ui.parts import column
from console.ui.proposal_said import ProposedPage
from console.ui.room import Room
from console.ui.sheets import NOT_READ, Labelled, Sheet, text_lines
from console.ui.widgets import StateMark, Text, Words
from console.viewmodels.approval_words import field, value
from console.viewmodels.times import both
from console.viewmodels.zones import shown_zone, zone_chosen

How = Literal["again", "take-over"]
_TITLES: Final[dict[How, str]] = {"again": "Propose again", "take-over": "Take over"}
_LEADS: Final[dict[How, str]] = {
    "again": "What is left of it is read anew and proposed as its next revision. Nothing that was signed before counts "
    "for it, and nothing moves before it is signed.",
    "take-over": "Another console was to send it. Signed anew, it is sent from here; whatever the other one has sent "
    "meanwhile is read before anything is sent again.",
}
_READING: Final = "Reading what stands there now ..."
_PROPOSING: Final = "Reading once more, and proposing ..."
_REASON_LINES: Final = 3


class AgainSheet(Sheet):
    """About one correction, chosen where several may be meant. `how` says whose it was to send."""

    def __init__(self, room: Room, parent: QWidget, some: Sequence[Standing], how: How = "again") -> None:
        super().__init__(room, parent, _TITLES[how], _LEADS[how])
        self.some, self.one, self._how = tuple(some), some[0], how
        self.is_over = False
        self.found: tuple[TargetChange, ...] = ()
        self._is_known = False
        self._form = QWidget()
        self._lines = column(self._form, room.look.theme.space("wide"))
        self.which = self._choice()
        self._title = Text(room.look, weight="medium", wrap=True)
        self._lines.addWidget(self._title)
        self._targets = QWidget()
        self._list = column(self._targets, room.look.theme.space("unit"))
        self._lines.addWidget(self._targets)
        self.reason = text_lines(room, "Why", _REASON_LINES)
        self.reason.textChanged.connect(self.check)
        self._lines.addWidget(Labelled(room, "Why", self.reason, "Kept from before; everybody who signs reads it."))
        self.add(self._form)
        self.said = ProposedPage(room)
        self.said.hide()
        self.add(self.said)
        self.again = self.add_button("Read again", self._read)
        self.go: QPushButton = self.add_button(_TITLES[how], self._propose, "main")
        self.body.addStretch(1)
        self.take_room(720, 620)
        self._turn()
        about = f"{type(self).__name__}:{self.one.doc}"
        self.kept = Kept(self, about, {"which": self.which, "reason": self.reason})

    def _choice(self) -> QComboBox:
        """Which is meant, by what it restricts; not shown where there is no choice."""
        which = QComboBox()
        which.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for one in self.some:
            names = ", ".join(dict.fromkeys(target.name for target in one.targets if not target.canary))
            which.addItem(shown(f"{one.title}: {names}" if names else one.title), one.doc)
        which.currentIndexChanged.connect(self._turn)
        if len(self.some) > 1:
            self._lines.addWidget(Labelled(self.room, "Which correction", which))
        return which

    def _turn(self, at: int = 0) -> None:
        """Another one is meant: its own reason where none was typed, and what became of its own targets."""
        typed, before = self.reason.toPlainText().strip(), read_reason(self.one.reason).why.strip()
        self.one = self.some[max(at, 0)]
        self._title.setText(shown(self.one.title))
        self._title.setVisible(len(self.some) == 1)
        if typed in ("", before):
            self.reason.setPlainText(read_reason(self.one.reason).why)
        self.found = ()
        self._fill([Text(self.room.look, _READING, tone="text-muted")])
        self._read()

    def why_not(self) -> str:
        """What is still to be said, or why there is nothing to propose."""
        if self.is_over:
            return ""
        if not self._is_known:
            return NOT_READ
        if not self.found:
            return "Nothing of it is left to be sent."
        return "" if self.reason.toPlainText().strip() else "Say why."

    def _read(self) -> None:
        doc, self._is_known = self.one.doc, False

        def took(found: tuple[TargetChange, ...]) -> None:
            if doc == self.one.doc:  # nobody has turned to another one meanwhile
                self._took(found)

        def lost() -> None:
            if doc == self.one.doc:
                self.found = ()
                self._fill([Text(self.room.look, "What stands there now is not known.", tone="unknown")])

        self.carry_out(lambda session: changes.changes(session, doc), took, _READING, "aside", lost)

    def _took(self, found: tuple[TargetChange, ...]) -> None:
        self.found, self._is_known = found, True
        zone = shown_zone(zone_chosen(self.room.desk.outlet))
        papers: list[QWidget] = [ChangePaper(self.room, each, both(each.signed_ms, zone)) for each in found]
        self._fill(papers or [Text(self.room.look, "Nothing of it is left to be sent.", tone="text-muted")])
        self.check()
        if self.go.isEnabled():
            self.go.setFocus()

    def _fill(self, parts: Sequence[QWidget]) -> None:
        while (item := self._list.takeAt(0)) is not None:
            if (gone := item.widget()) is not None:
                gone.hide()
                gone.deleteLater()
        for part in parts:
            self._list.addWidget(part)

    def _propose(self) -> None:
        doc, reason, how = self.one.doc, self._worded(), self._how

        def work(session: Session) -> Proposal:
            made = resending.take_over if how == "take-over" else resending.again
            return made(session, doc, reason)

        self.carry_out(self.kept.spending(work), self._proposed, _PROPOSING, "slow")

    def _worded(self) -> str:
        """The reason as it was signed, where nobody changed it: its other parts stay with it."""
        typed = self.reason.toPlainText().strip()
        return "" if typed == read_reason(self.one.reason).why.strip() else typed

    def _proposed(self, proposal: Proposal) -> None:
        self.is_over = True
        self.room.desk.point_at(proposal.sha)
        self.room.desk.refresh()
        self._form.hide()
        self.lead.hide()
        self.said.put(proposal, (), self.room.desk.session.clock.wall_ms())
        self.said.show()
        self.go.hide()
        self.again.hide()
        self.only_close()
        if any(one.name == "review" for one in self.room.commands):
            on = self.add_button("Open the confirmation", self._review, "main")
            on.setFocus()
        self.check()

    def _review(self) -> None:
        self.accept()
        self.room.commands.give("review")


class ChangePaper(QWidget):
    """One target: its state and why, and field by field what was signed, what is there now, what it would become."""

    def __init__(self, room: Room, change: TargetChange, signed: str) -> None:
        super().__init__()
        look, unit = room.look, room.look.theme.space("unit")
        lines = column(self, unit // 2)
        lines.addWidget(StateMark(look, change.state, f" {shown(change.title)} at {shown(change.where)}"))
        if change.why:
            lines.addWidget(Words(look, shown(change.why), size="small", tone="text-muted"))
        tone = "unknown" if change.unread else "changed" if any(one.differs for one in change.fields) else "good"
        lines.addWidget(Text(look, shown(change.sentence), weight="medium", tone=tone, wrap=True))
        if change.fields:
            lines.addWidget(_table(room, change.fields, signed))
        self.setAccessibleName(f"{change.title} at {change.where}, {change.state}. {change.sentence}")


def _table(room: Room, fields: Sequence[FieldChange], signed: str) -> QWidget:
    look, held = room.look, QWidget()
    grid = QGridLayout(held)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(look.theme.space("wide"))
    grid.setVerticalSpacing(2)
    for at, word in enumerate(("What it writes", f"As signed, read {signed}", "Now", "It would be")):
        grid.addWidget(Text(look, word, size="small", weight="semibold", tone="text-muted", wrap=at > 0), 0, at)
        grid.setColumnStretch(at, 1)
    for line, one in enumerate(fields, start=1):
        now = "not read" if one.now is None else value(one.now)
        told = f"{now}  (changed)" if one.differs else now
        cells = ((field(one.name), "text"), (value(one.signed), "text"), (told, "changed" if one.differs else "text"),
                 (value(one.wanted), "text"))  # fmt: skip
        for at, (text, tone) in enumerate(cells):
            cell = Words(look, text, tone=tone, weight="medium" if tone == "changed" else "regular")
            grid.addWidget(cell, line, at, Qt.AlignmentFlag.AlignTop)
    told = "; ".join(
        f"{field(one.name)}: signed {value(one.signed)}, now {'not read' if one.now is None else value(one.now)}"
        f"{', changed' if one.differs else ''}, would be {value(one.wanted)}" for one in fields
    )  # fmt: skip
    held.setAccessibleName(told)
    return held


__all__ = ["AgainSheet", "ChangePaper", "How"]
