"""One window for each profile: a second start raises the first. It carries one word and nothing else."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

_WITHIN_MS = 500


def raise_other(profile: Path) -> bool:
    """Ask the window that has this profile open to come to the front; False where there is none."""
    socket = QLocalSocket()
    socket.connectToServer(_name(profile))
    if not socket.waitForConnected(_WITHIN_MS):
        return False
    socket.write(b"raise\n")
    socket.waitForBytesWritten(_WITHIN_MS)
    socket.disconnectFromServer()
    return True


class Single(QObject):
    """Hears later starts with the same profile; `asked` is emitted for each."""

    asked = Signal()

    def __init__(self, profile: Path) -> None:
        super().__init__()
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._heard)
        if not self._server.listen(_name(profile)):
            QLocalServer.removeServer(_name(profile))  # left behind by a window that was killed
            self._server.listen(_name(profile))

    def close(self) -> None:
        """Hear no more."""
        self._server.close()

    def _heard(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.disconnected.connect(socket.deleteLater)
            self.asked.emit()


def _name(profile: Path) -> str:
    """The same for every spelling of one folder."""
    return f"standdown-{hashlib.sha256(str(profile.resolve()).encode()).hexdigest()[:24]}"
