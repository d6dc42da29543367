"""A profile that is open at a window: its desk, its engine, its bridge, its window, and the order in which they end."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtGui import QCloseEvent

from console.runtime.paths import ProfilePaths
from console.services.session import Session, nobody_asked
from console.ui.bridge import Bridge
from console.ui.closing import may_close
from console.ui.doer import Doer
from console.ui.idle import IdleLock
from console.ui.late import import_late
from console.ui.room import Room
from console.ui.single import Single
from console.ui.theme import Look
from console.ui.window import MainWindow
from console.viewmodels.commands import Commands
from console.viewmodels.desk import Desk

_FIRST_PAINTED_MS = 20


class OpenProfile:
    """A profile with its desk, its engine and its window. `end` may be called twice."""

    def __init__(self, paths: ProfilePaths, look: Look, settings: QSettings, done: Callable[[], None]) -> None:
        self._done = done
        self._ended = False
        self.session = Session.open(paths, nobody_asked)
        self.desk = Desk(self.session)
        self._bridge = Bridge(self.desk.outlet)
        self._doer = Doer(self.desk, self._bridge, look)
        self.desk.start()
        self.room = Room(self.desk, self._bridge, look, Commands(), self._doer)
        self.window = MainWindow(self.room, settings, late=True)
        self.window.closing.connect(self._closing)
        self._idle = IdleLock(self.room)
        self._single = Single(paths.root)
        self._single.asked.connect(self.window.raise_up)
        QTimer.singleShot(_FIRST_PAINTED_MS, self.window, self._complete)

    def _complete(self) -> None:
        """The window is painted: bring the engine, and what its commands need."""
        if self._ended:
            return
        self.desk.bring_engine()
        self._doer.do(
            lambda _session: import_late(), lambda _done: self.window.complete(), lane="aside", over=self.window
        )

    def end(self) -> None:
        """First no more news, then the engine, then what was being written, then the journal."""
        if self._ended:
            return
        self._ended = True
        self._single.close()
        self._bridge.close()
        self.desk.stop()
        self.session.close()
        self._done()

    def _closing(self, event: QCloseEvent) -> None:
        if may_close(self.room, self.window):
            event.accept()
        else:
            event.ignore()
