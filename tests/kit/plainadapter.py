"""The smallest honest adapter, for `PlainEstate`: one lever that blocks a selector."""

from __future__ import annotations

import json
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from adapters.contract import (
    Found,
    Lever,
    Manifest,
    Planned,
    Probe,
    ReadBack,
    Receipt,
    Refused,
    Request,
    Status,
    SurfaceState,
)


class PlainSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    url: str


def lever(idempotency="desired-state", probe="credential", name="block") -> Lever:
    return Lever(
        name=name, title="Block", category="user", selector="key", wide=False, idempotency=idempotency,
        reversal="exact", reach="everyone", propagation_s=0, read_back_lag_s=0, probe=probe,
    )  # fmt: skip


class PlainAdapter:
    manifest: ClassVar[Manifest] = Manifest(
        name="practice", version=1, title="Plain", settings=PlainSettings, secrets={"admin": "the admin secret"},
        auth="bearer", levers=(lever(), lever("none", name="once"), lever(probe=None, name="quiet")),
    )  # fmt: skip

    def __init__(self, settings: PlainSettings) -> None:
        self._url = settings.url

    def base_url(self) -> str:
        return self._url

    async def discover(self, context):
        await context.call("GET", "/", effect="read")
        return [Found(key="s", name="S", model="m")]

    async def status(self, context):
        reply = await context.call("GET", "/", effect="read")
        return Status(
            at_ms=context.now_ms(), latency_ms=reply.elapsed_ms,
            surfaces=(SurfaceState(key="s", model="m", state="serving"),),
        )  # fmt: skip

    async def _blocked(self, context, selector: str) -> bool:
        return bool((await context.call("GET", f"/get/{selector}", effect="read")).json()["blocked"])

    async def plan(self, context, wish):
        now = await self._blocked(context, wish.selector)
        wanted = wish.direction == "contain"
        return plan_of(wish.selector, now, wanted, wish.lever, context.now_ms())

    async def apply(self, context, planned):
        return await self._send(context, planned.requests)

    async def revert(self, context, planned):
        return await self._send(context, planned.revert)

    async def _send(self, context, requests):
        reply = None
        for request in requests:
            reply = await context.send(request)
            if reply.status != 200:
                raise Refused(f"answered {reply.status}", reply.status)
            reply.json()
        return Receipt(outcome="accepted", status=reply.status, request_id=reply.request_id)

    async def read_back(self, context, planned):
        now = json.dumps(await self._blocked(context, planned.selector))
        verdict = "in-effect" if now == planned.wanted["blocked"] else "not-in-effect"
        return ReadBack(verdict=verdict, fields={"blocked": now}, at_ms=context.now_ms())

    async def probe(self, context, planned, credential):
        reply = await context.call(
            "POST", f"/use/{planned.selector}", json={}, effect="read", credential=credential, fresh=True
        )
        outcome = {403: "refused", 200: "passed"}.get(reply.status, "cannot-tell")
        return Probe(outcome=outcome, evidence="credential", status=reply.status)


def plan_of(selector, now, wanted, lever_name="block", at_ms=1) -> Planned:
    def request(value: bool) -> Request:
        return Request(method="POST", path="/set", body=json.dumps({"selector": selector, "blocked": value}))

    return Planned(
        lever=lever_name, selector=selector, surface_key="s", name=f"key {selector}", model="m", params={},
        pre={"blocked": json.dumps(now)}, pre_read_ms=at_ms, wanted={"blocked": json.dumps(wanted)},
        requests=(request(wanted),), revert=(request(now),), selectors=1, reach="everyone", reversal="exact",
        direction="contain" if wanted else "restore",
    )  # fmt: skip
