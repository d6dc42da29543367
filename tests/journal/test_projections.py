from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.journal.projections import Projections, line_of
from console.journal.seen import all_seen
from console.journal.values import Draft
from console.keys import canon
from tests.journal.world import INC, OTHER_INC, World


def append(world, store, feed, text, inc=INC, occurred=None):
    told = {} if occurred is None else {"occurred": {"at_ms": occurred, "plus_minus_s": 60}}
    draft = Draft("note", inc=inc, disclosures={"text": text, **told})
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


@pytest.mark.parametrize("harm", ["missing", "no database", "empty"])
def test_a_lost_or_broken_index_is_made_again(tmp_path, harm):
    world = World(folder=tmp_path)
    with world.open("a") as store:
        append(world, store, world.person_feed(store), "kept")
        with Projections(store) as shown:
            assert len(shown.timeline(INC)) == 1
        for path in store.paths.root.glob("index.db*"):
            path.unlink()
        if harm != "missing":
            store.paths.index.write_bytes(b"no database at all" * 100 if harm == "no database" else b"")
        with Projections(store) as shown:
            assert [line.text for line in shown.timeline(INC)] == ["kept"]


def test_a_redacted_text_is_nowhere_in_the_index(tmp_path):
    world = World(folder=tmp_path)
    with world.open("a") as store, Projections(store) as shown:
        stored = append(world, store, world.person_feed(store), "a name nobody needs")
        assert shown.timeline(INC)[0].text == "a name nobody needs"
        store.write(lambda tx: tx.bury([(stored.id, stored.entry.sd)], "d" * 64))
        assert shown.timeline(INC)[0].text == ""
        assert shown.timeline(INC)[0].absent == 1
        shown.close()
        for path in store.paths.root.glob("index.db*"):
            assert b"a name nobody needs" not in path.read_bytes()


STEPS = st.lists(st.sampled_from(["append", "occurred", "hide", "give", "bury", "update", "other"]), max_size=25)


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
                elif step == "give" and hidden:
                    offer_values(source, peer, hidden.pop())
                elif step == "bury" and hidden:
                    stored = hidden.pop()
                    peer.write(lambda tx, stored=stored: tx.bury([(stored.id, stored.entry.sd)], "d" * 64))
                elif step in {"append", "occurred", "hide", "other"}:
                    when = number if step == "occurred" else None
                    inc = OTHER_INC if step == "other" else INC
                    stored = append(world, source, feed, f"{number}", inc, when)
                    give(peer, stored)
                    hidden.append(stored)
                    if step != "hide":
                        offer_values(source, peer, stored)
            kept = [shown.timeline(inc) for inc in (INC, OTHER_INC, None)]
            shown.rebuild()
            assert kept == [shown.timeline(inc) for inc in (INC, OTHER_INC, None)]
            lines = sorted((line for lines in kept for line in lines), key=lambda line: line.n)
            assert lines == [line_of(stored) for stored in peer.reader().entries()]


def give(peer, stored):
    assert peer.write(lambda tx: tx.ingest(stored.raw, stored.sig)).stored


def offer_values(source, peer, stored):
    texts = source.reader().disclosures([stored.id])[stored.id]
    assert all(canon.digest(text) in stored.entry.sd for text in texts)
    peer.write(lambda tx: tx.add_disclosures(stored.id, texts))
