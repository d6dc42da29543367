"""Where one signs, refuses or asks: three ways of equal weight, none of them by default, none by Enter or Space.

It holds a guard and obeys it. It signs nothing: what was armed and the passphrase typed for it go to whoever listens.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QPushButton, QStackedWidget, QWidget

from console.ui.parts import column, row
from console.ui.theme import Look
from console.ui.unlock import secret_field
from console.ui.widgets import HoldButton, Text
from console.viewmodels.approval import ApprovalView
from console.viewmodels.guard import By, Choice, Guard

_TICK_MS: Final = 40
_READ_FIRST: Final = "Read it first. The buttons wake a second after this window is in front and nothing changes."
_WORDS: Final[dict[Choice, tuple[str, str]]] = {"approve": ("Approve", "accent"), "refuse": ("Refuse", "alarm")}


class SignPanel(QWidget):
    """The bottom of the confirmation. `sign` carries choice, passphrase and reason; `ask` a question."""

    sign = Signal(str, bytes, str)
    ask = Signal(str)

    def __init__(self, look: Look, guard: Guard, view: ApprovalView, whose_key: str) -> None:
        super().__init__()
        self._look, self._guard, self._view = look, guard, view
        self._armed: Choice | None = None
        self._real_keys = False
        unit = look.theme.space("unit")
        self._state = Text(look, "", weight="medium", wrap=True)
        self._typed = QLineEdit()
        self._typed.setAccessibleName(f"To sign, type {view.to_type_is}: {view.to_type}")
        self._typed.setPlaceholderText("Type it here")
        self._typed.installEventFilter(self)
        self._typed.textChanged.connect(self._text)
        self._unlock = {choice: self._unlock_button(choice) for choice in _WORDS}
        self._hold = {choice: self._hold_button(choice) for choice in _WORDS}
        self._question = QLineEdit()
        self._question.setPlaceholderText("A question to the proposer")
        self._question.setAccessibleName("A question to the proposer")
        self._ask = QPushButton("Ask, decide nothing")
        self._ask.setAutoDefault(False)
        self._ask.clicked.connect(self._give_question)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._choosing(unit))
        self._stack.addWidget(self._unlocking(unit, whose_key))
        lines = column(self, unit)
        lines.addWidget(self._state)
        lines.addWidget(self._stack)
        self._tick = QTimer(self)
        self._tick.setInterval(_TICK_MS)
        self._tick.timeout.connect(self._look_again)
        self._tick.start()
        self._look_again()

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _choosing(self, unit: int) -> QWidget:
        """Approve, refuse and ask in three columns of one width, the value to type above the first two."""
        page = QWidget()
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * unit)
        grid.setVerticalSpacing(unit)
        label = QLabel(f"To sign either way, type {self._view.to_type_is}:  {self._view.to_type}")
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setBuddy(self._typed)
        grid.addWidget(label, 0, 0, 1, 2)
        grid.addWidget(self._typed, 1, 0, 1, 2)
        grid.addWidget(self._question, 1, 2)
        for at, choice in enumerate(_WORDS):
            grid.addWidget(self._hold[choice], 2, at)
            grid.addWidget(self._unlock[choice], 3, at)
        grid.addWidget(self._ask, 2, 2)
        hint = "By pointer hold a button; by keys or voice type the value, then unlock. Both ask for the passphrase."
        grid.addWidget(Text(self._look, hint, size="small", tone="text-muted", wrap=True), 3, 2)
        for at in range(3):
            grid.setColumnStretch(at, 1)
        return page

    def _unlocking(self, unit: int, whose_key: str) -> QWidget:
        page = QWidget()
        lines = column(page, unit)
        self._about = Text(self._look, "", weight="semibold", wrap=True)
        self._reason = QLineEdit()
        self._reason.setPlaceholderText("Why (kept with the signature)")
        self._reason.setAccessibleName("Why, kept with the signature")
        self._passphrase = secret_field(f"Passphrase for {whose_key}, for this one signature")
        self._passphrase.setPlaceholderText(f"Passphrase for {whose_key}, for this one signature")
        self._passphrase.installEventFilter(self)
        self._go = PointerButton("Sign")
        self._go.pressed_for_real.connect(self._finish)
        back = QPushButton("Back")
        back.setAutoDefault(False)
        back.clicked.connect(self._back)
        self._hint = Text(self._look, "Ctrl+Enter signs; Enter and Space do not.", size="small", tone="text-muted")
        buttons = QWidget()
        line = row(buttons, unit)
        line.addWidget(self._hint, 1)
        line.addWidget(back)
        line.addWidget(self._go)
        for part in (self._about, self._reason, self._passphrase, buttons):
            lines.addWidget(part)
        return page

    def _hold_button(self, choice: Choice) -> HoldButton:
        word, tone = _WORDS[choice]
        button = HoldButton(self._look, word, tone=tone)
        button.began.connect(lambda: self._guard.press(choice, spontaneous=True))
        button.broken.connect(self._guard.release)
        return button

    def _unlock_button(self, choice: Choice) -> QPushButton:
        button = QPushButton(f"Unlock to {choice} ...")
        button.setAutoDefault(False)
        button.setAccessibleDescription("Asks for your passphrase. It signs nothing by itself.")
        button.clicked.connect(lambda: self._open(choice, "keyboard"))
        return button

    # -- what the window tells -----------------------------------------------------------------------------------------

    def put(self, view: ApprovalView) -> None:
        """The view was made anew; the guard was told by whoever made it."""
        self._view = view
        self._look_again()

    def say(self, text: str, tone: str = "alarm") -> None:
        """What became of the last try; the person may try again."""
        self._back()
        self._said = (text, tone)
        self._look_again()

    _said: tuple[str, str] | None = None

    def forget(self) -> None:
        """Wipe what was typed: the seat changes, or it is over."""
        for field in (self._typed, self._passphrase, self._reason):
            field.clear()
        self._back()

    # -- the guard -----------------------------------------------------------------------------------------------------

    def _look_again(self) -> None:
        """Ask the guard what is so, and show just that."""
        self._guard.progress()
        state = self._guard.state()
        if state.name == "armed" and state.choice is not None and self._armed is None:
            self._show_unlock(state.choice)
        elif state.name != "armed" and self._armed is not None:
            self._back()
        for choice in _WORDS:
            allowed = self._view.can_sign if choice == "approve" else self._view.can_refuse
            self._hold[choice].setEnabled(state.may_hold and allowed)
            self._unlock[choice].setEnabled(state.may_unlock and allowed)
        text, tone = self._sentence()
        if self._state.text() != text:
            self._state.setText(text)
            self._state.setAccessibleName(text)
        self._state.set_tone(tone)

    def _sentence(self) -> tuple[str, str]:
        state = self._guard.state()
        if self._said is not None:
            return self._said
        if state.name == "locked" or not (self._view.can_sign or self._view.can_refuse):
            return state.reason or self._view.why_not, "alarm"
        if state.name == "waiting":
            return (
                "Read it first. The buttons wake a second after this window is in front and nothing changes.",
                "waiting",
            )
        told = "Hold a button for 1.5 s, or type the value and unlock."
        if state.name == "armed":
            told = "Nothing is signed yet."
        elif self._guard.must_type and not state.typed_fits:
            told = f"It weighs {self._view.gravity}: type the value, then hold or unlock."
        return told, "text"

    def _text(self, text: str) -> None:
        self._said = None
        self._guard.typed(text, spontaneous=self._real_keys)
        self._look_again()

    def _open(self, choice: Choice, by: By) -> None:
        self._guard.unlock(choice, by)
        self._look_again()

    def _show_unlock(self, choice: Choice) -> None:
        self._armed = choice
        word = "Approve" if choice == "approve" else "Refuse"
        self._about.setText(f"{word}: {self._view.headline}")
        self._go.setText(f"Sign: {word.lower()}")
        self._stack.setCurrentIndex(1)
        self._passphrase.setFocus(Qt.FocusReason.OtherFocusReason)

    def _back(self) -> None:
        self._passphrase.clear()
        if self._armed is not None:
            self._armed = None
            if self._guard.state().name == "armed":
                self._guard.reset()
                self._typed.clear()
        self._stack.setCurrentIndex(0)

    def _finish(self) -> None:
        passphrase = self._passphrase.text().encode()
        if self._armed is None or not passphrase:
            self._passphrase.setFocus()
            return
        self._passphrase.clear()
        self._said = None
        self.sign.emit(self._armed, passphrase, self._reason.text().strip())

    def _give_question(self) -> None:
        if self._question.text().strip():
            self.ask.emit(self._question.text().strip())
        else:
            self._question.setFocus()

    def asked(self) -> None:
        """The question is in the record."""
        self._question.clear()
        self._said = ("Your question is in the record. Nothing was decided.", "known")
        self._look_again()

    # -- keys ----------------------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """Real keys alone count as typed; Enter never acts; Ctrl+Enter in the passphrase signs what is armed."""
        if event.type() in (QEvent.Type.KeyPress, QEvent.Type.InputMethod):
            self._real_keys = event.spontaneous()
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() in _ENTER:
            chord = event.modifiers() & Qt.KeyboardModifier.ControlModifier
            if watched is self._passphrase and chord and event.spontaneous() and not event.isAutoRepeat():
                self._finish()
            return True
        return super().eventFilter(watched, event)


_ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


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

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """Act where it began and ended on the button."""
        real = self._down and event.spontaneous() and self.rect().contains(event.position().toPoint())
        self._down = False
        super().mouseReleaseEvent(event)
        if real and self.isEnabled():
            self.pressed_for_real.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Enter and Space do nothing here."""
        if event.key() in (*_ENTER, Qt.Key.Key_Space, Qt.Key.Key_Select):
            event.accept()
            return
        super().keyPressEvent(event)
