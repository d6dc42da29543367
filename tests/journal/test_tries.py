"""Single tries, kept aside: added up by the second, bounded, and worth nothing where the file is damaged."""

from __future__ import annotations

import sqlite3

import pytest

from console.journal.tries import MOST, Tries, Try, path_beside

DOC = "d" * 64
NOW_MS = 1_800_000_000_000


@pytest.fixture
def file(tmp_path):
    return path_beside(tmp_path / "index.db")


def test_tries_of_one_second_are_added_up_and_come_back_in_order(file) -> None:
    with Tries(file) as kept:
        kept.add([Try(DOC, 0, NOW_MS + 1_200, refused=1), Try(DOC, 0, NOW_MS + 100, passed=1)])
        kept.add([Try(DOC, 0, NOW_MS + 900, refused=2, unclear=1), Try("e" * 64, 0, NOW_MS)])
        assert kept.of(DOC) == [
            Try(DOC, 0, NOW_MS, passed=1, refused=2, unclear=1), Try(DOC, 0, NOW_MS + 1_000, refused=1),
        ]  # fmt: skip


def test_the_newest_stay_where_there_are_too_many(file) -> None:
    with Tries(file) as kept:
        kept.add([Try(DOC, 0, NOW_MS + at * 1_000, refused=1) for at in range(MOST + 10)])
        found = kept.of(DOC)
        assert len(found) == MOST
        assert found[-1].at_ms == NOW_MS + (MOST + 9) * 1_000


def test_no_file_is_made_by_looking_and_a_damaged_one_begins_anew(file) -> None:
    with Tries(file) as kept:
        assert kept.of(DOC) == []
        assert not file.exists()
    file.write_bytes(b"no database at all" * 100)
    with Tries(file) as kept:
        assert kept.of(DOC) == []
        kept.add([Try(DOC, 0, NOW_MS, passed=1)])
        assert len(kept.of(DOC)) == 1


def test_a_file_of_another_form_is_worth_nothing(file) -> None:
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with Tries(file) as kept:
        kept.add([Try(DOC, 0, NOW_MS, refused=1)])
        assert kept.of(DOC)[0].refused == 1
