"""A profile begun alone: what is written is kept, chat logs become quoted notes, people and incidents are found."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from console.domain.errors import Problem, WrongUse
from console.journal import rows
from console.journal.values import Draft, Stored
from console.keys.faults import WrongPassphrase
from console.runtime.paths import ProfilePaths
from console.services import incidents
from console.services.closing import propose_closing
from console.services.record import start_record
from console.services.session import WRITER, Locked, Session, nobody_asked
from tests.kit.clock import FakeClock
from tests.kit.entropy import SeededEntropy


class Ask:
    def __init__(self, passphrase: bytes = b"correct horse battery") -> None:
        self.passphrase = passphrase
        self.asked: list[str] = []

    def __call__(self, what: str, *, new: bool = False) -> bytes:
        self.asked.append(what)
        return self.passphrase


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    paths, clock, entropy = ProfilePaths(tmp_path / "p"), FakeClock(), SeededEntropy(7)
    start_record(paths, Ask(), name="Commander", clock=clock, entropy=entropy)
    with Session.open(paths, Ask(), clock, entropy) as opened:
        yield opened


def test_a_record_begins_provisional_and_alone(session: Session) -> None:
    assert session.provisional
    assert session.roster.roster.n == 0
    assert session.name_of(session.me) == "Commander"
    assert session.reader.entries() == []


def test_reading_asks_for_no_passphrase_and_writing_asks_once(session: Session) -> None:
    ask = Ask()
    session.ask = ask
    incidents.list_incidents(session)
    assert ask.asked == []
    incidents.write(session, "note", "one", inc=None)
    incidents.write(session, "note", "two", inc=None)
    assert len(ask.asked) == 1


def test_a_wrong_passphrase_writes_nothing(session: Session) -> None:
    session.ask = Ask(b"something else")
    with pytest.raises(Problem):
        incidents.write(session, "note", "never", inc=None)
    assert session.reader.entries() == []


def test_a_chat_log_becomes_quoted_notes_in_one_transaction(session: Session) -> None:
    found = incidents.paste(session, "02:58 Desk: third report\n  and more of it\n03:01 On call: seen", inc=None)
    assert [one.disclosed["speaker"] for one in found] == ["Desk", "On call"]
    assert found[0].disclosed["text"] == "third report\n  and more of it"
    assert all(one.entry.pub == {"quoted": True} for one in found)


def test_a_log_without_times_is_refused(session: Session) -> None:
    with pytest.raises(WrongUse):
        incidents.paste(session, "no time here", inc=None)
    assert session.reader.entries() == []


def test_the_only_open_incident_is_meant(session: Session) -> None:
    with pytest.raises(WrongUse):
        incidents.find_incident(session, None)
    inc = incidents.declare(session, "one", 2).entry.inc
    assert incidents.find_incident(session, None) == inc
    incidents.declare(session, "two", 3)
    with pytest.raises(WrongUse):
        incidents.find_incident(session, None)
    assert inc is not None
    assert incidents.find_incident(session, inc[-6:]) == inc


def test_lowering_the_severity_needs_a_reason(session: Session) -> None:
    inc = str(incidents.declare(session, "one", 2).entry.inc)
    with pytest.raises(WrongUse):
        incidents.change(session, inc, "severity", "3", "")
    incidents.change(session, inc, "severity", "1", "")
    assert incidents.list_incidents(session)[0].severity == 1


def test_evidence_is_kept_by_its_hash(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "t.txt"
    file.write_bytes(b"words")
    _, sha = incidents.attach(session, file, inc=None)
    assert session.reader.blob(sha) == b"words"


def test_one_person_cannot_close(session: Session) -> None:
    inc = str(incidents.declare(session, "one", 2).entry.inc)
    with pytest.raises(WrongUse):
        propose_closing(session, inc)


def test_two_lanes_open_one_feed_each_and_ask_once(session: Session) -> None:
    ask = Ask()
    session.ask = ask
    with ThreadPoolExecutor(8) as lanes:
        feeds = list(lanes.map(lambda _: (session.person().feed, session.device().feed), range(32)))
    assert len(set(feeds)) == 1
    assert ask.asked == ["your writer key"]
    assert len(session.reader.feeds()) == 2


def test_what_was_offered_serves_once(session: Session) -> None:
    session.ask = nobody_asked
    with pytest.raises(Locked) as locked:
        session.person()
    assert (locked.value.key, locked.value.new) == (WRITER, False)
    assert not session.unlocked
    session.offer(WRITER, b"correct horse battery")
    incidents.write(session, "note", "one", inc=None)
    assert session.unlocked
    session.lock()
    assert not session.unlocked
    with pytest.raises(Locked):
        incidents.write(session, "note", "two", inc=None)
    session.offer(WRITER, b"correct horse battery")
    incidents.write(session, "note", "three", inc=None)
    assert [one.disclosed["text"] for one in session.reader.entries(kinds=("note",))] == ["one", "three"]
    assert len(session.reader.feeds()) == 1


def test_a_wrong_passphrase_offered_is_gone_and_what_was_offered_dies_with_the_lock(session: Session) -> None:
    session.ask = nobody_asked
    session.offer(WRITER, b"a wrong one entirely")
    with pytest.raises(WrongPassphrase):
        session.person()
    session.offer(WRITER, b"correct horse battery")
    session.lock()
    with pytest.raises(Locked):
        session.person()


def test_names_are_kept_until_they_may_have_changed(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = "p-" + "0" * 26
    assert session.name_of(stranger) == "person ..0000"
    read: list[int] = []
    rosters = session.store.rosters
    monkeypatch.setattr(session.store, "rosters", lambda: (read.append(1), rosters())[1])
    assert [session.name_of(session.me) for _ in range(100)] == ["Commander"] * 100
    assert [session.name_of(stranger) for _ in range(100)] == ["person ..0000"] * 100
    assert read == []
    assert isinstance(session.clock, FakeClock)
    session.clock.advance(5_001)
    session.name_of(stranger)
    assert read == [1]


def test_a_line_of_the_list_reads_no_notes(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    inc = incidents.declare(session, "it lies", 1).entry.inc
    session.append_all([Draft("note", inc, None, {}, {"text": str(at)}) for at in range(50)])
    read: list[str] = []
    whole = rows.select_entries

    def counted(*arguments: Any, **how: Any) -> list[Stored]:
        found = whole(*arguments, **how)
        read.extend(one.entry.kind for one in found)
        return found

    monkeypatch.setattr(rows, "select_entries", counted)
    assert [(one.severity, one.title, one.commander) for one in incidents.list_incidents(session)] == [
        (1, "it lies", session.me)
    ]
    assert read == ["incident.declared"]


def test_a_lowered_severity_names_what_it_changes(session: Session) -> None:
    declared = incidents.declare(session, "it lies", 1)
    assert declared.entry.inc is not None
    lowered = incidents.change(session, declared.entry.inc, "severity", "3", "fewer people reached")
    assert lowered.entry.pub["of"] == [declared.id]
    assert incidents.list_incidents(session)[0].severity == 3
