"""vLLM: through the kit against its simulator (no server was run), what it refuses plainly, and broken on purpose."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from pydantic import ValidationError

from adapters.conformance import AdapterConformance, Bent, DirectContext, reply
from adapters.contract import Malformed, Refused, Wish
from adapters.simulator import Simulator
from adapters.vllm import ADAPTER
from adapters.vllm.simulator import KEY, VLLMSite
from tests.adapters.mutants import failing
from tests.adapters.test_behind_the_guard import plane_of, whole_story


def site(**more):
    return VLLMSite(["atlas", "atlas-latest"], {"atlas-medical": "/loras/medical"}, **more)


def wish(lever, selector, **params):
    return Wish(lever=lever, selector=selector, surface_key=selector, params=params)


SLEEP, UNLOAD = wish("model.sleep", "atlas"), wish("adapter.unload", "atlas-medical")


def settings(url, **more):
    return {"base_url": url, "prove": "key", "adapters": "atlas-medical=/loras/medical", **more}


def adapter_at(url, kind=ADAPTER, **more):
    return kind(kind.manifest.settings.model_validate(settings(url, **more)))


def context_at(url):
    return DirectContext(url, secrets={"admin": KEY})


def do(work):
    return asyncio.run(work)


@pytest.fixture
def server():
    with Simulator(site(key=KEY, running=3)) as simulator:
        yield simulator


@pytest.fixture
def adapter(server):
    return adapter_at(server.url)


@pytest.fixture
def context(server):
    return context_at(server.url)


class TestSleep(AdapterConformance):
    probes_measure = False

    @pytest.fixture(params=[SLEEP, wish("model.sleep", "atlas", level="2", running="stop")])
    def wish(self, request):
        return request.param


class TestUnload(AdapterConformance):
    probe_credential = "admin"

    @pytest.fixture
    def wish(self):
        return UNLOAD


def test_calls_in_flight_are_counted_and_let_finish_or_stopped_as_people_chose(server, adapter, context):
    for params, fate, mode in (({}, "finishes", "wait"), ({"running": "stop"}, "stops", "abort")):
        planned = do(adapter.plan(context, wish("model.sleep", "atlas", **params)))
        [found] = do(adapter.running(context, planned))
        assert (found.what, found.count, found.then) == ("streams", 3, fate)
        assert planned.requests[0].path == f"/sleep?level=1&mode={mode}"
    server.poke(lambda rows: setattr(rows, "waiting", 2))
    assert do(adapter.running(context, planned))[0].count == 5
    server.poke(lambda rows: (setattr(rows, "running", 0), setattr(rows, "waiting", 0)))
    assert do(adapter.running(context, planned)) == []
    assert do(adapter.running(context, do(adapter.plan(context, UNLOAD)))) is None
    assert do(adapter.running(Bent(context, answer=reply(404, b"{}")), planned)) is None
    for text in (b"vllm:num_requests_waiting 1", b"vllm:num_requests_running many", b"vllm:num_requests_running 1e999"):
        with pytest.raises(Malformed):
            do(adapter.running(Bent(context, answer=reply(200, text, "text/plain")), planned))


def test_where_the_endpoints_for_development_are_off_it_is_refused_plainly_and_not_shown_as_known():
    with Simulator(site(development=False)) as server:
        adapter, context = adapter_at(server.url), context_at(server.url)
        with pytest.raises(Refused, match="VLLM_SERVER_DEV_MODE=1 and --enable-sleep-mode"):
            do(adapter.plan(context, SLEEP))
        seen = do(adapter.status(context))
        assert {one.state for one in seen.surfaces} == {"serving"}
        assert "cannot be asked" in seen.facts["asleep"]
    with Simulator(site(updating=False)) as server:
        adapter, context = adapter_at(server.url), context_at(server.url)
        planned = do(adapter.plan(context, UNLOAD))  # nothing that reads tells it before
        with pytest.raises(Refused, match="404"):
            do(adapter.apply(context, planned))


def test_everything_on_the_server_sleeps_with_it_and_is_shown_so(adapter, context):
    planned = do(adapter.plan(context, SLEEP))
    assert "everything on this server sleeps with it: atlas-latest, atlas-medical" in planned.notes
    assert any("waits instead of being refused" in note for note in planned.notes)
    do(adapter.apply(context, planned))
    assert {(one.state, one.restrictions) for one in do(adapter.status(context)).surfaces} == {("stopped", ("asleep",))}
    assert do(adapter.probe(context, planned, "admin")).outcome == "cannot-tell"
    again = do(adapter.plan(context, replace(SLEEP, direction="restore")))
    assert [one.path for one in again.requests] == ["/wake_up"]
    do(adapter.apply(context, again))
    assert do(adapter.read_back(context, again)).verdict == "in-effect"


def test_waking_from_level_2_reads_the_weights_before_it_serves_and_promises_less(server, adapter, context):
    planned = do(adapter.plan(context, wish("model.sleep", "atlas", level="2")))
    assert planned.reversal == "best-effort"
    do(adapter.apply(context, planned))
    assert (server.site.state.level, server.site.state.weights) == (2, False)
    do(adapter.revert(context, planned))
    assert (server.site.state.level, server.site.state.weights) == (0, True)
    assert [one.path for one in planned.revert] == [
        "/wake_up?tags=weights",
        "/collective_rpc",
        "/wake_up?tags=kv_cache",
    ]


def test_an_unloaded_adapter_is_shown_only_where_it_is_named_and_comes_back_by_its_path(server, adapter, context):
    planned = do(adapter.plan(context, UNLOAD))
    assert [do(adapter.apply(context, planned)).outcome for _ in range(2)] == ["accepted", "already-so"]
    states = {one.key: one.restrictions for one in do(adapter.status(context)).surfaces}
    assert states["atlas-medical"] == ("unloaded",)
    with pytest.raises(Refused, match="no LoRA adapter called"):
        do(adapter_at(server.url, adapters="").plan(context, UNLOAD))
    assert [do(adapter.revert(context, planned)).outcome for _ in range(2)] == ["accepted", "already-so"]
    assert server.site.state.adapters == {"atlas-medical": "/loras/medical"}
    do(adapter.apply(context, planned))
    do(adapter.apply(context, do(adapter.plan(context, replace(UNLOAD, direction="restore")))))
    assert do(adapter.read_back(context, planned)).verdict == "not-in-effect"


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (wish("model.sleep", ""), "say which model"),
        (replace(SLEEP, surface_key="atlas-latest"), "a surface of its own"),
        (wish("model.sleep", "atlas-medical"), "no model called"),
        (wish("adapter.unload", "atlas"), "no LoRA adapter called"),
        (wish("model.sleep", "atlas", level="3"), "these parameters: level"),
        (wish("adapter.unload", "atlas-medical", level="1"), "these parameters: level"),
    ],
)
def test_it_refuses_what_cannot_be_done(adapter, context, asked, why):
    with pytest.raises(Refused, match=why):
        do(adapter.plan(context, asked))


@pytest.mark.parametrize("wrong", [{"base_url": "http://x.example"}, {"adapters": "medical"}, {"prove": "word"}])
def test_settings_take_only_what_can_be_used(wrong):
    with pytest.raises(ValidationError):
        ADAPTER.manifest.settings.model_validate({**settings("http://127.0.0.1:1"), **wrong})


def test_behind_the_guard(server):
    probes = {"atlas-medical": "caller"}
    do(whole_story(plane_of("vllm", settings(server.url), {"admin": KEY, "caller": KEY}, probes), UNLOAD))
    with Simulator(site()) as open_to_all:
        plane = plane_of("vllm", settings(open_to_all.url, prove="nothing"), {})

        async def there_and_back():
            try:
                planned = await plane.plan(SLEEP)
                await plane.apply(planned)
                on = await plane.read_back(planned)
                await plane.revert(planned)
                return on.verdict, (await plane.read_back(planned)).verdict
            finally:
                await plane.aclose()

        assert do(there_and_back()) == ("in-effect", "not-in-effect")
        assert {one.bearer for one in open_to_all.requests()} == {None}


# -- broken on purpose -------------------------------------------------------------------------------------------------


class TakesAnAcceptedSleepForSleep(ADAPTER):
    async def read_back(self, context, planned):
        return replace(await super().read_back(context, planned), verdict="in-effect", fields=planned.wanted)


class WakesWhateverWasThere(ADAPTER):
    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        return replace(planned, revert=(replace(planned.revert[0], path="/wake_up"),))


class CallsTheAdapterGoneAtAny404(ADAPTER):
    async def probe(self, context, planned, credential):
        seen = await super().probe(context, planned, credential)
        return replace(seen, outcome="refused") if seen.status == 404 else seen


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        (TakesAnAcceptedSleepForSleep, SLEEP), (WakesWhateverWasThere, SLEEP), (CallsTheAdapterGoneAtAny404, UNLOAD),
    ],
)  # fmt: skip
def test_a_broken_adapter_fails(kind, asked):
    def failed(of):
        names = failing(lambda: Simulator(site()), lambda url: adapter_at(url, of), context_at, asked, "admin")
        return {name for name in names if asked is UNLOAD or name != "test_probe"}

    assert failed(ADAPTER) == set()
    assert failed(kind)
