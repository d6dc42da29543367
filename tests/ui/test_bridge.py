"""Snapshots reach Qt's thread coalesced, answers at once; faults of an intention become a sentence."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future

from console.ui.bridge import FLUSH_EVERY_MS, Bridge
from console.viewmodels.outlet import Outlet, Topic

COUNT: Topic[int] = Topic("count")


def test_many_posts_are_few_calls_and_the_last_one_arrives(qtbot) -> None:
    outlet, heard, threads = Outlet(), [], set()
    bridge = Bridge(outlet)

    def slot(value: int) -> None:
        heard.append(value)
        threads.add(threading.current_thread())

    bridge.on(COUNT, slot)

    def post() -> None:
        for value in range(5_000):
            outlet.post(COUNT, value)

    worker = threading.Thread(target=post)
    began = time.monotonic()
    worker.start()
    qtbot.waitUntil(lambda: bool(heard) and heard[-1] == 4_999, timeout=5_000)
    worker.join(timeout=60)
    elapsed_ms = (time.monotonic() - began) * 1000
    assert len(heard) <= elapsed_ms / FLUSH_EVERY_MS + 2
    assert threads == {threading.main_thread()}
    bridge.close()


def test_who_asks_late_gets_the_latest(qtbot) -> None:
    outlet = Outlet()
    outlet.post(COUNT, 7)
    bridge, heard = Bridge(outlet), []
    bridge.on(COUNT, heard.append)
    assert heard == [7]
    bridge.close()


def test_an_answer_comes_on_qts_thread_and_a_fault_to_the_other_slot(qtbot) -> None:
    bridge = Bridge(Outlet())
    done: Future[str] = Future()
    broken: Future[str] = Future()
    heard: list[object] = []
    bridge.when_done(done, lambda result: heard.append((result, threading.current_thread())), heard.append)
    bridge.when_done(broken, heard.append, lambda fault: heard.append(str(fault)))
    worker = threading.Thread(target=lambda: (done.set_result("ok"), broken.set_exception(ValueError("no"))))
    worker.start()
    qtbot.waitUntil(lambda: len(heard) == 2)
    worker.join(timeout=60)
    assert heard == [("ok", threading.main_thread()), "no"]
    bridge.close()


def test_a_closed_bridge_is_silent(qtbot) -> None:
    outlet, heard = Outlet(), []
    bridge = Bridge(outlet)
    bridge.on(COUNT, heard.append)
    bridge.close()
    outlet.post(COUNT, 1)
    qtbot.wait(2 * FLUSH_EVERY_MS)
    assert heard == []


def test_an_answer_that_was_on_its_way_when_it_closed_is_not_told(qtbot) -> None:
    bridge, heard = Bridge(Outlet()), []
    done: Future[str] = Future()
    bridge.when_done(done, heard.append, heard.append)
    done.set_result("late")
    bridge.close()
    qtbot.wait(2 * FLUSH_EVERY_MS)
    assert heard == []
