"""The commands that hand over and take in without a network, and what is dropped onto the window for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QMimeData, QObject
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from console.services.carrying import ANSWER_ENDING, ASK_ENDING
from console.ui.room import Room
from console.viewmodels.commands import Command, Commands
from console.viewmodels.shell import NOW

if TYPE_CHECKING:  # dialogs are imported when they are opened
    from console.ui.take_in import TakeSheet

_GROUP: Final = "Corrections"


class CarryCommands(QObject):
    """One per window."""

    def __init__(self, room: Room, window: QWidget) -> None:
        super().__init__(window)
        self._room, self._window = room, window
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def add_commands(self, commands: Commands) -> None:
        """Offer them."""
        commands.add(Command(name="carry", title="Hand over by file or QR, without a network", group=_GROUP,
                             run=self._carry, why_not=self._why_no_carry,
                             also="offline usb stick photograph approval ask"))  # fmt: skip
        commands.add(Command(name="take-in", title="Take in what was carried here: file or QR", group=_GROUP,
                             run=self._take_in, why_not=self._founded,
                             also="offline usb stick photograph approval answer import"))  # fmt: skip

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: ARG002, N802  Qt's signature
        """What was carried here may be dropped anywhere on the window."""
        if isinstance(event, QDragEnterEvent | QDropEvent) and (names := carried_in(event.mimeData())):
            event.acceptProposedAction()
            if event.type() == QEvent.Type.Drop:
                take_in(self._room, self._window, names)
            return True
        return False

    def _carry(self) -> None:
        doc = self._waiting()
        if doc is not None:
            hand_over(self._room, doc, self._window, asks=True)

    def _take_in(self) -> None:
        take_in(self._room, self._window, ())

    def _waiting(self) -> str | None:
        """The document that was pointed at, else the newest that waits for signatures."""
        if self._room.desk.pointed is not None:
            return self._room.desk.pointed[0]
        now = self._room.desk.outlet.latest(NOW)
        pending = () if now is None else now.group("pending")
        return next((one.doc for one in pending), None)

    def _why_no_carry(self) -> str | None:
        if (why := self._founded()) is not None:
            return why
        return "Nothing waits for a signature; choose a correction first." if self._waiting() is None else None

    def _founded(self) -> str | None:
        return (
            "The record is provisional: found an organisation first." if self._room.desk.session.provisional else None
        )


def carried_in(found: QMimeData) -> list[str]:
    """The files among what is dropped that were made to be carried."""
    files = [one.toLocalFile() for one in found.urls() if one.isLocalFile()]
    return [name for name in files if is_carried(Path(name))]


def is_carried(path: Path) -> bool:
    """Whether a file's name says that it was made to be carried."""
    return path.suffix in (ASK_ENDING, ANSWER_ENDING)


def hand_over(room: Room, sha: str, over: QWidget, *, asks: bool) -> None:
    """The dialog that hands over this document, or what was decided about it here."""
    from console.ui.carry import CarrySheet  # noqa: PLC0415  the first window does not wait for it

    CarrySheet(room, over, sha, asks=asks).open()


def take_in(room: Room, window: QWidget, names: Sequence[str]) -> TakeSheet:
    """The dialog that takes in, with these files already brought."""
    from console.ui.take_in import TakeSheet  # noqa: PLC0415  as in hand_over

    sheet = TakeSheet(room, window)
    sheet.open()
    if names:
        sheet.take_files(names)
    return sheet
