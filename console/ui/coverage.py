"""The coverage map: surfaces down, the five categories across; each cell by shape, word and colour, and how fast.

It shows what manifests and the record say, and leads to the composer. It asks no provider.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QPushButton,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from console.services.coverage import Coverage, coverage
from console.ui.follower import Follower
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.tokens import COVERAGE
from console.ui.widgets import EmptyState, Text, paint_mark
from console.viewmodels.coverage import CATEGORIES, cell_note, cell_told, row_name, summary

_GAPS_SHOWN: Final = 3
_STATE: Final = Qt.ItemDataRole.UserRole
_NOTE: Final = Qt.ItemDataRole.UserRole + 1
_NAME_PX: Final = 190
_CELL_PX: Final = 128
_LEAST_PX: Final = 96


class CoveragePanel(QWidget):
    """Gaps above, the map in the middle, the chosen cell in words beneath."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        self._found: Coverage | None = None
        unit = room.look.theme.space("unit")
        self._summary = Text(room.look, "Reading ...", tone="text-muted")
        self._gaps = Text(room.look, "", wrap=True)
        self._gaps.setContentsMargins(unit + 4, 0, unit, unit)
        head = QWidget()
        line = row(head, unit, (unit + 4, unit, unit, 4))
        line.addWidget(self._summary, 1)
        self.table = _table(room)
        self.table.currentCellChanged.connect(self._tell)
        self.table.cellActivated.connect(self._correct)
        self._empty = EmptyState(
            room.look, "No surface is known yet", "Connect a provider: what can be done at each of its surfaces shows "
            "here before there is an incident.", "Connect a provider", "map",
        )  # fmt: skip
        self._empty.acted.connect(lambda: room.commands.give("provider-add"))
        self._middle = QStackedWidget()
        self._middle.addWidget(self.table)
        self._middle.addWidget(self._empty)
        self._detail = Text(room.look, "", wrap=True)
        self._detail.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._detail.setContentsMargins(unit + 4, unit, unit, unit)
        self._button = QPushButton("Correct this surface ...")
        self._button.clicked.connect(self._correct)
        foot = QWidget()
        below = row(foot, unit, (0, 0, unit, 0))
        below.addWidget(self._detail, 1)
        below.addWidget(self._button)
        lines = column(self)
        for part, stretch in ((head, 0), (self._gaps, 0), (self._middle, 1), (foot, 0)):
            lines.addWidget(part, stretch)
        self.setFocusProxy(self.table)
        self._follower = Follower(room, self, coverage, self.take)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  Qt's name
        """What is seen is read."""
        super().showEvent(event)
        self._follower.shown()

    def take(self, found: Coverage) -> None:
        """Show this map; the chosen cell stays chosen."""
        self._found = found
        self._summary.setText(summary(found))
        more = len(found.gaps) - _GAPS_SHOWN
        told = [f"\u2022 {one}" for one in found.gaps[:_GAPS_SHOWN]] + ([f"and {more} more"] if more > 0 else [])
        self._gaps.setText("\n".join(told))
        self._gaps.setVisible(bool(told))
        at = (self.table.currentRow(), self.table.currentColumn())
        self.table.setRowCount(len(found.rows))
        for line, one in enumerate(found.rows):
            name, under = row_name(one)
            self._put(line, 0, name, under, "")
            for across, cell in enumerate(one.cells, start=1):
                self._put(line, across, COVERAGE[cell.state].word, cell_note(cell, found.now_ms), cell.state)
        self._middle.setCurrentIndex(0 if found.rows else 1)
        if found.rows and at[0] < 0:
            self.table.setCurrentCell(0, 1)
        self._tell()

    def _put(self, line: int, across: int, word: str, note: str, state: str) -> None:
        item = self.table.item(line, across)
        if item is None:
            item = QTableWidgetItem()
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            self.table.setItem(line, across, item)
        item.setText(word)
        item.setData(_STATE, state)
        item.setData(_NOTE, note)
        category = f"{CATEGORIES[across - 1]}: " if across else ""
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{category}{word}, {note}" if note else f"{category}{word}")

    def _tell(self, *_cells: int) -> None:
        line, across = self.table.currentRow(), self.table.currentColumn()
        found = self._found
        chosen = found is not None and 0 <= line < len(found.rows)
        self._button.setVisible(chosen)
        if found is None or not chosen:
            self._detail.setText("")
            return
        one = found.rows[line]
        cell = one.cells[max(0, across - 1)]
        self._detail.setText("\n".join(cell_told(one, cell, found.now_ms)))

    def _correct(self, *_cell: int | bool) -> None:
        line = self.table.currentRow()
        if self._found is not None and 0 <= line < len(self._found.rows):
            one = self._found.rows[line]
            self._room.desk.point_at_surface(one.model, one.surface)
            self._room.commands.give("correct")


class _Cells(QStyledItemDelegate):
    """A cell in two lines: shape, word and colour above, a muted note below."""

    def __init__(self, room: Room, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = room.look

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: ARG002, N802  Qt's signature
        """Two lines of text with air around."""
        theme = self._look.theme
        return QSize(_CELL_PX, theme.metrics().lineSpacing() + theme.metrics("small").lineSpacing() + 14)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:  # fmt: skip
        """The two lines, on the ground of what is chosen."""
        theme = self._look.theme
        area: QRect = option.rect
        state, note = str(index.data(_STATE) or ""), str(index.data(_NOTE) or "")
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.fillRect(area, theme.colour("selection" if chosen else "panel"))
        box = area.adjusted(8, 5, -6, -5)
        half = box.height() * 55 // 100
        above = QRectF(box.left(), box.top(), box.width(), half)
        if state:
            paint_mark(painter, above, COVERAGE[state], theme)
        else:
            painter.setFont(theme.font("body", "medium"))
            painter.setPen(theme.colour("text"))
            _text(painter, above, str(index.data()))
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("text-muted"))
        _text(painter, QRectF(box.left(), box.top() + half, box.width(), box.height() - half), note)
        painter.restore()


def _text(painter: QPainter, box: QRectF, text: str) -> None:
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(box.width()))
    painter.drawText(box, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), shown)


def _table(room: Room) -> QTableWidget:
    made = QTableWidget(0, 1 + len(CATEGORIES))
    made.setHorizontalHeaderLabels(["Model and surface", *CATEGORIES])
    made.setAccessibleName("Coverage map: surfaces by category of correction")
    made.verticalHeader().hide()
    made.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    made.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    made.setTabKeyNavigation(False)
    made.setItemDelegate(_Cells(room, made))
    header = made.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)

    def measure() -> None:
        """As high and as wide as the text of this moment needs."""
        theme = room.look.theme
        made.verticalHeader().setDefaultSectionSize(
            theme.metrics().lineSpacing() + theme.metrics("small").lineSpacing() + 14
        )
        header.setMinimumSectionSize(round(_LEAST_PX * theme.text_scale))
        header.resizeSection(0, round(_NAME_PX * theme.text_scale))

    room.look.changed.connect(measure)
    measure()
    return made


__all__ = ["CoveragePanel"]
