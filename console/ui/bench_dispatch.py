"""How long a decided correction takes to be accepted and enforced, and what the window feels of 200 targets.

Each figure stands beside the least it can take: calls to gateways on this computer that take 50 ms to 2 s.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer

from console.services.measuring import Document, Measuring, Times, times
from console.services.session import Session
from console.ui.bench import opened_at
from console.ui.bench_figures import Figure, p99
from console.ui.bench_gaps import Gaps
from console.ui.start import application
from console.ui.theme import Look

COUNTS = (1, 20, 200)
MANY = 200
_BAR = 1.2
_GAP_MS = 20.0
_WITHIN_S = 120.0
_ASK_MS = 250


def run(tell: Callable[[str], None]) -> list[Figure]:
    """Every figure."""
    app = application()
    figures: list[Figure] = []
    with (
        tempfile.TemporaryDirectory(prefix="standdown-bench-", ignore_cleanup_errors=True) as folder,
        Measuring(Path(folder) / "scene", (*COUNTS, MANY), tell) as scene,
    ):
        for count, document in zip(COUNTS, scene.documents[:-1], strict=True):
            tell(f"{count} targets ...")
            figures += _figures(count, document, scene.dispatch(document))
        tell(f"{MANY} targets beside a window ...")
        scene.let_go()
        figures += _beside_a_window(scene, Look(app, "dark"), Path(folder))
    return figures


def _figures(count: int, document: Document, found: Times) -> list[Figure]:
    told = f"{count} target" + ("s" if count > 1 else "")
    floor = document.floor_s * 1000
    figures = [Figure(f"{told}: decided to accepted", found.accepted_s * 1000, "ms", _BAR * floor, floor)]
    if found.enforcing and count < MANY:  # of many targets only some are probed
        took_s, least_s = max(found.enforcing, key=lambda one: one[0] / one[1])
        figures.append(
            Figure(f"{told}: accepted to enforced", took_s * 1000, "ms", _BAR * least_s * 1000, least_s * 1000)
        )
    return figures


def _beside_a_window(scene: Measuring, look: Look, folder: Path) -> list[Figure]:
    """The window's own engine sends; the gaps of its thread count from the decision to the last "accepted"."""
    document = scene.documents[-1]
    with opened_at(scene.paths, look, folder) as opened:
        opened.window.show_tab("board")
        gaps = Gaps()
        gaps.start()
        signing = threading.Thread(target=scene.sign, args=(document,), name="bench-second-person")
        signing.start()
        _until(lambda: _are_accepted(opened.session, document))
        signing.join(_WITHIN_S)
        found = gaps.stop()
        told = times(opened.session, document)
    counted = [gap for at_ms, gap in found if told.began_ms <= at_ms <= told.ended_ms]
    floor = document.floor_s * 1000
    return [
        Figure(f"{MANY} targets: interface gap, 99th percentile", p99(counted), "ms", _GAP_MS),
        Figure(f"{MANY} targets beside a window: accepted", told.accepted_s * 1000, "ms", _BAR * floor, floor),
    ]


def _until(done: Callable[[], bool]) -> None:
    """Run the window as it runs for people: in Qt's own loop, which leaves the interpreter to the engine meanwhile."""
    loop, asking, late = QEventLoop(), QTimer(), QTimer()
    asking.setInterval(_ASK_MS)
    asking.timeout.connect(lambda: loop.quit() if done() else None)
    late.setSingleShot(True)
    late.setInterval(int(_WITHIN_S * 1000))
    late.timeout.connect(loop.quit)
    asking.start()
    late.start()
    loop.exec()
    asking.stop()
    late.stop()


def _are_accepted(session: Session, document: Document) -> bool:
    """One number is asked for: whoever asks on the window's own thread is not to be felt there."""
    with session.reader.snapshot() as connection:
        asked = "SELECT count(*) FROM outbox WHERE doc = ? AND state NOT IN ('queued', 'dispatching', 'unknown')"
        return int(connection.execute(asked, (document.sha,)).fetchone()[0]) == len(document.delays_s)
