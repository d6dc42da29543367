"""A figure of a measurement of the window, and how it is come by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QElapsedTimer


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its value and unit, the bar, and what it is measured against (None where there is nothing)."""

    name: str
    value: float
    unit: str
    target: float
    floor: float | None = None

    @property
    def line(self) -> str:
        """For people."""
        floor = "" if self.floor is None else f", floor {self.floor:.1f}: {self.value / self.floor:.2f} times"
        return f"{self.name:<46} {self.value:>9.1f} {self.unit:<5} of at most {self.target:g}{floor}"


def timed(work: Callable[[], None]) -> float:
    """How long it takes, in ms."""
    clock = QElapsedTimer()
    clock.start()
    work()
    return clock.nsecsElapsed() / 1e6


def p99(found: list[float]) -> float:
    """The 99th percentile."""
    return sorted(found)[min(len(found) - 1, int(len(found) * 0.99))]
