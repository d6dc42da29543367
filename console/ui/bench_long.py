"""Figures of a long timeline: first page, jumps, frames and what it holds, in a process that does nothing else.

`python -m console.ui.bench_long PROFILE SETTINGS` prints them, one a line: name, value, unit, bar.
"""

from __future__ import annotations

import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Final

from console.ui.start import application  # before Qt, as a start by hand does

# isort: split
from PySide6.QtCore import QElapsedTimer, QSettings
from PySide6.QtWidgets import QApplication

from console.runtime.paths import ProfilePaths
from console.ui.bench_figures import Figure, p99, timed
from console.ui.opened import OpenProfile
from console.ui.theme import Look

_LONG: Final = 1000  # rows
_SETTLES_S: Final = 1.5
_ALL_THERE_S: Final = 60.0
_AT_MOST_S: Final = 600.0


def long_timeline(paths: ProfilePaths, settings: Path) -> list[Figure]:
    """Measured in a process of its own: what was measured before would be counted with what it holds."""
    command = [sys.executable, "-m", "console.ui.bench_long", str(paths.root), str(settings)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=_AT_MOST_S)
    parts = (line.split("\t") for line in done.stdout.splitlines())
    return [Figure(name, float(value), unit, float(bar)) for name, value, unit, bar in parts]


def main() -> int:
    """The child; its exit status."""
    app = application()
    settings = QSettings(sys.argv[2], QSettings.Format.IniFormat)
    opened = OpenProfile(ProfilePaths(Path(sys.argv[1])), Look(app, "dark"), settings, lambda: None)
    opened.window.show()
    try:
        figures = _measured(opened)
    finally:
        opened.window.hide()
        opened.end()
    for one in figures:
        print(one.name, one.value, one.unit, one.target, sep="\t")  # noqa: T201  its answer
    return 0


def _measured(opened: OpenProfile) -> list[Figure]:
    timeline, table = opened.window.timeline, opened.window.timeline.table
    model = table.model()
    clock = QElapsedTimer()
    while opened.desk.inc is None or not timeline.shows(opened.desk.inc):
        QApplication.processEvents()
    clock.start()
    while model.rowCount() < _LONG or model.index(model.rowCount() - 1, 0).data() == "reading":
        QApplication.processEvents()
    first = clock.nsecsElapsed() / 1e6
    while not timeline.whole:
        _rest()
    rows = model.rowCount()
    jumps = [timed(partial(_jump, opened, rows * (3 * number % 101) // 101)) for number in range(100)]
    frames: list[float] = []
    bar = table.verticalScrollBar()
    for at in range(200):
        bar.setValue((bar.maximum() // 200) * at)
        frames.append(timed(lambda: table.viewport().repaint()))
        _rest()
    _settle(opened)
    return [
        Figure(f"{rows:,} entries: first page", first, "ms", 50),
        Figure(f"{rows:,} entries: jump, 99th percentile", p99(jumps), "ms", 16),
        Figure(f"{rows:,} entries: frame, 99th percentile", p99(frames), "ms", 16),
        Figure(f"{rows:,} entries: resident", _resident_mib(), "MiB", 250),
    ]


def _settle(opened: OpenProfile) -> None:
    """Until the engine is there, and what it brings and what is read beside the timeline has come."""
    ends = time.monotonic() + _ALL_THERE_S
    while not (opened.window.is_complete and opened.desk.engine is not None) and time.monotonic() < ends:
        _rest()
    ends = time.monotonic() + _SETTLES_S
    while time.monotonic() < ends:
        _rest()


def _resident_mib() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def _rest() -> None:
    """Let the window and the other threads live: QTest's own wait would keep Python's lock from them."""
    QApplication.processEvents()
    time.sleep(0.001)


def _jump(opened: OpenProfile, row: int) -> None:
    """Choose a row and paint it; the page it lies on is read beside."""
    table = opened.window.timeline.table
    table.go_to(row)
    table.viewport().repaint()


if __name__ == "__main__":
    sys.exit(main())
