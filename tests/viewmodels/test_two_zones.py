"""A moment is told in the zone that was chosen with the other one beside it, and read in the zone that is shown."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from console.viewmodels.header import header_lines
from console.viewmodels.outbox import outbox_lines
from console.viewmodels.shell import Now
from console.viewmodels.times import both
from tests.viewmodels.standings import row, standing, target
from tests.viewmodels.test_header_and_banners import NOW_MS, SHELL

BERLIN, KOLKATA, LONDON = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata"), ZoneInfo("Europe/London")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("moment", "zone", "local", "told"),
    [
        ("2026-11-25T14:02:11", UTC, UTC, "2026-11-25 14:02:11 UTC"),
        ("2026-11-25T14:02:11", UTC, BERLIN, "2026-11-25 14:02:11 UTC (15:02:11 CET)"),
        ("2026-07-01T14:02:11", UTC, BERLIN, "2026-07-01 14:02:11 UTC (16:02:11 CEST)"),
        ("2026-11-25T23:30:00", UTC, BERLIN, "2026-11-25 23:30:00 UTC (2026-11-26 00:30:00 CET)"),
        ("2026-11-25T14:02:11", BERLIN, KOLKATA, "2026-11-25 15:02:11 CET (14:02:11 UTC)"),
        ("2026-11-25T20:00:00", KOLKATA, None, "2026-11-26 01:30:00 IST (2026-11-25 20:00:00 UTC)"),
        ("2026-11-25T14:02:11", LONDON, BERLIN, "2026-11-25 14:02:11 GMT (15:02:11 CET)"),
    ],
)
def test_both_zones_are_told_where_they_differ(moment, zone, local, told) -> None:
    assert both(at(moment), zone, local) == told


def test_header_and_outbox_tell_the_zone_that_is_shown() -> None:
    assert " IST (" in header_lines(SHELL, None, NOW_MS, KOLKATA).title.tip
    line = outbox_lines(Now((standing(target(row=row())),), ()), None, NOW_MS, KOLKATA)[0]
    assert " IST (" in line.until
    assert " UTC)" in line.until
