from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import zipfile

import pytest

from console.domain.errors import WrongUse
from console.exports import names
from console.exports.bundle import export_bundle
from console.exports.check import NoBundle, check_bundle
from console.exports.evidence import Wrong, read_json
from console.exports.readme import commands
from console.journal.values import Draft
from console.keys.canon import sha256_hex
from tests.journal.world import INC
from tests.kit.plainserver import PlainEstate
from tests.kit.scene import Scene, plane_at


@pytest.fixture(scope="session")
def played(tmp_path_factory):
    """One incident with a dispatched block and hostile text, exported as folder and zip."""
    folder = tmp_path_factory.mktemp("bundle")

    async def story():
        async with PlainEstate() as estate:
            scene = Scene(folder / "profile", estate.url)
            try:
                scene.say(0, Draft("note", inc=INC, disclosures={"text": "=HYPERLINK(1)<script>alert(1)</script>\nאב"}))
                scene.say(
                    1,
                    Draft("knowledge.fact", inc=INC, pub={"since_ms": 5}, disclosures={"text": "it lies since May"}),
                )
                words = {"text": "Keep <b>logs</b>. Owner: Expert. Due 2026-12-01 12:00 UTC."}
                task = scene.say(0, Draft("task", inc=INC, disclosures=words))
                scene.say(1, Draft("task", inc=INC, pub={"of": [task.id]}, disclosures={"text": "Done: on paper"}))
                words = {"text": "AI Office, reference 88"}
                scene.say(0, Draft("notification", inc=INC, pub={"regime": "eu-gpai"}, disclosures=words))
                blob = scene.store.write(lambda tx: tx.put_blob(b"a transcript"))
                scene.say(
                    0,
                    Draft(
                        "evidence", inc=INC, pub={"class": "open"},
                        disclosures={"blob": {"name": "t.txt", "sha256": blob, "size": 12}},
                    ),
                )  # fmt: skip
                scene.say(
                    0, Draft("note", inc=INC, pub={"privileged": True}, disclosures={"text": "advice of counsel"})
                )
                scene.block("k")
                outbox = scene.outbox(plane_at(scene.url))
                await outbox.run(deadline_ms=scene.clock.boot_ms() + 60_000)
                member = scene.members[0]
                for name in ("b", "b.zip"):
                    done = export_bundle(
                        scene.store, INC, folder / name, member.writer, person=member.person, clock=scene.clock
                    )
                    assert done.warnings == ()
                return scene.genesis
            finally:
                await scene.aclose()

    genesis = asyncio.run(story())
    return folder, genesis


@pytest.fixture
def bundle(played, tmp_path):
    shutil.copytree(played[0] / "b", tmp_path / "b")
    return tmp_path / "b"


def test_folder_and_zip_hold(played):
    folder, genesis = played
    for name in ("b", "b.zip"):
        report = check_bundle(folder / name, genesis)
        assert report.decisions == 1
        assert report.genesis_compared
        assert not report.closed
    assert check_bundle(folder / "b").genesis_compared is False


def test_another_genesis_is_refused(played):
    with pytest.raises(Wrong, match=r"bundle\.json: it names genesis"):
        check_bundle(played[0] / "b", "0" * 64)


def run_verify(folder, *more):
    return subprocess.run(
        [sys.executable, "-I", "verify.py", *more],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_its_own_verifier_holds_it_without_our_software(bundle, played):
    done = run_verify(bundle, "--genesis", played[1])
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("HOLDS")
    assert "1 decisions" in done.stdout
    assert run_verify(bundle, "--genesis", "0" * 64).returncode == 1


def test_every_command_of_the_readme_runs_as_it_stands(bundle):
    found = commands((bundle / names.README).read_text(encoding="utf-8"))
    assert len(found) > 10
    for command in found:
        done = subprocess.run(
            ["sh", "-c", command], cwd=bundle, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def test_every_file_fails_when_one_byte_is_flipped(bundle):
    for path in sorted(bundle.rglob("*")):
        if path.is_file():
            raw = path.read_bytes()
            at = len(raw) // 2
            path.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
            with pytest.raises(Wrong) as wrong:
                check_bundle(bundle)
            said = wrong.value.file
            # a flip inside the manifest shows at the file whose line no longer fits
            assert path.name == names.MANIFEST or said == path.relative_to(bundle).as_posix()
            path.write_bytes(raw)
    check_bundle(bundle)


def reseal(bundle):
    """What an outsider can do: make the manifest fit again, without the exporter's key."""
    files = {p.relative_to(bundle).as_posix(): p.read_bytes() for p in bundle.rglob("*") if p.is_file()}
    listed = sorted(set(files) - {names.MANIFEST, names.MANIFEST_SIG})
    (bundle / names.MANIFEST).write_bytes("".join(f"{sha256_hex(files[p])}  {p}\n" for p in listed).encode())


@pytest.mark.parametrize("pattern", ["entries/*/*.json", "entries/*/*.sig", "disclosures/entries/*/*.txt", "actions/*"])
def test_a_resealed_lie_fails_by_its_own_signature(bundle, pattern):
    path = min(bundle.glob(pattern))
    raw = path.read_bytes()
    at = len(raw) // 2
    path.write_bytes(raw[:at] + (b"A" if raw[at : at + 1] != b"A" else b"B") + raw[at + 1 :])
    reseal(bundle)
    with pytest.raises(Wrong):
        check_bundle(bundle)
    done = run_verify(bundle)
    assert done.returncode == 1, done.stdout
    assert done.stdout.startswith("WRONG")


def test_a_cut_tail_shows(bundle):
    feed = next((bundle / "entries").iterdir())
    last = max(feed.glob("*.json"))
    for path in (last, last.with_suffix(".sig"), bundle / "disclosures" / "entries" / feed.name / f"{last.stem}.txt"):
        path.unlink(missing_ok=True)
    reseal(bundle)
    with pytest.raises(Wrong):
        check_bundle(bundle)


def test_hostile_text_is_text(bundle):
    page = (bundle / names.HTML).read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "Content-Security-Policy" in page
    assert "advice of counsel" not in page
    sheet = (bundle / names.CSV).read_text(encoding="utf-8")
    assert "=HYPERLINK" in sheet
    assert ",=" not in sheet
    assert '"=' not in sheet
    assert "privileged" in (bundle / names.REDACTIONS).read_text(encoding="utf-8")
    assert "What is not in here" in page


def test_the_page_looks_back_from_the_entries_alone(bundle):
    page = (bundle / names.HTML).read_text(encoding="utf-8")
    assert "First fact, 1970-01-01 00:00:00 UTC, by " in page
    assert "Reported: eu-gpai, 20" in page
    assert "First authorised (quorum met) to first observed to be enforced: 0 min " in page
    assert "First fact to report: eu-gpai: " in page
    assert "Keep &lt;b&gt;logs&lt;/b&gt;. [Expert; until 2026-12-01 12:00:00 UTC]: done 20" in page
    assert "Nothing of the kind was recorded." in page, "nothing failed"


def test_the_zip_is_the_folder(played, tmp_path):
    folder, _ = played
    with zipfile.ZipFile(folder / "b.zip") as archive:
        assert archive.namelist() == sorted(archive.namelist())
        archive.extractall(tmp_path / "x")
    check_bundle(tmp_path / "x")


def test_nothing_is_written_over(played, tmp_path):
    with pytest.raises(WrongUse):
        export_bundle(None, INC, played[0] / "b", None, person="", clock=None)


def test_what_is_no_bundle_gets_one_sentence(tmp_path):
    (tmp_path / "x.zip").write_bytes(b"hello")
    with pytest.raises(NoBundle, match="not a readable zip"):
        check_bundle(tmp_path / "x.zip")
    with pytest.raises(NoBundle, match="no such file"):
        check_bundle(tmp_path / "none.zip")
    (tmp_path / "empty").mkdir()
    with pytest.raises(Wrong, match="no complete bundle"):
        check_bundle(tmp_path / "empty")


def zip_of(path, *members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data, mode in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return path


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ([("../README.txt", b"x", 0o100644)], "no such file"),
        ([("/README.txt", b"x", 0o100644)], "no such file"),
        ([("README.txt", b"x", 0o120777)], "link"),
        ([("README.txt/", b"", 0o40755)], "no such file"),
        ([("readme.txt", b"x", 0o100644)], "no such file"),
        (
            [("\x1b]0;HOLDS\x07\u202e", b"x", 0o100644)],
            r"<U\+001B>\]0;HOLDS<U\+0007><U\+202E>: a bundle has no such file",
        ),
    ],
)
def test_hostile_zips_are_refused(tmp_path, members, why):
    with pytest.raises(Wrong, match=why):
        check_bundle(zip_of(tmp_path / "x.zip", *members))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_is_refused(tmp_path):
    one = ("README.txt", b"x", 0o100644)
    with pytest.raises(Wrong, match="twice"):
        check_bundle(zip_of(tmp_path / "x.zip", one, one))


def test_a_zip_bomb_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr("console.exports.check.MAX_FILE_BYTES", 1000)
    with pytest.raises(Wrong, match="too large"):
        check_bundle(zip_of(tmp_path / "x.zip", ("README.txt", b"\0" * 100_000, 0o100644)))


def test_a_link_in_a_folder_is_refused(bundle):
    (bundle / names.KRL).unlink()
    (bundle / names.KRL).symlink_to("/dev/zero")
    with pytest.raises(Wrong, match="link"):
        check_bundle(bundle)


def test_what_lies_in_the_folder_besides_is_refused_unread_and_its_name_is_harmless(bundle):
    (bundle / "x\x1b[2J\r.py").symlink_to("/dev/zero")
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-I", "verify.py"], cwd=bundle, capture_output=True, text=True, check=False, timeout=60
        )
        assert (done.returncode, done.stderr) == (1, "")
        assert done.stdout.startswith("WRONG  x<U+001B>[2J<U+000D>.py: ")
        (bundle / "x\x1b[2J\r.py").unlink()
        (bundle / "x\x1b[2J\r.py").write_bytes(b"x")


def test_its_verifier_runs_nothing_that_lies_beside_it(bundle):
    """An auditor who puts a verifier they trust into the folder runs that, and no module that came with the bundle."""
    for name in ("argparse", "json", "hashlib", "tempfile", "console"):
        (bundle / f"{name}.py").write_text("print('HOLDS  everything'); import os; os._exit(0)\n")
    for options in ((), ("-I",)):
        done = subprocess.run(
            [sys.executable, *options, "verify.py"], cwd=bundle, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 1
        assert done.stdout.startswith("WRONG  argparse.py: a bundle has no such file")


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("entries/x.json", 64 * 1024),
        ("actions/x.json", 256 * 1024),
        ("roster/x.json", 256 * 1024),
        (names.ABOUT, 1 << 24),
    ],
)
def test_more_than_an_entry_or_a_document_may_be_is_refused_unread(path, limit):
    with pytest.raises(Wrong, match="longer than"):
        read_json({path: b"[" * limit + b"]"}, path)
    with pytest.raises(Wrong, match="not JSON"):
        read_json({path: b"[" * limit}, path)
