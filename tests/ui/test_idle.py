"""A person's input puts off the lock, wherever it comes in; what nobody touched is locked in time."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget

from console.ui.idle import IdleLock
from console.ui.keys import Keys
from console.viewmodels.commands import Commands
from console.viewmodels.idle import IDLE_MS
from tests.kit.clock import FakeClock


@pytest.fixture
def desk():
    clock = FakeClock()
    made = SimpleNamespace(session=SimpleNamespace(clock=clock, usable=True), locked=0)
    made.lock = lambda: setattr(made, "locked", made.locked + 1)
    return made


@pytest.fixture
def idle(qapp, desk):
    made = IdleLock(SimpleNamespace(desk=desk, bridge=SimpleNamespace(on=lambda *_: None)))
    yield made
    made.deleteLater()


class Place(QWidget):
    def __init__(self):
        super().__init__()
        self.field = QLineEdit()
        QVBoxLayout(self).addWidget(self.field)


@pytest.fixture
def place(qtbot):
    made = Place()
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    qtbot.waitExposed(made)
    qtbot.waitUntil(made.isActiveWindow)
    return made


def press(window):
    QTest.keyClick(window, Qt.Key.Key_A)


def click(window):
    QTest.mouseClick(window, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(10, 10))


def move(window):
    QTest.mouseMove(window, QPoint(12, 12))


@pytest.mark.parametrize("touch", [press, click, move])
def test_what_a_person_does_puts_the_lock_off_and_idling_brings_it(idle, desk, place, touch):
    idle.look()
    desk.session.clock.advance(IDLE_MS - 1)
    touch(place.windowHandle())
    QApplication.processEvents()
    desk.session.clock.advance(IDLE_MS - 1)
    idle.look()
    assert not desk.locked
    desk.session.clock.advance(1)
    idle.look()
    assert desk.locked == 1


def test_a_window_that_opened_later_is_heard_too(idle, desk, place, qtbot):
    desk.session.clock.advance(IDLE_MS)
    beside = Place()
    qtbot.addWidget(beside)
    beside.show()
    beside.activateWindow()
    qtbot.waitUntil(beside.isActiveWindow)
    press(beside.windowHandle())
    QApplication.processEvents()
    idle.look()
    assert not desk.locked


def test_what_the_program_does_by_itself_is_no_touch(idle, desk, place):
    idle.look()
    desk.session.clock.advance(IDLE_MS)
    place.field.setText("something")
    place.resize(300, 200)
    place.repaint()
    QApplication.processEvents()
    idle.look()
    assert desk.locked == 1


class AskedIdle(IdleLock):
    def __init__(self, room, asked):
        self.asked = asked
        super().__init__(room)

    def eventFilter(self, watched, event):  # noqa: N802  Qt's name
        self.asked.append((watched, event.type()))
        return False


class AskedKeys(Keys):
    def eventFilter(self, watched, event):  # noqa: N802  Qt's name
        self._refused((watched, event.type()))
        return False


def test_no_question_is_asked_about_the_events_of_every_part(desk, place):
    """Each question would take Python's lock, while something is painted, from whoever computes."""
    asked = []
    idle = AskedIdle(SimpleNamespace(desk=desk, bridge=SimpleNamespace(on=lambda *_: None)), asked)
    AskedKeys(place, Commands(), asked.append)
    places = [QLineEdit() for _ in range(50)]
    for one in places:
        place.layout().addWidget(one)
    QApplication.processEvents()
    asked.clear()
    place.repaint()
    QApplication.processEvents()
    idle.deleteLater()
    assert len({id(one) for one, kind in asked if kind == QEvent.Type.Paint}) <= 2  # the window, and what has the focus
    assert len(asked) < 40  # some hundred with a filter of the application


def test_after_sleep_it_is_locked_though_somebody_was_just_there(idle, desk):
    asleep = [0]
    idle._idle._asleep_ns = lambda: asleep[0]
    idle._idle.slept()
    idle.look()
    assert desk.locked == 0
    asleep[0] = 30 * 10**9
    idle._idle.touched()
    idle.look()
    assert desk.locked == 1
