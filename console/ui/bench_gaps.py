"""How long the interface's thread could not answer anybody, moment by moment."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt, QTimer

from console.runtime.clock import SystemClock


class Gaps:
    """A timer of a millisecond: what is more between two of its ticks is time in which nobody was answered."""

    def __init__(self) -> None:
        self._last = 0.0
        self._clock = SystemClock()
        self._found: list[tuple[float, float]] = []
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(1)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        """Begin."""
        self._last = time.perf_counter()
        self._timer.start()

    def stop(self) -> list[tuple[float, float]]:
        """When each gap ended (wall clock, ms), and how long it was (ms)."""
        self._timer.stop()
        return self._found

    def _tick(self) -> None:
        now = time.perf_counter()
        self._found.append((self._clock.wall_ms(), (now - self._last) * 1000))
        self._last = now
