"""Draws the bundled icons in a token's colour, sharp at any scale, each drawing kept.

An icon never carries a meaning alone: whoever uses one sets a name or a word beside it.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Final

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from console.domain.errors import WrongUse
from console.ui.resources import resource
from console.ui.tokens import Colours

_MOST_KEPT: Final = 2_000
_Key = tuple[str, int, str, float]  # name, logical pixels, colour, device pixels to a logical one


@dataclass(slots=True)
class Icons:
    """The icons of one window; a theme's change needs no clearing, for the colour is part of what is kept by."""

    _kept: dict[tuple[str, int, str, float], QPixmap] = field(
        default_factory=dict[tuple[str, int, str, float], QPixmap]
    )

    def pixmap(self, name: str, size_px: int, colours: Colours, tone: str = "text", ratio: float = 1.0) -> QPixmap:
        """The icon `name`, `size_px` logical pixels wide, in the colour of `tone`, for a screen of `ratio`.

        Raises:
            WrongUse: when there is no such icon.
        """
        key = (name, size_px, colours[tone], ratio)
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            found = self._kept[key] = _draw(*key)
        return found

    def icon(self, name: str, colours: Colours, tone: str = "text", size_px: int = 16) -> QIcon:
        """The same for a button or an action: sharp at 100, 150 and 200 %, paler where disabled."""
        made = QIcon()
        for ratio in (1.0, 1.5, 2.0, 3.0):
            made.addPixmap(self.pixmap(name, size_px, colours, tone, ratio))
            made.addPixmap(self.pixmap(name, size_px, colours, "text-disabled", ratio), QIcon.Mode.Disabled)
        return made


@functools.cache
def names() -> tuple[str, ...]:
    """Every icon there is, by name, in order."""
    return tuple(sorted(path.stem for path in resource("icons").glob("*.svg")))


@functools.cache
def _svg(name: str) -> str:
    if name not in names():
        raise WrongUse(f"There is no icon named {name}.", "See resources/icons.")
    return resource("icons", f"{name}.svg").read_text(encoding="ascii")


def _draw(name: str, size_px: int, colour: str, ratio: float) -> QPixmap:
    renderer = QSvgRenderer(QByteArray(_svg(name).encode("ascii")))
    drawn = QPixmap(QSize(round(size_px * ratio), round(size_px * ratio)))
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    renderer.render(painter, QRectF(0, 0, drawn.width(), drawn.height()))
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(drawn.rect(), QColor(colour))
    painter.end()
    drawn.setDevicePixelRatio(ratio)
    return drawn
