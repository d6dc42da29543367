"""The faults that simulators can be told to have, each seen through a real connection."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest

from adapters.conformance import DirectContext, until
from adapters.contract import Malformed, NotSent, OutcomeUnknown, Refused, Throttled, Wish
from adapters.simulator import Simulator
from tests.adapters.kit import KEY, litellm_at, litellm_context, litellm_site

WISH = Wish(lever="key.block", selector="canary", surface_key="atlas")


@pytest.fixture
def server():
    with Simulator(litellm_site(cache_lag_s=0.0)) as simulator:
        yield simulator


@pytest.fixture
def adapter(server):
    return litellm_at(server.url)


@pytest.fixture
def context(server):
    return litellm_context(server.url)


@pytest.fixture
def planned(adapter, context):
    return asyncio.run(adapter.plan(context, WISH))


def test_down_refuses_connections_and_comes_back_on_the_same_port(server, adapter, context, planned):
    url = server.url
    server.switch("down")
    with pytest.raises(NotSent):
        asyncio.run(adapter.apply(context, planned))
    server.clear("down")
    assert server.url == url
    assert asyncio.run(adapter.read_back(context, planned)).verdict == "not-in-effect"


def test_a_lie_is_accepted_and_found_out_by_reading_back(server, adapter, context, planned):
    server.switch("lying", on="writes")
    assert asyncio.run(adapter.apply(context, planned)).outcome == "accepted"
    assert asyncio.run(adapter.read_back(context, planned)).verdict == "not-in-effect"


def test_a_lost_answer_is_unknown_and_has_landed(server, adapter, context, planned):
    server.switch("lost-answer", on="writes", times=1)
    with pytest.raises(OutcomeUnknown):
        asyncio.run(adapter.apply(context, planned))
    assert asyncio.run(adapter.read_back(context, planned)).verdict == "in-effect"


def test_a_deadline_after_it_landed_is_unknown_and_has_landed(server, adapter, context, planned):
    server.switch("slow", on="writes", seconds=30)
    hasty = litellm_context(server.url, deadline_s=2.0)  # what comes before the write is answered at once
    began_s = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        asyncio.run(adapter.apply(hasty, planned))
    assert time.monotonic() - began_s < 25
    assert asyncio.run(adapter.read_back(context, planned)).verdict == "in-effect"


def test_slow_to_enforce_is_recorded_before_it_bites(server, adapter, context, planned):
    server.switch("slow-to-enforce", on="writes", seconds=0.8)

    async def story():
        await adapter.apply(context, planned)
        recorded = await adapter.read_back(context, planned)
        early = await adapter.probe(context, planned, "caller")
        late = await until(
            lambda: adapter.probe(context, planned, "caller"), lambda seen: seen.outcome == "refused", 5.0
        )
        return recorded.verdict, early.outcome, late.outcome

    assert asyncio.run(story()) == ("in-effect", "passed", "refused")


@pytest.mark.parametrize("fault", ["html", "huge", "throttle", "broken"])
def test_a_bad_answer_to_a_write_is_never_a_receipt(server, adapter, context, planned, fault):
    server.switch(fault, on="writes", seconds=9)
    with pytest.raises((Malformed, OutcomeUnknown, Throttled)) as caught:
        asyncio.run(adapter.apply(context, planned))
    assert fault != "throttle" or caught.value.retry_after_s == 9


@pytest.mark.parametrize(("fault", "kinds"), [("html", Malformed), ("huge", NotSent), ("broken", NotSent)])
def test_a_bad_answer_to_a_read_is_never_a_state(server, adapter, context, fault, kinds):
    server.switch(fault, on="reads")
    with pytest.raises(kinds):
        asyncio.run(adapter.status(context))


def test_a_fault_counts_down_and_keeps_to_its_scope(server, adapter, context, planned):
    server.switch("broken", on="calls", times=1)
    assert asyncio.run(adapter.read_back(context, planned)).verdict == "not-in-effect"
    assert asyncio.run(adapter.probe(context, planned, "caller")).outcome == "cannot-tell"
    assert asyncio.run(adapter.probe(context, planned, "caller")).outcome == "passed"
    with pytest.raises(ValueError, match="no such fault"):
        server.switch("gremlin")


def test_the_bytes_that_arrive_are_those_planned(server, adapter, context, planned):
    server.forget()
    asyncio.run(adapter.apply(context, planned))
    (arrived,) = server.requests()
    assert (arrived.method, arrived.target) == ("POST", planned.requests[0].path)
    assert arrived.body == planned.requests[0].body.encode()
    assert arrived.headers["content-type"] == "application/json"


def test_drift_by_another_administrator_is_seen(server, adapter, context, planned):
    asyncio.run(adapter.apply(context, planned))
    server.poke(lambda rows: setattr(rows.keys[planned.selector], "blocked", False))
    assert asyncio.run(adapter.read_back(context, planned)).verdict == "not-in-effect"


def test_it_listens_on_loopback_only_and_ends(server):
    assert server.url.startswith("http://127.0.0.1:")
    url = server.url
    server.close()
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)


def test_a_request_that_is_too_long_is_dropped(server):
    with pytest.raises(httpx.HTTPError):
        httpx.post(server.url + "/key/block", content=b"x" * (2 * 1024 * 1024), trust_env=False)
    assert httpx.get(server.url + "/health/readiness", trust_env=False).status_code == 200


def test_the_direct_context_sends_no_secret_where_none_is_asked_for(server):
    context = DirectContext(server.url, secrets={"admin": "practice-x", "caller": KEY})

    async def story():
        await context.call("GET", "/health/readiness", effect="read", credential=None)
        with pytest.raises(NotSent):
            await context.call("GET", "/health/readiness", effect="read", credential="nobody")
        with pytest.raises(Refused):
            await context.call("GET", "//elsewhere.example/", effect="read")

    asyncio.run(story())
    assert "authorization" not in server.requests()[-1].headers
