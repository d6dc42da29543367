"""Figures of the window on this machine: start, keystroke to durable note, gaps, a long timeline, a busy board.

Each is measured in this run, beside a floor where there is one. It gates nothing and writes to throw-away profiles.
"""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from PySide6.QtCore import QElapsedTimer, QEventLoop, QSettings, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from console.runtime.clock import SystemClock
from console.runtime.paths import ProfilePaths
from console.services import incidents
from console.services.live_values import InstanceLook, Looks, ProviderLink, SurfaceLook
from console.services.providers import Surface
from console.services.record import start_record
from console.ui.bench_figures import Figure, p99, timed
from console.ui.bench_gaps import Gaps
from console.ui.bench_long import long_timeline
from console.ui.bench_start import first_window
from console.ui.bench_targets import many_targets
from console.ui.board_grid import BoardGrid
from console.ui.composer import Composer
from console.ui.opened import OpenProfile
from console.ui.start import application
from console.ui.theme import Look
from console.viewmodels.board import BoardModel
from console.viewmodels.shell import LOOKS

PASSPHRASE: Final = b"a passphrase for measuring"
_SETTLES_S: Final = 1.5


def run(many: Path | None, tell: Callable[[str], None]) -> list[Figure]:
    """Every figure. `many` is a profile with a long timeline, where there is one."""
    app = application()
    look = Look(app, "dark")
    with tempfile.TemporaryDirectory(prefix="standdown-bench-", ignore_cleanup_errors=True) as folder:
        profile = _profile(Path(folder) / "alone")
        tell("first window ...")
        figures = first_window(profile, Path(folder) / "window.ini")
        tell("keystroke to durable note ...")
        figures.append(_first_note(profile, look, Path(folder)))
        figures += _keystroke(profile, look, Path(folder))
        tell("gaps under 5,000 status events a second ...")
        figures.append(_gaps(profile, look, Path(folder)))
        tell("a document of 200 targets ...")
        figures += many_targets(look)
        tell("a board of 500 models ...")
        figures += _board(look)
        if many is not None:
            tell("a long timeline ...")
            figures += long_timeline(ProfilePaths(many), Path(folder) / "many.ini")
    return figures


def _passphrase(what: str, *, new: bool = False) -> bytes:  # noqa: ARG001  the same for every key
    return PASSPHRASE


def _profile(root: Path) -> ProfilePaths:
    paths = ProfilePaths(root)
    start_record(paths, _passphrase, name="Bench")
    return paths


@contextmanager
def opened_at(paths: ProfilePaths, look: Look, folder: Path) -> Generator[OpenProfile]:
    """The profile in a window of its own, as it is once everything has been read and its engine runs."""
    settings = QSettings(str(folder / "bench.ini"), QSettings.Format.IniFormat)
    opened = OpenProfile(paths, look, settings, lambda: None)
    opened.window.show()
    while not (opened.window.is_complete and opened.desk.engine is not None):
        QTest.qWait(20)
    QTest.qWait(int(_SETTLES_S * 1000))
    try:
        yield opened
    finally:
        opened.window.hide()
        opened.end()
        opened.window.deleteLater()
        QTest.qWait(50)


def _first_note(paths: ProfilePaths, look: Look, folder: Path) -> Figure:
    """From the Enter key to the word "Saved", by somebody who types as soon as there is a window."""
    settings = QSettings(str(folder / "first.ini"), QSettings.Format.IniFormat)
    opened = OpenProfile(paths, look, settings, lambda: None)
    opened.session.offer("your writer key", PASSPHRASE)
    opened.session.writer()
    composer = opened.window.timeline.composer
    opened.window.show()
    QApplication.processEvents()
    composer.insert("the first note")

    def save() -> None:
        QTest.keyClick(composer.field, Qt.Key.Key_Return)
        _until_saved(composer)

    took = timed(save)
    opened.window.hide()
    opened.end()
    opened.window.deleteLater()
    QTest.qWait(50)
    return Figure("the first note, typed as the window appears", took, "ms", 100)


def _until_saved(composer: Composer) -> None:
    """As a window waits: asleep until something comes, and not asking all the time."""
    while not composer.saved:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


def _keystroke(paths: ProfilePaths, look: Look, folder: Path) -> list[Figure]:
    """From the Enter key to the word "Saved", and the bare append of the same entry beside it."""
    with opened_at(paths, look, folder) as opened:
        session = opened.session
        session.offer("your writer key", PASSPHRASE)
        session.writer()
        composer = opened.window.timeline.composer
        times: list[float] = []
        for number in range(200):
            composer.insert(f"note number {number}")
            QTest.qWait(20)
            clock = QElapsedTimer()
            clock.start()
            QTest.keyClick(composer.field, Qt.Key.Key_Return)
            _until_saved(composer)
            times.append(clock.nsecsElapsed() / 1e6)
            QTest.qWait(30)
        floors: list[float] = []
        for number in range(200):
            began = time.perf_counter()
            incidents.write(session, "note", f"bare number {number}", inc=None)
            floors.append((time.perf_counter() - began) * 1000)
    return [
        Figure("keystroke to durable note, median", statistics.median(times), "ms", 20, statistics.median(floors)),
        Figure("keystroke to durable note, 99th percentile", p99(times), "ms", 20, p99(floors)),
    ]


def _gaps(paths: ProfilePaths, look: Look, folder: Path) -> Figure:
    """How long the interface's thread could not answer, while 100 surfaces change 5,000 times a second."""
    with opened_at(paths, look, folder) as opened:
        opened.window.show_tab("board")
        made = looks(20, 5)
        ending = threading.Event()

        def post() -> None:
            number = 0
            while not ending.is_set():
                began = time.monotonic()
                for _ in range(50):
                    number += 1
                    opened.desk.outlet.post(LOOKS, _changed(made, number))
                time.sleep(max(0.0, 0.01 - (time.monotonic() - began)))

        worker = threading.Thread(target=post, name="bench-events")
        gaps = Gaps()
        worker.start()
        QTest.qWait(500)
        gaps.start()
        QTest.qWait(8_000)
        found = [gap for _, gap in gaps.stop()]
        ending.set()
        worker.join(timeout=60)
    return Figure("interface gap, 99th percentile", p99(found), "ms", 20)


def looks(models: int, providers: int, *, samples: int = 30) -> Looks:
    """So many models on so many providers, each with a line of latency."""
    now = SystemClock().wall_ms()
    surfaces: list[Surface] = []
    instances: list[InstanceLook] = []
    for one in range(providers):
        instance = f"g-{one:026d}"
        link = ProviderLink(instance=instance, name=f"gateway {one}", adapter="practice", state="answers",
                            since_ms=now, looked_ms=now, read_ms=now, latency_ms=12)  # fmt: skip
        told: list[SurfaceLook] = []
        for model in range(models):
            key, name = f"m{model}", f"model-{model:03d}"
            surfaces.append(Surface(surface=f"t-{one:02d}{model:024d}", instance=instance, model=name, kind="public",
                                    control="developer", reach="everyone", name=name, key=key))  # fmt: skip
            told.append(SurfaceLook(key=key, model=name, state="serving", restrictions=(), detail="", read_ms=now))
        instances.append(InstanceLook(link=link, surfaces=tuple(told), latency=tuple(range(10, 10 + samples))))
    return Looks(surfaces=tuple(surfaces), instances=tuple(instances), poll_ms=5_000)


def _changed(made: Looks, number: int) -> Looks:
    """One more sample on one provider."""
    at = number % len(made.instances)
    one = made.instances[at]
    latency = (*one.latency[1:], 10 + number % 90)
    return replace(made, instances=(*made.instances[:at], replace(one, latency=latency), *made.instances[at + 1 :]))


def _board(look: Look) -> list[Figure]:
    """500 models with a line each, all of which change ten times a second; the share of one core."""
    made = looks(500, 1)
    grid = BoardGrid(look, BoardModel())
    grid.resize(1200, 800)
    grid.show()
    QTest.qWait(300)
    number = 0

    def tick() -> None:
        nonlocal made, number
        number += 1
        made = _changed(made, number)
        now = SystemClock().wall_ms()
        grid.take(made, now)

    timer = QTimer()
    timer.setInterval(100)
    timer.timeout.connect(tick)
    timer.start()
    QTest.qWait(500)
    began, used = time.perf_counter(), time.process_time()
    QTest.qWait(6_000)
    share = 100 * (time.process_time() - used) / (time.perf_counter() - began)
    timer.stop()
    still = QLabel("still")
    still.show()
    began, used = time.perf_counter(), time.process_time()
    QTest.qWait(2_000)
    floor = 100 * (time.process_time() - used) / (time.perf_counter() - began)
    grid.deleteLater()
    still.deleteLater()
    return [Figure("500 models at 10 Hz, share of one core", share, "%", 35, max(floor, 0.1))]
