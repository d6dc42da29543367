"""A state or a severity as shape, word and colour together: as a widget, and as a function for tables that paint.

It must never show a colour without its word.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QWidget

from console.ui.theme import Look, Theme
from console.ui.tokens import SEVERITIES, STATES, Mark
from console.ui.widgets.shapes import paint_shape
from console.ui.widgets.text import plain_tooltip

_MIDDLE = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


def paint_mark(painter: QPainter, rect: QRectF, mark: Mark, theme: Theme, note: str = "", size: str = "body") -> None:
    """Paint shape and word, and beside them a muted note where there is room. `rect` is the whole cell."""
    side, gap = theme.space("mark"), theme.space("half") + 2
    colour = theme.colour(mark.tone)
    paint_shape(painter, QRectF(rect.left(), rect.center().y() - side / 2, side, side), mark.shape, colour)
    painter.setFont(theme.font(size, "medium"))
    painter.setPen(colour)
    measure = theme.metrics(size, "medium")
    left = rect.left() + side + gap
    room = max(0.0, rect.right() - left)
    word = measure.elidedText(mark.word, Qt.TextElideMode.ElideRight, int(room))
    painter.drawText(QRectF(left, rect.top(), room, rect.height()), _MIDDLE, word)
    left += measure.horizontalAdvance(word) + gap
    if note and word == mark.word and left < rect.right():
        painter.setFont(theme.font(size))
        painter.setPen(theme.colour("text-muted"))
        room = rect.right() - left
        painter.drawText(
            QRectF(left, rect.top(), room, rect.height()), _MIDDLE,
            theme.metrics(size).elidedText(note, Qt.TextElideMode.ElideRight, int(room)),
        )  # fmt: skip


def mark_width(mark: Mark, theme: Theme, note: str = "", size: str = "body") -> int:
    """The width in logical pixels at which `paint_mark` shortens nothing."""
    gap = theme.space("half") + 2
    width = theme.space("mark") + gap + theme.metrics(size, "medium").horizontalAdvance(mark.word)
    return width + 2 + (gap + theme.metrics(size).horizontalAdvance(note) if note else 0)


class StateMark(QLabel):
    """One state of a table of the tokens. Its text, for screen readers too, is the word and the note."""

    def __init__(
        self, look: Look, state: str, note: str = "", *, table: Mapping[str, Mark] = STATES, size: str = "body",
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._look, self._table, self._size = look, table, size
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.set_state(state, note)

    def set_state(self, state: str, note: str = "") -> None:
        """Show another state.

        Raises:
            KeyError: for a state the table does not have: nothing is shown as something else.
        """
        self._mark, self._note = self._table[state], note
        said = f"{self._mark.word} {note}".rstrip()
        self.setText(said)
        self.setAccessibleName(said)
        self.setToolTip(plain_tooltip(said) if note else "")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for shape, word and note."""
        theme = self._look.theme
        height = max(theme.space("mark"), theme.metrics(self._size).height()) + 2
        return QSize(mark_width(self._mark, theme, self._note, self._size), height)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for shape and word: those never give way."""
        return QSize(mark_width(self._mark, self._look.theme, "", self._size), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name and signature
        """Shape, word, note."""
        painter = QPainter(self)
        paint_mark(painter, QRectF(self.rect()), self._mark, self._look.theme, self._note, self._size)


def paint_badge(painter: QPainter, rect: QRectF, severity: str, theme: Theme) -> None:
    """Paint a severity as a filled badge, left in `rect`, as high as a line of small text allows."""
    mark = SEVERITIES[severity]
    size = badge_size(severity, theme)
    box = QRectF(rect.left(), rect.center().y() - size.height() / 2, size.width(), size.height())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour(mark.tone))
    painter.drawRoundedRect(box, theme.space("radius"), theme.space("radius"))
    ink, side = theme.colour(f"on-{mark.tone}"), theme.space("mark") - 2
    paint_shape(painter, QRectF(box.left() + 6, box.center().y() - side / 2, side, side), mark.shape, ink)
    painter.setFont(theme.font("small", "semibold"))
    painter.setPen(ink)
    painter.drawText(box.adjusted(6 + side + 5, 0, -2, 0), _MIDDLE, mark.word)
    painter.restore()


def badge_size(severity: str, theme: Theme) -> QSize:
    """How much room `paint_badge` takes, in logical pixels."""
    measure = theme.metrics("small", "semibold")
    return QSize(6 + theme.space("mark") - 2 + 5 + measure.horizontalAdvance(severity) + 8, measure.height() + 6)


class SeverityBadge(QLabel):
    """SEV-1 to SEV-4, filled, with shape and word."""

    def __init__(self, look: Look, severity: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.set_severity(severity)

    def set_severity(self, severity: str) -> None:
        """Show another one.

        Raises:
            KeyError: when there is no such severity.
        """
        self.setText(SEVERITIES[severity].word)
        self.setAccessibleName(f"severity {severity}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """The badge, which never gives way."""
        return badge_size(self.text(), self._look.theme)

    minimumSizeHint = sizeHint  # noqa: N815 - Qt's name

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name and signature
        """The badge."""
        painter = QPainter(self)
        paint_badge(painter, QRectF(self.rect()), self.text(), self._look.theme)
