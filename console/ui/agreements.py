"""The register of agreements with downstream users: what is in force, one more, and ending one with a reason.

It shows what the services tell and enters through them; every entry is everybody's record.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QCheckBox, QFrame, QGridLayout, QPushButton, QWidget

from console.domain.actions import CATEGORIES
from console.domain.agreements import MOST_NOTICE_H, Agreement
from console.domain.deceit import shown
from console.services import agreements
from console.services.agreements import Registered
from console.services.session import Session
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.sheets import Labelled, Number, Sheet, text_line
from console.ui.widgets import Text, Words
from console.viewmodels.house import kinds
from console.viewmodels.instead import notice

_LEAD: Final = (
    "Which corrections the terms with downstream users allow, and how long before they have to hear of it. The "
    "composer offers those that fit; a short notice is said aloud and stops nothing."
)
_TICKS_IN_A_ROW: Final = 3
_LARGE_TEXT: Final = 1.4
_NONE: Final = "No agreement is registered. Where terms say nothing, a correction can be disputed afterwards."


class AgreementsSheet(Sheet):
    """What is in force above, one more below."""

    def __init__(self, room: Room, parent: QWidget | None) -> None:
        super().__init__(room, parent, "Agreements with downstream users", _LEAD)
        look = room.look
        self.known: tuple[Registered, ...] = ()
        self._large = look.theme.text_scale > _LARGE_TEXT
        self._list = QWidget()
        self._lines = column(self._list, look.theme.space("unit"))
        self.partner = text_line("With whom", 200)
        self.where = text_line("Where it stands", 200)
        self.models = text_line("Only of these models", 300)
        self.hours = Number(0, MOST_NOTICE_H)
        self.hours.setSuffix(" h")
        self.reason = text_line("Why it no longer holds")
        self.allows: dict[str, QCheckBox] = {}
        self.add(self._list)
        self._ending = Labelled(room, "To end one: why it no longer holds", self.reason)
        self._ending.hide()
        self.add(self._ending)
        self.add(Text(look, "One more", size="title", weight="semibold"))
        self.add(self._pair(Labelled(room, "With whom", self.partner), Labelled(room, "Notice owed", self.hours)))
        self.add(self._ticks())
        self.add(
            self._pair(
                Labelled(room, "Where it stands (optional)", self.where, "Contract and clause."),
                Labelled(room, "Only of these models (optional)", self.models, "With commas; empty is all."),
            )
        )
        self.body.addStretch(1)
        self.enter = self.add_button("Enter it", self._enter, "main")
        self.only_close()
        self.partner.textChanged.connect(self.check)
        self.take_room(760, 700)
        self.check()
        self._read()
        self.partner.setFocus()

    def why_not(self) -> str:
        """What is still to be said."""
        if not self.partner.text().strip():
            return "Say with whom."
        return "" if any(box.isChecked() for box in self.allows.values()) else "Say what it allows."

    def _pair(self, first: QWidget, second: QWidget) -> QWidget:
        both, unit = QWidget(), self.room.look.theme.space("unit")
        beside = column(both, unit) if self._large else row(both, unit)
        beside.addWidget(first, 2)
        beside.addWidget(second, 1)
        return both

    def _ticks(self) -> QWidget:
        place = QWidget()
        lines = column(place, self.room.look.theme.space("half"))
        lines.addWidget(Text(self.room.look, "It allows", weight="medium"))
        boxes, in_a_row = QWidget(), 1 if self._large else _TICKS_IN_A_ROW
        grid = QGridLayout(boxes)
        grid.setContentsMargins(0, 0, 0, 0)
        names = kinds(self.room.desk.session.settings.house)
        for at, name in enumerate(CATEGORIES):
            box = QCheckBox(names[name])
            box.setAccessibleName(f"It allows: {names[name]}")
            box.toggled.connect(self.check)
            grid.addWidget(box, at // in_a_row, at % in_a_row)
            self.allows[name] = box
        lines.addWidget(boxes)
        return place

    # -- reading and entering ------------------------------------------------------------------------------------------

    def _read(self) -> None:
        def work(session: Session) -> tuple[tuple[Registered, ...], dict[str, str]]:
            found = agreements.agreements(session)
            return found, {one.by: session.name_of(one.by) for one in found if one.by is not None}

        self.read_first(work, self._show, "Reading ...", "look")

    def _show(self, found: tuple[tuple[Registered, ...], dict[str, str]]) -> None:
        self.known, names = found
        while (item := self._lines.takeAt(0)) is not None:
            if (gone := item.widget()) is not None:
                gone.hide()
                gone.deleteLater()
        self._ending.setVisible(bool(self.known))
        if not self.known:
            self._lines.addWidget(Text(self.room.look, _NONE, tone="text-muted", wrap=True))
        for one in self.known:
            self._lines.addWidget(self._card(one, names.get(one.by or "", "somebody")))

    def _card(self, one: Registered, by: str) -> QWidget:
        look, terms = self.room.look, one.agreement
        unit = look.theme.space("unit")
        card = QFrame()
        card.setProperty("ground", "raised")
        line = row(card, unit, (unit + 2, unit - 2, unit + 2, unit - 2))
        names = kinds(self.room.desk.session.settings.house)
        told = QWidget()
        inner = column(told, 2)
        inner.addWidget(Words(look, shown(terms.partner), weight="medium"))
        models = f", only of {', '.join(terms.models)}" if terms.models else ""
        allowed = ", ".join(names.get(kind, kind) for kind in terms.allows)
        inner.addWidget(Words(look, shown(f"{allowed}{models}; {notice(terms.notice_h)}"), size="small"))
        origin = f"{terms.where}; entered by {by}" if terms.where else f"Entered by {by}"
        inner.addWidget(Words(look, shown(origin), size="small", tone="text-muted"))
        line.addWidget(told, 1)
        stop = QPushButton("End it")
        stop.setAutoDefault(False)
        stop.setAccessibleName(f"End the agreement with {terms.partner}")
        stop.clicked.connect(lambda: self._end(one.entry))
        line.addWidget(stop)
        return card

    def _enter(self) -> None:
        allows = tuple(name for name, box in self.allows.items() if box.isChecked())
        made = Agreement(
            partner=self.partner.text().strip(), allows=allows,
            notice_h=self.hours.value(), where=self.where.text().strip(),
            models=tuple(one.strip() for one in self.models.text().split(",") if one.strip()),
        )  # fmt: skip
        self.carry_out(lambda session: agreements.register(session, made), lambda _stored: self._entered())

    def _entered(self) -> None:
        for field in (self.partner, self.where, self.models):
            field.clear()
        for box in self.allows.values():
            box.setChecked(False)
        self.hours.setValue(0)
        self.room.desk.refresh()
        self._read()

    def _end(self, entry: str) -> None:
        reason = self.reason.text().strip()
        if not reason:
            self.tell("Say above why it no longer holds.", "It stays in the record, ended.")
            self.reason.setFocus()
            return

        def ended(_stored: object) -> None:
            self.reason.clear()
            self.room.desk.refresh()
            self._read()

        self.carry_out(lambda session: agreements.end(session, entry, reason), ended)


__all__ = ["AgreementsSheet"]
