"""Keys and workspaces: switched off and on again, one or all; or archived, which has no way back.

Keys that belong to the organisation itself are left: the one that this console uses may be among them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from adapters.anthropic_admin import wire
from adapters.anthropic_admin.organisation import (
    families,
    get,
    key,
    keys,
    let_in,
    models_of,
    named,
    place,
    workspaces,
)
from adapters.contract import Context, Lever, Planned, Refused, Request, Wish

ORGANISATION = "organisation"
ON, OFF, ENDED = "active", "inactive", "archived"
_ENDED = frozenset({ENDED, "expired"})
MOST_BYTES = 60_000  # what is signed of one target holds 64 KiB
MOST_NAMED = 12
NO_WAY_BACK = "Anthropic has no call that is known to undo this"
_LIMITED = "switching on again can be refused: organisation and workspace have a limit of active keys"
_FEDERATED = "workloads that sign in by federation have no key and go on; so do keys of the organisation itself"


async def plan(context: Context, lever: Lever, wish: Wish, params: Mapping[str, str]) -> Planned:
    """The plan for one key, for every key of a workspace or of all, or for a workspace."""
    found, _ = await families(context)
    models = models_of(found)
    if wish.surface_key not in {"", *models}:
        raise Refused(f"the organisation has no limits for a model called {wish.surface_key[:80]}", wire.NOT_FOUND)
    shown = wish.surface_key or next(iter(models), "")
    blank = Planned(
        lever=lever.name, selector=wish.selector, surface_key=shown, name=wish.selector, model=shown,
        params=dict(params), pre={}, pre_read_ms=context.now_ms(), wanted={}, requests=(), revert=(), selectors=1,
        reach=lever.reach, reversal=lever.reversal, direction=wish.direction,
    )  # fmt: skip
    match lever.name:
        case "key.off":
            planned = await _one(context, blank)
        case "key.off-all":
            planned = await _workspace(context, blank)
        case "organisation.off":
            planned = await _all(context, blank, models)
        case _:
            planned = await _archive(context, blank)
    return replace(planned, params={**planned.params, "let_in": await let_in(context, planned.selector)})


async def fields_now(context: Context, planned: Planned) -> tuple[dict[str, str], str]:
    """The states as they are now, with that of a key that came later and is on, and what is to know."""
    if planned.lever == "workspace.archive":
        reply = await get(context, place("workspaces", planned.selector))
        held = wire.read(wire.Workspace, wire.check(reply, "workspace"))
        return {"archived": json.dumps(held.archived_at is not None)}, ""
    if planned.lever in {"key.off", "key.archive"}:
        return {planned.selector: json.dumps(_as_good_as(planned, await key(context, planned.selector)))}, ""
    there = await keys(context, "" if planned.selectors == 0 else planned.selector)
    contain = planned.direction == "contain"
    mine = {one.id: _as_good_as(planned, one) for one in there if one.id in planned.wanted}
    late = {one.id: one.status for one in _switchable(there) if contain and one.id not in mine and one.status == ON}
    told = f"{len(late)} keys came later and are on" if late else ""
    return {ident: json.dumps(status) for ident, status in {**mine, **late}.items()}, told


def _as_good_as(planned: Planned, held: wire.Key) -> str:
    """A key's status; one that ended for good since is off as well, and no alarm is raised for it."""
    ended = held.status in _ENDED and planned.wanted[held.id] == json.dumps(OFF)
    return OFF if ended else held.status


# -- switching ---------------------------------------------------------------------------------------------------------


async def _one(context: Context, blank: Planned) -> Planned:
    held = await key(context, blank.selector)
    if held.status not in {ON, OFF}:
        raise Refused(f"this key is {held.status} already")
    return _switched(replace(blank, selector=held.id, name=held.name, notes=(_LIMITED,)), [held])


async def _workspace(context: Context, blank: Planned) -> Planned:
    where = named(await workspaces(context, default=True), blank.selector)
    there = await keys(context, where.id)
    switchable = _switchable(there)
    notes = (f"every key of the workspace {where.name}", _LIMITED, _FEDERATED)
    name = switchable[0].name if len(switchable) == 1 else where.name
    return _switched(replace(blank, selector=where.id, name=name, notes=notes), there)


async def _all(context: Context, blank: Planned, models: Sequence[str]) -> Planned:
    if blank.selector not in {"", ORGANISATION, *models}:
        raise Refused(f"{blank.selector[:80]} is no model of this organisation", wire.NOT_FOUND)
    there = await keys(context)
    left = sum(one.scope.type != "workspace" and one.status == ON for one in there)
    notes = (
        "every model is reached: there is no switch for one model", f"{left} keys of the organisation itself are left",
        _LIMITED, _FEDERATED,
    )  # fmt: skip
    where = replace(blank, selector=ORGANISATION, name="every workspace's keys", selectors=0, notes=notes)
    return _switched(where, there)


def _switchable(found: Sequence[wire.Key]) -> list[wire.Key]:
    return [one for one in found if one.scope.type == "workspace" and one.status in {ON, OFF}]


def _switched(blank: Planned, found: Sequence[wire.Key]) -> Planned:
    """Only keys that change are in the plan, unless none does; so what was off before stays off after an undo."""
    after = OFF if blank.direction == "contain" else ON
    meant = list(found) if blank.lever == "key.off" else _switchable(found)
    changing = [one for one in meant if one.status != after] or meant
    if blank.direction == "restore" and blank.lever != "key.off":
        raise Refused("which keys were on only the correction knows that switched them off: undo that one")
    if not changing:
        raise Refused("there is no key that could be switched off")
    requests = tuple(_write(one.id, after) for one in changing)
    names = ", ".join(f"{one.id} is {one.name}" for one in changing[:MOST_NAMED])
    if sum(len(json.dumps(one.as_json())) for one in requests) > MOST_BYTES:
        raise Refused(f"{len(changing)} keys are more than one correction holds: take workspaces or keys one by one")
    return replace(
        blank, pre={one.id: json.dumps(one.status) for one in changing},
        wanted={one.id: json.dumps(after) for one in changing}, requests=requests,
        revert=tuple(_write(one.id, one.status) for one in changing),
        selectors=0 if blank.selectors == 0 else len(changing), notes=(*blank.notes, f"by name: {names}"),
    )  # fmt: skip


def _write(ident: str, status: str) -> Request:
    body = json.dumps({"status": status}, separators=(",", ":"))
    return Request(method="POST", path=place("api_keys", ident), body=body)


# -- archiving ---------------------------------------------------------------------------------------------------------


async def _archive(context: Context, blank: Planned) -> Planned:
    if blank.direction == "restore":
        raise Refused(NO_WAY_BACK)
    if blank.lever == "key.archive":
        held = await key(context, blank.selector)
        if held.status == ENDED:
            raise Refused("this key is archived already")
        return replace(
            blank, selector=held.id, name=held.name, pre={held.id: json.dumps(held.status)},
            wanted={held.id: json.dumps(ENDED)}, requests=(_write(held.id, ENDED),), notes=(NO_WAY_BACK,),
            credential="in-use",  # when a key was used last is told nowhere
        )  # fmt: skip
    where = named(await workspaces(context), blank.selector)
    request = Request(method="POST", path=place("workspaces", where.id, "archive"), content_type=None)
    notes = (NO_WAY_BACK, "its keys can then no longer be used")
    return replace(
        blank, selector=where.id, name=where.name, pre={"archived": "false"}, wanted={"archived": "true"},
        requests=(request,), notes=notes,
    )  # fmt: skip
