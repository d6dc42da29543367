"""Inference Endpoints: through the kit against their simulator, refereed by Hugging Face's client, and broken."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from huggingface_hub import HfApi, constants
from huggingface_hub.errors import HfHubHTTPError
from pydantic import ValidationError

from adapters.conformance import AdapterConformance, DirectContext
from adapters.contract import Refused, Wish
from adapters.hf_endpoints import ADAPTER
from adapters.hf_endpoints.simulator import PREFIX, TOKEN, EndpointRow, EndpointsSite
from adapters.simulator import Simulator
from tests.adapters.mutants import failing
from tests.adapters.referee import Sent, Witness
from tests.adapters.test_behind_the_guard import plane_of, signed


def site():
    return EndpointsSite("example", [
        EndpointRow("chat", "example/atlas"), EndpointRow("asleep", "example/atlas", "scaledToZero", least=0),
        EndpointRow("ill", "example/bora", "updateFailed"),
    ])  # fmt: skip


def wish(lever, selector, **params):
    return Wish(lever=lever, selector=selector, surface_key=selector, params=params)


def settings(url):
    return {"base_url": url + PREFIX, "namespace": "example"}


def adapter_at(url, kind=ADAPTER):
    return kind(kind.manifest.settings.model_validate(settings(url)))


def context_at(url):
    return DirectContext(url + PREFIX, secrets={"admin": TOKEN})


def do(work):
    return asyncio.run(work)


@pytest.fixture
def witness():
    return Witness(site())


@pytest.fixture
def server(witness):
    with Simulator(witness) as simulator:
        yield simulator


@pytest.fixture
def adapter(server):
    return adapter_at(server.url)


@pytest.fixture
def context(server):
    return context_at(server.url)


class TestEndpoints(AdapterConformance):
    probes_measure = False

    @pytest.fixture(params=["endpoint.pause", "endpoint.scale", "endpoint.delete"])
    def wish(self, request):
        return wish(request.param, "chat", **({"most": "1"} if request.param.endswith("scale") else {}))


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (wish("endpoint.pause", ""), "say which endpoint"),
        (replace(wish("endpoint.pause", "chat"), surface_key="ill"), "a surface of its own|each is a surface"),
        (wish("endpoint.scale", "chat", most="0"), "these parameters: most"),
        (wish("endpoint.pause", "chat", most="1"), "these parameters: most"),
        (replace(wish("endpoint.scale", "chat"), direction="restore"), "undo that one"),
    ],
)
def test_it_refuses_what_cannot_be_done(adapter, context, asked, why):
    with pytest.raises(Refused, match=why):
        do(adapter.plan(context, asked))


def test_sleeping_is_not_stopped_and_failed_is_not_known(adapter, context):
    states = {one.key: one for one in do(adapter.status(context)).surfaces}
    assert [states[name].state for name in ("chat", "asleep", "ill")] == ["serving", "serving", "unknown"]
    assert "the next call wakes it" in states["asleep"].detail
    planned = do(adapter.plan(context, wish("endpoint.pause", "asleep")))
    assert any("not a stop" in note for note in planned.notes)
    assert do(adapter.read_back(context, planned)).verdict == "not-in-effect"
    do(adapter.apply(context, planned))
    states = {one.key: one for one in do(adapter.status(context)).surfaces}
    assert (states["asleep"].state, states["asleep"].restrictions) == ("stopped", ("paused",))


def test_pausing_twice_is_refused_there_and_so_already_here(server, adapter, context):
    planned = do(adapter.plan(context, wish("endpoint.pause", "chat")))
    assert [do(adapter.apply(context, planned)).outcome for _ in range(2)] == ["accepted", "already-so"]
    assert [do(adapter.revert(context, planned)).outcome for _ in range(2)] == ["accepted", "already-so"]
    server.poke(lambda rows: rows.pop("chat"))
    assert do(adapter.read_back(context, planned)).verdict == "cannot-tell"


def test_replicas_are_only_lowered_and_come_back(server, adapter, context):
    planned = do(adapter.plan(context, wish("endpoint.scale", "chat", most="9")))
    assert planned.wanted == planned.pre
    planned = do(adapter.plan(context, wish("endpoint.scale", "chat", most="2")))
    do(adapter.apply(context, planned))
    assert (server.site.state["chat"].least, server.site.state["chat"].most) == (1, 2)
    do(adapter.revert(context, planned))
    assert server.site.state["chat"].most == 4


@pytest.mark.parametrize("wrong", [{"base_url": "http://x.example"}, {"namespace": "a/b"}, {"namespace": ""}])
def test_settings_take_nothing_that_would_leave_the_namespace(wrong):
    with pytest.raises(ValidationError):
        ADAPTER.manifest.settings.model_validate({**settings("http://127.0.0.1:1"), **wrong})


def test_behind_the_guard(server):
    plane = plane_of("hf_endpoints", settings(server.url), {"admin": TOKEN})

    async def story():
        try:
            planned = signed(plane, await plane.plan(wish("endpoint.pause", "chat")))
            await plane.apply(planned)
            on = await plane.read_back(planned)
            await plane.revert(planned)
            return on.verdict, (await plane.read_back(planned)).verdict
        finally:
            await plane.aclose()

    assert do(story()) == ("in-effect", "not-in-effect")


# -- Hugging Face's client as referee ----------------------------------------------------------------------------------


@pytest.fixture
def hub(server, monkeypatch):
    monkeypatch.setattr(constants, "INFERENCE_ENDPOINTS_ENDPOINT", server.url + PREFIX)
    return HfApi(token=TOKEN)


def test_the_client_reads_every_answer(hub, witness):
    listed = hub.list_inference_endpoints(namespace="example")
    assert [(one.name, one.status) for one in listed][1] == ("asleep", "scaledToZero")
    assert hub.get_inference_endpoint("chat", namespace="example").repository == "example/atlas"
    assert hub.pause_inference_endpoint("chat", namespace="example").status == "paused"
    assert hub.resume_inference_endpoint("chat", namespace="example").status == "running"
    assert hub.resume_inference_endpoint("chat", namespace="example").status == "running"  # 400, in words it knows
    with pytest.raises(HfHubHTTPError):
        hub.get_inference_endpoint("nowhere", namespace="example")
    assert {one.bearer for one, _ in witness.seen} == {TOKEN}


@pytest.mark.parametrize(
    ("lever", "params", "calls"),
    [
        ("endpoint.pause", {}, lambda hub: [
            hub.pause_inference_endpoint("chat", namespace="example"),
            hub.resume_inference_endpoint("chat", namespace="example"),
        ]),
        ("endpoint.scale", {"most": "1"}, lambda hub: [
            hub.update_inference_endpoint("chat", namespace="example", min_replica=1, max_replica=most)
            for most in (1, 4)
        ]),
        ("endpoint.delete", {}, lambda hub: [hub.delete_inference_endpoint("chat", namespace="example")]),
    ],
)  # fmt: skip
def test_the_adapter_sends_what_the_client_sends(hub, server, witness, lever, params, calls):
    hub.list_inference_endpoints(namespace="example")
    hub.get_inference_endpoint("chat", namespace="example")
    reads = {(one.method, one.path) for one in witness.take(PREFIX)}
    adapter, context = adapter_at(server.url), context_at(server.url)
    do(adapter.status(context))
    planned = do(adapter.plan(context, wish(lever, "chat", **params)))
    assert {(one.method, one.path) for one in witness.take(PREFIX)} <= reads
    calls(hub)
    told = witness.take(PREFIX)
    # the client names every part of an endpoint, and leaves empty what it does not change
    bare = [replace(one, body=one.body and {key: part for key, part in one.body.items() if part}) for one in told]
    assert [Sent.planned(one) for one in (*planned.requests, *planned.revert)] == bare


# -- broken on purpose -------------------------------------------------------------------------------------------------


class ScalesToZeroInstead(ADAPTER):
    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        asleep = tuple(replace(one, path=one.path.replace("/pause", "/scale-to-zero")) for one in planned.requests)
        return replace(planned, requests=asleep)


class TakesSleepForAStop(ADAPTER):
    async def read_back(self, context, planned):
        return replace(await super().read_back(context, planned), verdict="in-effect")


class ResumesWhateverWasThere(ADAPTER):
    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        on = tuple(replace(one, path=one.path.replace("/pause", "/resume")) for one in planned.requests)
        return replace(planned, revert=on)


class FailsWhenItIsSoAlready(ADAPTER):
    async def apply(self, context, planned):
        for request in planned.requests:
            reply = await context.send(request)
            if reply.status >= 400:
                raise Refused("already", reply.status)
        return await super().apply(context, replace(planned, requests=()))


def failed(kind):
    asked = wish("endpoint.pause", "chat")
    return failing(lambda: Simulator(site()), lambda url: adapter_at(url, kind), context_at, asked, None)


def test_a_broken_adapter_fails():
    whole = set(failed(ADAPTER))
    assert whole == {"test_probe"}  # there is nothing to try it with
    for mutant in (ScalesToZeroInstead, TakesSleepForAStop, ResumesWhateverWasThere, FailsWhenItIsSoAlready):
        assert any(name not in whole for name in failed(mutant)), f"{mutant.__name__} passes the whole kit"
