"""What ends for good: batches, tuning jobs and custom jobs that run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from adapters.contract import Context, Fate, Planned, Refused, Request, Running, Work
from adapters.google_vertex import reading, wire
from adapters.google_vertex.levers import CANCEL, DENY, EVERYONE, TUNING, Settings

NO_WAY_BACK = "Google has no call that undoes this"
MOST_BYTES = 30_000  # what is signed of one target holds 64 KiB
_NAME = re.compile(r"(?:projects/[a-z0-9-]+/locations/[a-z0-9-]+/)?([A-Za-z]+)/([A-Za-z0-9_-]{1,60})")
_WORKS: tuple[tuple[str, Work], ...] = (
    (reading.BATCHES, "batches"), (reading.TUNING, "jobs"), (reading.CUSTOM, "jobs"),
)  # fmt: skip


async def plan(context: Context, settings: Settings, blank: Planned, models: Sequence[str]) -> Planned:
    """The plan for one job, or for every one of a model."""
    if blank.direction == "restore":
        raise Refused(NO_WAY_BACK)
    if blank.lever == CANCEL.name:
        return await _one(context, settings, blank, models)
    meant = [one for kind, _ in _WORKS for one in await _about(context, settings, kind, blank.surface_key)]
    meant = [one for one in meant if one.runs]
    if not meant:
        raise Refused(f"nothing of {blank.surface_key} is at work here")
    return _cancelled(settings, replace(blank, params={"model": blank.surface_key}), meant)


async def _one(context: Context, settings: Settings, blank: Planned, models: Sequence[str]) -> Planned:
    found = _NAME.fullmatch(blank.selector)
    kind, ident = found.groups() if found else ("", "")
    one = await reading.job(context, f"{settings.place}/{kind}/{ident}") if kind in reading.KINDS else None
    if one is None:
        raise Refused("say which job: batchPredictionJobs/ID, tuningJobs/ID or customJobs/ID", wire.NOT_FOUND)
    name = f"{kind}/{ident}"
    model = next((each for each in models if is_about(one, each)), blank.surface_key)
    if blank.surface_key not in {"", model}:
        raise Refused(f"it works with {model}, which is a surface of its own")
    at = replace(
        blank, selector=name, name=one.displayName or name, surface_key=model, model=model.rpartition("/")[2]
    )  # fmt: skip
    return _cancelled(settings, at, [one])


async def fields_now(context: Context, settings: Settings, planned: Planned) -> tuple[dict[str, str], str]:
    """Whether each still runs, with what began since where a model is meant."""
    fields: dict[str, str] = {}
    if model := planned.params.get("model"):
        for kind, _ in _WORKS:
            fields |= {short(one): "true" for one in await _about(context, settings, kind, model) if one.runs}
    late = sum(name not in planned.wanted for name in fields)
    found = await _named(context, settings, planned)
    fields |= {name: wire.text(one.runs) for name, one in found.items()}
    ending = sum(one.runs and one.ending for one in found.values())
    told = [f"{late} began since"] if late else []
    told += [f"{ending} still ending"] if ending else []
    return fields, ", ".join(told)


async def asked_now(context: Context, settings: Settings, planned: Planned) -> dict[str, str]:
    """Of each job in the plan, whether it still has to be cancelled: one that is ending refuses to be."""
    found = await _named(context, settings, planned)
    return {name: wire.text(not one.ending) for name, one in found.items()}


async def _named(context: Context, settings: Settings, planned: Planned) -> dict[str, wire.Job]:
    """The jobs that the plan names, as far as they are there."""
    found = {name: await reading.job(context, f"{settings.place}/{name}") for name in planned.wanted}
    return {name: one for name, one in found.items() if one is not None}


async def running(context: Context, settings: Settings, planned: Planned, *, stops: bool) -> Sequence[Running]:
    """What works with the plan's model, is the plan's job, or works in the project where no model is singled out."""
    then: Fate = "stops" if stops else "finishes"
    counts: dict[Work, int] = {}
    for kind, what in _WORKS:
        if planned.lever in {DENY.name, EVERYONE.name, TUNING.name}:
            found = await reading.jobs(context, settings, kind)
        elif planned.lever == CANCEL.name:
            found = [one for one in await reading.jobs(context, settings, kind) if short(one) in planned.wanted]
        else:
            found = await _about(context, settings, kind, planned.surface_key)
        counts[what] = counts.get(what, 0) + sum(one.runs for one in found)
    at_ms = context.now_ms()
    return [Running(what=what, count=count, then=then, at_ms=at_ms) for what, count in counts.items() if count]


async def _about(context: Context, settings: Settings, kind: str, model: str) -> list[wire.Job]:
    return [one for one in await reading.jobs(context, settings, kind) if is_about(one, model)]


def is_about(one: wire.Job, model: str) -> bool:
    """Whether a job works with this model of the Model Garden; a custom job tells no model."""
    named = one.model or one.baseModel
    return bool(named) and model.startswith("publishers/") and (
        named.endswith(model) or named == model.rpartition("/")[2]
    )  # fmt: skip


def short(one: wire.Job) -> str:
    """A job's name without its project and place."""
    return "/".join(one.name.split("/")[-2:])


def _cancelled(settings: Settings, blank: Planned, meant: Sequence[wire.Job]) -> Planned:
    requests = tuple(
        Request(method="POST", path=reading.vertex(f"{settings.place}/{short(one)}:cancel"), body="{}") for one in meant
    )
    if sum(len(one.path) for one in requests) > MOST_BYTES:
        raise Refused(f"{len(meant)} jobs are more than one correction holds: cancel them one by one")
    return replace(
        blank, pre={short(one): wire.text(one.runs) for one in meant}, wanted={short(one): "false" for one in meant},
        requests=requests, notes=(f"{NO_WAY_BACK}: what a job did is kept, and the rest is begun again as new work",),
    )  # fmt: skip
