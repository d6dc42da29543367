"""HAProxy before a model: block and slow callers, stop all traffic, drain servers, over its runtime socket.

A map that is changed over the socket is forgotten at the next reload, so the map's file is written too. The socket
answers in sentences without a status: only those that are known count.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Literal

from adapters import contract
from adapters.contract import (
    Context,
    Evidence,
    Found,
    Lever,
    Malformed,
    Manifest,
    NotSent,
    OutcomeUnknown,
    Places,
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
from adapters.haproxy import wire
from adapters.haproxy.levers import BLOCK, DRAIN, LEVERS, RATE, STOP, Settings

_CALLER = re.compile(r"[A-Za-z0-9._:@/+=-]{1,128}\Z")
_SECRET = re.compile(r"sk-|Bearer|eyJ", re.IGNORECASE)
_MODE, _STOPPED = "global", "stopped"
_OK, _MULTIPLE, _FORBIDDEN, _UNAVAILABLE = 200, 300, 403, 503
_TOO_MANY = b"You have sent too many requests in a given amount of time."
_BY_RULE, _NO_SERVER = "Request forbidden by administrative rules.", "503 Service Unavailable"


_BOUND = "a caller bound to a server, by a cookie or a stick table say, still reaches it: traffic.stop stops those too"


class HAProxy:
    """One backend behind one HAProxy whose runtime socket is on this machine."""

    manifest: ClassVar[Manifest] = Manifest(
        name="haproxy", version=2, title="HAProxy", settings=Settings, secrets={}, auth="bearer", levers=LEVERS,
        not_possible={
            "capability": "it reads paths and headers, not what is asked of a model",
            "use-case": "it reads paths and headers, not what is asked of a model",
        },
    )  # fmt: skip

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._maps = {
            BLOCK.name: settings.block_map, RATE.name: settings.rate_map, STOP.name: settings.mode_map,
        }  # fmt: skip

    def base_url(self) -> str:
        """Where callers reach it."""
        return self._settings.base_url

    def places(self) -> Places:
        """The socket, and the map files where they are written."""
        files = tuple(path for path in self._maps.values() if path) if self._settings.write_files else ()
        return Places(socket=self._settings.socket, files=files)

    def offers(self) -> Sequence[str]:
        """A lever that writes a map is there where the settings name that map; servers can always be drained."""
        return [lever.name for lever in LEVERS if lever is DRAIN or self._maps[lever.name]]

    # -- looking -------------------------------------------------------------------------------------------------------

    async def discover(self, context: Context) -> Sequence[Found]:
        """The one backend."""
        servers = await self._servers(context)
        return [
            Found(
                key=self._settings.backend, name=self._settings.backend, model=self._model(),
                detail=f"{len(servers)} servers behind HAProxy",
            )
        ]  # fmt: skip

    async def status(self, context: Context) -> Status:
        """The backend by its servers, and whether all traffic is stopped."""
        told = await _say(context, "show info")
        facts = wire.facts_of(told)
        servers = await self._servers(context)
        lines = [f"server {one.name} is in state {one.forced}" for one in servers if one.forced != "ready"]
        lines += [f"server {one.name} fails its check" for one in servers if not one.runs]
        usable = sum(one.usable for one in servers)
        bound = await self._bound(context, servers)
        lines += ["callers with a cookie for a drained server still reach it"] if bound else []
        state: Literal["serving", "degraded", "stopped"] = "serving" if usable == len(servers) else "degraded"
        if self._settings.mode_map and await self._runtime(context, self._settings.mode_map, _MODE) == _STOPPED:
            lines.append("all traffic is stopped")
            usable, bound = 0, False
        key = self._settings.backend
        surface = SurfaceState(
            key=key, model=self._model(), state=state if usable or bound else "stopped", restrictions=tuple(lines)
        )
        return Status(
            at_ms=context.now_ms(), latency_ms=told.elapsed_ms, surfaces=(surface,), facts=facts,
            detail=f"HAProxy {facts.get('version', '')}, {usable} of {len(servers)} servers usable",
        )  # fmt: skip

    async def _bound(self, context: Context, servers: Sequence[wire.Server]) -> bool:
        """Whether a server that is only drained still takes callers who come with its cookie."""
        drained = {one.name for one in servers if one.forced == "drain" and one.runs}
        if not drained:
            return False
        told = await _say(context, f"show stat {self._settings.backend} 4 -1")
        return bool(drained & wire.cookies_of(told))

    def _model(self) -> str:
        return self._settings.model or self._settings.backend

    # -- planning ------------------------------------------------------------------------------------------------------

    async def plan(self, context: Context, wish: Wish) -> Planned:
        """The lines to the socket and to the map's file, there and back."""
        try:
            lever = self.manifest.lever(wish.lever)
        except KeyError:
            raise Refused(f"there is no lever {wish.lever} here") from None
        params = _params(lever, wish)
        backend = self._settings.backend
        if wish.surface_key not in {"", backend}:
            raise Refused(f"this is the backend {backend}, not {wish.surface_key}")
        if lever.wide and wish.selector not in {"", backend}:
            raise Refused(f"there is no backend {wish.selector} here, only {backend}")
        selector = backend if lever.wide else _caller(wish.selector)
        blank = Planned(
            lever=lever.name, selector=selector, surface_key=backend, name=selector, model=self._model(),
            params=params, pre={}, pre_read_ms=context.now_ms(), wanted={}, requests=(), revert=(),
            selectors=0 if lever.wide else 1, reach=lever.reach, reversal=lever.reversal, direction=wish.direction,
        )  # fmt: skip
        pre = await self._fields(context, blank)
        wanted = dict.fromkeys(pre, _wanted(lever, wish, params))
        ends = await self._ends(context) if _stops(blank) else ()
        return replace(
            blank, pre=pre, wanted=wanted, requests=(*self._writes(blank, wanted), *ends),
            revert=self._writes(blank, pre), notes=self._notes(lever),
        )  # fmt: skip

    def _notes(self, lever: Lever) -> tuple[str, ...]:
        if lever is DRAIN:
            return ("a reload of HAProxy forgets it", _BOUND)
        notes = ["stops every backend of this HAProxy that reads the map of modes"] if lever is STOP else []
        return (*notes, *([] if self._settings.write_files else ["a reload forgets it: the map's file is not written"]))

    async def _ends(self, context: Context) -> tuple[Request, ...]:
        """What ends the sessions that run, after new ones are kept out."""
        backend = self._settings.backend
        return tuple(_line(f"shutdown sessions server {backend}/{one.name}") for one in await self._servers(context))

    def _writes(self, planned: Planned, fields: Mapping[str, str]) -> tuple[Request, ...]:
        """Sent twice they come to the same: a key is taken out before it is set, because adding would double it."""
        values = {name: json.loads(text) for name, text in fields.items()}
        if planned.lever == DRAIN.name:
            return tuple(
                _line(f"set server {self._settings.backend}/{name} state {state}") for name, state in values.items()
            )
        path, key = self._maps[planned.lever], self._key(planned)
        value = values["runtime"]
        out = f"del map {path} {key}"
        requests = [_line(out if value is None else f"{out};add map {path} {key} {value}")]
        if "file" in values:
            kept = values["file"]
            body = key if kept is None else f"{key} {kept}"
            requests.append(Request(method="FILE", path=path, body=body, content_type=None))
        return tuple(requests)

    def _key(self, planned: Planned) -> str:
        return _MODE if planned.lever == STOP.name else planned.selector

    # -- doing ---------------------------------------------------------------------------------------------------------

    async def apply(self, context: Context, planned: Planned) -> Receipt:
        """Send what was planned: the socket first, so that it bites, then the file, so that it stays."""
        return await _send(context, planned.requests)

    async def revert(self, context: Context, planned: Planned) -> Receipt:
        """Send what restores map, file and servers as they were."""
        return await _send(context, planned.revert)

    async def read_back(self, context: Context, planned: Planned) -> ReadBack:
        """Ask the socket for the value now, and read the file anew."""
        fields = await self._fields(context, planned)
        at_ms = context.now_ms()
        same = fields == dict(planned.wanted)
        half = not same and fields.get("runtime") == planned.wanted.get("runtime", "")
        detail = "in effect until the next reload: the map's file says otherwise" if half else ""
        return ReadBack(verdict="in-effect" if same else "not-in-effect", fields=fields, at_ms=at_ms, detail=detail)

    async def _fields(self, context: Context, planned: Planned) -> dict[str, str]:
        if planned.lever == DRAIN.name:
            return {one.name: json.dumps(one.forced) for one in await self._servers(context)}
        path, key = self._maps[planned.lever], self._key(planned)
        if not path:
            raise Refused(f"the settings name no map for {planned.lever}")
        fields = {"runtime": json.dumps(await self._runtime(context, path, key))}
        if self._settings.write_files:
            asked = Request(method="FILE", path=path, content_type=None, effect="read")
            fields["file"] = json.dumps(wire.line_of((await context.send(asked)).body, key))
        return fields

    async def _runtime(self, context: Context, path: str, key: str) -> str | None:
        return wire.value_of(await _say(context, f"get map {path} {key}"))

    async def _servers(self, context: Context) -> list[wire.Server]:
        found = wire.servers_of(await _say(context, f"show servers state {self._settings.backend}"))
        if not found:
            raise Refused(f"the backend {self._settings.backend} has no servers")
        return found

    async def running(self, context: Context, planned: Planned) -> Sequence[Running] | None:
        """The sessions that the backend's servers have now; whose they are, the proxy does not say."""
        if planned.lever not in {STOP.name, DRAIN.name}:
            return None
        count = wire.sessions_of(await _say(context, f"show stat {self._settings.backend} 4 -1"))
        then: contract.Fate = "stops" if _stops(planned) else "finishes"
        return [Running(what="sessions", count=count, then=then, at_ms=context.now_ms())] if count else []

    # -- trying --------------------------------------------------------------------------------------------------------

    async def probe(self, context: Context, planned: Planned, credential: str | None) -> Probe:
        """One GET on a fresh connection as the caller; for a stop or a drain as anybody."""
        lever = self.manifest.lever(planned.lever)
        evidence: Evidence = lever.probe or "credential"
        blank = Probe(outcome="cannot-tell", evidence=evidence)
        if credential is None and not lever.wide:
            return replace(blank, detail="no caller's key to try with")
        try:
            reply = await context.call(
                "GET", self._settings.probe_path, effect="read", credential=credential, fresh=True
            )
            outcome, detail = await self._judge(context, planned, reply)
        except Throttled as fault:
            # a server behind it answers 429 too: only the proxy's own page says that it was the proxy's limit
            limited = planned.lever == RATE.name and fault.reply is not None and _TOO_MANY in fault.reply.body
            told = "limited" if limited else "limited, and not in the proxy's words"
            return replace(blank, outcome="refused" if limited else "cannot-tell", status=429, detail=told)
        except (NotSent, Refused, Malformed) as fault:
            return replace(blank, detail=fault.detail)
        return replace(blank, outcome=outcome, status=reply.status, detail=detail)

    async def _judge(
        self, context: Context, planned: Planned, reply: Reply
    ) -> tuple[Literal["refused", "passed", "cannot-tell"], str]:
        if _OK <= reply.status < _MULTIPLE and not reply.headers.get("content-type", "").startswith("text/html"):
            limited = planned.lever == RATE.name and planned.wanted["runtime"] not in {'"0"', "null"}
            return ("cannot-tell", "below the limit") if limited else ("passed", "answered")
        said = reply.body.decode("utf-8", "replace")
        if planned.lever == BLOCK.name and reply.status == _FORBIDDEN and _BY_RULE in said:
            return "refused", "forbidden by rule"
        # 503 is also what an outage looks like: it is ours only where servers run and would serve but for this
        if planned.lever in {STOP.name, DRAIN.name} and reply.status == _UNAVAILABLE and _NO_SERVER in said:
            servers = await self._servers(context)
            kept = [one for one in servers if one.runs and (one.usable or planned.lever == DRAIN.name)]
            return ("refused", "stopped") if kept else ("cannot-tell", "no server behind it runs")
        return "cannot-tell", "refused for another reason than this correction"


# -- small things ------------------------------------------------------------------------------------------------------


def _stops(planned: Planned) -> bool:
    return planned.params.get(contract.RUNNING) == contract.STOP


def _line(text: str, effect: Literal["read", "write"] = "write") -> Request:
    return Request(method="LINE", path="/", body=text, content_type=None, effect=effect)


async def _say(context: Context, text: str) -> Reply:
    return await context.send(_line(text, "read"))


def _caller(selector: str) -> str:
    if not selector or not _CALLER.match(selector):
        raise Refused("say which caller, as the map of callers names it: letters, digits and ._:@/+=- only")
    if _SECRET.match(selector):
        raise Refused("that looks like a caller's key, which must not enter the record: key the map by its hash")
    return selector


def _params(lever: Lever, wish: Wish) -> dict[str, str]:
    if wish.direction == "restore":
        return {}
    return params_of(lever, wish)


def _wanted(lever: Lever, wish: Wish, params: Mapping[str, str]) -> str:
    contain = wish.direction == "contain"
    if lever is DRAIN:
        return json.dumps("drain" if contain else "ready")
    value = {BLOCK.name: "1", STOP.name: _STOPPED}.get(lever.name) or params.get("rate", "")
    return json.dumps(value if contain else None)


async def _send(context: Context, requests: Sequence[Request]) -> Receipt:
    for number, request in enumerate(requests):
        try:
            reply = await context.send(request)
            if request.method == "LINE":
                wire.written(reply)
        except (Refused, Malformed, NotSent, Throttled) as fault:
            if number:
                raise OutcomeUnknown(f"{number} of {len(requests)} were done, then: {fault.detail}") from fault
            raise
    return Receipt(outcome="accepted")
