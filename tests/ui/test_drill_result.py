"""A drill's result enters the real record as the hash of its proven bundle; nothing else crosses over."""

from __future__ import annotations

import pytest

from console.domain.errors import WrongUse
from console.exports.evidence import Wrong
from console.keys import canon
from console.runtime.paths import ProfilePaths
from console.services import drill_result, exporting, incidents
from console.services.record import start_record
from console.services.session import Session
from console.ui.drill_result import DrillResultDialog
from tests.kit.pair import Asks
from tests.kit.rooms import room_of


@pytest.fixture
def real(tmp_path):
    paths = ProfilePaths(tmp_path / "real")
    start_record(paths, Asks("commander"), name="Commander")
    with Session.open(paths, Asks("commander")) as session:
        session.writer()
        yield session


@pytest.fixture
def bundle(tmp_path):
    """A drill's bundle as a folder, and its session."""
    paths = ProfilePaths(tmp_path / "drill")
    start_record(paths, Asks("commander"), name="Commander", world="drill")
    with Session.open(paths, Asks("commander")) as session:
        inc = str(incidents.declare(session, "a simulated model lies", 1, "SECRET-OF-THE-DRILL").entry.inc)
        exporting.export(session, inc, tmp_path / "b")
        yield tmp_path / "b", session


def test_the_manifests_hash_and_the_figures_are_recorded_once(real, bundle):
    path, drill = bundle
    made = drill_result.record(real, path, "contained in 4 minutes")
    sha = canon.sha256_hex((path / "manifest.sha256").read_bytes())
    stored = real.reader.entry(made.entry.id)
    assert stored.entry.pub == {"bundle": sha}
    text = str(stored.disclosed["text"])
    assert text.startswith(f"contained in 4 minutes\nDrill {drill.org}: ")
    assert text.endswith(f"not closed. Manifest {sha}.")
    assert "SECRET-OF-THE-DRILL" not in text
    with pytest.raises(WrongUse, match="already"):
        drill_result.record(real, path)


def test_what_does_not_hold_is_no_drills_or_is_practice_itself_is_refused(real, bundle, tmp_path):
    path, drill = bundle
    with pytest.raises(WrongUse, match="practice itself"):
        drill_result.record(drill, path)
    inc = str(incidents.declare(real, "real", 1).entry.inc)
    exporting.export(real, inc, tmp_path / "r")
    with pytest.raises(WrongUse, match="real organisation"):
        drill_result.record(real, tmp_path / "r")
    victim = path / "README.txt"
    victim.write_bytes(victim.read_bytes() + b"x")
    with pytest.raises(Wrong):
        drill_result.record(real, path)
    assert real.reader.entries(kinds=("drill.result",)) == []


def test_in_the_window(qtbot, look, real, bundle):
    path, _ = bundle
    with room_of(real, look) as room:
        made = DrillResultDialog(room, None)
        made.show()
        assert made.why_not() == "Choose the drill's bundle."
        made.path.edit.setText(str(path))
        made.text.setPlainText("no fallback was ready")
        with qtbot.waitSignal(made.accepted, timeout=60_000):
            made.go.click()
    (stored,) = real.reader.entries(kinds=("drill.result",))
    assert str(stored.disclosed["text"]).startswith("no fallback was ready\nDrill d-")
