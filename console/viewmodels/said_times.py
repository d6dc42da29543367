"""A moment as a person types it into a field of its own: `03:14`, `-20m`, a date and a time. It reads no clock."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Final

from console.domain.stamps import AHEAD_MS, read_back, read_stamp, settle, today_in

_HOURS: Final = 24
_MINUTES: Final = 60


def said_moment(text: str, now_ms: int, zone: tzinfo) -> int | None:
    """Its milliseconds since 1970; None where it is no moment, or lies ahead."""
    told = text.strip()
    if told in ("", "now"):
        return now_ms if told else None
    back = read_back(told, now_ms)
    if back is not None:
        return back.at_ms
    stamp = read_stamp(told, today_in(now_ms, zone))
    at_ms = _written(told, zone) if stamp is None else settle(stamp, now_ms, zone).at_ms
    return at_ms if at_ms is not None and at_ms <= now_ms + AHEAD_MS else None


def next_clock(text: str, now_ms: int, zone: tzinfo) -> int | None:
    """The next moment at which a clock of the zone shows `HH:MM`, today or tomorrow; None for anything else."""
    hour, sign, minute = text.strip().partition(":")
    if not (sign and hour.isdecimal() and minute.isdecimal() and int(hour) < _HOURS and int(minute) < _MINUTES):
        return None
    now = datetime.fromtimestamp(now_ms / 1000, zone)
    at = now.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
    if at <= now:
        at = (now + timedelta(days=1)).replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
    return round(at.timestamp() * 1000)


def _written(text: str, zone: tzinfo) -> int | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return round((found if found.tzinfo else found.replace(tzinfo=zone)).timestamp() * 1000)
