"""A profile that is only looked at is as it was before, to the last byte, whatever lies in it and whoever writes it."""

from __future__ import annotations

import os
import sqlite3
import stat
import struct
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import BinaryIO

import pytest

from console.domain.errors import Problem, WrongUse
from console.journal import still as still_module
from console.journal.faults import Damaged, NewerJournal, NotWritten
from console.journal.schema import Part
from console.journal.still import Still, Unsettled
from console.journal.verified import path_of, read_upto, write_upto
from console.journal.verify import verify_profile
from console.keys import canon
from console.runtime.child import Child
from console.runtime.faults import RuntimeProblem
from console.runtime.paths import ProfilePaths
from console.runtime.settings import ProfileSettings, read_settings, write_settings
from console.services import exporting
from console.services.upgrading import PARTS
from tests.journal.world import INC, ORG, World
from tests.upgrade.test_forms import JOURNALS, OUTBOXES, form, write_old

WITHIN_S = 60.0


def facts(folder: Path) -> dict[str, tuple[object, ...]]:
    """Everything of every file and folder but when it was last read."""
    found: dict[str, tuple[object, ...]] = {}
    for path in (folder, *sorted(folder.rglob("*"))):
        one = path.lstat()
        data = path.read_bytes() if stat.S_ISREG(one.st_mode) else b""
        found[str(path)] = (one.st_mode, one.st_ino, one.st_size, one.st_mtime_ns, canon.sha256_hex(data))
    return found


def settings_of(folder: Path, genesis: str | None) -> None:
    write_settings(
        folder / "profile.toml",
        ProfileSettings(org=ORG, world="real", person="p-x", console="c-x", name="commander", genesis=genesis),
    )


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    """A sound profile of somebody else, with an attachment."""
    from console.journal.values import Draft

    world = World(folder=tmp_path)
    with world.open("sent") as store:
        feed = world.person_feed(store)
        store.write(lambda tx: tx.append(feed, Draft("note", inc=INC, disclosures={"text": "seen"}), roster=world.ref))
        store.write(lambda tx: tx.put_blob(b"evidence"))
        write_upto(path_of(store.paths), verify_profile(store).upto)
    settings_of(tmp_path / "sent", world.genesis)
    return tmp_path / "sent"


def test_nothing_is_changed(sent: Path) -> None:
    before = facts(sent)
    assert "2 entries, 1 disclosures, 2 documents, 1 blobs" in exporting.check_profile_at(sent)
    assert facts(sent) == before


def test_nothing_is_changed_in_a_folder_that_cannot_be(sent: Path) -> None:
    sent.chmod(0o500)
    (sent / "journal.db").chmod(0o400)
    before = facts(sent)
    assert "2 entries" in exporting.check_profile_at(sent)
    assert facts(sent) == before


def test_nothing_is_changed_while_its_console_is_open(sent: Path) -> None:
    """What is in the log alone belongs to it; it is neither brought into the file nor emptied."""
    child = Child("tests.journal.sql_child")
    try:
        child.ask(str(sent / "journal.db"), WITHIN_S)
        child.ask(["INSERT INTO meta VALUES ('x', 'in the log')"], WITHIN_S)
        before = facts(sent)
        assert before[str(sent / "journal.db-wal")][2]
        assert "2 entries" in exporting.check_profile_at(sent)
        with Still(ProfilePaths(sent), PARTS) as still, still.reader().snapshot() as connection:
            assert connection.execute("SELECT value FROM meta WHERE name = 'x'").fetchone() == ("in the log",)
        assert facts(sent) == before
    finally:
        child.close()


@pytest.mark.parametrize("journal", JOURNALS, ids=lambda path: path.stem)
def test_a_profile_of_an_older_form_stays_of_it(journal: Path, tmp_path: Path) -> None:
    paths = ProfilePaths(tmp_path / "old")
    write_old(paths, form(journal), form(OUTBOXES[0]))
    settings_of(paths.root, None)
    before = facts(paths.root)
    assert "holds" in exporting.check_profile_at(paths.root)
    assert facts(paths.root) == before


def test_the_copy_is_gone_afterwards_and_only_ours_meanwhile(
    sent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    with Still(ProfilePaths(sent), PARTS):
        (copy,) = place.iterdir()
        assert os.name == "nt" or stat.S_IMODE(copy.stat().st_mode) == 0o700
    assert not list(place.iterdir())
    for code, told in ((sqlite3.SQLITE_CORRUPT, Damaged), (sqlite3.SQLITE_FULL, NotWritten)):
        fault = sqlite3.DatabaseError("it failed")
        fault.sqlite_errorcode = code
        monkeypatch.setattr(still_module, "migrate", partial(_fails, fault))
        with pytest.raises(told):
            Still(ProfilePaths(sent), PARTS)
        assert not list(place.iterdir())


def _fails(fault: Exception, *_: object) -> None:
    raise fault


# -- while somebody writes ---------------------------------------------------------------------------------------------

ROWS = "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 400)"
MORE = [f"INSERT INTO t SELECT n, randomblob(900) FROM ({ROWS} SELECT n FROM i)", "UPDATE t SET b = randomblob(900)"]
DURING = {
    "more is written": MORE,
    "the log goes into the file": [*MORE, "PRAGMA wal_checkpoint(PASSIVE)"],
    "the log begins anew": [*MORE, "PRAGMA wal_checkpoint(RESTART)", *MORE],
    "the log is emptied": [*MORE, "PRAGMA wal_checkpoint(TRUNCATE)"],
    "the log is emptied and begins anew": [*MORE, "PRAGMA wal_checkpoint(TRUNCATE)", *MORE],
}


@pytest.mark.parametrize("always", [False, True], ids=["once", "every time"])
@pytest.mark.parametrize("during", DURING.values(), ids=DURING)
@pytest.mark.parametrize("logged", [False, True], ids=["without a log", "with a log"])
def test_what_is_copied_is_of_one_moment(
    during: list[str], logged: bool, always: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the first half of the file and the second somebody writes; the copy is whole all the same, or none."""
    source, copy = tmp_path / "source.db", tmp_path / "copy.db"
    child = Child("tests.journal.sql_child")
    turns: list[int] = []

    def in_two_halves(file: BinaryIO, target: BinaryIO, _length: int) -> None:
        whole = file.read()
        first = os.fstat(file.fileno()).st_ino == source.stat().st_ino
        if first and (always or not turns):
            turns.append(1)
            child.ask(during, WITHIN_S)
            file.seek(len(whole) // 2)
            whole = whole[: len(whole) // 2] + file.read()
        target.write(whole)

    try:
        child.ask(str(source), WITHIN_S)
        child.ask(["CREATE TABLE t (n INTEGER, b BLOB)", *MORE], WITHIN_S)
        if not logged:
            child.ask(["PRAGMA wal_checkpoint(TRUNCATE)"], WITHIN_S)
        monkeypatch.setattr("shutil.copyfileobj", in_two_halves)
        try:
            still_module.copy_journal(source, copy)
        except Unsettled:
            assert always
            return
        with closing(sqlite3.connect(copy)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("SELECT count(*) % 400 FROM t").fetchone() == (0,)
    finally:
        child.close()


def test_what_this_process_has_open_is_never_opened_beside_sqlite(
    sent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing a file gives back every lock that its process holds on it, also those of SQLite."""
    opened: list[Path] = []
    real = still_module.open_plain

    def noted(path: Path) -> BinaryIO:
        opened.append(path)
        return real(path)

    monkeypatch.setattr(still_module, "open_plain", noted)
    (tmp_path / "link").symlink_to(sent)
    world = World(folder=tmp_path)
    with world.open("sent", rosters=False), world.open("sent", rosters=False) as store:
        store.close()  # the other one still has it
        for folder in (sent, tmp_path / "link"):
            assert "2 entries" in exporting.check_profile_at(folder)
        assert opened == []
    assert "2 entries" in exporting.check_profile_at(sent)
    assert opened


def test_a_console_that_is_closed_meanwhile_is_read_again(sent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, seen = still_module.open_plain, list[str]()

    def gone_once(path: Path) -> BinaryIO:
        seen.append(path.name)
        if seen == ["journal.db-wal", "journal.db"]:
            raise FileNotFoundError
        return real(path)

    monkeypatch.setattr(still_module, "open_plain", gone_once)
    assert "2 entries" in exporting.check_profile_at(sent)
    assert seen[:4] == ["journal.db-wal", "journal.db", "journal.db-wal", "journal.db"]


# -- what somebody made to be looked at --------------------------------------------------------------------------------


def unfinished_change(journal: Path, victim: Path) -> None:
    """A rollback journal that names a file which SQLite deletes once it is done with it."""
    with closing(sqlite3.connect(journal)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE").fetchall()
        page = connection.execute("PRAGMA page_size").fetchone()[0]
    magic, name = bytes.fromhex("d9d505f920a163d7"), str(victim).encode()
    head = (magic + struct.pack(">IIIII", 0, 1, journal.stat().st_size // page, 512, page)).ljust(512, b"\0")
    end = struct.pack(">I", (1 << 30) // page + 1) + name + struct.pack(">II", len(name), sum(name)) + magic
    journal.with_name("journal.db-journal").write_bytes(head + end)


def test_an_unfinished_change_deletes_nothing_here(sent: Path, tmp_path: Path) -> None:
    victim = tmp_path / "precious"
    victim.write_text("mine")
    unfinished_change(sent / "journal.db", victim)
    before = facts(sent)
    with pytest.raises(Damaged, match="no file of a profile"):
        exporting.check_profile_at(sent)
    assert victim.read_text() == "mine"
    assert facts(sent) == before
    with closing(sqlite3.connect(sent / "journal.db")) as connection:  # so it would have been
        connection.execute("SELECT count(*) FROM entry").fetchone()
    assert not victim.exists()


FOREIGN = {
    "a view in a table's place": (
        "DROP TABLE tombstone",
        "CREATE VIEW tombstone AS WITH RECURSIVE e(digest) AS (SELECT 1 UNION ALL SELECT 1 FROM e) SELECT * FROM e",
    ),
    "a trigger": ("CREATE TRIGGER t AFTER INSERT ON part BEGIN DELETE FROM fork; END",),
    "a table of its own": ("CREATE TABLE more (x)",),
    "a virtual table": ("CREATE VIRTUAL TABLE more USING fts5 (x)",),
    "a computed column": ("ALTER TABLE joined ADD COLUMN x TEXT AS (hex(zeroblob(9)))",),
    "no tables": ("DROP TABLE part",),
    "a view that is said to be SQLite's": (
        "DROP TABLE tombstone",
        "PRAGMA writable_schema = ON",
        "INSERT INTO sqlite_master VALUES ('view', 'sqlite_x', 'sqlite_x', 0, 'CREATE VIEW tombstone AS SELECT 1')",
    ),
}


@pytest.mark.parametrize("statements", FOREIGN.values(), ids=FOREIGN)
def test_no_table_is_believed_that_no_version_makes(statements: tuple[str, ...], sent: Path) -> None:
    with closing(sqlite3.connect(sent / "journal.db", isolation_level=None)) as connection:
        for one in statements:
            connection.execute(one)
    before = facts(sent)
    with pytest.raises(Damaged, match=r"none that a journal has|not those of a journal|SQLite cannot read it"):
        exporting.check_profile_at(sent)
    assert facts(sent) == before


def test_statistics_and_a_lost_guard_are_no_fault_of_form(sent: Path) -> None:
    with closing(sqlite3.connect(sent / "journal.db", isolation_level=None)) as connection:
        connection.execute("ANALYZE")
        connection.execute("DROP TRIGGER entry_stays")
    assert "2 entries" in exporting.check_profile_at(sent)


@pytest.mark.parametrize("parts", [(Part("later", ((),)),), PARTS], ids=["further tables", "further steps"])
def test_a_newer_form_is_named(parts: tuple[Part, ...], sent: Path) -> None:
    with closing(sqlite3.connect(sent / "journal.db", isolation_level=None)) as connection:
        connection.execute("INSERT OR REPLACE INTO part VALUES (?, 90)", (parts[0].name,))
    with pytest.raises(NewerJournal):
        exporting.check_profile_at(sent)


def test_a_value_longer_than_any_is_not_taken_into_memory(sent: Path) -> None:
    with closing(sqlite3.connect(sent / "journal.db", isolation_level=None)) as connection:
        connection.execute("INSERT INTO document VALUES (?, 'x', NULL, NULL, 0, zeroblob(50000000))", ("ab" * 32,))
    with pytest.raises(Problem, match="too big"):
        exporting.check_profile_at(sent)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of a name are Unix's")
@pytest.mark.parametrize("name", ["journal.db", "journal.db-wal", "profile.toml", "verified.json", "blob"])
@pytest.mark.parametrize("kind", ["pipe", "endless", "folder"])
def test_nothing_but_plain_files_is_read(name: str, kind: str, sent: Path) -> None:
    path = next(one for one in sent.rglob("*") if one.parent.parent.name == "blobs") if name == "blob" else sent / name
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "endless":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    if name == "verified.json":  # a hint: without it all is proven all the same
        assert read_upto(path).entries == 0
        assert "2 entries" in exporting.check_profile_at(sent)
        return
    with pytest.raises((Problem, RuntimeProblem)):
        exporting.check_profile_at(sent)


def test_settings_without_an_end_are_refused(sent: Path) -> None:
    (sent / "profile.toml").write_bytes(b"#" * (2 * 1024 * 1024))
    with pytest.raises(RuntimeProblem, match="longer than"):
        read_settings(sent / "profile.toml")


def test_what_is_no_profile_is_said(sent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(exporting.NotSound, match="you were given abab"):
        exporting.check_profile_at(sent, genesis="ab" * 32)
    settings_of(sent, "cd" * 32)
    with pytest.raises(exporting.NotSound, match="settings name cdcd"):
        exporting.check_profile_at(sent)
    empty = tmp_path / "empty"
    empty.mkdir()
    settings_of(empty, None)
    with pytest.raises(WrongUse, match="no journal"):
        exporting.check_profile_at(empty)
    with World(folder=tmp_path).open("bare", rosters=False):
        pass
    settings_of(tmp_path / "bare", None)
    with pytest.raises(exporting.NotSound, match="there is none"):
        exporting.check_profile_at(tmp_path / "bare")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(NotWritten, match=r"none could be made in .*No space left"):
        exporting.check_profile_at(sent)
