"""Open Inference Protocol servers (Triton, MLServer, KServe's): unload a model, for everybody this server serves.

An unload answers at once and takes a while; only an inference that is refused says that it took hold.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from adapters.access import Access, CallersSide
from adapters.alike import compared, in_order, lever_of, names
from adapters.contract import (
    Context,
    Found,
    Lever,
    Malformed,
    Manifest,
    NotSent,
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
from adapters.open_inference import wire
from adapters.open_inference.listing import LOADING, READY, UNLOADING, Listing, list_models

_OK = 200


class Settings(BaseModel):
    """Where the server is. The protocol has no authentication: plain http is taken on loopback only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(title="Address", description="https://models.example, or http on this machine")
    metrics_url: str = Field(
        default="", title="Address of its metrics", description="Triton's port 8002, say: it counts calls that wait"
    )

    @field_validator("base_url", "metrics_url")
    @classmethod
    def _safe(cls, value: str, info: ValidationInfo) -> str:
        if not value and info.field_name == "metrics_url":
            return value
        return safe_address(value, "https://models.example", "let anybody between answer in the server's place")


_UNLOAD = Lever(
    name="model.unload", title="Unload a model", category="shutdown", selector="model", wide=True,
    idempotency="desired-state", reversal="exact", reach="everyone", propagation_s=10, read_back_lag_s=30,
    probe="client-view", proven=True, params=NoParams,
)  # fmt: skip


class OpenInference:
    """One model server with the repository extension and explicit model control."""

    manifest: ClassVar[Manifest] = Manifest(
        name="open_inference", version=1, title="Open Inference Protocol server", settings=Settings, secrets={},
        auth="none", levers=(_UNLOAD,),
        not_possible={
            "user": "the protocol knows no callers: block them at the gateway in front",
            "frequency": "the protocol has no limits",
            "use-case": "the protocol does not read what is asked",
        },
    )  # fmt: skip

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def base_url(self) -> str:
        """Where the server is."""
        return self._settings.base_url

    def access(self) -> Access:
        """Nothing is shown; where its figures are."""
        return Access(callers=CallersSide(url=self._settings.metrics_url) if self._settings.metrics_url else None)

    # -- looking -------------------------------------------------------------------------------------------------------

    async def discover(self, context: Context) -> Sequence[Found]:
        """Every model in the repository, loaded or not."""
        listing = await list_models(context)
        return [Found(key=name, name=name, model=name, kind="internal") for name in listing.names()]

    async def status(self, context: Context) -> Status:
        """Each model's state in the index. A model that is unloading or loading is neither serving nor stopped."""
        listing = await list_models(context)
        about = await context.call("GET", "/v2", effect="read")
        server = wire.read(wire.Server, wire.check(about, "server"))
        return Status(
            at_ms=context.now_ms(), latency_ms=listing.elapsed_ms + about.elapsed_ms,
            surfaces=tuple(_surface(name, listing.state(name)) for name in listing.names()),
            detail=f"{server.name} {server.version}".strip(), facts={"server": server.name, "version": server.version},
        )  # fmt: skip

    # -- planning ------------------------------------------------------------------------------------------------------

    async def plan(self, context: Context, wish: Wish) -> Planned:
        """Unload or load, with the model's inputs kept for the probe: an unloaded model no longer tells them."""
        lever_of(self.manifest, wish)
        fitting(NoParams, wish)
        found = await list_models(context)
        model = wish.selector
        # of a model that is not loaded KServe says nothing: it can be asked for again, by name
        known = model in found.names() or (not found.whole and wish.direction == "restore")
        if not model or not known:
            raise Refused(f"the server has no model called {model}", wire.NOT_FOUND)
        if wish.surface_key not in {"", model}:
            raise Refused(f"{model} is a surface of its own, not part of {wish.surface_key}")
        state = found.state(model)
        if state in {UNLOADING, LOADING}:
            raise Refused(f"{model} is {state.lower()}: look again when it has settled")
        inputs = await _inputs(context, model) if state == READY else []
        pre = {"loaded": json.dumps(state == READY)}
        wanted = {"loaded": json.dumps(wish.direction == "restore")}
        notes = [] if inputs or state != READY else ["the model does not tell its inputs: it is tried without any"]
        if not found.whole:
            notes.append("this server lists loaded models only, and may be unable to load one again without a restart")
        return Planned(
            lever=_UNLOAD.name, selector=model, surface_key=model, name=model, model=model,
            params={"inputs": wire.text_of(inputs), "listed": "all" if found.whole else "loaded"}, pre=pre,
            pre_read_ms=context.now_ms(), wanted=wanted, requests=(_write(model, wanted["loaded"]),),
            revert=(_write(model, pre["loaded"]),), selectors=0, reach=_UNLOAD.reach,
            reversal="exact" if found.whole else "best-effort", direction=wish.direction, notes=tuple(notes),
        )  # fmt: skip

    # -- doing ---------------------------------------------------------------------------------------------------------

    async def apply(self, context: Context, planned: Planned) -> Receipt:
        """Send what was planned."""
        return await self._send(context, planned, planned.requests)

    async def revert(self, context: Context, planned: Planned) -> Receipt:
        """Send what restores the model's state as it was. A load may take long; the answer comes after it."""
        return await self._send(context, planned, planned.revert)

    async def _send(self, context: Context, planned: Planned, requests: Sequence[Request]) -> Receipt:
        return await in_order(requests, lambda request: self._one(context, planned, request))

    async def _one(self, context: Context, planned: Planned, request: Request) -> Receipt:
        reply = await context.send(request)
        if reply.status == wire.NOT_FOUND and request.path.endswith("/unload"):
            # MLServer and KServe refuse to unload what is not loaded; Triton answers 200
            found = await list_models(context)
            if _told(found, planned) and found.state(planned.selector) != READY:
                return Receipt(outcome="already-so", status=reply.status, detail="it was not loaded")
        wire.check(reply, request.path.rpartition("/")[2])
        if reply.body.strip():
            reply.json()  # Triton answers with an empty body, MLServer with JSON; a page is neither
        return Receipt(outcome="accepted", status=reply.status, request_id=reply.request_id)

    async def read_back(self, context: Context, planned: Planned) -> ReadBack:
        """Read the repository index anew. While it unloads it is not yet so."""
        found = await list_models(context)
        at_ms = context.now_ms()
        if not _told(found, planned):
            return ReadBack(verdict="cannot-tell", fields={}, at_ms=at_ms, detail="the model left the repository")
        state = found.state(planned.selector)
        fields = {"loaded": json.dumps(state in {READY, UNLOADING})}
        return compared(planned, fields, at_ms, state or "not loaded", arrived=state not in {UNLOADING, LOADING})

    async def running(self, context: Context, planned: Planned) -> Sequence[Running] | None:
        """The calls to the model that wait for their turn, as Triton counts them: an unload lets them finish.

        Those that are being answered are not among them, one for each instance of the model.
        """
        if not self._settings.metrics_url:
            return None
        reply = await context.call("GET", "/metrics", effect="read", credential=None, side="callers")
        count = wire.waiting_in(wire.check(reply, "metrics"), planned.selector)
        if count is None:
            return None
        return [Running(what="jobs", count=count, then="finishes", at_ms=context.now_ms())] if count else []

    async def probe(self, context: Context, planned: Planned, credential: str | None) -> Probe:
        """One inference on a fresh connection, as a client would; 404 naming the model is a refusal."""
        blank = Probe(outcome="cannot-tell", evidence="client-view")
        try:
            inputs = wire.tensors_of(planned.params.get("inputs", "")) or await _inputs(context, planned.selector)
            body = wire.infer_body(inputs)
            if body is None:
                # planned while it was unloaded, so its inputs are not known; without any it can still say "unknown"
                body = {"inputs": []}
            path = f"/v2/models/{quote(planned.selector, safe='')}/infer"
            reply = await context.call("POST", path, json=body, effect="read", credential=credential, fresh=True)
        except (NotSent, Throttled, Refused, Malformed) as fault:
            return replace(blank, detail=fault.detail)
        outcome, detail = _judge(planned.selector, reply)
        return replace(blank, outcome=outcome, status=reply.status, detail=detail)


# -- reading -----------------------------------------------------------------------------------------------------------


def _told(found: Listing, planned: Planned) -> bool:
    """Whether the listing says anything of this model: of one that lists loaded models only, absence says it too."""
    return planned.selector in found.names() or (not found.whole and planned.params.get("listed") == "loaded")


async def _inputs(context: Context, model: str) -> list[wire.Tensor]:
    """The model's inputs; none where it does not tell them."""
    reply = await context.call("GET", f"/v2/models/{quote(model, safe='')}", effect="read")
    if reply.status >= wire.REFUSALS:
        return []
    return wire.read(wire.Metadata, wire.check(reply, "model")).inputs


def _surface(name: str, state: str) -> SurfaceState:
    seen: dict[str, Literal["serving", "degraded", "stopped", "unknown"]] = {
        READY: "serving", UNLOADING: "degraded", LOADING: "unknown",
    }  # fmt: skip
    return SurfaceState(key=name, model=name, state=seen.get(state, "stopped"), detail=state or "never loaded")


def _write(model: str, loaded: str) -> Request:
    verb = "load" if loaded == "true" else "unload"
    return Request(method="POST", path=f"/v2/repository/models/{quote(model, safe='')}/{verb}", body="{}")


def _judge(model: str, reply: Reply) -> tuple[Literal["refused", "passed", "cannot-tell"], str]:
    if reply.status == _OK:
        try:
            wire.read(wire.Inferred, reply)
        except Malformed as fault:
            return "cannot-tell", fault.detail
        return "passed", "it answered"
    if reply.status == wire.NOT_FOUND and names(wire.error_of(reply), model):
        return "refused", "the server serves no such model"
    return "cannot-tell", "refused for another reason than this correction"
