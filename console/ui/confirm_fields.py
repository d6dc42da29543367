"""Fields and buttons of the confirmation that know a hand from a program: typed by keys, pressed by a pointer.

A guard against mistakes of programs, not against an attacker: the defence is the key unlocked for one signature.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QDropEvent, QInputMethodEvent, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QLineEdit, QPushButton

ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_PRESSES: Final = (*ENTER, Qt.Key.Key_Space, Qt.Key.Key_Select)


class TypedField(QLineEdit):
    """A value that has to be typed. `typed` carries the whole text and whether all of it came from a person's keys.

    What was pasted, dropped or put there by a program taints it until it is empty again.
    """

    typed = Signal(str, bool)

    def __init__(self) -> None:
        super().__init__()
        self._by_hand = False
        self._tainted = False
        self.setAcceptDrops(False)
        self.textChanged.connect(self._changed)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Real keys count, all but Enter, which does nothing here, and pasting."""
        if event.key() in ENTER:
            event.accept()
            return
        self._by_hand = event.spontaneous() and not event.matches(QKeySequence.StandardKey.Paste)
        super().keyPressEvent(event)
        self._by_hand = False

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:  # noqa: N802  Qt's name
        """Dictation and composed letters: platforms hand these over without saying that a person made them."""
        self._by_hand = True
        super().inputMethodEvent(event)
        self._by_hand = False

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802  Qt's name
        """No menu: its one use here would be pasting, and it would cover what is read."""
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802  Qt's name
        """Nothing is dropped here."""
        event.ignore()

    def _changed(self, text: str) -> None:
        if not text:
            self._tainted = False
        elif not self._by_hand:
            self._tainted = True
        self.typed.emit(text, not self._tainted and (self._by_hand or not text))


class PassphraseField(QLineEdit):
    """A secret for one signature. Enter does nothing; `chord` is Ctrl+Enter by real keys, once per press."""

    chord = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setAccessibleName(name)
        self.setPlaceholderText(name)
        self.setInputMethodHints(Qt.InputMethodHint.ImhSensitiveData | Qt.InputMethodHint.ImhNoPredictiveText)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Enter alone never signs."""
        if event.key() in ENTER:
            event.accept()
            control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
            if control and event.spontaneous() and not event.isAutoRepeat():
                self.chord.emit()
            return
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802  Qt's name
        """A menu would cover what is about to be signed and begin it anew; Ctrl+V pastes."""
        event.accept()


class PointerButton(QPushButton):
    """Acts by a real pointer only: no key, no accessible action and no program presses it."""

    pressed_for_real = Signal()

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setAutoDefault(False)
        self.setDefault(False)
        self.setProperty("kind", "main")
        self._down = False
        self.setAccessibleDescription("Acts by the pointer; by keyboard use Ctrl+Enter in the passphrase.")

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """Remember that a hand did it."""
        self._down = event.spontaneous() and event.button() == Qt.MouseButton.LeftButton
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """A double click is haste."""
        self._down = False
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """Act where it began and ended on the button."""
        real = self._down and event.spontaneous() and self.rect().contains(event.position().toPoint())
        self._down = False
        super().mouseReleaseEvent(event)
        if real and self.isEnabled():
            self.pressed_for_real.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Enter and Space do nothing here."""
        if event.key() in _PRESSES:
            event.accept()
            return
        super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """A press that lost its button is none."""
        if event.type() in (QEvent.Type.EnabledChange, QEvent.Type.Hide, QEvent.Type.WindowDeactivate):
            self._down = False
        return super().event(event)
