"""How panels are laid out: titles, columns, rows. It holds no state."""

from __future__ import annotations

from typing import Final, TypeVar

from PySide6.QtCore import QSize, QTimer
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from console.ui.screens import room_on_screen, screen_of
from console.ui.theme import Look
from console.ui.widgets import Text

FLAT: Final = (0, 0, 0, 0)
L = TypeVar("L", bound=QBoxLayout)
_FRAME: Final = QSize(8, 40)  # what the system puts round a window
_FRAMED_MS: Final = 150  # between two looks whether it has
_LOOKS: Final = 20


def panel_title(look: Look, text: str) -> Text:
    """The quiet heading of a panel."""
    title = Text(look, text, size="small", weight="semibold", tone="text-muted")
    unit = look.theme.space("unit")
    title.setContentsMargins(unit + 4, unit, unit, 4)
    return title


def column(widget: QWidget, spacing: int = 0, margins: tuple[int, int, int, int] = FLAT) -> QVBoxLayout:
    """A vertical layout without surprises."""
    return _bare(QVBoxLayout(widget), spacing, margins)


def row(widget: QWidget, spacing: int = 0, margins: tuple[int, int, int, int] = FLAT) -> QHBoxLayout:
    """A horizontal layout without surprises."""
    return _bare(QHBoxLayout(widget), spacing, margins)


def fit(window: QWidget, wanted: QSize, least: QSize | None = None) -> None:
    """So large, and never smaller than `least`, but never larger than the screen: what is beyond it cannot be used.

    At 200 % a laptop has room for half of what it has at 100 %.
    """
    most = room_on_screen(window) - _FRAME
    if least is not None:
        window.setMinimumSize(least.boundedTo(most))
    window.resize(wanted.boundedTo(most))


def keep_in_reach(window: QWidget, looks: int = _LOOKS) -> None:
    """A window that was just shown: nobody can take hold of it, or close it, by a title above the screen.

    Where its frame is, is known a while after it was asked for; on a busy machine later.
    """

    def look() -> None:
        top = screen_of(window).availableGeometry().top()
        if window.isVisible() and window.frameGeometry().top() < top:
            window.move(window.x(), top)
        elif looks > 0 and window.frameGeometry() == window.geometry():
            keep_in_reach(window, looks - 1)

    QTimer.singleShot(_FRAMED_MS, window, look)


def _bare(layout: L, spacing: int, margins: tuple[int, int, int, int]) -> L:
    layout.setContentsMargins(*margins)
    layout.setSpacing(spacing)
    return layout
