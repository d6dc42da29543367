"""What was understood is kept as it was previewed: quoted notes in one transaction, tables as evidence, times said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.errors import WrongUse
from console.runtime.paths import ProfilePaths
from console.services import incidents
from console.services.record import start_record
from console.services.session import Session
from console.viewmodels.intake import understand
from tests.kit.clock import FakeClock
from tests.kit.entropy import SeededEntropy


def ask(what: str, *, new: bool = False) -> bytes:
    return b"correct horse battery"


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    paths, clock, entropy = ProfilePaths(tmp_path / "p"), FakeClock(), SeededEntropy(7)
    start_record(paths, ask, name="Commander", clock=clock, entropy=entropy)
    with Session.open(paths, ask, clock, entropy) as opened:
        yield opened


def test_a_typed_note_says_when_and_who(session: Session) -> None:
    now = session.clock.wall_ms()
    [stored] = incidents.keep(session, understand("-5m @desk it answers again", now), inc=None)
    assert stored.disclosed == {
        "text": "it answers again", "speaker": "desk", "occurred": {"at_ms": now - 300_000, "plus_minus_s": 30},
    }  # fmt: skip
    assert stored.entry.pub == {}


def test_a_log_is_kept_row_by_row_and_says_whence(session: Session) -> None:
    now = session.clock.wall_ms()
    found = understand("intro\nDesk One  1:14 AM\nlooks bad\n\u202e1:15 AM", now)
    stored = incidents.keep(session, found, inc=None, source="#war-room")
    assert [one.disclosed["text"] for one in stored] == ["intro", "looks bad\n<U+202E>1:15 AM"]
    assert all(one.entry.pub == {"quoted": True} and one.disclosed["source"] == "#war-room" for one in stored)


def test_a_table_is_evidence(session: Session) -> None:
    [stored] = incidents.keep(session, understand("a,b\n1,2", session.clock.wall_ms()), inc=None)
    blob = stored.disclosed["blob"]
    assert isinstance(blob, dict)
    assert session.reader.blob(str(blob["sha256"])) == b"a,b\n1,2"
    assert blob["name"] == "pasted.csv"


def test_links_and_long_texts_are_kept_and_nothing_is_refused(session: Session) -> None:
    now = session.clock.wall_ms()
    [link] = incidents.keep(session, understand("https://example.org/a", now), inc=None)
    assert link.disclosed["text"] == "https://example.org/a"
    [long] = incidents.keep(session, understand("x" * 50_000, now), inc=None)
    assert long.entry.kind == "evidence"
    with pytest.raises(WrongUse):
        incidents.keep(session, understand(" \n ", now), inc=None)


def test_bytes_are_evidence_as_files_are(session: Session) -> None:
    stored, sha = incidents.attach_bytes(session, b"\x89PNG", "pasted.png", inc=None, text="the screen", how="pasted")
    assert session.reader.blob(sha) == b"\x89PNG"
    assert stored.disclosed["text"] == "the screen"


def test_a_paste_keeps_the_lines_before_the_first_time(session: Session) -> None:
    stored = incidents.paste(session, "from the room\n02:58 Desk: third", inc=None)
    assert [one.disclosed["text"] for one in stored] == ["from the room", "third"]
