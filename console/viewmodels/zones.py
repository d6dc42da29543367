"""In which zone this window tells times. It is a matter of showing only: entries carry milliseconds since 1970."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import Final

from console.domain.errors import Problem
from console.services.brief import zone_of
from console.viewmodels.outlet import Outlet, Topic

UTC_NAME: Final = "UTC"
ZONE: Final[Topic[str]] = Topic("zone")  # the IANA name; nothing posted means UTC


def zone_chosen(outlet: Outlet) -> str:
    """The IANA name of the zone in which times are shown."""
    return outlet.latest(ZONE) or UTC_NAME


def shown_zone(name: str) -> tzinfo:
    """The zone of this name; UTC where this machine knows none of it, for a time must never be wrong unseen."""
    try:
        return zone_of(name)
    except Problem:
        return UTC
