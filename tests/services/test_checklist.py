"""The checklist in a real record: a plan begun once, ticked off and opened again, own plans before the product's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.errors import WrongUse
from console.services import checklist, incidents, timeline
from console.services.targets import Targets
from console.viewmodels import duties
from tests.journal.world import INC
from tests.kit.told import MINUTE, Told

OWN = """id = "sev-1"
version = 7
name = "Ours"
severities = [1]
[[step]]
id = "ring"
name = "Ring the bell"
role = "scribe"
"""


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    made = Told(tmp_path / "p", monkeypatch)
    yield made
    made.close()


def test_a_plan_is_begun_once_and_each_step_has_an_owner_and_a_time(told: Told) -> None:
    session = told.session
    plan = checklist.plan_for(session, 1)
    assert plan is not None
    stored = checklist.begin(session, INC, plan.id)
    found = checklist.tasks_in(session, INC)
    assert [one.entry for one in found] == [one.id for one in stored]
    assert (found[0].plan, found[0].step, found[0].owner) == ("sev-1", "command", "commander")
    assert found[0].due_ms is not None
    assert 4 * MINUTE <= found[0].due_ms - told.clock.wall_ms() <= 5 * MINUTE
    with pytest.raises(WrongUse, match="a task already"):
        checklist.begin(session, INC, plan.id)


def test_it_is_ticked_off_and_opened_again_and_never_ticked_twice(told: Told) -> None:
    session = told.session
    checklist.add(session, INC, "Change the rota", "Deputy", told.clock.wall_ms())
    task = checklist.find_task(session, INC, "1")
    checklist.tick(session, task, "done on paper")
    done = checklist.find_task(session, INC, task.entry[:8])
    assert (done.state, done.note, done.by) == ("done", "done on paper", session.me)
    with pytest.raises(WrongUse, match="done already"):
        checklist.tick(session, done)
    checklist.reopen(session, done)
    again = checklist.find_task(session, INC, "1")
    with pytest.raises(WrongUse, match="It is open"):
        checklist.reopen(session, again)
    with pytest.raises(WrongUse, match="for a reason"):
        checklist.drop(session, again, "")
    checklist.drop(session, again, "not needed")
    assert checklist.tasks_in(session, INC)[0].state == "dropped"
    for name in ("9", "ab", "evidence"):
        with pytest.raises(WrongUse, match="No single task"):
            checklist.find_task(session, INC, name)


def test_a_plan_of_ones_own_counts_instead_of_the_products(told: Told) -> None:
    session = told.session
    folder = session.paths.root / checklist.OWN
    folder.mkdir()
    (folder / "mine.toml").write_text(OWN, encoding="utf-8")
    assert {one.id: one.version for one in checklist.plans(session)} == {"sev-1": 7, "sev-2": 1}
    (folder / "mine.toml").write_text(OWN.replace("scribe", "boss") + "#", encoding="utf-8")
    with pytest.raises(WrongUse, match=r"mine\.toml"):
        checklist.plans(session)


def test_a_row_that_says_what_became_of_a_task_says_which(told: Told) -> None:
    session = told.session
    first = checklist.add(session, INC, "Keep the logs", "Expert", told.clock.wall_ms())
    done = checklist.tick(session, checklist.find_task(session, INC, "1"))
    odd = incidents.write(session, "task", "Done.", inc=INC, pub={"of": ["0" * 64]})
    targets = Targets(session)
    assert targets.by_id([first.id, done.id, odd.id]) == {done.id: "Keep the logs"}
    assert targets.of(done) == "Keep the logs"
    assert targets.of(first) == ""


def test_what_was_amended_or_taken_back_of_a_task_counts_however_long_the_record(told: Told) -> None:
    session = told.session
    first, other = checklist.add(session, INC, "Keep the logs"), checklist.add(session, INC, "A slip")
    for text in ("a note", "another"):
        timeline.retract(session, incidents.write(session, "note", text, inc=INC).id, "not this one")
    timeline.amend(session, first.id, "Keep logs and versions. Owner: Expert.")
    timeline.retract(session, other.id, "not ours")
    done = checklist.tick(session, checklist.find_task(session, INC, first.id[:8]))
    timeline.retract(session, done.id, "too early")
    (task,) = checklist.tasks_in(session, INC)
    assert (task.text, task.owner, task.state) == ("Keep logs and versions.", "Expert", "open")


def test_of_thousands_of_tasks_a_window_reads_the_newest_and_says_so(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duties, "TASKS_READ", 4)
    session = told.session
    first = checklist.add(session, INC, "The first")
    for text in ("The second", "The third"):
        checklist.add(session, INC, text)
    found = duties.read_duties(session, INC)
    assert duties.checklist_heading(found) == "Checklist  0 of 3 done"
    checklist.add(session, INC, "The fourth")
    checklist.tick(session, checklist.find_task(session, INC, first.id[:8]))
    found = duties.read_duties(session, INC)
    assert [one.text for one in found.tasks] == ["The second.", "The third.", "The fourth."]
    assert duties.checklist_heading(found) == "Checklist  0 of the newest 3 done"
    assert [one.state for one in checklist.tasks_in(session, INC)] == ["done", "open", "open", "open"]
