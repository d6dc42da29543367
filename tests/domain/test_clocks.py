"""Reporting clocks: what they run from, when they warn, what meets them; and that nothing moves a deadline out."""

from __future__ import annotations

import random
import tomllib
from pathlib import Path

import pytest

from console.domain.clocks import aside_text, clocks_of, marks_of
from console.domain.errors import WrongUse
from console.domain.regimes import AWARENESS, CLOSING, Limit, Regime, Report, read_regimes
from tests.domain.made import COMMANDER, DEPUTY, HOUR, MINUTE, NOW, Journal

DAY = 24 * HOUR
ROOT = Path(__file__).parents[2]
PRODUCT = read_regimes(tomllib.loads((ROOT / "resources/clocks/regimes.toml").read_text(encoding="utf-8")))


def regime(**changes):
    reports = (
        Report(id="first", name="first report", runs_from=AWARENESS,
               limits=(Limit(id="bad", hours=48, when="it is bad"), Limit(id="plain", hours=360, when="it is not"))),
        Report(id="update", name="update", runs_from="first", repeats=True, limits=(Limit(id="weekly", hours=168),)),
        Report(id="final", name="final", runs_from=CLOSING, limits=(Limit(id="sixty", hours=1440),)),
    )  # fmt: skip
    fields = {
        "id": "here", "short": "Here", "name": "A law", "to": "the office", "awareness": "knowing", "house": "both",
        "applies": True, "source": "a page", "read": "2025-11-01", "reports": reports,
    }  # fmt: skip
    return Regime(**{**fields, **changes})


def fact(journal, since, at=NOW):
    return journal.add("knowledge.fact", DEPUTY, {"since_ms": since}, hlc=(at, 0))


def determined(journal, at, named="here", written=NOW):
    return journal.add("awareness.determination", COMMANDER, {"regime": named, "at_ms": at}, hlc=(written, 0))


def sent(journal, at, named="here", occurred=None, of=()):
    disclosed = {"text": "by mail"} if occurred is None else {"occurred": {"at_ms": occurred}, "text": "by mail"}
    pub = {"regime": named, **({"of": list(of)} if of else {})}
    return journal.add("notification", DEPUTY, pub, disclosed=disclosed, hlc=(at, 0))


def clocks(journal, now=NOW, one=None):
    return clocks_of(marks_of(journal.entries), (one or regime(),), now)


def test_nothing_runs_before_somebody_knew() -> None:
    journal = Journal()
    journal.add("incident.declared", COMMANDER, {"severity": 1})
    assert clocks(journal) == ()


def test_it_runs_provisionally_from_the_earliest_fact_and_the_next_limit_counts() -> None:
    journal = Journal()
    fact(journal, NOW - HOUR)
    fact(journal, NOW - 3 * HOUR)
    (clock,) = clocks(journal)
    assert (clock.state, clock.since_ms, clock.due_ms) == ("provisional", NOW - 3 * HOUR, NOW + 45 * HOUR)
    assert clock.limit.id == "bad"
    assert [limit.id for limit, _ in clock.others] == ["plain"]
    (later,) = clocks(journal, NOW + 46 * HOUR)
    assert (later.limit.id, later.state) == ("plain", "provisional")
    assert [limit.id for limit, _ in later.passed] == ["bad"], "what is over if it was meant does not vanish"


def test_a_determination_takes_over_and_names_the_limit() -> None:
    journal = Journal()
    fact(journal, NOW - 5 * HOUR)
    determined(journal, NOW - HOUR, "here/plain")
    (clock,) = clocks(journal)
    assert (clock.state, clock.limit.id, clock.due_ms) == ("running", "plain", NOW - HOUR + 15 * DAY)
    assert clock.others == clock.passed == ()
    assert clocks(journal, clock.due_ms + 1)[0].state == "missed"


def test_a_later_determination_moves_no_deadline_out_and_the_shorter_limit_counts() -> None:
    journal = Journal()
    determined(journal, NOW - 9 * HOUR, "here/plain")
    determined(journal, NOW - HOUR, "here/bad", NOW + MINUTE)
    (clock,) = clocks(journal)
    assert (clock.since_ms, clock.limit.id) == (NOW - 9 * HOUR, "bad")


def test_what_was_taken_back_does_not_count() -> None:
    journal = Journal()
    wrong = fact(journal, NOW - 9 * HOUR)
    fact(journal, NOW - HOUR)
    assert clocks(journal)[0].since_ms == NOW - 9 * HOUR
    journal.add("retraction", DEPUTY, {"of": [wrong.id]})
    assert clocks(journal)[0].since_ms == NOW - HOUR


def test_a_notification_meets_it_and_being_late_shows() -> None:
    journal = Journal()
    fact(journal, NOW - HOUR)
    determined(journal, NOW - HOUR, "here/bad")
    sent(journal, NOW + HOUR)
    first = next(one for one in clocks(journal, NOW + 2 * HOUR) if one.report.id == "first")
    assert (first.state, first.met.at_ms, first.open) == ("met", NOW + HOUR, False)
    late = Journal()
    determined(late, NOW - 3 * DAY, "here/bad")
    sent(late, NOW)
    assert next(one for one in clocks(late) if one.report.id == "first").state == "met late"


def test_who_says_afterwards_that_it_was_sent_in_time_is_believed_and_the_delay_shows() -> None:
    journal = Journal()
    determined(journal, NOW - 3 * DAY, "here/bad")
    sent(journal, NOW, occurred=NOW - 2 * DAY)
    first = next(one for one in clocks(journal) if one.report.id == "first")
    assert first.state == "met"
    assert first.met.late_ms == 2 * DAY


def test_what_follows_runs_from_the_report_before_it_anew_each_time_until_it_is_closed() -> None:
    journal = Journal()
    determined(journal, NOW - HOUR, "here/plain")
    sent(journal, NOW)
    update = next(one for one in clocks(journal) if one.report.id == "update")
    assert (update.state, update.due_ms) == ("running", NOW + 7 * DAY)
    sent(journal, NOW + 3 * DAY, "here/update")
    update = next(one for one in clocks(journal, NOW + 3 * DAY) if one.report.id == "update")
    assert update.due_ms == NOW + 10 * DAY
    journal.add("closing.authorised", None, {"doc": "0" * 64}, hlc=(NOW + 4 * DAY, 0))
    found = {one.report.id: one for one in clocks(journal, NOW + 4 * DAY)}
    assert set(found) == {"first", "final"}
    assert found["final"].due_ms == NOW + 64 * DAY


def test_an_acknowledgement_meets_nothing_a_second_time() -> None:
    journal = Journal()
    determined(journal, NOW - HOUR, "here/plain")
    one = sent(journal, NOW)
    sent(journal, NOW + DAY, "here", of=(one.id,))
    marks = marks_of(journal.entries)
    assert (len(marks.notifications), len(marks.acknowledgements)) == (1, 1)
    assert next(one for one in clocks(journal, NOW + DAY) if one.report.id == "update").since_ms == NOW


def test_a_regime_is_set_aside_for_a_reason_until_somebody_determines_it() -> None:
    journal = Journal()
    fact(journal, NOW - HOUR)
    journal.add("decision.not-to-act", COMMANDER, {},
                disclosed={"text": aside_text("here", applies=False, reason="No user is in the Union")})  # fmt: skip
    (clock,) = clocks(journal)
    assert (clock.state, clock.open) == ("set aside", False)
    assert clock.why.endswith("No user is in the Union")
    determined(journal, NOW - HOUR, written=NOW + HOUR)
    assert clocks(journal)[0].state == "running"


def test_why_awareness_is_not_determined_yet_is_told_and_stops_nothing() -> None:
    journal = Journal()
    fact(journal, NOW - HOUR)
    journal.add("decision.not-to-act", COMMANDER, {},
                disclosed={"text": aside_text("here", applies=True, reason="Counsel reads")})  # fmt: skip
    (clock,) = clocks(journal)
    assert clock.state == "provisional"
    assert "Counsel reads" in clock.why


def test_a_start_before_the_law_runs_no_clock() -> None:
    journal = Journal()
    fact(journal, NOW - HOUR)
    assert clocks(journal, one=regime(in_force_ms=NOW)) == ()
    assert clocks(journal, one=regime(in_force_ms=NOW - HOUR)) != ()


def test_what_is_only_owed_where_somebody_says_so_does_not_run_by_itself() -> None:
    said = Report(id="danger", name="danger", runs_from=AWARENESS, only_where_said=True,
                  limits=(Limit(id="imminent", hours=24, when="danger is imminent"),))  # fmt: skip
    one = regime(reports=(*regime().reports, said))
    journal = Journal()
    fact(journal, NOW)
    assert [clock.report.id for clock in clocks(journal, one=one)] == ["first"]
    determined(journal, NOW, "here/imminent")
    assert [clock.report.id for clock in clocks(journal, one=one)] == ["danger", "first"]


@pytest.mark.parametrize(("hours", "before"), [(24, 12), (72, 24), (360, 36), (4, 2)])
def test_it_needs_somebody_a_day_or_a_tenth_before_but_never_more_than_half(hours: int, before: int) -> None:
    report = Report(id="one", name="one", runs_from=AWARENESS, limits=(Limit(id="l", hours=hours),))
    journal = Journal()
    fact(journal, NOW)
    (clock,) = clocks(journal, one=regime(reports=(report,)))
    assert clock.due_ms - clock.warn_ms == before * HOUR


def test_the_order_of_arrival_changes_nothing() -> None:
    journal = Journal()
    fact(journal, NOW - 5 * HOUR)
    determined(journal, NOW - HOUR, "here/plain")
    sent(journal, NOW)
    whole = clocks(journal)
    for seed in range(10):
        mixed = list(journal.entries)
        random.Random(seed).shuffle(mixed)
        assert clocks_of(marks_of(mixed), (regime(),), NOW) == whole


def test_an_incident_that_was_opened_again_has_not_been_closed() -> None:
    journal = Journal()
    journal.add("closing.authorised", None, {"doc": "x"}, hlc=(NOW, 0))
    assert marks_of(journal.entries).closed_ms == NOW
    journal.add("status.changed", COMMANDER, {"status": "contained"}, hlc=(NOW + 1, 0))
    assert marks_of(journal.entries).closed_ms == NOW
    journal.add("status.changed", COMMANDER, {"status": "reopened"}, hlc=(NOW + 2, 0))
    assert marks_of(journal.entries).closed_ms is None


# -- regimes as data ---------------------------------------------------------------------------------------------------


def test_the_products_regimes_say_where_and_when_they_were_read() -> None:
    assert {"eu-gpai", "ca-sb53", "ny-raise", "eu-ai-act-73", "gdpr-33", "nis2-23", "dora-19"} <= {
        one.id for one in PRODUCT
    }
    assert all(one.source and one.read and one.to and one.awareness for one in PRODUCT)
    hours = {limit.id: limit.hours for limit in PRODUCT[0].reports[0].limits}
    assert hours == {"critical-infrastructure": 48, "cyber": 120, "death": 240, "serious-harm": 360}


def table(**changes):
    report = {"id": "r", "name": "r", "from": "awareness", "limit": [{"id": "l", "hours": 24}]}
    one = {
        "id": "x", "short": "X", "name": "X", "to": "o", "awareness": "a", "house": "both", "source": "s",
        "read": "2026-11-26", "report": [report], **changes,
    }  # fmt: skip
    return {"regime": [one]}


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "Not so"}, {"id": "awareness"}, {"house": "ours"}, {"read": "yesterday"}, {"source": " "},
        {"in_force": "2026-13-01"}, {"report": []}, {"report": "none"},
        {"report": [{"id": "r", "name": "r", "from": "r", "limit": [{"id": "l", "hours": 24}]}]},
        {"report": [{"id": "r", "name": "r", "from": "awareness", "limit": [{"id": "l", "hours": 0}]}]},
        {"report": [{"id": "r", "name": "r", "from": "awareness", "limit": [{"id": "l", "hours": True}]}]},
        {"report": [{"id": "r", "name": "r", "from": "awareness", "limit": []}]},
        {"report": [{"id": "r", "name": "r", "from": "awareness", "limit": [{"id": "l", "hours": 24}] * 2}]},
    ],
)  # fmt: skip
def test_a_regime_that_is_not_one_is_refused_by_name(changes) -> None:
    assert read_regimes(table())[0].id == "x"
    with pytest.raises(WrongUse, match="cannot be read"):
        read_regimes(table(**changes))


def test_two_of_one_name_are_refused() -> None:
    with pytest.raises(WrongUse, match="stands in it twice"):
        read_regimes({"regime": table()["regime"] * 2})
