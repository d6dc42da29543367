"""Whether a wall clock can be believed: it must not lag behind what the boot clock and the own record tell.

Pure: it reads no clock. It judges only clocks that went back; one that is ahead cannot be told from the right one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from console.domain.actions import Action, Document
from console.domain.clock_form import Clock
from console.domain.forms import Entry

ClockState = Literal["trusted", "doubtful"]
# setting a clock right by network moves it by seconds; approvals are counted in minutes
MAX_BACK_MS: Final = 60_000
WAITS: Final = "The clock went back: restores and what is irreversible wait until it is set right or confirmed by two."
SPARE_MS: Final = 10_000  # between asking the rule and having written what it said

_UNTIL_THEN: Final = (
    "Set it right, or have two people confirm it. Until then containment goes with the doubt recorded; restores and "
    "what is irreversible are not sent from here."
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """The clocks by which something is decided, and the machine feed of the console that decides.

    `spare_ms`: how much sooner a confirmation ends for whoever has yet to write the decision down, so that it still
    stands at the moment the entry itself tells.
    """

    feed: str
    reading: Reading
    spare_ms: int = 0


def decided_by(entry: Entry, now_ms: int) -> Deciding:
    """The clocks an authorisation itself tells: its own boot clock, and `now_ms`, the time it says it was decided."""
    return Deciding(feed=entry.feed, reading=Reading(wall_ms=now_ms, boot_ms=entry.mono, boot_id=entry.boot))


def stands(clock: Clock, at: Deciding) -> bool:
    """Whether a confirmed reading speaks for these clocks: the same console and boot, both clocks went on alike since.

    One that was set since, either way, is not the clock that people looked at. Who signed it, `quorum` says.
    """
    now, ran_ms = at.reading, at.reading.boot_ms - clock.mono
    if clock.feed != at.feed or clock.boot != now.boot_id or ran_ms < 0:
        return False
    astray_ms = abs(now.wall_ms - clock.created - ran_ms)
    return ran_ms + at.spare_ms <= clock.approve_by - clock.created and astray_ms + at.spare_ms <= MAX_BACK_MS


def waits_while_doubtful(document: Document) -> bool:
    """Whether it waits until the clock is right: a restore, what is irreversible, a redaction. Containment goes."""
    if isinstance(document, Action):
        return document.direction == "restore" or any(target.reversal == "none" for target in document.targets)
    return document.doc_type == "redaction.v1"


def clock_told(lag_ms: int, confirmed_until_ms: int | None = None) -> str:
    """What is wrong with the clock and what to do; empty where nothing is."""
    return " ".join(clock_parts(lag_ms, confirmed_until_ms)).strip()


def clock_parts(lag_ms: int, confirmed_until_ms: int | None = None) -> tuple[str, str]:
    """As `clock_told`: what is so, and what to do (or, where two people confirmed the time, until when that serves)."""
    if state_of(lag_ms) == "trusted":
        return "", ""
    what = f"This console's clock went back by {_ago(lag_ms)} against what it had shown."
    if confirmed_until_ms is not None:
        until = datetime.fromtimestamp(confirmed_until_ms / 1000, UTC).strftime("%H:%M:%S UTC")
        return what, f"Two people confirmed the time it shows: everything goes from here until {until}."
    return what, _UNTIL_THEN


def _ago(lag_ms: int) -> str:
    minutes = lag_ms // 60_000
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"  # noqa: PLR2004  an hour


def latest_ms(now: Reading, since: Reading) -> int:
    """The later of the wall clock and of `since` plus the time that ran by the boot clock: with it a term ends earlier.

    `since` is when the term began to run, on this machine.
    """
    return max(now.wall_ms, since.expected_ms(now))
