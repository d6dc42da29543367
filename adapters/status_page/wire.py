"""What a status page says, read tolerantly: it is set by hands, and half of it may be missing. Statuspage's API v2."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from adapters.contract import Malformed, Refused, Reply

_REFUSALS: Final = 400
_REDIRECTS: Final = 300
INDICATORS: Final = ("none", "minor", "major", "critical", "maintenance")
TROUBLED: Final = ("degraded_performance", "partial_outage", "major_outage", "under_maintenance")
_CHARS: Final = 160


class Said(BaseModel):
    """Anything it says."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Overall(Said):
    """The page's own word for everything. A word that is not known is `unknown`, never `none`."""

    indicator: str = "unknown"
    description: str = ""

    @field_validator("indicator", mode="before")
    @classmethod
    def _known(cls, value: Any) -> str:  # noqa: ANN401  whatever the page says
        return value if value in INDICATORS else "unknown"


class About(Said):
    """The page itself."""

    name: str = ""
    updated_at: str = ""


class Component(Said):
    """One part of the vendor's service; `group` marks a heading."""

    name: str = ""
    status: str = "unknown"
    group: bool = False


class Incident(Said):
    """An incident that the vendor tells of and that is not over."""

    name: str = ""
    status: str = ""
    impact: str = ""


class Summary(Said):
    """GET /api/v2/summary.json."""

    page: About = About()
    status: Overall = Overall()
    components: list[Component] = []
    incidents: list[Incident] = []


def read(reply: Reply) -> Summary:
    """The page.

    Raises:
        Refused: when it says that there is none.
        Malformed: when it is none, or sends elsewhere; nothing may be concluded from it.
    """
    if reply.status >= _REFUSALS:
        raise Refused(f"it has no such page ({reply.status})", reply.status)
    if reply.status >= _REDIRECTS:
        raise Malformed(f"it sends elsewhere ({reply.status}): name the page's present address")
    told = reply.json()
    if not isinstance(told, dict) or not ({"page", "status"} & set(told)):
        raise Malformed("it is no status page of this kind")
    try:
        return Summary.model_validate(told)
    except ValidationError:
        raise Malformed("the page is not as its kind is described") from None


def updated_ms(text: str) -> int | None:
    """When the page was last changed, by its own word."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def plain(text: str) -> str:
    """One short line of it."""
    return " ".join(text.split())[:_CHARS]
