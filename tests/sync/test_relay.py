"""What came by a stick goes on: any console relays what a place lacks of others, and is believed in nothing."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path

import pytest

from console.journal.values import Draft
from console.journal.verify import verify_profile
from console.keys import canon
from console.keys.sealed import seal
from console.sync import layout
from console.sync.folder import FolderPlace
from console.sync.own import take_back
from console.sync.session import sync_once
from tests.journal.world import INC, ORG, World
from tests.kit.traces import traces

SECRET = "Quetzalcoatl-7731-relayed-Xylophone"


class Three:
    """A, B and C: A and B meet by a stick only, B and C by a folder only."""

    def __init__(self, folder: Path) -> None:
        self.world = World(members=3, folder=folder)
        self.stores = [self.world.open(f"console {number}") for number in range(3)]
        self.places = {name: FolderPlace(folder / name) for name in ("stick", "share")}
        for place in self.places.values():
            place.folder.mkdir()
        self.feeds = [self.world.person_feed(store, number) for number, store in enumerate(self.stores)]

    def say(self, number: int, text: str, **more):
        draft = Draft("note", inc=INC, disclosures={"text": text}, **more)
        return self.stores[number].write(lambda tx: tx.append(self.feeds[number], draft, roster=self.world.ref))

    def sync(self, number: int, place: str):
        return sync_once(self.stores[number], self.places[place], self.world.members[number].console)

    def texts(self, number: int) -> list:
        return sorted(one.disclosed.get("text") for one in self.stores[number].reader().entries(kinds=["note"]))

    def relayed(self, place: str = "share", by: int = 1) -> list[str]:
        prefix = self.places[place].folder / "v1" / self.feeds[by].feed / "r"
        return sorted(one.name for one in prefix.iterdir()) if prefix.is_dir() else []

    def close(self) -> None:
        for store in self.stores:
            store.close()


@pytest.fixture
def three(tmp_path):
    made = Three(tmp_path)
    yield made
    made.close()


def by_stick(three: Three) -> None:
    three.sync(0, "stick")
    three.sync(1, "stick")


def test_what_came_by_a_stick_reaches_the_folder_and_everybody_who_meets_it(three):
    three.say(0, "by stick")
    document = canon.encode({"type": "closing.v1", "org": ORG})

    def work(tx):
        sha = tx.put_document(document)
        tx.append(three.feeds[0], Draft("document.proposed", pub={"doc": sha, "doc_type": "closing.v1"}),
                  roster=three.world.ref)  # fmt: skip
        blob = tx.put_blob(b"a photograph")
        tx.append(three.feeds[0], Draft("evidence", inc=INC, pub={"class": "open"},
                                        disclosures={"blob": {"sha256": blob}}), roster=three.world.ref)  # fmt: skip
        return sha, blob

    sha, blob = three.stores[0].write(work)
    by_stick(three)
    three.sync(1, "share")
    assert len(three.relayed()) == 2  # entries and values
    report = three.sync(2, "share")
    assert report.faults == ()
    assert three.texts(2) == ["by stick"]
    assert three.stores[2].reader().document(sha).raw == document
    assert three.stores[2].reader().blob(blob) == b"a photograph"
    assert verify_profile(three.stores[2]).ok
    for number in (1, 2):
        assert three.sync(number, "share").sent == 0  # again changes nothing
    assert three.relayed(by=2) == []  # what one relays another does not
    three.say(0, "later")
    by_stick(three)
    three.sync(1, "share")
    assert len(three.relayed()) == 2  # the former files went
    three.sync(2, "share")
    assert three.texts(2) == ["by stick", "later"]


def test_files_for_named_people_are_relayed_as_ciphertext_alone_and_held_ones_not_at_all(three):
    """A console that calls bytes encrypted which are not sends them nowhere, and nobody takes them in."""
    store, feed = three.stores[0], three.feeds[0]
    sealed = seal(b"what few may read", [three.world.members[2].writer.public])
    held = b"age-encryption.org/v1\nthough it is encrypted"
    shas = {}
    for name, kind, raw in (
        ("sealed", "need-to-know", sealed), ("clear", "need-to-know", SECRET.encode()), ("held", "held", held),
    ):  # fmt: skip

        def work(tx, name=name, kind=kind, raw=raw):
            shas[name] = tx.put_blob(raw)
            blob = {"sha256": shas[name], "size": len(raw)}
            draft = Draft("evidence", inc=INC, pub={"class": kind}, disclosures={"blob": blob})
            return tx.append(feed, draft, roster=three.world.ref)

        store.write(work)
    by_stick(three)
    for name in ("clear", "held"):
        assert three.stores[1].reader().blob(shas[name]) is None
    three.stores[1].write(lambda tx: (tx.put_blob(SECRET.encode()), tx.put_blob(held)))  # however they came there
    three.sync(1, "share")
    three.sync(2, "share")
    assert three.stores[2].reader().blob(shas["sealed"]) == sealed
    for name in ("clear", "held"):
        assert three.stores[2].reader().blob(shas[name]) is None
    folders = [place.folder for place in three.places.values()]
    assert traces(SECRET, *folders) == []
    share = three.places["share"]
    for name, raw in (("clear", SECRET.encode()), ("held", held)):
        share.create(layout.object_name(three.feeds[1].feed, shas[name]), raw)
    report = three.sync(2, "share")
    assert [fault for fault in report.faults if "for named people and not encrypted" in fault]
    assert three.stores[2].reader().blob(shas["clear"]) is None
    assert three.stores[2].reader().blob(shas["held"]) is None


def test_when_its_writer_comes_the_copies_go_and_nothing_is_lost(three):
    three.say(0, "one")
    by_stick(three)
    three.sync(1, "share")
    three.say(0, "two")
    assert three.sync(0, "share").faults == ()
    assert three.relayed() != []
    three.sync(1, "share")
    assert three.relayed() == []
    three.sync(2, "share")
    assert three.texts(2) == three.texts(1) == ["one", "two"]


def test_a_lost_place_is_filled_again_by_whoever_comes(three):
    for number in range(3):
        three.say(number, f"by {number}")
    for _ in range(2):
        for number in range(3):
            three.sync(number, "share")
    shutil.rmtree(three.places["share"].folder / "v1")
    three.sync(2, "share")
    newcomer = three.world.open("newcomer")
    try:
        sync_once(newcomer, three.places["share"], "c-" + "z" * 26)
        assert sorted(one.disclosed["text"] for one in newcomer.reader().entries(kinds=["note"])) == three.texts(2)
        assert three.texts(2) == ["by 0", "by 1", "by 2"]
    finally:
        newcomer.close()
    for number in (0, 1, 2):
        three.sync(number, "share")
    assert three.relayed(by=2) == []


@pytest.mark.parametrize("how", ["half", "junk", "gone"])
def test_what_lies_there_under_a_true_name_and_is_not_whole_is_relayed(three, how):
    three.say(0, "one")
    three.sync(0, "share")
    three.sync(0, "stick")
    (segment,) = (three.places["share"].folder / "v1" / three.feeds[0].feed / "e").iterdir()
    data = segment.read_bytes()
    three.sync(1, "stick")
    if how == "gone":
        segment.unlink()
    else:
        segment.write_bytes(data[: len(data) // 2] if how == "half" else b"x" * len(data))
    three.sync(1, "share")
    if how == "junk":  # the size is right and the bytes are not: told to whoever lacks them, who says so
        assert any("content is not what" in one for one in three.sync(2, "share").faults)
    three.sync(1, "share")
    three.sync(2, "share")
    assert three.texts(2) == (["one"] if how != "junk" else [])


def test_whoever_relays_is_believed_in_nothing(three):
    """B's files are changed in the place: entries of A that are not A's are refused, the rest goes on."""
    three.say(0, "true")
    by_stick(three)
    three.sync(1, "share")
    folder = three.places["share"].folder / "v1" / three.feeds[1].feed / "r"
    (segment,) = folder.glob("*.seg")
    first, second = segment.read_bytes().splitlines()
    raw = base64.b64decode(second.split(b'"')[3]).replace(b'"kind":"note"', b'"kind":"task"')
    forged = first + b"\n" + b'{"e":"' + base64.b64encode(raw) + b'","s":"' + second.split(b'"')[7] + b'"}\n'
    name = layout.relayed_name(three.feeds[1].feed, three.feeds[0].feed, 0, 1, canon.sha256_hex(forged))
    segment.unlink()
    (three.places["share"].folder / name).write_bytes(forged)
    report = three.sync(2, "share")
    assert any("line 2" in one for one in report.faults)
    assert three.texts(2) == []
    assert [one.entry.kind for one in three.stores[2].reader().entries() if one.feed == three.feeds[0].feed] == [
        "feed.open"
    ]
    three.sync(1, "share")  # and its own prefix is put right
    three.sync(2, "share")
    assert three.texts(2) == ["true"]
    assert not (three.places["share"].folder / name).exists()


def test_a_redacted_value_leaves_the_relayed_files_and_is_not_relayed_again(three):
    stored = three.say(0, SECRET)
    by_stick(three)
    three.sync(1, "share")
    assert traces(SECRET, three.places["share"].folder) != []
    three.stores[1].write(lambda tx: tx.bury([(stored.id, list(stored.entry.sd))], "ab" * 32))
    three.sync(1, "share")
    assert traces(SECRET, three.places["share"].folder) == []
    three.sync(2, "share")
    assert three.texts(2) == [None]
    by_stick(three)
    three.sync(1, "share")
    assert traces(SECRET, three.places["share"].folder) == []


def test_two_that_relay_at_once_do_no_harm_and_neither_takes_the_others_only_copy(three):
    three.say(0, "one")
    by_stick(three)
    three.sync(2, "stick")
    three.sync(1, "share")
    copies = three.places["share"].folder / "v1" / three.feeds[1].feed / "r"
    shutil.move(copies, copies.with_name("hidden"))
    three.sync(2, "share")  # it listed before B's files were there
    shutil.move(copies.with_name("hidden"), copies)
    for _ in range(2):
        three.sync(1, "share")
        three.sync(2, "share")
        assert three.relayed(by=1)
        assert three.relayed(by=2)
    three.say(0, "two")
    by_stick(three)
    for number in (1, 2, 1, 2):
        three.sync(number, "share")
    newcomer = three.world.open("newcomer")
    try:
        assert sync_once(newcomer, three.places["share"], "c-" + "z" * 26).faults == ()
        assert sorted(one.disclosed["text"] for one in newcomer.reader().entries(kinds=["note"])) == ["one", "two"]
    finally:
        newcomer.close()


def test_two_that_relay_do_not_leave_it_to_each_other(three):
    """Its writer lays half of it there; both see that at once, each with the other's whole copy beside."""
    secret = three.say(0, SECRET)
    three.sync(0, "share")
    share = three.places["share"].folder / "v1"
    half = share / three.feeds[0].feed
    shutil.move(half, share.parent / "half")
    three.say(0, "two")
    by_stick(three)
    three.sync(2, "stick")
    folders = [share / three.feeds[number].feed / "r" for number in (1, 2)]
    three.sync(1, "share")
    shutil.move(folders[0], share.parent / "hidden")
    three.sync(2, "share")
    shutil.move(share.parent / "hidden", folders[0])
    shutil.move(share.parent / "half", half)
    shutil.copytree(folders[0], share.parent / "as B left it")
    three.sync(1, "share")
    shutil.move(folders[0], share.parent / "as B is now")
    shutil.move(share.parent / "as B left it", folders[0])
    three.sync(2, "share")  # it saw B's former files
    shutil.rmtree(folders[0])
    shutil.move(share.parent / "as B is now", folders[0])
    newcomer = three.world.open("newcomer")
    try:
        assert sync_once(newcomer, three.places["share"], "c-" + "z" * 26).faults == ()
        assert sorted(one.disclosed["text"] for one in newcomer.reader().entries(kinds=["note"])) == [SECRET, "two"]
    finally:
        newcomer.close()
    for number in (1, 2, 0):
        three.stores[number].write(lambda tx: tx.bury([(secret.id, list(secret.entry.sd))], "ab" * 32))
        three.sync(number, "share")
    assert traces(SECRET, three.places["share"].folder) == []


def test_a_long_history_is_relayed_in_pieces(three, monkeypatch):
    monkeypatch.setattr("console.sync.compact.FLUSH_BYTES", 6_000)
    for n in range(20):
        three.say(0, f"n{n:02}")
    by_stick(three)
    three.sync(1, "share")
    assert len([one for one in three.relayed() if one.endswith(".seg")]) > 2
    three.sync(2, "share")
    assert three.texts(2) == [f"n{n:02}" for n in range(20)]


def test_both_sides_of_a_fork_are_relayed(three, tmp_path):
    three.say(0, "before")
    three.stores[0].close()
    shutil.copytree(tmp_path / "console 0", tmp_path / "copy")
    three.stores[0] = three.world.open("console 0", rosters=False)
    three.feeds[0] = three.world.person_feed(three.stores[0], 0)
    three.say(0, "to one")
    copy = three.world.open("copy", rosters=False)
    try:
        feed = three.world.person_feed(copy, 0)
        draft = Draft("note", inc=INC, disclosures={"text": "to the other"})
        copy.write(lambda tx: tx.append(feed, draft, roster=three.world.ref))
        sync_once(copy, three.places["stick"], three.world.members[0].console)
    finally:
        copy.close()
    by_stick(three)
    assert three.stores[1].reader().forks()
    three.sync(1, "share")
    three.sync(2, "share")
    assert three.stores[2].reader().forks() == three.stores[1].reader().forks()
    assert three.texts(2) == ["before", "to one", "to the other"]
    assert three.sync(1, "share").sent == 0
    copies = three.places["share"].folder / "v1" / three.feeds[1].feed / "r"
    shutil.move(copies, copies.with_name("hidden"))
    three.sync(2, "share")
    shutil.move(copies.with_name("hidden"), copies)
    for number in (1, 2):  # neither leaves it to the other
        three.sync(number, "share")
        assert three.relayed(by=number)


def test_a_machine_restored_whole_finds_its_own_entries_where_a_colleague_relays_them(three, tmp_path):
    three.stores[0].close()
    shutil.copytree(tmp_path / "console 0", tmp_path / "backup")
    three.stores[0] = three.world.open("console 0", rosters=False)
    three.feeds[0] = three.world.person_feed(three.stores[0], 0)
    later = three.say(0, "after the backup")
    by_stick(three)
    three.sync(1, "share")
    restored = three.world.open("backup", rosters=False)
    try:
        take_back(restored, [str(three.places["share"].folder)], three.world.members[0].console, patience_s=60.0)
        assert restored.reader().entry(later.id) is not None
        assert not restored.may_write(three.feeds[0].feed)  # a new feed continues it
    finally:
        restored.close()


def test_the_names_are_read_exactly():
    feed, by, sha = "a" * 64, "b" * 64, "c" * 64
    for values in (False, True):
        path = layout.relayed_name(by, feed, 3, 9, sha, values=values)
        name = layout.read_name(path)
        assert (name.feed, name.by, name.first, name.last, name.sha) == (feed, by, 3, 9, sha)
        assert name.family == ("disclosures" if values else "segment")
        for wrong in (path.replace("/r/", "/e/"), path.replace("3-9", "9-3"), path + "x", path.replace("3-", "03-")):
            assert layout.read_name(wrong) is None
