"""A journal of every form that was ever committed is opened, brought up to date, verified and written on.

`forms/` holds the statements of each, as they were committed. A new step gets a file of its own; none is ever changed.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, nullcontext
from itertools import product
from pathlib import Path

import pytest

from console.journal.faults import NewerJournal
from console.journal.ledger import connect
from console.journal.migrate import migrate
from console.journal.schema import JOURNAL, Part
from console.journal.store import JournalStore
from console.journal.values import Draft
from console.journal.verify import verify_file, verify_profile
from console.outbox import store as outbox
from console.outbox.item import Row
from console.runtime.clock import SystemClock
from console.runtime.ids import SystemEntropy
from console.runtime.paths import ProfilePaths
from console.runtime.settings import read_settings
from tests.journal.world import INC, OP, World
from tests.kit.values import values_as_rows
from tests.vectors import generate_bad

FORMS = Path(__file__).parent / "forms"
JOURNALS, OUTBOXES = (sorted(FORMS.glob(f"{part}-*.json")) for part in ("journal", "outbox"))
QUEUED = Row(
    doc="ab" * 32, target=0, op=OP, inc=INC, instance="g-x", direction="contain", by_hand=False, state="queued",
    attempt=2, since_ms=7, decided_ms=5, tries=1, detail="waits",
)  # fmt: skip


def form(path):
    return json.loads(path.read_bytes())


def spelled(statement):
    return " ".join(statement.split())


def write_old(paths, *forms):
    """A journal as that version wrote it: its statements, the rows of a sound journal, a target in the outbox."""
    paths.root.mkdir(mode=0o700)
    with closing(sqlite3.connect(paths.journal, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        connection.execute("BEGIN")
        connection.execute("CREATE TABLE part (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID")
        for one in forms:
            for statement in (statement for step in one["steps"] for statement in step):
                connection.execute(statement)
            connection.execute("INSERT INTO part VALUES (?, ?)", (one["part"], len(one["steps"])))
        sound = json.loads(generate_bad.SOUND.read_bytes())
        view = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'view'").fetchone()
        with nullcontext() if view is None else values_as_rows(connection):
            for table, rows in sound["rows"].items():
                for row in rows:
                    marks = ", ".join("?" * len(row))
                    values = [generate_bad.unpacked(value) for value in row.values()]
                    connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", values)
        columns = [row[1] for row in connection.execute("PRAGMA table_info(outbox)")]
        if columns:
            values = [getattr(QUEUED, name) for name in columns]
            connection.execute(f"INSERT INTO outbox VALUES ({', '.join('?' * len(values))})", values)
        connection.execute("COMMIT")
    for sha, data in sound["blobs"].items():
        paths.blob(sha).parent.mkdir(parents=True)
        paths.blob(sha).write_bytes(generate_bad.unpacked(data))
    return sound, bool(columns), "decided_ms" in columns


def master(path):
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2").fetchall()
    return [(kind, name, table, spelled(sql or "").replace('"outbox"', "outbox")) for kind, name, table, sql in rows]


@pytest.mark.parametrize(
    ("journal", "queue"),
    list(product(JOURNALS, [None, *OUTBOXES])),
    ids=lambda path: path.stem if path else "no-outbox",
)
def test_a_journal_of_every_form_is_brought_up_to_date(journal, queue, tmp_path):
    paths = ProfilePaths(tmp_path / "old")
    forms = [form(path) for path in (journal, queue) if path is not None]
    sound, had_outbox, had_decided = write_old(paths, *forms)
    for _ in range(2):  # the second opening changes nothing
        with JournalStore.open(paths, SystemClock(), SystemEntropy(), parts=(outbox.OUTBOX,)) as store:
            report = verify_profile(store)
            assert (report.first_wrong, report.counts) == (None, sound["counts"])
            assert verify_file(store) is None
            with store.reader().snapshot() as connection:
                found = outbox.load(connection)
    if had_outbox:
        (row,) = found
        assert row.decided_ms == (QUEUED.decided_ms if had_decided else QUEUED.since_ms)
        assert row.detail == QUEUED.detail
    fresh = ProfilePaths(tmp_path / "new")
    JournalStore.open(fresh, SystemClock(), SystemEntropy(), parts=(outbox.OUTBOX,)).close()
    assert master(paths.journal) == master(fresh.journal)


def test_an_upgraded_journal_is_written_on(tmp_path):
    world = World(folder=tmp_path)
    write_old(ProfilePaths(tmp_path / "old"), form(JOURNALS[0]), form(OUTBOXES[0]))
    with JournalStore.open(
        ProfilePaths(tmp_path / "old"), SystemClock(), SystemEntropy(), parts=(outbox.OUTBOX,)
    ) as store:
        feed = world.person_feed(store)
        stored = store.write(lambda tx: tx.append(feed, Draft("note", inc=INC), roster=world.ref))
        assert stored.seq > 1  # the old feed goes on
        assert verify_profile(store).first_wrong is None
        with store.reader().snapshot() as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("DELETE FROM entry")
        with pytest.raises(sqlite3.IntegrityError, match="never deleted"):
            store.write(lambda tx: tx.connection.execute("DELETE FROM entry"))


@pytest.mark.parametrize("part", [JOURNAL, outbox.OUTBOX], ids=lambda part: part.name)
def test_no_step_that_was_committed_is_changed(part):
    newest = form(max(FORMS.glob(f"{part.name}-*.json")))
    steps = [[spelled(statement) for statement in step] for step in part.steps]
    assert steps == newest["steps"], "a new step gets a new file in forms/; a committed one stays as it is"


def test_a_newer_form_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "journal.db"
    with closing(connect(path)) as connection:
        migrate(connection, [Part("journal", (*JOURNAL.steps, ("CREATE TABLE later (x INTEGER)",)))])
        before = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        with pytest.raises(NewerJournal, match="newer"):
            migrate(connection, [JOURNAL])
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == before


def test_an_upgrade_that_fails_leaves_the_old_form(tmp_path):
    paths = ProfilePaths(tmp_path / "old")
    write_old(paths, form(JOURNALS[-1]), form(OUTBOXES[0]))
    before = master(paths.journal)
    broken = Part("outbox", (*outbox.OUTBOX.steps[:1], ("ALTER TABLE outbox RENAME TO x", "CREATE TABLE x (y)")))
    with closing(connect(paths.journal)) as connection, pytest.raises(sqlite3.OperationalError):
        migrate(connection, [JOURNAL, broken])
    assert master(paths.journal) == before


def test_settings_of_the_first_day_are_read(tmp_path):
    path = tmp_path / "profile.toml"
    path.write_text(
        '# Written by standdown. No secret belongs here.\nversion = 1\norg = "o-x"\nworld = "real"\nperson = "p-x"\n'
        'console = "c-x"\nname = "commander"\nplaces = []\n'
    )
    assert read_settings(path).house is None


def test_an_upgrade_finds_out_what_awaits_what(tmp_path):
    """A machine's entries cite a person's that are not here; another person's cite the machine's."""
    world = World(folder=tmp_path)
    with world.open("writer") as writer, world.open("reader") as reader:
        one, two, machine = world.person_feed(writer, 0), world.person_feed(writer, 1), world.machine_feed(writer, 2)
        for feed, kind in (
            (one, "note"), (machine, "redact.done"), (two, "note"), (one, "note"), (machine, "redact.done"),
        ):  # fmt: skip
            pub = {"doc": "ab" * 32} if kind == "redact.done" else {}
            writer.write(
                lambda tx, feed=feed, kind=kind, pub=pub: tx.append(feed, Draft(kind, pub=pub), roster=world.ref)
            )
        for stored in writer.reader().entries():
            if stored.feed != one.feed or stored.seq == 0:
                reader.write(lambda tx, stored=stored: tx.ingest(stored.raw, stored.sig))
    path = ProfilePaths(tmp_path / "reader").journal
    with closing(connect(path)) as connection:
        kept = connection.execute("SELECT id, ref FROM awaits ORDER BY id, ref").fetchall()
        assert len(kept) > 3
        for one_ in ("DROP TABLE awaits", "DROP TABLE joined", "UPDATE part SET version = 1 WHERE name = 'journal'"):
            connection.execute(one_)
        made = "SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE 'entry\\_%' ESCAPE '\\'"
        first = form(JOURNALS[0])["steps"][0]
        for (name,) in connection.execute(made).fetchall():
            if not any(f"INDEX {name} " in statement for statement in first):
                connection.execute(f"DROP INDEX {name}")
        for name in ("VIEW disclosure", "TABLE entry_value", "TABLE document_value"):
            connection.execute(f"DROP {name}")
        connection.execute(next(statement for statement in first if "TABLE disclosure" in statement))
        migrate(connection, [JOURNAL])
        assert connection.execute("SELECT id, ref FROM awaits ORDER BY id, ref").fetchall() == kept
