"""Bad luck while it is being sent, at the command line: a provider that talks nonsense, dies or is undone; Ctrl+C."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from console.cli.outbox import STOPPED
from console.services import approvals, corrections, dispatch
from console.services.corrections import TargetWish
from console.services.practice import Practice, passphrase
from console.services.session import APPROVER, Session

ROOT = Path(__file__).resolve().parents[2]
Told = tuple[int, dict[str, Any], str]


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    folder = tmp_path_factory.mktemp("practice")
    made = Practice(folder / "p")
    made.begin(lambda _line: None)
    yield made
    made.stop()


CHILDREN: list[subprocess.Popen[str]] = []


@pytest.fixture(autouse=True)
def _sound(practice: Practice) -> Iterator[None]:
    """No fault and no child is left to the next test, whatever became of this one."""
    yield
    while CHILDREN:
        with CHILDREN.pop() as child:
            child.kill()
    assert practice._estate is not None
    practice._estate.control("/clear")


def fault(practice: Practice, site: str, name: str, **how: object) -> None:
    assert practice._estate is not None
    practice._estate.control("/fault", site=site, fault=name, **how)


def decided(practice: Practice, provider: str, lever: str, selector: str) -> str:
    """Propose it and let both sign, as in every other test; the op."""
    with Session.open(practice.paths, passphrase) as one:
        surface = "" if lever.startswith("key.") else selector
        wish = TargetWish(provider=provider, surface=surface, lever=lever, selector=selector)
        made = corrections.propose(one, practice.inc, [wish], "It helps with working exploits")
        for session in (one, practice.colleague.session):
            dispatch.sync_all(session)
            held = corrections.find_document(session, made.sha)
            approvals.decide(session, held, "approve", lambda session=session: session.ask(APPROVER))
            dispatch.sync_all(session)
        dispatch.sync_all(one)
        return made.op


def command(practice: Practice, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "console", "--profile", str(practice.paths.root), "--json", *arguments]


def start(practice: Practice, *arguments: str, as_json: bool = True) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [word for word in command(practice, *arguments) if as_json or word != "--json"], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    CHILDREN.append(child)
    return child


def told(child: subprocess.Popen[str]) -> Told:
    out, err = child.communicate(timeout=90)
    assert "Traceback" not in err
    return child.returncode, json.loads(out.splitlines()[-1]), err


def outbox(practice: Practice, *arguments: str) -> Told:
    return told(start(practice, "outbox", *arguments))


def state(answer: dict[str, Any], op: str) -> str:
    return next((str(row["state"]) for row in answer["rows"] if row["op"] == op), "not here yet")


def waits(answer: dict[str, Any], op: str) -> list[str]:
    """What an action still waits for; the drill goes on beside it, and may ask people for something of its own."""
    return [one for key in ("people", "connection", "unfinished", "odd") for one in answer[key] if op in one]


def test_nonsense_in_answer_to_a_write_is_settled_by_reading(practice: Practice) -> None:
    op = decided(practice, "gateway-east", "key.block", "key-canary")
    fault(practice, "gateway-east", "html", on="writes", times=1)
    _, answer, _ = outbox(practice, "run", "--until-settled", "--fast", "--for", "60")
    assert (waits(answer, op), state(answer, op)) == ([], "enforced")
    shown = told(start(practice, "correct", "show", op))[1]
    assert shown["corrections"][0]["targets"][0]["state"] == "enforced"


def test_nonsense_in_answer_to_every_read_sends_nothing_and_says_why(practice: Practice) -> None:
    op = decided(practice, "gateway-west", "key.block", "key-canary")
    fault(practice, "gateway-west", "html")
    code, answer, _ = outbox(practice, "run", "--fast", "--for", "3")
    assert code in (3, 4)
    assert (answer["ok"], state(answer, op)) == (False, "queued")
    assert "answer" in answer["unfinished"][0]
    assert practice._estate is not None
    practice._estate.control("/clear")
    _, answer, _ = outbox(practice, "run", "--until-settled", "--fast", "--for", "60")
    assert (waits(answer, op), state(answer, op)) == ([], "enforced")


def test_a_provider_that_dies_in_the_middle_is_waited_for_and_held_when_it_is_back(practice: Practice) -> None:
    op = decided(practice, "model-server", "model.unload", "atlas-small")
    fault(practice, "model-server", "lost-answer", on="writes", times=1)  # it did it, and then it was gone
    child = start(practice, "outbox", "run", "--fast", "--for", "6")
    until_entered(practice, op, "dispatch.unknown")  # it may be over again before another process has started to ask
    fault(practice, "model-server", "down")
    code, answer, _ = told(child)
    assert code in (3, 4)
    assert state(answer, op) in ("unknown", "accepted", "recorded")
    assert waits(answer, op)
    assert practice._estate is not None
    practice._estate.control("/clear")
    _, answer, _ = outbox(practice, "run", "--until-settled", "--fast", "--for", "60")
    assert (waits(answer, op), state(answer, op)) == ([], "enforced")


@pytest.mark.parametrize("json_", [True, False])
def test_ctrl_c_ends_it_with_one_line_and_loses_nothing(practice: Practice, json_: bool) -> None:
    op = decided(practice, "cloud", "deployment.pause", "deploy-trial" if json_ else "deploy-main")
    fault(practice, "cloud", "slow", on="writes", seconds=30)
    child = start(practice, "outbox", "run", "--fast", as_json=json_)
    until(lambda: state(outbox(practice, "list")[1], op) == "dispatching")
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert err.strip().splitlines()[-1] == STOPPED
    assert len(err.strip().splitlines()) == (2 if json_ else 1)  # with JSON, the line that it runs goes there too
    if json_:
        assert json.loads(out.splitlines()[-1])["stopped"] is True
    assert practice._estate is not None
    practice._estate.control("/clear")
    _, answer, _ = outbox(practice, "run", "--until-settled", "--fast", "--for", "80")
    assert (waits(answer, op), state(answer, op)) == ([], "enforced")


def test_what_somebody_undid_is_shown_everywhere_and_asked_of_people(practice: Practice) -> None:
    op = decided(practice, "gateway-east", "key.block", "key-shop")
    _, answer, _ = outbox(practice, "run", "--until-settled", "--fast", "--for", "60")
    assert state(answer, op) in ("enforced", "unmeasurable")
    assert practice._estate is not None
    practice._estate.control("/drift", site="gateway-east", selector="key-shop")
    until(lambda: state(outbox(practice, "run", "--until-settled", "--fast")[1], op) == "drifted")
    code, answer, _ = outbox(practice, "run", "--until-settled", "--fast")
    assert (code, state(answer, op)) == (3, "drifted")
    assert "undid it" in answer["people"][0]
    assert state(outbox(practice, "list")[1], op) == "drifted"
    shown = told(start(practice, "correct", "show", op))[1]
    assert shown["corrections"][0]["targets"][0]["state"] == "drifted"
    _, status, _ = told(start(practice, "status"))
    assert [one["state"] for one in status["drifted"]] == ["drifted"]


def until_entered(practice: Practice, op: str, kind: str) -> None:
    """Wait for an entry of this kind about an action: it stays, whatever state follows."""
    with closing(sqlite3.connect(f"{practice.paths.journal.as_uri()}?mode=ro", uri=True)) as journal:
        ends = time.monotonic() + 90
        while not journal.execute("SELECT 1 FROM entry WHERE subj = ? AND kind = ?", (op, kind)).fetchone():
            assert time.monotonic() < ends, f"no {kind} came"
            time.sleep(0.02)


def until(so: Callable[[], bool]) -> None:
    """Ask another process again and again; each question takes its time, so there is nothing to wait for between."""
    ends = time.monotonic() + 90
    while not so():
        assert time.monotonic() < ends, "it did not come to be so"
