"""Times as people read them: the zone shown, spans in the largest fitting units. No clock is read here."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Final

_SECOND: Final = 1000
_DAY_S: Final = 86_400


def clock_time(at_ms: int, zone: tzinfo = UTC, *, day: bool = False) -> str:
    """`14:02:11`, or with the day `2026-11-25 14:02:11`. The zone is told once for a list, by `zone_name`."""
    moment = datetime.fromtimestamp(at_ms / _SECOND, zone)
    return moment.strftime("%Y-%m-%d %H:%M:%S" if day else "%H:%M:%S")


def moment(at_ms: int, zone: tzinfo = UTC) -> str:
    """A moment by itself, with its zone: `2026-11-25 14:02:11 UTC`."""
    return f"{clock_time(at_ms, zone, day=True)} {zone_name(at_ms, zone)}"


@lru_cache(maxsize=2048)  # a list of 200 rows tells the same moments again whenever one of them changes
def both(at_ms: int, zone: tzinfo = UTC, local: tzinfo | None = None) -> str:
    """A moment in the zone shown and the other one beside it: `2026-11-25 14:02:11 UTC (15:02:11 CET)`.

    The other one is UTC, or where UTC is shown, the zone of this machine (or `local`); none where they agree.
    """
    return f"{moment(at_ms, zone)}{beside(at_ms, zone, local)}"


def beside(at_ms: int, zone: tzinfo = UTC, local: tzinfo | None = None, *, form: str = "%H:%M:%S") -> str:
    """The other zone of `both` alone, as it stands behind a moment: ` (15:02:11 CET)`; empty where they agree."""
    shown, other = datetime.fromtimestamp(at_ms / _SECOND, zone), datetime.fromtimestamp(at_ms / _SECOND, UTC)
    if not shown.utcoffset():
        other = other.astimezone(local)
    if other.utcoffset() == shown.utcoffset():
        return ""
    day = "" if other.date() == shown.date() else f"{other:%Y-%m-%d} "
    return f" ({day}{other:{form}} {other.tzname()})"


def zone_name(at_ms: int, zone: tzinfo = UTC) -> str:
    """What the zone is called at that moment."""
    return datetime.fromtimestamp(at_ms / _SECOND, zone).tzname() or "UTC"


def span(length_ms: int) -> str:
    """How long, in the two largest units: `41 s`, `6 min 12 s`, `4 h 22 min`, `4 d 21 h`."""
    seconds = max(0, length_ms) // _SECOND
    units = ((_DAY_S, "d"), (3600, "h"), (60, "min"), (1, "s"))
    for at, (size, unit) in enumerate(units):
        if seconds >= size:
            rest = seconds % size
            if at + 1 < len(units) and rest >= units[at + 1][0]:
                return f"{seconds // size} {unit} {rest // units[at + 1][0]} {units[at + 1][1]}"
            return f"{seconds // size} {unit}"
    return "0 s"


def timer(length_ms: int) -> str:
    """A running timer: `00:41:12`, from a day on `1 d 02:10:00`."""
    seconds = max(0, length_ms) // _SECOND
    days, rest = divmod(seconds, _DAY_S)
    told = f"{rest // 3600:02d}:{rest % 3600 // 60:02d}:{rest % 60:02d}"
    return f"{days} d {told}" if days else told


def ago(now_ms: int, at_ms: int) -> str:
    """How long ago, in one unit: `12 s ago`, `6 min ago`; what lies ahead is `just now`."""
    seconds = max(0, now_ms - at_ms) // _SECOND
    if seconds < 1:
        return "just now"
    for size, unit in ((_DAY_S, "d"), (3600, "h"), (60, "min"), (1, "s")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return "just now"


def left(now_ms: int, until_ms: int) -> str:
    """How much time is left: `4 d 21 h left`, or `6 min ago` where it is over."""
    return f"{span(until_ms - now_ms)} left" if until_ms > now_ms else f"over for {span(now_ms - until_ms)}"
