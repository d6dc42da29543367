"""What takes a picture of a widget, a dialog, every tab: for `tests.ui.shots` and its parts."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

# Qt's own offscreen screen is 800 x 800, on which wide dialogs scroll as nowhere else
if os.environ.get("QT_QPA_PLATFORM", "offscreen") == "offscreen":
    os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={Path(__file__).with_name('desk.json')}"

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QToolButton, QWidget

from console.runtime.paths import ProfilePaths
from console.ui.opened import OpenProfile
from console.ui.theme import Choice, Look
from console.ui.wall import Wall
from console.ui.window import MainWindow
from tests.kit.resting import rest
from tests.ui.screens import screen_of, state_of

LOOKS: Final[tuple[Choice, ...]] = ("dark", "light")
TABS: Final = ("timeline", "entry", "board", "coverage", "after-action", "outbox", "wall")
WITHIN_S: Final = 60.0
_DEEP: Final = 4


class Shots:
    """Writes one picture after the other, each in every one of `looks`."""

    def __init__(self, app: QApplication, folder: Path) -> None:
        self.app, self.folder = app, folder
        self.looks = LOOKS
        self.look = Look(app, "dark")
        self.count = 0
        self.seen: set[tuple[str, str, str]] = set()  # screen, state, look

    def both(self, widget: QWidget, name: str, looks: tuple[Choice, ...] | None = None) -> None:
        """The widget as it is now, dark and light, or as `looks` say."""
        for choice in looks or self.looks:
            self.look.choose(choice)
            rest(80)
            for _ in range(_DEEP):  # laid out anew where something has just changed, one level after the other
                QApplication.sendPostedEvents()
                QApplication.processEvents()
            widget.grab().save(str(self.folder / f"{name}-{choice}.png"))
            self.count += 1
            self.seen.add((screen_of(widget, name), state_of(widget, name), choice))
        self.look.choose("dark")

    def dialogs(self, opened: OpenProfile, names: tuple[str, ...], prefix: str, wait_ms: int = 1_200) -> list[str]:
        """Every dialog that may be opened now; gives why the others may not."""
        refused: list[str] = []
        for name in names:
            before = set(self.app.topLevelWidgets())
            why = opened.room.commands.give(name)
            if why is not None:
                refused.append(f"{prefix}-{name}: {why}")
                continue
            rest(wait_ms)
            self.new_windows(before, f"{prefix}-{name}")
        return refused

    def new_windows(self, before: set[QWidget], name: str) -> None:
        """What has opened since, pictured and closed."""
        for window in self.app.topLevelWidgets():
            if window not in before and window.isVisible():
                self.both(window, name)
                window.close()
        rest(100)

    def tabs(self, opened: OpenProfile, prefix: str, only: tuple[str, ...] = TABS) -> None:
        """The main window with the timeline, an entry, the board, the outbox; and the wall."""
        window = opened.window
        window.resize(1400, 880)
        self._outbox(window, opened=False)
        for name in only:
            if name in ("board", "coverage", "after-action", "timeline"):
                window.show_tab("review" if name == "after-action" else name)
                rest(600)
                self.both(window, f"{prefix}-{name}")
        window.show_tab("timeline")
        if "entry" in only:
            self._entry(opened, prefix)
        if "outbox" in only:
            window.show_tab("board")
            self._outbox(window, opened=True)
            self.both(window, f"{prefix}-outbox")
            self._outbox(window, opened=False)
            window.show_tab("timeline")
        if "wall" in only:
            self.look_at_wall(opened, prefix)

    def _outbox(self, window: MainWindow, *, opened: bool) -> None:
        strip = next(one for one in window.outbox.findChildren(QToolButton) if one.isCheckable())
        if strip.isChecked() != opened:
            window.outbox.toggle()
        rest(300)

    def _entry(self, opened: OpenProfile, prefix: str) -> None:
        table = opened.window.timeline.table
        with suppress(Exception):  # an empty record has none
            table.go_to(table.model().rowCount() - 1)
            table.opened.emit()
            rest(500)
            self.both(opened.window, f"{prefix}-entry")
            table.opened.emit()

    def look_at_wall(self, opened: OpenProfile, prefix: str) -> None:
        """As on a screen of 1920 x 1080."""
        wall = self.wall(opened, 1920, 1080)
        self.both(wall, f"{prefix}-wall")
        wall.close()

    def wall(self, opened: OpenProfile, width: int, height: int, within_s: float = WITHIN_S) -> QWidget:
        """The wall, on a screen of that size."""
        wall = Wall(opened.room)
        wall.resize(width, height)
        wall.show()
        until(wall.accessibleDescription, within_s)  # said once the record was read
        rest(300)
        return wall

    def open(self, paths: ProfilePaths) -> OpenProfile:
        """A window on a profile."""
        opened = OpenProfile(paths, self.look, self.settings(), lambda: None)
        opened.window.resize(1400, 880)
        opened.window.show()
        return opened

    def settings(self) -> QSettings:
        """Where these windows keep their places."""
        return QSettings(str(self.folder / "shots.ini"), QSettings.Format.IniFormat)


def until(condition: Callable[[], object], within_s: float = WITHIN_S) -> bool:
    """Let the window live until something is so; whether it came."""
    ends = time.monotonic() + within_s
    while not condition() and time.monotonic() < ends:
        rest(50)
    return bool(condition())
