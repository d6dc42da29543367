"""Whoever forks their own feed, and writes on without end, costs every other console no more than what they write."""

from __future__ import annotations

import dataclasses
import sys
from typing import Any

import pytest

from console.domain.forms import RevokedKey
from console.journal import ancestry, envelope
from console.journal.values import Answer
from console.keys import canon
from console.runtime.ids import crockford
from tests.journal.world import ORG, World

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


# -- steps, however many -----------------------------------------------------------------------------------------------

Links = dict[str, ancestry._Link]
NOWHERE: Any = None  # no file: what is read is given


def laid(links: Links, before: str | None, inc: str) -> str:
    """A further entry, with the number in its incident that its own branch gives it."""
    last = plainly(links, before, inc)
    ident = f"e{len(links)}"
    seq = 0 if before is None else links[before].seq + 1
    links[ident] = ancestry._Link(ident, before, inc, seq, 0 if last is None else last[0] + 1)
    return ident


def plainly(links: Links, start: str | None, inc: str) -> tuple[int, str] | None:
    while start is not None and links[start].inc != inc:
        start = links[start].prev
    return None if start is None else (links[start].iseq, start)


def one_long_branch(count: int) -> tuple[Links, list[tuple[str, str]]]:
    links, at = Links(), None
    asked = []
    for number in range(count):
        at = laid(links, at, f"i{number}")
        asked.append((at, "never"))
    return links, asked


def rivals_beside_a_trunk(count: int) -> tuple[Links, list[tuple[str, str]]]:
    links, asked = one_long_branch(count)
    for number in reversed(range(count)):
        rival = laid(links, f"e{number}", "rivals")
        asked += [(f"e{number}", "rivals"), (rival, f"i{number // 2}"), (rival, "never")]
    return links, asked


def branches_of_branches(count: int) -> tuple[Links, list[tuple[str, str]]]:
    links, at, asked = Links(), None, []
    for number in range(count):
        rival = laid(links, at, f"r{number}")
        at = laid(links, at, f"i{number}")
        asked += [(rival, "never"), (at, f"i{number // 3}")]
    return links, asked


SHAPES = [one_long_branch, rivals_beside_a_trunk, branches_of_branches]


def steps_of(monkeypatch: pytest.MonkeyPatch, links: Links, asked: list[tuple[str, str]]) -> int:
    """Ask all, hold the answers to plain walks, and count every call that was made for them."""
    read: list[str] = []
    monkeypatch.setattr(ancestry, "_read", lambda _connection, ident: (read.append(ident), links[ident])[1])
    one, calls, found = ancestry.Ancestry(), 0, []

    def called(_frame: object, event: str, _what: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(called)
    try:
        found = [one.last_in_incident(NOWHERE, start, inc) for start, inc in asked]
    finally:
        sys.setprofile(None)
    assert found == [plainly(links, start, inc) for start, inc in asked]
    assert len(read) <= 2 * len(links) + ancestry._EVERY * 2
    return calls


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_as_many_entries_behind_a_fork_cost_twice_as_much(shape, monkeypatch):
    few, many = (steps_of(monkeypatch, *shape(count)) for count in (300, 600))
    assert many < 2.5 * few


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_remembered_is_bounded_and_found_again(shape, monkeypatch):
    monkeypatch.setattr(ancestry, "_MOST", 40)
    monkeypatch.setattr(ancestry, "_EVERY", 8)
    links, asked = shape(150)
    monkeypatch.setattr(ancestry, "_read", lambda _connection, ident: links[ident])
    one = ancestry.Ancestry()
    for start, inc in asked:
        assert one.last_in_incident(NOWHERE, start, inc) == plainly(links, start, inc)
        assert len(one._known) <= 40


def test_incidents_that_begin_alike_are_told_apart(monkeypatch):
    one = ancestry.Ancestry()
    places = {"a": 5, "b": 5 + 16**3, "c": 5 + 16**3 + 16**9, "d": 6}
    monkeypatch.setattr(ancestry.Ancestry, "_place", lambda _self, inc: places[inc])
    links, at = Links(), None
    for inc in "aabcd":
        at = laid(links, at, inc)
    monkeypatch.setattr(ancestry, "_read", lambda _connection, ident: links[ident])
    end = laid(links, at, "a")
    for inc in "bcd":
        assert one.last_in_incident(NOWHERE, end, inc) == plainly(links, end, inc)
    places["e"] = 5 + 16**5
    assert one.last_in_incident(NOWHERE, end, "e") is None


def test_an_entry_beside_a_fork_reads_no_other_feed(world):
    """A thief's key wrote two feeds: one whose good branch is known, one whose last good entry lies before its fork."""
    with world.open("theirs") as theirs, world.open("mine") as mine:
        world.person_feed(theirs, 1)
        theirs.open_feed(
            world.members[1].writer, org=ORG, console=world.members[1].console, author=world.members[1].person,
            roster=world.ref, fresh=True,
        )  # fmt: skip
        one, two = sorted(theirs.reader().entries(), key=lambda each: each.feed)
        trunk, rival = branch(world, one, 1, 120), branch(world, one, 2, 2)
        key = world.members[1].writer.public.fingerprint
        good = ((one.feed, trunk[-1].entry.seq, trunk[-1].id), (two.feed, 0, two.id))
        mine.write(lambda tx: [tx.ingest(each.raw, each.sig) for each in (one, two, *trunk, *rival)])
        raw, sigs = world.make_roster((RevokedKey(key=key, good=good),))
        mine.write(lambda tx: tx.put_roster(raw, sigs))
        steps: list[int] = []

        def offered(tx):
            tx.connection.set_progress_handler(lambda: steps.append(1) and None, 50)
            try:
                return [tx.ingest(each.raw, each.sig) for side in (3, 4) for each in branch(world, two, side, 20)]
            finally:
                tx.connection.set_progress_handler(None, 0)

        assert set(mine.write(offered)) <= {Answer.forked, Answer.after_revocation}
        assert len(steps) * 50 < 40 * 1000, "some hundred steps of SQLite's for each, and no walk of 120 entries"
        told = {each.id: each.standing for each in mine.reader().entries()}
        assert {told[each.id] for each in (one, *trunk)} == {"good"}
