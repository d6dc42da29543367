"""The mark outside of the database only rises, survives nonsense, and is this user's alone."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from console.runtime.mark import MarkFile, mark_path

FEED, OTHER = "f" * 64, "e" * 64
ONE, TWO = "1" * 64, "2" * 64


def test_it_keeps_the_later_of_both_and_every_feed(tmp_path: Path) -> None:
    mark = MarkFile(mark_path(tmp_path / "state", "c-0"))
    assert mark.read() == {}
    mark.rise({FEED: (7, TWO)})
    mark.rise({FEED: (3, ONE), OTHER: (0, ONE)})
    assert mark.read() == {FEED: (7, TWO), OTHER: (0, ONE)}
    mark.replace({OTHER: (0, ONE)})
    assert mark.read() == {OTHER: (0, ONE)}
    assert stat.S_IMODE(mark.path.stat().st_mode) == 0o600


def test_a_mark_that_rose_nowhere_is_not_written_again(tmp_path: Path) -> None:
    mark = MarkFile(tmp_path / "m")
    mark.rise({FEED: (7, TWO)})
    before = mark.path.stat().st_ino
    mark.rise({FEED: (7, TWO)})
    assert mark.path.stat().st_ino == before


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b'{"feeds":[]}',
        b'{"feeds":{"f":[1]}}',
        b'{"feeds":{"f":[true,"' + b"1" * 64 + b'"]}}',
        b"\xff",
    ],
)
def test_nonsense_marks_nothing(tmp_path: Path, text: bytes) -> None:
    mark = MarkFile(tmp_path / "m")
    mark.path.write_bytes(text)
    assert mark.read() == {}
    mark.rise({FEED: (1, ONE)})
    assert mark.read() == {FEED: (1, ONE)}


def test_a_console_cannot_name_another_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="dash"):
        mark_path(tmp_path, "../c-0")
