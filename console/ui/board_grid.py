"""The grid of the status board: one painted area, models down, providers across; only changed cells are painted.

It shows a board and moves a cursor over it. It never asks a provider and keeps no state of one.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip

from console.services.board import Cell, short_age
from console.services.live_values import Looks, ProviderLink
from console.ui.theme import Look, Theme
from console.ui.tokens import STATES, Mark
from console.ui.widgets import paint_mark, paint_shape, paint_sparkline, plain_tooltip
from console.viewmodels.board import BoardModel, Change, Place, age_text
from console.viewmodels.header import provider_sentence

_SAMPLES = 30  # as many as the width can tell apart
_LEAST_SAMPLES = 5  # fewer are no line
_MIDDLE = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


class BoardGrid(QAbstractScrollArea):
    """Arrows move the cursor; `moved` tells where to, `opened` that Enter or a double click wants the cell."""

    moved = Signal(object)
    opened = Signal(object)

    def __init__(self, look: Look, model: BoardModel) -> None:
        super().__init__()
        self._look = look
        self._model = model
        self._links: dict[str, ProviderLink] = {}
        self._now_ms = 0
        self._place: Place | None = None
        self._measured = (120, 0, QSize(160, 64))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.viewport().setMouseTracking(True)
        self.setAccessibleName("Status board")
        look.changed.connect(self._relaid)

    # -- what it shows -------------------------------------------------------------------------------------------------

    def take(self, looks: Looks, now_ms: int) -> None:
        """The engine's latest looks, at once."""
        self.show_change(self._model.take_looks(looks, now_ms), now_ms)

    def show_change(self, change: Change, now_ms: int) -> None:
        """Paint what a new board changed."""
        self._now_ms = now_ms
        if change.everything:
            self._relaid()
            return
        seen = self.viewport().rect()
        for place in change.places:
            box = self.box(place)
            if box.intersects(seen):
                self.viewport().update(box)

    def show_links(self, links: tuple[ProviderLink, ...], now_ms: int) -> None:
        """What the heads of the columns say of their providers."""
        self._now_ms = now_ms
        self._links = {one.instance: one for one in links}
        self.viewport().update(0, 0, self.viewport().width(), self._head())

    @property
    def place(self) -> Place | None:
        """Where the cursor is."""
        return self._place

    def go_to(self, place: Place) -> None:
        """Put the cursor there and bring it into view."""
        rows, columns = len(self._model.rows), len(self._model.columns)
        if not rows or not columns:
            return
        before, self._place = self._place, (min(max(place[0], 0), rows - 1), min(max(place[1], 0), columns - 1))
        for old in (before, self._place):
            if old is not None:
                self.viewport().update(self.box(old))
        self._show_cursor()
        sentence = self._model.sentence(*self._place)
        self.setAccessibleDescription(sentence)
        if QAccessible.isActive() and self.hasFocus():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, sentence))
        self.moved.emit(self._place)

    # -- measures ------------------------------------------------------------------------------------------------------

    def _side(self) -> int:
        return self._measured[0]

    def _head(self) -> int:
        return self._measured[1]

    def cell_size(self) -> QSize:
        """Bigger where there are few, never smaller than can be read."""
        return self._measured[2]

    def _measure(self) -> tuple[int, int, QSize]:
        """The names at the left, the heads above, a cell; for this board, this size and this look."""
        theme = self._look.theme
        names = theme.metrics("body", "medium")
        widest = max((names.horizontalAdvance(name) for name in self._model.rows), default=0)
        side = max(120, min(widest + 3 * theme.space("unit"), self.viewport().width() // 4))
        head = theme.space("row") * 2 - theme.space("unit")
        rows, columns = max(1, len(self._model.rows)), max(1, len(self._model.columns))
        least = theme.space("unit") * 19  # four of them beside both panels of a window of 1366
        width = max(least, min(theme.space("unit") * 40, (self.viewport().width() - side) // columns))
        least_high = theme.space("row") * 2 + theme.space("unit")
        high = max(least_high, min(theme.space("row") * 4, (self.viewport().height() - head) // rows))
        return side, head, QSize(width, high)

    def box(self, place: Place) -> QRect:
        """Where a cell is painted, in the viewport."""
        size = self.cell_size()
        left = self._side() + place[1] * size.width() - self.horizontalScrollBar().value()
        top = self._head() + place[0] * size.height() - self.verticalScrollBar().value()
        return QRect(left, top, size.width(), size.height())

    def _place_at(self, point: QPoint) -> Place | None:
        if point.x() < self._side() or point.y() < self._head():
            return None
        size = self.cell_size()
        row = (point.y() - self._head() + self.verticalScrollBar().value()) // size.height()
        column = (point.x() - self._side() + self.horizontalScrollBar().value()) // size.width()
        return (row, column) if row < len(self._model.rows) and column < len(self._model.columns) else None

    def _relaid(self) -> None:
        self._measured = self._measure()
        size = self.cell_size()
        wide = size.width() * len(self._model.columns) + self._side() - self.viewport().width()
        high = size.height() * len(self._model.rows) + self._head() - self.viewport().height()
        self.horizontalScrollBar().setRange(0, max(0, wide))
        self.horizontalScrollBar().setPageStep(self.viewport().width())
        self.horizontalScrollBar().setSingleStep(size.width() // 2)
        self.verticalScrollBar().setRange(0, max(0, high))
        self.verticalScrollBar().setPageStep(self.viewport().height())
        self.verticalScrollBar().setSingleStep(size.height() // 2)
        if self._place is not None and self._model.rows and self._model.columns:
            self._place = (
                min(self._place[0], len(self._model.rows) - 1), min(self._place[1], len(self._model.columns) - 1),
            )  # fmt: skip
        self.viewport().update()

    def _show_cursor(self) -> None:
        if self._place is None:
            return
        box = self.box(self._place)
        down, across = self.verticalScrollBar(), self.horizontalScrollBar()
        if box.top() < self._head():
            down.setValue(down.value() - (self._head() - box.top()))
        elif box.bottom() >= self.viewport().height():
            down.setValue(down.value() + box.bottom() + 1 - self.viewport().height())
        if box.left() < self._side():
            across.setValue(across.value() - (self._side() - box.left()))
        elif box.right() >= self.viewport().width():
            across.setValue(across.value() + box.right() + 1 - self.viewport().width())

    # -- events --------------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """Cells take the room there is."""
        super().resizeEvent(event)
        self._relaid()

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:  # noqa: N802  Qt's name
        """Heads stay where they are, so everything is painted anew."""
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Arrows (or h j k l) move; Enter opens."""
        steps = {
            Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_K: (-1, 0), Qt.Key.Key_Down: (1, 0), Qt.Key.Key_J: (1, 0),
            Qt.Key.Key_Left: (0, -1), Qt.Key.Key_H: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_L: (0, 1),
        }  # fmt: skip
        step = steps.get(Qt.Key(event.key()))
        if step is not None:
            row, column = self._place or (-step[0], -step[1])
            self.go_to((row + step[0], column + step[1]))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._place is not None:
            self.opened.emit(self._place)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """Put the cursor where one clicks."""
        place = self._place_at(event.position().toPoint())
        if place is not None:
            self.go_to(place)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """As Enter."""
        place = self._place_at(event.position().toPoint())
        if place is not None:
            self.opened.emit(place)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """The whole cell in words."""
        place = self._place_at(event.position().toPoint())
        told = plain_tooltip(self._model.sentence(*place)) if place is not None else ""
        QToolTip.showText(event.globalPosition().toPoint(), told, self.viewport())

    # -- painting ------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """Only what is seen and needs it."""
        painter = QPainter(self.viewport())
        theme, area = self._look.theme, event.rect()
        painter.fillRect(area, theme.colour("panel"))
        painter.save()
        painter.setClipRect(area.intersected(self.viewport().rect().adjusted(self._side(), self._head(), 0, 0)))
        for place in self._seen(area):
            self._paint_cell(painter, theme, place)
        painter.restore()
        self._paint_heads(painter, theme, area)
        painter.end()

    def _seen(self, area: QRect) -> list[Place]:
        size = self.cell_size()
        down, across = self.verticalScrollBar().value(), self.horizontalScrollBar().value()
        top = max(0, (max(area.top(), self._head()) - self._head() + down) // size.height())
        bottom = min(len(self._model.rows) - 1, (area.bottom() - self._head() + down) // size.height())
        left = max(0, (max(area.left(), self._side()) - self._side() + across) // size.width())
        right = min(len(self._model.columns) - 1, (area.right() - self._side() + across) // size.width())
        return [(row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)]

    def _paint_cell(self, painter: QPainter, theme: Theme, place: Place) -> None:
        box = self.box(place).adjusted(2, 2, -2, -2)
        cell = self._model.cell(*place)
        if cell is not None:
            painter.fillRect(box, theme.colour("ground" if cell.stale else "raised"))
            if cell.drifted or cell.doubt:
                painter.fillRect(QRect(box.left(), box.top(), 3, box.height()), theme.colour("changed"))
            paint_cell(painter, theme, box.adjusted(theme.space("unit"), 4, -theme.space("unit"), -4), cell)
        if place == self._place:
            painter.setPen(theme.colour("focus" if self.hasFocus() else "edge"))
            painter.drawRect(box.adjusted(0, 0, -1, -1))
            if self.hasFocus():
                painter.drawRect(box.adjusted(1, 1, -2, -2))

    def _paint_heads(self, painter: QPainter, theme: Theme, area: QRect) -> None:
        side, head, size = self._side(), self._head(), self.cell_size()
        if area.top() < head:
            painter.save()
            painter.setClipRect(QRect(side, 0, self.viewport().width(), head))
            painter.fillRect(QRect(side, 0, self.viewport().width(), head), theme.colour("ground"))
            for at, column in enumerate(self._model.columns):
                left = side + at * size.width() - self.horizontalScrollBar().value()
                box = QRect(left + theme.space("unit"), 2, size.width() - 2 * theme.space("unit"), head - 4)
                self._paint_provider(painter, theme, box, column.name if column.lane == 0 else "", column.instance)
            painter.restore()
        if area.left() < side:
            painter.save()
            painter.setClipRect(QRect(0, head, side, self.viewport().height()))
            painter.fillRect(QRect(0, head, side, self.viewport().height()), theme.colour("ground"))
            painter.setFont(theme.font("body", "medium"))
            painter.setPen(theme.colour("text"))
            for row, name in enumerate(self._model.rows):
                top = head + row * size.height() - self.verticalScrollBar().value()
                box = QRect(theme.space("unit") + 4, top, side - 2 * theme.space("unit"), size.height())
                told = theme.metrics("body", "medium").elidedText(name, Qt.TextElideMode.ElideMiddle, box.width())
                painter.drawText(box, _MIDDLE, told)
            painter.restore()
        painter.fillRect(QRect(0, 0, side, head), theme.colour("ground"))

    def _paint_provider(self, painter: QPainter, theme: Theme, box: QRect, name: str, instance: str) -> None:
        painter.setFont(theme.font("body", "medium"))
        painter.setPen(theme.colour("text"))
        half = box.height() // 2
        told = theme.metrics("body", "medium").elidedText(name, Qt.TextElideMode.ElideMiddle, box.width())
        painter.drawText(QRect(box.left(), box.top(), box.width(), half), _MIDDLE, told)
        link = self._links.get(instance)
        if link is None or not name:
            return
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("alarm" if link.state in ("unreachable", "broken") else "text-muted"))
        words = provider_sentence(link, self._now_ms).removeprefix(f"{link.name}: ")
        told = theme.metrics("small").elidedText(words, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(QRect(box.left(), box.top() + half, box.width(), half), _MIDDLE, told)


def paint_cell(painter: QPainter, theme: Theme, box: QRect, cell: Cell, *, size: str = "body") -> None:
    """One cell: its state with its age; then what restricts it; a line of its latency where there is room.

    What is stale is told in the tone of quiet things, whatever it was.
    """
    line = theme.metrics(size, "medium").height() + 2
    sign = cell.sign
    age = age_text(cell)
    painter.setFont(theme.font("small"))
    age_width = theme.metrics("small").horizontalAdvance(age)
    top = QRectF(box.left(), box.top(), box.width() - age_width - 6, line)
    word, before = cell.word, ""
    if theme.metrics(size, "medium").horizontalAdvance(word) > top.width() - theme.space("mark") - theme.space("half"):
        word, _, before = word.partition(", ")  # of "unreachable, was serving" the state, and beneath it what it was
    mark = Mark(word, sign.shape, "quiet" if cell.stale and cell.state == "stale" else sign.tone)
    paint_mark(painter, top, mark, theme, size=size)
    painter.setFont(theme.font("small"))
    painter.setPen(theme.colour("text-muted"))
    painter.drawText(QRect(box.right() - age_width, box.top(), age_width + 1, line), _RIGHT, age)
    rest = box.adjusted(0, line, 0, 0)
    small = theme.metrics("small").height() + 1
    lines = [*([("", "text-muted", before)] if before else []), *_restrictions(cell)]
    room = max(1, rest.height() // small)
    shown = (
        lines if len(lines) <= room else [*lines[: room - 1], ("", "text-muted", f"and {len(lines) - room + 1} more")]
    )
    for at, (state, tone, text) in enumerate(shown):
        _paint_line(painter, theme, QRect(rest.left(), rest.top() + at * small, rest.width(), small), state, tone, text)
    below = rest.adjusted(0, len(shown) * small + 2, 0, 0)
    if len(cell.latency) >= _LEAST_SAMPLES and below.height() >= small // 2:
        spark = QRectF(
            below.left(),
            max(below.top(), below.bottom() - small * 1.5),
            below.width(),
            min(below.height(), small * 1.5),
        )
        paint_sparkline(painter, spark, cell.latency[-_SAMPLES:], theme.colour("quiet" if cell.stale else "known"))


def _paint_line(painter: QPainter, theme: Theme, box: QRect, state: str, tone: str, text: str) -> None:
    left = box.left()
    if state:
        side = theme.space("mark") - 4
        mark = STATES[state]
        paint_shape(painter, QRectF(left, box.center().y() - side / 2, side, side), mark.shape, theme.colour(mark.tone))
        left += side + 5
    painter.setFont(theme.font("small"))
    painter.setPen(theme.colour(tone))
    told = theme.metrics("small").elidedText(text, Qt.TextElideMode.ElideRight, box.right() - left)
    painter.drawText(QRect(left, box.top(), box.right() - left + 1, box.height()), _MIDDLE, told)


def _age_of(cell: Cell, since_ms: int | None) -> str:
    """How old a hint is, where both its moment and that of the board are known."""
    if since_ms is None or cell.read_ms is None or cell.age_ms is None:
        return ""
    return f", {short_age(max(0, cell.read_ms + cell.age_ms - since_ms))} old"


def _restrictions(cell: Cell) -> list[tuple[str, str, str]]:
    """What to say beneath the state: doubt first, then our record, then what the provider tells by itself."""
    found: list[tuple[str, str, str]] = []
    if cell.doubt:
        found.append(("drifted", "changed", cell.doubt))
    found += [(one.state, "text", f"{STATES[one.state].word}: {one.what}") for one in cell.recorded]
    if cell.round is not None and cell.round.calls:
        how = "round it" if cell.instance in cell.round.gateways else "direct"
        found.append(("", "changed", f"{cell.round.calls}+ calls {how}{_age_of(cell, cell.round.until_ms)}"))
    found += [("", "text-muted", f"provider: {text}") for text in cell.reported]
    if cell.page is not None and cell.page.indicator != "none":
        found.append(("", "text-muted", f"their page{_age_of(cell, cell.page.updated_ms)}: {cell.page.indicator}"))
    if cell.unnamed:
        found.append(("", "waiting", "not named by the organisation"))
    return found
