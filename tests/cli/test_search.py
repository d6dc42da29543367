"""`standdown search`, and `standdown note` with a better wording or a retraction, as a person runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """`standdown --json` on a profile of this test: its answer, or (exit, error) where it did not succeed."""

    def standdown(*arguments: str, plain: bool = False) -> Any:
        read, write = os.pipe()
        os.write(write, b"correct horse battery\n" * 4)
        os.close(write)
        front = ["--profile", str(tmp_path / "profile"), "--passphrase-fd", str(read), *(() if plain else ("--json",))]
        try:
            done = subprocess.run(
                [sys.executable, "-m", "console", *front, *arguments], check=False, capture_output=True, text=True,
                timeout=60, pass_fds=[read], cwd=ROOT, stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip
        finally:
            os.close(read)
        assert "Traceback" not in done.stderr
        if done.returncode:
            return done.returncode, done.stderr.strip()
        return done.stdout if plain else json.loads(done.stdout)

    standdown("record", "start", "--name", "Commander")
    return standdown


def texts(answer: dict[str, Any]) -> list[str]:
    return [hit["text"] for hit in answer["hits"]]


def test_words_are_found_newest_first_and_narrowed(run: Run) -> None:
    inc = run("incident", "declare", "F-7 answers with exploits", "--severity", "1")["incident"]
    run("note", "exploits were reported")
    run("decide", "block the exploits' canary key", "--incident", inc)
    found = run("search", "exploi")
    assert texts(found) == ["block the exploits' canary key", "exploits were reported", "F-7 answers with exploits"]
    assert found["more"] is False
    assert texts(run("search", "exploi", "--kind", "decision", "--incident", inc)) == ["block the exploits' canary key"]
    limited = run("search", "exploits", "--limit", "1")
    assert (texts(limited), limited["more"]) == (["block the exploits' canary key"], True)
    assert texts(run("search", found["hits"][1]["id"][:12])) == ["exploits were reported"]
    assert "exploits were reported" in run("search", "reported", plain=True)
    assert run("search", "nowhere", plain=True) == "Nothing in the record has these words.\n"
    assert run("search", '"; NOT (')["hits"] == []
    assert run("search", "x", "--kind", "nonsense")[0] == 2


def test_a_note_is_amended_and_taken_back(run: Run) -> None:
    first = run("note", "at fist")["entries"][0]
    run("note", "--amend", first[:16], "at first")
    hit = next(hit for hit in run("search", "fist")["hits"] if hit["id"] == first)
    assert (hit["amended"], hit["amended_text"], hit["text"]) == (True, "at first", "at fist")
    assert run("note", "--retract", first)[0] == 2
    run("note", "--retract", first, "--reason", "heard wrong")
    assert "[retracted] [amended] at first" in run("search", "fist", plain=True)
    again = run("note", "once more")["entries"][0]
    run("note", "--retype", again[:16], "--kind", "observation")
    kinds = {hit["kind"]: hit["retracted"] for hit in run("search", "once more")["hits"]}
    assert kinds == {"note": True, "observation": False}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--amend", "0" * 16, "words"),
        ("--amend", "0" * 16),
        ("--amend", "0" * 16, "--retract", "0" * 16, "words"),
        ("--reason", "why", "words"),
        ("--retract", "0" * 16, "--reason", "why", "words"),
    ],
)
def test_what_does_not_go_together_is_said(run: Run, arguments: tuple[str, ...]) -> None:
    code, said = run("note", *arguments)
    assert code == 2
    assert said
