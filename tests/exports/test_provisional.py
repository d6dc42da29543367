from __future__ import annotations

import subprocess
import sys

from console.exports.bundle import export_bundle
from console.exports.check import check_bundle
from console.exports.readme import commands
from console.journal.store import JournalStore
from console.journal.values import Draft
from console.runtime.paths import ProfilePaths
from tests.journal.world import INC, ORG, World
from tests.kit.clock import FakeClock
from tests.kit.entropy import SeededEntropy


def test_a_record_of_one_person_is_exported_and_says_so(tmp_path):
    world = World(members=2)
    world.rosters = world.rosters[:1]
    clock, member = FakeClock(), world.members[0]
    with JournalStore.open(ProfilePaths(tmp_path / "p"), clock, SeededEntropy("p"), genesis=world.genesis) as store:
        world.give_rosters(store)
        feed = world.person_feed(store)
        drafts = [
            Draft("incident.declared", inc=INC, pub={"severity": 2}, disclosures={"title": "it lies"}),
            Draft(
                "correction.attested",
                inc=INC,
                pub={"doc": None, "target": None, "done_ms": 7, "direction": "contain", "category": "user"},
                disclosures={"name": "blocked K by hand"},
            ),
            Draft("lodging", disclosures={"text": "Letter for counsel. SHA-256 of its bytes: abc\n    rm -r x"}),
        ]
        for draft in drafts:
            store.write(lambda tx, draft=draft: tx.append(feed, draft, roster=world.ref))
            clock.advance(20 * 60_000)
        export_bundle(store, INC, tmp_path / "b", member.writer, person=member.person, clock=clock)
    report = check_bundle(tmp_path / "b", world.genesis)
    assert (report.org, report.closed) == (ORG, False)
    page = (tmp_path / "b" / "timeline.html").read_text(encoding="utf-8")
    for words in ("PROVISIONAL: ONE PERSON", "blocked K by hand", "Silence of 20 min", "person&#x27;s word alone"):
        assert words in page
    readme = (tmp_path / "b" / "README.txt").read_text(encoding="utf-8")
    assert readme.index("READ THIS FIRST") < readme.index("sha256sum")
    assert "PROVISIONAL: ONE PERSON" in readme
    assert "Letters the record says were lodged: 1." in readme
    assert "Letter for counsel. SHA-256 of its bytes: abc rm -r x\n" in readme  # no command of the README
    assert "Letters lodged" in page
    for command in commands(readme):
        done = subprocess.run(
            ["sh", "-c", command], cwd=tmp_path / "b", capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    done = subprocess.run(
        [sys.executable, "-I", "verify.py"],
        cwd=tmp_path / "b",
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_two_exports_of_one_moment_are_the_same_bytes(tmp_path):
    world = World(members=2, folder=tmp_path)
    store = world.open("one")
    feed = world.person_feed(store)
    draft = Draft("incident.declared", inc=INC, pub={"severity": 2})
    store.write(lambda tx: tx.append(feed, draft, roster=world.ref))
    member = world.members[0]
    for name in ("a.zip", "b.zip"):
        export_bundle(store, INC, tmp_path / name, member.writer, person=member.person, clock=FakeClock())
    store.close()
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
