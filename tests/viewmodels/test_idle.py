"""The person's key locks after ten minutes without a touch, after an hour in an open incident."""

from __future__ import annotations

from console.viewmodels.idle import IDLE_IN_INCIDENT_MS, IDLE_MS, Idle
from tests.kit.clock import FakeClock


def test_it_locks_after_ten_minutes_and_a_touch_begins_anew() -> None:
    clock = FakeClock()
    idle = Idle(clock)
    clock.advance(IDLE_MS - 1)
    assert idle.remaining_ms(open_incident=False) == 1
    clock.advance(1)
    assert idle.remaining_ms(open_incident=False) == 0
    idle.touched()
    assert idle.remaining_ms(open_incident=False) == IDLE_MS


def test_an_open_incident_gives_an_hour() -> None:
    clock = FakeClock()
    idle = Idle(clock)
    clock.advance(IDLE_MS)
    assert idle.remaining_ms(open_incident=True) == IDLE_IN_INCIDENT_MS - IDLE_MS
    clock.advance(IDLE_IN_INCIDENT_MS)
    assert idle.remaining_ms(open_incident=True) == 0


def test_sleep_is_noticed_once_and_two_clocks_that_differ_a_little_are_no_sleep() -> None:
    asleep = iter([10**12, 10**12 + 10**9, 10**12 + 61 * 10**9, 10**12 + 61 * 10**9])
    idle = Idle(FakeClock(), lambda: next(asleep))
    assert [idle.slept() for _ in range(3)] == [False, True, False]
