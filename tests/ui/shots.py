"""A picture of every screen in its states, light and dark, for a person to look at.

`python -m tests.ui.shots FOLDER [PART ...]`, a part being one of `PARTS`; without any, all of them.

Real windows on real profiles, offscreen: a drill on simulators, the same one with its estate gone, an empty record.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QWidget

from console.runtime.paths import ProfilePaths
from console.services import incidents
from console.services.practice import Practice
from console.services.record import start_record
from console.services.setup import PRACTICE_PASSPHRASE
from console.ui.firstrun import FirstRun
from console.ui.opened import OpenProfile
from console.ui.start import application
from console.ui.theme import Choice
from console.viewmodels.shell import NOW
from tests.kit.resting import rest
from tests.ui import screens, shots_in_force, shots_roster, shots_signing, shots_states
from tests.ui.shots_base import LOOKS, Shots, until

# a command, and what is on screen after it
DIALOGS = (
    "palette", "correct", "review", "declare", "severity", "phase", "status", "roles", "hand-over", "close", "lift",
    "undo", "cancel-correction", "record-by-hand", "watch-by-hand", "provider-add", "providers", "organisation",
    "copy-situation-for", "room-page", "export", "verify", "jump", "keys", "about", "policy", "callout", "list",
    "lists", "stages", "rotate", "break-glass", "glass", "extend", "assume-command", "clocks", "regimes", "checklist",
    "task", "carry", "take-in",
    "propose-again", "take-over", "refusals", "agreements", "redactions", "evidence-for", "next-update", "bypass",
    "envelopes", "letter", "adopt-record", "this-record",
)  # fmt: skip
_OFFLINE = ("review", "correct", "providers", "provider-add", "organisation", "watch-by-hand", "bypass")
_AT_MOST_S = 900.0
_LAPTOP = Path(__file__).with_name("laptop.json")


def main() -> int:
    """Everything, or some parts; the exit status: 1 where a picture is missing that `screens` wants."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    shots = Shots(application(), folder)
    with tempfile.TemporaryDirectory(prefix="standdown-shots-", ignore_cleanup_errors=True) as made:
        refused: list[str] = []
        for name in sys.argv[2:] or PARTS:
            if name == "sizes" and _LAPTOP.name not in os.environ["QT_QPA_PLATFORM"]:
                _on_a_laptop(folder)
            else:
                refused += PARTS[name](shots, Path(made) / name) or ()
    (folder / "shots.ini").unlink(missing_ok=True)
    print(f"{shots.count} pictures in {folder}")  # noqa: T201  a script's answer
    for line in refused:
        print(f"not open: {line}")  # noqa: T201  as above
    missing = [] if sys.argv[2:] else screens.missing(shots.seen)
    for kind, lines in (("means nothing", screens.meaningless()), ("MISSING", missing)):
        for line in lines if not sys.argv[2:] else ():
            print(f"{kind}: {line}")  # noqa: T201  as above
    return 1 if missing else 0


def _on_a_laptop(folder: Path) -> None:
    """A process has one screen: another one for what is too large for a small one."""
    surroundings = {**os.environ, "QT_QPA_PLATFORM": f"offscreen:configfile={_LAPTOP}"}
    command = [sys.executable, "-m", "tests.ui.shots", str(folder), "sizes"]
    subprocess.run(command, check=True, env=surroundings, timeout=_AT_MOST_S)


def first_run(shots: Shots, root: Path) -> list[str]:
    """The doors and what is behind each."""
    first = FirstRun(ProfilePaths(root), shots.look, lambda _paths, _done: None)  # type: ignore[arg-type,return-value]  # opens nothing here
    first.show()
    rest(300)
    shots.both(first, "first-doors")
    for door in ("alone", "practise", "found", "join"):
        first.page.doors[door].click() if hasattr(first.page, "doors") else None
        rest(300)
        shots.both(first, f"first-{door}")
        back = next(
            (one for one in first.findChildren(QWidget) if one.accessibleName() == "Back" and one.isVisible()), None
        )
        if door == "practise" or back is None:
            first.close()
            first = FirstRun(ProfilePaths(root.with_name(f"{root.name}-{door}")), shots.look, lambda _p, _d: None)  # type: ignore[arg-type,return-value]  # as above
            first.show()
            rest(200)
        else:
            back.click()
    first.close()
    return []


def empty(shots: Shots, root: Path) -> list[str]:
    """A record that somebody has just begun: nothing written, nothing connected."""
    paths = ProfilePaths(root)
    start_record(paths, lambda _what, new=False: b"a passphrase", name="Commander")
    opened = shots.open(paths)
    rest(2_500)
    shots.tabs(opened, "empty")
    refused = shots.dialogs(
        opened, ("correct", "providers", "provider-add", "organisation", "review", "unlock", "redactions"), "empty"
    )
    opened.room.doer.do(lambda _session: (_ for _ in ()).throw(OSError(28, "No space left on device", str(root))))
    rest(500)
    shots.both(opened.window, "error-timeline")
    opened.window.hide()
    opened.end()
    return refused


def drill(shots: Shots, root: Path) -> list[str]:
    """A practice: decided, sent, and then with its estate gone."""
    practice = Practice(root, reads_for_ms=500)
    paths = practice.begin(lambda _line: None)
    opened = shots.open(paths)
    try:
        opened.session.offer("your writer key", PRACTICE_PASSPHRASE.encode())
        opened.session.writer()
        practice.go()
        until(lambda: (now := opened.desk.outlet.latest(NOW)) is not None and now.standings)
        inc = opened.desk.inc
        incidents.write(opened.session, "decision", "Restrict the known keys first; the model stays up.", inc=inc)
        rest(6_000)
        shots.tabs(opened, "drill")
        refused = shots.dialogs(opened, DIALOGS, "drill")
        practice.stop()
        rest(16_000)
        shots.tabs(opened, "offline")
        refused += shots.dialogs(opened, _OFFLINE, "offline")
    finally:
        opened.window.hide()
        opened.end()
        practice.stop()
    return refused


def sizes(shots: Shots, root: Path) -> list[str]:
    """The same practice on a laptop's screen: high contrast, and the largest text on offer."""
    practice = Practice(root, reads_for_ms=500)
    paths = practice.begin(lambda _line: None)
    opened = shots.open(paths)
    try:
        opened.session.offer("your writer key", PRACTICE_PASSPHRASE.encode())
        opened.session.writer()
        practice.go()
        until(lambda: (now := opened.desk.outlet.latest(NOW)) is not None and now.standings)
        opened.window.resize(1366, 768)
        until(lambda: opened.room.commands.give("begin-plan") is None)  # its duties are read beside
        rest(5_000)
        for prefix, scale, looks in (
            ("laptop", 1.0, LOOKS), ("contrast", 1.0, ("high-contrast",)), ("large", 1.5, ("dark",)),
        ):  # fmt: skip
            shots.look.choose("dark", text_scale=scale)
            for tab in ("timeline", "board", "coverage", "review"):
                opened.window.show_tab(tab)
                rest(500)
                shots.both(opened.window, f"{prefix}-{tab}", looks)
            for name in ("review", "correct", "clocks", "checklist", "providers"):
                _dialog(shots, opened, name, prefix, looks)
            wall = shots.wall(opened, 1366, 768)
            shots.both(wall, f"{prefix}-wall", looks)
            wall.close()
    finally:
        shots.look.choose("dark", text_scale=1.0)
        opened.window.hide()
        opened.end()
        practice.stop()
    return []


def _dialog(shots: Shots, opened: OpenProfile, name: str, prefix: str, looks: tuple[Choice, ...]) -> None:
    before = set(shots.app.topLevelWidgets())
    opened.room.commands.give(name)
    rest(1_500)
    for window in shots.app.topLevelWidgets():
        if window not in before and window.isVisible():
            shots.both(window, f"{prefix}-dialog-{name}", looks)
            window.close()
    rest(100)


PARTS: dict[str, Callable[[Shots, Path], list[str] | None]] = {
    "first": first_run, "empty": empty, "drill": drill, "beginnings": shots_roster.beginnings,
    "inviting": shots_roster.inviting, "roster": shots_roster.pictures, "signing": shots_signing.pictures,
    "sizes": sizes, "force": shots_in_force.pictures, "normal": shots_states.normal, "reading": shots_states.reading,
    "upgrade": shots_states.upgrade,
}  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
