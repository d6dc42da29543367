"""Two rosters of one number: each console goes on with the one that came first, until one version names both."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from console.domain.forms import RevokedKey, Roster
from console.journal.faults import Damaged
from console.journal.values import Answer, Draft
from console.journal.verify import verify_profile
from console.keys import canon
from console.keys.faults import BadRoster
from console.keys.sshsig import roster_ns
from tests.journal.world import INC, ORG, Member, World


class Branches:
    """Roster 1, then a and b, each signed by two of the three; b goes on once more, and knows a fourth person."""

    def __init__(self, folder) -> None:
        self.world = World(members=3, folder=folder)
        self.fourth = Member(3)
        one = self._roster(1)
        members = [member.as_person() for member in self.world.members]
        self.a = self.make(one, 10)
        self.b = self.make(
            one, 11, persons=(*members, self.fourth.as_person()), consoles=(*one.consoles, self.fourth.as_console())
        )
        b = self.form(self.b)
        gone = RevokedKey(key=self.world.members[2].device.public.fingerprint, good=())
        self.b2 = self.make(b, 12, persons=b.persons, consoles=b.consoles, revoked=(gone,))
        self.end = self.make(self.form(self.a), 20, revoked=(gone,), settles=(self.sha(self.b2),))

    def _roster(self, at) -> Roster:
        return Roster.parse(canon.decode(self.world.rosters[at][0], limit=1 << 20))

    @staticmethod
    def sha(made) -> str:
        return canon.sha256_hex(made[0])

    @staticmethod
    def form(made) -> Roster:
        return Roster.parse(canon.decode(made[0], limit=1 << 20))

    def make(self, before: Roster, created: int, **changes):
        after = replace(
            before, n=before.n + 1, prev=canon.sha256_hex(canon.encode(before.as_json())), created=created, settles=()
        )
        raw = canon.encode(replace(after, **changes).as_json())
        keys = [member.approver for member in self.world.members[:2]]
        return raw, {key.public.fingerprint: key.sign(roster_ns(ORG), raw) for key in keys}

    def give(self, store, *made):
        return [store.write(lambda tx, one=one: tx.put_roster(*one)) for one in made]


@pytest.fixture
def branches(tmp_path):
    return Branches(tmp_path)


def in_force(store):
    return [one.sha256 for one in store.rosters()]


def test_the_one_that_came_first_counts_and_the_other_branch_is_kept_as_far_as_it_goes(branches):
    with branches.world.open("x") as x, branches.world.open("y") as y:
        assert branches.give(x, branches.a, branches.b, branches.b2) == [
            Answer.inserted, Answer.forked, Answer.forked,
        ]  # fmt: skip
        assert branches.give(y, branches.b, branches.b2, branches.a) == [
            Answer.inserted, Answer.inserted, Answer.forked,
        ]  # fmt: skip
        assert in_force(x)[-1] == branches.sha(branches.a)
        assert in_force(y)[-1] == branches.sha(branches.b2)
        assert [one.sha256 for one in x.reader().roster_tree().tips()] == [branches.sha(branches.b2)]
        assert [one.sha256 for one in y.reader().roster_tree().tips()] == [branches.sha(branches.a)]
        for store in (x, y):
            assert verify_profile(store).ok


@pytest.mark.parametrize("seed", range(6))
def test_one_version_that_names_both_is_in_force_everywhere_whatever_came_first(branches, seed):
    dice = random.Random(seed)
    offers = [branches.a, branches.b, branches.b2, branches.end]
    dice.shuffle(offers)
    with branches.world.open("x") as store:
        while offers:
            answers = []
            for one in offers:
                try:
                    answers += branches.give(store, one)
                except BadRoster:  # its branch is not here yet, and another of that number is
                    answers.append(Answer.gap)
            left = [one for one, answer in zip(offers, answers, strict=True) if answer is Answer.gap]
            assert len(left) < len(offers)
            offers = left
        assert in_force(store)[2:] == [branches.sha(branches.a), branches.sha(branches.end)]
        tree = store.reader().roster_tree()
        assert (tree.open, tree.tips()) == ((), ())
        assert verify_profile(store).ok
    with branches.world.open("x", rosters=False) as store:  # and after a restart
        assert in_force(store)[-1] == branches.sha(branches.end)


def note(world, store, member, ref, device=False):
    key, author = (member.device, None) if device else (member.writer, member.person)
    feed = store.open_feed(key, org=ORG, console=member.console, author=author, roster=ref)
    draft = Draft("redact.done", pub={"doc": "ab" * 32}) if device else Draft("note", inc=INC)
    store.write(lambda tx: tx.append(feed, draft, roster=ref))
    return store.reader().feed(feed.feed)


def test_entries_under_the_other_branch_wait_but_for_those_who_stand_in_both(branches):
    world = branches.world
    with world.open("x") as x, world.open("y") as y:
        branches.give(x, branches.a)
        branches.give(y, branches.b, branches.b2)
        ref = y.roster().ref
        both, only = note(world, y, world.members[1], ref), note(world, y, branches.fourth, ref)
        gone = note(world, x, world.members[2], x.roster().ref, device=True)

        def offer(entries):
            return [x.write(lambda tx, one=one: tx.ingest(one.raw, one.sig)) for one in entries]

        assert offer(both)[0] is Answer.unknown_key  # that branch is not here yet
        branches.give(x, branches.b, branches.b2)
        assert offer(both) == [Answer.inserted] * 2
        assert offer(only) == [Answer.unknown_key] * 2
        assert {one.standing for one in x.reader().feed(gone[0].feed)} == {"good"}
        assert branches.give(x, branches.end) == [Answer.inserted]
        assert offer(only) == [Answer.inserted] * 2  # they were written under a version that counted for its people
        assert {one.standing for one in x.reader().feed(gone[0].feed)} == {"quarantined"}  # what b2 revoked stays so
        report = verify_profile(x)
        assert report.ok, report.first_wrong
        branches.give(y, branches.a, branches.end)
        assert in_force(x) == in_force(y)
        assert y.write(lambda tx: [tx.ingest(one.raw, one.sig) for one in gone])[0] is Answer.after_revocation


def test_a_third_branch_that_it_does_not_name_stays_a_split(branches):
    with branches.world.open("x") as store:
        third = branches.make(branches.form(branches.world.rosters[1]), 13)
        branches.give(store, third, branches.a, branches.b, branches.b2)
        assert branches.give(store, branches.end) == [Answer.forked]
        assert in_force(store)[-1] == branches.sha(third)
        assert branches.sha(branches.end) in [found.sha256 for found in store.reader().roster_tree().tips()]
        assert verify_profile(store).ok


def test_a_row_that_says_otherwise_is_found(branches):
    with branches.world.open("x") as store:
        branches.give(store, branches.a, branches.b, branches.b2, branches.end)

        def spoil(tx):
            tx.connection.execute("DROP TRIGGER roster_stays")
            tx.connection.execute("DELETE FROM roster WHERE sha256 = ?", (branches.sha(branches.b2),))

        store.write(spoil)
        with pytest.raises(Damaged, match="follows or settles is not here"):
            store.rosters()
