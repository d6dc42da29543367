"""A database restored alone writes nothing until what is missing was fetched; a machine restored whole is found first.

Real profiles and a real folder; a restored backup is the copied folder of before.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

import pytest

from console.app import main
from console.domain.errors import WaitsForConnection
from console.journal.faults import OlderThanWritten, WrongFeed
from console.journal.values import Draft, Stored
from console.journal.verify import verify_profile
from console.runtime.paths import ProfilePaths
from console.services import dispatch, recovery
from console.services.live import Live
from console.services.live_values import Connectivity, EngineLink
from console.services.record import start_record
from console.services.session import Session, mark_of
from console.sync.folder import FolderPlace
from console.sync.own import take_back
from console.viewmodels.banners import notices
from tests.kit.clock import FakeClock
from tests.viewmodels.test_header_and_banners import SHELL


def ask(what: str, *, new: bool = False) -> bytes:
    return b"a long enough passphrase"


class Machine:
    """One console that wrote into a shared place, with a backup of its profile from before the last entries."""

    console: str

    def __init__(self, folder: Path) -> None:
        self.paths, self.share, self.backup = ProfilePaths(folder / "p"), folder / "share", folder / "backup"
        self.clock = FakeClock()

    @classmethod
    def copied(cls, template: Path, folder: Path) -> Machine:
        """What `begin` made, in a folder of its own."""
        shutil.copytree(template, folder, dirs_exist_ok=True)
        made = cls(folder)
        with made.open() as session:
            session.change_settings(replace(session.settings, places=(str(made.share),)))
            made.console = session.settings.console
        shutil.copytree(made.paths.root, made.backup)
        made.clock.advance(10_000)
        return made

    def begin(self) -> None:
        self.share.mkdir(parents=True)
        start_record(self.paths, ask, name="Commander", clock=self.clock)
        with self.open() as session:
            session.change_settings(replace(session.settings, places=(str(self.share),)))
            self.say(session, "before")
            session.device()
            dispatch.sync_all(session)

    @contextmanager
    def open(self) -> Iterator[Session]:
        with Session.open(self.paths, ask, self.clock) as session:
            yield session

    def say(self, session: Session, text: str) -> Stored:
        self.clock.advance(1000)
        return session.append(Draft("note", disclosures={"text": text}))

    def write_on(self, *texts: str, sync: bool) -> None:
        with self.open() as session:
            for text in texts:
                self.say(session, text)
            if sync:
                dispatch.sync_all(session)

    def restore(self) -> None:
        shutil.rmtree(self.paths.root)
        shutil.copytree(self.backup, self.paths.root)

    def forget_mark(self) -> None:
        """As when the whole machine was restored, the state folder too."""
        mark_of(self.console).path.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("begun") / "machine"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder.parent / "state"))
        Machine(folder).begin()
    return folder


@pytest.fixture
def machine(begun: Path, tmp_path: Path) -> Machine:
    return Machine.copied(begun, tmp_path / "machine")


def texts(session: Session) -> list[object]:
    return [one.disclosed["text"] for one in session.reader.entries(kinds=("note",))]


def test_the_mark_is_kept_at_the_end_and_every_minute(machine: Machine) -> None:
    mark = mark_of(machine.console)
    with machine.open() as session:
        before = mark.read()
        said = machine.say(session, "one")
        assert mark.read() == before
        machine.clock.advance(60_000)
        later = machine.say(session, "two")
        assert mark.read()[said.feed] == (later.seq, later.id)
        last = machine.say(session, "three")
        assert mark.read()[said.feed] == (later.seq, later.id)
    assert mark.read()[said.feed] == (last.seq, last.id)


def test_a_window_where_nothing_more_is_written_keeps_it_too(machine: Machine) -> None:
    mark = mark_of(machine.console)
    with machine.open() as session:
        said = machine.say(session, "the last for a while")
        assert session.keep_mark() is None
        machine.clock.advance(60_000)
        assert said.feed not in mark.read()
        kept = session.keep_mark()
        assert kept is not None
        kept.result(60)
        assert mark.read()[said.feed] == (said.seq, said.id)
        assert session.keep_mark() is None


def test_a_database_restored_alone_writes_nothing_and_reads_all(machine: Machine) -> None:
    machine.write_on("lost one", "lost two", sync=False)
    machine.restore()
    with machine.open() as session:
        for _ in range(2):
            with pytest.raises(OlderThanWritten, match="at least 2 entries are missing here") as refused:
                machine.say(session, "no")
            assert "standdown doctor --recover" in str(refused.value)
            with pytest.raises(OlderThanWritten):
                session.device()
        assert texts(session) == ["before"]
    assert len(mark_of(machine.console).read()) == 2  # closing what is older lowers nothing
    with machine.open() as session, pytest.raises(OlderThanWritten):
        session.person()


def test_it_is_recovered_from_the_place_and_goes_on_in_a_new_feed(machine: Machine) -> None:
    machine.write_on("sent", "sent too", sync=True)
    machine.restore()
    with machine.open() as session:
        with session.reader.snapshot() as connection:
            old = {row[0] for row in connection.execute("SELECT feed FROM feed")}
        done = recovery.recover(session)
        assert (done.was_behind, done.received, done.lost, done.away) == (True, 2, (), ())
        said = machine.say(session, "after")
        assert said.feed not in old
        (opened,) = [one for one in session.reader.entries(kinds=("feed.open",)) if one.feed == said.feed]
        assert opened.entry.pub["continues"] == [*_end(session, "sent too")]
        assert session.device().feed not in old
        assert texts(session) == ["before", "sent", "sent too", "after"]
        dispatch.sync_all(session)
        assert session.reader.forks() == {}
        assert verify_profile(session.store).ok
        assert not recovery.recover(session).was_behind
    with machine.open() as session:  # and it stays in it
        assert machine.say(session, "again").feed == said.feed


def _end(session: Session, text: str) -> tuple[str, int, str]:
    (one,) = [one for one in session.reader.entries(kinds=("note",)) if one.disclosed["text"] == text]
    return one.feed, one.seq, one.id


def test_what_is_in_no_place_is_named_and_not_waited_for(machine: Machine) -> None:
    machine.write_on("sent", sync=True)
    machine.write_on("never sent", "nor this", sync=False)
    machine.restore()
    with machine.open() as session:
        done = recovery.recover(session)
        (lost,) = done.lost
        assert lost.entries == 2
        assert f"numbers {lost.here + 1} to {lost.written}" in " ".join(done.sentences)
        machine.say(session, "after")
        assert texts(session) == ["before", "sent", "after"]


def test_a_place_that_is_away_is_waited_for_unless_somebody_says_otherwise(machine: Machine) -> None:
    machine.write_on("sent", sync=True)
    machine.restore()
    away = machine.share.rename(machine.share.with_name("away"))
    with machine.open() as session:
        with pytest.raises(WaitsForConnection, match="1 entries are missing still"):
            recovery.recover(session)
        with pytest.raises(OlderThanWritten):
            session.person()
        assert recovery.recover(session, alone=True).away == (str(machine.share),)
        mine = machine.say(session, "alone")
        away.rename(machine.share)
        dispatch.sync_all(session)
        assert texts(session) == ["before", "alone", "sent"]
        assert machine.say(session, "on").feed == mine.feed
        assert session.reader.forks() == {}


def test_a_database_that_is_gone_comes_back_from_the_place(machine: Machine) -> None:
    machine.write_on("sent", sync=True)
    old = mark_of(machine.console).read()
    for path in machine.paths.root.glob("journal.db*"):
        path.unlink()
    with machine.open() as session:
        done = recovery.recover(session)
        assert (done.was_behind, done.lost) == (True, ())
        said = machine.say(session, "after")
        assert said.feed not in old
        assert texts(session) == ["before", "sent", "after"]
        assert verify_profile(session.store).ok


def test_a_machine_restored_whole_is_found_before_it_writes(machine: Machine) -> None:
    machine.write_on("sent", "sent too", sync=True)
    machine.restore()
    machine.forget_mark()
    with machine.open() as session:
        said = machine.say(session, "after")
        assert said.seq == 1
        opened = session.reader.feed(said.feed)[0]
        dispatch.sync_all(session)  # the values follow
        assert texts(session) == ["before", "sent", "sent too", "after"]
        assert opened.entry.pub["continues"] == [*_end(session, "sent too")]
        assert session.reader.forks() == {}
        assert verify_profile(session.store).ok


def test_offline_it_goes_on_and_the_fork_is_shown(machine: Machine) -> None:
    machine.write_on("sent", sync=True)
    machine.restore()
    machine.forget_mark()
    away = machine.share.rename(machine.share.with_name("away"))
    with machine.open() as session:
        first = machine.say(session, "offline")
        away.rename(machine.share)
        reports = dispatch.sync_all(session)
        assert [one.feed for report in reports for one in report.forks][:1] == [first.feed]
        assert machine.say(session, "anew").feed != first.feed  # the same session goes on, in a new feed


def test_false_files_under_our_feed_stop_nobody(machine: Machine) -> None:
    with machine.open() as session:
        feed = session.person().feed
    junk = machine.share / "v1" / feed / "e"
    (junk / f"0000000002-0000099999-{'a' * 64}.seg").write_bytes(b"junk\n")
    names = sorted(path.name for path in junk.iterdir())
    (junk / names[0].replace(names[0][:21], f"{900:010}-{999:010}")).write_bytes(b"{}")
    with machine.open() as session:
        assert machine.say(session, "on").feed == feed


def test_a_place_that_hangs_keeps_the_first_write_waiting_for_a_moment_only(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = threading.Event()
    monkeypatch.setattr(FolderPlace, "segments_of", lambda *_: let_go.wait(60) and [])
    with machine.open() as session:
        take_back(session.store, session.settings.places, machine.console, 0.01)
        let_go.set()


def test_a_feed_set_aside_is_refused_by_the_journal_itself(machine: Machine) -> None:
    with machine.open() as session:
        feed, machine_feed, ref = session.person(), session.device(), session.ref
        session.store.start_anew()
        with pytest.raises(WrongFeed):
            session.store.write(lambda tx: tx.append(feed, Draft("note", disclosures={"text": "no"}), roster=ref))
        assert session.device().feed != machine_feed.feed
        assert session.person().feed != feed.feed


def test_the_window_is_told_by_a_banner_and_until_it_is_mended(machine: Machine) -> None:
    machine.write_on("sent", sync=True)
    machine.restore()
    with machine.open() as session:
        what, next_step = session.store.write(recovery.alarm_of)
        shown = Connectivity(engine=EngineLink(state="recording"), alarm=(what, next_step))
        (notice,) = [one for one in notices(SHELL, shown, 0) if one.name == "alarm"]
        assert (notice.kind, notice.text, notice.command) == ("alarm", what, "this-record")
        assert next_step.startswith(notice.next_step.partition(";")[0])
        assert "standdown" not in notice.next_step, "the button beside it does it"
        assert "at least 1 entry is missing here" in what
        recovery.recover(session)
        assert session.store.write(recovery.alarm_of) == ("", "")
        machine.clock.set_wall(machine.clock.wall_ms() - 3_600_000)
        assert "clock went back by 1 h 0 min" in session.store.write(recovery.alarm_of)[0]
        assert session.clock_doubtful
        machine.clock.advance(3_600_000)
        assert session.clock_doubtful  # it ran on, and is an hour back still
        machine.clock.set_wall(machine.clock.wall_ms() + 3_600_000)
        assert not session.clock_doubtful


def test_the_engine_of_a_window_tells_it(machine: Machine) -> None:
    machine.write_on("sent", sync=True)
    machine.restore()
    heard: SimpleQueue[object] = SimpleQueue()
    with machine.open() as session:
        live = Live(session, lambda _key, told: heard.put(told))
        live.start()
        try:
            while not (isinstance(told := heard.get(timeout=60), Connectivity) and told.alarm[0]):
                pass
        finally:
            live.stop()
    assert "missing here" in told.alarm[0]


def test_doctor_says_it_and_recovers(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.write_on("sent", sync=True)
    machine.restore()
    assert main(["--profile", str(machine.paths.root), "doctor"]) == 1
    assert "standdown doctor --recover" in capsys.readouterr().out
    assert main(["--profile", str(machine.paths.root), "--json", "doctor", "--recover"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["was_behind"], told["received"], told["lost"]) == (True, 1, [])
    main(["--profile", str(machine.paths.root), "doctor"])
    assert "--recover" not in capsys.readouterr().out


def test_practice_leaves_no_mark(tmp_path: Path) -> None:
    paths = ProfilePaths(tmp_path / "d")
    start_record(paths, ask, name="Commander", world="drill")
    with Session.open(paths, ask) as session:
        session.append(Draft("note", disclosures={"text": "practice"}))
        assert not mark_of(session.settings.console).path.exists()
    assert not mark_of(session.settings.console).path.exists()
