"""A roster that the consoles' door would refuse is refused by the stand-alone verifier as well, whoever signed it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from console.domain.forms import PersonKey, RevokedKey, Roster
from console.exports import names
from console.exports.bundle import export_bundle
from console.exports.check import check_bundle
from console.exports.evidence import Wrong
from console.journal.values import Draft
from console.keys import canon, sshsig
from console.keys.roster import read_roster
from console.keys.sshsig import roster_ns
from tests.exports.test_lying_exporter import seal
from tests.journal.world import INC, ORG, Key, World
from tests.kit.clock import FakeClock


def signed(world: World, roster: Roster, *keys: Key) -> tuple[bytes, dict[str, bytes]]:
    raw = canon.encode(roster.as_json())
    return raw, {key.public.fingerprint: key.sign(roster_ns(ORG), raw) for key in keys}


@pytest.fixture
def bundle(tmp_path: Path):
    """Three admins; version 2 revokes the second one's approver key. The bundle, the world, and what comes next."""
    world = World(members=3, folder=tmp_path)
    store = world.open("one")
    feed = world.person_feed(store)
    draft = Draft("incident.declared", inc=INC, pub={"severity": 2})
    store.write(lambda tx: tx.append(feed, draft, roster=world.ref))
    first, stolen, third = (member.approver for member in world.members)
    one = read_roster(world.rosters[-1][0])
    gone = (RevokedKey(key=stolen.public.fingerprint, good=()),)
    two = replace(one, n=2, prev=world.ref[1], created=10, revoked=gone)
    world.rosters.append(signed(world, two, first, third))
    store.write(lambda tx: tx.put_roster(*world.rosters[-1]))
    export_bundle(
        store, INC, tmp_path / "b", world.members[0].writer, person=world.members[0].person, clock=FakeClock()
    )
    store.close()
    check_bundle(tmp_path / "b")
    return tmp_path / "b", world, replace(two, n=3, prev=world.ref[1], created=11)


def refused(bundle: Path, world: World, raw: bytes, sigs: dict[str, bytes]) -> str:
    """Why its own verifier refuses the bundle with this version in it; the console's refuses it as well."""
    path = names.roster(3, canon.sha256_hex(raw))
    (bundle / path).write_bytes(raw)
    for key, sig in sigs.items():
        (bundle / names.roster_signature(path, key)).write_text(sshsig.armour(sig))
    seal(bundle, world.members[0])
    with pytest.raises(Wrong):
        check_bundle(bundle)
    done = subprocess.run(
        [sys.executable, "-I", "verify.py"], cwd=bundle, capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, done.stderr) == (1, "")
    return done.stdout


def test_a_revoked_key_signs_for_nobody(bundle) -> None:
    folder, world, three = bundle
    first, stolen, _ = (member.approver for member in world.members)
    assert "1 admins of version 3 signed it, 2 are needed" in refused(
        folder, world, *signed(world, three, first, stolen)
    )


def test_nor_does_one_that_was_not_valid_yet(bundle) -> None:
    folder, world, three = bundle
    early = Key("early")
    first = three.persons[0]
    key = PersonKey(key=early.public.line, use="approver", console=None, from_ms=100, to_ms=None)
    made = replace(three, persons=(replace(first, keys=(*first.keys, key)), *three.persons[1:]))
    sigs = signed(world, made, early, world.members[2].approver)
    assert "1 admins of version 3 signed it" in refused(folder, world, *sigs)


@pytest.mark.parametrize("what", ["drops", "changes hands", "stands twice", "older", "doubled person"])
def test_what_may_not_follow_is_refused_whoever_signs(bundle, what) -> None:
    folder, world, three = bundle
    mine, theirs, third = three.persons
    match what:
        case "drops":
            made, why = replace(three, revoked=()), "it drops a revocation"
        case "changes hands":
            swapped = (replace(mine, keys=(mine.keys[0], theirs.keys[1])), replace(theirs, keys=theirs.keys[:1]), third)
            made, why = replace(three, persons=swapped), "a key changes hands or use"
        case "stands twice":
            made = replace(three, persons=(replace(mine, keys=(*mine.keys, third.keys[1])), theirs, third))
            why = "one key stands in it twice"
        case "older":
            made, why = replace(three, created=9), "it is older than the one it follows"
        case _:
            made, why = replace(three, persons=(*three.persons, mine)), "a person stands in it twice"
    everybody = [member.approver for member in world.members]
    assert why in refused(folder, world, *signed(world, made, *everybody))
