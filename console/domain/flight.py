"""Work in flight in words: what runs already where a correction goes, and what becomes of it. Plain functions.

It is signed among the notes of a target, as lines of a fixed beginning; a target without one could not be counted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

IN_FLIGHT: Final = "In flight: "
NOT_COUNTED: Final = "cannot be counted here"
NOT_NOW: Final = "could not be counted now"
NOTHING: Final = "nothing runs now"
_STILL: Final = re.compile(r"\d+ [a-z]+(?: and \d+ [a-z]+)* (?:was|were) still running at [0-9:]{8} UTC")
_FATES: Final = {
    "stops": "stopped with it, and not given back by a lift",
    "finishes": "let finish",
    "cannot": "cannot be stopped from here",
}
_ONE: Final = {"batches": "batch", "jobs": "job", "streams": "stream", "sessions": "session", "agents": "agent"}


def counted(count: int, what: str) -> str:
    """`3 streams`, `1 batch`."""
    return f"{count} {_ONE.get(what, what) if count == 1 else what}"


def told(count: int, what: str, then: str) -> str:
    """What runs and what becomes of it."""
    return f"{counted(count, what)}: {_FATES.get(then, then)}"


def notes_of(lines: Sequence[str]) -> tuple[str, ...]:
    """As they are signed among a target's notes."""
    return tuple(f"{IN_FLIGHT}{line}" for line in lines)


def split(notes: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """What a target's notes say of work in flight (where they do not: that it cannot be counted), and the others."""
    mine = [note.removeprefix(IN_FLIGHT) for note in notes if note.startswith(IN_FLIGHT)]
    return "; ".join(mine) or NOT_COUNTED, tuple(note for note in notes if not note.startswith(IN_FLIGHT))


def ran_on(detail: str) -> str:
    """Of a step's detail: what was still running after it took hold; empty where nothing was, or it is not told."""
    found = _STILL.search(detail)
    return "" if found is None else found[0]


def still(left: Sequence[tuple[int, str]], at_ms: int) -> str:
    """After it took hold: `3 streams were still running at 14:06:10 UTC`, or that nothing was."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%H:%M:%S UTC")
    some = [(count, what) for count, what in left if count]
    if not some:
        return f"nothing that it selects was still running at {at}"
    told_of = " and ".join(counted(count, what) for count, what in some)
    return f"{told_of} {'was' if len(some) == 1 and some[0][0] == 1 else 'were'} still running at {at}"
