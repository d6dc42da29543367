"""A record of an earlier version: brought up to date beside whoever waits, broken off at will, gone on with later."""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import closing

import pytest

from console.app import main
from console.journal.migrate import BrokenOff, migrate, missing
from console.journal.schema import JOURNAL, Part
from console.journal.store import JournalStore
from console.journal.values import Draft
from console.journal.verify import verify_profile
from console.outbox.store import OUTBOX
from console.runtime.clock import SystemClock
from console.runtime.ids import SystemEntropy
from console.runtime.paths import ProfilePaths
from console.services import upgrading
from console.services.record import start_record
from console.services.session import Session, nobody_asked
from tests.kit.old_form import make_old
from tests.kit.pair import passphrase

WITHIN_S = 60.0
SLOW = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t LIMIT 400000000) SELECT count(*) FROM t"


def asks(what, *, new=False):
    return passphrase("commander", what)


@pytest.fixture
def old(tmp_path):
    paths = ProfilePaths(tmp_path / "p")
    start_record(paths, asks, name="Commander")
    with Session.open(paths, asks) as session:
        for n in range(3):
            session.append(Draft("note", disclosures={"text": f"n{n}"}))
    make_old(paths)
    return paths


def version(paths, part="journal"):
    with closing(sqlite3.connect(paths.journal)) as connection:
        return connection.execute("SELECT version FROM part WHERE name = ?", (part,)).fetchone()[0]


def test_what_has_to_be_done_is_known_before_anything_is_opened(old, tmp_path):
    wanted = upgrading.needed(old)
    assert wanted is not None
    assert wanted.total == sum(len(step) for part in (JOURNAL, OUTBOX) for step in part.steps[1:])
    assert wanted.entries >= 4
    assert version(old) == 1
    assert upgrading.needed(ProfilePaths(tmp_path / "none")) is None
    (tmp_path / "rubbish").write_bytes(b"no database" * 1000)
    assert missing(tmp_path / "rubbish", (JOURNAL,)) is None


def test_it_is_done_beside_and_then_nothing_is_left_to_do(old):
    wanted = upgrading.needed(old)
    with upgrading.Upgrade(old, wanted) as upgrade:
        state = upgrade.wait(WITHIN_S)
    assert (state.phase, state.done, state.total) == ("done", wanted.total, wanted.total)
    assert upgrading.needed(old) is None
    with Session.open(old, asks) as session:
        session.append(Draft("note", disclosures={"text": "and on"}))
        assert verify_profile(session.store).ok


def test_broken_off_in_the_middle_of_a_step_the_steps_before_stay_and_it_goes_on(old, monkeypatch):
    """A step that would take an hour, after one that is short."""
    slow = Part("journal", (*JOURNAL.steps, ("CREATE TABLE later (n INTEGER)", f"INSERT INTO later {SLOW}")))
    monkeypatch.setattr(upgrading, "PARTS", (slow, OUTBOX))
    wanted = upgrading.needed(old)
    assert wanted is not None
    upgrade = upgrading.Upgrade(old, wanted)
    begun = threading.Event()
    told, before = upgrade._told, wanted.total - 1 - len(OUTBOX.steps[1])

    def heard(done: int) -> None:
        told(done)
        if done == before:
            begun.set()

    upgrade._told = heard
    with upgrade:
        assert begun.wait(WITHIN_S)
        assert upgrade.state.phase == "running"
        assert f"of {wanted.total}" in upgrade.state.sentence
        upgrade.break_off()
        assert upgrade.wait(WITHIN_S).phase == "broken off"
    assert version(old) == len(JOURNAL.steps)
    with closing(sqlite3.connect(old.journal)) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'later'").fetchone() == (0,)
    monkeypatch.undo()
    with Session.open(old, nobody_asked) as session:
        assert verify_profile(session.store).ok


def test_it_stops_between_two_steps_too(old):
    seen = []
    with closing(sqlite3.connect(old.journal, isolation_level=None)) as connection:
        with pytest.raises(BrokenOff):
            migrate(connection, (JOURNAL,), seen.append, lambda: len(seen) >= len(JOURNAL.steps[1]))
        assert version(old) == 2
        migrate(connection, (JOURNAL,))
    assert version(old) == len(JOURNAL.steps)


def test_two_programs_at_once_do_it_once(old):
    wanted = upgrading.needed(old)
    with upgrading.Upgrade(old, wanted) as one, upgrading.Upgrade(old, wanted) as two:
        assert {one.wait(WITHIN_S).phase, two.wait(WITHIN_S).phase} == {"done"}
    JournalStore.open(old, SystemClock(), SystemEntropy(), parts=(OUTBOX,)).close()


def test_what_cannot_be_brought_up_to_date_is_said(old, monkeypatch):
    broken = Part("journal", (*JOURNAL.steps, ("CREATE TABLE entry (n INTEGER)",)))
    monkeypatch.setattr(upgrading, "PARTS", (broken,))
    wanted = upgrading.needed(old)
    with upgrading.Upgrade(old, wanted) as upgrade:
        state = upgrade.wait(WITHIN_S)
    assert state.phase == "failed"
    assert "could not be brought up to date" in state.sentence
    assert version(old) == len(JOURNAL.steps)


def test_the_command_line_says_how_far_it_is(old, capsys, monkeypatch):
    real = upgrading.bring
    monkeypatch.setattr(upgrading, "bring", lambda paths, said: real(paths, said, every_s=0.0))
    assert main(["--json", "--profile", str(old.root), "verify"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["ok"] is True
    assert "brought up to date: step" in said.err
    assert main(["--profile", str(old.root), "verify"]) == 0
    assert "brought up to date" not in capsys.readouterr().out
