"""How long to wait before trying again, and when to leave a provider alone. Pure but for injected entropy."""

from __future__ import annotations

from typing import Final

from console.runtime.ids import Entropy

FIRST_MS: Final = 1_000
LONGEST_MS: Final = 60_000
FAULTS_TO_OPEN: Final = 5
OPEN_MS: Final = 30_000


def wait_ms(tries: int, entropy: Entropy, *, retry_after_s: float | None = None) -> int:
    """Full jitter under a doubling cap: `tries` is 1 after the first failure. Retry-After is a floor, never cut."""
    cap = min(LONGEST_MS, FIRST_MS << min(max(tries, 1) - 1, 16))
    fraction = int.from_bytes(entropy.token(4), "big") / 2**32
    jittered = cap // 2 + int(fraction * (cap // 2))
    return max(jittered, 0 if retry_after_s is None else int(retry_after_s * 1000) + 1)


class Breaker:
    """Opens after five faults in a row at one provider; then one try in 30 s goes through until one succeeds."""

    __slots__ = ("_faults", "_open_until_ms")

    def __init__(self) -> None:
        self._faults = 0
        self._open_until_ms = 0

    def may_try(self, boot_ms: int) -> bool:
        """Whether a call may be made now."""
        return self._faults < FAULTS_TO_OPEN or boot_ms >= self._open_until_ms

    def fault(self, boot_ms: int) -> None:
        """A call found no connection or no answer."""
        self._faults += 1
        if self._faults >= FAULTS_TO_OPEN:
            self._open_until_ms = boot_ms + OPEN_MS

    def success(self) -> None:
        """A call was answered."""
        self._faults = 0
