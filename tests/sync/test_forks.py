"""A forked feed is proven once in the own feed of whoever finds it, travels as such, and is said wherever one looks."""

from __future__ import annotations

import base64
import shutil

import pytest

from console.domain.errors import WrongUse
from console.journal.values import Draft
from console.journal.verify import verify_profile
from console.keys import canon, sshsig
from console.sync.folder import FolderPlace
from console.sync.forks import known_forks, write_proofs
from console.sync.session import sync_once
from tests.journal.world import INC, World
from tests.kit.clock import START_WALL_MS, FakeClock


class Three:
    """A console, its copy that went on by itself, and a colleague who meets both."""

    def __init__(self, folder):
        self.world = World(members=2, folder=folder)
        self.folder = folder
        self.places = []
        for name in ("share", "other"):
            (folder / name).mkdir()
            self.places.append(FolderPlace(folder / name))
        self.original, self.colleague = self.world.open("one"), self.world.open("two")
        self.machine = self.world.machine_feed(self.colleague, 1)
        self.feed = self.world.person_feed(self.original, 0)
        self.say(self.original, "before")

    def say(self, store, text, feed=None):
        draft = Draft("note", inc=INC, disclosures={"text": text})
        return store.write(lambda tx: tx.append(feed or self.feed, draft, roster=self.world.ref))

    def fork(self):
        """The copy and the original each write an entry with the same number, into two places."""
        shutil.copytree(self.folder / "one", self.folder / "copy")
        self.sides = [self.say(self.original, "original").id]
        with self.world.open("copy", rosters=False) as copy:
            self.sides.append(self.say(copy, "copy", self.world.person_feed(copy, 0)).id)
            sync_once(copy, self.places[1], self.world.members[0].console)
        sync_once(self.original, self.places[0], self.world.members[0].console)

    def meet(self, at, machine=True):
        console = self.world.members[1].console
        return sync_once(self.colleague, self.places[at], console, (lambda: self.machine) if machine else None)

    def proofs(self, store=None):
        return (store or self.colleague).reader().entries(kinds=("fork.proof",))

    def close(self):
        self.original.close()
        self.colleague.close()


@pytest.fixture
def three(tmp_path):
    made = Three(tmp_path)
    yield made
    made.close()


def test_a_fork_is_proven_once_and_said_every_time(three):
    three.fork()
    assert three.meet(0).forks == ()
    report = three.meet(1)
    (proof,) = three.proofs()
    assert proof.feed == three.machine.feed
    assert proof.entry.pub == {"feed": three.feed.feed, "seq": 2, "ids": sorted(three.sides)}
    (fork,) = report.forks
    assert (fork.feed, fork.seq, fork.author, fork.proof) == (three.feed.feed, 2, three.feed.author, proof.id)
    assert "has forked at number 2; the proof is in this console's feed" in " ".join(report.sentences)
    for at in (0, 1, 0):
        again = three.meet(at)
        assert again.forks == report.forks
    assert len(three.proofs()) == 1
    assert verify_profile(three.colleague).ok


def test_the_proof_carries_both_signed_entries(three):
    three.fork()
    three.meet(0)
    three.meet(1)
    (proof,) = three.proofs()
    sides = proof.disclosed["entries"]
    assert len(sides) == 2
    for side, ident in zip(sides, sorted(three.sides), strict=True):
        raw, sig = base64.b64decode(side["e"]), base64.b64decode(side["s"])
        assert canon.sha256_hex(raw) == ident
        sshsig.verify(three.feed.signer.public, three.feed.namespace, raw, sig)


def test_the_proof_travels_and_who_hears_it_shows_the_fork(three):
    three.fork()
    three.meet(0)
    three.meet(1)
    report = sync_once(three.original, three.places[1], three.world.members[0].console)
    assert three.proofs(three.original) or report.forks  # the copy's side, and the colleague's proof of it
    assert [one.seq for one in report.forks] == [2]


def test_without_a_key_the_fork_is_said_and_proven_later(three):
    three.fork()
    three.meet(0, machine=False)
    report = three.meet(1, machine=False)
    (fork,) = report.forks
    assert fork.proof is None
    assert "could not be written here yet" in fork.sentence

    def locked():
        raise WrongUse("The device key is locked.", "Unlock it.")

    console = three.world.members[1].console
    again = sync_once(three.colleague, three.places[1], console, locked)
    assert again.forks == report.forks
    assert write_proofs(three.colleague, console, lambda: three.machine) == 1  # found here, without any meeting
    assert write_proofs(three.colleague, console, lambda: three.machine) == 0
    (fork,) = known_forks(three.colleague, console)
    assert fork.proof is not None


def test_a_console_whose_own_feed_has_forked_says_so_in_a_new_one(three):
    world = three.world
    device = world.machine_feed(three.original, 0)
    shutil.copytree(three.folder / "one", three.folder / "copy")
    draft = Draft("roster.adopted", pub={"roster": list(world.ref)})
    three.original.write(lambda tx: tx.append(device, draft, roster=world.ref))
    with world.open("copy", FakeClock(START_WALL_MS + 1000), rosters=False) as copy:
        copy.write(lambda tx: tx.append(device, draft, roster=world.ref))
        sync_once(copy, three.places[1], world.members[0].console)
    console = world.members[0].console
    report = sync_once(three.original, three.places[1], console, lambda: device)
    (fork,) = report.forks
    assert (fork.feed, fork.seq) == (device.feed, 1)
    (proof,) = three.proofs(three.original)
    assert proof.feed != device.feed
    assert proof.entry.console == console
    sync_once(three.original, three.places[1], console, lambda: device)
    assert len(three.proofs(three.original)) == 1
    assert verify_profile(three.original).ok


def test_large_sides_are_named_and_not_carried(three, monkeypatch):
    monkeypatch.setattr("console.sync.forks._PROOF_BYTES", 100)
    three.fork()
    three.meet(0)
    three.meet(1)
    (proof,) = three.proofs()
    assert proof.entry.pub["ids"] == sorted(three.sides)
    assert proof.disclosed == {}


def test_what_was_said_before_the_fork_was_known_still_reaches_everybody(three):
    """A console that learns of its own fork has said things nobody heard yet: they do not count, and are not lost."""
    shutil.copytree(three.folder / "one", three.folder / "copy")
    with three.world.open("copy", rosters=False) as copy:
        three.say(copy, "copy", three.world.person_feed(copy, 0))
        sync_once(copy, three.places[0], three.world.members[0].console)
    unheard = [three.say(three.original, text).id for text in ("unheard", "unheard too")]
    sync_once(three.original, three.places[0], three.world.members[0].console)
    assert three.original.reader().forks() == {three.feed.feed: 2}
    three.meet(0)
    found = [three.colleague.reader().entry(ident) for ident in unheard]
    assert [one.disclosed["text"] for one in found] == ["unheard", "unheard too"]
    assert [one.standing for one in found] == ["forked", "forked"]
    before = sorted(path.name for path in three.places[0].folder.rglob("*"))
    assert sync_once(three.original, three.places[0], three.world.members[0].console).sent == 0
    assert sorted(path.name for path in three.places[0].folder.rglob("*")) == before
    (half,) = three.places[0].folder.rglob("0-3-*.seg")
    whole = half.read_bytes()
    half.write_bytes(whole[:-9])
    sync_once(three.original, three.places[0], three.world.members[0].console)
    assert half.read_bytes() == whole


def test_who_saw_one_side_only_stops_counting_it_when_a_colleague_proves_the_other(three):
    three.fork()  # the colleague meets both places; a third console meets the first one only
    three.meet(0)
    with three.world.open("third") as third:
        nobody = three.world.members[1].console
        sync_once(third, three.places[0], nobody)
        assert third.reader().entry(three.sides[0]).standing == "good"
        three.meet(1)
        three.meet(0)  # the proof comes to the first place
        sync_once(third, three.places[0], nobody)
        assert [third.reader().entry(ident).standing for ident in three.sides] == ["forked", "forked"]
        assert third.reader().forks() == {three.feed.feed: 2}


def test_a_proof_that_carries_rubbish_changes_nothing(three):
    draft = Draft(
        "fork.proof",
        pub={"feed": three.feed.feed, "seq": 1, "ids": ["ab" * 32, "cd" * 32]},
        disclosures={"entries": [1, {"e": "?"}, {"e": "?", "s": "?"}, {"e": "AAAA", "s": "AAAA"}, None]},
    )
    three.colleague.write(lambda tx: tx.append(three.machine, draft, roster=three.world.ref))
    before = {one.id for one in three.colleague.reader().entries()}
    three.meet(0)
    assert three.colleague.reader().forks() == {}
    assert before <= {one.id for one in three.colleague.reader().entries()}
