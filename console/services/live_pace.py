"""How often a provider is looked at: often while an incident is open, seldom else, and never more than it can bear.

Pure: times go in, a time comes out. Milliseconds, unless a name says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LONGEST_MS: Final = 60_000
LONGEST_ASKED_MS: Final = 600_000
AT_A_TICK: Final = 8
"""How many looks begin at one moment: a hundred providers are not all called in the same instant."""
_SHARE: Final = 5  # a look that takes long is followed by five times as long without one


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePace:
    """How often. Tests shorten it. `poll_ms` holds while an incident is open, `calm_ms` where none is.

    What went round a gateway is asked every `round_ms` and `round_calm_ms`: it is told of whole hours.
    """

    poll_ms: int = 5_000
    calm_ms: int = 20_000
    tick_s: float = 0.25
    lock_s: float = 1.0
    sync_ms: int = 5_000
    again_s: float = 5.0
    call_s: float = 5.0
    round_ms: int = 300_000
    round_calm_ms: int = 1_800_000


def every_ms(pace: LivePace, *, calm: bool, took_ms: int) -> int:
    """How often a provider that answers is looked at, where its last look took so long."""
    return max(pace.calm_ms if calm else pace.poll_ms, min(LONGEST_MS, took_ms * _SHARE))


def wait_ms(pace: LivePace, *, calm: bool, took_ms: int, misses: int, asked_ms: int) -> int:
    """How long until the next look, after so many that brought nothing; `asked_ms`: the provider asks for so much.

    After the first miss it is looked at soon, calm or not: one miss is no outage, and whether it is one matters.
    """
    every = every_ms(pace, calm=calm, took_ms=took_ms)
    if misses == 1:
        every = min(every, pace.poll_ms)
    elif misses > 1:
        every = max(every, min(LONGEST_MS, pace.poll_ms << min(misses, 6)))
    return max(every, min(asked_ms, LONGEST_ASKED_MS))


__all__ = ["AT_A_TICK", "LONGEST_ASKED_MS", "LONGEST_MS", "LivePace", "every_ms", "wait_ms"]
