"""What ends for good: batches and customisation jobs that run, and provisioned throughput."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from adapters.aws_bedrock import wire
from adapters.aws_bedrock.here import Here, batches, customisations, provisioned, text
from adapters.aws_bedrock.levers import DELETE, STOP
from adapters.contract import Context, Fate, Planned, Refused, Request, Running, Work

NO_WAY_BACK = "Bedrock has no call that undoes this"
MOST_BYTES = 60_000  # what is signed of one target holds 64 KiB


async def plan(context: Context, here: Here, blank: Planned) -> Planned:
    """The plan for one job, for every one of a model, or for provisioned throughput."""
    if blank.direction == "restore":
        raise Refused(NO_WAY_BACK)
    if blank.lever == DELETE.name:
        return await _deletion(context, blank)
    every = [*await batches(context), *await customisations(context)]
    if blank.lever == STOP.name:
        found = [one for one in every if one.jobArn == blank.selector]
        if not found:
            raise Refused("this account has no job of this name here: give its ARN", wire.NOT_FOUND)
        model = found[0].model if found[0].model in here.names else blank.model
        return _stopped(replace(blank, model=model, surface_key=blank.surface_key or model), found)
    model = here.need(blank.selector or blank.surface_key)
    if blank.surface_key not in {"", model}:
        raise Refused(f"{model} is a surface of its own, not part of {blank.surface_key}")
    meant = [one for one in every if one.runs and one.model == model]
    if not meant:
        raise Refused(f"nothing of {model} is at work here")
    named = replace(blank, selector=model, surface_key=model, model=model, name=model, selectors=0)
    return _stopped(named, meant)


async def fields_now(context: Context, planned: Planned) -> tuple[dict[str, str], str]:
    """Whether each still runs, with what began since where a model is meant; or whether it is still there."""
    if planned.lever == DELETE.name:
        there = any(one.provisionedModelArn == planned.params["arn"] for one in await provisioned(context))
        return {"there": text(there)}, ""
    every = [*await batches(context), *await customisations(context)]
    wide = planned.selectors == 0
    meant = [
        one for one in every if one.jobArn in planned.wanted or (wide and one.runs and one.model == planned.model)
    ]  # fmt: skip
    late = sum(one.jobArn not in planned.wanted for one in meant)
    ending = sum(one.runs and one.ending for one in meant)
    told = [f"{late} began since"] if late else []
    told += [f"{ending} still ending"] if ending else []
    return {one.jobArn: text(one.runs) for one in meant}, ", ".join(told)


async def ends_already(context: Context, request: Request) -> bool:
    """Whether the job that a request stops is over, or being stopped; one that is not there says neither."""
    every = [*await batches(context), *await customisations(context)]
    return any(one.ending and _stop(one.jobArn).path == request.path for one in every)


async def running(context: Context, planned: Planned, *, stops: bool) -> Sequence[Running]:
    """What works with the plan's model, or is the plan's job."""
    found: list[Running] = []
    then: Fate = "stops" if stops else "finishes"
    every: tuple[tuple[Work, list[wire.Job]], ...] = (
        ("batches", await batches(context)), ("jobs", await customisations(context)),
    )  # fmt: skip
    for what, jobs in every:
        if count := sum(one.runs and _means(planned, one) for one in jobs):
            found.append(Running(what=what, count=count, then=then, at_ms=context.now_ms()))
    return found


def _means(planned: Planned, job: wire.Job) -> bool:
    return job.jobArn == planned.selector if planned.lever == STOP.name else job.model == planned.model


def _stopped(blank: Planned, meant: Sequence[wire.Job]) -> Planned:
    requests = tuple(_stop(one.jobArn) for one in meant)
    if sum(len(one.path) for one in requests) > MOST_BYTES // 2:
        raise Refused(f"{len(meant)} jobs are more than one correction holds: stop them one by one")
    return replace(
        blank, pre={one.jobArn: text(one.runs) for one in meant}, wanted={one.jobArn: "false" for one in meant},
        requests=requests, notes=(f"{NO_WAY_BACK}: what a batch did is kept, the rest is begun again as new work",),
    )  # fmt: skip


def _stop(arn: str) -> Request:
    kind = "model-invocation-job" if ":model-invocation-job/" in arn else "model-customization-jobs"
    return Request(method="POST", path=f"/bedrock/{kind}/{wire.quoted(arn)}/stop", content_type=None)


async def _deletion(context: Context, blank: Planned) -> Planned:
    found = [
        one for one in await provisioned(context)
        if blank.selector in {one.provisionedModelArn, one.provisionedModelName}
    ]  # fmt: skip
    if len(found) != 1:
        raise Refused(f"{len(found)} provisioned throughputs are called that", wire.NOT_FOUND)
    (one,) = found
    bound = f"; it is paid for until its commitment ({one.commitmentDuration}) ends, and AWS may refuse till then"
    path = f"/bedrock/provisioned-model-throughput/{wire.quoted(one.provisionedModelArn)}"
    return replace(
        blank, name=one.provisionedModelName, params={"arn": one.provisionedModelArn}, pre={"there": "true"},
        wanted={"there": "false"}, requests=(Request(method="DELETE", path=path, content_type=None),),
        notes=(NO_WAY_BACK, f"{one.modelUnits} units go" + (bound if one.commitmentDuration else "")),
    )  # fmt: skip
