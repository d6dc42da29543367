"""Every example file of the `http` adapter, against a service such as it describes, through the inherited kit."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest

import adapters.http
from adapters.conformance import AdapterConformance, DirectContext
from adapters.contract import Refused, Wish
from adapters.http.declare import load
from adapters.http.simulator import ADMIN, CALLER, HttpSite
from adapters.simulator import Simulator

EXAMPLES = Path(adapters.http.__file__).with_name("examples")


SETTINGS = {"flags": {"project": "alpha"}, "firewall": {"zone": "z-1"}}


def example_at(name: str, url: str):
    """The adapter of an example file, its host replaced by the simulator's: the one line a reader changes."""
    text = (EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8")
    made = load(re.sub(r"(?m)^base_url: .*$", f"base_url: {url}", text))
    return made(made.manifest.settings.model_validate(SETTINGS.get(name, {})))


class _Example(AdapterConformance):
    example = ""

    @pytest.fixture
    def server(self):
        with Simulator(HttpSite(self.example)) as simulator:
            yield simulator

    @pytest.fixture
    def adapter(self, server):
        return example_at(self.example, server.url)

    @pytest.fixture
    def context(self, server, adapter):
        return DirectContext(server.url, auth=adapter.manifest.auth, secrets={"admin": ADMIN, "caller": CALLER})


class TestFlagService(_Example):
    example = "flags"

    @pytest.fixture
    def wish(self):
        return Wish(lever="flag.off", selector="tools", surface_key="tools")


class TestFlagWhoseKeyHasASlash(TestFlagService):
    @pytest.fixture
    def wish(self):
        return Wish(lever="flag.off", selector="browse/2", surface_key="browse/2")


class TestFirewall(_Example):
    example = "firewall"
    probes_measure = False  # there is nothing to try it with, and the file says so

    @pytest.fixture
    def wish(self):
        return Wish(lever="address.block", selector="203.0.113.9", surface_key="edge")


class TestGateway(_Example):
    example = "gateway"
    probe_credential = "caller"

    @pytest.fixture
    def wish(self):
        return Wish(lever="consumer.rate", selector="shop", surface_key="chat", params={"per_minute": "0"})


class TestBanService(_Example):
    example = "bans"
    probe_credential = "caller"

    @pytest.fixture
    def wish(self):
        return Wish(lever="account.ban", selector="u-1", surface_key="product")


# -- what each example says besides ------------------------------------------------------------------------------------


@pytest.fixture
def at(request):
    with Simulator(HttpSite(request.param)) as server:
        adapter = example_at(request.param, server.url)
        context = DirectContext(server.url, auth=adapter.manifest.auth, secrets={"admin": ADMIN, "caller": CALLER})
        yield server, adapter, context


@pytest.mark.parametrize("at", ["gateway"], indirect=True)
def test_a_limit_is_written_as_a_number_and_the_saved_one_comes_back(at):
    server, adapter, context = at
    wish = Wish(lever="consumer.rate", selector="shop", surface_key="chat", params={"per_minute": "10"})
    planned = asyncio.run(adapter.plan(context, wish))
    assert (planned.name, planned.pre, planned.wanted) == ("Consumer shop", {"per_minute": "600"}, {"per_minute": "10"})
    assert [json.loads(one.body) for one in (*planned.requests, *planned.revert)] == [
        {"per_minute": 10},
        {"per_minute": 600},
    ]
    asyncio.run(adapter.apply(context, planned))
    assert asyncio.run(adapter.probe(context, planned, "caller")).outcome == "cannot-tell", "below a limit all pass"
    asyncio.run(adapter.revert(context, planned))
    assert server.site.state.consumers["shop"] == 600


@pytest.mark.parametrize("at", ["gateway"], indirect=True)
def test_a_restore_asks_for_no_parameter_and_writes_what_the_file_calls_free(at):
    _, adapter, context = at
    wish = Wish(lever="consumer.rate", selector="shop", surface_key="chat", direction="restore")
    planned = asyncio.run(adapter.plan(context, wish))
    assert (planned.wanted, planned.requests[0].body) == ({"per_minute": "null"}, '{"per_minute":null}')


@pytest.mark.parametrize("at", ["gateway"], indirect=True)
@pytest.mark.parametrize("given", [{}, {"per_minute": "-1"}, {"per_minute": "many"}, {"per_minute": "1", "x": "1"}])
def test_parameters_are_checked_by_the_file(at, given):
    _, adapter, context = at
    wish = Wish(lever="consumer.rate", selector="shop", surface_key="chat", params=given)
    with pytest.raises(Refused, match=r"parameters of consumer\.rate"):
        asyncio.run(adapter.plan(context, wish))


@pytest.mark.parametrize("at", ["firewall"], indirect=True)
def test_a_list_keeps_what_others_put_there(at):
    server, adapter, context = at
    wish = Wish(lever="address.block", selector="203.0.113.9", surface_key="edge")
    planned = asyncio.run(adapter.plan(context, wish))
    asyncio.run(adapter.apply(context, planned))
    assert server.site.state.blocked == ["198.51.100.7", "203.0.113.9"]
    asyncio.run(adapter.revert(context, planned))
    assert asyncio.run(adapter.revert(context, planned)).outcome == "already-so"
    assert server.site.state.blocked == ["198.51.100.7"]
    assert asyncio.run(adapter.probe(context, planned, None)).outcome == "cannot-tell"


@pytest.mark.parametrize("at", ["flags"], indirect=True)
def test_a_flag_that_is_off_is_a_stopped_surface(at):
    server, adapter, context = at
    server.poke(lambda rows: rows.flags["tools"].update(enabled=False))
    states = {one.key: one.state for one in asyncio.run(adapter.status(context)).surfaces}
    assert states == {"tools": "stopped", "browse/2": "serving"}
    server.poke(lambda rows: rows.flags["tools"].update(enabled="perhaps"))
    states = {one.key: one.state for one in asyncio.run(adapter.status(context)).surfaces}
    assert states["tools"] == "unknown"
    wish = Wish(lever="flag.off", selector="tools", surface_key="browse/2")
    with pytest.raises(Refused, match="surface of its own"):
        asyncio.run(adapter.plan(context, wish))


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.yaml")))
def test_examples_stay_short_and_claim_no_proof(name):
    text = (EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 32, "about thirty lines"
    manifest = load(text).manifest
    assert manifest.name == f"http_{name}"
    assert not any(lever.proven for lever in manifest.levers)
