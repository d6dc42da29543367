"""The seat of this console on screen: whose it is, large; how a second person takes it for one signature; its return.

While it is not the first person's own, their window beneath is out of reach and their key is locked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QFileDialog, QPushButton, QWidget

from console.domain.deceit import shown
from console.outbox.facts import read_document
from console.services import approvals
from console.services.session import Session
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.widgets import IconMark, Text
from console.ui.widgets.text import plain_tooltip
from console.viewmodels.seat import Seat, SeatState
from console.viewmodels.shell import Trouble

_ELSEWHERE: Final = "Sign it at your own console."
_CHOOSE: Final = "Choose the folder ..."
_OTHER: Final = "Another folder ..."
_MOST_NAMES: Final = 3
Beside = tuple[tuple[approvals.Guest, Path], ...]


class SeatBand(QWidget):
    """The band under the headline, and `line`, its quiet form beside it while the seat is the owner's.

    `turned` says that it is somebody else's turn: what is shown has to be made anew for them.
    """

    turned = Signal()

    def __init__(self, room: Room, sha: str, dialog: QWidget) -> None:
        super().__init__()
        self._room, self._sha, self._dialog = room, sha, dialog
        session = room.desk.session
        self._seat = Seat(session.clock, owner=session.me, owner_name=session.settings.name, lock=room.desk.lock)
        self._phase = "own"
        self._why_not = ""
        self._shut: list[QWidget] = []
        self.line = QWidget()
        self._build()
        window = dialog.parentWidget()
        if window is not None:
            window.window().installEventFilter(self)
        self._show()

    def _build(self) -> None:
        look, unit = self._room.look, self._room.look.theme.space("unit")
        own = row(self.line, unit)
        self._quiet = Text(look, self._seat.state().sentence, tone="text-muted")
        self._offer = QPushButton("A second person signs here ...")
        self._offer.clicked.connect(self.offer)
        own.addWidget(self._quiet)
        own.addWidget(self._offer)
        lines = row(self, unit + 4, (0, unit, 0, unit))
        words = QWidget()
        told = column(words, 2)
        self._loud = Text(look, "", size="title", weight="semibold", tone="changed", wrap=True)
        self._note = Text(look, "", tone="text-muted", wrap=True)
        told.addWidget(self._loud)
        told.addWidget(self._note)
        self._people = QWidget()
        self._names = row(self._people, unit)
        self._folder = QPushButton(_CHOOSE)
        self._folder.clicked.connect(self._choose)
        self._back = QPushButton("Give the seat back")
        self._back.clicked.connect(self.give_back)
        for button in (self._offer, self._folder, self._back):
            button.setAutoDefault(False)
        lines.addWidget(IconMark(look, "hand", "changed", 24))
        lines.addWidget(words, 1)
        lines.addWidget(self._people)
        lines.addWidget(self._folder)
        lines.addWidget(self._back)

    @property
    def state(self) -> SeatState:
        """Whose it is now."""
        return self._seat.state()

    @property
    def why_not(self) -> str:
        """Why an approval by whoever has the seat would not count; empty where it would."""
        return self._why_not

    def guest(self) -> approvals.Guest | None:
        """Whoever signs at the shared seat; None where it is the owner's own.

        Raises:
            WrongUse: when nobody may sign at it now.
        """
        return None if self.state.phase == "own" else self._seat.signer()

    # -- the hand-over -------------------------------------------------------------------------------------------------

    def offer(self) -> None:
        """Lock the first person out, then ask who sits down: by name where their profile lies beside this one."""
        self._why_not = ""
        self._offer_names(())
        self._seat.offer()
        self._changed()
        self._note.setText("Looking who has a profile on this computer ...")
        self._note.set_tone("text-muted")

        def found(beside: Beside) -> None:
            if self.state.phase != "offered":
                return
            self._note.setText("")
            self._offer_names(beside)
            if not beside:
                self._choose()

        self._room.doer.do(approvals.guests_here, found, failed=lambda _trouble: found(()), lane="slow", over=self)

    def _offer_names(self, beside: Beside) -> None:
        """A button for each person whose profile is here; any other folder can be chosen all the same."""
        while (item := self._names.takeAt(0)) is not None:
            if (gone := item.widget()) is not None:
                gone.hide()
                gone.deleteLater()
        for guest, folder in beside[:_MOST_NAMES]:
            button = QPushButton(shown(guest.name))
            button.setAutoDefault(False)
            button.setAccessibleName(f"{shown(guest.name)} takes the seat")
            button.setToolTip(plain_tooltip(str(folder)))
            button.clicked.connect(lambda _checked=False, where=str(folder): self.take(where))
            self._names.addWidget(button)
        self._folder.setText(_OTHER if beside else _CHOOSE)
        self._people.setVisible(bool(beside) and self.state.phase == "offered")

    def _choose(self) -> None:
        beside = str(self._room.desk.session.paths.root.parent)
        folder = QFileDialog(self._dialog, "The second person's own profile folder", beside)
        folder.setFileMode(QFileDialog.FileMode.Directory)
        folder.setOption(QFileDialog.Option.ShowDirsOnly)
        folder.fileSelected.connect(self.take)
        folder.open()

    def take(self, folder: str) -> None:
        """The second person's profile lies in `folder`. Whether their signature could count is found out first."""

        def work(session: Session) -> tuple[approvals.Guest, str]:
            guest = approvals.find_guest(session, Path(folder))
            with session.reader.snapshot() as connection:
                held = read_document(connection, self._sha)
            return guest, approvals.why_not_counted(session, held, guest) or ""

        def seated(found: tuple[approvals.Guest, str]) -> None:
            if self.state.phase != "offered":
                return
            guest, self._why_not = found
            self._seat.take(guest)
            self._changed()

        def not_seated(trouble: Trouble) -> None:
            self._note.setText(f"{trouble.what} {trouble.next_step}".strip())
            self._note.set_tone("alarm")

        self._note.setText("The folder's key is compared with the roster here ...")
        self._note.set_tone("text-muted")
        self._room.doer.do(work, seated, failed=not_seated, lane="slow", over=self)

    def signed(self) -> None:
        """The one signature was given."""
        if self.state.phase == "taken":
            self._seat.signed()
            self._phase = "signed"  # the same person still reads what became of it: nothing is made anew
            self._show()

    def give_back(self) -> None:
        """The seat is the first person's again."""
        self._why_not = ""
        self._seat.give_back()
        self._changed()

    def tick(self) -> None:
        """Time passes: five minutes without a signature end the hand-over."""
        if self.state.phase != self._phase:
            self._why_not = ""
            self._changed()
        elif self._phase != "own":
            self._tell()

    def leave(self) -> None:
        """The confirmation closes: the window beneath is the owner's again, their key locked."""
        if self.state.phase != "own":
            self._seat.give_back()
        self._open_up()

    # -- what is seen --------------------------------------------------------------------------------------------------

    def _changed(self) -> None:
        self._phase = self.state.phase
        self._show()
        self.turned.emit()

    def _show(self) -> None:
        state = self.state
        own = state.phase == "own"
        for part, wanted in ((self.line, own), (self, not own)):
            if part.parentWidget() is not None or not wanted:  # without a parent it would show as a window
                part.setVisible(wanted)
        self._folder.setVisible(state.phase == "offered")
        self._people.setVisible(state.phase == "offered" and self._names.count() > 0)
        self._quiet.setText(state.sentence)
        self._tell()
        if own:
            self._open_up()
        else:
            self._shut_out()

    def _tell(self) -> None:
        state = self.state
        self._loud.setText(state.sentence)
        self.setAccessibleName(state.sentence)
        if state.phase == "taken" and self._why_not:
            self._note.setText(f"{self._why_not} {_ELSEWHERE}")
            self._note.set_tone("alarm")
        elif state.phase == "taken":
            minutes, seconds = divmod(state.remaining_ms // 1000, 60)
            self._note.setText(f"Without a signature the seat returns in {minutes}:{seconds:02}.")
            self._note.set_tone("text-muted")
        elif state.phase == "signed":
            self._note.setText("The record says: shared seat.")
            self._note.set_tone("text-muted")

    def _shut_out(self) -> None:
        """The first person's window shows, and takes nothing."""
        window = self._dialog.parentWidget()
        if window is None or self._shut:
            return
        inside = [one for one in window.window().children() if isinstance(one, QWidget) and not one.isWindow()]
        self._shut = [one for one in inside if one.isEnabled()]
        for one in self._shut:
            one.setEnabled(False)

    def _open_up(self) -> None:
        shut, self._shut = self._shut, []
        for one in shut:
            one.setEnabled(True)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """Whoever turns to the first person's window is brought back here: its keys would still be heard."""
        if self._shut and event.type() == QEvent.Type.WindowActivate and self._dialog.isVisible():
            self._dialog.raise_()
            self._dialog.activateWindow()
        return super().eventFilter(watched, event)
