"""No screen without a picture: whoever makes a new dialog says in which states it has to be looked at."""

from __future__ import annotations

import inspect

from PySide6.QtWidgets import QMainWindow, QWidget

from tests.ui import screens
from tests.ui.screens import SCREENS, STATES


def test_every_dialog_is_in_the_list_of_what_is_pictured() -> None:
    found = dict(screens.dialogs())
    assert len(found) > 60
    assert not set(found) - set(SCREENS), "a dialog of which no picture is asked for"
    others = {"FirstRun", "UpgradeWindow", "Wall", "timeline", "board", "coverage", "outbox", "after-action", "entry"}
    assert set(SCREENS) - set(found) == others


def test_what_reads_first_is_pictured_while_it_reads_and_where_it_cannot() -> None:
    for name, found in screens.dialogs():
        if "read_first(" in inspect.getsource(found):
            assert {"loading", "error"} <= screens.needed(name), name


def test_what_is_wanted_is_compared_with_what_was_pictured() -> None:
    everything = {(screen, state, look) for screen in SCREENS for state in STATES for look in ("dark", "light")}
    assert not screens.missing(everything)
    assert screens.missing(everything - {("Wall", "error", "light")}) == ["Wall: error light"]
    assert "About: no picture at all" in screens.missing({one for one in everything if one[0] != "About"})
    assert all(line.partition(": ")[2] for line in screens.meaningless())
    assert {state for states in SCREENS.values() for state in states.split()} <= set(STATES)


def test_a_picture_says_which_screen_and_state_it_is(qtbot) -> None:
    window, part = QMainWindow(), QWidget()
    for one in (window, part):
        qtbot.addWidget(one)
    assert screens.screen_of(window, "error-after-action") == "after-action"
    assert screens.screen_of(part, "error-after-action") == "QWidget"
    assert (screens.state_of(part, "error-board"), screens.state_of(part, "first-doors")) == ("error", "normal")
