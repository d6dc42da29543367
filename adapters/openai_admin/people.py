"""Users, service accounts, keys, and the project as a whole: who may act at all. Some of it has no way back.

A user is named by id or e-mail address; what is planned holds the id. A key is named by its id, never by itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from adapters.alike import for_each
from adapters.contract import Context, LastUse, Lever, Planned, Refused, Request, Wish
from adapters.openai_admin import wire
from adapters.openai_admin.organisation import (
    Organisation,
    let_in,
    member,
    organisation,
    pages,
    place,
    user,
    user_place,
)
from adapters.openai_admin.projects import served

_DAY_S = 24 * 3600
_THERE, _GONE = '"present"', '"deleted"'
_OWNER = "an owner of the organisation keeps every project: make them a reader as well (user.demote)"
_BACK = "added again with the same role; whether the user's keys work again then is not documented and unproven"
_KEYS_LIVE_ON = "the user's keys act by what is left to the user; only this role is changed"
NO_WAY_BACK = "OpenAI has no call that undoes this"


async def plan(
    context: Context, lever: Lever, wish: Wish, params: Mapping[str, str], watched: Sequence[str]
) -> Planned:
    """The plan for one user, key, account or project."""
    if wish.direction == "restore":
        raise Refused("how it was only the correction knows that took it away: undo that one")
    there = await organisation(context)
    blank = Planned(
        lever=lever.name, selector=wish.selector, surface_key=wish.surface_key, name=wish.selector,
        model=wish.surface_key, params=dict(params), pre={}, pre_read_ms=context.now_ms(), wanted={}, requests=(),
        revert=(), selectors=1, reach=lever.reach, reversal=lever.reversal, direction=wish.direction,
    )  # fmt: skip
    blank = await _on_a_surface(context, blank, there, watched)
    match lever.name:
        case "member.remove":
            planned = await _remove(context, blank, there)
        case "user.demote":
            planned = await _demote(context, blank)
        case "project.archive":
            planned = _archive(blank, there)
        case _:
            planned = await _delete(context, blank, there)
    return replace(planned, params={**planned.params, "let_in": await let_in(context, planned.selector)})


async def fields_now(context: Context, planned: Planned) -> tuple[dict[str, str], str]:
    """The fields as they are now, and what is to know besides."""
    if planned.lever == "member.remove":
        projects = list(planned.wanted)
        found = await for_each(projects, lambda one: member(context, one, planned.selector))
        return {one: json.dumps(held and held.role) for one, held in zip(projects, found, strict=True)}, ""
    if planned.lever == "user.demote":
        return {"role": json.dumps((await user(context, planned.selector)).role)}, ""
    path = place(planned.selector) if planned.lever == "project.archive" else planned.requests[0].path
    reply = await context.call("GET", path, effect="read")
    if planned.lever == "project.archive":
        return {"status": json.dumps(wire.read(wire.Project, wire.check(reply, "project")).status)}, ""
    if reply.status == wire.NOT_FOUND:
        return {"state": _GONE}, ""
    kind = wire.Key if planned.lever == "key.delete" else wire.ServiceAccount
    wire.read(kind, wire.check(reply, "what was deleted"))
    return {"state": _THERE}, ""


async def _on_a_surface(context: Context, blank: Planned, there: Organisation, watched: Sequence[str]) -> Planned:
    """Every model is reached; the one that was asked for, or the first, stands for them."""
    models = list(watched) or await served(context, there.projects[:1], ())
    if blank.surface_key and blank.surface_key not in models:
        models = await served(context, there.projects, watched)
    if blank.surface_key and blank.surface_key not in models:
        raise Refused(f"no project has a limit for a model called {blank.surface_key[:80]}", wire.NOT_FOUND)
    shown = blank.surface_key or next(iter(models), "")
    return replace(blank, surface_key=shown, model=shown)


# -- users -------------------------------------------------------------------------------------------------------------


async def _remove(context: Context, blank: Planned, there: Organisation) -> Planned:
    who = await user(context, blank.selector)
    named = blank.params["project"]
    meant = [there.project(named)] if named else there.projects
    held = await for_each(meant, lambda one: member(context, one.id, who.id))
    roles = {one.id: found and found.role for one, found in zip(meant, held, strict=True) if found or named}
    if not roles:
        raise Refused("this user is in no active project")
    notes = [_OWNER] if who.role == "owner" else []
    notes.append("by name: " + ", ".join(f"{one.id} is {one.title}" for one in meant if one.id in roles)[:600])
    return replace(
        blank, selector=who.id, name=who.name or who.id, pre={one: json.dumps(role) for one, role in roles.items()},
        wanted=dict.fromkeys(roles, "null"), notes=(*notes, _BACK),
        requests=tuple(_take_out(one, who.id) for one in roles),
        revert=tuple(_put_in(one, who.id, role) if role else _take_out(one, who.id) for one, role in roles.items()),
    )  # fmt: skip


def _take_out(project: str, who: str) -> Request:
    return Request(method="DELETE", path=place(project, "users", who), content_type=None)


def _put_in(project: str, who: str, role: str) -> Request:
    return _post(place(project, "users"), {"user_id": who, "role": role})


async def _demote(context: Context, blank: Planned) -> Planned:
    who = await user(context, blank.selector)
    if who.role is None:
        raise Refused("this user's role is not told")
    path = user_place(who.id)
    return replace(
        blank, selector=who.id, name=who.name or who.id, pre={"role": json.dumps(who.role)},
        wanted={"role": '"reader"'}, requests=(_post(path, {"role": "reader"}),),
        revert=(_post(path, {"role": who.role}),), notes=(_KEYS_LIVE_ON,),
    )  # fmt: skip


def _post(path: str, body: Mapping[str, object]) -> Request:
    return Request(method="POST", path=path, body=json.dumps(body, separators=(",", ":")))


# -- what has no way back ----------------------------------------------------------------------------------------------


async def _delete(context: Context, blank: Planned, there: Organisation) -> Planned:
    """Delete a key or a service account, wherever it is."""
    if not blank.selector:
        raise Refused("say which, by its id")
    if blank.selector.startswith("sk-"):
        raise Refused("name a key by its id (key_...): the key itself must not enter a record")
    meant = [there.project(blank.params["project"])] if blank.params["project"] else there.projects
    find = _key if blank.lever == "key.delete" else _account
    found = await for_each(meant, lambda one: find(context, one.id, blank.selector))
    homes = [(project, held) for project, held in zip(meant, found, strict=True) if held is not None]
    if not homes:
        raise Refused(f"no active project has a {blank.lever.partition('.')[0]} of this id", wire.NOT_FOUND)
    project, held = homes[0]
    step = "api_keys" if isinstance(held, wire.Key) else "service_accounts"
    request = Request(method="DELETE", path=place(project.id, step, held.id), content_type=None)
    planned = replace(
        blank, selector=held.id, name=held.name or held.id, pre={"state": _THERE}, wanted={"state": _GONE},
        requests=(request,), notes=(NO_WAY_BACK, f"in the project {project.title}"),
    )  # fmt: skip
    if isinstance(held, wire.Key):
        return replace(planned, credential=_use(held, context.now_ms()))
    keys, _ = await pages(context, place(project.id, "api_keys"), wire.Page[wire.Key], "keys")
    its = [one for one in keys if one.owner.service_account and one.owner.service_account.id == held.id]
    uses = {_use(one, context.now_ms()) for one in its}
    counted = f"{len(its)} keys of this account end with it"
    return replace(planned, credential="in-use" if "in-use" in uses else "unused-24h", notes=(*planned.notes, counted))


async def _key(context: Context, project: str, named: str) -> wire.Key | None:
    reply = await context.call("GET", place(project, "api_keys", named), effect="read")
    if reply.status == wire.NOT_FOUND:
        return None
    found = wire.read(wire.Key, wire.check(reply, "key"))
    if found.owner.type == "service_account":
        raise Refused("a service account's key is not deleted by itself: delete the account (account.delete)")
    return found


async def _account(context: Context, project: str, named: str) -> wire.ServiceAccount | None:
    reply = await context.call("GET", place(project, "service_accounts", named), effect="read")
    if reply.status == wire.NOT_FOUND:
        return None
    return wire.read(wire.ServiceAccount, wire.check(reply, "service account"))


def _use(key: wire.Key, now_ms: int) -> Literal["unused-24h", "in-use"]:
    """Whether OpenAI saw it used within a day."""
    used = key.last_used_at is not None and key.last_used_at * 1000 > now_ms - _DAY_S * 1000
    return "in-use" if used else "unused-24h"


async def last_use(context: Context, planned: Planned) -> LastUse | None:
    """The last use of a key, or of the keys of a service account."""
    path = planned.requests[0].path if planned.requests else ""
    at_ms = context.now_ms()
    if planned.lever == "key.delete":
        found = [wire.read(wire.Key, wire.check(await context.call("GET", path, effect="read"), "key"))]
    elif planned.lever == "account.delete":
        project = path.partition("/service_accounts/")[0]
        keys, _ = await pages(context, f"{project}/api_keys", wire.Page[wire.Key], "keys")
        found = [one for one in keys if (owner := one.owner.service_account) and owner.id == planned.selector]
    else:
        return None
    used = [one.last_used_at for one in found if one.last_used_at is not None]
    return LastUse(used_ms=max(used) * 1000 if used else None, at_ms=at_ms)


def _archive(blank: Planned, there: Organisation) -> Planned:
    project = there.project(blank.selector)
    request = Request(method="POST", path=place(project.id, "archive"), content_type=None)
    return replace(
        blank, selector=project.id, name=project.title, pre={"status": json.dumps(project.status or "active")},
        wanted={"status": '"archived"'}, requests=(request,),
        notes=(NO_WAY_BACK, "its users, service accounts, keys and files can then no longer be used or read"),
    )  # fmt: skip
