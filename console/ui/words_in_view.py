"""Eight words that stay in view while a colleague types them into another window of the same screen.

Two windows that fill one screen hide each other's words, and nobody should have to write them down. It takes no focus.
"""

from __future__ import annotations

from typing import Final, Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from console.ui.pages import WordsCard
from console.ui.parts import column
from console.ui.screens import screen_of
from console.ui.theme import Look

_WIDE: Final = 560
_EDGE: Final = 24


class WordsInView(QWidget):
    """Above every window, in a lower corner; it goes with the panel it belongs to."""

    def __init__(self, look: Look, title: str, owner: QWidget, side: Literal["left", "right"]) -> None:
        flags = Qt.WindowType.Tool | Qt.WindowType.WindowStaysOnTopHint | Qt.WindowType.WindowDoesNotAcceptFocus
        super().__init__(owner, flags)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setWindowTitle(title)
        self.card = WordsCard(look, title)
        column(self).addWidget(self.card)
        self.setFixedWidth(round(_WIDE * look.theme.text_scale))
        self._side = side

    def show_words(self, words: str) -> None:
        """Show these, where they cover least."""
        self.card.show_words(words)
        self.adjustSize()
        free = screen_of(self).availableGeometry()
        x = free.left() + _EDGE if self._side == "left" else free.right() - self.width() - _EDGE
        self.move(x, free.bottom() - self.height() - 2 * _EDGE)
        self.show()
