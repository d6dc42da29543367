"""A lift in stages, in the window: planned, each stage proposed when it may be, put back when a stop comes true.

It proposes through the services; two people sign each stage.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QPushButton, QVBoxLayout, QWidget

from console.domain.deceit import shown
from console.domain.stages import STOPS
from console.services import staging
from console.services.corrections import Proposal
from console.services.session import Session
from console.services.standing import Standing
from console.ui.emergency import Opens, standings_of
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.sheets import Labelled, Number, Sheet, text_line, text_lines
from console.ui.widgets import IconMark, Text
from console.viewmodels.stages import LiftCard, cards, plan

_LINES: Final = 2
_HOLD_MIN: Final = 30
_MOST_HOLD_MIN: Final = 43_200
_NAMED: Final = 8


class StagesSheet(Sheet):
    """The staged lifts of an incident, and a new one."""

    def __init__(self, room: Room, parent: QWidget | None, inc: str, opens: Opens) -> None:
        super().__init__(
            room, parent, "Give back in stages",
            "A part at a time, each signed by two, held before the next. When a stop comes true nothing more is "
            "proposed, people are called out, and putting it back is proposed; people decide.",
        )  # fmt: skip
        self._inc, self._opens = inc, opens
        look = room.look
        self.told = QWidget()
        self._told: QVBoxLayout = column(self.told, look.theme.space("unit"))
        self.reason = text_lines(room, "Why the criteria are met, or why it is put back", _LINES)
        self.which = QComboBox()
        self.which.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.some: tuple[Standing, ...] = tuple(
            one for one in standings_of(room) if one.group == "in force" and one.direction == "contain"
        )
        self.which.addItems([shown(one.title) for one in self.some])
        self.stages = text_line("Stages")
        self.stages.setText("10% 50% rest")
        self.hold = Number(1, _MOST_HOLD_MIN)
        self.hold.setValue(_HOLD_MIN)
        self.hold.setSuffix(" min")
        self.stops = {kind: QCheckBox(f"Stop when {words}") for kind, words in STOPS.items() if kind != "rate"}
        self.by_rate = QCheckBox("Stop when an account given back makes more calls a minute than")
        self.rate = text_line("Calls a minute", 7)
        self.rate.setFixedWidth(80)
        self.go_on = text_lines(room, "When the next stage may follow", _LINES)
        for kind in ("observation", "severity", "drift"):
            self.stops[kind].setChecked(True)
        self.add(self.told)
        self.add(Labelled(room, "Why (signed with what is proposed above)", self.reason))
        self.add(Text(look, "Plan another", size="title", weight="semibold"))
        how = Labelled(room, "Stages, in order", self.stages)
        self.add(Labelled(room, "Which correction", self.which))
        self.add(how)
        self.which.currentIndexChanged.connect(lambda: how.say(self._numbers(self.which.currentIndex())))
        how.say(self._numbers(self.which.currentIndex()))
        self.add(Labelled(room, "Held after each stage", self.hold))
        self.add(self._stops())
        self.add(Labelled(room, "When the next stage may follow", self.go_on, "The signers of each stage read it."))
        self.go = self.add_button("Keep this plan", self._plan, "main")
        self.only_close()
        self.go_on.textChanged.connect(self.check)
        self.check()
        self.body.addStretch(1)
        self.take_room(740, 760)
        self._read()

    def _numbers(self, at: int) -> str:
        """How stages are written; with the number of each target, where these are meant."""
        told = "Percentages that grow to `rest`, or targets by their numbers: `0 1,2`."
        some = self.some[at].targets if 0 <= at < len(self.some) else ()
        if len(some) < 2 or len(some) > _NAMED:  # noqa: PLR2004  one target has no parts but those of its list
            return told
        names = (f"{one.index} is {shown(one.name)}{' (canary)' if one.canary else ''}" for one in some)
        return f"{told} Here {', '.join(names)}."

    def _stops(self) -> QWidget:
        held = QWidget()
        lines = column(held, self.room.look.theme.space("half"))
        for tick in self.stops.values():
            lines.addWidget(tick)
        last = QWidget()
        line = row(last, self.room.look.theme.space("unit"))
        line.addWidget(self.by_rate)
        line.addWidget(self.rate)
        line.addStretch(1)
        lines.addWidget(last)
        return held

    # -- showing -------------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        self.read_first(lambda session: cards(session, self._inc), self._take, "Reading ...", lane="slow")

    def _take(self, found: tuple[LiftCard, ...]) -> None:
        while (item := self._told.takeAt(0)) is not None:
            if (gone := item.widget()) is not None:
                gone.hide()
                gone.deleteLater()
        for one in found:
            self._told.addWidget(self._card(one))
        if not found:
            self._told.addWidget(Text(self.room.look, "No lift is planned in stages.", tone="text-muted"))

    def _card(self, one: LiftCard) -> QWidget:
        look = self.room.look
        wide, unit = look.theme.space("wide"), look.theme.space("unit")
        card = QFrame()
        card.setProperty("ground", "raised")
        card.setAccessibleName(f"{one.title}: {one.why_not or 'the next stage may be proposed'}")
        layout = column(card, look.theme.space("half"), (wide, unit, wide, unit))
        layout.addWidget(Text(look, one.title, weight="semibold", wrap=True))
        for line in one.stages:
            layout.addWidget(self._marked(line.icon, line.tone, line.told))
        for text in one.tripped:
            layout.addWidget(self._marked("octagon-alert", "alarm", f"A stop came true: {text}"))
        layout.addWidget(Text(look, f"On when: {one.go_on}. {one.stops}", tone="text-muted", wrap=True))
        foot = QWidget()
        buttons = row(foot, unit)
        buttons.addWidget(Text(look, one.why_not, tone="text-muted", wrap=True), 1)
        for word, may, run in (
            ("Put it back ...", one.may_put_back, self._put_back),
            ("Propose the next stage ...", one.may_go_on, self._next),
        ):
            button = QPushButton(word)
            button.setAutoDefault(False)
            button.setEnabled(may)
            button.clicked.connect(partial(run, one.name))
            buttons.addWidget(button)
        layout.addWidget(foot)
        return card

    def _marked(self, icon: str, tone: str, text: str) -> QWidget:
        held = QWidget()
        line = row(held, self.room.look.theme.space("unit"))
        line.addWidget(IconMark(self.room.look, icon, tone))
        line.addWidget(Text(self.room.look, text, wrap=True), 1)
        return held

    # -- doing ---------------------------------------------------------------------------------------------------------

    def why_not(self) -> str:
        """What is still wanting before a plan can be kept."""
        if not self.some:
            return "Nothing is in force that could be given back."
        return "" if self.go_on.toPlainText().strip() else "Say when the next stage may follow."

    def _plan(self) -> None:
        at = self.which.currentIndex()
        if not 0 <= at < len(self.some):
            return
        doc, typed, hold, rate = self.some[at].doc, self.stages.text(), self.hold.value(), self.rate.text()
        stops = {kind: tick.isChecked() for kind, tick in self.stops.items()} | {"rate": self.by_rate.isChecked()}
        go_on = self.go_on.toPlainText()

        def work(session: Session) -> None:
            plan(session, doc, typed, hold, stops, rate, go_on)

        def done(_none: None) -> None:
            self.go_on.clear()
            self._read()

        self.carry_out(work, done, "Keeping the plan ...", lane="slow")

    def _next(self, name: str) -> None:
        reason = self.reason.toPlainText()
        self.carry_out(
            lambda session: staging.propose_stage(session, self._inc, name, reason), self._proposed,
            "Asking about every account ...", lane="slow",
        )  # fmt: skip

    def _put_back(self, name: str) -> None:
        reason = self.reason.toPlainText()
        self.carry_out(
            lambda session: staging.put_back(session, self._inc, name, reason or "It is put back."), self._proposed,
            "Asking about every account ...", lane="slow",
        )  # fmt: skip

    def _proposed(self, made: Proposal) -> None:
        self.room.desk.refresh()
        self.accept()
        self._opens(made.sha)
