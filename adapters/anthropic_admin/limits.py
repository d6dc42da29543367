"""Limits of a family of models, in one workspace or in every one. They take about an hour to bite.

A limit is a workspace's own; without one the organisation's holds. The organisation's default workspace is left out:
it is nowhere said that it takes limits of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from adapters.alike import for_each
from adapters.anthropic_admin import wire
from adapters.anthropic_admin.levers import NUMBERS
from adapters.anthropic_admin.organisation import families, limits, models_of, named, place, workspaces
from adapters.contract import Context, Lever, Planned, Refused, Request, Wish

MOST_BYTES = 60_000  # what is signed of one target holds 64 KiB
_HOUR = "Anthropic says that a limit takes about an hour to take effect: to stop at once, switch keys off"
_DEFAULT = "the organisation's default workspace is left out: switch its keys off"
_ZERO = "whether a limit of 0 is accepted is not documented and unproven; 1 is one that surely is"
_LATER = "a workspace made later has no limit of its own: a read back finds it and says so; plan it again then"


async def plan(context: Context, lever: Lever, wish: Wish, params: Mapping[str, str]) -> Planned:
    """The plan for one workspace, or for every one."""
    found, _ = await families(context)
    model = (wish.selector or wish.surface_key) if lever.wide else params["model"]
    family = next((one for one in found if model in (one.models or ())), None)
    if family is None:
        raise Refused(f"the organisation has no limits for a model called {model[:80]}", wire.NOT_FOUND)
    if wish.surface_key not in {"", model}:
        raise Refused(f"{model} is a surface of its own, not part of {wish.surface_key}")
    active = await workspaces(context)
    meant = active if lever.wide else [named(active, wish.selector)]
    blank = Planned(
        lever=lever.name, selector=model if lever.wide else meant[0].id, surface_key=model, model=model,
        name=model if lever.wide else meant[0].name, params={**params, "family": family.id}, pre={},
        pre_read_ms=context.now_ms(), wanted={}, requests=(), revert=(), selectors=0 if lever.wide else 1,
        reach=lever.reach, reversal=lever.reversal, direction=wish.direction,
        notes=_notes(lever, family, params, meant),
    )  # fmt: skip
    held = await for_each(meant, lambda one: _held(context, blank, one.id))
    pairs = [(field, text, _want(blank, text)) for one in held for field, text in one.items()]
    if not pairs:
        raise Refused("the organisation has no workspace beside its default one")
    changing = [one for one in pairs if one[1] != one[2]] or pairs
    requests = tuple(_write(field, after) for field, _, after in changing)
    if sum(len(json.dumps(one.as_json())) for one in requests) > MOST_BYTES:
        raise Refused(f"{len(changing)} workspaces are more than one correction holds: limit them one by one")
    return replace(
        blank, pre={field: text for field, text, _ in changing}, wanted={field: after for field, _, after in changing},
        requests=requests, revert=tuple(_write(field, text) for field, text, _ in changing),
    )  # fmt: skip


async def fields_now(context: Context, planned: Planned) -> tuple[dict[str, str], str]:
    """The limits as they are now, with those of a later workspace that has none, and what is to know."""
    active = await workspaces(context)
    mine = {field.partition("/")[0] for field in planned.wanted}
    every = planned.selectors == 0 and planned.direction == "contain"
    asked = [one for one in active if one.id in mine or every]
    fields: dict[str, str] = {}
    late: list[str] = []
    for one, held in zip(asked, await for_each(asked, lambda one: _held(context, planned, one.id)), strict=True):
        if one.id in mine or any(_want(planned, text) != text for text in held.values()):
            fields.update(held)
            late += [] if one.id in mine else [one.name]
    gone = sorted(mine - {one.id for one in active})
    fields.update({field: text for field, text in planned.wanted.items() if field.partition("/")[0] in gone})
    told = [f"not limited: {', '.join(late)}"] if late else []
    told += [f"archived since: {', '.join(gone)}"] if gone else []
    return fields, "; ".join(told)


async def _held(context: Context, planned: Planned, workspace: str) -> dict[str, str]:
    """The workspace's own limit of this family: a number, or null where the organisation's holds."""
    kind, family = NUMBERS[planned.lever.partition(".")[2]], planned.params["family"]
    own = [one for one in await limits(context, workspace) if one.rate_limit_id == family]
    value = next((found.value for one in own for found in one.limits if found.type == kind), None)
    return {f"{workspace}/{family}/{kind}": json.dumps(value)}


def _want(planned: Planned, text: str) -> str:
    """A limit is only ever lowered: a stricter one that stands already stays."""
    if planned.direction == "restore":
        return "null"
    now, asked = json.loads(text), int(planned.params[planned.lever.partition(".")[2]])
    return json.dumps(asked if now is None else min(now, asked))


def _write(field: str, text: str) -> Request:
    workspace, family, kind = field.split("/")
    body = {"limits": [{"type": kind, "value": json.loads(text)}]}
    path = place("workspaces", workspace, "rate_limits", family)
    return Request(method="POST", path=path, body=json.dumps(body, separators=(",", ":")))


def _notes(
    lever: Lever, family: wire.OrganisationLimit, params: Mapping[str, str], meant: Sequence[wire.Workspace]
) -> tuple[str, ...]:
    names = models_of([family])
    notes = [_HOUR, f"the limit is of the whole family {family.group.display_name}: {', '.join(names[:12])}"]
    notes += [f"{len(meant)} workspaces", _DEFAULT, _LATER] if lever.wide else []
    notes.append("by name: " + ", ".join(f"{one.id} is {one.name}" for one in meant[:12]))
    notes += [_ZERO] if params.get(lever.name.partition(".")[2]) == "0" else []
    return tuple(notes)
