"""What the Open Inference adapter refuses, and what it makes of servers that are half way."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from pydantic import ValidationError

from adapters.conformance import Bent, DirectContext, reply
from adapters.contract import Malformed, OutcomeUnknown, Refused, Wish
from adapters.open_inference import OpenInference
from adapters.simulator import Simulator
from tests.adapters.kit import model_server_site, open_inference_at

WISH = Wish(lever="model.unload", selector="toy", surface_key="toy")


@pytest.fixture
def server():
    with Simulator(model_server_site()) as simulator:
        yield simulator


@pytest.fixture
def adapter(server):
    return open_inference_at(server.url)


@pytest.fixture
def context(server):
    return DirectContext(server.url, auth="none")


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (Wish(lever="model.unload", selector="", surface_key=""), "no model called"),
        (Wish(lever="model.unload", selector="toy", surface_key="toy2"), "surface of its own"),
        (Wish(lever="model.unload", selector="toy", surface_key="", params={"force": "1"}), "takes no parameters"),
        (Wish(lever="key.block", selector="toy", surface_key=""), "no lever"),
    ],
)
def test_it_refuses_what_cannot_be_done(adapter, context, wish, why):
    with pytest.raises(Refused, match=why):
        asyncio.run(adapter.plan(context, wish))


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ({"error": "Request for unknown model: 'toy' is not found"}, "refused"),
        ({"error": "Model toy not found"}, "refused"), ({"detail": "Model with name toy does not exist."}, "refused"),
        ({"detail": "Not Found: the toyshop has no such page"}, "cannot-tell"),
        ({"error": "Model toy-2 not found"}, "cannot-tell"), ({"error": "Model toy.v2 not found"}, "cannot-tell"),
    ],
)  # fmt: skip
def test_a_refusal_names_this_model_and_no_word_that_holds_its_letters(adapter, context, said, outcome):
    planned = asyncio.run(adapter.plan(context, WISH))
    bent = Bent(context, answer=reply(404, json.dumps(said).encode()))
    assert asyncio.run(adapter.probe(bent, planned, None)).outcome == outcome


@pytest.mark.parametrize("state", ["UNLOADING", "LOADING"])
def test_a_model_on_its_way_is_not_planned(adapter, context, state):
    index = json.dumps([{"name": "toy", "version": "1", "state": state}]).encode()
    with pytest.raises(Refused, match=state.lower()):
        asyncio.run(adapter.plan(Bent(context, answer=reply(200, index)), WISH))


@pytest.mark.parametrize(
    ("states", "verdict", "loaded"),
    [
        (["READY"], "not-in-effect", "true"),
        (["UNAVAILABLE", "READY"], "not-in-effect", "true"),
        (["UNLOADING"], "not-in-effect", "true"),
        (["LOADING"], "not-in-effect", "false"),
        (["UNAVAILABLE"], "in-effect", "false"),
        ([""], "in-effect", "false"),
    ],
)
def test_one_ready_version_is_enough_to_serve(adapter, context, states, verdict, loaded):
    planned = asyncio.run(adapter.plan(context, WISH))
    index = [{"name": "toy", "version": str(number), "state": state} for number, state in enumerate(states)]
    seen = Bent(context, answer=reply(200, json.dumps(index).encode()))
    back = asyncio.run(adapter.read_back(seen, planned))
    assert (back.verdict, dict(back.fields)) == (verdict, {"loaded": loaded})


def test_a_model_that_left_the_repository_cannot_be_told(server, adapter, context):
    planned = asyncio.run(adapter.plan(context, WISH))
    server.poke(lambda models: models.pop("toy"))
    assert asyncio.run(adapter.read_back(context, planned)).verdict == "cannot-tell"


def test_a_plan_made_while_unloaded_restores_and_then_learns_the_inputs(server, adapter, context):
    server.poke(lambda models: setattr(models["toy"], "loaded", False))
    wish = Wish(lever="model.unload", selector="toy", surface_key="toy", direction="restore")
    planned = asyncio.run(adapter.plan(context, wish))
    assert (planned.pre, planned.wanted) == ({"loaded": "false"}, {"loaded": "true"})
    assert planned.params == {"inputs": "[]", "listed": "all"}
    assert asyncio.run(adapter.probe(context, planned, None)).outcome == "refused"
    asyncio.run(adapter.apply(context, planned))
    assert asyncio.run(adapter.read_back(context, planned)).verdict == "in-effect"
    assert asyncio.run(adapter.probe(context, planned, None)).outcome == "passed"


def test_an_unload_of_an_unknown_model_is_refused_where_the_server_says_so():
    with Simulator(model_server_site("mlserver")) as server:
        adapter, context = open_inference_at(server.url), DirectContext(server.url, auth="none")
        planned = asyncio.run(adapter.plan(context, WISH))
        asyncio.run(adapter.apply(context, planned))
        assert asyncio.run(adapter.apply(context, planned)).outcome == "already-so"
        server.poke(lambda models: models.pop("toy"))
        with pytest.raises(Refused):
            asyncio.run(adapter.apply(context, planned))


def test_a_server_that_lists_loaded_models_only_takes_absence_for_unloaded_and_promises_less():
    with Simulator(model_server_site("kserve")) as server:
        adapter, context = open_inference_at(server.url), DirectContext(server.url, auth="none")
        planned = asyncio.run(adapter.plan(context, WISH))
        assert (planned.reversal, planned.params["listed"]) == ("best-effort", "loaded")
        asyncio.run(adapter.apply(context, planned))
        assert asyncio.run(adapter.read_back(context, planned)).fields == {"loaded": "false"}
        assert [found.name for found in asyncio.run(adapter.discover(context))] == ["toy2"]
        with pytest.raises(Refused, match="no model called toy"):
            asyncio.run(adapter.plan(context, WISH))
        assert asyncio.run(adapter.apply(context, planned)).outcome == "already-so"
        back = asyncio.run(adapter.plan(context, replace(WISH, direction="restore")))
        asyncio.run(adapter.apply(context, back))
        assert asyncio.run(adapter.read_back(context, back)).verdict == "in-effect"
        nobody = asyncio.run(
            adapter.plan(context, Wish(lever="model.unload", selector="no-such", surface_key="", direction="restore"))
        )
        with pytest.raises(OutcomeUnknown):
            asyncio.run(adapter.apply(context, nobody))


def test_calls_that_wait_are_counted_where_the_settings_say_where_the_metrics_are(server, adapter, context):
    planned = asyncio.run(adapter.plan(context, WISH))
    assert asyncio.run(adapter.running(context, planned)) is None
    told = {"base_url": server.url, "metrics_url": server.url}
    counting = OpenInference(OpenInference.manifest.settings.model_validate(told))
    assert counting.access().callers.url == server.url
    seen = DirectContext(server.url, auth="none", callers_url=server.url)
    assert asyncio.run(counting.running(seen, planned)) == []
    server.poke(lambda models: (setattr(models["toy"], "waiting", 3), setattr(models["toy2"], "waiting", 9)))
    [found] = asyncio.run(counting.running(seen, planned))
    assert (found.what, found.count, found.then) == ("jobs", 3, "finishes")
    about = b"# HELP x\n# TYPE nv_inference_pending_request_count gauge\nnv_inference_pending_request_count"
    for body in (b"<html>", about + b'{model="toy"} many\n', about + b'{model="toy"} 1e999\n'):
        with pytest.raises(Malformed):
            asyncio.run(counting.running(Bent(seen, answer=reply(200, body, "text/plain")), planned))
    other = Bent(seen, answer=reply(200, b"# HELP rest_server_requests x\n", "text/plain"))
    assert asyncio.run(counting.running(other, planned)) is None


def test_a_redirect_is_no_answer(adapter, context):
    with pytest.raises(Malformed, match="elsewhere"):
        asyncio.run(adapter.status(Bent(context, answer=reply(302, b""))))


@pytest.mark.parametrize("address", ["https://name@models.example", "https://models.example/#x", "models.example"])
def test_settings_take_only_plain_addresses(address):
    with pytest.raises(ValidationError):
        OpenInference.manifest.settings.model_validate({"base_url": address})
