"""SQL in the sources holds what every Python we run on takes."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NUMBERED = re.compile(r"[=(,<>-] ?\?[0-9]")


def test_no_numbered_mark_is_given_a_sequence() -> None:
    """Python 3.12 warns of `?1` with a sequence, 3.14 refuses it; plain marks work everywhere."""
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted((ROOT / "console").rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if NUMBERED.search(line)
    ]
    assert not found
