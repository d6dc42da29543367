"""The keyboard of a window: sequences with modifiers always, single letters only while no text has the focus.

No letter alone ever approves or sends anything: such commands have no single-letter key, and a test says so.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QPlainTextEdit, QTextEdit, QWidget
from shiboken6 import isValid

from console.viewmodels.commands import Command, Commands

_PAUSE_MS = 1200  # how long the first letter of two waits for the second
_TEXTS = (QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox, QComboBox)


class Keys(QObject):
    """Binds the commands of one window. `refused` is told why one may not be given.

    `late` leaves hearing to `listen`.
    """

    def __init__(
        self, window: QWidget, commands: Commands, refused: Callable[[str], None], *, late: bool = False
    ) -> None:
        super().__init__(window)
        self._window = window
        self._commands = commands
        self._refused = refused
        self._letters: dict[str, str] = {}
        self._bound: set[str] = set()
        self._begun = ""
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._forget)
        self.bind_new()
        if not late:
            self.listen()

    def listen(self) -> None:
        """Hear the keys from now on, at the window and at whatever in it has the focus.

        Not at the whole application: each event of every part of it would ask, and take Python's lock for it.
        """
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._follow)
        self._window.installEventFilter(self)
        self._follow(None, QApplication.focusWidget())

    def _follow(self, before: QWidget | None, now: QWidget | None) -> None:
        if before is not None and isValid(before) and before is not self._window:
            before.removeEventFilter(self)
        if now is not None and now.window() is self._window:
            now.installEventFilter(self)

    def bind_new(self) -> None:
        """Make the keys of those commands work that came since the last time."""
        for command in self._commands:
            if command.name not in self._bound:
                self._bound.add(command.name)
                self._bind(command)

    def _bind(self, command: Command) -> None:
        if not command.key:
            return
        if _is_letters(command.key):
            self._letters[command.key.replace(" ", "")] = command.name
            return
        shortcut = QShortcut(QKeySequence(command.key), self._window)
        shortcut.activated.connect(lambda name=command.name: self.give(name))

    def give(self, name: str) -> None:
        """Give a command by name, or say why not."""
        why = self._commands.give(name)
        if why is not None:
            self._refused(why)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """Take single letters where no text has the focus; everything else goes its way."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent) or not hasattr(self, "_window"):
            return False  # the last of these: the window is being taken down
        if QApplication.activeWindow() is not self._window or QApplication.activePopupWidget() is not None:
            return False
        if not isinstance(watched, QWidget) or watched is not (QApplication.focusWidget() or self._window):
            return False
        if isinstance(watched, _TEXTS) or event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier:
            return False
        return self._letter(event.text())

    def _letter(self, typed: str) -> bool:
        if len(typed) != 1 or not typed.isprintable() or typed == " ":
            return False
        for tried in (self._begun + typed, typed):
            if tried in self._letters:
                self._forget()
                self.give(self._letters[tried])
                return True
            if any(keys.startswith(tried) for keys in self._letters):
                self._begun = tried
                self._pause.start()
                return True
        self._forget()
        return False

    def _forget(self) -> None:
        self._begun = ""
        self._pause.stop()


def _is_letters(key: str) -> bool:
    return all(len(part) == 1 for part in key.split(" "))
