"""Lists of keys on the gateway's simulator: read many at once, and told as if each had been asked for by itself."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from adapters.contract import Planned, Refused, Wish
from adapters.litellm import lists
from adapters.litellm.simulator import TOGETHER, KeyRow, LiteLLMSite, hash_of
from adapters.simulator import Answer, Simulator
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


def read_many(gateway, planned):
    adapter, context = litellm_at(gateway.url), litellm_context(gateway.url)
    gateway.forget()
    return asyncio.run(adapter.read_back_many(context, planned))


def test_a_crowd_is_read_a_hundred_at_once_and_a_few_are_asked_for_by_themselves(gateway):
    planned = plan_many(gateway, wishes())
    assert len(gateway.requests()) < 10
    assert {one.verdict for one in read_many(gateway, planned)} == {"not-in-effect"}
    assert [one.path for one in gateway.requests()] == [TOGETHER] * 2
    read_many(gateway, planned[:5])
    assert [one.path for one in gateway.requests()] == ["/key/info"] * 5


class Older(LiteLLMSite):
    """A proxy that knows no question about many keys."""

    def handle(self, incoming, enforce_lag_s):
        if incoming.path == TOGETHER:
            return Answer(status=405, body={"detail": "Method Not Allowed"})
        return super().handle(incoming, enforce_lag_s)


def test_a_gateway_that_knows_no_such_question_is_read_by_pages(gateway):
    site = litellm_site()
    older = Older(keys=(), models=())
    older.state = site.state
    gateway.poke(lambda state: site.state.keys.update(state.keys))
    planned = plan_many(gateway, wishes())
    with Simulator(older) as running:
        assert told(plan_many(running, wishes())) == told(planned)
        assert {one.verdict for one in read_many(running, planned)} == {"not-in-effect"}
        assert {one.path for one in running.requests()} == {TOGETHER, "/key/list"}
        asked = wishes(*(f"nobody-{at}" for at in range(30)))
        assert told(plan_many(running, asked)) == told(each_alone(running, asked))


@pytest.mark.parametrize("every", [1, 2, 3, 40])
def test_keys_that_stand_differently_are_never_taken_for_each_other(gateway, every):
    planned = plan_many(gateway, wishes())
    mine = [at for at in range(CROWD) if at % every == 0]

    def change(state):
        for at in mine:
            state.keys[hash_of(f"sk-of-{at}")].blocked = True

    gateway.poke(change)
    seen = read_many(gateway, planned)
    assert [at for at, one in enumerate(seen) if one.verdict == "in-effect"] == mine


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


def test_very_many_that_no_page_shows_are_asked_for_by_name(gateway):
    """A key that slid from one page to the one before it while they were read is still found."""
    nobody = [f"nobody-{at}" for at in range(300)]
    key = "sk-slid"
    made = [hash_of(key), *(f"{at:064x}" for at in range(30))]

    class Sliding(LiteLLMSite):
        def handle(self, incoming, enforce_lag_s):
            shown = super().handle(incoming, enforce_lag_s)
            if incoming.path == "/key/list" and "key_alias" not in incoming.query:
                shown.body["keys"] = [one for one in shown.body["keys"] if one["key_alias"] != "slid"]
            return shown

    site = Sliding(keys=(), models=())
    gateway.poke(lambda state: setattr(site, "state", state))
    site.state.keys[hash_of(key)] = KeyRow(key=key, alias="slid")
    with Simulator(site) as running:
        answers = plan_many(running, wishes(*nobody, "slid", *made))
        calls = len(running.requests())
        alone = each_alone(running, wishes(*nobody, "slid", *made))
    assert told(answers) == told(alone)
    assert [one.name for one in answers[CROWD:] if isinstance(one, Planned)] == ["slid", "slid"]
    assert calls < 50


def test_of_keys_that_are_all_gone_one_question_tells(gateway):
    planned = plan_many(gateway, wishes())
    gone = [replace(planned[0], selector=f"{at:064x}") for at in range(300)]
    assert {one.verdict for one in read_many(gateway, gone)} == {"cannot-tell"}
    assert len(gateway.requests()) == 3
