"""On the wall a place is read from five metres, also where it does not answer."""

from __future__ import annotations

from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter

from console.services.board import Cell
from console.ui.wall import Wall


class Listening(QPainter):
    """Paints, and remembers which words."""

    def __init__(self, on: QImage) -> None:
        super().__init__(on)
        self.said: list[str] = []

    def drawText(self, *how: object) -> None:  # noqa: N802  Qt's name
        self.said.append(str(how[-1]))
        super().drawText(*how)


def test_a_place_that_does_not_answer_keeps_its_whole_name(qtbot, room) -> None:
    wall = Wall(room)
    qtbot.addWidget(wall)
    wall.resize(1920, 1080)
    cell = Cell(
        model="atlas-large", instance="a", provider="gateway-west", surface="s", name="atlas-large",
        state="unreachable", was="serving", stale=True,
    )  # fmt: skip
    picture = QImage(1920, 1080, QImage.Format.Format_RGB32)
    painter = Listening(picture)
    wall._paint_surface(painter, QRect(0, 0, 800, 92), cell)
    painter.end()
    assert painter.said == ["unreachable", "atlas-large  gateway-west", "was serving   never read"]
