"""The kit for what a person carries out: the LiteLLM lever passes it, and adapters that cheat fail it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from adapters.conformance import ByHandConformance
from adapters.contract import Probe, ReadBack, Request, Wish
from adapters.hand import BACK, PATCH
from adapters.litellm import LiteLLM
from adapters.litellm.simulator import ModelRow
from adapters.simulator import Simulator
from tests.adapters.kit import litellm_at, litellm_context, litellm_site

REQUEST = Request(method="POST", path="/model/block", body="{}")


class AtGateway:
    """Whoever edits the file of a simulated gateway, and starts it again."""

    def __init__(self, server: Simulator) -> None:
        self.server = server

    def do(self, planned) -> None:
        if "Put a # sign" in planned.params[PATCH]:
            self.server.poke(lambda rows: rows.models.pop("m-3"))
        else:
            assert "+      blocked: true" in planned.params[PATCH]
            self.server.poke(lambda rows: setattr(rows.models["m-3"], "blocked", True))

    def back(self, planned) -> None:
        assert planned.params[BACK]
        self.server.poke(lambda rows: rows.models.update({"m-3": ModelRow("m-3", "filed", in_database=False)}))


@pytest.fixture
def server():
    with Simulator(litellm_site(cache_lag_s=0.0)) as simulator:
        yield simulator


@pytest.fixture
def context(server):
    return litellm_context(server.url)


@pytest.fixture
def person(server):
    return AtGateway(server)


def asked(how):
    return Wish(lever="model.file", selector="filed", surface_key="filed", params={"how": how})


class TestLiteLLMFile(ByHandConformance):
    probe_credential = "other"

    @pytest.fixture
    def adapter(self, server):
        return litellm_at(server.url)

    @pytest.fixture(params=["block", "remove"])
    def wish(self, request):
        return asked(request.param)


class Sends(LiteLLM):
    async def plan(self, context, wish):
        return replace(await super().plan(context, wish), requests=(REQUEST,))


class NoWayBack(LiteLLM):
    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        return replace(planned, params={**planned.params, BACK: ""})


class NewTextEachTime(LiteLLM):
    made = 0

    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        NewTextEachTime.made += 1
        return replace(planned, params={**planned.params, PATCH: f"{planned.params[PATCH]}# {self.made}\n"})


class TakesAWordForIt(LiteLLM):
    async def read_back(self, context, planned):
        return ReadBack(verdict="in-effect", fields=planned.wanted, at_ms=context.now_ms())


class AnyRefusalIsOurs(LiteLLM):
    async def probe(self, context, planned, credential):
        return Probe(outcome="refused", evidence="canary")


class GivesBackNothing(LiteLLM):
    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        back = planned.direction == "restore"
        return replace(planned, wanted={name: json.dumps([]) for name in planned.wanted}) if back else planned


class KnowsEverything(LiteLLM):
    async def plan(self, context, wish):
        known = replace(wish, selector="filed", surface_key="filed")
        return await super().plan(context, known)


FAILS = {
    Sends: "test_a_plan_holds_both_texts_and_sends_nothing",
    NoWayBack: "test_a_plan_holds_both_texts_and_sends_nothing",
    NewTextEachTime: "test_another_console_writes_the_same_text",
    TakesAWordForIt: "test_it_is_read_and_tried_there_and_back",
    AnyRefusalIsOurs: "test_it_is_read_and_tried_there_and_back",
    GivesBackNothing: "test_it_is_read_and_tried_there_and_back", KnowsEverything: "test_an_unknown_target_is_refused",
}  # fmt: skip


@pytest.mark.parametrize("kind", FAILS, ids=lambda kind: kind.__name__)
def test_an_adapter_that_cheats_fails(kind, server, context, person):
    kit = ByHandConformance()
    kit.probe_credential, kit.settles_within_s = "other", 0.3
    adapter = kind(LiteLLM.manifest.settings.model_validate({"base_url": server.url}))
    more = {"person": person} if "there_and_back" in FAILS[kind] else {}
    with pytest.raises(AssertionError):
        getattr(kit, FAILS[kind])(adapter=adapter, context=context, wish=asked("block"), **more)
