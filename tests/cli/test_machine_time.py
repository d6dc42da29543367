"""`standdown clock here` and `standdown clock confirm`: what this machine shows, and asking two people about it."""

from __future__ import annotations

import json
from pathlib import Path

import click.testing
import pytest

from console.app import cli
from console.runtime.clock import SystemClock
from tests.kit.pair import founded, pair_at, passphrase

__all__ = ["founded"]
HOUR = 3_600_000


@pytest.fixture
def told(founded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The commander's profile on the command line; `told.ahead` moves this machine's wall clock."""
    from console.cli.frame import Call

    monkeypatch.setattr(Call, "passphrase", lambda _self, what, new=False: passphrase("commander", what))
    with pair_at(founded, tmp_path / "org"):
        pass  # its settings name the new folder from now on

    def run(*words: str, ok: bool = True):
        made = click.testing.CliRunner().invoke(
            cli, ["--json", "--profile", str(tmp_path / "org" / "commander"), *words]
        )
        assert (made.exception is None) == ok, made.output + repr(made.exception)
        return json.loads(made.stdout) if ok else str(made.exception)

    right = SystemClock.wall_ms
    run.ahead = lambda ms: monkeypatch.setattr(SystemClock, "wall_ms", lambda self: right(self) + ms)
    return run


def test_what_it_shows_and_that_two_are_asked(told) -> None:
    assert told("clock", "here")["doubtful"] is False
    assert "in no doubt" in told("clock", "confirm", ok=False)
    told.ahead(2 * HOUR)
    told("note", "written while it was ahead")
    told.ahead(0)
    found = told("clock", "here")
    assert (found["doubtful"], found["confirmed_until_ms"]) == (True, None)
    assert found["behind_ms"] == pytest.approx(2 * HOUR, abs=60_000)
    made = told("clock", "confirm")
    (waits,) = told("approve", "list")["waiting"]
    assert (waits["document"], waits["kind"], len(waits["can_sign"])) == (made["document"], "clock", 2)
    shown = told("approve", "show", made["document"])["text"]
    assert any("It showed" in line for line in shown)
