"""How long a start takes, in processes of its own: until the window is there, and until it shows the record."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Final

from console.runtime.paths import ProfilePaths
from console.ui.bench_figures import Figure

_START: Final = """
import os, sys, time
began = time.perf_counter()
from pathlib import Path
if sys.argv[1] != "bare":
    import console.ui.before_qt  # as a start by hand does
from PySide6.QtCore import QSettings
if sys.argv[1] == "bare":
    from PySide6.QtWidgets import QApplication, QMainWindow
    app = QApplication([]); window = QMainWindow(); window.resize(1360, 860); window.show(); app.processEvents()
    shows, end = lambda: True, lambda: None
else:
    from console.ui.start import Windows, application
    from console.runtime.paths import ProfilePaths
    app, paths = application(), ProfilePaths(Path(sys.argv[2]))
    from console.ui.single import raise_other
    raise_other(paths.root)
    windows = Windows(app, QSettings(sys.argv[3], QSettings.Format.IniFormat))
    windows.open(paths); app.processEvents()
    shows, end = lambda: windows.opened[-1].window.timeline.shows(None), windows.end
took, used = (time.perf_counter() - began) * 1000, time.process_time() * 1000
rss = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS")) / 1024
while not shows():
    app.processEvents()
    time.sleep(0.001)
print(took, rss, used, (time.perf_counter() - began) * 1000, flush=True)
end()
"""


def first_window(paths: ProfilePaths, settings: Path) -> list[Figure]:
    """Beside a bare Qt window; what is shown is an empty record."""
    ours = [_started("ours", paths, settings) for _ in range(6)][1:]
    bare = [_started("bare", paths, settings) for _ in range(6)][1:]
    told = (
        ("first window, warm, median of 5", "ms", 400),
        ("resident when it is there", "MiB", 150),
        ("first window, processor time", "ms", 400),
        ("first window with what the record holds", "ms", 600),
    )
    return [
        Figure(name, statistics.median(one[at] for one in ours), unit, bar, statistics.median(one[at] for one in bare))
        for at, (name, unit, bar) in enumerate(told)
    ]


def _started(which: str, paths: ProfilePaths, settings: Path) -> tuple[float, ...]:
    command = [sys.executable, "-c", _START, which, str(paths.root), str(settings)]
    # A shell may forbid Python to keep what it compiled; "warm" is what a second ordinary start finds.
    usual = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=usual, timeout=300)
    return tuple(float(one) for one in done.stdout.split())
