from __future__ import annotations

import asyncio
import importlib
import json
import sys

import pytest

from adapters.contract import Malformed, NotSent, OutcomeUnknown, Refused, Request, Throttled
from console.domain.errors import Problem
from console.providers.address import BadAddress, Pin
from console.providers.guard import look_once
from console.providers.instance import Instance
from console.providers.plane import Plane
from console.runtime.clock import SystemClock
from tests.kit.plainadapter import PlainAdapter, PlainSettings, plan_of
from tests.kit.plainserver import PlainEstate

SECRET = "sk-very-secret-1"


class Kept:
    def __init__(self, **found):
        self.found = found

    def get(self, name):
        return self.found.get(name.partition("/")[2])


def plane_at(url, *, world="drill", deadline_s=2.0, adapter=PlainAdapter, secrets=None):
    made = Instance(id="g-" + "0" * 26, adapter="practice", name="p", settings={}, probe_credentials={"k": "probe"})
    return Plane(
        made, adapter(PlainSettings(url=url)), secrets or Kept(admin=SECRET, probe="sk-probe"), SystemClock(),
        world=world, call_deadline_s=deadline_s, step_deadline_s=deadline_s + 3,
    )  # fmt: skip


def run(story, deadline_s=20.0):
    async def with_estate():
        async with PlainEstate() as estate:
            plane = plane_at(estate.url, deadline_s=deadline_s)
            try:
                await story(estate, plane)
            finally:
                await plane.aclose()

    asyncio.run(with_estate())


BLOCK = plan_of("k", now=False, wanted=True)


def test_a_write_is_sent_with_exactly_the_signed_bytes_and_the_admin_secret():
    async def story(estate, plane):
        receipt = await plane.apply(BLOCK)
        assert receipt.outcome == "accepted"
        assert receipt.request_id == "r-1"
        assert estate.writes == [("k", BLOCK.requests[0].body)]
        assert estate.headers[-1]["authorization"] == f"Bearer {SECRET}"
        assert (await plane.read_back(BLOCK)).verdict == "in-effect"

    run(story)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_5xx_is_unknown_to_a_write_and_unsent_to_a_read(status):
    async def story(estate, plane):
        estate.status = status
        with pytest.raises(OutcomeUnknown):
            await plane.apply(BLOCK)
        with pytest.raises(NotSent):
            await plane.read_back(BLOCK)
        context = plane.context("any")
        # a probe judges it itself: some planes refuse with 503
        assert (await context.call("GET", "/blocked", effect="read", fresh=True)).status == status
        with pytest.raises(OutcomeUnknown):
            await context.call("POST", "/block", effect="write", fresh=True)

    run(story)


def test_a_lost_answer_is_unknown_to_a_write():
    async def story(estate, plane):
        estate.lose = 1
        with pytest.raises(OutcomeUnknown):
            await plane.apply(BLOCK)
        assert estate.blocked["k"]

    run(story)


@pytest.mark.parametrize(
    "slow", [{"delay_s": 5}, {"drip_s": 0.1, "body": b" " * 100 + b"{}"}], ids=lambda one: next(iter(one))
)
def test_the_deadline_is_total_even_when_bytes_trickle(slow):
    async def story(estate, plane):
        for name, value in slow.items():
            setattr(estate, name, value)
        with pytest.raises(OutcomeUnknown, match="no answer within"):
            await plane.apply(BLOCK)
        with pytest.raises(NotSent, match="no answer within"):
            await plane.read_back(BLOCK)

    run(story, deadline_s=1.0)


def test_no_connection_is_not_sent_whatever_the_effect():
    async def story(estate, plane):
        await estate.stop()
        for call in (plane.apply, plane.read_back):
            with pytest.raises(NotSent, match="no connection"):
                await call(BLOCK)

    run(story)


def test_429_carries_its_wait():
    async def story(estate, plane):
        estate.status, estate.extra_headers = 429, {"retry-after": "7"}
        with pytest.raises(Throttled) as told:
            await plane.apply(BLOCK)
        assert told.value.retry_after_s == 7
        for odd, wait in (("nan", 5), ("-3", 0), ("soon", 5), ("999999", 3600)):
            estate.extra_headers = {"retry-after": odd}
            with pytest.raises(Throttled) as told:
                await plane.status()
            assert told.value.retry_after_s == wait

    run(story)


def test_a_redirect_is_not_followed():
    async def story(estate, plane):
        estate.status, estate.extra_headers = 302, {"location": "http://127.0.0.1:1/elsewhere"}
        with pytest.raises(Refused):
            await plane.apply(BLOCK)
        assert len(estate.calls) == 1

    run(story)


@pytest.mark.parametrize("body", [b"x" * (2 << 20)])
def test_a_huge_answer_is_cut_off(body):
    async def story(estate, plane):
        estate.body = body
        with pytest.raises(Malformed, match="1 MiB"):
            await plane.read_back(BLOCK)
        with pytest.raises(OutcomeUnknown, match="1 MiB"):
            await plane.apply(BLOCK)

    run(story)


def test_a_compressed_answer_is_not_unpacked():
    async def story(estate, plane):
        estate.extra_headers = {"content-encoding": "gzip"}
        with pytest.raises(Malformed, match="compressed"):
            await plane.status()

    run(story)


def test_an_answer_that_is_no_json_leaves_a_write_unknown_and_a_read_malformed():
    async def story(estate, plane):
        estate.body = b"<html>hello</html>"
        with pytest.raises(OutcomeUnknown):
            await plane.apply(BLOCK)
        with pytest.raises(Malformed):
            await plane.read_back(BLOCK)

    run(story)


@pytest.mark.parametrize("raw", [b"nonsense\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nxx"])
def test_broken_http_is_a_lost_answer(raw):
    async def story(estate, plane):
        estate.raw = raw
        with pytest.raises(OutcomeUnknown):
            await plane.apply(BLOCK)
        with pytest.raises(NotSent):
            await plane.read_back(BLOCK)

    run(story)


def test_proxies_of_the_environment_are_ignored(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    async def story(_estate, plane):
        assert (await plane.status()).surfaces

    run(story)


def test_fresh_means_a_new_connection_each_time():
    async def story(estate, plane):
        await plane.status()
        await plane.status()
        assert estate.connections == 1
        estate.blocked["k"] = True
        for _ in range(3):
            assert (await plane.probe(BLOCK, "probe")).outcome == "refused"
        assert estate.connections == 4
        assert estate.headers[-1]["authorization"] == "Bearer sk-probe"

    run(story)


def test_a_look_waits_for_no_call_about_a_target():
    async def story(estate, plane):
        estate.delay_s = 60.0
        reads = [asyncio.create_task(plane.read_back(plan_of(f"k{at}", now=False, wanted=True))) for at in range(20)]
        for _ in range(3_000):
            if sum(estate.calls.values()) == len(reads):
                break
            await asyncio.sleep(0.01)
        estate.delay_s = 0.0
        assert (await plane.status()).surfaces
        assert not any(one.done() for one in reads)
        for one in reads:
            one.cancel()
        await asyncio.gather(*reads, return_exceptions=True)

    run(story, deadline_s=90.0)


def test_how_long_answers_take_lately_is_known():
    async def story(estate, plane):
        assert plane.wire.slow_ms == 0
        estate.delay_s = 1.0  # longer than a busy machine takes for one that is answered at once
        await plane.status()
        first = plane.wire.slow_ms
        estate.delay_s = 0.0
        for _ in range(8):
            await plane.status()
        assert first >= 1_000 > plane.wire.slow_ms

    run(story)


def test_what_is_not_installed_is_not_looked_for_at_every_call(monkeypatch):
    looked = []

    class Finder:
        @staticmethod
        def find_spec(name, path=None, target=None):
            looked.append(name)

    async def story(_estate, plane):
        await plane.status()  # what is imported at the first call
        monkeypatch.setattr(sys, "meta_path", [Finder, *sys.meta_path])
        await plane.status()
        await plane.apply(BLOCK)
        assert looked == []

    run(story)
    name = "not_installed_anywhere"
    monkeypatch.setitem(sys.modules, name, None)
    del sys.modules[name]
    look_once(name)
    looked.clear()
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(name)
    assert looked == []


class Rogue(PlainAdapter):
    """Tries what an adapter may not."""

    deed = staticmethod(lambda _context: None)

    async def status(self, context):
        return await type(self).deed(context)

    async def apply(self, context, planned):
        return await type(self).deed(context)


ELSEWHERE = ["//evil.example/x", "http://evil.example/", "/a/../../b", "/%2e%2e/x", "/a\\b", "/a b", "/@x#y", "", "/é"]


@pytest.mark.parametrize("path", ELSEWHERE)
def test_no_path_leads_to_another_host(path):
    with pytest.raises(Refused):
        Pin.parse("http://127.0.0.1:9/base").url(path)


def test_a_path_stays_below_its_base():
    assert str(Pin.parse("http://127.0.0.1:9/base/").url("/v1/x?a=%20b")) == "http://127.0.0.1:9/base/v1/x?a=%20b"


@pytest.mark.parametrize("base", ["ftp://h/", "http://u:p@h/", "http://h/?a=1", "nonsense", "http://h/#f", "", "/x"])
def test_odd_addresses_are_refused(base):
    with pytest.raises(BadAddress):
        Pin.parse(base)


@pytest.mark.parametrize("base", ["http://127.0.0.1:4000", "http://[::1]:4000", "http://localhost:1"])
def test_a_drill_speaks_to_loopback_only(base):
    Pin.parse(base, loopback_only=True)
    with pytest.raises(BadAddress):
        Pin.parse("http://192.0.2.1/", loopback_only=True)


@pytest.mark.parametrize(
    ("deed", "fault"),
    [
        (lambda c: c.send(Request(method="POST", path="/set", body='{"selector":"other","blocked":true}')), Refused),
        (lambda c: c.call("POST", "/set", json={"selector": "o", "blocked": True}, effect="write"), Refused),
        (lambda _c: 1 / 0, NotSent),
    ],
)
def test_what_was_not_signed_is_not_sent(deed, fault):
    async def story(estate, _plane):
        rogue = type("R", (Rogue,), {"deed": staticmethod(deed)})
        plane = plane_at(estate.url, adapter=rogue)
        with pytest.raises(fault):
            await plane.apply(BLOCK)
        with pytest.raises((Refused, Malformed)):
            await plane.status()
        assert not estate.writes
        await plane.aclose()

    run(story)


def test_a_fault_after_a_part_was_sent_is_unknown():
    two = plan_of("k", now=False, wanted=True)
    second = Request(method="POST", path="/set", body=json.dumps({"selector": "k2", "blocked": True}))
    two = type(two)(**{**{n: getattr(two, n) for n in two.__dataclass_fields__}, "requests": (*two.requests, second)})

    async def story(estate, plane):
        estate.fail_writes = [200, 400]
        with pytest.raises(OutcomeUnknown, match="a part was sent"):
            await plane.apply(two)
        estate.fail_writes = [400]
        with pytest.raises(Refused):
            await plane.apply(two)

    run(story)


def test_no_secret_stands_in_a_fault():
    async def story(estate, _plane):
        async def deed(_context):
            raise Refused(f"you said {SECRET}\x1b[31m\nand {'x' * 999}", 403)

        plane = plane_at(estate.url, adapter=type("R", (Rogue,), {"deed": staticmethod(deed)}))
        with pytest.raises(Refused) as told:
            await plane.apply(BLOCK)
        assert SECRET not in str(told.value)
        assert told.value.status == 403
        assert len(told.value.detail) <= 300
        assert told.value.detail.isprintable()
        await plane.aclose()

    run(story)


def test_a_missing_secret_is_not_sent_and_says_so():
    async def story(estate, _plane):
        plane = plane_at(estate.url, secrets=Kept())
        with pytest.raises(NotSent, match="no credential"):
            await plane.apply(BLOCK)
        assert not estate.calls
        await plane.aclose()

    run(story)


class Locked(Kept):
    """A keyring that was locked while it was in use."""

    def get(self, name):
        raise Problem("The keyring does not answer.", "Unlock it.")


def test_a_secret_that_is_locked_meanwhile_is_not_sent_and_says_so():
    async def story(estate, plane):
        plane.secrets = Locked()
        for call in (plane.apply(BLOCK), plane.read_back(BLOCK), plane.probe(BLOCK, "probe")):
            with pytest.raises(NotSent, match="its credential on this console is locked"):
                await call
        assert estate.writes == []

    run(story)
