"""The board shows what was heard, moves by keys, says every cell in words, and paints only what changed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from console.services.board import Cell
from console.services.live_values import InstanceLook, Looks, PageHint, ProviderLink, RoundHint, SurfaceLook
from console.services.providers import Surface
from console.ui.board_grid import BoardGrid, _restrictions
from console.viewmodels.board import BoardModel

NOW_MS = 1_800_000_000_000


def looks(models: int = 3, providers: int = 2, *, at_ms: int = NOW_MS - 2_000, state: str = "serving") -> Looks:
    """So many models, each on every provider, read at `at_ms`."""
    surfaces, instances = [], []
    for one in range(providers):
        instance = f"g-{one}"
        link = ProviderLink(
            instance=instance, name=f"gateway {one}", adapter="practice", state="answers", since_ms=at_ms,
            looked_ms=at_ms, read_ms=at_ms, latency_ms=12,
        )  # fmt: skip
        told = []
        for model in range(models):
            key = f"m{model}"
            surfaces.append(
                Surface(surface=f"t-{one}-{model}", instance=instance, model=f"model-{model:03d}", kind="public",
                        control="developer", reach="everyone", name=f"model {model}", key=key)
            )  # fmt: skip
            told.append(SurfaceLook(key=key, model=f"model-{model:03d}", state=state, restrictions=(), detail="",
                                    read_ms=at_ms))  # fmt: skip
        instances.append(InstanceLook(link=link, surfaces=tuple(told), latency=tuple(range(10, 40))))
    return Looks(surfaces=tuple(surfaces), instances=tuple(instances), poll_ms=5_000)


class Painted(BoardGrid):
    """Remembers what was painted."""

    def __init__(self, *given: object) -> None:
        super().__init__(*given)
        self.areas: list[object] = []

    def paintEvent(self, event) -> None:  # noqa: N802  Qt's name
        self.areas.append(event.rect())
        super().paintEvent(event)


@pytest.fixture
def grid(qtbot, look):
    made = Painted(look, BoardModel())
    qtbot.addWidget(made)
    made.resize(900, 600)
    made.show()
    qtbot.waitExposed(made)
    return made


def _take(grid: Painted, told: Looks, now_ms: int = NOW_MS) -> None:
    grid.show_change(grid._model.take_looks(told, now_ms), now_ms)


def test_arrows_move_and_every_place_is_said(qtbot, grid) -> None:
    _take(grid, looks())
    grid.setFocus()
    qtbot.keyClick(grid, Qt.Key.Key_Down)
    assert grid.place == (0, 0)
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    qtbot.keyClick(grid, Qt.Key.Key_J)
    assert grid.place == (1, 1)
    assert "model-001" in grid.accessibleDescription()
    assert "serving" in grid.accessibleDescription()
    for _ in range(9):
        qtbot.keyClick(grid, Qt.Key.Key_Down)
    assert grid.place == (2, 1)


def test_enter_opens_the_cell_and_only_where_there_is_a_cursor(qtbot, grid) -> None:
    _take(grid, looks())
    opened: list[object] = []
    grid.opened.connect(opened.append)
    qtbot.keyClick(grid, Qt.Key.Key_Return)
    assert opened == []
    grid.go_to((2, 0))
    qtbot.keyClick(grid, Qt.Key.Key_Return)
    assert opened == [(2, 0)]


def test_only_a_changed_cell_is_painted_anew(qtbot, grid) -> None:
    told = looks()
    grid.areas.clear()
    _take(grid, told)
    qtbot.waitUntil(lambda: bool(grid.areas))
    qtbot.wait(50)
    grid.areas.clear()
    first = told.instances[0]
    changed = (replace(first.surfaces[0], state="stopped"), *first.surfaces[1:])
    _take(grid, replace(told, instances=(replace(first, surfaces=changed), told.instances[1])))
    qtbot.waitUntil(lambda: bool(grid.areas))
    assert all(grid.box((0, 0)).contains(area) for area in grid.areas)


def test_nothing_is_painted_where_nothing_changed(qtbot, grid) -> None:
    told = looks()
    grid.areas.clear()
    _take(grid, told)
    qtbot.waitUntil(lambda: bool(grid.areas))
    qtbot.wait(50)
    grid.areas.clear()
    _take(grid, told)
    qtbot.wait(50)
    assert grid.areas == []


def test_what_is_old_is_not_painted_as_good(qtbot, grid, look) -> None:
    """A light is never green because nothing was heard."""

    def greens() -> int:
        picture: QImage = grid.viewport().grab().toImage()
        good = look.theme.colour("good").rgb()
        return sum(
            picture.pixel(x, y) == good for x in range(0, picture.width(), 2) for y in range(0, picture.height(), 2)
        )

    _take(grid, looks())
    qtbot.wait(20)
    assert greens() > 0
    grid.show_change(grid._model.tick(NOW_MS + 60_000), NOW_MS + 60_000)
    qtbot.wait(20)
    assert greens() == 0


def test_many_models_scroll_and_the_cursor_stays_in_sight(qtbot, grid) -> None:
    _take(grid, looks(models=200, providers=9))
    assert grid.verticalScrollBar().maximum() > 0
    assert grid.horizontalScrollBar().maximum() > 0
    grid.go_to((199, 8))
    assert grid.viewport().rect().contains(grid.box((199, 8)))
    grid.go_to((0, 0))
    assert grid.viewport().rect().contains(grid.box((0, 0)))


def test_a_board_that_shrinks_keeps_the_cursor_on_it(qtbot, grid) -> None:
    _take(grid, looks(models=5))
    grid.go_to((4, 1))
    _take(grid, looks(models=2, providers=1))
    assert grid.place == (1, 0)


def test_it_is_reached_by_tab_and_named(grid: QWidget) -> None:
    assert grid.focusPolicy() == Qt.FocusPolicy.StrongFocus
    assert grid.accessibleName() == "Status board"


def test_the_vendors_page_is_told_in_a_cell_only_where_it_speaks_of_trouble() -> None:
    page = PageHint(about="g", indicator="major", words="", trouble="", read_ms=NOW_MS, updated_ms=NOW_MS - 3_600_000)
    cell = Cell(model="F-7", instance="g-1", provider="g", surface="t-1", name="east", state="serving",
                read_ms=NOW_MS - 2_000, age_ms=2_000, page=page)  # fmt: skip
    assert _restrictions(cell) == [("", "text-muted", "their page, 1 h old: major")]
    assert _restrictions(replace(cell, page=replace(page, updated_ms=None)))[0][2] == "their page: major"
    assert _restrictions(replace(cell, page=replace(page, indicator="none"))) == []


def test_what_went_round_a_gateway_is_told_in_a_cell_only_where_something_did() -> None:
    hint = RoundHint(model="F-7", gateways=("g-1",), vendors=("g-2",), calls=17, until_ms=NOW_MS - 720_000, words="")
    cell = Cell(model="F-7", instance="g-1", provider="g", surface="t-1", name="east", state="serving",
                read_ms=NOW_MS - 2_000, age_ms=2_000, round=hint)  # fmt: skip
    assert _restrictions(cell) == [("", "changed", "17+ calls round it, 12 min old")]
    [(*_, told)] = _restrictions(replace(cell, instance="g-2"))
    assert told == "17+ calls direct, 12 min old"
    for nothing in (0, None):
        assert _restrictions(replace(cell, round=replace(hint, calls=nothing))) == []
