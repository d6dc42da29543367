"""The LiteLLM adapter against a real proxy: the same kit, and what only the real one can show."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import httpx
import pytest

from adapters.conformance import AdapterConformance, DirectContext, until
from adapters.contract import Refused, Wish
from adapters.litellm.gateway import together
from tests.adapters.kit import litellm_at

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]
TRIED_WITHIN_S = 70.0


TOOLS = {
    "guardrail_name": "standdown-tools",
    "litellm_params": {
        "guardrail": "tool_permission", "mode": "pre_call", "default_on": False, "default_action": "deny",
        "on_disallowed_action": "block", "rules": [],
    },
}  # fmt: skip
WORDS = {
    "guardrail_name": "standdown-words",
    "litellm_params": {
        "guardrail": "litellm_content_filter", "mode": "pre_call", "default_on": False, "blocked_words": [],
    },
}  # fmt: skip


def prepare(admin, body):
    """A guardrail as the README says to make it, and its id."""
    for found in admin.get("/v2/guardrails/list").json()["guardrails"]:
        if found["guardrail_name"] == body["guardrail_name"]:
            admin.delete(f"/guardrails/{found['guardrail_id']}")
    made = admin.post("/guardrails", json={"guardrail": body})
    made.raise_for_status()
    return made.json()["guardrail_id"]


@pytest.fixture(scope="module")
def proxy(real_servers):
    """A key and a model of our own on the shared proxy."""
    server = real_servers["litellm"]
    with httpx.Client(
        base_url=server["base_url"], headers={"authorization": f"Bearer {server['master_key']}"}, timeout=30
    ) as admin:
        model = {
            "model_name": "conformance-model",
            "litellm_params": {"model": "openai/none", "api_key": "none", "mock_response": "still here"},
            "model_info": {"id": "conformance-model-id"},
        }
        admin.post("/model/delete", json={"id": "conformance-model-id"})
        admin.post("/model/new", json=model).raise_for_status()
        admin.post("/key/delete", json={"key_aliases": ["conformance-key"]})
        asked = {"key_alias": "conformance-key", "models": ["fake-small", "conformance-model"]}
        made = admin.post("/key/generate", json=asked)
        made.raise_for_status()
        prepared = [prepare(admin, body) for body in (TOOLS, WORDS)]
        try:
            yield {**server, "key": made.json()["key"], "hash": made.json()["token_id"]}
        finally:
            for found in prepared:
                admin.delete(f"/guardrails/{found}")
            admin.post("/key/delete", json={"key_aliases": ["conformance-key"]})
            admin.post("/model/delete", json={"id": "conformance-model-id"})


@pytest.fixture
def adapter(proxy):
    return litellm_at(proxy["base_url"])


@pytest.fixture
def context(proxy):
    secrets = {"admin": proxy["master_key"], "caller": proxy["key"]}
    return DirectContext(proxy["base_url"], secrets=secrets, deadline_s=30.0)


class _Real(AdapterConformance):
    probe_credential = "caller"
    settles_within_s = TRIED_WITHIN_S


class TestRealKeyBlock(_Real):
    @pytest.fixture
    def wish(self):
        return Wish(lever="key.block", selector="conformance-key", surface_key="fake-small")


class TestRealKeyRpm(_Real):
    @pytest.fixture
    def wish(self):
        return Wish(lever="key.rpm", selector="conformance-key", surface_key="fake-small", params={"rpm": "0"})


class TestRealModelBlock(_Real):
    @pytest.fixture
    def wish(self):
        return Wish(lever="model.block", selector="conformance-model-id", surface_key="conformance-model")


def _wishes(*told):
    made = [
        Wish(lever=lever, selector=selector, surface_key="conformance-model", params=params)
        for lever, selector, params in told
    ]
    return [pytest.param(one, id=one.lever) for one in made]


class TestRealKeys(_Real):
    @pytest.fixture(
        params=_wishes(
            ("key.tpm", "conformance-key", {"tpm": "0"}),
            ("key.parallel", "conformance-key", {"parallel": "0"}),
            ("key.model-rpm", "conformance-key", {"model": "conformance-model", "rpm": "0"}),
            ("key.models", "conformance-key", {"model": "conformance-model"}),
            ("key.routes", "conformance-key", {"routes": "/v1/models"}),
        )
    )
    def wish(self, request):
        return request.param


class TestRealGateway(_Real):
    @pytest.fixture(
        params=_wishes(
            ("model.reroute", "conformance-model", {"fallback": "fake-small"}),
            ("tools.forbid", "conformance-model", {}),
            ("words.forbid", "conformance-model", {"words": "Forbidden Matter, other"}),
        )
    )
    def wish(self, request):
        return request.param


class TestRealDelist(_Real):
    @pytest.fixture
    def wish(self):
        return Wish(lever="model.delist", selector="conformance-model", surface_key="conformance-model")

    def test_revert_restores_what_was_saved(self, adapter, context, wish):
        """Once no list lets it through nothing is left to plan."""


def test_calls_of_the_last_hour_are_counted(adapter, context):
    """The log of calls is written some seconds later. (Of spend a proxy with a made-up model writes nothing.)"""

    async def story():
        wish = Wish(lever="model.block", selector="conformance-model", surface_key="conformance-model")
        planned = await adapter.plan(context, wish)
        await adapter.probe(context, planned, "caller")
        return await until(lambda: adapter.plan(context, wish), lambda found: bool(found.affected), 60.0, 0.5)

    planned = asyncio.run(story())
    assert planned.affected == 1
    assert any("most: conformance-key (" in note for note in planned.notes)


def test_hash_and_alias_plan_the_same(adapter, context, proxy):
    by_alias = Wish(lever="key.block", selector="conformance-key", surface_key="fake-small")
    first = asyncio.run(adapter.plan(context, by_alias))
    second = asyncio.run(adapter.plan(context, replace(by_alias, selector=proxy["hash"])))
    assert first.selector == second.selector == proxy["hash"]
    assert first.name == second.name == "conformance-key"
    assert first.requests == second.requests
    assert first.pre == {"blocked": "false"}
    assert proxy["key"] not in repr(first)


def test_part_of_an_alias_selects_nobody(adapter, context):
    with pytest.raises(Refused):
        asyncio.run(adapter.plan(context, Wish(lever="key.block", selector="conformance", surface_key="")))


def test_a_wrong_admin_key_is_refused(adapter, proxy):
    stranger = DirectContext(proxy["base_url"], secrets={"admin": "sk-not-the-master"})
    with pytest.raises(Refused) as caught:
        asyncio.run(adapter.status(stranger))
    assert caught.value.status == 401
    assert "sk-" not in caught.value.detail


def test_status_says_where_models_are_kept(adapter, context):
    status = asyncio.run(adapter.status(context))
    assert int(status.facts["models_in_database"]) >= 3
    assert status.facts["database"] == "connected"


def test_many_refusals_in_a_row_after_a_block(adapter, context):
    """One refusal proves little: two dozen in a row, each on a connection of its own."""

    async def story():
        planned = await adapter.plan(context, Wish(lever="key.block", selector="conformance-key", surface_key=""))
        await adapter.apply(context, planned)
        try:

            async def look():
                return await adapter.probe(context, planned, "caller")

            await until(look, lambda seen: seen.outcome == "refused", TRIED_WITHIN_S)
            return [(await look()).outcome for _ in range(24)]
        finally:
            await adapter.revert(context, planned)

    assert asyncio.run(story()) == ["refused"] * 24


def test_many_keys_are_told_at_once_as_each_alone(proxy, adapter, context):
    """By a question that is not in its description: an upgrade that drops it makes lists slower, and shows here."""
    headers = {"authorization": f"Bearer {proxy['master_key']}"}
    names = [f"conformance-crowd-{at}" for at in range(24)]
    with httpx.Client(base_url=proxy["base_url"], headers=headers, timeout=30) as admin:
        admin.post("/key/delete", json={"key_aliases": names})
        made = [admin.post("/key/generate", json={"key_alias": one}).raise_for_status().json() for one in names]
        hashes = [one["token_id"] for one in made]

        async def story():
            rows = await together(context, hashes, ())
            assert {row.key_alias for row in rows} == set(names)
            assert len(await together(context, ("0" * 64,), names[:3])) == 3
            planned = [
                await adapter.plan(context, Wish(lever="key.block", selector=one, surface_key="", params={}))
                for one in hashes
            ]
            for blocked in ((), hashes[:3]):
                for one in blocked:
                    await adapter.apply(context, planned[hashes.index(one)])
                seen = await adapter.read_back_many(context, planned)
                assert [one.verdict == "in-effect" for one in seen] == [one in blocked for one in hashes]
            assert len(await adapter.changes(context, planned[0], 0)) == 1

        try:
            asyncio.run(story())
        finally:
            admin.post("/key/delete", json={"key_aliases": names})


@pytest.mark.parametrize(("role", "may"), [("proxy_admin", True), ("proxy_admin_viewer", False)])
def test_a_key_is_told_by_its_owners_role_what_it_may_do_and_so_it_is_refused(adapter, proxy, role, may):
    """And of the master key, which is no key there, that it may do everything."""
    master = DirectContext(proxy["base_url"], secrets={"admin": proxy["master_key"]})
    assert set(map(tuple, asyncio.run(adapter.granted(master)).lacks.values())) == {()}
    with httpx.Client(
        base_url=proxy["base_url"], headers={"authorization": f"Bearer {proxy['master_key']}"}, timeout=30
    ) as admin:
        asked = {"user_id": f"conformance-{role}", "user_role": role, "auto_create_key": True}
        admin.post("/user/delete", json={"user_ids": [asked["user_id"]]})
        made = admin.post("/user/new", json=asked)
        made.raise_for_status()
        try:
            own = DirectContext(proxy["base_url"], secrets={"admin": made.json()["key"]})
            told = asyncio.run(adapter.granted(own)).lacks
            assert {not lacks for lacks in told.values()} == {may}
            wish = Wish(lever="key.block", selector="conformance-key", surface_key="")
            planned = asyncio.run(adapter.plan(own, wish))
            if may:
                assert asyncio.run(adapter.apply(own, planned)).outcome == "accepted"
                asyncio.run(adapter.revert(own, planned))
            else:
                with pytest.raises(Refused):
                    asyncio.run(adapter.apply(own, planned))
        finally:
            admin.post("/user/delete", json={"user_ids": [asked["user_id"]]})
