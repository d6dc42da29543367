"""The Ray Serve adapter against a real Ray, whose document it writes whole."""

from __future__ import annotations

import asyncio
import json

import pytest

from adapters.conformance import AdapterConformance, DirectContext, until
from adapters.contract import Refused, Stale, Wish
from adapters.ray_serve import ADAPTER
from tests.adapters.leaving_out import leaving_out

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]
WITHIN_S = 60.0
QUICK = {"graceful_shutdown_wait_loop_s": 0.1}  # a replica without calls is asked whether it is done


def wish(lever, selector="kit", **params):
    return Wish(lever=lever, selector=selector, surface_key=selector, params=params)


REMOVE, FEWER = wish("application.remove"), wish("application.fewer", "beside", most="1")
SCALED = {"min_replicas": 1, "max_replicas": 3}
CONFIGURE = wish("deployment.configure", deployment="Toy", name="mode", value="safe")


def entry(name, **options):
    return {"name": name, "route_prefix": f"/{name}", "import_path": "rs_app:app",
            "deployments": [{"name": "Toy", "user_config": {"mode": "full"}, **QUICK, **options}]}  # fmt: skip


def do(work):
    return asyncio.run(work)


@pytest.fixture(scope="module")
def ray(real_kit):
    return real_kit("rayserve")["rayserve"]


@pytest.fixture(scope="module")
def adapter(ray):
    told = {"base_url": ray["base_url"], "callers_url": ray["serve_url"], "applications": "kit, beside"}
    return ADAPTER(ADAPTER.manifest.settings.model_validate(told))


@pytest.fixture(scope="module")
def context(ray):
    return DirectContext(ray["base_url"], auth="none", callers_url=ray["serve_url"], deadline_s=60.0)


@pytest.fixture(scope="module", autouse=True)
def deployed(ray, context, adapter):
    """Two applications, the first one scaled by itself."""
    both = [entry("kit", autoscaling_config=SCALED), entry("beside", num_replicas=2)]
    put(context, {**ray["config"], "applications": both})

    def runs(seen):
        return {one.key: one.state for one in seen.surfaces} == {"kit": "serving", "beside": "serving"}

    assert runs(do(until(lambda: adapter.status(context), runs, WITHIN_S, 0.2)))


def put(context, document):
    reply = do(context.call("PUT", "/api/serve/applications/", json=document, effect="write"))
    assert reply.status == 200, reply.body[:500]


def details(context, name):
    reply = do(context.call("GET", "/api/serve/applications/", effect="read"))
    return reply.json()["applications"][name]


def pids(context, name):
    """Of its replicas, once all that it should have are there."""

    async def look():
        reply = await context.call("GET", "/api/serve/applications/", effect="read")
        one = reply.json()["applications"][name]["deployments"]["Toy"]
        found = {replica.get("pid") for replica in one["replicas"] if replica["state"] == "RUNNING"}
        return found if len(found) == one["target_num_replicas"] and None not in found else set()

    return do(until(look, bool, WITHIN_S, 0.2))


class TestRealRemoval(AdapterConformance):
    settles_within_s = WITHIN_S

    @pytest.fixture
    def wish(self):
        return REMOVE


@leaving_out(
    {
        "test_probe": "Ray Serve answers every call as before: what was lessened is told by its own account alone",
    }
)
class TestRealLess(AdapterConformance):
    settles_within_s = WITHIN_S
    probes_measure = False

    @pytest.fixture(params=[FEWER, CONFIGURE], ids=["fewer", "configure"])
    def wish(self, request):
        return request.param


def test_what_stands_beside_is_not_touched_and_a_change_of_somebody_elses_stops_the_way_back(adapter, context):
    before, config = pids(context, "beside"), details(context, "beside")["deployed_app_config"]
    planned = do(adapter.plan(context, REMOVE))
    do(adapter.apply(context, planned))
    gone = do(until(lambda: adapter.read_back(context, planned), lambda it: it.verdict == "in-effect", WITHIN_S, 0.2))
    assert gone.verdict == "in-effect"
    assert details(context, "beside")["deployed_app_config"] == config
    assert pids(context, "beside") == before  # the same processes: nothing was started anew

    other = json.loads(planned.requests[0].body)
    other["applications"][0]["deployments"][0]["user_config"] = {"mode": "changed by somebody else"}
    put(context, other)
    with pytest.raises(Stale, match="beside"):
        do(adapter.revert(context, planned))
    put(context, json.loads(planned.requests[0].body))
    do(adapter.revert(context, planned))
    passed = do(until(lambda: adapter.probe(context, planned, None), lambda it: it.outcome == "passed", WITHIN_S, 0.2))
    assert passed.outcome == "passed"


def test_what_is_configured_is_heard_by_the_code_without_a_restart(adapter, context):
    before = pids(context, "beside")
    asked = wish("deployment.configure", "beside", deployment="Toy", name="tools", value="false")
    planned = do(adapter.plan(context, asked))
    assert planned.reversal == "exact"

    async def told():
        return (await context.call("GET", "/beside", effect="read", credential=None, side="callers")).json()["config"]

    do(adapter.apply(context, planned))
    safe = {"mode": "full", "tools": False}
    assert do(until(told, lambda seen: seen == safe, WITHIN_S, 0.2)) == safe
    do(adapter.revert(context, planned))
    assert do(until(told, lambda seen: seen == {"mode": "full"}, WITHIN_S, 0.2)) == {"mode": "full"}
    assert pids(context, "beside") == before


def test_one_that_scales_itself_may_grow_no_more(adapter, context):
    planned = do(adapter.plan(context, wish("application.fewer", most="2")))
    do(adapter.apply(context, planned))
    back = do(until(lambda: adapter.read_back(context, planned), lambda it: it.verdict == "in-effect", WITHIN_S, 0.2))
    assert json.loads(back.fields["replicas"]) == {"Toy": [1, 2]}
    do(adapter.revert(context, planned))
    assert details(context, "kit")["deployed_app_config"]["deployments"][0]["autoscaling_config"] == SCALED


def test_ray_refuses_0_replicas_and_a_name_it_does_not_have_is_refused_here(adapter, context):
    document = {"applications": [entry("kit", num_replicas=0)]}
    reply = do(context.call("PUT", "/api/serve/applications/", json=document, effect="write"))
    assert reply.status == 400
    with pytest.raises(Refused, match="no application called nowhere"):
        do(adapter.plan(context, wish("application.remove", "nowhere")))
