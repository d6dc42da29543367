"""Whether this machine's clock differs from what other clocks tell: a hint for people, and no more than that.

Pure. Nothing that is decided asks it: a clock that is ahead cannot be told from the right one by any rule (0167), and
whoever answers a call may answer it with any time. It says what was heard, of how many, and people look at a watch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Final, Literal

from console.domain.clock_doubt import Reading

TOLERANCE_MS: Final = 5_000  # a stamp has whole seconds, and a server may make it a second late
LOUD_MS: Final = 60_000  # approvals are counted in minutes: from here on it is more than a word in the header
KEPT_MS: Final = 30 * 60_000  # how long what was heard counts, by the boot clock
_NEAREST: Final = ((120_000, 5_000), (7_200_000, 60_000), (2**62, 3_600_000))  # below this, to so much

Whose = Literal["provider", "console"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Another clock as it was heard here. `epoch_ms` is what it showed less what our boot clock showed then.

    So it still tells rightly after our wall clock was set. `whose` and `name` say whose clock it is, `at_ms` (boot
    clock) when it was heard, `slack_ms` by how much that may be wrong. `near`: it may be a clock of this very machine.
    """

    whose: Whose
    name: str
    epoch_ms: int
    slack_ms: int
    at_ms: int
    near: bool = False

    def ahead_ms(self, now: Reading) -> int:
        """By how much our wall clock is ahead of it; less than nothing: behind."""
        return now.wall_ms - now.boot_ms - self.epoch_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockHint:
    """By how much our clock is ahead (less than nothing: behind) of `count` clocks, of `heard` that were heard."""

    ahead_ms: int
    whose: Whose
    count: int
    heard: int

    @property
    def loud(self) -> bool:
        """Whether it is more than what a header may say in passing."""
        return abs(self.ahead_ms) >= LOUD_MS

    @property
    def short(self) -> str:
        """In a header."""
        return f"clock {_length(self.ahead_ms)} {'ahead' if self.ahead_ms > 0 else 'behind'}?"

    @property
    def sentence(self) -> str:
        """What was heard."""
        kind = "provider" if self.whose == "provider" else "colleague's console"
        kinds = "providers" if self.whose == "provider" else "colleagues' consoles"
        whom = f"{self.count} {kind if self.count == 1 else kinds}"
        if self.heard > self.count:
            whom = f"{self.count} of {self.heard} {kinds}"
        least = "at least" if self.whose == "console" else "about"  # an entry is never here before it was written
        way = "ahead of" if self.ahead_ms > 0 else "behind"
        return f"This console's clock is {least} {_length(self.ahead_ms)} {way} {whom}."

    @property
    def next_step(self) -> str:
        """What to do, and what it is worth."""
        theirs = " It may be theirs that is wrong." if self.count == 1 else ""
        return (
            f"A hint and no proof, and nothing is decided by it.{theirs} Compare it with a watch or a telephone, and "
            "set it right if it is wrong: until when something may be signed or sent is told by this clock."
        )


def hint_of(voices: Iterable[Voice], now: Reading) -> ClockHint | None:
    """What the clocks heard lately tell of ours; None where they tell nothing.

    Providers are asked first, and more than half of them have to say the same way. Only where none was heard do
    entries of colleagues speak: one that arrived before it was written says that we are behind, by so much at least.
    """
    fresh = [one for one in voices if 0 <= now.boot_ms - one.at_ms <= KEPT_MS]
    told = [(one, one.ahead_ms(now)) for one in fresh]
    # what runs on this machine has this clock and would vote for it; one at the other end of a tunnel may differ
    asked = [(one, ms) for one, ms in told if one.whose == "provider" and (not one.near or _astray(one, ms))]
    if asked:
        return _of(asked, "provider")
    behind = [(one, ms) for one, ms in told if one.whose == "console" and ms < 0 and _astray(one, ms)]
    return _of(behind, "console") if behind else None


def _of(told: list[tuple[Voice, int]], whose: Whose) -> ClockHint | None:
    for way in (1, -1):
        found = [ms for one, ms in told if _astray(one, ms) and ms * way > 0]
        if 2 * len(found) > len(told):
            return ClockHint(ahead_ms=_coarse(round(median(found))), whose=whose, count=len(found), heard=len(told))
    return None


def _astray(one: Voice, ahead_ms: int) -> bool:
    return abs(ahead_ms) > TOLERANCE_MS + one.slack_ms


def _coarse(ms: int) -> int:
    """So that it does not change with every call."""
    unit = next(unit for below, unit in _NEAREST if abs(ms) < below)
    return round(ms / unit) * unit


def _length(ms: int) -> str:
    seconds = abs(ms) // 1000
    if seconds < 120:  # noqa: PLR2004  two of the larger unit
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 120:  # noqa: PLR2004  as above
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"  # noqa: PLR2004  as above
