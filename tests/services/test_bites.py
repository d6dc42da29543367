"""Whether it bites, over time: from the tries of this console and from what was entered, on every console the same."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from adapters.practice.simulator import Estate
from console.app import main
from console.journal.tries import path_beside
from console.services import approvals, bites, corrections, dispatch, incidents, providers
from console.services.bites import Moment, Series, sentence
from console.services.corrections import TargetWish
from tests.kit.pair import connect, founded, pair, passphrase, sync
from tests.kit.scene import QUICK

__all__ = ["founded", "pair"]

AT_MS = 1_800_000_000_000
KEY = TargetWish(provider="gateway-east", surface="", lever="key.block", selector="key-canary")


def clock(at_ms: int) -> str:
    return f"+{(at_ms - AT_MS) // 1000}s"


def told(*moments: Moment, **changed) -> Series:
    made = Series(
        target=0, title="Block a key: Research key", surface="gateway F-7", where="gateway", state="recorded",
        canary=False, evidence=None, accepted_ms=AT_MS, recorded_ms=AT_MS + 1_000, bound_s=60, bites_since_ms=None,
        undone_ms=None, undone="", moments=moments,
    )  # fmt: skip
    return replace(made, **changed)


PASSED = Moment(AT_MS + 2_000, AT_MS + 3_000, passed=2)
REFUSED = Moment(AT_MS + 9_000, AT_MS + 70_000, refused=24)


@pytest.mark.parametrize(
    ("series", "verdict", "words"),
    [
        (told(state="accepted"), "asked", "It is not read back yet."),
        (told(), "measuring", "0 tries were refused so far, and none has passed."),
        (told(PASSED), "does not bite", "and does not bite: 2 of 2 tries passed, the last +3s, none refused."),
        (told(PASSED, state="attention"), "does not bite", "It reads back and does not bite"),
        (told(PASSED, REFUSED), "partly", "It reads back and does not bite everywhere: 2 of 26 tries passed"),
        (told(PASSED, REFUSED, state="enforced", evidence="canary", bites_since_ms=AT_MS + 9_000), "bites",
         "bites since +9s, measured by a canary corrected beside it: 24 tries were refused. 2 tries had passed"),
        (told(state="unmeasurable"), "not measurable", "whether it bites cannot be measured here"),
        (told(state="drifted", undone_ms=AT_MS + 99_000, undone="By somebody."), "undone", "seen +99s. By somebody."),
    ],
)  # fmt: skip
def test_each_state_is_called_what_it_is(series: Series, verdict: str, words: str) -> None:
    assert series.verdict == verdict
    assert words in sentence(series, clock)


def test_a_try_that_passes_after_the_bound_is_said() -> None:
    late = Moment(AT_MS + 80_000, AT_MS + 80_000, passed=1)
    assert "until +60s, and a try passed after that." in sentence(told(late), clock)
    assert sentence(told(PASSED), clock).count("after that") == 0


def test_the_series_of_a_real_measuring_is_the_same_in_words_for_the_second_console(pair, capsys) -> None:
    one, two = pair
    with Estate(gateway_lag_s=0.4) as estate:
        connect(one, estate, "gateway")
        providers.add_canary(one, "gateway-east", "key-canary", "practice-gateway-east-key-canary")
        inc = str(incidents.declare(one, "t", 2).entry.inc)
        made = corrections.propose(one, inc, [KEY], "Because")
        sync(one, two)
        for session, who in ((one, "commander"), (two, "approver")):
            held = corrections.find_document(session, made.sha)
            approvals.decide(session, held, "approve", lambda who=who: passphrase(who, "your approver key"))
        sync(one, two)
        dispatch.run_outbox(one, deadline_ms=one.clock.boot_ms() + 60_000, pace=replace(QUICK, spread_ms=600))
        [mine] = bites.series(one, made.sha)
        assert mine.verdict == "bites", mine
        assert mine.bites_since_ms is not None
        assert mine.bites_since_ms >= mine.accepted_ms
        assert mine.refused >= 24
        assert not all(moment.entered for moment in mine.moments), "its own tries are told one by one"
        sync(one, two)
        [theirs] = bites.series(two, made.sha)
        assert (theirs.verdict, theirs.bites_since_ms, theirs.accepted_ms) == (
            "bites", mine.bites_since_ms, mine.accepted_ms,
        )  # fmt: skip
        assert all(moment.entered for moment in theirs.moments)
        assert "Single tries show on the console that made them." in sentence(theirs, clock)
        path_beside(one.paths.index).unlink()
        [again] = bites.series(one, made.sha)
        assert again.moments == theirs.moments, "without its tries, what was entered is left"
        main(["--profile", str(one.paths.root), "--json", "outbox", "refusals", made.sha[:16]])
        found = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
        assert found["targets"][0]["verdict"] == "bites"
