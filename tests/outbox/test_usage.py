"""The provider's own count as evidence: what was asked for in vain counts, and silence never does."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import httpx
import pytest

from adapters.contract import NotSent, Served, Wish
from adapters.practice.simulator import Estate
from console.outbox.usage import counts, measure_usage
from tests.kit.clock import FakeClock
from tests.kit.plainadapter import PlainAdapter, plan_of
from tests.kit.scene import QUICK, Scene, plane_at
from tests.outbox.test_engine import play, run, states
from tests.outbox.test_practice import plane_of

PLAN = plan_of("k", now=False, wanted=True)


class Counted:
    """A plane that answers with what it is told, one answer each time; the last one again and again."""

    def __init__(self, *answers):
        self.clock, self.answers = FakeClock(), list(answers)

    async def served(self, _planned):
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            raise NotSent("no connection")
        return Served(asked=answer[0], served=answer[1], at_ms=self.clock.wall_ms())


def judge(*answers, spread_ms=0, patience_ms=10_000):
    plane, passes = Counted(*answers), []

    async def sleep(seconds):
        plane.clock.advance(int(seconds * 1000))

    async def on_pass(number):
        passes.append(number)

    found = asyncio.run(
        measure_usage(
            plane, PLAN, sleep=sleep, spread_ms=spread_ms, pause_ms=1000, patience_ms=patience_ms, on_pass=on_pass
        )
    )
    return found.verdict, found.refused, found.passed, passes


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ([(100, 90), (124, 90)], ("enforced", 24, 0, [])),
        ([(100, 90), (123, 90)], ("cannot-tell", 23, 0, [])),  # too few tried
        ([(100, 90)], ("cannot-tell", 0, 0, [])),  # nobody tried: silence
        ([(100, 90), (124, 91), (148, 91)], ("enforced", 24, 1, [1])),  # what was served begins the window anew
        ([(100, 90), (124, 91), (140, 91)], ("cannot-tell", 16, 1, [1])),
        ([(9, 9), (20, 20), (30, 30)], ("passing", 0, 21, [11, 21])),
        (
            [(100, 90), *[(100 + 3 * at, 90 + at) for at in range(9)], (130, 98)],
            ("passing", 6, 8, [1, 2, 3, 4, 5, 6, 7, 8]),
        ),
        ([(100, 90), (3, 0), (20, 0)], ("cannot-tell", 17, 0, [])),  # the count began anew
        ([None, (100, 90), None, (124, 90)], ("enforced", 24, 0, [])),
        ([None], ("cannot-tell", 0, 0, [])),
    ],
)
def test_only_what_was_asked_for_in_vain_counts(answers, found):
    assert judge(*answers) == found


def test_it_spans_the_propagation_bound_and_ends_in_time():
    assert judge((0, 0), (50, 0), spread_ms=5000)[0] == "enforced"
    assert judge((0, 0), (50, 0), spread_ms=5000, patience_ms=3000)[0] == "cannot-tell"
    assert judge((0, 0), (50, 0), patience_ms=None)[0] == "enforced"


class Counting(PlainAdapter):
    """A provider that counts what is asked of it for a key."""

    seen = (0, 0)
    step = (30, 0)

    async def served(self, context, planned):
        await context.call("GET", "/", effect="read")
        asked, answered = self.seen
        self.seen = (asked + self.step[0], answered + self.step[1])
        return Served(asked=asked, served=answered, at_ms=context.now_ms())


class Silent(Counting):
    step = (0, 0)


class Serving(Counting):
    step = (5, 5)


class Countless(Counting):
    async def served(self, context, planned):
        raise NotSent("no connection")


@pytest.mark.parametrize(
    ("adapter", "state"),
    [(Counting, "enforced"), (Silent, "unmeasurable"), (Serving, "attention"), (Countless, "unmeasurable")],
)
def test_where_nothing_can_be_tried_the_count_tells(tmp_path, adapter, state):
    async def story(scene, estate):
        scene.block("k", lever="quiet")
        pace = replace(QUICK, usage_ms=200)
        settled = await run(scene, plane_at(scene.url, adapter), pace=pace)
        assert states(settled) == [state]
        last = scene.kinds()[-1][1]
        assert last.get("evidence") == ("usage" if state == "enforced" else None)
        if state == "enforced":
            assert last["probes"] >= 24
        if state == "attention":
            assert scene.words().count("passed") == 2  # the first, and how many in all
        assert not await counts(plane_at(scene.url), PLAN)

    play(tmp_path, story)


def test_ones_own_credential_goes_before_the_count(tmp_path):
    async def story(scene, estate):
        scene.block("k")
        assert states(await run(scene, plane_at(scene.url, Serving))) == ["enforced"]
        assert scene.kinds()[-1][1]["evidence"] == "credential"

    play(tmp_path, story)


def test_a_practice_key_that_others_go_on_using_is_proven_by_the_gateways_count(tmp_path):
    with Estate(gateway_lag_s=0.0) as estate:
        known = next(one for one in estate.instances() if one["settings"]["part"] == "gateway")
        selector, token = next((name, found) for name, found in known["secrets"].items() if name != "admin")

        async def go_on_trying(until):
            headers = {"authorization": f"Bearer {token}"}
            async with httpx.AsyncClient(base_url=known["settings"]["base_url"], headers=headers) as user:
                while not until.is_set():
                    await user.post("/v1/chat/completions", json={"model": "atlas-large", "messages": []})

        async def story():
            scene = Scene(tmp_path)
            plane = plane_of(scene, known, "somebody-else", token)
            over = asyncio.Event()
            user = asyncio.create_task(go_on_trying(over))
            try:
                planned = await plane.plan(Wish(lever="key.block", selector=selector, surface_key=""))
                sha, action = scene.propose([scene.target(planned)])
                scene.approve(sha, action, 0, 1)
                pace = replace(QUICK, spread_ms=100, record_ms=5000, usage_ms=20_000)
                settled = await scene.outbox(plane, pace=pace).run(deadline_ms=scene.clock.boot_ms() + 40_000)
                return settled, scene.kinds()[-1][1]
            finally:
                over.set()
                await user
                await plane.aclose()
                await scene.aclose()

        settled, last = asyncio.run(story())
    assert [row.state for row in settled.rows] == ["enforced"], settled
    assert last["evidence"] == "usage"
