"""A window that starts imports what its first picture shows, and everything else once it is there to be seen."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from console.runtime.paths import ProfilePaths
from console.services.record import start_record

_STARTS = """
import json, sys, time
from pathlib import Path
from PySide6.QtCore import QSettings
from console.runtime.paths import ProfilePaths
from console.ui.start import Windows, application
app = application()
windows = Windows(app, QSettings(sys.argv[2], QSettings.Format.IniFormat))
windows.open(ProfilePaths(Path(sys.argv[1])))
from PySide6.QtWidgets import QLabel, QToolButton
opened = windows.opened[-1]
told = {"first": sorted(sys.modules)}
def said():
    seen = [one for kind in (QLabel, QToolButton) for one in opened.window.findChildren(kind)]
    return [one.text() for one in seen if one.isVisible()]
told["at first"] = said()
opened.window.painted.connect(lambda: told.update(painted=[one.name for one in opened.room.commands]))
until = time.monotonic() + 90
def ready():
    return opened.window.is_complete and opened.desk.engine is not None and opened.window.timeline.shows(None)
while not ready() and time.monotonic() < until:
    app.processEvents()
    time.sleep(0.002)
told |= {"at last": said(), "complete": [one.name for one in opened.room.commands], "ready": ready()}
import linecache
told |= {"kept": sorted(linecache.cache), "line": linecache.getline(linecache.__file__, 1)}
windows.end()
print(json.dumps(told))
"""
_READS = """
import json, sys
from pathlib import Path
from console.runtime.paths import ProfilePaths
from console.services.session import Session, nobody_asked
from console.viewmodels.desk import Desk
from console.viewmodels.shell import SHELL
with Session.open(ProfilePaths(Path(sys.argv[1])), nobody_asked) as session:
    desk = Desk(session)
    desk._post(session)
    assert desk.outlet.latest(SHELL) is not None
print(json.dumps(sorted(sys.modules)))
"""
# what no picture of a record needs: providers and what they stand on, exchange, dialogs, the board
_LATER = (
    "pydantic", "httpx", "keyring", "asyncio", "sqlite_utils", "click", "rich", "zoneinfo", "subprocess",
    "adapters.contract", "console.providers", "console.sync", "console.ui.board", "console.ui.wall",
    "console.ui.confirm", "console.ui.entry_dialogs", "console.ui.palette", "console.domain.chatlog",
    "console.services.approvals", "cryptography.hazmat.primitives.serialization",
)  # fmt: skip


@pytest.fixture
def profile(tmp_path) -> ProfilePaths:
    paths = ProfilePaths(tmp_path / "profile")
    start_record(paths, lambda _what, *, new=False: b"a passphrase to start with", name="Commander")
    return paths


def _run(code: str, *arguments: object) -> object:
    surroundings = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", code, *(str(one) for one in arguments)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=surroundings, timeout=200)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _among(loaded: list[str], names: tuple[str, ...]) -> list[str]:
    return [one for one in loaded if any(one == name or one.startswith(f"{name}.") for name in names)]


def test_a_start_imports_what_is_seen_and_the_rest_comes_after(profile, tmp_path) -> None:
    told = _run(_STARTS, profile.root, tmp_path / "window.ini")
    assert not _among(told["first"], _LATER)
    assert told["ready"]
    assert "write-note" in told["painted"]
    assert not {"correct", "wall"} & set(told["painted"])
    assert {"correct", "wall", "board", "redact"} <= set(told["complete"])
    known = {"Nothing is restricted", "Outbox empty", "Nothing is written yet", "No model is known yet."}
    assert not known & set(told["at first"])  # nothing is said to be so before it was read
    assert {"Reading the record ...", "Outbox not read yet", "Not read yet."} <= set(told["at first"])
    assert {"Nothing is restricted", "Outbox empty"} <= set(told["at last"])
    assert "Reading the record ..." not in told["at last"]
    assert not told["kept"], "the text of sources, which PySide reads, stays in memory"
    assert told["line"]


def test_a_record_without_corrections_is_shown_before_any_provider_is_imported(profile) -> None:
    loaded = _run(_READS, profile.root)
    assert not _among(loaded, ("pydantic", "httpx", "adapters.contract", "console.providers", "asyncio", "PySide6"))
