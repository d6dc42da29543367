"""Where Python looks for garbage in a process with a window: on Qt's thread, and on no other.

Python's own collector runs on whichever thread asks for memory next. A widget that is part of a cycle would be
destroyed there, and a shown widget that is destroyed off Qt's thread waits for that thread for good, or breaks what it
draws.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

_LOOK_EVERY_MS = 100
_YOUNG = 20_000  # objects: most of what a start makes stays, and looking for garbage among it is a tenth of its time
_ROUNDS = 10  # of a younger generation before an older one is looked through; as Python does it


class Collector(QObject):
    """Switches the automatic collector off and does its work from a timer of the thread it was made on."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        timer = QTimer(self)
        timer.setInterval(_LOOK_EVERY_MS)
        timer.timeout.connect(self.look)
        timer.start()

    def look(self) -> None:
        """Collect where enough was made since the last time, as far back as it is due."""
        young, middle, old = gc.get_count()
        if young >= _YOUNG:
            gc.collect(2 if old > _ROUNDS else 1 if middle > _ROUNDS else 0)
