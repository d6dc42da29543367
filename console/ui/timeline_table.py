"""The rows of the timeline in a table of equal rows: one painted column, any number, nothing read while painting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from console.ui.theme import Look, Theme
from console.ui.widgets import paint_shape

if TYPE_CHECKING:  # the table is there before its rows
    from console.viewmodels.lines import LineView
    from console.viewmodels.timeline import Change, TimelineRows

LINE: Final = int(Qt.ItemDataRole.UserRole)
Index = QModelIndex | QPersistentModelIndex
_MIDDLE: Final = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_NARROW, _SLIM = 88, 62  # letters of a row: below, the day goes; then who
_RIGHT: Final = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


class TimelineModel(QAbstractTableModel):
    """One column. A row that is still being read says so."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._rows: TimelineRows | None = None
        self._count = 0

    def put(self, rows: TimelineRows | None) -> None:
        """Show these rows from now on."""
        self.beginResetModel()
        self._rows, self._count = rows, 0 if rows is None else rows.count
        self.endResetModel()

    def take(self, change: Change) -> None:
        """What the rows tell of themselves."""
        if self._rows is None:
            return
        if change.what == "reset":
            self.put(self._rows)
        elif change.what == "inserted":
            self.beginInsertRows(QModelIndex(), change.first, change.last)
            self._count += change.last - change.first + 1
            self.endInsertRows()
        elif change.what == "loaded":
            last = min(change.last, self._count - 1)
            if change.first <= last:
                self.dataChanged.emit(self.index(change.first, 0), self.index(last, 0))

    def line(self, row: int) -> LineView | None:
        """The row, where it is here."""
        return None if self._rows is None or not 0 <= row < self._count else self._rows.row(row)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802  Qt's name and its own default
        """How many rows there are."""
        return 0 if parent.isValid() else self._count

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802  Qt's name and its own default
        """One."""
        return 0 if parent.isValid() else 1

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        """The line for the painter; a sentence for everybody else."""
        if role == LINE:
            return self.line(index.row())
        if role in (int(Qt.ItemDataRole.DisplayRole), int(Qt.ItemDataRole.AccessibleTextRole)):
            line = self.line(index.row())
            return "reading" if line is None else line.sentence
        return None


class TimelineTable(QTableView):
    """Moves by arrows, j and k; `opened` wants the detail of a row; follows the tail unless somebody scrolled away."""

    opened = Signal()
    tail_left = Signal(int)

    def __init__(self, look: Look, model: TimelineModel) -> None:
        super().__init__()
        self._look = look
        self._timeline = model
        self._follows = True
        self._below = 0
        self.setModel(model)
        self.setItemDelegate(TimelineRow(look, self))
        self.setAccessibleName("Timeline")
        self.horizontalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        model.rowsInserted.connect(self._grown)
        model.modelReset.connect(self._anew)
        look.changed.connect(self._dress)
        self._dress()

    def line(self) -> LineView | None:
        """The row that is chosen."""
        return self._timeline.line(self.currentIndex().row()) if self.currentIndex().isValid() else None

    def to_tail(self) -> None:
        """Show the newest, and follow it again."""
        self._follows = True
        self.scrollToBottom()
        self._told(0)

    def go_to(self, row: int) -> None:
        """Choose a row and bring it to the middle."""
        index = self._timeline.index(row, 0)
        self.setCurrentIndex(index)
        self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Arrows as everywhere; j and k as they; Enter opens; End follows the tail."""
        step = {Qt.Key.Key_J: 1, Qt.Key.Key_K: -1}.get(Qt.Key(event.key()))
        if step is not None and not event.modifiers():
            row = self.currentIndex().row() if self.currentIndex().isValid() else self._timeline.rowCount() - 1 - step
            self.setCurrentIndex(self._timeline.index(max(0, min(row + step, self._timeline.rowCount() - 1)), 0))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit()
        elif event.key() == Qt.Key.Key_End:
            super().keyPressEvent(event)
            self.to_tail()
        elif (
            event.text() and event.text().isprintable() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier
        ):
            event.ignore()  # letters are commands of the window, never a search in the table
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802  Qt's name
        """Whoever comes here without having chosen begins at the newest."""
        if not self.currentIndex().isValid() and self._timeline.rowCount():
            self.setCurrentIndex(self._timeline.index(self._timeline.rowCount() - 1, 0))
        super().focusInEvent(event)

    def resizeEvent(self, event: object) -> None:  # noqa: N802  Qt's name
        """The one column is as wide as there is room."""
        super().resizeEvent(event)  # type: ignore[arg-type]  # Qt hands its own event
        self.horizontalHeader().resizeSection(0, self.viewport().width())
        if self._follows:
            self.scrollToBottom()

    def _dress(self) -> None:
        self.verticalHeader().setDefaultSectionSize(self._look.theme.space("row"))
        self.viewport().update()

    def _scrolled(self, value: int) -> None:
        self._follows = value >= self.verticalScrollBar().maximum()
        if self._follows:
            self._told(0)

    def _grown(self, _parent: QModelIndex, first: int, last: int) -> None:
        if self._follows:
            self.scrollToBottom()
        elif last == self._timeline.rowCount() - 1:
            self._told(self._below + last - first + 1)

    def _anew(self) -> None:
        self._follows = True
        self.scrollToBottom()
        self._told(0)

    def _told(self, below: int) -> None:
        if below != self._below:
            self._below = below
            self.tail_left.emit(below)


class TimelineRow(QStyledItemDelegate):
    """Time, kind by shape and word, who, the first line, and badges at the right."""

    def __init__(self, look: Look, parent: QObject) -> None:
        super().__init__(parent)
        self._look = look

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: ARG002, N802  Qt's signature
        """A row of the grid."""
        return QSize(200, self._look.theme.space("row"))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw it with this moment's colours; nothing is read but a cached row."""
        theme = self._look.theme
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, theme.colour("selection"))
        line: LineView | None = index.data(LINE)
        unit = theme.space("unit")
        box = option.rect.adjusted(unit + 4, 0, -unit, 0)
        if line is not None:
            self._paint_line(painter, theme, box, line)
        else:
            painter.setPen(theme.colour("text-muted"))
            painter.drawText(box, _MIDDLE, "...")
        painter.restore()

    def _paint_line(self, painter: QPainter, theme: Theme, box: QRect, line: LineView) -> None:
        unit, side = theme.space("unit"), theme.space("mark") - 2
        dead = any(badge.name in ("retracted", "forked", "quarantined") for badge in line.badges)
        small = theme.metrics("small")
        letters = box.width() // max(small.averageCharWidth(), 1)
        narrow, slim = letters < _NARROW, letters < _SLIM  # the words come first: who said them is one key away
        clock = small.horizontalAdvance("00:00:00" if narrow else "0000-00-00 00:00:00") + (
            3 * unit if narrow else unit
        )
        left = box.left()
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("text-muted"))
        when = line.clock if narrow else f"{line.day[5:]} {line.clock}"
        when = f"{line.clock} {line.about}" if line.about and not narrow else when
        painter.drawText(QRect(left, box.top(), clock, box.height()), _MIDDLE, when)
        left += clock - 2 * unit
        tone = theme.colour("text-muted" if dead else line.tone)
        paint_shape(painter, QRectF(left, box.center().y() - side / 2, side, side), line.shape, tone)
        left += side + unit // 2 + 2
        kind = unit * (12 if slim else 16)
        painter.setPen(tone)
        painter.setFont(theme.font("small", "medium"))
        measure = theme.metrics("small", "medium")
        word = measure.elidedText(line.word, Qt.TextElideMode.ElideRight, kind - unit)
        painter.drawText(QRect(left, box.top(), kind, box.height()), _MIDDLE, word)
        left += kind
        who = 0 if slim else unit * (9 if narrow else 13)
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("text-muted"))
        name = f"{line.speaker} (quoted)" if line.speaker else line.author
        told = "" if slim else small.elidedText(name, Qt.TextElideMode.ElideRight, who - unit)
        painter.drawText(QRect(left, box.top(), who, box.height()), _MIDDLE, told)
        left += who
        right = self._paint_badges(painter, theme, box, line, left + (24 if narrow else 10) * unit)
        painter.setFont(theme.font("body"))
        painter.setPen(theme.colour("text-muted" if dead else "text"))
        room = right - left - unit
        text = theme.metrics("body").elidedText(line.text, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRect(left, box.top(), room, box.height()), _MIDDLE, text)
        if dead:
            middle = box.center().y()
            width = min(theme.metrics("body").horizontalAdvance(text), room)
            painter.drawLine(QPoint(left, middle), QPoint(left + width, middle))

    def _paint_badges(self, painter: QPainter, theme: Theme, box: QRect, line: LineView, least: int) -> int:
        """At the right, those that fit; a practice says so on its frame already. Gives where they begin."""
        right = box.right()
        painter.setFont(theme.font("small"))
        measure = theme.metrics("small")
        for badge in line.badges:
            if badge.name == "drill":
                continue
            width = measure.horizontalAdvance(badge.word)
            if right - width < least:
                break
            painter.setPen(theme.colour(badge.tone))
            painter.drawText(QRect(right - width, box.top(), width + 1, box.height()), _RIGHT, badge.word)
            right -= width + theme.space("unit")
        return right
