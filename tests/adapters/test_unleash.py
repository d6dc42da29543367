"""The Unleash adapter: through the kit against its simulator, and what it refuses and concludes."""

from __future__ import annotations

import asyncio
import json

import pytest
from pydantic import ValidationError

from adapters.conformance import AdapterConformance, DirectContext
from adapters.contract import Planned, Refused, Wish
from adapters.simulator import Simulator
from adapters.unleash import ADAPTER
from adapters.unleash.adapter import WHOLE, Unleash
from adapters.unleash.simulator import ADMIN_TOKEN, CLIENT_TOKEN, Flag, UnleashSite
from tests.adapters.test_behind_the_guard import plane_of, whole_story

LAG_S = 0.1
BLOCK = Wish(lever="user.block", selector="user-7", surface_key="")
BLOCKED = {"contextName": "userId", "operator": "NOT_IN", "values": ["nobody"]}
OTHERS = {"contextName": "region", "operator": "IN", "values": ["eu"], "caseInsensitive": True}


def site(lag_s=LAG_S):
    flags = [Flag("atlas-code", strategies=[[1], []]), Flag("atlas", strategies=[[1]]), Flag("bare", strategies=[])]
    segment = {"name": "standdown-blocked", "description": "who may not", "constraints": [OTHERS, BLOCKED]}
    return UnleashSite(flags, {1: segment}, lag_s=lag_s)


def settings(url, **more):
    return {"base_url": url, "environment": "development", **more}


@pytest.fixture
def server():
    with Simulator(site()) as simulator:
        yield simulator


@pytest.fixture
def adapter(server):
    return ADAPTER(Unleash.manifest.settings.model_validate(settings(server.url)))


@pytest.fixture
def context(server):
    return DirectContext(server.url, secrets={"admin": ADMIN_TOKEN, "product": CLIENT_TOKEN, "wrong": "x"})


class _Unleash(AdapterConformance):
    probe_credential = "product"


class TestSwitch(_Unleash):
    @pytest.fixture(params=["model.off", "feature.off", "use.off"])
    def wish(self, request):
        return Wish(lever=request.param, selector="atlas", surface_key="atlas")


class TestBlock(_Unleash):
    unknown_selector = ""  # it knows no users: any id can be blocked

    @pytest.fixture
    def wish(self):
        return Wish(lever="user.block", selector="user-7", surface_key="atlas")


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (Wish(lever="model.off", selector="", surface_key=""), "say which flag"),
        (Wish(lever="model.off", selector="atlas", surface_key="bare"), "a flag of its own"),
        (Wish(lever="model.off", selector="atlas", surface_key="", params={"x": "1"}), "takes no parameters"),
        (Wish(lever="user.block", selector="a\nb", surface_key=""), "say which user"),
        (Wish(lever="user.block", selector="u", surface_key="nowhere"), "no flag called nowhere"),
        (Wish(lever="user.block", selector="u", surface_key="atlas-code"), "which lets everybody in"),
        (Wish(lever="user.block", selector="u", surface_key="bare"), "which lets everybody in"),
    ],
)
def test_it_refuses_what_cannot_be_done(adapter, context, wish, why):
    with pytest.raises(Refused, match=why):
        asyncio.run(adapter.plan(context, wish))


def test_a_block_writes_one_user_more_and_everything_else_as_it_was(server, adapter, context):
    planned = asyncio.run(adapter.plan(context, BLOCK))
    assert (planned.surface_key, planned.selectors) == ("atlas", 1)
    assert "atlas-code, atlas" in planned.notes[0]
    asyncio.run(adapter.apply(context, planned))
    held = server.site.state.segments[1]
    assert held["constraints"] == [OTHERS, {**BLOCKED, "values": ["nobody", "user-7"]}]
    assert (held["name"], held["description"]) == ("standdown-blocked", "who may not")
    again = asyncio.run(adapter.plan(context, BLOCK))
    assert again.wanted == planned.wanted  # the same user is not there twice
    back = asyncio.run(
        adapter.plan(context, Wish(lever="user.block", selector="user-7", surface_key="", direction="restore"))
    )
    assert json.loads(back.wanted["values"]) == ["nobody"]


@pytest.mark.parametrize(
    ("constraints", "why"),
    [
        ([OTHERS], "has no constraint"),
        ([{**BLOCKED, "inverted": True}], "has no constraint"),
        ([{**BLOCKED, "operator": "IN"}], "has no constraint"),
    ],
)
def test_a_segment_that_does_not_shut_users_out_is_refused(server, adapter, context, constraints, why):
    server.poke(lambda rows: rows.segments[1].update(constraints=constraints))
    with pytest.raises(Refused, match=why):
        asyncio.run(adapter.plan(context, BLOCK))


def test_without_the_segment_or_a_flag_that_carries_it_nothing_can_be_planned(server, adapter, context):
    server.poke(lambda rows: setattr(rows.flags["atlas"], "strategies", [[]]))
    with pytest.raises(Refused, match="a block would do nothing"):
        asyncio.run(adapter.plan(context, BLOCK))
    server.poke(lambda rows: rows.segments.clear())
    with pytest.raises(Refused, match="prepare it once"):
        asyncio.run(adapter.plan(context, BLOCK))


def test_a_strategy_that_came_later_without_the_segment_lets_the_user_in(server, adapter, context):
    planned = asyncio.run(adapter.plan(context, BLOCK))
    asyncio.run(adapter.apply(context, planned))
    server.poke(lambda rows: (rows.flags["atlas"].strategies.append([]), setattr(rows, "read", None)))
    assert asyncio.run(adapter.probe(context, planned, "product")).outcome == "passed"
    with pytest.raises(Refused, match="a block would do nothing"):
        asyncio.run(adapter.plan(context, BLOCK))
    server.poke(lambda rows: rows.flags["atlas"].disabled.add(1))
    assert asyncio.run(adapter.probe(context, planned, "product")).outcome == "refused"
    assert asyncio.run(adapter.plan(context, BLOCK)).surface_key == "atlas"
    server.poke(lambda rows: rows.flags["atlas"].strategies.clear())
    assert asyncio.run(adapter.probe(context, planned, "product")).outcome == "passed"


def test_a_flag_that_is_off_says_nothing_of_one_user(server, adapter, context):
    planned = asyncio.run(adapter.plan(context, BLOCK))
    server.poke(lambda rows: setattr(rows.flags["atlas"], "enabled", False))
    assert asyncio.run(adapter.probe(context, planned, "product")).outcome == "cannot-tell"


@pytest.mark.parametrize("credential", [None, "wrong", "admin"])
def test_without_a_products_token_nothing_is_read(adapter, context, credential):
    planned = asyncio.run(adapter.plan(context, Wish(lever="model.off", selector="atlas", surface_key="")))
    asyncio.run(adapter.apply(context, planned))
    assert asyncio.run(adapter.probe(context, planned, credential)).outcome == "cannot-tell"


def test_a_product_still_reads_on_for_a_while(context):
    """The record says off at once; what a product reads comes later, and only that counts."""
    with Simulator(site(lag_s=3600.0)) as slow:
        adapter = Unleash(Unleash.manifest.settings.model_validate(settings(slow.url)))
        late = DirectContext(slow.url, secrets={"admin": ADMIN_TOKEN, "product": CLIENT_TOKEN})
        planned = asyncio.run(adapter.plan(late, Wish(lever="model.off", selector="atlas", surface_key="")))
        asyncio.run(adapter.apply(late, planned))
        assert asyncio.run(adapter.read_back(late, planned)).verdict == "in-effect"
        assert asyncio.run(adapter.probe(late, planned, "product")).outcome == "passed"


def test_status_says_what_is_off_and_of_another_environment_nothing(server, adapter, context):
    server.poke(lambda rows: setattr(rows.flags["atlas-code"], "enabled", False))
    assert [one.state for one in asyncio.run(adapter.status(context)).surfaces] == ["stopped", "serving", "serving"]
    elsewhere = Unleash(Unleash.manifest.settings.model_validate(settings(server.url, environment="staging")))
    assert {one.state for one in asyncio.run(elsewhere.status(context)).surfaces} == {"unknown"}


def test_a_flag_or_segment_that_is_gone_cannot_be_told(server, adapter, context):
    switch = asyncio.run(adapter.plan(context, Wish(lever="model.off", selector="bare", surface_key="")))
    block = asyncio.run(adapter.plan(context, BLOCK))
    server.poke(lambda rows: (rows.flags.pop("bare"), rows.segments.clear()))
    assert asyncio.run(adapter.read_back(context, switch)).verdict == "cannot-tell"
    assert asyncio.run(adapter.read_back(context, block)).verdict == "cannot-tell"


@pytest.mark.parametrize("wrong", [{"base_url": "http://flags.example"}, {"project": "a/b"}, {"environment": ""}])
def test_settings_take_nothing_that_would_leave_the_project(wrong):
    with pytest.raises(ValidationError):
        Unleash.manifest.settings.model_validate({**settings("http://127.0.0.1:1"), **wrong})


@pytest.mark.parametrize(
    ("lever", "selector", "nobody"), [("model.off", "atlas", "nobody"), ("user.block", "user-7", "")]
)
def test_behind_the_guard(server, lever, selector, nobody):
    secrets = {"admin": ADMIN_TOKEN, "product": CLIENT_TOKEN}
    plane = plane_of("unleash", settings(server.url), secrets, {selector: "product"})
    asyncio.run(whole_story(plane, Wish(lever=lever, selector=selector, surface_key="atlas"), nobody=nobody))


def test_who_switched_it_back_is_read_from_the_log(server, adapter, context) -> None:
    async def story() -> None:
        switch = await adapter.plan(context, Wish(lever="model.off", selector="atlas", surface_key="atlas"))
        await adapter.apply(context, switch)
        block = await adapter.plan(context, BLOCK)
        assert await adapter.changes(context, block, 0) == []
        server.site.write_log("feature-environment-enabled", "ada", featureName="atlas", environment="development")
        server.site.write_log("feature-environment-enabled", "bob", featureName="atlas", environment="production")
        server.site.write_log("feature-environment-enabled", "bob", featureName="bare", environment="development")
        found = await adapter.changes(context, switch, 0)
        assert [(one.who, one.what) for one in found] == [
            ("ada", "feature-environment-enabled"), ("admin", "feature-environment-disabled"),
        ]  # fmt: skip
        assert await adapter.changes(context, switch, found[0].at_ms + 1) == []
        await adapter.apply(context, block)
        server.site.write_log("segment-updated", "eve", data={"id": 2})
        assert [one.who for one in await adapter.changes(context, block, 0)] == ["admin"], "another segment's line"

    asyncio.run(story())


def test_a_list_of_users_is_refused_because_each_write_would_undo_the_last(adapter, context):
    wishes = [Wish(lever="user.block", selector=f"user-{at}", surface_key="atlas") for at in range(3)]
    answers = asyncio.run(adapter.plan_many(context, wishes))
    assert [one.detail for one in answers] == [WHOLE] * 3
    (planned,) = asyncio.run(adapter.plan_many(context, wishes[:1]))
    assert isinstance(planned, Planned)
    (seen,) = asyncio.run(adapter.read_back_many(context, [planned]))
    assert seen.verdict == "not-in-effect"
    assert asyncio.run(adapter.served_many(context, [planned])) == [None]


def test_one_block_stays_in_effect_while_others_come_and_go(server, adapter, context):
    async def story():
        first = await adapter.plan(context, BLOCK)
        await adapter.apply(context, first)
        second = await adapter.plan(context, Wish(lever="user.block", selector="user-8", surface_key=""))
        await adapter.apply(context, second)
        for planned in (first, second):
            assert (await adapter.read_back(context, planned)).verdict == "in-effect"
        again = await adapter.plan(context, BLOCK)
        assert again.pre == again.wanted, "who stands in it already is not moved"
        lift = await adapter.plan(
            context, Wish(lever="user.block", selector="user-7", surface_key="", direction="restore")
        )
        await adapter.apply(context, lift)
        verdicts = [(await adapter.read_back(context, planned)).verdict for planned in (first, second, lift)]
        assert verdicts == ["not-in-effect", "in-effect", "in-effect"]
        assert json.loads(lift.wanted["values"]) == ["nobody", "user-8"]

    asyncio.run(story())
