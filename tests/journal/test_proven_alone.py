"""An entry proven by itself, without its place in the record: acted on as its writer's word, and not kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.domain.forms import RevokedKey
from console.journal.values import MAX_AHEAD_MS, Answer, Draft
from console.keys import canon
from console.keys.sshsig import roster_ns
from tests.journal.test_door import give, resign, write_some
from tests.journal.world import INC, ORG, World
from tests.kit.clock import FakeClock


@pytest.fixture
def world(tmp_path):
    return World(folder=tmp_path)


def proven(store, raw, sig):
    before = len(store.reader().entries())
    found = store.write(lambda tx: tx.prove(raw, sig))
    assert len(store.reader().entries()) == before
    return found


def revoke(world, store, number, *good):
    key = world.members[number].writer.public.fingerprint
    raw, _ = world.next_roster((RevokedKey(key=key, good=good),))
    sigs = {one.approver.public.fingerprint: one.approver.sign(roster_ns(ORG), raw) for one in world.members[1:]}
    store.write(lambda tx: tx.put_roster(raw, sigs))


def test_an_entry_is_believed_though_what_comes_before_it_is_not_here(world):
    with world.open("a") as a, world.open("b") as b, world.open("c", rosters=False) as empty:
        entries = a.reader().feed(write_some(world, a).feed)
        last = entries[-1]
        assert proven(b, last.raw, last.sig) == last.entry
        assert proven(b, b"no entry", last.sig) is Answer.malformed
        assert proven(b, last.raw, entries[1].sig) is Answer.bad_signature
        empty.write(lambda tx: tx.put_roster(*world.rosters[0]))
        assert proven(empty, last.raw, last.sig) is Answer.unknown_key


def test_what_a_revoked_key_wrote_too_late_is_not_believed(world):
    with world.open("a") as a, world.open("b") as b:
        feed = write_some(world, a)
        entries = a.reader().feed(feed.feed)
        revoke(world, b, 0, (feed.feed, entries[1].seq, entries[1].id))
        assert proven(b, entries[1].raw, entries[1].sig) == entries[1].entry
        assert proven(b, entries[2].raw, entries[2].sig) is Answer.after_revocation


def test_what_contradicts_what_is_here_or_is_of_tomorrow_is_not_believed(world):
    with world.open("a") as a, world.open("b") as b:
        entries = a.reader().feed(write_some(world, a).feed)
        for stored in entries[:-1]:
            give(b, stored)
        last, member = entries[-1], world.members[1]
        raw, sig = resign(
            world, last, signer=member.writer, key=member.writer.public.fingerprint, author=member.person,
            console=member.console,
        )  # fmt: skip
        assert proven(b, raw, sig) is Answer.malformed
        ahead = b.write(lambda tx: tx.now_ms) + MAX_AHEAD_MS + 60_000
        assert proven(b, *resign(world, last, hlc=(ahead, 0))) is Answer.skewed
        rival = resign(world, entries[2], mono=entries[2].entry.mono + 1)
        assert b.write(lambda tx: tx.ingest(*rival)) is Answer.forked
        assert proven(b, last.raw, last.sig) is Answer.forked
        assert proven(b, entries[1].raw, entries[1].sig) == entries[1].entry


def test_what_an_ended_key_wrote_after_its_end_counts_no_more_once_that_is_known(world):
    clock = FakeClock()
    with world.open("a", clock) as store:
        feed, told = world.person_feed(store, 2), []
        for _ in range(3):
            clock.advance(1_000)
            draft = Draft("note", inc=INC, disclosures={"text": "x"})
            told.append(store.write(lambda tx, draft=draft: tx.append(feed, draft, roster=world.ref)))
        ends = told[2].entry.hlc[0]
        roster = store.roster().roster
        persons = tuple(
            replace(one, keys=tuple(replace(key, to_ms=ends) if key.use == "writer" else key for key in one.keys))
            if one.person == world.members[2].person else one
            for one in roster.persons
        )  # fmt: skip
        n, before = world.ref
        raw = canon.encode(replace(roster, n=n + 1, prev=before, persons=persons).as_json())
        sigs = {one.approver.public.fingerprint: one.approver.sign(roster_ns(ORG), raw) for one in world.members[:2]}
        assert store.write(lambda tx: tx.put_roster(raw, sigs)) is Answer.inserted
        late = [one.id for one in store.reader().feed(feed.feed) if one.standing == "quarantined"]
        assert late == [told[2].id]
