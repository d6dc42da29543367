"""Reading one account: itself, its deployments, filters and blocklists. Nothing here writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from adapters.answers import Model
from adapters.azure_openai import wire
from adapters.azure_openai.levers import Settings
from adapters.contract import Context, Malformed, Refused, Reply
from adapters.operations import pages, path_of


class Reader:
    """The account that the settings name."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def path(self, *steps: str, version: str = wire.API) -> str:
        """A path below the account, with the version that Azure asks for."""
        return "/".join([self._settings.path, *(quote(step, safe="") for step in steps)]) + f"?{version}"

    async def account(self, context: Context) -> tuple[wire.Account, int]:
        """The account itself, and how long the answer took."""
        reply = await context.call("GET", self.path(), effect="read")
        return wire.read(wire.Account, wire.check(reply, "account")), reply.elapsed_ms

    async def listed(self, context: Context, *steps: str, version: str = wire.API) -> tuple[list[dict[str, Any]], int]:
        """Everything of a list, page by page."""
        found: list[dict[str, Any]] = []
        elapsed_ms = 0

        def after(page: Reply) -> str | None:
            link = wire.read(wire.Page, wire.check(page, steps[0])).nextLink
            return path_of(link, self._settings.management_url) if link else None

        for page in await pages(context, self.path(*steps, version=version), after):
            found += wire.read(wire.Page, page).value
            elapsed_ms += page.elapsed_ms
        return found, elapsed_ms

    async def deployments(self, context: Context, version: str = wire.API) -> tuple[list[wire.Deployment], int]:
        """Every deployment."""
        found, elapsed_ms = await self.listed(context, "deployments", version=version)
        return [_as(wire.Deployment, one) for one in found], elapsed_ms

    async def deployment(
        self, context: Context, name: str, version: str = wire.API
    ) -> tuple[wire.Deployment, dict[str, Any]] | None:
        """One deployment, understood and as it was told; None where there is none."""
        reply = await context.call("GET", self.path("deployments", name, version=version), effect="read")
        if wire.is_gone(reply):
            return None
        found = wire.read(wire.Deployment, wire.check(reply, "deployment"))
        return found, reply.json()

    async def policy(self, context: Context, name: str) -> wire.Policy | None:
        """One content filter; None where there is none."""
        reply = await context.call("GET", self.path("raiPolicies", name), effect="read")
        if wire.is_gone(reply):
            return None
        return wire.read(wire.Policy, wire.check(reply, "content filter"))

    async def policies(self, context: Context) -> dict[str, wire.Policy]:
        """Every content filter, by name."""
        found, _ = await self.listed(context, "raiPolicies")
        return {one.name: one for one in (_as(wire.Policy, one) for one in found)}

    async def has_blocklist(self, context: Context) -> bool:
        """Whether the prepared blocklist is there."""
        reply = await context.call("GET", self.path("raiBlocklists", self._settings.blocklist), effect="read")
        if wire.is_gone(reply):
            return False
        wire.check(reply, "blocklist").json()
        return True

    async def item(self, context: Context, name: str) -> wire.ItemProperties | None:
        """One entry of the prepared blocklist; None where there is none."""
        path = self.path("raiBlocklists", self._settings.blocklist, "raiBlocklistItems", name)
        reply = await context.call("GET", path, effect="read")
        if wire.is_gone(reply):
            return None
        return wire.read(wire.Item, wire.check(reply, "blocklist entry")).properties


def _as(kind: type[Model], told: Mapping[str, Any]) -> Model:
    try:
        return kind.model_validate(told)
    except ValueError as fault:
        raise Malformed("Azure listed something its description does not have") from fault


def uses(policy: wire.Policy | None, blocklist: str) -> bool:
    """Whether a content filter stops what is asked by this blocklist."""
    lists = (policy.properties.customBlocklists or []) if policy is not None else []
    return any(one.blocklistName == blocklist and one.blocking and one.source == "Prompt" for one in lists)


def missing(what: str, name: str) -> Refused:
    """What is said of something that is not there."""
    return Refused(f"there is no {what} called {name} in this account", wire.NOT_FOUND)
