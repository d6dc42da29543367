"""The LiteLLM adapter against a real proxy with two workers, where one hears of the other's writes only later.

One worker refuses at once, the other when its cache ends (here 3 s) or when it reads the database again (30 s). All
levers are pulled at the same time, each on a key, team or model of its own, so that the waiting is done once.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import httpx
import pytest

from adapters.conformance import DirectContext
from adapters.contract import Refused, Wish
from tests.adapters.kit import litellm_at
from tests.adapters.test_real_litellm import TOOLS, WORDS, prepare

pytestmark = [pytest.mark.real, pytest.mark.timeout(420)]
IN_A_ROW = 12  # on connections of their own: that all went to one of two workers is one chance in two thousand
BITES_WITHIN_S = 90.0
PAUSE_S = 0.3
MODEL = {
    "model_name": "rerouted-model",
    "litellm_params": {"model": "openai/none", "api_key": "none", "mock_response": "itself"},
    "model_info": {"id": "rerouted-model-id"},
}
KEYS = {
    "key.block": {}, "key.rpm": {"rpm": "0"}, "key.tpm": {"tpm": "0"}, "key.parallel": {"parallel": "0"},
    "key.model-rpm": {"model": "fake-small", "rpm": "0"}, "key.models": {"model": "fake-small"},
    "key.routes": {"routes": "/v1/models"},
}  # fmt: skip
TEAMS = {"team.block": {}, "team.rpm": {"rpm": "0"}, "team.tpm": {"tpm": "0"}, "team.models": {"model": "fake-small"}}
GATEWAY = {
    "model.block": ("fake-frontier", {}),
    "model.reroute": ("rerouted-model", {"fallback": "fake-small"}),
    "tools.forbid": ("fake-small", {}),
    "words.forbid": ("fake-small", {"words": "Forbidden Matter"}),
}


@dataclass(frozen=True)
class Place:
    wish: Wish
    caller: str


@pytest.fixture(scope="module")
def proxy(real_kit):
    """A proxy of our own, with a key or team for every lever."""
    server = real_kit("litellm", "--workers", "2", "--litellm-cache-ttl", "3")["litellm"]
    headers = {"authorization": f"Bearer {server['master_key']}"}
    secrets, places = {"admin": server["master_key"]}, []
    with httpx.Client(base_url=server["base_url"], headers=headers, timeout=30) as admin:

        def post(path, **body):
            made = admin.post(path, json=body)
            made.raise_for_status()
            return made.json()

        post("/model/new", **MODEL)
        _known_to_both(base_url=server["base_url"], headers=headers)
        for body in (TOOLS, WORDS):
            prepare(admin, body)
        names = ["fake-small", "fake-frontier", "rerouted-model"]
        secrets["caller"] = post("/key/generate", models=names)["key"]
        for lever, params in KEYS.items():
            secrets[lever] = post("/key/generate", models=names, key_alias=f"two-{lever}")["key"]
            wish = Wish(lever=lever, selector=f"two-{lever}", surface_key="fake-small", params=params)
            places.append(Place(wish, lever))
        for lever, params in TEAMS.items():
            team = post("/team/new", team_alias=f"two-{lever}", models=names)["team_id"]
            secrets[lever] = post("/key/generate", team_id=team)["key"]
            wish = Wish(lever=lever, selector=f"two-{lever}", surface_key="fake-small", params=params)
            places.append(Place(wish, lever))
    for lever, (model, params) in GATEWAY.items():
        places.append(Place(Wish(lever=lever, selector=model, surface_key=model, params=params), "caller"))
    return server["base_url"], secrets, places


def _known_to_both(base_url, headers):
    """A worker tells of the models that it knows; the other one hears of a new one when it reads the database again."""
    in_a_row, ends = 0, time.monotonic() + BITES_WITHIN_S
    while in_a_row < IN_A_ROW and time.monotonic() < ends:
        told = httpx.get(f"{base_url}/v1/model/info", headers=headers, timeout=30).json()["data"]
        in_a_row = in_a_row + 1 if any(one["model_name"] == MODEL["model_name"] for one in told) else 0
        time.sleep(PAUSE_S)


async def _settles(look, outcome):
    """Whether so many probes in a row said this, within the time."""
    in_a_row, ends = 0, asyncio.get_running_loop().time() + BITES_WITHIN_S
    while in_a_row < IN_A_ROW and asyncio.get_running_loop().time() < ends:
        in_a_row = in_a_row + 1 if (await look()).outcome == outcome else 0
        await asyncio.sleep(PAUSE_S)
    return in_a_row >= IN_A_ROW


def test_every_lever_bites_and_lifts_on_both_workers(proxy):
    base_url, secrets, places = proxy
    adapter = litellm_at(base_url)
    context = DirectContext(base_url, secrets=secrets, deadline_s=30.0)

    async def everywhere(plans, outcome):
        def look(place, planned):
            return lambda: adapter.probe(context, planned, place.caller)

        ran = [_settles(look(place, planned), outcome) for place, planned in plans]
        return dict(zip([place.wish.lever for place, _ in plans], await asyncio.gather(*ran), strict=True))

    async def planned_for(wish):
        """Planned by whichever worker answers: one may not have heard of a new model yet."""
        ends = time.monotonic() + BITES_WITHIN_S
        while True:
            try:
                return await adapter.plan(context, wish)
            except Refused:
                if time.monotonic() > ends:
                    raise
                await asyncio.sleep(PAUSE_S)

    async def story():
        plans = [(place, await planned_for(place.wish)) for place in places]
        told = {"passes before": await everywhere(plans, "passed")}
        for _, planned in plans:
            await adapter.apply(context, planned)
        told["refused"] = await everywhere(plans, "refused")
        for _, planned in plans:
            await adapter.revert(context, planned)
        return {**told, "passes after": await everywhere(plans, "passed")}

    told = asyncio.run(story())
    assert len(told["refused"]) == 15
    assert {when: [lever for lever, so in found.items() if not so] for when, found in told.items()} == {
        "passes before": [], "refused": [], "passes after": [],
    }  # fmt: skip
