"""One signer undoes from another console only where that of somebody else compared the way back before it was sent."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from adapters.contract import Request
from console.domain import needs
from console.domain.undoing import ground, is_others, senders
from console.journal.values import Draft
from console.outbox import alone
from console.outbox.authorise import authorise
from console.outbox.facts import Moments, policy_of
from console.providers.plane import Plane
from tests.journal.world import INC
from tests.kit.quick import Estate, QuickAdapter, QuickScene, quick_plan, quick_plane

LIMITED = {"rpm": 10}
FREE = {"rpm": 100}
LOOSER = Request(method="POST", path="/set", body=json.dumps({"selector": "k", "fields": {"rpm": 9999}}))


class Reads(QuickAdapter):
    """It plans the one lever of this scene by what stands there now."""

    async def plan(self, context, wish):
        after = LIMITED if wish.direction == "contain" else FREE
        made = quick_plan(wish.selector, FREE, after, "desired-state", wish.direction)
        return replace(made, pre=dict(self.estate.fields.get(wish.selector, made.pre)))


class Place:
    """Member 1 proposes and signs alone; another console sends it; member 0's console is asked to undo it."""

    fate = staticmethod(lambda _what, _options: "ok")

    def __init__(self):
        self.scene, self.estate = QuickScene().begin(), Estate()
        self.feeds = {0: self.scene.feed}

    def machine(self, number):
        if number not in self.feeds:
            self.feeds[number] = self.scene.machine_feed(self.scene.store, number)
        return self.feeds[number]

    def enter(self, number, kind, action, **pub):
        draft = Draft(kind, inc=INC, subj=action.op, pub=pub)
        feed = self.machine(number)
        return self.scene.store.write(lambda tx: tx.append(feed, draft, roster=self.scene.ref))

    def sent_by(self, number, *, plan=None, pre=("same",), outcome="accepted", proposer=1, signers=(1,), **target):
        """A correction that this member's console decided and says it sent."""
        scene = self.scene
        plan = plan or quick_plan("k", FREE, LIMITED)
        made = scene.target(plan, dispatchers=(self.machine(number).feed,), **target)
        sha, action = scene.propose([made], gravity="normal", number=proposer)
        scene.approve(sha, action, *signers)
        feed = self.machine(number)
        decided = scene.store.write(lambda tx: authorise(tx, feed, sha))
        assert decided.outcome == "authorised"
        if number:  # that row stands in the table of that console
            scene.store.write(lambda tx: tx.connection.execute("DELETE FROM outbox"))
        step = {"doc": sha, "target": 0}
        for attempt, one in enumerate(pre, start=1):
            self.enter(number, "dispatch.intent", action, **step, attempt=attempt, requests="0" * 64, step="apply",
                       pre=one, verdict="approved")  # fmt: skip
        if outcome is not None:
            self.enter(number, "dispatch.accepted", action, **step, attempt=len(pre), outcome=outcome)
        self.estate.fields["k"] = dict(plan.wanted)
        return sha, action, plan

    def undo(self, sha, action, plan, *, at=0, signers=(1,)):
        back = replace(
            plan, requests=plan.revert, revert=plan.requests, wanted=plan.pre, pre=plan.wanted, direction="restore"
        )
        changes = {"listed": action.targets[0].listed, "selectors": action.targets[0].selectors}
        made = self.scene.target(back, dispatchers=(self.machine(at).feed,), **changes)
        undo = self.scene.propose([made], direction="restore", undoes=sha, number=1)
        self.scene.approve(*undo, *signers)
        return undo[0]

    def run(self, doc):
        """What member 0's console decides, and what it then sends."""
        plane = quick_plane(self.estate, self.scene.clock)
        plane = Plane(plane.instance, Reads(self.estate, self.fate), plane.secrets, self.scene.clock, world="drill")
        outbox = self.scene.outbox(plane)

        async def steps():
            decision = await outbox.authorise(doc)
            for row in await outbox.rows():
                if not row.final:
                    await outbox._step(row)
            return decision, await outbox.rows()

        return asyncio.run(steps())

    def facts(self, doc):
        scene = self.scene
        with scene.store.reader().snapshot() as connection:
            roster = scene.store.roster()
            return Moments(connection, roster, policy_of(roster)).now(doc, scene.clock.wall_ms())


@pytest.fixture
def place():
    made = Place()
    yield made
    made.scene.store.close()


def test_it_goes_where_the_console_of_somebody_else_compared_it_and_this_one_finds_the_same(place):
    sent = place.sent_by(2)
    undo = place.undo(*sent)
    decision, rows = place.run(undo)
    assert decision.outcome == "authorised"
    assert [(one.doc, one.state) for one in rows] == [(undo, "accepted")]
    assert place.estate.fields["k"] == {"rpm": "100"}
    facts = place.facts(undo)
    assert ground(facts, 0, place.machine(0).feed) == "another console compared it"
    assert ground(facts, 0, place.machine(2).feed) == "it was sent from here"
    assert senders(facts, 0) == (place.machine(2).feed,)


REFUSED = {
    "the signer's own console says so": {"number": 1},
    "the proposer's own console says so": {"number": 2, "proposer": 2},
    "it stood otherwise": {"number": 2, "pre": ("not-laxer",)},
    "it stood otherwise at a second attempt": {"number": 2, "pre": ("same", "not-laxer")},
    "it was so already": {"number": 2, "pre": (), "outcome": "already-so"},
    "somebody had done it before the second attempt": {"number": 2, "outcome": "already-so"},
    "it was never taken": {"number": 2, "outcome": None},
    "it is a list": {"number": 2, "listed": 1},
}


@pytest.mark.parametrize("how", REFUSED)
def test_otherwise_it_takes_two_and_says_so(place, how):
    sent = place.sent_by(**REFUSED[how])
    undo = place.undo(*sent)
    decision, rows = place.run(undo)
    assert (decision.outcome, rows) == ("waiting", [])
    assert needs.NOT_FROM_HERE in " ".join(decision.verdict.missing)
    assert place.estate.landed == []
    place.scene.approve(undo, place.scene.store.write(lambda tx: alone.Reading.of(tx).document(undo).document), 0)
    assert place.run(undo)[0].outcome == "authorised"  # the same bytes, by two


def test_a_console_that_is_nobodys_proves_nothing(place):
    facts = place.facts(place.undo(*place.sent_by(2)))
    (sent,) = facts.undone_sent
    assert is_others(sent, facts)
    assert not is_others(replace(sent, key="SHA256:another"), facts)
    roster = facts.roster
    unbound = tuple(replace(one, keys=tuple(replace(key, console=None) for key in one.keys)) for one in roster.persons)
    assert not is_others(sent, replace(facts, roster=replace(roster, persons=unbound)))


@pytest.mark.parametrize("lie", ["another request", "another value"])
def test_what_this_console_would_not_send_itself_goes_back_to_people(place, lie):
    """Whoever has the key of somebody's machine gains no request of their own by it."""
    plan = quick_plan("k", FREE, LIMITED)
    plan = replace(plan, revert=(LOOSER,)) if lie == "another request" else quick_plan("k", {"rpm": 9999}, LIMITED)
    undo = place.undo(*place.sent_by(2, plan=plan))
    decision, rows = place.run(undo)
    assert decision.outcome == "authorised"
    assert [one.state for one in rows] == ["attention"]
    assert "this console would plan it otherwise" in rows[0].detail
    assert place.estate.landed == []


def test_the_dispatcher_asks_by_itself_what_the_rule_asked(place, monkeypatch):
    """A rule that forgot it would still send nothing."""
    monkeypatch.setattr(needs, "may_alone", lambda _action, _facts: True)
    undo = place.undo(*place.sent_by(1))
    decision, rows = place.run(undo)
    assert decision.outcome == "authorised"
    assert [(one.state, one.detail) for one in rows] == [("attention", alone._NOT_ALONE)]
    assert place.estate.landed == []


def test_what_was_refused_and_then_done_by_hand_is_not_undone_by_one(place):
    """Else one person could take back what another one did at the provider: sign it first, and let it fail."""
    plan = quick_plan("k", FREE, LIMITED)
    sha, action = place.scene.propose([place.scene.target(plan)], gravity="normal", number=1)
    place.scene.approve(sha, action, 1)
    place.fate = lambda what, _options: "refused" if what == "write" else "ok"
    _, rows = place.run(sha)
    assert [one.state for one in rows] == ["failed"]
    assert place.scene.words() == ["authorised", "intent", "failed"]
    del place.fate
    place.estate.fields["k"] = dict(plan.wanted)  # by somebody, at the provider itself
    decision, _ = place.run(place.undo(sha, action, plan))
    assert decision.outcome == "waiting"
    assert place.estate.landed == []


def test_what_two_signed_goes_from_anywhere(place):
    undo = place.undo(*place.sent_by(1, signers=(0, 1)))
    place.run(undo)
    assert [one for one, _ in place.estate.landed] == ["k"]
