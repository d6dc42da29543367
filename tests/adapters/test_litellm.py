"""What the LiteLLM adapter refuses, and how it fails half way."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import ValidationError

from adapters.contract import OutcomeUnknown, Refused, Wish
from adapters.litellm import LiteLLM
from adapters.litellm.simulator import ModelRow, hash_of
from adapters.simulator import Simulator
from tests.adapters.kit import KEY, OTHER, litellm_at, litellm_context, litellm_site


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


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (Wish(lever="key.block", selector=KEY, surface_key=""), "the key itself"),
        (Wish(lever="key.block", selector="", surface_key=""), "say which key"),
        (Wish(lever="key.block", selector="twin", surface_key=""), "2 keys have the alias"),
        (Wish(lever="key.block", selector="0" * 64, surface_key=""), "knows no key"),
        (Wish(lever="key.block", selector="canary", surface_key="nowhere"), "no model called"),
        (Wish(lever="key.block", selector="canary", surface_key="", params={"rpm": "1"}), "parameters: rpm"),
        (Wish(lever="key.rpm", selector="canary", surface_key=""), "parameters: rpm"),
        (Wish(lever="key.rpm", selector="canary", surface_key="", params={"rpm": "-1"}), "parameters: rpm"),
        (Wish(lever="model.block", selector="filed", surface_key=""), "configuration file"),
        (Wish(lever="model.block", selector="m-1", surface_key="filed"), "belongs to atlas"),
    ],
)
def test_it_refuses_what_cannot_be_done(adapter, context, wish, why):
    with pytest.raises(Refused, match=why) as caught:
        asyncio.run(adapter.plan(context, wish))
    assert KEY not in caught.value.detail


def test_no_plan_holds_a_key(adapter, context):
    planned = asyncio.run(adapter.plan(context, Wish(lever="key.block", selector="canary", surface_key="")))
    assert planned.selector == hash_of(KEY)
    assert planned.params == {"probe_model": "atlas"}
    assert KEY not in repr(planned)


def test_a_limit_goes_back_to_the_limit_before(server, adapter, context):
    server.poke(lambda rows: setattr(rows.keys[hash_of(KEY)], "rpm_limit", 90))
    wish = Wish(lever="key.rpm", selector="canary", surface_key="", params={"rpm": "3"})

    async def story():
        planned = await adapter.plan(context, wish)
        await adapter.apply(context, planned)
        during = await adapter.read_back(context, planned)
        seen = await adapter.probe(context, planned, "caller")
        await adapter.revert(context, planned)
        return planned, during, seen, await adapter.read_back(context, planned)

    planned, during, seen, after = asyncio.run(story())
    assert (planned.pre, planned.wanted) == ({"rpm_limit": "90"}, {"rpm_limit": "3"})
    assert during.verdict == "in-effect"
    assert seen.outcome == "cannot-tell"  # below the limit a call that passes says nothing
    assert after.fields == {"rpm_limit": "90"}


def test_restoring_a_key_that_another_plan_blocked(adapter, context):
    wish = Wish(lever="key.block", selector="canary", surface_key="", direction="restore")
    blocked = asyncio.run(adapter.plan(context, Wish(lever="key.block", selector="canary", surface_key="")))
    asyncio.run(adapter.apply(context, blocked))
    planned = asyncio.run(adapter.plan(context, wish))
    assert (planned.pre, planned.wanted) == ({"blocked": "true"}, {"blocked": "false"})
    asyncio.run(adapter.apply(context, planned))
    assert asyncio.run(adapter.read_back(context, planned)).verdict == "in-effect"


def test_half_of_a_model_blocked_is_unknown_and_seen_as_degraded(server, adapter, context):
    planned = asyncio.run(adapter.plan(context, Wish(lever="model.block", selector="atlas", surface_key="atlas")))
    assert len(planned.requests) == 2
    server.poke(lambda rows: setattr(rows.models["m-2"], "in_database", False))
    with pytest.raises(OutcomeUnknown, match="1 of 2"):
        asyncio.run(adapter.apply(context, planned))
    back = asyncio.run(adapter.read_back(context, planned))
    assert (back.verdict, dict(back.fields)) == ("not-in-effect", {"m-1.blocked": "true", "m-2.blocked": "false"})
    status = asyncio.run(adapter.status(context))
    assert [found.state for found in status.surfaces] == ["degraded", "serving"]
    assert status.facts["models_in_file"] == "2"


def test_a_probe_without_or_with_the_wrong_key_proves_nothing(adapter, context):
    planned = asyncio.run(adapter.plan(context, Wish(lever="key.block", selector="canary", surface_key="")))
    assert asyncio.run(adapter.probe(context, planned, None)).outcome == "cannot-tell"
    asyncio.run(adapter.apply(context, planned))
    assert asyncio.run(adapter.probe(context, planned, "admin")).outcome == "cannot-tell"
    assert asyncio.run(adapter.probe(context, planned, "caller")).outcome == "refused"
    assert asyncio.run(adapter.probe(context, planned, "other")).outcome == "passed"


def test_a_key_that_may_call_nothing_here_can_be_blocked_but_not_tried(server, adapter, context):
    server.poke(lambda rows: rows.keys[hash_of(KEY)].models.__setitem__(0, "elsewhere"))
    planned = asyncio.run(adapter.plan(context, Wish(lever="key.block", selector="canary", surface_key="")))
    assert planned.model == "atlas"
    assert asyncio.run(adapter.probe(context, planned, "caller")).outcome == "cannot-tell"
    assert asyncio.run(adapter.apply(context, planned)).outcome == "accepted"


def test_a_key_that_is_gone_cannot_be_told(server, adapter, context):
    planned = asyncio.run(adapter.plan(context, Wish(lever="key.block", selector="other", surface_key="")))
    server.poke(lambda rows: rows.keys.pop(hash_of(OTHER)))
    assert asyncio.run(adapter.read_back(context, planned)).verdict == "cannot-tell"


@pytest.mark.parametrize(
    "address",
    ["http://gateway.example", "ftp://127.0.0.1", "https://name:word@gateway.example", "https://a.example/?k=1", "x"],
)
def test_settings_take_no_address_that_would_leak_the_key(address):
    with pytest.raises(ValidationError):
        LiteLLM.manifest.settings.model_validate({"base_url": address})


def test_two_thousand_deployments_are_read_page_by_page(server, adapter, context):
    def many(rows):
        for number in range(2000):
            rows.models[f"n-{number}"] = ModelRow(f"n-{number}", f"model-{number % 1000}")

    server.poke(many)
    server.forget()
    status = asyncio.run(adapter.status(context))
    assert len(status.surfaces) == 1002
    assert status.facts["models_in_database"] == "2002"
    looks = [found for found in server.requests() if found.path == "/v2/model/info"]
    assert len(looks) == 41
    planned = asyncio.run(adapter.plan(context, Wish(lever="model.block", selector="model-7", surface_key="")))
    assert sorted(planned.pre) == ["n-1007.blocked", "n-7.blocked"]
    server.forget()
    asyncio.run(adapter.read_back(context, planned))
    assert len(server.requests()) == 1  # a read-back asks for the one model


def test_a_key_tells_when_it_was_changed_and_not_by_whom(adapter, context):
    async def story():
        block = await adapter.plan(context, Wish(lever="key.block", selector="canary", surface_key="", params={}))
        assert await adapter.changes(context, block, 0) == []
        await adapter.apply(context, block)
        [told] = await adapter.changes(context, block, 0)
        assert told.who == "somebody it does not name"
        assert await adapter.changes(context, block, told.at_ms + 1) == []
        model = await adapter.plan(context, Wish(lever="model.block", selector="atlas", surface_key="", params={}))
        assert await adapter.changes(context, model, 0) is None

    asyncio.run(story())
