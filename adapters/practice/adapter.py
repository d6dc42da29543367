"""Levers on the practice estate: what a drill pulls. Same calls, same guards, same proof as on a real plane.

It talks to loopback only: its settings refuse any other host, and its secrets are the estate's own tokens.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, TypeVar
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from adapters.contract import (
    RUNNING,
    STOP,
    Context,
    Fate,
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
    Served,
    Status,
    SurfaceState,
    Throttled,
    Wish,
    Work,
)
from adapters.practice import wire

SECRET_PREFIX = "practice-"  # noqa: S105  what every token of the estate starts with
_OK = 200
_REDIRECTS = 300
_REFUSALS = 400
_NOT_FOUND = 404
Thing = TypeVar("Thing")


class Settings(BaseModel):
    """Where one part of the estate is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(title="Address", description="printed by the practice estate when it starts")
    part: Literal["gateway", "model-server", "cloud"] = "gateway"

    @field_validator("base_url")
    @classmethod
    def _loopback(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "http" or parts.hostname not in {"127.0.0.1", "::1", "localhost"} or parts.username:
            raise ValueError("the practice estate is on this machine only: expected http://127.0.0.1:PORT")
        return value.rstrip("/")


class NoParams(BaseModel):
    """A lever without parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class BlockParams(NoParams):
    """What becomes of streams that run already."""

    running: Literal["finish", "stop"] = Field(
        default="finish", title="Streams that run already", description="let them finish, or stop them"
    )


class LimitParams(BaseModel):
    """A limit. `rpm` is requests a minute; 0 stops all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rpm: int = Field(ge=0, le=1_000_000, title="Requests a minute")


_KEY_BLOCK = Lever(
    name="key.block", title="Block a key", category="user", selector="key", wide=False, idempotency="desired-state",
    reversal="exact", reach="our-customers", propagation_s=5, read_back_lag_s=1, probe="credential",
    revokes_credential=True, partial_sibling="key.rpm", proven=True, params=BlockParams,
)  # fmt: skip
_KEY_RPM = Lever(
    name="key.rpm", title="Slow a key down", category="frequency", selector="key", wide=False,
    idempotency="desired-state", reversal="exact", reach="our-customers", propagation_s=5, read_back_lag_s=1,
    probe="credential", proven=True, params=LimitParams,
)  # fmt: skip
_UNLOAD = Lever(
    name="model.unload", title="Unload a model", category="shutdown", selector="model", wide=True,
    idempotency="desired-state", reversal="exact", reach="everyone", propagation_s=5, read_back_lag_s=5,
    probe="client-view", proven=True, params=NoParams,
)  # fmt: skip
_PAUSE = Lever(
    name="deployment.pause", title="Pause a deployment", category="shutdown", selector="deployment", wide=True,
    idempotency="desired-state", reversal="exact", reach="our-customers", propagation_s=20, read_back_lag_s=1,
    probe="canary", proven=True, params=NoParams,
)  # fmt: skip
_PART_OF = {"key.block": "gateway", "key.rpm": "gateway", "model.unload": "model-server", "deployment.pause": "cloud"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """What a selector names, and its fields as JSON text."""

    id: str
    name: str
    model: str
    surface: str
    fields: Mapping[str, str]
    stable: bool = True
    users: int | None = None


class Practice:
    """One part of the practice estate."""

    manifest: ClassVar[Manifest] = Manifest(
        name="practice", version=2, title="Practice estate (simulated)", settings=Settings,
        secrets={"admin": "the estate's own admin token; it starts with practice-"}, auth="bearer",
        levers=(_KEY_BLOCK, _KEY_RPM, _UNLOAD, _PAUSE),
        not_possible={"capability": "the estate has no tools to take away", "use-case": "the estate has no filters"},
    )  # fmt: skip

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def base_url(self) -> str:
        """Where this part listens."""
        return self._settings.base_url

    def offers(self) -> Sequence[str]:
        """Only the levers of this part."""
        return [lever for lever, part in _PART_OF.items() if part == self._settings.part]

    async def discover(self, context: Context) -> Sequence[Found]:
        """The gateway itself, each model of the model server, or each deployment."""
        surfaces, _ = await self._surfaces(context)
        kind: Literal["public", "internal"] = "internal" if self._settings.part == "model-server" else "public"
        control: Literal["developer", "cloud"] = "cloud" if self._settings.part == "cloud" else "developer"
        return [
            Found(key=found.key, name=found.detail or found.key, model=found.model, kind=kind, control=control)
            for found in surfaces
        ]

    async def status(self, context: Context) -> Status:
        """Every surface of this part, as recorded."""
        surfaces, reply = await self._surfaces(context)
        return Status(
            at_ms=context.now_ms(), latency_ms=reply.elapsed_ms, surfaces=tuple(surfaces),
            detail="practice: nothing here is real", facts={"part": self._settings.part},
        )  # fmt: skip

    async def plan(self, context: Context, wish: Wish) -> Planned:
        """The request that makes it so, the fields as they are, and the request that restores exactly these."""
        if _PART_OF.get(wish.lever) != self._settings.part:
            raise Refused(f"the {self._settings.part} has no lever {wish.lever}")
        lever = self.manifest.lever(wish.lever)
        params = _params(lever, wish)
        return self._planned(context, wish, lever, params, await self._item(context, lever.name, wish.selector))

    def _planned(
        self, context: Context, wish: Wish, lever: Lever, params: Mapping[str, str], item: _Item | None
    ) -> Planned:
        if item is None:
            raise Refused(f"no {lever.selector} is called {wish.selector}", _NOT_FOUND)
        if not item.stable:
            raise Refused(f"{item.name} is still changing: look again in a moment")
        if wish.surface_key not in {"", item.surface}:
            raise Refused(f"{item.name} belongs to {item.surface}, not to {wish.surface_key}")
        wanted = _wanted(lever.name, wish.direction, params)
        stop = (_stop(item.id),) if params.get(RUNNING) == STOP else ()
        return Planned(
            lever=lever.name, selector=item.id, surface_key=item.surface, name=item.name, model=item.model,
            params=params, pre=item.fields, pre_read_ms=context.now_ms(), wanted=wanted,
            requests=(_write(lever.name, item.id, wanted), *stop), revert=(_write(lever.name, item.id, item.fields),),
            selectors=0 if lever.wide else 1, reach=lever.reach, reversal=lever.reversal, direction=wish.direction,
            affected=item.users, notes=("practice: nothing real is touched",),
        )  # fmt: skip

    async def plan_many(self, context: Context, wishes: Sequence[Wish]) -> Sequence[Planned | Refused]:
        """As `plan`, from one read of all keys; the other parts have too few things for a list."""
        if self._settings.part != "gateway":
            raise Refused(f"the {self._settings.part} takes no lists")
        known = await self._known(context)
        return [self._plan_or_not(context, wish, known) for wish in wishes]

    def _plan_or_not(
        self, context: Context, wish: Wish, known: Callable[[str, str], _Item | None]
    ) -> Planned | Refused:
        if _PART_OF.get(wish.lever) != self._settings.part:
            return Refused(f"the {self._settings.part} has no lever {wish.lever}")
        lever = self.manifest.lever(wish.lever)
        try:
            return self._planned(context, wish, lever, _params(lever, wish), known(wish.lever, wish.selector))
        except Refused as fault:
            return fault

    async def read_back_many(self, context: Context, planned: Sequence[Planned]) -> Sequence[ReadBack]:
        """As `read_back`, from one read of all keys."""
        known = await self._known(context)
        return [_read_back(context, one, known(one.lever, one.selector)) for one in planned]

    async def served_many(self, context: Context, planned: Sequence[Planned]) -> Sequence[Served | None]:
        """As `served`, from one read of all keys."""
        said = wire.read(wire.Keys, await _read(context, "/admin/keys"))
        by_id, at_ms = {key.id: key for key in said.keys}, context.now_ms()
        return [_served(by_id.get(one.selector), at_ms) for one in planned]

    async def _known(self, context: Context) -> Callable[[str, str], _Item | None]:
        """What a selector names, by id or by exact name, among all keys read now."""
        said = wire.read(wire.Keys, await _read(context, "/admin/keys"))
        by_word: dict[str, list[wire.Key]] = {}
        for key in said.keys:
            for word in {key.id, key.name}:
                by_word.setdefault(word, []).append(key)

        def known(lever: str, selector: str) -> _Item | None:
            keys = by_word.get(selector)
            return _key_item(lever, said.gateway, _one(keys)) if keys else None

        return known

    async def apply(self, context: Context, planned: Planned) -> Receipt:
        """Send what was planned."""
        return await _send(context, planned.requests)

    async def revert(self, context: Context, planned: Planned) -> Receipt:
        """Send what restores the fields as they were."""
        return await _send(context, planned.revert)

    async def read_back(self, context: Context, planned: Planned) -> ReadBack:
        """Read the fields anew."""
        return _read_back(context, planned, await self._item(context, planned.lever, planned.selector))

    async def probe(self, context: Context, planned: Planned, credential: str | None) -> Probe:
        """One user's call on a fresh connection."""
        evidence = self.manifest.lever(planned.lever).probe or "credential"
        if credential is None and planned.lever != "model.unload":
            return Probe(outcome="cannot-tell", evidence=evidence, detail="no caller's token to try with")
        path, body = _call(planned)
        blank = Probe(outcome="cannot-tell", evidence=evidence)
        try:
            reply = await context.call("POST", path, json=body, effect="read", credential=credential, fresh=True)
        except Throttled as fault:
            limited = planned.lever == "key.rpm"
            return replace(blank, outcome="refused" if limited else "cannot-tell", status=429, detail=fault.detail)
        except NotSent as fault:
            return replace(blank, detail=fault.detail)
        return replace(blank, outcome=_outcome(planned, reply), status=reply.status)

    async def served(self, context: Context, planned: Planned) -> Served | None:
        """What the gateway counts for a key; the other parts count nothing."""
        if planned.lever not in {"key.block", "key.rpm"}:
            return None
        said = wire.read(wire.Keys, await _read(context, "/admin/keys"))
        key = next((key for key in said.keys if key.id == planned.selector), None)
        return _served(key, context.now_ms())

    async def running(self, context: Context, planned: Planned) -> Sequence[Running] | None:
        """Streams of a key, jobs of a model, batches of a deployment."""
        found = await self._work(context, planned)
        if found is None:
            return None
        what, count, then = found
        return [Running(what=what, count=count, then=then, at_ms=context.now_ms())] if count else []

    async def _work(self, context: Context, planned: Planned) -> tuple[Work, int, Fate] | None:
        match self._settings.part:
            case "gateway":
                said = wire.read(wire.Keys, await _read(context, "/admin/keys"))
                counts = {key.id: key.streams for key in said.keys}
                what: Work = "streams"
                then: Fate = "stops" if planned.params.get(RUNNING) == STOP else "finishes"
            case "model-server":
                models = wire.read(wire.Models, await _read(context, "/admin/models")).models
                counts, what, then = {one.name: one.jobs for one in models}, "jobs", "finishes"
            case _:
                found = wire.read(wire.Deployments, await _read(context, "/admin/deployments")).deployments
                counts, what, then = {one.id: one.batches for one in found}, "batches", "cannot"
        count = counts.get(planned.selector)
        return None if count is None else (what, count, then)

    # -- reading -------------------------------------------------------------------------------------------------------

    async def _surfaces(self, context: Context) -> tuple[list[SurfaceState], Reply]:
        match self._settings.part:
            case "gateway":
                reply = await _read(context, "/admin/keys")
                return [_gateway_state(wire.read(wire.Keys, reply))], reply
            case "model-server":
                reply = await _read(context, "/admin/models")
                models = wire.read(wire.Models, reply).models
                return [_state(model.name, model.name, model.state == "READY", model.title) for model in models], reply
            case _:
                reply = await _read(context, "/admin/deployments")
                found = wire.read(wire.Deployments, reply).deployments
                return [_state(item.id, item.model, item.state == "running", item.name) for item in found], reply

    async def _item(self, context: Context, lever: str, selector: str) -> _Item | None:
        """What is selected, by id or by exact name; None when there is no such thing."""
        match lever:
            case "key.block" | "key.rpm":
                said = wire.read(wire.Keys, await _read(context, "/admin/keys"))
                keys = [key for key in said.keys if selector in {key.id, key.name}]
                return _key_item(lever, said.gateway, _one(keys)) if keys else None
            case "model.unload":
                models = wire.read(wire.Models, await _read(context, "/admin/models")).models
                named = [model for model in models if selector in {model.name, model.title}]
                return _model_item(_one(named)) if named else None
            case _:
                deployed = wire.read(wire.Deployments, await _read(context, "/admin/deployments")).deployments
                matching = [item for item in deployed if selector in {item.id, item.name}]
                return _deployment_item(_one(matching)) if matching else None


def _read_back(context: Context, planned: Planned, item: _Item | None) -> ReadBack:
    at_ms = context.now_ms()
    if item is None:
        return ReadBack(verdict="cannot-tell", fields={}, at_ms=at_ms, detail=f"{planned.selector} is gone")
    same = item.stable and dict(item.fields) == dict(planned.wanted)
    detail = "" if item.stable else "still changing"
    verdict: Literal["in-effect", "not-in-effect"] = "in-effect" if same else "not-in-effect"
    return ReadBack(verdict=verdict, fields=item.fields, at_ms=at_ms, detail=detail)


def _served(key: wire.Key | None, at_ms: int) -> Served | None:
    if key is None or key.asked is None or key.served is None:
        return None
    return Served(asked=key.asked, served=key.served, at_ms=at_ms)


def _one(found: Sequence[Thing]) -> Thing:
    if len(found) > 1:
        raise Refused("that name is not unique: select by id")
    return found[0]


def _key_item(lever: str, gateway: str, key: wire.Key) -> _Item:
    fields = {"blocked": json.dumps(key.blocked)} if lever == "key.block" else {"rpm": json.dumps(key.rpm)}
    return _Item(id=key.id, name=key.name, model=key.model, surface=gateway, fields=fields, users=key.users)


def _model_item(model: wire.ServedModel) -> _Item:
    stable = model.state in {"READY", "UNAVAILABLE"}
    loaded = {"loaded": json.dumps(model.state in {"READY", "UNLOADING"})}
    return _Item(
        id=model.name, name=model.title, model=model.name, surface=model.name, fields=loaded, stable=stable
    )  # fmt: skip


def _deployment_item(found: wire.Deployment) -> _Item:
    fields = {"paused": json.dumps(found.state == "paused")}
    return _Item(id=found.id, name=found.name, model=found.model, surface=found.id, fields=fields)


def _gateway_state(said: wire.Keys) -> SurfaceState:
    blocked = [f"key {key.name} is blocked" for key in said.keys if key.blocked]
    slowed = [f"key {key.name} is limited to {key.rpm} a minute" for key in said.keys if key.rpm is not None]
    return SurfaceState(
        key=said.gateway, model=said.model, state="degraded" if blocked or slowed else "serving",
        restrictions=(*blocked, *slowed), detail=said.gateway,
    )  # fmt: skip


def _state(key: str, model: str, serving: bool, name: str) -> SurfaceState:  # noqa: FBT001  private, called by position
    return SurfaceState(key=key, model=model, state="serving" if serving else "stopped", detail=name)


# -- writing -----------------------------------------------------------------------------------------------------------


def _params(lever: Lever, wish: Wish) -> dict[str, str]:
    """The wish's parameters, checked. Restoring needs none: what is restored is said by the lever."""
    if wish.direction == "restore":
        return {}
    try:
        checked = (lever.params or NoParams).model_validate(dict(wish.params))
    except ValidationError as fault:
        where = ", ".join(str(error["loc"][0]) for error in fault.errors() if error["loc"])
        raise Refused(f"{lever.name} cannot be done with these parameters: {where}") from fault
    return {name: str(value) for name, value in checked.model_dump().items()}


def _wanted(lever: str, direction: str, params: Mapping[str, str]) -> dict[str, str]:
    contain = direction == "contain"
    match lever:
        case "key.block":
            return {"blocked": json.dumps(contain)}
        case "key.rpm":
            return {"rpm": json.dumps(int(params["rpm"]) if contain else None)}
        case "model.unload":
            return {"loaded": json.dumps(not contain)}
        case _:
            return {"paused": json.dumps(contain)}


def _write(lever: str, item: str, fields: Mapping[str, str]) -> Request:
    """The one request that makes the fields so."""
    name = quote(item, safe="")
    match lever:
        case "key.block":
            verb = "block" if fields["blocked"] == "true" else "unblock"
            return Request(method="POST", path=f"/admin/keys/{name}/{verb}", body="{}")
        case "key.rpm":
            return Request(method="POST", path=f"/admin/keys/{name}/limit", body=f'{{"rpm":{fields["rpm"]}}}')
        case "model.unload":
            verb = "load" if fields["loaded"] == "true" else "unload"
            return Request(method="POST", path=f"/admin/models/{name}/{verb}", body="{}")
        case _:
            verb = "pause" if fields["paused"] == "true" else "resume"
            return Request(method="POST", path=f"/admin/deployments/{name}/{verb}", body="{}")


def _stop(key: str) -> Request:
    """The request that ends a key's streams, after new ones are kept out."""
    return Request(method="POST", path=f"/admin/keys/{quote(key, safe='')}/stop", body="{}")


async def _send(context: Context, requests: Sequence[Request]) -> Receipt:
    receipt = Receipt(outcome="already-so")
    for number, request in enumerate(requests):
        reply = await context.send(request)
        if reply.status >= _REDIRECTS:
            if number:
                raise OutcomeUnknown(f"{number} of {len(requests)} requests were accepted, then {reply.status}")
            _refuse(reply)
        changed = wire.read(wire.Written, reply).changed
        receipt = Receipt(
            outcome="accepted" if changed else receipt.outcome, status=reply.status, request_id=reply.request_id
        )  # fmt: skip
    return receipt


async def _read(context: Context, path: str) -> Reply:
    reply = await context.call("GET", path, effect="read")
    if reply.status >= _REDIRECTS:
        _refuse(reply)
    return reply


def _refuse(reply: Reply) -> None:
    if reply.status < _REFUSALS:
        raise Malformed(f"the practice estate answered {reply.status}: it never sends one elsewhere")
    raise Refused(f"the practice estate refused with {reply.status}", reply.status)


# -- probing -----------------------------------------------------------------------------------------------------------


def _call(planned: Planned) -> tuple[str, dict[str, object]]:
    name = quote(planned.selector, safe="")
    match planned.lever:
        case "model.unload":
            return f"/v1/models/{name}/infer", {"input": "ping"}
        case "deployment.pause":
            return f"/deployments/{name}/chat", {"input": "ping"}
        case _:
            return "/v1/chat/completions", {"model": planned.model, "messages": [{"role": "user", "content": "ping"}]}


_REFUSED_AS = {
    "key.block": (401, "key-blocked"), "model.unload": (404, "model-unavailable"),
    "deployment.pause": (403, "deployment-paused"),
}  # fmt: skip


def _outcome(planned: Planned, reply: Reply) -> Literal["refused", "passed", "cannot-tell"]:
    """A refusal counts only in the very words in which this lever refuses."""
    try:
        said = reply.json()
    except Malformed:
        return "cannot-tell"
    if reply.status == _OK and isinstance(said, dict) and "model" in said:
        # below a limit that is not zero a call that passes says nothing
        limited = planned.lever == "key.rpm" and planned.wanted.get("rpm") not in {"0", "null"}
        return "cannot-tell" if limited else "passed"
    error = said.get("error") if isinstance(said, dict) else None
    kind = error.get("type") if isinstance(error, dict) else None
    return "refused" if _REFUSED_AS.get(planned.lever) == (reply.status, kind) else "cannot-tell"
