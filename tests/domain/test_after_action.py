"""The account afterwards: told from entries alone, also where people left out what one would expect first."""

from __future__ import annotations

from console.domain.after_action import account_of
from tests.domain.made import APPROVER, COMMANDER, DEPUTY, DOC, MINUTE, NOW, OP, Journal


def gaps(journal: Journal) -> list[str]:
    return [one.words for one in account_of(journal.entries).gaps]


def test_without_a_declaration_a_fact_or_a_determination_nothing_is_made_up() -> None:
    journal = Journal()
    journal.add("incident.declared", None, {"severity": 1})  # a console declares nothing
    journal.add("awareness.determination", COMMANDER, {"regime": "here", "at_ms": NOW})
    journal.add("notification", DEPUTY, {"regime": "there"}, disclosed={"text": "by mail"})
    account = account_of(journal.entries)
    assert [one.what for one in account.milestones] == ["Awareness determined: here", "Reported: there"]
    assert gaps(journal) == []
    journal.add("knowledge.fact", DEPUTY, {"since_ms": NOW - MINUTE})
    assert gaps(journal) == [
        "First fact to awareness: here", "Awareness to its being written: here", "First fact to report: there",
    ]  # fmt: skip


def test_refusals_sign_nothing_and_what_people_did_holds_unless_it_was_given_back() -> None:
    journal = Journal()
    journal.add("correction.proposed", COMMANDER, {"doc": DOC, "rev": 1}, subj=OP)
    journal.approve(DEPUTY, "correction.refused", decision="refuse")
    journal.approve(APPROVER, decision="refuse")
    first = journal.approve(COMMANDER)
    told = {"doc": DOC, "target": 0, "category": "user", "outcome": "done"}
    journal.add("correction.attested", APPROVER, {**told, "done_ms": NOW + 9, "direction": "contain"}, subj=OP)
    journal.add("correction.attested", APPROVER, {**told, "done_ms": NOW + 5, "direction": "contain"}, subj=OP)
    journal.add("correction.attested", APPROVER, {**told, "done_ms": NOW + 1, "direction": "restore"}, subj=OP)
    journal.add("correction.attested", APPROVER, {**told, "done_ms": NOW, "outcome": "declined"}, subj=OP)
    (story,) = account_of(journal.entries).stories
    assert (story.signed, story.held_ms) == ({COMMANDER: first.hlc[0]}, {0: NOW + 5})


def test_the_same_trouble_at_the_same_target_is_told_once() -> None:
    journal = Journal()
    journal.add("correction.proposed", COMMANDER, {"doc": DOC, "rev": 1}, subj=OP)
    for target in (0, 0, 1):
        journal.step("dispatch.failed", target)
    failures = account_of(journal.entries).failures
    assert [(one.kind, one.target) for one in failures] == [("dispatch.failed", 0), ("dispatch.failed", 1)]
