"""Which screen a window is on, and how much room is there.

Never `QWidget.screen()`, nor its `style()`: PySide 6.11 takes what it gives for a part of the widget, and for Python's
own when the widget is collected as garbage in a ring. Then the screen itself is destroyed, and the next change of the
look brings the process down. What is asked of the application belongs to nobody.

`windowHandle()` may be asked: what it gives is a part of the widget in truth, made and destroyed with it. Hundreds of
dialogs in rings, collected open, closed and half destroyed, under an allocator that overwrites what is freed, brought
nothing down (`tests/ui/test_collecting.py` does a few of them).
"""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QGuiApplication, QScreen
from PySide6.QtWidgets import QWidget


def screen_of(widget: QWidget) -> QScreen:
    """The screen that the middle of its window is on; of one not shown yet, where the window it belongs to is."""
    window, owner = widget.window(), widget.parentWidget()
    if owner is not None and not window.isVisible():
        window = owner.window()
    return QGuiApplication.screenAt(window.frameGeometry().center()) or QGuiApplication.primaryScreen()


def room_on_screen(widget: QWidget) -> QSize:
    """How large a window can be there, in logical pixels, without what the system keeps for itself."""
    return screen_of(widget).availableSize()
