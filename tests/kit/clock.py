"""A clock that stands still until a test moves it, and one that goes and can be moved on."""

from __future__ import annotations

from console.runtime.clock import SystemClock

START_WALL_MS = 1_763_906_531_000
START_BOOT_MS = 81_234


class FakeClock:
    """Starts at a fixed moment; `advance` moves both clocks, `set_wall` only the one that people read."""

    def __init__(self, wall_ms: int = START_WALL_MS, boot_ms: int = START_BOOT_MS, boot_id: str = "b0" * 16) -> None:
        self._wall_ms = wall_ms
        self._boot_ms = boot_ms
        self._boot_id = boot_id

    def wall_ms(self) -> int:
        return self._wall_ms

    def boot_ms(self) -> int:
        return self._boot_ms

    def boot_id(self) -> str:
        return self._boot_id

    def advance(self, ms: int) -> None:
        self._wall_ms += ms
        self._boot_ms += ms

    def set_wall(self, wall_ms: int) -> None:
        """As when somebody sets the machine's clock: the boot clock does not notice."""
        self._wall_ms = wall_ms

    def reboot(self, boot_id: str, boot_ms: int = 0) -> None:
        self._boot_id = boot_id
        self._boot_ms = boot_ms


class PassingClock(SystemClock):
    """The machine's own; `advance` lets time go by at once, for which nothing has to wait or hurry."""

    __slots__ = ("_passed_ms",)

    def __init__(self) -> None:
        super().__init__()
        self._passed_ms = 0

    def wall_ms(self) -> int:
        return super().wall_ms() + self._passed_ms

    def boot_ms(self) -> int:
        return super().boot_ms() + self._passed_ms

    def advance(self, ms: int) -> None:
        self._passed_ms += ms
