"""The shipped adapters as the console runs them: found by the registry, behind the guard, from disclosures alone."""

from __future__ import annotations

import asyncio

import pytest

from adapters.conformance import until
from adapters.contract import Refused, Wish
from adapters.litellm.simulator import MASTER_KEY, hash_of
from adapters.practice.simulator import Estate
from adapters.simulator import Simulator
from console.domain.actions import Target
from console.providers.instance import Instance
from console.providers.plane import Plane
from console.providers.planned import from_disclosures, to_disclosures
from console.providers.registry import Registry, make_adapter
from console.runtime.clock import SystemClock
from tests.adapters.kit import KEY, litellm_site, model_server_site

INSTANCE = "g-" + "0" * 26


class Kept:
    def __init__(self, secrets):
        self._secrets = secrets

    def get(self, name):
        return self._secrets.get(name.partition("/")[2])


def plane_of(adapter, settings, secrets, probes=None):
    usable = Registry.load().usable(adapter)
    made = Instance(id=INSTANCE, adapter=adapter, name="p", settings=settings, probe_credentials=probes or {})
    return Plane(made, make_adapter(usable, settings), Kept(secrets), SystemClock(), world="real")


def signed(plane, plan):
    """The plan as it comes back out of an action document: what a dispatcher has."""
    lever = plane.lever(plan.lever)
    target = Target(
        surface="t-" + "0" * 26, instance=INSTANCE, adapter=f"{plane.manifest.name}/{plane.manifest.version}",
        lever=plan.lever, category=lever.category, model=plan.model, reach=plan.reach, assignee=None,
        reversal=plan.reversal, selectors=plan.selectors, all_surfaces=False, credential=plan.credential, canary=False,
        dispatchers=("0" * 64,), listed=None, sd=(),
    )  # fmt: skip
    back = from_disclosures(target, to_disclosures(plan), plan.direction)
    assert back == plan
    return back


async def whole_story(plane, wish, nobody="nobody"):
    try:
        planned = signed(plane, await plane.plan(wish))
        credential = plane.credential_for(planned.selector)
        applied = await plane.apply(planned)
        back = await until(lambda: plane.read_back(planned), lambda seen: seen.verdict == "in-effect", 30.0)
        refused = await until(lambda: plane.probe(planned, credential), lambda seen: seen.outcome == "refused", 30.0)
        await plane.revert(planned)
        after = await until(lambda: plane.read_back(planned), lambda seen: seen.verdict == "not-in-effect", 30.0)
        passed = await until(lambda: plane.probe(planned, credential), lambda seen: seen.outcome == "passed", 30.0)
        status = await plane.status()
        with pytest.raises(Refused):
            await plane.plan(Wish(lever=wish.lever, selector=nobody, surface_key="", params=wish.params))
    finally:
        await plane.aclose()
    assert (applied.outcome, back.verdict, refused.outcome) == ("accepted", "in-effect", "refused")
    assert (dict(after.fields), passed.outcome) == (dict(planned.pre), "passed")
    assert status.surfaces
    return planned


@pytest.mark.parametrize(
    ("lever", "selector", "params"),
    [
        ("key.block", "canary", {}),
        ("key.rpm", "canary", {"rpm": "0"}),
        ("model.block", "atlas", {}),
        ("model.delist", "atlas", {}),
        ("words.forbid", "atlas", {"words": "forbidden"}),
    ],
)
def test_litellm(lever, selector, params):
    with Simulator(litellm_site(cache_lag_s=0.1)) as server:
        secrets = {"admin": MASTER_KEY, "caller": KEY}
        probes = {hash_of(KEY): "caller", "atlas": "caller", "standdown-words": "caller"}
        plane = plane_of("litellm", {"base_url": server.url}, secrets, probes)
        wish = Wish(lever=lever, selector=selector, surface_key="atlas", params=params)
        planned = asyncio.run(whole_story(plane, wish))
        sent = [(found.method, found.target, found.body.decode()) for found in server.requests()]
        for request in (*planned.requests, *planned.revert):
            assert (request.method, request.path, request.body) in sent


@pytest.mark.parametrize("flavour", ["triton", "mlserver"])
def test_open_inference(flavour):
    with Simulator(model_server_site(flavour)) as server:
        plane = plane_of("open_inference", {"base_url": server.url}, {})
        asyncio.run(whole_story(plane, Wish(lever="model.unload", selector="toy", surface_key="toy")))


@pytest.mark.parametrize(
    ("name", "lever", "selector", "params"),
    [
        ("gateway-east", "key.block", "Research assistant", {}),
        ("gateway-west", "key.rpm", "key-batch", {"rpm": "0"}),
        ("model-server", "model.unload", "atlas-small", {}),
        ("cloud", "deployment.pause", "Main deployment", {}),
    ],
)
def test_practice(name, lever, selector, params):
    with Estate(gateway_lag_s=0.1, cloud_lag_s=0.2, unload_s=0.1) as estate:
        found = next(one for one in estate.instances() if one["name"] == name)
        plane = plane_of("practice", found["settings"], found["secrets"], found["probe_credentials"])
        asyncio.run(whole_story(plane, Wish(lever=lever, selector=selector, surface_key="", params=params)))


def test_manual():
    surfaces = [{"key": "app", "name": "Partner application", "model": "atlas-large"}]
    plane = plane_of("manual", {"who": "abuse desk", "surfaces": surfaces}, {})

    async def story():
        wish = Wish(lever="manual.ask", selector="", surface_key="app", params={"instruction": "Withdraw it"})
        planned = signed(plane, await plane.plan(wish))
        return (await plane.apply(planned)).outcome, (await plane.read_back(planned)).verdict

    assert asyncio.run(story()) == ("accepted", "cannot-tell")
