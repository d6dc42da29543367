"""A profile that is open at a window: its desk, its engine, its bridge, its window, and the order in which they end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings
from PySide6.QtGui import QCloseEvent

from console.runtime.paths import ProfilePaths
from console.services.session import Session, nobody_asked
from console.ui.bridge import Bridge
from console.ui.doer import Doer
from console.ui.room import Room
from console.ui.theme import Look
from console.ui.window import MainWindow
from console.viewmodels.commands import Commands
from console.viewmodels.desk import Desk
from console.viewmodels.shell import SHELL, TROUBLE, Trouble

if TYPE_CHECKING:  # a window is painted before it hears anybody
    from console.ui.idle import IdleLock
    from console.ui.single import Single


class OpenProfile:
    """A profile with its desk, its engine and its window. `end` may be called twice."""

    def __init__(self, paths: ProfilePaths, look: Look, settings: QSettings, done: Callable[[], None]) -> None:
        self._root = paths.root
        self._done = done
        self._ended = False
        self._reading = True
        self.session = Session.open(paths, nobody_asked)
        self.desk = Desk(self.session)
        self._bridge = Bridge(self.desk.outlet)
        self._doer = Doer(self.desk, self._bridge, look)
        self.desk.start(watch=False)
        self.room = Room(self.desk, self._bridge, look, Commands(), self._doer)
        self.window = MainWindow(self.room, settings, late=True)
        self.window.closing.connect(self._closing)
        self._single: Single | None = None
        self._idle: IdleLock | None = None
        self._steps: list[tuple[Callable[[], None], Callable[[], None]]] = []
        self.window.painted.connect(self._painted)

    def _painted(self) -> None:
        """The window is there: read the record first, for that is what somebody opened it for."""
        if self._ended:
            return
        from console.ui.idle import IdleLock  # noqa: PLC0415  as above
        from console.ui.late import steps  # noqa: PLC0415  as above
        from console.ui.single import Single  # noqa: PLC0415  as above

        self._single = Single(self._root)
        self._single.asked.connect(self.window.raise_up)
        self._idle = IdleLock(self.room)
        self._steps = steps(self.room, self.window)
        self._bridge.on(SHELL, self._read)
        self._bridge.on(TROUBLE, self._read)
        self.desk.watch()

    def _read(self, _shown: object) -> None:
        """The record is shown, or it is said why not: now the rest, once."""
        if not self._reading:
            return
        self._reading = False
        self._go_on()

    def _go_on(self) -> None:
        """One step after the other, on one lane: whoever types meanwhile waits for one of them at most.

        What goes wrong in one is said, and holds up none of the others, the engine least of all.
        """
        if self._ended:
            return
        if not self._steps:
            self.desk.bring_engine()
            return
        bring, then = self._steps.pop(0)

        def done(_brought: None) -> None:
            try:
                then()
            finally:
                self._go_on()

        def failed(trouble: Trouble) -> None:
            self._doer.troubled.emit(trouble)
            self._go_on()

        self._doer.do(lambda _session: bring(), done, failed=failed, lane="aside", over=self.window)

    def end(self) -> None:
        """First no more news, then the engine, then what was being written, then the journal."""
        if self._ended:
            return
        self._ended = True
        if self._single is not None:
            self._single.close()
        self._bridge.close()
        self.desk.stop()
        self.session.close()
        self._done()

    def _closing(self, event: QCloseEvent) -> None:
        from console.ui.closing import may_close  # noqa: PLC0415  as above

        if may_close(self.room, self.window):
            event.accept()
        else:
            event.ignore()
