"""The kit's bad network tested: adapters and guards that are broken in one way each fail there."""

from __future__ import annotations

import inspect
import json
from dataclasses import replace

import httpx
import pytest

from adapters.conformance import Overheard, reply
from adapters.conformance.roads import Roads
from adapters.conformance.standin import guard
from adapters.contract import AdapterFault, Malformed, NotSent, OutcomeUnknown, ReadBack, Receipt, Refused, Wish
from adapters.litellm import LiteLLM
from adapters.litellm.simulator import MASTER_KEY
from adapters.simulator import Simulator
from console.providers import replies
from console.providers.wire import Wire
from tests.adapters.kit import litellm_context, litellm_site

ONE = Wish(lever="key.block", selector="canary", surface_key="atlas")
TWO = Wish(lever="model.block", selector="atlas", surface_key="atlas")  # it is served twice: two requests
READING, WRITING, PART, HOLE, EXPIRED = (
    "a_bad_network_while_reading", "a_bad_network_while_writing", "a_part_that_fails", "a_hole_in_a_look",
    "an_expired_certificate",
)  # fmt: skip


class Kit(Roads):
    probe_credential = "caller"
    settles_within_s = 1.0


def fails(test, adapter_class=LiteLLM, wish=ONE, kit=Kit) -> bool:
    with Simulator(litellm_site(cache_lag_s=0.0)) as server:
        adapter = adapter_class(adapter_class.manifest.settings.model_validate({"base_url": server.url}))
        given = {"adapter": adapter, "context": litellm_context(server.url), "wish": wish}
        tried = getattr(kit(), f"test_{test}")
        assert set(inspect.signature(tried).parameters) == set(given)
        try:
            tried(**given)
        except (AssertionError, AdapterFault):
            return True
    return False


@pytest.mark.parametrize("test", [READING, WRITING, PART, HOLE, EXPIRED])
@pytest.mark.parametrize("wish", [ONE, TWO], ids=lambda wish: wish.lever)
def test_the_whole_adapter_passes(test, wish):
    assert not fails(test, wish=wish)


class Through(LiteLLM):
    """An adapter that does everything through a context of its own."""

    around = Overheard

    async def status(self, context):
        return await super().status(self.around(context))

    async def discover(self, context):
        return await super().discover(self.around(context))

    async def plan(self, context, wish):
        return await super().plan(self.around(context), wish)

    async def apply(self, context, planned):
        return await super().apply(self.around(context), planned)

    async def read_back(self, context, planned):
        return await super().read_back(self.around(context), planned)

    async def revert(self, context, planned):
        return await super().revert(self.around(context), planned)


class GoesWhereItIsSent(Through):
    class around(Overheard):  # noqa: N801  stands for the attribute
        async def call(self, method, path, **more):
            answer = await super().call(method, path, **more)
            if answer.status == 307:
                async with httpx.AsyncClient(timeout=30) as client:
                    key = {"authorization": f"Bearer {MASTER_KEY}"}
                    await client.request(method, answer.headers["location"], headers=key)
            return answer


class TakesARedirectForARefusal(Through):
    class around(Overheard):  # noqa: N801  as above
        async def send(self, request):
            answer = await super().send(request)
            if answer.status == 307:
                raise Refused("it moved", 307)
            return answer


class TakesFiveHundredForFailed(Through):
    class around(Overheard):  # noqa: N801  as above
        async def send(self, request):
            try:
                return await super().send(request)
            except OutcomeUnknown as fault:
                raise Refused(fault.detail, 500) from fault


class TakesSilenceForAnEmptyList(Through):
    class around(Overheard):  # noqa: N801  as above
        async def call(self, method, path, **more):
            try:
                return await super().call(method, path, **more)
            except NotSent:
                return reply(200, b'{"data":[],"keys":[],"teams":[],"models":[]}')


class TakesTooMuchForAnOutage(Through):
    class around(Overheard):  # noqa: N801  as above
        async def call(self, method, path, **more):
            try:
                return await super().call(method, path, **more)
            except Malformed as fault:
                raise NotSent(fault.detail) from fault


class SendsAgain(Through):
    class around(Overheard):  # noqa: N801  as above
        async def send(self, request):
            try:
                return await super().send(request)
            except OutcomeUnknown:
                return await super().send(request)


class ReadsBySocketsOfItsOwn(LiteLLM):
    async def read_back(self, context, planned):
        async with httpx.AsyncClient(timeout=30) as client:
            key = {"authorization": f"Bearer {MASTER_KEY}"}
            found = await client.get(f"{self.base_url()}/key/info?key={planned.selector}", headers=key)
        blocked = json.dumps(bool(found.json()["info"]["blocked"]))
        verdict = "in-effect" if blocked == "true" else "not-in-effect"
        return ReadBack(verdict=verdict, fields={"blocked": blocked}, at_ms=context.now_ms())


class ShowsTheLastLook(LiteLLM):
    last = None

    async def status(self, context):
        try:
            self.last = await super().status(context)
        except AdapterFault:
            if self.last is None:
                raise
        return self.last


class LeavesOutWhatItCannotRead(LiteLLM):
    async def discover(self, context):
        found = await super().discover(context)
        try:
            await context.call("GET", "/health/readiness", effect="read")
        except NotSent:
            return found[:1]
        return found


class ProvesByAnOutage(LiteLLM):
    async def probe(self, context, planned, credential):
        seen = await super().probe(context, planned, credential)
        return replace(seen, outcome="refused") if seen.status and seen.status >= 500 else seen


class TakesAListUnreadForFree(LiteLLM):
    async def read_back_many(self, context, planned):
        seen = await super().read_back_many(context, planned)
        return [replace(one, verdict="not-in-effect") for one in seen]


class CallsAPartDone(LiteLLM):
    async def apply(self, context, planned):
        done = 0
        for request in planned.requests:
            try:
                answer = await context.send(request)
                done += answer.status < 300
            except OutcomeUnknown:
                continue
        return Receipt(outcome="accepted") if done else await super().apply(context, planned)


class CallsAPartWhole(LiteLLM):
    async def read_back(self, context, planned):
        back = await super().read_back(context, planned)
        some = any(back.fields.get(name) == value for name, value in planned.wanted.items())
        return replace(back, verdict="in-effect") if some else back


class GivesUpAtWhatIsDone(LiteLLM):
    """What was done in part is never completed: the first piece says that it is so already."""

    async def apply(self, context, planned):
        if (await super().read_back(context, planned)).fields != planned.pre:
            return Receipt(outcome="already-so")
        return await super().apply(context, planned)


class RevertsTheFirstOnly(LiteLLM):
    async def revert(self, context, planned):
        return await super().revert(context, replace(planned, revert=planned.revert[:1]))


@pytest.mark.parametrize(
    ("mutant", "test", "wish"),
    [
        (GoesWhereItIsSent, READING, ONE),
        (TakesARedirectForARefusal, WRITING, ONE),
        (TakesFiveHundredForFailed, WRITING, ONE),
        (TakesSilenceForAnEmptyList, READING, ONE),
        (TakesSilenceForAnEmptyList, HOLE, TWO),
        (TakesTooMuchForAnOutage, READING, ONE),
        (SendsAgain, WRITING, ONE),
        (ReadsBySocketsOfItsOwn, READING, ONE),
        (ReadsBySocketsOfItsOwn, EXPIRED, ONE),
        (ShowsTheLastLook, READING, ONE),
        (LeavesOutWhatItCannotRead, HOLE, ONE),
        (ProvesByAnOutage, READING, ONE),
        (TakesAListUnreadForFree, READING, ONE),
        (CallsAPartDone, PART, TWO),
        (CallsAPartWhole, PART, TWO),
        (GivesUpAtWhatIsDone, PART, TWO),
        (RevertsTheFirstOnly, PART, TWO),
    ],
    ids=lambda one: getattr(one, "__name__", None) or getattr(one, "lever", one),
)
def test_a_broken_adapter_fails(mutant, test, wish):
    assert fails(test, mutant, wish)


# -- guards: what the adapters rely on is tried with them --------------------------------------------------------------


class _Redirected(Wire):
    def _make(self, verify, *, keep):
        made = super()._make(verify, keep=keep)
        made.follow_redirects = True
        return made


class _Trusting(Wire):
    def _make(self, verify, *, keep):
        verify.check_hostname = False
        verify.verify_mode = 0
        return super()._make(verify, keep=keep)


def with_wire(kind):
    class Guarded(Kit):
        def behind(self):
            def made(adapter, lent, dial, deadline_s):
                plane = guard()(adapter, lent, dial, deadline_s)
                plane.wire = kind(adapter.access().tls, network=plane.wire._network)
                return plane

            return made

    return Guarded


@pytest.mark.parametrize(
    ("kind", "test"), [(_Redirected, READING), (_Redirected, WRITING), (_Trusting, EXPIRED)]
)  # fmt: skip
def test_a_broken_guard_fails(kind, test):
    assert fails(test, kit=with_wire(kind))


def test_a_guard_that_reads_without_an_end_fails(monkeypatch):
    monkeypatch.setattr(replies, "MAX_REPLY_BYTES", 1 << 30)
    assert fails(READING)


def test_a_guard_that_waits_longer_than_it_may_fails():
    class Patient(Kit):
        def behind(self):
            return lambda adapter, lent, dial, deadline_s: guard()(adapter, lent, dial, deadline_s * 100)

    assert fails(READING, kit=Patient)
