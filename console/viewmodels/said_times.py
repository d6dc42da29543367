"""A moment as a person types it into a field of its own: `03:14`, `-20m`, a date and a time. It reads no clock."""

from __future__ import annotations

from datetime import datetime, tzinfo

from console.domain.stamps import AHEAD_MS, read_back, read_stamp, settle, today_in


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


def _written(text: str, zone: tzinfo) -> int | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return round((found if found.tzinfo else found.replace(tzinfo=zone)).timestamp() * 1000)
