"""Reporting clocks in a real record: who may move them, where they show, and that a broken file stops nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.domain.callout import message
from console.domain.errors import WrongUse
from console.services import callout, clocks, incidents, needs, regimes, standing, timeline
from console.services.after_action import review
from console.services.brief import MAX_LINES, situation
from console.services.clock_words import words_of
from console.services.room import room_page
from console.viewmodels.wall import read_picture, wall_view
from tests.journal.world import INC
from tests.kit.told import MINUTE, Told

HOUR = 60 * MINUTE


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    made = Told(tmp_path / "p", monkeypatch)
    made.session.settings = replace(made.session.settings, house="make")
    made.later(4)
    yield made
    made.close()


def know(told: Told, hours_ago: float):
    since = told.clock.wall_ms() - int(hours_ago * HOUR)
    return incidents.record_fact(told.session, "A user showed it", inc=INC, since_ms=since)


def first(told: Told):
    return clocks.clocks_in(told.session, INC)[0]


def needed(told: Told):
    session = told.session
    found = needs.needs(session, standing.corrections(session), incidents.list_incidents(session))
    return [one for one in found if one.kind == "clock"]


def test_a_fact_starts_them_and_the_commander_determines(told: Told) -> None:
    assert clocks.clocks_in(told.session, INC) == ()
    know(told, 3)
    assert (first(told).key, first(told).state) == ("eu-gpai/initial", "provisional")
    clocks.determine(told.session, INC, "eu-gpai/cyber", None, "Counsel agrees")
    assert first(told).state == "running"
    assert words_of(first(told), told.clock.wall_ms()).line == (
        "EU GPAI 5 d: 4 d 21 h left (there is a serious cybersecurity breach; from awareness as determined)"
    )
    clocks.notified(told.session, INC, "eu-gpai", None, "AI Office, reference 88")
    assert [one.state for one in clocks.clocks_in(told.session, INC) if one.report.id == "initial"] == ["met"]


def test_a_report_that_is_about_to_be_late_calls_out_whoever_reports(told: Told) -> None:
    def called():
        return [one for one in callout.calls(told.session) if one.why == "clock"]

    know(told, 3)
    assert called() == []
    told.session._once.pop("told", None)
    know(told, 4 * 24 + 23)
    (call, *_) = called()
    assert told.session.me in call.asked
    assert call.until_ms is not None
    text = message(call, asked="the commander", drill=False)
    assert "A report to an authority is due until" in text
    assert "A user showed it" not in text
    for one in clocks.pressing(clocks.clocks_in(told.session, INC), told.clock.wall_ms()):
        clocks.notified(told.session, INC, one.key, None, "the office, reference 88")
    assert called() == []


def test_who_is_not_to_determine_is_refused_and_so_is_what_lies_ahead(told: Told) -> None:
    know(told, 1)
    ahead = told.clock.wall_ms() + HOUR
    with pytest.raises(WrongUse, match="cannot lie ahead"):
        clocks.determine(told.session, INC, "eu-gpai", ahead, "")
    with pytest.raises(WrongUse, match="cannot lie ahead"):
        clocks.notified(told.session, INC, "eu-gpai", ahead, "sent")
    with pytest.raises(WrongUse, match="To whom"):
        clocks.notified(told.session, INC, "eu-gpai", None, " ")
    with pytest.raises(WrongUse, match="has no 'soon'"):
        clocks.determine(told.session, INC, "eu-gpai/soon", None, "")
    with pytest.raises(WrongUse, match="is a report"):
        clocks.determine(told.session, INC, "eu-gpai/initial", None, "")
    with pytest.raises(WrongUse, match="No reporting regime"):
        clocks.set_aside(told.session, INC, "moon-law", "no")
    other = incidents.declare(told.session, "another", 3).entry.inc
    assert other is not None
    with pytest.raises(WrongUse, match="No knowledge fact"):
        clocks.determine(told.session, other, "eu-gpai", None, "")


def test_one_without_the_role_determines_nothing(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    know(told, 1)
    monkeypatch.setattr(clocks, "held_roles", lambda *_: {told.session.me: frozenset({"scribe"})})
    with pytest.raises(WrongUse, match="Legal, the commander"):
        clocks.determine(told.session, INC, "eu-gpai", None, "")


def test_it_needs_the_commander_before_it_lapses_and_after(told: Told) -> None:
    know(told, 23)
    assert needed(told) == []
    told.later(61)
    (need,) = needed(told)
    assert need.text.startswith("Report: EU GPAI 2 d (INC-")
    assert "provisional" in need.detail
    clocks.determine(told.session, INC, "eu-gpai/critical-infrastructure", None, "")
    told.later(25 * 60)
    (need,) = needed(told)
    assert need.until_ms is not None
    assert need.until_ms < told.clock.wall_ms(), "what is over goes on needing somebody"
    clocks.notified(told.session, INC, "eu-gpai", None, "sent late")
    assert needed(told) == []


def test_it_is_nobody_elses_while_one_holds_a_role_for_it(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    know(told, 40)
    assert len(needed(told)) == 1
    monkeypatch.setattr(needs, "held_roles", lambda *_: {"p-other": frozenset({"legal"})})
    assert needed(told) == []


def test_what_applies_is_chosen_and_what_was_determined_runs_in_any_case(told: Told) -> None:
    know(told, 1)
    regimes.choose(told.session, "eu-gpai", on=False)
    regimes.choose(told.session, "gdpr-33", on=True)
    assert [one.regime.id for one in clocks.clocks_in(told.session, INC)] == ["gdpr-33"]
    clocks.determine(told.session, INC, "eu-gpai", None, "")
    assert {one.regime.id for one in clocks.clocks_in(told.session, INC)} == {"gdpr-33", "eu-gpai"}


def test_the_house_says_what_applies_where_nobody_chose(told: Told) -> None:
    know(told, 1)
    told.session.settings = replace(told.session.settings, house="use")
    assert clocks.clocks_in(told.session, INC) == ()


def test_a_copy_is_read_instead_and_a_broken_one_is_told_and_stops_nothing(told: Told) -> None:
    know(told, 40)
    path = regimes.copy(told.session)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("hours = 48", "hours = 60", 1), encoding="utf-8")
    assert first(told).limit.hours == 60
    path.write_text("[[regime]]\nid = 'x'\n", encoding="utf-8")
    with pytest.raises(WrongUse, match="cannot be read"):
        clocks.clocks_in(told.session, INC)
    (need,) = needed(told)
    assert need.text == "The reporting clocks cannot be told"
    assert situation(told.session, INC, "internal").lines
    with pytest.raises(WrongUse, match="there already"):
        regimes.copy(told.session)


def test_a_fact_of_before_the_incident_is_taken_into_it(told: Told) -> None:
    since = told.clock.wall_ms() - 5 * HOUR
    stored = incidents.record_fact(told.session, "Seen on the weekend", inc=None, since_ms=since)
    assert clocks.clocks_in(told.session, INC) == ()
    clocks.adopt(told.session, INC, stored.id)
    assert first(told).since_ms == since
    assert review(told.session, INC).account.marks.facts[0].at_ms == since
    with pytest.raises(WrongUse, match="no fact"):
        clocks.adopt(told.session, INC, incidents.write(told.session, "note", "x", inc=None).id)


def test_the_authority_acknowledges_a_report_and_nothing_else(told: Told) -> None:
    know(told, 1)
    sent = clocks.notified(told.session, INC, "eu-gpai", None, "AI Office")
    clocks.acknowledged(told.session, sent.id, "Their reference 12")
    assert len(clocks.marks_in(told.session, INC).acknowledgements) == 1
    with pytest.raises(WrongUse, match="no notification"):
        clocks.acknowledged(told.session, incidents.write(told.session, "note", "x", inc=INC).id, "y")


# -- where they show ---------------------------------------------------------------------------------------------------


def test_the_brief_tells_colleagues_and_executives_but_no_customer(told: Told) -> None:
    know(told, 3)
    inside, outside = situation(told.session, INC, "exec"), situation(told.session, INC, "customer")
    assert any("Reporting clocks: EU GPAI 2 d: 1 d 21 h left (provisional)." in line for line in inside.lines)
    assert "Reporting" not in outside.text
    assert len(inside.lines) <= MAX_LINES


def test_the_wall_and_the_room_page_tell_them_and_no_set_aside_among_the_decisions(told: Told) -> None:
    know(told, 3)
    regimes.choose(told.session, "gdpr-33", on=True)
    told.later(1)
    clocks.set_aside(told.session, INC, "gdpr-33", "No personal data")
    told.later(1)
    incidents.write(told.session, "decision", "Keys first", inc=INC)
    picture, names = read_picture(told.session, INC)
    view = wall_view(picture, names, picture.now_ms)
    assert [(one.state, one.text, one.left) for one in view.owed] == [("provisional", "EU GPAI 2 d", "1 d 20 h left")]
    assert [text[7:] for text in view.decisions] == ["Keys first"]
    page = room_page(told.session, INC)
    assert "<h2>Reporting clocks</h2>" in page
    assert "until 2025-11-25 11:06 UTC" in page
    assert "personal data" not in page
    assert "personal data" not in situation(told.session, INC, "internal").text


def test_without_a_clock_the_page_says_nothing_of_any(told: Told) -> None:
    assert "Reporting clocks" not in room_page(told.session, INC)


def test_a_fact_that_was_taken_back_starts_no_clock(told: Told) -> None:
    wrong = know(told, 30)
    know(told, 2)
    timeline.retract(told.session, incidents.write(told.session, "note", "x", inc=INC).id, "a slip")
    timeline.retract(told.session, wrong.id, "another incident")
    assert told.clock.wall_ms() - first(told).since_ms < 3 * HOUR
