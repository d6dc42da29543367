"""The pictures of the manual, made anew: `python -m tests.ui.shots_manual [FOLDER]`; then look at them.

A practice like everybody's: a decision written, the proposal before its signer, handed over, and on the wall.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from PySide6.QtWidgets import QWidget

from console.services import incidents
from console.services.practice import Practice
from console.services.setup import PRACTICE_PASSPHRASE
from console.ui.opened import OpenProfile
from console.ui.start import application
from console.viewmodels.header import CONNECTIVITY
from console.viewmodels.shell import NOW
from tests.kit.resting import rest
from tests.ui.shots_base import Shots, until

_SCREENS = Path(__file__).parents[2] / "resources" / "manual" / "screens"
_DIALOGS = (("review", "confirm"), ("carry", "carry"))
_HEARD_MS = 2_000  # the share has been met too


def main() -> int:
    """All of them; the exit status."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else _SCREENS
    with tempfile.TemporaryDirectory(prefix="standdown-manual-", ignore_cleanup_errors=True) as made:
        shots = Shots(application(), Path(made))
        practice = Practice(Path(made) / "drill", reads_for_ms=500)
        opened = shots.open(practice.begin(lambda _line: None))
        try:
            _pictures(shots, opened, practice, folder)
        finally:
            opened.window.hide()
            opened.end()
            practice.stop()
    return 0


def _pictures(shots: Shots, opened: OpenProfile, practice: Practice, folder: Path) -> None:
    opened.session.offer("your writer key", PRACTICE_PASSPHRASE.encode())
    opened.session.writer()
    practice.go()
    until(lambda: (now := opened.desk.outlet.latest(NOW)) is not None and now.standings)
    text = "Restrict the known keys first; the model stays up."
    incidents.write(opened.session, "decision", text, inc=opened.desk.inc)
    until(lambda: _answers(opened))
    rest(_HEARD_MS)
    _keep(opened.window, folder / "main.png")
    for command, name in _DIALOGS:
        before = set(shots.app.topLevelWidgets())
        opened.room.commands.give(command)
        rest(4_000)
        for window in shots.app.topLevelWidgets():
            if window not in before and window.isVisible():
                _keep(window, folder / f"{name}.png")
                window.close()
        rest(100)
    wall = shots.wall(opened, 1920, 1080)
    _keep(wall, folder / "wall.png")
    wall.close()


def _answers(opened: OpenProfile) -> bool:
    """Whether every provider was heard."""
    links = opened.desk.outlet.latest(CONNECTIVITY)
    return links is not None and bool(links.providers) and all(one.state == "answers" for one in links.providers)


def _keep(widget: QWidget, path: Path) -> None:
    widget.grab().save(str(path))


if __name__ == "__main__":
    sys.exit(main())
