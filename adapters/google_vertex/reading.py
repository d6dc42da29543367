"""One project as it is read: its endpoints, watched models, jobs, policies and limits. Nothing here writes.

A path begins with the service that it goes to: aiplatform, orgpolicy, iam or serviceusage.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel

from adapters.contract import Context, Refused, Reply
from adapters.google_vertex import wire
from adapters.google_vertex.levers import Settings
from adapters.operations import pages

Row = TypeVar("Row")
Listed = TypeVar("Listed", bound=BaseModel)
CONSTRAINT = "vertexai.allowedModels"
SERVICE = "aiplatform.googleapis.com"
BATCHES, TUNING, CUSTOM = "batchPredictionJobs", "tuningJobs", "customJobs"
KINDS = (BATCHES, TUNING, CUSTOM)
_PAGE = 100
# what is over is left out where Google can: a project keeps its jobs for months. Of tuning jobs no filter is described
_OPEN = wire.quoted(" AND ".join(f'state!="JOB_STATE_{one}"' for one in ("SUCCEEDED", "FAILED", "CANCELLED")))


def vertex(path: str) -> str:
    """A path at Vertex AI."""
    return f"/aiplatform/v1/{path}"


async def every(
    context: Context, path: str, kind: type[Listed], rows: Callable[[Listed], list[Row]],
    token: Callable[[Listed], str],
) -> tuple[list[Row], int]:  # fmt: skip
    """A list to its end, and how long its answers took."""
    found: list[Row] = []

    def after(reply: Reply) -> str | None:
        page = wire.read(kind, wire.check(reply, "list"))
        found.extend(rows(page))
        ahead = token(page)
        return f"{path}&pageToken={wire.quoted(ahead)}" if ahead else None

    asked = await pages(context, path, after)
    return found, sum(one.elapsed_ms for one in asked)


async def endpoints(context: Context, settings: Settings) -> tuple[list[wire.Endpoint], int]:
    """Every endpoint of the location."""
    path = vertex(f"{settings.place}/endpoints?pageSize={_PAGE}")
    return await every(context, path, wire.Endpoints, lambda page: page.endpoints, lambda page: page.nextPageToken)


async def endpoint(context: Context, settings: Settings, ident: str) -> wire.Endpoint | None:
    """One endpoint; None where there is none."""
    reply = await context.call("GET", vertex(f"{settings.place}/endpoints/{wire.quoted(ident)}"), effect="read")
    if wire.is_gone(reply):
        return None
    return wire.read(wire.Endpoint, wire.check(reply, "endpoint"))


async def watched(context: Context, settings: Settings) -> list[wire.PublisherModel]:
    """Every watched model that Google has; what it does not know is left out."""
    found: list[wire.PublisherModel] = []
    for name in settings.watched:
        reply = await context.call("GET", vertex(name), effect="read")
        if not wire.is_gone(reply):
            found.append(wire.read(wire.PublisherModel, wire.check(reply, "model")))
    return found


async def jobs(context: Context, settings: Settings, kind: str) -> list[wire.Job]:
    """Every job of one kind that is not over; of tuning jobs, those that are over too."""
    chosen = "" if kind == TUNING else f"&filter={_OPEN}"
    path = vertex(f"{settings.place}/{kind}?pageSize={_PAGE}{chosen}")

    def rows(page: wire.Jobs) -> list[wire.Job]:
        found: list[wire.Job] = getattr(page, kind)
        return found

    found, _ = await every(context, path, wire.Jobs, rows, lambda page: page.nextPageToken)
    return found


async def job(context: Context, name: str) -> wire.Job | None:
    """One job by its whole name; None where there is none."""
    reply = await context.call("GET", vertex(name), effect="read")
    if wire.is_gone(reply):
        return None
    return wire.read(wire.Job, wire.check(reply, "job"))


# -- policies ----------------------------------------------------------------------------------------------------------


def policy_path(settings: Settings) -> str:
    """Where the organisation's policy about models is."""
    return f"/orgpolicy/v2/{settings.policies}/policies/{CONSTRAINT}"


async def policy(context: Context, settings: Settings) -> wire.Policy | None:
    """The policy as it is set there; None where there is none."""
    reply = await context.call("GET", policy_path(settings), effect="read")
    if wire.is_gone(reply):
        return None
    return wire.read(wire.Policy, wire.check(reply, "organisation policy"))


async def effective(context: Context, settings: Settings) -> wire.Policy | None:
    """The policy as it comes together for the project; None where this account may not read it."""
    path = f"/orgpolicy/v2/projects/{settings.project}/policies/{CONSTRAINT}:getEffectivePolicy"
    return await _allowed(context, path, wire.Policy, "organisation policy in effect")


async def replaces_its_parents(context: Context, settings: Settings) -> bool:
    """Whether the project has a policy of its own that takes nothing from above it, as far as may be read."""
    path = f"/orgpolicy/v2/projects/{settings.project}/policies/{CONSTRAINT}"
    found = await _allowed(context, path, wire.Policy, "organisation policy of the project")
    return found is not None and not found.spec.get("inheritFromParent", False)


async def _allowed(context: Context, path: str, kind: type[Listed], what: str) -> Listed | None:
    """What a status may do without: read, or None where it is not there or Google says 403."""
    reply = await context.call("GET", path, effect="read")
    try:
        return None if wire.is_gone(reply) else wire.read(kind, wire.check(reply, what))
    except Refused as fault:
        if fault.status == wire.FORBIDDEN:
            return None
        raise


def denials(settings: Settings) -> str:
    """Where the project's deny policies are."""
    attached = wire.quoted(f"cloudresourcemanager.googleapis.com/projects/{settings.project}")
    return f"/iam/v2/policies/{attached}/denypolicies"


async def denial(context: Context, settings: Settings, ident: str) -> wire.DenyPolicy | None:
    """One deny policy; None where there is none."""
    reply = await context.call("GET", f"{denials(settings)}/{ident}", effect="read")
    if wire.is_gone(reply):
        return None
    return wire.read(wire.DenyPolicy, wire.check(reply, "deny policy"))


async def denial_if_allowed(context: Context, settings: Settings, ident: str) -> wire.DenyPolicy | None:
    """As `denial`, and None too where this account may not read it."""
    return await _allowed(context, f"{denials(settings)}/{ident}", wire.DenyPolicy, "deny policy")


# -- limits ------------------------------------------------------------------------------------------------------------


def quotas(settings: Settings) -> str:
    """Where the project's limits for Vertex AI are."""
    return f"/serviceusage/v1beta1/projects/{settings.project}/services/{SERVICE}/consumerQuotaMetrics"


async def metric(context: Context, settings: Settings) -> wire.Metric:
    """The metric that the settings name, with a limit for each region and model."""
    path = f"{quotas(settings)}/{wire.quoted(settings.quota)}?view=FULL"
    return wire.read(wire.Metric, wire.check(await context.call("GET", path, effect="read"), "quota"))
