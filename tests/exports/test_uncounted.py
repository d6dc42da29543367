"""Whoever stole a machine writes on with its keys: a bundle marks it, and no fact, decision or close rests on it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from console.domain.forms import RevokedKey
from console.exports import names
from console.exports.bundle import export_bundle
from console.exports.check import Report, check_bundle
from console.exports.evidence import Wrong
from console.journal.values import Draft
from tests.journal.world import INC, World
from tests.kit.clock import FakeClock

DECIDED = {
    "doc": "ab" * 32, "records": [], "policy": "cd" * 32, "now": 1, "clock": "trusted", "seen": [],
    "verdict": "approved",
}  # fmt: skip
SENT = {
    "doc": "ab" * 32, "target": 0, "attempt": 1, "requests": "cd" * 32, "step": "apply", "pre": "same",
    "verdict": "approved",
}  # fmt: skip


@pytest.fixture
def stolen(tmp_path: Path):
    """A record of two in which the second one's machine was stolen, and wrote on; its export on request."""
    world = World(members=2, folder=tmp_path)
    store = world.open("one")
    mine = world.person_feed(store)
    theirs, machine = world.person_feed(store, 1), world.machine_feed(store, 1)

    def say(feed, *drafts: Draft) -> list[tuple[str, int, str]]:
        made = store.write(lambda tx: [tx.append(feed, draft, roster=world.ref) for draft in drafts])
        return [(one.feed, one.seq, one.id) for one in made]

    say(mine, Draft("incident.declared", INC, pub={"severity": 2}, disclosures={"title": "it lies"}))
    (good,) = say(theirs, Draft("knowledge.fact", INC, pub={"since_ms": 5}, disclosures={"text": "it lies since May"}))
    say(
        theirs, Draft("knowledge.fact", INC, pub={"since_ms": 1}, disclosures={"text": "all of them knew"}),
        Draft("self-test", disclosures={"speaker": "The Commander"}), Draft("lodging", disclosures={"text": "nowhere"}),
    )  # fmt: skip
    say(machine, Draft("dispatch.intent", INC, "a-" + "0" * 26, SENT))
    for kind in ("dispatch.authorised", "closing.authorised", "redaction.authorised"):
        say(machine, Draft(kind, INC, "a-" + "0" * 26, {**DECIDED, "roster": list(world.ref)}))

    def export(name: str, *, revoked: bool) -> Path:
        if revoked:
            gone = [(world.members[1].writer, (good,)), (world.members[1].device, ())]
            keys = tuple(RevokedKey(key=key.public.fingerprint, good=good) for key, good in gone)
            raw, sigs = world.next_roster(revoked=keys)
            store.write(lambda tx: tx.put_roster(raw, sigs))
        one = world.members[0]
        export_bundle(store, INC, tmp_path / name, one.writer, person=one.person, clock=FakeClock())
        return tmp_path / name

    yield export
    store.close()


def test_what_a_stolen_machine_wrote_takes_nothing_of_the_proof(stolen) -> None:
    with pytest.raises(Wrong):
        check_bundle(stolen("before", revoked=False))
    bundle = stolen("after", revoked=True)
    report: Report = check_bundle(bundle)
    assert not report.closed
    assert any("8 entries do not count" in note for note in report.notes)
    assert any("4 decisions and sendings" in note for note in report.notes)
    done = subprocess.run(
        [sys.executable, "-I", "verify.py"], cwd=bundle, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout
    assert "do not count" in done.stdout


def test_the_page_tells_it_as_what_does_not_count_and_nowhere_else(stolen) -> None:
    page = (stolen("after", revoked=True) / names.HTML).read_text(encoding="utf-8")
    facts, timeline = page.split("<h2>Timeline</h2>")
    assert "it lies since May" in facts
    for words in ("all of them knew", "nowhere", "The Commander", "First authorised", "Closed by two"):
        assert words not in facts
    (row,) = (line for line in timeline.splitlines() if "all of them knew" in line)
    assert "[does not count: its key was revoked before]" in row
