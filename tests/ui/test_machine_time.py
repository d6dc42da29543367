"""The time of this console in large figures, and the way from the alarm over it to a signature."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QWidget

from console.runtime.paths import ProfilePaths
from console.services.session import Session
from console.ui.confirm import ConfirmDialog
from console.ui.machine_time import ConfirmTimeSheet
from console.ui.roster_restored import RestoredSheet
from console.viewmodels.machine_time import time_view
from tests.kit.pair import Asks, founded, pair_at
from tests.kit.rooms import room_of
from tests.outbox.test_clock_back import SetClock

__all__ = ["founded"]
WITHIN_MS = 30_000
HOUR = 3_600_000


@pytest.fixture
def doubtful(founded: Path, tmp_path: Path) -> Iterator[Session]:
    with pair_at(founded, tmp_path / "org") as (one, _):
        places = one.settings.places
        one.close()
        clock = SetClock()
        with Session.open(ProfilePaths(tmp_path / "org" / "commander"), Asks("commander"), clock) as session:
            session.change_settings(replace(session.settings, places=places))
            clock.back = 2 * HOUR
            yield session


@pytest.fixture
def window(qtbot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.show()
    return made


def texts(widget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel))


def test_from_the_alarm_to_the_confirmation(doubtful, look, window, qtbot) -> None:
    with room_of(doubtful, look) as room:
        record = RestoredSheet(room, window)
        record.open()
        qtbot.waitUntil(record.confirm.isVisible, timeout=WITHIN_MS)
        since = doubtful.clock.wall_ms() // 1000
        record.confirm.click()
        (sheet,) = window.findChildren(ConfirmTimeSheet)
        shown, until = sheet.figures.text(), doubtful.clock.wall_ms() // 1000
        assert shown in [time_view(second * 1000).figures for second in range(since, until + 1)]
        assert "UTC" in sheet.utc.text()
        assert "UTC" in sheet.day.text(), "the zone is named by its distance too"
        before = sheet.figures.text()
        qtbot.waitUntil(lambda: sheet.figures.text() != before, timeout=WITHIN_MS)
        sheet.go.click()
        qtbot.waitUntil(lambda: bool(window.findChildren(ConfirmDialog)), timeout=WITHIN_MS)
        (dialog,) = window.findChildren(ConfirmDialog)
        qtbot.waitUntil(lambda: "Confirm the time of a console" in texts(dialog), timeout=WITHIN_MS)
        (proposed,) = [
            one for one in doubtful.reader.entries(kinds=("document.proposed",))
            if one.entry.pub["doc_type"] == "clock.v1"
        ]  # fmt: skip
        assert proposed.entry.pub["doc"] == dialog.sha
        dialog.close()


def test_where_the_clock_is_right_nothing_is_offered(doubtful, look, window, qtbot) -> None:
    doubtful.clock.back = 0
    with room_of(doubtful, look) as room:
        record = RestoredSheet(room, window)
        record.open()
        qtbot.waitUntil(lambda: "Nothing is missing." in texts(record), timeout=WITHIN_MS)
        assert not record.confirm.isVisible()
        record.close()
