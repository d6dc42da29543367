"""The HAProxy adapter: through the kit against its simulator, and what it makes of sentences, files and outages."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from adapters.conformance import AdapterConformance, Bent, DirectContext, Overheard, reply
from adapters.contract import Malformed, NotSent, OutcomeUnknown, Planned, Refused, Request, Throttled, Wish
from adapters.haproxy.adapter import HAProxy
from adapters.haproxy.simulator import HAProxySite, RuntimeSocket
from adapters.simulator import Simulator
from console.providers.address import BadAddress
from console.providers.instance import Instance
from console.providers.plane import Plane
from console.runtime.clock import SystemClock
from tests.adapters.test_behind_the_guard import INSTANCE, Kept, plane_of, whole_story

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="such sockets are a matter of Unix")


class Place:
    """A folder of its own: a socket's path may not be as long as pytest's folders are."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="sd-"))
        self.socket = str(self.folder / "s")
        self.maps = {name: str(self.folder / f"{name}.map") for name in ("block", "rate", "mode")}
        for path in self.maps.values():
            Path(path).write_text("# callers\nsomebody 1\n")

    def settings(self, url, **more):
        maps = {f"{name}_map": path for name, path in self.maps.items()}
        return {"base_url": url, "socket": self.socket, "backend": "be", "model": "atlas", **maps, **more}


@pytest.fixture
def place():
    made = Place()
    yield made
    shutil.rmtree(made.folder)


@pytest.fixture
def site(place):
    return HAProxySite(*place.maps.values(), servers=("m1", "m2"))


@pytest.fixture
def server(site):
    with Simulator(site) as simulator:
        yield simulator


@pytest.fixture
def socket(server, site, place):
    with RuntimeSocket(server, site, place.socket) as runtime:
        yield runtime


@pytest.fixture
def adapter(server, socket, place):
    return HAProxy(HAProxy.manifest.settings.model_validate(place.settings(server.url)))


@pytest.fixture
def context(server, adapter):
    return DirectContext(server.url, secrets={"caller": "caller-a"}, places=adapter.places())


class _HAProxy(AdapterConformance):
    unknown_selector = "no such caller; show info"


class TestBlock(_HAProxy):
    probe_credential = "caller"

    @pytest.fixture
    def wish(self):
        return Wish(lever="caller.block", selector="caller-a", surface_key="be")


class TestRate(_HAProxy):
    probe_credential = "caller"

    @pytest.fixture
    def wish(self):
        return Wish(lever="caller.rate", selector="caller-a", surface_key="be", params={"rate": "0"})


class TestStop(_HAProxy):
    @pytest.fixture
    def wish(self):
        return Wish(lever="traffic.stop", selector="be", surface_key="be")


class TestDrain(_HAProxy):
    @pytest.fixture
    def wish(self):
        return Wish(lever="servers.drain", selector="", surface_key="be")


BLOCK = Wish(lever="caller.block", selector="caller-a", surface_key="")


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (Wish(lever="caller.block", selector="", surface_key=""), "say which caller"),
        (Wish(lever="caller.block", selector="a;set server be/m1 state maint", surface_key=""), "say which caller"),
        (Wish(lever="caller.block", selector="sk-0123", surface_key=""), "must not enter the record"),
        (Wish(lever="caller.rate", selector="a", surface_key=""), "parameters: rate"),
        (Wish(lever="traffic.stop", selector="other", surface_key=""), "no backend other"),
        (Wish(lever="traffic.stop", selector="", surface_key="other"), "not other"),
    ],
)
def test_it_refuses_what_cannot_be_done(adapter, context, wish, why):
    with pytest.raises(Refused, match=why):
        asyncio.run(adapter.plan(context, wish))


def test_a_block_is_written_to_the_file_too_and_leaves_its_other_lines(adapter, context, place, server):
    planned = asyncio.run(adapter.plan(context, BLOCK))
    asyncio.run(adapter.apply(context, planned))
    asyncio.run(adapter.apply(context, planned))
    assert Path(place.maps["block"]).read_text() == "# callers\nsomebody 1\ncaller-a 1\n"
    assert server.site.state.maps[place.maps["block"]] == [("caller-a", "1")]  # twice sent, once in the map
    asyncio.run(adapter.revert(context, planned))
    assert Path(place.maps["block"]).read_text() == "# callers\nsomebody 1\n"


def test_after_a_reload_the_runtime_map_is_empty_and_that_is_seen(adapter, context, place, server):
    planned = asyncio.run(adapter.plan(context, BLOCK))
    asyncio.run(adapter.apply(context, planned))
    server.poke(lambda rows: rows.maps.update({place.maps["block"]: []}))
    back = asyncio.run(adapter.read_back(context, planned))
    assert (back.verdict, dict(back.fields)) == ("not-in-effect", {"runtime": "null", "file": '"1"'})


def test_a_file_that_says_otherwise_is_only_half_in_effect(adapter, context, place):
    planned = asyncio.run(adapter.plan(context, BLOCK))
    asyncio.run(adapter.apply(context, planned))
    Path(place.maps["block"]).write_text("")
    back = asyncio.run(adapter.read_back(context, planned))
    assert (back.verdict, back.detail[:29]) == ("not-in-effect", "in effect until the next relo")


def test_a_file_that_cannot_be_written_leaves_the_block_standing_and_the_outcome_open(adapter, context, place):
    planned = asyncio.run(adapter.plan(context, BLOCK))
    Path(place.maps["block"]).unlink()
    with pytest.raises(OutcomeUnknown, match="1 of 2 were done"):
        asyncio.run(adapter.apply(context, planned))
    assert asyncio.run(adapter.probe(context, planned, "caller")).outcome == "refused"


def test_without_files_the_plan_warns_of_a_reload(server, socket, place):
    settings = HAProxy.manifest.settings.model_validate(place.settings(server.url, write_files=False))
    adapter = HAProxy(settings)
    context = DirectContext(server.url, places=adapter.places())
    planned = asyncio.run(adapter.plan(context, BLOCK))
    assert [request.method for request in planned.requests] == ["LINE"]
    assert any("a reload forgets it" in note for note in planned.notes)


def test_an_outage_is_no_stop(adapter, context, server):
    stop = asyncio.run(adapter.plan(context, Wish(lever="traffic.stop", selector="", surface_key="")))
    drain = asyncio.run(adapter.plan(context, Wish(lever="servers.drain", selector="", surface_key="")))
    server.poke(lambda rows: rows.servers.update(m1=(False, "ready"), m2=(False, "ready")))
    for planned in (stop, drain):
        seen = asyncio.run(adapter.probe(context, planned, None))
        assert (seen.outcome, seen.status) == ("cannot-tell", 503)
    status = asyncio.run(adapter.status(context))
    assert (status.surfaces[0].state, status.surfaces[0].model) == ("stopped", "atlas")


def test_draining_one_of_two_by_another_hand_is_put_back_as_it_was(adapter, context, server):
    server.poke(lambda rows: rows.servers.update(m2=(True, "maint")))
    assert asyncio.run(adapter.status(context)).surfaces[0].state == "degraded"
    planned = asyncio.run(adapter.plan(context, Wish(lever="servers.drain", selector="", surface_key="")))
    asyncio.run(adapter.apply(context, planned))
    assert {state for _, state in server.site.state.servers.values()} == {"drain"}
    asyncio.run(adapter.revert(context, planned))
    assert [state for _, state in server.site.state.servers.values()] == ["ready", "maint"]


def test_a_rate_above_zero_says_nothing_by_a_pass(adapter, context):
    wish = Wish(lever="caller.rate", selector="caller-a", surface_key="", params={"rate": "5"})
    planned = asyncio.run(adapter.plan(context, wish))
    asyncio.run(adapter.apply(context, planned))
    assert asyncio.run(adapter.probe(context, planned, "caller")).outcome == "cannot-tell"


def test_a_servers_own_limit_is_not_the_proxys(adapter, context):
    """What stands behind answers 429 too, and would make a limit that does not bite look enforced."""
    wish = Wish(lever="caller.rate", selector="caller-a", surface_key="", params={"rate": "0"})
    planned = asyncio.run(adapter.plan(context, wish))
    for body, outcome in (
        (b'{"error":{"type":"rate_limit_error"}}', "cannot-tell"), (b"slow down", "cannot-tell"), (b"", "refused"),
        (b"<html><body><h1>429 Too Many Requests</h1>\nYou have sent too many requests in a given amount of time.\n",
         "refused"),
    ):  # fmt: skip
        limited = Throttled("too many requests", 1.0, reply(429, body, "text/html"))
        assert asyncio.run(adapter.probe(Bent(context, fault=limited), planned, "caller")).outcome == outcome


def test_who_is_bound_to_a_drained_server_still_reaches_it(adapter, context, server):
    drain = asyncio.run(adapter.plan(context, Wish(lever="servers.drain", selector="", surface_key="")))
    assert any("cookie" in note for note in drain.notes)
    asyncio.run(adapter.apply(context, drain))
    assert asyncio.run(adapter.status(context)).surfaces[0].state == "stopped"
    server.poke(lambda rows: rows.cookies.update(m1="s1"))
    seen = asyncio.run(adapter.status(context)).surfaces[0]
    assert (seen.state, seen.restrictions[-1]) == (
        "degraded", "callers with a cookie for a drained server still reach it",
    )  # fmt: skip
    stop = asyncio.run(adapter.plan(context, Wish(lever="traffic.stop", selector="", surface_key="")))
    asyncio.run(adapter.apply(context, stop))
    assert asyncio.run(adapter.status(context)).surfaces[0].state == "stopped"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (b"Permission denied\n", Refused),
        (b"Unknown map identifier. Please use #<id> or <file>.\n", Refused),
        (b"entry not found.\n", Malformed),
        (b"Unknown command, but maybe one of the following\n", Malformed),
        (b"\xff\xfe", Malformed),
    ],
)
def test_a_change_is_taken_only_in_silence(adapter, context, said, kind):
    planned = asyncio.run(adapter.plan(context, BLOCK))
    with pytest.raises(kind):
        asyncio.run(adapter.apply(Bent(context, answer=reply(200, said)), planned))


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": "http://models.example"}, {"socket": "relative/s"}, {"socket": "10.0.0.1:9999"},
        {"block_map": "/a map"}, {"mode_map": "relative.map"}, {"rate_map": "/a;b"}, {"backend": "be/m1"},
    ],
)  # fmt: skip
def test_settings_name_places_of_this_machine_only(place, wrong):
    with pytest.raises(ValidationError):
        HAProxy.manifest.settings.model_validate({**place.settings("http://127.0.0.1:1"), **wrong})


@pytest.mark.parametrize(
    ("lever", "running", "level", "lacks"),
    [
        ("servers.drain", "finish", "admin", []), ("servers.drain", "finish", "operator", ["operator"]),
        ("traffic.stop", "stop", "user", ["user"]), ("traffic.stop", "finish", "user", []),
    ],
)  # fmt: skip
def test_the_socket_says_by_its_level_what_it_will_not_do(adapter, context, server, lever, running, level, lacks):
    wish = Wish(lever=lever, selector="", surface_key="", params={"running": running})
    planned = asyncio.run(adapter.plan(context, wish))
    server.poke(lambda rows: setattr(rows, "level", level))
    told = asyncio.run(adapter.may_not(context, planned))
    assert [one.rpartition(" ")[2] for one in told] == lacks
    if lacks:
        with pytest.raises(OutcomeUnknown if lever == "traffic.stop" else Refused, match="level admin"):
            asyncio.run(adapter.apply(context, planned))
    with pytest.raises(Malformed):
        asyncio.run(adapter.may_not(Bent(context, answer=reply(200, b"Unknown command\n")), planned))


# -- lists -------------------------------------------------------------------------------------------------------------


def test_of_a_list_the_map_and_its_file_are_read_once(adapter, context, place, socket, server):
    callers = [f"caller-{number:03}-{'x' * 60}" for number in range(150)]
    heard = Overheard(context)
    wishes = [replace(BLOCK, selector=one) for one in (*callers, "no caller", "sk-key")]
    plans = asyncio.run(adapter.plan_many(heard, wishes))
    assert [type(one) for one in plans] == [Planned] * len(callers) + [Refused] * 2
    assert [one.path for one in heard.sent if one.method == "FILE"] == [place.maps["block"]]
    assert len(heard.sent) < 10
    now = replace(plans[0], pre_read_ms=0), replace(asyncio.run(adapter.plan(context, wishes[0])), pre_read_ms=0)
    assert now[0] == now[1]
    for one in plans[:120]:
        asyncio.run(adapter.apply(context, one))
    Path(place.maps["block"]).write_text("\n".join(f"{one} 1" for one in callers[:100]))
    heard.sent.clear()
    seen = asyncio.run(adapter.read_back_many(heard, [one for one in plans if isinstance(one, Planned)]))
    assert [one.verdict for one in seen] == ["in-effect"] * 100 + ["not-in-effect"] * 50
    assert [one.detail != "" for one in seen] == [False] * 100 + [True] * 20 + [False] * 30
    assert [one.path for one in heard.sent if one.method == "FILE"] == [place.maps["block"]]
    assert len(heard.sent) < 10
    assert asyncio.run(adapter.served_many(context, [plans[0]])) == [None]


def test_a_line_that_answers_about_fewer_than_were_asked_says_nothing(adapter, context):
    plans = [asyncio.run(adapter.plan(context, replace(BLOCK, selector=one))) for one in ("a", "b")]
    answers = (
        b"type=str, case=sensitive, found=no\n",
        b"type=str, case=sensitive, found=no\n\nentry not found.\n",
        b'type=str, case=sensitive, found=no\n\ntype=str, case=sensitive, found=yes, idx=tree, key="b"\n',
    )
    for said in answers:
        with pytest.raises(Malformed):
            asyncio.run(adapter.read_back_many(Bent(context, answer=reply(200, said)), plans))


# -- as the console lends it -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lever", "selector", "params"),
    [
        ("caller.block", "caller-a", {}),
        ("caller.rate", "caller-a", {"rate": "0"}),
        ("traffic.stop", "be", {}),
        ("servers.drain", "be", {}),
    ],
)
def test_behind_the_guard(server, socket, place, lever, selector, params):
    plane = plane_of("haproxy", place.settings(server.url), {"caller": "caller-a"}, {"caller-a": "caller"})
    wish = Wish(lever=lever, selector=selector, surface_key="be", params=params)
    planned = asyncio.run(whole_story(plane, wish, nobody="no such caller;"))
    assert all(request.body in socket.said for request in planned.requests if request.method == "LINE")


def test_the_guard_opens_nothing_else(server, socket, place):
    plane = plane_of("haproxy", place.settings(server.url), {})
    elsewhere = place.folder / "elsewhere"
    elsewhere.write_text("kept\n")

    async def story():
        context = plane.context("any")
        with pytest.raises(Refused, match="a file that its settings do not name"):
            await context.send(Request(method="FILE", path=str(elsewhere), body="kept 2", content_type=None))
        with pytest.raises(Refused, match="more than one line"):
            await context.send(Request(method="LINE", path="/", body="show info\nshow stat", content_type=None))
        with pytest.raises(Refused, match="a method that is none"):
            await context.call("LINE", "/", effect="read")
        unsigned = Request(method="LINE", path="/", body="set server be/m1 state maint", content_type=None)
        with pytest.raises(Refused, match="nobody signed"):
            await plane.context().send(unsigned)
        await plane.aclose()

    asyncio.run(story())
    assert elsewhere.read_text() == "kept\n"
    assert socket.said == []


def test_without_a_socket_nothing_was_sent(server, place):
    plane = plane_of("haproxy", place.settings(server.url), {})

    async def story():
        try:
            await plane.status()
        finally:
            await plane.aclose()

    with pytest.raises(NotSent, match="no connection to the local socket"):
        asyncio.run(story())


def test_a_drill_has_no_place_on_this_machine(server, socket, adapter):
    made = Instance(id=INSTANCE, adapter="haproxy", name="p", settings={}, probe_credentials={})
    with pytest.raises(BadAddress, match="drill"):
        Plane(made, adapter, Kept({}), SystemClock(), world="drill")
