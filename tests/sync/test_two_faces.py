"""A share that shows each console another face of one feed: heads in entries give it away, another way shows both."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from console.journal.values import Draft
from console.sync.folder import FolderPlace
from console.sync.session import sync_once
from console.sync.unseen import GRACE_MS, unseen
from tests.journal.world import INC, World
from tests.kit.clock import START_WALL_MS, FakeClock


class Faces:
    """One writer whose profile was copied and went on twice; two colleagues; a share with a face for each."""

    def __init__(self, folder: Path) -> None:
        self.world, self.folder = World(members=3, folder=folder), folder
        self.clock = FakeClock()
        self.face = {name: FolderPlace(folder / name) for name in ("a", "b", "stick")}
        for place in self.face.values():
            place.folder.mkdir()
        self.stores = [self.world.open(f"console {number}", self.clock) for number in range(3)]
        self.writer = self.world.person_feed(self.stores[0], 0)
        self.say(0, "before")
        self.stores[0].close()
        shutil.copytree(folder / "console 0", folder / "copy")
        self.stores[0] = self.world.open("console 0", self.clock, rosters=False)
        self.copy = self.world.open("copy", FakeClock(START_WALL_MS + 1), rosters=False)
        self.sides = [self.say(0, "to one").id, self._say(self.copy, "to the other").id]
        self.meet(self.stores[0], 0, "a")
        self.meet(self.copy, 0, "b")

    def say(self, number: int, text: str):
        return self._say(self.stores[number], text, number)

    def _say(self, store, text: str, number: int = 0):
        feed = self.world.person_feed(store, number)
        draft = Draft("note", inc=INC, disclosures={"text": text})
        return store.write(lambda tx: tx.append(feed, draft, roster=self.world.ref))

    def meet(self, store, number: int, face: str):
        machine = (lambda: self.world.machine_feed(store, number)) if number else None
        return sync_once(store, self.face[face], self.world.members[number].console, machine)

    def show(self, number: int, face: str, other: str) -> None:
        """The share lets a colleague's own files through to the other face; what it hides it goes on hiding."""
        for facts in self.stores[number].reader().feeds():
            if facts.console == self.world.members[number].console:
                shutil.copytree(
                    self.face[face].folder / "v1" / facts.feed, self.face[other].folder / "v1" / facts.feed,
                    dirs_exist_ok=True,
                )  # fmt: skip

    def close(self) -> None:
        for store in (*self.stores, self.copy):
            store.close()


@pytest.fixture
def faces(tmp_path):
    made = Faces(tmp_path)
    yield made
    made.close()


def both_have_written(faces: Faces) -> None:
    for number, face in ((1, "a"), (2, "b")):
        faces.meet(faces.stores[number], number, face)
        faces.say(number, "I have read it")
        faces.meet(faces.stores[number], number, face)
    faces.show(1, "a", "b")
    faces.show(2, "b", "a")


def test_the_first_entry_after_a_meeting_cites_the_head_it_saw(faces):
    faces.meet(faces.stores[1], 1, "a")
    faces.say(1, "first")
    opened, second = faces.stores[1].reader().feed(faces.world.person_feed(faces.stores[1], 1).feed)
    assert faces.sides[0] in (*opened.entry.refs, *second.entry.refs)
    third = faces.say(1, "nothing new")
    assert third.entry.refs == ()


def test_the_next_exchange_says_that_a_colleague_sees_another_record(faces):
    both_have_written(faces)
    for number, face in ((1, "a"), (2, "b")):
        quiet = faces.meet(faces.stores[number], number, face)
        assert not [one for one in quiet.faults if "has seen" in one]  # it may only be late
    faces.clock.advance(GRACE_MS)
    for number, face, other, hidden in ((2, "b", 1, 0), (1, "a", 2, 1)):
        report = faces.meet(faces.stores[number], number, face)
        (said,) = [one for one in report.faults if "has seen" in one]
        assert said.startswith(
            f"Console ..{faces.world.members[other].console[-4:]} has seen an entry that is not here"
        )
        (one,) = unseen(faces.stores[number])
        assert one.ids == (faces.sides[hidden],)
        assert report.forks == ()


def test_by_another_way_both_faces_are_shown_and_proven_and_the_hint_ends(faces):
    both_have_written(faces)
    faces.clock.advance(GRACE_MS)
    for number, face in ((1, "a"), (2, "b")):
        faces.meet(faces.stores[number], number, face)
    faces.meet(faces.copy, 0, "stick")  # somebody brings the other half on a stick
    report = faces.meet(faces.stores[1], 1, "stick")
    (fork,) = report.forks
    assert (fork.feed, fork.seq) == (faces.writer.feed, 2)
    (proof,) = faces.stores[1].reader().entries(kinds=("fork.proof",))
    assert proof.entry.pub["ids"] == sorted(faces.sides)
    assert len(proof.disclosed["entries"]) == 2
    assert unseen(faces.stores[1]) == ()
    faces.meet(faces.stores[1], 1, "a")
    faces.show(1, "a", "b")
    faces.meet(faces.stores[2], 2, "b")  # the proof tells whoever only sees the other face
    told = faces.stores[2].reader().entries(kinds=("fork.proof",))
    assert told[0].id == proof.id
    assert all(faces.stores[2].reader().entry(side) is not None for side in faces.sides)
    assert unseen(faces.stores[2]) == ()
