"""Whoever looks elsewhere is told that something needs them, once, and nothing that a lock screen may not show."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QWidget

from console.services import incidents
from console.services.needs import Need
from console.services.said import announce
from console.ui.notify import Notifier
from console.viewmodels.outside import said_outside
from console.viewmodels.shell import NOW, SHELL, Now

SECRET = "Block key-research at gateway-east"
APPROVE = Need(kind="approve", text=SECRET, doc="d1", until_ms=1_763_906_531_000)


@pytest.fixture
def told(qtbot, room, tmp_path, monkeypatch):
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    monkeypatch.setattr(QApplication, "activeWindow", staticmethod(lambda: None))
    asked: list[QWidget] = []
    settings = QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat)
    made = Notifier(room, window, settings, lambda _what, _then: None, asked.append)
    qtbot.waitUntil(lambda: made._known is not None, timeout=30_000)
    return made, asked, window


def test_what_is_new_is_told_once_and_names_no_target(told) -> None:
    notifier, asked, window = told
    notifier._take(Now((), (APPROVE,)))
    assert asked == [window]
    assert notifier.last == "A signature is asked of you, until 14:02 UTC."
    notifier._take(Now((), (APPROVE,)))
    assert len(asked) == 1, "the same need is no news"
    notifier._take(Now((), ()))
    notifier._take(Now((), (APPROVE,)))
    assert len(asked) == 2, "it came again"


def test_while_it_is_in_front_nobody_is_called(told, monkeypatch) -> None:
    notifier, asked, window = told
    monkeypatch.setattr(QApplication, "activeWindow", staticmethod(lambda: window))
    notifier._take(Now((), (APPROVE,)))
    assert asked == []


def test_a_sound_is_made_only_where_it_was_asked_for(told, monkeypatch) -> None:
    notifier, _, _ = told
    beeps: list[int] = []
    monkeypatch.setattr(QApplication, "beep", staticmethod(lambda: beeps.append(1)))
    notifier._take(Now((), (APPROVE,)))
    assert beeps == []
    notifier._turn_sound()
    notifier._take(Now((), (APPROVE, Need(kind="attest", text=SECRET, doc="d2", target=1))))
    assert beeps == [1]


@pytest.mark.parametrize("kind", ["approve", "attest", "decide", "lapse", "review", "command", "fork", "roster"])
def test_no_kind_of_need_says_more_than_a_lock_screen_may_show(kind) -> None:
    said = said_outside([Need(kind=kind, text=SECRET, detail=SECRET, doc="d"), Need(kind="roster", text=SECRET)])
    assert said.endswith(", and 1 more.")
    assert "gateway" not in said
    assert "key" not in said


def test_the_header_knows_what_was_promised_last(qtbot, room) -> None:
    session = room.desk.session
    inc = str(incidents.declare(session, "t", 2).entry.inc)
    room.desk.choose(inc)
    due = (session.clock.wall_ms() // 60_000 + 30) * 60_000
    announce(session, inc, due, "All keys are blocked.")
    room.desk.refresh()
    qtbot.waitUntil(lambda: room.desk.outlet.latest(SHELL).update_due_ms == due, timeout=30_000)
    announce(session, inc, None)
    room.desk.refresh()
    qtbot.waitUntil(lambda: room.desk.outlet.latest(SHELL).update_due_ms is None, timeout=30_000)
    assert room.desk.outlet.latest(NOW) is not None
