"""A vendor's public status page (Statuspage's API v2): read, never written, and never taken for the truth.

Such pages are set by hands and lag by 15 to 45 minutes: the console shows one as a hint beside its own probe.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field

from adapters.contract import Context, Found, Manifest, Planned, Probe, ReadBack, Receipt, Refused, Status, Wish
from adapters.status_page import wire

_READ_ONLY: Final = "a status page is read, never written: correct at the provider itself"
_EVERY_MS: Final = 60_000  # it is everybody's page, and changes by hand
_SHOWN: Final = 4
_CATEGORIES: Final = ("user", "frequency", "capability", "use-case", "shutdown")


class Settings(BaseModel):
    """Where the page is, and whose it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(
        default="https://status.example.com", title="Address of the page", pattern=r"^https?://[^\s/]+/?$",
        description="without a path; /api/v2/summary.json is read there",
    )  # fmt: skip
    about: str = Field(
        default="", title="Which provider here it is about", max_length=80,
        description="the name that provider has in this console: the hint stands beside its surfaces",
    )  # fmt: skip
    parts: str = Field(
        default="", title="Only these parts", max_length=500,
        description="names of components on the page, with commas between; empty: all of them",
    )  # fmt: skip


class StatusPage:
    """One page. It is asked at most once a minute, however often somebody looks; a look between says when it was."""

    manifest: ClassVar[Manifest] = Manifest(
        name="status_page", version=1, title="Vendor's status page", settings=Settings, secrets={}, auth="none",
        levers=(), not_possible=dict.fromkeys(_CATEGORIES, _READ_ONLY),
    )  # fmt: skip

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._last: Status | None = None

    def base_url(self) -> str:
        """Where it is."""
        return self._settings.base_url.rstrip("/")

    async def discover(self, context: Context) -> Sequence[Found]:  # noqa: ARG002  the contract's signature
        """Nothing: what a page names is no surface that could be corrected."""
        return ()

    async def status(self, context: Context) -> Status:
        """What the page says, as facts; no surface is ever called well because a page says so."""
        now = context.now_ms()
        if self._last is not None and 0 <= now - self._last.at_ms < _EVERY_MS:
            return self._last
        reply = await context.call("GET", "/api/v2/summary.json", effect="read", credential=None)
        found = wire.read(reply)
        updated = wire.updated_ms(found.page.updated_at)
        self._last = Status(
            at_ms=now, latency_ms=reply.elapsed_ms, surfaces=(),
            detail=wire.plain(found.status.description) or found.status.indicator,
            facts={
                "about": self._settings.about, "indicator": found.status.indicator,
                "words": wire.plain(found.status.description), "updated_ms": "" if updated is None else str(updated),
                "trouble": wire.plain("; ".join(self._trouble(found))), "at_ms": str(now),
            },
        )  # fmt: skip
        return self._last

    def _trouble(self, found: wire.Summary) -> list[str]:
        wanted = {one.strip().casefold() for one in self._settings.parts.split(",") if one.strip()}
        parts = [one for one in found.components if not one.group and (not wanted or one.name.casefold() in wanted)]
        told = [f"{one.name}: {one.status.replace('_', ' ')}" for one in parts if one.status in wire.TROUBLED]
        told += [f"{one.name} ({one.status})" for one in found.incidents]
        return told[:_SHOWN]

    # -- nothing can be done here --------------------------------------------------------------------------------------

    async def plan(self, context: Context, wish: Wish) -> Planned:  # noqa: ARG002  the contract's signature
        """Refuses."""
        raise Refused(_READ_ONLY)

    async def apply(self, context: Context, planned: Planned) -> Receipt:  # noqa: ARG002  as above
        """Refuses."""
        raise Refused(_READ_ONLY)

    async def revert(self, context: Context, planned: Planned) -> Receipt:  # noqa: ARG002  as above
        """Refuses."""
        raise Refused(_READ_ONLY)

    async def read_back(self, context: Context, planned: Planned) -> ReadBack:  # noqa: ARG002  as above
        """Cannot tell."""
        return ReadBack(verdict="cannot-tell", fields={}, at_ms=context.now_ms(), detail=_READ_ONLY)

    async def probe(self, context: Context, planned: Planned, credential: str | None) -> Probe:  # noqa: ARG002  as above
        """Cannot tell."""
        return Probe(outcome="cannot-tell", evidence="client-view", detail=_READ_ONLY)


__all__ = ["Settings", "StatusPage"]
