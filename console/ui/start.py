"""Starts the window of a profile, or the first run where there is none, and ends everything in a fixed order.

The only place that constructs a window's parts. It must import nothing heavy before the first window is there.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from console.runtime.paths import ProfilePaths
from console.services.setup import unfinished
from console.ui.firstrun import FirstRun
from console.ui.look_commands import kept_look
from console.ui.opened import OpenProfile
from console.ui.room import Room
from console.ui.single import raise_other
from console.ui.theme import Look


def has_display() -> bool:
    """Whether a window can be shown here."""
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.environ.get("QT_QPA_PLATFORM"))
    return True


def run(paths: ProfilePaths, *, practise: bool = False) -> int:
    """Show the window until it is closed; the exit status.

    `practise` opens a drill at once, in a folder of its own.
    """
    app = application()
    if not practise and paths.settings.exists() and raise_other(paths.root):
        return 0
    settings = QSettings("standdown", "window")
    choice, scale = kept_look(settings)
    look = Look(app, choice, text_scale=scale)
    opened: list[OpenProfile] = []

    def show(found: ProfilePaths, done: Callable[[], None]) -> Room:
        opened.append(OpenProfile(found, look, settings, done))
        opened[-1].window.show()
        return opened[-1].room

    if practise or not paths.settings.exists() or unfinished(paths):
        first = FirstRun(paths, look, show, practise=practise)
        first.show()
    else:
        show(paths, lambda: None)
    status = app.exec()
    for one in opened:
        one.end()
    return status


def application() -> QApplication:
    """The process's one application, named and with Qt's own messages in the log."""
    found = QApplication.instance()
    if isinstance(found, QApplication):
        return found
    QApplication.setApplicationName("standdown")
    QApplication.setApplicationDisplayName("Standdown")
    QApplication.setDesktopFileName("standdown")
    return QApplication(sys.argv[:1])
