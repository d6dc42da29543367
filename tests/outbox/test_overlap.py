"""Several corrections on one lever, through the engine: what is sent, what is left alone, what goes back to people."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.outbox.steps import Pace
from tests.kit.quick import Estate, QuickScene, proven_once, quick_plan, quick_plane

PACE = Pace(settle_ms=1_000, recheck_ms=1_000, record_ms=5_000, again_ms=())


class Lane:
    """One key with a limit, and a console that corrects it."""

    def __init__(self, baseline=100):
        self.scene, self.estate = QuickScene().begin(), Estate()
        self.estate.fields["k"] = {"rpm": json.dumps(baseline)}
        self.loop = asyncio.new_event_loop()

    @property
    def now(self):
        return json.loads(self.estate.fields["k"]["rpm"])

    def set(self, value):
        """Somebody else does it, in the provider's own console."""
        self.estate.fields["k"] = {"rpm": json.dumps(value)}

    def contain(self, wanted, pre=None, **changes):
        return self._go("contain", wanted, pre, (0, 1), **changes)

    def lift(self, value, pre=None, signers=(0, 1), **changes):
        return self._go("restore", value, pre, signers, undo_within_s=None, **changes)

    def undo(self, sha, plan):
        """One of its signers reverts it exactly."""
        turned = replace(
            plan, requests=plan.revert, revert=plan.requests, direction="restore", wanted=plan.pre, pre=plan.wanted
        )
        target = self.scene.target(turned)
        undo, action = self.scene.propose([target], direction="restore", undoes=sha, undo_within_s=None, number=1)
        self.scene.approve(undo, action, 1)
        return self._settle(undo)

    def _go(self, direction, wanted, pre, signers, **changes):
        self.scene.clock.advance(1_000)
        plan = quick_plan("k", {"rpm": self.now if pre is None else pre}, {"rpm": wanted}, direction=direction)
        sha, action = self.scene.propose([self.scene.target(plan)], direction=direction, **changes)
        self.scene.approve(sha, action, *signers)
        self.scene.clock.advance(1_000)
        return sha, plan, self._settle(sha)

    def _settle(self, sha):
        outbox = self.scene.outbox(quick_plane(self.estate, self.scene.clock), pace=PACE)
        told = self.loop.run_until_complete(outbox.run(deadline_ms=self.scene.clock.boot_ms() + 120_000))
        return next(row for row in told.rows if row.doc == sha)

    def close(self):
        self.loop.close()
        self.scene.store.close()


@pytest.fixture
def lane():
    made = Lane()
    yield made
    made.close()


def test_a_laxer_correction_beside_a_stricter_one_sends_nothing_and_is_in_force(lane):
    lane.contain(10)
    sent = len(lane.estate.landed)
    _, _, row = lane.contain(50)
    assert (row.state, lane.now, len(lane.estate.landed)) == ("unmeasurable", 10, sent)
    assert "accepted" in lane.scene.words()


def test_a_stricter_one_is_sent_over_a_laxer_one(lane):
    lane.contain(50)
    _, _, row = lane.contain(10)
    assert (row.state, lane.now) == ("unmeasurable", 10)


def test_a_lift_that_would_loosen_another_one_goes_back_to_people(lane):
    lane.contain(50)
    sha, _, _ = lane.contain(10)
    _, _, row = lane.lift(100, undoes=sha)
    assert (row.state, lane.now) == ("stale", 10)
    assert "would loosen it" in row.detail


def test_a_lift_gives_back_what_the_one_that_remains_asks_for_and_the_last_one_the_baseline(lane):
    first, _, _ = lane.contain(50)
    second, _, _ = lane.contain(10)
    _, _, row = lane.lift(50, undoes=second)
    assert (row.state, lane.now) == ("recorded", 50)
    _, _, row = lane.lift(100, undoes=first)
    assert (row.state, lane.now) == ("recorded", 100)


def test_of_two_the_laxer_is_undone_and_nothing_is_sent_while_the_stricter_stands(lane):
    sha, plan, _ = lane.contain(50)
    second, _, _ = lane.contain(10)
    sent = len(lane.estate.landed)
    row = lane.undo(sha, plan)
    assert (row.state, lane.now, len(lane.estate.landed)) == ("recorded", 10, sent)
    _, _, row = lane.lift(100, undoes=second)  # the undone one asks for nothing any more
    assert (row.state, lane.now) == ("recorded", 100)


def test_a_lift_without_a_name_lifts_what_its_signers_could_know(lane):
    lane.contain(50)
    lane.contain(10)
    _, _, row = lane.lift(100)
    assert (row.state, lane.now) == ("recorded", 100)


def test_what_was_decided_after_a_lift_was_written_is_not_given_back_with_it(lane):
    lane.contain(50)
    written = lane.scene.clock.wall_ms()
    lane.contain(10)
    sent = len(lane.estate.landed)
    _, _, row = lane.lift(100, created=written)
    assert (row.state, lane.now, len(lane.estate.landed)) == ("recorded", 10, sent)


def test_what_somebody_else_made_stricter_is_not_loosened_and_is_shown(lane):
    lane.set(5)
    sha, plan, row = lane.contain(10, pre=100)  # signed when it was 100
    assert (row.state, lane.now) == ("stale", 5)
    assert "stricter" in row.detail
    _, _, row = lane.contain(10)  # signed as it is
    assert (row.state, lane.now, lane.estate.landed) == ("unmeasurable", 5, [])
    assert sha
    assert plan


def test_what_somebody_else_loosened_is_contained_all_the_same_where_nothing_gets_laxer(lane):
    lane.set(500)
    _, _, row = lane.contain(10, pre=100)
    assert (row.state, lane.now) == ("unmeasurable", 10)


def test_one_person_does_not_undo_into_what_nobody_had_set(lane):
    lane.set(70)
    sha, plan, row = lane.contain(10, pre=100)  # somebody had lowered it before it was sent
    assert row.state == "unmeasurable"
    row = lane.undo(sha, plan)
    assert (row.state, lane.now) == ("stale", 10)
    assert "before it was sent" in row.detail
    _, _, row = lane.lift(70, undoes=sha)
    assert (row.state, lane.now) == ("recorded", 70)


def test_a_stale_target_says_field_by_field_what_changed(lane):
    lane.contain(10)
    lane.set(30)
    _, _, row = lane.lift(100, pre=10)
    assert row.state == "stale"
    assert "rpm was 10, is 30, and was to become 100" in row.detail


MOVES = st.lists(
    st.tuples(st.sampled_from(["contain", "lift", "somebody"]), st.integers(0, 60), st.integers(0, 3)), max_size=5
)


@given(MOVES)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_corrected_lifted_and_changed_nothing_ends_laxer_than_what_stands(moves):
    lane, standing = Lane(), {}
    try:
        with proven_once():
            for what, value, which in moves:
                before = lane.now
                if what == "contain":
                    sha, _, row = lane.contain(value)
                    assert row.state == "unmeasurable"
                    standing[sha] = value
                elif what == "somebody":
                    lane.set(value)
                    continue
                elif standing:
                    sha = sorted(standing)[which % len(standing)]
                    left = {name: limit for name, limit in standing.items() if name != sha}
                    _, _, row = lane.lift(value, undoes=sha)
                    if row.state == "recorded":
                        standing = left
                        # it may be laxer than before only where nothing that stands asks for less
                        assert lane.now <= max(before, min(left.values(), default=value))
                    else:
                        assert lane.now == before
    finally:
        lane.close()
