"""The status board: every model on every surface, as a painted grid and, for ears and for copying, as a table.

It shows what was heard and how old that is; it asks nobody and decides nothing.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QPushButton,
    QStackedWidget,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from console.services.live_values import Connectivity, Looks
from console.ui.board_grid import BoardGrid
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.wall import Wall
from console.ui.widgets import EmptyState, Text
from console.viewmodels.board import BoardModel, Change, Place
from console.viewmodels.commands import Command, Commands
from console.viewmodels.header import CONNECTIVITY
from console.viewmodels.shell import LOOKS, NOW, Now

_GRID, _TABLE, _EMPTY, _UNREAD = 0, 1, 2, 3


class BoardPanel(QWidget):
    """Summary above, grid or table in the middle, the chosen cell in words beneath. `changed` tells of a new board."""

    changed = Signal(BoardModel)

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        self._model = BoardModel()
        self._wall: Wall | None = None
        self._heard = False
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        unit = room.look.theme.space("unit")
        self._summary = Text(room.look, "Not read yet.", tone="text-muted")
        self._as_table = QPushButton("As a table")
        self._as_table.setCheckable(True)
        self._as_table.toggled.connect(self._turn)
        look_now = QPushButton("Look now")
        look_now.clicked.connect(self._look_now)
        head = QWidget()
        line = row(head, unit, (unit + 4, 4, unit, 4))
        line.addWidget(self._summary, 1)
        line.addWidget(self._as_table)
        line.addWidget(look_now)
        self._grid = BoardGrid(room.look, self._model)
        self._grid.moved.connect(self._tell)
        self._grid.opened.connect(self._open)
        self._table = _table()
        self._empty = EmptyState(
            room.look, "No surface is known yet", "Connect a provider: its models and surfaces show here, with the age "
            "of what is known.", "Connect a provider", "layout-grid",
        )  # fmt: skip
        self._empty.acted.connect(lambda: room.commands.give("provider-add"))
        self._middle = QStackedWidget()
        unread = EmptyState(room.look, "Not read yet", "Every provider is being looked at.", "", "layout-grid")
        for part in (self._grid, self._table, self._empty, unread):
            self._middle.addWidget(part)
        self._detail = Text(room.look, "", wrap=True)
        self._detail.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._detail.setContentsMargins(unit + 4, unit, unit, unit)
        self._correct = QPushButton("Correct this surface ...")
        self._correct.clicked.connect(lambda: self._open(self._grid.place))
        foot = QWidget()
        below = row(foot, unit, (0, 0, unit, 0))
        below.addWidget(self._detail, 1)
        below.addWidget(self._correct)
        lines = column(self)
        lines.addWidget(head)
        lines.addWidget(self._middle, 1)
        lines.addWidget(foot)
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._second)
        room.bridge.on(LOOKS, self._looks)
        room.bridge.on(NOW, self._corrections)
        room.bridge.on(CONNECTIVITY, self._links)
        self._turn()

    def add_commands(self, commands: Commands) -> None:
        """Offer this panel's commands."""
        for name, title, key, run in (
            ("wall", "Wall display", "F11", self._toggle_wall),
            ("board-table", "Status board as a table", "g s", self._as_table.toggle),
            ("look-now", "Look at every provider now", "", self._look_now),
        ):
            commands.add(Command(name=name, title=title, key=key, group="Go", run=run))

    def choose_model(self, model: str) -> None:
        """Put the cursor on a model's first surface."""
        if model in self._model.rows:
            at = self._model.rows.index(model)
            there = [one for one in range(len(self._model.columns)) if self._model.cell(at, one) is not None]
            self._grid.go_to((at, there[0] if there else 0))

    def setFocus(self) -> None:  # type: ignore[override]  # noqa: N802  Qt's name; its overload with a reason is not used
        """The grid, or the table, takes the focus."""
        (self._table if self._middle.currentIndex() == _TABLE else self._grid).setFocus()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  Qt's name
        """Ages go on while they are seen."""
        super().showEvent(event)
        self._tick.start()
        self._second()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  Qt's name
        """Nobody looks: nothing is counted."""
        super().hideEvent(event)
        self._tick.stop()

    # -- news ----------------------------------------------------------------------------------------------------------

    def _now_ms(self) -> int:
        return self._room.desk.session.clock.wall_ms()

    def _looks(self, looks: Looks) -> None:
        self._heard = True
        self._show(self._model.take_looks(looks, self._now_ms()))

    def _corrections(self, now: Now) -> None:
        self._show(self._model.take_corrections(now.everything, self._now_ms()))

    def _links(self, links: Connectivity) -> None:
        self._grid.show_links(links.providers, self._now_ms())

    def _second(self) -> None:
        self._show(self._model.tick(self._now_ms()))

    def _show(self, change: Change) -> None:
        self._summary.setText(self._model.summary() if self._heard else "Not read yet.")
        self._grid.show_change(change, self._now_ms())
        if change.everything or change.places:
            self.changed.emit(self._model)
        if self._grid.place is not None and (change.everything or self._grid.place in change.places):
            self._tell(self._grid.place)
        if self._middle.currentIndex() == _TABLE and (change.places or change.everything):
            self._fill_table()
        self._turn()

    def _turn(self) -> None:
        wanted = _TABLE if self._as_table.isChecked() else _GRID
        if not self._model.rows:
            wanted = _EMPTY if self._heard else _UNREAD
        if self._middle.currentIndex() != wanted:
            self._middle.setCurrentIndex(wanted)
            if wanted == _TABLE:
                self._fill_table()
        self._correct.setVisible(wanted in (_GRID, _TABLE) and self._grid.place is not None)

    def _tell(self, place: Place) -> None:
        cell = self._model.cell(*place)
        text = self._model.sentence(*place)
        if cell is not None and cell.detail and cell.detail.rstrip(".").casefold() not in text.casefold():
            text = f"{text} {cell.detail}"
        self._detail.setText(text)
        self._correct.setVisible(cell is not None)

    def _fill_table(self) -> None:
        lines = self._model.lines()
        self._table.setRowCount(len(lines))
        for at, (place, sentence) in enumerate(lines):
            cell = self._model.cell(*place)
            model, where = self._model.rows[place[0]], self._model.columns[place[1]].name
            word = "" if cell is None else cell.word
            for across, text in enumerate((model, where, word, sentence)):
                item = self._table.item(at, across)
                if item is None:
                    self._table.setItem(at, across, QTableWidgetItem(text))
                elif item.text() != text:
                    item.setText(text)

    # -- what a person does --------------------------------------------------------------------------------------------

    def _open(self, place: Place | None) -> None:
        cell = None if place is None else self._model.cell(*place)
        if cell is not None:
            self._room.desk.point_at_surface(cell.model, cell.surface)
            self._room.commands.give("correct")

    def _look_now(self) -> None:
        engine = self._room.desk.engine
        if engine is not None:
            doer = self._room.doer
            self._room.bridge.when_done(
                engine.look_now(), _nothing, lambda fault: doer.troubled.emit(doer.trouble_of(fault))
            )

    def _toggle_wall(self) -> None:
        if self._wall is not None and self._wall.isVisible():
            self._wall.close()
            return
        self._wall = Wall(self._room)
        self._wall.destroyed.connect(partial(setattr, self, "_wall", None))
        self._wall.show_on(self.window())


def _nothing(_result: object) -> None:
    return


def _table() -> QTableWidget:
    table = QTableWidget(0, 4)
    table.setHorizontalHeaderLabels(["Model", "Provider", "State", "In words"])
    table.setAccessibleName("Status board as a table")
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.verticalHeader().hide()
    table.horizontalHeader().setSectionResizeMode(3, QHeaderView.ResizeMode.Stretch)
    table.setShowGrid(False)
    return table
