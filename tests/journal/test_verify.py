from __future__ import annotations

import dataclasses
import sqlite3

import pytest

from console.journal import envelope
from console.journal.values import Draft
from console.journal.verify import verify_profile
from console.keys import canon
from tests.journal.world import INC, World
from tests.kit.values import values_as_rows


@pytest.fixture
def made(tmp_path):
    """A closed profile with 300 entries (two windows), a document and an attachment."""
    world = World(folder=tmp_path)
    with world.open("a") as store:
        feed = world.person_feed(store)
        machine = world.machine_feed(store)
        waiting = [
            store.transaction(
                lambda tx, i=i: tx.append(
                    feed, Draft("note", inc=INC if i % 2 else None, disclosures={"text": f"{i}"}), roster=world.ref
                )
            )
            for i in range(298)
        ]
        for future in waiting:
            future.result()
        secret = canon.make_disclosure(b"s" * 16, "reason", "because")
        store.write(lambda tx: tx.put_document(canon.encode({"type": "x.v1", "_sd": [canon.digest(secret)]}), [secret]))
        store.write(lambda tx: tx.put_blob(b"a photograph"))
        entries = store.reader().feed(feed.feed)
        assert machine.feed != feed.feed
        seen = []
        report = verify_profile(store, lambda done, of: seen.append((done, of)))
        assert report.ok
        assert seen[-1] == (300, 300)
        assert report.counts == {
            "entries": 300, "disclosures": 299, "documents": 3, "blobs": 1, "rosters": 2, "feeds": 2,
            "quarantined": 0, "forked": 0,
        }  # fmt: skip
    return world, entries


def edit(world, *statements):
    connection = sqlite3.connect(world.folder / "a" / "journal.db")
    for name, kind in connection.execute("SELECT name, type FROM sqlite_master").fetchall():
        if kind == "trigger":
            connection.execute(f"DROP TRIGGER {name}")
    with values_as_rows(connection):
        for sql, values in statements:
            assert connection.execute(sql, values).rowcount
    connection.commit()
    connection.close()


def check(world):
    with world.open("a", rosters=False) as store:
        report = verify_profile(store)
    assert not report.ok
    return report.first_wrong


@pytest.mark.parametrize("at", [0, 7, 280])
def test_a_changed_entry_is_named(made, at):
    world, entries = made
    victim = entries[at]
    raw = victim.raw.replace(b'"kind":"', b'"kind":"x')
    edit(world, ("UPDATE entry SET raw = ? WHERE id = ?", (raw, victim.id)))
    wrong = check(world)
    assert victim.id[:16] in wrong.where
    assert f"number {victim.seq}" in wrong.where
    assert "hash" in wrong.why


def test_a_changed_signature_is_named(made):
    world, entries = made
    edit(world, ("UPDATE entry SET sig = ? WHERE id = ?", (entries[8].sig, entries[9].id)))
    assert entries[9].id[:16] in check(world).where


def test_an_entry_changed_together_with_its_id_is_named(made):
    world, entries = made
    raw = entries[9].raw.replace(b'"mono":8', b'"mono":9')
    edit(world, ("UPDATE entry SET raw = ?, id = ? WHERE id = ?", (raw, canon.sha256_hex(raw), entries[9].id)))
    assert "signature" in check(world).why


@pytest.mark.parametrize("column", ["seq", "iseq", "hlc_ms", "hlc_n"])
def test_a_column_that_contradicts_the_signed_bytes_is_named(made, column):
    world, entries = made
    edit(world, (f"UPDATE entry SET {column} = {column} + 100000 WHERE id = ?", (entries[9].id,)))
    wrong = check(world)
    assert entries[9].id[:16] in wrong.where or f"number {entries[9].seq} is missing" in wrong.why


@pytest.mark.parametrize("column", ["inc", "subj", "kind"])
def test_a_changed_word_beside_the_bytes_is_named(made, column):
    world, entries = made
    edit(world, (f"UPDATE entry SET {column} = 'other' WHERE id = ?", (entries[9].id,)))
    assert entries[9].id[:16] in check(world).where


def test_a_missing_entry_is_named_by_its_number(made):
    world, entries = made
    edit(world, ("DELETE FROM entry WHERE id = ?", (entries[9].id,)))
    assert check(world).why == "number 9 is missing before it"


def test_a_changed_value_is_named(made):
    world, entries = made
    other = canon.make_disclosure(b"s" * 16, "text", "something else")
    edit(world, ("UPDATE disclosure SET body = ? WHERE holder = ?", (other, entries[9].id)))
    wrong = check(world)
    assert entries[9].id[:16] in wrong.where
    assert "value" in wrong.why


def test_a_value_of_nobody_is_named(made):
    world, _ = made
    body = canon.make_disclosure(b"s" * 16, "text", "stray")
    edit(world, ("INSERT INTO disclosure VALUES (?, ?, ?)", ("0" * 64, canon.digest(body), body)))
    assert check(world).where == "the values"


def test_a_value_at_a_number_that_no_entry_has_is_named(made):
    world, _ = made
    body = canon.make_disclosure(b"s" * 16, "text", "stray")
    edit(world, ("INSERT INTO entry_value VALUES (99999, ?, ?)", (canon.digest(body), body)))
    assert check(world).why == "1 of them belong to no entry and no document"


def test_a_revived_redacted_value_is_named(made):
    world, entries = made
    digest = entries[9].entry.sd[0]
    edit(world, ("INSERT INTO tombstone VALUES (?, ?, 0)", (digest, "0" * 64)))
    assert "redacted" in check(world).why


def test_a_changed_document_is_named(made):
    world, _ = made
    edit(world, ("UPDATE document SET raw = ? WHERE type = 'x.v1'", (b'{"type":"x.v1"}',)))
    assert check(world).where.startswith("document")


def test_a_changed_roster_is_named(made):
    world, _ = made
    edit(world, ("UPDATE roster SET raw = CAST(replace(raw, 'admin', 'legal') AS BLOB) WHERE n = 1", ()))
    assert check(world).where == "roster 1"


@pytest.mark.parametrize("content", [b"another photo", None])
def test_a_changed_or_missing_attachment_is_named(made, content):
    world, _ = made
    path = next((world.folder / "a" / "blobs").glob("*/*"))
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    assert check(world).where.startswith("blob")


def test_a_hidden_fork_mark_is_named(made):
    world, entries = made
    raw, sig = envelope.build(dataclasses.replace(entries[9].entry, kind="observation"), world.members[0].writer)
    with world.open("a", rosters=False) as store:
        store.write(lambda tx: tx.ingest(raw, sig))
        assert verify_profile(store).ok
    edit(world, ("DELETE FROM fork", ()), ("DELETE FROM standing", ()))
    assert "fork" in check(world).why
