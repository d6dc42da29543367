"""Waiting in a test of the window: QTest's own wait keeps Python's lock, and other threads would stand still."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QEventLoop
from PySide6.QtWidgets import QApplication

_SLICE_S = 0.002


def rest(ms: float) -> None:
    """Let the window and the program's threads live for so long."""
    ends = time.monotonic() + ms / 1000
    while True:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        left = ends - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(left, _SLICE_S))
