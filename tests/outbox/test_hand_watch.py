"""What people did by hand and watched once is looked at again, from the record; what is undone is said once."""

from __future__ import annotations

from dataclasses import replace

from adapters.contract import Change, NotSent
from console.journal.values import Draft
from console.outbox.by_hand import LEVER, read_by_hand
from tests.journal.world import INC
from tests.kit.plainadapter import PlainAdapter
from tests.kit.scene import INSTANCE, QUICK, SURFACE, plane_at
from tests.outbox.test_engine import play, restore, run

PACE = replace(QUICK, watch_ms=60_000, again_ms=(3_600_000,))


def attest(scene, *, direction="contain", ago_ms=60_000, **pub):
    """A person says what was done; its id."""
    told = {"doc": None, "target": None, "done_ms": scene.clock.wall_ms() - ago_ms, "direction": direction,
            "category": "user", **pub}  # fmt: skip
    words = {"text": "On call blocked it.", "selector": "k"}
    return scene.say(0, Draft("correction.attested", INC, None, told, words)).id


def watched(scene, entry, verdict="in-effect", lever="block"):
    """A person had it read, on this console."""
    pub = {"instance": INSTANCE, "surface": SURFACE, "what": "read-back", "verdict": verdict, "count": 1, "of": [entry]}
    words = {"name": "key k", "selector": "k", "fields": {LEVER: lever, "blocked": "true"}}
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
