"""Google's descriptions say of every request of the adapter and every answer of the simulator whether it is one.

What Google's own client says of the writes stands in `google_referee.py`.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from adapters.simulator import Simulator
from tests.adapters.discovery import Discovery
from tests.adapters.google_kit import adapter_at, context_at, site
from tests.adapters.referee import Witness
from tests.adapters.test_google_vertex import WISHES, wish

FOLDER = "folders/4711"
MORE = {
    "model.forbid in a folder": (wish("model.forbid", "atlas-1.5-002"), {"policy_at": FOLDER}),
    "model.forbid in an organisation": (wish("model.forbid", "atlas-1.5-002"), {"policy_at": "organizations/4712"}),
    "model.forbid of a partner": (wish("model.forbid", "borealis-4@20260101"), {}),
    "model.rpm of a partner": (wish("model.rpm", "borealis-4@20260101", rpm="5"), {}),
}
ALL = {**{name: (one, {}) for name, one in WISHES.items()}, **MORE}


@pytest.fixture(scope="module")
def discovery():
    return Discovery()


@pytest.fixture
def witness():
    return Witness(site(lag_s=0.0, page=1))


@pytest.fixture
def server(witness):
    with Simulator(witness) as simulator:
        yield simulator


async def story(adapter, context, asked):
    """Everything an adapter does, with a second plan on what is restricted already."""
    await adapter.discover(context)
    await adapter.status(context)
    planned = await adapter.plan(context, asked)
    await adapter.running(context, planned)
    await adapter.probe(context, planned, "caller")
    await adapter.apply(context, planned)
    await adapter.read_back(context, planned)
    await adapter.probe(context, planned, "caller")
    await adapter.apply(context, planned)
    if planned.revert:
        onto = await adapter.plan(context, asked)
        await adapter.apply(context, onto)
        await adapter.revert(context, onto)
        await adapter.revert(context, planned)
        await adapter.revert(context, planned)
    await adapter.status(context)


@pytest.mark.parametrize("name", ALL)
def test_every_request_and_every_answer_is_one_by_googles_descriptions(server, witness, discovery, name):
    asked, more = ALL[name]
    asyncio.run(story(adapter_at(server.url, **more), context_at(server.url), asked))
    faults = [fault for one, answer in witness.seen for fault in discovery.faults(one, answer)]
    assert faults == []
    assert len(witness.seen) > 10


def test_lifts_of_what_stays_are_described_too(server, witness, discovery):
    adapter, context = adapter_at(server.url), context_at(server.url)
    for lever, selector in (("principal.deny", "user:one@desk.example"), ("model.forbid", "atlas-1.5-002"),
                            ("model.rpm", "atlas-1.5-002"), ("endpoint.quiet", "main")):  # fmt: skip
        params = {"rpm": "5"} if lever == "model.rpm" else {}
        asyncio.run(adapter.apply(context, asyncio.run(adapter.plan(context, wish(lever, selector, **params)))))
        lift = asyncio.run(adapter.plan(context, wish(lever, selector, direction="restore")))
        assert asyncio.run(adapter.apply(context, lift)).outcome == "accepted"
    assert [fault for one, answer in witness.seen for fault in discovery.faults(one, answer)] == []


@pytest.mark.parametrize("more", [{}, {"policy_at": FOLDER}, {"policy_at": "organizations/4712"}])
def test_the_question_for_rights_and_its_answers_are_described_too(server, witness, discovery, more):
    adapter, context = adapter_at(server.url, **more), context_at(server.url)
    server.poke(lambda rows: setattr(rows, "untestable", ("iam.denypolicies.update",)))
    assert asyncio.run(adapter.granted(context)).lacks["endpoint.quiet"] == []
    server.poke(lambda rows: setattr(rows, "roles", {}))
    assert asyncio.run(adapter.granted(context)).lacks["endpoint.quiet"]
    assert [fault for one, answer in witness.seen for fault in discovery.faults(one, answer)] == []
    assert {one.target.partition(":")[0] for one, _ in witness.seen} == {
        "/v3/projects/desk-models",
        *(f"/v3/{place}" for place in more.values()),
    }


def test_the_judge_sees_what_is_wrong(server, witness, discovery):
    """It is no judge if it lets everything through."""
    adapter, context = adapter_at(server.url), context_at(server.url)
    asyncio.run(adapter.apply(context, asyncio.run(adapter.plan(context, WISHES["deployment.undeploy"]))))
    one, answer = next(each for each in witness.seen if each[0].method == "POST")

    def wrong(**more):
        return discovery.faults(replace(one, **more), answer)

    assert "no parameter mask" in wrong(target=f"{one.target}?mask=x")[0]
    assert "0 such methods" in wrong(target=one.target.replace("undeployModel", "undeploy"))[0]
    assert "0 such methods" in wrong(method="PUT")[0]
    assert "body.deployedModel is no member" in wrong(body=b'{"deployedModel":{}}')[0]
    assert "is no int32" in wrong(body=b'{"trafficSplit":{"11":"100"}}')[0]
    deploy = {"deployedModel": {"createTime": "2026-01-05T10:00:00Z"}}
    told = wrong(target=one.target.replace("undeploy", "deploy"), body=json.dumps(deploy).encode())
    assert "Google's alone to say" in told[0]
