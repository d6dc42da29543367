"""QR pictures: made of one frame each, and read from grey pixels. The two libraries are imported when they are needed.

A machine without the reader can still make pictures and take in files; it says what it lacks.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from console.domain.errors import Problem

if TYPE_CHECKING:
    import segno

BORDER: Final = 4  # modules of quiet around it, as the standard asks
_LEVEL: Final = "m"  # what a reflection on a screen takes away is made good
_PIXELS: Final = 6  # for each module of a picture that is saved
_MOST_IN_PICTURE: Final = 16
_TERMINAL_BORDER: Final = 2
_INVERSE: Final = "\x1b[30;107m"  # black on white
_PLAIN: Final = "\x1b[0m"
_HALVES: Final = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}


class NoReader(Problem):
    """QR pictures cannot be read on this installation."""

    def __init__(self) -> None:
        super().__init__(
            "QR pictures cannot be read on this installation: the library zxing-cpp is not here.",
            "Have it carried as a file, or paste the frames as text.",
        )


@dataclass(frozen=True, slots=True)
class Grey:
    """A picture as one byte of brightness for each pixel, row by row."""

    width: int
    height: int
    pixels: bytes


def modules(frame: str) -> tuple[bytes, ...]:
    """The rows of its picture without a border: 1 is dark."""
    return tuple(bytes(line) for line in _made(frame).matrix)


def png(frame: str) -> bytes:
    """Its picture as a PNG file, with the border around it."""
    out = io.BytesIO()
    _made(frame).save(out, kind="png", scale=_PIXELS, border=BORDER)
    return out.getvalue()


def _made(frame: str) -> segno.QRCode:
    import segno  # noqa: PLC0415  only where a picture is made

    return segno.make(frame, error=_LEVEL, mode="alphanumeric", micro=False, boost_error=False)


def in_letters(frame: str) -> list[str]:
    """Its picture for a terminal: two rows of modules in each line, whatever the terminal's colours."""
    found = modules(frame)
    width = len(found[0]) + 2 * _TERMINAL_BORDER
    blank = bytes(width)
    side = bytes(_TERMINAL_BORDER)
    rows = [blank] * _TERMINAL_BORDER + [side + line + side for line in found] + [blank] * (_TERMINAL_BORDER + 1)
    return [
        _INVERSE + "".join(_HALVES[above, below] for above, below in zip(rows[at], rows[at + 1], strict=True)) + _PLAIN
        for at in range(0, len(rows) - 1, 2)
    ]


def read(picture: Grey) -> list[str]:
    """The texts of the QR codes in a picture; at most sixteen.

    Raises:
        NoReader: where the library is not here.
    """
    try:
        import zxingcpp  # noqa: PLC0415  optional, and only where a picture is read
    except ImportError:
        raise NoReader from None
    view = memoryview(picture.pixels).cast("B", (picture.height, picture.width))
    ours = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    found = zxingcpp.read_barcodes(view, formats=ours)
    return [one.text for one in found[:_MOST_IN_PICTURE]]
