"""The LiteLLM adapter against a real proxy with two workers and the cache that it has unless somebody sets another.

One worker refuses at once, the other when its cache ends (60 s) or when it reads the database again (30 s). Everything
is done at the same time, each lever on a key, team or model of its own, so that the waiting is done once; beside it a
dispatcher blocks two more keys, and every word of it is held against calls that are made all the while.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.conformance import DirectContext
from adapters.contract import Planned, Probe, Refused, Wish
from adapters.litellm import LiteLLM
from console.domain.profile import JsonValue
from console.services import bites, corrections, incidents, providers
from console.services.bites import Series
from console.services.corrections import TargetWish
from tests.adapters.kit import litellm_at
from tests.adapters.test_real_litellm import TOOLS, WORDS, prepare
from tests.scenarios.test_real_lists import Desk, organisation

__all__ = ["organisation"]

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]
IN_A_ROW = 12  # on connections of their own: that all went to one of two workers is one chance in two thousand
WITHIN_S = 90.0
SENT_WITHIN_S = 300.0
PAUSE_S = 0.4
ANSWERS_WITHIN_S = 120.0  # a write, while every lever is tried at the same time; what it takes is not counted
SLACK_S = 5.0  # a call that was let in may be answered on a busy machine so much later than it was asked
OWN_MODELS = ("rerouted-model", "delisted-model")
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
DELISTED = "delisted-model"  # on the list of one team: no other lever's lists are written anew
DISPATCHED = ("two-first", "two-second")
APART_S = 30.0  # the second is first called so much later: at any moment one of both is kept for a good while to come


@dataclass(frozen=True)
class Place:
    """A lever, on what it is pulled, and who tries."""

    wish: Wish
    caller: str


@dataclass
class Tries:
    """What calls came to, each with when it was asked (monotonic s)."""

    made: list[tuple[float, str]] = field(default_factory=list)

    def last(self, outcome: str, since_s: float = 0.0) -> float | None:
        """When one last came to this."""
        return max((at for at, came_to in self.made if came_to == outcome and at >= since_s), default=None)


@dataclass
class Told:
    """All that was seen. `late_s` is by lever: how long after the write the last call came to the old answer."""

    late_s: dict[str, dict[str, float]] = field(default_factory=dict)
    settled: dict[str, dict[str, bool]] = field(default_factory=dict)
    keys: dict[str, Tries] = field(default_factory=lambda: {name: Tries() for name in DISPATCHED})
    meanwhile: Series | None = None
    entries: dict[str, list[dict[str, JsonValue]]] = field(default_factory=dict)
    accepted_ms: int = 0
    rows: list[tuple[str, str]] = field(default_factory=list)


# -- a proxy of our own ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def proxy(real_kit: Callable[..., dict[str, Any]]) -> tuple[str, dict[str, str], list[Place]]:
    """Two workers, with a key or team for every lever."""
    server = real_kit("litellm", "--workers", "2")["litellm"]
    headers = {"authorization": f"Bearer {server['master_key']}"}
    secrets, places = {"admin": server["master_key"]}, []
    with httpx.Client(base_url=server["base_url"], headers=headers, timeout=30) as admin:

        def post(path: str, **body: object) -> dict[str, Any]:
            made: dict[str, Any] = admin.post(path, json=body).raise_for_status().json()
            return made

        for name in OWN_MODELS:
            upstream = {"model": "openai/none", "api_key": "none", "mock_response": "itself"}
            post("/model/new", model_name=name, litellm_params=upstream, model_info={"id": f"{name}-id"})
        _known_to_both(server["base_url"], headers)
        for body in (TOOLS, WORDS):
            prepare(admin, body)
        names = ["fake-small", "fake-frontier", "rerouted-model"]
        secrets["caller"] = post("/key/generate", models=names)["key"]
        secrets |= {one: post("/key/generate", models=names, key_alias=one)["key"] for one in DISPATCHED}
        for lever, params in KEYS.items():
            secrets[lever] = post("/key/generate", models=names, key_alias=f"two-{lever}")["key"]
            wish = Wish(lever=lever, selector=f"two-{lever}", surface_key="fake-small", params=params)
            places.append(Place(wish, lever))
        for lever, params in TEAMS.items():
            team = post("/team/new", team_alias=f"two-{lever}", models=names)["team_id"]
            secrets[lever] = post("/key/generate", team_id=team)["key"]
            wish = Wish(lever=lever, selector=f"two-{lever}", surface_key="fake-small", params=params)
            places.append(Place(wish, lever))
        team = post("/team/new", team_alias="two-model.delist", models=[DELISTED, "fake-small"])["team_id"]
        secrets["model.delist"] = post("/key/generate", team_id=team)["key"]
        places.append(Place(Wish(lever="model.delist", selector=DELISTED, surface_key=DELISTED), "model.delist"))
        # what answers calls that fail, and never those of a blocked model
        post("/fallback", model="fake-frontier", fallback_models=["fake-small"])
    for lever, (model, params) in GATEWAY.items():
        places.append(Place(Wish(lever=lever, selector=model, surface_key=model, params=params), "caller"))
    return server["base_url"], secrets, places


def _known_to_both(base_url: str, headers: dict[str, str]) -> None:
    """A worker tells of the models that it knows; the other one hears of new ones when it reads the database again."""
    in_a_row, ends = 0, time.monotonic() + WITHIN_S
    while in_a_row < IN_A_ROW and time.monotonic() < ends:
        told = httpx.get(f"{base_url}/v1/model/info", headers=headers, timeout=30).json()["data"]
        in_a_row = in_a_row + 1 if set(OWN_MODELS) <= {one["model_name"] for one in told} else 0
        time.sleep(PAUSE_S)


# -- every lever by itself ---------------------------------------------------------------------------------------------


class Levers:
    """All of them, pulled and given back at the same time."""

    def __init__(self, adapter: LiteLLM, context: DirectContext, told: Told) -> None:
        self.adapter, self.context, self.told = adapter, context, told

    async def planned(self, wish: Wish) -> Planned:
        """Planned by whichever worker answers: one may not have heard of a new model yet."""
        ends = time.monotonic() + WITHIN_S
        while True:
            try:
                return await self.adapter.plan(self.context, wish)
            except Refused:
                if time.monotonic() > ends:
                    raise
                await asyncio.sleep(PAUSE_S)

    async def _settles(self, look: Callable[[], Awaitable[Probe]], outcome: str, tries: Tries, least_s: float) -> bool:
        """Whether so many calls in a row came to this, once so much time has gone by; every one is kept."""
        in_a_row, began = 0, time.monotonic()
        while in_a_row < IN_A_ROW or time.monotonic() - began < least_s:
            if time.monotonic() - began > least_s + WITHIN_S:
                return False
            at, seen = time.monotonic(), await look()
            tries.made.append((at, seen.outcome))
            in_a_row = in_a_row + 1 if seen.outcome == outcome else 0
            await asyncio.sleep(PAUSE_S)
        return True

    async def story(self, places: list[Place]) -> None:
        """Called by both workers before, so that both keep what they were told; then written; then given back."""
        plans = [(place, await self.planned(place.wish)) for place in places]
        for when, write, old, new in (
            ("before", None, "refused", "passed"), ("pulled", self.adapter.apply, "passed", "refused"),
            ("given back", self.adapter.revert, "refused", "passed"),
        ):  # fmt: skip
            done = await asyncio.gather(*(self._one(place, planned, write, old, new) for place, planned in plans))
            names = [place.wish.lever for place, _ in plans]
            self.told.settled[when] = dict(zip(names, (so for so, _ in done), strict=True))
            self.told.late_s[when] = dict(zip(names, (late_s for _, late_s in done), strict=True))

    async def _one(self, place: Place, planned: Planned, write: Any, old: str, new: str) -> tuple[bool, float]:
        least_s, tries = 0.0, Tries()
        if write is not None:
            await write(self.context, planned)
            least_s = self.adapter.manifest.lever(planned.lever).propagation_s
        written_s = time.monotonic()
        so = await self._settles(
            lambda: self.adapter.probe(self.context, planned, place.caller), new, tries, least_s + SLACK_S
        )
        last_s = tries.last(old)
        return so, 0.0 if last_s is None else max(0.0, last_s - written_s)


# -- a dispatcher ------------------------------------------------------------------------------------------------------


class Dispatched:
    """Keys, blocked by two people's signatures and a dispatcher as it is; and callers who go on all the while."""

    def __init__(self, desk: Desk, base_url: str, secrets: dict[str, str], told: Told) -> None:
        self.desk, self.told = desk, told
        self._secrets = secrets
        self._url = f"{base_url}/v1/chat/completions"
        with desk.open("commander") as one:
            settings = {"base_url": base_url}
            made, _ = providers.add(one, "litellm", "gateway", settings, lambda _what: secrets["admin"])
            providers.adopt_surfaces(one, made.id)
            for key in DISPATCHED:
                providers.add_canary(one, made.id, key, secrets[key])
            inc = incidents.declare(one, "keys that were stolen", severity=1).entry.inc
            wishes = [
                TargetWish(provider="gateway", surface="fake-small", lever="key.block", selector=key)
                for key in DISPATCHED
            ]
            proposal = corrections.propose(one, str(inc), wishes, "they call what nobody should")
            self.sha, self.op = proposal.sha, proposal.op
            desk.sign(one, self.sha)

    async def story(self) -> None:
        """Until the dispatcher has nothing left to do."""
        child = self.desk.start()
        try:
            began = time.monotonic()
            while child.poll() is None:
                assert time.monotonic() - began < SENT_WITHIN_S, "it never ended"
                late = time.monotonic() - began > APART_S
                await asyncio.gather(*(self._try(key) for key in (DISPATCHED if late else DISPATCHED[:1])))
                if self.told.meanwhile is None:
                    await asyncio.to_thread(self._look)
                await asyncio.sleep(PAUSE_S)
            for _ in range(IN_A_ROW):
                await asyncio.gather(*(self._try(key) for key in DISPATCHED))
            out, err = child.communicate(timeout=30)
        finally:
            child.kill()
            child.wait(timeout=30)
        assert "Traceback" not in err, err
        self._read(out)

    async def _try(self, key: str) -> None:
        headers = {"authorization": f"Bearer {self._secrets[key]}"}
        body = {"model": "fake-small", "messages": [{"role": "user", "content": "ping"}], "max_tokens": 1}
        at = time.time()
        async with httpx.AsyncClient(timeout=30) as caller:
            status = (await caller.post(self._url, json=body, headers=headers)).status_code
        self.told.keys[key].made.append((at, {200: "passed", 401: "refused"}.get(status, str(status))))

    def _look(self) -> None:
        """What a person reads while one worker still lets it in."""
        with self.desk.open("commander") as one:
            found = [seen for seen in bites.series(one, self.sha) if seen.passed and seen.refused]
            if found and found[0].state == "recorded":
                self.told.meanwhile = found[0]

    def _read(self, out: str) -> None:
        rows = json.loads(out.splitlines()[-1])["rows"]
        self.told.rows = [(row["state"], row["detail"]) for row in rows]
        with self.desk.open("commander") as one:
            for stored in one.reader.about(self.op):
                self.told.entries.setdefault(stored.entry.kind, []).append(dict(stored.entry.pub))
                if stored.entry.kind == "dispatch.accepted":
                    self.told.accepted_ms = stored.entry.hlc[0]


@pytest.fixture(scope="module")
def told(
    proxy: tuple[str, dict[str, str], list[Place]], organisation: Path, tmp_path_factory: pytest.TempPathFactory
) -> Told:
    """Both stories, at the same time."""
    base_url, secrets, places = proxy
    found = Told()
    desk = Desk(organisation, tmp_path_factory.mktemp("dispatched") / "org")
    levers = Levers(litellm_at(base_url), DirectContext(base_url, secrets=secrets, deadline_s=ANSWERS_WITHIN_S), found)
    dispatched = Dispatched(desk, base_url, secrets, found)

    async def both() -> None:
        await asyncio.gather(levers.story(places), dispatched.story())

    asyncio.run(both())
    sys.stdout.write(f"{json.dumps(found.late_s)}\n")
    return found


def test_every_lever_bites_and_lifts_on_both_workers(told: Told) -> None:
    assert len(told.settled["pulled"]) == 16
    missed = {when: [lever for lever, so in found.items() if not so] for when, found in told.settled.items()}
    assert missed == {"before": [], "pulled": [], "given back": []}


def test_none_takes_longer_than_its_manifest_tells(told: Told) -> None:
    bounds = {one.name: one.propagation_s for one in LiteLLM.manifest.levers}
    for when in ("pulled", "given back"):
        late = {lever: s for lever, s in told.late_s[when].items() if s > bounds[lever]}
        assert late == {}, when
    assert max(told.late_s["pulled"].values()) > 20.0, "a cache was met, or nothing was measured"


def test_nothing_is_called_enforced_while_a_worker_serves(told: Told) -> None:
    assert [state for state, _ in told.rows] == ["enforced", "enforced"], told.rows
    lasts = [told.keys[key].last("passed") for key in DISPATCHED]
    late = max(at_s for at_s in lasts if at_s is not None)
    assert late * 1000 > told.accepted_ms + 5_000, "the other worker went on serving"
    assert told.entries["dispatch.passed"], "the dispatcher met that worker too"
    for enforced in told.entries["dispatch.enforced"]:
        since, until, probes = (int(str(enforced[name])) for name in ("since", "until", "probes"))
        last = lasts[int(str(enforced["target"]))]
        assert last is None or last * 1000 < until
        assert (probes >= 24, until - since >= 60_000) == (True, True)
    for key in DISPATCHED:
        assert {came_to for _, came_to in told.keys[key].made[-IN_A_ROW:]} == {"refused"}


def test_a_worker_that_still_serves_is_shown(told: Told) -> None:
    seen = told.meanwhile
    assert seen is not None
    assert (seen.state, seen.verdict) == ("recorded", "partly")
    words = bites.sentence(seen, lambda at_ms: f"at {at_ms}")
    assert "It reads back and does not bite everywhere" in words
    assert f"Its lever may take {seen.bound_s} s to bite everywhere" in words
