from __future__ import annotations

import re
import time

from console.runtime.clock import SystemClock
from tests.kit.clock import FakeClock


def test_the_wall_clock_is_utc_in_milliseconds() -> None:
    before = time.time()
    now = SystemClock().wall_ms()
    assert before * 1000 - 2 <= now <= time.time() * 1000 + 2


def test_the_boot_clock_only_runs_forward() -> None:
    clock = SystemClock()
    readings = [clock.boot_ms() for _ in range(1000)]
    assert readings == sorted(readings)
    assert readings[0] > 0


def test_the_boot_has_one_name_for_all_clocks() -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", SystemClock().boot_id())
    assert SystemClock().boot_id() == SystemClock().boot_id()


def test_setting_the_fake_wall_leaves_the_boot_clock_alone() -> None:
    clock = FakeClock(wall_ms=10_000, boot_ms=500)
    clock.advance(1_500)
    assert (clock.wall_ms(), clock.boot_ms()) == (11_500, 2_000)
    clock.set_wall(0)
    assert (clock.wall_ms(), clock.boot_ms()) == (0, 2_000)
    clock.reboot("c1" * 16)
    assert (clock.boot_id(), clock.boot_ms()) == ("c1" * 16, 0)
