"""Unleash: flags as kill switches for a model, a feature or a use, and segments of blocked users.

It enforces nothing. A probe reads what a product would read, so it says that the product is told, not that it obeys.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Literal
from urllib.parse import quote

from pydantic import ValidationError

from adapters.contract import (
    Change,
    Context,
    Found,
    Malformed,
    Manifest,
    NotSent,
    OutcomeUnknown,
    Planned,
    Probe,
    ReadBack,
    Receipt,
    Refused,
    Rendered,
    Request,
    Served,
    Status,
    SurfaceState,
    Throttled,
    Wish,
)
from adapters.forms import NoParams
from adapters.rights import Granted
from adapters.unleash import rights, segments, users, wire
from adapters.unleash.levers import BLOCK, LEVERS, Settings

__all__ = ["Settings", "Unleash"]

_LINES = 50  # of its log
ONLY_TOLD = "a product that does not ask Unleash goes on: the probe sees what a product would read"


class Unleash:
    """One project in one environment, with an admin token; probes read with a client token of that environment."""

    manifest: ClassVar[Manifest] = Manifest(
        name="unleash", version=1, title="Unleash", settings=Settings,
        secrets={"admin": "an admin token, or a service account that may change flags and segments"}, auth="bearer",
        levers=LEVERS,
        not_possible={"frequency": "a flag is on or off: a limit in a variant is for the product to read and keep"},
    )  # fmt: skip

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def base_url(self) -> str:
        """Where it is."""
        return self._settings.base_url

    # -- looking -------------------------------------------------------------------------------------------------------

    async def discover(self, context: Context) -> Sequence[Found]:
        """Every flag of the project."""
        found, _ = await self._features(context)
        return [Found(key=one.name, name=one.name, model=one.name, detail=one.type or "flag") for one in found]

    async def status(self, context: Context) -> Status:
        """Each flag, on or off in the environment."""
        found, elapsed_ms = await self._features(context)
        reply = await context.call("GET", "/health", effect="read", credential=None)
        health = wire.read(wire.Health, wire.check(reply, "health")).health
        return Status(
            at_ms=context.now_ms(), latency_ms=elapsed_ms + reply.elapsed_ms, facts={"health": health},
            surfaces=tuple(self._state(one) for one in found), detail=f"Unleash, {self._settings.environment}",
        )  # fmt: skip

    async def granted(self, context: Context) -> Granted:
        """What the token may do here, by Unleash's own account of it."""
        return await rights.granted(context, self._settings)

    async def _features(self, context: Context) -> tuple[list[wire.Feature], int]:
        reply = await context.call("GET", f"{self._project()}/features", effect="read")
        return wire.read(wire.Features, wire.check(reply, "flags")).features, reply.elapsed_ms

    def _project(self) -> str:
        return f"/api/admin/projects/{quote(self._settings.project, safe='')}"

    def _state(self, feature: wire.Feature) -> SurfaceState:
        here = [one.enabled for one in feature.environments if one.name == self._settings.environment]
        state: Literal["serving", "stopped", "unknown"] = "unknown" if not here else "serving" if here[0] else "stopped"
        lines = ("switched off",) if state == "stopped" else ()
        return SurfaceState(key=feature.name, model=feature.name, state=state, restrictions=lines, detail=feature.type)

    # -- planning ------------------------------------------------------------------------------------------------------

    async def plan(self, context: Context, wish: Wish) -> Planned:
        """One switch, or one user more or less among those that are blocked."""
        blank = self._blank(context, wish)
        if self.manifest.lever(wish.lever).wide:
            return await self._plan_switch(context, blank)
        ground = await self._ground(context, blank.surface_key)
        (found,) = users.within(ground, [users.plan(blank, ground)])
        if isinstance(found, Refused):
            raise found
        return found

    async def plan_many(self, context: Context, wishes: Sequence[Wish]) -> Sequence[Planned | Refused]:
        """Users by the thousand, from one look at the segments; those for whom there is no room are told so."""
        grounds: dict[str, users.Ground] = {}
        found: list[Planned | Refused] = []
        for wish in wishes:
            try:
                blank = self._blank(context, wish)
                if self.manifest.lever(wish.lever).wide:
                    found.append(await self._plan_switch(context, blank))
                    continue
                if wish.surface_key not in grounds:
                    grounds[wish.surface_key] = await self._ground(context, wish.surface_key)
                found.append(users.plan(blank, grounds[wish.surface_key]))
            except Refused as fault:
                found.append(fault)
        for ground in grounds.values():
            found = users.within(ground, found)
        return found

    async def render(self, context: Context, planned: Sequence[Planned]) -> Rendered:
        """The segments as they are to be written now."""
        return await users.render(context, planned)

    async def read_back_many(self, context: Context, planned: Sequence[Planned]) -> Sequence[ReadBack]:
        """As `read_back`; of users, from one look at the segments."""
        if all(one.lever == BLOCK.name for one in planned):
            return await users.read_back(context, planned)
        return [await self.read_back(context, one) for one in planned]

    async def served_many(self, context: Context, planned: Sequence[Planned]) -> Sequence[Served | None]:  # noqa: ARG002  as the contract has it
        """It counts nothing of a user."""
        return [None for _ in planned]

    def _blank(self, context: Context, wish: Wish) -> Planned:
        try:
            lever = self.manifest.lever(wish.lever)
        except KeyError:
            raise Refused(f"there is no lever {wish.lever} here") from None
        try:
            NoParams.model_validate(dict(wish.params))
        except ValidationError as fault:
            raise Refused(f"{lever.name} takes no parameters") from fault
        return Planned(
            lever=lever.name, selector=wish.selector, surface_key=wish.surface_key, name=wish.selector,
            model=wish.surface_key, params={}, pre={}, pre_read_ms=context.now_ms(), wanted={}, requests=(), revert=(),
            selectors=0 if lever.wide else 1, reach=lever.reach, reversal=lever.reversal, direction=wish.direction,
            notes=(ONLY_TOLD,),
        )  # fmt: skip

    async def _ground(self, context: Context, flag: str) -> users.Ground:
        if flag and not await self._switch(context, flag):
            raise Refused(f"there is no flag called {flag} in this project", wire.NOT_FOUND)
        return await users.look(context, self._settings, flag)

    async def _plan_switch(self, context: Context, blank: Planned) -> Planned:
        flag = blank.selector or blank.surface_key
        if not flag:
            raise Refused("say which flag")
        if blank.surface_key not in {"", flag}:
            raise Refused(f"{flag} is a flag of its own, not part of {blank.surface_key}")
        pre = await self._switch(context, flag)
        if not pre:
            raise Refused(f"there is no flag called {flag} in this project", wire.NOT_FOUND)
        wanted = {"enabled": json.dumps(blank.direction == "restore")}
        return replace(
            blank, selector=flag, surface_key=flag, name=flag, model=flag, pre=pre, wanted=wanted,
            requests=(self._turn(flag, wanted["enabled"]),), revert=(self._turn(flag, pre["enabled"]),),
        )  # fmt: skip

    async def _switch(self, context: Context, flag: str) -> dict[str, str]:
        """The flag in the environment; nothing where there is no such flag."""
        reply = await context.call("GET", self._place(flag), effect="read")
        if reply.status == wire.NOT_FOUND:
            return {}
        return {"enabled": json.dumps(wire.read(wire.InEnvironment, wire.check(reply, "flag")).enabled)}

    def _turn(self, flag: str, enabled: str) -> Request:
        verb = "on" if enabled == "true" else "off"
        return Request(method="POST", path=f"{self._place(flag)}/{verb}", body="{}")

    def _place(self, flag: str) -> str:
        environment = quote(self._settings.environment, safe="")
        return f"{self._project()}/features/{quote(flag, safe='')}/environments/{environment}"

    # -- doing ---------------------------------------------------------------------------------------------------------

    async def apply(self, context: Context, planned: Planned) -> Receipt:
        """Send what was planned."""
        return await _send(context, planned.requests)

    async def revert(self, context: Context, planned: Planned) -> Receipt:
        """Send what restores the switch or the list as it was."""
        return await _send(context, planned.revert)

    async def read_back(self, context: Context, planned: Planned) -> ReadBack:
        """Read the flag anew, or whether the user stands in one of the segments."""
        if planned.lever == BLOCK.name:
            (found,) = await users.read_back(context, [planned])
            return found
        fields = await self._switch(context, planned.selector)
        at_ms = context.now_ms()
        if not fields:
            return ReadBack(verdict="cannot-tell", fields={}, at_ms=at_ms, detail="what it was written to is gone")
        same = fields == dict(planned.wanted)
        return ReadBack(verdict="in-effect" if same else "not-in-effect", fields=fields, at_ms=at_ms)

    async def changes(self, context: Context, planned: Planned, since_ms: int) -> Sequence[Change]:
        """Who switched the flag in this environment, or wrote the segment, as its event log says."""
        block = planned.lever == BLOCK.name
        which = "type=IS_ANY_OF:segment-updated,segment-deleted" if block else (
            f"feature=IS:{quote(planned.selector, safe='')}&environment=IS:{quote(self._settings.environment, safe='')}"
        )  # fmt: skip
        reply = await context.call("GET", f"/api/admin/search/events?{which}&limit={_LINES}", effect="read")
        mine = users.paths_of(planned) if block else ()
        found = [
            Change(at_ms=int(one.createdAt.timestamp() * 1000), who=one.createdBy, what=one.type)
            for one in wire.read(wire.Events, wire.check(reply, "events")).events
            if not block or _is_of(one, mine)
        ]  # fmt: skip
        return sorted((one for one in found if one.at_ms >= since_ms), key=lambda one: -one.at_ms)

    async def probe(self, context: Context, planned: Planned, credential: str | None) -> Probe:
        """What a product would read now, on a fresh connection, with its own client token."""
        blank = Probe(outcome="cannot-tell", evidence="client-view")
        if credential is None:
            return replace(blank, detail="no client token to read with")
        flag = planned.surface_key
        path = f"/api/client/features?namePrefix={quote(flag, safe='')}"
        try:
            reply = await context.call("GET", path, effect="read", credential=credential, fresh=True)
            told = wire.read(wire.ClientFeatures, wire.check(reply, "client view")).features
        except (NotSent, Throttled, Refused, Malformed) as fault:
            return replace(blank, detail=fault.detail)
        seen = [one for one in told if one.name == flag]
        if not seen:
            return replace(blank, status=reply.status, detail="a product with this token is not told of that flag")
        off = not seen[0].enabled
        shut = off or (planned.lever == BLOCK.name and segments.shuts_out(seen[0].strategies, planned.selector))
        detail = (
            "a product reads: off" if off else "a product reads: not for this user" if shut else "a product reads: on"
        )
        if off and planned.lever == BLOCK.name:
            return replace(blank, status=reply.status, detail="the flag is off for everybody: nothing can be told")
        return replace(blank, outcome="refused" if shut else "passed", status=reply.status, detail=detail)


def _is_of(event: wire.Event, paths: Sequence[str]) -> bool:
    return isinstance(event.data, dict) and f"/api/admin/segments/{event.data.get('id')}" in paths


async def _send(context: Context, requests: Sequence[Request]) -> Receipt:
    receipt = Receipt(outcome="accepted")
    for number, request in enumerate(requests):
        try:
            reply = wire.check(await context.send(request), "write")
            if reply.body.strip():
                reply.json()  # a switch answers with nothing, or with JSON; a page is neither
        except (Refused, Malformed, NotSent, Throttled) as fault:
            if number:
                raise OutcomeUnknown(f"{number} of {len(requests)} were accepted: {fault.detail}") from fault
            raise
        receipt = Receipt(outcome="accepted", status=reply.status, request_id=reply.request_id)
    return receipt
