"""A frame drawn for a terminal is the same picture as the one that is saved: the reader reads both."""

from __future__ import annotations

import random

import pytest

from console.domain import frames
from console.services import qr
from console.services.qr import Grey

DARK = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}
_PIXELS = 4


@pytest.mark.parametrize("turned", [False, True], ids=["dark on light", "light on dark"])
def test_what_a_terminal_shows_is_read(turned):
    (frame,) = frames.cut(random.Random(1).randbytes(frames.TERMINAL_BYTES), frames.TERMINAL_BYTES)
    lines = [line.removeprefix("\x1b[30;107m").removesuffix("\x1b[0m") for line in qr.in_letters(frame)]
    assert (len(lines), {len(line) for line in lines}) == (31, {61})
    rows = [[DARK[letter][half] for letter in line] for line in lines for half in (0, 1)]
    grey = [bytes(255 * (one == turned) for one in row for _ in range(_PIXELS)) for row in rows for _ in range(_PIXELS)]
    assert qr.read(Grey(61 * _PIXELS, 62 * _PIXELS, b"".join(grey))) == [frame]


def test_a_picture_without_a_code_holds_none():
    assert qr.read(Grey(64, 64, random.Random(2).randbytes(64 * 64))) == []
