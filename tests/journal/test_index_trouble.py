"""The index and the files of counts are worth nothing: where they fail, nothing of the journal does, and they heal."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import CancelledError
from contextlib import closing
from pathlib import Path

import pytest

from console.journal import index, projections, telemetry, tries
from console.journal.faults import NotWritten
from console.journal.ledger import Ledger
from console.journal.projections import Progress, Projections
from console.journal.shelf import Shelf
from console.journal.telemetry import Sample, Telemetry
from console.journal.tries import Tries, Try
from console.journal.values import Draft
from console.runtime.platform import FileLock
from tests.journal.test_damage import edit, sqlite_fault
from tests.journal.world import INC, OTHER_INC, World

NOW_MS = 1_763_906_531_000
DOC = "d" * 64


@pytest.fixture
def world(tmp_path):
    return World(folder=tmp_path)


def note(world, store, feed, text="said", inc=INC, kind="note", **pub):
    draft = Draft(kind, inc=inc, pub=pub, disclosures={"text": text})
    return store.write(lambda tx: tx.append(feed, draft, roster=world.ref))


class Refusing:
    """A connection at which one statement fails."""

    def __init__(self, connection, begins, fault):
        self._connection, self._begins, self._fault = connection, begins, fault

    def __getattr__(self, name):
        return getattr(self._connection, name)

    def _asked(self, sql):
        if sql.startswith(self._begins):
            raise self._fault

    def execute(self, sql, *values):
        self._asked(sql)
        return self._connection.execute(sql, *values)

    def executemany(self, sql, values):
        self._asked(sql)
        return self._connection.executemany(sql, values)


# -- where there is no index -------------------------------------------------------------------------------------------


def test_where_there_is_no_index_there_are_no_lines(tmp_path):
    shelf = Shelf(tmp_path / "index.db")
    key = (1, 1, 0, 1, 1)
    assert shelf.tallies() == []
    assert shelf.count(INC) == 0
    for found in (
        shelf.after(INC, None, 9), shelf.tail(INC, 9), shelf.page([1]), shelf.find("abcdef"),
        shelf.keys(INC, key, 9, 9), shelf.since(INC, 0, 9), shelf.at_once(INC, 1), shelf.targets_since(0),
        shelf.said_of("ab" * 32), shelf.newest_hits("x"), shelf.hits("x", INC, 0, 9),
    ):  # fmt: skip
        assert found == []
    shelf.close()


def test_a_search_everywhere_and_of_kinds_keeps_only_what_was_asked_for(world):
    with world.open("a") as store, Projections(store) as shown:
        feed = world.person_feed(store)
        for number in range(12):
            note(
                world,
                store,
                feed,
                f"gateway {number}",
                (INC, OTHER_INC)[number % 2],
                ("note", "observation")[number % 3 == 0],
            )
        shown.update()
        everywhere = shown.shelf.newest_hits("gateway", everywhere=True, kinds=("note",))
        here = shown.shelf.newest_hits("gateway", INC, kinds=("note",))
        assert (len(everywhere), len(here)) == (8, 4)
        assert set(here) < set(everywhere)


def test_what_came_in_many_windows_is_in_the_one_order(world, monkeypatch):
    monkeypatch.setattr(projections, "_WINDOW", 2)
    merged = []
    monkeypatch.setattr(projections.filling, "merge", lambda _, most: merged.append(most))
    with world.open("a") as store, Projections(store) as shown:
        feed = world.person_feed(store)
        shown.update()
        for number in range(7):
            note(world, store, feed, f"{number}")
        assert shown.update() == 7
        lines = shown.timeline(INC)
        assert [line.text for line in lines] == [f"{number}" for number in range(7)]
        assert sorted(lines, key=lambda line: line.order) == lines
    assert merged.count(projections._MERGE_MANY) == 3


@pytest.mark.parametrize("what", [b"no database at all" * 100, "another form", "no tables"])
def test_a_file_that_is_no_index_is_made_anew(world, what):
    with world.open("a") as store:
        note(world, store, world.person_feed(store))
        path = store.paths.root / "index.db"
        with Projections(store) as shown:
            path = shown._path
            assert shown.update() == 2
        if isinstance(what, bytes):
            path.write_bytes(what)
        else:
            with closing(sqlite3.connect(path)) as raw, raw:
                raw.execute("PRAGMA user_version = 99" if what == "another form" else "DROP TABLE at")
        with Projections(store) as shown:
            assert not shown.tend()
            shown.update()
            assert [line.text for line in shown.timeline(INC)] == ["said"]


def test_a_folder_in_its_place_is_no_index(tmp_path):
    (tmp_path / "index.db").mkdir()
    assert index.open_(tmp_path / "index.db") is None


def test_a_table_that_breaks_while_it_is_open_is_made_anew(world):
    with world.open("a") as store, Projections(store) as shown:
        feed = world.person_feed(store)
        note(world, store, feed)
        shown.update()
        shown._connection.execute("DROP TABLE at")
        assert shown._count() == 0
        shown.update()
        assert [line.text for line in shown.timeline(INC)] == ["said"]


def test_a_damaged_page_found_on_the_way_makes_it_anew_and_a_full_disk_does_not(world, monkeypatch):
    with world.open("a") as store, Projections(store) as shown:
        feed = world.person_feed(store)
        note(world, store, feed)
        shown.update()
        note(world, store, feed, "again")

        def failing(fault):
            def add(*_):
                monkeypatch.undo()
                raise fault

            monkeypatch.setattr(projections.filling, "add", add)

        failing(sqlite_fault(sqlite3.SQLITE_FULL))
        with pytest.raises(sqlite3.OperationalError):
            shown.advance()
        assert not shown._connection.in_transaction
        failing(sqlite3.DatabaseError("malformed"))
        assert shown.advance(0).building
        shown.update()
        assert [line.text for line in shown.timeline(INC)] == ["said", "again"]


@pytest.mark.parametrize("at", ["building", "late values", "redacted"])
def test_what_fails_while_rows_are_mended_or_made_leaves_them_as_they_were(world, monkeypatch, at):
    with world.open("a") as store, Projections(store) as shown:
        feed = world.person_feed(store)
        said = note(world, store, feed)
        fault = sqlite_fault(sqlite3.SQLITE_FULL)

        def fail(*_, **__):
            raise fault

        if at == "building":
            monkeypatch.setattr(index, "swap", fail)
        else:
            shown.update()
            monkeypatch.setattr(shown, "_retake", fail)
            if at == "late values":
                edit(world, ("INSERT INTO standing VALUES (?, 'quarantined')", said.id))
            else:
                edit(world, ("INSERT INTO tombstone VALUES (?, ?, 1)", "ab" * 32, DOC))
        with pytest.raises(sqlite3.OperationalError):
            shown.update()
        monkeypatch.undo()
        shown.update()
        standing = [line.standing for line in shown.timeline(INC)]
        assert standing == (["quarantined"] if at == "late values" else ["good"])


def test_an_index_that_another_process_makes_is_waited_for(world, monkeypatch):
    with world.open("a") as store, Projections(store) as shown:
        note(world, store, world.person_feed(store))
        with FileLock.try_take(shown._lock_path):
            assert shown.advance() == Progress(0, 2, building=True, elsewhere=True)
        waits = []
        lock = FileLock.try_take(shown._lock_path)

        def wait(seconds):
            waits.append(seconds)
            lock.__exit__(None, None, None)

        monkeypatch.setattr(projections.time, "sleep", wait)
        assert shown.update() == 2
        assert waits == [projections._OTHERS_POLL_S]


def test_an_index_that_is_gone_right_after_it_was_made_stops_nobody(world, monkeypatch):
    with world.open("a") as store, Projections(store) as shown:
        note(world, store, world.person_feed(store))
        advance = Projections.advance

        def gone(self, *budget):
            done = advance(self, *budget)
            if done.finished:
                self.close()
                Path(self._path).unlink()
            return done

        monkeypatch.setattr(Projections, "advance", gone)
        assert shown.update() == 0
        assert not shown.tend()


def test_a_new_file_that_cannot_be_made_is_closed(tmp_path, monkeypatch):
    monkeypatch.setattr(index, "_TABLES", ("CREATE nonsense",))
    with pytest.raises(sqlite3.OperationalError):
        index.make(tmp_path / "new.db")
    monkeypatch.undo()
    index.make(tmp_path / "new.db").close()


def test_a_swap_that_never_ends_is_not_waited_for_without_end(tmp_path, monkeypatch):
    path = tmp_path / "index.db"
    index.make(path).close()
    monkeypatch.setattr(index, "BUSY_TIMEOUT_S", 0.05)
    with FileLock.try_take(path.with_name("index.swap")), pytest.raises(sqlite3.OperationalError, match="swapped"):
        index.open_(path)
    with closing(index.open_(path)) as connection:
        index.checkpoint(connection, tmp_path / "not here.db")  # no log: nothing to bring in


# -- counts kept aside -------------------------------------------------------------------------------------------------

ASIDE = {
    "telemetry": (telemetry, Telemetry, lambda kept: kept.add([Sample("g", "k", NOW_MS, "serving", 1)]),
                  lambda kept: kept.last("g", "k", NOW_MS)),
    "tries": (tries, Tries, lambda kept: kept.add([Try(DOC, 0, NOW_MS, refused=1)]), lambda kept: kept.of(DOC)),
}  # fmt: skip


@pytest.mark.parametrize("name", ASIDE)
def test_what_could_not_be_counted_is_not_half_counted(tmp_path, name):
    module, kind, add, read = ASIDE[name]
    with kind(module.path_beside(tmp_path / "index.db")) as kept:
        add(kept)
        before = read(kept)
        sound, kept._connection = (
            kept._connection,
            Refusing(kept._connection, "INSERT", sqlite_fault(sqlite3.SQLITE_FULL)),
        )
        with pytest.raises(sqlite3.OperationalError):
            add(kept)
        assert not sound.in_transaction
        kept._connection = sound
        assert read(kept) == before


@pytest.mark.parametrize("name", ASIDE)
def test_a_file_of_counts_that_cannot_be_opened_stays_as_it_is(tmp_path, name):
    module, kind, add, read = ASIDE[name]
    path = module.path_beside(tmp_path / "index.db")
    path.mkdir()  # as one that may not be opened
    with kind(path) as kept:
        with pytest.raises(sqlite3.OperationalError):
            add(kept)
        if name == "tries":
            assert read(kept) == []
    assert path.is_dir()


@pytest.mark.parametrize("name", ASIDE)
def test_of_two_that_make_the_file_at_once_one_does(tmp_path, name):
    """Both find it empty; whoever begins second finds it made."""
    module, kind, add, read = ASIDE[name]
    path = module.path_beside(tmp_path / "index.db")
    connect, made = sqlite3.connect, []

    class Second(sqlite3.Connection):
        def execute(self, sql, *values):
            if sql == "BEGIN IMMEDIATE" and not made:
                made.append(True)
                with kind(path) as first:
                    add(first)
            return super().execute(sql, *values)

    def at_once(*where, **how):
        return connect(*where, **how) if made else connect(*where, **how, factory=Second)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module.sqlite3, "connect", at_once)
        with kind(path) as kept:
            assert len(read(kept) if name == "telemetry" else [add(kept)]) == 1
    assert made


# -- the writer --------------------------------------------------------------------------------------------------------


def test_what_nobody_waits_for_any_more_is_not_written_alone_or_among_others(world):
    with world.open("a") as store:
        feed = world.person_feed(store)
        held, go = threading.Event(), threading.Event()

        def hold(_tx):
            held.set()
            assert go.wait(30)

        for others in (0, 2):
            held.clear()
            go.clear()
            first = store.transaction(hold)
            assert held.wait(30)
            gone = store.transaction(lambda tx: tx.append(feed, Draft("note", inc=INC), roster=world.ref))
            rest = [
                store.transaction(lambda tx: tx.append(feed, Draft("note", inc=INC), roster=world.ref))
                for _ in range(others)
            ]
            assert gone.cancel()
            go.set()
            first.result(30)
            for one in rest:
                one.result(30)
            with pytest.raises(CancelledError):
                gone.result(30)
        assert [one.seq for one in store.reader().feed(feed.feed)] == [0, 1, 2]


@pytest.mark.parametrize("at", ["a job", "the commit"])
@pytest.mark.parametrize("fault", [sqlite_fault(sqlite3.SQLITE_FULL), ValueError("a fault of ours")])
def test_where_the_disk_fails_everybody_who_waited_is_told_and_nothing_stands(world, monkeypatch, at, fault):
    with world.open("a") as store:
        feed = world.person_feed(store)
        held, go = threading.Event(), threading.Event()

        def hold(_tx):
            held.set()
            assert go.wait(30)

        def bad(tx):
            if at == "a job":
                tx.connection.execute("ROLLBACK")  # as SQLite does it by itself
                raise fault
            return tx.append(feed, Draft("note", inc=INC), roster=world.ref)

        first = store.transaction(hold)
        assert held.wait(30)
        waiting = [store.transaction(lambda tx: tx.append(feed, Draft("note", inc=INC), roster=world.ref)),
                   store.transaction(bad)]  # fmt: skip
        commit = Ledger.commit

        def failing(self):
            if first.done():
                monkeypatch.undo()
                self.connection.execute("ROLLBACK")
                raise fault
            commit(self)

        if at == "the commit":
            monkeypatch.setattr(Ledger, "commit", failing)
        go.set()
        for one in waiting:
            with pytest.raises(NotWritten if isinstance(fault, sqlite3.Error) else ValueError):
                one.result(30)
        monkeypatch.undo()
        assert [one.seq for one in store.reader().feed(feed.feed)] == [0]
        assert note(world, store, feed).seq == 1


def test_many_keys_at_the_door_are_not_all_remembered(world):
    with world.open("a") as store:

        def ask(tx):
            ledger = tx._ledger
            for number in range(300):
                ledger.verifier(world.members[number % 3].writer.public.line, f"n{number}")
            return len(ledger._verifiers)

        assert store.write(ask) < 300


def test_a_fault_of_ours_while_it_is_opened_is_not_called_the_disks(world, monkeypatch):
    world.open("a").close()

    def fail(*_):
        raise sqlite_fault(sqlite3.SQLITE_ERROR)

    monkeypatch.setattr("console.journal.ledger.migrate", fail)
    with pytest.raises(sqlite3.OperationalError):
        world.open("a", rosters=False)


def test_a_snapshot_that_its_reader_ended_itself_is_taken_back(world):
    with world.open("a") as store:
        with store.reader().snapshot() as connection:
            connection.execute("ROLLBACK")
        assert store.reader().incidents() == []


def test_an_index_whose_reading_was_rolled_back_on_the_way_is_read_again(world):
    with world.open("a") as store, Projections(store) as shown:
        note(world, store, world.person_feed(store))
        shown.update()
        with shown.shelf._reading() as connection:
            connection.execute("ROLLBACK")  # as SQLite does it by itself where a disk fails
        assert shown.shelf.count(INC) == 1
