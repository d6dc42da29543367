"""The background verification: from where it was, giving way, stopped and gone on with, never blind to a cut tail."""

from __future__ import annotations

import json
import sqlite3
import threading

import pytest

from console.journal.values import Draft
from console.journal.verified import Upto, path_of, read_upto
from console.journal.verify import verify_profile
from console.keys import canon
from console.runtime.paths import ProfilePaths
from console.services import verification as verification_
from console.services.verification import Phase, Progressed, Verification, whole
from tests.journal.world import INC, World
from tests.kit.values import values_as_rows


class Opened:
    """As much of a session as a verification asks for."""

    def __init__(self, store) -> None:
        self.store = store
        self.paths: ProfilePaths = store.paths


class Profile:
    def __init__(self, folder) -> None:
        self.world = World(folder=folder)
        self.store = self.world.open("a")
        self.session = Opened(self.store)
        self.feed = self.world.person_feed(self.store)
        self.said = 0

    def say(self, count):
        drafts = [Draft("note", inc=INC, disclosures={"text": f"{self.said + i}"}) for i in range(count)]
        self.said += count
        return self.store.write(lambda tx: [tx.append(self.feed, one, roster=self.world.ref) for one in drafts])

    def run(self, **how):
        heard = []
        with Verification(self.session, heard.append, **how) as verification:
            verification.start()
            assert verification.wait(30).phase is not Phase.running
        assert heard[-1] == verification.state
        return verification.state

    def edit(self, sql, *values):
        connection = sqlite3.connect(self.store.paths.journal)
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        with values_as_rows(connection):
            assert connection.execute(sql, values).rowcount
        connection.commit()
        connection.close()


@pytest.fixture
def profile(tmp_path):
    made = Profile(tmp_path)
    yield made
    made.store.close()


def test_it_goes_on_from_where_it_was(profile):
    profile.say(700)
    first = profile.run()
    assert (first.phase, first.done, first.earlier) == (Phase.sound, 701, 0)
    profile.say(5)
    looked = []
    report = verify_profile(
        profile.store, lambda done, of: looked.append((done, of)), since=read_upto(path_of(profile.session.paths))
    )
    assert looked == [(706, 706)]  # one window, with the five
    assert report.counts["entries"] == 706
    again = profile.run()
    assert (again.phase, again.done, again.earlier) == (Phase.sound, 706, 701)
    assert again.sentence == "The journal is sound: 706 entries proven at this start, 701 of them at an earlier one."


def test_it_is_stopped_and_goes_on_to_the_same_end(profile):
    profile.say(900)
    profile.store.write(lambda tx: [tx.put_blob(b"x" * n) for n in range(5)])
    upto, rounds = Upto(), 0
    while True:
        report = verify_profile(profile.store, since=upto, stop=lambda: True)
        rounds += 1
        assert report.first_wrong is None
        assert report.upto != upto or report.finished  # every round gets somewhere
        upto = report.upto
        if report.finished:
            break
    assert rounds > 5
    at_once = verify_profile(profile.store)
    assert (upto, report.counts) == (at_once.upto, at_once.counts)


def test_much_is_proven_in_processes_slice_by_slice_and_gone_on_with(profile):
    profile.say(2500)
    seen = []
    verify = verification_.verify_profile

    def watched(store, *args, hands, **how):
        report = verify(store, *args, hands=hands, **how)
        seen.append(hands.processes)
        return report

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verification_, "verify_profile", watched)
        patch.setattr("console.runtime.platform.cores", lambda: 2)
        state = profile.run(slice_s=0.0, processes_from=500)
        assert (state.phase, state.done) == (Phase.sound, 2501)
        assert len(seen) > 5
        assert 1 <= len({pid for pids in seen for pid in pids}) <= 2  # kept from slice to slice
        seen.clear()
        again = profile.run(processes_from=500)
    assert (again.done, again.earlier, seen) == (2501, 2501, [()])
    assert verify_profile(profile.store).upto == read_upto(path_of(profile.session.paths))


def test_cancelling_keeps_what_was_proven(profile):
    profile.say(2000)
    here = threading.Event()

    def listener(state):
        if state.phase is Phase.running:
            here.set()
            verification.cancel()

    verification = Verification(profile.session, listener)
    verification.start()
    assert here.wait(60)
    state = verification.wait(60)
    verification.close()
    assert state.phase is Phase.cancelled
    assert 0 < state.done < 2001
    assert profile.run().earlier == state.done


def test_what_was_proven_before_and_changed_later_is_found_by_a_whole_one(profile):
    made = profile.say(300)
    assert profile.run().phase is Phase.sound
    victim = made[9]
    profile.edit("UPDATE entry SET sig = ? WHERE id = ?", made[8].sig, victim.id)
    assert profile.run().phase is Phase.sound  # the hint spares it, so the screen must say "at an earlier start"
    report = whole(profile.store)
    assert report.first_wrong is not None
    assert victim.id[:16] in report.first_wrong.where


def test_a_forged_hint_hides_nothing_from_a_whole_one(profile):
    made = profile.say(300)
    profile.edit("UPDATE entry SET sig = ? WHERE id = ?", made[8].sig, made[9].id)
    assert profile.run().phase is Phase.wrong
    upto = json.loads(path_of(profile.session.paths).read_text()) if path_of(profile.session.paths).exists() else None
    assert upto is None  # what is wrong is never written down as proven
    assert not whole(profile.store).ok


@pytest.mark.parametrize("how", ["background", "whole"])
def test_a_cut_tail_is_found_because_it_was_here(profile, how):
    made = profile.say(300)
    assert profile.run().phase is Phase.sound
    profile.edit("DELETE FROM disclosure WHERE holder IN (SELECT id FROM entry WHERE seq > 290)")
    profile.edit("DELETE FROM entry WHERE seq > 290")
    if how == "background":
        state = profile.run()
        assert state.phase is Phase.wrong
        where, why = state.where, state.why
    else:
        wrong = whole(profile.store).first_wrong
        where, why = wrong.where, wrong.why
    assert where == f"feed {made[0].feed[:16]}"
    assert why == (
        "number 300 was here when it was verified before, and now it ends at 290: its end was cut off, "
        "or an older file was put back"
    )


def test_values_that_come_later_are_proven_too(profile):
    stored = profile.say(3)[-1]
    (text,) = profile.store.reader().disclosures([stored.id])[stored.id]
    profile.edit("DELETE FROM disclosure WHERE holder = ?", stored.id)
    assert profile.run().phase is Phase.sound
    profile.store.write(lambda tx: tx.add_disclosures(stored.id, [text]))
    assert profile.run().phase is Phase.sound
    profile.edit("DELETE FROM disclosure WHERE holder = ?", stored.id)
    other = canon.make_disclosure(b"s" * 16, "text", "another")
    profile.edit("INSERT INTO disclosure VALUES (?, ?, ?)", stored.id, canon.digest(other), other)
    profile.say(1)
    profile.edit("INSERT INTO disclosure VALUES (?, ?, ?)", "0" * 64, canon.digest(other), other)
    state = profile.run()
    assert state.phase is Phase.wrong
    assert stored.id[:16] in state.where


def test_a_new_roster_judges_everything_anew(profile):
    profile.say(300)
    assert profile.run().earlier == 0
    profile.world.next_roster()
    raw, sigs = profile.world.rosters[-1]
    profile.store.write(lambda tx: tx.put_roster(raw, sigs))
    state = profile.run()
    assert (state.phase, state.done, state.earlier) == (Phase.sound, 301, 0)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"form":1}', '{"form":2}', '{"form":1,"feeds":{"x":1}}', "\x00"])
def test_a_hint_that_is_none_is_ignored(profile, text):
    path_of(profile.session.paths).write_text(text)
    profile.say(3)
    assert profile.run() == Progressed(Phase.sound, 4, 4)


def test_damaged_pages_are_named(profile):
    profile.say(600)
    profile.store.scrub()
    raw = bytearray(profile.store.paths.journal.read_bytes())
    at = len(raw) // 2
    raw[at : at + 4096] = b"\xff" * 4096
    profile.store.close()
    profile.store.paths.journal.write_bytes(raw)
    with profile.world.open("a", rosters=False) as store:
        report = whole(store)
    assert not report.ok
    assert report.first_wrong is not None


def test_a_session_that_is_gone_is_no_sound_journal(profile):
    verification = Verification(profile.session)
    profile.store.close()
    profile.store.paths.journal.unlink()
    verification.start()
    state = verification.wait(60)
    assert state.phase is Phase.failed
    assert "could not be verified" in state.sentence
