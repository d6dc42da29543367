"""Eyes and hands for a test that is somebody at a window: find what is shown, click, type, wait while it lives.

It counts keystrokes and clicks, so that a time can be told that a person would need. It knows no dialog's insides
but the passphrase prompt, which it answers wherever it comes up, as a person does.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QWidget

from console.services.session import APPROVER
from console.ui.start import Windows
from console.ui.unlock import UnlockDialog
from tests.kit.resting import rest

WITHIN_S = 150.0


class Hands:
    """One person's."""

    def __init__(self, app: QApplication, windows: Windows) -> None:
        self.app = app
        self.windows = windows
        self.passphrases = {"writer": "", "approver": ""}
        self.theirs = {"writer": "", "approver": ""}  # those of a second person at this screen
        self.keys = 0
        self.clicks = 0
        self.prompts = 0

    # -- eyes ----------------------------------------------------------------------------------------------------------

    def top(self, kind: str, within_s: float = WITHIN_S) -> Any:
        """The newest visible window of this class, once it is there."""
        self.wait(lambda: self.tops(kind), f"no {kind} came up", within_s)
        return self.tops(kind)[-1]

    def tops(self, kind: str) -> list[QWidget]:
        """Every visible window of this class."""
        return [one for one in self.app.topLevelWidgets() if type(one).__name__ == kind and one.isVisible()]

    def gone(self, kind: str, within_s: float = WITHIN_S) -> None:
        """Wait until no window of this class is left."""
        self.wait(lambda: not self.tops(kind), lambda: f"{kind} stays: {self._troubles(kind)}", within_s)

    def _troubles(self, kind: str) -> str:
        told = [getattr(one, "trouble", None) for one in self.tops(kind)]
        return "; ".join(one.accessibleName() for one in told if one is not None)

    def wait(
        self, condition: Callable[[], Any], what: str | Callable[[], str] = "it did not come true",
        within_s: float = WITHIN_S,
    ) -> Any:  # fmt: skip
        """Let the window live until something is so; a prompt for a passphrase is answered meanwhile."""
        ends = time.monotonic() + within_s
        while not (found := condition()):
            if time.monotonic() > ends:
                raise AssertionError(what if isinstance(what, str) else what())
            rest(25)
            self._answer_prompt()
        return found

    def named(self, within: QWidget, name: str, kind: type = QWidget) -> Any:
        """The visible control with this accessible name, once it is there."""

        def found() -> list[Any]:
            return [one for one in within.findChildren(kind) if one.accessibleName() == name and one.isVisible()]

        def others() -> str:
            shown = [one.accessibleName() for one in within.findChildren(kind) if one.accessibleName()]
            return f"nothing is called {name!r} among {shown}"

        return self.wait(found, others, 20)[0]

    def has(self, within: QWidget, text: str) -> bool:
        """Whether a button whose text begins so is visible."""
        return any(one.isVisible() and one.text().startswith(text) for one in within.findChildren(QAbstractButton))

    def button(self, within: QWidget, text: str) -> QAbstractButton:
        """The visible button with this text (its beginning is enough)."""
        found = [one for one in within.findChildren(QAbstractButton) if one.isVisible() and one.text().startswith(text)]
        if not found:
            shown = [one.text() for one in within.findChildren(QAbstractButton) if one.isVisible()]
            raise AssertionError(f"no button {text!r} among {shown}")
        return found[0]

    def picture(self, name: str) -> None:
        """Keep what is on the screen, where the environment names a folder for it."""
        if folder := os.environ.get("SCENARIO_SHOTS"):
            rest(150)  # what has just changed finds its place first
            for at, one in enumerate(self.app.topLevelWidgets()):
                if one.isVisible():
                    one.grab().save(str(Path(folder) / f"{self._who()}-{name}-{at}-{type(one).__name__}.png"))

    def _who(self) -> str:
        return self.windows.opened[-1].room.desk.session.settings.name if self.windows.opened else "nobody"

    # -- hands ---------------------------------------------------------------------------------------------------------

    def press(self, within: QWidget, text: str, within_s: float = WITHIN_S) -> None:
        """Click a button, once it is there and may be clicked."""
        self.wait(lambda: self.has(within, text), lambda: f"no button {text!r}: {self.buttons(within)}", within_s)
        self.click(self.button(within, text), within_s)

    def buttons(self, within: QWidget) -> list[str]:
        """The texts of all visible buttons."""
        return [one.text() for one in within.findChildren(QAbstractButton) if one.isVisible()]

    def click(self, button: QAbstractButton, within_s: float = WITHIN_S) -> None:
        """Click it once it may be clicked."""
        self.wait(button.isEnabled, lambda: f"{button.text()!r} stays disabled: {button.toolTip()}", within_s)
        self.clicks += 1
        at = QPoint(10, button.height() // 2)  # where a box has its tick
        QTest.mouseClick(button, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)

    def type_into(self, field: QWidget, text: str) -> None:
        """Put the cursor there and type as keys do; what stood there is typed over."""
        field.setFocus()
        self.clicks += 1
        if isinstance(field, QLineEdit):
            field.selectAll()
        self.keys += len(text)
        QTest.keyClicks(field, text)

    def paste_into(self, field: QLineEdit, text: str) -> None:
        """As `type_into`, for what a person copies and pastes: two keystrokes."""
        field.setFocus()
        self.clicks += 1
        self.keys += 2
        field.selectAll()
        field.insert(text)

    def choose_path(self, path: str) -> None:
        """Name a file or a folder in the dialog that asks for one."""
        dialog = self.top("QFileDialog")
        field = dialog.findChild(QLineEdit)
        field.setText(path)  # what completes while one types would lie over what is read next
        self.keys += 2
        self.press(dialog, "&Open" if self.has(dialog, "&Open") else "&Choose")
        self.gone("QFileDialog")

    def enter(self, field: QWidget, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press Enter there."""
        self.keys += 1
        QTest.keyClick(field, Qt.Key.Key_Return, modifier)

    def _answer_prompt(self) -> None:
        for one in self.app.topLevelWidgets():
            if not isinstance(one, UnlockDialog) or not one.isVisible() or one.property("answered"):
                continue
            one.setProperty("answered", True)
            self.prompts += 1
            whose = self.theirs if self._is_beside(one) else self.passphrases
            use = "approver" if APPROVER in one.accessibleName() else "writer"
            for field in one.findChildren(QLineEdit):
                if field.isVisible():
                    self.type_into(field, whose[use])
            one.accept()

    def _is_beside(self, prompt: QWidget) -> bool:
        """Whether a prompt came up over a window that was opened for a second person here."""
        parent = prompt.parentWidget()
        beside: tuple[QWidget, ...] = getattr(self.windows.first, "beside", ())
        return parent is not None and parent.window() in beside


def center(widget: QWidget) -> tuple[int, int]:
    """Where a real pointer has to go, in the pixels of the screen."""
    point = widget.mapToGlobal(widget.rect().center())
    return point.x(), point.y()
