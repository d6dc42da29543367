"""One person, with every key and device they can have: nothing they enter moves what two have to sign.

They propose, split, understate, sign with each key at each console, sign in others' names, change roles and severity,
refuse, extend, revise, and forge their own machine's decisions. Two true signatures move it: that is shown beside.
"""

from __future__ import annotations

import asyncio
import base64
from contextlib import suppress
from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from console.domain.errors import Problem
from console.domain.forms import PersonKey
from console.journal.values import Draft
from console.keys import canon
from console.keys.sshsig import approve_ns
from console.outbox import gate
from console.outbox import store as table
from console.outbox.authorise import authorise, new_row
from console.runtime.ids import new_nonce
from tests.journal.world import INC, ORG, Key
from tests.kit.quick import Estate, QuickScene, proven_once, quick_plan, quick_plane

SPARE = [Key(f"spare {number}") for number in range(2)]


class Alone(QuickScene):
    """The first member has three approver keys in the roster, and commands; the others are never heard."""

    def make_roster(self, revoked=(), created=2):
        person = self.members[0].as_person()
        more = tuple(
            PersonKey(key=key.public.line, use="approver", console=None, from_ms=0, to_ms=None) for key in SPARE
        )
        rich = replace(person, keys=(*person.keys, *more))
        self.members[0].as_person = lambda alone=False, rich=rich, poor=person: poor if alone else rich
        return super().make_roster(revoked, created)


class Hand:
    """What one person can do, step by step; `docs` are the actions they proposed."""

    def __init__(self):
        self.scene, self.docs, self.normal = Alone().begin(), [], 0
        self.estate = Estate()

    def propose(self, dice):
        count, gravity = dice.choice([(1, "high"), (2, "normal"), (2, "high"), (3, "critical")])
        names = [f"k{dice.randrange(4)}{at}" for at in range(count)]
        plans = [quick_plan(name, {"rpm": 100}, {"rpm": 10}) for name in names]
        earlier = dice.choice([None, *self.docs]) if self.docs else None
        more = {} if earlier is None else {"op": earlier[1].op, "rev": earlier[1].rev + 1, "supersedes": earlier[0]}
        # one canary beside one selector is one person's to correct (decision 0031); two of them are not
        canaries = dice.random() < 0.3 and count != 2
        targets = [self.scene.target(plan, canary=canaries and at > 0) for at, plan in enumerate(plans)]
        self.docs.append(self.scene.propose(targets, gravity=gravity, severity=dice.randint(1, 4), **more))

    def sign(self, dice, decision="approve"):
        if not self.docs:
            return
        sha, action = dice.choice(self.docs)
        member, scene = self.scene.members[0], self.scene
        key = dice.choice([member.approver, member.writer, member.device, *SPARE])
        as_whom = dice.choice(scene.members)
        claimed = dice.choice([key, as_whom.approver])
        raw, _ = scene.record(
            0, sha, "action.v1", action.op, decision, person=as_whom.person, key=claimed.public.fingerprint,
            console=dice.choice(scene.members).console, seat=dice.choice(["own", "shared"]),
            nonce=new_nonce(scene.entropy),
        )  # fmt: skip
        kind = "correction.approved" if decision == "approve" else "correction.refused"
        scene.carry(0, kind, sha, raw, key.sign(approve_ns(ORG), raw), INC, action.op)

    def refuse(self, dice):
        self.sign(dice, "refuse")

    def copy_a_signature(self, dice):
        """A true record of theirs, under the name of another document or twice."""
        mine = [one for one in self.scene.store.reader().entries() if one.entry.kind == "correction.approved"]
        if mine and self.docs:
            sha, action = dice.choice(self.docs)
            pub = {**dice.choice(mine).entry.pub, "doc": sha}
            self.scene.say(0, Draft("correction.approved", inc=INC, subj=action.op, pub=pub))

    def change_roles(self, dice):
        person = dice.choice(self.scene.members).person
        kind = dice.choice(["role.assigned", "role.released"])
        self.scene.say(0, Draft(kind, inc=INC, pub={"person": person, "role": dice.choice(["deputy", "scribe"])}))

    def change_severity(self, dice):
        self.scene.say(0, Draft("severity.changed", inc=INC, pub={"severity": dice.randint(1, 4)}))

    def extend(self, dice):
        if self.docs:
            sha, action = dice.choice(self.docs)
            made = {
                "type": "extension.v1", "org": ORG, "doc": sha, "op": action.op, "roster": list(self.scene.ref),
                "execute_by": action.execute_by + 1, "created": self.scene.clock.wall_ms(),
            }  # fmt: skip
            raw = canon.encode(made)
            more = self.scene.store.write(lambda tx: tx.put_document(raw))
            self.scene.say(0, Draft("document.proposed", pub={"doc": more, "doc_type": "extension.v1"}))
            record = self.scene.record(0, more, "extension.v1", action.op)
            self.scene.carry(0, "document.approved", more, *record)

    def forge_a_decision(self, dice):
        """Their machine's key signs that it was decided, and the row is put beside it."""
        if not self.docs:
            return
        sha, action = dice.choice(self.docs)
        scene = self.scene
        raw, _ = scene.record(1, sha, "action.v1", action.op)
        wrong = scene.members[0].approver.sign(approve_ns(ORG), raw)
        pub = {
            "doc": sha, "record": base64.b64encode(raw).decode(), "sig": base64.b64encode(wrong).decode(),
            "carried_by": None,
        }  # fmt: skip
        received = Draft("approval.received", inc=INC, subj=action.op, pub=pub)
        taken = [scene.store.write(lambda tx: tx.append(scene.feed, received, roster=scene.ref)).id]
        taken += [
            one.id for one in scene.store.reader().feed(scene.feed.feed)
            if one.entry.kind == "approval.received" and one.entry.pub["doc"] == sha
        ][: dice.randint(0, 2)]  # fmt: skip
        heads = [[feed, seq, ident] for feed, (seq, ident) in sorted(scene.store.reader().heads().items())]
        told = {
            "doc": sha, "records": taken, "roster": list(scene.ref), "policy": scene.policy, "clock": "trusted",
            "now": scene.clock.wall_ms(), "seen": heads, "verdict": "approved",
        }  # fmt: skip
        decision = Draft("dispatch.authorised", inc=INC, subj=action.op, pub=told)

        def write(tx):
            tx.append(scene.feed, decision, roster=scene.ref)
            if table.find(tx.connection, sha, 0) is None:
                table.enqueue(tx.connection, new_row(action, sha, 0, tx.now_ms))

        scene.store.write(write)

    def wait(self, dice):
        self.scene.clock.advance(dice.choice([1_000, 60_000, 1_800_000]))

    def dispatch(self):
        """The engine, as honest as it is, over everything that is there."""
        outbox = self.scene.outbox(quick_plane(self.estate, self.scene.clock))
        loop = asyncio.new_event_loop()
        try:
            for sha, _ in self.docs:
                loop.run_until_complete(outbox.authorise(sha))
            for row in loop.run_until_complete(outbox.rows()):
                with suppress(Problem):
                    loop.run_until_complete(outbox._step(row))
        finally:
            loop.close()
        return self.estate.landed


STEPS = (
    "propose", "sign", "sign", "refuse", "copy_a_signature", "change_roles", "change_severity", "extend",
    "forge_a_decision", "wait",
)  # fmt: skip


@given(st.lists(st.sampled_from(STEPS), min_size=3, max_size=12), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_one_person_enters_moves_what_two_have_to_sign(steps, dice):
    hand = Hand()
    try:
        with proven_once():
            for step in ("propose", *steps):
                getattr(hand, step)(dice)
            assert hand.dispatch() == []
            for sha, _ in hand.docs:
                row = table.find(hand.scene.store.connection, sha, 0)
                if row is None or row.final:
                    continue
                with pytest.raises(Problem):
                    hand.scene.store.write(lambda tx, row=row: gate.prove(tx, hand.scene.feed, row))
    finally:
        hand.scene.store.close()


def test_two_persons_move_it():
    hand = Hand()
    sha, action = hand.scene.propose([hand.scene.target(quick_plan("k", {"rpm": 100}, {"rpm": 10}))])
    hand.docs.append((sha, action))
    hand.scene.approve(sha, action, 0)
    with proven_once():
        assert hand.scene.store.write(lambda tx: authorise(tx, hand.scene.feed, sha)).outcome == "waiting"
        hand.scene.approve(sha, action, 1)
        assert len(hand.dispatch()) == 1
    hand.scene.store.close()
