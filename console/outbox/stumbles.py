"""Rows at which something of our own failed: a full disk, a fault nobody foresaw. They rest, are tried again, are told.

It must never keep another row from going, nor a run from ending.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

PATIENT: Final = 5  # so often it is tried, then a settling run leaves it to people and says so
_MOST_RESTS: Final = 30
_TEXT_CHARS: Final = 300


@dataclass(slots=True)
class Stumbles:
    """What an engine remembers of them while it runs; a start tries everything anew."""

    rest_ms: int
    _known: dict[tuple[str, int], tuple[int, int, str]] = field(
        default_factory=dict[tuple[str, int], tuple[int, int, str]]
    )

    def note(self, key: tuple[str, int], fault: Exception, boot_ms: int) -> str:
        """One more; longer rests each time. Gives what is to be told."""
        times = self._known.get(key, (0, 0, ""))[0] + 1
        text = f"{type(fault).__name__}: {fault}"[:_TEXT_CHARS]
        self._known[key] = times, boot_ms + self.rest_ms * min(times, _MOST_RESTS), text
        return text

    def forget(self, key: tuple[str, int]) -> None:
        """It went on."""
        self._known.pop(key, None)

    def rests(self, key: tuple[str, int], boot_ms: int) -> bool:
        """Whether it is not tried yet."""
        return boot_ms < self._known.get(key, (0, 0, ""))[1]

    def left(self, key: tuple[str, int]) -> str:
        """What failed, where it did so often that nobody waits for it any more; empty else."""
        times, _, text = self._known.get(key, (0, 0, ""))
        return text if times >= PATIENT else ""


__all__ = ["PATIENT", "Stumbles"]
