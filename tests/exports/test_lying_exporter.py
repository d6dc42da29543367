"""The exporter holds the key that signs the manifest, and still cannot make the bundle say what was never signed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from console.exports import names
from console.exports.bundle import export_bundle
from console.exports.check import check_bundle
from console.exports.evidence import Wrong
from console.journal.values import Draft
from console.keys import canon, sshsig
from tests.journal.world import INC, ORG, World
from tests.kit.clock import FakeClock


@pytest.fixture
def bundle(tmp_path):
    world = World(members=2, folder=tmp_path)
    store = world.open("one")
    feed = world.person_feed(store)
    store.write(
        lambda tx: [
            tx.append(feed, draft, roster=world.ref)
            for draft in (
                Draft("incident.declared", inc=INC, pub={"severity": 2}, disclosures={"title": "it lies"}),
                Draft("note", inc=INC, disclosures={"text": "the truth"}),
                Draft("note", inc=INC, disclosures={"text": "the last word"}),
            )
        ]
    )
    member = world.members[0]
    export_bundle(store, INC, tmp_path / "b", member.writer, person=member.person, clock=FakeClock())
    store.close()
    check_bundle(tmp_path / "b")
    return tmp_path / "b"


def seal(bundle, member):
    files = {p.relative_to(bundle).as_posix(): p.read_bytes() for p in bundle.rglob("*") if p.is_file()}
    listed = sorted(set(files) - {names.MANIFEST, names.MANIFEST_SIG})
    manifest = "".join(f"{canon.sha256_hex(files[p])}  {p}\n" for p in listed).encode()
    (bundle / names.MANIFEST).write_bytes(manifest)
    signature = member.writer.sign(sshsig.bundle_ns(ORG), manifest)
    (bundle / names.MANIFEST_SIG).write_text(sshsig.armour(signature))


def refused(bundle, why):
    seal(bundle, World(members=2).members[0])
    with pytest.raises(Wrong, match=why):
        check_bundle(bundle)
    return subprocess.run(
        [sys.executable, "-I", "verify.py"], cwd=bundle, capture_output=True, text=True, check=False, timeout=300
    )


def last_entry(bundle):
    return max(path for path in (bundle / "entries").rglob("*.json"))


def test_another_value_for_the_same_entry(bundle):
    values = bundle / names.values(last_entry(bundle).relative_to(bundle).as_posix())
    values.write_text(canon.make_disclosure(b"s" * 16, "text", "a lie") + "\n")
    assert "not among the digests" in refused(bundle, "not among the digests").stdout


def test_another_text_in_an_entry(bundle):
    path = last_entry(bundle)
    raw = path.read_bytes().replace(b'"kind":"note"', b'"kind":"self"')
    path.unlink()
    signature = path.with_suffix(".sig")
    path = path.with_name(f"{path.name[:8]}-{canon.sha256_hex(raw)[:16]}.json")
    path.write_bytes(raw)
    signature.rename(path.with_suffix(".sig"))
    assert "does not hold" in refused(bundle, "the message or the signature was changed").stdout


def test_the_tail_cut_off(bundle):
    path = last_entry(bundle)
    (bundle / names.values(path.relative_to(bundle).as_posix())).unlink()
    path.unlink()
    path.with_suffix(".sig").unlink()
    assert "which is missing" in refused(bundle, "exported up to number 3, which is missing").stdout


def test_an_entry_taken_out_of_the_middle(bundle):
    path = sorted((bundle / "entries").rglob("*.json"))[-2]
    (bundle / names.values(path.relative_to(bundle).as_posix())).unlink()
    path.unlink()
    path.with_suffix(".sig").unlink()
    assert "before it is missing" in refused(bundle, "the entry before it is missing").stdout


def test_a_segment_that_differs_from_the_files(bundle):
    (segment,) = bundle.rglob("segment.seg")
    segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:-1]))
    assert "same entries" in refused(bundle, "does not hold the same entries").stdout


def test_a_roster_that_too_few_admins_signed(bundle):
    raw, sigs = World(members=2).make_roster(created=5)
    sha = canon.sha256_hex(raw)
    (bundle / "roster" / f"2-{sha}.json").write_bytes(raw)
    for count, (key, sig) in enumerate(sigs.items()):
        assert f"{count} admins" in refused(bundle, f"{count} admins of version 2 signed it, 2 are needed").stdout
        (bundle / names.roster_signature(names.roster(2, sha), key)).write_text(sshsig.armour(sig))


def test_a_readable_page_that_says_something_else(bundle):
    page = bundle / names.HTML
    page.write_text(page.read_text(encoding="utf-8").replace("the truth", "a lie"), encoding="utf-8")
    done = refused(bundle, r"timeline\.html: it is not what the signed entries give")
    assert done.returncode == 0  # which is why the page itself says that it is a reading aid


def test_a_file_nobody_asked_for(bundle):
    (bundle / "extra.txt").write_text("x")
    assert "no such file" in refused(bundle, "a bundle has no such file").stdout
