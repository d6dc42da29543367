"""The kit tested: adapters that are broken in one way each must fail it, and the whole one must not."""

from __future__ import annotations

import inspect
import json
import time
from dataclasses import replace

import pytest

from adapters.conformance import AdapterConformance, reply
from adapters.contract import (
    AdapterFault,
    NotSent,
    OutcomeUnknown,
    Probe,
    ReadBack,
    Receipt,
    Refused,
    Request,
    Served,
    Throttled,
    Wish,
)
from adapters.litellm import LiteLLM
from adapters.simulator import Simulator
from tests.adapters.kit import litellm_context, litellm_site

WISH = Wish(lever="key.block", selector="canary", surface_key="atlas")


class Kit(AdapterConformance):
    probe_credential = "caller"
    settles_within_s = 1.0


class ClaimsWithoutReading(LiteLLM):
    async def read_back(self, context, planned):
        return ReadBack(verdict="in-effect", fields=planned.wanted, at_ms=context.now_ms())


class RemembersItsOwnWrite(LiteLLM):
    done = False

    async def apply(self, context, planned):
        self.done = True
        return await super().apply(context, planned)

    async def read_back(self, context, planned):
        verdict = "in-effect" if self.done else "not-in-effect"
        fields = planned.wanted if self.done else planned.pre
        return ReadBack(verdict=verdict, fields=fields, at_ms=context.now_ms())


class ProbesWithTheAdminKey(LiteLLM):
    async def probe(self, context, planned, credential):
        return await super().probe(context, planned, "")


class ProbesOnAnOldConnection(LiteLLM):
    async def probe(self, context, planned, credential):
        body = {"model": planned.params["probe_model"], "messages": []}
        answer = await context.call("POST", "/v1/chat/completions", json=body, effect="read", credential=credential)
        return Probe(outcome="passed" if answer.status == 200 else "refused", evidence="credential")


class CountsAnyRefusal(LiteLLM):
    async def probe(self, context, planned, credential):
        seen = await super().probe(context, planned, credential)
        return replace(seen, outcome="refused") if seen.status and seen.status >= 400 else seen


class TakesSilenceForARefusal(LiteLLM):
    async def probe(self, context, planned, credential):
        seen = await super().probe(context, planned, credential)
        return replace(seen, outcome="refused") if seen.status is None else seen


class WritesWhilePlanning(LiteLLM):
    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        await context.send(planned.requests[0])
        return planned


class WritesWhilePlanningAndCallsItARead(LiteLLM):
    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        await context.call("POST", "/key/block", json={"key": planned.selector}, effect="read")
        return planned


class PlansOtherwiseEachTime(LiteLLM):
    """Whoever compares the plan with one of their own finds a difference that there is not."""

    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        body = json.dumps({**json.loads(planned.requests[0].body), "at": time.monotonic_ns()})
        return replace(planned, requests=(replace(planned.requests[0], body=body),))


class RevertsToADefault(LiteLLM):
    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        body = json.dumps({"key": planned.selector})
        return replace(planned, revert=(Request(method="POST", path="/key/unblock", body=body),))


class RevertsFromMemory(LiteLLM):
    """Knows the way back only as long as its process lives."""

    ways_back = None

    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        self.ways_back = {**(self.ways_back or {}), planned.selector: planned.revert}
        return planned

    async def revert(self, context, planned):
        way_back = (self.ways_back or {}).get(planned.selector)
        if way_back is None:
            raise Refused("nothing was corrected here")
        return await super().revert(context, replace(planned, revert=way_back))


class SendsOtherBytes(LiteLLM):
    async def apply(self, context, planned):
        request = planned.requests[0]
        await context.send(replace(request, body=request.body.replace(":", ": ")))
        return Receipt(outcome="accepted")


class WritesBesideThePlan(LiteLLM):
    async def apply(self, context, planned):
        receipt = await super().apply(context, planned)
        await context.call("POST", "/key/block", json={"key": planned.selector}, effect="write")
        return receipt


class TriesAgainByItself(LiteLLM):
    async def apply(self, context, planned):
        try:
            return await super().apply(context, planned)
        except OutcomeUnknown:
            return await super().apply(context, planned)


class TakesALostAnswerForDone(LiteLLM):
    async def apply(self, context, planned):
        try:
            return await super().apply(context, planned)
        except OutcomeUnknown:
            return Receipt(outcome="accepted")


class AcceptsAnyBody(LiteLLM):
    async def apply(self, context, planned):
        for request in planned.requests:
            await context.send(request)
        return Receipt(outcome="accepted")


class PlansForNobody(LiteLLM):
    async def plan(self, context, wish):
        try:
            return await super().plan(context, wish)
        except Refused:
            return await super().plan(context, WISH)


class ForgetsRetryAfter(LiteLLM):
    async def apply(self, context, planned):
        try:
            return await super().apply(context, planned)
        except Throttled as fault:
            raise Throttled(fault.detail, 1.0) from fault


class ShowsGreenWhenNothingIsHeard(LiteLLM):
    last = None

    async def status(self, context):
        try:
            self.last = await super().status(context)
        except AdapterFault:
            if self.last is None:
                raise
        return self.last


class QuotesTheProvider(LiteLLM):
    async def read_back(self, context, planned):
        answer = await context.call("GET", f"/key/info?key={planned.selector}", effect="read")
        if answer.status >= 400:
            raise Refused(answer.body.decode(), answer.status)
        return await super().read_back(context, planned)


class TakesARefusalForAnOutage(LiteLLM):
    async def apply(self, context, planned):
        try:
            return await super().apply(context, planned)
        except Refused as fault:
            raise NotSent(fault.detail) from fault


class NamesAnotherHost(LiteLLM):
    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        elsewhere = tuple(replace(request, path=f"//elsewhere.example{request.path}") for request in planned.requests)
        return replace(planned, requests=elsewhere)


class DoesNothing(LiteLLM):
    async def apply(self, context, planned):
        return Receipt(outcome="accepted")


class CountsWhatItServedOnly(LiteLLM):
    """Its count does not see refusals, so that silence would look like one."""

    passed = 0

    async def probe(self, context, planned, credential):
        seen = await super().probe(context, planned, credential)
        self.passed += seen.outcome == "passed"
        return seen

    async def served(self, context, planned):
        return Served(asked=self.passed, served=self.passed, at_ms=context.now_ms())


class WritesWhileCounting(CountsWhatItServedOnly):
    async def served(self, context, planned):
        await context.call("POST", "/key/block", json={"key": planned.selector}, effect="write")


MUTANTS = [
    ClaimsWithoutReading, RemembersItsOwnWrite, ProbesWithTheAdminKey, ProbesOnAnOldConnection, CountsAnyRefusal,
    TakesSilenceForARefusal, WritesWhilePlanning, WritesWhilePlanningAndCallsItARead, RevertsToADefault,
    PlansOtherwiseEachTime, RevertsFromMemory, SendsOtherBytes, WritesBesideThePlan, TriesAgainByItself,
    TakesALostAnswerForDone, AcceptsAnyBody, PlansForNobody, ForgetsRetryAfter, ShowsGreenWhenNothingIsHeard,
    QuotesTheProvider, TakesARefusalForAnOutage, NamesAnotherHost, DoesNothing, CountsWhatItServedOnly,
    WritesWhileCounting,
]  # fmt: skip


def failures(adapter_class) -> list[str]:
    """The names of the kit's tests that this adapter fails, each on a new server."""
    failed = []
    for name, test in inspect.getmembers(Kit(), inspect.ismethod):
        if not name.startswith("test_"):
            continue
        with Simulator(litellm_site(cache_lag_s=0.0)) as server:
            settings = adapter_class.manifest.settings.model_validate({"base_url": server.url})
            given = {"adapter": adapter_class(settings), "context": litellm_context(server.url), "wish": WISH}
            try:
                test(**{wanted: given[wanted] for wanted in inspect.signature(test).parameters})
            except (AssertionError, AdapterFault):
                failed.append(name)
    return failed


def test_the_whole_adapter_passes():
    assert failures(LiteLLM) == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_broken_adapter_fails(mutant):
    failed = failures(mutant)
    assert failed, f"{mutant.__name__} passes the whole kit"
    assert len(failed) < 16, f"{mutant.__name__} fails everything: it does not run at all"


def test_a_made_up_reply_is_what_it_says():
    assert reply(200, b"{}").json() == {}
