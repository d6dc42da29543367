"""What is part of a cycle is destroyed on Qt's thread, whichever thread makes garbage; a lane holds no widget."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import Future

from console.ui.bridge import Bridge
from console.viewmodels.outlet import Outlet

_CYCLES = """
import gc, json, sys, threading, time
from PySide6.QtWidgets import QWidget
from console.ui.start import application
app = application()
seen = []
class Page(QWidget):
    def __del__(self):
        seen.append(threading.current_thread() is threading.main_thread())
ended = threading.Event()
def churn():
    until = time.monotonic() + 60
    while not ended.is_set() and time.monotonic() < until:
        kept = [[] for _ in range(5_000)]
        for one in kept:
            one.append(one)
worker = threading.Thread(target=churn)
worker.start()
until = time.monotonic() + 60
while not gc.get_freeze_count() and time.monotonic() < until:
    app.processEvents()
for _ in range(20):
    page = Page()
    page.show()
    page.itself = page
    del page
until = time.monotonic() + 60
while len(seen) < 20 and time.monotonic() < until:
    app.processEvents()
    time.sleep(0.005)
ended.set()
worker.join(60)
print(json.dumps(seen))
"""


def test_cycles_of_widgets_are_destroyed_on_qts_thread_while_another_makes_garbage():
    ran = subprocess.run(
        [sys.executable, "-c", _CYCLES], capture_output=True, text=True, check=False, timeout=150
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == [True] * 20


_HANDLES = """
import gc, itertools, os, shiboken6
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QDialog, QMainWindow
app, main = QApplication([]), QMainWindow()
main.show()
class Ring(QDialog):
    def __init__(self, parent, keep):
        super().__init__(parent)
        self.itself = self
        self.show()
        handle = self.windowHandle()
        handle.installEventFilter(self)
        if keep:
            self.handle, handle.ring = handle, self
for parent, keep, end in itertools.product((None, main), (False, True), ("open", "closed", "later", "destroyed")):
    for asked in (False, True):
        ring = Ring(parent, keep)
        app.processEvents()
        held = ring.windowHandle() if asked else None
        {"open": ring.show, "closed": ring.close, "later": ring.deleteLater, "destroyed": ring.destroy}[end]()
        del ring
        gc.collect()
        app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        app.processEvents()
        if held is not None and shiboken6.isValid(held):
            held.title()
        del held
        gc.collect()
    app.setStyleSheet("QDialog { margin: %dpx }" % len(end))
print(shiboken6.isValid(main.windowHandle()) and main.isVisible(), flush=True)
os._exit(0)
"""


def test_a_window_collected_in_a_ring_takes_its_handle_along_and_nothing_else():
    poisoned = {**os.environ, "PYTHONMALLOC": "malloc", "MALLOC_PERTURB_": "165"}
    ran = subprocess.run(
        [sys.executable, "-c", _HANDLES], capture_output=True, text=True, check=False, timeout=150, env=poisoned
    )
    assert (ran.returncode, ran.stdout) == (0, "True\n"), ran.stderr


def test_a_lane_that_settles_a_future_lets_go_of_nothing_of_who_asked(qtbot):
    bridge, heard, gone_on = Bridge(Outlet()), [], []
    settled = threading.Event()

    class Page:
        def __del__(self) -> None:
            gone_on.append(threading.current_thread())

        def done(self, result: int) -> None:
            heard.append(result)

    lane: list[Future[int]] = [Future()]
    bridge.when_done(lane[0], Page().done, heard.append)

    def work() -> None:
        lane[0].set_result(7)
        settled.wait(60)
        lane.clear()

    worker = threading.Thread(target=work)
    worker.start()
    qtbot.waitUntil(lambda: heard == [7])
    settled.set()
    worker.join(60)
    bridge.close()
    assert gone_on == [threading.main_thread()]
