"""What projects may use: models, hosted tools, calls, tokens, money. One project, or every active one at once.

A correction for every project is as good as its list: a project made later is unrestricted, and a read back says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from adapters.alike import for_each
from adapters.contract import Context, Lever, Planned, Refused, Wish
from adapters.openai_admin import policy, usage, wire
from adapters.openai_admin.levers import words_of
from adapters.openai_admin.organisation import (
    Organisation,
    let_in,
    limits,
    organisation,
    permissions,
    place,
    spend_limit,
    tools,
)
from adapters.openai_admin.policy import NUMBERS, ORGANISATION
from adapters.snapshots import bare, snapshots

DENYING = frozenset({"deny", "models"})
MOST_BYTES = 60_000  # what is signed of one target holds 64 KiB
MOST_NAMES = 600  # letters
_LATER = "a project made later starts unrestricted: a read back finds it and says so; plan it again then"
_ZERO = "whether a limit of 0 is accepted is not documented and unproven; 1 is one that surely is"
_COUNTS = "what was spent this month counts: where it is more already, calls stop"
_TOOLS = "a caller's own functions stay: only tools that OpenAI hosts can be switched off"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """What one project has: the fields of a lever, its models with a limit, and its policy where that is meant."""

    fields: Mapping[str, str]
    known: Sequence[str]


async def served(context: Context, projects: Sequence[wire.Project], watched: Sequence[str]) -> list[str]:
    """The models that these projects have limits for, and those that are watched."""
    rows = await for_each(projects, lambda one: limits(context, one.id))
    return sorted({row.model for found in rows for row in found} | set(watched))


async def plan(
    context: Context, lever: Lever, wish: Wish, params: Mapping[str, str], watched: Sequence[str]
) -> Planned:
    """The plan for one project, or for all."""
    there = await organisation(context)
    projects = there.some(words_of(params.get("projects", ""))) if lever.wide else [there.project(wish.selector)]
    models = await served(context, projects, watched)
    model, ids = _meant(lever, wish, params, models)
    blank = Planned(
        lever=lever.name, selector=_selector(lever, model, projects), surface_key=model, model=model,
        name=_name(lever, model, projects), params={**params, "ids": ",".join(ids)}, pre={},
        pre_read_ms=context.now_ms(), wanted={}, requests=(), revert=(), selectors=0 if lever.wide else 1,
        reach=lever.reach, reversal=lever.reversal, direction=wish.direction,
        notes=_notes(lever, ids, params, models),
    )  # fmt: skip
    if lever.name == "organisation.spend":
        held = [await _held(context, blank, ORGANISATION)]
    else:
        held = await for_each(projects, lambda one: _held(context, blank, one.id))
    if not lever.wide:
        blank = replace(blank, params={**blank.params, "let_in": await let_in(context, blank.selector)})
    planned = _filled(blank, held, there)
    if not ids:
        return planned
    every = lever.wide and not params.get("projects")
    keys, told = await usage.callers(context, ids, [] if every else [one.id for one in projects])
    return replace(planned, affected=keys, notes=(*planned.notes, told))


async def fields_now(context: Context, planned: Planned) -> tuple[dict[str, str], str]:
    """The fields as they are now, with those of a later project that is not restricted, and what is to know."""
    if planned.lever == "organisation.spend":
        return dict((await _held(context, planned, ORGANISATION)).fields), await _enforcing(context, planned)
    there = await organisation(context)
    mine = {field.partition("/")[0] for field in planned.wanted}
    active = {one.id for one in there.projects}
    every = planned.selectors == 0 and not planned.params.get("projects") and planned.direction == "contain"
    asked = [one for one in there.projects if one.id in mine or every]
    found: dict[str, str] = {}
    late: list[str] = []
    for one, held in zip(asked, await for_each(asked, lambda one: _held(context, planned, one.id)), strict=True):
        if one.id in mine:
            found.update({field: text for field, text in held.fields.items() if field in planned.wanted})
        elif _want(planned, held) != dict(held.fields):
            found.update(held.fields)
            late.append(one.title)
    gone = sorted(mine - active)
    found.update({field: text for field, text in planned.wanted.items() if field.partition("/")[0] in gone})
    told = [f"not restricted: {', '.join(late)}"] if late else []
    told += [f"archived since: {', '.join(gone)}"] if gone else []
    return found, "; ".join(told) or await _enforcing(context, planned)


async def _enforcing(context: Context, planned: Planned) -> str:
    """Whether a limit of money stops calls now, in OpenAI's words."""
    if not planned.lever.endswith(".spend"):
        return ""
    found = await spend_limit(context, f"{_place(planned.selector)}/spend_limit")
    return f"the spend limit is {found.enforcement.status or 'of an unknown state'}" if found else ""


def _place(project: str) -> str:
    return "/organization" if project == ORGANISATION else place(project)


# -- one project -------------------------------------------------------------------------------------------------------


async def _held(context: Context, planned: Planned, project: str) -> _Held:
    """What the lever writes in one project, as it is now."""
    verb = planned.lever.partition(".")[2]
    if verb == "spend":
        found = await spend_limit(context, f"{_place(project)}/spend_limit")
        return _Held(fields={f"{project}/spend": policy.of_spend(found)}, known=())
    if verb == "tools":
        now = await tools(context, project)
        meant = policy.off(planned.params, contain=planned.direction == "contain")
        fields = {f"{project}/tools": policy.text_of({name: getattr(now, name).enabled for name in meant})}
        return _Held(fields=fields, known=())
    rows = await limits(context, project)
    known = [row.model for row in rows]
    if verb in DENYING:
        held = policy.of_policy(await permissions(context, project))
        return _Held(fields={f"{project}/models": held}, known=known)
    ids = planned.params["ids"].split(",")
    fields = {
        f"{project}/limit/{row.id}/{NUMBERS[verb]}": policy.text_of(getattr(row, NUMBERS[verb]))
        for row in rows if row.model in ids
    }  # fmt: skip
    return _Held(fields=fields, known=known)


def _want(planned: Planned, held: _Held) -> dict[str, str]:
    """The same fields as they will be."""
    verb, contain = planned.lever.partition(".")[2], planned.direction == "contain"
    ids = planned.params["ids"].split(",")
    wanted: dict[str, str] = {}
    for field, text in held.fields.items():
        if verb == "spend":
            wanted[field] = policy.spend(text, planned.params, contain=contain)
        elif verb == "tools":
            wanted[field] = policy.text_of(policy.off(planned.params, contain=contain))
        elif verb in DENYING:
            value = json.loads(text)
            now = None if value is None else wire.Permissions.model_validate(value)
            after = policy.denied(now, ids, held.known) if contain else policy.allowed(now, ids)
            same = contain and not any(policy.lets_through(now, one) for one in ids)
            wanted[field] = text if same else policy.of_policy(after)
        elif contain:
            wanted[field] = policy.text_of(policy.lower(json.loads(text), int(planned.params[verb])))
        else:
            raise Refused("which limit there was only the correction knows that lowered it: undo that one")
    return wanted


# -- the whole plan ----------------------------------------------------------------------------------------------------


def _meant(lever: Lever, wish: Wish, params: Mapping[str, str], models: Sequence[str]) -> tuple[str, list[str]]:
    """The model that is meant or stands for the surface, and every id that a policy has to name."""
    model = wish.selector or wish.surface_key if lever.name.startswith("model.") else params.get("model", "")
    if lever.wide and not lever.name.startswith("model.") and wish.selector not in {"", ORGANISATION, *models}:
        raise Refused(f"{wish.selector[:80]} is no model of this organisation", wire.NOT_FOUND)
    if model and wish.surface_key not in {"", model}:
        raise Refused(f"{model} is a surface of its own, not part of {wish.surface_key}")
    shown = model or wish.surface_key or next(iter(models), "")
    if (model or wish.surface_key or lever.name.startswith("model.")) and shown not in models:
        raise Refused(f"no project has a limit for a model called {shown[:80]}", wire.NOT_FOUND)
    return shown, snapshots(model, models) if model else []


def _selector(lever: Lever, model: str, projects: Sequence[wire.Project]) -> str:
    if lever.wide:
        return model if lever.name.startswith("model.") else ORGANISATION
    return projects[0].id


def _name(lever: Lever, model: str, projects: Sequence[wire.Project]) -> str:
    if lever.wide:
        return model if lever.name.startswith("model.") else "the whole organisation"
    return projects[0].title


def _filled(blank: Planned, held: Sequence[_Held], there: Organisation) -> Planned:
    """The plan with its fields and requests: only of projects that change, unless none does."""
    pairs = [(dict(one.fields), _want(blank, one)) for one in held if one.fields]
    if not pairs:
        raise Refused(f"no project has a limit for {blank.model} that could be lowered", wire.NOT_FOUND)
    changing = [(pre, after) for pre, after in pairs if pre != after] or pairs
    pre = {field: text for one, _ in changing for field, text in one.items()}
    wanted = {field: text for _, one in changing for field, text in one.items()}
    requests = tuple(policy.write(field, text, _place(field.partition("/")[0])) for field, text in wanted.items())
    revert = tuple(policy.write(field, text, _place(field.partition("/")[0])) for field, text in pre.items())
    if max(sum(len(json.dumps(one.as_json())) for one in way) for way in (requests, revert)) > MOST_BYTES:
        raise Refused(f"{len(changing)} projects are more than one correction holds: name some of them each time")
    named = {field.partition("/")[0] for field in pre}
    names = ", ".join(f"{one.id} is {one.title}" for one in there.projects if one.id in named and one.title != one.id)
    notes = (*blank.notes, f"by name: {names[:MOST_NAMES]}") if names else blank.notes
    if blank.selectors == 0 and blank.lever != "organisation.spend":
        notes = (f"{len(changing)} of {len(there.projects)} active projects are changed", _LATER, *notes)
    return replace(blank, pre=pre, wanted=wanted, requests=requests, revert=revert, notes=notes)


def _notes(
    lever: Lever, ids: Sequence[str], params: Mapping[str, str], models: Sequence[str]
) -> tuple[str, ...]:  # fmt: skip
    verb = lever.name.partition(".")[2]
    notes = [f"meant are {', '.join(ids)}; fine-tuned models have names of their own"] if ids else []
    if ids and (other := bare(ids[0], models)):
        notes.insert(0, f"{other} may answer with it too, and is NOT meant: it is a surface of its own")
    notes += [_ZERO] if params.get(verb) == "0" else []
    notes += [_COUNTS] if verb == "spend" else []
    notes += [_TOOLS] if verb == "tools" else []
    return tuple(notes)
