"""Hands a document or its approvals to a colleague without any network: QR pictures in turn, a file, pictures to save.

What is shown is what the file would hold for one who only has to read and sign. It signs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QPushButton, QWidget

from console.domain.errors import Problem
from console.outbox.facts import read_document
from console.services import carrying, qr
from console.services.carrying import Carried
from console.services.session import Session
from console.ui.exports import ask_folder, ask_save
from console.ui.parts import column, row
from console.ui.qr_picture import FrameCells, QrPicture
from console.ui.room import Room
from console.ui.sheets import Labelled, Sheet
from console.ui.widgets import Digest, Text
from console.viewmodels.approval_words import count as counted

_SPEEDS: Final = {"slow: 2 s each": 2_000, "1 s each": 1_000, "quick: 0.5 s each": 500}
_USUAL: Final = 1
_ASKS: Final = (
    "Your colleague photographs these, or takes the file, and reads the very bytes on their own console. What they "
    "sign comes back the same way. It is not encrypted: whoever sees it can read it."
)
_ANSWERS: Final = (
    "Whoever asked photographs these, or takes the file: it holds what was signed or refused at this console, and "
    "counts there as soon as it is taken in."
)


@dataclass(frozen=True, slots=True)
class Ready:
    """What can be handed over: as a file, and as frames; where pictures will not do, `why_not` says it.

    `all_frames` are those of the file, with the history in it; empty where that is the same, or too much.
    """

    file: Carried
    pictures: Carried | None
    frames: tuple[str, ...]
    all_frames: tuple[str, ...]
    words: str
    why_not: str = ""


def make_ready(session: Session, sha: str, *, asks: bool) -> Ready:
    """Both ways of the document with this name, or of what was decided about it here."""
    from console.keys.words import words_of  # noqa: PLC0415  with the words' list

    with session.reader.snapshot() as connection:
        held = read_document(connection, sha)
    whole = carrying.ask(session, held) if asks else carrying.answer(session, held)
    try:
        slim = carrying.ask(session, held, "pictures") if asks else whole
        return Ready(whole, slim, slim.frames(), _all_frames(whole) if asks else (), words_of(sha))
    except Problem as fault:
        return Ready(whole, None, (), (), words_of(sha), f"{fault.what} {fault.next_step}")


def _all_frames(whole: Carried) -> tuple[str, ...]:
    with suppress(Problem):
        return whole.frames()
    return ()


class CarrySheet(Sheet):
    """The pictures in turn at the left; what it is, which one it is, and the other ways at the right."""

    def __init__(self, room: Room, parent: QWidget | None, sha: str, *, asks: bool) -> None:
        title = "Hand it over without a network" if asks else "Hand back what was decided here"
        super().__init__(room, parent, title, _ASKS if asks else _ANSWERS)
        self._ready: Ready | None = None
        self._frames: tuple[str, ...] = ()
        self._modules: dict[int, tuple[bytes, ...]] = {}
        self._at = 0
        self.picture = QrPicture("The QR pictures are being made")
        self.cells = FrameCells(room.look)
        self.which = Text(room.look, "Making the pictures ...", size="title", weight="semibold", wrap=True)
        self.digest = Digest(room.look)
        self.speed = QComboBox()
        self.speed.addItems(list(_SPEEDS))
        self.speed.setCurrentIndex(_USUAL)
        self.speed.currentIndexChanged.connect(self._turn_speed)
        self.history = QCheckBox()
        self.history.hide()  # until it is known whether there is any
        self.history.toggled.connect(self._turn_history)
        self.halt = self._button("Stop", self._turn_halt)
        self.earlier = self._button("Back", partial(self._step, -1))
        self.later = self._button("Next", partial(self._step, 1))
        self.body.addWidget(self._laid_out(room), 1)
        self.save_pictures = self.add_button("Save as pictures ...", self._ask_folder)
        self.save_file = self.add_button("Save as a file ...", self._ask_file, "main")
        self.only_close()
        self._tick = QTimer(self)
        self._tick.setInterval(_SPEEDS[self.speed.currentText()])
        self._tick.timeout.connect(self._turn)
        self.take_room(980, 712)
        self.check()
        work = partial(make_ready, sha=sha, asks=asks)
        self.read_first(work, self._begin, "Putting it together ...", "look")

    def _button(self, text: str, run: Callable[[], None]) -> QPushButton:
        made = QPushButton(text)
        made.setAutoDefault(False)
        made.clicked.connect(run)
        return made

    def _laid_out(self, room: Room) -> QWidget:
        unit = room.look.theme.space("unit")
        aside, turns, whole = QWidget(), QWidget(), QWidget()
        line = row(turns, unit)
        for button in (self.earlier, self.halt, self.later):
            line.addWidget(button, 1)
        speed = Labelled(room, "How fast they take turns", self.speed)
        lines = column(aside, 2 * unit)
        for part in (self.which, self.cells, turns, speed, self.history, self.digest):
            lines.addWidget(part)
        lines.addStretch(1)
        aside.setFixedWidth(round(320 * room.look.theme.text_scale))
        both = row(whole, 3 * unit)
        both.addWidget(self.picture, 1)
        both.addWidget(aside)
        self._turning = (turns, self.cells, speed)
        self.need_reading(turns, speed)
        return whole

    # -- the pictures --------------------------------------------------------------------------------------------------

    def _begin(self, ready: Ready) -> None:
        self._ready = ready
        self.digest.set_digest(ready.file.doc, ready.words)
        self.history.setText(f"With the incident's history: {len(ready.all_frames)} pictures")
        self.history.setToolTip("For a colleague whose record lacks it: names, roles and the incident come along.")
        self.history.setVisible(bool(ready.all_frames))
        if ready.why_not:
            self.picture.hide()
            self.which.setText(ready.why_not)
        self._put(ready.frames)
        self.check()

    def not_read(self) -> None:
        """There is no picture of what is not there."""
        self.picture.hide()
        self.which.setText("It could not be put together.")

    def _turn_history(self, on: bool) -> None:  # noqa: FBT001  a signal's value
        if self._ready is not None:
            self._put(self._ready.all_frames if on else self._ready.frames)

    def _put(self, frames: tuple[str, ...]) -> None:
        """Show these in turn from now on."""
        self._frames, self._modules = frames, {}
        for part in self._turning:
            part.setVisible(len(frames) > 1)  # one alone does not take turns
        self._make(frames, 0)

    def _make(self, frames: tuple[str, ...], at: int) -> None:
        """One after the other, off this thread: a picture takes a while to make."""
        if at >= len(frames):
            return

        def made(found: tuple[bytes, ...]) -> None:
            if frames is not self._frames:  # others are shown by now
                return
            self._modules[at] = found
            if at == 0:
                self._show(0)
                self._go_on()
            self._make(frames, at + 1)

        frame = frames[at]
        self.room.doer.do(lambda _session: qr.modules(frame), made, lane="aside", over=self)

    def _show(self, at: int) -> None:
        count = len(self._frames)
        self._at = at
        told = f"Picture {at + 1} of {count}" if count > 1 else "One picture holds it all"
        self.which.setText(told)
        self.picture.put(self._modules[at], told)
        self.cells.put(count, range(1, count + 1), at + 1)

    def _turn(self) -> None:
        if self._modules:
            self._show((self._at + 1) % len(self._modules))

    def _step(self, by: int) -> None:
        self._stop()
        if self._modules:
            self._show((self._at + by) % len(self._modules))

    def _turn_halt(self) -> None:
        if self._tick.isActive():
            self._stop()
        else:
            self._go_on()

    def _go_on(self) -> None:
        self.halt.setText("Stop")
        self._tick.start()

    def _stop(self) -> None:
        self._tick.stop()
        self.halt.setText("Go on")

    def _turn_speed(self) -> None:
        self._tick.setInterval(_SPEEDS[self.speed.currentText()])

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Left and right turn the pictures, as one by one as they are asked for."""
        steps = {Qt.Key.Key_Left.value: -1, Qt.Key.Key_Right.value: 1}
        if event.key() in steps:
            self._step(steps[event.key()])
        else:
            super().keyPressEvent(event)

    # -- files ---------------------------------------------------------------------------------------------------------

    def why_not(self) -> str:
        """It is put together first."""
        pictures = self._ready is not None and self._ready.pictures is not None
        self.save_pictures.setEnabled(pictures and not self.is_busy)
        return "" if self._ready is not None else "It is being put together."

    def _ask_file(self) -> None:
        if self._ready is not None:
            dialog = ask_save(self, str(Path.home() / self._ready.file.name))
            dialog.fileSelected.connect(self.write_file)
            dialog.open()

    def _ask_folder(self) -> None:
        dialog = ask_folder(self, str(Path.home()))
        dialog.fileSelected.connect(self.write_pictures)
        dialog.open()

    def write_file(self, name: str) -> None:
        """Into this new file."""
        if self._ready is not None:
            carried, path = self._ready.file, Path(name)
            work = partial(_write_file, carried=carried, path=path)
            self.carry_out(work, lambda _none: self.doing.setText(f"Written to {path}."), lane="aside")

    def write_pictures(self, name: str) -> None:
        """Into this folder, one file for each."""
        carried = None if self._ready is None else self._ready.pictures
        if self._ready is not None and self.history.isChecked():
            carried = self._ready.file
        if carried is not None:
            work = partial(_write_pictures, carried=carried, folder=Path(name))
            self.carry_out(work, lambda paths: self._written(len(paths), name), lane="aside")

    def _written(self, number: int, where: str) -> None:
        self.doing.setText(f"{counted(number, 'picture', 'pictures')} written to {where}.")


def _write_file(_session: Session, carried: Carried, path: Path) -> None:
    carrying.write_file(carried, path)


def _write_pictures(_session: Session, carried: Carried, folder: Path) -> tuple[Path, ...]:
    return carrying.write_pictures(carried, folder)
