"""Samples: bounded, deletable, shared by two processes, and never a reason to stop."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from console.journal.telemetry import DAY_MS, SLOT_MS, SLOTS, Sample, Telemetry, path_beside

NOW = 1_763_906_531_000


def sample(at_ms: int, state: str = "serving", key: str = "k", latency_ms: int | None = 12) -> Sample:
    return Sample("g-1", key, at_ms, state, latency_ms)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return path_beside(tmp_path / "index.db")


def count(file: Path) -> int:
    with sqlite3.connect(file) as raw:
        found = raw.execute("SELECT count(*) FROM sample").fetchone()[0]
    raw.close()
    return int(found)


def test_three_days_of_samples_are_one_day_of_rows(file: Path) -> None:
    with Telemetry(file) as kept:
        for day in range(3):
            kept.add([sample(NOW + day * DAY_MS + at * 5_000) for at in range(DAY_MS // 5_000)])
        assert count(file) == SLOTS
        end = NOW + 3 * DAY_MS
        last = kept.last("g-1", "k", end)
        assert len(last) == SLOTS
        assert last[-1].at_ms == end - 5_000
        assert [one.at_ms for one in last] == sorted(one.at_ms for one in last)


def test_of_half_a_minute_the_last_is_kept(file: Path) -> None:
    at = NOW // SLOT_MS * SLOT_MS
    with Telemetry(file) as kept:
        kept.add([sample(at, "serving"), sample(at + 5_000, "stopped", latency_ms=None)])
        assert kept.last("g-1", "k", at + 9_000) == [sample(at + 5_000, "stopped", latency_ms=None)]


def test_yesterdays_sample_in_a_place_not_yet_taken_over_is_not_shown(file: Path) -> None:
    with Telemetry(file) as kept:
        kept.add([sample(NOW - DAY_MS - 1), sample(NOW)])
        assert [one.at_ms for one in kept.last("g-1", "k", NOW)] == [NOW]
        kept.forget_before(NOW - DAY_MS)
        assert count(file) == 1


def test_a_deleted_or_damaged_file_or_one_of_another_form_is_begun_anew(file: Path) -> None:
    with Telemetry(file) as kept:
        kept.add([sample(NOW)])
    file.write_bytes(b"this is no database" * 100)
    with Telemetry(file) as kept:
        assert kept.last("g-1", "k", NOW) == []
        kept.add([sample(NOW)])
    with sqlite3.connect(file) as raw:
        raw.execute("PRAGMA user_version = 99")
    raw.close()
    with Telemetry(file) as kept:
        assert kept.last("g-1", "k", NOW) == []


def test_two_may_write(file: Path) -> None:
    with Telemetry(file) as one, Telemetry(file) as two:
        one.add([sample(NOW, key="a")])
        two.add([sample(NOW, key="b")])
        assert one.last("g-1", "b", NOW) == two.last("g-1", "b", NOW) != []
