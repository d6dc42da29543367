"""Sets that are written whole: one writer at a time at one address, and nothing that was not proven."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace

import pytest

from adapters.contract import Malformed, NotSent, Planned, ReadBack, Refused, Rendered, Request, Whole
from adapters.membership import member, members_of
from console.outbox import wholes
from console.outbox.wholes import TRIES, Wholes, exact, undone_at_once
from console.providers.wholes import prove, puts_in
from console.services.lifting import _baseline

PATH = "/sets/1"
WITHIN_S = 30.0


def planned(*requests: Request) -> Planned:
    return Planned(
        lever="user.block", selector="a", surface_key="", name="a", model="", params={}, pre={"blocked": "false"},
        pre_read_ms=0, wanted={"blocked": "true"}, requests=requests, revert=(), selectors=1, reach="everyone",
        reversal="exact",
    )  # fmt: skip


PUT_A = planned(member("a", (PATH,), inside=True))
OTHER = planned(Request(method="POST", path="/off"))


@dataclass
class At:
    """As much of a plane as is asked for here."""

    url: str
    answer: Rendered | Exception | None = None

    @property
    def adapter(self) -> At:
        return self

    def base_url(self) -> str:
        return self.url

    async def render(self, _plans) -> Rendered:
        if isinstance(self.answer, Rendered):
            return self.answer
        raise self.answer or Refused("none")


def test_one_after_the_other_at_one_address_and_nobody_else_waits() -> None:
    async def story() -> None:
        turns, order, began, release = Wholes(), list[str](), asyncio.Event(), asyncio.Event()

        async def one(name: str, at: At, plan: Planned, *, holds: bool = False) -> None:
            async with turns.turn(at, plan) as came:
                assert came
                order.append(name)
                began.set()
                if holds:
                    await release.wait()
                order.append(f"{name} done")

        first = asyncio.create_task(one("list", At("https://a"), PUT_A, holds=True))
        await began.wait()
        second = asyncio.create_task(one("single", At("https://a"), PUT_A))
        await one("elsewhere", At("https://b"), PUT_A)
        await one("no set", At("https://a"), OTHER)
        assert order == ["list", "elsewhere", "elsewhere done", "no set", "no set done"]
        release.set()
        await asyncio.gather(first, second)
        assert order[5:] == ["list done", "single", "single done"]

    asyncio.run(asyncio.wait_for(story(), WITHIN_S))


def test_whose_turn_does_not_come_is_told_so_and_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        turns = Wholes()
        async with turns.turn(At("https://a"), PUT_A):
            monkeypatch.setattr(wholes, "TURN_S", 0.01)
            async with turns.turn(At("https://a"), PUT_A) as came:
                assert not came
        monkeypatch.setattr(wholes, "TURN_S", WITHIN_S)
        async with turns.turn(At("https://a"), PUT_A) as came:
            assert came

    asyncio.run(asyncio.wait_for(story(), WITHIN_S))


def test_what_cannot_be_made_is_told_by_name_or_waited_for() -> None:
    told = asyncio.run(exact(At("https://a", Refused("it would do more")), [PUT_A]))
    assert (told.wholes, dict(told.refused)) == ((), {"a": "it would do more"})
    for fault in (NotSent("down"), Malformed("a page")):
        assert asyncio.run(exact(At("https://a", fault), [PUT_A])) is fault


WHOLE = Whole(
    path=PATH, read=json.dumps({"values": ["x"]}), accounts=("a",),
    request=Request(method="PUT", path=PATH, body=json.dumps({"values": ["x", "a"]})),
)  # fmt: skip
READ = {PATH: WHOLE.read.encode()}


@pytest.mark.parametrize(
    ("found", "read", "why"),
    [
        (Rendered(wholes=(WHOLE,)), {}, "what was not read"),
        (Rendered(wholes=(WHOLE,)), {PATH: b"{}"}, "what was not read"),
        (Rendered(wholes=(WHOLE, WHOLE)), READ, "twice"),
        (Rendered(wholes=(), refused={"b": "no room"}), READ, "nobody signed"),
        (Rendered(wholes=(WHOLE,), refused={"a": "no room"}), READ, "nobody signed"),
        (Rendered(wholes=(replace(WHOLE, accounts=("a", "b")),)), READ, "nobody signed"),
        (Rendered(wholes=(replace(WHOLE, accounts=()),)), READ, "nobody signed"),
    ],
)
def test_an_adapter_that_would_write_something_else_gets_nothing_through(found, read, why) -> None:
    fine = Rendered(wholes=(WHOLE,))
    assert prove(fine, members_of([PUT_A]), READ) is fine
    with pytest.raises(Refused, match=why):
        prove(found, members_of([PUT_A]), read)


def test_which_way_it_goes_is_read_from_what_was_signed() -> None:
    assert puts_in(PUT_A)
    assert not puts_in(planned(member("a", (PATH,), inside=False)))


def test_a_write_that_does_not_show_is_made_anew_so_often_and_only_where_it_is_a_set() -> None:
    @dataclass
    class Row:
        attempt: int

    gone, there = (ReadBack(verdict=one, fields={}, at_ms=0) for one in ("not-in-effect", "in-effect"))
    assert undone_at_once(PUT_A, gone, Row(1))
    assert not undone_at_once(PUT_A, there, Row(1))
    assert not undone_at_once(PUT_A, gone, Row(TRIES))
    assert not undone_at_once(OTHER, gone, Row(1))


def test_bytes_that_an_earlier_version_signed_are_no_way_back() -> None:
    """It wrote the whole segment as it was then: whoever came since would be given back too."""

    @dataclass
    class Was:
        before: dict[str, str]

    older = replace(PUT_A, pre={"values": "[]"}, revert=(Request(method="PUT", path=PATH, body='{"values": []}'),))
    lift = replace(PUT_A, wanted={"blocked": "false"}, requests=(member("a", (PATH,), inside=False),))
    assert _baseline(lift, Was({"values": "[]"}), older) is lift
