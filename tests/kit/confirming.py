"""A confirmation on screen for tests: documents to sign, and a hand whose presses come through the platform."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from console.services import approvals, corrections, incidents
from console.services.corrections import Proposal, TargetWish
from console.services.session import Session
from console.ui.confirm import ConfirmDialog
from console.ui.room import Room
from console.ui.widgets.hold_button import HoldButton
from tests.kit.pair import connect_manual
from tests.kit.resting import rest

WITHIN_MS = 90_000
TRIES = 20
ASKED = TargetWish(provider="vendor", surface="", lever="manual.ask", params={"instruction": "Stop it"})


def proposed(session: Session, *, wish: TargetWish = ASKED, reason: str = "Because") -> Proposal:
    """A correction by hand: of gravity high, so that the value has to be typed."""
    if not any(stored for stored in session.reader.entries(org=True, kinds=("provider.added",))):
        connect_manual(session, "m")
    inc = str(incidents.declare(session, "t", 1).entry.inc)
    return corrections.propose(session, inc, [wish], reason)


def until(true: Callable[[], object], within_ms: int = WITHIN_MS) -> None:
    """Let the window live until it is so."""
    deadline = time.monotonic() + within_ms / 1000
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError("it did not come about")
        rest(20)


def opened(room: Room, sha: str) -> ConfirmDialog:
    """The confirmation, read and in front."""
    dialog = ConfirmDialog.opened(room, sha, None)
    until(lambda: dialog._guard is not None and dialog._content.whole)
    rest(60)  # laid out: a hand needs to know where things are
    return dialog


def ready(dialog: ConfirmDialog) -> None:
    """A second has passed in which nothing disturbed."""
    until(lambda: name_of(dialog) == "ready")


def name_of(dialog: ConfirmDialog) -> str:
    assert dialog._guard is not None
    return dialog._guard.state().name


def records(session: Session, sha: str) -> list[str]:
    """The decisions that are in the record."""
    found = approvals.weigh_up(session, corrections.find_document(session, sha)).records
    return [one.record.decision for _, one in found]


class Hand:
    """Events through the platform's own door: Qt calls them spontaneous, as it does a person's."""

    def __init__(self, dialog: ConfirmDialog) -> None:
        self.dialog = dialog
        self.window = dialog.windowHandle()

    def at(self, widget: QWidget) -> QPoint:
        return widget.mapTo(self.dialog, widget.rect().center())

    def press(self, widget: QWidget) -> None:
        QTest.mouseMove(self.window, self.at(widget))
        QTest.mousePress(self.window, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, self.at(widget))

    def release(self, widget: QWidget) -> None:
        QTest.mouseRelease(self.window, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, self.at(widget))

    def click(self, widget: QWidget) -> None:
        self.press(widget)
        self.release(widget)

    def hold(self, widget: HoldButton, ms: int = 0) -> None:
        """Until it had its effect, or for so long. A machine that stands still breaks a hold, as it must: then anew."""
        if ms:
            self.press(widget)
            rest(ms)
            self.release(widget)
        else:
            for _ in range(TRIES):
                if self._held(widget):
                    break
        rest(60)

    def _held(self, widget: HoldButton) -> bool:
        sign = self.dialog._sign
        assert sign is not None
        until(widget.isEnabled)
        broken: list[bool] = []
        told = widget.broken.connect(lambda: broken.append(True))
        self.press(widget)
        until(lambda: broken or sign._guard.state().name == "armed")
        widget.broken.disconnect(told)
        self.release(widget)
        return sign._guard.state().name == "armed"

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.window, key, modifier)
        rest(20)

    def type(self, text: str) -> None:
        for letter in text:
            QTest.keyClick(self.window, letter)
        rest(60)

    def type_value(self) -> None:
        """The value that varies, into its field."""
        sign = self.dialog._sign
        assert sign is not None
        self.click(sign._typed)
        self.type(sign._view.to_type)
