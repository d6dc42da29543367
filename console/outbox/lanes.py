"""Which of the rows that may take a step begin it now: so many at once at a provider, what is sent before what is read.

A call waits for its turn here, still queued and still checked anew, and not in a connection pool with its time running.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from console.outbox.item import Row

IN_FLIGHT: Final = 20
MEASURED_BESIDE: Final = 20  # of all that is to be measured, while something is being sent: that comes first
# what is unknown may have landed: it is found out before anything else is sent
_FIRST: Final[Mapping[str, int]] = {"unknown": 0, "queued": 1, "accepted": 2}


def choose(ready: Iterable[Row], under_way: Iterable[Row], slow_ms: Callable[[str], int]) -> list[Row]:
    """The rows of `ready` to begin now, where `under_way` are in the middle of a step; the slowest provider's first.

    Measuring takes minutes and is not counted, nor is what people carry out. It begins for few while others are sent.
    """
    waiting, going = list(ready), list(under_way)
    taken = Counter(row.instance for row in going if _counts(row))
    sending = any(row.state == "queued" and not row.by_hand for row in (*waiting, *going))
    measured = sum(row.state == "recorded" for row in going)
    chosen: list[Row] = []
    for row in sorted(waiting, key=lambda one: (_FIRST.get(one.state, 3), -slow_ms(one.instance))):
        if _counts(row):
            if taken[row.instance] >= IN_FLIGHT:
                continue
            taken[row.instance] += 1
        elif row.state == "recorded":
            if sending and measured >= MEASURED_BESIDE:
                continue
            measured += 1
        chosen.append(row)
    return chosen


def _counts(row: Row) -> bool:
    return row.state in _FIRST and not row.by_hand


__all__ = ["IN_FLIGHT", "MEASURED_BESIDE", "choose"]
