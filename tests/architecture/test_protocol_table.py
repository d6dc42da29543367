"""The table of the protocol's lines and their tests names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
ROWS = [
    line for line in (TESTS / "PROTOCOL.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| line")
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip()[:40])
def test_each_line_has_its_tests(row: str) -> None:
    named = re.findall(r"`([a-z_]+/test_[a-z_]+\.py)(?:::(test_\w+))?`", row.split("|")[2])
    assert named or "none: " in row
    for file, test in named:
        text = (TESTS / file).read_text(encoding="utf-8")
        assert re.search(rf"^(async )?def {test or 'test_'}", text, re.MULTILINE), f"{file} has no {test}"
