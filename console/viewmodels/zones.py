"""In which zone this window tells times. It is a matter of showing only: entries carry milliseconds since 1970."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import Final

from console.viewmodels.outlet import Outlet, Topic

UTC_NAME: Final = "UTC"
ZONE: Final[Topic[str]] = Topic("zone")  # the IANA name; nothing posted means UTC


def zone_chosen(outlet: Outlet) -> str:
    """The IANA name of the zone in which times are shown."""
    return outlet.latest(ZONE) or UTC_NAME


def shown_zone(name: str) -> tzinfo:
    """The zone of this name; UTC where this machine knows none of it, for a time must never be wrong unseen."""
    if name == UTC_NAME:
        return UTC
    from console.viewmodels.intake import zone_of  # noqa: PLC0415  the zones are read from the disk once one is chosen

    return zone_of(name)
