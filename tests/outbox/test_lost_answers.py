"""Calls whose answer got lost: how long they count as on their way, and what a fault of our own leaves behind."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace

import pytest

from console.outbox import gate
from console.outbox import store as table
from console.outbox.overlap import authorised, place_of, steps_of, under_way_at
from console.outbox.reconcile import recover
from console.outbox.steps import Pace, Steps
from console.outbox.stumbles import PATIENT
from tests.kit.plainadapter import PlainAdapter, plan_of
from tests.kit.quick import Estate, QuickScene, quick_plan, quick_plane
from tests.kit.scene import QUICK, plane_at, sent
from tests.outbox.test_bad_rows import first_row, without
from tests.outbox.test_engine import play, restore, run, states

PACE = Pace(settle_ms=1_000, late_ms=60_000, again_ms=())


# -- on its way still --------------------------------------------------------------------------------------------------


def test_what_two_would_be_made_of_is_sent_again_only_once_the_first_cannot_land_any_more():
    """By a lever whose writes carry a tag: looked for by its tag, and not there yet."""
    scene, estate = QuickScene(seed="tag").begin(), Estate()
    fates = ["lost"]

    def fate(what, _options):
        return fates.pop() if what == "write" and fates else "ok"

    sha, action = scene.propose([scene.target(quick_plan("k", {"rpm": 100}, {"rpm": 1}, "taggable"))])
    scene.approve(sha, action, 0, 1)
    outbox = scene.outbox(quick_plane(estate, scene.clock, fate), pace=PACE)

    async def story():
        await outbox.recover()
        await outbox.authorise(sha)
        seen = []
        for _ in range(3):
            row = await outbox._step(table.find(scene.store.connection, sha, 0))
            seen.append(row.state)
            scene.clock.advance(PACE.settle_ms)
        assert seen == ["unknown"] * 3
        left_ms = row.not_before_ms - scene.clock.wall_ms()
        assert PACE.late_ms - 10 * PACE.settle_ms < left_ms < PACE.late_ms
        assert estate.landed == []
        scene.clock.advance(left_ms)
        while row.state in ("unknown", "queued"):
            row = await outbox._step(row)
        assert (row.state, row.attempt, len(estate.landed)) == ("accepted", 2, 1)

    asyncio.run(story())
    scene.store.close()


@pytest.mark.parametrize("lands", [True, False])
def test_a_lost_call_stands_in_anothers_way_for_a_minute_unless_it_was_seen_to_land(tmp_path, lands):
    async def story(scene, estate):
        estate.lose, estate.ignore = (1, 0) if lands else (0, 1)
        _, action = scene.block("k", lever="once")
        assert states(await run(scene)) == (["enforced"] if lands else ["attention"])
        place = place_of(action, 0, plan_of("k", now=False, wanted=True, lever_name="once"))
        lost = next(one for one in scene.store.reader().feed(scene.feed.feed, 0, 999)
                    if one.entry.kind == "dispatch.unknown")  # fmt: skip

        def in_the_way(late_ms):
            with scene.store.reader().snapshot() as connection:
                return under_way_at(
                    lambda op, doc, target: steps_of(connection, op, doc, target), place, scene.feed.feed,
                    authorised(connection, lambda *_decision: True), but=("ab" * 32, 0), newer_ms=0, late_ms=late_ms,
                )  # fmt: skip

        at_ms = lost.entry.hlc[0]
        assert [in_the_way(late_ms) for late_ms in (None, at_ms - 1, at_ms)] == [False, not lands, False]

    play(tmp_path, story)


# -- after a start -----------------------------------------------------------------------------------------------------


def test_a_row_whose_document_is_not_here_waits_for_it(tmp_path):
    async def story(scene, estate):
        sha, _ = scene.block("k")
        await scene.outbox().authorise(sha)
        raw = scene.store.reader().document(sha)
        without(scene, sha)
        steps = Steps(scene.store, scene.feed, scene.clock, scene.entropy)
        odd = scene.store.write(lambda tx: recover(tx, steps))
        assert any("target 0" in one for one in odd)
        assert first_row(scene, sha).state == "queued"
        scene.store.write(lambda tx: tx.put_document(raw.raw, raw.strings))
        settled = await run(scene)
        assert (states(settled), sent(estate)) == (["enforced"], [("k", True)])

    play(tmp_path, story)


# -- faults of our own -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [sqlite3.OperationalError("database or disk is full"), ValueError("a fault of ours")])
def test_a_fault_of_our_own_at_one_row_is_told_tried_again_and_stops_no_other(tmp_path, monkeypatch, fault):
    prove, left = gate.prove, [1, 2]  # at the start, and at its first step

    async def story(scene, estate):
        far = "g-" + "7" * 26
        away = scene.target(plan_of("k2", now=False, wanted=True), instance=far)
        bad, action = scene.propose([away])
        scene.approve(bad, action, 0, 1)
        scene.block("k")
        outbox = scene.outbox(plane_at(scene.url), plane_at(scene.url, instance=far, probes=("k2",)))
        await outbox.authorise(bad)

        def faulty(tx, feed, row):
            if row.doc == bad and left and row.state == "queued":
                left.pop()
                raise fault
            return prove(tx, feed, row)

        monkeypatch.setattr(gate, "prove", faulty)
        going = asyncio.create_task(outbox.run("forever"))
        ends = scene.clock.boot_ms() + 40_000
        while {row.state for row in await outbox.rows()} != {"enforced"}:
            assert scene.clock.boot_ms() < ends
            await asyncio.sleep(0.02)
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)
        assert left == []
        assert sorted(name for name, _ in sent(estate)) == ["k", "k2"]
        assert any(str(fault) in one for one in outbox.odd)

    play(tmp_path, story)


def test_a_row_at_which_something_fails_for_ever_keeps_no_run_from_ending(tmp_path, monkeypatch):
    prove = gate.prove

    async def story(scene, estate):
        bad, _ = scene.block("k2")
        scene.block("k")
        await scene.outbox().authorise(bad)
        tries = []

        def faulty(tx, feed, row):
            if row.doc == bad and row.state == "queued":
                tries.append(row.key)
                raise ValueError("a fault of ours")
            return prove(tx, feed, row)

        monkeypatch.setattr(gate, "prove", faulty)
        settled = await scene.outbox(plane_at(scene.url)).run()
        assert sorted(states(settled)) == ["enforced", "queued"]
        assert len(tries) >= 1 + PATIENT
        assert any("a fault of ours" in one for one in settled.odd)
        assert settled.people == (
            f"{settled.rows[0].op} target 0 could not be taken further: ValueError: a fault of ours",
        )
        assert sent(estate) == [("k", True)]

    play(tmp_path, story)


# -- looked at again ---------------------------------------------------------------------------------------------------


def test_no_result_is_entered_of_what_was_lifted_while_it_was_read(tmp_path):
    async def story(scene, estate):
        sha, _ = scene.block("k")
        await run(scene)
        lift = []

        class Meanwhile(PlainAdapter):
            async def read_back(self, context, planned):
                seen = await super().read_back(context, planned)
                if not lift:
                    lift.append(restore(scene, undoes=sha))
                    assert (await scene.outbox().authorise(lift[0])).outcome == "authorised"
                return seen

        pace = replace(QUICK, watch_ms=0, again_ms=(0,))
        outbox = scene.outbox(plane_at(scene.url, Meanwhile), pace=pace)
        outbox._drift.begin([first_row(scene, sha)], outbox._planes)
        await asyncio.gather(*outbox._drift.tasks)
        assert lift
        assert scene.kinds("reading.") == []
        assert first_row(scene, sha).state == "enforced"

    play(tmp_path, story)
