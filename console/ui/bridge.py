"""The one way from other threads to Qt: snapshots coalesced by topic, at most 20 times a second; answers at once.

It never calls anything on a foreign thread and holds no widget alive.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import TypeVar, cast

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from shiboken6 import isValid

from console.viewmodels.outlet import Outlet, Topic

T = TypeVar("T")
FLUSH_EVERY_MS = 50


class Bridge(QObject):
    """Listens to an outlet on any thread, and tells slots on the thread it was made on."""

    _woken = Signal()
    _answered = Signal(object)

    def __init__(self, outlet: Outlet) -> None:
        super().__init__()
        self._outlet = outlet
        self._gate = threading.Lock()
        self._pending: dict[str, object] = {}
        self._awake = False
        self._closed = False
        self._slots: dict[str, list[Callable[[object], None]]] = {}
        self._flushed_at = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._flush)
        self._woken.connect(self._wake, Qt.ConnectionType.QueuedConnection)
        self._answered.connect(self._answer, Qt.ConnectionType.QueuedConnection)
        self._stop = outlet.listen(self._note)

    def on(self, topic: Topic[T], slot: Callable[[T], None], owner: QObject | None = None) -> None:
        """Call `slot` with every later snapshot, and now with the latest where there is one.

        With an `owner` that may go before the bridge, it ends when the owner does.
        """
        told = cast("Callable[[object], None]", slot)
        slots = self._slots.setdefault(topic.name, [])
        slots.append(told)
        if owner is not None:
            owner.destroyed.connect(lambda: slots.remove(told) if told in slots else None)
        latest = self._outlet.latest(topic)
        if latest is not None:
            slot(latest)

    def when_done(
        self,
        future: Future[T],
        done: Callable[[T], None],
        failed: Callable[[BaseException], None],
        owner: QObject | None = None,
    ) -> None:
        """Call one of the two on Qt's thread when the future is settled; neither where it was cancelled.

        With an `owner` that is gone by then, neither is called: nobody is there to hear it.
        """

        def tell(call: Callable[[], None]) -> None:
            self._answered.emit(call if owner is None else lambda: call() if isValid(owner) else None)

        def settled(found: Future[T]) -> None:
            try:
                result = found.result()
            except CancelledError:
                return
            except BaseException as fault:  # noqa: BLE001  it belongs to whoever asked
                failure = fault
                tell(lambda: failed(failure))
                return
            tell(lambda: done(result))

        future.add_done_callback(settled)

    def close(self) -> None:
        """Hear no more."""
        self._closed = True
        self._stop()
        self._timer.stop()
        self._slots.clear()

    def _note(self, topic: str, snapshot: object) -> None:
        with self._gate:
            self._pending[topic] = snapshot
            if self._awake:
                return
            self._awake = True
        self._woken.emit()

    @Slot()
    def _wake(self) -> None:
        since_ms = (time.monotonic() - self._flushed_at) * 1000
        if since_ms >= FLUSH_EVERY_MS:
            self._flush()
        else:
            self._timer.start(int(FLUSH_EVERY_MS - since_ms) + 1)

    @Slot()
    def _flush(self) -> None:
        with self._gate:
            pending, self._pending = self._pending, {}
            self._awake = False
        self._flushed_at = time.monotonic()
        for topic, snapshot in pending.items():
            for slot in tuple(self._slots.get(topic, ())):
                slot(snapshot)

    @Slot(object)
    def _answer(self, call: Callable[[], None]) -> None:
        if not self._closed:  # an answer that was on its way when everything ended has nobody to hear it
            call()
