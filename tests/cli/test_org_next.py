"""What the window does, the command line does too: the house, the next step, the envelopes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from console.app import main


def run(capsys: pytest.CaptureFixture[str], profile: Path, *words: str, typed: str = "") -> tuple[int, str]:
    read, write = os.pipe()
    os.write(write, typed.encode())
    os.close(write)
    code = main(["--profile", str(profile), "--passphrase-fd", str(read), *words])
    os.close(read)
    return code, capsys.readouterr().out


def test_house_next_step_and_envelopes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    profile, share = tmp_path / "p", tmp_path / "share"
    share.mkdir()
    start = ("record", "start", "--name", "Commander", "--drill", "--house", "use")
    assert run(capsys, profile, *start, typed="long enough\n")[0] == 0
    assert json.loads(run(capsys, profile, "--json", "record", "house")[1])["house"] == "use"
    assert "make and use" in run(capsys, profile, "record", "house", "both")[1]
    assert json.loads(run(capsys, profile, "--json", "org", "next")[1])["stage"] == "alone"
    found = ("org", "found", "--folder", str(share), "--envelopes", str(tmp_path / "stick"))
    assert run(capsys, profile, *found, typed="long enough\nfor approving\n")[0] == 0
    told = json.loads(run(capsys, profile, "--json", "org", "next")[1])
    assert (told["stage"], told["requests"], len(told["envelopes"])) == ("inviting", 0, 2)
    assert str(tmp_path / "stick") in run(capsys, profile, "org", "envelopes")[1]
    assert run(capsys, profile, "org", "envelopes", "--delete")[0] == 0
    assert not list((tmp_path / "stick").iterdir())
    assert "None" in run(capsys, profile, "org", "envelopes")[1]
    share.rmdir() if not any(share.iterdir()) else share.rename(tmp_path / "gone")
    told = json.loads(run(capsys, profile, "--json", "org", "next")[1])
    assert str(share) in told["trouble"]
