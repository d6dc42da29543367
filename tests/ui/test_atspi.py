"""The confirmation through assistive technology, end to end: read, worked to the prompt, not signed by an action."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.kit.pair import passphrase
from tests.kit.screen import SYSTEM_PYTHON, screen, with_bus

pytestmark = [pytest.mark.screen, pytest.mark.timeout(400)]
ROOT = Path(__file__).resolve().parents[2]
NAME = "standdown-on-screen"
SHOW_AND_READ = """
import subprocess, sys
shown = subprocess.Popen([sys.argv[1], "-m", "tests.ui.screen_shown", sys.argv[2], sys.argv[3]])
sys.path.insert(0, sys.argv[4])
from pathlib import Path
from tests.kit.screen import wait_for
folder = Path(sys.argv[3])
wait_for(folder / "shown", shown)
with (folder / "read.json").open("wb") as out, (folder / "read.log").open("wb") as log:
    read = subprocess.run([sys.argv[5], "tests/ui/atspi_confirm.py", *sys.argv[6:]], stdout=out, stderr=log, timeout=99)
(folder / "end").touch()
raise SystemExit(read.returncode or shown.wait(30))
"""


@pytest.fixture(scope="module")
def told(founded, tmp_path_factory) -> dict[str, Any]:
    """What a screen reader found, and what was in the record afterwards."""
    folder = tmp_path_factory.mktemp("atspi")
    (folder / "run").mkdir(mode=0o700)
    with screen(folder) as env:
        words = [
            sys.executable, "-c", SHOW_AND_READ, sys.executable, str(founded), str(folder), str(ROOT), SYSTEM_PYTHON,
            NAME, passphrase("commander", "your approver key").decode(),
        ]  # fmt: skip
        made = subprocess.run(
            with_bus(words),
            env={
                **env, "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1", "PYTHONPATH": os.fspath(ROOT),
                "XDG_STATE_HOME": os.fspath(folder), "XDG_RUNTIME_DIR": os.fspath(folder / "run"),
            },
            cwd=ROOT, check=False, capture_output=True, text=True, timeout=380,
        )  # fmt: skip
    log = (folder / "read.log").read_text() if (folder / "read.log").exists() else ""
    assert made.returncode == 0, f"{made.stderr[-2000:]}\n{log[-2000:]}"
    found: dict[str, Any] = json.loads((folder / "read.json").read_text())
    return {**found, "records": json.loads((folder / "records").read_text())}


def test_headline_targets_weight_and_who_else_are_read(told):
    names = told["names"]
    assert "Ask support desk to act on the model at the vendor." in names
    assert "high" in names
    assert "Three reports." in names
    assert any(name.startswith("Target 1: by hand, ask support desk") for name in names)
    assert any("2 more persons have to sign." in name for name in names)
    assert any(name.startswith("Can sign now: ") for name in names)
    assert any(name.startswith("Digest in words: ") for name in names)
    assert any(name.startswith("Approve by: ") for name in names)


def test_an_action_does_not_hold_and_a_filled_in_value_does_not_count(told):
    assert told["hold role"] in {"push button", "button"}
    assert "sensitive" not in told["hold before"]
    assert told["filled in"].startswith("That was not typed")
    assert "sensitive" not in told["unlock while filled in"]
    assert told["after pressing it"].startswith("That was not typed")
    assert told["hold by an action"].startswith("Hold a button")


def test_keys_and_an_action_open_the_prompt(told):
    assert told["prompt"].startswith("Nothing is signed yet")
    assert told["secret role"] == "password text"
    assert "passphrase" not in told["secret text"]


def test_no_action_signs(told):
    assert told["sign"] == "Sign: approve"
    assert told["at the end"].startswith("Nothing is signed yet")
    assert told["records"] == []
