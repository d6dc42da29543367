"""Rotating leaked credentials, in the window: what leaked, slowed first, replaced, seen in use, revoked.

It proposes through the services; two corrections at most, whatever the number of providers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QComboBox, QFrame, QLineEdit, QPushButton, QVBoxLayout, QWidget

from console.services import rotating, rotation
from console.services.rotating import Rotated
from console.services.session import Session
from console.ui.emergency import Opens
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.sheets import Labelled, Sheet, text_line
from console.ui.widgets import IconMark, Text, plain_tooltip
from console.viewmodels.rotation import (
    Revoking,
    RotationCard,
    RotationPage,
    Slowing,
    Typed,
    begin,
    first_value,
    page,
)


class _Row(QWidget):
    """One credential: where it is, its id and the new one's; below, what slows it first, and whom, and how much."""

    def __init__(self, room: Room, places: tuple[Revoking, ...], changed: Callable[[], object]) -> None:
        super().__init__()
        self._places = places
        unit = room.look.theme.space("unit")
        lines = column(self, unit // 2)
        self._room, above, between, below = room, QWidget(), QWidget(), QWidget()
        first, second, self._below = row(above, unit), row(between, unit), row(below, unit)
        for part in (above, between, below):
            lines.addWidget(part)
        self.place, self.by = QComboBox(), QComboBox()
        self.old, self.new = text_line("The leaked one's id"), text_line("The new one's id")
        self.at = text_line("Whom it slows")
        for edit, hint in ((self.old, "leaked: its id"), (self.new, "new: its id")):
            edit.setPlaceholderText(hint)
        for combo, name in ((self.place, "Where the credential is"), (self.by, "What slows it first")):
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setAccessibleName(name)
        for part in (self.place, self.old, self.new):
            first.addWidget(part, 2)
        second.addWidget(self._word("Slow it first:"))
        second.addWidget(self.by, 1)
        self._whom = self._word("")
        self._below.addWidget(self._whom)
        self._below.addWidget(self.at, 2)
        self.values: dict[str, QLineEdit] = {}
        self._beside: list[QWidget] = []
        self.place.addItems([one.title for one in places])
        self.place.currentIndexChanged.connect(self._choose_place)
        self.by.currentIndexChanged.connect(self._choose_by)
        for edit in (self.old, self.at):
            edit.textChanged.connect(changed)
        self.by.currentIndexChanged.connect(changed)
        self._choose_place()

    @property
    def revoking(self) -> Revoking | None:
        """How it is revoked, and where."""
        at = self.place.currentIndex()
        return self._places[at] if 0 <= at < len(self._places) else None

    @property
    def slowing(self) -> Slowing | None:
        """What slows it first, if anything does."""
        ways = () if self.revoking is None else self.revoking.slowing
        at = self.by.currentIndex()
        return ways[at] if 0 <= at < len(ways) else None

    def typed(self) -> Typed | None:
        """As it stands in the form; None where no credential is named."""
        if self.revoking is None or not self.old.text().strip():
            return None
        values = {name: edit.text() for name, edit in self.values.items()}
        return Typed(self.revoking, self.old.text(), self.new.text(), self.slowing, self.at.text(), values)

    def why_not(self) -> str:
        """What is wanting of a credential that is named."""
        by = self.slowing
        if self.old.text().strip() and by is not None and by.selects and not self.at.text().strip():
            return f"Say which {by.selects} is slowed for {self.old.text().strip()}, or do not slow it first."
        return ""

    def _choose_place(self) -> None:
        self.by.clear()
        ways = () if self.revoking is None else self.revoking.slowing
        self.by.addItems([one.title for one in ways])
        self.by.addItem("do not slow it" if ways else "nothing here slows it")
        self.by.setToolTip("" if self.revoking is None else plain_tooltip(self.revoking.why_none))
        self.by.setEnabled(bool(ways))
        self.by.setCurrentIndex(0)
        self._choose_by()

    def _choose_by(self) -> None:
        by = self.slowing
        whom = "" if by is None else by.selects
        self._whom.setText(f"Which {whom} (all of it is slowed):" if whom else "")
        self._whom.setVisible(bool(whom))
        self.at.setVisible(bool(whom))
        self.at.setPlaceholderText(f"the {whom}'s id")
        self.at.setAccessibleName(f"Which {whom} it slows")
        for part in self._beside:
            part.hide()
            part.deleteLater()
        self.values, self._beside = {}, []
        for param in () if by is None else by.asks:
            word, edit = self._word(f"{param.title}:"), text_line(param.title, 60)
            edit.setText(first_value(param))
            self._below.addWidget(word)
            self._below.addWidget(edit, 1)
            self.values[param.name] = edit
            self._beside += [word, edit]

    def _word(self, text: str) -> Text:
        return Text(self._room.look, text, tone="text-muted", size="small")


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
        made = _Row(self.room, self._places, self.check)
        self._lines.addWidget(made)
        self.rows.append(made)
        made.old.setFocus()

    def why_not(self) -> str:
        """What is still wanting before it can be kept."""
        if not any(one.typed() for one in self.rows):
            return "Name a leaked credential."
        wanting = next((why for one in self.rows if (why := one.why_not())), "")
        return wanting or ("" if self.why.text().strip() else "Say what leaked.")

    def _begin(self) -> None:
        typed = tuple(found for one in self.rows if (found := one.typed()) is not None)
        why, inc = self.why.text(), self._inc

        def work(session: Session) -> None:
            begin(session, inc, typed, why)

        def done(_none: None) -> None:
            self.why.clear()
            for one in self.rows:
                one.hide()
                one.deleteLater()
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
