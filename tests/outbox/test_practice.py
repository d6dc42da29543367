"""The practice estate through the whole way: its simulators over real HTTP, driven like any other provider."""

from __future__ import annotations

import asyncio
from dataclasses import replace

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


def test_a_practice_key_is_blocked_and_proven(tmp_path):
    with Estate() as estate:
        known = next(one for one in estate.instances() if one["settings"]["part"] == "gateway")
        selector, token = next((name, found) for name, found in known["secrets"].items() if name != "admin")

        async def story():
            scene = Scene(tmp_path)
            plane = plane_of(scene, known, selector, token)
            try:
                planned = await plane.plan(Wish(lever="key.block", selector=selector, surface_key=""))
                sha, action = scene.propose([scene.target(planned)])
                scene.approve(sha, action, 0, 1)
                pace = replace(QUICK, spread_ms=200, record_ms=5000, patience_ms=30_000)
                return await scene.outbox(plane, pace=pace).run(deadline_ms=scene.clock.boot_ms() + 40_000)
            finally:
                await plane.aclose()
                await scene.aclose()

        settled = asyncio.run(story())
    assert [row.state for row in settled.rows] == ["enforced"], settled
