from __future__ import annotations

import dataclasses
import itertools
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.forms import RevokedKey
from console.journal import envelope
from console.journal.projections import Projections
from console.journal.values import Answer, Draft
from console.journal.verify import verify_profile
from console.keys import canon
from tests.journal.world import INC, OTHER_INC, World
from tests.kit.clock import FakeClock


@pytest.fixture
def world(tmp_path):
    return World(folder=tmp_path)


def write_some(world, store, number=0, count=4):
    feed = world.person_feed(store, number)
    for i in range(count):
        draft = Draft("note", inc=(INC, OTHER_INC, None)[i % 3], disclosures={"text": f"{number}.{i}"})
        store.write(lambda tx, draft=draft: tx.append(feed, draft, roster=world.ref))
    return feed


def give(store, stored):
    return store.write(lambda tx: tx.ingest(stored.raw, stored.sig))


def resign(world, stored, number=0, signer=None, **changes):
    entry = dataclasses.replace(stored.entry, **changes)
    return envelope.build(entry, signer or world.members[number].writer)


def test_every_answer(world):
    with world.open("a") as a, world.open("b") as b:
        feed = write_some(world, a)
        entries = a.reader().feed(feed.feed)
        assert give(b, entries[1]) is Answer.gap
        assert [give(b, e) for e in entries[:3]] == [Answer.inserted] * 3
        assert give(b, entries[2]) is Answer.exists
        answers = {
            "wrong signature": (entries[3].raw, entries[2].sig, Answer.bad_signature),
            "no signature": (entries[3].raw, b"", Answer.bad_signature),
            "long signature": (entries[3].raw, b"x" * 5000, Answer.bad_signature),
            "not canonical": (entries[3].raw + b" ", entries[3].sig, Answer.malformed),
            "not JSON": (b"\xff\x00", b"", Answer.malformed),
        }
        for raw, sig, answer in answers.values():
            assert b.write(lambda tx, raw=raw, sig=sig: tx.ingest(raw, sig)) is answer
        other_org = "o-" + "0" * 26
        for changes, signer, answer in (
            ({"org": other_org}, None, Answer.malformed),
            ({"roster": (7, "0" * 64)}, None, Answer.unknown_key),
            ({"roster": (0, world.genesis)}, None, Answer.inserted),
            ({"console": world.members[1].console}, None, Answer.unknown_key),
            ({"author": world.members[1].person}, None, Answer.unknown_key),
            ({"author": None}, None, Answer.malformed),
            ({"key": world.members[0].approver.public.fingerprint}, world.members[0].approver, Answer.unknown_key),
            ({"iseq": 5, "iprev": "0" * 64}, None, Answer.malformed),
            ({"hlc": (1, 0)}, None, Answer.malformed),
            ({"prev": "0" * 64}, None, Answer.gap),
            ({"seq": 9}, None, Answer.gap),
            ({"kind": "feed.open"}, None, Answer.malformed),
            ({"kind": "redact.done", "pub": {"doc": "0" * 64}}, None, Answer.malformed),
            ({"kind": "invented.later"}, None, Answer.forked),
        ):
            raw, sig = resign(world, entries[3], signer=signer, **changes)
            assert b.write(lambda tx, raw=raw, sig=sig: tx.ingest(raw, sig)) is answer, changes
        assert give(b, entries[3]) is Answer.forked
        assert verify_profile(b).first_wrong is None


def test_an_entry_of_another_feeds_key_is_refused(world):
    with world.open("a") as a, world.open("b") as b:
        mine, theirs = write_some(world, a, 0), write_some(world, a, 1)
        for feed in (mine, theirs):
            for stored in a.reader().feed(feed.feed):
                give(b, stored)
        last = a.reader().feed(mine.feed)[-1]
        member = world.members[1]
        raw, sig = resign(
            world, last, signer=member.writer, key=member.writer.public.fingerprint, author=member.person,
            console=member.console, seq=last.seq + 1, prev=last.id, hlc=(last.entry.hlc[0] + 1, 0),
        )  # fmt: skip
        assert b.write(lambda tx: tx.ingest(raw, sig)) is Answer.malformed


def test_an_unknown_roster_is_retried_later(world):
    with world.open("a") as a, world.open("b", rosters=False) as b:
        feed = write_some(world, a)
        first = a.reader().feed(feed.feed)[0]
        assert give(b, first) is Answer.unknown_key
        assert Answer.unknown_key.retry
        world.give_rosters(b)
        assert give(b, first) is Answer.inserted


def test_a_fork_keeps_both_sides_and_counts_neither(world):
    with world.open("a") as a, world.open("b") as b:
        feed = write_some(world, a)
        entries = a.reader().feed(feed.feed)
        for stored in entries:
            give(b, stored)
        raw, sig = resign(world, entries[3], kind="observation")
        assert b.write(lambda tx: tx.ingest(raw, sig)) is Answer.forked
        standing = [(s.seq, s.standing) for s in b.reader().feed(feed.feed)]
        assert standing == [(0, "good"), (1, "good"), (2, "good"), (3, "forked"), (3, "forked"), (4, "forked")]
        named = b.write(lambda tx: tx.rivals(raw))
        assert named == (feed.feed, 3, tuple(sorted((entries[3].id, canon.sha256_hex(raw)))))
        assert b.reader().heads()[feed.feed] == (2, entries[2].id)
        assert b.reader().forks() == {feed.feed: 3}
        assert verify_profile(b).ok
        machine = world.machine_feed(b, 1)
        proof = Draft("fork.proof", pub={"feed": named[0], "seq": named[1], "ids": list(named[2])})
        assert b.write(lambda tx: tx.append(machine, proof, roster=world.ref)).seq == 1


def test_after_revocation_is_kept_and_quarantined(world):
    with world.open("a") as a, world.open("b") as b:
        feed = write_some(world, a, 2)
        entries = a.reader().feed(feed.feed)
        good = (feed.feed, 2, entries[2].id)
        world.next_roster((RevokedKey(key=world.members[2].writer.public.fingerprint, good=(good,)),))
        world.give_rosters(b)
        assert [give(b, s) for s in entries] == [Answer.inserted] * 3 + [Answer.after_revocation] * 2
        assert b.reader().heads()[feed.feed] == (2, entries[2].id)
        report = verify_profile(b)
        assert report.ok
        assert report.counts["quarantined"] == 2


@pytest.mark.parametrize("order", ["fork first", "revoked first", "rival before its feed was here"])
def test_whoever_stole_a_key_takes_nothing_of_what_was_recorded_before_it_was_revoked(world, order):
    with world.open("a") as a, world.open("b") as b, Projections(b) as shown:
        feed = write_some(world, a, 2)
        entries = a.reader().feed(feed.feed)
        late = resign(world, entries[2], 2, kind="observation")
        key = world.members[2].writer.public.fingerprint
        revoking = world.next_roster((RevokedKey(key=key, good=((feed.feed, 3, entries[3].id),)),))

        def forge():
            assert b.write(lambda tx: tx.ingest(*late)) is Answer.forked

        def revoke():
            b.write(lambda tx: tx.put_roster(*revoking))

        if order == "revoked first":
            revoke()
        for stored in entries[:2]:
            give(b, stored)
        if order == "rival before its feed was here":
            assert b.write(lambda tx: tx.ingest(*late)) is Answer.inserted
        for stored in entries[2:]:
            give(b, stored)
        shown.update()
        if order != "rival before its feed was here":
            forge()
        if order != "revoked first":
            revoke()
        told = {one.id: one.standing for one in b.reader().feed(feed.feed)}
        assert [told.pop(one.id) for one in entries[:4]] == ["good"] * 4
        assert told.pop(entries[4].id) in ("quarantined", "forked")
        assert list(told.values()) == ["forked"]
        assert b.reader().heads()[feed.feed] == (3, entries[3].id)
        report = verify_profile(b)
        assert report.ok, report.first_wrong
        shown.update()
        lines = [line for inc in (INC, OTHER_INC, None) for line in shown.timeline(inc)]
        assert {line.id for line in lines if line.standing == "good"} == {one.id for one in entries[:4]}


def test_a_clock_far_ahead_is_tagged_and_does_not_drag_ours(world):
    ahead = FakeClock(wall_ms=FakeClock().wall_ms() + 6 * 60_000)
    with world.open("a", ahead) as a, world.open("b") as b:
        write_some(world, b, 1, 1)
        feed = write_some(world, a, 0, 1)
        assert {give(b, s) for s in a.reader().feed(feed.feed)} == {Answer.skewed}
        assert all(s.skewed for s in b.reader().feed(feed.feed))
        mine = write_some(world, b, 1, 1)
        assert b.reader().feed(mine.feed)[-1].entry.hlc[0] == FakeClock().wall_ms()


def test_a_clock_a_little_ahead_drags_ours_so_that_order_holds(world):
    ahead = FakeClock(wall_ms=FakeClock().wall_ms() + 60_000)
    with world.open("a", ahead) as a, world.open("b") as b:
        feed = write_some(world, a, 0, 1)
        for stored in a.reader().feed(feed.feed):
            assert give(b, stored) is Answer.inserted
        mine = write_some(world, b, 1, 1)
        assert b.reader().feed(mine.feed)[0].entry.hlc > a.reader().feed(feed.feed)[-1].entry.hlc


@pytest.fixture(scope="module")
def source():
    """Three feeds that saw each other, made once."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(folder=Path(folder))
        with world.open("source") as store:
            feeds = [world.person_feed(store, n) for n in range(2)] + [world.machine_feed(store, 2)]
            for i, feed in itertools.product(range(4), feeds):
                kind = "note" if feed.author else "reading.observed"
                pub = {} if feed.author else {
                    "instance": "g-" + "0" * 26, "surface": None, "what": "probe", "verdict": "refused", "count": i
                }  # fmt: skip
                draft = Draft(kind, inc=(INC, None)[i % 2], pub=pub, disclosures={"text": f"{i}"})
                store.write(lambda tx, feed=feed, draft=draft: tx.append(feed, draft, roster=world.ref))
            yield world, store.reader().entries()


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_order_and_any_duplicates_end_in_the_same_journal(source, data):
    world, entries = source
    order = data.draw(st.permutations(entries))
    extra = data.draw(st.lists(st.sampled_from(entries), max_size=8))
    with tempfile.TemporaryDirectory() as folder, world.open("peer", folder=Path(folder)) as peer:
        waiting = [*order, *extra]
        while waiting:
            again = [s for s in waiting if give(peer, s) is Answer.gap]
            assert len(again) < len(waiting)
            waiting = again
        found = {s.id: s for s in peer.reader().entries()}
        assert set(found) == {s.id for s in entries}
        assert all(found[s.id].raw == s.raw and found[s.id].standing == "good" for s in entries)
        assert verify_profile(peer).ok


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_changed_byte_passes_the_door(source, data):
    world, entries = source
    stored = entries[0]
    raw, sig = bytearray(stored.raw), bytearray(stored.sig)
    target = data.draw(st.sampled_from([raw, sig]))
    at = data.draw(st.integers(0, len(target) - 1))
    target[at] ^= data.draw(st.integers(1, 255))
    with tempfile.TemporaryDirectory() as folder, world.open("peer", folder=Path(folder)) as peer:
        answer = peer.write(lambda tx: tx.ingest(bytes(raw), bytes(sig)))
        assert not answer.stored
        assert peer.reader().entries() == []
