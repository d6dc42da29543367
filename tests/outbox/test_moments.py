"""The facts of now, read by kind, are those of every entry followed one by one, whatever came in whatever order."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import pytest

from console.domain.errors import Problem
from console.domain.forms import RevokedKey
from console.domain.moment import NotSeen, Paper, facts_of, reachable
from console.domain.moment import View as Whole
from console.journal import envelope
from console.journal.store import JournalStore
from console.journal.values import Answer, Draft
from console.journal.whole import select_whole_heads
from console.outbox.authorise import authorise
from console.outbox.facts import Moments, policy_of, prove_record, read_document, read_policy
from console.outbox.store import OUTBOX
from console.runtime.paths import ProfilePaths
from tests.journal.world import INC
from tests.kit.plainadapter import plan_of
from tests.kit.scene import Scene

HOUR_MS = 3_600_000


class Story:
    """A scene with something of every kind from which a fact follows, and a console that hears of it."""

    def __init__(self, folder):
        self.scene = scene = Scene(folder / "one")
        self.docs = []
        for number, (approve, gravity) in enumerate([((0, 1), "high"), ((0,), "normal"), ((), "high"), ((1,), "high")]):
            sha, action = scene.block(f"k{number}", approve=approve, gravity=gravity, number=number % 3)
            self.decide(sha)
            self.docs.append(sha)
            self.sent(sha, action)
            scene.say(2, Draft("note", inc=INC, disclosures={"text": "a note"}))
        pub = {"doc": self.docs[2]}
        scene.say(2, Draft("correction.cancelled", inc=INC, subj=action.op, pub=pub))
        undo, _ = scene.propose(
            [scene.target(plan_of("k0", now=True, wanted=False))], direction="restore", undoes=self.docs[0],
            undo_within_s=None, number=1,
        )  # fmt: skip
        self.decide(undo)
        self.docs.append(undo)
        scene.say(0, Draft("role.assigned", inc=INC, pub={"person": scene.members[1].person, "role": "deputy"}))
        scene.say(1, Draft("correction.cancelled", inc=INC, subj=action.op, pub={"doc": self.docs[3]}))
        self.decide(self.docs[3])
        self.entries = scene.store.reader().entries()
        self.other = JournalStore.open(
            ProfilePaths(folder / "two"), scene.clock, scene.entropy, parts=(OUTBOX,), genesis=scene.genesis
        )
        scene.give_rosters(self.other)
        for sha, _, _ in scene.store.reader().documents():
            row = scene.store.reader().document(sha)
            self.other.write(lambda tx, row=row: tx.put_document(row.raw, row.strings))

    def decide(self, sha):
        return self.scene.store.write(lambda tx: authorise(tx, self.scene.feed, sha))

    def sent(self, sha, action):
        """As if it had gone out: of this a fact follows for whatever undoes it."""
        step = {"doc": sha, "target": 0, "attempt": 1}
        told = {
            "dispatch.intent": {"requests": "0" * 64, "step": "apply", "pre": "same", "verdict": "approved"},
            "dispatch.accepted": {"outcome": "accepted"},
        }
        for kind, pub in told.items():
            draft = Draft(kind, inc=INC, subj=action.op, pub={**step, **pub})
            self.scene.store.write(lambda tx, draft=draft: tx.append(self.scene.feed, draft, roster=self.scene.ref))

    def rival(self, number, at):
        """Another entry of that feed at that place, rightly signed."""
        feed = self.scene.people[number]
        of_feed = [one for one in self.entries if one.feed == feed.feed]
        told = of_feed[at].entry
        return envelope.build(replace(told, mono=told.mono + 1), feed.signer)

    def give(self, raw, sig):
        return self.other.write(lambda tx: tx.ingest(raw, sig))

    def close(self):
        self.other.close()
        asyncio.run(self.scene.aclose())


def oracle(store, connection, heads, forks):
    """The facts by following every entry, made of nothing the quick way uses."""
    roster = store.roster()
    papers = {}
    for (sha,) in connection.execute("SELECT sha256 FROM document WHERE type = 'action.v1' OR type = 'rehearsal.v1'"):
        held = read_document(connection, sha)
        papers[sha] = Paper(held.document, held.row.disclosed_by_digest)
    entries = {one.id: one.entry for one in store.reader().entries()}

    def prove(entry):
        try:
            return prove_record(entry.pub, roster, entry.hlc[0])
        except Problem:
            return None

    view = Whole(
        entries=reachable(entries, heads), papers=papers, roster=roster.roster, roster_sha=roster.sha256,
        policy=read_policy(connection, policy_of(roster)), policy_sha=policy_of(roster), prove=prove,
    )  # fmt: skip
    return lambda doc, now: facts_of(view, doc, now, forks)


def check(story, store):
    now = story.scene.clock.wall_ms()
    forks = store.reader().forks()
    with store.reader().snapshot() as connection:
        roster = store.roster()
        moments = Moments(connection, roster, policy_of(roster))
        whole = oracle(store, connection, moments.now_heads, forks)
        told = [(moments.now(doc, at), whole(doc, at)) for doc in story.docs for at in (now, now + 2 * HOUR_MS)]
        for quick, slow in told:
            assert quick == slow
        if not forks:
            for doc in story.docs:
                assert moments.below(moments.now_heads, doc, now) == moments.at(moments.now_heads, doc, now)
        return [quick for quick, _ in told], moments.now_heads


def whole_by_hand(store):
    """The ids of entries all of whose ancestors are here, worked out over and over until nothing changes."""
    entries = {one.id: one.entry for one in store.reader().entries()}
    found = set()
    while True:
        more = {
            ident for ident, one in entries.items()
            if ident not in found and all(name in found for name in (*one.refs, one.prev) if name is not None)
        }  # fmt: skip
        if not more:
            return set(entries) - found
        found |= more


def awaiting(store):
    with store.reader().snapshot() as connection:
        return {ident for (ident,) in connection.execute("SELECT id FROM awaits")}


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    made = Story(tmp_path_factory.mktemp("story"))
    yield made
    made.close()


def test_the_facts_of_now_are_those_of_everything_that_was_seen(story):
    facts, _ = check(story, story.scene.store)
    assert {one.cancelled for one in facts} == {False, True}
    assert {one.recent_normal for one in facts} == {0, 1}
    assert any(one.undone_sha for one in facts)
    assert [len(one.undone_sent) for one in facts if one.undone_sha] == [1, 1]
    assert any(len(one.held) == 2 for one in facts)
    assert len(facts[0].rehearsed) == 3


@pytest.mark.parametrize("seed", range(4))
def test_they_are_the_same_at_every_moment_of_any_order_of_arrival(story, tmp_path, seed):
    dice = random.Random(seed)
    scene = story.scene
    store = JournalStore.open(
        ProfilePaths(tmp_path), scene.clock, scene.entropy, parts=(OUTBOX,), genesis=scene.genesis
    )
    story.other, before = store, story.other
    try:
        scene.give_rosters(store)
        for sha, _, _ in scene.store.reader().documents():
            row = scene.store.reader().document(sha)
            store.write(lambda tx, row=row: tx.put_document(row.raw, row.strings))
        offers = [(one.raw, one.sig) for one in story.entries]
        if seed % 2:
            offers += [story.rival(2, 4), story.rival(1, 6)]
        dice.shuffle(offers)
        rounds = 0
        while offers:
            left = [pair for pair in offers if story.give(*pair) is Answer.gap]
            assert len(left) < len(offers)
            offers = left
            assert awaiting(store) == whole_by_hand(store)
            check(story, store)
            rounds += 1
        assert rounds > 2
        assert not awaiting(store)
        facts, heads = check(story, store)
        if seed % 2:
            assert facts[0].forked == {scene.members[1].person, scene.members[2].person}
        else:
            assert (facts, heads) == check(story, scene.store)
    finally:
        story.other = before
        store.close()


def test_heads_that_are_not_here_were_not_seen(story):
    store = story.scene.store
    with store.reader().snapshot() as connection:
        roster = store.roster()
        moments = Moments(connection, roster, policy_of(roster))
        (feed, seq, ident), *_ = moments.now_heads
        for wrong in ((feed, seq + 1, "ab" * 32), (feed, seq - 1, ident)):
            for ask in (moments.at, moments.below):
                with pytest.raises(NotSeen):
                    ask([wrong], story.docs[0], 1)


def test_a_head_whose_past_is_not_here_is_cut_back(story):
    """All of one feed but its opening cites another: of that feed alone nothing is whole but the opening."""
    machine = [one for one in story.entries if one.feed == story.scene.feed.feed]
    assert machine[1].entry.refs
    for one in machine:
        story.give(one.raw, one.sig)
    with story.other.reader().snapshot() as connection:
        assert select_whole_heads(connection) == {machine[0].feed: (0, machine[0].id)}


def test_a_stolen_key_that_was_revoked_takes_nothing_of_what_it_had_signed(story, tmp_path):
    scene = story.scene
    store = JournalStore.open(
        ProfilePaths(tmp_path), scene.clock, scene.entropy, parts=(OUTBOX,), genesis=scene.genesis
    )
    story.other, before = store, story.other
    try:
        scene.give_rosters(store)
        for sha, _, _ in scene.store.reader().documents():
            row = scene.store.reader().document(sha)
            store.write(lambda tx, row=row: tx.put_document(row.raw, row.strings))
        for one in story.entries:
            story.give(one.raw, one.sig)
        plain, _ = check(story, store)
        assert story.give(*story.rival(1, 3)) is Answer.forked
        forked, _ = check(story, store)
        assert forked[0].forked == {scene.members[1].person}
        feed = scene.people[1].feed
        last = [one for one in story.entries if one.feed == feed][-1]
        gone = RevokedKey(key=scene.members[1].writer.public.fingerprint, good=((feed, last.seq, last.id),))
        made = scene.make_roster((gone,))
        store.write(lambda tx: tx.put_roster(*made))
        settled, _ = check(story, store)
        for now, then in zip(settled, plain, strict=True):
            told = (now.proposer, now.held, now.rehearsed, now.cancelled, now.recent_normal, now.forked)
            assert told == (then.proposer, then.held, then.rehearsed, then.cancelled, then.recent_normal, frozenset())
            assert gone.key in now.bad_keys
    finally:
        story.other = before
        store.close()
