"""The table of protocol.md section 11, guard by guard: containment warns, records and goes; the rest waits for people.

Clocks that go back are in `test_clock_back`, holds after an outage in `test_engine`, take-over in `test_turn`.
"""

from __future__ import annotations

import pytest

from console.domain.clock_doubt import MAX_BACK_MS
from console.journal.values import Draft
from console.outbox import guards
from console.outbox import store as table
from console.outbox.guards import MET_WITHIN_MS
from tests.kit.quick import quick_plan
from tests.outbox.test_turn import Two


@pytest.fixture
def two():
    made = Two()
    yield made
    made.close()


def decided(two, direction, **changes):
    """A correction or its giving back, decided at the second console, whose engine is returned."""
    more = {"undo_within_s": None} if direction == "restore" else {}
    if direction == "restore":
        two.estate.fields["k"] = {"rpm": "100"}
    sha, _ = two.propose(two.second, direction=direction, **more, **changes)
    two.meet()
    outbox = two.engine(two.second)
    outbox._lease.meet(two.second.clock.boot_ms())
    assert two.decide(outbox, sha).outcome == "authorised"
    return sha, outbox


def test_a_roster_that_may_be_old_is_said_and_stops_giving_back_only(two, monkeypatch):
    monkeypatch.setattr(guards, "DAY_MS", 3_600_000)  # no document lives for longer than a day
    given, outbox = decided(two, "restore")
    taken, _ = two.propose(two.second, wanted=5)
    two.meet()
    two.decide(outbox, taken)
    two.later(3_600_001)
    outbox._lease.meet(two.second.clock.boot_ms())
    row = two.step(two.second, outbox, given)
    assert (row.state, "may be older" in row.detail) == ("queued", True)
    two.loop.run_until_complete(outbox._decide_all())
    assert any("may be older" in one for one in outbox.odd)
    assert table.find(two.second.store.connection, given, 0).state == "queued"
    assert two.step(two.second, outbox, taken).state == "accepted"
    two.first.say(0, Draft("note"))
    two.meet()
    assert two.second.store.write(guards.roster_doubt) == ""


@pytest.mark.parametrize(("direction", "state"), [("contain", "accepted"), ("restore", "attention")])
def test_a_doubtful_clock(two, direction, state):
    sha, outbox = decided(two, direction)
    two.second.clock.set_wall(two.second.clock.wall_ms() - MAX_BACK_MS - 1)
    assert two.step(two.second, outbox, sha).state == state


@pytest.mark.parametrize(("direction", "state"), [("contain", "accepted"), ("restore", "stale")])
def test_a_target_that_changed_and_would_not_get_laxer(two, direction, state):
    sha, outbox = decided(two, direction)
    two.estate.fields["k"] = {"rpm": "60"}
    assert two.step(two.second, outbox, sha).state == state


@pytest.mark.parametrize("direction", ["contain", "restore"])
def test_a_shared_place_that_is_down(two, direction):
    sha, outbox = decided(two, direction)
    two.later(MET_WITHIN_MS + 1)
    row = two.step(two.second, outbox, sha)
    if direction == "contain":
        assert row.state == "accepted"
        return
    assert (row.state, "cannot be met" in row.detail) == ("queued", True)
    outbox._lease.meet(two.second.clock.boot_ms())
    assert two.step(two.second, outbox, sha).state == "accepted"


@pytest.mark.parametrize(
    ("direction", "signers", "outcome"),
    [("contain", (0, 1), "authorised"), ("contain", (0, 2), "waiting"), ("restore", (0, 1), "waiting")],
)
def test_after_a_refusal_two_others_may_contain_and_nobody_gives_back_by_it(two, direction, signers, outcome):
    more = {"undo_within_s": None} if direction == "restore" else {}
    first, action = two.propose(two.second, direction=direction, signers=(0,), **more)
    two.first.approve(first, action, 2, decision="refuse")
    second, _ = two.propose(
        two.second, direction=direction, signers=signers, op=action.op, rev=2, supersedes=first, **more
    )
    two.meet()
    outbox = two.engine(two.second)
    assert two.decide(outbox, first).outcome == "waiting"
    told = two.decide(outbox, second)
    assert told.outcome == outcome
    assert told.why == "" or "refused" in told.why


def test_what_cannot_be_reverted_waits_like_what_gives_back(two):
    plan = quick_plan("k", {"rpm": 100}, {"rpm": 0})
    target, texts = two.first.target(plan, dispatchers=(two.second.feed.feed,), reversal="none")
    sha, action = two.first.propose([(target, texts)], gravity="critical", undo_within_s=None)
    two.first.approve(sha, action, 0, 1)
    two.meet()
    outbox = two.engine(two.second)
    assert two.decide(outbox, sha).outcome == "authorised"
    assert "cannot be met" in two.step(two.second, outbox, sha).detail
    outbox._lease.meet(two.second.clock.boot_ms())
    assert two.step(two.second, outbox, sha).state == "accepted"
