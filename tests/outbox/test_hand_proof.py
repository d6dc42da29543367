"""What somebody says was done by hand: read, measured and looked at again, and never counted beside what is sent."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from adapters.contract import NotSent, Throttled
from adapters.hand import BACK, INSTRUCTION, PATCH
from console.journal.values import Draft
from console.outbox.overlap import authorised, in_force_at, place_of
from tests.journal.world import INC
from tests.kit.plainadapter import PlainAdapter, lever, plan_of
from tests.kit.scene import INSTANCE, QUICK, plane_at
from tests.outbox.test_engine import play, run, states

PACE = replace(QUICK, record_ms=0, recheck_ms=20, watch_ms=20, poll_ms=20)
TEXTS = {INSTRUCTION: "Block it.", PATCH: "+ blocked\n", BACK: "- blocked\n"}
WITHIN_S = 30.0


class ByText(PlainAdapter):
    """A person blocks by a text; nothing here does."""

    manifest = replace(
        PlainAdapter.manifest, levers=(*PlainAdapter.manifest.levers, replace(lever(), name="text", by_hand=True))
    )


class Throttling(ByText):
    asked = 0

    async def read_back(self, context, planned):
        type(self).asked += 1
        raise Throttled("wait", 60.0)


class Lost(ByText):
    async def read_back(self, context, planned):
        raise NotSent("no connection")


def asked(scene, lever_name="text", *, direction="contain", approve=(0, 1), **params):
    """A target that a person carries out, signed; its document and op."""
    wanted = direction == "contain"
    plan = plan_of("k", now=not wanted, wanted=wanted, lever_name=lever_name)
    plan = replace(plan, requests=(), revert=(), params={**TEXTS, **params})
    sha, action = scene.propose([scene.target(plan, adapter="manual/1")], direction=direction)
    scene.approve(sha, action, *approve)
    return sha, action


def done(scene, sha, action, outcome="done"):
    pub = {"doc": sha, "target": 0, "done_ms": scene.clock.wall_ms(), "direction": action.direction,
           "category": "user", "outcome": outcome}  # fmt: skip
    return scene.say(1, Draft("correction.attested", inc=INC, subj=action.op, pub=pub))


async def until(scene, adapter, *wanted, probes=("k",)):
    """Run until the rows are in these states; the last run."""
    ends = asyncio.get_running_loop().time() + WITHIN_S
    while True:
        settled = await run(scene, plane_at(scene.url, adapter, probes=probes), pace=PACE)
        if states(settled) == list(wanted) or asyncio.get_running_loop().time() > ends:
            assert states(settled) == list(wanted), settled.rows
            return settled
        await asyncio.sleep(0.02)


def test_a_word_is_read_measured_and_looked_at_again(tmp_path):
    async def story(scene, estate):
        sha, action = asked(scene)
        await until(scene, ByText, "queued")
        done(scene, sha, action)
        settled = await until(scene, ByText, "attention")
        assert "an independent read does not show it" in settled.rows[0].detail
        told = len(scene.kinds())
        await until(scene, ByText, "attention")
        assert len(scene.kinds()) == told, "it is said once"
        done(scene, sha, action)
        ends = asyncio.get_running_loop().time() + WITHIN_S
        while len(scene.kinds()) == told and asyncio.get_running_loop().time() < ends:
            await until(scene, ByText, "attention")
        assert len(scene.kinds()) == told + 1, "and again where somebody says so again"
        estate.blocked["k"] = True
        await until(scene, ByText, "enforced")
        assert scene.kinds()[-1][1]["evidence"] == "credential"
        estate.blocked["k"] = False
        await until(scene, ByText, "drifted")
        assert not estate.writes, "nothing is ever sent"

    play(tmp_path, story)


def test_where_nobody_can_try_it_stays_recorded_and_says_so(tmp_path):
    async def story(scene, estate):
        estate.blocked["k"] = True
        sha, action = asked(scene)
        await until(scene, ByText, "queued")
        done(scene, sha, action)
        await until(scene, ByText, "unmeasurable", probes=())

    play(tmp_path, story)


def test_a_lever_that_no_person_pulls_is_not_measured_by_a_word(tmp_path):
    async def story(scene, estate):
        estate.blocked["k"] = True
        sha, action = asked(scene, "block")
        await until(scene, ByText, "queued")
        done(scene, sha, action)
        await until(scene, ByText, "attested")
        await until(scene, ByText, "attested")

    play(tmp_path, story)


def test_a_fault_leaves_the_word_as_it_is_and_a_throttle_is_kept_to(tmp_path):
    async def story(scene, estate):
        sha, action = asked(scene)
        await until(scene, Lost, "queued")
        done(scene, sha, action)
        await until(scene, Lost, "attested")
        outbox = scene.outbox(plane_at(scene.url, Throttling), pace=PACE)
        for _ in range(40):
            await outbox.run_once()
            await asyncio.sleep(0.005)
        await outbox._abandon()
        assert Throttling.asked == 1

    play(tmp_path, story)


def test_giving_back_ends_with_what_was_read_and_what_was_declined_is_not_looked_for(tmp_path):
    async def story(scene, estate):
        sha, action = asked(scene, direction="restore")
        await until(scene, ByText, "queued")
        done(scene, sha, action)
        await until(scene, ByText, "recorded")

    play(tmp_path, story)

    async def declined(scene, estate):
        estate.blocked["k"] = True
        sha, action = asked(scene)
        await until(scene, ByText, "queued")
        done(scene, sha, action, "declined")
        await until(scene, ByText, "failed")
        await until(scene, ByText, "failed")

    play(tmp_path / "declined", declined)


def test_what_one_person_says_was_done_by_hand_is_no_baseline_of_what_is_sent(tmp_path):
    """Its way back was planned anew by nobody: a lift of what is sent must never give back by it."""

    async def story(scene, estate):
        bad, action = asked(scene, "block", approve=(0, 1))
        await until(scene, ByText, "queued")
        done(scene, bad, action)
        await until(scene, ByText, "attested")
        sha, real = scene.block("k")
        await until(scene, ByText, "attested", "enforced")
        with scene.store.reader().snapshot() as connection:
            known = authorised(connection, lambda *_decision: True)
            place = place_of(real, 0, plan_of("k", now=False, wanted=True))
            assert [one.doc for one in in_force_at(connection, place, known).claims] == [sha]
            plan = replace(plan_of("k", now=False, wanted=True), requests=(), revert=(), params=TEXTS)
            by_hand = place_of(action, 0, plan)
            assert (place.instance, by_hand.by_hand) == (INSTANCE, True)
            assert [one.doc for one in in_force_at(connection, by_hand, known).claims] == [bad]

    play(tmp_path, story)
