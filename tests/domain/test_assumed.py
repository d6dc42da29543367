"""Command that was assumed, judged by the entries' own times: early, unasked, after a sign of life, taken back."""

from __future__ import annotations

import pytest

from console.domain.assumed import ASKED, SILENCE_MS, assumptions
from tests.domain.made import APPROVER, COMMANDER, DEPUTY, NOW, OBSERVER, ROSTER, Journal


def rules(journal: Journal) -> list[tuple[str, str]]:
    found = assumptions(reversed(journal.entries))
    return [(one.by, one.rule) for one in found]


def declared() -> Journal:
    journal = Journal()
    journal.add("incident.declared", COMMANDER, {"severity": 1})
    return journal


def ask(journal: Journal, author: str = DEPUTY, at: int = 10_000, **more: object) -> None:
    journal.add("communication", author, hlc=(NOW + at, 0), **{"disclosed": {"text": "t", "source": ASKED}, **more})


@pytest.mark.parametrize(
    ("after_ms", "rule"), [(SILENCE_MS - 1, "too early"), (0, "too early"), (SILENCE_MS, "kept"), (10**9, "kept")]
)
def test_ten_minutes_after_the_question(after_ms, rule):
    journal = declared()
    ask(journal)
    journal.add("command.assumed", APPROVER, hlc=(NOW + 10_000 + after_ms, 1))
    (one,) = assumptions(journal.entries)
    assert (one.rule, one.holder, one.asked_ms, one.heard_ms) == (rule, COMMANDER, NOW + 10_000, None)


def test_without_a_question_and_with_one_of_an_earlier_command():
    journal = declared()
    ask(journal)
    offer = journal.add("command.offered", COMMANDER, {"to": DEPUTY}, hlc=(NOW + 20_000, 0))
    journal.add("command.accepted", DEPUTY, {"of": [offer.id]}, hlc=(NOW + 30_000, 0))
    journal.add("command.assumed", APPROVER, hlc=(NOW + 30_000 + 2 * SILENCE_MS, 0))
    assert rules(journal) == [(APPROVER, "not asked")]


def test_a_sign_of_life_of_any_kind():
    journal = declared()
    ask(journal)
    journal.add("note", OBSERVER, hlc=(NOW + 20_000, 0))
    journal.add("note", COMMANDER, hlc=(NOW + 30_000, 0))
    journal.add("command.assumed", APPROVER, hlc=(NOW + 10_000 + SILENCE_MS, 0))
    (one,) = assumptions(journal.entries)
    assert (one.rule, one.heard_ms) == ("heard", NOW + 30_000)


def test_taking_it_back_is_free_once_and_then_rules_again():
    journal = declared()
    ask(journal)
    at = NOW + 10_000 + SILENCE_MS
    journal.add("command.assumed", APPROVER, hlc=(at, 0))
    journal.add("command.assumed", COMMANDER, hlc=(at + 1, 0))
    journal.add("command.assumed", APPROVER, hlc=(at + 2, 0))
    journal.add("command.assumed", COMMANDER, hlc=(at + 3, 0))
    assert rules(journal) == [
        (APPROVER, "kept"), (COMMANDER, "kept"), (APPROVER, "not asked"), (COMMANDER, "kept"),
    ]  # fmt: skip


def test_what_nobody_holds_or_one_holds_oneself_is_free():
    journal = Journal()
    journal.add("command.assumed", APPROVER)
    journal.add("command.assumed", APPROVER)
    assert rules(journal) == [(APPROVER, "kept"), (APPROVER, "kept")]


def test_where_the_question_is_redacted_nothing_is_claimed():
    journal = declared()
    ask(journal, disclosed={})
    journal.add("command.assumed", APPROVER, hlc=(NOW + 10_000 + SILENCE_MS, 0))
    assert rules(journal) == [(APPROVER, "cannot be told")]


def test_whom_the_roster_does_not_let_command_moved_nothing():
    journal = declared()
    ask(journal)
    journal.add("command.assumed", OBSERVER, hlc=(NOW + 10_500, 0))
    journal.add("command.assumed", COMMANDER, hlc=(NOW + 11_000, 0))
    found = assumptions(journal.entries, ROSTER)
    assert [(one.by, one.rule) for one in found] == [(COMMANDER, "kept")]
