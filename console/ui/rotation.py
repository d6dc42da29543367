"""Rotating leaked credentials, in the window: what leaked, slowed first, replaced, seen in use, revoked.

It proposes through the services; two corrections at most, whatever the number of providers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from PySide6.QtWidgets import QComboBox, QFrame, QLineEdit, QPushButton, QVBoxLayout, QWidget

from console.services import rotating, rotation
from console.services.rotating import Rotated
from console.services.session import Session
from console.ui.emergency import Opens
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.sheets import Labelled, Sheet, text_line
from console.ui.widgets import IconMark, Text
from console.viewmodels.rotation import Revoking, RotationCard, RotationPage, Typed, begin, page


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    held: QWidget
    place: QComboBox
    old: QLineEdit
    new: QLineEdit
    slow_to: QLineEdit


class RotationSheet(Sheet):
    """The rotations of an incident, and a new one with as many credentials as leaked."""

    def __init__(self, room: Room, parent: QWidget | None, inc: str, opens: Opens) -> None:
        super().__init__(
            room, parent, "Rotate leaked credentials",
            "First slow the leaked ones (reversible, one correction for all), then place replacements. An old one is "
            "revoked once its replacement is seen in use, or nothing used it for 24 h, so that nothing stops that "
            "works. A revoked credential is not given back.",
        )  # fmt: skip
        self._inc, self._opens = inc, opens
        self._places: tuple[Revoking, ...] = ()
        look = room.look
        self.told, self._rows = QWidget(), QWidget()
        self._told: QVBoxLayout = column(self.told, look.theme.space("unit"))
        self._lines: QVBoxLayout = column(self._rows, look.theme.space("unit"))
        self.rows: list[_Row] = []
        self.why = text_line("What leaked, and how it is known")
        more = QPushButton("Another credential")
        more.setAutoDefault(False)
        more.clicked.connect(self.add_row)
        held = QWidget()
        at_left = row(held)
        at_left.addWidget(more)
        at_left.addStretch(1)
        self.add(self.told)
        self.add(Text(look, "Rotate another leak", size="title", weight="semibold"))
        self.add(self._rows)
        self.add(held)
        self.add(Labelled(room, "What leaked, and how it is known", self.why))
        self.go = self.add_button("Keep this rotation", self._begin, "main")
        self.only_close()
        self.why.textChanged.connect(self.check)
        self.check()
        self.body.addStretch(1)
        self.take_room(760, 700)
        self._read()

    # -- showing -------------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        self.read_first(lambda session: page(session, self._inc), self._take, "Counting ...", lane="slow")

    def _take(self, found: RotationPage) -> None:
        self._places = found.places
        while (item := self._told.takeAt(0)) is not None:
            if (gone := item.widget()) is not None:
                gone.hide()
                gone.deleteLater()
        for one in found.cards:
            self._told.addWidget(self._card(one))
        for line in found.not_read:
            self._told.addWidget(Text(self.room.look, line, tone="waiting", wrap=True))
        if not found.cards:
            self._told.addWidget(Text(self.room.look, "No credential is rotated.", tone="text-muted"))
        if not found.places:
            self.tell("No provider connected here has a lever that revokes a credential.", "Connect a gateway first.")
        elif not self.rows:
            self.add_row()
        self.check()

    def _card(self, one: RotationCard) -> QWidget:
        look = self.room.look
        wide, unit = look.theme.space("wide"), look.theme.space("unit")
        card = QFrame()
        card.setProperty("ground", "raised")
        card.setAccessibleName(f"Rotation: {one.why}")
        layout = column(card, look.theme.space("half"), (wide, unit, wide, unit))
        layout.addWidget(Text(look, one.why, weight="semibold", wrap=True))
        for number, line in enumerate(one.lines):
            held = QWidget()
            words = row(held, unit)
            words.addWidget(IconMark(look, line.icon, line.tone))
            words.addWidget(Text(look, line.told, wrap=True), 1)
            if line.place:
                words.addWidget(self._button("It is placed", partial(self._place, one.name, number)))
            layout.addWidget(held)
            layout.addWidget(Text(look, f"      {line.counted}", tone="text-muted", size="small", wrap=True))
        foot = QWidget()
        buttons = row(foot, unit)
        buttons.addStretch(1)
        buttons.addWidget(self._button("Count again", self._read))
        slow = self._button("Slow the old ones ...", partial(self._slow, one.name))
        slow.setEnabled(one.may_slow)
        revoke = self._button("Revoke what is replaced ...", partial(self._revoke, one.name))
        revoke.setEnabled(one.may_revoke)
        revoke.setToolTip("" if one.may_revoke else "None is replaced and seen in use, or unused for 24 h.")
        buttons.addWidget(slow)
        buttons.addWidget(revoke)
        layout.addWidget(foot)
        return card

    def _button(self, word: str, run: object) -> QPushButton:
        button = QPushButton(word)
        button.setAutoDefault(False)
        button.clicked.connect(run)
        return button

    # -- the form ------------------------------------------------------------------------------------------------------

    def add_row(self) -> None:
        """One credential more."""
        held, place = QWidget(), QComboBox()
        line = row(held, self.room.look.theme.space("unit"))
        place.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        place.addItems([one.title for one in self._places])
        place.setAccessibleName("Where the credential is")
        old, new, slow_to = text_line("The leaked one's id"), text_line("The new one's id"), text_line("Slow to", 6)
        slow_to.setText("1")
        slow_to.setFixedWidth(64)
        for edit, hint in ((old, "leaked: its id"), (new, "new: its id"), (slow_to, "a minute")):
            edit.setPlaceholderText(hint)
        old.textChanged.connect(self.check)
        for part, stretch in ((place, 2), (old, 2), (new, 2), (slow_to, 0)):
            line.addWidget(part, stretch)
        line.addWidget(Text(self.room.look, "calls a minute", tone="text-muted", size="small"))
        self._lines.addWidget(held)
        self.rows.append(_Row(held, place, old, new, slow_to))
        old.setFocus()

    def why_not(self) -> str:
        """What is still wanting before it can be kept."""
        if not any(one.old.text().strip() for one in self.rows):
            return "Name a leaked credential."
        return "" if self.why.text().strip() else "Say what leaked."

    def _begin(self) -> None:
        typed = tuple(
            Typed(self._places[one.place.currentIndex()], one.old.text(), one.new.text(), one.slow_to.text())
            for one in self.rows if one.old.text().strip() and one.place.currentIndex() >= 0
        )  # fmt: skip
        why, inc = self.why.text(), self._inc

        def work(session: Session) -> None:
            begin(session, inc, typed, why)

        def done(_none: None) -> None:
            self.why.clear()
            for one in self.rows:
                one.held.hide()
                one.held.deleteLater()
            self.rows = []
            self._read()

        self.carry_out(work, done, "Keeping it ...", lane="slow")

    def _place(self, name: str, number: int) -> None:
        def work(session: Session) -> None:
            rotation.placed(session, self._inc, name, number)

        self.carry_out(work, lambda _none: self._read(), lane="slow")

    def _slow(self, name: str) -> None:
        self.carry_out(lambda session: rotating.slow(session, self._inc, name), self._proposed,
                       "Reading what stands there ...", lane="slow")  # fmt: skip

    def _revoke(self, name: str) -> None:
        self.carry_out(lambda session: rotating.revoke(session, self._inc, name), self._proposed,
                       "Reading what stands there ...", lane="slow")  # fmt: skip

    def _proposed(self, found: Rotated) -> None:
        self.room.desk.refresh()
        self.accept()
        self._opens(found.made.sha)
