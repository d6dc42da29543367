"""Retries, waits a provider asks for, the breaker, and one provider that never holds another up."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from console.outbox import store as table
from console.outbox.backoff import FAULTS_TO_OPEN, LONGEST_MS, OPEN_MS
from console.outbox.steps import Pace
from tests.kit.quick import Estate, QuickScene, quick_plan, quick_plane

PACE = Pace(tick_s=1.0, settle_ms=1_000, recheck_ms=1_000, record_ms=5_000, again_ms=())
FAR = "g-" + "7" * 26


class Lane:
    def __init__(self):
        self.scene, self.estate, self.loop = QuickScene().begin(), Estate(), asyncio.new_event_loop()
        self.calls, self.fates = Counter(), {}

    def fate(self, name):
        def ask(what, options):
            self.calls[name, what] += 1
            return self.fates.get((name, what), options[0])

        return ask

    def block(self, *names, instance=None, lives_ms=3_600_000):
        plans = [quick_plan(name, {"rpm": 100}, {"rpm": 10}) for name in names]
        more = {} if instance is None else {"instance": instance}
        sha, action = self.scene.propose([self.scene.target(plan, **more) for plan in plans], lives_ms=lives_ms)
        self.scene.approve(sha, action, 0, 1)
        return sha

    def run(self, ms=60_000, **how):
        clock = self.scene.clock
        planes = [quick_plane(self.estate, clock, self.fate("near"))]
        planes.append(quick_plane(Estate(), clock, self.fate("far"), instance=FAR))
        outbox = self.scene.outbox(*planes, pace=PACE, **how)
        return self.loop.run_until_complete(outbox.run(deadline_ms=clock.boot_ms() + ms))

    def row(self, sha, target=0):
        return table.find(self.scene.store.connection, sha, target)


@pytest.fixture
def lane():
    made = Lane()
    yield made
    made.loop.close()
    made.scene.store.close()


def test_what_lapses_while_a_provider_asks_to_wait_is_shown_lapsed(lane):
    lane.fates["near", "write"] = "throttled"
    sha = lane.block("k", lives_ms=600_000)
    lane.run(1_000)
    waiting = lane.row(sha)
    assert waiting.state == "queued"
    lane.scene.store.write(
        lambda tx: table.save(tx.connection, replace(waiting, not_before_ms=waiting.since_ms + 10 * 3_600_000))
    )
    lane.scene.clock.advance(700_000)
    lane.run()
    assert (lane.row(sha).state, lane.estate.landed) == ("expired", [])


def test_a_clock_that_goes_back_makes_nothing_wait_for_a_day(lane):
    lane.fates["near", "write"] = "throttled"
    sha = lane.block("k")
    lane.run(1_000)
    clock = lane.scene.clock
    clock.set_wall(clock.wall_ms() - 23 * 3_600_000)
    lane.fates.clear()
    lane.run()
    assert lane.row(sha).state == "unmeasurable"


def test_tries_get_rarer_and_are_capped(lane):
    lane.fates["near", "write"] = "not sent"
    lane.block("k")
    lane.run(300_000)
    # doubling from half a second; then none sooner than half the cap, none later than the cap
    assert 300_000 / LONGEST_MS <= lane.calls["near", "write"] <= 7 + 300_000 / (LONGEST_MS / 2)


def test_a_provider_that_fails_holds_no_other_up(lane):
    lane.fates["far", "read"] = "lost"
    away = lane.block(*(f"a{number}" for number in range(6)), instance=FAR)
    near = lane.block(*(f"n{number}" for number in range(6)))
    lane.run(10_000)
    assert {lane.row(near, at).state for at in range(6)} == {"unmeasurable"}
    assert {lane.row(away, at).state for at in range(6)} == {"queued"}


def test_a_breaker_that_opened_lets_one_through_now_and_then(lane):
    lane.fates["far", "read"] = lane.fates["far", "status"] = "lost"
    lane.block(*(f"a{number}" for number in range(6)), instance=FAR)
    lane.run(5_000)
    before = lane.calls["far", "read"]
    assert before >= FAULTS_TO_OPEN
    lane.run(OPEN_MS - 10_000)
    assert lane.calls["far", "read"] - before <= 2 * FAULTS_TO_OPEN
