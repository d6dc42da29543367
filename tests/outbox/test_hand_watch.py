"""What people did by hand and watched once is looked at again, from the record; what is undone is said once."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from adapters.contract import Change, Malformed, NotSent, Throttled
from console.journal.values import Draft
from console.outbox.by_hand import LEVER, read_by_hand
from console.outbox.hand_watch import HandWatch
from console.outbox.steps import Steps
from console.providers.plane import Planes
from tests.journal.world import INC
from tests.kit.plainadapter import PlainAdapter
from tests.kit.scene import INSTANCE, QUICK, SURFACE, plane_at
from tests.outbox.test_engine import play, restore, run

PACE = replace(QUICK, watch_ms=60_000, again_ms=(3_600_000,))


def attest(scene, *, direction="contain", ago_ms=60_000, selector="k", **pub):
    """A person says what was done; its id."""
    told = {"doc": None, "target": None, "done_ms": scene.clock.wall_ms() - ago_ms, "direction": direction,
            "category": "user", **pub}  # fmt: skip
    words = {"text": "On call blocked it.", "selector": selector}
    return scene.say(0, Draft("correction.attested", INC, None, told, words)).id


def watched(scene, entry, verdict="in-effect", lever="block", selector="k", instance=INSTANCE, what="read-back"):
    """A person had it read, on this console."""
    pub = {"instance": instance, "surface": SURFACE, "what": what, "verdict": verdict, "count": 1, "of": [entry]}
    words = {"name": f"key {selector}", "selector": selector, "fields": {LEVER: lever, "blocked": "true"}}
    draft = Draft("reading.observed", INC, None, pub, words)
    scene.store.write(lambda tx: tx.append(scene.feed, draft, roster=tx.roster().ref))


def verdicts(scene):
    return [pub["verdict"] for _, pub in scene.kinds("reading.")]


def stands(scene):
    with scene.store.reader().snapshot() as connection:
        return [one.stands for one in read_by_hand(connection)]


def why(scene):
    with scene.store.reader().snapshot() as connection:
        return read_by_hand(connection)[0].why


class Logged(PlainAdapter):
    async def changes(self, context, planned, since_ms):
        return [Change(at_ms=since_ms + 1, who="mallory", what=f"unblocked {planned.selector}")]


def test_what_was_undone_by_somebody_is_entered_once_with_who_and_again_when_it_stands(tmp_path):
    async def story(scene, estate):
        entry = attest(scene)
        estate.blocked["k"] = True
        watched(scene, entry)
        await run(scene, pace=PACE)
        assert verdicts(scene) == ["in-effect"], "nothing changed, and no result is owed yet"
        estate.blocked["k"] = False
        for _ in range(2):
            await run(scene, plane_at(scene.url, Logged), pace=PACE)
        assert (verdicts(scene), stands(scene)) == (["in-effect", "not-in-effect"], ["undone"])
        assert "unblocked k by mallory" in why(scene)
        told = scene.store.reader().feed(scene.feed.feed, 0, 999)[-1]
        assert (told.entry.pub["of"], told.entry.pub["count"], told.entry.inc) == ([entry], 2, INC)
        estate.blocked["k"] = True
        await run(scene, pace=PACE)
        assert (verdicts(scene)[2:], stands(scene)) == (["in-effect"], ["stands"])
        assert estate.writes == []

    play(tmp_path, story)


def test_the_results_that_are_owed_are_entered(tmp_path):
    async def story(scene, estate):
        estate.blocked["k"] = True
        watched(scene, attest(scene))
        for _ in range(3):
            await run(scene, pace=replace(PACE, again_ms=(0, 0)))
        assert verdicts(scene) == ["in-effect"] * 3

    play(tmp_path, story)


def test_one_old_answer_is_no_alarm_and_a_provider_that_is_away_says_nothing(tmp_path):
    class Old(PlainAdapter):
        old = 1

        async def read_back(self, context, planned):
            seen = await super().read_back(context, planned)
            Old.old -= 1
            return replace(seen, verdict="not-in-effect", fields={"blocked": "false"}) if Old.old == 0 else seen

    class Away(PlainAdapter):
        async def read_back(self, context, planned):
            raise NotSent("no route")

    async def story(scene, estate):
        estate.blocked["k"] = True
        watched(scene, attest(scene))
        await run(scene, plane_at(scene.url, Old), pace=PACE)
        assert Old.old == -1, "it was asked a second time"
        estate.blocked["k"] = False
        await run(scene, plane_at(scene.url, Away), pace=PACE)
        assert verdicts(scene) == ["in-effect"]

    play(tmp_path, story)


def test_nothing_is_looked_at_that_never_stood_was_given_back_or_taken_back_or_decided_again(tmp_path):
    async def never(scene, estate):
        watched(scene, attest(scene), verdict="not-in-effect")

    async def given_back(scene, estate):
        watched(scene, attest(scene))
        attest(scene, direction="restore", ago_ms=10)

    async def taken_back(scene, estate):
        entry = attest(scene)
        watched(scene, entry)
        scene.say(0, Draft("retraction", INC, None, {"of": [entry]}, {"reason": "it was another key"}))

    async def decided(scene, estate):
        watched(scene, attest(scene))
        restore(scene)
        await run(scene, pace=PACE)

    for number, before in enumerate((never, given_back, taken_back, decided)):

        async def story(scene, estate, before=before):
            estate.blocked["k"] = before is decided
            await before(scene, estate)
            told = verdicts(scene)
            await run(scene, pace=PACE)
            assert verdicts(scene) == told, before.__name__

        play(tmp_path / str(number), story)


# -- providers that say little -----------------------------------------------------------------------------------------


async def rounds(scene, number, *planes):
    """So many rounds of one watch, each as soon as the one before has ended."""
    steps = Steps(scene.store, scene.feed, scene.clock, scene.entropy)
    watch, those = HandWatch(steps, replace(PACE, watch_ms=0), asyncio.sleep), Planes(planes)
    scene.opened.append(those)
    for _ in range(number):
        watch.begin(those)
        await asyncio.gather(*watch.tasks)


@pytest.mark.parametrize(("retry_after_s", "asked"), [(3_600.0, 1), (0.0, 2)])
def test_a_provider_that_asks_for_rest_has_it(tmp_path, retry_after_s, asked):
    class Tired(PlainAdapter):
        reads = 0

        async def read_back(self, context, planned):
            Tired.reads += 1
            raise Throttled("later", retry_after_s)

    async def story(scene, estate):
        for selector in ("k", "k2"):
            watched(scene, attest(scene, selector=selector), selector=selector)
        await rounds(scene, 2, plane_at(scene.url, Tired))
        assert Tired.reads == asked
        assert verdicts(scene) == ["in-effect"] * 2

    play(tmp_path, story)


def test_one_that_cannot_be_read_and_one_at_a_provider_that_is_not_here_hold_no_other_up(tmp_path):
    class Odd(PlainAdapter):
        async def read_back(self, context, planned):
            if planned.selector == "odd":
                raise Malformed("nonsense")
            return await super().read_back(context, planned)

    async def story(scene, estate):
        watched(scene, attest(scene, selector="odd"), selector="odd")
        watched(scene, attest(scene, selector="far"), selector="far", instance="g-" + "7" * 26)
        watched(scene, attest(scene))
        await rounds(scene, 1, plane_at(scene.url, Odd))
        assert verdicts(scene) == ["in-effect"] * 3 + ["not-in-effect"]
        with scene.store.reader().snapshot() as connection:
            assert {one.selector for one in read_by_hand(connection) if one.stands == "undone"} == {"k"}

    play(tmp_path, story)


def test_where_it_stands_is_asked_for_once(tmp_path):
    class Counted(PlainAdapter):
        plans = 0

        async def plan(self, context, wish):
            Counted.plans += 1
            return await super().plan(context, wish)

    async def story(scene, estate):
        estate.blocked["k"] = True
        watched(scene, attest(scene))
        await rounds(scene, 3, plane_at(scene.url, Counted))
        assert Counted.plans == 1
        assert estate.calls["GET /get/k"] == 1 + 3

    play(tmp_path, story)


# -- what people decide meanwhile --------------------------------------------------------------------------------------


def test_what_people_decided_while_it_was_read_is_no_alarm(tmp_path):
    async def story(scene, estate):
        decided = []

        class Meanwhile(PlainAdapter):
            async def read_back(self, context, planned):
                seen = await super().read_back(context, planned)
                if not decided:
                    decided.append(restore(scene))
                    await scene.outbox().authorise(decided[0])
                return seen

        watched(scene, attest(scene))
        await rounds(scene, 1, plane_at(scene.url, Meanwhile))
        assert decided
        assert verdicts(scene) == ["in-effect"]

    play(tmp_path, story)


def test_only_a_later_decision_about_the_same_account_by_the_same_lever_answers_it(tmp_path):
    async def story(scene, estate):
        scene.block("k")
        await run(scene, pace=PACE)
        watched(scene, attest(scene, ago_ms=0))
        scene.block("k2")
        scene.block("k", lever="quiet")
        await run(scene, pace=PACE)
        estate.blocked["k"] = False
        await rounds(scene, 1, plane_at(scene.url))
        assert verdicts(scene)[-1] == "not-in-effect"
        assert stands(scene) == ["undone"]

    play(tmp_path, story)


def test_a_reading_that_cannot_tell_or_is_of_another_kind_changes_nothing(tmp_path):
    async def story(scene, estate):
        entry = attest(scene)
        watched(scene, entry)
        for how in ({"verdict": "cannot-tell"}, {"verdict": "refused", "what": "probe"}, {"lever": 7}):
            watched(scene, entry, **how)
            assert stands(scene) == ["stands"]
        watched(scene, entry, verdict="not-in-effect")
        assert stands(scene) == ["undone"]

    play(tmp_path, story)
