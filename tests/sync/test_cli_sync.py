"""`standdown sync` and `standdown doctor` as a person runs them: what is open can go alone, a fork is never silent."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(tmp_path):
    def standdown(profile, *arguments):
        read, write = os.pipe()
        os.write(write, b"correct horse battery\n" * 4)
        os.close(write)
        front = ["--profile", str(tmp_path / profile), "--json", "--passphrase-fd", str(read)]
        try:
            done = subprocess.run(
                [sys.executable, "-m", "console", *front, *arguments], check=False, capture_output=True, text=True,
                timeout=60, pass_fds=[read], cwd=ROOT, stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(tmp_path / f"state-{profile}")},
            )  # fmt: skip
        finally:
            os.close(read)
        assert "Traceback" not in done.stderr
        return done.returncode, json.loads(done.stdout.splitlines()[-1])

    assert standdown("one", "record", "start", "--name", "Commander")[0] == 0
    (tmp_path / "share").mkdir()
    assert standdown("one", "sync", "places", "add", str(tmp_path / "share"))[0] == 0
    return standdown


def test_a_fork_of_a_copied_profile_is_proven_and_said(run, tmp_path):
    assert run("one", "note", "before")[0] == 0
    shutil.copytree(tmp_path / "one", tmp_path / "copy")
    for profile in ("one", "copy"):
        assert run(profile, "note", f"by {profile}")[0] == 0
    assert run("copy", "sync", "run")[1]["places"][0]["forks"] == []
    code, told = run("one", "sync", "run")
    (fork,) = told["places"][0]["forks"]
    assert code == 0
    assert fork["proof"] is not None
    code, told = run("one", "doctor")
    (fact,) = [one["what"] for one in told["facts"] if "forked" in one["what"]]
    assert code == 1
    assert f"has forked at number {fork['seq']}" in fact
    assert run("one", "sync", "run")[1]["places"][0]["forks"] == [fork]
    assert run("one", "verify")[1]["ok"]


def test_what_is_open_goes_alone(run, tmp_path):
    assert run("one", "note", "history")[0] == 0
    code, told = run("one", "sync", "now")
    assert (code, told["places"][0]["sent"]) == (0, 0)
    assert not list((tmp_path / "share").rglob("*.seg"))
    shutil.rmtree(tmp_path / "share")
    assert run("one", "sync", "now")[0] == 4
