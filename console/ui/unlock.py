"""Asks for the passphrase of one key, for one use. It keeps nothing: what was typed is taken once and overwritten."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from console.domain.deceit import shown
from console.services.session import APPROVER, HELD_WRITER, SECRETS, WRITER
from console.ui.theme import Look

_WHY: Final = {
    WRITER: "Your writer key signs what you write here. It stays unlocked until you lock it.",
    HELD_WRITER: "It is in your ssh-agent, which asks for no passphrase here: unlock it only if it is yours. What is "
    "written from now on is signed with it, until this console is locked again.",
    SECRETS: "The file with the providers' credentials is opened until this window closes.",
    APPROVER: "Your approver key signs once, then it is locked again. Of a security key, type the PIN, and touch it "
    "when it blinks.",
}
_OWN: Final = frozenset({WRITER, HELD_WRITER, APPROVER})
_NEW: Final = {
    SECRETS: "The providers' credentials are encrypted with it; it is asked for once at each start. At least 8 "
    "characters. Nobody can recover it: without it the credentials have to be typed anew.",
}
MIN_BYTES: Final = 8  # as the key files ask (resources/decisions/0011)


class UnlockDialog(QDialog):
    """Modal to its window. `take` gives the passphrase once, as bytes; of an agent's key, which has none, nothing."""

    def __init__(
        self, what: str, look: Look, parent: QWidget | None = None, *, wrong: bool = False, new: bool = False,
        hint: str = "", whose: str = "",
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.setWindowTitle(f"Unlock: {shown(whose)}" if whose else "Unlock")
        self.setModal(True)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(f"Unlock {what}")
        self._held = what == HELD_WRITER
        asks = f"Unlock {what}?" if self._held else f"Passphrase for {what}"
        name = f"{shown(whose)}: " if whose and what in _OWN and not new else ""  # two people may sit at one computer
        heading = QLabel(f"Choose a passphrase for {what}" if new else f"{name}{asks}")
        heading.setWordWrap(True)
        heading.setTextFormat(Qt.TextFormat.PlainText)
        heading.setFont(look.theme.font("title", "medium"))
        told = _NEW.get(what, _WHY.get(what, "")) if new else _WHY.get(what, "")
        why = QLabel(f"That passphrase does not open it. {told}" if wrong else told)
        why.setTextFormat(Qt.TextFormat.PlainText)
        why.setText(f"{why.text()}\n{hint}".strip())
        why.setWordWrap(True)
        self._typed = secret_field(f"Passphrase for {what}")
        if self._held:
            self._typed.hide()
        self._again = secret_field("The same passphrase again")
        self._again.setPlaceholderText("The same again")
        self._again.setVisible(new)
        self._new = new
        heading.setBuddy(self._typed)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        unlock = buttons.addButton("Choose" if new else "Unlock", QDialogButtonBox.ButtonRole.AcceptRole)
        unlock.setProperty("kind", "main")
        unlock.setEnabled(self._held)
        for field in (self._typed, self._again):
            field.textChanged.connect(lambda: unlock.setEnabled(self._is_complete()))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        space = look.theme.space("wide")
        layout.setContentsMargins(space, space, space, space)
        layout.setSpacing(look.theme.space("unit"))
        for part in (heading, why, self._typed, self._again, buttons):
            layout.addWidget(part)
        self.setMinimumWidth(420)
        (buttons if self._held else self._typed).setFocus()

    def take(self) -> bytes:
        """What was typed; the field is empty afterwards."""
        typed = self._typed.text().encode()
        self._typed.clear()
        self._again.clear()
        return typed

    def _is_complete(self) -> bool:
        typed = self._typed.text()
        return bool(typed) and (not self._new or (len(typed.encode()) >= MIN_BYTES and typed == self._again.text()))


def secret_field(name: str) -> QLineEdit:
    """A field whose text is not shown, learnt or completed."""
    field = QLineEdit()
    field.setEchoMode(QLineEdit.EchoMode.Password)
    field.setAccessibleName(name)
    field.setInputMethodHints(Qt.InputMethodHint.ImhSensitiveData | Qt.InputMethodHint.ImhNoPredictiveText)
    return field
