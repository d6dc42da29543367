"""Pictures of this machine as grey pixels, for whoever reads QR codes in them. A picture from outside is only decoded.

What is too large is refused before it is decoded.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QGuiApplication, QImage, QImageReader, QPainter

from console.domain.errors import Problem
from console.services.qr import Grey

MAX_PIXELS: Final = 100_000_000
_MOST_A_SIDE: Final = 4_000  # finer than that, the reader only takes longer


class NoPicture(Problem):
    """A file holds no picture that can be decoded here."""


def read_picture(path: Path, data: bytes) -> Grey:
    """The picture in these bytes of a file.

    Raises:
        NoPicture: when it is none, is too large, or is of a kind that is not known here.
    """
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and size.width() * size.height() > MAX_PIXELS:
        raise NoPicture(f"{path.name} is too large a picture.", "Take it again with fewer pixels.")
    if max(size.width(), size.height()) > _MOST_A_SIDE:  # a JPEG is then never decoded at its full size
        reader.setScaledSize(size.scaled(_MOST_A_SIDE, _MOST_A_SIDE, Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    if image.isNull():
        raise NoPicture(f"{path.name} is no picture that can be read here.", "Save it as PNG or JPEG.")
    return grey(image)


def grey(image: QImage) -> Grey:
    """The same picture as grey pixels."""
    if max(image.width(), image.height()) > _MOST_A_SIDE:
        image = image.scaled(
            _MOST_A_SIDE, _MOST_A_SIDE, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
    if image.hasAlphaChannel():  # what is see-through lies on paper
        image = _on_white(image)
    plain = image.convertToFormat(QImage.Format.Format_Grayscale8)
    raw, step, wide = bytes(plain.constBits()), plain.bytesPerLine(), plain.width()
    lines = (raw[at : at + wide] for at in range(0, step * plain.height(), step))  # without what pads each line
    return Grey(wide, plain.height(), b"".join(lines))


def see_screens() -> list[QImage]:
    """What every screen shows now; none where the system does not let programs see it."""
    seen = (screen.grabWindow(0).toImage() for screen in QGuiApplication.screens())
    return [image for image in seen if not image.isNull()]


def _on_white(image: QImage) -> QImage:
    paper = QImage(image.size(), QImage.Format.Format_RGB32)
    paper.fill(Qt.GlobalColor.white)
    painter = QPainter(paper)
    painter.drawImage(0, 0, image)
    painter.end()
    return paper
