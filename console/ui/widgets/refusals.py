"""Refusals over time of one target: what passed above the line, what was refused below it, from acceptance on.

Told by shape and place, not by colour alone; its accessible name says the same facts. It concludes nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from console.ui.theme import Look
from console.ui.widgets.shapes import paint_shape

_LEAST_GAP_MS: Final = 120_000
_BAR: Final = 9
_MARK: Final = 10
_LATER_SHARE: Final = 0.22
_LABELS: Final = 64
_HEIGHT_UNITS: Final = 17
_LEFT: Final = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT: Final = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


@dataclass(frozen=True, slots=True)
class Tried:
    """What tries came to at one moment (ms)."""

    at_ms: int
    passed: int
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One chart. `bound_ms` is until when the lever may take, `bites_ms` since when it bites; None where unknown.

    `words` says the same facts, `clock` tells a moment at the axis.
    """

    accepted_ms: int
    bound_ms: int | None
    bites_ms: int | None
    tried: tuple[Tried, ...]
    words: str
    clock: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Column:
    """A bar: its place along the axis (0 to 1 of its region), and what was tried in it."""

    share: float
    passed: int
    refused: int


def split(shown: Shown) -> tuple[int, tuple[Tried, ...], tuple[Tried, ...]]:
    """The end of the first measuring (ms), what was tried until then, and the later looks.

    A look an hour later would press the first minute into one line: it stands apart.
    """
    bound = shown.bound_ms or shown.accepted_ms
    end = max(bound, shown.accepted_ms + 1_000)
    gap = max(_LEAST_GAP_MS, bound - shown.accepted_ms)
    first: list[Tried] = []
    later: list[Tried] = []
    for one in sorted(shown.tried, key=lambda tried: tried.at_ms):
        if not later and one.at_ms <= end + gap:
            first.append(one)
            end = max(end, one.at_ms)
        else:
            later.append(one)
    return end, tuple(first), tuple(later)


def columns(tried: Sequence[Tried], begin_ms: int, end_ms: int, most: int) -> tuple[Column, ...]:
    """At most so many bars between two moments, the tries of each added up."""
    found: dict[int, list[int]] = {}
    length = max(1, end_ms - begin_ms)
    for one in tried:
        at = min(most - 1, max(0, (one.at_ms - begin_ms) * most // length))
        bar = found.setdefault(at, [0, 0])
        bar[0] += one.passed
        bar[1] += one.refused
    return tuple(Column((at + 0.5) / most, *found[at]) for at in sorted(found))


class RefusalsChart(QLabel):
    """The widget. It takes the focus, so that its words are read."""

    def __init__(self, look: Look, shown: Shown, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._shown = look, shown
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.update)
        self.put(shown)

    def put(self, shown: Shown) -> None:
        """Show this."""
        self._shown = shown
        self.setAccessibleName(shown.words)
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Two lanes and a line for the axis."""
        unit = self._look.theme.space("unit")
        return QSize(60 * unit, _HEIGHT_UNITS * unit)

    minimumSizeHint = sizeHint  # noqa: N815 - Qt's name

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name and signature
        """Lanes, marks, axis."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, shown = self._look.theme, self._shown
        painter.setFont(theme.font("small"))
        line = theme.metrics("small").lineSpacing()
        end, first, later = split(shown)
        area = QRectF(_LABELS, line + 4, self.width() - _LABELS - 4, self.height() - 2 * line - 8)
        main = QRectF(area)
        if later:
            main.setWidth(area.width() * (1 - _LATER_SHARE))
        middle = main.center().y()
        painter.fillRect(area, theme.colour("raised"))
        painter.setPen(theme.colour("edge"))
        painter.drawLine(QPointF(area.left(), middle), QPointF(area.right(), middle))
        self._lane_names(painter, area)
        bars = columns(first, shown.accepted_ms, end, max(4, int(main.width() // (_BAR + 3))))
        after = tuple(Column((at + 0.5) / len(later), one.passed, one.refused) for at, one in enumerate(later))
        tallest = max((max(bar.passed, bar.refused) for bar in (*bars, *after)), default=1)
        self._bars(painter, main, bars, tallest)
        if later:
            self._later(painter, QRectF(main.right(), area.top(), area.right() - main.right(), area.height()),
                        later, after, tallest, line)  # fmt: skip
        self._moments(painter, main, end, line)
        if self.hasFocus():
            painter.setPen(QPen(theme.colour("focus"), theme.space("focus")))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def _lane_names(self, painter: QPainter, area: QRectF) -> None:
        theme, half = self._look.theme, area.height() / 2
        for top, word, shape, tone in ((area.top(), "passed", "triangle-down", "alarm"),
                                       (area.center().y(), "refused", "disc", "good")):  # fmt: skip
            paint_shape(painter, QRectF(0, top + half / 2 - _MARK / 2, _MARK, _MARK), shape, theme.colour(tone))
            painter.setPen(theme.colour("text-muted"))
            painter.drawText(QRectF(_MARK + 4, top, _LABELS - _MARK - 8, half), _LEFT, word)

    def _bars(self, painter: QPainter, area: QRectF, bars: Sequence[Column], tallest: int) -> None:
        theme, middle = self._look.theme, area.center().y()
        room = area.height() / 2 - _MARK - 4
        for bar in bars:
            x = area.left() + bar.share * area.width()
            if bar.passed:
                high = max(3.0, room * bar.passed / max(1, tallest))
                brush = QBrush(theme.colour("alarm"), Qt.BrushStyle.BDiagPattern)
                body = QRectF(x - _BAR / 2, middle - high, _BAR, high)
                painter.fillRect(body, brush)
                painter.setPen(theme.colour("alarm"))
                painter.drawRect(body)
                mark = QRectF(x - _MARK / 2, body.top() - _MARK - 1, _MARK, _MARK)
                paint_shape(painter, mark, "triangle-down", theme.colour("alarm"))
            if bar.refused:
                high = max(3.0, room * bar.refused / max(1, tallest))
                painter.fillRect(QRectF(x - _BAR / 2, middle + 1, _BAR, high), theme.colour("good"))
                mark = QRectF(x - _MARK / 2, middle + high + 2, _MARK, _MARK)
                paint_shape(painter, mark, "disc", theme.colour("good"))

    def _moments(self, painter: QPainter, main: QRectF, end: int, line: int) -> None:
        """Accepted, the bound and since when it bites: upright lines with their words, above; the axis' ends below."""
        theme, shown = self._look.theme, self._shown
        length = max(1, end - shown.accepted_ms)
        told = [(shown.accepted_ms, "accepted", "text-muted", Qt.PenStyle.SolidLine)]
        if shown.bound_ms is not None:
            told.append((shown.bound_ms, "may take until", "waiting", Qt.PenStyle.DashLine))
        if shown.bites_ms is not None:
            told.append((shown.bites_ms, "bites since", "good", Qt.PenStyle.SolidLine))
        taken = main.left() - 1.0
        measure = theme.metrics("small")
        for at_ms, word, tone, style in sorted(told, key=lambda one: one[0]):
            x = main.left() + min(1.0, max(0.0, (at_ms - shown.accepted_ms) / length)) * main.width()
            painter.setPen(QPen(theme.colour(tone), 1.5, style))
            painter.drawLine(QPointF(x, main.top()), QPointF(x, main.bottom()))
            text = f"{word} {shown.clock(at_ms)}"
            wide = measure.horizontalAdvance(text)
            left = max(taken + 8, min(x, self.width() - wide - 2.0))
            if left + wide <= self.width():  # where two stand close, the words tell it all the same
                painter.setPen(theme.colour(tone))
                painter.drawText(QRectF(left, 0, wide + 2, line), _LEFT, text)
                taken = left + wide
        below = QRectF(main.left(), main.bottom() + 2, main.width(), line)
        painter.setPen(theme.colour("text-muted"))
        painter.drawText(below, _LEFT, shown.clock(shown.accepted_ms))
        painter.drawText(below, _RIGHT, shown.clock(end))

    def _later(
        self, painter: QPainter, area: QRectF, later: Sequence[Tried], bars: Sequence[Column], tallest: int, line: int
    ) -> None:
        theme = self._look.theme
        painter.setPen(QPen(theme.colour("edge"), 1, Qt.PenStyle.DotLine))
        painter.drawLine(area.topLeft(), area.bottomLeft())
        self._bars(painter, area, bars, tallest)
        painter.setPen(theme.colour("text-muted"))
        below = QRectF(area.left() + 4, area.bottom() + 2, area.width() - 4, line)
        painter.drawText(below, _RIGHT, f"looked again {self._shown.clock(later[-1].at_ms)}")


__all__ = ["Column", "RefusalsChart", "Shown", "Tried", "columns", "split"]
