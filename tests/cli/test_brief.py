"""`standdown brief`, and how words become shareable and updates are promised, as a person types it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """`standdown` on a provisional profile with one incident."""

    def standdown(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        read, write = os.pipe()
        os.write(write, b"correct horse battery\n" * 4)
        os.close(write)
        front = ["--profile", str(tmp_path / "profile"), "--passphrase-fd", str(read)]
        try:
            done = subprocess.run(
                [sys.executable, "-m", "console", *front, *arguments], check=False, capture_output=True, text=True,
                timeout=60, pass_fds=[read], cwd=ROOT, stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip
        finally:
            os.close(read)
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    standdown("record", "start", "--name", "Commander")
    standdown("incident", "declare", "F-7 helps with exploits", "--severity", "1")
    return standdown


def test_what_is_shared_is_what_was_marked(run: Run) -> None:
    run("note", "only for us")
    run("note", "--shareable", "Some customers were affected")
    run("decide", "--shareable", "Keys are blocked first")
    told = run("brief", "--audience", "customer").stdout
    assert told.startswith("PROVISIONAL: ONE PERSON.\nIncident INC-")
    assert "Some customers were affected" in told
    assert "Keys are blocked first" in told
    assert "only for us" not in told
    assert "F-7 helps" not in told
    assert "F-7 helps" in run("brief").stdout


def test_a_recorded_copy_names_the_hash_of_what_was_printed(run: Run) -> None:
    done = run("brief", "--audience", "exec", "--record")
    assert "Recorded as" in done.stderr
    sha = hashlib.sha256(done.stdout.rstrip("\n").encode()).hexdigest()
    assert sha in run("incident", "show").stdout
    answer = json.loads(run("--json", "brief").stdout)
    assert answer["entry"] is None
    assert answer["sha256"] == hashlib.sha256(answer["text"].encode()).hexdigest()
    assert answer["lines"] == answer["text"].split("\n")


def test_the_next_update_is_promised_in_words(run: Run) -> None:
    said = run("note", "--next-update", "2099-01-01T10:00", "Vendor is called.").stdout
    assert said == "Vendor is called. Next update due 2099-01-01 10:00 UTC.\n"
    assert "Next update due 2099-01-01 10:00 UTC" in run("brief").stdout
    assert "in the past" in run("note", "--next-update", "2020-01-01T10:00", code=2).stderr
    run("note", "--next-update", "none")
    assert "No next update was promised." in run("brief").stdout
    assert "own words" in run("note", "--paste", "-", "--shareable", code=2).stderr


def test_the_room_page_is_written_beside_the_brief(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "room.html"
    assert "written" in run("brief", "--room", str(page)).stderr
    assert "F-7 helps with exploits" in page.read_text(encoding="utf-8")
    assert "as it was" in run("brief", "--room", str(page)).stderr
    assert "cannot be written" in run("brief", "--room", str(tmp_path / "none" / "room.html"), code=2).stderr


def test_an_unknown_zone_is_named(run: Run) -> None:
    assert "Mars/Base" in run("brief", "--zone", "Mars/Base", code=2).stderr
