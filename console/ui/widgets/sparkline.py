"""A small line of the last readings of one figure; where nothing was heard the line has a gap.

It never joins over a gap, and its words say what the line says.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QWidget

from console.ui.theme import Look
from console.ui.widgets.text import plain_tooltip

Readings = Sequence[float | None]


def paint_sparkline(painter: QPainter, rect: QRectF, readings: Readings, colour: QColor) -> None:
    """Paint the readings, oldest left, from the lowest (or 0) to the highest; None and NaN are gaps."""
    runs = _runs(readings, rect)
    if not runs:
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(colour, 1)
    pen.setCosmetic(True)  # one device pixel: any other width takes Qt's stroker twenty times as long
    painter.setPen(pen)
    ratio = painter.device().devicePixelRatio()
    for _ in range(max(1, round(ratio))):  # so that the line is no thinner on a dense screen
        for run in runs:
            if len(run) == 1:
                painter.drawPoint(run[0])
            else:
                painter.drawPolyline(run)
        painter.translate(0, 1 / ratio)
    painter.restore()


def words_of(readings: Readings, name: str, unit: str) -> str:
    """What the line says: `latency: last 120 ms, 80 to 340 ms in 30 readings, 2 of them unheard`."""
    heard = [one for one in readings if one is not None and math.isfinite(one)]
    if not heard:
        return f"{name}: nothing heard"
    silent = len(readings) - len(heard)
    newest = readings[-1]
    silent_now = newest is None or not math.isfinite(newest)
    last = "last one unheard" if silent_now else f"last {heard[-1]:g} {unit}"
    tail = f", {silent} of them unheard" if silent else ""
    return f"{name}: {last}, {min(heard):g} to {max(heard):g} {unit} in {len(readings)} readings{tail}"


def _runs(readings: Readings, rect: QRectF) -> list[list[QPointF]]:
    heard = [one for one in readings if one is not None and math.isfinite(one)]
    if not heard:
        return []
    low, high = min(0.0, *heard), max(heard)
    scale = (rect.height() - 2) / (high - low) if high > low else 0.0
    step = rect.width() / max(1, len(readings) - 1)
    left, bottom = rect.left(), rect.bottom() - 1 + low * scale
    if len(heard) == len(readings):
        return [[QPointF(left + index * step, bottom - one * scale) for index, one in enumerate(heard)]]
    runs: list[list[QPointF]] = [[]]
    for index, one in enumerate(readings):
        if one is not None and math.isfinite(one):
            runs[-1].append(QPointF(left + index * step, bottom - one * scale))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


class Sparkline(QLabel):
    """The widget of one figure. Its accessible name is the line in words."""

    def __init__(self, look: Look, name: str, unit: str, *, tone: str = "known", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._name, self._unit, self._tone = look, name, unit, tone
        self._readings: tuple[float | None, ...] = ()
        self.set_readings(())

    def set_readings(self, readings: Readings) -> None:
        """Show these, the oldest first; None where one was due and nothing was heard."""
        self._readings = tuple(readings)
        said = words_of(self._readings, self._name, self._unit)
        self.setAccessibleName(said)
        self.setToolTip(plain_tooltip(said))
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Twelve by two grid units."""
        return QSize(self._look.theme.space("unit") * 12, self._look.theme.space("wide"))

    minimumSizeHint = sizeHint  # noqa: N815 - Qt's name

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name and signature
        """The line."""
        painter = QPainter(self)
        paint_sparkline(painter, QRectF(self.rect()), self._readings, self._look.theme.colour(self._tone))
