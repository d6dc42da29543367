"""Open Inference Protocol servers (Triton first): unload a model, for everybody this server serves.

An unload answers at once and takes a while; only an inference that is refused says that it took hold.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Literal
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from adapters.contract import (
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
    Status,
    SurfaceState,
    Throttled,
    Wish,
)
from adapters.open_inference import wire

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_OK = 200
_READY, _UNLOADING, _LOADING = "READY", "UNLOADING", "LOADING"


class Settings(BaseModel):
    """Where the server is. The protocol has no authentication: plain http is taken on loopback only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(title="Address", description="https://models.example, or http on this machine")

    @field_validator("base_url")
    @classmethod
    def _safe(cls, value: str) -> str:
        parts = urlsplit(value)
        if not parts.hostname or parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("expected an address like https://models.example, without a name, a query or a fragment")
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise ValueError("expected https: over plain http anybody between could answer in the server's place")
        return value.rstrip("/")


class NoParams(BaseModel):
    """A lever without parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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

    # -- looking -------------------------------------------------------------------------------------------------------

    async def discover(self, context: Context) -> Sequence[Found]:
        """Every model in the repository, loaded or not."""
        index, _ = await _index(context)
        return [Found(key=name, name=name, model=name, kind="internal") for name in _names(index)]

    async def status(self, context: Context) -> Status:
        """Each model's state in the index. A model that is unloading or loading is neither serving nor stopped."""
        index, reply = await _index(context)
        about = await context.call("GET", "/v2", effect="read")
        server = wire.read(wire.Server, wire.check(about, "server"))
        return Status(
            at_ms=context.now_ms(), latency_ms=reply.elapsed_ms + about.elapsed_ms,
            surfaces=tuple(_surface(name, _state(index, name)) for name in _names(index)),
            detail=f"{server.name} {server.version}".strip(), facts={"server": server.name, "version": server.version},
        )  # fmt: skip

    # -- planning ------------------------------------------------------------------------------------------------------

    async def plan(self, context: Context, wish: Wish) -> Planned:
        """Unload or load, with the model's inputs kept for the probe: an unloaded model no longer tells them."""
        if wish.lever != _UNLOAD.name:
            raise Refused(f"there is no lever {wish.lever} here")
        try:
            NoParams.model_validate(dict(wish.params))
        except ValidationError as fault:
            raise Refused(f"{_UNLOAD.name} takes no parameters") from fault
        index, _ = await _index(context)
        model = wish.selector
        if not model or model not in _names(index):
            raise Refused(f"the server has no model called {model}", wire.NOT_FOUND)
        if wish.surface_key not in {"", model}:
            raise Refused(f"{model} is a surface of its own, not part of {wish.surface_key}")
        state = _state(index, model)
        if state in {_UNLOADING, _LOADING}:
            raise Refused(f"{model} is {state.lower()}: look again when it has settled")
        inputs = await _inputs(context, model) if state == _READY else []
        pre = {"loaded": json.dumps(state == _READY)}
        wanted = {"loaded": json.dumps(wish.direction == "restore")}
        notes = [] if inputs or state != _READY else ["the model does not tell its inputs: enforcement cannot be tried"]
        return Planned(
            lever=_UNLOAD.name, selector=model, surface_key=model, name=model, model=model,
            params={"inputs": wire.text_of(inputs)}, pre=pre, pre_read_ms=context.now_ms(), wanted=wanted,
            requests=(_write(model, wanted["loaded"]),), revert=(_write(model, pre["loaded"]),), selectors=0,
            reach=_UNLOAD.reach, reversal=_UNLOAD.reversal, direction=wish.direction, notes=tuple(notes),
        )  # fmt: skip

    # -- doing ---------------------------------------------------------------------------------------------------------

    async def apply(self, context: Context, planned: Planned) -> Receipt:
        """Send what was planned."""
        return await self._send(context, planned, planned.requests)

    async def revert(self, context: Context, planned: Planned) -> Receipt:
        """Send what restores the model's state as it was. A load may take long; the answer comes after it."""
        return await self._send(context, planned, planned.revert)

    async def _send(self, context: Context, planned: Planned, requests: Sequence[Request]) -> Receipt:
        receipt = Receipt(outcome="accepted")
        for number, request in enumerate(requests):
            reply = await context.send(request)
            if reply.status == wire.NOT_FOUND and request.path.endswith("/unload"):
                # MLServer refuses to unload what is not loaded; Triton answers 200
                index, _ = await _index(context)
                if planned.selector in _names(index) and _state(index, planned.selector) != _READY:
                    return Receipt(outcome="already-so", status=reply.status, detail="it was not loaded")
            try:
                wire.check(reply, request.path.rpartition("/")[2])
            except (Refused, Malformed) as fault:
                if number:
                    raise OutcomeUnknown(f"{number} of {len(requests)} were accepted: {fault.detail}") from fault
                raise
            if reply.body.strip():
                reply.json()  # Triton answers with an empty body, MLServer with JSON; a page is neither
            receipt = Receipt(outcome="accepted", status=reply.status, request_id=reply.request_id)
        return receipt

    async def read_back(self, context: Context, planned: Planned) -> ReadBack:
        """Read the repository index anew. While it unloads it is not yet so."""
        index, _ = await _index(context)
        at_ms = context.now_ms()
        if planned.selector not in _names(index):
            return ReadBack(verdict="cannot-tell", fields={}, at_ms=at_ms, detail="the model left the repository")
        state = _state(index, planned.selector)
        fields = {"loaded": json.dumps(state in {_READY, _UNLOADING})}
        verdict: Literal["in-effect", "not-in-effect"] = "not-in-effect"
        if fields == dict(planned.wanted) and state not in {_UNLOADING, _LOADING}:
            verdict = "in-effect"
        return ReadBack(verdict=verdict, fields=fields, at_ms=at_ms, detail=state or "not loaded")

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


async def _index(context: Context) -> tuple[list[wire.Indexed], Reply]:
    reply = await context.call("POST", "/v2/repository/index", json={}, effect="read")
    return wire.index_of(wire.check(reply, "repository index")), reply


async def _inputs(context: Context, model: str) -> list[wire.Tensor]:
    """The model's inputs; none where it does not tell them."""
    reply = await context.call("GET", f"/v2/models/{quote(model, safe='')}", effect="read")
    if reply.status >= wire.REFUSALS:
        return []
    return wire.read(wire.Metadata, wire.check(reply, "model")).inputs


def _names(index: Sequence[wire.Indexed]) -> list[str]:
    return list(dict.fromkeys(found.name for found in index))


def _state(index: Sequence[wire.Indexed], model: str) -> str:
    """The state that says most about whether it still serves: one ready version is enough."""
    states = {found.state for found in index if found.name == model}
    for state in (_READY, _LOADING, _UNLOADING):
        if state in states:
            return state
    return "UNAVAILABLE" if states - {""} else ""


def _surface(name: str, state: str) -> SurfaceState:
    seen: dict[str, Literal["serving", "degraded", "stopped", "unknown"]] = {
        _READY: "serving", _UNLOADING: "degraded", _LOADING: "unknown",
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
    if reply.status == wire.NOT_FOUND and model in wire.error_of(reply):
        return "refused", "the server serves no such model"
    return "cannot-tell", "refused for another reason than this correction"
