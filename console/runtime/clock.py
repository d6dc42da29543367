"""The only place that reads a clock. Everything else is handed a `Clock`, so that tests decide what time it is.

It must never wait: waiting belongs to the engine loop, which measures with these two clocks.
"""

from __future__ import annotations

import time
from typing import Protocol

from console.runtime import platform


class Clock(Protocol):
    """Two clocks: one that people read and may be set wrong, one that only runs forward until the next boot."""

    def wall_ms(self) -> int:
        """UTC in milliseconds since 1970. It may jump; it is evidence, not order."""
        ...

    def boot_ms(self) -> int:
        """Milliseconds since boot, time asleep included. Compare only within one `boot_id`."""
        ...

    def boot_id(self) -> str:
        """32 lower-case hex digits naming the run of the machine within which `boot_ms` is comparable."""
        ...


class SystemClock:
    """The machine's own clocks."""

    __slots__ = ("_boot_id",)

    def __init__(self) -> None:
        self._boot_id = platform.boot_id()

    def wall_ms(self) -> int:
        """UTC in milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def boot_ms(self) -> int:
        """Milliseconds since boot."""
        return platform.boot_ns() // 1_000_000

    def boot_id(self) -> str:
        """Read once: a process does not outlive its boot."""
        return self._boot_id
