"""The after-action view: the clock that matters, what failed, what is open, what follows; from entries alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.domain.after_action import account_of
from console.journal.seen import all_seen
from console.services import checklist, clocks, incidents
from console.services.after_action import review
from tests.journal.world import INC
from tests.kit.told import MINUTE, Told


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    made = Told(tmp_path / "p", monkeypatch)
    made.session.settings = replace(made.session.settings, house="make")
    made.later(4)
    yield made
    made.close()


def test_the_clock_that_matters_is_told_from_seen_to_enforced(told: Told) -> None:
    now = told.clock.wall_ms()
    told.say("observation", "A detector hit", more={"occurred": {"at_ms": now - 30 * MINUTE, "plus_minus_s": 60}})
    incidents.record_fact(told.session, "On call read it", inc=INC, since_ms=now - 20 * MINUTE)
    made = told.propose("key-a", "key-b")
    told.later(5)
    told.authorise(made)
    told.later(2)
    for kind in ("intent", "accepted", "recorded"):
        told.step(made, kind)
    told.step(made, "passed", passes=2)  # how long it took, and no failure
    told.step(made, "enforced")
    told.later(3)
    told.step(made, "intent", 1)
    told.step(made, "failed", 1, words={"why": "the gateway said 500"})
    found = review(told.session, INC)
    assert [one.what for one in found.account.milestones] == [
        "Earliest signal", "First fact", "Declared", "First proposed", "First authorised (quorum met)", "First sent",
        "First observed to be enforced", "Last target in force",
    ]  # fmt: skip
    gaps = {one.words: round(one.length_ms / MINUTE) for one in found.account.gaps}
    assert gaps["Earliest signal to first fact"] == 10
    assert gaps["First authorised (quorum met) to first observed to be enforced"] == 2
    (way,) = found.ways
    assert (way.held, way.targets, len(found.account.stories[0].signed)) == (1, 2, 2)
    assert way.second_ms is not None
    assert way.second_ms - way.proposed_ms >= 5 * MINUTE
    (trouble,) = found.troubles
    assert trouble.what == "failed: the gateway said 500"
    assert "key key-b at provider" in trouble.about
    assert found.contained_ms is None
    assert any("key key-b at provider ..e1r7 is failed." in one for one in found.findings)
    assert any(
        "F-7 is offered as F-7 west at " in one and "where nothing restricts it." in one for one in found.findings
    )


def test_how_long_it_took_to_contain_is_from_the_declaration(told: Told) -> None:
    made = told.propose("key-a")
    told.authorise(made)
    for kind in ("intent", "accepted", "recorded", "enforced"):
        told.step(made, kind)
    found = review(told.session, INC)
    assert found.contained_ms is not None
    assert 4 * MINUTE <= found.contained_ms < 5 * MINUTE
    assert found.held == (1, 1, found.contained_ms)
    back = told.propose("key-a", direction="restore")
    told.authorise(back)
    told.later(30)
    for kind in ("intent", "accepted", "recorded"):
        told.step(back, kind)
    after = review(told.session, INC)
    assert (after.containment.word, after.contained_ms) == ("given back", None)
    assert after.held == found.held, "how long it took is not forgotten when it is given back"


def test_what_is_open_is_named_and_what_follows_has_an_owner_and_a_day(told: Told) -> None:
    session = told.session
    findings = review(session, INC).findings
    assert "No knowledge fact is recorded: nothing says since when it was known." in findings
    assert "No follow-up is set: what changes, who does it, until when?" in findings
    incidents.record_fact(session, "It was known", inc=INC, since_ms=told.clock.wall_ms() - 180 * MINUTE)
    checklist.add(session, INC, "Change the rota")
    checklist.add(session, INC, "Mend the filter", "Expert", told.clock.wall_ms() + MINUTE)
    told.later(3 * 24 * 60)
    found = review(session, INC)
    assert any(one.startswith("A fact was written 3 h after it was known") for one in found.findings)
    assert any("EU GPAI: awareness is neither determined nor set aside" in one for one in found.findings)
    assert "A follow-up without an owner: Change the rota." in found.findings
    assert "Overdue: Mend the filter. (Expert)" in found.findings
    assert [one.owner for one in found.follow_ups] == ["", "Expert"]
    clocks.determine(session, INC, "eu-gpai/critical-infrastructure", None, "")
    assert any(one.startswith("EU GPAI 2 d: over for 1 d 3 h") for one in review(session, INC).findings)


def test_known_to_determined_to_reported_are_lengths_of_their_own(told: Told) -> None:
    session, now = told.session, told.clock.wall_ms()
    incidents.record_fact(session, "It was known", inc=INC, since_ms=now - 90 * MINUTE)
    clocks.determine(session, INC, "eu-gpai", now - 60 * MINUTE, "")
    told.later(10)
    clocks.notified(session, INC, "eu-gpai/initial", None, "AI Office")
    steps = account_of(all_seen(session.reader.entries(INC)))
    gaps = {one.words: round(one.length_ms / MINUTE) for one in steps.gaps}
    assert gaps["First fact to awareness: eu-gpai"] == 30
    assert gaps["Awareness to its being written: eu-gpai"] == 60
    assert gaps["Awareness to report: eu-gpai (initial)"] == 70
