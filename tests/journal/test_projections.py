from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.journal import envelope, index, projections
from console.journal.projections import Projections, line_of
from console.journal.seen import all_seen
from console.journal.values import Draft
from console.keys import canon
from console.runtime.platform import FileLock
from tests.journal.world import INC, ORG, OTHER_INC, World

DOC = "d" * 64


def append(world, store, feed, text, inc=INC, occurred=None, kind="note", **pub):
    told = {} if occurred is None else {"occurred": {"at_ms": occurred, "plus_minus_s": 60}}
    name = "reason" if kind == "retraction" else "text"
    draft = Draft(kind, inc=inc, pub=pub, disclosures={name: text, **told})
    return store.write(lambda tx: tx.append(feed, draft, roster=world.ref))


def test_a_timeline_is_in_order_of_occurrence_and_windowed(tmp_path):
    world = World(folder=tmp_path)
    with world.open("a") as store, Projections(store) as shown:
        feed = world.person_feed(store)
        append(world, store, feed, "second", occurred=2_000)
        append(world, store, feed, "third")
        append(world, store, feed, "first", occurred=1_000)
        append(world, store, feed, "elsewhere", OTHER_INC)
        lines = shown.timeline(INC)
        assert [line.text for line in lines] == ["first", "second", "third"]
        assert (lines[0].occurred_ms, lines[0].plus_minus_ms) == (1_000, 60_000)
        window = shown.timeline(INC, limit=2)
        assert [line.text for line in shown.timeline(INC, after=window[-1])] == ["third"]
        assert [line.kind for line in shown.timeline(None)] == ["feed.open"]
        assert [s.disclosed["text"] for s in all_seen(store.reader().entries(OTHER_INC))] == ["elsewhere"]


def test_two_sides_of_a_fork_stand_in_one_order_whichever_came_first(tmp_path):
    world = World(folder=tmp_path)
    with world.open("writer") as writer:
        feed = world.person_feed(writer)
        append(world, writer, feed, "before")
        first, last = writer.reader().feed(feed.feed)
    sides = [(last.raw, last.sig), envelope.build(replace(last.entry, mono=last.entry.mono + 1), feed.signer)]
    orders = []
    for name, told in (("a", sides), ("b", sides[::-1])):
        with world.open(name) as store, Projections(store) as shown:
            for raw, sig in ((first.raw, first.sig), *told):
                store.write(lambda tx, raw=raw, sig=sig: tx.ingest(raw, sig))
            lines = shown.timeline(INC)
            assert [line.standing for line in lines] == ["forked", "forked"]
            orders.append([line.id for line in lines])
            assert [line.id for line in shown.timeline(INC, after=lines[0])] == [lines[1].id]
    assert orders[0] == orders[1]


def test_counts_are_kept_by_incident(tmp_path):
    world = World(folder=tmp_path)
    with world.open("a") as store, Projections(store) as shown:
        feed = world.person_feed(store)
        for number in range(3):
            append(world, store, feed, f"{number}")
        shown.update()
        append(world, store, feed, "elsewhere", OTHER_INC)
        shown.update()
        kept = [(one.inc, one.lines, one.first_n, one.last_n) for one in shown.shelf.tallies()]
        assert kept == [(None, 1, 1, 1), (INC, 3, 2, 4), (OTHER_INC, 1, 5, 5)]
        assert (shown.shelf.count(INC), shown.shelf.count("i-nowhere")) == (3, 0)


@pytest.mark.parametrize("harm", ["missing", "no database", "empty", "another form", "cut in the middle"])
def test_a_lost_or_broken_index_is_made_again(tmp_path, harm):
    world = World(folder=tmp_path)
    with world.open("a") as store:
        feed = world.person_feed(store)
        for number in range(300):
            append(world, store, feed, f"{number}")
        append(world, store, feed, "kept")
        with Projections(store) as shown:
            assert len(shown.timeline(INC)) == 301
        if harm in {"missing", "no database", "empty"}:
            for path in store.paths.root.glob("index.db*"):
                path.unlink()
        if harm == "no database":
            store.paths.index.write_bytes(b"no database at all" * 100)
        elif harm == "empty":
            store.paths.index.write_bytes(b"")
        elif harm == "another form":
            with sqlite3.connect(store.paths.index) as connection:
                connection.execute(f"PRAGMA user_version = {index.FORM + 1}")
            connection.close()
        elif harm == "cut in the middle":
            whole = store.paths.index.read_bytes()
            store.paths.index.write_bytes(whole[: len(whole) // 4096 // 2 * 4096])
        append(world, store, feed, "after")
        with Projections(store) as shown:
            assert [line.text for line in shown.timeline(INC)][-2:] == ["kept", "after"]
            assert len(shown.timeline(INC)) == 302


def test_the_index_of_another_journal_is_not_believed(tmp_path):
    world = World(folder=tmp_path)
    with world.open("a") as store, world.open("b") as other:
        for one, text in ((store, "ours"), (other, "theirs")):
            append(world, one, world.person_feed(one), text)
            with Projections(one) as shown:
                shown.update()
        store.paths.index.write_bytes(other.paths.index.read_bytes())
        with Projections(store) as shown:
            assert [line.text for line in shown.timeline(INC)] == ["ours"]


def test_a_redacted_text_is_nowhere_in_the_index(tmp_path):
    world = World(folder=tmp_path)
    with world.open("a") as store, Projections(store) as shown:
        stored = append(world, store, world.person_feed(store), "a name nobody needs")
        assert shown.timeline(INC)[0].text == "a name nobody needs"
        assert shown.shelf.newest_hits("nobody", INC) == [stored.n]
        store.write(lambda tx: tx.bury([(stored.id, stored.entry.sd)], DOC))
        assert shown.timeline(INC)[0].text == ""
        assert shown.timeline(INC)[0].absent == 1
        assert shown.shelf.newest_hits("nobody", INC) == []
        shown.close()
        for path in store.paths.root.glob("index.db*"):
            assert b"a name nobody needs" not in path.read_bytes()
            assert b"nobody" not in path.read_bytes()


def test_a_redacted_text_is_gone_from_the_rows_before_the_file_is_made_anew(tmp_path):
    world = World(folder=tmp_path)
    with world.open("a") as store, Projections(store) as shown:
        feed = world.person_feed(store)
        for number in range(600):
            append(world, store, feed, f"{number}")
        stored = append(world, store, feed, "a name nobody needs")
        shown.update()
        redaction = {
            "type": "redaction.v1",
            "org": ORG,
            "items": [{"entry": stored.id, "digests": list(stored.entry.sd)}],
        }
        raw = canon.encode(redaction)
        doc = store.write(lambda tx: tx.put_document(raw))
        store.write(lambda tx: tx.bury([(stored.id, stored.entry.sd)], doc))
        progress = shown.advance(0.0)
        assert progress.building
        assert not progress.finished
        assert shown.shelf.count(INC) == 601
        assert shown.shelf.tail(INC, 1)[0].line.text == ""
        assert shown.shelf.newest_hits("nobody", INC) == []
        shown.update()
        assert shown.shelf.count(INC) == 601


def test_what_is_built_is_built_in_slices_while_the_old_rows_are_read(tmp_path, monkeypatch):
    world = World(folder=tmp_path)
    with world.open("a") as store, Projections(store) as shown:
        feed = world.person_feed(store)
        for number in range(800):
            append(world, store, feed, f"{number}")
        first = shown.advance(0.0)
        assert (first.building, first.finished, first.total) == (True, False, 801)
        assert 0 < first.done < 801
        assert shown.shelf.place() is None
        seen = [first.done]
        while not (progress := shown.advance(0.0)).finished:
            seen.append(progress.done)
        assert seen == sorted(seen)
        assert len(seen) > 2
        place = shown.shelf.place()
        shown._anew = True
        assert shown.advance(0.0).building
        assert shown.shelf.place() == place
        monkeypatch.setattr(projections, "_SLICE_S", 0.0)  # whoever waits for all of it waits for every slice
        assert shown.update() == 0
        assert shown.shelf.place().turn > place.turn


def test_while_another_process_builds_one_waits_and_then_uses_what_it_built(tmp_path):
    world = World(folder=tmp_path)
    with world.open("a") as store, Projections(store) as one, Projections(store) as other:
        feed = world.person_feed(store)
        for number in range(600):
            append(world, store, feed, f"{number}")
        assert one.advance(0.0).building
        assert other.advance(0.0).elsewhere
        one.update()
        assert other.advance(0.0).finished
        assert other.shelf.count(INC) == 600
        lock = FileLock.try_take(store.paths.root / "index.lock")
        assert lock is not None
        lock.release()


def test_two_processes_keep_up_one_index(tmp_path):
    world = World(folder=tmp_path)
    with world.open("a") as store, Projections(store) as one:
        feed = world.person_feed(store)
        one.update()
        child = subprocess.Popen(
            [sys.executable, "-c", _CHILD, str(store.paths.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        for number in range(300):
            append(world, store, feed, f"{number}")
            one.update()
            if number % 100 == 50:
                one.rebuild()
        out, _ = child.communicate("stop\n", timeout=60)
        assert out.strip() == "done"
        assert child.returncode == 0
        kept = one.timeline(INC)
        assert [line.text for line in kept] == [f"{number}" for number in range(300)]
        one.rebuild()
        assert one.timeline(INC) == kept


_CHILD = """
import sys, threading
from pathlib import Path
from console.journal.projections import Projections
from console.journal.reader import Reader
from console.runtime.paths import ProfilePaths

class Store:
    paths = ProfilePaths(Path(sys.argv[1]))
    def reader(self):
        return Reader(self.paths)

stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.readline(), stop.set())).start()
print("ready", flush=True)
with Projections(Store()) as shown:
    while not stop.is_set():
        shown.update()
        shown.shelf.tail(None, 10)
print("done", flush=True)
"""


def test_what_was_said_of_an_entry_later_stands_beside_it(tmp_path):
    world = World(folder=tmp_path)
    with world.open("a") as store, Projections(store) as shown:
        feed = world.person_feed(store)
        one, two = append(world, store, feed, "at fist"), append(world, store, feed, "wrong")
        append(world, store, feed, "at first", kind="amendment", of=[one.id])
        slip = append(world, store, feed, "at the very first", kind="amendment", of=[one.id])
        append(world, store, feed, "never so", kind="retraction", of=[two.id, slip.id])
        shown.update()
        first, second = shown.shelf.page([one.n, two.n])
        assert (first.amended, first.amended_text, first.retracted) == (True, "at first", False)
        assert (second.amended, second.retracted) == (False, True)
        assert first.line.text == "at fist"
        assert shown.shelf.said_of(two.id) == [(shown.shelf.tail(INC, 1)[0].line.id, True)]


def test_however_many_lines_wait_for_values_each_gets_them_in_turn(tmp_path, monkeypatch):
    monkeypatch.setattr(projections, "_MANY", 5)
    world = World(folder=tmp_path)
    with world.open("source") as source, world.open("peer") as peer, Projections(peer) as shown:
        feed = world.person_feed(source)
        give(peer, source.reader().feed(feed.feed)[0])
        made = [append(world, source, feed, f"{number}") for number in range(23)]
        for stored in made:
            give(peer, stored)
        while not shown.advance().finished:
            pass
        offer_values(source, peer, made[2])
        offer_values(source, peer, made[11])
        for _ in range(6):
            assert shown.advance().finished
        assert [one.line.text for one in shown.shelf.page([made[2].n, made[11].n, made[3].n])] == ["2", "11", ""]
        for stored in made:
            offer_values(source, peer, stored)
        shown.update()
        assert [one.text for one in shown.shelf.after(INC, None, 50)] == [f"{number}" for number in range(23)]


def test_the_full_text_index_is_put_in_order_in_small_pieces(tmp_path):
    world = World(folder=tmp_path)
    with world.open("a") as store, Projections(store) as shown:
        feed = world.person_feed(store)
        shown.update()
        for number in range(40):
            append(world, store, feed, f"word{number} said")
            shown.advance()
        connection = shown._current()
        segments = "SELECT count(DISTINCT segid) FROM words_idx"
        before = connection.execute(segments).fetchone()[0]
        while shown.tend():
            pass
        assert connection.execute(segments).fetchone()[0] < before
        assert len(shown.shelf.newest_hits("said", INC)) == 40
        assert not shown.tend()


STEPS = st.lists(
    st.sampled_from(["append", "occurred", "hide", "give", "bury", "update", "slice", "other", "amend", "fork"]),
    max_size=25,
)


@settings(max_examples=25, deadline=None)
@given(steps=STEPS)
def test_kept_up_step_by_step_equals_rebuilt(steps):
    with tempfile.TemporaryDirectory() as folder:
        world = World(folder=Path(folder))
        with world.open("source") as source, world.open("peer") as peer, Projections(peer) as shown:
            feed = world.person_feed(source)
            give(peer, source.reader().feed(feed.feed)[0])
            hidden = []
            for number, step in enumerate(steps):
                if step == "update":
                    shown.update()
                elif step == "slice":
                    shown.advance(0.0)
                elif step == "give" and hidden:
                    offer_values(source, peer, hidden.pop())
                elif step == "bury" and hidden:
                    stored = hidden.pop()
                    peer.write(lambda tx, stored=stored: tx.bury([(stored.id, stored.entry.sd)], DOC))
                elif step == "fork" and hidden:
                    ident = hidden[0].id
                    peer.write(lambda tx, ident=ident: tx.connection.execute(
                        "INSERT INTO standing VALUES (?, 'forked') ON CONFLICT DO NOTHING", (ident,)))  # fmt: skip
                elif step in {"append", "occurred", "hide", "other", "amend"}:
                    when = number if step == "occurred" else None
                    inc = OTHER_INC if step == "other" else INC
                    said = {"kind": "amendment", "of": [hidden[0].id]} if step == "amend" and hidden else {}
                    stored = append(world, source, feed, f"word{number} said", inc, when, **said)
                    give(peer, stored)
                    hidden.append(stored)
                    if step != "hide":
                        offer_values(source, peer, stored)
            kept = everything(shown)
            shown.rebuild()
            assert kept == everything(shown)
            lines = sorted((line for lines in kept[0] for line in lines), key=lambda line: line.n)
            assert lines == [line_of(stored) for stored in peer.reader().entries()]


def everything(shown):
    shown.update()
    lines = [shown.timeline(inc) for inc in (INC, OTHER_INC, None)]
    numbers = [line.n for some in lines for line in some]
    found = [
        shown.shelf.newest_hits(typed, inc) for inc in (INC, OTHER_INC) for typed in ("said", "wo", "word1", "word2 sa")
    ]
    tallies = {(one.inc, one.lines, one.first_n, one.last_n) for one in shown.shelf.tallies()}
    return lines, shown.shelf.page(numbers), found, tallies


def give(peer, stored):
    assert peer.write(lambda tx: tx.ingest(stored.raw, stored.sig)).stored


def offer_values(source, peer, stored):
    texts = source.reader().disclosures([stored.id])[stored.id]
    assert all(canon.digest(text) in stored.entry.sd for text in texts)
    peer.write(lambda tx: tx.add_disclosures(stored.id, texts))
