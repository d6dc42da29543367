"""The organisation in the main window: who can sign what now, members and keys in words, and founding or joining.

It shows facts and gives intentions to the doer. Whether a quorum is met is never decided here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QRadioButton,
    QScrollArea,
    QTabWidget,
    QWidget,
)

from console.runtime.settings import House
from console.services.founding import Progress
from console.services.session import Session
from console.ui.founding import LOOK_EVERY_MS, Founding
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.stages import AbilityList, Beside, open_process
from console.ui.theme import Look
from console.ui.widgets import Elide, IconMark, Stripe, Text
from console.viewmodels.firstrun import HOUSES
from console.viewmodels.organisation import Member, abilities, members, missing
from console.viewmodels.times import moment

_LATER: Final = (
    "This version admits two people. A third person, other roles and replacing a lost key come with the next version."
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
        self._timer.timeout.connect(self.founding.look_again)
        self._timer.start()
        self.founding.look_again()

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
        self._members = QWidget()
        self._consoles = Text(self._look, mono=True, tone="text-muted", wrap=True)
        layout = column(self, self._look.theme.space("unit"))
        layout.addWidget(self._head)
        for title, part in (
            ("What could be signed now", self.abilities), ("What is missing", self._missing),
            ("Members", self._members), ("The organisation's beginning, in words", self._words),
            ("Consoles", self._consoles), ("The model", HouseChoice(room)),
        ):  # fmt: skip
            layout.addSpacing(self._look.theme.space("unit"))
            layout.addWidget(Text(self._look, title, size="title", weight="semibold"))
            layout.addWidget(part)
        layout.addSpacing(self._look.theme.space("unit"))
        layout.addWidget(Text(self._look, _LATER, tone="text-muted", wrap=True))
        layout.addStretch(1)
        self._listed: dict[QWidget, QWidget] = {}

    def take(self, progress: Progress) -> None:
        """Show it, where anything is new."""
        facts = progress.facts
        lacks, people = missing(facts), members(facts)
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
        line.addWidget(able)
        layout.addWidget(head)
        layout.addWidget(Text(look, one.roles, tone="text-muted", wrap=True))
        for use, words, fingerprint in one.keys:
            key = QWidget()
            told = row(key, unit)
            name = Text(look, f"{use} key", tone="text-muted")
            name.setFixedWidth(96)
            said = Text(look, words, mono=True, wrap=True)
            said.setToolTip(fingerprint)
            said.setAccessibleName(f"{use} key in words: {words}")
            told.addWidget(name, 0, Qt.AlignmentFlag.AlignTop)
            told.addWidget(said, 1)
            layout.addWidget(key)
        return card


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
