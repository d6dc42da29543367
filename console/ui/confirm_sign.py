"""Where one signs, refuses or asks: three ways of equal weight, none of them by default, none by Enter or Space.

It holds a guard and obeys it. It signs nothing: what was armed and the passphrase typed for it go to whoever listens.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QGridLayout, QLineEdit, QPushButton, QStackedWidget, QWidget

from console.domain.deceit import shown
from console.ui.confirm_fields import PassphraseField, PointerButton, TypedField
from console.ui.parts import column, row
from console.ui.theme import Look
from console.ui.widgets import HoldButton, Text
from console.viewmodels.approval import ApprovalView
from console.viewmodels.guard import By, Choice, Guard, GuardState

_TICK_MS: Final = 40
_WORDS: Final[dict[Choice, tuple[str, str]]] = {"approve": ("Approve", "accent"), "refuse": ("Refuse", "alarm")}
_LARGE: Final = 1.2  # a text scale beyond which a line has to break
_CHOOSING, _UNLOCKING, _DONE = range(3)
_READ_FIRST: Final = "Read it first. The buttons wake a second after this window is in front and nothing changes."
_NOT_TYPED: Final = "That was not typed: pasted or filled-in text does not count. Clear it and type it."
_ARMED: Final = "Nothing is signed yet: the passphrase unlocks the approver key for this one signature."
_HINT: Final = (
    "By pointer hold a button; by keys (T goes there) or voice type the value, then unlock. "
    "Both ask for the passphrase."
)
_NO_REMARK: Final = "A remark cannot be kept with a signature at a shared seat: write a note."


class SignPanel(QWidget):
    """The bottom of the confirmation. `sign` carries choice, passphrase and reason; `ask` a question.

    `unlock` asks for the person's writer key to be unlocked, `leave` for the window to be closed, `hand_back` for a way
    to carry what was signed. `guest` names whoever signs at a shared seat.
    """

    sign = Signal(str, bytes, str)
    ask = Signal(str)
    unlock = Signal()
    leave = Signal()
    hand_back = Signal()

    def __init__(self, look: Look, guard: Guard, view: ApprovalView, guest: str = "") -> None:
        super().__init__()
        self._look, self._guard, self._view, self._guest = look, guard, view, guest
        self._armed: Choice | None = None
        self._said: tuple[str, str] | None = None
        self._begun = guard.begun
        self._busy = False
        self._build()
        self._tick = QTimer(self)
        self._tick.setInterval(_TICK_MS)
        self._tick.timeout.connect(self.look_again)
        self._tick.start()

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        look, unit = self._look, self._look.theme.space("unit")
        self._state = Text(look, "", weight="medium", wrap=True)
        self._open_writer = QPushButton("Unlock your writer key ...")
        self._open_writer.setAutoDefault(False)
        self._open_writer.clicked.connect(self.unlock)
        self._stack = QStackedWidget()
        for page in (self._choosing(unit), self._unlocking(unit), self._done(unit)):
            self._stack.addWidget(page)
        top = QWidget()
        line = row(top, unit)
        line.addWidget(self._state, 1)
        line.addWidget(self._open_writer)
        lines = column(self, unit)
        lines.addWidget(top)
        lines.addWidget(self._stack)

    def _choosing(self, unit: int) -> QWidget:
        """Approve, refuse and ask in three columns of one width, the value to type above the first two."""
        view, page = self._view, QWidget()
        self._typed = TypedField()
        self._typed.setAccessibleName(f"Type {view.to_type_is}: {view.to_type}")
        self._typed.setPlaceholderText("Type it here")
        self._typed.typed.connect(self._type)
        self._unlock = {choice: self._unlock_button(choice) for choice in _WORDS}
        self._hold = {choice: self._hold_button(choice) for choice in _WORDS}
        self._question = QLineEdit()
        self._question.setPlaceholderText("A question to the proposer")
        self._question.setAccessibleName("A question to the proposer")
        self._ask = QPushButton("Ask, decide nothing")
        self._ask.setAutoDefault(False)
        self._ask.clicked.connect(self._give_question)
        if self._guest:
            for part in (self._question, self._ask):
                part.setEnabled(False)
            self._question.setPlaceholderText("Questions are asked from one's own console")
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * unit)
        grid.setVerticalSpacing(unit)
        grid.addWidget(self._to_type(unit), 0, 0, 1, 2)
        grid.addWidget(self._typed, 1, 0, 1, 2)
        for at, choice in enumerate(_WORDS):
            grid.addWidget(self._hold[choice], 2, at)
            grid.addWidget(self._unlock[choice], 3, at)
        grid.addWidget(self._question, 1, 2)
        grid.addWidget(self._ask, 2, 2)
        if self._look.theme.text_scale <= _LARGE:  # else the room is the evidence's
            grid.addWidget(Text(self._look, _HINT, size="small", tone="text-muted", wrap=True), 3, 2)
        for at in range(3):
            grid.setColumnStretch(at, 1)
        return page

    def _to_type(self, unit: int) -> QWidget:
        """What has to be typed, and whether it has to be."""
        holder = QWidget()
        line = row(holder, unit)
        begun = "To sign either way, type" if self._guard.must_type else "Hold a button; or, without a pointer, type"
        told = Text(self._look, f"{begun} {self._view.to_type_is}:", wrap=self._look.theme.text_scale > _LARGE)
        line.addWidget(told, int(told.wordWrap()))
        line.addWidget(Text(self._look, shown(self._view.to_type), mono=True, weight="semibold"))
        line.addStretch(0 if told.wordWrap() else 1)
        return holder

    def _unlocking(self, unit: int) -> QWidget:
        page = QWidget()
        lines = column(page, unit)
        self._about = Text(self._look, "", weight="semibold", wrap=True)
        self._reason = QLineEdit()
        self._reason.setAccessibleName("Why, kept with the signature")
        whose = f"the approver key of {shown(self._guest)}" if self._guest else "your approver key"
        self._usual_secret = f"Passphrase for {whose} (of a security key: its PIN), for this one signature"
        self._passphrase = PassphraseField(self._usual_secret)
        self._passphrase.chord.connect(self._finish)
        self._go = PointerButton("Sign")
        self._go.pressed_for_real.connect(self._finish)
        back = QPushButton("Back")
        back.setAutoDefault(False)
        back.clicked.connect(self.back)
        told = f"Ctrl+Enter signs; Enter and Space do not. {_NO_REMARK if self._guest else ''}".rstrip()
        buttons = QWidget()
        line = row(buttons, unit)
        line.addWidget(Text(self._look, told, size="small", tone="text-muted", wrap=True), 1)
        line.addWidget(back)
        line.addWidget(self._go)
        for part in (self._about, self._reason, self._passphrase, buttons):
            lines.addWidget(part)
        self._reason.setVisible(not self._guest)
        return page

    def _done(self, unit: int) -> QWidget:
        page = QWidget()
        lines = column(page, unit // 2)
        self._outcome = Text(self._look, "", size="title", weight="semibold", wrap=True)
        self._next = Text(self._look, "", wrap=True)
        self._now = Text(self._look, "", tone="text-muted", wrap=True)
        close, back = QPushButton("Close"), QPushButton("Hand it back by file or QR ...")
        close.clicked.connect(self.leave)
        back.clicked.connect(self.hand_back)
        buttons = QWidget()
        line = row(buttons, unit)
        line.addStretch(1)
        for button in (back, close):
            button.setAutoDefault(False)
            line.addWidget(button)
        for part in (self._outcome, self._next, self._now):
            lines.addWidget(part)
        lines.addStretch(1)
        lines.addWidget(buttons)
        self._close = close
        return page

    def _hold_button(self, choice: Choice) -> HoldButton:
        word, tone = _WORDS[choice]
        button = HoldButton(self._look, word, tone=tone)
        button.began.connect(lambda: self._guard.press(choice, spontaneous=True))
        button.held.connect(self.look_again)
        button.let_go.connect(self._guard.release)
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
        self.look_again()

    def say(self, text: str, tone: str = "alarm") -> None:
        """What became of the last try; the person may try again."""
        self.set_busy(busy=False)
        self._said = (text, tone)
        self.back()
        self.look_again()

    def set_busy(self, *, busy: bool) -> None:
        """A signature is under way: nothing else can be begun."""
        self._busy = busy
        self._stack.setEnabled(not busy)
        self.look_again()

    def finish(self, outcome: str, next_step: str) -> None:
        """It is signed: what that means, and what comes next."""
        self.set_busy(busy=False)
        self._armed = None
        self.wipe()
        self._reason.clear()
        self._outcome.setText(outcome)
        self._next.setText(next_step)
        self._stack.setCurrentIndex(_DONE)
        self._close.setFocus(Qt.FocusReason.OtherFocusReason)
        self.look_again()
        self._announce(f"{outcome} {next_step}")

    def ask_for(self, secret: str) -> None:
        """What the field of the passphrase takes instead; empty for the approver key's own."""
        self._passphrase.setAccessibleName(secret or self._usual_secret)
        self._passphrase.setPlaceholderText(secret or self._usual_secret)

    def now(self, text: str) -> None:
        """How far it is, after it was signed."""
        self._now.setText(text)

    def wipe(self) -> None:
        """What was typed for one signature counts no more."""
        self._typed.clear()
        self._passphrase.clear()

    @property
    def prose(self) -> dict[str, QLineEdit]:
        """Where a person writes sentences: they may be kept while they are written; nothing else here may be."""
        return {"reason": self._reason, "question": self._question}

    @property
    def signed(self) -> bool:
        """Whether it was signed here."""
        return self._stack.currentIndex() == _DONE

    # -- the guard -----------------------------------------------------------------------------------------------------

    def look_again(self) -> None:
        """Ask the guard what is so, and show just that."""
        self._guard.progress()
        if self._guard.begun != self._begun:
            self._begun = self._guard.begun
            if not self._busy:
                self.wipe()
        state = self._guard.state()
        if state.name == "armed" and state.choice is not None and self._armed is None:
            self._show_unlock(state.choice)
        elif state.name != "armed" and self._armed is not None and not self._busy:
            self.back()
        for choice in _WORDS:
            allowed = self._view.can_sign if choice == "approve" else self._view.can_refuse
            self._hold[choice].setEnabled(state.may_hold and allowed)
            self._unlock[choice].setEnabled(state.may_unlock and allowed)
        self._stack.setVisible(bool(self._view.to_type))  # of what is not here, nothing can be decided
        self._open_writer.setVisible(self._guard.locked_by("writer") and not self.signed)
        text, tone = self._sentence()
        if self._state.text() != text:
            self._state.setText(text)
            self._state.setAccessibleName(text)
            self._state.setVisible(bool(text))
            self._announce(text)
        self._state.set_tone(tone)

    def _announce(self, text: str) -> None:
        if text and self.isVisible() and QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._state, text))

    def _sentence(self) -> tuple[str, str]:
        if self._busy:
            return "Signing with the approver key ... A security key wants to be touched now.", "known"
        if self.signed:
            return "", "text"
        if self._said is not None:
            return self._said
        state = self._guard.state()
        told = {"locked": (state.reason, "alarm"), "waiting": (_READ_FIRST, "waiting"), "armed": (_ARMED, "text")}
        return told.get(state.name) or self._what_to_do(state)

    def _what_to_do(self, state: GuardState) -> tuple[str, str]:
        if self._typed.text() and not state.typed_fits and self._typed.text().strip() == self._view.to_type:
            return _NOT_TYPED, "waiting"
        if not self._view.can_sign:
            return f"{self._view.why_not} You may still refuse or ask.", "waiting"
        if self._guard.must_type and not state.typed_fits:
            return f"It weighs {self._view.gravity}: type the value, then hold or unlock.", "text"
        return "Hold a button for 1.5 s, or type the value and unlock.", "text"

    def _type(self, text: str, real: bool) -> None:  # noqa: FBT001  a signal's two values
        if text:
            self._said = None
        self._guard.typed(text if real else "", spontaneous=True)
        self.look_again()

    def _open(self, choice: Choice, by: By) -> None:
        self._guard.unlock(choice, by)
        self.look_again()

    def _show_unlock(self, choice: Choice) -> None:
        self._armed, self._said = choice, None
        word = _WORDS[choice][0]
        self._about.setText(f"{word}: {self._view.headline}")
        self._go.setText(f"Sign: {word.lower()}")
        told = "Why you refuse (kept with the signature)" if choice == "refuse" else "A remark, kept with the signature"
        self._reason.setPlaceholderText(told)
        self._stack.setCurrentIndex(_UNLOCKING)
        wants_reason = choice == "refuse" and not self._guest
        (self._reason if wants_reason else self._passphrase).setFocus(Qt.FocusReason.OtherFocusReason)

    def back(self) -> bool:
        """Away from the passphrase: it is wiped, and the guard begins anew. False where nothing was open."""
        self._passphrase.clear()
        if self._armed is None or self._busy:
            return False
        self._armed = None
        if self._guard.state().name == "armed":
            self._guard.reset()
        self._stack.setCurrentIndex(_CHOOSING)
        self._typed.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def go_to_value(self) -> None:
        """To the field in which the value is typed, where one still chooses; a letter there signs nothing."""
        if self._armed is None and self._stack.currentIndex() == _CHOOSING:
            self._typed.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _finish(self) -> None:
        reason = self._reason.text().strip()
        if self._armed is None or self._busy:
            return
        if self._armed == "refuse" and not reason and not self._guest:
            self._reason.setFocus(Qt.FocusReason.OtherFocusReason)
            self._about.setText("Say why you refuse: whoever proposed it has to know.")
            return
        if not self._passphrase.text():
            self._passphrase.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        passphrase = self._passphrase.text().encode()
        self._passphrase.clear()
        self.sign.emit(self._armed, passphrase, reason)

    # -- asking --------------------------------------------------------------------------------------------------------

    def _give_question(self) -> None:
        if self._question.text().strip():
            self.ask.emit(self._question.text().strip())
        else:
            self._question.setFocus(Qt.FocusReason.OtherFocusReason)

    def asked(self) -> None:
        """The question is in the record."""
        self._question.clear()
        self._said = ("Your question is in the record. Nothing was decided.", "known")
        self.look_again()
