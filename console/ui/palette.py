"""Ctrl+K: every command by name, fuzzy, with its key; what may not be given now says why. It runs nothing by itself."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from console.ui.theme import Look
from console.viewmodels.commands import Command, Commands

_NAME = int(Qt.ItemDataRole.UserRole)
_KEY = _NAME + 1
_WHY = _NAME + 2
_GROUP = _NAME + 3


class Palette(QDialog):
    """Opens over a window, with the field ready; Enter gives the chosen command, Escape leaves."""

    def __init__(self, commands: Commands, look: Look, give: Callable[[str], None], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.FramelessWindowHint | Qt.WindowType.Dialog)
        self._commands = commands
        self._give = give
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName("Commands")
        self._typed = QLineEdit()
        self._typed.setPlaceholderText("What do you want to do?")
        self._typed.setAccessibleName("Find a command")
        self._typed.setFont(look.theme.font("title"))
        self._list = QListWidget()
        self._list.setAccessibleName("Commands that fit")
        self._list.setItemDelegate(_Row(look, self._list))
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.itemActivated.connect(self._take)
        self._list.itemClicked.connect(self._take)
        layout = QVBoxLayout(self)
        space = look.theme.space("unit")
        layout.setContentsMargins(space, space, space, space)
        layout.addWidget(self._typed)
        layout.addWidget(self._list)
        self._typed.textChanged.connect(self._find)
        self._typed.installEventFilter(self)
        self._find("")
        self.resize(min(680, parent.width() - 80), min(460, parent.height() - 80))
        self.move(parent.mapToGlobal(parent.rect().center()) - self.rect().center())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """Arrows move in the list while the field keeps the focus."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
            if event.key() in step:
                row = self._list.currentRow() + step[Qt.Key(event.key())]
                self._list.setCurrentRow(max(0, min(row, self._list.count() - 1)))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._take()
                return True
        return super().eventFilter(watched, event)

    def _find(self, typed: str) -> None:
        self._list.clear()
        for command in self._commands.find(typed):
            self._list.addItem(_item(command))
        self._list.setCurrentRow(0)

    def _take(self) -> None:
        item = self._list.currentItem()
        if item is None:
            return
        name = str(item.data(_NAME))
        self.accept()
        self._give(name)


def _item(command: Command) -> QListWidgetItem:
    item = QListWidgetItem(command.title)
    why = command.why_not()
    for role, value in ((_NAME, command.name), (_KEY, command.key), (_WHY, why or ""), (_GROUP, command.group)):
        item.setData(role, value)
    spoken = ", ".join(part for part in (command.title, f"key {command.key}" if command.key else "", why or "") if part)
    item.setData(Qt.ItemDataRole.AccessibleTextRole, spoken)
    return item


class _Row(QStyledItemDelegate):
    """One command: its title, and at the right its key or why it may not be given now."""

    def __init__(self, look: Look, parent: QObject) -> None:
        super().__init__(parent)
        self._look = look

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802  Qt's name
        """A row of the grid."""
        return QSize(super().sizeHint(option, index).width(), self._look.theme.space("row"))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw it with this moment's colours."""
        theme = self._look.theme
        box = option.rect.adjusted(theme.space("unit"), 0, -theme.space("unit"), 0)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if chosen:
            painter.fillRect(option.rect, theme.colour("selection"))
        why, key = str(index.data(_WHY)), str(index.data(_KEY))
        right = why or key
        painter.setFont(theme.font("small", mono=bool(key and not why)))
        painter.setPen(theme.colour("text-muted"))
        flags = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
        width = min(painter.fontMetrics().horizontalAdvance(right) + theme.space("wide"), box.width() * 2 // 3)
        told = painter.fontMetrics().elidedText(right, Qt.TextElideMode.ElideRight, width)
        painter.drawText(box, flags, told)
        painter.setFont(theme.font("body"))
        painter.setPen(theme.colour("text-disabled" if why else "text"))
        left = box.adjusted(0, 0, -width, 0)
        title = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, left.width())
        painter.drawText(left, int(Qt.AlignmentFlag.AlignVCenter), title)
        painter.restore()
