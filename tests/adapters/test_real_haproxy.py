"""The HAProxy adapter against a real HAProxy before a real model server: the same kit, and what only it can show."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from adapters.conformance import AdapterConformance, DirectContext
from adapters.contract import Refused, Wish
from adapters.haproxy.adapter import HAProxy

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]


@pytest.fixture
def proxy(real_servers):
    return real_servers["haproxy"]


@pytest.fixture
def adapter(proxy):
    settings = {
        "base_url": proxy["base_url"], "socket": proxy["control_socket"], "backend": proxy["backend"],
        "probe_path": "/v2/models/toy", **{f"{name}_map": path for name, path in proxy["maps"].items()},
    }  # fmt: skip
    return HAProxy(HAProxy.manifest.settings.model_validate(settings))


@pytest.fixture
def context(proxy, adapter):
    secrets = {"caller": proxy["callers"][0], "other": proxy["callers"][1]}
    return DirectContext(proxy["base_url"], secrets=secrets, places=adapter.places())


class _Real(AdapterConformance):
    unknown_selector = "no such caller; show info"
    settles_within_s = 15.0


class TestRealBlock(_Real):
    probe_credential = "caller"

    @pytest.fixture
    def wish(self, proxy):
        return Wish(lever="caller.block", selector=proxy["callers"][0], surface_key="be")


class TestRealRate(_Real):
    probe_credential = "caller"

    @pytest.fixture
    def wish(self, proxy):
        return Wish(lever="caller.rate", selector=proxy["callers"][0], surface_key="be", params={"rate": "0"})


class TestRealStop(_Real):
    @pytest.fixture
    def wish(self):
        return Wish(lever="traffic.stop", selector="be", surface_key="be")


class TestRealDrain(_Real):
    @pytest.fixture
    def wish(self):
        return Wish(lever="servers.drain", selector="be", surface_key="be")


def test_a_block_reaches_one_caller_and_stands_in_the_file(adapter, context, proxy):
    caller = proxy["callers"][0]

    def held():
        return Path(proxy["maps"]["block"]).read_text()

    async def story():
        planned = await adapter.plan(context, Wish(lever="caller.block", selector=caller, surface_key=""))
        await adapter.apply(context, planned)
        try:
            seen = await adapter.probe(context, planned, "caller"), await adapter.probe(context, planned, "other")
            return seen, held()
        finally:
            await adapter.revert(context, planned)

    seen, kept = asyncio.run(story())
    assert [one.outcome for one in seen] == ["refused", "passed"]
    assert f"{caller} 1\n" in kept
    assert caller not in held()


def test_a_limit_above_zero_refuses_the_one_too_many(adapter, context, proxy):
    caller = proxy["callers"][1]

    async def story():
        wish = Wish(lever="caller.rate", selector=caller, surface_key="", params={"rate": "3"})
        planned = await adapter.plan(context, wish)
        await adapter.apply(context, planned)
        try:
            return [(await adapter.probe(context, planned, "other")).outcome for _ in range(8)]
        finally:
            await adapter.revert(context, planned)

    outcomes = asyncio.run(story())
    assert outcomes[-1] == "refused"
    assert set(outcomes) <= {"cannot-tell", "refused"}


def test_status_and_a_map_that_is_not_there(adapter, context, proxy):
    status = asyncio.run(adapter.status(context))
    assert (status.facts["name"], status.surfaces[0].state) == ("HAProxy", "serving")
    settings = adapter._settings.model_copy(update={"block_map": "/no/such.map", "write_files": False})
    with pytest.raises(Refused, match="no such map"):
        asyncio.run(HAProxy(settings).plan(context, Wish(lever="caller.block", selector="a", surface_key="")))
