from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from console.runtime.instance import EngineHolder, EngineLock, read_holder
from console.runtime.paths import ProfilePaths
from tests.kit.clock import FakeClock

ROOT = Path(__file__).parents[2]

ENGINE = """
import sys
from pathlib import Path
from console.runtime.clock import SystemClock
from console.runtime.instance import EngineLock
from console.runtime.paths import ProfilePaths
print(bool(EngineLock.acquire(ProfilePaths(Path(sys.argv[1])), SystemClock())), flush=True)
sys.stdin.read()
"""


def test_one_engine_a_profile(tmp_path: Path) -> None:
    paths, clock = ProfilePaths(tmp_path), FakeClock()
    assert read_holder(paths) is None
    with EngineLock.acquire(paths, clock) as lock:
        assert EngineLock.acquire(paths, clock) is None
        assert read_holder(paths) == lock.holder == EngineHolder(pid=os.getpid(), since_ms=clock.wall_ms())
    clock.advance(1000)
    with EngineLock.acquire(paths, clock) as lock:
        assert read_holder(paths).since_ms == clock.wall_ms()


def test_an_engine_that_is_killed_leaves_the_place_free(tmp_path: Path) -> None:
    paths, clock = ProfilePaths(tmp_path), FakeClock()
    command = [sys.executable, "-c", ENGINE, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as engine:
        assert engine.stdout.readline() == "True\n"
        assert EngineLock.acquire(paths, clock) is None
        assert read_holder(paths).pid == engine.pid
        engine.kill()
        engine.wait(timeout=60)
    assert read_holder(paths).pid == engine.pid
    with EngineLock.acquire(paths, clock):
        assert read_holder(paths).pid == os.getpid()


@pytest.mark.parametrize("note", ["", "{", "[]", '"x"', "{}", '{"pid": "1", "since_ms": 2}', '{"pid": 1}'])
def test_a_note_that_is_no_note_is_nobody(tmp_path: Path, note: str) -> None:
    paths = ProfilePaths(tmp_path)
    paths.engine_lock.write_text(note)
    assert read_holder(paths) is None
