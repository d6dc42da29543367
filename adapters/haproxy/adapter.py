"""HAProxy before a model: block and slow callers, stop all traffic, drain servers, over its runtime socket.

A map that is changed over the socket is forgotten at the next reload, so the map's file is written too. The socket
answers in sentences without a status: only those that are known count.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Literal

from adapters import contract
from adapters.alike import compared, in_order, lever_of
from adapters.contract import (
    Context,
    Evidence,
    Found,
    Malformed,
    Manifest,
    NotSent,
    Places,
    Planned,
    Probe,
    ReadBack,
    Receipt,
    Refused,
    Request,
    Running,
    Served,
    Status,
    SurfaceState,
    Throttled,
    Wish,
)
from adapters.forms import params_of
from adapters.haproxy import planning, reading, trying, wire
from adapters.haproxy.levers import BLOCK, DRAIN, LEVERS, RATE, STOP, Settings
from adapters.rights import Granted


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
        told = await reading.say(context, "show info")
        facts = wire.facts_of(told)
        servers = await self._servers(context)
        lines = [f"server {one.name} is in state {one.forced}" for one in servers if one.forced != "ready"]
        lines += [f"server {one.name} fails its check" for one in servers if not one.runs]
        usable = sum(one.usable for one in servers)
        bound = await self._bound(context, servers)
        lines += ["callers with a cookie for a drained server still reach it"] if bound else []
        state: Literal["serving", "degraded", "stopped"] = "serving" if usable == len(servers) else "degraded"
        if self._settings.mode_map and await self._mode(context) == planning.STOPPED:
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

    async def _mode(self, context: Context) -> str | None:
        told = await reading.values(context, self._settings.mode_map, [planning.MODE], file=False)
        mode: str | None = json.loads(told[planning.MODE]["runtime"])
        return mode

    async def _bound(self, context: Context, servers: Sequence[wire.Server]) -> bool:
        """Whether a server that is only drained still takes callers who come with its cookie."""
        drained = {one.name for one in servers if one.forced == "drain" and one.runs}
        if not drained:
            return False
        told = await reading.say(context, f"show stat {self._settings.backend} 4 -1")
        return bool(drained & wire.cookies_of(told))

    def _model(self) -> str:
        return self._settings.model or self._settings.backend

    # -- planning ------------------------------------------------------------------------------------------------------

    async def plan(self, context: Context, wish: Wish) -> Planned:
        """The lines to the socket and to the map's file, there and back."""
        blank = self._blank(context, wish)
        ends = await self._ends(context) if planning.stops(blank) else ()
        return self._filled(blank, await self._fields(context, blank), ends)

    async def plan_many(self, context: Context, wishes: Sequence[Wish]) -> Sequence[Planned | Refused]:
        """As `plan`; of many callers a map and its file are read once."""
        told: list[Planned | Refused] = []
        for wish in wishes:
            try:
                told.append(self._blank(context, wish))
            except Refused as fault:
                told.append(fault)
        blanks = [one for one in told if isinstance(one, Planned)]
        filled = iter([
            self._filled(one, pre, await self._ends(context) if planning.stops(one) else ())
            for one, pre in zip(blanks, await self._all_fields(context, blanks), strict=True)
        ])  # fmt: skip
        return [next(filled) if isinstance(one, Planned) else one for one in told]

    def _blank(self, context: Context, wish: Wish) -> Planned:
        """A plan of what is meant, without what has to be read."""
        lever = lever_of(self.manifest, wish)
        params = params_of(lever, wish) if wish.direction == "contain" else {}
        backend = self._settings.backend
        if wish.surface_key not in {"", backend}:
            raise Refused(f"this is the backend {backend}, not {wish.surface_key}")
        if lever.wide and wish.selector not in {"", backend}:
            raise Refused(f"there is no backend {wish.selector} here, only {backend}")
        if lever is not DRAIN and not self._maps[lever.name]:
            raise Refused(f"the settings name no map for {lever.name}")
        selector = backend if lever.wide else planning.caller(wish.selector)
        return Planned(
            lever=lever.name, selector=selector, surface_key=backend, name=selector, model=self._model(),
            params=params, pre={}, pre_read_ms=context.now_ms(), wanted={}, requests=(), revert=(),
            selectors=0 if lever.wide else 1, reach=lever.reach, reversal=lever.reversal, direction=wish.direction,
            notes=planning.notes(lever, files=self._settings.write_files),
        )  # fmt: skip

    def _filled(self, blank: Planned, pre: Mapping[str, str], ends: Sequence[Request]) -> Planned:
        wanted = dict.fromkeys(pre, planning.wanted(blank))
        place = self._maps.get(blank.lever, "")
        requests = (*planning.writes(blank, wanted, place), *ends)
        return replace(blank, pre=pre, wanted=wanted, requests=requests, revert=planning.writes(blank, pre, place))

    async def _ends(self, context: Context) -> tuple[Request, ...]:
        """What ends the sessions that run, after new ones are kept out."""
        backend = self._settings.backend
        return tuple(
            reading.line(f"shutdown sessions server {backend}/{one.name}") for one in await self._servers(context)
        )

    async def may_not(self, context: Context, planned: Planned) -> Sequence[str] | None:
        """By the level of the socket: a map takes lines from any, servers and sessions obey the highest only."""
        lines = [one.body for one in (*planned.requests, *planned.revert) if one.method == "LINE"]
        lacks = await self._lacks(context)
        return lacks if any(line.startswith(planning.NEEDS_ADMIN) for line in lines) else []

    async def granted(self, context: Context) -> Granted:
        """As `may_not`, of levers of which nothing was planned."""
        lacks = await self._lacks(context)
        told = {name: lacks if name == DRAIN.name else list[str]() for name in self.offers()}
        return Granted(asked="the level of its socket: not whether the map files may be written", lacks=told)

    async def _lacks(self, context: Context) -> list[str]:
        level = wire.level_of(await reading.say(context, "show cli level"))
        return [] if level == "admin" else [f"steer servers and sessions: the socket has the level {level}"]

    # -- doing ---------------------------------------------------------------------------------------------------------

    async def apply(self, context: Context, planned: Planned) -> Receipt:
        """Send what was planned: the socket first, so that it bites, then the file, so that it stays."""
        return await _send(context, planned.requests)

    async def revert(self, context: Context, planned: Planned) -> Receipt:
        """Send what restores map, file and servers as they were."""
        return await _send(context, planned.revert)

    async def read_back(self, context: Context, planned: Planned) -> ReadBack:
        """Ask the socket for the value now, and read the file anew."""
        return _told(planned, await self._fields(context, planned), context.now_ms())

    async def read_back_many(self, context: Context, planned: Sequence[Planned]) -> Sequence[ReadBack]:
        """As `read_back`; of many callers a map and its file are read once."""
        found = await self._all_fields(context, planned)
        at_ms = context.now_ms()
        return [_told(one, fields, at_ms) for one, fields in zip(planned, found, strict=True)]

    async def served_many(self, context: Context, planned: Sequence[Planned]) -> Sequence[Served | None]:  # noqa: ARG002  as the contract has it
        """It counts nothing of a caller."""
        return [None for _ in planned]

    async def _fields(self, context: Context, planned: Planned) -> dict[str, str]:
        return (await self._all_fields(context, [planned]))[0]

    async def _all_fields(self, context: Context, planned: Sequence[Planned]) -> list[dict[str, str]]:
        """Of each plan its fields as they are: every map and every file that is meant is read once."""
        found: dict[tuple[str, str], dict[str, str]] = {}
        for lever in dict.fromkeys(one.lever for one in planned if one.lever != DRAIN.name):
            path, keys = self._maps[lever], [planning.key_of(one) for one in planned if one.lever == lever]
            told = await reading.values(context, path, keys, file=self._settings.write_files)
            found |= {(lever, key): fields for key, fields in told.items()}
        drained: dict[str, str] = {}
        if any(one.lever == DRAIN.name for one in planned):
            drained = {one.name: json.dumps(one.forced) for one in await self._servers(context)}
        return [drained if one.lever == DRAIN.name else found[one.lever, planning.key_of(one)] for one in planned]

    async def _servers(self, context: Context) -> list[wire.Server]:
        found = wire.servers_of(await reading.say(context, f"show servers state {self._settings.backend}"))
        if not found:
            raise Refused(f"the backend {self._settings.backend} has no servers")
        return found

    async def running(self, context: Context, planned: Planned) -> Sequence[Running] | None:
        """The sessions that the backend's servers have now; whose they are, the proxy does not say."""
        if planned.lever not in {STOP.name, DRAIN.name}:
            return None
        count = wire.sessions_of(await reading.say(context, f"show stat {self._settings.backend} 4 -1"))
        then: contract.Fate = "stops" if planning.stops(planned) else "finishes"
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
            told = trying.judge(planned, reply)
            if told is None:
                told = trying.stopped(planned, await self._servers(context))
        except Throttled as fault:
            outcome, detail = trying.limited(planned, fault)
            return replace(blank, outcome=outcome, status=429, detail=detail)
        except (NotSent, Refused, Malformed) as fault:
            return replace(blank, detail=fault.detail)
        return replace(blank, outcome=told[0], status=reply.status, detail=told[1])


# -- small things ------------------------------------------------------------------------------------------------------


def _told(planned: Planned, fields: Mapping[str, str], at_ms: int) -> ReadBack:
    half = dict(fields) != dict(planned.wanted) and fields.get("runtime") == planned.wanted.get("runtime", "")
    detail = "in effect until the next reload: the map's file says otherwise" if half else ""
    return compared(planned, fields, at_ms, detail)


async def _one(context: Context, request: Request) -> Receipt:
    reply = await context.send(request)
    if request.method == "LINE":
        wire.written(reply)
    return Receipt(outcome="accepted")


async def _send(context: Context, requests: Sequence[Request]) -> Receipt:
    return await in_order(requests, lambda request: _one(context, request), did="done")
