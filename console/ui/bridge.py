"""The one way from other threads to Qt: snapshots coalesced by topic, at most 20 times a second; answers at once.

It never calls anything on a foreign thread and holds no widget alive.
"""

from __future__ import annotations

import itertools
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
    _answered = Signal(object, object)

    def __init__(self, outlet: Outlet) -> None:
        super().__init__()
        self._outlet = outlet
        self._gate = threading.Lock()
        self._pending: dict[str, object] = {}
        self._due: dict[str, object] = {}  # of these the next one is told at the next turn of Qt's loop
        self._awake = False
        self._closed = False
        self._slots: dict[str, list[Callable[[object], None]]] = {}
        # who asked is kept here and goes by a number there: a lane that held a widget could be the last to let go of it
        self._asked: dict[int, Callable[[Future[object]], None]] = {}
        self._numbers = itertools.count()
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
        number = next(self._numbers)

        def tell(found: Future[T]) -> None:
            if owner is not None and not isValid(owner):
                return
            try:
                result = found.result()
            except CancelledError:
                return
            except BaseException as fault:  # noqa: BLE001  it belongs to whoever asked
                failed(fault)
                return
            done(result)

        self._asked[number] = cast("Callable[[Future[object]], None]", tell)
        future.add_done_callback(lambda found: self._answered.emit(number, found))

    def close(self) -> None:
        """Hear no more."""
        self._closed = True
        self._stop()
        self._timer.stop()
        self._slots.clear()
        self._due.clear()
        self._asked.clear()

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
        telling, self._due = bool(self._due), {**self._due, **pending}
        if not telling:
            self._tell()

    @Slot()
    def _tell(self) -> None:
        """One topic, and the others in turns to come: between them a person's key is heard and what changed painted."""
        if not self._due:
            return
        topic = next(iter(self._due))
        snapshot = self._due.pop(topic)
        if self._due:
            QTimer.singleShot(0, self, self._tell)
        for slot in tuple(self._slots.get(topic, ())):
            slot(snapshot)

    @Slot(object, object)
    def _answer(self, number: int, found: Future[object]) -> None:
        tell = self._asked.pop(number, None)
        if (
            tell is not None and not self._closed
        ):  # an answer on its way when everything ended: nobody is there to hear it
            tell(found)
