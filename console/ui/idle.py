"""Locks the person's key when nobody has touched the window for a while. The machine's own work goes on.

It listens where input comes in, at the windows of the system: a filter of the application is asked about every event of
every part, and each of these questions takes Python's lock from whoever computes.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QGuiApplication

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
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.focusWindowChanged.connect(self._listen)
        self._listen()

    def _listen(self) -> None:
        """At every window there is: also those that came since, menus and lists that drop down among them."""
        for window in QGuiApplication.topLevelWindows():
            window.installEventFilter(self)

    def look(self) -> None:
        """Lock where it is time. What is being composed stays, and is signed after the next unlocking."""
        self._listen()
        desk, slept = self._room.desk, self._idle.slept()
        idle = self._idle.remaining_ms(open_incident=self._open_incident) == 0
        if desk.session.usable and (idle or slept):
            desk.lock()

    def _shell(self, shell: Shell) -> None:
        self._open_incident = shell.line is not None and shell.line.status != "closed"

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """Take note of a person's input, and let it pass."""
        if event.type() in _TOUCHES and event.spontaneous():
            self._idle.touched()
        return False
