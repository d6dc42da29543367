"""Two people at two command lines and nothing between them but photographs of QR pictures, or a stick."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.practice.simulator import Estate
from console.app import main
from console.services import approvals, corrections, dispatch, incidents
from console.services.corrections import TargetWish
from tests.kit.pair import connect, founded, pair, passphrase
from tests.kit.photograph import photograph
from tests.services.test_lists import QUICK

__all__ = ["founded", "pair"]
BLOCK = TargetWish(provider="gateway-east", surface="", lever="key.block", selector="key-research")


@pytest.fixture
def estate():
    with Estate(gateway_lag_s=0.0) as running:
        yield running


@pytest.fixture
def proposed(pair, estate):
    """A block that the commander signed; the approver's console shares nothing with theirs."""
    one, two = pair
    shutil.rmtree(Path(one.settings.places[0]))
    for session in pair:
        session.change_settings(replace(session.settings, places=()))
    connect(one, estate, "gateway")
    inc = str(incidents.declare(one, "t", 1).entry.inc)
    made = corrections.propose(one, inc, [BLOCK], "Because")
    sign(one, made.sha, "commander")
    return one, two, made


@pytest.fixture
def run(capsys):
    def run(session, *words, code=0):
        assert main(["--json", "--profile", str(session.paths.root), "approve", *map(str, words)]) == code
        return json.loads(capsys.readouterr().out)

    return run


def sign(session, sha, who="approver"):
    held = corrections.find_document(session, sha)
    approvals.decide(session, held, "approve", lambda: passphrase(who, "your approver key"))


def photographs(pictures: list[str], into: Path) -> list[Path]:
    into.mkdir()
    turns = (-3, 3, 1.5)
    return [photograph(Path(one), into / f"{at}.jpg", turned=turns[at % 3], seed=at) for at, one in enumerate(pictures)]


def test_over_and_back_as_photographs_and_the_key_is_blocked(proposed, estate, run, tmp_path):
    one, two, made = proposed
    told = run(one, "carry", made.sha[:12], "--qr", tmp_path / "ask")
    taken_of = photographs(told["pictures"], tmp_path / "shot")
    some = run(two, "take", *taken_of[2:], code=1)
    assert some["taken"] == []
    assert some["missing"] == [f"{len(taken_of) - 2} of {len(taken_of)} frames are here; still missing: frames 1-2."]
    (asks,) = run(two, "take", *reversed(taken_of))["taken"]
    assert (asks["document"], asks["asks"], asks["faults"]) == (made.sha, True, [])
    sign(two, made.sha)
    told = run(two, "answer", made.sha, "--qr", tmp_path / "answer")
    photographs(told["pictures"], tmp_path / "back")
    (back,) = run(one, "take", tmp_path / "back")["taken"]
    assert [(each["person"], each["decision"], each["counts"]) for each in back["approvals"]] == [
        ("Approver", "approve", True)
    ]
    assert back["met"]
    dispatch.run_outbox(one, deadline_ms=one.clock.boot_ms() + 60_000, pace=QUICK)
    assert estate.sites["gateway-east"].state["key-research"].blocked.recorded


def test_over_and_back_by_stick(proposed, run, tmp_path):
    one, two, made = proposed
    run(one, "carry", made.sha, "--file", tmp_path / "ask")
    run(two, "take", tmp_path / "ask")
    sign(two, made.sha)
    run(two, "answer", made.sha, "--file", tmp_path / "answer")
    (back,) = run(one, "take", tmp_path / "answer")["taken"]
    assert back["approvals"][0]["new"]
    refused = run(one, "carry", made.sha, "--file", tmp_path / "ask", code=2)
    assert "nothing is written over" in refused["next"]


def test_frames_as_text_from_a_terminal(proposed, run, tmp_path):
    one, two, made = proposed
    frames = run(one, "carry", made.sha, "--terminal")["frames"]
    (tmp_path / "frames.txt").write_text("\n".join(frames))
    (asks,) = run(two, "take", tmp_path / "frames.txt")["taken"]
    assert asks["document"] == made.sha


def test_one_way_has_to_be_said(proposed, run, tmp_path):
    one, _, made = proposed
    assert "Say how" in run(one, "carry", made.sha, code=2)["what"]
    assert "Say how" in run(one, "carry", made.sha, "--terminal", "--file", tmp_path / "f", code=2)["what"]


def test_without_the_reader_it_says_so(proposed, run, tmp_path, monkeypatch):
    one, two, made = proposed
    told = run(one, "carry", made.sha, "--qr", tmp_path / "ask")
    monkeypatch.setitem(sys.modules, "zxingcpp", None)
    lacks = run(two, "take", told["pictures"][0], code=1)
    assert "the library zxing-cpp is not here" in lacks["faults"][0]


def test_it_is_told_in_words(proposed, tmp_path, capsys):
    one, two, made = proposed
    ask = str(tmp_path / "a.standdown-ask")
    assert main(["--profile", str(one.paths.root), "approve", "carry", made.sha, "--file", ask]) == 0
    assert "It is not encrypted" in capsys.readouterr().out
    assert main(["--profile", str(two.paths.root), "approve", "take", ask]) == 0
    told = capsys.readouterr().out
    assert f"{made.sha[:16]} asks for a signature" in told
    assert "Commander approved it (known here already)." in told
    assert f"standdown approve sign {made.sha[:16]}" in told
