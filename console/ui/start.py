"""Starts the window of a profile, or the first run where there is none, and ends everything in a fixed order.

The only place that constructs a window's parts. It must import nothing heavy before the first window is there.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from console.ui.before_qt import BEFORE_QT

# isort: split
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QWidget

from console.runtime.paths import ProfilePaths
from console.ui.collecting import Collector
from console.ui.look_commands import kept_look
from console.ui.sources import keep_none
from console.ui.theme import Look

__all__ = ["BEFORE_QT", "Windows", "application", "has_display", "run"]

if TYPE_CHECKING:
    from console.ui.opened import OpenProfile
    from console.ui.room import Room
    from console.ui.upgrading import UpgradeWindow

_SWITCH_S = 0.001  # five times as often as usual: whoever paints waits no longer than this for whoever computes


def has_display() -> bool:
    """Whether a window can be shown here."""
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.environ.get("QT_QPA_PLATFORM"))
    return True


def run(paths: ProfilePaths, *, practise: bool = False) -> int:
    """Show the window until it is closed; the exit status.

    `practise` opens a drill at once, in a folder of its own.
    """
    from console.ui.single import raise_other  # noqa: PLC0415  after `application` set the collector

    app = application()
    if not practise and paths.settings.exists() and raise_other(paths.root):
        return 0
    windows = Windows(app, QSettings("standdown", "window"))
    windows.open(paths, practise=practise)
    status = app.exec()
    windows.end()
    return status


def application() -> QApplication:
    """The process's one application, with its names."""
    found = QApplication.instance()
    if isinstance(found, QApplication):
        return found
    sys.setswitchinterval(_SWITCH_S)
    keep_none()
    gc.disable()  # until there is an application, whose thread collects
    QApplication.setApplicationName("standdown")
    QApplication.setApplicationDisplayName("Standdown")
    QApplication.setDesktopFileName("standdown")
    app = QApplication(sys.argv[:1])
    Collector(app)
    return app


class Windows:
    """The windows of one process: the first run, and the profiles it leads to."""

    def __init__(self, app: QApplication, settings: QSettings) -> None:
        choice, scale = kept_look(settings)
        self.look = Look(app, choice, text_scale=scale, sheet=False)
        self.opened: list[OpenProfile] = []
        self.first: QWidget | None = None
        self.upgrading: UpgradeWindow | None = None
        self._settings = settings

    def open(self, paths: ProfilePaths, *, practise: bool = False) -> None:
        """The profile's window; the first run where there is none yet, or where founding it was left unfinished."""
        from console.services.setup import unfinished  # noqa: PLC0415  after `application` set the collector

        if practise or not paths.settings.exists() or unfinished(paths):
            from console.ui.firstrun import FirstRun  # noqa: PLC0415  a profile that is there needs none of it

            self.first = FirstRun(paths, self.look, self._show, practise=practise)
            self.look.dress()
            self.first.show()
        elif not self._upgraded_beside(paths):
            self._show(paths, _nothing)

    def _upgraded_beside(self, paths: ProfilePaths) -> bool:
        """Whether the record has to be brought up to date first; then a window says how far that is."""
        from console.services.upgrading import Upgrade, needed  # noqa: PLC0415  after `application` set the collector

        wanted = needed(paths)
        if wanted is None:
            return False
        from console.ui.upgrading import UpgradeWindow  # noqa: PLC0415  once in the life of a version

        def done() -> None:
            self._show(paths, _nothing)

        self.upgrading = UpgradeWindow(Upgrade(paths, wanted), self.look, done)
        self.look.dress()
        self.upgrading.show()
        return True

    def end(self) -> None:
        """Everything that was opened, in the order in which it was."""
        if self.upgrading is not None:
            self.upgrading.end()
        for one in self.opened:
            one.end()

    def _show(self, paths: ProfilePaths, done: Callable[[], None]) -> Room:
        from console.ui.opened import OpenProfile  # noqa: PLC0415  after `application` set the collector

        self.opened.append(OpenProfile(paths, self.look, self._settings, done))
        self.look.dress()
        self.opened[-1].window.show()
        return self.opened[-1].room


def _nothing() -> None:
    """A profile that was simply opened has nothing to end but itself."""
