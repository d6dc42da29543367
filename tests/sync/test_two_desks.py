"""Two founded consoles far apart: what is proposed on one is read, signed and decided through the lane alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.journal.values import Draft
from console.services import approvals, corrections, incidents
from console.services.planning import TargetWish
from console.sync.folder import FolderPlace
from console.sync.session import sync_once, sync_open
from tests.kit.pair import connect_manual, founded, pair, passphrase

__all__ = ["founded", "pair"]


def _meet(session, how=sync_open):
    (folder,) = session.settings.places
    return how(session.store, FolderPlace(Path(folder)), session.settings.console, session.device)


@pytest.mark.parametrize("behind", [0, 600])
def test_an_action_is_read_and_signed_on_a_console_that_lacks_its_history(pair, behind):
    one, two = pair
    connect_manual(one, "atlas-large")
    inc = incidents.declare(one, "it helps with exploits", 1).entry.inc
    one.append_all([Draft("note", inc=inc, disclosures={"text": f"said {number}"}) for number in range(behind)])
    wish = TargetWish(provider="vendor", surface="at-vendor", lever="manual.ask", params={"instruction": "withdraw it"})
    made = corrections.propose(one, inc, [wish], "It helps with exploits.")
    approvals.decide(
        one, corrections.find_document(one, made.sha), "approve", lambda: passphrase("commander", "your approver key")
    )
    _meet(one)
    before = len(two.reader.entries())
    report = _meet(two)
    assert report.faults == ()
    assert (len(two.reader.entries()) == before) == bool(behind)  # up to date: no gap; far behind: nothing is kept
    (waiting,) = [one for one in approvals.waiting(two) if one.sha == made.sha]
    text = "\n".join(approvals.text(two, corrections.find_document(two, made.sha)))
    assert "withdraw it" in text
    assert "It helps with exploits." in text
    assert waiting.verdict.missing
    approvals.decide(
        two, corrections.find_document(two, made.sha), "approve", lambda: passphrase("approver", "your approver key")
    )
    _meet(two)
    report = _meet(one)
    assert report.faults == ()
    verdict = approvals.judge(one, corrections.find_document(one, made.sha)).verdict
    assert verdict.met, verdict
    for session in (one, two, one):
        assert _meet(session, sync_once).faults == ()
    assert {entry.id for entry in one.reader.entries()} == {entry.id for entry in two.reader.entries()}
    assert approvals.judge(two, corrections.find_document(two, made.sha)).verdict.met
