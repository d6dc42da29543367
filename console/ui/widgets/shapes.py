"""Paints the shapes by which states are told apart without colour, sharp at any size. A table's shapes differ at 12 px.

It knows shapes and colours only; which state has which is for the tokens to say.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF

_BOX: Final = 16.0
_STROKE: Final = 1.9
_EYE: Final = QRectF(1.5, 1.5, 13, 13)
_DIAMOND: Final = ((8, 1), (15, 8), (8, 15), (1, 8))
_TRIANGLE: Final = ((8, 1.2), (15.4, 14.6), (0.6, 14.6))
_OCTAGON: Final = ((5, 1), (11, 1), (15, 5), (15, 11), (11, 15), (5, 15), (1, 11), (1, 5))

Points = tuple[tuple[float, float], ...]
Drawing = Callable[[QPainter], None]


def paint_shape(painter: QPainter, rect: QRectF, shape: str, colour: QColor) -> None:
    """Paint a shape of the tokens into the middle of `rect`, from a drawing that is kept.

    Raises:
        KeyError: when no such shape is known.
    """
    side, ratio = min(rect.width(), rect.height()), painter.device().devicePixelRatio()
    drawn = _drawn(shape, round(side * ratio), colour.rgba(), ratio)
    painter.drawImage(QPoint(round(rect.center().x() - side / 2), round(rect.center().y() - side / 2)), drawn)


@functools.lru_cache(maxsize=1024)
def _drawn(shape: str, pixels: int, rgba: int, ratio: float) -> QImage:
    draw = SHAPES[shape]
    drawn = QImage(pixels, pixels, QImage.Format.Format_ARGB32_Premultiplied)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(pixels / _BOX, pixels / _BOX)
    pen = QPen(QColor.fromRgba(rgba), _STROKE)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    painter.setPen(pen)
    draw(painter)
    painter.end()
    drawn.setDevicePixelRatio(ratio)
    return drawn


def _polygon(points: Points) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in points])


def _outlined(points: Points) -> Drawing:
    return lambda painter: painter.drawPolygon(_polygon(points))


def _filled(*parts: Points) -> Drawing:
    """Later parts are cut out of the first."""
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.OddEvenFill)
    for points in parts:
        path.addPolygon(_polygon(points))
        path.closeSubpath()
    return lambda painter: painter.fillPath(path, painter.pen().color())


def _lines(*parts: Points) -> Drawing:
    def draw(painter: QPainter) -> None:
        for points in parts:
            painter.drawPolyline(_polygon(points))

    return draw


def _all(*drawings: Drawing) -> Drawing:
    def draw(painter: QPainter) -> None:
        for one in drawings:
            one(painter)

    return draw


def _box(x: float, y: float, width: float, height: float) -> Points:
    return ((x, y), (x + width, y), (x + width, y + height), (x, y + height))


def _ring(painter: QPainter) -> None:
    painter.drawEllipse(_EYE)


def _dot(centre_x: float, centre_y: float, radius: float) -> Drawing:
    path = QPainterPath()
    path.addEllipse(QPointF(centre_x, centre_y), radius, radius)
    return lambda painter: painter.fillPath(path, painter.pen().color())


def _half(painter: QPainter) -> None:
    painter.setBrush(painter.pen().color())
    painter.drawChord(_EYE, 90 * 16, 180 * 16)


def _question(painter: QPainter) -> None:
    pen = QPen(painter.pen())
    pen.setWidthF(_STROKE * 1.25)
    painter.setPen(pen)
    hook = QPainterPath(QPointF(4, 5.2))
    hook.cubicTo(QPointF(4, 0.2), QPointF(12.4, 0.2), QPointF(12.2, 5))
    hook.cubicTo(QPointF(12, 8), QPointF(8, 7.4), QPointF(8, 11))
    painter.drawPath(hook)
    _dot(8, 14, 1.5)(painter)


_BANG: Final = (_box(7.1, 5.4, 1.8, 4.8), _box(7.1, 11.4, 1.8, 1.8))

SHAPES: Final[dict[str, Drawing]] = {
    "disc": _dot(8, 8, 7),
    "half-disc": _all(_ring, _half),
    "ring": _ring,
    "ring-dot": _all(_ring, _dot(8, 8, 3)),
    "ring-slash": _all(_ring, _lines(((3.6, 12.4), (12.4, 3.6)))),
    "no-entry": _filled(_OCTAGON, _box(4, 6.6, 8, 2.8)),
    "clock": _all(_ring, _lines(((8, 3.8), (8, 8.4), (11.6, 8.4)))),
    "square": _filled(_box(2, 2, 12, 12)),
    "square-ring": _outlined(_box(2, 2, 12, 12)),
    "square-half": _all(_outlined(_box(2, 2, 12, 12)), _filled(_box(2, 8, 12, 6))),
    "diamond": _filled(_DIAMOND),
    "diamond-ring": _outlined(((8, 1.8), (14.2, 8), (8, 14.2), (1.8, 8))),
    "triangle": _filled(_TRIANGLE, *_BANG),
    "triangle-down": _filled(((8, 14.6), (15.4, 1.6), (0.6, 1.6))),
    "octagon": _filled(_OCTAGON, _box(7, 3.8, 2, 5.2), _box(7, 10.4, 2, 2)),
    "hourglass": _all(
        _filled(((3.4, 2), (12.6, 2), (8, 8))), _filled(((3.4, 14), (12.6, 14), (8, 8))),
        _lines(((2.4, 1.8), (13.6, 1.8)), ((2.4, 14.2), (13.6, 14.2))),
    ),
    "pause": _all(_filled(_box(3.2, 2, 3.4, 12)), _filled(_box(9.4, 2, 3.4, 12))),
    "cross": _lines(((2.4, 2.4), (13.6, 13.6)), ((13.6, 2.4), (2.4, 13.6))),
    "dash": _filled(_box(2, 6.8, 12, 2.4)),
    "dots": _all(_dot(2.8, 8, 1.8), _dot(8, 8, 1.8), _dot(13.2, 8, 1.8)),
    "arrow-right": _lines(((1, 8), (14, 8)), ((8.6, 2.6), (14, 8), (8.6, 13.4))),
    "arrow-up": _lines(((8, 15), (8, 2)), ((2.6, 7.4), (8, 2), (13.4, 7.4))),
    "question": _question,
}  # fmt: skip
