"""Says which surfaces offer one model under other names; what a provider calls it stays its own.

It suggests, and a person ties: ticks that change are entries of everybody's record. Nothing is sent anywhere.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QCheckBox, QGridLayout, QWidget

from console.domain.deceit import shown
from console.services import model_names, providers
from console.services.inventory import Surface
from console.services.model_names import Likely
from console.services.session import Session
from console.ui.room import Room
from console.ui.sheets import Labelled, Sheet, text_line
from console.ui.widgets import Elide, EmptyState, Text

_READING: Final = "Reading ..."
_LEAD: Final = (
    "For everybody from now on: one row on the board, one correction for all of them. Each provider goes on being told "
    "its own name."
)
Known = tuple[tuple[Surface, ...], tuple[Likely, ...], dict[str, str]]


class ModelNamesDialog(Sheet):
    """Every surface with a tick: ticked, it offers this model. Those thought to be it come first, with the reason."""

    def __init__(self, room: Room, parent: QWidget, model: str) -> None:
        super().__init__(room, parent, f"Where {shown(model)} is offered under another name", _LEAD)
        self.model = model
        self.boxes: dict[str, QCheckBox] = {}
        self._had: dict[str, bool] = {}
        self._place = QWidget()
        self._grid = QGridLayout(self._place)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(room.look.theme.space("wide"))
        self._grid.setColumnStretch(2, 1)
        self.why = text_line("Why they are one model")
        self.add(self._place)
        self.add(Labelled(room, "Why (optional)", self.why, "It stands in the record."))
        self.body.addStretch(1)
        self.add_button("They are one model", self._save, "main")
        self.read_first(self._read, self._fill, _READING, "look")
        self.take_room(700, 460)

    def why_not(self) -> str:
        """What is still to be said."""
        return "" if any(self._changes()) else "Nothing is changed."

    def _read(self, session: Session) -> Known:
        known = tuple(providers.surfaces(session))
        called = {one.id: one.name for one in providers.instances_of(session).all()}
        return known, model_names.likely(known, self.model), called

    def _fill(self, found: Known) -> None:
        known, likely, called = found
        reasons = {one.surface.surface: one.why for one in likely}
        others = [one for one in known if one.own != self.model]
        others.sort(key=lambda one: (one.model != self.model, one.surface not in reasons, one.own.casefold()))
        look = self.room.look
        if not others:
            self.add(
                EmptyState(look, "There is no other name", "Every surface that is known calls it so.", "", "check")
            )
        for at, one in enumerate(others):
            box = QCheckBox(shown(one.own).replace("&", "&&"))
            where = f"{shown(one.name)} at {shown(called.get(one.instance, 'a provider not connected here'))}"
            reason = reasons.get(one.surface, "")
            box.setAccessibleName(f"{one.own}, {where}{f': {reason}' if reason else ''}")
            tied = one.model == self.model
            box.setChecked(tied or bool(reason))
            box.toggled.connect(self.check)
            self.boxes[one.surface], self._had[one.surface] = box, tied
            told = "tied" if tied else reason or (f"is {shown(one.model)} here" if one.model != one.own else "")
            self._grid.addWidget(box, at, 0)
            self._grid.addWidget(Elide(look, where, tone="text-muted"), at, 1)
            self._grid.addWidget(Text(look, told, size="small", tone="waiting" if reason else "text-muted"), at, 2)
        self.check()
        first = next(iter(self.boxes.values()), None)
        if first is not None:
            first.setFocus()

    def _changes(self) -> tuple[list[str], list[str]]:
        """Those to be tied, and those that are models of their own again."""
        ticked = {one: box.isChecked() for one, box in self.boxes.items()}
        return (
            [one for one, on in ticked.items() if on and not self._had[one]],
            [one for one, on in ticked.items() if not on and self._had[one]],
        )

    def _save(self) -> None:
        (more, less), why, model = self._changes(), self.why.text().strip(), self.model

        def work(session: Session) -> int:
            if more:
                model_names.tie(session, more, model, why)
            if less:
                model_names.untie(session, less, why)
            return len(more) + len(less)

        self.carry_out(work, lambda _count: self.accept())


__all__ = ["ModelNamesDialog"]
