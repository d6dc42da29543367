"""What is read once in a transaction: never less than asking anew would show, and never carried into another one."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace

import pytest

from console.domain.errors import Problem
from console.domain.forms import RevokedKey
from console.journal.faults import Damaged
from console.journal.values import Draft
from console.keys.sshsig import roster_ns
from console.outbox import gate
from console.outbox import reading as readings
from console.outbox import store as table
from console.outbox.authorise import authorise
from console.outbox.overlap import authorised, steps_of
from console.outbox.reading import Reading
from console.outbox.steps import Steps
from tests.journal.world import INC, ORG
from tests.kit.quick import Estate, QuickScene, quick_plan, quick_plane


@pytest.fixture
def scene():
    made = QuickScene().begin()
    yield made
    made.store.close()


def proposed(scene, *selectors):
    targets = [scene.target(quick_plan(one, {"rpm": 100}, {"rpm": 10})) for one in selectors]
    sha, action = scene.propose(targets)
    scene.approve(sha, action, 0, 1)
    return sha, action


def decided(scene, *selectors):
    sha, action = proposed(scene, *selectors)
    scene.store.write(lambda tx: authorise(tx, scene.feed, sha))
    return sha, action, scene.store.write(lambda tx: table.load(tx.connection, sha))


def ask(scene, tx, row):
    return gate.recheck(tx, gate.prove(tx, scene.feed, row), row, tx.now_ms)


def counted(monkeypatch, module, name):
    calls, made = [], getattr(module, name)
    monkeypatch.setattr(module, name, lambda *given, **how: (calls.append(given), made(*given, **how))[1])
    return calls


def test_the_rule_is_asked_once_for_all_targets_in_one_transaction_and_anew_in_the_next(scene, monkeypatch):
    _, _, rows = decided(scene, "a", "b", "c")
    asked, read = counted(monkeypatch, gate, "quorum"), counted(monkeypatch, readings, "read_document")
    assert scene.store.write(lambda tx: [ask(scene, tx, row) for row in rows]) == [None] * 3
    assert (len(asked), len(read)) == (1, 1)
    assert scene.store.write(lambda tx: ask(scene, tx, rows[0])) is None
    assert (len(asked), len(read)) == (2, 2)


def cancel(scene, tx, sha, action):
    draft = Draft("correction.cancelled", inc=INC, subj=action.op, pub={"doc": sha})
    tx.append(scene.people[0], draft, roster=scene.ref)


def refuse(scene, tx, sha, action):
    raw, sig = scene.record(2, sha, "action.v1", action.op, "refuse")
    pub = {"doc": sha, "record": base64.b64encode(raw).decode(), "sig": base64.b64encode(sig).decode()}
    tx.append(scene.people[2], Draft("correction.refused", inc=INC, subj=action.op, pub=pub), roster=scene.ref)


def revoke(scene, tx, _sha, _action):
    key = scene.members[1].approver.public.fingerprint
    raw, _ = scene.make_roster((RevokedKey(key=key, good=()),))
    admins = (scene.members[0].approver, scene.members[2].approver)
    tx.put_roster(raw, {one.public.fingerprint: one.sign(roster_ns(ORG), raw) for one in admins})


@pytest.mark.parametrize(
    ("change", "ends"),
    [(cancel, "cancelled"), (refuse, "cancelled"), (revoke, "attention")],
    ids=["cancelled", "refused", "a key revoked"],
)
def test_whatever_is_written_in_the_transaction_counts_at_once(scene, change, ends):
    sha, action, rows = decided(scene, "a", "b")

    def work(tx):
        before = ask(scene, tx, rows[0])
        change(scene, tx, sha, action)
        return before, ask(scene, tx, rows[1])

    before, after = scene.store.write(work)
    assert before is None
    assert after.state == ends


def test_a_redaction_in_the_transaction_is_seen_at_once(scene):
    sha, action, rows = decided(scene, "a")

    def work(tx):
        gate.prove(tx, scene.feed, rows[0])
        tx.bury([(sha, action.targets[0].sd)], "ab" * 32)
        gate.prove(tx, scene.feed, rows[0])

    with pytest.raises(Problem, match="not here yet"):
        scene.store.write(work)


def test_a_step_is_seen_at_once_and_costs_no_other_reading(scene, monkeypatch):
    sha, _, rows = decided(scene, "a", "b")
    steps = Steps(scene.store, scene.feed, scene.clock, scene.entropy)
    asked = counted(monkeypatch, gate, "quorum")

    def work(tx):
        for row in rows:
            assert ask(scene, tx, row) is None
            told = steps.tell_in(tx, row, "dispatch.intent", {"attempt": 1, "requests": "ab" * 32, "step": "apply",
                                 "pre": "same", "verdict": "approved"}, state="dispatching", attempt=1)  # fmt: skip
            assert gate.told(tx, scene.feed, row) == replace(row, state="dispatching", attempt=1)
            assert told.state == "dispatching"
        reading = Reading.of(tx)
        same = [
            [one.id for one in reading.steps_of(row.op, sha, row.target)]
            == [one.id for one in steps_of(tx.connection, row.op, sha, row.target)]
            for row in rows
        ]
        return same, [one.held.sha for one in reading.authorised()] == [
            one.held.sha for one in authorised(tx.connection, lambda *_decision: True)
        ]

    assert scene.store.write(work) == ([True, True], True)
    assert len(asked) == 1


def test_what_was_undone_is_not_remembered(scene):
    _, _, (row,) = decided(scene, "a")
    steps = Steps(scene.store, scene.feed, scene.clock, scene.entropy)

    def lost(tx):
        steps.tell_in(tx, row, "dispatch.failed", {"attempt": 0}, state="failed")
        assert gate.told(tx, scene.feed, row).state == "failed"
        raise ValueError("undone")

    def work(tx):
        assert gate.told(tx, scene.feed, row).state == "queued"
        with pytest.raises(ValueError, match="undone"):
            tx.apart(lambda: lost(tx))
        return gate.told(tx, scene.feed, row).state

    assert scene.store.write(work) == "queued"


def test_a_step_that_is_no_entry_any_more_stops_it(scene):
    _, _, (row,) = decided(scene, "a")
    connection = scene.store.connection
    connection.execute("DROP TRIGGER entry_stays_as_written")
    steps = Steps(scene.store, scene.feed, scene.clock, scene.entropy)
    scene.store.write(lambda tx: steps.tell_in(tx, row, "dispatch.failed", {"attempt": 0}, state="failed"))
    connection.execute("UPDATE entry SET raw = CAST('{' AS BLOB) WHERE kind = 'dispatch.failed'")
    with pytest.raises(Damaged):
        scene.store.write(lambda tx: gate.told(tx, scene.feed, row))


def test_targets_that_go_together_ask_the_rule_together(scene, monkeypatch):
    sha, _ = proposed(scene, *(f"k{number}" for number in range(12)))
    estate = Estate()
    outbox = scene.outbox(quick_plane(estate, scene.clock))
    asked = counted(monkeypatch, gate, "quorum")

    async def story():
        await outbox.recover()
        await outbox.authorise(sha)
        for _ in range(3):
            await outbox.run_once()
            await outbox._quiet()

    asyncio.run(story())
    assert len(estate.landed) == 12
    assert {row.state for row in scene.store.write(lambda tx: table.load(tx.connection))} == {"unmeasurable"}
    # before the reads, and again with the intents: a rule asked for each target alone would be asked 24 times
    assert len(asked) <= 4


def test_a_cancel_between_the_reads_and_the_intents_stops_every_target(scene):
    sha, action = proposed(scene, *(f"k{number}" for number in range(5)))
    estate = Estate()
    cancelled = []

    def fate(what, options):
        if what == "read" and not cancelled:
            cancelled.append(True)
            scene.store.write(lambda tx: cancel(scene, tx, sha, action))
        return options[0]

    outbox = scene.outbox(quick_plane(estate, scene.clock, fate))

    async def story():
        await outbox.recover()
        await outbox.authorise(sha)
        await outbox.run_once()
        await outbox._quiet()

    asyncio.run(story())
    assert estate.landed == []
    assert {row.state for row in scene.store.write(lambda tx: table.load(tx.connection))} == {"cancelled"}
