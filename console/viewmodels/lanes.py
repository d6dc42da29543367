"""The threads on which a window's intentions run, so that the window itself never waits.

`quick` is for one durable append, `slow` for what may wait for a network, a key or a disk, `look` for reading, `page`
for rows that somebody scrolls to, `aside` for what may hang or take long (a trial, an export): nothing waits behind it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Literal, TypeVar

from console.runtime.workers import OwnedThread
from console.services.session import Session

T = TypeVar("T")
Lane = Literal["quick", "slow", "look", "page", "aside"]
_ENDS_WITHIN_S = 70.0  # a plan waits for a provider at most 60 s


class Lanes:
    """One session, five threads; each does what it is given strictly in order."""

    def __init__(self, session: Session) -> None:
        self._threads: dict[Lane, OwnedThread[Session]] = {
            name: OwnedThread(f"desk-{name}", lambda: session, _nothing)
            for name in ("quick", "slow", "look", "page", "aside")
        }
        self._gate = threading.Lock()
        self._quick = 0
        self._calm = threading.Event()
        self._calm.set()

    def start(self) -> None:
        """Begin; once only."""
        for thread in self._threads.values():
            thread.start()

    def submit(self, lane: Lane, work: Callable[[Session], T]) -> Future[T]:
        """Do `work` on a lane. Faults travel in the future.

        Raises:
            Stopped: before `start` and after `stop`.
        """
        future = self._threads[lane].submit(work)
        if lane == "quick":
            with self._gate:
                self._quick += 1
                self._calm.clear()
            future.add_done_callback(self._quick_done)
        return future

    def calm(self, within_s: float) -> bool:
        """Wait while something is being written for a person, at most so long; for work that can wait for them."""
        return self._calm.wait(within_s)

    def _quick_done(self, _future: Future[T]) -> None:
        with self._gate:
            self._quick -= 1
            if not self._quick:
                self._calm.set()

    def stop(self) -> None:
        """Finish what was taken, then end."""
        for thread in self._threads.values():
            thread.stop(_ENDS_WITHIN_S)


def _nothing(_session: Session) -> None:
    """The session is closed by whoever opened it."""
