"""Ray Serve: through the kit against its simulator; what a document written whole must not do; broken on purpose."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from pydantic import ValidationError

from adapters.conformance import AdapterConformance, DirectContext, until
from adapters.contract import Refused, Stale, Wish
from adapters.ray_serve import ADAPTER
from adapters.ray_serve.simulator import TOKEN, RayServeSite
from adapters.simulator import Simulator
from tests.adapters.mutants import failing
from tests.adapters.test_behind_the_guard import plane_of, whole_story

ATLAS = {"name": "atlas", "route_prefix": "/atlas", "import_path": "serve_atlas:app",
         "deployments": [{"name": "Model", "num_replicas": 4, "user_config": {"tools": True}}]}  # fmt: skip
BORA = {"route_prefix": "/bora", "name": "bora", "import_path": "serve_bora:app",
        "deployments": [{"name": "Model", "autoscaling_config": {"min_replicas": 2, "max_replicas": 8}}]}  # fmt: skip
PLAIN = {"name": "plain", "route_prefix": "/plain", "import_path": "serve_plain:app"}
ENV = {"runtime_env": {"env_vars": {"HF_TOKEN": "hf_planted_secret"}}}


def site(configs=(ATLAS, BORA, PLAIN), **more):
    return RayServeSite(configs, **more)


def wish(lever, selector="atlas", **params):
    return Wish(lever=lever, selector=selector, surface_key=selector, params=params)


REMOVE, FEWER = wish("application.remove"), wish("application.fewer", most="2")
CONFIGURE = wish("deployment.configure", deployment="Model", name="tools", value="false")


def settings(url, **more):
    return {"base_url": url, "callers_url": url, "applications": "atlas, bora", **more}


def adapter_at(url, kind=ADAPTER, **more):
    return kind(kind.manifest.settings.model_validate(settings(url, **more)))


def context_at(url):
    return DirectContext(url, auth="none", callers_url=url)


def do(work):
    return asyncio.run(work)


@pytest.fixture
def server():
    with Simulator(site()) as simulator:
        yield simulator


@pytest.fixture
def adapter(server):
    return adapter_at(server.url)


@pytest.fixture
def context(server):
    return context_at(server.url)


class TestRemove(AdapterConformance):
    @pytest.fixture
    def wish(self):
        return REMOVE


class TestLess(AdapterConformance):
    probes_measure = False

    @pytest.fixture(params=[FEWER, wish("application.fewer", "bora", most="3"), CONFIGURE])
    def wish(self, request):
        return request.param


def body(request):
    return json.loads(request.body)


def test_the_others_go_back_byte_for_byte_and_what_code_deployed_is_left_alone():
    with Simulator(site(by_code=["scratch"])) as server:
        adapter, context = adapter_at(server.url), context_at(server.url)
        planned = do(adapter.plan(context, REMOVE))
        kept = ",".join(json.dumps(one, separators=(",", ":")) for one in (BORA, PLAIN))
        assert planned.requests[0].body.endswith(f'"applications":[{kept}]}}')
        assert body(planned.revert[0])["applications"] == [ATLAS, BORA, PLAIN]
        assert body(planned.requests[0])["http_options"] == {"host": "127.0.0.1", "port": 8000}
        do(adapter.apply(context, planned))
        do(until(lambda: adapter.read_back(context, planned), lambda it: it.verdict == "in-effect", 30.0))
        states = {one.key: (one.state, one.detail) for one in do(adapter.status(context)).surfaces}
        assert states["atlas"] == ("stopped", "not deployed")  # named in the settings; else it would vanish
        assert states["scratch"] == ("serving", "RUNNING, deployed by code")
        with pytest.raises(Refused, match="deployed by code"):
            do(adapter.plan(context, wish("application.remove", "scratch")))


def test_two_that_go_together_go_in_one_write(adapter, context):
    both = do(adapter.plan(context, wish("application.remove", also="bora")))
    alone = do(adapter.plan(context, wish("application.remove", "bora")))
    assert dict(both.wanted) == {"application": "null", "bora": "null"}
    do(adapter.apply(context, both))
    assert do(until(lambda: adapter.read_back(context, both), lambda it: it.verdict == "in-effect", 30.0)).verdict
    with pytest.raises(Stale, match="atlas"):  # it would put the first one back
        do(adapter.apply(context, alone))
    do(adapter.revert(context, both))
    assert dict(do(adapter.read_back(context, both)).fields) == dict(both.pre)


@pytest.mark.parametrize("planned_by", [REMOVE, FEWER, CONFIGURE])
@pytest.mark.parametrize("undoing", [False, True])
def test_what_somebody_else_changed_since_stops_the_write(server, adapter, context, planned_by, undoing):
    planned = do(adapter.plan(context, planned_by))
    if undoing:
        do(adapter.apply(context, planned))
    server.poke(lambda rows: rows.applications["plain"].config.update(import_path="serve_plain:newer"))
    writes = len([one for one in server.requests() if one.method == "PUT"])
    with pytest.raises(Stale, match="plain"):
        do((adapter.revert if undoing else adapter.apply)(context, planned))
    assert len([one for one in server.requests() if one.method == "PUT"]) == writes
    server.poke(lambda rows: rows.applications["plain"].config.update(import_path="serve_plain:app"))
    server.poke(lambda rows: rows.beside.update(target_capacity=50.0))
    with pytest.raises(Stale, match="target_capacity"):
        do((adapter.revert if undoing else adapter.apply)(context, planned))


def test_a_second_correction_of_the_same_application_is_not_undone_by_the_first(adapter, context):
    fewer = do(adapter.plan(context, FEWER))
    do(adapter.apply(context, fewer))
    configured = do(adapter.plan(context, CONFIGURE))
    do(adapter.apply(context, configured))
    with pytest.raises(Stale, match="atlas"):
        do(adapter.revert(context, fewer))
    do(adapter.revert(context, configured))
    do(adapter.revert(context, fewer))
    assert dict(do(adapter.read_back(context, fewer)).fields) == dict(fewer.pre)


def test_environment_variables_enter_the_record_only_where_the_settings_say_so():
    with Simulator(site([ATLAS, {**BORA, **ENV}])) as server:
        context = context_at(server.url)
        with pytest.raises(Refused, match="configuration of bora holds environment variables") as fault:
            do(adapter_at(server.url).plan(context, REMOVE))
        assert "hf_planted" not in str(fault.value)
        planned = do(adapter_at(server.url, record_environment=True).plan(context, REMOVE))
        assert body(planned.requests[0])["applications"] == [{**BORA, **ENV}]


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({**BORA, "runtime_env": {"env_vars": {"HF_TOKEN": "<redacted>"}}}, "the mask would take their place"),
        ({**BORA, "runtime_env": {"working_dir": "https://ci:word@host.example/x.zip"}}, "address with a password"),
    ],
)
def test_a_mask_is_not_sent_back_and_a_password_not_recorded(config, why):
    with Simulator(site([ATLAS, config])) as server, pytest.raises(Refused, match=why):
        do(adapter_at(server.url, record_environment=True).plan(context_at(server.url), REMOVE))


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (replace(REMOVE, selector="", surface_key=""), "say which application"),
        (replace(REMOVE, surface_key="bora"), "a surface of its own"),
        (replace(REMOVE, direction="restore"), "undo that one"),
        (wish("application.remove", also="nowhere"), "no application called nowhere"),
        (wish("application.fewer", most="0"), "these parameters: most"),
        (wish("deployment.configure", deployment="Model", value="1"), "these parameters: name"),
        (wish("deployment.configure", deployment="Other", name="a", value="1"), "no deployment called Other"),
    ],
)
def test_it_refuses_what_cannot_be_done(adapter, context, asked, why):
    with pytest.raises(Refused, match=why):
        do(adapter.plan(context, asked))


def test_what_is_being_deleted_is_not_planned_and_its_callers_are_refused_already():
    with Simulator(site(grace_s=3600.0)) as server:
        adapter, context = adapter_at(server.url), context_at(server.url)
        planned = do(adapter.plan(context, REMOVE))
        do(adapter.apply(context, planned))
        back = do(adapter.read_back(context, planned))
        assert (back.verdict, back.detail, dict(back.fields)) == ("not-in-effect", "DELETING", {"application": "null"})
        assert do(adapter.probe(context, planned, None)).outcome == "refused"
        with pytest.raises(Refused, match="being deleted"):
            do(adapter.plan(context, REMOVE))
        do(adapter.revert(context, planned))
        assert do(adapter.probe(context, planned, None)).outcome == "passed"


def test_replicas_are_only_lowered_and_unset_options_are_promised_only_where_ray_restores_them(server, context):
    adapter = adapter_at(server.url)
    assert (same := do(adapter.plan(context, wish("application.fewer", most="9")))).wanted == same.pre
    bora = do(adapter.plan(context, wish("application.fewer", "bora", most="1")))
    assert json.loads(bora.wanted["replicas"]) == {"Model": [1, 1]}
    assert bora.reversal == "exact"
    change = wish("deployment.configure", "plain", deployment="Model", name="new", value="safe")
    planned = do(adapter.plan(context, change))
    assert planned.reversal == "exact"
    assert body(planned.requests[0])["applications"][2]["deployments"] == [
        {"name": "Model", "user_config": {"mode": "full", "tools": True, "new": "safe"}}
    ]
    assert any("had no new before" in note for note in planned.notes)
    with Simulator(site(restores=False)) as older:
        planned = do(adapter_at(older.url).plan(context_at(older.url), change))
        assert planned.reversal == "best-effort"
        assert do(adapter_at(older.url).plan(context_at(older.url), CONFIGURE)).reversal == "exact"


def test_without_a_callers_address_nothing_is_tried(server, context):
    adapter = adapter_at(server.url, callers_url="")
    planned = do(adapter.plan(context, REMOVE))
    assert do(adapter.probe(context, planned, None)).outcome == "cannot-tell"


@pytest.mark.parametrize("wrong", [{"base_url": "http://x.example"}, {"base_url": ""}, {"callers_url": "x.example"}])
def test_settings_take_only_plain_addresses(wrong):
    with pytest.raises(ValidationError):
        ADAPTER.manifest.settings.model_validate({**settings("http://127.0.0.1:1"), **wrong})


def test_behind_the_guard_with_a_token():
    with Simulator(site(token=TOKEN)) as server:
        told = settings(server.url, prove="token", probe_path="/v1/models")
        do(whole_story(plane_of("ray_serve", told, {"admin": TOKEN}), REMOVE))
        assert {one.bearer for one in server.requests() if one.path.startswith("/atlas")} == {None}

        async def wrong():
            plane = plane_of("ray_serve", told, {"admin": "another"})
            try:
                with pytest.raises(Refused, match="401"):
                    await plane.plan(REMOVE)
            finally:
                await plane.aclose()

        do(wrong())


# -- broken on purpose -------------------------------------------------------------------------------------------------


class TakesAnAnswerForTheEnd(ADAPTER):
    async def read_back(self, context, planned):
        return replace(await super().read_back(context, planned), verdict="in-effect", fields=planned.wanted)


class TakesAny404ForARefusal(ADAPTER):
    async def probe(self, context, planned, credential):
        seen = await super().probe(context, planned, credential)
        return replace(seen, outcome="refused") if seen.status == 404 else seen


class NeverLooksWhatRuns(ADAPTER):
    async def plan(self, context, wish):
        planned = await super().plan(context, replace(wish, selector="atlas", surface_key="atlas"))
        return replace(planned, selector=wish.selector)


def failed(kind):
    about = (lambda: Simulator(site(grace_s=0.02)), lambda url: adapter_at(url, kind), context_at, REMOVE, None)
    return failing(*about)


def test_a_broken_adapter_fails():
    assert not list(failed(ADAPTER))
    for mutant in (TakesAnAnswerForTheEnd, TakesAny404ForARefusal, NeverLooksWhatRuns):
        assert next(failed(mutant), None), f"{mutant.__name__} passes the whole kit"
