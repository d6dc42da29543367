"""What is said outside the window of what needs a person: a lock screen may show it, so it names nothing and nobody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Final

from console.viewmodels.times import clock_time, zone_name

if TYPE_CHECKING:
    from console.services.needs import Need

_WORDS: Final = {
    "approve": "A signature is asked of you", "attest": "A step by hand waits for your word",
    "decide": "A correction needs a decision", "lapse": "A correction is about to lapse",
    "review": "A correction is due to be looked at", "command": "Command is offered to you",
    "fork": "A feed was written twice", "roster": "A roster waits for your signature",
    "clock": "A report to an authority is due", "declared": "Who commands is not agreed",
}  # fmt: skip
Key = tuple[str, str, int | None]


def key_of(need: Need) -> Key:
    """What makes a need another one."""
    several = need.kind == "clock" or need.helps == "by-hand"  # of one incident
    about = need.text if several else need.doc or need.inc or need.text
    return need.kind, about, need.target


def said_outside(fresh: Sequence[Need], zone: tzinfo = UTC) -> str:
    """The most pressing of what is new, until when, and how many more; empty where nothing is."""
    if not fresh:
        return ""
    first = fresh[0]
    told = _WORDS.get(first.kind, "Something needs you")
    if first.until_ms is not None:
        told += f", until {clock_time(first.until_ms, zone)[:5]} {zone_name(first.until_ms, zone)}"
    more = len(fresh) - 1
    return f"{told}." if not more else f"{told}, and {more} more."


__all__ = ["Key", "key_of", "said_outside"]
