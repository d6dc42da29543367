"""Tasks say what, whose, until when; what became of one is what was said last; a plan is data that is checked."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from console.domain.errors import WrongUse
from console.domain.plans import read_plan
from console.domain.tasks import step_source, task_text, tasks_of
from console.services.product_data import read_table
from tests.domain.made import COMMANDER, DEPUTY, MINUTE, NOW, Journal

ROOT = Path(__file__).parents[2]


def task(journal, text="Keep the logs.", **disclosed):
    return journal.add("task", COMMANDER, {}, disclosed={"text": text, **disclosed})


def says(journal, of, text, author=DEPUTY):
    return journal.add("task", author, {"of": [of.id]}, disclosed={"text": text})


def test_owner_and_day_stand_in_the_words_and_are_read_back() -> None:
    due = NOW - NOW % MINUTE + 90 * MINUTE
    journal = Journal()
    task(journal, task_text("Change the rota", "Deputy J. Doe", due))
    task(journal, "Call the vendor")
    task(journal, "Write the report. Owner: Legal. Due 2026-12-01.")
    first, second, third = tasks_of(journal.entries)
    assert (first.text, first.owner, first.due_ms) == ("Change the rota.", "Deputy J Doe", due)
    assert (second.text, second.owner, second.due_ms) == ("Call the vendor", "", None)
    assert (third.text, third.owner) == ("Write the report.", "Legal")
    assert third.overdue(third.due_ms + 1)
    assert not third.overdue(third.due_ms)


def test_it_is_done_dropped_and_open_again_by_whom_and_when() -> None:
    journal = Journal()
    one = task(journal)
    says(journal, one, "Done: copied to the vault")
    (done,) = tasks_of(journal.entries)
    assert (done.state, done.by, done.note) == ("done", DEPUTY, "copied to the vault")
    says(journal, one, "open again", COMMANDER)
    (again,) = tasks_of(journal.entries)
    assert (again.state, again.by) == ("open", COMMANDER)
    says(journal, one, "Dropped: the vendor has them")
    assert tasks_of(journal.entries)[0].state == "dropped"


def test_a_day_that_there_is_not_and_a_word_that_ends_as_it_should_are_kept_as_said() -> None:
    journal = Journal()
    task(journal, "Write it. Due 2026-02-31.")
    task(journal, task_text("Is it off?", "", None))
    first, second = tasks_of(journal.entries)
    assert (first.text, first.due_ms) == ("Write it.", None)
    assert second.text == "Is it off?"
    assert task_text("", "Legal", None) == " Owner: Legal."


def test_a_word_about_a_word_is_about_no_task() -> None:
    journal = Journal()
    one = task(journal)
    done = says(journal, one, "Done.")
    says(journal, done, "Open again.")
    (left,) = tasks_of(journal.entries)
    assert left.state == "done"


def test_words_that_say_nothing_of_it_or_are_gone_change_nothing() -> None:
    journal = Journal()
    one = task(journal)
    says(journal, one, "Donepezil was found")
    journal.add("task", DEPUTY, {"of": [one.id]}, disclosed={})
    assert tasks_of(journal.entries)[0].state == "open"


def test_a_slip_is_taken_back_and_a_task_too() -> None:
    journal = Journal()
    one, other = task(journal), task(journal, "Another")
    done = says(journal, one, "Done.")
    journal.add("retraction", DEPUTY, {"of": [done.id, other.id]})
    (left,) = tasks_of(journal.entries)
    assert (left.entry, left.state) == (one.id, "open")


def test_an_amended_task_says_what_it_was_amended_to() -> None:
    journal = Journal()
    one = task(journal)
    journal.add("amendment", COMMANDER, {"of": [one.id]}, disclosed={"text": "Keep logs and versions. Owner: Expert."})
    (found,) = tasks_of(journal.entries)
    assert (found.text, found.owner) == ("Keep logs and versions.", "Expert")


def test_a_step_of_a_plan_names_it() -> None:
    journal = Journal()
    task(journal, source=step_source("sev-1", 1, "evidence"))
    task(journal, source="plan of somebody")
    assert [(one.plan, one.step) for one in tasks_of(journal.entries)] == [("sev-1", "evidence"), ("", "")]


def test_the_order_of_arrival_changes_nothing() -> None:
    journal = Journal()
    one = task(journal)
    says(journal, one, "Done.")
    says(journal, one, "Open again.")
    says(journal, one, "Done.")
    for seed in range(10):
        mixed = list(journal.entries)
        random.Random(seed).shuffle(mixed)
        assert tasks_of(mixed) == tasks_of(journal.entries)


@pytest.mark.parametrize("name", ["sev-1", "sev-2"])
def test_the_products_plans_are_plans(name: str) -> None:
    found = read_plan(read_table(ROOT / "resources" / "plans" / f"{name}.toml"), name)
    assert found.id == name
    assert len(found.steps) >= 9
    assert found.source


STEP = {"id": "a", "name": "A", "role": "scribe"}


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "A b"}, {"version": 0}, {"version": True}, {"name": ""}, {"step": []}, {"step": [STEP, STEP]},
        {"step": [{**STEP, "id": "Not so"}]}, {"step": [{**STEP, "id": 7}]},
        {"step": [{**STEP, "role": "boss"}]}, {"step": [{**STEP, "within_min": 0}]}, {"step": ["a"]},
        {"severities": [5]}, {"severities": 1}, {"step": [{**STEP, "name": "x" * 400}]},
    ],
)  # fmt: skip
def test_a_plan_that_is_none_is_refused_by_name(changes) -> None:
    whole = {"id": "mine", "version": 1, "name": "Mine", "step": [STEP]}
    assert read_plan(whole, "mine.toml").steps[0].within_min is None
    with pytest.raises(WrongUse, match=r"mine\.toml"):
        read_plan({**whole, **changes}, "mine.toml")
