"""Clocks, checklist, coverage and review as a person types them, in one record."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click.testing
import pytest

from console.app import cli
from console.runtime.paths import ProfilePaths
from console.services.record import start_record

PASSPHRASE = b"correct horse battery"


class Line:
    """`standdown` in this process, on one profile; a passphrase lies at a descriptor for each run."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from console.cli.frame import Call

        monkeypatch.setattr(Call, "passphrase", lambda _self, _what, new=False: PASSPHRASE)
        self.root = root
        start_record(ProfilePaths(root), lambda _what, new=False: PASSPHRASE, name="Commander")

    def __call__(self, *words: str, code: int = 0) -> str:
        made = click.testing.CliRunner().invoke(cli, ["--profile", str(self.root), *words])
        found = made.exit_code if made.exception is None else getattr(made.exception, "exit_code", 1)
        assert found == code, made.output + repr(made.exception)
        return made.stdout

    def json(self, *words: str):
        return json.loads(self("--json", *words))


def hours_ago(count: int) -> str:
    return (datetime.now(UTC) - timedelta(hours=count)).isoformat(timespec="seconds")


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Line:
    made = Line(tmp_path / "p", monkeypatch)
    made("incident", "declare", "F-7 helps with exploits", "--severity", "1")
    return made


def test_from_a_fact_to_a_report_that_is_acknowledged(line: Line) -> None:
    assert "No clock runs" in line("clock", "list")
    line("clock", "apply", "gdpr-33", "on")
    line("fact", "On call saw it", "--since", hours_ago(30))
    told = {one["regime"]: one for one in line.json("clock", "list")["clocks"]}
    assert told["eu-gpai"]["state"] == "provisional"
    assert "left (provisional; if critical infrastructure" in line("clock", "list")
    line("clock", "start", "eu-gpai/serious-harm", "Counsel agrees", "--since", hours_ago(29))
    sent = line.json("clock", "met", "eu-gpai", "AI Office, 88", "--at", hours_ago(20))
    line("clock", "acknowledged", sent["entry"], "Their reference 12")
    line("clock", "aside", "gdpr-33", "No personal data")
    line("clock", "apply", "nis2-23", "on")
    found = {(one["regime"], one["report"]): one for one in line.json("clock", "list")["clocks"]}
    assert found["eu-gpai", "initial"]["state"] == "met"
    assert found["eu-gpai", "initial"]["met"]["by"] == "Commander"
    assert found["gdpr-33", "report"]["state"] == "set aside"
    assert ("nis2-23", "early-warning") in found
    line("clock", "start", "moon-law", code=2)
    assert any(one["regime"] == "nis2-23" and one["applies"] for one in line.json("clock", "regimes")["regimes"])
    assert "No legal advice." in line("clock", "regimes")


def test_a_plan_is_begun_ticked_and_looked_back_on(line: Line) -> None:
    assert "checklist begin" in line("checklist", "list")
    assert len(line.json("checklist", "begin", "sev-1")["entries"]) == 13
    line("checklist", "tick", "evidence", "logs are kept")
    line("checklist", "drop", "fallback", "there is none")
    line("checklist", "add", "Change the rota", "--owner", "Commander", "--due", "2030-01-01T12:00")
    line("checklist", "reopen", "evidence")
    line("checklist", "tick", "3")
    told = line.json("checklist", "list")["tasks"]
    assert [one["state"] for one in told if one["step"] in ("evidence", "fallback")] == ["done", "dropped"]
    assert "[x] Keep the evidence" in line("checklist", "list")
    assert "within 5 min" in line("checklist", "plans")
    review = line.json("review")
    assert [one["owner"] for one in review["follow_ups"]] == ["Commander"]
    assert sum(one["state"] == "done" for one in review["steps"]) == 1
    text = line("review")
    assert "1 of 13 steps of the response plan are done." in text
    assert "UNCONTAINED" in text
    assert "Dropped by Commander" in text


def test_an_empty_inventory_says_so(line: Line) -> None:
    told = line.json("coverage")
    assert (told["gaps"], told["surfaces"]) == ([], [])
    assert "No surface is in the inventory" in line("coverage")
