"""Photographs of any size and kind become grey pixels, or a sentence; none is decoded that is too large."""

from __future__ import annotations

import random
import struct
import zlib
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from console.domain import frames
from console.services import qr
from console.ui.pictures import NoPicture, grey, read_picture
from tests.kit.photograph import png_of

(FRAME,) = frames.cut(random.Random(5).randbytes(400))


def drawn() -> QImage:
    return QImage.fromData(qr.png(FRAME))


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_a_picture_that_says_it_is_enormous_is_refused_before_it_is_decoded():
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0))
    with pytest.raises(NoPicture, match="too large"):
        read_picture(Path("huge.png"), b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(100))))


@pytest.mark.qt_log_ignore("JPEG datastream", extend=True)  # the decoder's own words
@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0 no more", b"\x00\x00\x00\x18ftypheic"])
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(NoPicture, match="no picture that can be read here"):
        read_picture(Path("it.png"), data)


def test_a_photograph_larger_than_needed_is_read_smaller():
    large = drawn().scaled(4_600, 4_600, Qt.AspectRatioMode.KeepAspectRatio)
    found = read_picture(Path("large.png"), png_of(large))
    assert max(found.width, found.height) == 4_000
    assert qr.read(found) == [FRAME]


def test_what_is_see_through_lies_on_white_and_lines_are_not_padded():
    image = drawn().convertToFormat(QImage.Format.Format_Grayscale8)
    clear = QImage(image.width() + 1, image.height(), QImage.Format.Format_ARGB32)
    clear.fill(Qt.GlobalColor.transparent)
    for y in range(image.height()):
        for x in range(image.width()):
            if image.pixelColor(x, y).value() < 128:
                clear.setPixelColor(x, y, Qt.GlobalColor.black)
    found = grey(clear)
    assert (found.width, len(found.pixels)) == (clear.width(), clear.width() * clear.height())
    assert qr.read(found) == [FRAME]
