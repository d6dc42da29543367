"""The situation in fifteen lines: no more certain than the record, nothing quoted that may not be, safe in a chat."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.errors import WrongUse
from console.runtime.paths import ProfilePaths
from console.services import corrections, incidents
from console.services.brief import (
    AUDIENCES,
    MAX_LINES,
    announce,
    one_line,
    record_copy,
    situation,
    span,
)
from console.services.picture import take
from console.services.record import start_record
from console.services.said import MOST, promised_ms, said_in
from console.services.session import Session
from tests.journal.world import INC
from tests.kit.clock import START_WALL_MS, FakeClock
from tests.kit.entropy import SeededEntropy
from tests.kit.told import MINUTE, Told


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    made = Told(tmp_path / "p", monkeypatch)
    made.later(4)  # declared at 14:02:11
    yield made
    made.close()


def text(told: Told, audience="internal", zone: str = "UTC") -> str:
    return situation(told.session, INC, audience, zone).text


def enforce(told: Told, made, *kinds: str, target: int = 0) -> None:
    for kind in kinds or ("intent", "accepted", "recorded", "enforced"):
        told.step(made, kind, target)


# -- how sure ----------------------------------------------------------------------------------------------------------


def test_nothing_decided_is_uncontained_since_it_was_declared(told: Told) -> None:
    assert "UNCONTAINED for 00:04: nothing is in force since it was declared at 14:02 UTC." in text(told)
    told.propose("key-a")
    assert "UNCONTAINED for 00:04: nothing is in force" in text(told)  # a proposal is no correction yet
    assert "block: key key-a at provider ..e1r7 [waits for signatures]" in text(told)


def test_asked_recorded_enforced_and_attested_are_never_mixed(told: Told) -> None:
    made = told.propose("asked", "recorded", "enforced", "waits", "passes")
    told.authorise(made)
    enforce(told, made, "intent", "accepted")
    enforce(told, made, "intent", "accepted", "recorded", target=1)
    enforce(told, made, target=2)
    enforce(told, made, "intent", "accepted", "recorded", target=4)
    told.step(made, "passed", 4, passes=2)
    told.step(made, "held", 3, words={"why": "p is unreachable since 14:03"})
    lines = situation(told.session, INC, "internal").lines
    assert "NOT FULLY CONTAINED after 00:04: 2 of 5 in force (1 enforced, 1 recorded, 1 asked, 2 not yet)." in lines
    assert next(line for line in lines if line.startswith("Enforced, as observed (1)")).count("key enforced") == 1
    assert any(line.startswith("Recorded by the provider, not measured (1): block: key recorded") for line in lines)
    assert any(line.startswith("Asked and accepted, not read back yet (1): block: key asked") for line in lines)
    waits = next(line for line in lines if line.startswith("Not in force yet (2)"))
    assert "key waits at provider ..e1r7 [signed, waits to be sent: p is unreachable since 14:03]" in waits
    assert "key passes at provider ..e1r7 [recorded, but 2 calls still got through]" in waits


def test_contained_is_said_since_the_last_part_held_and_a_later_look_does_not_move_it(told: Told) -> None:
    made = told.propose("key-a", "key-b")
    told.authorise(made)
    enforce(told, made)
    told.later(2)
    enforce(told, made, target=1)
    since = told.clock.wall_ms()
    told.later(60)
    told.step(made, "enforced")  # looked at again
    assert take(told.session, INC).containment.since_ms == since
    assert "CONTAINED as decided since 14:08 UTC (01:00): all 2 observed to be enforced." in text(told)


def test_what_is_not_all_observed_is_not_called_contained(told: Told) -> None:
    made = told.propose("key-a", "key-b")
    told.authorise(made)
    enforce(told, made)
    enforce(told, made, "intent", "accepted", "recorded", target=1)
    found = text(told)
    assert "IN FORCE as decided since 14:06 UTC (00:00), not all observed: 1 enforced, 1 recorded." in found
    assert "CONTAINED" not in found


def test_what_drifted_is_not_in_force(told: Told) -> None:
    made = told.propose("key-a")
    told.authorise(made)
    enforce(told, made)
    told.step(made, "drifted")
    assert "UNCONTAINED" in text(told)
    assert "[undone by others]" in text(told)


def test_what_was_lifted_is_said_to_be_given_back(told: Told) -> None:
    made = told.propose("key-a")
    told.authorise(made)
    enforce(told, made)
    back = told.propose("key-a", direction="restore")
    told.authorise(back)
    assert "Being given back or given back by hand (1)" in text(told)
    told.later(1)
    enforce(told, back, "intent", "accepted", "recorded")
    found = text(told)
    assert "NOTHING IN FORCE: everything that was taken away is given back since 14:07 UTC" in found
    assert "Enforced" not in found


def test_a_failed_try_is_forgotten_once_a_later_one_took_its_place(told: Told) -> None:
    first = told.propose("key-a")
    told.authorise(first)
    enforce(told, first, "intent", "failed")
    assert "[failed" in text(told)
    second = told.propose("key-a")
    told.authorise(second)
    enforce(told, second)
    assert "[failed" not in text(told)
    assert "CONTAINED as decided" in text(told)


def test_a_canary_alone_contains_nothing(told: Told) -> None:
    made = told.propose("key-canary", canary=True)
    told.authorise(made)
    enforce(told, made)
    assert "UNCONTAINED" in text(told)


def test_other_places_of_the_same_model_are_named_to_colleagues(told: Told) -> None:
    told.authorise(told.propose("key-a"))
    assert "Same model, no correction (2 places): F-7 west; F-7 inside." in text(told)
    assert "Same model, no correction (2 places)." in text(told, "exec")
    assert "no correction" not in text(told, "customer")


# -- what is quoted ----------------------------------------------------------------------------------------------------


def _words(told: Told) -> None:
    told.say("decision", "Secret decision")
    told.say("decision", "Shared decision", pub={"shareable": True})
    told.say("decision", "Later secret decision")
    told.say("decision", "Privileged decision", pub={"privileged": True, "shareable": True})
    told.say("note", "Secret note")
    told.say("note", "Shared note", pub={"shareable": True})
    told.say("note", "Red note", pub={"shareable": True, "tlp": "red"})
    told.say("knowledge.fact", "Secret fact", pub={"since_ms": START_WALL_MS - 600_000})
    told.authorise(told.propose("secret-selector", where="inside"))


def test_colleagues_hear_decisions_and_nothing_privileged(told: Told) -> None:
    _words(told)
    found = text(told)
    assert "Last decision, 14:06 UTC: \u201cLater secret decision\u201d" in found
    assert "Known since 13:52 UTC: \u201cSecret fact\u201d" in found
    assert "In command: commander: Commander." in found
    assert "it lies" in found
    assert "Privileged" not in found
    assert "Red note" not in found


@pytest.mark.parametrize("audience", ["exec", "customer"])
def test_outside_only_what_is_marked_is_quoted(told: Told, audience) -> None:
    _words(told)
    brief = situation(told.session, INC, audience)
    for secret in ("ecret", "it lies", "rivileged", "Red note", "Commander", "provider ..", "inside"):
        assert secret not in brief.text
    assert "What happened: \u201cShared note\u201d" in brief.text
    assert "\u201cShared decision\u201d" in brief.text
    assert brief.title.startswith("Incident INC-2025-")
    assert "An incident commander is in command." in brief.text
    assert len(brief.quoted) == 2


def test_when_it_was_known_is_not_told_to_customers_unless_marked(told: Told) -> None:
    told.say("knowledge.fact", "First report", pub={"since_ms": START_WALL_MS - 600_000})
    assert "Known since 13:52 UTC." in text(told, "exec")
    assert "Known since" not in text(told, "customer")
    told.say("knowledge.fact", "Second report", pub={"since_ms": START_WALL_MS - 300_000, "shareable": True})
    assert "Known since 13:57 UTC: \u201cSecond report\u201d" in text(told, "customer")


def test_an_internal_system_is_not_named_to_customers(told: Told) -> None:
    told.authorise(told.propose("key-a", where="inside"))
    assert "an internal system, users or keys restricted" in text(told, "customer")
    assert "F-7, users or keys restricted" in text(told, "exec")


def test_a_proposal_is_nothing_for_customers(told: Told) -> None:
    told.propose("key-a")
    assert "waits for signatures" in text(told, "exec")
    assert "waits for signatures" not in text(told, "customer")


def test_what_was_taken_back_is_not_quoted_and_what_was_amended_only_as_amended(told: Told) -> None:
    first = told.say("decision", "First words", pub={"shareable": True})
    told.say("amendment", "Better words", pub={"of": [first.id]})
    assert "\u201cBetter words\u201d" in text(told)
    assert "words" not in text(told, "exec")  # nobody marked the better words as shareable
    told.say("amendment", "Best words", pub={"of": [first.id], "shareable": True})
    assert "\u201cBest words\u201d" in text(told, "exec")
    told.say("retraction", pub={"of": [first.id]})
    assert "words" not in text(told)


@given(st.text(max_size=400))
def test_whatever_was_written_becomes_one_safe_line(words: str) -> None:
    line = one_line(words)
    assert len(line) <= 200
    assert all(char.isprintable() for char in line)
    assert "\u202e" not in line


def test_a_hostile_title_stays_on_its_line(told: Told) -> None:
    made = incidents.declare(told.session, "x\nUNCONTAINED? no, all is well\ttrue", 2)
    lines = situation(told.session, str(made.entry.inc), "internal").lines
    assert sum("all is well" in line for line in lines) == 1
    assert lines[0].startswith("INC-")


# -- form --------------------------------------------------------------------------------------------------------------


def test_the_fullest_brief_has_fifteen_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(tmp_path / "d", monkeypatch, world="drill")
    _words(told)
    made = told.propose(*(f"key-{number}" for number in range(12)), "x", "y")
    told.authorise(made)
    enforce(told, made)
    enforce(told, made, "intent", "accepted", "recorded", target=1)
    enforce(told, made, "intent", "accepted", target=2)
    done = {"doc": None, "target": None, "done_ms": START_WALL_MS, "category": "user", "outcome": "done"}
    told.say("correction.attested", "accounts suspended", pub={**done, "direction": "contain"})
    told.say("correction.attested", "page restored", pub={**done, "direction": "restore", "category": "capability"})
    announce(told.session, INC, told.clock.wall_ms() + 30 * MINUTE)
    for audience in AUDIENCES:
        brief = situation(told.session, INC, audience)
        assert brief.lines[0] == "DRILL: practice, nothing here is real."
        assert len(brief.lines) <= MAX_LINES
        assert all(len(line) < 700 for line in brief.lines)
    assert len(situation(told.session, INC, "internal").lines) == MAX_LINES
    told.close()


def test_times_are_told_in_the_zone_asked_for(told: Told) -> None:
    assert "declared 15:02 CET" in text(told, zone="Europe/Berlin")
    assert "declared 19:47 UTC+05:45" in text(told, zone="Asia/Kathmandu")
    with pytest.raises(WrongUse, match="No time zone"):
        text(told, zone="Mars/Base")
    with pytest.raises(WrongUse, match="audience"):
        text(told, audience="press")
    assert span(((24 + 2) * 60 + 5) * MINUTE) == "1 d 02:05"


@pytest.mark.parametrize(
    ("words", "due"),
    [
        ("Next update 14:30", "14:30"),
        ("All told. The next update is due at 14:30 UTC.", "14:30"),
        ("next update by 09:15", "+1 09:15"),
        ("Next update due 2025-11-25 08:00 UTC.", "+2 08:00"),
        ("Next update 14:30 CET", None),
        ("Next update 14:30+01:00", None),
        ("we update at 14:30", None),
        ("next update soon", None),
        ("Next update 2025-02-31 08:00", None),
    ],
)
def test_a_promise_is_read_and_no_zone_is_guessed(words: str, due: str | None) -> None:
    midnight = START_WALL_MS - START_WALL_MS % (24 * 60 * MINUTE)
    expected = None
    if due is not None:
        days, clock = (int(due[1]), due[3:]) if due.startswith("+") else (0, due)
        hour, minute = (int(one) for one in clock.split(":"))
        expected = midnight + (days * 24 * 60 + hour * 60 + minute) * MINUTE
    assert promised_ms(words, START_WALL_MS) == expected


def test_the_next_update_is_due_until_another_is_promised(told: Told) -> None:
    assert "No next update was promised." in text(told)
    announce(told.session, INC, told.clock.wall_ms() + 10 * MINUTE, "Vendor is called.")
    assert "Next update due 14:16 UTC (in 00:10)." in text(told)
    told.later(15)
    assert "Next update was due 14:16 UTC: OVERDUE by 00:05." in text(told)
    told.say("communication", "They say: next update 23:00", pub={"quoted": True})  # somebody else's promise
    assert "OVERDUE" in text(told)
    announce(told.session, INC, None)
    assert "No next update was promised." in text(told)


def test_a_copy_is_an_entry_that_names_audience_hash_and_what_it_quotes(told: Told) -> None:
    shared = told.say("decision", "Shared decision", pub={"shareable": True})
    brief = situation(told.session, INC, "customer")
    stored = record_copy(told.session, INC, brief)
    assert stored.entry.kind == "communication"
    assert stored.entry.pub == {"of": [shared.id]}
    assert f"customer. {len(brief.lines)} lines, sha256 {brief.sha256}" in str(stored.disclosed["text"])
    assert "sha256" not in text(told)  # the copy is not quoted in the next one


def test_a_single_person_is_told_first_and_what_they_did_by_hand(tmp_path: Path) -> None:
    def ask(what: str, *, new: bool = False) -> bytes:
        return b"correct horse battery"

    paths, clock, entropy = ProfilePaths(tmp_path / "p"), FakeClock(), SeededEntropy(7)
    start_record(paths, ask, name="Commander", clock=clock, entropy=entropy)
    with Session.open(paths, ask, clock, entropy) as session:
        inc = str(incidents.declare(session, "one", 2, shareable=True).entry.inc)
        lines = situation(session, inc, "customer").lines
        assert lines[0] == "PROVISIONAL: ONE PERSON."
        assert lines[1].endswith(": one")
        hand = {"inc": inc, "category": "user", "done_ms": clock.wall_ms()}
        corrections.record_by_hand(session, "Two accounts suspended", **hand)
        assert "not all observed: 1 attested only." in situation(session, inc, "internal").text
        clock.advance(MINUTE)
        hand["done_ms"] = clock.wall_ms()
        corrections.record_by_hand(session, "One of them is back", direction="restore", **hand)
        doubtful = situation(session, inc, "internal").text
        assert "UNCONTAINED" in doubtful
        assert "given back by hand (1): One of them is back" in doubtful


def test_an_unknown_incident_is_said(told: Told) -> None:
    with pytest.raises(WrongUse):
        situation(told.session, "i-" + "0" * 26, "internal")


def test_of_many_decisions_the_last_is_found_and_a_late_retraction_counts(told: Told) -> None:
    for number in range(MOST + 5):
        told.say("decision", f"decision {number}", pub={"shareable": True} if number == 0 else {})
    last = told.say("decision", "the very last")
    told.say("note", "marked early", pub={"shareable": True})
    assert "the very last" in text(told)
    told.say("retraction", pub={"of": [last.id]})
    assert f"\u201cdecision {MOST + 4}\u201d" in text(told)
    assert "marked early" in text(told, "exec")
    assert not any(one.kind == "note" for one in said_in(told.session, INC, marked=False))
