"""A full disk, a read-only folder, a database that somebody else holds: one clear sentence, and nothing lost."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
from contextlib import closing, contextmanager, suppress

import pytest

from console.journal import ledger
from console.journal.faults import Damaged, NotWritten, named
from console.journal.values import Draft
from console.journal.verify import verify_profile
from tests.journal.world import INC, World

SAFE = "What was saved before is safe."


class Writing:
    """A profile in a folder, and what it acknowledged."""

    def __init__(self, folder) -> None:
        self.world = World(folder=folder)
        self.store = self.world.open("a")
        self.feed = self.world.person_feed(self.store)
        self.said = []

    def hand_in(self, text):
        draft = Draft("note", inc=INC, disclosures={"text": text})
        return self.store.transaction(lambda tx: tx.append(self.feed, draft, roster=self.world.ref))

    def say(self, text="a line"):
        self.said.append(self.hand_in(text).result().id)

    def check(self):
        assert verify_profile(self.store).first_wrong is None
        assert set(self.said) <= {one.id for one in self.store.reader().entries()}


def go_on(writing):
    while True:
        writing.say("x" * 20_000)


def fill(folder):
    """Leaves no byte free."""
    with (folder / "filler").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    return folder / "filler"


@contextmanager
def mounted(folder, *how):
    """A mount, where this user may make one."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(["mount", *how, str(folder)], capture_output=True, check=False, timeout=300)
    if done.returncode != 0:
        pytest.skip("mounting needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], capture_output=True, check=True, timeout=300)


@pytest.fixture
def small(tmp_path):
    with mounted(tmp_path / "small", "-t", "tmpfs", "-o", "size=1500k", "tmpfs") as folder:
        yield folder


def test_a_full_disk_is_said_and_nothing_acknowledged_is_lost(small):
    writing = Writing(small)
    with pytest.raises(NotWritten) as full:
        go_on(writing)
    assert full.value.what == f"The disk is full: {small}/a/journal.db could not be written, and this was not saved."
    assert full.value.next_step == f"Free some space and do it again. {SAFE}"
    with pytest.raises(NotWritten):
        writing.store.write(lambda tx: tx.put_blob(b"x" * 1_000_000))
    group = [writing.hand_in("y" * 20_000) for _ in range(5)]
    for handed in group:
        with pytest.raises(NotWritten):
            handed.result()
    writing.check()
    before = len(writing.store.reader().entries())
    writing.store.close()
    again = writing.world.open("a", rosters=False)  # closing wrote the log back: there is room again
    with again:
        assert len(again.reader().entries()) == before
        assert verify_profile(again).first_wrong is None


def test_on_a_full_disk_it_goes_on_when_there_is_room_again(small):
    writing = Writing(small)
    writing.say()
    filler = fill(small)
    with pytest.raises(NotWritten):
        go_on(writing)
    filler.unlink()
    writing.say("after")
    writing.check()
    writing.store.close()


def test_a_full_disk_cannot_be_opened_as_if_it_were_well(small):
    Writing(small).store.close()
    fill(small)
    with pytest.raises(NotWritten, match="full"):
        World(folder=small).open("b")


def test_a_read_only_folder_is_said(tmp_path):
    writing = Writing(tmp_path)
    writing.say()
    writing.store.close()
    folder = tmp_path / "a"
    with mounted(folder, "--bind", str(folder)):
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True, timeout=300)
        with pytest.raises(NotWritten) as refused:
            writing.world.open("a", rosters=False)
        with pytest.raises(NotWritten, match="read-only"):
            World(folder=folder).open("new")
    assert refused.value.what == (
        f"{folder}/journal.db cannot be opened for writing: the folder or the disk is read-only, or it is not yours."
    )
    writing.store = writing.world.open("a", rosters=False)
    writing.check()
    writing.store.close()


def test_a_database_that_somebody_holds_for_too_long_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(ledger, "BUSY_TIMEOUT_S", 0.05)
    writing = Writing(tmp_path)
    writing.say()
    with closing(sqlite3.connect(writing.store.paths.journal, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(NotWritten) as held:
            writing.say()
        for handed in [writing.hand_in("in a group") for _ in range(3)]:
            with pytest.raises(NotWritten):
                handed.result()
        with pytest.raises(NotWritten, match="locked"):
            writing.world.open("a", rosters=False)
        other.execute("ROLLBACK")
    path = writing.store.paths.journal
    assert held.value.what == f"Another program has kept {path} locked for too long, and this was not saved."
    writing.say("after")
    writing.check()
    assert [one.disclosed["text"] for one in writing.store.reader().entries(kinds=["note"])] == ["a line", "after"]
    writing.store.close()


def test_a_file_that_is_no_database_is_said(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "journal.db").write_bytes(b"no database at all, " * 100)
    with pytest.raises(Damaged, match=r"^The journal is damaged at journal.db: SQLite cannot read it\."):
        World(folder=tmp_path).open("a")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO])
def test_what_the_system_refuses_beside_the_database_reads_the_same(code, tmp_path):
    told = named(OSError(code, os.strerror(code)), tmp_path / "journal.db")
    assert isinstance(told, NotWritten)
    assert told.next_step.endswith(SAFE)


def test_a_fault_of_ours_is_no_refusal_of_the_system(tmp_path):
    with closing(sqlite3.connect(":memory:")) as connection, pytest.raises(sqlite3.OperationalError) as fault:
        connection.execute("SELECT nothing FROM nowhere")
    assert named(fault.value, tmp_path) is None
    assert named(ValueError(), tmp_path) is None
    assert named(OSError(errno.EINVAL, "invalid"), tmp_path) is None
