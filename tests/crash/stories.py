"""Stories that are ended at every point, and what has to be true of what they leave.

    python -m tests.crash.stories PLACE [STORY,... [STRIDE [ROUNDS]]]

PLACE is a folder to play in (on a RAM disk it takes a minute); without STORY all are played at every point, and one is
killed at random ROUNDS times. What a story acknowledges it says aloud first. Not a test: a test's child.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

from console.journal.projections import Projections
from console.journal.store import JournalStore
from console.journal.values import Draft
from console.journal.verified import path_of, read_upto, write_upto
from console.journal.verify import verify_file, verify_profile
from console.keys import canon
from console.outbox import store as outbox
from console.outbox.item import Row
from console.runtime.clock import SystemClock
from console.runtime.ids import SystemEntropy
from console.runtime.paths import ProfilePaths
from console.runtime.settings import ProfileSettings, read_settings, write_settings
from console.sync.folder import FolderPlace
from console.sync.session import sync_once
from tests.crash.points import at_every_point, in_child
from tests.journal.world import INC, OP, ORG, World
from tests.kit.old_form import make_old

OLD = ProfileSettings(org=ORG, world="real", person="p-x", console="c-x", name="commander")
NEW = ProfileSettings(org=ORG, world="real", person="p-x", console="c-x", name="commander", places=("/a", "/b"))


def opened(folder: Path, name: str = "one", *, rosters: bool = False) -> tuple[World, JournalStore]:
    world = World(members=2, folder=folder)
    store = JournalStore.open(
        ProfilePaths(folder / name), SystemClock(), SystemEntropy(), parts=(outbox.OUTBOX,), genesis=world.genesis
    )
    if rosters:
        world.give_rosters(store)
    return world, store


def nothing(folder, say):
    pass


def begun(folder, say):
    """A founded profile with a line, and a place to sync with."""
    world, store = opened(folder, rosters=True)
    with store:
        feed = world.person_feed(store)
        note(world, store, feed, "before")
    (folder / "share").mkdir()
    write_settings(folder / "one" / "profile.toml", OLD)


def note(world, store, feed, text):
    draft = Draft("note", inc=INC, disclosures={"text": text})
    return store.write(lambda tx: tx.append(feed, draft, roster=world.ref))


# -- stories -----------------------------------------------------------------------------------------------------------


def found(folder, say):
    world, store = opened(folder, rosters=True)
    with store:
        feed = world.person_feed(store)
        say(f"entry {note(world, store, feed, 'first').id}")


def append(folder, say):
    world, store = opened(folder)
    with store:
        feed = world.person_feed(store)
        say(f"entry {note(world, store, feed, 'alone').id}")
        drafts = [Draft("note", inc=INC, disclosures={"text": f"group {n}"}) for n in range(3)]
        waiting = [store.transaction(lambda tx, d=d: tx.append(feed, d, roster=world.ref)) for d in drafts]
        for future in waiting:
            say(f"entry {future.result().id}")


def attach(folder, say):
    world, store = opened(folder)
    with store:
        feed = world.person_feed(store)
        raw = b"a photograph" * 1000

        def work(tx):
            sha = tx.put_blob(raw)
            draft = Draft("evidence", inc=INC, pub={"class": "open"}, disclosures={"blob": {"sha256": sha}})
            return sha, tx.append(feed, draft, roster=world.ref).id

        sha, ident = store.write(work)
        say(f"blob {sha}")
        say(f"entry {ident}")


def settle(folder, say):
    write_settings(folder / "one" / "profile.toml", NEW)
    say("settings")


def queue(folder, say):
    world, store = opened(folder)
    with store:
        feed = world.machine_feed(store)
        row = Row(doc="ab" * 32, target=0, op=OP, inc=INC, instance="g-x", direction="contain", by_hand=False,
                  state="queued", attempt=0, since_ms=1, decided_ms=1)  # fmt: skip

        def work(tx):
            pub = {"doc": row.doc, "target": 0, "attempt": 1, "requests": "ab" * 32, "step": "apply",
                   "pre": "same", "verdict": "approved"}  # fmt: skip
            outbox.enqueue(tx.connection, row)
            return tx.append(feed, Draft("dispatch.intent", inc=INC, subj=OP, pub=pub), roster=world.ref).id

        say(f"entry {store.write(work)}")
        say("queued")


def share(folder, say):
    world, store = opened(folder)
    with store:
        feed = world.person_feed(store)
        document = canon.encode({"type": "closing.v1", "org": ORG})

        def work(tx):
            sha = tx.put_document(document)
            pub = {"doc": sha, "doc_type": "closing.v1"}
            return tx.append(feed, Draft("document.proposed", pub=pub), roster=world.ref).id

        say(f"entry {store.write(work)}")
        sync_once(store, FolderPlace(folder / "share"), world.members[0].console)
        say("shared")
        say(f"entry {note(world, store, feed, 'after the first exchange').id}")
        sync_once(store, FolderPlace(folder / "share"), world.members[0].console)


def redact(folder, say):
    world, store = opened(folder)
    with store:
        feed = world.person_feed(store)
        stored = note(world, store, feed, "a name that has to go")
        store.write(lambda tx: tx.bury([(stored.id, list(stored.entry.sd))], "ab" * 32))
        say(f"redacted {stored.id}")
        store.scrub()


def index(folder, say):
    world, store = opened(folder)
    with store, Projections(store) as rows:
        rows.update()
        feed = world.person_feed(store)
        say(f"entry {note(world, store, feed, 'to be found').id}")
        rows.update()
        rows.rebuild()


def upgrade(folder, say):
    _, store = opened(folder)
    store.close()
    say("upgraded")


def of_an_earlier_version(folder, say):
    """The same profile as the first version kept it."""
    begun(folder, say)
    make_old(ProfilePaths(folder / "one"))


def remember(folder, say):
    _, store = opened(folder)
    with store:
        write_upto(path_of(store.paths), verify_profile(store).upto)
        say("verified")


# -- what has to be true afterwards ------------------------------------------------------------------------------------


def holds(folder: Path, said: list[str]) -> None:
    world, store = opened(folder, rosters=True)  # giving the rosters again changes nothing where they are
    with store:
        upto = read_upto(path_of(store.paths))
        report = verify_profile(store, at_least=upto)
        assert report.first_wrong is None, report.first_wrong
        assert verify_file(store) is None
        told = [line.split(" ") for line in said]
        entries = {one.id: one for one in store.reader().entries()}
        for ident in (words[1] for words in told if words[0] == "entry"):
            assert ident in entries, f"acknowledged and lost: {ident}"
            assert entries[ident].absent == 0
        for ident in (words[1] for words in told if words[0] == "redacted"):
            assert entries[ident].disclosed == {}
        for sha in (words[1] for words in told if words[0] == "blob"):
            assert store.reader().blob(sha) is not None, f"acknowledged and lost: {sha}"
        for one in entries.values():  # nothing half: an entry has its value, its file and its row, or it is not there
            if one.entry.kind == "note" and not one.disclosed:
                assert store.reader().tombstones()
            if one.entry.kind == "evidence":
                assert store.reader().blob(one.disclosed["blob"]["sha256"]) is not None
        with store.reader().snapshot() as connection:
            queued = outbox.load(connection)
        assert len(queued) == sum(one.entry.kind == "dispatch.intent" for one in entries.values())
        assert ("queued" in said) <= bool(queued)
        assert ("verified" in said) <= (0 < upto.entries <= len(entries))
        with Projections(store) as rows:
            rows.update()
            assert sum(tally.lines for tally in rows.shelf.tallies()) == len(entries)
        _settings_hold(folder, said)
        feed = world.person_feed(store)  # and it goes on
        note(world, store, feed, "after the end")
        assert verify_profile(store).first_wrong is None
        if (folder / "share").is_dir():
            _others_get(folder, world, store)


def _settings_hold(folder: Path, said: list[str]) -> None:
    path = folder / "one" / "profile.toml"
    if path.exists():
        found = read_settings(path)
        assert found == NEW or (found == OLD and "settings" not in said)


def _others_get(folder: Path, world: World, store: JournalStore) -> None:
    place = FolderPlace(folder / "share")
    assert sync_once(store, place, world.members[0].console).faults == ()
    for path in place.folder.rglob("*.seg"):
        assert canon.sha256_hex(path.read_bytes()) == path.stem.rpartition("-")[2]
    _, other = opened(folder, "two")
    with other:
        report = sync_once(other, place, world.members[1].console)
        assert report.faults == (), report.faults
        mine = {one.id: (one.raw, one.disclosed) for one in store.reader().entries()}
        assert {one.id: (one.raw, one.disclosed) for one in other.reader().entries()} == mine
        assert {name for name, *_ in other.reader().documents()} >= {name for name, *_ in store.reader().documents()}
        assert verify_profile(other).first_wrong is None


STORIES = {
    "found": (found, nothing),
    "append": (append, begun),
    "attach": (attach, begun),
    "settle": (settle, begun),
    "queue": (queue, begun),
    "share": (share, begun),
    "redact": (redact, begun),
    "index": (index, begun),
    "remember": (remember, begun),
    "upgrade": (upgrade, of_an_earlier_version),
}


# -- killed at random --------------------------------------------------------------------------------------------------


def everything(folder, say):
    """All stories, again and again, until somebody ends it."""
    while True:
        for story in (append, attach, settle, share, index, remember):
            story(folder, say)


def killed_at_random(place: Path, rounds: int, seed: int) -> list[str]:
    """SIGKILL at moments nobody chose, the same profile going on; what failed."""
    chance = random.Random(seed)
    folder, failures = place / "killed", []
    folder.mkdir(parents=True)
    if in_child(lambda: begun(folder, lambda _: None)):
        return ["it could not be prepared"]
    said: list[str] = []
    for number in range(rounds):
        said = said + _killed_once(folder, chance.uniform(0.01, 0.4))
        if in_child(lambda said=said: holds(folder, said)):
            failures.append(f"round {number} (seed {seed})")
            break
        shutil.rmtree(folder / "two", ignore_errors=True)
    return failures


def _killed_once(folder: Path, after_s: float) -> list[str]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            everything(folder, lambda text: os.write(writing, f"{text}\n".encode()))
        finally:
            os._exit(1)
    os.close(writing)
    time.sleep(after_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as told:
        return told.read().decode().split("\n")[:-1]


def main(place: str, names: str = ",".join(STORIES), stride: str = "1", rounds: str = "50") -> int:
    result: dict[str, object] = {}
    for name in filter(None, names.split(",")):
        story, prepare = STORIES[name]
        result[name] = at_every_point(Path(place) / name, story, prepare, holds, int(stride))
    if int(rounds):
        result["killed"] = killed_at_random(Path(place), int(rounds), int(time.time()))
    sys.stdout.write(json.dumps(result))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
