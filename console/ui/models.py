"""The models at the left: each with the shapes of its surfaces. Choosing one shows it on the board."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from console.ui.parts import column, panel_title
from console.ui.room import Room
from console.ui.theme import Look
from console.ui.widgets import Text, paint_shape
from console.ui.widgets.text import plain_tooltip
from console.viewmodels.shell import LOOKS

if TYPE_CHECKING:  # the list is there before the board is
    from console.services.board import Cell
    from console.viewmodels.board import BoardModel

_CELLS: Final = int(Qt.ItemDataRole.UserRole)
_MOST_SHAPES: Final = 10
Index = QModelIndex | QPersistentModelIndex


class ModelsPanel(QWidget):
    """A short list; Enter or a click shows the model on the board."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        self._rows = _Rows(self)
        self._list = QListView()
        self._list.setModel(self._rows)
        self._list.setItemDelegate(_Row(room.look, self._list))
        self._list.setAccessibleName("Models")
        self._list.setUniformItemSizes(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.clicked.connect(self._open)
        self._list.activated.connect(self._open)
        self._none = Text(room.look, "Not read yet.", size="small", tone="text-muted", wrap=True)
        unit = room.look.theme.space("unit")
        self._none.setContentsMargins(unit + 4, 0, unit, unit)
        lines = column(self)
        lines.addWidget(panel_title(room.look, "Models"))
        self._none.setAlignment(Qt.AlignmentFlag.AlignTop)
        lines.addWidget(self._none, 1)
        lines.addWidget(self._list, 1)
        self._list.hide()
        room.look.changed.connect(self._list.viewport().update)
        room.bridge.on(LOOKS, lambda _looks: self._none.setText("No model is known yet."))

    def take(self, model: BoardModel) -> None:
        """The board as it is now."""
        board = model.board
        found: dict[str, list[Cell]] = {name: [] for name in board.rows}
        for (at, _), cell in sorted(board.cells.items()):
            found[board.rows[at]].append(cell)
        self._rows.put({name: tuple(cells) for name, cells in found.items()})
        self._none.setVisible(not found)
        self._list.setVisible(bool(found))

    def _open(self, index: QModelIndex) -> None:
        self._room.desk.pointed_surface = (str(index.data()), "")
        self._room.commands.give("board")


class _Rows(QAbstractListModel):
    """Models and their cells."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._found: dict[str, tuple[Cell, ...]] = {}

    def put(self, found: dict[str, tuple[Cell, ...]]) -> None:
        """Show these from now on."""
        if found == self._found:
            return
        if list(found) == list(self._found):
            self._found = found
            self.dataChanged.emit(self.index(0), self.index(len(found) - 1))
            return
        self.beginResetModel()
        self._found = found
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802  Qt's name and its own default
        """How many models there are."""
        return 0 if parent.isValid() else len(self._found)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        """Name, cells for the painter, a sentence for a screen reader."""
        if not index.isValid():
            return None
        name = list(self._found)[index.row()]
        if role == int(Qt.ItemDataRole.DisplayRole):
            return name
        if role == _CELLS:
            return self._found[name]
        if role in (int(Qt.ItemDataRole.AccessibleTextRole), int(Qt.ItemDataRole.ToolTipRole)):
            told = f"{name}: " + ", ".join(f"{cell.provider} {cell.word}" for cell in self._found[name])
            return plain_tooltip(told) if role == int(Qt.ItemDataRole.ToolTipRole) else told
        return None


class _Row(QStyledItemDelegate):
    """The name, and one shape for each surface at the right."""

    def __init__(self, look: Look, parent: QObject) -> None:
        super().__init__(parent)
        self._look = look

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: ARG002, N802  Qt's signature
        """A row of the grid."""
        return QSize(120, self._look.theme.space("row"))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw it with this moment's colours."""
        theme = self._look.theme
        unit, side = theme.space("unit"), theme.space("mark") - 2
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, theme.colour("selection"))
        box = option.rect.adjusted(unit + 4, 0, -unit, 0)
        cells: tuple[Cell, ...] = index.data(_CELLS) or ()
        shown = cells[:_MOST_SHAPES]
        left = box.right() - len(shown) * (side + 3)
        for at, cell in enumerate(shown):
            place = QRectF(left + at * (side + 3), box.center().y() - side / 2, side, side)
            tone = "changed" if cell.drifted or cell.doubt else cell.sign.tone
            paint_shape(painter, place, cell.sign.shape, theme.colour(tone))
        painter.setFont(theme.font("body"))
        painter.setPen(theme.colour("text"))
        told = theme.metrics("body").elidedText(
            str(index.data()), Qt.TextElideMode.ElideMiddle, left - box.left() - unit
        )
        painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter), told)
        painter.restore()
