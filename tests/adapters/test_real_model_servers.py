"""The Open Inference adapter against a real Triton and a real MLServer, whose answers differ."""

from __future__ import annotations

import asyncio

import pytest

from adapters.conformance import AdapterConformance, DirectContext, until
from adapters.contract import Refused, Wish
from tests.adapters.kit import open_inference_at

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]
WISH = Wish(lever="model.unload", selector="toy2", surface_key="toy2")


@pytest.fixture
def adapter(real_servers):
    return open_inference_at(real_servers["triton"]["base_url"])


@pytest.fixture
def context(real_servers):
    return DirectContext(real_servers["triton"]["base_url"], auth="none", deadline_s=60.0)


class TestRealTriton(AdapterConformance):
    settles_within_s = 30.0

    @pytest.fixture
    def wish(self):
        return WISH


class TestRealMLServer(AdapterConformance):
    settles_within_s = 30.0

    @pytest.fixture
    def adapter(self, real_servers):
        return open_inference_at(real_servers["mlserver"]["base_url"])

    @pytest.fixture
    def context(self, real_servers):
        return DirectContext(real_servers["mlserver"]["base_url"], auth="none", deadline_s=30.0)

    @pytest.fixture
    def wish(self):
        return WISH


def test_mlserver_refuses_a_second_unload_and_that_is_no_fault(real_servers):
    url = real_servers["mlserver"]["base_url"]
    server, plain = open_inference_at(url), DirectContext(url, auth="none", deadline_s=30.0)

    async def story():
        planned = await server.plan(plain, WISH)
        await server.apply(plain, planned)
        try:
            return await server.apply(plain, planned), await server.probe(plain, planned, None)
        finally:
            await server.revert(plain, planned)

    again, seen = asyncio.run(story())
    assert (again.outcome, again.status) == ("already-so", 404)
    assert (seen.outcome, seen.status) == ("refused", 404)


def test_an_unload_takes_a_while_and_refuses_at_once(adapter, context):
    async def story():
        planned = await adapter.plan(context, WISH)
        await adapter.apply(context, planned)
        try:
            first = await adapter.read_back(context, planned)
            seen = await adapter.probe(context, planned, None)
            with pytest.raises(Refused, match="unloading"):
                await adapter.plan(context, WISH)
            last = await until(
                lambda: adapter.read_back(context, planned), lambda back: back.verdict == "in-effect", 30.0
            )
            again = await adapter.plan(context, WISH)
        finally:
            await adapter.revert(context, planned)
        return first, seen, last, again

    first, seen, last, again = asyncio.run(story())
    assert (first.verdict, first.detail) == ("not-in-effect", "UNLOADING")
    assert seen.outcome == "refused"
    assert seen.status == 404
    assert last.verdict == "in-effect"
    assert again.pre == {"loaded": "false"}
    assert again.revert[0].path.endswith("/unload")


def test_the_plan_keeps_the_inputs_an_unloaded_model_no_longer_tells(adapter, context):
    planned = asyncio.run(adapter.plan(context, WISH))
    assert planned.params["inputs"] == '[{"name":"in","datatype":"BYTES","shape":[1]}]'
