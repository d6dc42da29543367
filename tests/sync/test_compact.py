"""Own small segments are merged, and nobody who has the old ones, or only some of them, loses anything by it."""

from __future__ import annotations

import itertools

import pytest

from console.journal.values import Draft
from console.sync import compact, held, layout
from console.sync.folder import FolderPlace
from console.sync.session import sync_once
from tests.journal.world import INC, World


class Pulled(Exception):
    """Stands for the power cut."""


class Pair:
    def __init__(self, folder):
        self.world = World(members=2, folder=folder)
        self.stores = [self.world.open("one"), self.world.open("two")]
        (folder / "share").mkdir()
        self.place = FolderPlace(folder / "share")
        self.feed = self.world.person_feed(self.stores[0], 0)

    def say(self, text):
        draft = Draft("note", inc=INC, disclosures={"text": text})
        return self.stores[0].write(lambda tx: tx.append(self.feed, draft, roster=self.world.ref))

    def sync(self, number=0, place=None):
        return sync_once(self.stores[number], place or self.place, self.world.members[number].console)

    def names(self, kind="e"):
        return sorted(path.name for path in (self.place.folder / "v1" / self.feed.feed / kind).iterdir())

    def texts(self, number=1):
        return [one.disclosed.get("text") for one in self.stores[number].reader().entries(kinds=["note"])]

    def close(self):
        for store in self.stores:
            store.close()


@pytest.fixture
def pair(tmp_path):
    made = Pair(tmp_path)
    yield made
    made.close()


def test_a_meeting_after_every_command_leaves_few_files(pair):
    said = []
    for number in range(70):
        said.append(f"note {number}")
        pair.say(said[-1])
        pair.sync()
    assert len(pair.names()) <= compact.MAX_SMALL + 1
    assert len(pair.names("d")) <= compact.MAX_SMALL + 1
    assert pair.sync(1).faults == ()
    assert pair.texts() == said
    assert pair.sync().sent == 0


def test_full_segments_are_cut_where_counting_says_and_stay(pair, monkeypatch):
    monkeypatch.setattr(compact, "FLUSH_BYTES", 5000)
    for number in range(60):
        pair.say(f"note {number}")
        pair.sync()
    entries = held.lines(pair.stores[0].reader(), pair.feed.feed)
    ranges = [(name.first, name.last) for path in pair.names() if (name := _read(pair, path))]
    full = [(first, last) for first, last in sorted(ranges) if last - first > 1]
    assert len(full) > 8
    for (_, last), (first, _) in itertools.pairwise(full):
        assert first == last + 1
    for first, last in full[:-1]:
        weight = sum(one.weight for one in entries[first : last + 1])
        assert weight <= 5000 < weight + entries[last + 1].weight
    assert len(ranges) <= len(full) + compact.MAX_SMALL
    assert pair.sync(1).faults == ()
    assert len(pair.texts()) == 60


def _read(pair, path):
    return layout.read_name(f"v1/{pair.feed.feed}/e/{path}")


def test_a_reader_with_some_of_the_old_ones_loses_nothing_and_reads_nothing_twice(pair):
    for number in range(compact.MAX_SMALL - 2):
        pair.say(f"note {number}")
        pair.sync()
        pair.sync(1)
    for number in range(10):
        pair.say(f"more {number}")
        pair.sync()
    assert len(pair.names()) < compact.MAX_SMALL
    report = pair.sync(1)
    assert report.received == 10
    assert report.faults == ()
    assert pair.texts() == pair.texts(0)


@pytest.mark.parametrize("after", [0, 1, 2, 3, 10, 17, 18, 19, 30, 60])
def test_a_power_cut_between_writing_and_removing_loses_nothing(pair, after):
    """Whichever step of the merging meeting is the last: all is there for a reader, and the next meeting ends it."""
    for number in range(compact.MAX_SMALL):
        pair.say(f"note {number}")
        pair.sync()
    pair.say("the one that makes it merge")

    class Cut(FolderPlace):
        left = after

        def _step(self):
            if self.left == 0:
                raise Pulled
            self.left -= 1

        def create(self, path, data):
            self._step()
            return super().create(path, data)

        def remove(self, path):
            self._step()
            super().remove(path)

    try:
        pair.sync(place=Cut(pair.place.folder))
    except Pulled:
        pass
    else:
        assert after == 60
    reached = pair.sync(1)
    assert reached.faults == ()
    assert pair.texts()[: compact.MAX_SMALL] == pair.texts(0)[: compact.MAX_SMALL]
    pair.sync()
    pair.sync(1)
    assert len(pair.names()) <= 2
    assert len(pair.names("d")) <= 2
    assert pair.texts() == pair.texts(0)


def test_a_segment_that_is_merged_while_it_is_read_is_looked_for_again(pair):
    for number in range(compact.MAX_SMALL):
        pair.say(f"note {number}")
        pair.sync()
    pair.say("last")

    class Late(FolderPlace):
        def objects(self):
            found = super().objects()
            pair.sync()  # the owner merges between our listing and our reading
            return found

    report = pair.sync(1, Late(pair.place.folder))
    assert report.faults == ()
    assert pair.texts() == pair.texts(0)


def test_what_is_not_our_own_is_never_removed_for_a_merge(pair):
    for number in range(compact.MAX_SMALL):
        pair.say(f"note {number}")
        pair.sync()
    forged = pair.place.folder / layout.segment_name(pair.feed.feed, 0, 3, "ab" * 32)
    forged.write_bytes(b"somebody else's")
    pair.say("last")
    pair.sync()
    assert forged.exists()
    assert len(pair.names()) <= 3


def test_a_merged_name_that_is_taken_by_junk_keeps_the_small_ones(pair):
    for number in range(compact.MAX_SMALL):
        pair.say(f"note {number}")
        pair.sync()
    pair.say("last")
    entries = held.lines(pair.stores[0].reader(), pair.feed.feed)
    small = [layout.read_name(f"v1/{pair.feed.feed}/e/{name}") for name in pair.names()]
    ((name, data),) = compact.missing(pair.feed.feed, entries, small)
    assert (name.first, name.last) == (0, len(entries) - 1)

    class Racing(FolderPlace):
        def objects(self):
            found = super().objects()
            (self.folder / name.path).write_bytes(data[:-7])  # half of it, as after a crash without hard links
            return found

    before = pair.names()
    pair.sync(place=Racing(pair.place.folder))
    assert set(before) <= set(pair.names())
    pair.sync()  # now it is listed as half, and put right
    assert pair.names() == [name.path.rpartition("/")[2]]
    assert pair.sync(1).faults == ()
    assert pair.texts() == pair.texts(0)


def test_large_values_are_cut_into_files_that_are_taken(pair, monkeypatch):
    monkeypatch.setattr(held, "VALUES_BYTES", 20_000)
    for number in range(12):
        pair.say(f"{number}" * 6000)
    pair.sync()
    assert len(pair.names("e")) == 1
    assert len(pair.names("d")) > 3
    assert pair.sync(1).faults == ()
    assert pair.texts() == pair.texts(0)
    assert pair.sync().sent == 0


def test_redacted_files_leave_the_place(pair):
    store = pair.stores[0]
    sha = store.write(lambda tx: tx.put_blob(b"a photograph"))
    draft = Draft("evidence", inc=INC, pub={"class": "open"}, disclosures={"blob": {"sha256": sha}})
    stored = store.write(lambda tx: tx.append(pair.feed, draft, roster=pair.world.ref))
    pair.sync()
    lying = pair.place.folder / layout.object_name(pair.feed.feed, sha)
    assert lying.read_bytes() == b"a photograph"
    assert store.write(lambda tx: tx.bury([(stored.id, stored.entry.sd)], "ab" * 32)) == (sha,)
    pair.sync()
    assert not lying.exists()


def test_what_lies_behind_a_hole_is_kept():
    def name(first, last):
        return layout.read_name(layout.segment_name("ab" * 32, first, last, "cd" * 32))

    names = [name(0, 9), name(0, 4), name(5, 9), name(7, 12), name(20, 21)]
    assert compact.covering(names) == [(0, 9), (7, 12)]
    assert compact.superseded(names) == [name(0, 4), name(5, 9)]
