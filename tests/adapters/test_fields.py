"""What an adapter gets that only says how a thing is read and written: there, back, nothing doubtful called done."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from adapters.answers import Voice
from adapters.conformance import reply
from adapters.conformance.bent import PAGE
from adapters.contract import (
    Found,
    Lever,
    Malformed,
    Manifest,
    OutcomeUnknown,
    Refused,
    Request,
    Status,
    Throttled,
    Wish,
)
from adapters.fields import Held, SetsFields
from adapters.forms import Address, NoParams

LIMIT = Lever(
    name="key.limit", title="Limit a key", category="frequency", selector="key", wide=False,
    idempotency="desired-state", reversal="exact", reach="our-customers", propagation_s=5, read_back_lag_s=1,
    probe="credential",
)  # fmt: skip
FOR_ALL = replace(LIMIT, name="all.limit", wide=True, probe="client-view")
FOR_EVER = replace(LIMIT, name="key.end", reversal="none")


class TwoWrites(SetsFields):
    """Sets two fields of a key, each by a request of its own."""

    voice = Voice("the plane")
    manifest = Manifest(
        name="two", version=1, title="Two", settings=Address, auth="bearer", secrets={"admin": "a token"},
        levers=(LIMIT, FOR_ALL, FOR_EVER),
    )  # fmt: skip

    async def discover(self, context):
        return [Found(key="east", name="East", model="atlas")]

    async def status(self, context):
        return Status(at_ms=1, latency_ms=1, surfaces=())

    async def held(self, context, lever, selector):
        return Held(id=selector or "all", name="Key", surface_key="east", model="atlas", fields=dict(context.fields))

    def wanted(self, lever, params, direction):
        return {"rpm": "0", "tpm": "0"} if direction == "contain" else {"rpm": "null", "tpm": "null"}

    def writes(self, lever, ident, fields):
        return tuple(
            Request(method="PUT", path=f"/keys/{ident}/{name}", body=json.dumps({name: json.loads(value)}))
            for name, value in fields.items()
        )

    async def attempt(self, context, planned, credential):
        return await context.call("GET", "/try", effect="read", credential=credential, fresh=True)

    def judge(self, planned, answer):
        return "refused" if answer.json()["error"] == "limited" else "cannot-tell"


class Wire:
    """A context whose provider keeps the fields, and answers the writes in turn as it is told."""

    def __init__(self, *answers):
        self.fields, self.sent, self.tried, self._answers = {"rpm": "7", "tpm": "null"}, [], [], list(answers)

    def now_ms(self):
        return 5

    async def send(self, request):
        self.sent.append(request)
        answer = self._answers.pop(0) if self._answers else reply(200, b"{}")
        if isinstance(answer, Exception):
            raise answer
        if answer.status < 300:
            self.fields |= {name: json.dumps(value) for name, value in json.loads(request.body).items()}
        return answer

    async def call(self, *_about, credential, **_more):
        self.tried.append(credential)
        return reply(403, b'{"error":"limited"}')


def plan(wire, lever="key.limit", **changes):
    wish = Wish(lever=lever, selector=changes.pop("selector", "k-1"), surface_key="")
    return asyncio.run(ADAPTER.plan(wire, replace(wish, **changes)))


ADAPTER = TwoWrites(Address(base_url="https://plane.example/"))


def test_there_and_back_to_what_was_saved():
    wire = Wire()
    planned = plan(wire)
    assert (planned.pre, planned.wanted) == ({"rpm": "7", "tpm": "null"}, {"rpm": "0", "tpm": "0"})
    assert ADAPTER.base_url() == "https://plane.example"
    assert asyncio.run(ADAPTER.apply(wire, planned)).outcome == "accepted"
    assert asyncio.run(ADAPTER.read_back(wire, planned)).verdict == "in-effect"
    asyncio.run(ADAPTER.revert(wire, planned))
    assert wire.fields == {"rpm": "7", "tpm": "null"}, "not a default"
    assert tuple(wire.sent) == (*planned.requests, *planned.revert)
    assert asyncio.run(ADAPTER.read_back(wire, planned)).verdict == "not-in-effect"


@pytest.mark.parametrize("second", [reply(403, b"{}"), reply(200, PAGE, "text/html"), Throttled("wait", 5.0)])
def test_the_second_of_two_that_fails_is_no_clean_no(second):
    for refused in (reply(403, b"{}"), Throttled("wait", 5.0)):
        wire = Wire(refused)
        with pytest.raises((Refused, Throttled)):
            asyncio.run(ADAPTER.apply(wire, plan(wire)))
    wire = Wire(reply(204, b""), second)
    with pytest.raises(OutcomeUnknown, match="1 of 2 were accepted, then"):
        asyncio.run(ADAPTER.apply(wire, plan(wire)))
    assert len(wire.sent) == 2


def test_a_page_is_no_answer_to_a_write():
    wire = Wire(reply(200, PAGE, "text/html"))
    with pytest.raises(Malformed):
        asyncio.run(ADAPTER.apply(wire, plan(wire)))


def test_what_nothing_undoes_has_no_way_back():
    wire = Wire()
    planned = plan(wire, "key.end")
    assert planned.revert == ()
    with pytest.raises(Refused):
        asyncio.run(ADAPTER.revert(wire, planned))
    assert wire.sent == []


def test_whom_it_selects_is_asked_and_counted():
    assert plan(Wire()).selectors == 1
    assert plan(Wire(), "all.limit", selector="").selectors == 0
    for wrong in ({"selector": ""}, {"lever": "no.such"}, {"surface_key": "west"}, {"params": {"rpm": "3"}}):
        with pytest.raises(Refused):
            plan(Wire(), **wrong)
    assert LIMIT.params in {None, NoParams}


def test_nobody_is_tried_for_where_a_caller_is_needed():
    wire = Wire()
    assert asyncio.run(ADAPTER.probe(wire, plan(wire), None)).outcome == "cannot-tell"
    assert wire.tried == []
    assert asyncio.run(ADAPTER.probe(wire, plan(wire), "caller")).outcome == "refused"
    seen = asyncio.run(ADAPTER.probe(wire, plan(wire, "all.limit", selector=""), None))
    assert (seen.outcome, seen.evidence) == ("refused", "client-view")
    assert wire.tried == ["caller", None]
