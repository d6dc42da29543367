"""What other clocks tell of ours: the median of those that agree, with room for the way there; alone no proof."""

from __future__ import annotations

import pytest

from console.domain.clock_doubt import Reading
from console.domain.clock_hint import KEPT_MS, ClockHint, Voice, hint_of

NOW = Reading(wall_ms=1_763_906_531_000, boot_ms=9_000_000, boot_id="b0" * 16)
MINUTE = 60_000


def voice(ahead_ms: int, *, name: str = "gateway", slack_ms: int = 700, age_ms: int = 0, **more: object) -> Voice:
    """A clock that ours is ahead of by so much."""
    words = {"whose": "provider", "at_ms": NOW.boot_ms - age_ms, **more}
    epoch = NOW.wall_ms - NOW.boot_ms - ahead_ms
    return Voice(name=name, epoch_ms=epoch, slack_ms=slack_ms, **words)  # type: ignore[arg-type]  # a test's shorthand


def colleague(ahead_ms: int, name: str = "c-1") -> Voice:
    return voice(ahead_ms, name=name, whose="console", slack_ms=0)


@pytest.mark.parametrize(
    ("voices", "ahead_ms", "count", "heard"),
    [
        ([180_000, 181_000, 200_000], 180_000, 3, 3),
        ([-180_000, -181_000, -200_000], -180_000, 3, 3),
        ([12_000], 10_000, 1, 1),
        ([180_000, 0, 182_000], 180_000, 2, 3),  # one that agrees with us is outvoted, and told of
        ([3 * 3_600_000] * 2, 3 * 3_600_000, 2, 2),
    ],
)
def test_more_than_half_say_by_how_much(voices: list[int], ahead_ms: int, count: int, heard: int) -> None:
    found = hint_of([voice(ms, name=f"p{at}") for at, ms in enumerate(voices)], NOW)
    assert found == ClockHint(ahead_ms=ahead_ms, whose="provider", count=count, heard=heard)


@pytest.mark.parametrize(
    "voices",
    [
        [],
        [voice(5_600)],  # within five seconds and what the way there may have taken
        [voice(40_000, slack_ms=36_000)],
        [voice(180_000), voice(0)],  # one against one: nobody can say
        [voice(180_000), voice(-180_000)],
        [voice(180_000, age_ms=KEPT_MS + 1)],
        [voice(180_000, age_ms=-5)],  # heard before a boot whose clock went further
        [colleague(180_000)],  # an entry that came late: it was on its way, or lay on a share
        [colleague(-180_000), voice(0)],  # who answers now is asked before who wrote something
    ],
)
def test_and_otherwise_nothing_is_said(voices: list[Voice]) -> None:
    assert hint_of(voices, NOW) is None


def test_what_runs_on_this_machine_cannot_speak_for_its_clock() -> None:
    far = voice(180_000)
    assert hint_of([far, voice(0, near=True), voice(300, near=True)], NOW) == ClockHint(
        ahead_ms=180_000, whose="provider", count=1, heard=1
    )
    assert hint_of([voice(180_000, near=True)], NOW) is not None  # at the other end of a tunnel stands another clock
    assert hint_of([voice(0, near=True)], NOW) is None


def test_an_entry_that_came_before_it_was_written_says_that_we_are_behind() -> None:
    found = hint_of([colleague(-240_000), colleague(-250_000, "c-2"), voice(0, near=True)], NOW)
    assert found is not None
    assert found.sentence == "This console's clock is at least 4 min behind 2 colleagues' consoles."
    assert found.loud


def test_once_our_clock_was_set_right_it_is_over_without_another_call() -> None:
    heard = [voice(180_000), voice(179_000)]
    right = Reading(wall_ms=NOW.wall_ms - 180_000 + 30_000, boot_ms=NOW.boot_ms + 30_000, boot_id=NOW.boot_id)
    assert hint_of(heard, NOW) is not None
    assert hint_of(heard, right) is None


def test_the_words() -> None:
    three = ClockHint(ahead_ms=4 * MINUTE, whose="provider", count=3, heard=3)
    assert (three.sentence, three.short) == (
        "This console's clock is about 4 min ahead of 3 providers.", "clock 4 min ahead?",
    )  # fmt: skip
    assert three.next_step.startswith("A hint and no proof")
    one = ClockHint(ahead_ms=-15_000, whose="provider", count=1, heard=1)
    assert (one.sentence, one.short, one.loud) == (
        "This console's clock is about 15 s behind 1 provider.", "clock 15 s behind?", False,
    )  # fmt: skip
    assert "It may be theirs that is wrong." in one.next_step
    assert "2 of 3 providers" in ClockHint(ahead_ms=MINUTE, whose="provider", count=2, heard=3).sentence
    assert "ahead of 2 providers" in ClockHint(ahead_ms=72 * 60 * MINUTE, whose="provider", count=2, heard=2).sentence
