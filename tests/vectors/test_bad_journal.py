"""Every way a journal was damaged is found, and named in the sentence that stands in its vector."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from console.journal.verify import Wrong
from tests.vectors import generate_bad

ROOT = Path(__file__).resolve().parents[2]
NAMES = sorted(path.stem for path in generate_bad.HERE.glob("*.json") if path != generate_bad.SOUND)


@pytest.fixture(scope="module")
def sound():
    return json.loads(generate_bad.SOUND.read_bytes())


@pytest.fixture(scope="module")
def template(tmp_path_factory, sound):
    folder = tmp_path_factory.mktemp("vectors") / "sound"
    generate_bad.build(folder, sound)
    return folder


def test_the_undamaged_one_holds(template, tmp_path):
    generate_bad.damage(template, tmp_path / "copy", [])
    assert generate_bad.judged(tmp_path / "copy") is None


@pytest.mark.parametrize("name", NAMES)
def test_the_damage_is_named(name, template, tmp_path):
    vector = json.loads((generate_bad.HERE / f"{name}.json").read_bytes())
    generate_bad.damage(template, tmp_path / "bad", vector["edits"])
    assert vector["says"] is not None
    assert generate_bad.judged(tmp_path / "bad") == Wrong(**vector["says"])


def test_the_vectors_are_what_the_generator_makes():
    command = [sys.executable, "-m", "tests.vectors.generate_bad", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_column_is_flipped_or_has_its_reason(sound):
    flipped = {name.removeprefix("flipped-") for name in NAMES if name.startswith("flipped-")}
    for table, rows in sound["rows"].items():
        for column in rows[0]:
            name = f"{table}.{column}"
            assert (name in generate_bad.LOCAL) != (name.replace(".", "-").replace("_", "-") in flipped), name


def test_the_command_says_it_and_ends_with_1(template, tmp_path):
    from console.runtime.settings import ProfileSettings, write_settings

    vector = json.loads((generate_bad.HERE / "signature-swapped.json").read_bytes())
    for folder, edits in (("good", []), ("bad", vector["edits"])):
        generate_bad.damage(template, tmp_path / folder, edits)
        settings = ProfileSettings(org=generate_bad.ORG, world="real", person="p-x", console="c-x", name="commander")
        write_settings(tmp_path / folder / "profile.toml", settings)
    said = {}
    for folder in ("good", "bad"):
        done = subprocess.run(
            [sys.executable, "-m", "console", "verify", str(tmp_path / folder)],
            cwd=ROOT, capture_output=True, text=True, check=False,
            timeout=300,
        )  # fmt: skip
        said[folder] = (done.returncode, done.stdout, done.stderr)
    assert said["good"][0] == 0, said["good"]
    assert said["good"][1].startswith("The profile's journal holds: ")
    code, out, err = said["bad"]
    assert (code, out) == (1, "")
    where, why = vector["says"]["where"], vector["says"]["why"]
    assert err == (
        f"The journal does not hold: {where}: {why}. Keep the folder as it is, stop writing here, "
        "and pull the record from a colleague or the sync place.\n"
    )
