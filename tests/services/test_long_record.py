"""However long a record is, what screens ask for is found by an index: nothing is read from one end to the other."""

from __future__ import annotations

import sqlite3

import pytest

from console.journal import reader
from console.journal.values import Draft
from console.runtime.paths import ProfilePaths
from console.services import brief, incidents, needs, picture, standing
from console.services.record import start_record
from console.services.said import promised_in
from console.services.session import Session


def _passphrase(_what: str, *, new: bool = False) -> bytes:
    return b"a passphrase for a long record"


@pytest.fixture
def session(tmp_path):
    paths = ProfilePaths(tmp_path / "profile")
    start_record(paths, _passphrase, name="Commander")
    with Session.open(paths, _passphrase) as opened:
        yield opened


@pytest.fixture
def asked(session, monkeypatch) -> list[str]:
    """Every statement of a reader, as it ran."""
    found: list[str] = []
    whole = reader.connect

    def listened(path, **how):
        connection = whole(path, **how)
        connection.set_trace_callback(found.append)
        return connection

    session.reader.release()
    monkeypatch.setattr(reader, "connect", listened)
    return found


def _plans(session, statements: list[str]) -> dict[str, list[str]]:
    with sqlite3.connect(session.paths.journal) as connection:
        return {
            one: [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {one}")]
            for one in dict.fromkeys(statements)
            if one.lstrip().upper().startswith(("SELECT", "WITH")) and "entry" in one
        }


def _through_all(plan: list[str]) -> list[str]:
    """The steps that go through all entries, or all of an incident."""
    all_of_it, of_one = "SEARCH e USING INTEGER PRIMARY KEY (rowid>?)", "SEARCH e USING INDEX entry_incident"
    return [step for step in plan if step.startswith(("SCAN e", all_of_it, of_one))]


def test_what_a_window_and_a_wall_read_goes_through_no_incident(session, asked):
    inc = incidents.declare(session, "A long one", 1).entry.inc
    incidents.write(session, "decision", "Wait", inc=inc)
    incidents.write(session, "note", "Seen by all", inc=inc, pub={"shareable": True})
    asked.clear()
    lines = incidents.list_incidents(session)
    everything = standing.corrections(session)
    needs.needs(session, everything, lines)
    assert brief.situation(session, inc, "exec")
    promised_in(session, inc)
    plans = _plans(session, asked)
    assert len(plans) > 8
    assert {sql: steps for sql, plan in plans.items() if (steps := _through_all(plan))} == {}


def test_the_mark_is_found_by_its_index_and_limits_are_kept(session):
    inc = incidents.declare(session, "A long one", 1).entry.inc
    drafts = [Draft("note", inc, None, {"shareable": True}, {"text": f"marked {number}"}) for number in range(210)]
    drafts += [Draft("note", inc, None, {}, {"text": f"not marked {number}"}) for number in range(20)]
    drafts += [Draft("decision", inc, None, {}, {"text": f"decided {number}"}) for number in range(205)]
    stored = session.append_all(drafts)
    last = stored[209].id
    session.append(Draft("amendment", inc, None, {"of": [last], "shareable": True}, {"text": "amended once"}))
    second = session.append(Draft("amendment", inc, None, {"of": [last], "shareable": True}, {"text": "amended twice"}))
    session.append(Draft("retraction", inc, None, {"of": [second.id]}, {"reason": "said twice"}))
    said = picture.said_in(session, inc)
    texts = [one.text for one in said]
    assert [text for text in texts if text.startswith("decided")] == [f"decided {n}" for n in range(5, 205)]
    assert [text for text in texts if text.startswith("marked")] == [f"marked {n}" for n in range(10, 209)]
    assert "amended once" in texts
    assert "amended twice" not in texts
    assert not [text for text in texts if text.startswith("not marked")]


def test_incidents_come_in_the_order_in_which_they_were_heard_of(session):
    made = [incidents.declare(session, f"Number {number}", 2).entry.inc for number in range(5)]
    incidents.write(session, "note", "The first again", inc=made[0])
    assert session.reader.incidents() == made
