"""Providers change and go at the command line: named, recorded, with `--json`, and an exit code that says why not."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from console.app import main
from tests.kit.otherclock import server

DOWN = "base_url=http://127.0.0.1:1"
Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """One command in this process: its answer, and that its exit code is the one expected."""

    def standdown(*words: str, code: int = 0) -> dict[str, Any]:
        read, write = os.pipe()
        os.write(write, b"correct horse battery\n" * 4)
        os.close(write)
        front = [
            "--json",
            "--profile",
            str(tmp_path / "profile"),
            "--passphrase-fd",
            str(read),
            "--secret-fd",
            str(read),
        ]
        try:
            assert main([*front, *words]) == code
        finally:
            os.close(read)
        return dict(json.loads(capsys.readouterr().out))

    standdown("record", "start", "--name", "Commander")
    return standdown


def test_a_provider_is_changed_given_a_canary_and_removed(run: Run) -> None:
    added = run("provider", "add", "litellm", "--name", "gateway", "--set", DOWN)
    changed = run("provider", "edit", "gateway", "--name", "east", "--set", "base_url=http://127.0.0.1:2",
                   "--credential", "admin")  # fmt: skip
    assert changed["instance"] == added["instance"]
    assert [(one["name"], one["retired"]) for one in run("provider", "list")["providers"]] == [("east", False)]
    assert "base_url from http://127.0.0.1:1" in changed["changed"][1]
    assert run("provider", "edit", "east", "--set", "base_url=http://127.0.0.1:2", code=2)["ok"] is False
    run("provider", "canary", "add", "east", "key-1")
    gone = run("provider", "canary", "remove", "east", "key-1", "--reason", "revoked")
    assert (gone["selector"], gone["holds"]) == ("key-1", [])
    removed = run("provider", "remove", "east", "--reason", "replaced")
    assert (removed["name"], removed["everywhere"], removed["secrets"]) == ("east", True, 1)
    assert run("provider", "list")["providers"] == []
    assert run("provider", "remove", "east", "--reason", "replaced", code=2)["ok"] is False


def test_what_was_done_by_hand_is_listed_and_names_are_tied(run: Run) -> None:
    for name, model in (("one", "frontier-7"), ("two", "Frontier_7")):
        surfaces = json.dumps([{"key": "app", "name": "the app", "model": model}])
        run("provider", "add", "manual", "--name", name, "--set", "who=desk", "--set", f"surfaces={surfaces}")
    models = {one["model"]: one for one in run("provider", "models")["models"]}
    other = models["frontier-7"]["maybe"][0]
    assert (other["model"], other["why"]) == ("Frontier_7", "the same name, written otherwise")
    tied = run("provider", "same-model", "frontier-7", other["surface"], "--why", "one vendor")
    assert tied["surfaces"] == {other["surface"]: "frontier-7"}
    (only,) = run("provider", "models")["models"]
    assert sorted(one["own"] for one in only["surfaces"]) == ["Frontier_7", "frontier-7"]
    assert run("provider", "same-model", "--own", other["surface"])["surfaces"] == {other["surface"]: "Frontier_7"}
    run("correct", "record-by-hand", "On call blocked key-1.", "--at", "00:00", "--selector", "key-1")
    (recorded,) = run("correct", "recorded-by-hand")["recorded"]
    assert (recorded["text"], recorded["selector"]) == ("On call blocked key-1.", "key-1")


def test_doctor_tells_what_providers_clocks_say_and_misses_nothing_for_it(run: Run) -> None:
    with server(240) as url:
        run("provider", "add", "litellm", "--name", "gateway", "--set", f"base_url={url}")
        found = run("doctor", code=1)  # one person's record: the organisation is missing
    (hint,) = found["hints"]
    assert hint.startswith("This console's clock is about 4 min ahead of 1 provider. A hint and no proof")
    assert not any("clock" in one["what"] for one in found["facts"])
    run("provider", "edit", "gateway", "--name", "gateway", "--set", DOWN)
    assert run("doctor", code=1)["hints"] == []
