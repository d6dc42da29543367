from __future__ import annotations

import sqlite3
import threading

import pytest

from console.domain.errors import BadForm
from console.domain.forms import RevokedKey
from console.journal.faults import NewerJournal, NoGenesis, NoRoster, WrongFeed
from console.journal.schema import Part
from console.journal.store import JournalStore
from console.journal.values import Answer, Draft
from console.keys import canon
from console.keys.faults import BadRoster, KeyLocked
from console.runtime.paths import ProfilePaths
from tests.journal.world import INC, OP, ORG, OTHER_INC, World
from tests.kit.clock import FakeClock
from tests.kit.entropy import SeededEntropy


@pytest.fixture
def world(tmp_path):
    return World(folder=tmp_path)


def note(text="said", inc=INC, **more):
    return Draft("note", inc=inc, disclosures={"text": text}, **more)


def test_a_chain_is_made_and_read_back_as_signed(world):
    with world.open("a") as store:
        feed = world.person_feed(store)
        made = [store.write(lambda tx, i=i: tx.append(feed, note(f"n{i}"), roster=world.ref)) for i in range(3)]
        other = store.write(lambda tx: tx.append(feed, note("else", OTHER_INC), roster=world.ref))
        last = store.write(lambda tx: tx.append(feed, note("again"), roster=world.ref))
        found = store.reader().feed(feed.feed)
    assert [s.seq for s in found] == [0, 1, 2, 3, 4, 5]
    assert [s.entry.prev for s in found] == [None, *(s.id for s in found[:-1])]
    assert [s.entry.iseq for s in (*made, other, last)] == [0, 1, 2, 0, 3]
    assert last.entry.iprev == made[2].id
    assert [s.disclosed for s in found[1:4]] == [{"text": f"n{i}"} for i in range(3)]
    assert all(canon.sha256_hex(s.raw) == s.id for s in found)
    assert [s.entry.hlc for s in found] == sorted({s.entry.hlc for s in found})


def test_a_feed_is_resumed_and_a_fresh_one_begun(world):
    with world.open("a") as store:
        first = world.person_feed(store)
        assert world.person_feed(store).feed == first.feed
        head = store.reader().heads()[first.feed]
        second = world.person_feed(store, continues=(first.feed, *head))
        assert second.feed != first.feed
        assert world.person_feed(store).feed == second.feed
        assert world.person_feed(store, fresh=True).feed not in {first.feed, second.feed}
    with world.open("a", rosters=False) as store:
        assert len(store.reader().feeds()) == 3


def test_refs_name_newly_seen_heads_once(world):
    with world.open("a") as store:
        person, machine = world.person_feed(store), world.machine_feed(store)
        one = store.write(lambda tx: tx.append(person, note(), roster=world.ref))
        two = store.write(lambda tx: tx.append(person, note(), roster=world.ref))
        assert one.entry.refs == (store.reader().feed(machine.feed)[0].id,)
        assert two.entry.refs == ()


def test_what_fails_in_a_transaction_leaves_nothing(world):
    with world.open("a") as store:
        feed = world.person_feed(store)

        def work(tx):
            tx.append(feed, note(), roster=world.ref)
            raise KeyLocked

        with pytest.raises(KeyLocked):
            store.write(work)
        assert len(store.reader().entries()) == 1
        assert store.write(lambda tx: tx.append(feed, note(), roster=world.ref)).seq == 1


def test_many_waiting_jobs_share_a_commit_and_one_fault_harms_nobody_else(world):
    with world.open("a") as store:
        feed = world.person_feed(store)
        gate = threading.Event()
        held = store.transaction(lambda tx: gate.wait(60))

        def one(tx, i):
            stored = tx.append(feed, note(f"n{i}"), roster=world.ref)
            if i == 5:
                raise KeyLocked
            return stored.seq

        jobs = [store.transaction(lambda tx, i=i: one(tx, i)) for i in range(10)]
        gate.set()
        held.result()
        with pytest.raises(KeyLocked):
            jobs[5].result()
        assert [job.result() for i, job in enumerate(jobs) if i != 5] == list(range(1, 10))
        assert len({s.entry.prev for s in store.reader().feed(feed.feed)}) == 10


@pytest.mark.parametrize("table", ["entry", "document", "tombstone", "roster", "feed"])
def test_rows_that_are_evidence_refuse_update_and_delete(world, table):
    with world.open("a") as store:
        feed = world.person_feed(store)
        stored = store.write(lambda tx: tx.append(feed, note(), roster=world.ref))
        store.write(lambda tx: tx.bury([(stored.id, ["A" * 43])], "f" * 64))
        first = store.write(lambda tx: tx.connection.execute(f"SELECT * FROM {table}").description[0][0])
        for sql in (f"UPDATE {table} SET {first} = {first}", f"DELETE FROM {table}"):
            with pytest.raises(sqlite3.IntegrityError, match="never"):
                store.write(lambda tx, sql=sql: tx.connection.execute(sql))


def test_readers_cannot_write(world):
    with world.open("a") as store, store.reader().snapshot() as connection, pytest.raises(sqlite3.OperationalError):
        connection.execute("INSERT INTO meta VALUES ('x', 'y')")


def test_durability_is_full_and_wal(world):
    with world.open("a") as store:
        pragmas = store.write(
            lambda tx: [
                tx.connection.execute(f"PRAGMA {p}").fetchone()[0]
                for p in ("journal_mode", "synchronous", "secure_delete")
            ]
        )
    assert pragmas == ["wal", 2, 1]


def test_kinds_are_held_to_their_feed_and_form(world):
    with world.open("a") as store:
        person, machine = world.person_feed(store), world.machine_feed(store)
        for feed, draft, fault in (
            (machine, note(), WrongFeed),
            (person, Draft("redact.done", pub={"doc": "0" * 64}), WrongFeed),
            (person, Draft("feed.open"), BadForm),
            (person, Draft("note", disclosures={"colour": "red"}), BadForm),
            (person, Draft("note", pub={"colour": "red"}), BadForm),
            (person, Draft("note", disclosures={"text": "a\u202eb"}), BadForm),
        ):
            with pytest.raises(fault):
                store.write(lambda tx, feed=feed, draft=draft: tx.append(feed, draft, roster=world.ref))
        assert len(store.reader().entries()) == 2


def test_rosters_are_pinned_proven_and_chained(world, tmp_path):
    with JournalStore.open(ProfilePaths(tmp_path / "x"), FakeClock(), SeededEntropy()) as store:
        with pytest.raises(NoGenesis):
            store.write(lambda tx: tx.put_roster(*world.rosters[0]))
        with pytest.raises(NoRoster):
            store.roster()
    with world.open("a", rosters=False) as store:
        assert store.write(lambda tx: tx.put_roster(*world.rosters[1])) is Answer.gap
        assert store.write(lambda tx: tx.put_roster(*world.rosters[0])) is Answer.inserted
        assert store.write(lambda tx: tx.put_roster(*world.rosters[1])) is Answer.inserted
        assert store.write(lambda tx: tx.put_roster(*world.rosters[1])) is Answer.exists
        assert store.roster().ref == world.ref
        with pytest.raises(BadRoster):
            store.write(lambda tx: tx.pin_genesis("0" * 64))
    with world.open("a", rosters=False) as store:
        assert [r.roster.n for r in store.rosters()] == [0, 1]


def test_two_valid_rosters_of_one_number_are_both_kept(world):
    with world.open("a") as store:
        two = world.make_roster(created=5)
        rival = world.make_roster(created=6)
        assert store.write(lambda tx: tx.put_roster(*two)) is Answer.inserted
        assert store.write(lambda tx: tx.put_roster(*rival)) is Answer.forked
        assert store.roster().sha256 == canon.sha256_hex(two[0])
        assert [f[4] for f in store.reader().roster_files()] == [False, False, False, True]


def test_documents_and_blobs_are_named_by_content(world):
    with world.open("a") as store:
        secret = canon.make_disclosure(b"s" * 16, "reason", "because")
        raw = canon.encode({"type": "thing.v1", "reason_sd": canon.digest(secret), "nested": [{"_sd": []}]})
        stray = canon.make_disclosure(b"t" * 16, "reason", "other")
        sha = store.write(lambda tx: tx.put_document(raw, [secret, stray]))
        row = store.reader().document(sha)
        assert row.raw == raw
        assert row.disclosed_by_digest == {canon.digest(secret): ("reason", "because")}
        with pytest.raises(BadForm):
            store.write(lambda tx: tx.put_document(raw, sha256="0" * 64))
        blob = store.write(lambda tx: tx.put_blob(b"photograph"))
        assert store.reader().blob(blob) == b"photograph"
        assert store.reader().blob("0" * 64) is None


def test_redaction_is_for_ever_whatever_the_order(world):
    with world.open("a") as store, world.open("b") as peer:
        feed = world.person_feed(store)
        blob = store.write(lambda tx: tx.put_blob(b"a face"))
        stored = store.write(
            lambda tx: tx.append(
                feed,
                Draft(
                    "evidence", inc=INC, pub={"class": "open"}, disclosures={"blob": {"sha256": blob}, "text": "kept"}
                ),
                roster=world.ref,
            )
        )
        texts = store.reader().disclosures([stored.id])[stored.id]
        doomed = next(t for t in texts if canon.open_disclosure(t)[1] == "blob")
        items = [(stored.id, [canon.digest(doomed)])]
        gone = store.write(lambda tx: tx.bury(items, "d" * 64))
        store.scrub(gone)
        assert gone == (blob,)
        assert store.reader().blob(blob) is None
        assert store.reader().entry(stored.id).disclosed == {"text": "kept"}
        assert store.write(lambda tx: tx.add_disclosures(stored.id, [doomed])).dropped == 1
        # the peer hears of the redaction before it hears of the value
        peer.write(lambda tx: tx.bury(items, "d" * 64))
        for s in store.reader().feed(feed.feed):
            assert peer.write(lambda tx, s=s: tx.ingest(s.raw, s.sig)) is Answer.inserted
        admitted = peer.write(lambda tx: tx.add_disclosures(stored.id, list(texts)))
        assert (admitted.kept, admitted.dropped) == (1, 1)
        assert peer.write(lambda tx: tx.add_disclosures("0" * 64, [doomed])).holder_known is False
        for path in (store.paths.journal, store.paths.journal.with_name("journal.db-wal")):
            assert doomed.encode() not in (path.read_bytes() if path.exists() else b"")


def test_other_packages_tables_commit_with_entries_and_newer_ones_are_refused(world, tmp_path):
    part = Part("sample", (("CREATE TABLE sample (a INTEGER) STRICT",), ("ALTER TABLE sample ADD COLUMN b INTEGER",)))
    where = ProfilePaths(tmp_path / "x")
    with JournalStore.open(where, FakeClock(), SeededEntropy(), parts=(Part("sample", part.steps[:1]),)) as store:
        store.write(lambda tx: tx.connection.execute("INSERT INTO sample VALUES (1)"))
    with (
        JournalStore.open(where, FakeClock(), SeededEntropy(), parts=(part,)) as store,
        store.reader().snapshot() as connection,
    ):
        assert connection.execute("SELECT a, b FROM sample").fetchall() == [(1, None)]
    with pytest.raises(NewerJournal):
        JournalStore.open(where, FakeClock(), SeededEntropy(), parts=(Part("sample", part.steps[:1]),))


def test_reading_by_incident_subject_kind_and_window(world):
    with world.open("a") as store:
        feed = world.person_feed(store)
        for i in range(6):
            store.write(
                lambda tx, i=i: tx.append(
                    feed, note(f"{i}", INC if i % 2 else None, subj=OP if i == 3 else None), roster=world.ref
                )
            )
        read = store.reader()
        assert [s.disclosed["text"] for s in read.entries(INC)] == ["1", "3", "5"]
        assert [s.disclosed.get("text") for s in read.entries(org=True)] == [None, "0", "2", "4"]
        assert [s.kind for s in (x.entry for x in read.entries(org=True, kinds=["feed.open"]))] == ["feed.open"]
        window = read.entries(limit=3)
        assert [s.seq for s in read.entries(after=window[-1].n)] == [3, 4, 5, 6]
        assert [s.seq for s in read.about(OP)] == [4]
        assert read.incidents() == [INC]
        assert read.heads() == {feed.feed: (6, read.feed(feed.feed)[-1].id)}
        assert read.feed(feed.feed, 2, 2)[0].entry.org == ORG


def test_a_revoked_key_keeps_its_history_and_loses_the_rest(world):
    with world.open("a") as store:
        feed = world.person_feed(store, 2)
        made = [store.write(lambda tx: tx.append(feed, note(), roster=world.ref)) for _ in range(4)]
        good = (feed.feed, made[1].seq, made[1].id)
        world.next_roster((RevokedKey(key=world.members[2].writer.public.fingerprint, good=(good,)),))
        assert store.write(lambda tx: tx.put_roster(*world.rosters[-1])) is Answer.inserted
        assert [s.standing for s in store.reader().feed(feed.feed)] == ["good"] * 3 + ["quarantined"] * 2
        assert store.reader().heads()[feed.feed] == (2, made[1].id)


def test_the_log_is_wiped_between_waiting_writes(world):
    with world.open("a") as store:
        feed = world.person_feed(store)
        gate = threading.Event()
        store.transaction(lambda tx: gate.wait(60))
        before = [store.transaction(lambda tx: tx.append(feed, note(), roster=world.ref)) for _ in range(5)]
        wiped = []
        thread = threading.Thread(target=lambda: wiped.append(store.scrub()))
        thread.start()
        after = [store.transaction(lambda tx: tx.append(feed, note(), roster=world.ref)) for _ in range(5)]
        gate.set()
        thread.join(60)
        assert sorted(f.result().seq for f in [*before, *after]) == list(range(1, 11))
        assert wiped == [True]
        assert len(store.reader().feed(feed.feed)) == 11


def test_the_log_is_not_called_wiped_while_another_process_reads_it(world):
    with world.open("a") as store:
        feed = world.person_feed(store)
        other = sqlite3.connect(store.paths.journal, isolation_level=None)
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM entry").fetchone()
        store.write(lambda tx: tx.append(feed, note(), roster=world.ref))
        store.write(lambda tx: tx.connection.execute("PRAGMA busy_timeout = 200").fetchall())
        assert store.scrub() is False
        other.close()
        assert store.scrub() is True


def test_two_writers_of_one_feed_take_turns_without_a_fork(world):
    with world.open("a") as one, world.open("a", rosters=False) as two:
        feed = world.person_feed(one)
        for i in range(6):
            writer = (one, two)[i % 2]
            assert writer.write(lambda tx: tx.append(feed, note(), roster=world.ref)).seq == i + 1
        hlcs = [s.entry.hlc for s in one.reader().feed(feed.feed)]
        assert hlcs == sorted(set(hlcs))


def test_the_last_entry_in_an_incident_is_not_looked_for_by_walking_a_feed_back(world):
    with world.open("a") as store:
        feed = world.person_feed(store)
        asked = []

        def work(tx):
            first = tx.append(feed, Draft("note", inc=OTHER_INC), roster=world.ref)
            for _ in range(5):
                last = tx.append(feed, Draft("note", inc=INC), roster=world.ref)
            ledger = tx._ledger
            tx.connection.set_trace_callback(lambda sql: asked.append(sql) if sql.startswith("SELECT iseq") else None)
            ledger.forget()
            head = ledger.head(feed.feed)
            found = [ledger.last_in_incident(head, feed.feed, inc) for inc in (INC, OTHER_INC, None)]
            tx.connection.set_trace_callback(None)
            opened = store.reader().feed(feed.feed, 0, 0)[0].id
            assert found == [(4, last.id), (0, first.id), (0, opened)]
            return [tx.connection.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall() for sql in asked]

        plans = store.write(work)
        assert len(plans) == 3
        for plan in plans:
            told = " ".join(row[3] for row in plan)
            assert "entry_incident (inc=?" in told or "entry_org (feed=?" in told
            assert "B-TREE" not in told


def test_what_is_newly_seen_is_not_looked_for_by_walking_over_every_feed(world):
    with world.open("a") as store:
        feeds = [world.person_feed(store, number) for number in range(3)]
        asked = []

        def work(tx):
            for feed in feeds:
                tx.append(feed, Draft("note", inc=INC), roster=world.ref)
            ledger = tx._ledger
            tx.connection.set_trace_callback(lambda sql: asked.append(sql) if "max(e.seq)" in sql else None)
            found = ledger.newly_seen(ledger.head(feeds[0].feed), feeds[0].feed)
            tx.connection.set_trace_callback(None)
            assert {one[0] for one in found} == {feed.feed for feed in feeds[1:]}
            return [tx.connection.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall() for sql in asked]

        by_number, by_joined = ([row[3] for row in plan] for plan in store.write(work))
        assert by_number[0] == "SEARCH e USING INTEGER PRIMARY KEY (rowid>?)"
        assert by_joined[0].startswith("SEARCH j USING")
        assert by_joined[1].startswith("SEARCH e USING INDEX")
