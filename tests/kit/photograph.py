"""A photograph of a picture on a screen: turned, scaled, greyed, noisy, saved as JPEG. Qt does all of it."""

from __future__ import annotations

import random
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QImage, QPainter, QTransform

TABLE, PAPER = "#5a6068", "#e4e6ea"
_QUALITY = 45


def photograph(picture: Path, into: Path, *, turned: float = 3.0, scale: float = 0.62, seed: int = 0) -> Path:
    """Write what a telephone would have taken of `picture`, on a grey table, beside a bright edge."""
    flat = QImage(str(picture)).convertToFormat(QImage.Format.Format_RGB32)
    seen = flat.transformed(QTransform().rotate(turned).scale(scale, scale), Qt.TransformationMode.SmoothTransformation)
    shot = QImage(seen.width() + 160, seen.height() + 120, QImage.Format.Format_RGB32)
    shot.fill(TABLE)
    painter = QPainter(shot)
    painter.fillRect(0, 0, 40, shot.height(), PAPER)
    painter.drawImage(90, 50, seen)
    painter.setOpacity(0.12)  # a reflection
    painter.fillRect(shot.width() // 3, 0, shot.width() // 4, shot.height(), PAPER)
    painter.end()
    _with_noise(shot, seed).save(str(into), "JPEG", _QUALITY)
    return into


def _with_noise(image: QImage, seed: int) -> QImage:
    """Some grain: a fine pattern laid over it."""
    noise = random.Random(seed)
    side = 128
    grain = QImage(noise.randbytes(side * side), side, side, side, QImage.Format.Format_Grayscale8)
    painter = QPainter(image)
    painter.setOpacity(0.18)
    for y in range(0, image.height(), side):
        for x in range(0, image.width(), side):
            painter.drawImage(x, y, grain)
    painter.end()
    return image


def png_of(image: QImage) -> bytes:
    """The bytes of a PNG file."""
    raw = QByteArray()
    buffer = QBuffer(raw)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(raw.data())
