"""LiteLLM proxy with a database: block a key, slow a key, block a model, for everybody behind this gateway.

Keys are selected by alias or token hash, never by the key itself: a caller's key must not enter a record.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal
from urllib.parse import quote, urlencode, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from adapters.contract import (
    Context,
    Evidence,
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
from adapters.litellm import wire

CACHE_TTL_S = 60  # general_settings.user_api_key_cache_ttl: how long another worker may still let a blocked key in
NOT_FOUND = 404
_HASH = re.compile(r"[0-9a-f]{64}")
_ANY_MODEL = frozenset({"", "*", "all-proxy-models", "all-team-models"})
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Settings(BaseModel):
    """Where the gateway is. Plain http is taken on loopback only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(title="Address", description="https://gateway.example, or http on this machine")

    @field_validator("base_url")
    @classmethod
    def _safe(cls, value: str) -> str:
        parts = urlsplit(value)
        if not parts.hostname or parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("expected an address like https://gateway.example, without a name, a query or a fragment")
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise ValueError("expected https: plain http would show the admin key to the network")
        return value.rstrip("/")


class NoParams(BaseModel):
    """A lever without parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LimitParams(BaseModel):
    """A limit. `rpm` is requests a minute; 0 stops all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rpm: int = Field(ge=0, le=1_000_000, title="Requests a minute")


_KEY_BLOCK = Lever(
    name="key.block", title="Block a key", category="user", selector="key", wide=False, idempotency="desired-state",
    reversal="exact", reach="our-customers", propagation_s=CACHE_TTL_S, read_back_lag_s=2, probe="credential",
    revokes_credential=True, partial_sibling="key.rpm", proven=True, params=NoParams,
)  # fmt: skip
_KEY_RPM = Lever(
    name="key.rpm", title="Slow a key down", category="frequency", selector="key", wide=False,
    idempotency="desired-state", reversal="exact", reach="our-customers", propagation_s=CACHE_TTL_S, read_back_lag_s=2,
    probe="credential", proven=True, params=LimitParams,
)  # fmt: skip
_MODEL_BLOCK = Lever(
    name="model.block", title="Block a model", category="shutdown", selector="model", wide=True,
    idempotency="desired-state", reversal="exact", reach="our-customers", propagation_s=CACHE_TTL_S, read_back_lag_s=2,
    probe="canary", partial_sibling="key.block", proven=True, params=NoParams,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gateway:
    """The deployments behind one gateway, by the model name that callers use."""

    deployments: Sequence[wire.Deployment]
    elapsed_ms: int = 0

    def names(self) -> list[str]:
        return list(dict.fromkeys(found.model_name for found in self.deployments))

    def behind(self, name: str) -> list[wire.Deployment]:
        return [found for found in self.deployments if found.model_name == name]


class LiteLLM:
    """One LiteLLM proxy, with the master key or the key of a proxy administrator."""

    manifest: ClassVar[Manifest] = Manifest(
        name="litellm", version=1, title="LiteLLM proxy", settings=Settings,
        secrets={"admin": "the master key, or a proxy administrator's key"}, auth="bearer",
        levers=(_KEY_BLOCK, _KEY_RPM, _MODEL_BLOCK),
        not_possible={
            "end user": "POST /customer/block answers 500 in 1.106.2",
            "model rate": "a limit on a model is stored and read back, but not enforced by default",
            "models of the configuration file": "they refuse /model/block: keep models in the database",
        },
    )  # fmt: skip

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def base_url(self) -> str:
        """Where the gateway is."""
        return self._settings.base_url

    # -- looking -------------------------------------------------------------------------------------------------------

    async def discover(self, context: Context) -> Sequence[Found]:
        """Every model name the gateway serves."""
        gateway = await _gateway(context)
        return [
            Found(key=name, name=name, model=name, detail=_source(gateway.behind(name))) for name in gateway.names()
        ]

    async def status(self, context: Context) -> Status:
        """Each model name, and where its deployments are kept: what the file holds cannot be blocked."""
        gateway = await _gateway(context)
        ready_reply = await context.call("GET", "/health/readiness", effect="read", credential=None)
        ready = wire.read(wire.Readiness, wire.check(ready_reply, "health"))
        held = sum(found.model_info.db_model for found in gateway.deployments)
        facts = {
            "models_in_database": str(held),
            "models_in_file": str(len(gateway.deployments) - held),
            "database": ready.db or "none",
        }
        return Status(
            at_ms=context.now_ms(), latency_ms=gateway.elapsed_ms + ready_reply.elapsed_ms,
            surfaces=tuple(_state(name, gateway.behind(name)) for name in gateway.names()),
            detail=f"models: {held} in the database, {len(gateway.deployments) - held} in the file", facts=facts,
        )  # fmt: skip

    # -- planning ------------------------------------------------------------------------------------------------------

    async def plan(self, context: Context, wish: Wish) -> Planned:
        """The requests that make it so, the fields as they are now, and the requests that restore exactly these."""
        try:
            lever = self.manifest.lever(wish.lever)
        except KeyError:
            raise Refused(f"there is no lever {wish.lever} here") from None
        params = _params(lever, wish)
        if lever.name == "model.block":
            return await _plan_model(context, wish)
        gateway = await _gateway(context)
        if wish.surface_key and wish.surface_key not in gateway.names():
            raise Refused(f"the gateway serves no model called {wish.surface_key}", NOT_FOUND)
        found = await _find_key(context, wish.selector)
        fields = _key_fields(lever.name, found.info)
        wanted = _wanted(lever.name, wish.direction, params)
        model = _model_to_try(found.info, wish.surface_key, gateway.names())
        surface = wish.surface_key or model or (gateway.names() or ["none"])[0]
        return Planned(
            lever=lever.name, selector=found.key, surface_key=surface, name=_name(found),
            model=surface, params={**params, "probe_model": model}, pre=fields,
            pre_read_ms=context.now_ms(), wanted=wanted, requests=(_write_key(lever.name, found.key, wanted),),
            revert=(_write_key(lever.name, found.key, fields),), selectors=1, reach=lever.reach,
            reversal=lever.reversal, direction=wish.direction, notes=_key_notes(found.info),
        )  # fmt: skip

    # -- doing ---------------------------------------------------------------------------------------------------------

    async def apply(self, context: Context, planned: Planned) -> Receipt:
        """Send what was planned. The gateway does not say whether it was so already."""
        return await _send(context, planned.requests)

    async def revert(self, context: Context, planned: Planned) -> Receipt:
        """Send what restores the fields as they were."""
        return await _send(context, planned.revert)

    async def read_back(self, context: Context, planned: Planned) -> ReadBack:
        """Read the fields from the database by another call than the one that wrote."""
        if planned.lever == "model.block":
            behind = (await _gateway(context)).behind(planned.surface_key)
            fields = {f"{found.model_info.id}.blocked": _flag(found.model_info.blocked) for found in behind}
        else:
            reply = await _key_info(context, planned.selector)
            if reply.status == NOT_FOUND:
                fields = {}
            else:
                found = wire.read(wire.KeyInfo, wire.check(reply, "key"))
                fields = _key_fields(planned.lever, found.info)
        at_ms = context.now_ms()
        if not fields:
            return ReadBack(verdict="cannot-tell", fields={}, at_ms=at_ms, detail=f"{planned.name} is gone")
        same = fields == dict(planned.wanted)
        return ReadBack(verdict="in-effect" if same else "not-in-effect", fields=fields, at_ms=at_ms)

    async def probe(self, context: Context, planned: Planned, credential: str | None) -> Probe:
        """One real chat call of one token on a fresh connection; only the lever's own refusal counts as one."""
        evidence: Evidence = self.manifest.lever(planned.lever).probe or "credential"
        blank = Probe(outcome="cannot-tell", evidence=evidence)
        if credential is None:
            return replace(blank, detail="no caller's key to try with")
        if not planned.params.get("probe_model"):
            return replace(blank, detail="the gateway serves no model that this key may call")
        ask = {
            "model": planned.params["probe_model"],
            "messages": [{"role": "user", "content": "ping"}],
            "max_tokens": 1,
        }
        try:
            reply = await context.call(
                "POST", "/v1/chat/completions", json=ask, effect="read", credential=credential, fresh=True
            )
        except Throttled:
            # 429 is this lever's own refusal only where the limit is the lever
            limited = planned.lever == "key.rpm"
            return replace(blank, outcome="refused" if limited else "cannot-tell", status=429, detail="limited")
        except NotSent as fault:
            return replace(blank, detail=fault.detail)
        outcome, detail = _judge(planned, reply)
        return replace(blank, outcome=outcome, status=reply.status, detail=detail)


# -- reading the gateway -----------------------------------------------------------------------------------------------


async def _gateway(context: Context) -> _Gateway:
    reply = await context.call("GET", "/v1/model/info", effect="read")
    found = wire.read(wire.Deployments, wire.check(reply, "models"))
    return _Gateway(deployments=found.data, elapsed_ms=reply.elapsed_ms)


async def _key_info(context: Context, token_hash: str) -> Reply:
    return await context.call("GET", f"/key/info?key={quote(token_hash, safe='')}", effect="read")


async def _find_key(context: Context, selector: str) -> wire.KeyInfo:
    """The key with this hash or exactly this alias."""
    if selector.startswith("sk-"):
        raise Refused("select a key by its alias or token hash: the key itself must not enter the record")
    if not selector:
        raise Refused("say which key, by alias or token hash")
    token_hash = selector if _HASH.fullmatch(selector) else await _hash_of(context, selector)
    reply = await _key_info(context, token_hash)
    if reply.status == NOT_FOUND:
        raise Refused(f"the gateway knows no key {selector}", NOT_FOUND)
    found = wire.read(wire.KeyInfo, wire.check(reply, "key"))
    if found.key != token_hash:
        raise Malformed("the gateway answered about another key than was asked for")
    return found


async def _hash_of(context: Context, alias: str) -> str:
    query = urlencode({"key_alias": alias, "return_full_object": "true", "size": "100"})
    reply = await context.call("GET", f"/key/list?{query}", effect="read")
    found = wire.read(wire.KeyList, wire.check(reply, "keys"))
    named = [key.token for key in found.keys if key.key_alias == alias]
    if len(named) == 1 and _HASH.fullmatch(named[0]):
        return named[0]
    if named:
        raise Refused(f"{len(named)} keys have the alias {alias}: select by token hash")
    raise Refused(f"the gateway knows no key with the alias {alias}", NOT_FOUND)


def _name(found: wire.KeyInfo) -> str:
    return found.info.key_alias or found.info.key_name or f"key {found.key[:12]}"


def _key_notes(info: wire.Key) -> tuple[str, ...]:
    notes = ["reaches every model this key may call, not one surface only"]
    if info.team_id:
        notes.append("the key belongs to a team: the team's other keys are not reached")
    return tuple(notes)


def _model_to_try(info: wire.Key, surface_key: str, served: Sequence[str]) -> str:
    """A model that this key may call: a probe of any other would be refused for another reason."""
    allowed = [name for name in info.models if name not in _ANY_MODEL]
    named = [name for name in allowed if name in served]
    if surface_key and (not allowed or surface_key in named):
        return surface_key
    if allowed and not named:
        return ""
    return (named or list(served) or [""])[0]


def _flag(value: bool | None) -> str:  # noqa: FBT001  the value itself, not a switch
    return json.dumps(value is True)


def _key_fields(lever: str, info: wire.Key) -> dict[str, str]:
    if lever == "key.block":
        return {"blocked": _flag(info.blocked)}
    return {"rpm_limit": json.dumps(info.rpm_limit)}


def _source(behind: Sequence[wire.Deployment]) -> str:
    held = [found.model_info.db_model for found in behind]
    if all(held):
        return "kept in the database"
    return "kept in the configuration file: cannot be blocked" if not any(held) else "kept in database and file"


def _state(name: str, behind: Sequence[wire.Deployment]) -> SurfaceState:
    blocked = [found.model_info.id for found in behind if found.model_info.blocked]
    state: Literal["serving", "degraded", "stopped"] = "serving"
    if blocked:
        state = "stopped" if len(blocked) == len(behind) else "degraded"
    lines = tuple(f"deployment {found} is blocked" for found in blocked)
    return SurfaceState(key=name, model=name, state=state, restrictions=lines, detail=_source(behind))


# -- planning and sending ----------------------------------------------------------------------------------------------


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
    if lever == "key.block":
        return {"blocked": json.dumps(contain)}
    return {"rpm_limit": params["rpm"] if contain else "null"}


def _body(**fields: object) -> str:
    return json.dumps(fields, separators=(",", ":"))


def _write_key(lever: str, token_hash: str, fields: Mapping[str, str]) -> Request:
    """The one request that makes the key's fields so."""
    if lever == "key.block":
        verb = "block" if fields["blocked"] == "true" else "unblock"
        return Request(method="POST", path=f"/key/{verb}", body=_body(key=token_hash))
    limit = json.loads(fields["rpm_limit"])
    return Request(method="POST", path="/key/update", body=_body(key=token_hash, rpm_limit=limit))


def _write_model(model_id: str, *, blocked: bool) -> Request:
    return Request(method="POST", path=f"/model/{'block' if blocked else 'unblock'}", body=_body(model_id=model_id))


async def _plan_model(context: Context, wish: Wish) -> Planned:
    """Every deployment behind the model name: blocking one of two would leave the model served."""
    gateway = await _gateway(context)
    named = {found.model_info.id: found.model_name for found in gateway.deployments}
    name = named.get(wish.selector, wish.selector)
    behind = gateway.behind(name)
    if not behind:
        raise Refused(f"the gateway serves no model called {wish.selector}", NOT_FOUND)
    if wish.surface_key not in {"", name}:
        raise Refused(f"{wish.selector} belongs to {name}, not to {wish.surface_key}")
    if not all(found.model_info.db_model for found in behind):
        raise Refused(f"{name} stands in the gateway's configuration file, which cannot be blocked from here")
    block = wish.direction == "contain"
    pre = {f"{found.model_info.id}.blocked": _flag(found.model_info.blocked) for found in behind}
    lever = _MODEL_BLOCK
    notes = (f"{len(behind)} deployments stand behind this name; all are meant",) if len(behind) > 1 else ()
    return Planned(
        lever=lever.name, selector=name, surface_key=name, name=name, model=name, params={"probe_model": name},
        pre=pre, pre_read_ms=context.now_ms(), wanted=dict.fromkeys(pre, json.dumps(block)),
        requests=tuple(_write_model(found.model_info.id, blocked=block) for found in behind),
        revert=tuple(_write_model(found.model_info.id, blocked=bool(found.model_info.blocked)) for found in behind),
        selectors=0, reach=lever.reach, reversal=lever.reversal, direction=wish.direction, notes=notes,
    )  # fmt: skip


async def _send(context: Context, requests: Sequence[Request]) -> Receipt:
    receipt = Receipt(outcome="accepted")
    for number, request in enumerate(requests):
        try:
            reply = wire.check(await context.send(request), request.path.lstrip("/"))
            wire.read(wire.Said, reply)
        except (Refused, Malformed, NotSent, Throttled) as fault:
            if number:
                raise OutcomeUnknown(f"{number} of {len(requests)} were accepted, then: {fault.detail}") from fault
            raise
        receipt = Receipt(outcome="accepted", status=reply.status, request_id=reply.request_id)
    return receipt


# -- judging a probe ---------------------------------------------------------------------------------------------------

_OK = 200
_REFUSED_AS = {"key.block": (401, "auth_error"), "model.block": (403, "permission_error")}


def _judge(planned: Planned, reply: Reply) -> tuple[Literal["refused", "passed", "cannot-tell"], str]:
    """Refused only in the words of this lever: a mistyped key is refused too, and proves nothing."""
    if reply.status == _OK:
        try:
            wire.read(wire.Choices, reply)
        except Malformed as fault:
            return "cannot-tell", fault.detail
        # below a limit that is not zero a call that passes says nothing
        limited = planned.lever == "key.rpm" and planned.wanted.get("rpm_limit") not in {"0", "null"}
        return ("cannot-tell", "below the limit") if limited else ("passed", "answered")
    error = wire.error_of(reply)
    own = (reply.status, error.type) == _REFUSED_AS.get(planned.lever)
    if own and "blocked" in (error.message or "").lower():
        return "refused", "blocked"
    return "cannot-tell", "refused for another reason than this correction"
