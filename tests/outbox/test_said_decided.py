"""What a colleague's machine enters as decided gives nobody anything: who signed, who may, what is used up.

A device key has no authority. Every attack here was one person's, and was sent, or stopped others, before (0189).
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from console.journal.values import Draft
from console.outbox import gate
from console.outbox import store as table
from console.outbox.facts import Moments, policy_of
from console.outbox.reading import Reading
from console.outbox.watch import is_over
from tests.journal.world import INC
from tests.kit.quick import Estate, QuickScene, quick_plan, quick_plane
from tests.outbox.test_gate import paper, sign

MEMBER = 2  # may approve, commands nothing
HOUR_MS = 3_600_000
PLAN = quick_plan("k", {"rpm": 100}, {"rpm": 10})
BACK = replace(
    PLAN, direction="restore", requests=PLAN.revert, revert=PLAN.requests, wanted=PLAN.pre, pre=PLAN.wanted
)  # fmt: skip


class Room:
    """An honest console that sends, and the machine of a colleague, whose entries it has."""

    def __init__(self):
        self.scene, self.estate = QuickScene(seed="honest").begin(), Estate()
        self.theirs = self.scene.machine_feed(self.scene.store, MEMBER)

    def contain(self, *signers, plan=PLAN, feeds=(), **changes):
        target = self.scene.target(plan, dispatchers=(self.scene.feed.feed, *feeds))
        sha, action = self.scene.propose([target], **changes)
        self.scene.approve(sha, action, *signers)
        return sha, action

    def undo(self, sha, action, *signers, plan=BACK, number=MEMBER):
        target = self.scene.target(plan, dispatchers=(self.scene.feed.feed,))
        made = self.scene.propose([target], direction="restore", undoes=sha, undo_within_s=None, number=number,
                                  gravity=action.gravity)  # fmt: skip
        self.scene.approve(*made, *signers)
        return made[0]

    def received(self, carrier):
        """Their machine takes in an approval."""
        pub = {name: carrier.entry.pub[name] for name in ("doc", "record", "sig")} | {"carried_by": carrier.id}
        draft = Draft("approval.received", inc=INC, subj=carrier.entry.subj, pub=pub)
        return self.scene.store.write(lambda tx: tx.append(self.theirs, draft, roster=self.scene.ref)).id

    def carriers(self, doc, *numbers):
        people = [self.scene.members[number].person for number in numbers]
        return [one for one in self.scene.store.reader().entries() if one.entry.kind == "correction.approved"
                and one.entry.pub["doc"] == doc and one.entry.author in people]  # fmt: skip

    def enter_decision(self, sha, action, records):
        """Their machine says that it was decided."""
        heads = [[feed, seq, ident] for feed, (seq, ident) in sorted(self.scene.store.reader().heads().items())]
        pub = {
            "doc": sha, "records": records, "roster": list(self.scene.ref), "policy": self.scene.policy,
            "clock": "trusted", "now": self.scene.clock.wall_ms(), "seen": heads, "verdict": "approved",
        }  # fmt: skip
        draft = Draft("dispatch.authorised", inc=INC, subj=action.op, pub=pub)
        self.scene.store.write(lambda tx: tx.append(self.theirs, draft, roster=self.scene.ref))

    def send(self, *docs):
        """The honest console's engine; gives the state of the last one, or what its decision came to."""
        outbox = self.scene.outbox(quick_plane(self.estate, self.scene.clock))
        loop = asyncio.new_event_loop()
        try:
            for sha in docs:
                told = loop.run_until_complete(outbox.authorise(sha))
                row = table.find(self.scene.store.connection, sha, 0)
                if row is not None:
                    loop.run_until_complete(outbox._step(row))
        finally:
            loop.close()
        row = table.find(self.scene.store.connection, docs[-1], 0)
        return told.outcome if row is None else row.state

    def facts(self, sha):
        def ask(tx):
            return Moments(tx.connection, tx.roster(), policy_of(tx.roster())).now(sha, tx.now_ms)

        return self.scene.store.write(ask)


@pytest.fixture
def room():
    made = Room()
    yield made
    made.scene.store.close()


# -- undo --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signer", [0, 1])
def test_a_true_signer_undoes_it_alone(room, signer):
    sha, action = room.contain(0, 1)
    assert room.send(sha) == "accepted"
    assert room.send(room.undo(sha, action, signer)) == "accepted"
    assert len(room.estate.landed) == 2


@pytest.mark.parametrize("named", [False, True], ids=["no dispatcher of it", "a stand-by of it"])
@pytest.mark.parametrize("others", [(), (0, 1)], ids=["their own record", "the true ones too"])
def test_whoever_signs_afterwards_and_has_it_decided_once_more_is_no_signer_of_it(room, named, others):
    sha, action = room.contain(0, 1, feeds=(room.theirs.feed,) if named else ())
    assert room.send(sha) == "accepted"
    room.scene.approve(sha, action, MEMBER)
    room.enter_decision(sha, action, [room.received(one) for one in room.carriers(sha, MEMBER, *others)])
    assert room.send(room.undo(sha, action, MEMBER)) == "waiting"
    assert len(room.estate.landed) == 1
    assert room.send(room.undo(sha, action, 0)) == "accepted"  # and it keeps nobody from theirs


def test_an_approval_of_something_else_makes_nobody_a_second_signer(room):
    """One signs a containment that is so already, with any way back; a colleague's signature is borrowed for it."""
    room.estate.fields["k"] = {"rpm": "10"}
    other, _ = room.contain(1, plan=quick_plan("k2", {"rpm": 100}, {"rpm": 10}), gravity="normal")
    wide = quick_plan("everybody", {"rpm": 100_000}, {"rpm": 10})
    lie = replace(quick_plan("k", {"rpm": 10}, {"rpm": 10}), revert=wide.revert)
    sha, action = room.contain(MEMBER, plan=lie, gravity="normal", number=MEMBER, feeds=(room.theirs.feed,))
    records = [room.received(one) for one in (*room.carriers(sha, MEMBER), *room.carriers(other, 1))]
    room.enter_decision(sha, action, records)
    back = replace(lie, direction="restore", requests=lie.revert, revert=lie.requests, wanted=wide.pre, pre=lie.wanted)
    undo = room.undo(sha, action, MEMBER, plan=back)
    assert room.facts(undo).undone_signers <= {room.scene.members[MEMBER].person}
    assert room.send(undo) != "accepted"
    assert room.estate.landed == []


def test_two_signatures_that_were_not_enough_make_no_decision_that_one_may_undo(room):
    """High needs somebody in command: two who are not had it entered as decided."""
    sha, action = room.contain(1, MEMBER, feeds=(room.theirs.feed,))
    room.enter_decision(sha, action, [room.received(one) for one in room.carriers(sha, 1, MEMBER)])
    assert room.send(sha) == "waiting"
    undo = room.undo(sha, action, MEMBER)
    assert (room.facts(undo).undone_signers, room.facts(undo).undone_at_ms) == (frozenset(), None)
    assert room.send(undo) == "waiting"
    assert room.estate.landed == []


def test_no_machine_says_that_an_undo_is_used_up(room):
    sha, action = room.contain(0, 1)
    assert room.send(sha) == "accepted"
    theirs = room.undo(sha, action, MEMBER)
    room.enter_decision(theirs, action, [room.received(one) for one in room.carriers(theirs, MEMBER)])
    assert room.send(room.undo(sha, action, 0)) == "accepted"
    assert room.send(room.undo(sha, action, 1)) == "waiting"  # a true one uses it up


def test_no_machine_makes_the_next_correction_graver(room):
    for number in range(7):
        one, action = room.contain(plan=quick_plan(f"n{number}", {"rpm": 100}, {"rpm": 10}), gravity="normal")
        room.enter_decision(one, action, [])
    sha, _ = room.contain(1, gravity="normal")
    assert room.facts(sha).recent_normal == 0
    assert room.send(sha) == "queued"  # decided by one, and planned anew before it is sent


# -- extension ---------------------------------------------------------------------------------------------------------


def extend(room, sha, action, until_ms, number):
    made = paper(room.scene, number, type="extension.v1", doc=sha, op=action.op, execute_by=until_ms)
    sign(room.scene, made, "extension.v1", number, op=action.op)
    return made


@pytest.mark.parametrize("ahead_ms", [25 * HOUR_MS, 10 * 365 * 24 * HOUR_MS])
def test_no_signer_extends_beyond_a_day(room, ahead_ms):
    sha, action = room.contain(0, 1)
    assert room.send(sha) == "accepted"
    extend(room, sha, action, action.created + ahead_ms, 1)
    assert room.facts(sha).extended_to is None
    extend(room, sha, action, action.created + 24 * HOUR_MS, 0)
    assert room.facts(sha).extended_to == action.created + 24 * HOUR_MS


def test_no_signer_extends_what_gives_back(room):
    room.estate.fields["k"] = {"rpm": "10"}
    sha, action = room.contain(0, 1, plan=BACK, direction="restore", undo_within_s=None)
    assert room.send(sha) == "accepted"
    extend(room, sha, action, action.execute_by + HOUR_MS, 1)
    assert room.facts(sha).extended_to is None


def test_it_is_extended_once_and_the_second_time_is_told_so(room):
    sha, action = room.contain(0, 1)
    assert room.send(sha) == "accepted"
    extend(room, sha, action, action.execute_by + HOUR_MS, 1)
    room.scene.clock.advance(1_000)
    second = extend(room, sha, action, action.execute_by + 2 * HOUR_MS, 0)
    assert room.facts(sha).extended_to == action.execute_by + HOUR_MS
    assert room.facts(second).undone_used


def test_whoever_signs_afterwards_extends_nothing(room):
    sha, action = room.contain(0, 1, feeds=(room.theirs.feed,))
    assert room.send(sha) == "accepted"
    room.scene.approve(sha, action, MEMBER)
    room.enter_decision(sha, action, [room.received(one) for one in room.carriers(sha, MEMBER)])
    extend(room, sha, action, action.execute_by + HOUR_MS, MEMBER)
    assert room.facts(sha).extended_to is None


# -- what stands and what is under way ---------------------------------------------------------------------------------


def enter_step(room, kind, sha, action, **more):
    """Their machine says how far it is with something that nobody signed."""
    pub = {"doc": sha, "target": 0, "attempt": 1, **more}
    draft = Draft(kind, inc=INC, subj=action.op, pub=pub)
    room.scene.store.write(lambda tx: tx.append(room.theirs, draft, roster=room.scene.ref))


INTENT = {"requests": "0" * 64, "step": "apply", "pre": "same", "verdict": "approved"}


def pretend(room, plan, *, direction="contain", done=True, **more):
    """They propose it, and their machine says that it was decided, sent and accepted."""
    target = room.scene.target(plan, dispatchers=(room.theirs.feed,))
    sha, action = room.scene.propose([target], direction=direction, number=MEMBER, undo_within_s=None, **more)
    room.scene.approve(sha, action, MEMBER)
    room.enter_decision(sha, action, [room.received(one) for one in room.carriers(sha, MEMBER)])
    enter_step(room, "dispatch.intent", sha, action, **INTENT)
    if done:
        enter_step(room, "dispatch.accepted", sha, action, outcome="accepted")
    return sha


def is_watched(room, sha):
    """Whether the drift watch still looks at it."""
    row = table.find(room.scene.store.connection, sha, 0)

    def ask(tx):
        return is_over(tx, row, gate.prove(tx, room.scene.feed, row), Reading.of(tx).authorised())

    return not room.scene.store.write(ask)


@pytest.mark.parametrize("named", [True, False])
def test_no_machine_ends_the_watch_over_what_is_in_force(room, named):
    sha, action = room.contain(0, 1)
    assert room.send(sha) == "accepted"
    room.scene.clock.advance(1_000)
    pretend(room, BACK, direction="restore", undoes=sha if named else None)
    assert is_watched(room, sha)
    room.send(room.undo(sha, action, 0, 1))
    assert not is_watched(room, sha), "two people end it"


def test_no_machine_holds_containment_up_by_saying_that_it_sends_there(room):
    pretend(room, PLAN, done=False)
    sha, _ = room.contain(0, 1)
    assert room.send(sha) == "accepted"


def test_no_machine_keeps_a_correction_in_force_that_nobody_decided(room):
    sha, _ = room.contain(0, 1)
    assert room.send(sha) == "accepted"
    pretend(room, quick_plan("k", {"rpm": 10}, {"rpm": 0}))
    room.scene.clock.advance(1_000)
    target = room.scene.target(BACK, dispatchers=(room.scene.feed.feed,))
    lift, action = room.scene.propose([target], direction="restore", undo_within_s=None, undoes=sha)
    room.scene.approve(lift, action, 0, 1)
    assert room.send(lift) == "accepted"
    assert room.estate.fields["k"] == {"rpm": "100"}


def test_no_machine_takes_a_correction_out_of_force_that_people_decided(room):
    """Of two, the lift of the milder one leaves the stricter one standing, whoever says that it was given back."""
    strict, _ = room.contain(0, 1, plan=quick_plan("k", {"rpm": 100}, {"rpm": 5}))
    assert room.send(strict) == "accepted"
    mild, _ = room.contain(0, 1, plan=quick_plan("k", {"rpm": 5}, {"rpm": 10}))
    room.send(mild)
    room.scene.clock.advance(1_000)
    pretend(room, quick_plan("k", {"rpm": 5}, {"rpm": 100}, direction="restore"), direction="restore", undoes=strict)
    plan = quick_plan("k", {"rpm": 5}, {"rpm": 100}, direction="restore")
    target = room.scene.target(plan, dispatchers=(room.scene.feed.feed,))
    lift, action = room.scene.propose([target], direction="restore", undo_within_s=None, undoes=mild)
    room.scene.approve(lift, action, 0, 1)
    room.send(lift)
    assert room.estate.fields["k"] == {"rpm": "5"}
