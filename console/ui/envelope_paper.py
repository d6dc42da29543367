"""One recovery sheet as a page to print: A4, large enough to type off, cut from nothing but the sheet's own text.

The page is made in memory. Whoever asks for a file says where; no copy is left anywhere else.
"""

from __future__ import annotations

import textwrap
from typing import Final

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPageLayout, QPageSize, QPainter, QPdfWriter, QPen, QPixmap

_DPI: Final = 300
_PT: Final = _DPI / 72
_MARGIN_MM: Final = 20
_TITLE_PT: Final = 17.0
_LEAST_PT: Final = 7.0
_BODY_PT: Final = 10.5
_INK: Final = QColor("black")
_PAPER_A4: Final = (210, 297)


def pdf_of(sheet: str, title: str, font: QFont) -> bytes:
    """The page as a PDF."""
    kept = QByteArray()
    buffer = QBuffer(kept)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(_DPI)
    writer.setTitle(title)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    margins = QMarginsF(_MARGIN_MM, _MARGIN_MM, _MARGIN_MM, _MARGIN_MM)
    writer.setPageMargins(margins, QPageLayout.Unit.Millimeter)
    painter = QPainter(writer)
    _draw(painter, QRectF(0, 0, writer.width(), writer.height()), sheet, font, _PT)
    painter.end()
    buffer.close()
    made = bytes(kept.data())
    kept.fill(0)
    return made


def picture_of(sheet: str, font: QFont, width: int, scale: float) -> QPixmap:
    """The upper two thirds of the page as it will look, `width` pixels wide: nothing stands below."""
    high = round(width * _PAPER_A4[1] / _PAPER_A4[0])
    picture = QPixmap(round(width * scale), round(high * scale))
    picture.setDevicePixelRatio(scale)
    picture.fill(Qt.GlobalColor.white)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
    margin = width * _MARGIN_MM / _PAPER_A4[0]
    # drawn as large as on paper, then made smaller: hints of small letters would break lines in other places
    unit = width / _PAPER_A4[0] * 25.4 / 72
    _draw(painter, QRectF(margin, margin, width - 2 * margin, high - 2 * margin), sheet, font, unit)
    painter.setPen(QPen(QColor("gray")))
    painter.drawRect(0, 0, width - 1, high * 2 // 3 - 1)
    painter.end()
    part = picture.copy(0, 0, picture.width(), picture.height() * 2 // 3)
    part.setDevicePixelRatio(scale)
    return part


def _draw(painter: QPainter, into: QRectF, sheet: str, font: QFont, unit: float) -> None:
    """Title, a line, the text in letters of 10.5 points; smaller ones only where the paper is narrower than that."""
    title, _, body = sheet.strip().partition("\n")
    painter.setPen(QPen(_INK))
    head = QFont(font)
    head.setBold(True)
    head.setPixelSize(max(1, round(_TITLE_PT * unit)))
    while QFontMetricsF(head).horizontalAdvance(title) > into.width() and head.pixelSize() > 1:
        head.setPixelSize(head.pixelSize() - 1)
    painter.setFont(head)
    high = QFontMetricsF(head).height()
    painter.drawText(QRectF(into.left(), into.top(), into.width(), high), title)
    below = into.top() + high * 1.4
    painter.setPen(QPen(_INK, max(1.0, unit)))
    painter.drawLine(int(into.left()), int(below), int(into.right()), int(below))
    text = QFont(font)
    text.setPixelSize(max(1, round(_BODY_PT * unit)))
    lines = _broken(body.strip("\n"), int(into.width() / QFontMetricsF(text).horizontalAdvance("0")))
    text = _fitting(text, lines, into.width(), unit)
    painter.setFont(text)
    step = QFontMetricsF(text).height() * 1.25
    at = below + step
    for line in lines:
        painter.drawText(QRectF(into.left(), at, into.width(), step * 2), line)
        at += step


def _broken(body: str, columns: int) -> list[str]:
    """Its lines, long ones broken between words (a long word within), what follows as far in as the line began."""
    found: list[str] = []
    for line in body.split("\n"):
        inset = line[: len(line) - len(line.lstrip())]
        found += textwrap.wrap(line, columns, subsequent_indent=inset, drop_whitespace=True) or [""]
    return found


def _fitting(font: QFont, lines: list[str], width: float, unit: float) -> QFont:
    made, size = QFont(font), float(font.pixelSize())
    while True:
        made.setPixelSize(max(1, int(size)))
        measure = QFontMetricsF(made)
        if max(measure.horizontalAdvance(line) for line in lines) <= width or size <= _LEAST_PT * unit / 2:
            return made
        size *= 0.97
