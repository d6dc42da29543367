"""Correcting one key or one team: blocked or not, limits, the list of models, the routes.

Each lever writes one field and nothing beside it, so that what goes back is exactly what was there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from adapters.contract import Context, Lever, Planned, Refused, Request, Wish
from adapters.litellm import wire
from adapters.litellm.gateway import NOT_FOUND, Gateway, find_key, find_team, gateway, key_info, team_info
from adapters.litellm.levers import words_of

ANY_MODEL = frozenset({"*", "all-proxy-models"})
OF_THE_TEAM = "all-team-models"
NO_MODEL = "no-default-models"  # an empty list would mean every model
_FIELDS = {
    "block": "blocked", "rpm": "rpm_limit", "tpm": "tpm_limit", "parallel": "max_parallel_requests",
    "model-rpm": "model_rpm_limit", "models": "models", "routes": "allowed_routes",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A key or a team as the database holds it. `id` is a token hash or a team's id."""

    kind: str
    id: str
    name: str
    held: wire.Held
    team_id: str | None = None


async def find(context: Context, kind: str, selector: str) -> Holder:
    """The key or team that is meant; raises as `gateway.find_key` and `find_team`."""
    if kind == "team":
        team = await find_team(context, selector)
        return Holder(kind=kind, id=team.team_id, name=team.team_alias or f"team {team.team_id[:12]}", held=team)
    key = await find_key(context, selector)
    return of_key(key.key, key.info)


def of_key(token_hash: str, key: wire.Key) -> Holder:
    """A key as it was read."""
    name = key.key_alias or key.key_name or f"key {token_hash[:12]}"
    return Holder(kind="key", id=token_hash, name=name, held=key, team_id=key.team_id)


async def fields_now(context: Context, planned: Planned) -> dict[str, str]:
    """The lever's field as the database holds it now; none where the key or team is gone."""
    kind, _, verb = planned.lever.partition(".")
    reply = await (team_info if kind == "team" else key_info)(context, planned.selector)
    if reply.status == NOT_FOUND:
        return {}
    wire.check(reply, kind)
    held: wire.Held = (
        wire.read(wire.TeamInfo, reply).team_info if kind == "team" else wire.read(wire.KeyInfo, reply).info
    )
    return fields_of(verb, held)


def fields_of(verb: str, held: wire.Held) -> dict[str, str]:
    """The one field that this kind of lever writes, as exact JSON text."""
    values: dict[str, object] = {
        "block": held.blocked is True, "rpm": held.rpm_limit, "tpm": held.tpm_limit,
        "parallel": held.max_parallel_requests, "model-rpm": held.metadata.model_rpm_limit or {},
        "models": held.models, "routes": held.allowed_routes,
    }  # fmt: skip
    return {_FIELDS[verb]: json.dumps(values[verb], sort_keys=True)}


async def plan(context: Context, lever: Lever, wish: Wish, params: Mapping[str, str]) -> Planned:
    """The plan for one key or team."""
    return await plan_there(context, lever, wish, params, await gateway(context))


async def plan_there(context: Context, lever: Lever, wish: Wish, params: Mapping[str, str], there: Gateway) -> Planned:
    """As `plan`, with the gateway's models read before."""
    kind, _, verb = lever.name.partition(".")
    there.surface(wish.surface_key)
    there.surface(params.get("model", ""))
    holder = await find(context, kind, wish.selector)
    team = await find(context, "team", holder.team_id) if verb == "models" and holder.team_id else None
    return planned(context, lever, wish, params, there, holder, team)


def planned(
    context: Context, lever: Lever, wish: Wish, params: Mapping[str, str], there: Gateway, holder: Holder,
    team: Holder | None = None,
) -> Planned:  # fmt: skip
    """The plan by what was read; raises Refused where it cannot be."""
    kind, _, verb = lever.name.partition(".")
    pre = fields_of(verb, holder.held)
    if verb == "models":
        wanted = {"models": json.dumps(_listed(wish, params["model"], holder, team, there.names()))}
    else:
        wanted = _wanted(verb, wish, params, holder)
    model = params.get("model", "") or _model_to_try(holder, wish.surface_key, there.names())
    surface = there.surface(wish.surface_key, model if model in there.names() else "")
    return Planned(
        lever=lever.name, selector=holder.id, surface_key=surface, name=holder.name, model=surface,
        params={**params, "probe_model": model}, pre=pre, pre_read_ms=context.now_ms(), wanted=wanted,
        requests=(write(kind, holder.id, wanted),), revert=(write(kind, holder.id, pre),), selectors=1,
        reach=lever.reach, reversal=lever.reversal, direction=wish.direction, notes=_notes(holder, verb),
    )  # fmt: skip


def write(kind: str, held_id: str, fields: Mapping[str, str]) -> Request:
    """The one request that makes the field so."""
    ident = {"key" if kind == "key" else "team_id": held_id}
    if "blocked" in fields:
        verb = "block" if fields["blocked"] == "true" else "unblock"
        return Request(method="POST", path=f"/{kind}/{verb}", body=_body(ident))
    values = {name: json.loads(text) for name, text in fields.items()}
    return Request(method="POST", path=f"/{kind}/update", body=_body({**ident, **values}))


def _body(fields: Mapping[str, object]) -> str:
    return json.dumps(fields, separators=(",", ":"))


def _wanted(verb: str, wish: Wish, params: Mapping[str, str], holder: Holder) -> dict[str, str]:
    contain = wish.direction == "contain"
    value: object
    if verb == "block":
        value = contain
    elif verb in {"rpm", "tpm", "parallel"}:
        value = int(params[verb]) if contain else None
    elif verb == "routes":
        value = words_of(params["routes"]) if contain else []
    else:
        limits = dict(holder.held.metadata.model_rpm_limit or {})
        limits.pop(params["model"], None)
        value = {**limits, params["model"]: int(params["rpm"])} if contain else limits
    return {_FIELDS[verb]: json.dumps(value, sort_keys=True)}


def without(model: str, names: Sequence[str]) -> list[str]:
    """A list that lets through what these names do, except this model."""
    return [name for name in names if name != model] or [NO_MODEL]


def patterns_for(model: str, names: Sequence[str]) -> list[str]:
    """Entries that let a model through without naming it."""
    return [name for name in names if "*" in name and name not in ANY_MODEL and fnmatchcase(model, name)]


def reached(holder: Holder, team: Holder | None, served: Sequence[str]) -> list[str]:
    """The models that a list lets through, spelled out: an empty one means every model, or every one of the team."""
    names = holder.held.models
    if team is not None and (not names or OF_THE_TEAM in names):
        return reached(team, None, served)
    return list(served) if not names or ANY_MODEL & set(names) else list(names)


def lets_through(holder: Holder, model: str) -> bool:
    """Whether the holder's own list does; a key that has its team's list has none of its own."""
    names = holder.held.models
    if holder.team_id and (not names or OF_THE_TEAM in names):
        return False
    return not names or model in names or bool(ANY_MODEL & set(names))


def _listed(wish: Wish, model: str, holder: Holder, team: Holder | None, served: Sequence[str]) -> list[str]:
    names = holder.held.models
    if patterns := patterns_for(model, names):
        raise Refused(f"its list lets {model} through by the pattern {patterns[0]}: change that by hand")
    if wish.direction == "contain":
        return without(model, reached(holder, team, served))
    # an empty list is every model already, and must not become a list of one
    return names if not names or model in names else [*(name for name in names if name != NO_MODEL), model]


def _model_to_try(holder: Holder, surface_key: str, served: Sequence[str]) -> str:
    """A model that this holder may call: a probe of any other would be refused for another reason."""
    allowed = [name for name in holder.held.models if name not in ANY_MODEL | {OF_THE_TEAM, ""}]
    named = [name for name in allowed if name in served]
    if surface_key and (not allowed or surface_key in named):
        return surface_key
    if allowed and not named:
        return ""
    return (named or list(served) or [""])[0]


def _notes(holder: Holder, verb: str) -> tuple[str, ...]:
    notes: list[str] = []
    if verb not in {"models", "model-rpm"}:
        whose = "the team's keys" if holder.kind == "team" else "this key"
        notes.append(f"reaches every model {whose} may call, not one surface only")
    if holder.team_id:
        notes.append("the key belongs to a team: the team's other keys are not reached")
    if verb == "models":
        notes.append("the list is spelled out: a model added later is not on it")
    return tuple(notes)
