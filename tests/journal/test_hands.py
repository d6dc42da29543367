"""Entries proven in processes: the same findings as in one, whatever becomes of the processes."""

from __future__ import annotations

import os
import signal
import sqlite3

import pytest

from console.journal import hands as hands_
from console.journal.hands import Hands
from console.journal.values import Draft
from console.journal.verify import verify_profile
from tests.journal.world import INC, World
from tests.kit.values import values_as_rows


@pytest.fixture
def store(tmp_path):
    """A journal of three windows and two feeds."""
    world = World(folder=tmp_path)
    with world.open("a") as made:
        feed, machine = world.person_feed(made), world.machine_feed(made)
        drafts = [Draft("note", inc=INC if n % 2 else None, disclosures={"text": f"{n}"}) for n in range(700)]
        entries = made.write(lambda tx: [tx.append(feed, one, roster=world.ref) for one in drafts])
        assert machine.feed != feed.feed
        made.entries = entries
        yield made


def edit(store, sql, *values):
    connection = sqlite3.connect(store.paths.journal)
    for name, kind in connection.execute("SELECT name, type FROM sqlite_master").fetchall():
        if kind == "trigger":
            connection.execute(f"DROP TRIGGER {name}")
    with values_as_rows(connection):
        assert connection.execute(sql, values).rowcount
    connection.commit()
    connection.close()


def test_processes_find_what_one_core_finds(store):
    with Hands(cores=1) as alone, Hands(cores=2, processes_from=1) as two:
        assert verify_profile(store, hands=two) == verify_profile(store, hands=alone)
        assert len(two.processes) == 2
        assert alone.processes == ()
        there = two.processes
        assert verify_profile(store, hands=two).ok
        assert two.processes == there  # kept for the next slice
    for pid in there:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE entry SET sig = zeroblob(length(sig)) WHERE id = ?",
        "UPDATE disclosure SET body = body || 'A' WHERE holder = ?",
    ],
)
def test_processes_name_the_same_first_fault(store, sql):
    edit(store, sql, store.entries[400].id)
    with Hands(cores=1) as alone, Hands(cores=2, processes_from=1) as two:
        here, there = verify_profile(store, hands=alone), verify_profile(store, hands=two)
    assert here.first_wrong is not None
    assert there.first_wrong == here.first_wrong


def test_little_is_proven_without_processes(store):
    with Hands(cores=2) as few:
        assert verify_profile(store, hands=few).ok
        assert few.processes == ()


def test_what_a_lost_process_was_given_is_proven_here(store, monkeypatch):
    ask = hands_.Child.ask

    def lost(child, question, within_s):
        if isinstance(question, tuple):
            os.kill(child.pid, signal.SIGKILL)
        return ask(child, question, within_s)

    monkeypatch.setattr(hands_.Child, "ask", lost)
    with Hands(cores=2, processes_from=1) as two:
        assert verify_profile(store, hands=two).ok
        assert two.processes == ()


def test_without_processes_threads_do_it(store, monkeypatch):
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with Hands(cores=2, processes_from=1) as two:
        assert verify_profile(store, hands=two).counts["entries"] == 702
        assert two.processes == ()
