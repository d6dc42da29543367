"""Whoever forks their own feed, and writes on without end, costs every other console no more than what they write."""

from __future__ import annotations

import dataclasses

import pytest

from console.domain.forms import RevokedKey
from console.journal import ancestry, envelope
from console.journal.values import Answer
from console.keys import canon
from console.runtime.ids import crockford
from tests.journal.world import World

COUNT = 40


@pytest.fixture
def world(tmp_path):
    return World(members=2, folder=tmp_path)


def branch(world, first, tag, count=COUNT):
    """Entries behind `first` in its feed, each in an incident of its own: none is found by a short look back."""
    made = []
    before = first
    for at in range(count):
        raw, sig = envelope.build(
            dataclasses.replace(
                before.entry, seq=before.entry.seq + 1, prev=before.id, kind="note", pub={}, sd=(), iseq=0, iprev=None,
                inc="i-" + crockford(bytes([tag, at]) * 8), hlc=(before.entry.hlc[0], before.entry.hlc[1] + 1),
            ),
            world.members[1].writer,
        )  # fmt: skip
        ident = canon.sha256_hex(raw)
        before = dataclasses.replace(before, id=ident, raw=raw, sig=sig, entry=envelope.read_entry(raw))
        made.append(before)
    return made


def test_entries_behind_a_fork_are_read_once_each(world, monkeypatch):
    with world.open("theirs") as theirs, world.open("mine") as mine:
        world.person_feed(theirs, 1)
        (first,) = theirs.reader().entries()
        read = []
        whole = envelope.read_entry
        monkeypatch.setattr(ancestry.envelope, "read_entry", lambda raw: (read.append(raw), whole(raw))[1])
        give = lambda one: mine.write(lambda tx: tx.ingest(one.raw, one.sig))  # noqa: E731  asked often
        one, two = branch(world, first, 1, 2), branch(world, first, 2)
        assert [give(each) for each in (first, *one)] == [Answer.inserted] * 3
        del read[:]
        assert {give(each) for each in two} == {Answer.forked, Answer.inserted}
        assert len(read) <= 2 * COUNT + 3  # by the door, and once more by whoever looks back
        assert {each.standing for each in mine.reader().entries() if each.seq > 0} == {"forked"}


def test_a_fork_before_a_fork_marks_only_what_lies_between(world):
    with world.open("theirs") as theirs, world.open("mine") as mine:
        world.person_feed(theirs, 1)
        (first,) = theirs.reader().entries()
        trunk = branch(world, first, 1)
        give = lambda one: mine.write(lambda tx: tx.ingest(one.raw, one.sig))  # noqa: E731  as above
        for each in (first, *trunk):
            give(each)
        for at in range(COUNT - 2, 0, -1):
            (rival,) = branch(world, trunk[at - 1], 2, 1)
            before = mine.write(lambda tx: tx.connection.total_changes)
            assert give(rival) is Answer.forked
            assert mine.write(lambda tx: tx.connection.total_changes) - before < 12
        told = {one.id: one.standing for one in mine.reader().entries()}
        assert {told[one.id] for one in trunk[:1]} == {"good"}
        assert {told[one.id] for one in trunk[1:]} == {"forked"}


@pytest.mark.parametrize("late", [False, True])
def test_a_named_branch_goes_on_counting_whatever_comes_beside_it(world, late):
    """The thief's forks come before the revocation or after it, and before or after what was good: all one."""
    with world.open("theirs") as theirs, world.open("mine") as mine:
        world.person_feed(theirs, 1)
        (first,) = theirs.reader().entries()
        trunk = branch(world, first, 1, 12)
        good = trunk[7]
        rivals = [each for at in (9, 5, 2, 6) for each in branch(world, trunk[at - 1], 20 + at, 3)]
        key = world.members[1].writer.public.fingerprint
        gone = (RevokedKey(key=key, good=((first.feed, good.entry.seq, good.id),)),)
        give = lambda one: mine.write(lambda tx: tx.ingest(one.raw, one.sig))  # noqa: E731  as above
        for each in (first, *trunk, *(() if late else rivals)):
            give(each)
        raw, sigs = world.make_roster(gone)
        mine.write(lambda tx: tx.put_roster(raw, sigs))
        for each in rivals if late else ():
            give(each)
        told = {one.id: one.standing for one in mine.reader().entries()}
        assert {told[one.id] for one in (first, *trunk[:8])} == {"good"}
        assert "good" not in {told[one.id] for one in (*trunk[8:], *rivals)}
