"""The incidents at the left: the open ones first, the worst first. Choosing one only shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QVBoxLayout, QWidget

from console.ui.parts import panel_title
from console.ui.room import Room
from console.ui.theme import Look
from console.ui.tokens import SEVERITIES
from console.ui.widgets.shapes import paint_shape
from console.ui.widgets.text import plain_tooltip
from console.viewmodels.shell import INCIDENTS, SHELL, Incidents, Shell

if TYPE_CHECKING:  # the list is there before what it shows
    from console.services.incidents import IncidentLine

_LINE: Final = int(Qt.ItemDataRole.UserRole)
Index = QModelIndex | QPersistentModelIndex


class IncidentsPanel(QWidget):
    """A list of two-line rows; the last row is the organisation's own record."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        self._rows = _Rows(self)
        self._list = QListView()
        self._list.setModel(self._rows)
        self._list.setItemDelegate(_Row(room.look, self._list))
        self._list.setAccessibleName("Incidents")
        self._list.setUniformItemSizes(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.selectionModel().currentChanged.connect(self._chosen)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(panel_title(room.look, "Incidents"))
        layout.addWidget(self._list, 1)
        room.bridge.on(INCIDENTS, self._take)
        room.bridge.on(SHELL, self._shell)
        room.look.changed.connect(self._list.viewport().update)

    def take_focus(self) -> None:
        """The list takes the keyboard."""
        self._list.setFocus()

    def _take(self, incidents: Incidents) -> None:
        self._rows.put(incidents.lines)
        self._mark(self._room.desk.inc)

    def _shell(self, shell: Shell) -> None:
        self._mark(shell.inc)

    def _mark(self, inc: str | None) -> None:
        index = self._rows.index_of(inc)
        if index.isValid() and index != self._list.currentIndex():
            self._list.setCurrentIndex(index)

    def _chosen(self, index: QModelIndex) -> None:
        if index.isValid():
            line: IncidentLine | None = index.data(_LINE)
            inc = None if line is None else line.inc
            if inc != self._room.desk.inc:
                self._room.desk.choose(inc)


class _Rows(QAbstractListModel):
    """The lines, and one more for the organisation's record."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._lines: tuple[IncidentLine, ...] = ()

    def put(self, lines: tuple[IncidentLine, ...]) -> None:
        """Show these from now on."""
        if [one.inc for one in lines] == [one.inc for one in self._lines]:
            self._lines = lines
            self.dataChanged.emit(self.index(0), self.index(len(lines)))
            return
        self.beginResetModel()
        self._lines = lines
        self.endResetModel()

    def index_of(self, inc: str | None) -> QModelIndex:
        """Where an incident stands; None is the organisation's record."""
        if inc is None:
            return self.index(len(self._lines))
        return next((self.index(at) for at, one in enumerate(self._lines) if one.inc == inc), QModelIndex())

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802  Qt's name and its own default
        """How many rows there are."""
        return 0 if parent.isValid() else len(self._lines) + 1

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        """The line for the painter, a sentence for a screen reader, the whole title for the tooltip."""
        if not index.isValid():
            return None
        line = self._lines[index.row()] if index.row() < len(self._lines) else None
        if role == _LINE:
            return line
        if role == int(Qt.ItemDataRole.AccessibleTextRole):
            return "The organisation's record" if line is None else f"{line.label}, {_word(line)}, {line.title}"
        if role in (int(Qt.ItemDataRole.ToolTipRole), int(Qt.ItemDataRole.DisplayRole)):
            title = "The organisation's record" if line is None else line.title
            return plain_tooltip(title) if role == int(Qt.ItemDataRole.ToolTipRole) else title
        return None


def _word(line: IncidentLine) -> str:
    return f"severity {line.severity}, {line.status}"


class _Row(QStyledItemDelegate):
    """Severity by shape, word and colour; label and status; the title beneath."""

    def __init__(self, look: Look, parent: QObject) -> None:
        super().__init__(parent)
        self._look = look

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: ARG002, N802  Qt's signature
        """Two lines."""
        return QSize(120, self._look.theme.space("row") * 2 - self._look.theme.space("unit"))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw it with this moment's colours."""
        theme = self._look.theme
        unit = theme.space("unit")
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, theme.colour("selection"))
        box = option.rect.adjusted(unit + unit // 2, unit // 2, -unit, -unit // 2)
        half = box.height() // 2
        above, below = QRect(box.topLeft(), QSize(box.width(), half)), box.adjusted(0, half, 0, 0)
        line: IncidentLine | None = index.data(_LINE)
        title = str(index.data())
        if line is not None:
            mark = SEVERITIES[f"SEV-{line.severity}"]
            closed = line.status == "closed"
            tone = theme.colour("text-muted" if closed else mark.tone)
            side = theme.space("mark")
            paint_shape(painter, _square(above, side), mark.shape, tone)
            painter.setFont(theme.font("small", "medium"))
            painter.setPen(tone)
            word = above.adjusted(side + unit, 0, 0, 0)
            painter.drawText(word, int(Qt.AlignmentFlag.AlignVCenter), mark.word)
            rest = word.adjusted(painter.fontMetrics().horizontalAdvance(mark.word) + unit, 0, 0, 0)
            painter.setPen(theme.colour("text-muted"))
            painter.setFont(theme.font("small"))
            told = f"{line.label}  closed" if closed else line.label
            told = painter.fontMetrics().elidedText(told, Qt.TextElideMode.ElideLeft, rest.width())
            painter.drawText(rest, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), told)
            painter.setPen(theme.colour("text-muted" if closed else "text"))
        else:
            painter.setPen(theme.colour("text"))
            below = box
        painter.setFont(theme.font("body"))
        shown = painter.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, below.width())
        painter.drawText(below, int(Qt.AlignmentFlag.AlignVCenter), shown)
        painter.restore()


def _square(row: QRect, side: int) -> QRectF:
    return QRectF(row.left(), row.center().y() - side // 2, side, side)
