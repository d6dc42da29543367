"""The organisation in the main window: who can sign what now, members and keys in words, and founding or joining.

It shows facts and gives intentions to the doer. Whether a quorum is met is never decided here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QPushButton,
    QRadioButton,
    QScrollArea,
    QTabWidget,
    QWidget,
)

from console.domain.deceit import shown
from console.runtime.settings import House
from console.services import roster
from console.services.founding import Progress
from console.services.session import Session
from console.ui.founding import LOOK_EVERY_MS, Founding
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.roster import AdmitSheet, LetterSheet, MemberSheet, RosterDialog
from console.ui.stages import AbilityList, Beside, open_process
from console.ui.theme import Look
from console.ui.widgets import Elide, IconMark, Stripe, Text
from console.viewmodels.firstrun import HOUSES
from console.viewmodels.organisation import Looked, Member, WaitingView, abilities, look_for_rosters, members, missing
from console.viewmodels.shell import Trouble
from console.viewmodels.times import moment

_ELSEWHERE: Final = (
    "In a terminal besides: renew a key of this console, replace a lost machine with the sealed recovery key, take "
    "over a lone record."
)


class OrganisationDialog(QDialog):
    """Opens on what is to be done next, where founding or joining is not finished; else on who can act."""

    def __init__(self, room: Room, parent: QWidget | None = None, *, beside: Beside = open_process) -> None:
        super().__init__(parent)
        self.setWindowTitle("Organisation")
        self.setAccessibleName("Organisation")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.who = Who(room)
        self.founding = Founding(room, beside=beside)
        self.founding.progressed.connect(self._take)
        self.tabs = QTabWidget()
        self.tabs.addTab(_scrolled(room, self.who), "Who can act")
        self.tabs.addTab(_scrolled(room, self.founding), "Found and join")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        wide = room.look.theme.space("wide")
        held = QWidget()
        inner = column(held, wide, (wide, wide, wide, wide))
        inner.addWidget(self.tabs, 1)
        inner.addWidget(buttons)
        column(self).addWidget(Stripe(room.look, held, drill=room.desk.session.settings.world == "drill"))
        self.resize(940, 680)
        self._first = True
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look_again)
        self._timer.start()
        self._look_again()

    def _look_again(self) -> None:
        self.founding.look_again()
        self.who.look_again()

    def _take(self, progress: Progress) -> None:
        self.who.take(progress)
        if self._first:
            self._first = False
            self.tabs.setCurrentIndex(0 if progress.stage == "ready" and not progress.envelopes else 1)


class Who(QWidget):
    """Whose signatures could be had, what is missing, members with their keys, consoles, the house."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room, self._look = room, room.look
        self._shown: tuple[object, ...] | None = None
        self._head = Text(self._look, tone="text-muted", wrap=True)
        self._words = Text(self._look, mono=True, wrap=True)
        self._words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self.abilities = AbilityList(room)
        self._missing = QWidget()
        self._waiting = QWidget()
        self._waits: Looked | None = None
        self._asking = False
        self._members = QWidget()
        self._consoles = Text(self._look, mono=True, tone="text-muted", wrap=True)
        layout = column(self, self._look.theme.space("unit"))
        layout.addWidget(self._head)
        for title, part in (
            ("What could be signed now", self.abilities), ("What is missing", self._missing),
            ("Rosters that wait for signatures", self._waiting), ("Members", self._members),
            ("Admit, and prove", self._doors()), ("The organisation's beginning, in words", self._words),
            ("Consoles", self._consoles), ("The model", HouseChoice(room)),
        ):  # fmt: skip
            layout.addSpacing(self._look.theme.space("unit"))
            layout.addWidget(Text(self._look, title, size="title", weight="semibold"))
            layout.addWidget(part)
        layout.addSpacing(self._look.theme.space("unit"))
        layout.addWidget(Text(self._look, _ELSEWHERE, tone="text-muted", wrap=True))
        layout.addStretch(1)
        self._listed: dict[QWidget, QWidget] = {}
        self._admin = False
        self._put(self._waiting, [Text(self._look, "Looking into the shared folder ...", tone="text-muted")])

    def look_again(self) -> None:
        """Which rosters wait; one look at a time."""
        if not self._asking:
            self._asking = True
            self._room.doer.do(look_for_rosters, self._take_waiting, failed=self._lost, lane="slow", over=self)

    def _lost(self, _trouble: Trouble) -> None:
        self._asking = False  # a folder that is gone is told beside, where founding looks into it

    def _take_waiting(self, found: Looked) -> None:
        self._asking = False
        if found != self._waits:
            self._waits = found
            lines = [self._waiting_card(one) for one in found.waiting]
            lines += [
                _marked(self._look, "triangle-alert", "waiting", f"Not known: {shown(place)} is not there.")
                for place in found.gone
            ]
            self._put(self._waiting, lines or [Text(self._look, "None waits.", tone="text-muted")])

    def _waiting_card(self, one: WaitingView) -> QWidget:
        look = self._look
        wide, unit = look.theme.space("wide"), look.theme.space("unit")
        card = QFrame()
        card.setProperty("ground", "raised")
        card.setAccessibleName(f"{one.paper.headline} {one.missing}")
        layout = column(card, look.theme.space("half"), (wide, unit, wide, unit))
        head = QWidget()
        line = row(head, unit)
        line.addWidget(IconMark(look, "triangle-alert", "waiting"), 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(Text(look, one.paper.headline, weight="semibold", wrap=True), 1)
        if one.mine == "signed" and one.alone:
            line.addWidget(self._button("Withdraw", partial(self._withdraw, one.sha)))
        open_ = self._button("Read and sign ..." if one.mine == "may" else "Read ...", partial(self._read, one))
        if one.mine == "may":
            open_.setProperty("kind", "main")
        line.addWidget(open_)
        layout.addWidget(head)
        layout.addWidget(Text(look, one.why, wrap=True))
        told = f"Signed by {one.signed}. {one.paper.problems[0] if one.paper.problems else one.missing}"
        layout.addWidget(Text(look, told, tone="alarm" if one.paper.problems else "text-muted", wrap=True))
        return card

    def _button(self, text: str, run: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.clicked.connect(press(run))
        return button

    def _doors(self) -> QWidget:
        held = QWidget()
        line = row(held, self._look.theme.space("unit"))
        self.admit = self._button("Admit somebody ...", lambda: AdmitSheet(self._room, self).open())
        self.letter = self._button("Lodging letter ...", lambda: LetterSheet(self._room, self).open())
        for button in (self.admit, self.letter):
            line.addWidget(button)
        line.addStretch(1)
        return held

    def _read(self, one: WaitingView) -> None:
        RosterDialog(self._room, one, self.window()).show()

    def _withdraw(self, sha: str) -> None:
        self._room.doer.do(
            lambda session: roster.withdraw(session, sha), lambda _done: self.look_again(), lane="slow", over=self
        )

    def take(self, progress: Progress) -> None:
        """Show it, where anything is new."""
        facts = progress.facts
        lacks, people = missing(facts), members(facts)
        self._admin = not facts["provisional"] and any(one.me and "admin" in one.roles for one in people)
        self.admit.setEnabled(self._admin)
        self.admit.setToolTip("" if self._admin else "An admin of a founded organisation admits people.")
        found = (lacks, people, tuple(facts["consoles"]), facts["roster"])
        if found == self._shown:
            return
        self._shown = found
        self._head.setText(_headline(facts))
        self._words.setText(progress.genesis_words)
        self._words.setAccessibleName(f"The organisation's beginning in words: {progress.genesis_words}")
        self.abilities.take(abilities(facts))
        lines = [_marked(self._look, "triangle-alert", "alarm", one) for one in lacks]
        self._put(self._missing, lines or [_marked(self._look, "check", "good", "Nothing: two people can act.")])
        self._put(self._members, [self._member(one) for one in people])
        self._consoles.setText("\n".join(str(one) for one in facts["consoles"]))

    def _put(self, into: QWidget, parts: list[QWidget]) -> None:
        held = QWidget()
        inner = column(held, self._look.theme.space("unit"))
        for part in parts:
            inner.addWidget(part)
        before = self._listed.pop(into, None)
        if before is not None:
            before.deleteLater()
        layout = into.layout() or column(into)
        layout.addWidget(held)
        self._listed[into] = held

    def _member(self, one: Member) -> QWidget:
        look = self._look
        card = QFrame()
        card.setProperty("ground", "raised")
        card.setAccessibleName(f"{one.name}, {one.roles}")
        wide, unit = look.theme.space("wide"), look.theme.space("unit")
        layout = column(card, look.theme.space("half"), (wide, unit, wide, unit))
        head = QWidget()
        line = row(head, unit)
        line.addWidget(Elide(look, f"{one.name} (you)" if one.me else one.name, weight="semibold"), 1)
        able = _marked(look, "check", "good", "rehearsed") if one.rehearsed else _marked(
            look, "triangle-alert", "waiting", "not rehearsed"
        )  # fmt: skip
        line.addWidget(able if one.roles else _marked(look, "minus", "text-muted", "left"))
        if self._admin:
            change = self._button("Change ...", partial(self._change, one))
            change.setAccessibleName(f"Change {one.name}: roles, leaving, a lost device")
            line.addWidget(change)
        layout.addWidget(head)
        layout.addWidget(Text(look, one.roles or "no role", tone="text-muted", wrap=True))
        for use, words, fingerprint in one.keys:
            key = QWidget()
            told = row(key, unit)
            gone = fingerprint in one.ended
            name = Text(look, f"{use} key", tone="text-muted")
            name.setFixedWidth(96)
            said = Text(look, f"{words} (ends or revoked)" if gone else words, mono=True, wrap=True,
                        tone="text-muted" if gone else "text")  # fmt: skip
            said.setToolTip(fingerprint)
            said.setAccessibleName(f"{use} key in words: {words}")
            told.addWidget(name, 0, Qt.AlignmentFlag.AlignTop)
            told.addWidget(said, 1)
            layout.addWidget(key)
        return card

    def _change(self, one: Member) -> None:
        MemberSheet(self._room, self, one).open()


class HouseChoice(QWidget):
    """Whether we make the model, use it, or both: changed here at any time."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        self._group = QButtonGroup(self)
        line = row(self, room.look.theme.space("wide"))
        kept = room.desk.session.settings.house
        for at, answer in enumerate(HOUSES):
            choice = QRadioButton(answer.title)
            choice.setAccessibleName(f"The model: {answer.title}")
            choice.setChecked(answer.house == kept)
            self._group.addButton(choice, at)
            line.addWidget(choice)
        line.addStretch(1)
        self._group.idClicked.connect(self._chosen)

    def _chosen(self, at: int) -> None:
        house: House | None = HOUSES[at].house

        def keep(session: Session) -> None:
            session.change_settings(replace(session.settings, house=house))

        self._room.doer.do(keep, over=self)


def press(run: Callable[[], None]) -> Callable[[], None]:
    """What a button does, whatever Qt says besides."""

    def pressed() -> None:
        run()

    return pressed


def _headline(facts: dict[str, Any]) -> str:
    world = "A drill organisation. " if facts["world"] == "drill" else ""
    if facts["provisional"]:
        return f"{world}PROVISIONAL: ONE PERSON. {facts['org']}, begun {moment(facts['created_ms'])}."
    return f"{world}{facts['org']}, roster {facts['roster']} of {moment(facts['created_ms'])}."


def _marked(look: Look, icon: str, tone: str, text: str) -> QWidget:
    held = QWidget()
    line = row(held, look.theme.space("unit"))
    line.addWidget(IconMark(look, icon, tone))
    line.addWidget(Text(look, text), 1)
    return held


def _scrolled(room: Room, part: QWidget) -> QScrollArea:
    held = QWidget()
    wide = room.look.theme.space("wide")
    column(held, 0, (wide, wide, wide, wide)).addWidget(part)
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setWidget(held)
    return scroll
