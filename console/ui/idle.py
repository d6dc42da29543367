"""Locks the person's key when nobody has touched the window for a while. The machine's own work goes on."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication

from console.ui.room import Room
from console.viewmodels.idle import Idle
from console.viewmodels.shell import SHELL, Shell

_LOOK_EVERY_MS: Final = 5_000
_TOUCHES: Final = frozenset({
    QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove, QEvent.Type.Wheel,
    QEvent.Type.InputMethod, QEvent.Type.TouchBegin,
})  # fmt: skip


class IdleLock(QObject):
    """One per window; it hears every real input of the application."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        self._idle = Idle(room.desk.session.clock)
        self._open_incident = False
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()
        room.bridge.on(SHELL, self._shell)
        app = QApplication.instance()
        if app is not None:
            app.installEventFilter(self)

    def look(self) -> None:
        """Lock where it is time. What is being composed stays, and is signed after the next unlocking."""
        desk = self._room.desk
        if desk.session.usable and self._idle.remaining_ms(open_incident=self._open_incident) == 0:
            desk.lock()

    def _shell(self, shell: Shell) -> None:
        self._open_incident = shell.line is not None and shell.line.status != "closed"

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """Take note of a person's input, and let it pass."""
        if event.type() in _TOUCHES and event.spontaneous():
            self._idle.touched()
        return False
