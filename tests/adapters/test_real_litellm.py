"""The LiteLLM adapter against a real proxy: the same kit, and what only the real one can show."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import httpx
import pytest

from adapters.conformance import AdapterConformance, DirectContext, until
from adapters.contract import Refused, Wish
from tests.adapters.kit import litellm_at

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]
TRIED_WITHIN_S = 70.0


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
        try:
            yield {**server, "key": made.json()["key"], "hash": made.json()["token_id"]}
        finally:
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
