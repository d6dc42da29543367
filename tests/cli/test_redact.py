"""Redaction from the command line alone: shown, found, proposed, and carried out by `sync run`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from console.services import approvals, corrections, incidents, redaction
from tests.kit.pair import founded, pair, passphrase, sync
from tests.kit.traces import traces

__all__ = ["founded", "pair"]
ROOT = Path(__file__).resolve().parents[2]
SECRET = "Quetzalcoatl-access-7731-Xylophone"


def run(session, *words, who="commander", said="", code=0):
    read, write = os.pipe()
    os.write(write, passphrase(who, "your writer key") + b"\n")
    os.close(write)
    done = subprocess.run(
        [sys.executable, "-m", "console", "--profile", str(session.paths.root), "--json", "--passphrase-fd", str(read),
         *words],
        check=False, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=ROOT,
        pass_fds=(read,), input=said,
        timeout=300,
    )  # fmt: skip
    os.close(read)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def told(pair):
    one, two = pair
    inc = str(incidents.declare(one, "t", 1).entry.inc)
    note = incidents.write(two, "note", f"the key is {SECRET}", inc=inc)
    sync(two, one)
    return one, two, note


def test_it_is_shown_found_proposed_signed_and_carried_out_by_syncing(told):
    one, two, note = told
    (source,) = run(one, "redact", "show", note.id[:12])["sources"]
    assert (source["holder"], SECRET in source["values"][0]["text"]) == (note.id, True)
    (hit,) = run(one, "redact", "find", "-", said=f"{SECRET.lower()}\n")["found"]
    assert (hit["holder"], hit["values"][0]["name"]) == (note.id, "text")
    made = run(one, "redact", "propose", note.id[:12], "--reason", "a key was pasted")
    assert made["values"] == 1
    (row,) = run(one, "redact", "list")["redactions"]
    assert (row["state"], row["document"]) == ("proposed", made["document"])
    run(one, "sync", "run")
    run(two, "sync", "run", who="approver")
    assert run(two, "approve", "list", who="approver")["waiting"][0]["kind"] == "redaction"
    for session, who in ((one, "commander"), (two, "approver")):
        held = corrections.find_document(session, made["document"])
        approvals.decide(session, held, "approve", lambda who=who: passphrase(who, "your approver key"))
    outcomes = []
    for session, who in ((two, "approver"), (one, "commander"), (two, "approver"), (one, "commander")):
        outcomes.append([done["outcome"] for done in run(session, "sync", "run", who=who)["redactions"]])
    assert [one for found in outcomes for one in found] == ["done", "done"]
    (row,) = run(one, "redact", "list")["redactions"]
    assert (row["state"], row["open"], len(row["done"])) == ("done here", [], 2)
    assert run(one, "redact", "run")["redactions"] == []
    assert run(one, "redact", "find", SECRET)["found"] == []
    assert traces(SECRET, one.paths.root, two.paths.root, Path(one.settings.places[0])) == []
    assert redaction.standing(two, made["document"]).state == "done here"


def test_what_cannot_be_proposed_says_so(told):
    one, _, note = told
    assert "no such value" in run(one, "redact", "propose", note.id, "--value", "blob", "--reason", "x", code=2)["what"]
    assert "reason" in run(one, "redact", "propose", note.id, "--reason", " ", code=2)["what"]
    assert "No entry" in run(one, "redact", "show", "0123456789", code=2)["what"]


def test_a_place_that_is_gone_keeps_nothing_from_being_forgotten(told):
    one, two, note = told
    made = run(one, "redact", "propose", note.id, "--reason", "a key was pasted")
    run(one, "sync", "run")
    run(two, "sync", "run", who="approver")
    for session, who in ((one, "commander"), (two, "approver")):
        held = corrections.find_document(session, made["document"])
        approvals.decide(session, held, "approve", lambda who=who: passphrase(who, "your approver key"))
    run(two, "sync", "run", who="approver")
    sync(one)
    share = Path(one.settings.places[0])
    share.rename(share.with_name("away"))
    run(one, "sync", "run", code=4)
    assert redaction.standing(one, made["document"]).state == "done here"
    assert traces(SECRET, one.paths.root) == []
