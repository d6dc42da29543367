"""The organisation in the main window: who can sign what now, members and keys in words, and founding or joining.

It shows facts and gives intentions to the doer. Whether a quorum is met is never decided here.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QSize, Qt, QTimer
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
from console.ui.parts import column, fit, row
from console.ui.room import Room
from console.ui.roster_envelopes import EnvelopesSheet
from console.ui.roster_keys import RenewSheet
from console.ui.roster_letters import AdoptSheet, LetterSheet
from console.ui.roster_members import AdmitSheet, LostSheet, MemberSheet
from console.ui.roster_restored import RestoredSheet
from console.ui.roster_waiting import Shelf, Splits, WaitingRosters, carded, marked, quiet_button
from console.ui.stages import AbilityList, Beside, open_process
from console.ui.widgets import Banner, Elide, Stripe, Text
from console.ui.widgets.text import plain_tooltip
from console.viewmodels.firstrun import HOUSES
from console.viewmodels.organisation import Member, abilities, members, missing, owed
from console.viewmodels.shell import Trouble
from console.viewmodels.times import both


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
        self.founding.lost.connect(self.who.lose)
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
        fit(self, QSize(940, 680))
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
        self.trouble = Banner(self._look)
        self.trouble.clear()
        self._head = Text(self._look, "Reading who there is ...", tone="text-muted", wrap=True)
        self._words = Text(self._look, mono=True, wrap=True)
        self._words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self.abilities = AbilityList(room)
        self.splits = Splits(room)
        self._missing = Shelf(self._look)
        self.waiting = WaitingRosters(room)
        self._members = Shelf(self._look)
        self._people: tuple[Member, ...] = ()
        self._consoles = Text(self._look, mono=True, tone="text-muted", wrap=True)
        layout = column(self, self._look.theme.space("unit"))
        layout.addWidget(self.trouble)
        layout.addWidget(self._head)
        layout.addWidget(self.splits)
        for title, part in (
            ("What could be signed now", self.abilities), ("What is missing", self._missing),
            ("Rosters that wait for signatures", self.waiting), ("Members", self._members),
            ("People, keys and proof", self._doors()), ("The organisation's beginning, in words", self._words),
            ("Consoles", self._consoles), ("The model", HouseChoice(room)),
        ):  # fmt: skip
            layout.addSpacing(self._look.theme.space("unit"))
            layout.addWidget(Text(self._look, title, size="title", weight="semibold"))
            layout.addWidget(part)
        layout.addStretch(1)
        self._admin = False
        for button in (self.admit, self.lost, self.adopt, self.renew):
            button.setEnabled(False)

    def lose(self, trouble: Trouble) -> None:
        """It could not be read: what was shown before stays, and is said to be old."""
        if self._shown is None:
            self._head.setText("Who there is could not be read. It is looked at again every two seconds.")
        self.trouble.tell("alarm", trouble.what, trouble.next_step)

    def look_again(self) -> None:
        """What waits, and whether the roster is whole."""
        self.waiting.look_again()
        self.splits.look_again()

    def _doors(self) -> QWidget:
        """What an admin may propose, and what is about this console, in two rows."""
        room = self._room
        self.admit = quiet_button("Admit somebody ...", lambda: AdmitSheet(room, self, self._people).open())
        self.lost = quiet_button("A device is lost ...", lambda: LostSheet(room, self, self._people).open())
        self.adopt = quiet_button("Take over a record ...", lambda: AdoptSheet(room, self).open())
        self.letter = quiet_button("Lodging letter ...", lambda: LetterSheet(room, self).open())
        self.renew = quiet_button("A new key here ...", self._renew)
        self.envelopes = quiet_button("Recovery envelopes ...", lambda: EnvelopesSheet(room, self).open())
        self.record = quiet_button("This console's record ...", lambda: RestoredSheet(room, self).open())
        held = QWidget()
        lines = column(held, self._look.theme.space("unit"))
        for several in (
            (self.admit, self.lost, self.adopt, self.letter), (self.renew, self.envelopes, self.record),
        ):  # fmt: skip
            part = QWidget()
            line = row(part, self._look.theme.space("unit"))
            for button in several:
                line.addWidget(button)
            line.addStretch(1)
            lines.addWidget(part)
        return held

    def _renew(self) -> None:
        RenewSheet(self._room, self, admin=self._admin).open()

    def take(self, progress: Progress) -> None:
        """Show it, where anything is new."""
        self.trouble.clear()
        facts = progress.facts
        lacks, soon, people = missing(facts), owed(facts), members(facts)
        self._admin = not facts["provisional"] and any(one.me and "admin" in one.roles for one in people)
        self._people = people
        for button in (self.admit, self.lost):
            button.setEnabled(self._admin)
            button.setToolTip("" if self._admin else "An admin of a founded organisation proposes that.")
        for button in (self.adopt, self.renew):
            button.setEnabled(not facts["provisional"])
            button.setToolTip("" if not facts["provisional"] else "This is one person's record: found it first.")
        found = (lacks, soon, people, tuple(facts["consoles"]), facts["roster"])
        if found == self._shown:
            return
        self._shown = found
        self._head.setText(_headline(facts))
        self._words.setText(progress.genesis_words)
        self._words.setAccessibleName(f"The organisation's beginning in words: {progress.genesis_words}")
        self.abilities.take(abilities(facts))
        lines = [marked(self._look, "triangle-alert", "alarm", one, wrap=True) for one in lacks]
        lines = lines or [marked(self._look, "check", "good", "Nothing: two people can act.")]
        self._missing.put([*lines, *(marked(self._look, "clock", "waiting", one, wrap=True) for one in soon)])
        self._members.put([self._member(one) for one in people])
        self._consoles.setText("\n".join(str(one) for one in facts["consoles"]))

    def _member(self, one: Member) -> QWidget:
        look = self._look
        card = QFrame()
        card.setAccessibleName(f"{one.name}, {one.roles_said}")
        unit = look.theme.space("unit")
        layout = carded(look, card)
        head = QWidget()
        line = row(head, unit)
        line.addWidget(Elide(look, f"{one.name} (you)" if one.me else one.name, weight="semibold"), 1)
        able = marked(look, "check", "good", "rehearsed") if one.rehearsed else marked(
            look, "triangle-alert", "waiting", "not rehearsed"
        )  # fmt: skip
        line.addWidget(able if one.roles else marked(look, "minus", "text-muted", "left"))
        if self._admin:
            change = quiet_button("Change ...", partial(self._change, one))
            change.setAccessibleName(f"Change {one.name}: roles, leaving, a lost device")
            line.addWidget(change)
        layout.addWidget(head)
        layout.addWidget(Text(look, one.roles_said, tone="text-muted", wrap=True))
        ident = Text(look, one.person, mono=True, tone="text-muted")
        ident.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        ident.setToolTip("Their id: they type it when they join with a further device.")
        ident.setAccessibleName(f"The id of {one.name}: {one.person}")
        layout.addWidget(ident)
        for use, words, fingerprint in one.keys:
            key = QWidget()
            told = row(key, unit)
            gone = fingerprint in one.ended
            name = Text(look, f"{use} key", tone="text-muted")
            name.setFixedWidth(96)
            said = Text(look, f"{words} (ends or revoked)" if gone else words, mono=True, wrap=True,
                        tone="text-muted" if gone else "text")  # fmt: skip
            said.setToolTip(plain_tooltip(fingerprint))
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


def _headline(facts: dict[str, Any]) -> str:
    world = "A drill organisation. " if facts["world"] == "drill" else ""
    if facts["provisional"]:
        return f"{world}PROVISIONAL: ONE PERSON. {facts['org']}, begun {both(facts['created_ms'])}."
    return f"{world}{facts['org']}, roster {facts['roster']} of {both(facts['created_ms'])}."


def _scrolled(room: Room, part: QWidget) -> QScrollArea:
    held = QWidget()
    wide = room.look.theme.space("wide")
    column(held, 0, (wide, wide, wide, wide)).addWidget(part)
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
    scroll.setWidget(held)
    return scroll
