"""The next update is promised in a few keys, in the zone that is shown, and the header counts down to it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from console.services import incidents
from console.services.said import next_update, said_in
from console.ui.next_update import UpdateDialog
from console.viewmodels.said_times import next_clock
from console.viewmodels.zones import ZONE

WITHIN_MS = 30_000
CTRL = Qt.KeyboardModifier.ControlModifier
NOW = int(datetime(2026, 11, 25, 14, 0, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("typed", "zone", "due"),
    [
        ("14:30", UTC, datetime(2026, 11, 25, 14, 30, tzinfo=UTC)),
        ("13:59", UTC, datetime(2026, 11, 26, 13, 59, tzinfo=UTC)),
        ("14:00", UTC, datetime(2026, 11, 26, 14, 0, tzinfo=UTC)),
        ("15:30", ZoneInfo("Europe/Berlin"), datetime(2026, 11, 25, 14, 30, tzinfo=UTC)),
        ("24:00", UTC, None),
        ("half past", UTC, None),
        ("", UTC, None),
    ],
)
def test_the_next_such_time(typed, zone, due) -> None:
    assert next_clock(typed, NOW, zone) == (None if due is None else int(due.timestamp() * 1000))


@pytest.fixture
def dialog(qtbot, room):
    session = room.desk.session
    incidents.declare(session, "t", 2)
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    made = UpdateDialog(room, window, incidents.list_incidents(session)[0])
    made.open()
    yield made
    window.close()


def promised(room):
    return next_update(said_in(room.desk.session, incidents.list_incidents(room.desk.session)[0].inc))


def test_half_an_hour_is_one_key_away(qtbot, room, dialog) -> None:
    session = room.desk.session
    before = session.clock.wall_ms()
    assert dialog._told.text().startswith("Due ")
    qtbot.keyClick(dialog.when, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: not isValid(dialog) or not dialog.isVisible(), timeout=WITHIN_MS)
    found = promised(room)
    assert before + 30 * 60_000 <= found.due_ms <= session.clock.wall_ms() + 31 * 60_000
    assert found.due_ms % 60_000 == 0, "what is said in minutes is due at a full one"


def test_a_time_is_read_in_the_zone_that_is_shown(qtbot, room, dialog) -> None:
    room.desk.outlet.post(ZONE, "Asia/Kolkata")
    dialog.when.setCurrentIndex(dialog.when.findData(-1))
    assert dialog.doing.text() == "Say at what time, as HH:MM."
    qtbot.keyClicks(dialog.at, "08:00")
    assert "08:00:00 IST (02:30:00 UTC)" in dialog._told.text() or "IST (2" in dialog._told.text()
    dialog.press_main()
    qtbot.waitUntil(lambda: promised(room) is not None, timeout=WITHIN_MS)
    assert datetime.fromtimestamp(promised(room).due_ms / 1000, UTC).strftime("%H:%M") == "02:30"


def test_that_none_follows_is_said_too(qtbot, room, dialog) -> None:
    dialog.when.setCurrentIndex(dialog.when.findData(0))
    dialog.text.setPlainText("It is over.")
    dialog.press_main()
    qtbot.waitUntil(lambda: not isValid(dialog) or not dialog.isVisible(), timeout=WITHIN_MS)
    (entry,) = room.desk.session.reader.entries(kinds=("communication",))
    assert entry.disclosed["text"] == "It is over. No further update is planned."
    assert promised(room) is None
