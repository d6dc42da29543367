"""Locks the person's key when the desktop locks its screen, is asked to, or the machine goes to sleep (Linux: D-Bus).

It only listens, on the user's bus and the system's, and only ever locks: whoever sends such a signal falsely gains
nothing. Where there is no bus, and on other systems, idleness and the clock that counts sleep do it (`IdleLock`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from PySide6.QtCore import SLOT, QObject, Slot
from PySide6.QtDBus import QDBusConnection
from PySide6.QtGui import QGuiApplication

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from console.services.session import Session
    from console.ui.room import Room

_LOGIN: Final = "org.freedesktop.login1"
_SAVERS: Final = ("org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver", "org.cinnamon.ScreenSaver",
                  "org.mate.ScreenSaver", "org.xfce.ScreenSaver")  # fmt: skip
# PySide takes a text here; its stubs ask for bytes, which it refuses
_TURNED: Final = cast("bytes", SLOT("turned(bool)"))
_ASKED: Final = cast("bytes", SLOT("asked()"))
_SYSTEM_SOCKET: Final = Path("/run/dbus/system_bus_socket")
_NO_SCREEN: Final = frozenset({"offscreen", "minimal", "vnc"})


class ScreenLock(QObject):
    """One per window. `lock` is called on Qt's thread, as often as the desktop says so."""

    def __init__(self, lock: Callable[[], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = lock
        self._buses: list[QDBusConnection] = []

    def listen(self, bus: QDBusConnection, environ: Mapping[str, str] = os.environ) -> bool:
        """Hear what this bus says; whether there is one."""
        if not bus.isConnected():
            return False
        self._buses.append(bus)
        for saver in _SAVERS:
            bus.connect("", "", saver, "ActiveChanged", self, _TURNED)
        bus.connect("", "", f"{_LOGIN}.Manager", "PrepareForSleep", self, _TURNED)
        if session := environ.get("XDG_SESSION_ID", ""):  # other people's screens are locked too
            bus.connect("", session_path(session), f"{_LOGIN}.Session", "Lock", self, _ASKED)
        return True

    @Slot(bool)
    def turned(self, on: bool) -> None:  # noqa: FBT001  the signal's own argument
        """The screen was locked or unlocked; the machine goes to sleep or is back."""
        if on:
            self._lock()

    @Slot()
    def asked(self) -> None:
        """Somebody asked for this session's screen to be locked."""
        self._lock()


def session_path(session: str) -> str:
    """Where login1 shows a session: its name with what is no letter, and a digit in front, as _ and two hex digits."""
    kept = (
        char if char.isascii() and (char.isalpha() or (char.isdigit() and at)) else f"_{ord(char):02x}"
        for at, char in enumerate(session)
    )  # fmt: skip
    return "/org/freedesktop/login1/session/" + "".join(kept)


def listen_to_desktop(room: Room, window: QWidget, environ: Mapping[str, str] = os.environ) -> None:
    """Find the buses on a lane, then listen; nothing happens where no screen could be locked."""
    if sys.platform != "linux" or QGuiApplication.platformName() in _NO_SCREEN:
        return
    desk = room.desk

    def lock() -> None:
        if desk.session.usable:
            desk.lock()

    made = ScreenLock(lock, window)

    def open_buses(_session: Session) -> list[QDBusConnection]:
        found: list[QDBusConnection] = []
        if environ.get("DBUS_SESSION_BUS_ADDRESS"):  # without it Qt would start a bus
            found.append(QDBusConnection.sessionBus())
        if environ.get("DBUS_SYSTEM_BUS_ADDRESS") or _SYSTEM_SOCKET.exists():
            found.append(QDBusConnection.systemBus())
        return found

    def listen(found: list[QDBusConnection]) -> None:
        for bus in found:
            made.listen(bus, environ)

    room.doer.do(open_buses, listen, failed=lambda _trouble: None, lane="look", over=window)


__all__ = ["ScreenLock", "listen_to_desktop", "session_path"]
