"""When one person has to act: break-glass and its ratification, extension, assuming command; and what each refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.practice.simulator import Estate
from console.app import main
from console.domain.assumed import assumptions
from console.domain.errors import WrongUse
from console.exports.check import check_bundle
from console.journal.seen import all_seen
from console.journal.values import Draft
from console.services import (
    approvals,
    assumption,
    callout,
    corrections,
    dispatch,
    exporting,
    extension,
    glass,
    incidents,
    organisation,
)
from console.services.corrections import TargetWish
from console.services.session import Session
from console.viewmodels.emergency import command
from tests.kit.pair import connect, connect_manual, founded, pair, passphrase, sync
from tests.services.test_lists import QUICK

__all__ = ["founded", "pair"]
REASON = "exploits are live and nobody answers"


@pytest.fixture
def estate():
    with Estate(gateway_lag_s=0.0) as running:
        yield running


def later(session: Session, monkeypatch, by_ms: int) -> None:
    at = session.clock.wall_ms() + by_ms
    monkeypatch.setattr(type(session.clock), "wall_ms", lambda _self: at)


def declared(session: Session) -> str:
    inc = incidents.declare(session, "a campaign", severity=1).entry.inc
    assert inc is not None
    return inc


def two_keys(one: Session, inc: str) -> corrections.Proposal:
    wishes = [TargetWish(provider="gateway-east", surface="", lever="key.block", selector=key)
              for key in ("key-research", "key-shop")]  # fmt: skip
    return corrections.propose(one, inc, wishes, "exploits")


def sign(session: Session, who: str, sha: str) -> None:
    held = corrections.find_document(session, sha)
    approvals.decide(session, held, "approve", lambda: passphrase(who, "your approver key"))


def run(session: Session) -> None:
    dispatch.run_outbox(session, deadline_ms=session.clock.boot_ms() + 40_000, pace=QUICK)


def first_page(session: Session, inc: str, folder: Path) -> str:
    exporting.export(session, inc, folder / "bundle")
    told = exporting.check(folder / "bundle", organisation.genesis_of(session))
    assert "judged again" in told[0]
    return (folder / "bundle" / "timeline.html").read_text()


def test_one_person_contains_alone_everybody_is_called_and_another_ratifies(
    pair, estate: Estate, tmp_path: Path
) -> None:
    one, two = pair
    connect(one, estate, "gateway")
    inc = declared(one)
    made = two_keys(one, inc)
    assert made.action.gravity == "high"
    with pytest.raises(WrongUse, match="20 characters"):
        glass.break_the_glass(one, made.sha, "now")
    alone = glass.break_the_glass(one, made.sha, REASON)
    assert (alone.action.break_glass, alone.action.rev, alone.action.supersedes) == (True, 2, made.sha)
    assert approvals.judge(one, corrections.find_document(one, alone.sha)).verdict.missing
    sign(one, "commander", alone.sha)
    run(one)
    east = estate.sites["gateway-east"].state
    assert east["key-research"].blocked.recorded
    assert east["key-shop"].blocked.recorded
    assert any(call.why == "break-glass" and two.me in call.asked and call.everyone for call in callout.calls(one))
    (broken,) = glass.broken(one)
    assert (broken.state, broken.by, broken.ratification) == ("due", one.me, None)

    paper = glass.ratify(one, alone.sha)
    assert glass.ratify(one, alone.sha) == paper
    verdict = approvals.judge(one, corrections.find_document(one, paper)).verdict
    assert dict(verdict.cannot)[one.me] == "whoever broke the glass cannot ratify it"
    sync(one, two)
    sign(two, "approver", paper)
    sync(one, two)
    (broken,) = glass.broken(one)
    assert (broken.state, broken.ratified_by) == ("ratified", two.me)
    assert not [call for call in callout.calls(one) if call.why == "break-glass"]
    assert f"{alone.sha[:16]}: ratified by Approver." in first_page(one, inc, tmp_path)


def test_what_nobody_ratified_is_an_open_finding(pair, estate: Estate, monkeypatch, tmp_path: Path) -> None:
    one, _ = pair
    connect(one, estate, "gateway")
    alone = glass.break_the_glass(one, two_keys(one, declared(one)).sha, REASON)
    sign(one, "commander", alone.sha)
    run(one)
    later(one, monkeypatch, 24 * 3_600_000 + 1)
    assert glass.broken(one)[0].state == "finding"
    glass.ratify(one, alone.sha)
    told = first_page(one, alone.action.inc, tmp_path)
    assert f"{alone.sha[:16]}: not ratified by anybody: an open finding." in told


def test_what_may_not_be_sent_alone(pair, estate: Estate) -> None:
    one, two = pair
    connect(one, estate, "gateway")
    connect_manual(one, "F-7")
    inc = declared(one)
    sync(one, two)
    made = two_keys(one, inc)
    sync(one, two)
    assert "you hold no role in it" in glass.why_not(two, made.sha)
    params = {"instruction": "stop", "who": "x"}
    by_hand = corrections.propose(
        one, inc, [TargetWish(provider="vendor", surface="", lever="manual.ask", params=params)], "exploits"
    )
    assert "by hand" in glass.why_not(one, by_hand.sha)
    corrections.cancel(one, made.sha, "not this")
    assert glass.why_not(one, made.sha) == "It was decided already."
    with pytest.raises(WrongUse):
        glass.ratify(one, made.sha)


def test_a_signer_gives_more_time_once(pair, monkeypatch) -> None:
    one, two = pair
    connect_manual(one, "F-7")
    inc = declared(one)
    params = {"instruction": "stop", "who": "x"}
    wish = TargetWish(provider="vendor", surface="", lever="manual.ask", params=params)
    made = corrections.propose(one, inc, [wish, replace(wish, params={**params, "who": "y"})], "exploits")
    with pytest.raises(WrongUse, match="not decided yet"):
        extension.extend(one, made.sha)
    sync(one, two)
    sign(one, "commander", made.sha)
    sign(two, "approver", made.sha)
    sync(one, two)
    run(one)
    for wrong in (made.action.execute_by, made.action.created + 24 * 3_600_000 + 1):
        with pytest.raises(WrongUse, match="not later, or is more"):
            extension.extend(one, made.sha, wrong)
    paper = extension.extend(one, made.sha)
    sign(one, "commander", paper)
    judged = approvals.weigh_up(one, corrections.find_document(one, made.sha))
    assert judged.facts.extended_to == made.action.created + 24 * 3_600_000
    with pytest.raises(WrongUse, match="extended once already"):
        extension.extend(one, made.sha)


def test_command_is_assumed_after_ten_silent_minutes_and_taken_back(pair, monkeypatch) -> None:
    one, two = pair
    inc = declared(one)
    sync(one, two)
    assert "Ask Commander for a sign of life first" in assumption.silence(two, inc).why_not
    with pytest.raises(WrongUse):
        assumption.assume(two, inc, "nobody answers")
    assumption.ask(two, inc)
    assert any(call.why == "command" and call.asked == (one.me,) for call in callout.calls(two))
    with pytest.raises(WrongUse, match="asked already"):
        assumption.ask(two, inc)
    for after_ms, left in ((0, 10), (1, 10), (60_000, 9), (assumption.SILENCE_MS - 1, 1)):
        asked_ms = assumption.silence(two, inc).asked_ms
        monkeypatch.setattr(type(two.clock), "wall_ms", lambda _self, at=asked_ms + after_ms: at)
        assert f"has {left} min left" in assumption.silence(two, inc).why_not
    later(two, monkeypatch, 2)
    assert assumption.silence(two, inc).why_not == ""
    assumption.assume(two, inc, "nobody answers")
    assert incidents.list_incidents(two)[0].commander == two.me
    sync(one, two)
    assert any(call.why == "command" and call.asked == (one.me,) for call in callout.calls(two))
    assert assumption.silence(one, inc).assumed_from == one.me
    assumption.assume(one, inc, "I was in a lift")
    sync(one, two)
    assert incidents.list_incidents(two)[0].commander == one.me
    assert "Ask Commander" in assumption.silence(two, inc).why_not


def test_whether_the_holder_was_heard_is_found_without_reading_the_incident(pair, monkeypatch) -> None:
    one, two = pair
    inc = declared(one)
    for at in range(40):
        one.append(Draft("note", inc, None, {}, {"text": f"before {at}"}))
    sync(one, two)
    assumption.ask(two, inc)
    sync(one, two)
    for at in range(40):
        one.append(Draft("note", inc, None, {}, {"text": f"I am here {at}"}))
    sync(one, two)
    later(two, monkeypatch, assumption.SILENCE_MS + 1)
    two.append(Draft("command.assumed", inc, None, {}, {"reason": "impatience"}))
    told = all_seen(stored for stored in two.reader.entries(inc) if stored.standing == "good")
    whole = assumptions(told, two.roster.roster)
    entries = type(two.reader).entries

    def some(self, inc=None, **how):
        assert inc is None or how.get("kinds"), "the whole incident is read"
        return entries(self, inc, **how)

    monkeypatch.setattr(type(two.reader), "entries", some)
    (found,) = assumption.assumed(two, inc)
    assert (found,) == whole
    assert (found.rule, found.heard_ms is not None) == ("heard", True)


def test_command_that_another_program_assumed_too_soon_is_a_finding_everywhere(pair, tmp_path, capsys) -> None:
    """This service refuses; an entry that another one signed counts, and everybody says that it came too soon."""
    one, two = pair
    inc = declared(one)
    sync(one, two)
    assumption.ask(two, inc)
    two.append(Draft("command.assumed", inc, None, {}, {"reason": "impatience"}))
    sync(one, two)
    for session in pair:
        assert incidents.list_incidents(session)[0].commander == two.me
        (found,) = assumption.assumed(session, inc)
        assert (found.rule, found.by, found.holder) == ("too early", two.me, one.me)
        assert "FINDING: Approver assumed command from Commander: before the ten" in command(session, inc).sentence
    code, told = run_line(capsys, one.paths, "emergency", "command")
    assert (code, [row["rule"] for row in told["assumed"]]) == (1, ["too early"])
    assert "before the holder had been silent for ten minutes: an open finding" in first_page(one, inc, tmp_path)
    (note,) = [one_ for one_ in check_bundle(tmp_path / "bundle").notes if "assumed command" in one_]
    assert "ten minutes" in note
    plain = subprocess.run(
        [sys.executable, "-I", str(tmp_path / "bundle" / "verify.py")], capture_output=True, text=True, check=True,
        timeout=120,
    )  # fmt: skip
    assert note in plain.stdout
    assumption.assume(one, inc, "I am here")
    assert [row.rule for row in assumption.assumed(one, inc)] == ["too early", "kept"]


def test_a_sign_of_life_keeps_command(pair, monkeypatch) -> None:
    one, two = pair
    inc = declared(one)
    sync(one, two)
    assumption.ask(two, inc)
    sync(one, two)
    one.append(Draft("note", inc, None, {}, {"text": "here"}))
    sync(one, two)
    later(two, monkeypatch, assumption.SILENCE_MS + 1)
    with pytest.raises(WrongUse, match="was heard since"):
        assumption.assume(two, inc, "nobody answers")
    for wrong in (one,):
        with pytest.raises(WrongUse, match="You command it"):
            assumption.ask(wrong, inc)


def run_line(capsys, paths, *words: str, typed: str = "") -> tuple[int, dict]:
    read, write = os.pipe()
    os.write(write, typed.encode())
    os.close(write)
    code = main(["--profile", str(paths.root), "--json", "--passphrase-fd", str(read), *words])
    os.close(read)
    out = capsys.readouterr().out.strip()
    return code, json.loads(out.splitlines()[-1]) if out else {}


def test_on_the_command_line(pair, estate: Estate, capsys) -> None:
    one, two = pair
    connect(one, estate, "gateway")
    inc = declared(one)
    made = two_keys(one, inc)
    sync(one, two)
    key = f"{passphrase('commander', 'your writer key').decode()}\n"
    code, told = run_line(capsys, one.paths, "emergency", "break-glass", made.sha, "--reason", REASON, typed=key)
    assert (code, told["gravity"]) == (0, "high")
    assert run_line(capsys, one.paths, "emergency", "glass") == (0, {"ok": True, "glass": []})
    assert run_line(capsys, one.paths, "emergency", "ratify", made.sha, typed=key)[0] == 2
    assert run_line(capsys, one.paths, "emergency", "extend", made.sha, typed=key)[0] == 2
    other = f"{passphrase('approver', 'your writer key').decode()}\n"
    assert run_line(capsys, two.paths, "emergency", "ask-command", typed=other)[0] == 0
    assert run_line(capsys, two.paths, "emergency", "assume", "--reason", "x", typed=other)[0] == 2
