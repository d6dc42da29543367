"""The HAProxy adapter against a real HAProxy before a real model server: the same kit, and what only it can show."""

from __future__ import annotations

import asyncio
import socket
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from adapters.conformance import AdapterConformance, DirectContext, until
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


def test_a_session_that_runs_is_counted_let_finish_and_ended_where_people_chose_so(adapter, context, proxy):
    where = urlsplit(proxy["base_url"])

    def begun():
        """A request whose body never ends: what a stream looks like from the proxy."""
        made = socket.create_connection((where.hostname, where.port), timeout=30)
        head = f"POST /v2/models/toy/infer HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Length: 1000\r\n"
        made.sendall(f"{head}Authorization: Bearer {proxy['callers'][1]}\r\n\r\n{{".encode())
        return made

    async def counted(planned, count):
        def so(found):
            return found is not None and sum(one.count for one in found) == count

        return await until(lambda: adapter.running(context, planned), so, 30.0)

    async def story(choice):
        wish = Wish(lever="traffic.stop", selector="be", surface_key="", params={"running": choice})
        planned = await adapter.plan(context, wish)
        with closing(begun()) as stream:
            first = await counted(planned, 1)
            await adapter.apply(context, planned)
            try:
                after = await counted(planned, 0 if choice == "stop" else 1)
                stream.settimeout(30 if choice == "stop" else 0.5)
                try:
                    ended = b" 200 " not in stream.recv(4096)
                except TimeoutError:
                    ended = False
                except ConnectionError:
                    ended = True
            finally:
                await adapter.revert(context, planned)
        return [(one.what, one.count, one.then) for one in first], sum(one.count for one in after), ended

    assert asyncio.run(story("finish")) == ([("sessions", 1, "finishes")], 1, False)
    assert asyncio.run(story("stop")) == ([("sessions", 1, "stops")], 0, True)


def test_status_and_a_map_that_is_not_there(adapter, context, proxy):
    status = asyncio.run(adapter.status(context))
    assert (status.facts["name"], status.surfaces[0].state) == ("HAProxy", "serving")
    settings = adapter._settings.model_copy(update={"block_map": "/no/such.map", "write_files": False})
    with pytest.raises(Refused, match="no such map"):
        asyncio.run(HAProxy(settings).plan(context, Wish(lever="caller.block", selector="a", surface_key="")))
