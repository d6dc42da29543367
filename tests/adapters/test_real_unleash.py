"""The Unleash adapter against a real Unleash, through the same kit; its probes meet the second by which it lags."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import httpx
import pytest

from adapters.conformance import AdapterConformance, DirectContext, until
from adapters.conformance.steps import exact
from adapters.contract import Refused, Wish
from adapters.unleash import segments, wire
from adapters.unleash.adapter import Unleash
from adapters.unleash.users import LONGEST

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]
FLAG = "conformance-model"
SEGMENT = {
    "name": "standdown-blocked",
    "constraints": [{"contextName": "userId", "operator": "NOT_IN", "values": ["nobody"]}],
}


@pytest.fixture(scope="module")
def flags(real_servers):
    """A flag of our own with the segment on its only strategy, prepared as the README says."""
    server = real_servers["unleash"]
    project, environment = f"/api/admin/projects/{server['project']}", server["environment"]
    alone = httpx.Limits(max_keepalive_connections=0)  # it ends a connection on which nothing came for a minute
    with httpx.Client(
        base_url=server["base_url"], headers={"authorization": server["admin_token"]}, timeout=30, limits=alone
    ) as admin:
        admin.post(f"{project}/features", json={"name": FLAG, "type": "kill-switch"}).raise_for_status()
        here = f"{project}/features/{FLAG}/environments/{environment}"
        admin.post(f"{here}/on", json={}).raise_for_status()
        made = admin.post("/api/admin/segments", json=SEGMENT)
        made.raise_for_status()
        strategy = admin.get(f"{here}/strategies").json()[0]["id"]
        place = {"projectId": server["project"], "environmentId": environment, "strategyId": strategy}
        put_on = {**place, "segmentIds": [made.json()["id"]]}
        admin.post("/api/admin/segments/strategies", json=put_on).raise_for_status()
        try:
            yield server
        finally:
            admin.post("/api/admin/segments/strategies", json={**place, "segmentIds": []})
            admin.delete(f"/api/admin/segments/{made.json()['id']}")
            admin.delete(f"{project}/features/{FLAG}")
            admin.delete(f"/api/admin/archive/{FLAG}")


@pytest.fixture
def adapter(flags):
    told = {"base_url": flags["base_url"], "project": flags["project"], "environment": flags["environment"]}
    return Unleash(Unleash.manifest.settings.model_validate(told))


@pytest.fixture
def context(flags):
    secrets = {"admin": flags["admin_token"], "product": flags["client_token"]}
    return DirectContext(flags["base_url"], secrets=secrets, deadline_s=30.0)


class _Real(AdapterConformance):
    probe_credential = "product"
    settles_within_s = 30.0


class TestRealSwitch(_Real):
    @pytest.fixture
    def wish(self):
        return Wish(lever="model.off", selector=FLAG, surface_key=FLAG)


class TestRealBlock(_Real):
    unknown_selector = ""

    @pytest.fixture
    def wish(self):
        return Wish(lever="user.block", selector="user-7", surface_key=FLAG)


@pytest.mark.parametrize("lever", ["feature.off", "use.off"])
def test_the_other_switches_are_the_same_one(adapter, context, lever):
    async def story():
        planned = await adapter.plan(context, Wish(lever=lever, selector=FLAG, surface_key=FLAG))
        await adapter.apply(context, planned)
        try:

            async def look():
                return await adapter.probe(context, planned, "product")

            return await until(look, lambda seen: seen.outcome == "refused", 30.0), await look()
        finally:
            await adapter.revert(context, planned)

    assert [seen.outcome for seen in asyncio.run(story())] == ["refused", "refused"]


def test_a_products_token_changes_nothing(adapter, context, flags):
    planned = asyncio.run(adapter.plan(context, Wish(lever="model.off", selector=FLAG, surface_key=FLAG)))
    stranger = DirectContext(flags["base_url"], secrets={"admin": flags["client_token"]}, deadline_s=30.0)
    with pytest.raises(Refused) as caught:
        asyncio.run(adapter.apply(stranger, planned))
    assert caught.value.status == 403
    assert flags["client_token"] not in caught.value.detail
    assert asyncio.run(adapter.read_back(context, planned)).verdict == "not-in-effect"


def test_it_tells_what_its_admin_token_may_do_and_nothing_to_a_products(adapter, context, flags):
    told = asyncio.run(adapter.granted(context))
    assert told.lacks == {"model.off": [], "feature.off": [], "use.off": [], "user.block": []}
    stranger = DirectContext(flags["base_url"], secrets={"admin": flags["client_token"]}, deadline_s=30.0)
    with pytest.raises(Refused):
        asyncio.run(adapter.granted(stranger))


def test_its_log_tells_who_switched_it_back(adapter, context, flags) -> None:
    async def story() -> None:
        began = context.now_ms() - 1_000
        wish = Wish(lever="model.off", selector=FLAG, surface_key=FLAG)
        planned = await adapter.plan(context, wish)
        await adapter.apply(context, planned)
        await adapter.revert(context, planned)
        found = (await adapter.changes(context, planned, began))[:2]  # the tests before did the same
        assert [one.what for one in found] == ["feature-environment-enabled", "feature-environment-disabled"], found
        assert all(one.who and began <= one.at_ms <= context.now_ms() + 1_000 for one in found)
        block = await adapter.plan(context, Wish(lever="user.block", selector="user-log", surface_key=FLAG))
        await adapter.apply(context, await exact(adapter, context, block))
        assert (await adapter.changes(context, block, began))[0].what == "segment-updated"
        back = await exact(adapter, context, block, block.revert)
        await adapter.revert(context, replace(block, revert=back.requests))

    asyncio.run(story())


@pytest.mark.parametrize("length", [36, 100])
def test_a_segment_takes_what_the_adapter_reckons_with_and_no_more(adapter, context, length) -> None:
    """By count where ids are short, by the bytes of one request where they are long; one more is refused."""
    users = [f"{at:0{length}}" for at in range(1_100)]

    async def story() -> None:
        planned = await adapter.plan(context, Wish(lever="user.block", selector="user-7", surface_key=FLAG))
        reply = await context.call("GET", planned.requests[0].path, effect="read")
        found = wire.Segment.model_validate(reply.json())
        ((fits,), left) = segments.allot([found], await segments.most_values(context), users)
        assert left
        there = segments.users(found)
        try:
            assert (await context.send(segments.write(found, [*there, *fits]))).status == 204
            more = [*there, *users[: len(fits) + (1 if length == 36 else 25)]]
            assert (await context.send(segments.write(found, more))).status == (400 if length == 36 else 413)
            longer = segments.write(found, [*there, "x" * (LONGEST + 1)])
            assert (await context.send(longer)).status == 400
        finally:
            await context.send(segments.write(found, there))

    asyncio.run(story())
