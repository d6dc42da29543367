"""When a leaked credential was used last, where its provider tells it, and where silence says nothing."""

from __future__ import annotations

import asyncio

import pytest

from adapters.contract import LastUse, TellsUse, Wish
from adapters.simulator import Simulator
from tests.adapters import openai_kit
from tests.adapters.kit import KEY, litellm_at, litellm_context, litellm_site


def told(adapter, context, lever: str, selector: str, **params: str) -> LastUse | None:
    planned = asyncio.run(adapter.plan(context, Wish(lever=lever, selector=selector, surface_key="", params=params)))
    assert isinstance(adapter, TellsUse)
    return asyncio.run(adapter.last_use(context, planned))


def test_openai_tells_it_of_a_key_and_of_an_account_the_latest_of_its_keys() -> None:
    site = openai_kit.site()
    live = site.state.projects["proj_1"]
    live.keys["key_2"].last_used_at = 1_700_000_000
    live.keys["key_5"] = openai_kit.KeyRow("key_5", "sk-svcacct-second", "svc_1", last_used_at=1_700_000_900)
    live.keys["key_1"].last_used_at = 1_800_000_000  # a user's key, which is not the account's
    with Simulator(site) as server:
        adapter, context = openai_kit.adapter_at(server.url), openai_kit.context_at(server.url)
        account = told(adapter, context, "account.delete", "svc_1")
        assert account is not None
        assert account.used_ms == 1_700_000_900_000
        key = told(adapter, context, "key.delete", "key_1")
        assert key is not None
        assert (key.used_ms, key.at_ms > 0) == (1_800_000_000_000, True)
        live.keys["key_1"].last_used_at = None
        never = told(adapter, context, "key.delete", "key_1")
        assert never is not None
        assert never.used_ms is None
        assert told(adapter, context, "project.rpm", "proj_1", model="atlas", rpm="1") is None


@pytest.mark.parametrize(("written", "used_ms"), [
    ("2023-11-14T22:13:20+00:00", 1_700_000_000_000), ("2023-11-14T22:13:20", 1_700_000_000_000), (None, None),
])  # fmt: skip
def test_a_gateway_that_wrote_no_time_down_says_nothing(written: str | None, used_ms: int | None) -> None:
    with Simulator(litellm_site(cache_lag_s=0.0)) as server:
        adapter, context = litellm_at(server.url), litellm_context(server.url)
        next(row for row in server.site.state.keys.values() if row.key == KEY).last_active = written
        found = told(adapter, context, "key.block", "canary")
        assert (None if found is None else found.used_ms) == used_ms
        assert told(adapter, context, "key.rpm", "canary", rpm="1") is None
