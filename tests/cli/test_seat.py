"""A second person signs at the first one's console, in a real terminal, with the key from their own profile folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from console.services import approvals, corrections, incidents
from console.services.corrections import TargetWish
from tests.kit.pair import connect_manual, founded, pair, passphrase, sync

__all__ = ["founded", "pair"]
ROOT = Path(__file__).resolve().parents[2]


def command(session, *words):
    return ["-m", "console", "--profile", str(session.paths.root), "approve", *words]


def environ():
    return {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "dumb"}


@pytest.fixture
def proposed(pair):
    one, two = pair
    connect_manual(one, "m")
    inc = str(incidents.declare(one, "t", 1).entry.inc)
    wish = TargetWish(provider="vendor", surface="", lever="manual.ask", params={"instruction": "Stop it"})
    made = corrections.propose(one, inc, [wish], "Because")
    sync(one, two)
    return one, two, made


def test_the_second_person_signs_at_the_first_ones_terminal(proposed):
    one, two, made = proposed
    child = pexpect.spawn(
        sys.executable, command(one, "sign", made.sha, "--seat", str(two.paths.root)), env=environ(), cwd=str(ROOT),
        encoding="utf-8", timeout=60, dimensions=(200, 200),
    )  # fmt: skip
    child.expect("Approver signs here at a shared seat")
    child.expect(r"\(m 1\): ")
    child.sendline("m 1")
    child.expect("the approver key of Approver")
    child.sendline(passphrase("approver", "your approver key").decode())
    child.expect("Approved by Approver at this console's shared seat")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    (signed,) = approvals.weigh_up(one, corrections.find_document(one, made.sha)).records
    assert (signed[1].record.person, signed[1].record.seat) == (two.me, "shared")


def test_who_could_take_the_seat_is_told_by_name_and_nobody_else(proposed):
    one, two, _ = proposed
    stranger = one.paths.root.parent / "stranger"
    stranger.mkdir()
    (stranger / "profile.toml").write_text("junk", encoding="utf-8")
    words = command(one, "seats")
    done = subprocess.run(
        [sys.executable, *words[:-2], "--json", *words[-2:]], check=False, capture_output=True, text=True,
        env=environ(), cwd=ROOT, stdin=subprocess.DEVNULL, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)["seats"]
    assert told == [{"person": two.me, "name": "Approver", "folder": str(two.paths.root)}]


def test_without_a_terminal_nobody_takes_the_seat(proposed):
    one, two, made = proposed
    words = command(one, "sign", made.sha, "--seat", str(two.paths.root))
    done = subprocess.run(
        [sys.executable, *words], check=False, capture_output=True, text=True, env=environ(), cwd=ROOT,
        stdin=subprocess.DEVNULL,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 2
    assert "in a terminal" in done.stderr
    assert not approvals.weigh_up(one, corrections.find_document(one, made.sha)).records


def test_a_question_from_the_command_line_is_a_note_about_the_proposal(proposed):
    _, two, made = proposed
    read, write = os.pipe()
    os.write(write, passphrase("approver", "your writer key") + b"\n")
    os.close(write)
    words = [*command(two, "ask", made.sha, "Why not slower first?")]
    words[4:4] = ["--passphrase-fd", str(read)]
    done = subprocess.run(
        [sys.executable, *words], check=False, capture_output=True, text=True, env=environ(), cwd=ROOT,
        pass_fds=(read,),
        timeout=300,
    )  # fmt: skip
    os.close(read)
    assert done.returncode == 0, done.stderr
    notes = [one for one in two.reader.about(made.op) if one.entry.kind == "note"]
    assert [one.disclosed["text"] for one in notes] == ["Why not slower first?"]
