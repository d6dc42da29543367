"""The Unleash adapter: through the kit against its simulator, and what it refuses and concludes."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from pydantic import ValidationError

from adapters.conformance import AdapterConformance, DirectContext, until
from adapters.conformance.steps import exact
from adapters.contract import Refused, Request, Wish
from adapters.membership import check, members_of
from adapters.simulator import Simulator
from adapters.unleash import ADAPTER, segments, wire
from adapters.unleash.adapter import Unleash
from adapters.unleash.simulator import ADMIN_TOKEN, CLIENT_TOKEN, Flag, UnleashSite
from tests.adapters.test_behind_the_guard import plane_of, signed, whole_story

LAG_S = 0.1
SECRETS = {"admin": ADMIN_TOKEN, "product": CLIENT_TOKEN}
BLOCK = Wish(lever="user.block", selector="user-7", surface_key="")
BLOCKED = {"contextName": "userId", "operator": "NOT_IN", "values": ["nobody"]}
OTHERS = {"contextName": "region", "operator": "IN", "values": ["eu"], "caseInsensitive": True}


def site(lag_s=LAG_S):
    flags = [Flag("atlas-code", strategies=[[1], []]), Flag("atlas", strategies=[[1]]), Flag("bare", strategies=[])]
    segment = {"name": "standdown-blocked", "description": "who may not", "constraints": [OTHERS, BLOCKED]}
    return UnleashSite(flags, {1: segment}, lag_s=lag_s)


def settings(url, **more):
    return {"base_url": url, "environment": "development", **more}


def values(server):
    """Who stands in each segment."""
    held = [server.site.state.segments[number]["constraints"] for number in sorted(server.site.state.segments)]
    return [one["values"] for some in held for one in some if one["contextName"] == "userId"]


async def applied(adapter, context, planned):
    """Sent as a console sends it: the exact write is made at the moment."""
    await adapter.apply(context, await exact(adapter, context, planned))


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
        (Wish(lever="user.block", selector="a" * 101, surface_key=""), "say which user"),
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
    asyncio.run(applied(adapter, context, planned))
    held = server.site.state.segments[1]
    assert held["constraints"] == [OTHERS, {**BLOCKED, "values": ["nobody", "user-7"]}]
    assert (held["name"], held["description"]) == ("standdown-blocked", "who may not")
    again = asyncio.run(adapter.plan(context, BLOCK))
    assert (again.pre, again.wanted) == (planned.wanted, planned.wanted)
    asyncio.run(applied(adapter, context, again))
    assert values(server) == [["nobody", "user-7"]], "the same user is not there twice"
    lift = Wish(lever="user.block", selector="user-7", surface_key="", direction="restore")
    asyncio.run(applied(adapter, context, asyncio.run(adapter.plan(context, lift))))
    assert values(server) == [["nobody"]]


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
    asyncio.run(applied(adapter, context, planned))
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


def test_a_switch_behind_the_guard(server):
    plane = plane_of("unleash", settings(server.url), SECRETS, {"atlas": "product"})
    asyncio.run(whole_story(plane, Wish(lever="model.off", selector="atlas", surface_key="atlas"), nobody="nobody"))


def test_a_block_behind_the_guard_is_made_exact_proven_and_nothing_else_is_let_through(server):
    async def story():
        plane = plane_of("unleash", settings(server.url), SECRETS, {"user-7": "product"})
        try:
            planned = signed(plane, await plane.plan(replace(BLOCK, surface_key="atlas")))
            with pytest.raises(Refused, match="never sent"):
                await plane.apply(planned)
            made = await plane.render([planned])
            (whole,) = made.wholes
            assert whole.accounts == ("user-7",)
            await plane.apply(replace(planned, requests=(whole.request,)))
            assert (await plane.read_back(planned)).verdict == "in-effect"
            shut = await until(lambda: plane.probe(planned, "product"), lambda seen: seen.outcome == "refused", 30.0)
            assert shut.outcome == "refused"
            assert (await plane.render([planned])).wholes == (), "who stands there already is not written again"
        finally:
            await plane.aclose()

    asyncio.run(story())
    assert values(server) == [["nobody", "user-7"]]


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
        await applied(adapter, context, block)
        server.site.write_log("segment-updated", "eve", data={"id": 2})
        assert [one.who for one in await adapter.changes(context, block, 0)] == ["admin"], "another segment's line"

    asyncio.run(story())


def test_one_block_stays_in_effect_while_others_come_and_go(server, adapter, context):
    async def story():
        first = await adapter.plan(context, BLOCK)
        await applied(adapter, context, first)
        second = await adapter.plan(context, Wish(lever="user.block", selector="user-8", surface_key=""))
        await applied(adapter, context, second)
        for planned in (first, second):
            assert (await adapter.read_back(context, planned)).verdict == "in-effect"
        again = await adapter.plan(context, BLOCK)
        assert again.pre == again.wanted, "who stands in it already is not moved"
        lift = await adapter.plan(
            context, Wish(lever="user.block", selector="user-7", surface_key="", direction="restore")
        )
        await applied(adapter, context, lift)
        verdicts = [(await adapter.read_back(context, planned)).verdict for planned in (first, second, lift)]
        assert verdicts == ["not-in-effect", "in-effect", "in-effect"]
        assert values(server) == [["nobody", "user-8"]]

    asyncio.run(story())


# -- many users at once ------------------------------------------------------------------------------------------------

CROWD = tuple(f"user-{at:02}" for at in range(25))


@pytest.fixture
def rows():
    """Three segments of at most ten values; the third is not on every strategy."""
    flags = [Flag("atlas", strategies=[[1, 2], [1, 2, 3]]), Flag("old", strategies=[[1]])]
    made = {
        number: {"name": name, "constraints": [{**BLOCKED, "values": list(values)}]}
        for number, name, values in (
            (1, "standdown-blocked", ["nobody", "theirs"]), (2, "standdown-blocked-2", []),
            (3, "standdown-blocked-3", []), (4, "standdown-blocked-x", []),
        )
    }  # fmt: skip
    with Simulator(UnleashSite(flags, made, most_values=10)) as simulator:
        yield simulator


@pytest.fixture
def many(rows):
    """Its adapter, and plans for so many users."""
    adapter = Unleash(Unleash.manifest.settings.model_validate(settings(rows.url)))
    context = DirectContext(rows.url, secrets=SECRETS)

    def plan(users, direction="contain"):
        wishes = [Wish(lever="user.block", selector=one, surface_key="", direction=direction) for one in users]
        return asyncio.run(adapter.plan_many(context, wishes))

    return adapter, context, plan


async def sent(adapter, context, plans):
    """All of them as a console sends a piece: made, proven, written."""
    made = await adapter.render(context, plans)
    for whole in made.wholes:
        check(whole, members_of(plans))
        await adapter.apply(context, replace(plans[0], requests=(whole.request,)))
    return made


def test_a_list_goes_into_the_segments_that_every_strategy_has_and_who_finds_no_room_is_told(rows, many):
    adapter, context, plan = many
    answers = plan(CROWD)
    (why,) = {one.detail for one in answers[18:]}
    assert why.startswith("no room: 18 of 25 new ones fit into standdown-blocked, standdown-blocked-2;")
    plans = answers[:18]
    first = plans[0]
    assert (first.surface_key, first.pre, first.wanted) == ("atlas", {"blocked": "false"}, {"blocked": "true"})
    assert "still be let in by old" in first.notes[1], "a flag that lacks one of them is named"
    assert "not used, for standdown-blocked-3" in first.notes[4]
    asyncio.run(sent(adapter, context, plans))
    assert values(rows) == [["nobody", "theirs", *CROWD[:8]], list(CROWD[8:18]), [], []]
    seen = asyncio.run(adapter.read_back_many(context, plans))
    assert {(one.verdict, one.fields["blocked"]) for one in seen} == {("in-effect", "true")}
    assert asyncio.run(adapter.render(context, plans)).wholes == ()
    assert asyncio.run(adapter.served_many(context, plans)) == [None] * 18


def test_room_is_by_bytes_too(rows, many):
    """What is longer than one request may be is refused by the server: such ids fill a segment sooner."""
    rows.site.most_values = 1_000
    adapter, context, plan = many
    users = [f"{at:0100}" for at in range(2_000)]
    answers = plan(users)
    fits = [one for one in answers if not isinstance(one, Refused)]
    assert 1_900 < len(fits) < 1_950
    asyncio.run(sent(adapter, context, fits))
    bodies = [segments.write(wire.Segment.model_validate(one), segments.users(wire.Segment.model_validate(one))).body
              for one in rows.site.state.segments.values()]  # fmt: skip
    assert max(map(len, bodies)) <= segments.MOST_BYTES


def test_whoever_came_or_went_meanwhile_is_left_as_somebody_made_it(rows, many):
    adapter, context, plan = many
    plans = plan(CROWD[:6])
    rows.poke(lambda state: state.segments[1]["constraints"][0]["values"].extend([*"abcdefgh"]))
    made = asyncio.run(sent(adapter, context, plans))
    assert [one.path for one in made.wholes] == ["/api/admin/segments/2"], "the first is full by now"
    rows.poke(lambda state: state.segments[2]["constraints"][0]["values"].remove(CROWD[3]))
    back = plan(CROWD[:6], "restore")
    assert back[3].pre == back[3].wanted
    asyncio.run(sent(adapter, context, back))
    assert values(rows)[:2] == [["nobody", "theirs", *"abcdefgh"], []]


def test_who_stands_in_several_segments_is_taken_out_of_all(rows, many):
    adapter, context, plan = many
    rows.poke(lambda state: [state.segments[at]["constraints"][0]["values"].append("twice") for at in (1, 2)])
    (one,) = plan(["twice"], "restore")
    asyncio.run(sent(adapter, context, [one]))
    assert values(rows)[:2] == [["nobody", "theirs"], []]
    assert asyncio.run(adapter.read_back(context, one)).verdict == "in-effect"


def test_what_does_not_go_together_is_not_made(rows, many):
    adapter, context, plan = many
    contain, restore = plan(["a"]), plan(["theirs"], "restore")
    with pytest.raises(Refused, match="one thing"):
        asyncio.run(adapter.render(context, [*contain, *restore]))
    (late,) = plan(["late"])
    rows.poke(lambda state: state.segments[1]["constraints"][0]["values"].extend(["x"] * 8))
    rows.poke(lambda state: state.segments[2]["constraints"][0]["values"].extend(["x"] * 10))
    assert asyncio.run(adapter.render(context, [late])).refused == {"late": "no segment has room for it"}
    rows.poke(lambda state: state.segments.clear())
    with pytest.raises(Refused, match="is there any more"):
        asyncio.run(adapter.render(context, [late]))


def test_a_block_that_an_earlier_version_signed_is_still_read_back(server, adapter, context):
    planned = asyncio.run(adapter.plan(context, BLOCK))
    older = replace(
        planned, params={"segment": "1"}, pre={"values": '["nobody"]'}, wanted={"values": '["nobody", "user-7"]'},
        requests=(Request(method="PUT", path="/api/admin/segments/1", body="{}"),), revert=(),
    )  # fmt: skip
    assert asyncio.run(adapter.read_back(context, older)).verdict == "not-in-effect"
    asyncio.run(applied(adapter, context, planned))
    seen = asyncio.run(adapter.read_back(context, older))
    assert (seen.verdict, seen.fields) == ("in-effect", {"values": '["nobody", "user-7"]'})
