from __future__ import annotations

import asyncio

import pytest

from adapters.contract import NotSent, Probe
from console.providers.probes import measure
from tests.kit.clock import FakeClock
from tests.kit.plainadapter import plan_of

BLOCK = plan_of("k", now=False, wanted=True)


class Scripted:
    """A plane whose probes follow a script, then repeat its last word."""

    def __init__(self, script):
        self.script, self.clock, self.count = list(script), FakeClock(), 0

    async def probe(self, _planned, _credential):
        word = self.script[min(self.count, len(self.script) - 1)]
        self.count += 1
        if word == "fault":
            raise NotSent("gone")
        return Probe(outcome=word, evidence="credential")

    async def sleep(self, seconds):
        self.clock.advance(round(seconds * 1000 + 0.5))


def measured(script, **how):
    plane = Scripted(script)
    asked = {"spread_ms": 60_000, **how}
    return asyncio.run(measure(plane, BLOCK, "k", sleep=plane.sleep, **asked)), plane


def test_24_refusals_over_the_bound_are_enforced():
    found, plane = measured(["refused"])
    assert found.verdict == "enforced"
    assert found.refused >= 24
    assert found.last_ms - found.first_ms >= 60_000
    assert plane.count >= 24


def test_a_slow_provider_is_not_measured_for_longer_than_the_bound():
    class Slow(Scripted):
        async def probe(self, planned, credential):
            await self.sleep(2)
            return await super().probe(planned, credential)

    plane = Slow(["refused"])
    began_ms = plane.clock.boot_ms()
    found = asyncio.run(measure(plane, BLOCK, "k", sleep=plane.sleep, spread_ms=60_000))
    assert found.verdict == "enforced"
    assert found.last_ms - found.first_ms >= 60_000
    assert plane.clock.boot_ms() - began_ms < 60_000 + 3 * 2_700  # two seconds a call beside each pause were 46 more


def test_any_pass_restarts_the_count():
    found, plane = measured(["refused"] * 23 + ["passed", "refused"])
    assert found.verdict == "enforced"
    assert found.passed == 1
    assert plane.count >= 48


def test_always_passing_is_never_enforced():
    assert measured(["passed"])[0].verdict == "passing"


@pytest.mark.parametrize("last", [0, 1])
def test_what_only_some_tries_pass_is_never_called_unmeasurable(last):
    """One worker of two that never heard of it: whichever of the two answers the last try."""
    found, _ = measured(["passed"] * last + ["refused", "refused", "passed"] * 200)
    assert (found.verdict, found.passed > 24) == ("passing", True)


def test_a_lag_that_ended_before_everything_went_silent_is_no_pass():
    found, _ = measured(["passed"] * 4 + ["refused"] * 20 + ["fault"])
    assert (found.verdict, found.refused) == ("cannot-tell", 20)


def test_refusals_too_close_together_do_not_count():
    plane = Scripted(["refused"])

    async def quick(_seconds):
        plane.clock.advance(1)

    found = asyncio.run(measure(plane, BLOCK, None, sleep=quick, spread_ms=60_000, patience_ms=5000))
    assert found.verdict == "cannot-tell"


@pytest.mark.parametrize("word", ["fault", "cannot-tell"])
def test_silence_never_counts(word):
    found, plane = measured([word])
    assert found.verdict == "cannot-tell"
    assert found.refused == 0
    assert plane.count == 12


def test_every_pass_is_told():
    heard = []

    async def hear(count):
        heard.append(count)

    measured(["passed", "passed", "refused"], on_pass=hear)
    assert heard == [1, 2]


def test_fewer_than_24_are_refused():
    with pytest.raises(ValueError, match="24"):
        measured(["refused"], probes=23)
