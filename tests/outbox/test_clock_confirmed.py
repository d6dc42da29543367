"""Two people confirm the time of a clock that went back: the restore goes, and every auditor judges it again."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from console.domain.actions import document_json
from console.domain.clock_doubt import MAX_BACK_MS, WAITS
from console.domain.clock_form import CLOCK_LIVES_MS, Clock
from console.exports.check import check_bundle
from console.exports.evidence import Wrong
from console.journal.values import Draft
from console.keys import canon
from console.outbox.authorise import authorise
from console.outbox.papers import read_document
from console.outbox.rulings import WithoutPeople, by_ref, judge
from console.outbox.time import clock_words
from tests.exports.test_rulings import export, verdict_of_its_own_verifier
from tests.journal.world import ORG
from tests.kit.plainadapter import plan_of
from tests.kit.scene import Scene
from tests.outbox.test_clock_back import SetClock, clock_said
from tests.outbox.test_turn import Two

HOUR, MINUTE = 3_600_000, 60_000


def ask_for(scene, by=None, **changes):
    """A reading of this scene's clocks, proposed (at the console of `by`)."""
    shown = scene.store.write(lambda tx: tx.clocks)
    document = Clock(
        org=ORG, console=scene.members[scene.at if hasattr(scene, "at") else 0].console, feed=scene.feed.feed,
        boot=shown.boot_id, mono=shown.boot_ms, roster=scene.ref, created=shown.wall_ms,
        approve_by=shown.wall_ms + CLOCK_LIVES_MS,
    )  # fmt: skip
    raw = canon.encode(document_json(replace(document, **changes)))
    at = by or scene
    sha = at.store.write(lambda tx: tx.put_document(raw))
    at.say(0, Draft("document.proposed", pub={"doc": sha, "doc_type": "clock.v1"}))
    return sha


def sign(scene, sha, *numbers, decision="approve"):
    kind = "document.approved" if decision == "approve" else "document.refused"
    for number in numbers:
        scene.carry(number, kind, sha, *scene.record(number, sha, "clock.v1", None, decision))


# -- two consoles ------------------------------------------------------------------------------------------------------


@pytest.fixture
def two():
    made = Two()
    made.estate.fields["k"] = {"rpm": "100"}
    yield made
    made.close()


def set_back(two, ms=2 * HOUR):
    two.second.clock.set_wall(two.second.clock.wall_ms() - ms)


def was_ahead(two):
    """It ran two hours ahead, was seen to, and was set right: from then on it is in doubt."""
    set_back(two, -2 * HOUR)
    assert two.second.store.write(lambda tx: tx.clock_back_ms) == 0
    set_back(two)


def restore(two):
    sha, _ = two.propose(two.second, direction="restore", undo_within_s=None)
    two.meet()
    outbox = two.engine(two.second)
    outbox._lease.meet(two.second.clock.boot_ms())
    return sha, outbox


def decision(scene, sha):
    with scene.store.reader().snapshot() as connection:
        found = scene.store.reader().entries(kinds=("dispatch.authorised",))
        (stored,) = [one for one in found if one.entry.pub["doc"] == sha]
        return connection, by_ref(scene.store.write(lambda tx: tx.rosters())), read_document(connection, sha), stored


def test_a_restore_waits_is_confirmed_by_two_and_goes_and_the_other_console_judges_it_again(two):
    was_ahead(two)
    sha, outbox = restore(two)
    assert WAITS in two.decide(outbox, sha).verdict.missing
    asked = ask_for(two.second, by=two.first)
    sign(two.first, asked, 1)
    two.meet()
    assert WAITS in two.decide(outbox, sha).verdict.missing, "one person is not two"
    sign(two.first, asked, 2)
    two.meet()
    assert two.decide(outbox, sha).outcome == "authorised"
    assert [pub["clock"] for kind, pub in two.second.kinds() if kind == "authorised"] == ["doubtful"]
    assert "Two people confirmed" in two.second.store.write(clock_words)[1]
    assert two.step(two.second, outbox, sha).state == "accepted"
    two.meet()
    judge(*decision(two.first, sha))


@pytest.mark.parametrize("how", ["set back again", "set right and back", "an hour later", "refused"])
def test_between_deciding_and_sending_it_can_end(two, how):
    was_ahead(two)
    sha, outbox = restore(two)
    asked = ask_for(two.second, by=two.first)
    sign(two.first, asked, 1, 2)
    two.meet()
    assert two.decide(outbox, sha).outcome == "authorised"
    if how == "refused":
        sign(two.first, asked, 0, decision="refuse")
        two.meet()
    elif how == "an hour later":
        two.later(HOUR + 1)
    else:
        set_back(two, MAX_BACK_MS + 1 if how == "set back again" else 10 * MINUTE)
    row = two.step(two.second, outbox, sha)
    assert (row.state, WAITS in row.detail) == ("attention", True)


def test_a_reading_of_another_console_frees_nothing_here(two):
    was_ahead(two)
    sha, outbox = restore(two)
    sign(two.first, ask_for(two.first), 1, 2)
    sign(two.first, ask_for(two.second, by=two.first, feed=two.first.feed.feed), 1, 2)
    two.meet()
    assert WAITS in two.decide(outbox, sha).verdict.missing


# -- the bundle --------------------------------------------------------------------------------------------------------


@pytest.fixture
def scene(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.kit.scene.SystemClock", SetClock)
    made = Scene(tmp_path / "scene")
    yield made
    asyncio.run(made.aclose())


def lift(scene):
    target = scene.target(replace(plan_of("k", now=True, wanted=False), direction="restore"))
    sha, action = scene.propose([target], direction="restore", lives_ms=5 * HOUR)
    scene.approve(sha, action, 0, 1)
    return sha, action


def decide(scene, sha):
    return scene.store.write(lambda tx: authorise(tx, scene.feed, sha))


def test_the_bundle_tells_all_that_its_verifier_needs(scene, tmp_path):
    scene.clock.back = 2 * HOUR
    sha, _ = lift(scene)
    sign(scene, ask_for(scene), 1, 2)
    assert decide(scene, sha).outcome == "authorised"
    assert clock_said(scene) == ["doubtful"]
    export(scene, tmp_path / "b")
    check_bundle(tmp_path / "b", scene.genesis)
    done = verdict_of_its_own_verifier(tmp_path / "b")
    assert "had not its people" not in done.stdout
    assert done.returncode == 0


def test_an_auditor_finds_one_that_went_on_one_persons_word(scene, tmp_path):
    scene.clock.back = 2 * HOUR
    sha, action = lift(scene)
    sign(scene, ask_for(scene), 1)
    assert decide(scene, sha).outcome == "waiting"
    received = [one.id for one in scene.store.reader().entries(kinds=("approval.received",))]
    heads = sorted([feed, seq, ident] for feed, (seq, ident) in scene.store.reader().heads().items())
    pub = {
        "doc": sha, "records": received, "roster": list(scene.ref), "policy": scene.policy,
        "now": scene.clock.wall_ms(), "clock": "doubtful", "seen": heads, "verdict": "approved",
    }  # fmt: skip
    draft = Draft("dispatch.authorised", inc=action.inc, subj=action.op, pub=pub)
    scene.store.write(lambda tx: tx.append(scene.feed, draft, roster=scene.ref))
    with pytest.raises(WithoutPeople, match="The clock went back"):
        judge(*decision(scene, sha))
    export(scene, tmp_path / "b")
    with pytest.raises(Wrong, match="The clock went back: restores"):
        check_bundle(tmp_path / "b", scene.genesis)
    done = verdict_of_its_own_verifier(tmp_path / "b")
    assert (done.returncode, WAITS.rstrip(".") in done.stdout) == (1, True)
