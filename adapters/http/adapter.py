"""An adapter made from a file: the same contract, guard and proof as one in Python, and nothing but requests in it.

It reads, sends what was planned, and compares. What the file does not say (paging, long-running operations, writing a
whole list back) it cannot do; such a plane needs an adapter in Python.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ValidationError

from adapters.alike import compared, in_order
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
from adapters.http import surfaces, template, trying
from adapters.http.form import Ask, Declaration, LeverForm, alike
from adapters.http.lines import Json

_REDIRECTS, _REFUSALS, _NOT_FOUND = 300, 400, 404
_SELECTOR_CHARS = 512


class Declared:
    """One control plane as a file declares it. `declare.declare` makes a class of its own for each file."""

    manifest: ClassVar[Manifest]
    form: ClassVar[Declaration]

    def __init__(self, settings: BaseModel) -> None:
        self._settings: dict[str, Json] = {f"setting.{name}": value for name, value in settings.model_dump().items()}

    def base_url(self) -> str:
        """The address in the file."""
        return self.form.base_url

    # -- looking -------------------------------------------------------------------------------------------------------

    async def discover(self, context: Context) -> Sequence[Found]:
        """The surfaces the file names, or those the service lists."""
        seen, _ = await self._surfaces(context)
        return [one.found for one in seen]

    async def status(self, context: Context) -> Status:
        """Each surface's state by the file's own words for it; anything else is unknown."""
        seen, reply = await self._surfaces(context)
        return Status(
            at_ms=context.now_ms(), latency_ms=reply.elapsed_ms,
            surfaces=tuple(
                SurfaceState(key=one.found.key, model=one.found.model, state=one.state, detail=one.detail)
                for one in seen
            ),
        )  # fmt: skip

    async def _surfaces(self, context: Context) -> tuple[list[surfaces.Seen], Reply]:
        reply = await _look(context, self.form.surfaces.read, self._settings)
        return surfaces.seen(self.form.surfaces, reply.json(), self._settings), reply

    # -- planning ------------------------------------------------------------------------------------------------------

    async def plan(self, context: Context, wish: Wish) -> Planned:
        """What the lever's fields are and will be, and the requests there and back."""
        form, lever = self._lever(wish.lever)
        if not wish.selector.isprintable() or not 0 < len(wish.selector) <= _SELECTOR_CHARS:
            raise Refused("a selector is one line of plain text")
        if form.like is not None and not alike(form.like, wish.selector):
            raise Refused(f"{wish.selector} is no {lever.selector} of the form the file gives")
        given = _params(lever, wish) if wish.direction == "contain" else {}
        surface = _choose((await self._surfaces(context))[0], lever, wish)
        values = self._values(wish.selector, surface.key)
        known: Json = None
        if form.exists is not None:
            known = (await _look(context, form.exists, values, what=f"{lever.selector} called {wish.selector}")).json()
            if not isinstance(known, dict | list):
                raise Malformed("the answer is neither an object nor a list")
        pre, answer = await self._read(context, form, values, wish.selector)
        asked = values | {f"param.{name}": value for name, value in given.items()}
        wanted = _filled(form.contain if wish.direction == "contain" else form.restore, asked)
        called = wish.selector
        if form.called is not None:
            called = str(template.look(answer if form.exists is None else known, form.called, values))
        return Planned(
            lever=lever.name, selector=wish.selector, surface_key=surface.key, name=called, model=surface.model,
            params=dict(wish.params) if given else {}, pre=_text(pre), pre_read_ms=context.now_ms(),
            wanted=_text(wanted), requests=_requests(form, values, wanted), revert=_requests(form, values, pre),
            selectors=0 if lever.wide else 1, reach=lever.reach, reversal=lever.reversal, direction=wish.direction,
            notes=tuple(form.notes),
        )  # fmt: skip

    def _lever(self, name: str) -> tuple[LeverForm, Lever]:
        if name not in self.form.levers:
            raise Refused(f"there is no lever {name} here")
        return self.form.levers[name], self.manifest.lever(name)

    def _values(self, selector: str, surface: str) -> dict[str, Json]:
        return {**self._settings, "selector": selector, "surface": surface}

    async def _read(
        self, context: Context, form: LeverForm, values: template.Values, selector: str
    ) -> tuple[dict[str, Json], Json]:
        """The fields as they are, and the answer they stand in. A 404 counts as `missing` where the file says so."""
        try:
            answer = (await _look(context, form.read, values, what=f"such {selector}")).json()
        except Refused as fault:
            if fault.status != _NOT_FOUND or form.missing is None:
                raise
            return dict(form.missing), {}
        fields: dict[str, Json] = {}
        for name, place in form.fields.items():
            found = template.look(answer, place.path, values)
            if place.contains is not None:
                found = _contains(found, template.fill(place.contains, values))
            fields[name] = found
        return fields, answer

    # -- doing ---------------------------------------------------------------------------------------------------------

    async def apply(self, context: Context, planned: Planned) -> Receipt:
        """Send what was planned."""
        return await self._send(context, planned, planned.requests)

    async def revert(self, context: Context, planned: Planned) -> Receipt:
        """Send what brings the saved fields back."""
        return await self._send(context, planned, planned.revert)

    async def _send(self, context: Context, planned: Planned, requests: Sequence[Request]) -> Receipt:
        already = self._lever(planned.lever)[0].already

        async def one(request: Request) -> Receipt:
            reply = await context.send(request)
            so = reply.status in already
            _plain(reply if so else _check(reply))
            outcome: Literal["already-so", "accepted"] = "already-so" if so else "accepted"
            return Receipt(outcome=outcome, status=reply.status, request_id=reply.request_id)

        return await in_order(requests, one)

    async def read_back(self, context: Context, planned: Planned) -> ReadBack:
        """Read the fields anew."""
        form, _ = self._lever(planned.lever)
        at_ms = context.now_ms()
        values = self._values(planned.selector, planned.surface_key)
        try:
            found = _text((await self._read(context, form, values, planned.selector))[0])
        except Refused as fault:
            if fault.status != _NOT_FOUND:
                raise
            return ReadBack(verdict="cannot-tell", fields={}, at_ms=at_ms, detail="it is no longer there")
        return compared(planned, found, context.now_ms())

    async def probe(self, context: Context, planned: Planned, credential: str | None) -> Probe:
        """Try once what the file says a caller would try; only the file's own words for it prove anything."""
        trial = self._lever(planned.lever)[0].probe
        if trial is None:
            return Probe(outcome="cannot-tell", evidence="client-view", detail="the file declares no probe")
        blank = Probe(outcome="cannot-tell", evidence=trial.evidence)
        values = self._values(planned.selector, planned.surface_key)
        try:
            path = template.path(trial.ask.path, values)
            content = None if trial.body is None else template.fill(trial.body, values)
            reply = await context.call(
                trial.ask.method, path, json=content, effect="read", credential=credential, fresh=True
            )
        except Throttled:
            return replace(blank, outcome=trying.limited(trial), status=429, detail="limited")
        except (NotSent, Refused, Malformed) as fault:
            return replace(blank, detail=fault.detail)
        outcome, detail = trying.judge(trial, reply, values, planned)
        return replace(blank, outcome=outcome, status=reply.status, detail=detail)


# -- one request -------------------------------------------------------------------------------------------------------


async def _look(context: Context, ask: Ask, values: template.Values, what: str = "such thing") -> Reply:
    content = None if ask.body is None else template.fill(ask.body, values)
    reply = await context.call(ask.method, template.path(ask.path, values), json=content, effect="read")
    return _check(reply, what)


def _check(reply: Reply, what: str = "such thing") -> Reply:
    """The answer, unless it is a refusal. Its body is never quoted."""
    if reply.status == _NOT_FOUND:
        _plain(reply)
        raise Refused(f"the provider has no {what}", _NOT_FOUND)
    if reply.status >= _REFUSALS:
        raise Refused(f"the provider answered {reply.status}", reply.status)
    if reply.status >= _REDIRECTS:
        raise Malformed("the provider sent us elsewhere")
    return reply


def _plain(reply: Reply) -> None:
    """Refuse to take a page for a receipt."""
    if reply.body.strip():
        reply.json()


def _requests(form: LeverForm, values: template.Values, fields: dict[str, Json]) -> tuple[Request, ...]:
    asks = form.writes_for(fields)
    if asks is None:
        raise Refused("the file does not say how to bring its fields to these values")
    written = {**values, **{f"field.{name}": value for name, value in fields.items()}}
    return tuple(
        Request(
            method=ask.method, path=template.path(ask.path, written),
            body="" if ask.body is None else template.body(ask.body, written),
            content_type=None if ask.body is None else "application/json",
        )
        for ask in asks
    )  # fmt: skip


# -- values ------------------------------------------------------------------------------------------------------------


def _filled(wanted: dict[str, Any], values: template.Values) -> dict[str, Json]:
    return {name: template.fill(value, values) for name, value in wanted.items()}


def _text(fields: dict[str, Json]) -> dict[str, str]:
    return {name: json.dumps(value, separators=(",", ":"), sort_keys=True) for name, value in fields.items()}


def _contains(found: Json, text: Json) -> bool:
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise Malformed("the answer holds no list of texts there")
    return text in found


def _params(lever: Lever, wish: Wish) -> dict[str, Json]:
    model = lever.params
    try:
        return {} if model is None else model.model_validate(dict(wish.params)).model_dump()
    except ValidationError as fault:
        told = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in fault.errors(include_input=False))
        raise Refused(f"the parameters of {lever.name} do not fit: {told}") from None


def _choose(seen: Sequence[surfaces.Seen], lever: Lever, wish: Wish) -> Found:
    """The surface meant: a wide lever selects one, a narrow one acts on one."""
    key = wish.selector if lever.wide else wish.surface_key
    if lever.wide and wish.surface_key not in {"", wish.selector}:
        raise Refused(f"{wish.selector} is a surface of its own, not part of {wish.surface_key}")
    if not key and len(seen) == 1:
        return seen[0].found
    for one in seen:
        if one.found.key == key:
            return one.found
    raise Refused(f"the provider has no surface called {key}" if key else "name the surface", _NOT_FOUND)
