"""The practice drill as a person starts it: a child process, the whole story, a bundle that verifies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def standdown(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(ROOT), **changes}
    command = [sys.executable, "-m", "console", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=280, env=environ, cwd=ROOT)


@pytest.fixture(scope="module")
def drill(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("drill")
    done = standdown("--json", "drill", "run", "--folder", str(folder / "d"))
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_the_drill_plays_the_whole_story_and_says_what_happened(drill: dict[str, object]) -> None:
    told = json.dumps(drill)
    for expected in (
        "two people", "enforced canary", "enforced client-view", "attested", "undone by its approver alone",
        "lifted by two", "was closed", "The bundle holds", "The profile's journal holds",
    ):  # fmt: skip
        assert expected in told
    assert drill["practice"] is True


def test_the_bundle_verifies_again_and_one_flipped_byte_names_the_file(
    drill: dict[str, object], tmp_path: Path
) -> None:
    bundle = Path(str(drill["bundle"]))
    sound = standdown("verify", str(bundle))
    assert sound.returncode == 0, sound.stdout + sound.stderr
    broken = tmp_path / "broken.zip"
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(broken, "w") as new:
        victim = next(name for name in old.namelist() if name.startswith("entries/") and name.endswith(".json"))
        for name in old.namelist():
            data = bytearray(old.read(name))
            if name == victim:
                data[len(data) // 2] ^= 1
            new.writestr(old.getinfo(name), bytes(data))
    done = standdown("verify", str(broken))
    assert done.returncode == 1
    assert victim.rsplit("/", 1)[-1].split(".")[0] in done.stderr
    assert "Traceback" not in done.stderr


def test_both_profiles_of_the_drill_verify(drill: dict[str, object]) -> None:
    for name in ("commander", "approver"):
        done = standdown("--profile", f"{drill['folder']}/{name}", "verify")
        assert done.returncode == 0, done.stderr


def test_the_drill_holds_no_real_provider(drill: dict[str, object]) -> None:
    read, write = os.pipe()
    os.write(write, b"practice commander your writer key\n")
    os.close(write)
    command = [
        sys.executable, "-m", "console", "--profile", f"{drill['folder']}/commander", "--passphrase-fd", str(read),
        "provider", "add", "litellm", "--name", "real", "--set", "base_url=http://127.0.0.1:1", "--no-secret",
    ]  # fmt: skip
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=60, cwd=ROOT, pass_fds=[read],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    os.close(read)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "drill" in done.stderr


def test_every_stock_command_of_the_readme_holds(drill: dict[str, object], tmp_path: Path) -> None:
    with zipfile.ZipFile(str(drill["bundle"])) as archive:
        archive.extractall(tmp_path)
    readme = (tmp_path / "README.txt").read_text(encoding="utf-8")
    commands = [line.strip() for line in readme.splitlines() if line.startswith("    ")]
    assert len(commands) > 10
    for line in commands:
        done = subprocess.run(
            ["bash", "-c", line], check=False, cwd=tmp_path, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
