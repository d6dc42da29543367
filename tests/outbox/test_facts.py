"""What the rule is told: questions asked outside a decision get the answers that a decision would."""

from __future__ import annotations

import asyncio
import base64
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from console.domain.errors import Problem
from console.journal.values import Draft
from console.keys import canon
from console.outbox.authorise import authorise
from console.outbox.facts import (
    Moments,
    NoPolicy,
    UnprovenRecord,
    View,
    gather,
    policy_of,
    proposer_of,
    prove_record,
    proven_records,
    read_document,
    recent_normal,
    rehearsed,
)
from tests.journal.world import INC, ORG
from tests.kit.plainadapter import plan_of
from tests.kit.scene import Scene


def b64(raw):
    return base64.b64encode(raw).decode()


@pytest.fixture
def scene(tmp_path):
    made = Scene(tmp_path)
    yield made
    asyncio.run(made.aclose())


def ask(scene, question):
    with scene.store.reader().snapshot() as connection:
        return question(View(connection))


def test_who_proposed_and_who_has_rehearsed(scene):
    sha, _ = scene.block("k", number=1)
    assert ask(scene, lambda view: proposer_of(view, sha)) == scene.members[1].person
    assert ask(scene, lambda view: proposer_of(view, "ab" * 32)) is None
    everyone = frozenset(one.person for one in scene.members)
    assert ask(scene, lambda view: rehearsed(view, scene.store.roster())) == everyone


def test_a_provisional_record_names_no_policy(scene):
    with pytest.raises(NoPolicy):
        policy_of(scene.store.rosters()[0])


def test_the_facts_of_a_document_are_those_of_the_moment(scene):
    sha, action = scene.block("k")
    held = ask(scene, lambda view: read_document(view.connection, sha))
    facts = ask(scene, lambda view: gather(view, held, scene.store.roster(), scene.clock.wall_ms()))
    assert (facts.proposer, facts.cancelled, facts.recent_normal) == (scene.members[0].person, False, 0)
    assert facts.held == {scene.members[0].person: {"commander"}}
    assert action.op == held.document.op


def test_normal_actions_of_the_last_hour_are_counted_as_the_rule_counts_them(scene):
    said = []
    for selector in ("k1", "k2"):
        sha, _ = scene.block(selector, gravity="normal", approve=(0,))
        assert scene.store.write(lambda tx, sha=sha: authorise(tx, scene.feed, sha)).outcome == "authorised"
        said.append(sha)
    trial, _ = scene.block("k3", gravity="normal", approve=())
    high, _ = scene.block("k4")
    assert scene.store.write(lambda tx: authorise(tx, scene.feed, high)).outcome == "authorised"
    now = scene.clock.wall_ms()
    held = ask(scene, lambda view: read_document(view.connection, trial))
    counted = {
        (who, at): ask(scene, lambda view, who=who, at=at: recent_normal(view, held, who, at))
        for who in (scene.members[0].person, scene.members[1].person, None) for at in (now, now + 3_600_001)
    }  # fmt: skip
    assert [counted[who, now] for who in (scene.members[0].person, scene.members[1].person, None)] == [2, 2, 2]
    assert {found for (_, at), found in counted.items() if at > now} == {0}
    with scene.store.reader().snapshot() as connection:
        roster = scene.store.roster()
        moments = Moments(connection, roster, policy_of(roster))
        assert moments.now(trial, now).recent_normal == 2
        own = read_document(connection, said[0])
        assert recent_normal(View(connection), own, None, now) == 1  # itself is not counted


def test_what_was_decided_and_is_gone_or_is_no_action_is_counted_as_no_action(scene):
    said, now = [], scene.clock.wall_ms()
    for _ in range(3):
        sha, _ = scene.block("k", gravity="normal")
        said.append(sha)
        scene.store.write(lambda tx, sha=sha: authorise(tx, scene.feed, sha))
    own = ask(scene, lambda view: read_document(view.connection, said[0]))
    later = scene.clock.wall_ms() + 1
    assert ask(scene, lambda view: recent_normal(view, own, None, later)) == 2
    with closing(sqlite3.connect(scene.store.paths.journal)) as raw, raw:
        raw.execute("DROP TRIGGER document_stays")
        raw.execute("DELETE FROM document WHERE sha256 = ?", (said[1],))
    trial = canon.encode(
        {"type": "rehearsal.v1", "org": ORG, "person": scene.members[0].person, "role": "approver",
         "roster": list(scene.ref), "created": 1}
    )  # fmt: skip
    name = scene.store.write(lambda tx: tx.put_document(trial))
    pub = {"doc": name, "records": [], "roster": list(scene.ref), "policy": scene.policy, "now": now,
           "clock": "trusted", "seen": [], "verdict": "approved"}  # fmt: skip
    draft = Draft("dispatch.authorised", inc=INC, subj=own.document.op, pub=pub)
    scene.store.write(lambda tx: tx.append(scene.feed, draft, roster=scene.ref))
    assert ask(scene, lambda view: recent_normal(view, own, None, later)) == 1


def test_what_is_no_action_has_no_recent_ones(scene):
    raw = canon.encode(
        {"type": "rehearsal.v1", "org": ORG, "person": scene.members[0].person, "role": "approver",
         "roster": list(scene.ref), "created": 1}
    )  # fmt: skip
    sha = scene.store.write(lambda tx: tx.put_document(raw))
    held = ask(scene, lambda view: read_document(view.connection, sha))
    assert held.disclosed(0) == {}
    assert ask(scene, lambda view: recent_normal(view, held, None, 1)) == 0


def test_an_approval_that_cannot_be_read_or_is_by_nobody_counts_for_nothing(scene):
    sha, action = scene.block("k", approve=(0,))
    roster = scene.store.roster()
    raw, sig = scene.record(0, sha, "action.v1", action.op)
    good = {"doc": sha, "record": b64(raw), "sig": b64(sig)}
    assert prove_record(good, roster, 1).record.person == scene.members[0].person
    writer = scene.members[0].writer.public.fingerprint
    stranger, _ = scene.record(0, sha, "action.v1", action.op, key=writer)
    for change, error in (
        ({"record": "!"}, UnprovenRecord), ({"sig": None}, Problem), ({"doc": "ab" * 32}, UnprovenRecord),
        ({"record": b64(stranger)}, UnprovenRecord), ({"sig": b64(sig[:-1])}, Problem),
        ({"record": b64(b"{}")}, Problem),
    ):  # fmt: skip
        with pytest.raises(error):
            prove_record({**good, **change}, roster, 1)
    scene.say(1, Draft("correction.approved", inc=INC, subj=action.op, pub={**good, "record": "AAAA"}))
    carried = ask(scene, lambda view: view.entries(("correction.approved",), INC))
    assert len(carried) == 2
    assert len(proven_records(carried, roster)) == 1


def test_a_trial_that_no_entry_names_is_weighed_with_what_it_undoes(scene):
    sha, action = scene.block("k")
    undo, _ = scene.target(plan_of("k", now=True, wanted=False))
    trial = replace(action, direction="restore", undoes=sha, undo_within_s=None, targets=(undo,))
    raw = canon.encode(trial.as_json())
    name = scene.store.write(lambda tx: tx.put_document(raw))
    held = ask(scene, lambda view: read_document(view.connection, name))
    facts = ask(scene, lambda view: gather(view, held, scene.store.roster(), scene.clock.wall_ms()))
    assert (facts.undone_sha, facts.proposer) == (sha, None)
