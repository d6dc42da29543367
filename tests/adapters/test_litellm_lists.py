"""Lists of keys on the gateway's simulator: read by pages, and told as if each had been asked for by itself."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from adapters.contract import Planned, Refused, Wish
from adapters.litellm import lists
from adapters.litellm.simulator import KeyRow, hash_of
from adapters.simulator import Simulator
from tests.adapters.kit import litellm_at, litellm_context, litellm_site

CROWD = 150


@pytest.fixture
def gateway():
    site = litellm_site()
    for at in range(CROWD):
        key = f"sk-of-{at}"
        site.state.keys[hash_of(key)] = KeyRow(key=key, alias=f"crowd-{at:03}")
    with Simulator(site) as running:
        yield running


def wishes(*more: str, lever: str = "key.block", params: dict[str, str] | None = None) -> list[Wish]:
    names = [*(f"crowd-{at:03}" for at in range(CROWD)), *more]
    return [Wish(lever=lever, selector=name, surface_key="", params=params or {}) for name in names]


def plan_many(gateway, asked):
    adapter, context = litellm_at(gateway.url), litellm_context(gateway.url)
    return asyncio.run(adapter.plan_many(context, asked))


def each_alone(gateway, asked):
    adapter, context = litellm_at(gateway.url), litellm_context(gateway.url)

    async def alone(wish):
        try:
            return await adapter.plan(context, wish)
        except Refused as fault:
            return fault

    return asyncio.run(lists.each(asked, alone))


def told(answers):
    """What a plan or a refusal says, but for when it was read."""
    return [replace(one, pre_read_ms=0) if isinstance(one, Planned) else (type(one), one.detail) for one in answers]


@pytest.mark.parametrize(
    ("lever", "params"), [("key.block", {}), ("key.rpm", {"rpm": "3"}), ("key.models", {"model": "atlas"})]
)
def test_a_list_is_planned_as_each_key_would_be(gateway, lever, params):
    some = wishes("nobody", "twin", "sk-a-key-itself", "member", "", lever=lever, params=params)
    assert told(plan_many(gateway, some)) == told(each_alone(gateway, some))


def test_a_crowd_is_read_by_pages_and_a_few_are_asked_for_by_themselves(gateway):
    planned = plan_many(gateway, wishes())
    assert len(gateway.requests()) < 10
    gateway.forget()
    adapter, context = litellm_at(gateway.url), litellm_context(gateway.url)
    asyncio.run(adapter.read_back_many(context, planned))
    assert {one.path for one in gateway.requests()} == {"/key/list"}
    gateway.forget()
    asyncio.run(adapter.read_back_many(context, planned[:5]))
    assert [one.path for one in gateway.requests()] == ["/key/info"] * 5


def test_a_gateway_with_more_keys_than_are_worth_reading_is_asked_about_each(gateway):
    def more(state):
        state.keys |= {hash_of(key): KeyRow(key=key, alias=key) for key in map("sk-more-{}".format, range(2_600))}

    gateway.poke(more)
    planned = plan_many(gateway, wishes()[:30])
    assert [one.name for one in planned] == [wish.selector for wish in wishes()[:30]]
    assert sum(one.path == "/key/list" for one in gateway.requests()) == 1 + 30  # the first page tells how many


def test_what_is_blocked_gone_or_not_is_read_of_each(gateway):
    planned = plan_many(gateway, wishes())

    def change(state):
        state.keys[hash_of("sk-of-3")].blocked = True
        del state.keys[hash_of("sk-of-4")]

    gateway.poke(change)
    adapter, context = litellm_at(gateway.url), litellm_context(gateway.url)
    seen = asyncio.run(adapter.read_back_many(context, planned))
    verdicts = [one.verdict for one in seen]
    assert (verdicts[3], verdicts[4], verdicts[5]) == ("in-effect", "cannot-tell", "not-in-effect")
    assert verdicts.count("not-in-effect") == CROWD - 2
    assert asyncio.run(adapter.served_many(context, planned)) == [None] * CROWD


def test_of_very_many_that_no_page_shows_none_is_asked_for_by_itself(gateway):
    nobody = [f"nobody-{at}" for at in range(300)]
    answers = plan_many(gateway, wishes(*nobody))
    assert [type(one) for one in answers[CROWD:]] == [Refused] * 300
    assert len(gateway.requests()) < 10
    gone = [replace(answers[0], selector=f"{at:064x}") for at in range(300)]
    adapter, context = litellm_at(gateway.url), litellm_context(gateway.url)
    seen = asyncio.run(adapter.read_back_many(context, gone))
    assert {one.verdict for one in seen} == {"cannot-tell"}
