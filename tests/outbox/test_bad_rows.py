"""Rows that lie and documents that are gone, at the worst moment: they stop no other, and nothing of theirs is sent."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace

import pytest

from console.journal.values import Draft
from console.outbox import store as table
from console.outbox.reconcile import recover
from console.outbox.steps import Overtaken, Steps
from console.outbox.watch import is_answered
from tests.journal.world import INC
from tests.kit.plainadapter import PlainAdapter, plan_of
from tests.kit.plainserver import PlainEstate
from tests.kit.scene import MANUAL, Scene, plane_at, sent
from tests.outbox.test_engine import play, restore, run, states
from tests.outbox.test_gate import forged, paper

FAR = "g-" + "7" * 26


def behind_its_back(scene, *statements):
    """As somebody with a database program would do it."""
    raw = sqlite3.connect(scene.store.paths.journal)
    try:
        with raw:
            for statement, *values in statements:
                raw.execute(statement, values)
    finally:
        raw.close()


def without(scene, sha):
    behind_its_back(
        scene, ("DROP TRIGGER document_stays",), ("DELETE FROM document WHERE sha256 = ?", sha)
    )  # fmt: skip


def written(scene, row, **changes):
    """A row that nobody decided."""
    scene.store.write(lambda tx: table.enqueue(tx.connection, replace(row, **changes)))


def first_row(scene, sha):
    return scene.store.write(lambda tx: table.load(tx.connection, sha))[0]


async def rounds(outbox, number=20):
    for _ in range(number):
        await outbox.run_once()
        await asyncio.sleep(0.01)
    await outbox._abandon()


def state(scene, sha):
    rows = scene.store.write(lambda tx: table.load(tx.connection, sha))
    return rows[0].state if rows else "none"


async def until(scene, outbox, told):
    """Rounds until it is so: however slow the machine, and not for ever."""
    ends = scene.clock.boot_ms() + 60_000
    while not told():
        assert scene.clock.boot_ms() < ends, outbox.odd
        await outbox.run_once()
        await asyncio.sleep(0.01)
    await outbox._abandon()


def steps_of(scene):
    return Steps(scene.store, scene.feed, scene.clock, scene.entropy)


# -- documents that are gone -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["gone", "no action"])
def test_a_document_that_is_gone_while_its_provider_is_away_stops_no_other(tmp_path, how):
    async def story(scene, estate):
        async with PlainEstate() as other:
            await other.stop()
            away = scene.target(plan_of("k", now=False, wanted=True), instance=FAR)
            lost, action = scene.propose([away])
            scene.approve(lost, action, 0, 1)
            planes = (plane_at(scene.url), plane_at(other.url, instance=FAR))
            assert states(await run(scene, *planes)) == ["queued"]
            outbox = scene.outbox(plane_at(scene.url), plane_at(other.url, instance=FAR))
            await outbox.recover()
            near, _ = scene.block("k")
            if how == "gone":
                without(scene, lost)
            else:
                trial = paper(scene, 0, type="rehearsal.v1", person=scene.members[0].person, role="approver")
                behind_its_back(scene, ("UPDATE outbox SET doc = ? WHERE doc = ?", trial, lost))
            about = (lost if how == "gone" else trial)[:16]
            await until(
                scene, outbox, lambda: state(scene, near) == "enforced"
                and any(one.startswith(about) for one in outbox.odd),
            )  # fmt: skip
            assert sent(estate) == [("k", True)]
            told = await outbox._told()
            assert any("was refused at the gate" in one for one in told.people)

    play(tmp_path, story)


def test_what_had_drifted_is_told_though_its_document_is_gone(tmp_path):
    async def story(scene, estate):
        sha, _ = scene.block("k")
        outbox = scene.outbox()
        await outbox.run(deadline_ms=scene.clock.boot_ms() + 40_000)
        row = first_row(scene, sha)
        await outbox._steps.tell(row, "dispatch.drifted", {}, state="drifted", detail="somebody undid it")
        lift = restore(scene, undoes=sha)
        await outbox.authorise(lift)
        drifted = first_row(scene, sha)
        assert scene.store.write(lambda tx: is_answered(tx, scene.feed, drifted))
        assert not scene.store.write(lambda tx: is_answered(tx, scene.feed, replace(drifted, target=7)))
        without(scene, sha)
        assert any("somebody undid it" in one for one in (await outbox._told()).people)

    play(tmp_path, story)


def test_a_decision_of_its_own_about_what_is_no_action_brings_no_row(tmp_path):
    scene = Scene(tmp_path)
    sha, action = scene.block("k", approve=())
    trial = paper(scene, 0, type="rehearsal.v1", person=scene.members[0].person, role="approver")
    forged(scene, trial, action, [])
    assert scene.store.write(lambda tx: recover(tx, steps_of(scene))) == []
    assert scene.store.write(lambda tx: table.load(tx.connection)) == []
    assert sha != trial
    asyncio.run(scene.aclose())


# -- rows that lie -----------------------------------------------------------------------------------------------------


def test_a_row_about_a_target_that_the_document_has_not_stops_no_other(tmp_path):
    async def story(scene, estate):
        sha, _ = scene.block("k")
        outbox = scene.outbox()
        await outbox.recover()
        await outbox.authorise(sha)
        written(scene, first_row(scene, sha), target=7)
        await until(
            scene, outbox, lambda: state(scene, sha) == "enforced"
            and any("no such target" in one for one in outbox.odd),
        )  # fmt: skip
        assert sent(estate) == [("k", True)]

    play(tmp_path, story)


def test_a_row_that_says_it_is_being_sent_is_never_sent(tmp_path):
    async def story(scene, estate):
        sha, _ = scene.block("k")
        outbox = scene.outbox()
        await outbox.recover()
        await outbox.authorise(sha)
        behind_its_back(scene, ("UPDATE outbox SET state = 'dispatching'",))
        await rounds(outbox)
        assert not estate.writes
        assert first_row(scene, sha).state == "dispatching"
        settled = await run(scene)  # a start sets it right by the chain
        assert (states(settled), sent(estate)) == (["enforced"], [("k", True)])
        assert "the row said dispatching" in settled.odd[0]

    play(tmp_path, story)


def test_a_row_of_a_provider_that_was_taken_away_stays_as_it_is(tmp_path):
    async def story(scene, estate):
        sha, _ = scene.block("k")
        outbox = scene.outbox()
        await outbox.authorise(sha)
        row = replace(first_row(scene, sha), instance=FAR)
        assert await outbox._step(row) == row
        assert not estate.writes

    play(tmp_path, story)


# -- another process of this profile -----------------------------------------------------------------------------------


def test_what_another_process_found_under_way_is_read_back_and_not_sent_twice(tmp_path):
    async def story(scene, estate):
        sha, _ = scene.block("k")

        class Meanwhile(PlainAdapter):
            async def apply(self, context, planned):
                receipt = await super().apply(context, planned)
                scene.store.write(lambda tx: recover(tx, steps_of(scene)))  # taken for one cut short
                return receipt

        settled = await run(scene, plane_at(scene.url, Meanwhile))
        assert states(settled) == ["enforced"]
        assert scene.words()[:4] == ["authorised", "intent", "unknown", "accepted"]
        assert sent(estate) == [("k", True)]
        assert first_row(scene, sha).attempt == 1

    play(tmp_path, story)


def test_no_step_is_written_over_a_row_that_moved_on_or_is_gone(tmp_path):
    async def story(scene, estate):
        sha, _ = scene.block("k")
        await scene.outbox().authorise(sha)
        row, steps = first_row(scene, sha), steps_of(scene)
        moved = await steps.end(row, "attention", "dispatch.attention", "a person looks at it")
        before = scene.words()
        with pytest.raises(Overtaken):
            await steps.save(row, tries=3)
        with pytest.raises(Overtaken):
            await steps.end(row, "failed", "dispatch.failed", "late")
        behind_its_back(scene, ("DELETE FROM outbox",))
        with pytest.raises(Overtaken):
            await steps.save(moved, tries=3)
        with pytest.raises(Overtaken):
            await steps.end(moved, "failed", "dispatch.failed", "late")
        assert scene.words() == before

    play(tmp_path, story)


# -- what people do by hand --------------------------------------------------------------------------------------------


def test_a_word_about_another_target_ends_no_waiting(tmp_path):
    async def story(scene, estate):
        plan = replace(plan_of("vendor", now=False, wanted=True, lever_name="manual.ask"), requests=(), revert=())
        sha, action = scene.propose([scene.target(plan, adapter="manual/1", instance=MANUAL)])
        scene.approve(sha, action, 0, 1)
        for about in ({"doc": sha, "target": 1}, {"doc": "ab" * 32, "target": 0}):
            pub = {"done_ms": scene.clock.wall_ms(), "direction": "contain", "category": "shutdown", "outcome": "done"}
            scene.say(1, Draft("correction.attested", inc=INC, subj=action.op, pub={**pub, **about}))
        settled = await run(scene)
        assert states(settled) == ["queued"]
        assert "waits for an attestation" in settled.people[0]

    play(tmp_path, story)
