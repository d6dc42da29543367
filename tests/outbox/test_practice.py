"""The practice estate through the whole way: its simulators over real HTTP, driven like any other provider."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from adapters.contract import Wish
from adapters.practice.simulator import Estate
from console.providers.instance import Instance
from console.providers.plane import Plane
from console.providers.registry import Registry, make_adapter
from tests.kit.scene import INSTANCE, QUICK, Scene


class Tokens:
    def __init__(self, secrets):
        self.secrets = secrets

    def get(self, name):
        return self.secrets.get(name.partition("/")[2])


def plane_of(scene, known, selector, token):
    made = Instance(
        id=INSTANCE, adapter="practice", name="gateway", settings=known["settings"],
        probe_credentials={selector: "probe"},
    )  # fmt: skip
    usable = Registry.load().usable("practice")
    secrets = Tokens({"admin": known["secrets"]["admin"], "probe": token})
    return Plane(made, make_adapter(usable, made.settings), secrets, scene.clock, world="drill")


@pytest.mark.parametrize(("running", "left"), [("finish", "3 streams were still"), ("stop", "nothing that it selects")])
def test_a_practice_key_is_blocked_and_proven_and_what_runs_on_is_told(tmp_path, running, left):
    with Estate(gateway_lag_s=0.2) as estate:
        estate.sites["gateway-east"].state["key-research"].streams.each_s = 3600.0
        known = next(one for one in estate.instances() if one["settings"]["part"] == "gateway")
        selector, token = next((name, found) for name, found in known["secrets"].items() if name != "admin")

        async def story():
            scene = Scene(tmp_path)
            plane = plane_of(scene, known, selector, token)
            try:
                asked = Wish(lever="key.block", selector=selector, surface_key="", params={"running": running})
                planned = await plane.plan(asked)
                sha, action = scene.propose([scene.target(planned)])
                scene.approve(sha, action, 0, 1)
                pace = replace(QUICK, spread_ms=200, record_ms=5000, patience_ms=30_000)
                settled = await scene.outbox(plane, pace=pace).run(deadline_ms=scene.clock.boot_ms() + 40_000)
                entries = scene.store.reader().feed(scene.feed.feed, 0, 10_000)
                told = [one.disclosed.get("text") for one in entries if one.entry.kind == "dispatch.enforced"]
                return settled, told
            finally:
                await plane.aclose()
                await scene.aclose()

        settled, told = asyncio.run(story())
    assert [str(text)[: len(left)] for text in told] == [left]
    assert [row.state for row in settled.rows] == ["enforced"], settled
