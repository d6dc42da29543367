"""A status page of the Statuspage kind, as a site for `adapters.simulator`: somebody sets it by hand, late."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from adapters.simulator import Answer, Incoming


@dataclass(slots=True)
class PageState:
    """What somebody last set: the indicator, its words, components and incidents as the page's own rows."""

    indicator: str = "none"
    description: str = "All Systems Operational"
    updated_at: str = "2026-11-26T06:00:00.000Z"
    components: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    incidents: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


class StatusPageSite:
    """One page. Nobody needs a key to read it, and nothing can be written."""

    def __init__(self, state: PageState | None = None) -> None:
        self.state = state or PageState()

    def kind(self, incoming: Incoming) -> Literal["read", "write", "call"]:
        """Everything is read."""
        return "read" if incoming.method == "GET" else "write"

    def handle(self, incoming: Incoming, enforce_lag_s: float) -> Answer:  # noqa: ARG002  a page has no lag of its own
        """Answer as Statuspage does."""
        if incoming.method != "GET" or incoming.path != "/api/v2/summary.json":
            return Answer(status=404, body={"error": "Not Found"})
        page = {
            "id": "p1", "name": "Vendor", "url": "https://status.example.com", "time_zone": "Etc/UTC",
            "updated_at": self.state.updated_at,
        }  # fmt: skip
        return Answer(body={
            "page": page, "components": self.state.components, "incidents": self.state.incidents,
            "scheduled_maintenances": [],
            "status": {"indicator": self.state.indicator, "description": self.state.description},
        })  # fmt: skip


__all__ = ["PageState", "StatusPageSite"]
