"""Work in flight: what runs already is counted by reading, let finish or stopped as people chose, or cannot be."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from adapters.conformance import Bent, DirectContext, Overheard, reply
from adapters.contract import CountsRunning, Malformed, Refused, Wish
from adapters.haproxy.adapter import HAProxy
from adapters.haproxy.simulator import HAProxySite, RuntimeSocket
from adapters.practice.adapter import Practice
from adapters.practice.simulator import Estate, Work
from adapters.simulator import Simulator

UNIX = pytest.mark.skipif(sys.platform == "win32", reason="such sockets are a matter of Unix")


@pytest.fixture
def proxy():
    folder = Path(tempfile.mkdtemp(prefix="sd-"))
    maps = {name: str(folder / f"{name}.map") for name in ("block", "rate", "mode")}
    for path in maps.values():
        Path(path).write_text("")
    site = HAProxySite(*maps.values(), servers=("m1", "m2"))
    with Simulator(site) as server, RuntimeSocket(server, site, str(folder / "s")) as socket:
        settings = {"base_url": server.url, "socket": socket.path, "backend": "be", "model": "atlas",
                    **{f"{name}_map": path for name, path in maps.items()}}  # fmt: skip
        adapter = HAProxy(HAProxy.manifest.settings.model_validate(settings))
        server.poke(lambda rows: rows.sessions.update({"m1": 3, "m2": 2}))
        yield adapter, DirectContext(server.url, places=adapter.places()), socket
    shutil.rmtree(folder)


def told(found):
    return None if found is None else [(one.what, one.count, one.then) for one in found]


@UNIX
@pytest.mark.parametrize("lever", ["traffic.stop", "servers.drain"])
def test_sessions_of_a_proxy_are_counted_and_ended_only_where_people_chose_so(proxy, lever):
    adapter, context, socket = proxy
    assert isinstance(adapter, CountsRunning)

    async def story(running):
        planned = await adapter.plan(context, Wish(lever=lever, selector="be", surface_key="", params=running))
        heard = Overheard(context)
        before = told(await adapter.running(heard, planned))
        assert all(request.effect == "read" for request in heard.sent)
        await adapter.apply(context, planned)
        after = told(await adapter.running(context, planned))
        recorded = (await adapter.read_back(context, planned)).verdict
        await adapter.revert(context, planned)
        return before, after, recorded, [request.body for request in planned.requests]

    before, after, recorded, sent = asyncio.run(story({}))
    assert (before, after, recorded) == ([("sessions", 5, "finishes")], [("sessions", 5, "finishes")], "in-effect")
    assert not any("shutdown" in line for line in sent)
    before, after, recorded, sent = asyncio.run(story({"running": "stop"}))
    assert (before, after, recorded) == ([("sessions", 5, "stops")], [], "in-effect")
    ends = ["shutdown sessions server be/m1", "shutdown sessions server be/m2"]
    assert sent[-2:] == ends  # after new ones are kept out, or they would come again
    assert [line for line in socket.said if line in ends] == ends


@UNIX
def test_a_callers_sessions_cannot_be_told_apart_and_an_unknown_table_is_no_count(proxy):
    adapter, context, _ = proxy
    block = asyncio.run(adapter.plan(context, Wish(lever="caller.block", selector="caller-a", surface_key="")))
    assert asyncio.run(adapter.running(context, block)) is None
    stop = asyncio.run(adapter.plan(context, Wish(lever="traffic.stop", selector="be", surface_key="")))
    for page in (b"<html>", b"# pxname,svname\nbe,m1\n", b"# pxname,svname,scur\nbe,m1,many\n"):
        with pytest.raises(Malformed):
            asyncio.run(adapter.running(Bent(context, answer=reply(200, page, "text/plain")), stop))
    wish = Wish(lever="traffic.stop", selector="be", surface_key="", params={"running": "perhaps"})
    with pytest.raises(Refused, match="running"):
        asyncio.run(adapter.plan(context, wish))


@UNIX
def test_a_lever_whose_map_the_settings_do_not_name_is_not_offered(proxy):
    adapter, _, _ = proxy
    assert list(adapter.offers()) == ["caller.block", "caller.rate", "traffic.stop", "servers.drain"]
    settings = adapter._settings.model_copy(update={"rate_map": "", "mode_map": ""})
    assert list(HAProxy(settings).offers()) == ["caller.block", "servers.drain"]


def part(estate, name):
    known = next(one for one in estate.instances() if one["name"] == name)
    adapter = Practice(Practice.manifest.settings.model_validate(known["settings"]))
    return adapter, DirectContext(known["settings"]["base_url"], secrets={"admin": known["secrets"]["admin"]})


@pytest.mark.parametrize(
    ("where", "lever", "selector", "params", "before", "after"),
    [
        ("gateway-east", "key.block", "key-research", {}, ("streams", 3, "finishes"), 3),
        ("gateway-east", "key.block", "key-research", {"running": "stop"}, ("streams", 3, "stops"), 0),
        ("model-server", "model.unload", "atlas-large", {}, ("jobs", 2, "finishes"), 2),
        ("cloud", "deployment.pause", "deploy-main", {}, ("batches", 4, "cannot"), 4),
    ],
)
def test_the_practice_estate_has_all_three_fates(where, lever, selector, params, before, after):
    with Estate() as estate:
        adapter, context = part(estate, where)

        async def story():
            planned = await adapter.plan(context, Wish(lever=lever, selector=selector, surface_key="", params=params))
            first = told(await adapter.running(context, planned))
            await adapter.apply(context, planned)
            return planned, first, await adapter.running(context, planned)

        planned, first, left = asyncio.run(story())
    assert first == [before]
    assert sum(one.count for one in left) == after
    assert planned.affected == (12 if lever == "key.block" else None)


def test_what_is_let_finish_ends_by_itself_and_comes_again_only_when_it_may():
    work = Work(3, each_s=10.0)
    work.close(100.0, closed=True)
    assert [work.now(at) for at in (100.0, 109.9, 110.0, 125.0, 500.0)] == [3, 3, 2, 1, 0]
    work.close(112.0, closed=False)
    assert work.now(900.0) == 2
