"""Where Python looks for garbage in a process with a window: on Qt's thread, and on no other.

Python's own collector runs on whichever thread asks for memory next. A widget that is part of a cycle would be
destroyed there, and a shown widget that is destroyed off Qt's thread waits for that thread for good, or breaks what it
draws. On Qt's thread every look is a gap in which nobody paints or computes: so it is at few objects at a time, and
what has stayed for a while is set apart and looked through seldom.
"""

from __future__ import annotations

import gc
import time

from PySide6.QtCore import QObject, QTimer

_LOOK_EVERY_MS = 25
_YOUNG = 4_000  # objects: some 2 ms
_START = 20_000  # most of what a start makes stays, and looking for garbage among it is a tenth of its time
_ROUNDS = 2  # of looking at what is young; what is left is looked at once more and then set apart, some 6 ms
_WHOLE_EVERY_S = 600.0  # some 80 ms at once, for what stayed long and fell into disuse since


class Collector(QObject):
    """Switches the automatic collector off and does its work from a timer of the thread it was made on."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self._whole_at: float | None = None
        timer = QTimer(self)
        timer.setInterval(_LOOK_EVERY_MS)
        timer.timeout.connect(self.look)
        timer.start()

    def look(self) -> None:
        """Collect where enough was made since the last time, as far back as it is due."""
        young, middle, _ = gc.get_count()
        if young < (_START if self._whole_at is None else _YOUNG):
            return
        now = time.monotonic()
        if self._whole_at is None:  # what a start made stays
            self._whole_at = now
            gc.freeze()
        elif now - self._whole_at >= _WHOLE_EVERY_S:
            self._whole_at = now
            gc.unfreeze()
            gc.collect()
            gc.freeze()
        elif middle >= _ROUNDS:
            gc.collect(1)
            gc.freeze()
        else:
            gc.collect(0)
