"""Work in flight at OpenAI: batches and fine-tuning jobs of one project, cancelled with a project's key.

An admin key cannot do this, so it is an instance of its own. Nothing was run against a real account.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Literal
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field, field_validator

from adapters.alike import compared, lever_of
from adapters.contract import (
    Category,
    Context,
    Found,
    Lever,
    Malformed,
    Manifest,
    NotSent,
    OutcomeUnknown,
    Planned,
    Probe,
    ReadBack,
    Receipt,
    Refused,
    Reply,
    Request,
    Running,
    Status,
    SurfaceState,
    Throttled,
    Wish,
)
from adapters.forms import NoParams, fitting, safe_address
from adapters.openai_work import wire
from adapters.openai_work.wire import Work
from adapters.snapshots import snapshots

__all__ = ["OpenAIWork", "Settings"]

CANCEL_S = 600  # "in status cancelling for up to 10 minutes"
MOST_BYTES = 60_000  # what is signed of one target holds 64 KiB
NO_WAY_BACK = "what is cancelled is begun again as new work, from its beginning"
_BATCHES, _JOBS = "/batches", "/fine_tuning/jobs"
_PATHS = {
    "batch.cancel": _BATCHES, "model.cancel-batches": _BATCHES, "job.cancel": _JOBS, "model.cancel-jobs": _JOBS,
}  # fmt: skip
_ALREADY = frozenset({400, 409})


class Settings(BaseModel):
    """Where it is. The key says which project is meant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(default="https://api.openai.com/v1", title="Address")
    models: str = Field(
        default="", max_length=4000, title="Models to watch", description="parted by commas; empty means every one"
    )

    @field_validator("base_url")
    @classmethod
    def _safe(cls, value: str) -> str:
        return safe_address(value, "https://api.openai.com/v1", "show the key to the network")


def _lever(name: str, title: str, category: Category, *, wide: bool = False, sibling: str | None = None) -> Lever:
    return Lever(
        name=name, title=title, category=category, selector="model" if wide else name.partition(".")[0], wide=wide,
        idempotency="desired-state", reversal="none", reach="only-us", propagation_s=CANCEL_S, read_back_lag_s=5,
        probe=None, partial_sibling=sibling, params=NoParams,
    )  # fmt: skip


class OpenAIWork:
    """One project of an OpenAI organisation, with a key of that project."""

    manifest: ClassVar[Manifest] = Manifest(
        name="openai_work", version=1, title="OpenAI (a project's work in flight)", settings=Settings,
        secrets={"admin": "a key of the project that may write batches and fine-tuning jobs"}, auth="bearer",
        levers=(
            _lever("batch.cancel", "Cancel a batch", "use-case"),
            _lever("job.cancel", "Cancel a fine-tuning job", "capability"),
            _lever("model.cancel-batches", "Cancel every batch of a model", "use-case", wide=True,
                   sibling="batch.cancel"),
            _lever("model.cancel-jobs", "Cancel every fine-tuning job of a model", "capability", wide=True,
                   sibling="job.cancel"),
        ),
        not_possible={
            "user": "with an admin key: connect OpenAI (Admin API)",
            "frequency": "with an admin key: connect OpenAI (Admin API)",
            "pausing a job": "a call exists, but what a paused job says of itself is not described",
            "answers that stream": "a call that is being answered cannot be seen or ended from outside",
        },
    )  # fmt: skip

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def base_url(self) -> str:
        """Where it is."""
        return self._settings.base_url

    # -- looking -------------------------------------------------------------------------------------------------------

    async def discover(self, context: Context) -> Sequence[Found]:
        """Every model that this key is told of."""
        return [
            Found(key=name, name=name, model=name, kind="internal", control="reseller", detail="work in flight")
            for name in await self._models(context)
        ]

    async def status(self, context: Context) -> Status:
        """Each model, and what of it runs."""
        models = await self._made(context)
        batches, first_ms = await wire.every(context, "/batches")
        jobs, second_ms = await wire.every(context, "/fine_tuning/jobs")
        running = [one for one in (*batches, *jobs) if one.runs]
        return Status(
            at_ms=context.now_ms(), latency_ms=first_ms + second_ms, detail=f"{len(running)} at work",
            surfaces=tuple(
                SurfaceState(
                    key=name, model=name, state="serving", detail=_counted(_of(name, running, list(models))),
                    made_ms=made,
                )
                for name, made in models.items()
            ),
        )  # fmt: skip

    async def _models(self, context: Context) -> list[str]:
        return list(await self._made(context))

    async def _made(self, context: Context) -> dict[str, int | None]:
        """When each model was made (ms), by name; those that are only watched are not asked for."""
        if watched := sorted({one.strip() for one in self._settings.models.split(",") if one.strip()}):
            return dict.fromkeys(watched)
        reply = await context.call("GET", "/models", effect="read")
        told = {one.id: one.created for one in wire.read(wire.Models, wire.check(reply, "models")).data}
        return {name: made and made * 1000 for name, made in sorted(told.items())}

    async def running(self, context: Context, planned: Planned) -> Sequence[Running]:
        """What the plan is about and still works: cancelling ends it, within ten minutes."""
        count = sum(one.runs for one in await self._meant(context, planned))
        what: Literal["batches", "jobs"] = "batches" if _PATHS[planned.lever] == _BATCHES else "jobs"
        return [Running(what=what, count=count, then="stops", at_ms=context.now_ms())] if count else []

    async def _meant(self, context: Context, planned: Planned) -> list[Work]:
        """What the plan names, and with a plan for a model what began since."""
        path = _PATHS[planned.lever]
        if planned.selectors:
            found = [await _one(context, path, planned.selector)]
            return [one for one in found if one is not None]
        every, _ = await wire.every(context, path)
        named = set(planned.wanted)
        ids = planned.params["ids"].split(",")
        return [one for one in every if one.id in named or (one.runs and one.model in ids)]

    # -- planning ------------------------------------------------------------------------------------------------------

    async def plan(self, context: Context, wish: Wish) -> Planned:
        """The cancelling of one piece of work, or of all of a model."""
        lever = lever_of(self.manifest, wish)
        fitting(NoParams, wish)
        if wish.direction == "restore":
            raise Refused(NO_WAY_BACK)
        models = await self._models(context)
        blank = Planned(
            lever=lever.name, selector=wish.selector, surface_key=wish.surface_key, name=wish.selector,
            model=wish.surface_key, params={}, pre={}, pre_read_ms=context.now_ms(), wanted={}, requests=(), revert=(),
            selectors=0 if lever.wide else 1, reach=lever.reach, reversal=lever.reversal, direction=wish.direction,
        )  # fmt: skip
        path = _PATHS[lever.name]
        if lever.wide:
            return await _every(context, blank, path, models)
        found = await _one(context, path, wish.selector)
        if found is None:
            raise Refused("this project has nothing of this id", wire.NOT_FOUND)
        shown = next((one for one in (wish.surface_key, found.model) if one in models), models[0] if models else "")
        if wish.surface_key not in {"", shown}:
            raise Refused(f"this key is told of no model called {wish.surface_key[:80]}", wire.NOT_FOUND)
        return _cancelled(replace(blank, surface_key=shown, model=shown), path, [found], ())

    # -- doing ---------------------------------------------------------------------------------------------------------

    async def apply(self, context: Context, planned: Planned) -> Receipt:
        """Send what was planned. What is over already refuses to be cancelled: then it is looked whether it is.

        It keeps no other from being cancelled: so a plan that was done in part is completed.
        """
        accepted, over = await _send(context, planned.requests)
        found = await self._meant(context, planned) if over else []
        ends = {one.id for one in found if not one.runs or one.status == wire.CANCELLING} & set(planned.wanted)
        if wrong := [fault for one, fault in over.items() if one not in ends]:
            told = f"{len(accepted)} of {len(planned.requests)} were accepted, then: {wrong[0].detail}"
            raise OutcomeUnknown(told) if accepted else wrong[0]
        if accepted:
            return Receipt(outcome="accepted", status=accepted[-1].status, request_id=accepted[-1].request_id)
        return Receipt(outcome="already-so", status=next((fault.status for fault in over.values()), None))

    async def revert(self, context: Context, planned: Planned) -> Receipt:  # noqa: ARG002  there is nothing to send
        """Never: there is no way back."""
        raise Refused(NO_WAY_BACK)

    async def read_back(self, context: Context, planned: Planned) -> ReadBack:
        """Whether each still works; with a plan for a model, whatever began since counts too."""
        found = await self._meant(context, planned)
        fields = {one.id: json.dumps(one.runs) for one in found}
        late = sum(one.id not in planned.wanted for one in found)
        detail = ", ".join(sorted({one.status for one in found}))
        detail += f"; {late} began since" if late else ""
        return compared(planned, fields, context.now_ms(), detail)

    async def probe(
        self,
        context: Context,  # noqa: ARG002  nothing is called
        planned: Planned,  # noqa: ARG002  as above
        credential: str | None,  # noqa: ARG002  as above
    ) -> Probe:
        """There is nothing to try: work that is cancelled is over by its own account."""
        return Probe(outcome="cannot-tell", evidence="usage", detail="read its state instead")


async def _one(context: Context, path: str, ident: str) -> Work | None:
    if not ident:
        raise Refused("say which, by its id")
    reply = await context.call("GET", f"{path}/{wire.quoted(ident)}", effect="read")
    return None if reply.status == wire.NOT_FOUND else wire.read(Work, wire.check(reply, "work in flight"))


async def _every(context: Context, blank: Planned, path: str, models: Sequence[str]) -> Planned:
    model = blank.selector or blank.surface_key
    if model not in models:
        raise Refused(f"this key is told of no model called {model[:80]}", wire.NOT_FOUND)
    if blank.surface_key not in {"", model}:
        raise Refused(f"{model} is a surface of its own, not part of {blank.surface_key}")
    found, _ = await wire.every(context, path)
    running = [one for one in found if one.runs]
    meant = _of(model, running, models)
    if not meant:
        raise Refused(f"nothing of {model} is at work here")
    silent = sum(one.model is None for one in running)
    notes = (f"{silent} do not say their model and are left: cancel them by their ids",) if silent else ()
    ids = ",".join(snapshots(model, [*models, *(one.model for one in meant if one.model)]))
    named = replace(blank, selector=model, surface_key=model, model=model, name=model, params={"ids": ids})
    return _cancelled(named, path, meant, notes)


def _of(model: str, running: Sequence[Work], models: Sequence[str]) -> list[Work]:
    """What works with this model or a dated snapshot of it."""
    names = snapshots(model, [*models, *(one.model for one in running if one.model)])
    return [one for one in running if one.model in names]


def _cancelled(blank: Planned, path: str, meant: Sequence[Work], notes: Sequence[str]) -> Planned:
    requests = tuple(
        Request(method="POST", path=f"{path}/{wire.quoted(one.id)}/cancel", content_type=None) for one in meant
    )
    if sum(len(json.dumps(one.as_json())) for one in requests) > MOST_BYTES:
        raise Refused(f"{len(meant)} are more than one correction holds: cancel them one by one")
    told = (NO_WAY_BACK, "a batch keeps what it has done so far; it may go on for ten minutes", *notes)
    return replace(
        blank, pre={one.id: json.dumps(one.runs) for one in meant}, wanted={one.id: "false" for one in meant},
        requests=requests, notes=told,
    )  # fmt: skip


def _counted(found: Sequence[Work]) -> str:
    batches = sum(one.object == "batch" for one in found)
    return f"{batches} batches and {len(found) - batches} fine-tuning jobs at work"


async def _send(context: Context, requests: Sequence[Request]) -> tuple[list[Reply], dict[str, Refused]]:
    """What was accepted, and, by id, what refused because it is over already; every other refusal ends it."""
    accepted: list[Reply] = []
    over: dict[str, Refused] = {}
    for number, request in enumerate(requests):
        try:
            reply = wire.check(await context.send(request), "cancel")
            wire.read(Work, reply)
        except (Refused, Malformed, NotSent, Throttled) as fault:
            if isinstance(fault, Refused) and fault.status in _ALREADY:
                over[_id_of(request)] = fault
                continue
            if number:
                raise OutcomeUnknown(f"{number} of {len(requests)} were sent, then: {fault.detail}") from fault
            raise
        accepted.append(reply)
    return accepted, over


def _id_of(request: Request) -> str:
    """Of the work that a request cancels: the step of its path before the last."""
    return unquote(request.path.rsplit("/", 2)[-2])
