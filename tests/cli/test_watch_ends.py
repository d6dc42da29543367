"""`standdown watch` is ended by a signal, whichever of its threads the system gives it to."""

from __future__ import annotations

import ctypes
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from console.runtime.paths import ProfilePaths
from console.services.record import start_record

ROOT = Path(__file__).parents[2]
WITHIN_S = 60.0
TGKILL = 234  # its number on this machine's kind of processor


@pytest.fixture
def watching(tmp_path: Path):
    paths = ProfilePaths(tmp_path / "profile")
    start_record(paths, lambda _what, new=False: b"a passphrase", name="Commander", world="drill")
    words = ["-m", "console", "--profile", str(paths.root), "--json", "watch", "--seconds", str(5 * WITHIN_S)]
    with (tmp_path / "said").open("wb") as out:
        child = subprocess.Popen([sys.executable, *words], cwd=ROOT, stdout=out, stderr=out)
        try:
            ends = time.monotonic() + WITHIN_S
            while b"engine" not in (said := (tmp_path / "said").read_bytes()):
                assert child.poll() is None, said
                assert time.monotonic() < ends, said
                time.sleep(0.05)
            yield child
        finally:
            child.kill()
            child.wait(WITHIN_S)


@pytest.mark.skipif((sys.platform, platform.machine()) != ("linux", "x86_64"), reason="a call of one system")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_another_thread_takes_ends_it(watching: subprocess.Popen[bytes], number: signal.Signals) -> None:
    ends = time.monotonic() + WITHIN_S
    while watching.poll() is None and time.monotonic() < ends:
        others = [
            int(one.name) for one in Path(f"/proc/{watching.pid}/task").iterdir() if one.name != str(watching.pid)
        ]
        # the oldest: one that was about to end would take the signal along
        ctypes.CDLL(None).syscall(TGKILL, watching.pid, min(others, default=0), int(number))
        time.sleep(1)
    assert watching.poll() == 0


def test_it_ends_by_itself_when_its_time_is_over(tmp_path: Path) -> None:
    paths = ProfilePaths(tmp_path / "profile")
    start_record(paths, lambda _what, new=False: b"a passphrase", name="Commander", world="drill")
    words = ["-m", "console", "--profile", str(paths.root), "watch", "--seconds", "0.1"]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, timeout=WITHIN_S, check=False)
    assert done.returncode == 0
