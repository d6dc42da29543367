"""The desktop's own signals, over a real bus: a locked screen and a machine that goes to sleep lock the key."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from PySide6.QtDBus import QDBusConnection, QDBusMessage

from console.ui.screen_lock import ScreenLock, session_path


@pytest.fixture
def bus():
    """The address of a bus that is this test's own; in a short path, as sockets want it."""
    if shutil.which("dbus-daemon") is None:
        pytest.skip("needs dbus-daemon (apt-get install dbus)")
    with tempfile.TemporaryDirectory(prefix="bus-") as folder:
        socket, config = Path(folder) / "bus", Path(folder) / "bus.conf"
        config.write_text(
            f"<busconfig><type>session</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>"
            '<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>'
            '<allow own="*"/></policy></busconfig>',
            encoding="utf-8",
        )
        daemon = subprocess.Popen(["dbus-daemon", f"--config-file={config}", "--nofork"])
        try:
            ends = time.monotonic() + 90
            while not socket.exists() and daemon.poll() is None and time.monotonic() < ends:
                time.sleep(0.01)
            assert socket.exists()
            yield f"unix:path={socket}"
        finally:
            daemon.kill()
            daemon.wait(30)


@pytest.fixture
def two_ends(bus):
    names = ("standdown-test-hears", "standdown-test-says")
    yield tuple(QDBusConnection.connectToBus(bus, name) for name in names)
    for name in names:
        QDBusConnection.disconnectFromBus(name)


def say(bus, path, interface, name, *arguments):
    message = QDBusMessage.createSignal(path, interface, name)
    message.setArguments(list(arguments))
    assert bus.send(message)


def test_a_locked_screen_a_request_and_sleep_lock_and_their_ends_do_not(qtbot, two_ends):
    hears, says = two_ends
    locked = []
    made = ScreenLock(lambda: locked.append("locked"))
    assert made.listen(hears, {"XDG_SESSION_ID": "2"})
    saver, login = "org.freedesktop.ScreenSaver", "org.freedesktop.login1"
    signals = [
        ("/org/freedesktop/ScreenSaver", saver, "ActiveChanged", True),
        ("/org/gnome/ScreenSaver", "org.gnome.ScreenSaver", "ActiveChanged", True),
        ("/org/freedesktop/login1", f"{login}.Manager", "PrepareForSleep", True),
        (session_path("2"), f"{login}.Session", "Lock"),
    ]
    for count, signal in enumerate(signals, 1):
        say(says, *signal)
        qtbot.waitUntil(lambda count=count: len(locked) == count)
    say(says, "/org/freedesktop/ScreenSaver", saver, "ActiveChanged", False)  # open again
    say(says, session_path("c7"), f"{login}.Session", "Lock")  # somebody else's
    say(says, *signals[0])  # what was said before it has arrived when this has
    qtbot.waitUntil(lambda: len(locked) > len(signals))
    assert len(locked) == len(signals) + 1


def test_without_a_bus_nothing_is_heard():
    assert not ScreenLock(lambda: None).listen(QDBusConnection("no such connection"), {})


def test_a_session_is_named_as_login1_names_it():
    assert session_path("2") == "/org/freedesktop/login1/session/_32"
    assert session_path("c12-x") == "/org/freedesktop/login1/session/c12_2dx"
