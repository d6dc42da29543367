"""Windows are tested offscreen, and a word of warning from Qt fails the test."""

from __future__ import annotations

import gc
import os
from functools import partial
from typing import TYPE_CHECKING

import pytest
from pytestqt.qtbot import QtBot

from tests.kit.pair import founded, pair

os.environ["QT_QPA_PLATFORM"] = "offscreen"

if TYPE_CHECKING:
    from collections.abc import Iterator

    from console.ui.room import Room
    from console.ui.theme import Look

__all__ = ["founded", "pair"]

LEAST_PATIENCE_MS = 60_000  # a wait is for what must come; a machine busy with other things is no failure


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No wait of pytest-qt ends sooner than this, whatever a test asks for."""

    def waits_longer(name: str) -> None:
        waits = getattr(QtBot, name)

        def waited(self: QtBot, *what: object, timeout: int = 0, **how: object) -> object:
            return waits(self, *what, timeout=max(timeout, LEAST_PATIENCE_MS), **how)

        monkeypatch.setattr(QtBot, name, waited)

    for name in ("waitUntil", "waitSignal", "waitActive", "waitExposed"):
        waits_longer(name)


_FROZEN: list[bool] = []
_SCREEN: list[str] = []


@pytest.fixture(autouse=True)
def collected_here() -> Iterator[None]:
    """As in the product (console/ui/collecting.py): no thread but Qt's destroys what a test leaves behind."""
    gc.disable()
    if not _FROZEN:
        gc.freeze()  # what was imported until now stays: looking it through after every test takes long
        _FROZEN.append(True)
    from PySide6.QtGui import QGuiApplication

    if not _SCREEN and QGuiApplication.instance() is not None:
        QGuiApplication.primaryScreen().destroyed.connect(partial(_SCREEN.append, "gone"))
        _SCREEN.append("there")
    yield
    gc.collect()
    gc.enable()
    assert "gone" not in _SCREEN, "a widget that was collected took the screen with it: see console/ui/screens.py"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = os.path.dirname(__file__) + os.sep  # noqa: PTH120 - compared as text, thousands of times
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.qt_log_level_fail("WARNING"))
            item.add_marker(
                pytest.mark.qt_log_ignore("plugin does not support (propagateSizeHints|raise|grabbing the keyboard)")
            )  # offscreen's own


@pytest.fixture
def look(qapp) -> Look:
    from console.ui.theme import Look

    made = Look(qapp, "dark")
    yield made
    made.deleteLater()


@pytest.fixture
def room(pair, look) -> Room:
    """The commander's window surroundings, without an engine."""
    from tests.kit.rooms import room_of

    with room_of(pair[0], look) as made:
        yield made
