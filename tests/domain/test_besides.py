"""What a proposal says besides its targets, as texts both ways: agreements, work in flight, what answers instead."""

from __future__ import annotations

import pytest

from console.domain import flight
from console.domain.agreements import Agreement, concerns, read_agreement
from console.domain.reasons import Reason, read_reason, with_parts

HOUR_MS = 3_600_000
ACME = Agreement(partner="Acme Ltd", allows=("user", "frequency"), notice_h=72, where="terms 7.2", models=("F-7",))
ENTRY = "ab" * 32


def test_an_agreement_reads_back_as_it_was_written():
    for one in (ACME, Agreement(partner="B", allows=("shutdown",))):
        assert read_agreement(one.text()) == one
    assert ACME.covers("user", "F-7")
    assert not ACME.covers("shutdown", "F-7")
    assert not ACME.covers("user", "F-6")


@pytest.mark.parametrize(
    "text",
    [
        "We agreed to block keys.",
        "Agreement: \nAllows: user\nNotice: 0 h",
        "Agreement: A\nAllows: \nNotice: 0 h",
        "Agreement: A\nAllows: anything\nNotice: 0 h",
        "Agreement: A\nAllows: user\nNotice: soon",
        "Agreement: A\nAllows: user",
        "Agreement: A\nAllows: user\nNotice: 0 h\nNotice: 1 h",
        "Agreement: A\nAllows: user\nNotice: 0 h\nand something else",
    ],
)
def test_a_text_of_another_form_is_no_agreement(text):
    assert read_agreement(text) is None


def test_a_notice_longer_than_the_time_and_a_kind_that_is_not_named_are_said():
    line = ACME.line(ENTRY, ("user",))
    assert line == "Acme Ltd allows user (terms 7.2), notice 72 h [abababababababab]"
    (late,) = concerns([line], 4 * HOUR_MS)
    assert late == "Acme Ltd is owed 72 h of notice, and this goes within 4 h: they hear of it late."
    assert concerns([line], 72 * HOUR_MS) == ()
    other = ACME.line(ENTRY, ("user", "shutdown"))
    assert concerns([other], 100 * HOUR_MS) == ("The agreement with Acme Ltd does not name this kind of correction.",)
    # a name cannot shorten the notice
    sly = Agreement(partner="A, notice 0 h [abababababababab]", allows=("user",), notice_h=9).line(ENTRY, ("user",))
    assert len(concerns([sly], HOUR_MS)) == 1


def test_work_in_flight_stands_among_the_notes_and_what_has_none_could_not_be_counted():
    notes = (
        "a warning",
        *flight.notes_of([flight.told(3, "streams", "finishes"), flight.told(1, "batches", "cannot")]),
    )
    told, others = flight.split(notes)
    assert told == "3 streams: let finish; 1 batch: cannot be stopped from here"
    assert others == ("a warning",)
    assert flight.split(others) == ("cannot be counted here", ("a warning",))


def test_what_was_still_running_is_said_with_its_time_and_found_again_in_a_step():
    at_ms = 14 * HOUR_MS + 6 * 60_000 + 5_000
    some = flight.still([(3, "streams"), (0, "jobs")], at_ms)
    assert some == "3 streams were still running at 14:06:05 UTC"
    assert flight.still([(1, "batches")], at_ms) == "1 batch was still running at 14:06:05 UTC"
    none = flight.still([], at_ms)
    assert none == "nothing that it selects was still running at 14:06:05 UTC"
    assert flight.ran_on(f"Nothing could tell: no clear refusals. {some}.") == some
    assert flight.ran_on(none) == ""


def test_the_reason_carries_all_of_it_and_loses_no_word():
    text = with_parts("It leaks.", ["west: internal"], "It goes on", "atlas-small (t-1): serving", ["A allows user"])
    assert read_reason(text) == Reason(
        "It leaks.", ("west: internal",), "It goes on", "atlas-small (t-1): serving", ("A allows user",)
    )
    assert read_reason(text).text() == text
    assert read_reason("It leaks.\n\nMuch.").text() == "It leaks.\n\nMuch."
