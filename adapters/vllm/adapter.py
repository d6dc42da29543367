"""vLLM: one model on one server. It sleeps by an endpoint meant for development; adapters load and unload at run time.

Written by vLLM's sources; nothing was run, since it wants a GPU, and the manifest says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Literal

from adapters import contract
from adapters.access import Access
from adapters.alike import compared, in_order, lever_of, names
from adapters.contract import (
    Context,
    Found,
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
from adapters.forms import params_of
from adapters.vllm import wire
from adapters.vllm.levers import LEVERS, SLEEP, UNLOAD, Settings, named

_OFF = "its endpoints for development are off: it would have to run with VLLM_SERVER_DEV_MODE=1 and --enable-sleep-mode"
_QUEUES = "a call to a sleeping server waits instead of being refused: take the route away at the gateway too"
_DROPPED = "level 2 drops the weights: waking reads them anew, and by LoRA adapters it may go wrong; then restart it"
_RELOADS = "a server with a LoRA resolver loads an adapter again at the next call: only a probe tells"


class VLLM:
    """One vLLM server."""

    manifest: ClassVar[Manifest] = Manifest(
        name="vllm", version=1, title="vLLM", settings=Settings,
        secrets={"admin": "the server's one key (--api-key), where it has one; its callers have the same"},
        auth="bearer", levers=LEVERS,
        not_possible={
            "user": "the server has one key for everybody: block callers at the gateway in front",
            "frequency": "it has no limits by caller",
            "use-case": "it does not filter what is asked",
        },
    )  # fmt: skip

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._named = named(settings.adapters)

    def base_url(self) -> str:
        """Where the server is."""
        return self._settings.base_url

    def access(self) -> Access:
        """A key where the server has one. Its endpoints for development ask for none."""
        return Access(scheme="bearer" if self._settings.prove == "key" else "none")

    # -- looking -------------------------------------------------------------------------------------------------------

    async def discover(self, context: Context) -> Sequence[Found]:
        """The model by each of its names, and every adapter, those too that the settings name."""
        cards, _ = await _cards(context)
        found = [Found(key=name, name=name, model=name, kind="internal") for name in cards.models()]
        return [
            *found,
            *(Found(key=name, name=name, model=name, kind="internal", detail="LoRA adapter")
              for name in dict.fromkeys((*cards.adapters(), *self._named))),
        ]  # fmt: skip

    async def status(self, context: Context) -> Status:
        """Awake or asleep, everything on the server at once; where that cannot be asked, the facts say so."""
        cards, elapsed_ms = await _cards(context)
        asleep = await _asleep(context)
        state: Literal["serving", "stopped"] = "stopped" if asleep else "serving"
        lines = ("asleep",) if asleep else ()
        surfaces = [
            SurfaceState(key=one.id, model=one.id, state=state, restrictions=lines) for one in cards.data
        ] + [
            SurfaceState(key=name, model=name, state="stopped", restrictions=("unloaded",))
            for name in self._named if name not in cards.adapters()
        ]  # fmt: skip
        told = {None: f"cannot be asked: {_OFF}", True: "yes", False: "no"}[asleep]
        return Status(
            at_ms=context.now_ms(), latency_ms=elapsed_ms, surfaces=tuple(surfaces), facts={"asleep": told},
            detail="asleep" if asleep else "awake" if asleep is False else "it does not say whether it sleeps",
        )  # fmt: skip

    # -- planning ------------------------------------------------------------------------------------------------------

    async def plan(self, context: Context, wish: Wish) -> Planned:
        """Sleep and waking, or an adapter's unloading and loading."""
        lever = lever_of(self.manifest, wish)
        params = params_of(lever, wish) if wish.direction == "contain" else {}
        name = wish.selector or wish.surface_key
        if not name or wish.surface_key not in {"", name}:
            raise Refused("say which model or adapter, by its name; each is a surface of its own")
        cards, _ = await _cards(context)
        blank = Planned(
            lever=lever.name, selector=name, surface_key=name, name=name, model=name, params=params, pre={},
            pre_read_ms=context.now_ms(), wanted={}, requests=(), revert=(), selectors=0, reach=lever.reach,
            reversal=lever.reversal, direction=wish.direction,
        )  # fmt: skip
        if lever is UNLOAD:
            return self._unloading(cards, blank)
        if name not in cards.models():
            raise Refused(f"the server has no model called {name[:80]}", wire.NOT_FOUND)
        return _sleep(blank, cards, asleep=await _asleep(context))

    def _unloading(self, cards: wire.Cards, blank: Planned) -> Planned:
        name, found = blank.selector, cards.adapters().get(blank.selector)
        path = self._named.get(name, "") if found is None else found.root or self._named.get(name, "")
        if found is None and not path:
            raise Refused(f"the server has no LoRA adapter called {name[:80]}", wire.NOT_FOUND)
        if not path:
            raise Refused(f"the server does not say from where {name[:80]} was loaded: name it in the settings")
        pre = {"adapter": json.dumps(path if found else None)}
        wanted = {"adapter": json.dumps(path if blank.direction == "restore" else None)}
        base = found.parent or "" if found else next(iter(cards.models()), "")
        return replace(
            blank, pre=pre, wanted=wanted, params={**blank.params, "base": base},
            requests=(_adapter(name, wanted, path),), revert=(_adapter(name, pre, path),), notes=(_RELOADS,),
        )  # fmt: skip

    # -- doing ---------------------------------------------------------------------------------------------------------

    async def apply(self, context: Context, planned: Planned) -> Receipt:
        """Send what was planned. Letting calls finish first may take longer than an answer is waited for."""
        return await self._send(context, planned, planned.requests, planned.wanted)

    async def revert(self, context: Context, planned: Planned) -> Receipt:
        """Send what restores it as it was."""
        return await self._send(context, planned, planned.revert, planned.pre)

    async def _send(
        self, context: Context, planned: Planned, requests: Sequence[Request], after: Mapping[str, str]
    ) -> Receipt:
        return await in_order(requests, lambda request: self._one(context, planned, request, after), did="done")

    async def _one(self, context: Context, planned: Planned, request: Request, after: Mapping[str, str]) -> Receipt:
        """Unloading what is not loaded, or loading what is, is refused: then it is looked whether it is so already."""
        reply = await context.send(request)
        perhaps = planned.lever == UNLOAD.name and reply.status in {400, wire.NOT_FOUND}
        if perhaps and (await self.read_back(context, planned)).fields == after:
            return Receipt(outcome="already-so", status=reply.status)
        wire.written(wire.check(reply, "write"))
        return Receipt(outcome="accepted", status=reply.status, request_id=reply.request_id)

    async def read_back(self, context: Context, planned: Planned) -> ReadBack:
        """Ask whether it sleeps, or for the list of adapters."""
        if planned.lever == UNLOAD.name:
            cards, _ = await _cards(context)
            found = cards.adapters().get(planned.selector)
            known = json.loads(planned.pre["adapter"]) or json.loads(planned.wanted["adapter"])
            fields = {"adapter": json.dumps((found.root or known) if found else None)}
        else:
            asleep = await _asleep(context)
            if asleep is None:
                return ReadBack(verdict="cannot-tell", fields={}, at_ms=context.now_ms(), detail=_OFF)
            fields = {"asleep": json.dumps(asleep)}
        return compared(planned, fields, context.now_ms())

    async def running(self, context: Context, planned: Planned) -> Sequence[Running] | None:
        """The calls that run and wait on the server; which of them are an adapter's, its metrics do not say."""
        if planned.lever != SLEEP.name:
            return None
        reply = await context.call("GET", "/metrics", effect="read")
        if reply.status == wire.NOT_FOUND:
            return None
        count = wire.requests_of(wire.check(reply, "metrics"))
        then: contract.Fate = "stops" if planned.params.get(contract.RUNNING) == contract.STOP else "finishes"
        return [Running(what="streams", count=count, then=then, at_ms=context.now_ms())] if count else []

    async def probe(self, context: Context, planned: Planned, credential: str | None) -> Probe:
        """One call of one token to an adapter. A sleeping server is not called: it would answer when it wakes."""
        blank = Probe(outcome="cannot-tell", evidence="credential")
        if planned.lever != UNLOAD.name:
            return replace(blank, evidence="canary", detail="a call to a sleeping server waits until it wakes")
        body = {"model": planned.selector, "messages": [{"role": "user", "content": "ping"}], "max_tokens": 1}
        try:
            reply = await context.call(
                "POST", "/v1/chat/completions", json=body, effect="read", credential=credential, fresh=True
            )
            outcome, detail = _judge(planned.selector, reply)
        except (NotSent, Throttled, Refused, Malformed) as fault:
            return replace(blank, detail=fault.detail)
        return replace(blank, outcome=outcome, status=reply.status, detail=detail)


# -- small things ------------------------------------------------------------------------------------------------------


async def _cards(context: Context) -> tuple[wire.Cards, int]:
    reply = await context.call("GET", "/v1/models", effect="read")
    return wire.read(wire.Cards, wire.check(reply, "models")), reply.elapsed_ms


async def _asleep(context: Context) -> bool | None:
    """Whether it sleeps; None where the endpoint is not there."""
    reply = await context.call("GET", "/is_sleeping", effect="read")
    if reply.status == wire.NOT_FOUND:
        return None
    return wire.read(wire.Sleeping, wire.check(reply, "sleep")).is_sleeping


def _sleep(blank: Planned, cards: wire.Cards, *, asleep: bool | None) -> Planned:
    if asleep is None:
        raise Refused(f"{blank.name} cannot be put to sleep: {_OFF}", wire.NOT_FOUND)
    contain = blank.direction == "contain"
    deep = blank.params.get("level") == "2"
    pre, wanted = {"asleep": json.dumps(asleep)}, {"asleep": json.dumps(contain)}
    down, up = (_down(blank.params),), _up(deep=deep)
    others = [one.id for one in cards.data if one.id != blank.selector]
    notes = [f"everything on this server sleeps with it: {', '.join(others)[:300]}"] if others else []
    return replace(
        blank, pre=pre, wanted=wanted, requests=down if contain else up,
        revert=(_down({}),) if asleep else up, reversal="best-effort" if deep else "exact",
        notes=(*notes, _QUEUES, *([_DROPPED] if deep else [])),
    )  # fmt: skip


def _down(params: Mapping[str, str]) -> Request:
    mode = "abort" if params.get(contract.RUNNING) == contract.STOP else "wait"
    return Request(method="POST", path=f"/sleep?level={params.get('level', '1')}&mode={mode}", content_type=None)


def _up(*, deep: bool) -> tuple[Request, ...]:
    if not deep:
        return (Request(method="POST", path="/wake_up", content_type=None),)
    return (
        Request(method="POST", path="/wake_up?tags=weights", content_type=None),
        Request(method="POST", path="/collective_rpc", body='{"method":"reload_weights"}'),
        Request(method="POST", path="/wake_up?tags=kv_cache", content_type=None),
    )


def _adapter(name: str, fields: Mapping[str, str], path: str) -> Request:
    gone = fields["adapter"] == "null"
    body = {"lora_name": name} if gone else {"lora_name": name, "lora_path": path}
    where = "/v1/unload_lora_adapter" if gone else "/v1/load_lora_adapter"
    return Request(method="POST", path=where, body=json.dumps(body, separators=(",", ":")))


def _judge(name: str, reply: Reply) -> tuple[Literal["refused", "passed", "cannot-tell"], str]:
    if reply.status == wire.OK:
        wire.read(wire.Chat, reply)
        return "passed", "it answered"
    kind, said = wire.error_of(reply)
    if reply.status == wire.NOT_FOUND and kind == "NotFoundError" and names(said, name):
        return "refused", "the server has no such model"
    return "cannot-tell", "refused for another reason than this correction"
