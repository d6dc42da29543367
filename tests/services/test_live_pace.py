"""How often providers are looked at: often in an incident, seldom else, never more than they bear; and very many."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from adapters.contract import Throttled
from adapters.practice.adapter import Practice
from adapters.practice.simulator import Estate, ModelServer
from console.journal.telemetry import Telemetry, path_beside
from console.runtime.paths import ProfilePaths
from console.services import incidents, providers
from console.services.live import LOOKS, Live
from console.services.live_pace import AT_A_TICK, LONGEST_ASKED_MS, LONGEST_MS, LivePace, every_ms, wait_ms
from console.services.live_watch import Watch
from console.services.record import start_record
from console.services.session import Session
from console.viewmodels.board import BoardModel
from tests.kit.clock import FakeClock

PACE = LivePace()
LONG = b"a long enough passphrase"
MANY = 2_000


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ({"calm": False}, PACE.poll_ms),
        ({"calm": True}, PACE.calm_ms),
        ({"calm": True, "misses": 1}, PACE.poll_ms),  # whether one miss is an outage is looked at soon
        ({"calm": False, "misses": 2}, 4 * PACE.poll_ms),
        ({"calm": False, "misses": 9}, LONGEST_MS),
        ({"calm": False, "took_ms": 4_000}, 20_000),  # a fifth of the time at most
        ({"calm": False, "took_ms": 40_000}, LONGEST_MS),
        ({"calm": False, "misses": 1, "asked_ms": 90_000}, 90_000),  # Retry-After
        ({"calm": False, "misses": 1, "asked_ms": 86_400_000}, LONGEST_ASKED_MS),  # a day of blindness is not obeyed
    ],
)
def test_how_long_until_the_next_look(case: dict[str, Any], expected: int) -> None:
    assert wait_ms(PACE, **{"took_ms": 0, "misses": 0, "asked_ms": 0, **case}) == expected


def test_staleness_is_measured_by_how_often_one_is_looked_at() -> None:
    assert every_ms(PACE, calm=True, took_ms=10) == PACE.calm_ms
    assert every_ms(PACE, calm=False, took_ms=8_000) == 40_000


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Session]:
    paths = ProfilePaths(tmp_path / "alone")

    def ask(_what: str, *, new: bool = False) -> bytes:
        return LONG

    start_record(paths, ask, name="Commander", world="drill")
    with Session.open(paths, ask) as session:
        yield session


def connect(session: Session, estate: Estate, name: str, called: str = "") -> None:
    one = next(one for one in estate.instances() if one["name"] == name)
    secret = one["secrets"]["admin"]
    providers.add(session, "practice", called or name, one["settings"], lambda _what: secret)


def looked_at(session: Session, spans: list[tuple[int, bool]]) -> list[int]:
    """When looks began, in ms from the start: so long calm or not, one span after the other."""
    clock = FakeClock()
    session.clock = clock

    async def story() -> list[int]:
        begun: list[int] = []
        with Telemetry(path_beside(session.paths.index)) as kept:
            watch = Watch(session, kept, PACE, lambda: None, lambda _text: None)
            await watch.reload()
            start = clock.boot_ms()
            for length, calm in spans:
                ends = clock.boot_ms() + length
                while clock.boot_ms() < ends:
                    watch.attend(calm=calm)
                    await watch.tick()
                    begun += [clock.boot_ms() - start] * len(watch.under_way())
                    await asyncio.gather(*watch.under_way())
                    clock.advance(250)
            await watch.aclose()
        return begun

    return asyncio.run(story())


def test_it_is_looked_at_seldom_while_all_is_calm_and_at_once_more_often_when_an_incident_opens(alone: Session) -> None:
    with Estate() as estate:
        connect(alone, estate, "cloud")
        begun = looked_at(alone, [(100_000, True), (30_000, False)])
    calm = [at for at in begun if at < 100_000]
    assert [later - earlier >= 18_000 for earlier, later in pairwise(calm)]
    assert len(calm) <= 7
    quick = [at for at in begun if at >= 100_000]
    assert quick[0] <= 105_000
    assert 5 <= len(quick) <= 9


def test_a_provider_that_asks_for_time_gets_it_even_in_an_incident(
    alone: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def throttled(*_: Any) -> Any:
        raise Throttled("rate limited", 45.0)

    with Estate() as estate:
        connect(alone, estate, "cloud")
        monkeypatch.setattr(Practice, "status", throttled)
        begun = looked_at(alone, [(10_000, True), (110_000, False)])
    assert begun[0] == 0
    assert all(later - earlier >= 45_000 for earlier, later in pairwise(begun))
    assert 2 <= len(begun) <= 3


def test_a_hundred_providers_are_not_all_called_in_one_instant(alone: Session) -> None:
    with Estate() as estate:
        for number in range(AT_A_TICK * 3):
            connect(alone, estate, "cloud", f"cloud {number}")
        begun = looked_at(alone, [(4_000, False)])
    assert len(begun) == AT_A_TICK * 3, "each was looked at, once"
    assert {begun.count(at) for at in begun} == {AT_A_TICK}


def test_an_open_incident_makes_it_look_often_and_its_end_seldom(alone: Session) -> None:
    pace = LivePace(poll_ms=200, calm_ms=3_600_000, tick_s=0.02, lock_s=0.05)
    with Estate() as estate:
        connect(alone, estate, "cloud")
        live = Live(alone, lambda key, value: seen.append(value) if key == LOOKS else None, pace=pace)
        seen: list[Any] = []
        live.start()
        try:
            until(lambda: seen and seen[-1].instances and seen[-1].instances[0].every_ms == 3_600_000)
            read_ms = seen[-1].instances[0].link.read_ms
            incidents.declare(alone, "Something is wrong", 1)
            until(lambda: seen[-1].instances[0].every_ms == 200 and seen[-1].instances[0].link.read_ms > read_ms)
        finally:
            live.stop()


def until(so: Callable[[], Any], within_s: float = 60.0) -> None:
    ends = time.monotonic() + within_s
    while not so():
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_two_thousand_surfaces_are_read_in_pages_and_one_that_changes_changes_one_cell(alone: Session) -> None:
    """Every surface is known, the engine keeps up, and the board names the one place that has to be painted."""
    models = [(f"m-{number:04d}", f"Model {number}") for number in range(MANY)]
    with Estate() as estate:
        site = estate.sites["model-server"]
        assert isinstance(site, ModelServer)
        site.state = ModelServer("model-server", models, unload_s=0.0).state
        connect(alone, estate, "model-server")
        connect(alone, estate, "cloud")
        estate.simulators["cloud"].switch("slow", seconds=600)
        seen: list[Any] = []
        pace = LivePace(poll_ms=200, tick_s=0.02, lock_s=0.05)
        live = Live(alone, lambda key, value: seen.append(value) if key == LOOKS else None, pace=pace)
        live.start()
        try:
            until(lambda: seen and any(len(one.surfaces) == MANY for one in seen[-1].instances))
            board = BoardModel()
            before = seen[-1]
            at_ms = next(one.link.read_ms for one in before.instances if one.link.read_ms)
            assert len(board.take_looks(before, at_ms).places) == MANY
            site.state["m-1234"].loaded = False
            live.look_now()
            until(lambda: any(s.state != "serving" for one in seen[-1].instances for s in one.surfaces))
        finally:
            live.stop()
    after = seen[-1]
    same = [with_latency_of(one, before) for one in after.instances]
    change = board.take_looks(type(after)(surfaces=after.surfaces, instances=tuple(same), poll_ms=after.poll_ms), at_ms)
    assert not change.everything
    assert [board.cell(*place).name for place in change.places] == ["m-1234"]


def with_latency_of(one: Any, before: Any) -> Any:
    """The latency line moves with every look; what is asked here is what else is painted."""
    from dataclasses import replace

    known = next(known for known in before.instances if known.link.instance == one.link.instance)
    return replace(one, latency=known.latency)
