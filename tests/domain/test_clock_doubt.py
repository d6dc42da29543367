"""A wall clock is doubted when it lags behind what the boot clock or an earlier reading tells, and only then."""

from __future__ import annotations

import pytest

from console.domain.clock_doubt import MAX_BACK_MS, Reading, back_ms, clock_told, latest_ms, state_of

HOUR = 3_600_000
THEN = Reading(wall_ms=100 * HOUR, boot_ms=HOUR, boot_id="a")


def at(wall_ms: int, boot_ms: int, boot_id: str = "a") -> Reading:
    return Reading(wall_ms=wall_ms, boot_ms=boot_ms, boot_id=boot_id)


@pytest.mark.parametrize(
    ("now", "lag"),
    [
        (at(103 * HOUR, 4 * HOUR), 0),  # both ran three hours
        (at(101 * HOUR, 4 * HOUR), 2 * HOUR),  # later than it was, and two hours back all the same
        (at(99 * HOUR, 4 * HOUR), 4 * HOUR),
        (at(150 * HOUR, 4 * HOUR), 0),  # ahead cannot be told from right
        (at(99 * HOUR, 0, "b"), HOUR),  # another boot: only what it had shown
        (at(100 * HOUR, 9 * HOUR, "b"), 0),
        (at(100 * HOUR, 0), 0),  # a boot clock never goes back: such a reading proves nothing more
    ],
)
def test_how_far_a_clock_went_back(now: Reading, lag: int) -> None:
    assert back_ms(now, [THEN]) == lag


def test_the_reading_that_asks_most_counts() -> None:
    assert back_ms(at(100 * HOUR, 3 * HOUR), [THEN, at(103 * HOUR, HOUR, "z")]) == 3 * HOUR
    assert back_ms(at(1, 1), []) == 0


def test_setting_it_right_by_network_is_no_doubt() -> None:
    assert state_of(MAX_BACK_MS) == "trusted"
    assert state_of(MAX_BACK_MS + 1) == "doubtful"
    assert clock_told(MAX_BACK_MS) == ""
    assert "went back by 2 h 5 min" in clock_told(2 * HOUR + 5 * 60_000)
    assert "went back by 3 min" in clock_told(3 * 60_000 + 1)


def test_a_term_ends_by_whichever_clock_is_later() -> None:
    assert latest_ms(at(99 * HOUR, 4 * HOUR), THEN) == 103 * HOUR
    assert latest_ms(at(105 * HOUR, 4 * HOUR), THEN) == 105 * HOUR
    assert latest_ms(at(99 * HOUR, 4 * HOUR, "b"), THEN) == 100 * HOUR
