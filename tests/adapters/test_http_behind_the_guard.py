"""Declared adapters as the console runs them: behind the guard, from disclosures alone, one host, only signed bytes."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import pytest

from adapters.contract import Malformed, Refused, Throttled, Wish
from adapters.http.simulator import ADMIN, CALLER, HttpSite
from adapters.simulator import Simulator
from console.providers.instance import Instance
from console.providers.plane import Plane
from console.providers.registry import declared, make_adapter
from console.runtime.clock import SystemClock
from tests.adapters.test_behind_the_guard import INSTANCE, Kept, whole_story
from tests.adapters.test_http_examples import EXAMPLES, SETTINGS

WISHES = {
    "bans": Wish(lever="account.ban", selector="u-1", surface_key="product"),
    "flags": Wish(lever="flag.off", selector="browse/2", surface_key="browse/2"),
    "gateway": Wish(lever="consumer.rate", selector="shop", surface_key="chat", params={"per_minute": "0"}),
}


def plane_at(folder, name, url):
    path = folder / f"{name}.yaml"
    path.write_text(re.sub(r"(?m)^base_url: .*$", f"base_url: {url}", (EXAMPLES / path.name).read_text()))
    usable, settings = declared(path), SETTINGS.get(name, {})
    probes = {"u-1": "caller", "shop": "caller"}
    made = Instance(id=INSTANCE, adapter=f"http_{name}", name="p", settings=settings, probe_credentials=probes)
    secrets = Kept({"admin": ADMIN, "caller": CALLER})
    return Plane(made, make_adapter(usable, settings), secrets, SystemClock(), world="real")


@pytest.fixture
def server(request):
    with Simulator(HttpSite(request.param)) as simulator:
        yield simulator


@pytest.mark.parametrize("server", sorted(WISHES), indirect=True)
def test_the_whole_story_from_the_signed_disclosures(server, tmp_path, request):
    name = request.node.callspec.params["server"]
    told = asyncio.run(whole_story(plane_at(tmp_path, name, server.url), WISHES[name]))
    assert told


@pytest.mark.parametrize("server", ["bans"], indirect=True)
def test_what_was_signed_is_sent_though_the_file_has_changed_since(server, tmp_path):
    async def story():
        before = plane_at(tmp_path, "bans", server.url)
        planned = await before.plan(WISHES["bans"])
        await before.aclose()
        path = tmp_path / "bans.yaml"
        path.write_text(path.read_text().replace("reason: correction", "reason: another"))
        after = Plane(before.instance, make_adapter(declared(path), {}), before.secrets, SystemClock(), world="real")
        await after.apply(planned)
        await after.aclose()
        return planned

    planned = asyncio.run(story())
    (written,) = [one for one in server.requests() if one.method == "PUT"]
    assert written.body == planned.requests[0].body.encode() == b'{"reason":"correction"}'


@pytest.mark.parametrize("server", ["bans"], indirect=True)
@pytest.mark.parametrize(("fault", "kind"), [("html", Malformed), ("throttle", Throttled), ("huge", Malformed)])
def test_a_service_that_misbehaves_is_named_by_the_fact(server, tmp_path, fault, kind):
    async def story():
        plane = plane_at(tmp_path, "bans", server.url)
        server.switch(fault, on="reads", seconds=3)
        try:
            await plane.plan(WISHES["bans"])
        finally:
            await plane.aclose()

    with pytest.raises(kind):
        asyncio.run(story())


@pytest.mark.parametrize("server", ["bans"], indirect=True)
@pytest.mark.parametrize("selector", ["../admin", "..", "u-1/../u-2", "u-1?all=1", "u-1#x"])
def test_a_selector_cannot_leave_its_place(server, tmp_path, selector):
    async def story():
        plane = plane_at(tmp_path, "bans", server.url)
        try:
            await plane.plan(replace(WISHES["bans"], selector=selector))
        finally:
            await plane.aclose()

    with pytest.raises(Refused):
        asyncio.run(story())
    asked = {one.target for one in server.requests()}
    assert all(re.fullmatch(r"/health|/accounts/[A-Za-z0-9%_.-]+", one) for one in asked), asked
