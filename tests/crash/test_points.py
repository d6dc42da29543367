"""A process ends at every file operation and commit, and by SIGKILL at random: what was acknowledged is there, whole.

`python -m tests.crash.stories PLACE` plays the long ones at every point; here at every fifth.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MEMORY = Path("/dev/shm")  # a crash of a process needs no disk, only the same calls


@pytest.fixture
def place(tmp_path):
    if not os.access(MEMORY, os.W_OK):
        yield tmp_path / "place"
        return
    found = Path(tempfile.mkdtemp(dir=MEMORY))
    yield found / "place"
    shutil.rmtree(found, ignore_errors=True)


def play(place, names, stride, rounds):
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash.stories", str(place), names, str(stride), str(rounds)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize(
    ("story", "stride", "least"),
    [
        ("found", 5, 60), ("append", 1, 20), ("attach", 1, 20), ("settle", 1, 5), ("queue", 1, 15), ("redact", 3, 20),
        ("remember", 3, 15), ("share", 5, 90), ("index", 5, 80), ("upgrade", 1, 20),
    ],
)  # fmt: skip
def test_ended_at_every_point_nothing_acknowledged_is_lost_and_nothing_is_half(place, story, stride, least):
    told, said = play(place, story, stride, 0)
    points, failures = told[story]
    assert failures == [], said
    assert points >= least  # a story that has no points proves nothing


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_random_nothing_acknowledged_is_lost_and_nothing_is_half(place):
    told, said = play(place, "", 1, 6)
    assert told["killed"] == [], said
