"""Bytes in the database and beside it that somebody or a disk has changed: named where they matter, never believed."""

from __future__ import annotations

import errno
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature

from console.domain.errors import BadForm
from console.domain.forms import RevokedKey
from console.journal import bench, bench_child, branches, envelope, faults, migrate, prover_child, rosters, segments
from console.journal.faults import BadSegment, Damaged, NotWritten, Redacted, WrongFeed
from console.journal.own_feeds import Watermark
from console.journal.prover import Prover
from console.journal.rows import select_heads
from console.journal.schema import JOURNAL
from console.journal.values import Answer, Draft
from console.journal.verified import FeedUpto, Upto, read_upto, write_upto
from console.journal.verify import verify_file, verify_profile
from console.journal.whole import select_whole_heads
from console.keys import canon
from console.keys.faults import BadRoster
from console.keys.roster import verify_next
from console.keys.sshsig import Verifier, roster_ns
from tests.journal.world import INC, ORG, World
from tests.kit.clock import FakeClock
from tests.kit.values import values_as_rows


@pytest.fixture
def world(tmp_path):
    return World(folder=tmp_path)


def edit(world, *statements, name="a"):
    with closing(sqlite3.connect(world.folder / name / "journal.db")) as raw, raw:
        for trigger, kind in raw.execute("SELECT name, type FROM sqlite_master").fetchall():
            if kind == "trigger":
                raw.execute(f"DROP TRIGGER {trigger}")
        with values_as_rows(raw):
            for statement, *values in statements:
                raw.execute(statement, values)


def note(world, store, feed, text="said"):
    draft = Draft("note", inc=INC, disclosures={"text": text})
    return store.write(lambda tx: tx.append(feed, draft, roster=world.ref))


# -- rows of the journal -----------------------------------------------------------------------------------------------


def test_values_that_no_digest_names_are_left_out_and_counted(world):
    texts = [canon.make_disclosure(b"s" * 16, name, name) for name in ("reason", "more")]
    document = canon.encode({"type": "x.v1", "_sd": sorted(map(canon.digest, texts))})
    with world.open("a") as store:
        feed = world.person_feed(store)
        said = note(world, store, feed)
        sha = store.write(lambda tx: tx.put_document(document, texts))
        other = canon.make_disclosure(b"t" * 16, "text", "something else")
        edit(world, ("UPDATE disclosure SET body = ? WHERE holder = ?", other, said.id),
             ("UPDATE disclosure SET body = ? WHERE body = ?", other, texts[0]))  # fmt: skip
        found = store.reader().entry(said.id)
        assert (found.disclosed, found.damaged, found.absent) == ({}, 1, 1)
        held = store.reader().document(sha)
        assert sorted(held.disclosed_by_digest.values()) == [("more", "more")]


def test_bytes_that_are_no_entry_no_document_or_no_file_of_that_name_are_named(world):
    document = canon.encode({"type": "x.v1"})
    with world.open("a") as store:
        said = note(world, store, world.person_feed(store))
        sha = store.write(lambda tx: tx.put_document(document))
        blob = store.write(lambda tx: tx.put_blob(b"a photograph"))
        edit(world, ("UPDATE entry SET raw = ? WHERE id = ?", b"{}", said.id),
             ("UPDATE document SET raw = ? WHERE sha256 = ?", b"nothing", sha))  # fmt: skip
        store.paths.blob(blob).write_bytes(b"another")
        with pytest.raises(Damaged, match="it is no entry"):
            store.reader().entry(said.id)
        with pytest.raises(Damaged, match="it is no document"):
            store.reader().document(sha)
        with pytest.raises(Damaged, match="its bytes do not have its hash"):
            store.reader().blob(blob)


@pytest.mark.parametrize("raw", [b"no entry", b"{}", b'{"boot":"x","mono":"soon"}', b'{"boot":"x","mono":null}'])
def test_clocks_are_not_read_of_an_own_entry_that_is_none(world, raw):
    with world.open("a") as store:
        said = note(world, store, world.person_feed(store))
        edit(world, ("UPDATE entry SET raw = ? WHERE id = ?", raw, said.id))
    with world.open("a", rosters=False) as store, pytest.raises(Damaged, match="an entry of this console"):
        store.write(lambda tx: tx.clock_back_ms)


def test_a_feed_of_which_nothing_counts_ends_at_its_last_entry_and_one_without_any_is_none(world):
    with world.open("a") as store:
        feed = world.person_feed(store)
        said = note(world, store, feed)
        here = [one.id for one in store.reader().feed(feed.feed)]
        edit(
            world, *(("INSERT INTO standing VALUES (?, 'quarantined')", ident) for ident in here),
            ("CREATE TEMP TABLE other AS SELECT * FROM feed LIMIT 1",), ("UPDATE other SET feed = 'ff'",),
            ("INSERT INTO feed SELECT * FROM other",),
        )  # fmt: skip
        with store.reader().snapshot() as connection:
            heads = select_heads(connection)
        assert heads[feed.feed] == (said.seq, said.id)
        assert "ff" not in heads


def test_of_what_awaits_something_only_what_comes_before_it_counts(world):
    with world.open("a") as store:
        feed, other = world.person_feed(store), world.person_feed(store, 1)
        first, second, third = (note(world, store, feed, text) for text in "abc")
        opened = store.reader().feed(other.feed)[0]
        edit(world, ("INSERT INTO awaits (id, ref) VALUES (?, ?)", second.id, "ab" * 32),
             ("INSERT INTO awaits (id, ref) VALUES (?, ?)", opened.id, "ab" * 32))  # fmt: skip
        with store.reader().snapshot() as connection:
            heads = select_whole_heads(connection)
        assert heads[feed.feed] == (first.seq, first.id)
        assert other.feed not in heads
        edit(world, *(("INSERT INTO standing VALUES (?, 'quarantined')", one.id) for one in (second, third)))
        with store.reader().snapshot() as connection:
            assert select_whole_heads(connection)[feed.feed] == (first.seq, first.id)


def test_a_fork_is_settled_only_where_the_last_good_entry_is_here(world):
    with world.open("a") as store:
        feed = world.person_feed(store)
        said = note(world, store, feed)
        edit(world, ("INSERT INTO fork VALUES (?, ?)", feed.feed, said.seq))
        key = world.members[0].writer.public.fingerprint
        for ident, settled in ((said.id, {feed.feed: said.id}), ("ab" * 32, {})):
            raw, sigs = world.make_roster((RevokedKey(key=key, good=((feed.feed, said.seq, ident),)),))
            sigs = {
                one.approver.public.fingerprint: one.approver.sign(roster_ns(ORG), raw) for one in world.members[1:]
            }
            current = verify_next(store.rosters()[-1], raw, sigs)
            with store.reader().snapshot() as connection:
                assert branches.settled_feeds(connection, current) == settled


# -- faults of the system ----------------------------------------------------------------------------------------------


def sqlite_fault(code):
    fault = sqlite3.OperationalError("said so")
    fault.sqlite_errorcode = code
    return fault


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (sqlite_fault(sqlite3.SQLITE_FULL), "disk is full"), (OSError(errno.ENOSPC, "x"), "disk is full"),
        (sqlite_fault(sqlite3.SQLITE_BUSY), "locked for too long"), (sqlite_fault(sqlite3.SQLITE_LOCKED), "locked"),
        (sqlite_fault(sqlite3.SQLITE_READONLY), "read-only"), (OSError(errno.EROFS, "x"), "read-only"),
        (sqlite_fault(sqlite3.SQLITE_IOERR | (7 << 8)), "disk failed"), (OSError(errno.EIO, "x"), "disk failed"),
        (sqlite_fault(sqlite3.SQLITE_CORRUPT), "cannot read it"), (sqlite_fault(sqlite3.SQLITE_NOTADB), "cannot read"),
        (sqlite_fault(sqlite3.SQLITE_ERROR), None), (OSError("x"), None), (ValueError("x"), None),
    ],
)  # fmt: skip
def test_what_the_system_refuses_is_named_and_our_own_faults_are_not(fault, told):
    found = faults.named(fault, Path("journal.db"))
    assert (found is None) is (told is None)
    if told is not None:
        assert told in str(found)
        assert isinstance(found, Damaged if "cannot read" in told else NotWritten)


def test_a_folder_in_the_journals_place_has_nothing_to_bring_up_to_date(tmp_path):
    (tmp_path / "journal.db").mkdir()
    assert migrate.missing(tmp_path / "journal.db", (JOURNAL,)) is None


# -- at the door -------------------------------------------------------------------------------------------------------


def test_no_entry_is_made_or_taken_that_is_too_long_or_opens_no_feed(world):
    with world.open("a") as store:
        feed = world.person_feed(store)
        opened = store.reader().feed(feed.feed)[0]
        with pytest.raises(BadForm, match="longer than"):
            envelope.build(replace(opened.entry, pub={**opened.entry.pub, "more": "x" * 70_000}), feed.signer)
        other = world.members[1].writer.public
        for changes, why in (
            ({"pub": {**opened.entry.pub, "key": other.line}}, "another key"),
            ({"pub": {**opened.entry.pub, "nonce": "ab" * 16}}, "not made of"),
            ({"pub": {**opened.entry.pub, "nonce": 7}}, "."),
            ({"iseq": 3, "iprev": "ab" * 32}, "belongs to the organisation"),
            ({"inc": INC}, "belongs to the organisation"),
        ):  # fmt: skip
            raw, _ = envelope.build(replace(opened.entry, **changes), feed.signer)
            with pytest.raises(BadForm, match=why):
                envelope.read_entry(raw)
        with pytest.raises(WrongFeed, match="opened once"):
            store.write(lambda tx: tx.append(feed, Draft("feed.open", pub=dict(opened.entry.pub)), roster=world.ref))


def test_a_file_of_entries_is_not_read_beyond_its_limit():
    line = segments.encode_segment([(b"raw", b"sig")])
    assert segments.decode_segment(line * 2, limit=2 * len(line)) == [(b"raw", b"sig")] * 2
    with pytest.raises(BadSegment, match="longer than"):
        segments.decode_segment(line * 2, limit=2 * len(line) - 1)


def test_an_opening_that_was_told_twice_otherwise_is_a_fork_from_the_first(world):
    with world.open("a") as store, world.open("b") as there:
        feed = world.person_feed(store)
        opened = store.reader().feed(feed.feed)[0]
        assert there.write(lambda tx: tx.ingest(opened.raw, opened.sig)) is Answer.inserted
        rival = envelope.build(replace(opened.entry, mono=opened.entry.mono + 1), feed.signer)
        assert there.write(lambda tx: tx.ingest(*rival)) is Answer.forked
        assert there.reader().forks() == {feed.feed: 0}


def test_a_document_has_a_type_and_a_file_its_name(world):
    with world.open("a") as store:
        for raw in (b"[]", b"{}", b'{"type":7}'):
            with pytest.raises(BadForm):
                store.write(lambda tx, raw=raw: tx.put_document(raw))
        with pytest.raises(BadForm, match="not the one it was named as"):
            store.write(lambda tx: tx.put_blob(b"x", sha256="ab" * 32))
        sha = canon.sha256_hex(b"what was redacted")
        edit(world, ("INSERT INTO tombstone VALUES (?, ?, 1)", sha, "ab" * 32))
        with pytest.raises(Redacted):
            store.write(lambda tx: tx.put_blob(b"what was redacted"))
        assert store.reader().blob(sha) is None


def test_a_profile_of_another_organisation_is_not_opened(world):
    world.open("a").close()
    world.genesis = "ab" * 32
    with pytest.raises(BadRoster):
        world.open("a", rosters=False)


def test_the_first_roster_comes_with_its_pin(world):
    raw, sigs = world.rosters[0]
    with world.open("a", rosters=False) as store:
        assert store.write(lambda tx: tx.put_roster(raw, sigs, pinned=world.genesis)) is Answer.inserted


def test_where_one_of_several_works_fails_nothing_is_left_of_it_and_the_rest_stands(world):
    with world.open("a") as store:
        feed = world.person_feed(store)

        def both(tx):
            tx.append(feed, Draft("note", inc=INC), roster=world.ref)

            def fail():
                tx.append(feed, Draft("note", inc=INC, pub={}), roster=world.ref)
                raise ValueError("on the way")

            with pytest.raises(ValueError, match="on the way"):
                tx.apart(fail)
            return tx.append(feed, Draft("note", inc=INC), roster=world.ref)

        last = store.write(both)
        assert [one.seq for one in store.reader().feed(feed.feed)] == [0, 1, 2]
        assert last.seq == 2

        def gone(tx):
            def fail():
                tx.connection.execute("ROLLBACK")  # as SQLite does it where the disk failed
                raise sqlite_fault(sqlite3.SQLITE_FULL)

            tx.apart(fail)

        with pytest.raises(NotWritten):
            store.write(gone)
        assert note(world, store, feed).seq == 3


# -- what was proven before, and what SQLite says ----------------------------------------------------------------------


@pytest.mark.parametrize("change", [
    {"documents": "many"}, {"documents": True}, {"roster": 7}, {"blob": None}, {"feeds": {"ab": {"seq": 1}}},
    {"feeds": {"ab": {"seq": "1", "id": "x", "entries": 1, "values": 1}}}, {"feeds": []}, {"form": 99}, {"more": 1},
])  # fmt: skip
def test_a_hint_that_says_something_else_is_no_hint(tmp_path, change):
    path = tmp_path / "verified.json"
    told = Upto(roster="ab", feeds={"ab": FeedUpto(1, "x", 1, 1)})
    write_upto(path, told)
    assert read_upto(path) == told
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    assert read_upto(path) == Upto()
    path.write_text("[" * 100_000)
    assert read_upto(path) == Upto()


@pytest.mark.parametrize("of", ["entry", "entry_kind"])
def test_a_page_that_was_written_over_is_found_by_sqlite_itself(world, of):
    with world.open("a") as store:
        feed = world.person_feed(store)
        for number in range(300):
            note(world, store, feed, f"{number}" * 20)
        assert verify_file(store) is None
        path = store.paths.journal
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        (root,) = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (of,)).fetchone()
        (size,) = raw.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
    with world.open("a", rosters=False) as store:
        wrong = verify_file(store)
        assert wrong.where == "journal.db"


@pytest.mark.parametrize("how", ["its end was cut off", "its list of tables was written over"])
def test_a_file_that_was_changed_while_it_was_open_is_found_by_sqlite_itself(world, how):
    with world.open("a") as store:
        feed = world.person_feed(store)
        for number in range(100):
            note(world, store, feed, f"{number}" * 20)
        path = store.paths.journal
        with closing(sqlite3.connect(path)) as raw:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        with path.open("r+b") as file:
            if how == "its end was cut off":
                file.truncate(path.stat().st_size // 2)
            else:
                file.seek(100)
                file.write(b"\xff" * 8)
        store.reader().release()
        wrong = verify_file(store)
        assert (wrong.where, "damaged" in wrong.why) == ("journal.db", True)


@pytest.mark.parametrize(
    "how", ["an end that is not here", "a fork that grew", "a fork that did not", "an entry of no feed"]
)
def test_what_was_proven_before_is_proven_anew_where_it_is_not_so_any_more(world, how):
    with world.open("a") as store:
        feed = world.person_feed(store)
        last = [note(world, store, feed, text) for text in "abc"][-1]
        rival = envelope.build(replace(last.entry, mono=last.entry.mono + 1), feed.signer)
        if how.startswith("a fork"):
            store.write(lambda tx: tx.ingest(*rival))
        report = verify_profile(store)
        assert report.ok
        upto = report.upto
        if how == "an end that is not here":
            told = replace(upto.feeds[feed.feed], id="ab" * 32)
            upto = replace(upto, feeds={**upto.feeds, feed.feed: told})
        elif how == "a fork that grew":
            more = envelope.build(replace(last.entry, mono=last.entry.mono + 2), feed.signer)
            store.write(lambda tx: tx.ingest(*more))
        elif how == "an entry of no feed":
            told = replace(upto.feeds[feed.feed], entries=2)
            upto = replace(upto, feeds={**upto.feeds, feed.feed: told})
        again = verify_profile(store, since=upto)
        if how == "an entry of no feed":
            assert (again.finished, again.ok, again.upto) == (False, False, Upto())
        else:
            assert again.ok
            assert again.counts["entries"] == len(store.reader().feed(feed.feed))


# -- by itself ---------------------------------------------------------------------------------------------------------


def test_the_prover_beside_answers_by_the_rosters_it_was_given_last(world, monkeypatch):
    gave_way = []
    monkeypatch.setattr(prover_child.platform, "give_way", lambda: gave_way.append(True))
    with world.open("a") as store:
        said = note(world, store, world.person_feed(store))
        prover = Prover.of(store.reader().roster_tree(), frozenset())
        with store.reader().snapshot() as connection:
            rows = connection.execute(
                "SELECT e.id, e.feed, e.seq, e.inc, e.iseq, e.kind, e.subj, e.hlc_ms, e.hlc_n, e.raw, e.sig, NULL "
                "FROM entry e ORDER BY n"
            ).fetchall()
        assert prover_child.answer(prover) is None
        assert prover_child.answer(True) is None
        assert gave_way == [True]
        proof = prover_child.answer((rows, {}))
        assert (len(proof.links), proof.wrong) == (2, None)
        assert rows[-1][0] == said.id


def test_without_a_roster_no_key_has_ended(world):
    assert not rosters.has_ended((), world.members[0].writer.public.fingerprint, 1)
    with world.open("a") as store:
        said = note(world, store, world.person_feed(store))
    assert not Prover((), {}, frozenset()).is_late(said.entry, said.id)


def test_a_mark_without_a_file_begins_anew_as_it_was(world):
    with world.open("a") as store, store.reader().snapshot() as connection:
        mark = Watermark(None, FakeClock())
        mark.start_anew(connection)
        assert mark.lacking(connection) == {}


# -- what is neither an entry nor proven by one ------------------------------------------------------------------------

OF_NOBODY = {
    "a roster in no standing": ("UPDATE roster SET rival = 2 WHERE n = 1", "neither that it is in force"),
    "signatures of no roster": (
        "INSERT INTO roster_sig SELECT 'ab', key, sig FROM roster_sig LIMIT 1", "a roster that is not here",
    ),
    "a standing of no entry": ("INSERT INTO standing VALUES ('ab', 'forked')", "belongs to no entry"),
    "a feed without its opening": (
        "INSERT INTO feed SELECT * FROM other", "has lost the entry it began with",
    ),
    "an entry before the first": ("UPDATE entry SET seq = -5 WHERE seq = 2", "belong to no feed"),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_NOBODY)
def test_what_belongs_to_nothing_is_named(world, name):
    statement, why = OF_NOBODY[name]
    with world.open("a") as store:
        feed = world.person_feed(store)
        for text in "ab":
            note(world, store, feed, text)
        edit(world, ("CREATE TEMP TABLE other AS SELECT * FROM feed LIMIT 1",),
             ("UPDATE other SET feed = 'ff', opened = 'ab'",), (statement,))  # fmt: skip
    with world.open("a", rosters=False) as store:
        report = verify_profile(store)
    assert not report.ok
    assert why in report.first_wrong.why


def test_a_document_of_its_hash_in_another_spelling_is_no_document(world):
    raw = b'{ "type": "x.v1" }'
    with world.open("a") as store:
        sha = store.write(lambda tx: tx.put_document(canon.encode({"type": "x.v1"})))
        edit(world, ("UPDATE document SET raw = ?, sha256 = ? WHERE sha256 = ?", raw, canon.sha256_hex(raw), sha))
        wrong = verify_profile(store).first_wrong
        assert wrong.where == f"document {canon.sha256_hex(raw)[:16]}"


def test_attachments_are_read_again_where_one_came_between_and_one_that_cannot_be_read_is_named(world):
    with world.open("a") as store:
        first = store.write(lambda tx: tx.put_blob(b"one"))
        store.write(lambda tx: tx.put_blob(b"two"))
        upto = verify_profile(store).upto
        again = verify_profile(store, since=replace(upto, blobs=1))
        assert (again.ok, again.counts["blobs"], again.upto.blobs) == (True, 2, 2)
        path = store.paths.blob(first)
        path.unlink()
        path.mkdir()
        wrong = verify_profile(store).first_wrong
        assert (wrong.where, "cannot be read" in wrong.why) == (f"blob {first[:16]}", True)


def test_an_entry_of_another_organisation_is_not_its_feeds(world):
    with world.open("a") as store:
        feed = world.person_feed(store)
        said = note(world, store, feed)
        verifier = Verifier(feed.signer.public, envelope.namespace_of(ORG, None))  # a console's, not a person's
        with pytest.raises(BadForm, match="another organisation or kind of feed"):
            envelope.verify_entry(said.raw, said.sig, verifier)


# -- the instrument that measures two cores ----------------------------------------------------------------------------


def test_the_process_beside_verifies_what_it_was_given(world):
    key = world.members[0].writer
    signed = [(key.private.sign(text), text) for text in (b"a", b"b")]
    assert bench_child.answer((key.public.raw, signed)) is None
    assert bench_child.answer(None) > 0
    assert bench_child.answer((key.public.raw, [(signed[0][0], b"x")])) is None
    with pytest.raises(InvalidSignature):
        bench_child.answer(None)


def test_where_no_two_processes_can_be_had_nothing_is_said_of_two_cores(tmp_path, monkeypatch):
    monkeypatch.setattr(bench.Hands, "processes", property(lambda _: ()))
    figure = bench.bench_two_cores(tmp_path, entries=20, raw_bar=0.0)
    assert figure.not_measurable == "no two processes could be had here"


def test_a_journal_that_cannot_be_begun_is_closed_again(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise sqlite_fault(sqlite3.SQLITE_FULL)

    with monkeypatch.context() as patch:
        patch.setattr(bench.JournalStore, "open_feed", fail)
        with pytest.raises(sqlite3.OperationalError):
            bench.open_bench(tmp_path / "p")
    bench.open_bench(tmp_path / "q").store.close()
