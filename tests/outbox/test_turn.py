"""Who sends when the one who should is silent, slow or dead: deterministic, explained, and never two effects."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from console.domain.clock_doubt import Reading as Clocks
from console.journal.values import Draft
from console.outbox import store as table
from console.outbox import turn
from console.outbox.engine import _undecided
from console.outbox.gate import Unauthorised
from console.outbox.steps import Pace
from console.outbox.turn import LEASE_MS, SILENCE_MS
from console.providers.plane import Plane
from tests.journal.world import INC
from tests.kit.quick import Estate, QuickAdapter, QuickScene, exchange, quick_plan, quick_plane
from tests.kit.scene import Kept

PACE = Pace(settle_ms=1_000, recheck_ms=1_000, record_ms=5_000, again_ms=())


class Two:
    """Two consoles on two clocks that run alike, one provider, and a place where they meet when told to."""

    def __init__(self):
        self.first, self.second = QuickScene(seed="one").begin(), QuickScene(at=1, seed="two")
        self.estate, self.loop = Estate(), asyncio.new_event_loop()
        self.meet()

    def meet(self):
        exchange(self.first, self.second)

    def later(self, ms):
        for scene in (self.first, self.second):
            scene.clock.advance(ms)

    def propose(self, *line, kind="desired-state", wanted=10, signers=(0, 1), **changes):
        plan = quick_plan("k", {"rpm": 100}, {"rpm": wanted}, kind, changes.get("direction", "contain"))
        target = self.first.target(plan, dispatchers=tuple(scene.feed.feed for scene in line))
        sha, action = self.first.propose([target], lives_ms=6 * 3_600_000, **changes)
        self.first.approve(sha, action, *signers)
        return sha, action

    def engine(self, scene, **how):
        made = scene.outbox(quick_plane(self.estate, scene.clock), pace=PACE, **how)
        made._lease.kept = True
        self.loop.run_until_complete(made.recover())
        return made

    def decide(self, outbox, sha):
        return self.loop.run_until_complete(outbox.authorise(sha))

    def step(self, scene, outbox, sha):
        row = table.find(scene.store.connection, sha, 0)
        return self.loop.run_until_complete(outbox._step(row))

    def close(self):
        self.loop.close()
        for scene in (self.first, self.second):
            scene.store.close()


@pytest.fixture
def two():
    made = Two()
    yield made
    made.close()


# -- stand-by ----------------------------------------------------------------------------------------------------------


def test_a_stand_by_waits_a_minute_of_silence_and_then_sends(two):
    sha, _ = two.propose(two.first, two.second)
    two.meet()
    outbox = two.engine(two.second)
    told = two.decide(outbox, sha)
    assert (told.outcome, "stands by" in told.why) == ("standing-by", True)
    two.later(SILENCE_MS - 1)
    assert two.decide(outbox, sha).outcome == "standing-by"
    two.later(1)
    assert two.decide(outbox, sha).outcome == "authorised"
    assert two.step(two.second, outbox, sha).state == "accepted"
    assert len(two.estate.landed) == 1


def test_what_one_stands_by_for_is_never_done_with_and_what_is_anothers_is(two):
    both, _ = two.propose(two.first, two.second)
    alone, _ = two.propose(two.first)
    two.meet()
    first, second = two.engine(two.first), two.engine(two.second)
    assert [two.decide(first, sha).outcome for sha in (both, alone)] == ["authorised"] * 2
    assert [two.decide(first, sha).settled for sha in (both, alone)] == [True, True]
    assert [two.decide(second, sha).settled for sha in (both, alone)] == [False, True]
    two.later(SILENCE_MS)
    assert two.decide(second, both).outcome == "authorised"
    again = two.decide(second, both)
    assert (again.outcome, again.settled) == ("already", False)


def test_only_what_a_console_entered_of_its_own_steps_decides_nothing(two):
    sha, action = two.propose(two.first)
    two.meet()
    first = two.engine(two.first)
    two.decide(first, sha)

    def asked(since, feed=two.first.feed.feed):
        return two.first.store.write(lambda tx: _undecided(tx, feed, since))

    newest, found = asked(-1)
    assert sha in found
    two.step(two.first, first, sha)
    after, found = asked(newest)
    assert (after > newest, found) == (True, [])
    assert sha in asked(newest, two.second.feed.feed)[1]  # another's steps may end what its record awaited
    two.first.approve(sha, action, 2)
    assert sha in asked(newest)[1]


def test_whoever_is_heard_is_not_silent(two):
    sha, _ = two.propose(two.first, two.second)
    two.meet()
    outbox = two.engine(two.second)
    two.decide(outbox, sha)
    two.later(SILENCE_MS - 1)
    instance = two.first.target(quick_plan("k", {"rpm": 100}, {"rpm": 10}))[0].instance
    alive = Draft("provider.reachable", pub={"instance": instance, "since": 1})
    two.first.store.write(lambda tx: tx.append(two.first.feed, alive, roster=two.first.ref))
    two.meet()
    two.later(1)
    assert two.decide(outbox, sha).outcome == "standing-by"


@pytest.mark.parametrize(("kind", "direction"), [("taggable", "contain"), ("none", "contain"), ("key", "restore")])
def test_nobody_stands_in_where_twice_is_twice_or_something_is_given_back(two, kind, direction):
    changes = {"undo_within_s": None} if direction == "restore" else {}
    sha, _ = two.propose(two.first, two.second, kind=kind, direction=direction, **changes)
    two.meet()
    outbox = two.engine(two.second)
    two.decide(outbox, sha)
    two.later(10 * SILENCE_MS)
    assert two.decide(outbox, sha).outcome in ("standing-by", "not-ours")


def test_a_stand_by_sends_nothing_by_a_lever_that_has_become_one_to_pull_once(two):
    sha, _ = two.propose(two.first, two.second)
    two.meet()
    outbox = two.engine(two.second)
    assert two.decide(outbox, sha).outcome == "standing-by"
    two.later(SILENCE_MS)
    assert two.decide(outbox, sha).outcome == "authorised"

    class Newer(QuickAdapter):
        once = tuple(replace(one, idempotency="none") for one in QuickAdapter.manifest.levers)
        manifest = replace(QuickAdapter.manifest, levers=once)

    before = quick_plane(two.estate, two.second.clock)
    plane = Plane(before.instance, Newer(two.estate), Kept(), two.second.clock, world="drill")
    changed = two.second.outbox(plane, pace=PACE)
    with pytest.raises(Unauthorised, match="only stands by"):
        two.step(two.second, changed, sha)
    assert two.estate.landed == []


def test_one_that_was_only_slow_finds_it_done_and_sends_nothing(two):
    sha, _ = two.propose(two.first, two.second)
    slow = two.engine(two.first)
    two.decide(slow, sha)
    two.meet()
    outbox = two.engine(two.second)
    two.decide(outbox, sha)
    two.later(SILENCE_MS)
    two.decide(outbox, sha)
    assert two.step(two.second, outbox, sha).state == "accepted"
    row = two.step(two.first, slow, sha)
    assert (row.state, two.first.kinds()[-1][1]["outcome"]) == ("accepted", "already-so")
    assert len(two.estate.landed) == 1


def test_what_the_first_one_settled_is_nobodys_turn(two):
    sha, _ = two.propose(two.first, two.second)
    slow = two.engine(two.first)
    two.decide(slow, sha)
    two.step(two.first, slow, sha)
    two.meet()
    outbox = two.engine(two.second)
    two.decide(outbox, sha)
    two.later(10 * SILENCE_MS)
    assert two.decide(outbox, sha).outcome == "standing-by"


def test_a_target_one_stands_by_for_beside_own_ones_joins_them_when_its_turn_comes(two):
    plans = [quick_plan(name, {"rpm": 100}, {"rpm": 10}) for name in ("k", "l")]
    feeds = (two.first.feed.feed, two.second.feed.feed)
    targets = [two.first.target(plan, dispatchers=line) for plan, line in zip(plans, (feeds, feeds[::-1]), strict=True)]
    sha, action = two.first.propose(targets, lives_ms=3_600_000)
    two.first.approve(sha, action, 0, 1)
    two.meet()
    outbox = two.engine(two.second)
    assert two.decide(outbox, sha).outcome == "authorised"
    rows = two.loop.run_until_complete(outbox.rows())
    assert [row.target for row in rows] == [1]
    two.later(SILENCE_MS)
    assert two.decide(outbox, sha).outcome == "already"
    rows = two.loop.run_until_complete(outbox.rows())
    assert sorted(row.target for row in rows) == [0, 1]


# -- take-over ---------------------------------------------------------------------------------------------------------


def taken_over(two, kind, direction="contain"):
    """The first console decides and dies; people give it to the second by a later revision."""
    changes = {"undo_within_s": None} if direction == "restore" else {}
    old, action = two.propose(two.first, kind=kind, direction=direction, **changes)
    slow = two.engine(two.first)
    two.decide(slow, old)
    two.meet()
    new, _ = two.propose(
        two.second, kind=kind, op=action.op, rev=2, supersedes=old, direction=direction, **changes
    )  # fmt: skip
    exchange_one_way(two)
    outbox = two.engine(two.second)
    assert two.decide(outbox, new).outcome == "authorised"
    return old, new, slow, outbox


def exchange_one_way(two):
    two.meet()  # the new revision was proposed at the first console's journal; its engine does not run


def test_containment_that_sets_a_state_is_taken_over_at_once(two):
    old, new, slow, outbox = taken_over(two, "desired-state")
    assert two.step(two.second, outbox, new).state == "accepted"
    row = two.step(two.first, slow, old)  # it was only slow, and has not heard
    assert row.state in ("accepted", "cancelled")
    assert len(two.estate.landed) == 1


@pytest.mark.parametrize(("kind", "direction"), [("none", "contain"), ("key", "contain"), ("desired-state", "restore")])
def test_what_must_not_be_sent_twice_waits_for_the_others_lease(two, kind, direction):
    _old, new, _slow, outbox = taken_over(two, kind, direction)
    row = two.step(two.second, outbox, new)
    assert (row.state, "lease" in row.detail) == ("queued", True)
    two.later(LEASE_MS)
    assert two.step(two.second, outbox, new).state == "queued"  # nobody was told of it yet
    outbox._lease.meet(two.second.clock.boot_ms())
    two.later(LEASE_MS)
    outbox._lease.meet(two.second.clock.boot_ms())
    assert two.step(two.second, outbox, new).state == "queued"
    two.later(PACE.settle_ms)
    assert two.step(two.second, outbox, new).state == "accepted"
    assert len(two.estate.landed) == 1


def test_the_wait_ends_where_the_other_one_says_that_it_is_done_with_it(two):
    old, new, slow, outbox = taken_over(two, "none")
    assert two.step(two.second, outbox, new).state == "queued"
    two.meet()
    assert two.step(two.first, slow, old).state == "cancelled"
    two.meet()
    assert two.step(two.second, outbox, new).state == "accepted"


def test_a_slow_one_fences_itself_before_the_other_may_send(two):
    old, _new, slow, _outbox = taken_over(two, "none")
    two.second.store.close()
    two.second = QuickScene(at=1, seed="again")  # the two never meet again
    scene = QuickScene(seed="alone").begin()
    two.first, two.estate = scene, Estate()
    old, _ = two.propose(scene, kind="none")
    slow = two.engine(scene)
    two.decide(slow, old)
    two.later(LEASE_MS)
    assert table.find(scene.store.connection, old, 0).state == "queued"
    two.later(1)
    row = two.step(scene, slow, old)
    assert (row.state, two.estate.landed) == ("stale", [])
    assert "without meeting a shared place" in row.detail


def test_whoever_meets_the_others_keeps_the_lease(two):
    old, _ = two.propose(two.first, kind="none")
    slow = two.engine(two.first)
    two.decide(slow, old)
    two.later(3 * LEASE_MS)
    slow._lease.meet(two.first.clock.boot_ms())
    two.later(LEASE_MS)
    assert two.step(two.first, slow, old).state == "accepted"


def test_containment_that_sets_a_state_needs_no_lease(two):
    old, _ = two.propose(two.first)
    slow = two.engine(two.first)
    two.decide(slow, old)
    two.later(3 * LEASE_MS)
    assert two.step(two.first, slow, old).state == "accepted"


def test_setting_a_clock_forward_ends_nobodys_lease(two):
    _old, new, _slow, outbox = taken_over(two, "none")
    outbox._lease.kept = False  # no shared place: the time since the decision counts
    two.second.clock.set_wall(two.second.clock.wall_ms() + 2 * LEASE_MS)
    assert two.step(two.second, outbox, new).state == "queued"


# -- two people, two consoles, one target ------------------------------------------------------------------------------


def test_of_two_proposals_on_one_target_the_stricter_stands_whoever_comes_first(two):
    for order in ((10, 50), (50, 10)):
        estate = two.estate = Estate()
        docs = [two.propose(two.first, wanted=wanted)[0] for wanted in order]
        outbox = two.engine(two.first)
        for sha in docs:
            two.decide(outbox, sha)
        for sha in docs:
            assert two.step(two.first, outbox, sha).state == "accepted"
        assert estate.fields["k"] == {"rpm": "10"}


def test_while_one_is_under_way_the_other_waits(two):
    one, _ = two.propose(two.first, wanted=10)
    other, _ = two.propose(two.first, wanted=50)
    outbox = two.engine(two.first)
    two.decide(outbox, one)
    two.decide(outbox, other)
    row = table.find(two.first.store.connection, one, 0)
    outbox._steps.store.write(
        lambda tx: outbox._steps.tell_in(
            tx, row, "dispatch.unknown", {"attempt": 1}, state="unknown", attempt=1, detail="lost"
        )
    )
    waiting = two.step(two.first, outbox, other)
    assert (waiting.state, "one goes after the other" in waiting.detail) == ("queued", True)
    assert two.estate.landed == []


def test_another_consoles_call_is_waited_for_and_not_for_ever(two):
    one, _ = two.propose(two.first, wanted=50)
    slow = two.engine(two.first)
    two.decide(slow, one)
    row = table.find(two.first.store.connection, one, 0)
    slow._steps.store.write(
        lambda tx: slow._steps.tell_in(
            tx, row, "dispatch.unknown", {"attempt": 1}, state="unknown", attempt=1, detail="lost"
        )
    )
    other, _ = two.propose(two.second, wanted=10)
    two.meet()
    outbox = two.engine(two.second)
    two.decide(outbox, other)
    assert two.step(two.second, outbox, other).state == "queued"
    two.later(PACE.record_ms + 1_000)
    assert two.step(two.second, outbox, other).state == "accepted"


@pytest.mark.parametrize("heard", [True, False])
def test_a_refusal_that_was_heard_ends_it_and_one_that_was_not_came_too_late(two, heard):
    sha, action = two.propose(two.second)
    two.meet()
    two.first.approve(sha, action, 2, decision="refuse")
    if heard:
        two.meet()
    outbox = two.engine(two.second)
    told = two.decide(outbox, sha)
    assert told.outcome == ("waiting" if heard else "authorised")
    if not heard:
        assert two.step(two.second, outbox, sha).state == "accepted"
        two.meet()
        assert two.decide(outbox, sha).outcome == "already"
    assert len(two.estate.landed) == (0 if heard else 1)


@pytest.mark.parametrize("when", ["before the decision", "before the call", "after the call"])
def test_a_cancel_comes_before_or_too_late_and_never_half(two, when):
    sha, action = two.propose(two.first)
    outbox = two.engine(two.first)

    def cancel():
        two.first.say(0, Draft("correction.cancelled", inc=INC, subj=action.op, pub={"doc": sha}))

    if when == "before the decision":
        cancel()
        assert two.decide(outbox, sha).outcome == "waiting"
        return
    two.decide(outbox, sha)
    if when == "before the call":
        cancel()
    row = two.step(two.first, outbox, sha)
    if when == "after the call":
        cancel()
        row = two.step(two.first, outbox, sha)
    assert (row.state, len(two.estate.landed)) == (("cancelled", 0) if when == "before the call" else ("recorded", 1))


@pytest.mark.parametrize("stage", ["queued", "unknown", "accepted", "recorded"])
def test_a_later_revision_at_every_stage_of_the_former_one(two, stage):
    old, action = two.propose(two.first, wanted=50)
    outbox = two.engine(two.first)
    two.decide(outbox, old)
    if stage == "unknown":
        row = table.find(two.first.store.connection, old, 0)
        changes = {"state": "unknown", "attempt": 1, "detail": "lost"}
        outbox._steps.store.write(
            lambda tx: outbox._steps.tell_in(tx, row, "dispatch.unknown", {"attempt": 1}, **changes)
        )
    for _ in range({"accepted": 1, "recorded": 2}.get(stage, 0)):
        two.step(two.first, outbox, old)
    new, _ = two.propose(two.first, wanted=10, op=action.op, rev=2, supersedes=old)
    two.decide(outbox, new)
    for _ in range(4):
        for sha in (new, old):
            row = table.find(two.first.store.connection, sha, 0)
            if not row.final and row.not_before_ms <= two.first.clock.wall_ms():
                two.step(two.first, outbox, sha)
        two.later(2_000)
    assert two.estate.fields["k"] == {"rpm": "10"}
    assert table.find(two.first.store.connection, new, 0).state in ("recorded", "unmeasurable")
    former = table.find(two.first.store.connection, old, 0)
    assert former.state == ("cancelled" if stage in ("queued", "unknown") else "unmeasurable"), former
    assert replace(former, detail="")


# -- how long a revision waits for the lease of whoever was to send the former one -------------------------------------


class Plain:
    """No more than what is asked of an authority and of a transaction here."""

    def __init__(self, **named):
        self.__dict__.update(named)


@pytest.mark.parametrize(
    ("boot", "wall_ms", "boot_ms", "waits"),
    [
        ("same", 10_000, 10_000, LEASE_MS + 500 - 10_000),
        ("same", LEASE_MS + 500, 10_000, LEASE_MS + 500 - 10_000),  # somebody set the clock forward
        ("same", 10_000, LEASE_MS + 500, LEASE_MS + 500 - 10_000),
        ("other", 10_000, 3, LEASE_MS + 500 - 10_000),  # started anew since: only the wall clock tells
        ("other", LEASE_MS + 500, 3, 0),
        ("same", LEASE_MS + 600, LEASE_MS + 600, 0),
    ],
)
def test_a_lease_that_no_place_tells_of_ends_by_the_clocks(monkeypatch, boot, wall_ms, boot_ms, waits):
    monkeypatch.setattr(turn, "is_careful", lambda *_: True)
    monkeypatch.setattr(turn, "_others_may_send", lambda *_: True)
    since = Clocks(boot_id="same", wall_ms=0, boot_ms=0)
    authority = Plain(action=Plain(targets=[None], supersedes="d"), since=since)
    tx = Plain(clocks=Clocks(boot_id=boot, wall_ms=wall_ms, boot_ms=boot_ms))
    assert turn.waits_ms(tx, authority, Plain(target=0, doc="e"), None, turn.Lease(kept=False), 500) == waits


def test_where_the_former_revision_is_not_here_or_no_action_others_may_send_it(two, monkeypatch):
    authority = Plain(action=Plain(targets=[Plain(dispatchers=("f",))], supersedes="a" * 64), planned=None)

    def asked(tx):
        return turn._others_may_send(tx, authority, Plain(target=0))

    assert two.first.store.write(asked)
    monkeypatch.setattr(turn, "read_document", lambda *_: Plain(document=Plain()))
    assert two.first.store.write(asked)


def test_nobody_stands_by_for_what_is_no_action(two):
    assert turn.turns(None, two.first.feed, Plain(document=Plain()), lambda *_: True) == ()
