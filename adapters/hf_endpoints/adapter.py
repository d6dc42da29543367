"""Hugging Face Inference Endpoints of one namespace: whoever calls them is reached, and nobody who has the weights.

Written by Hugging Face's client; nothing here was run against a real account, and the manifest says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from adapters.alike import compared, lever_of
from adapters.contract import (
    Category,
    Context,
    Found,
    Lever,
    Manifest,
    Planned,
    Probe,
    ReadBack,
    Receipt,
    Refused,
    Request,
    Reversal,
    Status,
    SurfaceState,
    Wish,
)
from adapters.forms import NoParams, params_of, safe_address
from adapters.hf_endpoints import wire

__all__ = ["HFEndpoints", "Settings"]

PROPAGATION_S = 300  # nowhere stated: a guess on the long side
NO_WAY_BACK = "a deleted endpoint is made anew by hand, and quota may be missing: pause it instead"
_ALREADY = frozenset({400, 409})
_SLOW = "resuming starts it anew: minutes, and it can fail where the vendor has no capacity left"
_ASLEEP = "scaled to zero is not a stop: the next call wakes it"
_WEIGHTS = "whoever has the weights serves the model elsewhere"


class Settings(BaseModel):
    """Where it is, and whose endpoints are meant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(default="https://api.endpoints.huggingface.cloud/v2", title="Address")
    namespace: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,96}$", title="Namespace", description="the user or organisation")

    @field_validator("base_url")
    @classmethod
    def _safe(cls, value: str) -> str:
        return safe_address(value, "https://api.endpoints.huggingface.cloud/v2", "show the token to the network")


class ReplicasParams(NoParams):
    """How many replicas may run."""

    most: int = Field(ge=1, le=1000, title="Replicas at most", description="1 or more; to stop it, pause it")


def _lever(
    name: str, title: str, category: Category, reversal: Reversal = "exact", params: type[BaseModel] = NoParams,
    sibling: str | None = None,
) -> Lever:  # fmt: skip
    return Lever(
        name=name, title=title, category=category, selector="endpoint", wide=True, idempotency="desired-state",
        reversal=reversal, reach="our-customers", propagation_s=PROPAGATION_S, read_back_lag_s=5, probe=None,
        partial_sibling=sibling, params=params,
    )  # fmt: skip


class HFEndpoints:
    """The Inference Endpoints of one user or organisation at Hugging Face."""

    manifest: ClassVar[Manifest] = Manifest(
        name="hf_endpoints", version=1, title="Hugging Face Inference Endpoints", settings=Settings,
        secrets={"admin": "a token that may write the namespace's Inference Endpoints"}, auth="bearer",
        levers=(
            _lever("endpoint.scale", "Let fewer replicas run", "frequency", params=ReplicasParams),
            _lever("endpoint.pause", "Pause an endpoint", "shutdown", sibling="endpoint.scale"),
            _lever("endpoint.delete", "Delete an endpoint", "shutdown", "none", sibling="endpoint.pause"),
        ),
        not_possible={
            "user": "an endpoint knows tokens of Hugging Face, not our callers: block them in what stands before it",
            "capability": "what a container is told is its own; no call forbids tools or a context",
            "use-case": "there is no filter",
            "stop by scaling to zero": "the next call wakes it: pause it",
            "proof as a caller": "each endpoint has its own address; how a paused one answers is not described",
        },
    )  # fmt: skip

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def base_url(self) -> str:
        """Where it is."""
        return self._settings.base_url

    # -- looking -------------------------------------------------------------------------------------------------------

    async def discover(self, context: Context) -> Sequence[Found]:
        """Every endpoint of the namespace."""
        found, _ = await self._all(context)
        return [
            Found(key=one.name, name=one.name, model=one.model.repository, control="cloud", detail=one.type)
            for one in found
        ]

    async def status(self, context: Context) -> Status:
        """Each endpoint's own account of itself."""
        found, elapsed_ms = await self._all(context)
        return Status(
            at_ms=context.now_ms(), latency_ms=elapsed_ms, surfaces=tuple(_state(one) for one in found),
            detail=f"{len(found)} endpoints of {self._settings.namespace}",
        )  # fmt: skip

    async def _all(self, context: Context) -> tuple[list[wire.Endpoint], int]:
        reply = await context.call("GET", f"/endpoint/{self._settings.namespace}", effect="read")
        return wire.read(wire.Endpoints, wire.check(reply, "endpoints")).items, reply.elapsed_ms

    async def _one(self, context: Context, name: str) -> wire.Endpoint | None:
        reply = await context.call("GET", self._place(name), effect="read")
        return None if reply.status == wire.NOT_FOUND else wire.read(wire.Endpoint, wire.check(reply, "endpoint"))

    def _place(self, name: str) -> str:
        return f"/endpoint/{self._settings.namespace}/{wire.quoted(name)}"

    # -- planning ------------------------------------------------------------------------------------------------------

    async def plan(self, context: Context, wish: Wish) -> Planned:
        """The request that makes it so, the field as it is now, and the request that restores exactly this."""
        lever = lever_of(self.manifest, wish)
        params = _params(lever, wish)
        name = wish.selector or wish.surface_key
        if not name or wish.surface_key not in {"", name}:
            raise Refused("say which endpoint, by its name; each is a surface of its own")
        found = await self._one(context, name)
        if found is None:
            raise Refused(f"{self._settings.namespace} has no endpoint called {name[:80]}", wire.NOT_FOUND)
        pre = _fields(lever.name, found)
        wanted = _wanted(lever.name, wish, params, found)
        return Planned(
            lever=lever.name, selector=name, surface_key=name, name=name, model=found.model.repository, params=params,
            pre=pre, pre_read_ms=context.now_ms(), wanted=wanted, requests=(self._write(lever.name, name, wanted),),
            revert=() if lever.reversal == "none" else (self._write(lever.name, name, pre),), selectors=0,
            reach=lever.reach, reversal=lever.reversal, direction=wish.direction, notes=_notes(lever, found),
        )  # fmt: skip

    def _write(self, lever: str, name: str, fields: Mapping[str, str]) -> Request:
        place = self._place(name)
        if lever == "endpoint.delete":
            return Request(method="DELETE", path=place, content_type=None)
        if lever == "endpoint.pause":
            verb = "pause" if fields["paused"] == "true" else "resume"
            return Request(method="POST", path=f"{place}/{verb}", content_type=None)
        body = {"compute": {"scaling": json.loads(fields["scaling"])}}
        return Request(method="PUT", path=place, body=json.dumps(body, separators=(",", ":")))

    # -- doing ---------------------------------------------------------------------------------------------------------

    async def apply(self, context: Context, planned: Planned) -> Receipt:
        """Send what was planned."""
        return await self._sent(context, planned, planned.requests, planned.wanted)

    async def revert(self, context: Context, planned: Planned) -> Receipt:
        """Send what restores it as it was."""
        if not planned.revert:
            raise Refused(NO_WAY_BACK)
        return await self._sent(context, planned, planned.revert, planned.pre)

    async def _sent(
        self, context: Context, planned: Planned, requests: Sequence[Request], after: Mapping[str, str]
    ) -> Receipt:
        """Pausing what is paused, or resuming what runs, is refused: then it is looked whether it is so already."""
        receipt = Receipt(outcome="accepted")
        for request in requests:
            reply = await context.send(request)
            gone = request.method == "DELETE" and reply.status == wire.NOT_FOUND
            perhaps = gone or reply.status in _ALREADY
            if perhaps and (await self.read_back(context, planned)).fields == after:
                return Receipt(outcome="already-so", status=reply.status, request_id=reply.request_id)
            wire.check(reply, "write")
            if request.method != "DELETE" or reply.body.strip():
                wire.read(wire.Said, reply)
            receipt = Receipt(outcome="accepted", status=reply.status, request_id=reply.request_id)
        return receipt

    async def read_back(self, context: Context, planned: Planned) -> ReadBack:
        """Read the endpoint anew."""
        found = await self._one(context, planned.selector)
        at_ms = context.now_ms()
        if found is None and planned.lever != "endpoint.delete":
            return ReadBack(verdict="cannot-tell", fields={}, at_ms=at_ms, detail="the endpoint is gone")
        fields = {"there": "false"} if found is None else _fields(planned.lever, found)
        return compared(planned, fields, at_ms, "" if found is None else found.status.state)

    async def probe(
        self,
        context: Context,  # noqa: ARG002  nothing is called
        planned: Planned,  # noqa: ARG002  as above
        credential: str | None,  # noqa: ARG002  as above
    ) -> Probe:
        """Not from here: an endpoint is called at an address of its own."""
        return Probe(outcome="cannot-tell", evidence="canary", detail="an endpoint is called at an address of its own")


def _params(lever: Lever, wish: Wish) -> dict[str, str]:
    if wish.direction == "restore" and lever.name != "endpoint.pause":
        raise Refused("how many there were only the correction knows that changed it: undo that one")
    return params_of(lever, wish)


def _fields(lever: str, found: wire.Endpoint) -> dict[str, str]:
    if lever == "endpoint.delete":
        return {"there": "true"}
    if lever == "endpoint.pause":
        return {"paused": json.dumps(found.status.state == wire.PAUSED)}
    return {"scaling": _scaling(found.compute.scaling.least, found.compute.scaling.most)}


def _wanted(lever: str, wish: Wish, params: Mapping[str, str], found: wire.Endpoint) -> dict[str, str]:
    if lever == "endpoint.delete":
        return {"there": "false"}
    if lever == "endpoint.pause":
        return {"paused": json.dumps(wish.direction == "contain")}
    most = min(found.compute.scaling.most, int(params["most"]))  # a limit is only lowered
    return {"scaling": _scaling(min(found.compute.scaling.least, most), most)}


def _scaling(least: int, most: int) -> str:
    return json.dumps({"minReplica": least, "maxReplica": most})


def _notes(lever: Lever, found: wire.Endpoint) -> tuple[str, ...]:
    notes = [_WEIGHTS, *([_SLOW] if lever.name == "endpoint.pause" else [])]
    notes += [NO_WAY_BACK] if lever.reversal == "none" else []
    notes += [_ASLEEP] if found.status.state == wire.ASLEEP else []
    return tuple(notes)


def _state(found: wire.Endpoint) -> SurfaceState:
    """What it says of itself; failed is not stopped, since a failed update leaves the one before."""
    states: dict[str, Literal["serving", "degraded", "stopped"]] = {
        wire.RUNNING: "serving", wire.PAUSED: "stopped", wire.ASLEEP: "serving",
        **dict.fromkeys(wire.STARTING, "degraded"),
    }  # fmt: skip
    said = found.status.state
    lines = ("paused",) if said == wire.PAUSED else ()
    detail = _ASLEEP if said == wire.ASLEEP else f"{said}, {found.type}"
    return SurfaceState(
        key=found.name,
        model=found.model.repository,
        state=states.get(said, "unknown"),
        restrictions=lines,
        detail=detail,
    )
