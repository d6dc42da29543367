"""LiteLLM proxy with a database: keys, teams, models and guardrails, for everybody behind this gateway.

Keys are selected by alias or token hash, never by the key itself: a caller's key must not enter a record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from typing import ClassVar, Literal, Protocol

from adapters.alike import compared, in_order, lever_of
from adapters.contract import (
    Change,
    Context,
    Evidence,
    Found,
    LastUse,
    Lever,
    Malformed,
    Manifest,
    NotSent,
    Planned,
    Probe,
    ReadBack,
    Receipt,
    Refused,
    Request,
    Served,
    Status,
    SurfaceState,
    Throttled,
    Traffic,
    Wish,
)
from adapters.forms import model_or_params, params_of
from adapters.litellm import files, guardrails, holders, lists, models, rights, trying, wire
from adapters.litellm.gateway import Gateway, gateway, key_info, traffic
from adapters.litellm.levers import LATE_S, LEVERS, RELOAD_S, Settings
from adapters.rights import Granted

__all__ = ["LiteLLM", "Settings"]


class LiteLLM:
    """One LiteLLM proxy, with the master key or the key of a proxy administrator."""

    manifest: ClassVar[Manifest] = Manifest(
        name="litellm", version=3, title="LiteLLM proxy", settings=Settings,
        secrets={"admin": "the master key, or a proxy administrator's key"}, auth="bearer", levers=LEVERS,
        not_possible={
            "end user": "POST /customer/block answers 500 in 1.106.2",
            "model rate": "a limit on a model is stored and read back, but not enforced by default: limit keys",
            "models of the configuration file": "they refuse /model/block: delist, reroute, or a person edits the file",
            "fallback": "/fallback answers calls that fail, never a blocked model: reroute it",
        },
    )  # fmt: skip

    passes_on: ClassVar[bool] = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def base_url(self) -> str:
        """Where the gateway is."""
        return self._settings.base_url

    def takes_s(self, lever: str) -> int:
        """How long another worker may go by what it was told of a key or team: as long as this gateway keeps it."""
        by_reload = self.manifest.lever(lever).propagation_s == RELOAD_S
        return 0 if by_reload else self._settings.key_cache_s + LATE_S

    # -- looking -------------------------------------------------------------------------------------------------------

    async def discover(self, context: Context) -> Sequence[Found]:
        """Every model name the gateway serves."""
        there = await gateway(context)
        return [Found(key=name, name=name, model=name, detail=_source(there.behind(name))) for name in there.names()]

    async def granted(self, context: Context) -> Granted | None:
        """What the key may do here, by the gateway's own account of it."""
        return await rights.granted(context)

    async def status(self, context: Context) -> Status:
        """Each model name, and where its deployments are kept: what the file holds cannot be blocked."""
        there = await gateway(context)
        ready_reply = await context.call("GET", "/health/readiness", effect="read", credential=None)
        ready = wire.read(wire.Readiness, wire.check(ready_reply, "health"))
        held = sum(found.model_info.db_model for found in there.deployments)
        facts = {
            "models_in_database": str(held),
            "models_in_file": str(len(there.deployments) - held),
            "database": ready.db or "none",
        }
        return Status(
            at_ms=context.now_ms(), latency_ms=there.elapsed_ms + ready_reply.elapsed_ms,
            surfaces=tuple(_state(name, there.behind(name)) for name in there.names()),
            detail=f"models: {held} in the database, {len(there.deployments) - held} in the file", facts=facts,
        )  # fmt: skip

    async def traffic(self, context: Context, surface_key: str, since_ms: int, until_ms: int) -> Traffic | None:
        """What was called of a model through this gateway, by its log of calls."""
        return await traffic(context, surface_key, since_ms, until_ms)

    # -- planning ------------------------------------------------------------------------------------------------------

    async def plan(self, context: Context, wish: Wish) -> Planned:
        """The requests that make it so, the fields as they are now, and the requests that restore exactly these."""
        lever = lever_of(self.manifest, wish)
        params = params_of(lever, wish) if lever.by_hand else model_or_params(lever, wish)
        return await _family(lever.name).plan(context, lever, wish, params)

    async def plan_many(self, context: Context, wishes: Sequence[Wish]) -> Sequence[Planned | Refused]:
        """As `plan`; keys are read page by page, unless the lever needs to know their teams as well."""

        async def alone(wish: Wish) -> Planned | Refused:
            try:
                return await self.plan(context, wish)
            except Refused as fault:
                return fault

        names = {wish.lever for wish in wishes}
        lever = next((one for one in LEVERS if {one.name} == names), None)
        if lever is None or not _by_key(lever.name):
            return await lists.each(wishes, alone)

        async def beside(wish: Wish, there: Gateway) -> Planned | Refused:
            try:
                return await holders.plan_there(context, lever, wish, model_or_params(lever, wish), there)
            except Refused as fault:
                return fault

        return await lists.plan_keys(context, lever, wishes, beside)

    async def read_back_many(self, context: Context, planned: Sequence[Planned]) -> Sequence[ReadBack]:
        """As `read_back`; keys are read page by page."""

        async def alone(one: Planned) -> ReadBack:
            try:
                return await self.read_back(context, one)
            except (Refused, Malformed) as fault:
                return ReadBack(verdict="cannot-tell", fields={}, at_ms=context.now_ms(), detail=fault.detail)

        if not all(_by_key(one.lever) for one in planned):
            return await lists.each(planned, alone)
        return await lists.read_keys(context, planned, alone, lambda one, seen: _read_back(context, one, seen))

    async def served_many(self, context: Context, planned: Sequence[Planned]) -> Sequence[Served | None]:  # noqa: ARG002  as the contract has it
        """It does not count the calls of a key."""
        return [None for _ in planned]

    # -- doing ---------------------------------------------------------------------------------------------------------

    async def apply(self, context: Context, planned: Planned) -> Receipt:
        """Send what was planned. The gateway does not say whether it was so already."""
        return await _send(context, planned.requests)

    async def revert(self, context: Context, planned: Planned) -> Receipt:
        """Send what restores the fields as they were."""
        return await _send(context, planned.revert)

    async def read_back(self, context: Context, planned: Planned) -> ReadBack:
        """Read the fields by another call than the one that wrote."""
        return _read_back(context, planned, await _family(planned.lever).fields_now(context, planned))

    async def last_use(self, context: Context, planned: Planned) -> LastUse | None:
        """When a key last spent, as it writes down some seconds later. Without a time: maybe it writes none down."""
        if planned.lever != "key.block":
            return None
        at_ms = context.now_ms()
        found = wire.read(wire.KeyInfo, wire.check(await key_info(context, planned.selector), "key")).info.last_active
        if found is None:
            return None
        used = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
        return LastUse(used_ms=int(used.timestamp() * 1000), at_ms=at_ms)

    async def changes(self, context: Context, planned: Planned, since_ms: int) -> Sequence[Change] | None:
        """When a key's settings were last changed. Who did it, and all the rest, is in its paid editions only."""
        if not planned.lever.startswith("key."):
            return None
        found = wire.read(wire.KeyInfo, wire.check(await key_info(context, planned.selector), "key")).info
        at = found.settings_updated_at
        at_ms = 0 if at is None else int(at.timestamp() * 1000)
        told = Change(at_ms=at_ms, who="somebody it does not name", what="the settings of the key were changed")
        return [told] if at_ms and at_ms >= since_ms else []

    async def probe(self, context: Context, planned: Planned, credential: str | None) -> Probe:
        """One real chat call of one token on a fresh connection; only the lever's own refusal counts as one."""
        evidence: Evidence = self.manifest.lever(planned.lever).probe or "credential"
        blank = Probe(outcome="cannot-tell", evidence=evidence)
        if credential is None:
            return replace(blank, detail="no caller's key to try with")
        if not planned.params.get("probe_model"):
            return replace(blank, detail="the gateway serves no model that this key may call")
        try:
            reply = await context.call(
                "POST", "/v1/chat/completions", json=trying.ask(planned), effect="read", credential=credential,
                fresh=True,
            )  # fmt: skip
        except Throttled as fault:
            outcome, detail = trying.limited(planned, fault)
            return replace(blank, outcome=outcome, status=429, detail=detail)
        except NotSent as fault:
            return replace(blank, detail=fault.detail)
        outcome, detail = trying.judge(planned, reply)
        return replace(blank, outcome=outcome, status=reply.status, detail=detail)


class _Family(Protocol):
    """Levers that write the same kind of thing: a module of this shape."""

    async def plan(self, context: Context, lever: Lever, wish: Wish, params: Mapping[str, str]) -> Planned: ...

    async def fields_now(self, context: Context, planned: Planned) -> dict[str, str]: ...


def _by_key(lever: str) -> bool:
    """Whether the key itself is all that has to be read."""
    return lever.startswith("key.") and lever != "key.models"


def _read_back(context: Context, planned: Planned, fields: Mapping[str, str]) -> ReadBack:
    at_ms = context.now_ms()
    if not fields:
        return ReadBack(verdict="cannot-tell", fields={}, at_ms=at_ms, detail=f"{planned.name} is gone")
    late = len(set(fields) - set(planned.wanted))
    return compared(planned, fields, at_ms, f"{late} lists made since let the model in" if late else "")


def _family(lever: str) -> _Family:
    if lever in guardrails.KINDS:
        return guardrails
    if lever == files.LEVER:
        return files
    return models if lever.startswith("model.") else holders


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


async def _send(context: Context, requests: Sequence[Request]) -> Receipt:
    async def one(request: Request) -> Receipt:
        reply = wire.check(await context.send(request), request.path.lstrip("/").partition("/")[0])
        wire.read(wire.Said, reply)
        return Receipt(outcome="accepted", status=reply.status, request_id=reply.request_id)

    return await in_order(requests, one)
