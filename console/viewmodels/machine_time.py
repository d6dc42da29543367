"""What a console's own clock shows, large enough and plain enough to be compared with a watch. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class TimeView:
    """The time of day here, its day and zone, and the same moment in UTC."""

    figures: str
    day: str
    utc: str


def time_view(wall_ms: int) -> TimeView:
    """How a moment is shown for comparing, in the zone of this machine and in UTC."""
    there = datetime.fromtimestamp(wall_ms // 1000, UTC)
    here = there.astimezone()
    offset, name = here.strftime("%z"), here.tzname()
    zone = f"UTC{offset[:3]}:{offset[3:5]}" if name in (None, "UTC") else f"{name}, UTC{offset[:3]}:{offset[3:5]}"
    return TimeView(here.strftime("%H:%M:%S"), here.strftime(f"%A %Y-%m-%d ({zone})"), there.strftime("%H:%M:%S UTC"))
