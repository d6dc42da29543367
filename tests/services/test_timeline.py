"""Entries are amended, retracted and told as another kind by further entries; the first one never changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.errors import WrongUse
from console.journal.projections import Projections
from console.journal.values import Draft
from console.runtime.paths import ProfilePaths
from console.services import incidents, timeline
from console.services.record import start_record
from console.services.session import Session
from tests.kit.clock import START_WALL_MS, FakeClock
from tests.kit.entropy import SeededEntropy


def ask(_what: str, *, new: bool = False) -> bytes:
    return b"correct horse battery"


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    paths, clock, entropy = ProfilePaths(tmp_path / "p"), FakeClock(), SeededEntropy(7)
    start_record(paths, ask, name="Commander", clock=clock, entropy=entropy)
    with Session.open(paths, ask, clock, entropy) as opened:
        yield opened


@pytest.fixture
def inc(session: Session) -> str:
    return str(incidents.declare(session, "A model of the test lies", 2).entry.inc)


def texts(found: timeline.History) -> list[str]:
    return [one.text for one in found.wordings]


def test_an_amendment_says_it_anew_and_the_original_stays(session: Session, inc: str) -> None:
    note = incidents.write(session, "note", "at fist", inc=inc)
    first = timeline.amend(session, note.id[:16], "at first")
    timeline.amend(session, note.id, "at the very first")
    found = timeline.history(session, note.id)
    assert texts(found) == ["at fist", "at first", "at the very first"]
    assert found.retraction is None
    assert (first.entry.kind, first.entry.inc, first.entry.pub) == ("amendment", inc, {"of": [note.id]})
    kept = session.reader.entry(note.id)
    assert kept is not None
    assert (kept.raw, kept.disclosed) == (note.raw, note.disclosed)


def test_a_retraction_has_a_reason_and_marks_the_entry(session: Session, inc: str) -> None:
    note = incidents.write(session, "note", "never so", inc=inc)
    with pytest.raises(WrongUse, match="reason"):
        timeline.retract(session, note.id, "  ")
    timeline.retract(session, note.id, "heard wrong")
    found = timeline.history(session, note.id)
    assert found.retraction is not None
    assert (found.retraction.text, found.retraction.author) == ("heard wrong", "Commander")


def test_another_kind_is_a_retraction_and_the_same_words_at_the_same_time(session: Session, inc: str) -> None:
    note = incidents.write(
        session, "note", "we block the key", inc=inc, occurred_ms=START_WALL_MS - 5_000,
        pub={"quoted": True, "shareable": True}, more={"speaker": "Duty lead"},
    )  # fmt: skip
    timeline.amend(session, note.id, "We block the key")
    before = len(session.reader.entries(inc))
    again = timeline.retype(session, note.id, "decision")
    assert len(session.reader.entries(inc)) == before + 2
    assert (again.entry.kind, again.entry.inc) == ("decision", inc)
    assert again.entry.pub == {"of": [note.id], "quoted": True, "shareable": True}
    assert again.disclosed == {
        "text": "We block the key", "speaker": "Duty lead",
        "occurred": {"at_ms": START_WALL_MS - 5_000, "plus_minus_s": 0},
    }  # fmt: skip
    found = timeline.history(session, note.id).retraction
    assert found is not None
    assert found.text == "written again as decision"


def test_told_as_another_kind_it_keeps_the_time_it_was_written_down(session: Session, inc: str) -> None:
    note = incidents.write(session, "note", "we block the key", inc=inc)
    session.clock.advance(3_600_000)  # type: ignore[attr-defined]  # the fixture's clock
    again = timeline.retype(session, note.id, "decision")
    assert again.disclosed["occurred"] == {"at_ms": note.entry.hlc[0], "plus_minus_s": 0}


@pytest.mark.parametrize("kind", ["note", "evidence", "correction.proposed", "nonsense"])
def test_not_every_kind_can_be_told_as_another(session: Session, inc: str, kind: str) -> None:
    note = incidents.write(session, "note", "words", inc=inc)
    with pytest.raises(WrongUse):
        timeline.retype(session, note.id, kind)
    assert len(session.reader.entries(inc)) == 2


def test_a_step_that_had_an_effect_is_not_taken_back_by_words(session: Session, inc: str) -> None:
    incidents.change(session, inc, "severity", "1", "")
    raised = session.reader.entries(inc, kinds=["severity.changed"])[0]
    for act in (timeline.amend, timeline.retract):
        with pytest.raises(WrongUse, match="step"):
            act(session, raised.id, "no")


def test_an_amendment_is_not_amended_but_may_be_followed_by_a_better_one(session: Session, inc: str) -> None:
    note = incidents.write(session, "note", "one", inc=inc)
    better = timeline.amend(session, note.id, "two")
    with pytest.raises(WrongUse, match=note.id[:16]):
        timeline.amend(session, better.id, "three")


def test_an_amendment_that_was_taken_back_says_nothing(session: Session, inc: str) -> None:
    note = incidents.write(session, "note", "one", inc=inc)
    slip = timeline.amend(session, note.id, "of another incident")
    session.append(Draft("retraction", inc, None, {"of": [slip.id]}, {"reason": "wrong entry"}))
    assert texts(timeline.history(session, note.id)) == ["one"]


@pytest.mark.parametrize("named", ["", "abc", "not an id at all", "0" * 64, "f" * 12])
def test_an_entry_is_named_by_its_id_or_its_beginning(session: Session, inc: str, named: str) -> None:
    with pytest.raises(WrongUse):
        timeline.find_entry(session, named)
    stored = session.reader.entries(inc)[0]
    assert timeline.find_entry(session, stored.id[:8].upper()).id == stored.id


def test_the_detail_of_an_entry_has_everything(session: Session, inc: str, tmp_path: Path) -> None:
    file = tmp_path / "transcript.json"
    file.write_bytes(b"{}")
    stored, sha = incidents.attach(session, file, inc=inc, text="what it said\nin full", how="export")
    timeline.amend(session, stored.id, "what it said, shortened")
    found = timeline.detail(session, stored.id)
    assert (found.kind, found.author, found.text) == ("evidence", "Commander", "what it said\nin full")
    assert (found.recorded_ms, found.received_ms, found.seq) == (stored.entry.hlc[0], stored.received_ms, stored.seq)
    assert found.file is not None
    assert (found.file.name, found.file.sha256, found.file.size, found.file.here) == ("transcript.json", sha, 2, True)
    assert texts(found.history) == ["what it said\nin full", "what it said, shortened"]
    session.paths.blob(sha).unlink()
    again = timeline.detail(session, stored.id)
    assert again.file is not None
    assert not again.file.here


def test_history_is_told_while_the_index_is_being_built_elsewhere(session: Session, inc: str) -> None:
    note = incidents.write(session, "note", "one", inc=inc)
    with Projections(session.store) as elsewhere:
        for number in range(300):
            incidents.write(session, "note", f"{number}", inc=inc)
        assert elsewhere.advance(0.0).building
        assert texts(timeline.history(session, note.id)) == ["one"]
