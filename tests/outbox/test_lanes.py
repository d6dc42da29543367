"""Who begins a step now: so many at once at each provider, and the slowest first."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from console.outbox import store as table
from console.outbox.item import Row
from console.outbox.lanes import IN_FLIGHT, MEASURED_BESIDE, choose
from tests.kit.plainadapter import PlainAdapter
from tests.kit.plainserver import PlainEstate
from tests.kit.scene import QUICK, Scene, plane_at


def row(number, state="queued", instance="near", **more):
    return Row(
        doc="d", target=number, op="a", inc="i", instance=instance, direction="contain", state=state, attempt=0,
        since_ms=0, decided_ms=0, **{"by_hand": False, **more},
    )  # fmt: skip


def nothing_known(_instance):
    return 0


def test_so_many_at_once_and_each_provider_for_itself():
    ready = [row(number) for number in range(30)] + [row(100 + number, instance="far") for number in range(3)]
    chosen = choose(ready, [row(200), row(201, "accepted")], nothing_known)
    assert sum(1 for one in chosen if one.instance == "near") == IN_FLIGHT - 2
    assert sum(1 for one in chosen if one.instance == "far") == 3


def test_the_slowest_provider_is_sent_to_first():
    ready = [row(0, instance="near"), row(1, instance="far"), row(2, instance="near")]
    chosen = choose(ready, (), {"near": 50, "far": 2_000}.__getitem__)
    assert [one.target for one in chosen] == [1, 0, 2]


def test_what_may_have_landed_is_found_out_and_what_waits_is_sent_before_anything_is_read_again():
    ready = [row(0, "accepted"), row(1), row(2, "unknown"), *(row(10 + number) for number in range(IN_FLIGHT))]
    chosen = choose(ready, (), nothing_known)
    assert [one.state for one in chosen] == ["unknown"] + ["queued"] * (IN_FLIGHT - 1)


def test_measuring_and_what_people_do_takes_nobodys_place():
    measuring = [row(number, "recorded") for number in range(30)]
    by_hand = [row(100 + number, by_hand=True) for number in range(30)]
    assert len(choose([*measuring, *by_hand], [*measuring, *by_hand], nothing_known)) == 60
    assert len(choose([row(0)], [*measuring, *by_hand], nothing_known)) == 1


def test_few_begin_to_be_measured_while_something_is_sent_and_the_others_after_it():
    measuring = [row(number, "recorded") for number in range(MEASURED_BESIDE + 30)]
    for waiting, going in (([row(900)], []), ([], [row(900)])):
        chosen = choose([*measuring, *waiting], going, nothing_known)
        assert sum(one.state == "recorded" for one in chosen) == MEASURED_BESIDE
        begun, left = measuring[: MEASURED_BESIDE - 1], measuring[MEASURED_BESIDE - 1 :]
        assert sum(one.state == "recorded" for one in choose([*left, *waiting], [*begun, *going], nothing_known)) == 1
    by_hand = row(901, by_hand=True)  # it is sent by nobody here
    assert len(choose([*measuring, by_hand], [], nothing_known)) == len(measuring) + 1


def test_a_step_follows_another_without_waiting_for_the_next_tick(tmp_path):
    async def story():
        async with PlainEstate() as estate:
            scene = Scene(tmp_path, estate.url)
            scene.block("k", lever="quiet")
            run = scene.outbox(pace=replace(QUICK, tick_s=3_600.0)).run(deadline_ms=scene.clock.boot_ms() + 120_000)
            settled = await asyncio.wait_for(run, 60)
            await scene.aclose()
            return settled

    assert [one.state for one in asyncio.run(story()).rows] == ["unmeasurable"]


class Counting(PlainAdapter):
    """How many calls about targets are under way at once at most, and how many rows were still queued at the first."""

    most = now = 0
    queued = None

    async def read_back(self, context, planned):
        return await self._counted(super().read_back(context, planned))

    async def apply(self, context, planned):
        if self.queued is None:
            with self.scene.store.reader().snapshot() as connection:
                self.queued = sum(one.state == "queued" for one in table.load(connection))
        return await self._counted(super().apply(context, planned))

    async def _counted(self, call):
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.01)
        try:
            return await call
        finally:
            self.now -= 1


def test_what_waits_for_its_turn_is_still_queued_and_goes_as_soon_as_there_is_room(tmp_path):
    count = 2 * IN_FLIGHT + 5

    async def story():
        async with PlainEstate() as estate:
            scene = Scene(tmp_path, estate.url)
            scene.block(*(f"k{number}" for number in range(count)), lever="quiet")
            plane = plane_at(scene.url, Counting)
            plane.adapter.scene = scene
            settled = await scene.outbox(plane).run(deadline_ms=scene.clock.boot_ms() + 120_000)
            await scene.aclose()
            return estate, plane.adapter, settled

    estate, adapter, settled = asyncio.run(story())
    assert {one.state for one in settled.rows} == {"unmeasurable"}
    assert sorted(selector for selector, _ in estate.writes) == sorted(f"k{number}" for number in range(count))
    assert adapter.most <= IN_FLIGHT
    assert adapter.queued >= count - IN_FLIGHT


class Held(PlainAdapter):
    """The second target's write waits until it is let go."""

    def __init__(self, *args, **named):
        super().__init__(*args, **named)
        self.under_way, self.go = asyncio.Event(), asyncio.Event()

    async def apply(self, context, planned):
        if planned.selector == "second":
            self.under_way.set()
            await asyncio.wait_for(self.go.wait(), 60)
        return await super().apply(context, planned)


def test_a_step_that_ends_while_others_are_looked_at_is_not_taken_up_as_it_was_before(tmp_path):
    async def story():
        async with PlainEstate() as estate:
            scene = Scene(tmp_path, estate.url)
            sha, _ = scene.block("first", "second", lever="quiet")
            plane = plane_at(scene.url, Held)
            outbox = scene.outbox(plane)
            looks = outbox._is_due

            async def looks_slowly(row):
                held = outbox._working.get((sha, 1))
                if row.target == 0 and held is not None and plane.adapter.under_way.is_set():
                    plane.adapter.go.set()  # it was read while it was being sent, and is accepted by now
                    await asyncio.wait({held[1]}, timeout=60)
                return await looks(row)

            outbox._is_due = looks_slowly
            settled = await asyncio.wait_for(outbox.run(deadline_ms=scene.clock.boot_ms() + 120_000), 60)
            await scene.aclose()
            return estate, settled

    estate, settled = asyncio.run(story())
    assert settled.people == ()
    assert [one.state for one in settled.rows] == ["unmeasurable", "unmeasurable"]
    assert len(estate.writes) == 2
