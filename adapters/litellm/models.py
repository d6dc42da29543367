"""Correcting a model for everybody behind the gateway: block it, take it out of every list, let another answer.

A blocked model is not answered by its fallback (`/fallback` helps calls that fail, seen on 1.106.2): reroute it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from adapters.contract import Context, Lever, Planned, Refused, Request, Wish
from adapters.litellm import files, wire
from adapters.litellm.gateway import (
    NOT_FOUND,
    ROUND_IT,
    Gateway,
    aliases,
    dependants,
    dependants_note,
    every_key,
    every_team,
    gateway,
)
from adapters.litellm.holders import Holder, lets_through, patterns_for, reached, without, write

MOST_BYTES = 60_000  # what is signed of one target holds 64 KiB


async def plan(context: Context, lever: Lever, wish: Wish, params: Mapping[str, str]) -> Planned:
    """The plan for one model, with who called it in the last hour."""
    there = await gateway(context)
    name = there.named(wish.selector, wish.surface_key)
    ids = json.dumps([found.model_info.id for found in there.behind(name)])
    blank = Planned(
        lever=lever.name, selector=name, surface_key=name, name=name, model=name,
        params={**params, "probe_model": name, "deployments": ids}, pre={}, pre_read_ms=context.now_ms(), wanted={},
        requests=(), revert=(), selectors=0, reach=lever.reach, reversal=lever.reversal, direction=wish.direction,
    )  # fmt: skip
    if lever.name == "model.block":
        planned = _block(blank, there)
    elif lever.name == "model.reroute":
        planned = await _reroute(context, blank, there)
    else:
        planned = await _delist(context, blank, there)
    found = await dependants(context, name)
    affected = planned.affected if found is None or planned.affected is not None else found.callers
    return replace(planned, affected=affected, notes=(*planned.notes, dependants_note(found), ROUND_IT))


async def fields_now(context: Context, planned: Planned) -> dict[str, str]:
    """The lever's fields as they are now, with a list made since that lets the model in; none where all are gone."""
    if planned.lever == "model.delist":
        there = (await _holders(context)).holders
        # a pattern was told when it was planned, and is left
        open_ = [
            one for one in there
            if lets_through(one, planned.model) and not patterns_for(planned.model, one.held.models)
        ]  # fmt: skip
        late = {_field(one) for one in open_} - set(planned.wanted)
        meant = {*planned.wanted, *(late if planned.direction == "contain" else ())}
        return {_field(one): json.dumps(one.held.models) for one in there if _field(one) in meant}
    behind = (await gateway(context, planned.surface_key)).behind(planned.surface_key)
    if planned.lever == "model.block":
        return {f"{found.model_info.id}.blocked": _flag(found.model_info.blocked) for found in behind}
    return _alias_fields(await aliases(context)) if behind else {}


def _flag(value: bool | None) -> str:  # noqa: FBT001  the value itself, not a switch
    return json.dumps(value is True)


# -- blocking ----------------------------------------------------------------------------------------------------------


def _block(blank: Planned, there: Gateway) -> Planned:
    """Every deployment behind the model name: blocking one of two would leave the model served."""
    behind = there.behind(blank.model)
    if not all(found.model_info.db_model for found in behind):
        raise Refused(
            f"{blank.model} stands in the gateway's configuration file, which cannot be blocked from here: take it out "
            "of every list, let another model answer, have a person block it in the file, or switch it off at the "
            "vendor",
            instead=files.WAYS,
        )
    pre = {f"{found.model_info.id}.blocked": _flag(found.model_info.blocked) for found in behind}
    block = blank.direction == "contain"
    notes = (f"{len(behind)} deployments stand behind this name; all are meant",) if len(behind) > 1 else ()
    return replace(
        blank, pre=pre, wanted=dict.fromkeys(pre, json.dumps(block)), notes=notes,
        requests=tuple(_write_block(found.model_info.id, blocked=block) for found in behind),
        revert=tuple(_write_block(found.model_info.id, blocked=bool(found.model_info.blocked)) for found in behind),
    )  # fmt: skip


def _write_block(model_id: str, *, blocked: bool) -> Request:
    body = json.dumps({"model_id": model_id}, separators=(",", ":"))
    return Request(method="POST", path=f"/model/{'block' if blocked else 'unblock'}", body=body)


# -- letting another model answer --------------------------------------------------------------------------------------


async def _reroute(context: Context, blank: Planned, there: Gateway) -> Planned:
    """The gateway keeps one map of aliases and takes it whole, so what else is in it is sent along as it was."""
    now = await aliases(context)
    wanted = {name: target for name, target in now.items() if name != blank.model}
    notes = ["it is one map for the whole gateway: whatever else stands in it is sent along as it was read"]
    if blank.direction == "contain":
        fallback = blank.params["fallback"]
        behind = there.behind(fallback)
        if not behind:
            raise Refused(f"the gateway serves no model called {fallback} that could answer", NOT_FOUND)
        if fallback == blank.model or fallback in now:
            raise Refused(f"{fallback} cannot answer: calls to it are not answered by itself")
        if all(found.model_info.blocked for found in behind):
            raise Refused(f"{fallback} cannot answer: it is blocked")
        wanted[blank.model] = fallback
        notes.append("callers are not told: the answer names the model that they asked for")
        beside = sorted(name for name, target in now.items() if name != blank.model and _leads_to(target, blank.model))
        if beside:
            notes.insert(0, f"NOT rerouted: {', '.join(beside)[:200]} lead to it by aliases of their own")
        notes.append("who calls a deployment by its id is not rerouted: block it as well where it is in the database")
    return replace(
        blank, pre=_alias_fields(now), wanted=_alias_fields(wanted), notes=tuple(notes),
        requests=(_write_aliases(wanted),), revert=(_write_aliases(now),),
    )  # fmt: skip


def _leads_to(target: object, model: str) -> bool:
    """An alias is a name, or an object that holds one."""
    return (target.get("model") if isinstance(target, dict) else target) == model


def _alias_fields(found: Mapping[str, object]) -> dict[str, str]:
    return {"model_group_alias": json.dumps(found, sort_keys=True)}


def _write_aliases(found: Mapping[str, object]) -> Request:
    settings = {"router_settings": {"model_group_alias": found}}
    return Request(method="POST", path="/config/update", body=json.dumps(settings, sort_keys=True))


# -- taking it out of every list ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lists:
    """Everybody who has a list of models."""

    holders: Sequence[Holder]

    def team_of(self, holder: Holder) -> Holder | None:
        return next((one for one in self.holders if one.kind == "team" and one.id == holder.team_id), None)


async def _holders(context: Context) -> _Lists:
    teams = [
        Holder(kind="team", id=one.team_id, name=one.team_alias or one.team_id, held=one)
        for one in await every_team(context)
    ]
    keys = [
        Holder(kind="key", id=one.token, name=one.key_alias or one.token[:12], held=one, team_id=one.team_id)
        for one in await every_key(context)
    ]
    return _Lists(holders=[*teams, *keys])


def _field(holder: Holder) -> str:
    return f"{holder.kind} {holder.id}"


async def _delist(context: Context, blank: Planned, there: Gateway) -> Planned:
    """For models of the file too: every list that lets the model through is written anew without it."""
    if blank.direction == "restore":
        raise Refused("which lists held it only the correction knows that took it out: undo that one")
    model, lists = blank.model, await _holders(context)
    patterned = [one for one in lists.holders if patterns_for(model, one.held.models)]
    meant = [one for one in lists.holders if one not in patterned and lets_through(one, model)]
    if not meant:
        raise Refused(f"no key's and no team's list lets {model} through")
    pre = {_field(one): json.dumps(one.held.models) for one in meant}
    lists_after = {
        _field(one): json.dumps(without(model, reached(one, lists.team_of(one), there.names()))) for one in meant
    }
    requests = tuple(write(one.kind, one.id, {"models": lists_after[_field(one)]}) for one in meant)
    teams = sum(one.kind == "team" for one in meant)
    counted = f"{len(meant) - teams} keys and {teams} teams"
    if sum(len(json.dumps(one.as_json())) for one in requests) > MOST_BYTES:
        raise Refused(f"{counted} let {model} through, more than one correction holds: take it from teams one by one")
    notes = [f"{counted} lose it; keys without a list of their own lose it with their team or by a list spelled out"]
    notes += [f"{len(patterned)} let it through by a pattern and keep it: change them by hand"] if patterned else []
    notes += ["a key made afterwards may have it again", *_file_note(there.behind(model))]
    return replace(
        blank, pre=pre, wanted=lists_after, notes=tuple(notes), affected=len(meant), requests=requests,
        revert=tuple(write(one.kind, one.id, {"models": pre[_field(one)]}) for one in meant),
    )  # fmt: skip


def _file_note(behind: Sequence[wire.Deployment]) -> list[str]:
    """That a key made later can be kept from it too, by what a person does."""
    filed = any(not found.model_info.db_model for found in behind)
    return ["it stands in the file: to make it last, have a person block it there too (model.file)"] if filed else []
