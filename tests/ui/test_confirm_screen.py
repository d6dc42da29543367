"""The confirmation before a real X server, with a real pointer and real keys: what never signs, and what does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.kit.screen import screen

pytestmark = [pytest.mark.screen, pytest.mark.timeout(400)]
ROOT = Path(__file__).resolve().parents[2]
NEVER = (
    "enter_and_space", "double_click", "too_short", "slipped_off", "stolen_focus", "minimised", "no_leave_of_absence",
)  # fmt: skip


@pytest.fixture(scope="module")
def told(founded, tmp_path_factory) -> dict[str, Any]:
    """What became of each try on an ordinary screen."""
    return tried(founded, tmp_path_factory.mktemp("screen"), "1", "1600x1000", NEVER)


@pytest.fixture(scope="module")
def told_twice(founded, tmp_path_factory) -> dict[str, Any]:
    """The same on one with twice the points, where a hand has to find the buttons too."""
    return tried(founded, tmp_path_factory.mktemp("twice"), "2", "2400x1500", ("too_short",))


def tried(founded: Path, folder: Path, scale: str, size: str, tries: tuple[str, ...]) -> dict[str, Any]:
    answers = folder / "answers.json"
    with screen(folder, size) as env:
        made = subprocess.run(
            [sys.executable, "-m", "tests.ui.screen_confirm", str(founded), str(answers), *tries],
            env={**env, "QT_SCALE_FACTOR": scale, "PYTHONPATH": os.fspath(ROOT), "XDG_STATE_HOME": os.fspath(folder)},
            cwd=ROOT, check=False, capture_output=True, text=True, timeout=380,
        )  # fmt: skip
    assert made.returncode == 0, made.stderr[-3000:]
    found: dict[str, Any] = json.loads(answers.read_text())
    return found


@pytest.mark.parametrize("name", NEVER)
def test_this_never_signs(told, name):
    assert told[name]["records"] == []
    assert not told[name]["busy"]


@pytest.mark.parametrize("name", NEVER[1:])
def test_and_leaves_nothing_armed(told, name):
    assert told[name]["state"] in {"ready", "waiting"}
    assert not told[name]["passphrase"]


@pytest.mark.parametrize("name", ["by_pointer", "by_keys"])
def test_a_hand_and_keys_sign_once(told, name):
    assert told[name]["records"] == ["approve"]
    assert told[name]["outcome"] == "Signed. It is not complete yet."


def test_at_200_percent_it_works_alike_and_fits_the_screen(told_twice):
    assert told_twice["too_short"]["records"] == []
    assert told_twice["by_pointer"]["records"] == told_twice["by_keys"]["records"] == ["approve"]
    assert told_twice["size"]["ratio"] == 2.0
    assert told_twice["size"]["fits"]
    assert told_twice["size"]["content"] > 150
