"""Users: taken out of a workspace, or left the least role. A user is named by id or e-mail; the plan holds the id."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from adapters.alike import for_each
from adapters.anthropic_admin import wire
from adapters.anthropic_admin.keys import NO_WAY_BACK
from adapters.anthropic_admin.organisation import (
    families,
    let_in,
    member,
    models_of,
    named,
    place,
    user,
    workspaces,
)
from adapters.contract import Context, Lever, Planned, Refused, Request, Wish

LEAST = "user"
GIVEN = frozenset({"user", "developer", "billing", "claude_code_user", "managed"})  # "admin cannot be assigned"
NOT_GIVEN = "workspace_billing"  # a member cannot be added with this role
_KEYS_STAY = "whether keys that the user made go on is not documented and unproven: switch them off as well"
_ADDED = "added again with the same role; that can be refused where the workspace is full"


async def plan(context: Context, lever: Lever, wish: Wish, params: Mapping[str, str]) -> Planned:
    """The plan for one user."""
    if wish.direction == "restore":
        raise Refused("which role there was only the correction knows that took it away: undo that one")
    found, _ = await families(context)
    models = models_of(found)
    if wish.surface_key not in {"", *models}:
        raise Refused(f"the organisation has no limits for a model called {wish.surface_key[:80]}", wire.NOT_FOUND)
    shown = wish.surface_key or next(iter(models), "")
    who = await user(context, wish.selector)
    blank = Planned(
        lever=lever.name, selector=who.id, surface_key=shown, name=who.name or who.id, model=shown,
        params={**params, "let_in": await let_in(context, who.id)}, pre={}, pre_read_ms=context.now_ms(), wanted={},
        requests=(), revert=(), selectors=1, reach=lever.reach, reversal=lever.reversal, direction=wish.direction,
    )  # fmt: skip
    return _demote(blank, who) if lever.name == "user.demote" else await _remove(context, blank)


async def fields_now(context: Context, planned: Planned) -> tuple[dict[str, str], str]:
    """The roles as they are now."""
    if planned.lever == "user.demote":
        return {"role": json.dumps((await user(context, planned.selector)).role)}, ""
    asked = list(planned.wanted)
    found = await for_each(asked, lambda one: member(context, one, planned.selector))
    return {one: json.dumps(held and held.workspace_role) for one, held in zip(asked, found, strict=True)}, ""


async def _remove(context: Context, blank: Planned) -> Planned:
    active, where = await workspaces(context), blank.params["workspace"]
    meant = [named(active, where)] if where else active
    held = await for_each(meant, lambda one: member(context, one.id, blank.selector))
    pairs = [(one.id, found) for one, found in zip(meant, held, strict=True) if found or where]
    roles = {one: None if found is None else found.workspace_role for one, found in pairs}
    if not roles:
        raise Refused("this user is in no workspace beside the default one")
    if NOT_GIVEN in roles.values():
        raise Refused("this user has a workspace's billing role, which could not be given back: change that by hand")
    return replace(
        blank, pre={one: json.dumps(role) for one, role in roles.items()}, wanted=dict.fromkeys(roles, "null"),
        requests=tuple(_out(one, blank.selector) for one in roles), notes=(_KEYS_STAY, _ADDED),
        revert=tuple(_in(one, blank.selector, role) for one, role in roles.items()),
    )  # fmt: skip


def _out(workspace: str, who: str) -> Request:
    return Request(method="DELETE", path=place("workspaces", workspace, "members", who), content_type=None)


def _in(workspace: str, who: str, role: str | None) -> Request:
    """Back in with the role; out again where the user was not in."""
    if role is None:
        return _out(workspace, who)
    return _post(place("workspaces", workspace, "members"), {"user_id": who, "workspace_role": role})


def _demote(blank: Planned, who: wire.User) -> Planned:
    path = place("users", who.id)
    planned = replace(
        blank, pre={"role": json.dumps(who.role)}, wanted={"role": json.dumps(LEAST)},
        requests=(_post(path, {"role": LEAST}),), revert=(_post(path, {"role": who.role}),), notes=(_KEYS_STAY,),
    )  # fmt: skip
    if who.role in GIVEN:
        return planned
    return replace(
        planned, revert=(), reversal="none", notes=(f"the role {who.role} cannot be given back", NO_WAY_BACK)
    )


def _post(path: str, body: Mapping[str, object]) -> Request:
    return Request(method="POST", path=path, body=json.dumps(body, separators=(",", ":")))
