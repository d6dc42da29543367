"""A restored backup in the window: what is missing, where it is looked for, and going on in a new feed."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QCheckBox, QWidget

from console.domain.deceit import shown
from console.services import recovery
from console.services.recovery import Recovered
from console.ui.machine_time import ConfirmTimeSheet
from console.ui.room import Room
from console.ui.roster_waiting import Shelf, marked
from console.ui.sheets import Sheet
from console.viewmodels.restored import RestoredView, restored_view

_THEN: Final = (
    "First every place is asked for what is missing. Then the record goes on in new feeds: nothing is overwritten, and "
    "the old feeds stay as they are. Corrections that were on their way from them are not sent: look, and propose "
    "again. This cannot be taken back."
)
_ALONE: Final = "Go on without the place that is away: what only lies there is missing here until it returns"


class RestoredSheet(Sheet):
    """Says how this console's own record stands; where a backup was put back, fetches and goes on."""

    def __init__(self, room: Room, parent: QWidget | None) -> None:
        super().__init__(room, parent, "This console's record", "Looking ...")
        self.shelf = Shelf(room.look)
        self.alone = QCheckBox(_ALONE)
        self.alone.hide()
        self.add(self.shelf)
        self.add(self.alone)
        self.body.addStretch(1)
        self.go = self.add_button("Fetch, and go on in new feeds", self._recover, "main")
        self.go.hide()
        self.confirm = self.add_button("Confirm the time ...", self._confirm)
        self.confirm.hide()
        self._view: RestoredView | None = None
        self.take_room(640, 420)
        self.only_close()
        self._look()

    def _look(self) -> None:
        self.read_first(restored_view, self._show, "Looking ...", "aside")

    def not_read(self) -> None:
        """Neither sound nor restored."""
        self.lead.setText("Whether it is whole is not known.")

    def _show(self, view: RestoredView) -> None:
        self._view = view
        look = self.room.look
        self.confirm.setVisible(view.may_confirm)
        if not view.lacks:
            self.lead.setText("It is not older than what this console has written: no backup has to be recovered.")
            lines = [marked(look, "check", "good", "Nothing is missing.")] if view.sound else []
            lines += [marked(look, "triangle-alert", "waiting", view.clock, wrap=True)] if view.clock else []
            self.shelf.put(lines)
            self.go.hide()
            self.only_close()
            return
        self.lead.setText(
            "This record is older than what this console has written: a backup was put back, or its end was lost. "
            "Nothing is written until that is settled."
        )
        lines = [marked(look, "triangle-alert", "alarm", line, wrap=True) for line in view.lacks]
        for place in view.places:
            icon, tone, told = ("check", "good", "is there") if place.there else ("cloud-off", "waiting", "is away")
            lines.append(marked(look, icon, tone, f"{shown(place.name)} {told}", wrap=True))
        if not view.places:
            lines.append(marked(look, "cloud-off", "waiting", "No shared place: nothing can be fetched.", wrap=True))
        lines += [marked(look, "info", "known", _THEN, wrap=True)]
        lines += [marked(look, "triangle-alert", "waiting", view.clock, wrap=True)] if view.clock else []
        self.shelf.put(lines)
        self.go.show()
        self.check()

    def tell(self, what: str, next_step: str = "") -> None:
        """Where a place that is away may hold what is missing, a person may say that it goes on without it."""
        away = self._view is not None and bool(self._view.lacks)
        self.alone.setVisible(away)
        super().tell(what, "Bring the place back and do this again, or tick below." if away else next_step)

    def _confirm(self) -> None:
        room, parent = self.room, self.parentWidget()
        self.accept()
        ConfirmTimeSheet(room, parent).open()

    def _recover(self) -> None:
        alone = self.alone.isChecked()
        self.carry_out(
            lambda session: recovery.recover(session, alone=alone), self._done, "Fetching what is missing ...",
            lane="aside",
        )  # fmt: skip

    def _done(self, done: Recovered) -> None:
        self.room.desk.refresh()
        look = self.room.look
        self.lead.setText("The record goes on." if done.was_behind else "There was nothing to recover.")
        self.shelf.put([
            marked(look, "triangle-alert" if "missing" in line or "could not" in line else "check",
                   "waiting" if "missing" in line or "could not" in line else "good", line, wrap=True)
            for line in done.sentences
        ])  # fmt: skip
        self.alone.hide()
        self.go.hide()
        self.only_close()
