"""Clocks and checklist beside the corrections: one key ticks, ticked is what is saved, dialogs write by services."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from console.services import checklist, clocks, incidents, regimes
from console.ui.checklist import ChecklistDialog, TaskDialog
from console.ui.clock_dialogs import AsideDialog, DetermineDialog, SentDialog
from console.ui.clocks import ClocksDialog, RegimesDialog
from console.ui.duty_commands import DutyCommands
from console.viewmodels.duties import DUTIES

HOUR = 3_600_000


@pytest.fixture
def inc(room) -> str:
    session = room.desk.session
    session.settings = replace(session.settings, house="make")
    made = incidents.declare(session, "t", 1).entry.inc
    assert made is not None
    room.desk.choose(made)
    return made


@pytest.fixture
def duties(qtbot, room, inc):
    """The sections in a window, once what is owed was read."""
    window = QWidget()
    qtbot.addWidget(window)
    made = DutyCommands(room, window)
    made.add_commands(room.commands)
    made.sections.setParent(window)
    window.resize(360, 700)
    window.show()
    qtbot.waitUntil(lambda: (found := room.desk.outlet.latest(DUTIES)) is not None and found.inc == inc)
    yield made
    window.close()


def know(room, inc: str, hours: int) -> None:
    now = room.desk.session.clock.wall_ms() - 1_000
    incidents.record_fact(room.desk.session, "On call read it", inc=inc, since_ms=now - hours * HOUR)
    room.desk.refresh()


def tasks(room, inc: str):
    return checklist.tasks_in(room.desk.session, inc)


def test_the_plan_meant_for_its_severity_is_one_press_away_and_one_key_ticks(qtbot, room, inc, duties) -> None:
    sections = duties.sections
    qtbot.waitUntil(sections._begin.isVisible)
    assert sections._begin.text() == "Begin the SEV-1 plan"
    assert not sections.clocks.isVisible(), "no clock runs: nothing is said of any"
    sections._begin.click()
    qtbot.waitUntil(lambda: len(sections.tasks.rows()) == 5)
    assert sections.tasks.heading.text() == "Checklist  0 of 13 done"
    assert room.commands.give("next-task") is None
    first = sections.tasks.rows()[0].box
    qtbot.keyClick(first, Qt.Key.Key_Space)
    assert not first.isChecked(), "ticked is what is saved, not what was asked for"
    qtbot.waitUntil(lambda: sections.tasks.heading.text() == "Checklist  1 of 13 done")
    assert tasks(room, inc)[0].state == "done"
    ticked = sections.tasks.rows()[0]
    assert ticked.box.isChecked()
    assert "by Commander" in ticked.box.accessibleName()
    qtbot.keyClick(ticked.box, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: sections.tasks.heading.text() == "Checklist  0 of 13 done")
    assert tasks(room, inc)[0].state == "open"


def test_a_clock_says_its_state_in_words_and_how_long_there_is(qtbot, room, inc, duties) -> None:
    know(room, inc, 30)
    qtbot.waitUntil(lambda: len(duties.sections.clocks.rows()) >= 1)
    row = duties.sections.clocks.rows()[0]
    assert row.accessibleName().startswith("provisional: EU GPAI 2 d: 17 h 59 min left (provisional; if critical")
    assert row._mark.text() == "provisional"
    regimes.copy(room.desk.session).write_text("no", encoding="utf-8")
    duties.reader.touch()
    qtbot.waitUntil(duties.sections.clocks._word.isVisible)
    assert "cannot be read" in duties.sections.clocks._word.text()


@pytest.fixture
def line(room):
    return incidents.list_incidents(room.desk.session)[0]


def test_the_clocks_dialog_follows_the_record_and_leads_to_what_can_be_said(qtbot, room, inc, duties, line) -> None:
    dialog = ClocksDialog(room, duties._window, line, duties.reader.touch)
    dialog.open()
    assert dialog._none.isVisible()
    know(room, inc, 3)
    qtbot.waitUntil(lambda: "eu-gpai" in dialog.regimes)
    assert not dialog._none.isVisible()
    dialog.regimes["eu-gpai"].buttons["determine"].click()
    said = next(one for one in dialog.findChildren(DetermineDialog))
    said.limit.setCurrentIndex(said.limit.findData("death"))
    said.text.setPlainText("Counsel agrees")
    said.since.edit.setText("99:99")
    assert said.doing.text() == "Give a moment that is over."
    said.since.edit.setText("-30m")
    assert "UTC" in said.since.part._hint.text()
    said.press_main()
    qtbot.waitUntil(lambda: not isValid(said) or not said.isVisible())
    qtbot.waitUntil(lambda: any(one.state == "running" for one, _ in dialog.regimes["eu-gpai"]._clocks))
    (clock,) = clocks.clocks_in(room.desk.session, inc)[:1]
    assert (clock.limit.id, clock.first.late_ms > 0) == ("death", True)
    dialog.close()


def test_a_report_is_recorded_only_with_whom_it_went_to(qtbot, room, inc, duties) -> None:
    know(room, inc, 3)
    said = SentDialog(room, duties._window, inc, regimes.find_regime(room.desk.session, "eu-gpai"))
    said.open()
    said.press_main()
    assert said.doing.text() == "Say to whom it went: it is what proves it."
    said.text.setPlainText("AI Office, 88")
    said.press_main()
    qtbot.waitUntil(lambda: bool(clocks.marks_in(room.desk.session, inc).notifications))
    assert next(one for one in clocks.clocks_in(room.desk.session, inc) if one.report.id == "initial").state == "met"


def test_a_clock_is_set_aside_for_a_reason(qtbot, room, inc, duties) -> None:
    know(room, inc, 3)
    said = AsideDialog(room, duties._window, inc, regimes.find_regime(room.desk.session, "eu-gpai"))
    said.open()
    assert said.doing.text() == "Say why."
    said.reason.setPlainText("Not a model with systemic risk")
    said.press_main()
    qtbot.waitUntil(
        lambda: (
            [one.state for one in clocks.clocks_in(room.desk.session, inc) if one.regime.id == "eu-gpai"]
            == ["set aside"]
        )
    )


def test_what_applies_is_ticked_and_shown_at_once(qtbot, room, inc, duties) -> None:
    know(room, inc, 3)
    dialog = RegimesDialog(room, duties._window, duties.reader.touch)
    dialog.open()
    qtbot.waitUntil(lambda: bool(dialog.boxes))
    assert dialog.boxes["eu-gpai"].isChecked()
    dialog.boxes["gdpr-33"].setChecked(True)
    dialog.boxes["eu-gpai"].setChecked(False)
    dialog.press_main()

    def shown() -> set[str]:
        found = room.desk.outlet.latest(DUTIES)
        return set() if found is None else {one.regime.id for one in found.clocks}

    qtbot.waitUntil(lambda: "gdpr-33" in shown())
    assert "eu-gpai" not in shown()


def test_a_task_is_set_with_owner_and_day_and_dropped_for_a_reason(qtbot, room, inc, duties, line) -> None:
    said = TaskDialog(room, duties._window, inc)
    said.open()
    assert said.doing.text() == "Say what is to be done."
    said.text.setPlainText("Change the rota")
    said.owner.setText("Deputy")
    said.day.setCurrentIndex(said.day.findData(7))
    said.at.setText("soon")
    assert said.doing.text() == "Say the time as HH:MM."
    said.at.setText("12:00")
    said.press_main()
    qtbot.waitUntil(lambda: bool(tasks(room, inc)))
    (task,) = tasks(room, inc)
    assert (task.text, task.owner) == ("Change the rota.", "Deputy")
    assert 6 * 24 * HOUR < task.due_ms - room.desk.session.clock.wall_ms() <= 8 * 24 * HOUR
    dialog = ChecklistDialog(room, duties._window, line, duties.say)
    dialog.open()
    qtbot.waitUntil(lambda: task.entry in dialog._rows)
    dialog._drops[task.entry].click()
    drop = dialog.findChildren(type(dialog).__mro__[1])[-1]
    assert drop.why_not() == "Say why."
    drop.reason.setText("The rota is gone")
    drop.press_main()
    qtbot.waitUntil(lambda: tasks(room, inc)[0].state == "dropped")
    dialog.close()
