"""Work in flight at OpenAI: through the kit against its simulator, refereed by OpenAI's SDK, and broken on purpose."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import openai
import pytest

from adapters.conformance import AdapterConformance, DirectContext, until
from adapters.contract import CountsRunning, OutcomeUnknown, Refused, Running, Wish
from adapters.openai_work import ADAPTER
from adapters.openai_work.simulator import MADE_AT, PREFIX, PROJECT_KEY, WorkRow, WorkSite
from adapters.simulator import Simulator
from tests.adapters.mutants import failing
from tests.adapters.referee import Sent, Witness
from tests.adapters.test_behind_the_guard import plane_of, signed

MODELS = ["atlas", "atlas-2026-01-31", "bora"]


def site(**more):
    work = [
        WorkRow("batch_1", "batch", "atlas", "in_progress"),
        WorkRow("batch_2", "batch", "atlas-2026-01-31", "validating"),
        WorkRow("batch_3", "batch", "bora", "in_progress"),
        WorkRow("batch_4", "batch", None, "finalizing"),
        WorkRow("batch_5", "batch", "atlas", "completed"),
        WorkRow("ftjob-1", "job", "atlas-2026-01-31", "running"),
        WorkRow("ftjob-2", "job", "bora", "succeeded"),
    ]
    return WorkSite(MODELS, work, **{"cancel_s": 0.1, **more})


def wish(lever, selector, surface="", **params):
    return Wish(lever=lever, selector=selector, surface_key=surface, params=params)


def adapter_at(url, kind=ADAPTER, **more):
    return kind(kind.manifest.settings.model_validate({"base_url": url + PREFIX, **more}))


def context_at(url):
    return DirectContext(url + PREFIX, secrets={"admin": PROJECT_KEY})


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


class TestWork(AdapterConformance):
    probes_measure = False

    @pytest.fixture(
        params=[
            pytest.param(one, id=one.lever)
            for one in (
                wish("batch.cancel", "batch_1", "atlas"),
                wish("job.cancel", "ftjob-1"),
                wish("model.cancel-batches", "atlas", "atlas"),
                wish("model.cancel-jobs", "atlas"),
            )
        ]
    )
    def wish(self, request):
        return request.param


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (wish("batch.cancel", ""), "say which"),
        (wish("batch.cancel", "batch_1", "nowhere"), "no model called nowhere"),
        (wish("batch.cancel", "batch_1", extra="x"), "takes no parameters"),
        (wish("model.cancel-batches", "nothing"), "no model called nothing"),
        (wish("model.cancel-batches", "atlas", "bora"), "a surface of its own"),
        (wish("model.cancel-jobs", "bora"), "nothing of bora is at work"),
        (Wish(lever="job.cancel", selector="ftjob-1", surface_key="", direction="restore"), "begun again as new work"),
    ],
)
def test_it_refuses_what_cannot_be_done(adapter, context, asked, why):
    with pytest.raises(Refused, match=why):
        do(adapter.plan(context, asked))


def test_what_runs_is_counted_before_and_after(server, adapter, context):
    planned = do(adapter.plan(context, wish("model.cancel-batches", "atlas")))
    assert isinstance(adapter, CountsRunning)
    assert set(planned.wanted) == {"batch_1", "batch_2"}
    assert any("1 do not say their model" in note for note in planned.notes)
    before = do(adapter.running(context, planned))
    assert before == [Running(what="batches", count=2, then="stops", at_ms=before[0].at_ms)]
    do(adapter.apply(context, planned))
    assert do(until(lambda: adapter.running(context, planned), lambda seen: not seen, 30.0)) == []
    assert server.site.state["batch_3"].status == "in_progress"
    job = do(adapter.plan(context, wish("job.cancel", "ftjob-1")))
    assert [(one.what, one.count) for one in do(adapter.running(context, job))] == [("jobs", 1)]


def test_a_batch_that_is_being_cancelled_still_works(context):
    with Simulator(site(cancel_s=3600.0)) as slow:
        adapter, there = adapter_at(slow.url), context_at(slow.url)
        planned = do(adapter.plan(there, wish("batch.cancel", "batch_1")))
        do(adapter.apply(there, planned))
        back = do(adapter.read_back(there, planned))
        assert (back.verdict, back.detail) == ("not-in-effect", "cancelling")
        assert do(adapter.running(there, planned))[0].count == 1


def test_what_began_since_makes_a_cancelling_untrue(server, adapter, context):
    planned = do(adapter.plan(context, wish("model.cancel-batches", "atlas")))
    do(adapter.apply(context, planned))
    back = do(until(lambda: adapter.read_back(context, planned), lambda seen: seen.verdict == "in-effect", 30.0))
    assert back.detail == "cancelled"
    server.poke(lambda rows: rows.update(batch_9=WorkRow("batch_9", "batch", "atlas", "in_progress")))
    back = do(adapter.read_back(context, planned))
    assert (back.verdict, back.detail) == ("not-in-effect", "cancelled, in_progress; 1 began since")


def test_what_ended_by_itself_meanwhile_is_over_too(server, adapter, context):
    planned = do(adapter.plan(context, wish("batch.cancel", "batch_1")))
    server.poke(lambda rows: setattr(rows["batch_1"], "status", "completed"))
    assert do(adapter.apply(context, planned)).outcome == "already-so"
    both = do(adapter.plan(context, wish("model.cancel-batches", "bora")))
    wide = replace(both, requests=(*both.requests, *planned.requests))
    with pytest.raises(OutcomeUnknown, match="1 of 2 were accepted"):
        do(adapter.apply(context, wide))


def test_the_board_says_what_works(adapter, context):
    assert {one.made_ms for one in do(adapter.status(context)).surfaces} == {MADE_AT * 1000}
    told = {one.key: one.detail for one in do(adapter.status(context)).surfaces}
    assert told["atlas"] == "2 batches and 1 fine-tuning jobs at work"
    assert told["bora"] == "1 batches and 0 fine-tuning jobs at work"
    assert [one.key for one in do(adapter_at("http://127.0.0.1:1", models="b, a").discover(context))] == ["a", "b"]


def test_behind_the_guard_what_is_cancelled_ends(server):
    plane = plane_of("openai_work", {"base_url": server.url + PREFIX}, {"admin": PROJECT_KEY})

    async def story():
        try:
            planned = signed(plane, await plane.plan(wish("model.cancel-batches", "atlas", "atlas")))
            before = await plane.running(planned)
            await plane.apply(planned)
            back = await until(lambda: plane.read_back(planned), lambda seen: seen.verdict == "in-effect", 30.0)
            return before[0].count, back.verdict, await plane.running(planned)
        finally:
            await plane.aclose()

    assert do(story()) == (2, "in-effect", [])


# -- OpenAI's SDK as referee -------------------------------------------------------------------------------------------


def test_the_sdk_parses_every_answer_and_the_adapter_sends_what_it_sends():
    witness = Witness(site(page=2))
    with Simulator(witness) as server:
        client = openai.OpenAI(
            base_url=server.url + PREFIX, api_key=PROJECT_KEY, max_retries=0, timeout=30.0,
            _strict_response_validation=True,
        )  # fmt: skip
        with client as sdk:
            assert len(list(sdk.batches.list(limit=100))) == 5  # the SDK follows the pages
            assert len(list(sdk.fine_tuning.jobs.list(limit=100))) == 2
            sdk.models.list()
            sdk.batches.retrieve("batch_1")
            sdk.fine_tuning.jobs.retrieve("ftjob-1")
            reads = {(one.method, one.path, one.query) for one in witness.take(PREFIX)}
            cancels = {}
            for lever, ident, call in (
                ("batch.cancel", "batch_1", sdk.batches.cancel),
                ("job.cancel", "ftjob-1", sdk.fine_tuning.jobs.cancel),
            ):
                planned = do(adapter_at(server.url).plan(context_at(server.url), wish(lever, ident)))
                asked = witness.take(PREFIX)
                assert {(one.method, one.path, one.query) for one in asked} <= reads
                call(ident)
                cancels[lever] = ([Sent.planned(one) for one in planned.requests], witness.take(PREFIX))
            with pytest.raises(openai.BadRequestError):
                sdk.batches.cancel("batch_1")
            with pytest.raises(openai.NotFoundError):
                sdk.batches.retrieve("batch_0")
            do(adapter_at(server.url).status(context_at(server.url)))
            assert {(one.method, one.path, one.query) for one in witness.take(PREFIX) if one.method == "GET"} <= {
                *reads, ("GET", "/batches/batch_0", ()),
            }  # fmt: skip
    for planned, told in cancels.values():
        assert planned == told


# -- broken on purpose -------------------------------------------------------------------------------------------------


class TakesAcceptedForOver(ADAPTER):
    async def read_back(self, context, planned):
        return replace(await super().read_back(context, planned), verdict="in-effect", fields=dict(planned.wanted))


class CancelsWhilePlanning(ADAPTER):
    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        await context.send(planned.requests[0])
        return planned


class CallsItReversible(ADAPTER):
    async def plan(self, context, wish):
        return replace(await super().plan(context, wish), reversal="exact")


class RefusesWhatIsOverAlready(ADAPTER):
    async def apply(self, context, planned):
        for request in planned.requests:
            reply = await context.send(request)
            if reply.status >= 400:
                raise Refused("over already", reply.status)
        return await super().apply(context, replace(planned, requests=()))


def failed(kind):
    asked = wish("batch.cancel", "batch_1", "atlas")
    return failing(lambda: Simulator(site(cancel_s=0.0)), lambda url: adapter_at(url, kind), context_at, asked, None)


def test_a_broken_adapter_fails():
    whole = set(failed(ADAPTER))
    assert whole == {"test_probe"}  # there is nothing to try
    for mutant in (TakesAcceptedForOver, CancelsWhilePlanning, CallsItReversible, RefusesWhatIsOverAlready):
        assert any(name not in whole for name in failed(mutant)), f"{mutant.__name__} passes the whole kit"
