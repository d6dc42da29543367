"""When a person's key locks by itself: after ten minutes without a touch, an hour while an incident is open; at sleep.

A scribe listens; so an open incident gives the longer time. Time asleep counts: the boot clock runs on in sleep.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from console.runtime import platform
from console.runtime.clock import Clock

IDLE_MS: Final = 10 * 60_000
IDLE_IN_INCIDENT_MS: Final = 60 * 60_000
_SLEEP_NS: Final = 2_000_000_000  # less is two clocks that are not read at the same moment


class Idle:
    """Told of every touch; says when it is time to lock. Use it on one thread."""

    def __init__(self, clock: Clock, asleep_ns: Callable[[], int] = platform.asleep_ns) -> None:
        self._clock = clock
        self._touched_ms = clock.boot_ms()
        self._asleep_ns = asleep_ns
        self._slept_ns = asleep_ns()

    def touched(self) -> None:
        """A key or the pointer."""
        self._touched_ms = self._clock.boot_ms()

    def slept(self) -> bool:
        """Whether the machine was asleep since this was asked last."""
        before, self._slept_ns = self._slept_ns, self._asleep_ns()
        return self._slept_ns - before > _SLEEP_NS

    def remaining_ms(self, *, open_incident: bool) -> int:
        """How long until it locks; 0 where it is time."""
        allowed = IDLE_IN_INCIDENT_MS if open_incident else IDLE_MS
        return max(0, self._touched_ms + allowed - self._clock.boot_ms())
