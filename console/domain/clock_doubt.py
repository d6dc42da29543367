"""Whether a wall clock can be believed: it must not lag behind what the boot clock and the own record tell.

Pure: it reads no clock. It judges only clocks that went back; one that is ahead cannot be told from the right one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from console.domain.actions import Action, Document

ClockState = Literal["trusted", "doubtful"]
# setting a clock right by network moves it by seconds; approvals are counted in minutes
MAX_BACK_MS: Final = 60_000
WAITS: Final = "The clock went back: restores and what is irreversible wait until it is set right."

_UNTIL_THEN: Final = (
    "Set it right. Until then containment goes with the doubt recorded; restores and what is irreversible are not sent "
    "from here."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Both clocks of one machine at one moment, in ms; `boot_ms` is comparable within one `boot_id` only."""

    wall_ms: int
    boot_ms: int
    boot_id: str

    def expected_ms(self, now: Reading) -> int:
        """What the wall clock should show at `now` at least, if it was right at this reading."""
        if now.boot_id != self.boot_id:
            return self.wall_ms
        return self.wall_ms + max(0, now.boot_ms - self.boot_ms)


def back_ms(now: Reading, earlier: Iterable[Reading]) -> int:
    """By how much the wall clock lags behind what earlier readings tell; 0 where it does not."""
    return max(0, *(one.expected_ms(now) - now.wall_ms for one in earlier), 0)


def state_of(lag_ms: int) -> ClockState:
    """Whether a clock that lags by this much is doubtful."""
    return "doubtful" if lag_ms > MAX_BACK_MS else "trusted"


def waits_while_doubtful(document: Document) -> bool:
    """Whether it waits until the clock is right: a restore, what is irreversible, a redaction. Containment goes."""
    if isinstance(document, Action):
        return document.direction == "restore" or any(target.reversal == "none" for target in document.targets)
    return document.doc_type == "redaction.v1"


def clock_told(lag_ms: int) -> str:
    """What is wrong with the clock and what to do; empty where nothing is."""
    return " ".join(clock_parts(lag_ms)).strip()


def clock_parts(lag_ms: int) -> tuple[str, str]:
    """As `clock_told`: what is so, and what to do."""
    if state_of(lag_ms) == "trusted":
        return "", ""
    what = f"This console's clock went back by {_ago(lag_ms)} against what it had shown."
    return what, _UNTIL_THEN


def _ago(lag_ms: int) -> str:
    minutes = lag_ms // 60_000
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"  # noqa: PLR2004  an hour


def latest_ms(now: Reading, since: Reading) -> int:
    """The later of the wall clock and of `since` plus the time that ran by the boot clock: with it a term ends earlier.

    `since` is when the term began to run, on this machine.
    """
    return max(now.wall_ms, since.expected_ms(now))
