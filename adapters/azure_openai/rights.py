"""What the application may do at the account, by Azure's own list of its permissions there, which changes nothing.

Source: azure-mgmt-authorization 4.0.0 (2022-04-01), "Gets all permissions the caller has for a resource".
"""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict

from adapters.azure_openai import wire
from adapters.azure_openai.levers import CAPACITY, CLOSE, DELETE, FILTER, FORBID, KEYS, PAUSE, Settings
from adapters.contract import Context, Reply
from adapters.operations import pages, path_of
from adapters.rights import Granted, lacking

ASKED = "Azure's list of this application's permissions at the account: its roles, not locks and deny assignments"
BELOW = "Microsoft.CognitiveServices/accounts/"
_API = "api-version=2022-04-01"
_LIST = "raiBlocklists/raiBlocklistItems"
NEEDS = {
    CAPACITY.name: ("deployments/write",),
    FILTER.name: ("deployments/write",),
    PAUSE.name: ("deployments/pause/action", "deployments/resume/action"),
    FORBID.name: (f"{_LIST}/write", f"{_LIST}/delete"),
    CLOSE.name: ("write",),
    KEYS.name: ("write",),
    DELETE.name: ("deployments/delete",),
}


class Permission(BaseModel):
    """What one role allows, with `*` for anything, and what it leaves out of that."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    actions: list[str] | None = None
    notActions: list[str] | None = None  # noqa: N815  its own name

    def allows(self, action: str) -> bool:
        """Whether this role has the action."""
        named = any(_matches(one, action) for one in self.actions or ())
        return named and not any(_matches(one, action) for one in self.notActions or ())


class Permissions(BaseModel):
    """A page of the list."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    value: list[Permission]
    nextLink: str | None = None  # noqa: N815  its own name


async def granted(context: Context, settings: Settings) -> Granted:
    """What the application was granted.

    Raises:
        AdapterFault: where Azure does not tell it that.
    """
    found: list[Permission] = []

    def after(page: Reply) -> str | None:
        told = wire.read(Permissions, wire.check(page, "permissions"))
        found.extend(told.value)
        return path_of(told.nextLink, settings.management_url) if told.nextLink else None

    await pages(context, f"{settings.path}/providers/Microsoft.Authorization/permissions?{_API}", after)
    asked = dict.fromkeys(one for needed in NEEDS.values() for one in needed)
    missing = [one for one in asked if not any(role.allows(BELOW + one) for role in found)]
    return Granted(asked=ASKED, lacks={
        lever: [f"do {BELOW}{one}" for one in lacks] for lever, lacks in lacking(NEEDS, missing).items()
    })  # fmt: skip


def _matches(pattern: str, action: str) -> bool:
    parts = (re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(".*".join(parts), action, re.IGNORECASE) is not None
