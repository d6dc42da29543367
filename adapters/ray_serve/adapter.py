"""Ray Serve's declarative applications: what is deployed is one document, written whole.

A correction is that document without the application, or with less for it; the way back is the document as it was. Ray
has no version to compare: right before a write it is looked again, and what somebody else changed stops it (`Stale`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from adapters.access import Access, CallersSide
from adapters.alike import lever_of
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
    Status,
    SurfaceState,
    Throttled,
    Wish,
)
from adapters.forms import params_of
from adapters.ray_serve import wire, writing
from adapters.ray_serve.levers import CONFIGURE, FEWER, LEVERS, REMOVE, ConfigureParams, Settings, split

_NO_VERSION = "Ray keeps no version: what somebody else writes in the moment of this write is lost"
_BY_FILE = "whoever deploys from a file, KubeRay's RayService say, may put it back: stop that too"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """What a plan makes of the configurations, and how the fields of its lever are before and after."""

    configs: Mapping[str, wire.Config]
    pre: Mapping[str, str]
    wanted: Mapping[str, str]
    exact: bool = True
    notes: tuple[str, ...] = ()


class RayServe:
    """The applications of one Ray cluster."""

    manifest: ClassVar[Manifest] = Manifest(
        name="ray_serve", version=1, title="Ray Serve", settings=Settings,
        secrets={"admin": "the dashboard's token, where it or a proxy before it asks for one"}, auth="bearer",
        levers=LEVERS,
        not_possible={
            "user": "Ray knows no callers: block them at the gateway in front",
            "use-case": "Ray does not read what is asked",
            "stop by 0 replicas": "Ray refuses it: remove the application",
            "applications deployed by code": "serve.run's are not in the document: whoever deployed one deletes it",
        },
    )  # fmt: skip

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._named = split(settings.applications)

    def base_url(self) -> str:
        """Where the dashboard is."""
        return self._settings.base_url

    def access(self) -> Access:
        """A token where there is one; and where callers come."""
        callers = CallersSide(url=self._settings.callers_url) if self._settings.callers_url else None
        return Access(scheme="bearer" if self._settings.prove == "token" else "none", callers=callers)

    # -- looking -------------------------------------------------------------------------------------------------------

    async def discover(self, context: Context) -> Sequence[Found]:
        """Every application, and those that the settings name."""
        found, _ = await _all(context)
        seen = {name: one.route_prefix or "no route" for name, one in found.applications.items()}
        return [
            Found(key=name, name=name, model=name, kind="internal", detail=seen.get(name, "not deployed"))
            for name in dict.fromkeys((*seen, *self._named))
        ]

    async def status(self, context: Context) -> Status:
        """Each application's own account of itself; one that is named in the settings and not there is stopped."""
        found, elapsed_ms = await _all(context)
        surfaces = [_state(name, one) for name, one in found.applications.items()]
        surfaces += [
            SurfaceState(key=name, model=name, state="stopped", restrictions=("removed",), detail="not deployed")
            for name in self._named if name not in found.applications
        ]  # fmt: skip
        return Status(
            at_ms=context.now_ms(), latency_ms=elapsed_ms, surfaces=tuple(surfaces),
            detail=f"{len(found.applications)} applications",
        )  # fmt: skip

    # -- planning ------------------------------------------------------------------------------------------------------

    async def plan(self, context: Context, wish: Wish) -> Planned:
        """The whole document with the change, and the whole document as it is."""
        lever = lever_of(self.manifest, wish)
        params = _params(lever, wish)
        name = wish.selector or wish.surface_key
        if not name or wish.surface_key not in {"", name}:
            raise Refused("say which application, by its name; each is a surface of its own")
        found, _ = await _all(context)
        one = found.applications.get(name)
        self._refuse_what_cannot_be_written(found, (name, *split(params.get("also", ""))), lever)
        change = self._change(found, lever, name, params)
        writing.no_secrets({**found.configs(), **change.configs}, environment_may=self._settings.record_environment)
        return Planned(
            lever=lever.name, selector=name, surface_key=name, name=name, model=name,
            params={**params, "route": one.route_prefix or "" if one else ""}, pre=change.pre,
            pre_read_ms=context.now_ms(), wanted=change.wanted,
            requests=(writing.write(found, change.configs),), revert=(writing.write(found, found.configs()),),
            selectors=0, reach=lever.reach, reversal="exact" if change.exact else "best-effort",
            direction=wish.direction, notes=(*change.notes, _BY_FILE, _NO_VERSION),
        )  # fmt: skip

    def _refuse_what_cannot_be_written(self, found: wire.Instance, names: Sequence[str], lever: Lever) -> None:
        for name in names:
            one = found.applications.get(name)
            if one is None and not (lever is REMOVE and name in self._named):
                raise Refused(f"there is no application called {name[:80]}", wire.NOT_FOUND)
            if one is not None and one.by_code:
                raise Refused(f"{name} was deployed by code, not by configuration: whoever deployed it deletes it")
            if one is not None and one.status == wire.DELETING:
                raise Refused(f"{name} is being deleted: look again when it has settled")

    def _change(self, found: wire.Instance, lever: Lever, name: str, params: Mapping[str, str]) -> _Change:
        if lever is REMOVE:
            return _removal(found, (name, *split(params["also"])))
        one, config = found.applications[name], found.configs()[name]
        if lever is FEWER:
            changed, after, unset = _fewer(one, config, int(params["most"]))
        else:
            changed, after, unset = _configured(one, config, params)
        notes = ["Ray restarts no replica for it, but ends those that are too many"] if lever is FEWER else []
        notes += _unheard(one, params) if lever is CONFIGURE else []
        exact = found.restores_unset_config_options or not unset
        notes += [] if exact else ["this Ray keeps an option that is taken out of the configuration: look after undo"]
        return _Change(
            configs={**found.configs(), name: changed}, pre=_fields(lever.name, one, params), wanted=after,
            exact=exact, notes=tuple(notes),
        )  # fmt: skip

    # -- doing ---------------------------------------------------------------------------------------------------------

    async def apply(self, context: Context, planned: Planned) -> Receipt:
        """Look again, then send what was planned."""
        return await self._send(context, planned, planned.requests)

    async def revert(self, context: Context, planned: Planned) -> Receipt:
        """Look again, then send the document as it was."""
        return await self._send(context, planned, planned.revert)

    async def _send(self, context: Context, planned: Planned, requests: Sequence[Request]) -> Receipt:
        found, _ = await _all(context)
        writing.still_fits(found, (*planned.requests, *planned.revert))
        receipt = Receipt(outcome="accepted")
        for request in requests:
            reply = wire.check(await context.send(request), "applications")
            if reply.body.strip():
                raise Malformed("Ray answers a write with nothing")
            receipt = Receipt(outcome="accepted", status=reply.status, request_id=reply.request_id)
        return receipt

    async def read_back(self, context: Context, planned: Planned) -> ReadBack:
        """Read all anew. What is being deleted, or deployed, is not yet so."""
        found, _ = await _all(context)
        at_ms = context.now_ms()
        one = found.applications.get(planned.selector)
        blank = ReadBack(verdict="not-in-effect", fields={}, at_ms=at_ms, detail=one.status if one else "not deployed")
        if planned.lever == REMOVE.name:
            names = (planned.selector, *split(planned.params.get("also", "")))
            fields = _documents(found, names)
            same = fields == dict(planned.wanted) and not any(name in found.applications for name in names)
            return replace(blank, fields=fields, verdict="in-effect" if same else "not-in-effect")
        if one is None or one.status == wire.DELETING:
            return replace(blank, verdict="cannot-tell")
        fields = _fields(planned.lever, one, planned.params)
        same = fields == dict(planned.wanted) and one.status in {wire.RUNNING, wire.UNHEALTHY}
        return replace(blank, fields=fields, verdict="in-effect" if same else "not-in-effect")

    async def probe(self, context: Context, planned: Planned, credential: str | None) -> Probe:
        """One GET at the application's route, where callers come; 404 in the proxy's own words is a refusal."""
        blank = Probe(outcome="cannot-tell", evidence="client-view")
        route = planned.params.get("route", "")
        if planned.lever != REMOVE.name or not route or not self._settings.callers_url:
            return replace(blank, detail="it cannot be tried from here")
        path = (route.rstrip("/") + self._settings.probe_path) or "/"
        try:
            reply = await context.call("GET", path, effect="read", credential=credential, fresh=True, side="callers")
        except (NotSent, Throttled, Refused, Malformed) as fault:
            return replace(blank, detail=fault.detail)
        outcome, detail = _judge(path, reply)
        return replace(blank, outcome=outcome, status=reply.status, detail=detail)


# -- reading -----------------------------------------------------------------------------------------------------------


async def _all(context: Context) -> tuple[wire.Instance, int]:
    reply = await context.call("GET", wire.PATH, effect="read")
    return wire.read(wire.Instance, wire.check(reply, "applications")), reply.elapsed_ms


def _state(name: str, one: wire.Application) -> SurfaceState:
    """Routes of what is being deleted are gone at once; a failed deployment leaves what ran before."""
    states: dict[str, Literal["serving", "degraded", "unknown"]] = {
        wire.RUNNING: "serving", wire.UNHEALTHY: "degraded", "DEPLOYING": "degraded", wire.DELETING: "degraded",
    }  # fmt: skip
    detail = f"{one.status}, deployed by code" if one.by_code else one.status
    return SurfaceState(key=name, model=name, state=states.get(one.status, "unknown"), detail=detail)


def _documents(found: wire.Instance, names: Sequence[str]) -> dict[str, str]:
    """The configuration of each, or null; that of the first under the field's own name."""
    configs = found.configs()
    fields = {name: json.dumps(configs.get(name), sort_keys=True) for name in names}
    return {"application": fields.pop(names[0]), **fields}


def _fields(lever: str, one: wire.Application, params: Mapping[str, str]) -> dict[str, str]:
    if lever == FEWER.name:
        return {"replicas": _bounds({name: deployment.bounds for name, deployment in one.deployments.items()})}
    deployment = one.deployments.get(params["deployment"])
    return {"user_config": json.dumps(deployment.options.get("user_config") if deployment else None, sort_keys=True)}


def _bounds(found: Mapping[str, tuple[int, int]]) -> str:
    return json.dumps({name: list(pair) for name, pair in found.items()}, sort_keys=True)


# -- changing ----------------------------------------------------------------------------------------------------------


def _params(lever: Lever, wish: Wish) -> dict[str, str]:
    if wish.direction == "restore":
        raise Refused("how it was only the correction knows that changed it: undo that one")
    return params_of(lever, wish)


def _removal(found: wire.Instance, names: Sequence[str]) -> _Change:
    pre = _documents(found, names)
    running = [found.applications[name] for name in names if name in found.applications]
    graces = [
        float(deployment.options.get("graceful_shutdown_timeout_s") or 0)
        for one in running for deployment in one.deployments.values()
    ]  # fmt: skip
    notes = [f"calls that run already have up to {max(graces):g} s to finish, then they are cut off"] if graces else []
    kept = {name: config for name, config in found.configs().items() if name not in names}
    return _Change(configs=kept, pre=pre, wanted=dict.fromkeys(pre, "null"), notes=tuple(notes))


def _fewer(one: wire.Application, config: wire.Config, most: int) -> tuple[wire.Config, dict[str, str], bool]:
    """The configuration with fewer, the field after it, and whether it sets what the configuration left to the code."""
    after: dict[str, tuple[int, int]] = {}
    unset = False
    for name, deployment in one.deployments.items():
        own = writing.own_options(config, name)
        options = writing.at_most(deployment, own, most)
        unset = unset or any(option not in own for option in options)
        config = writing.changed_deployment(config, name, options) if options else config
        least, now = deployment.bounds
        fixed = not isinstance(deployment.options.get("autoscaling_config"), dict)
        after[name] = (min(now if fixed else least, most), min(now, most))
    return config, {"replicas": _bounds(after)}, unset


def _configured(
    one: wire.Application, config: wire.Config, params: Mapping[str, str]
) -> tuple[wire.Config, dict[str, str], bool]:
    name = params["deployment"]
    if name not in one.deployments:
        raise Refused(f"the application has no deployment called {name[:80]}")
    now = one.deployments[name].options.get("user_config")
    if not isinstance(now, dict):
        raise Refused(f"{name} has no user_config that is an object: its code takes none, or none was ever given")
    told = {**now, params["name"]: ConfigureParams.model_validate(dict(params)).told()}
    changed = writing.changed_deployment(config, name, {"user_config": told})
    unset = "user_config" not in writing.own_options(config, name)
    return changed, {"user_config": json.dumps(told, sort_keys=True)}, unset


def _unheard(one: wire.Application, params: Mapping[str, str]) -> list[str]:
    """What the code was never told before, it may not listen to."""
    known = params["name"] in one.deployments[params["deployment"]].options["user_config"]
    lines = [] if known else [f"its user_config had no {params['name']} before: its code may not read it"]
    return [*lines, "whether the code acts on it, only its answers tell: try it"]


def _judge(path: str, reply: Reply) -> tuple[Literal["refused", "passed", "cannot-tell"], str]:
    said = reply.body[:2000].decode("utf-8", "replace")
    if reply.status == wire.NOT_FOUND and said.startswith(f"Path '{path}' not found. Ping "):
        return "refused", "the proxy knows no such route"
    page = reply.headers.get("content-type", "").startswith("text/html")
    if reply.status < wire.REDIRECTS and not page:
        return "passed", "it answered"
    return "cannot-tell", "refused for another reason than this correction"
