"""The status page: a hint with its age, read tolerantly and seldom, that can do nothing and makes nothing green."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import ValidationError

from adapters.conformance import DirectContext
from adapters.conformance.road import road
from adapters.conformance.standin import guard, run_hurried
from adapters.conformance.troubles import READS, Trouble
from adapters.contract import AdapterFault, Malformed, NotSent, Refused, Wish
from adapters.simulator import Simulator
from adapters.status_page import ADAPTER
from adapters.status_page.adapter import Settings
from adapters.status_page.simulator import PageState, StatusPageSite
from tests.adapters.test_behind_the_guard import plane_of


def trouble() -> PageState:
    return PageState(
        indicator="minor", description="Partially Degraded Service",
        components=[
            {"id": "1", "name": "API", "status": "degraded_performance", "group": False},
            {"id": "2", "name": "Console", "status": "operational", "group": False},
            {"id": "3", "name": "Services", "status": "partial_outage", "group": True},
        ],
        incidents=[{"name": "Elevated errors", "status": "investigating", "impact": "minor"}],
    )  # fmt: skip


@pytest.fixture
def server():
    with Simulator(StatusPageSite(trouble())) as simulator:
        yield simulator


def looked(server, at=0, adapter=None, **settings):
    made = adapter or ADAPTER(Settings(base_url=server.url, **settings))
    return asyncio.run(made.status(DirectContext(server.url, auth="none", now_ms=lambda: at)))


def test_it_tells_what_the_page_says_and_when_that_was_set(server) -> None:
    found = looked(server, about="Vendor A")
    assert found.surfaces == ()
    assert dict(found.facts) == {
        "about": "Vendor A", "indicator": "minor", "words": "Partially Degraded Service",
        "updated_ms": "1795672800000", "trouble": "API: degraded performance; Elevated errors (investigating)",
        "at_ms": "0",
    }  # fmt: skip
    assert looked(server, parts="console, none").facts["trouble"] == "Elevated errors (investigating)"


@pytest.mark.parametrize(("kind", "fault"), READS.items())
def test_on_a_bad_network_behind_the_guard_there_is_no_hint(server, kind, fault) -> None:
    adapter = ADAPTER(Settings(base_url=server.url))  # it asks seldom: one that has not asked yet

    async def story(loop):
        async with road(guard(), adapter, DirectContext(server.url, auth="none"), loop) as page:
            await page.fails(page.guarded.status, Trouble(kind=kind, lasting=True), fault, "status")

    run_hurried(story)


def test_what_is_missing_or_not_known_is_never_called_well(server) -> None:
    server.poke(lambda page: setattr(page, "indicator", "splendid"))
    server.poke(lambda page: setattr(page, "updated_at", "lately"))
    server.poke(lambda page: page.components.append({"name": "Only a name"}))
    found = looked(server).facts
    assert (found["indicator"], found["updated_ms"]) == ("unknown", "")


@pytest.mark.parametrize(("fault", "kind"), [("html", Malformed), ("huge", AdapterFault), ("broken", NotSent)])
def test_what_is_no_page_teaches_nothing(server, fault, kind) -> None:
    server.switch(fault)
    with pytest.raises(kind):
        looked(server)


def test_it_is_asked_once_a_minute_however_often_somebody_looks(server) -> None:
    adapter = ADAPTER(Settings(base_url=server.url))
    for at in (0, 5_000, 59_999):
        assert looked(server, at, adapter).at_ms == 0, "a look between says when it was"
    server.poke(lambda page: setattr(page, "indicator", "critical"))
    assert looked(server, 60_000, adapter).facts["indicator"] == "critical"
    assert len(server.requests()) == 2


def test_nothing_can_be_done_at_a_page(server) -> None:
    adapter, context = ADAPTER(Settings(base_url=server.url)), DirectContext(server.url, auth="none")
    assert asyncio.run(adapter.discover(context)) == ()
    with pytest.raises(Refused, match="read, never written"):
        asyncio.run(adapter.plan(context, Wish(lever="page.set", selector="x", surface_key="")))
    for act in (adapter.apply, adapter.revert):
        with pytest.raises(Refused, match="read, never written"):
            asyncio.run(act(context, None))
    assert asyncio.run(adapter.read_back(context, None)).verdict == "cannot-tell"
    assert asyncio.run(adapter.probe(context, None, None)).outcome == "cannot-tell"
    assert set(ADAPTER.manifest.not_possible) == {"user", "frequency", "capability", "use-case", "shutdown"}


def test_the_console_reads_it_behind_the_guard(server) -> None:
    plane = plane_of("status_page", {"base_url": server.url, "about": "Vendor A"}, {})

    async def story():
        try:
            return await plane.status()
        finally:
            await plane.aclose()

    assert asyncio.run(story()).facts["indicator"] == "minor"


@pytest.mark.parametrize("url", ["ftp://x", "https://x/history", "status.example.com"])
def test_an_address_that_is_none_is_refused(url) -> None:
    with pytest.raises(ValidationError):
        Settings(base_url=url)
