"""What people did themselves: attesting a by-hand target, and recording a correction made outside, with its watch.

It writes what somebody says, as said by them; it never claims that anything was observed but by reading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QHBoxLayout, QWidget

from console.domain.deceit import shown
from console.services import corrections, hand_text, overview, providers
from console.services.hand_text import HandStep
from console.services.session import Session
from console.services.standing import Standing
from console.ui.choice import Choice
from console.ui.hand_text import HandText
from console.ui.kept import Kept, Part
from console.ui.parts import column, row
from console.ui.proposal_plan import grid_of
from console.ui.room import Room
from console.ui.sheets import Labelled, Sheet, text_line, text_lines
from console.ui.watch import verdict_words
from console.ui.widgets import StateMark, Text
from console.viewmodels.ground import Ground, read_ground
from console.viewmodels.house import kinds
from console.viewmodels.said_times import said_moment
from console.viewmodels.times import ago, both
from console.viewmodels.zones import shown_zone, zone_chosen

_OUTCOMES: Final = {"done": "Done", "promised": "Promised", "declined": "Declined"}
_MEANS: Final = {
    "done": "They say that it is carried out. It ends as attested only.",
    "promised": "They say that they will; it stays open.",
    "declined": "They say no: it goes back to people.",
}
_LEAD: Final = "Your word, signed as yours, with its time. It ends as attested only: nothing is measured by it."
_LEAD_READ: Final = "Your word, signed as yours, with its time. What you say is done is read back and tried afterwards."
_READ: Final = "They say that it is carried out; then it is read back, and tried where it can be."
_WHEN_HINT: Final = "HH:MM, or -20m for twenty minutes ago, or a date and time."
_READING: Final = "Reading ..."
_TEXT_LINES: Final = 3
_TOP: Final = Qt.AlignmentFlag.AlignTop


class WhenField(Labelled):
    """A moment as people type it; what it was understood as stands below it."""

    def __init__(self, room: Room, title: str) -> None:
        self.line = text_line(title)
        super().__init__(room, title, self.line, _WHEN_HINT)
        self._room = room
        self.line.setText("now")
        self.line.textChanged.connect(self.read)
        self.read()

    def at_ms(self) -> int | None:
        """The moment; None where it is none, or lies ahead."""
        outlet, now = self._room.desk.outlet, self._room.desk.session.clock.wall_ms()
        return said_moment(self.line.text(), now, shown_zone(zone_chosen(outlet)))

    def read(self, _text: str = "") -> None:
        """Say how it was understood."""
        at = self.at_ms()
        if at is None:
            self.say(f"That is no moment that has been. {_WHEN_HINT}", wrong=True)
            return
        now = self._room.desk.session.clock.wall_ms()
        zone = shown_zone(zone_chosen(self._room.desk.outlet))
        self.say(f"{both(at, zone)}, {ago(now, at)}. {_WHEN_HINT}")


class AttestDialog(Sheet):
    """What became of a step that people carry out: done, promised or declined, who says so, when, which ticket."""

    def __init__(
        self, room: Room, parent: QWidget, candidates: Sequence[Standing], doc: str | None = None,
        target: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            room, parent, "Attest what was done by hand",
            _LEAD,
        )  # fmt: skip
        self.which = QComboBox()
        self.which.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._asked: dict[str, Mapping[int, HandStep]] = {}
        self._steps = [
            (one.doc, step) for one in candidates for step in one.targets if step.by_hand
        ]  # fmt: skip
        for at, (held, step) in enumerate(self._steps):
            self.which.addItem(f"{shown(step.name)} at {shown(step.instance_name)}", at)
            if held == doc and (target is None or step.index == target) and self.which.currentIndex() <= 0:
                self.which.setCurrentIndex(at)
        self.which.currentIndexChanged.connect(self._turn)
        self._told = QWidget()
        self._told_lines = column(self._told, room.look.theme.space("half"))
        self.outcome = Choice(room.look, "What became of it", _OUTCOMES, _MEANS)
        self.outcome.choose("done")
        self.outcome.changed.connect(self.check)
        self.text = text_lines(room, "Who says so, and what they say", _TEXT_LINES)
        self.text.setPlaceholderText("Support desk confirmed on the telephone that it is blocked.")
        self.text.textChanged.connect(self.check)
        self.ticket = text_line("Ticket")
        self.when = WhenField(room, "When it was done")
        self.when.line.textChanged.connect(self.check)
        self._lay_out()
        self.add_button("Attest", self._attest, "main")
        self._turn()
        self.text.setFocus()
        self.take_room(640, 620)
        self._kept = Kept(self, f"attest:{doc or 'any'}:{target}", {"text": self.text, "outcome": self.outcome},
                          when=self.when.line)  # fmt: skip
        self._read()

    def why_not(self) -> str:
        """What is still to be said."""
        if not self._steps:
            return "Nothing is asked of people by hand."
        if not self.text.toPlainText().strip():
            return "Say who says so, and what they say."
        return "" if self.when.at_ms() is not None else "Say when it was done."

    def _lay_out(self) -> None:
        if len(self._steps) > 1:
            self.add(Labelled(self.room, "Which step", self.which))
        self.add(self._told)
        self.add(self.outcome)
        self.add(Labelled(self.room, "Who says so, and what they say", self.text))
        both = QWidget()
        line = row(both, self.room.look.theme.space("unit"))
        line.addWidget(self.when, 1, _TOP)
        line.addWidget(Labelled(self.room, "Ticket (optional)", self.ticket), 1, _TOP)
        self.add(both)
        self.body.addStretch(1)

    def _read(self) -> None:
        """What exactly was asked stands in the signed document."""
        docs = list(dict.fromkeys(doc for doc, _ in self._steps))

        def work(session: Session) -> dict[str, Mapping[int, HandStep]]:
            return {doc: {one.target: one for one in hand_text.steps(session, doc)} for doc in docs}

        self.room.doer.do(work, self._took, lane="look", over=self)

    def _took(self, found: dict[str, Mapping[int, HandStep]]) -> None:
        self._asked = found
        self._turn()

    def _turn(self, _at: int = 0) -> None:
        while (item := self._told_lines.takeAt(0)) is not None:
            if (gone := item.widget()) is not None:
                gone.hide()
                gone.deleteLater()
        at = self.which.currentIndex()
        if not 0 <= at < len(self._steps):
            self.check()
            return
        doc, step = self._steps[at]
        look = self.room.look
        self._told_lines.addWidget(StateMark(look, step.state, f" {shown(step.name)} at {shown(step.instance_name)}"))
        asked = self._asked.get(doc, {}).get(step.index)
        told = {} if asked is None else {**dict(asked.asked), "instruction": asked.instruction}
        titles = (("Asked of", "who"), ("Instruction", "instruction"), ("Contact", "contact"), ("By when", "by"),
                  ("Ticket", "ticket"))  # fmt: skip
        facts = [(title, shown(told[name])) for title, name in titles if told.get(name)]
        if facts:
            self._told_lines.addWidget(grid_of(look, facts))
        if asked is not None and asked.text:
            self._told_lines.addWidget(HandText(self.room, self, asked))
        self.outcome.mean("done", _MEANS["done"] if step.by_word else _READ)
        self.lead.setText(_LEAD if step.by_word else _LEAD_READ)
        if not self.ticket.text():
            self.ticket.setText(told.get("ticket", ""))
        self.check()

    def _attest(self) -> None:
        at = self.which.currentIndex()
        done_ms = self.when.at_ms()
        if not 0 <= at < len(self._steps) or done_ms is None:
            return
        doc, step = self._steps[at]
        text, outcome = self.text.toPlainText().strip(), self.outcome.value() or "done"
        ticket = self.ticket.text().strip()

        def work(session: Session) -> str:
            return corrections.attest(
                session, doc, step.index, text, outcome=outcome, ticket=ticket, done_ms=done_ms
            ).id

        def done(_entry: str) -> None:
            self.room.desk.refresh()
            self.accept()

        self.carry_out(self._kept.spending(work), done)


class RecordDialog(Sheet):
    """A correction that somebody made outside, with its time; and where it can be read, a look whether it stands."""

    def __init__(self, room: Room, parent: QWidget, inc: str | None) -> None:
        super().__init__(
            room, parent, "Record a correction made by hand",
            "What people did themselves, before or beside the console. It is recorded as said; where a connected "
            "provider can be read, it can be watched.",
        )  # fmt: skip
        self._inc = inc
        self._ground: Ground | None = None
        self._entry = ""
        self.text = text_lines(room, "What was done, and by whom", _TEXT_LINES)
        self.text.setPlaceholderText("On call blocked key-17 in the vendor's console.")
        self.text.textChanged.connect(self.check)
        self.kind = QComboBox()
        for name, title in kinds(room.desk.session.settings.house).items():
            self.kind.addItem(title, name)
        self.kind.currentIndexChanged.connect(self._offer_levers)
        self.back = QCheckBox("It gave something back, rather than taking it away")
        self.when = WhenField(room, "When it was done")
        self.when.line.textChanged.connect(self.check)
        self.selector = text_line("What was restricted")
        self.selector.setPlaceholderText("The key, user or model, as the provider calls it")
        self.selector.textChanged.connect(self.check)
        self.surface = QComboBox()
        self.surface.addItem("Nowhere that is connected: it cannot be watched", None)
        self.surface.currentIndexChanged.connect(self._offer_levers)
        self.lever = QComboBox()
        self._lever = Labelled(room, "What was pulled there", self.lever)
        self.found = Text(room.look, wrap=True, weight="medium")
        self._lay_out()
        self.watch = self.add_button("Watch it now", self._watch)
        self.save = self.add_button("Record", self._save, "main")
        self._offer_levers()
        self.text.setFocus()
        self.take_room(660, 700)
        parts: dict[str, Part] = {"text": self.text, "kind": self.kind, "back": self.back, "selector": self.selector}
        self._kept = Kept(self, f"record:{inc or 'organisation'}", parts, when=self.when.line)
        self.room.doer.do(read_ground, self._took, lane="look", over=self)

    def why_not(self) -> str:
        """What is still to be said."""
        if self._entry:
            return ""
        if not self.text.toPlainText().strip():
            return "Say what was done, and by whom."
        if self.when.at_ms() is None:
            return "Say when it was done."
        if self.surface.currentData() is not None and not self.selector.text().strip():
            return "Say what was restricted, so that it can be watched."
        return ""

    def _lay_out(self) -> None:
        unit = self.room.look.theme.space("unit")
        self.add(Labelled(self.room, "What was done, and by whom", self.text))
        both = QWidget()
        line: QHBoxLayout = row(both, unit)
        line.addWidget(self.when, 1, _TOP)
        line.addWidget(Labelled(self.room, "Kind of correction", self.kind), 1, _TOP)
        self.add(both)
        self.add(self.back)
        self.add(Labelled(self.room, "What was restricted (optional)", self.selector))
        places = QWidget()
        second = row(places, unit)
        second.addWidget(Labelled(self.room, "Where", self.surface), 1)
        second.addWidget(self._lever, 1)
        self.add(places)
        self.add(self.found)
        self.found.hide()
        self.body.addStretch(1)

    def _took(self, ground: Ground) -> None:
        self._ground = ground
        for one in ground.options:
            if one.levers and not one.by_hand and not one.broken:
                place = (
                    one.surface.name if one.provider == one.surface.name else f"{one.surface.name} at {one.provider}"
                )
                self.surface.addItem(shown(place), one.surface.surface)

    def _offer_levers(self, _at: int = 0) -> None:
        self.lever.clear()
        chosen = self.surface.currentData()
        options = () if self._ground is None else self._ground.options
        one = next((one for one in options if one.surface.surface == chosen), None)
        kind = self.kind.currentData()
        # what asks for a figure besides cannot be read back from its selector alone
        found = [line for line in one.levers if not any(param.required for param in line.params)] if one else []
        for line in sorted(found, key=lambda line: line.category != kind):
            self.lever.addItem(line.title, line.name)
        self._lever.setVisible(chosen is not None)
        self._lever.say("" if found or chosen is None else "Nothing there can be read back; it is recorded as said.")
        self.check()

    def check(self) -> None:
        """Watching is possible once it is recorded, with a place that can be read."""
        super().check()
        if hasattr(self, "watch"):
            self.watch.setVisible(bool(self._entry) and bool(self.lever.currentData()))
            self.watch.setEnabled(not self.is_busy)

    def _place(self) -> providers.Surface | None:
        chosen = self.surface.currentData()
        options = () if self._ground is None else self._ground.options
        return next((one.surface for one in options if one.surface.surface == chosen), None)

    def _save(self) -> None:
        done_ms = self.when.at_ms()
        if done_ms is None:
            return
        place, inc = self._place(), self._inc
        text, category = self.text.toPlainText().strip(), str(self.kind.currentData())
        selector, lever = self.selector.text().strip(), str(self.lever.currentData() or "") if place else ""
        direction = "restore" if self.back.isChecked() else "contain"

        def work(session: Session) -> str:
            return corrections.record_by_hand(
                session, text, inc=inc, category=category, done_ms=done_ms, selector=selector, lever=lever,
                provider=None if place is None else place.instance, direction=direction,
            ).id  # fmt: skip

        self.carry_out(self._kept.spending(work), self._saved)

    def _saved(self, entry: str) -> None:
        self._entry = entry
        self.room.desk.refresh()
        if self._place() is None or not self.lever.currentData():
            self.accept()
            return
        self.found.setText("Recorded, as said. Whether it stands there can be read now.")
        self.found.show()
        for part in (self.text, self.when, self.kind, self.back, self.selector, self.surface, self.lever):
            part.setEnabled(False)
        self.save.hide()
        self.watch.setProperty("kind", "main")
        QApplication.style().unpolish(self.watch)
        QApplication.style().polish(self.watch)
        self.only_close()
        self.set_main(self.watch)
        self.watch.setFocus()

    def _watch(self) -> None:
        place = self._place()
        if place is None:
            return
        entry, lever, selector = self._entry, str(self.lever.currentData()), self.selector.text().strip()

        def work(session: Session) -> dict[str, Any]:
            return overview.watch(session, entry, place.instance, lever, selector, place.surface)

        self.carry_out(work, self._watched, "Reading there ...", "aside")

    def _watched(self, found: dict[str, Any]) -> None:
        self.found.setText(verdict_words(found))
        self.room.desk.refresh()
