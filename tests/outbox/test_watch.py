"""What is in force is looked at again, from the record; what somebody undid is said once and never sent again."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace

import pytest

from adapters.contract import NotSent, Refused
from console.outbox.authorise import authorise
from console.outbox.reading import Reading
from console.outbox.watch import in_force
from console.runtime.clock import SystemClock
from tests.kit.plainadapter import PlainAdapter, plan_of
from tests.kit.plainserver import PlainEstate
from tests.kit.scene import INSTANCE, QUICK, plane_at, sent
from tests.outbox.test_engine import play, restore, run, states, turns

WATCH = replace(QUICK, watch_ms=30, again_ms=(40, 120))
MINUTES, HOUR = 120_000, 3_600_000


class Ahead(SystemClock):
    """As if the engine were started some time later."""

    def __init__(self, ahead_ms):
        self.ahead_ms = ahead_ms

    def wall_ms(self):
        return super().wall_ms() + self.ahead_ms


async def later(scene, *planes, after_ms=MINUTES):
    now, scene.clock = scene.clock, Ahead(after_ms)
    try:
        return await run(scene, *planes)
    finally:
        scene.clock = now


async def until(outbox, condition, seconds=60):
    """Run an engine for ever until the condition holds; whether it did."""
    going = asyncio.create_task(outbox.run("forever"))
    try:
        async with asyncio.timeout(seconds):
            while not await condition():  # noqa: ASYNC110  there is no event to wait for: it is the database that changes
                await asyncio.sleep(0.01)
    except TimeoutError:
        return False
    finally:
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)
    return True


def readings(scene):
    return [(pub["what"], pub["verdict"], pub["count"]) for _, pub in scene.kinds("reading.")]


def test_two_results_are_entered_and_then_only_what_changes(tmp_path):
    async def story(scene, estate):
        scene.block("k")
        await run(scene, pace=WATCH)
        outbox = scene.outbox(pace=WATCH)
        reads = estate.calls["GET /get/k"]

        async def twice_and_more():
            return len(readings(scene)) >= 4 and estate.calls["GET /get/k"] > reads + 8

        assert await until(outbox, twice_and_more)
        assert readings(scene) == [("read-back", "in-effect", 1), ("probe", "refused", 5)] * 2
        written = scene.store.reader().feed(scene.feed.feed, 0, 999)
        enforced = next(one for one in written if one.entry.kind == "dispatch.enforced")
        told = [one for one in written if one.entry.kind == "reading.observed"]
        assert all(one.entry.pub["of"] == [enforced.id] for one in told)
        assert all(one.entry.subj == enforced.entry.subj for one in told)
        assert told[0].disclosed["selector"] == "k"
        assert told[0].entry.hlc[0] - enforced.entry.hlc[0] >= WATCH.again_ms[0]
        assert len(estate.writes) == 1

    play(tmp_path, story)


def test_what_was_undone_is_said_once_and_not_sent_again(tmp_path):
    async def story(scene, estate):
        scene.block("k")
        await run(scene)
        estate.blocked["k"] = False
        settled = await later(scene)
        assert states(settled) == ["drifted"]
        assert "undid it. Its provider does not tell who did it." in settled.people[0]
        assert not settled.done
        assert scene.words()[-1] == "drifted"
        assert states(await later(scene)) == ["drifted"]
        assert scene.words().count("drifted") == 1
        assert sent(estate) == [("k", True)]

    play(tmp_path, story)


def test_one_old_answer_is_no_drift(tmp_path):
    class Old(PlainAdapter):
        old = 1

        async def read_back(self, context, planned):
            seen = await super().read_back(context, planned)
            if not Old.old:
                return seen
            Old.old -= 1
            return replace(seen, verdict="not-in-effect", fields={"blocked": "false"})

    async def story(scene, estate):
        scene.block("k")
        await run(scene)
        assert states(await later(scene, plane_at(scene.url, Old))) == ["enforced"]
        assert not Old.old

    play(tmp_path, story)


def test_what_nobody_can_measure_is_watched_all_the_same(tmp_path):
    async def story(scene, estate):
        scene.block("k", lever="quiet")
        assert states(await run(scene)) == ["unmeasurable"]
        assert states(await later(scene, after_ms=HOUR)) == ["unmeasurable"]
        assert readings(scene) == [("read-back", "in-effect", 1)]
        estate.blocked["k"] = False
        assert states(await later(scene)) == ["drifted"]

    play(tmp_path, story)


def test_a_pass_at_a_later_look_takes_enforced_back_and_it_is_measured_anew(tmp_path):
    async def story(scene, estate):
        scene.block("k")
        await run(scene)
        estate.passes = 3
        assert states(await later(scene, after_ms=HOUR)) == ["enforced"]
        after = scene.words()[scene.words().index("enforced") + 1 :]
        assert after[:2] == ["passed", "enforced"]
        assert len(estate.writes) == 1
        await later(scene, after_ms=3 * MINUTES)  # five minutes are counted anew from what was found anew
        assert len(readings(scene)) == 3

    play(tmp_path, story)


@pytest.mark.parametrize("named", [True, False])
def test_a_lift_ends_the_watch_whether_or_not_it_names_what_it_gives_back(tmp_path, named):
    async def story(scene, estate):
        sha, _ = scene.block("k")
        await run(scene)
        restore(scene, undoes=sha if named else None)
        settled = await later(scene)
        assert states(settled) == ["enforced", "recorded"]
        reads = estate.calls["GET /get/k"]
        assert states(await later(scene)) == ["enforced", "recorded"]
        assert estate.calls["GET /get/k"] == reads
        assert "drifted" not in scene.words()

    play(tmp_path, story)


def test_an_undo_ends_the_watch(tmp_path):
    async def story(scene, estate):
        sha, _ = scene.block("k")
        await run(scene)
        undo, action = scene.propose(
            [scene.target(plan_of("k", now=True, wanted=False))], direction="restore", undoes=sha, undo_within_s=None
        )
        scene.approve(undo, action, 1)
        assert states(await later(scene)) == ["enforced", "recorded"]
        assert states(await later(scene)) == ["enforced", "recorded"]
        assert "drifted" not in scene.words()

    play(tmp_path, story)


def test_a_lift_that_came_to_nothing_ends_nothing(tmp_path):
    async def story(scene, estate):
        sha, _ = scene.block("k")
        await run(scene)
        estate.fail_writes = [400]
        restore(scene, undoes=sha)
        assert states(await run(scene)) == ["enforced", "failed"]
        estate.blocked["k"] = False
        assert states(await later(scene)) == ["drifted", "failed"]

    play(tmp_path, story)


def test_a_later_revision_takes_the_watch_over(tmp_path):
    async def story(scene, estate):
        sha, action = scene.block("k")
        await run(scene)
        estate.blocked["k"] = False
        again, second = scene.propose(
            [scene.target(plan_of("k", now=False, wanted=True))], op=action.op, rev=2, supersedes=sha
        )
        scene.approve(again, second, 0, 1)
        settled = await run(scene)
        assert states(settled) == ["enforced", "enforced"]
        estate.blocked["k"] = False
        settled = await later(scene)
        assert states(settled) == ["enforced", "drifted"]  # the first stands as it ended; the second is in force

    play(tmp_path, story)


def test_a_new_action_answers_what_had_drifted(tmp_path):
    async def story(scene, estate):
        scene.block("k")
        await run(scene)
        estate.blocked["k"] = False
        assert (await later(scene)).people
        scene.block("k")
        settled = await run(scene)
        assert states(settled) == ["drifted", "enforced"]
        assert settled.done

    play(tmp_path, story)


def test_a_stricter_value_is_no_drift(tmp_path):
    class Stricter(PlainAdapter):
        value = "5"

        async def read_back(self, context, planned):
            seen = await super().read_back(context, planned)
            return replace(seen, verdict="not-in-effect", fields={"blocked": self.value})

    class Laxer(Stricter):
        value = "11"

    async def story(scene, estate):
        plan = replace(plan_of("k", now=False, wanted=True, lever_name="quiet"), wanted={"blocked": "10"})
        estate.blocked["k"] = True

        class Limit(PlainAdapter):
            async def read_back(self, context, planned):
                return replace(await super().read_back(context, planned), verdict="in-effect")

        sha, action = scene.propose([scene.target(plan)])
        scene.approve(sha, action, 0, 1)
        assert states(await run(scene, plane_at(scene.url, Limit))) == ["unmeasurable"]
        assert states(await later(scene, plane_at(scene.url, Stricter), after_ms=HOUR)) == ["unmeasurable"]
        assert readings(scene) == [("read-back", "in-effect", 1)]
        assert states(await later(scene, plane_at(scene.url, Laxer), after_ms=HOUR)) == ["drifted"]

    play(tmp_path, story)


def test_what_cannot_be_read_is_no_drift_and_holds_no_other_provider(tmp_path):
    async def story(scene, estate):
        async with PlainEstate() as other:
            far = "g-" + "7" * 26
            port = other.port
            near = scene.target(plan_of("k", now=False, wanted=True))
            away = scene.target(plan_of("k", now=False, wanted=True), instance=far)
            sha, action = scene.propose([near, away])
            scene.approve(sha, action, 0, 1)
            planes = (plane_at(scene.url), plane_at(other.url, instance=far))
            assert states(await run(scene, *planes)) == ["enforced", "enforced"]
            await other.stop()
            estate.blocked["k"] = False
            planes = (plane_at(scene.url), plane_at(f"http://127.0.0.1:{port}", instance=far))
            settled = await later(scene, *planes)
            assert states(settled) == ["drifted", "enforced"]

    play(tmp_path, story)


@pytest.mark.parametrize("status", [429, 404])
def test_a_refused_or_throttled_look_learns_nothing(tmp_path, status):
    class Fussy(PlainAdapter):
        async def read_back(self, context, planned):
            reply = await context.call("GET", "/get/x", effect="read")
            raise Refused("no such key", reply.status)

    async def story(scene, estate):
        scene.block("k")
        await run(scene)
        estate.status = status
        estate.extra_headers = {"retry-after": "7"}
        asked = sum(estate.calls.values())
        assert states(await later(scene, plane_at(scene.url, Fussy))) == ["enforced"]
        assert sum(estate.calls.values()) > asked
        assert scene.words()[-1] == "enforced"

    play(tmp_path, story)


def test_no_row_is_watched_for_which_no_decision_stands(tmp_path):
    async def story(scene, estate):
        sha, _ = scene.block("k")
        await run(scene)
        outbox = scene.outbox(pace=WATCH)
        await outbox.recover()
        with sqlite3.connect(scene.store.paths.journal) as raw:
            raw.execute("UPDATE outbox SET inc = 'i-' || substr(inc, 3, 25) || '0' WHERE doc = ?", (sha,))
        raw.close()
        await turns(outbox, until_odd="not authorised")
        row = replace((await outbox.rows())[0], inc=scene.store.reader().incidents()[0])
        assert (
            await outbox._steps.write(lambda tx: in_force(tx, outbox._steps, row, Reading.of(tx).authorised()))
            is not None
        )
        not_so = replace(row, attempt=9)
        assert (
            await outbox._steps.write(lambda tx: in_force(tx, outbox._steps, not_so, Reading.of(tx).authorised()))
            is None
        )

    play(tmp_path, story)


def test_the_watch_is_not_due_before_its_time_and_is_where_the_clock_went_back(tmp_path):
    async def story(scene, estate):
        scene.block("k")
        await run(scene)
        reads = estate.calls["GET /get/k"]
        await run(scene)
        assert estate.calls["GET /get/k"] == reads
        with sqlite3.connect(scene.store.paths.journal) as raw:
            raw.execute("UPDATE outbox SET since_ms = since_ms + 7200000")
        raw.close()
        await run(scene)
        assert estate.calls["GET /get/k"] > reads

    play(tmp_path, story)


def test_every_row_of_a_provider_has_its_turn(tmp_path):
    async def story(scene, estate):
        scene.block("k", "k2", "k3", lever="quiet")
        await run(scene)
        for selector in ("k", "k2", "k3"):
            estate.blocked[selector] = False
        settled = await later(scene, plane_at(scene.url, probes=()))
        assert states(settled) == ["drifted"] * 3
        assert settled.rows[0].instance == INSTANCE

    play(tmp_path, story)


def test_a_provider_that_does_not_answer_is_asked_once_and_left_alone(tmp_path):
    class Away(PlainAdapter):
        asked = 0

        async def read_back(self, context, planned):
            Away.asked += 1
            raise NotSent("no connection")

    async def story(scene, estate):
        scene.block("k", "k2", "k3", lever="quiet")
        await run(scene)
        assert states(await later(scene, plane_at(scene.url, Away))) == ["unmeasurable"] * 3
        assert Away.asked == 1

    play(tmp_path, story)


def test_a_lift_decided_while_it_is_read_is_no_drift(tmp_path):
    async def story(scene, estate):
        sha, _ = scene.block("k")
        await run(scene)
        estate.blocked["k"] = False
        lift = []

        class Meanwhile(PlainAdapter):
            async def read_back(self, context, planned):
                seen = await super().read_back(context, planned)
                if not lift:
                    lift.append(restore(scene, undoes=sha))
                    scene.store.write(lambda tx: authorise(tx, scene.feed, lift[0]))
                return seen

        settled = await later(scene, plane_at(scene.url, Meanwhile))
        assert lift
        assert states(settled)[0] == "enforced"
        assert "drifted" not in scene.words()

    play(tmp_path, story)


def test_without_the_credential_a_later_look_only_reads(tmp_path):
    async def story(scene, estate):
        scene.block("k")
        await run(scene)
        assert states(await later(scene, plane_at(scene.url, probes=()), after_ms=HOUR)) == ["enforced"]
        assert readings(scene) == [("read-back", "in-effect", 1)]

    play(tmp_path, story)


def test_what_a_later_look_cannot_tell_is_entered_as_that_and_once(tmp_path):
    class Blind(PlainAdapter):
        async def read_back(self, context, planned):
            return replace(await super().read_back(context, planned), verdict="cannot-tell", fields={})

    async def story(scene, estate):
        scene.block("k", lever="quiet")
        await run(scene)
        for _ in range(2):
            await later(scene, plane_at(scene.url, Blind), after_ms=3 * MINUTES)
        assert readings(scene) == [("read-back", "cannot-tell", 1)]

    play(tmp_path, story)
