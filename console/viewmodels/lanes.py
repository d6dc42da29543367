"""The threads on which a window's intentions run, so that the window itself never waits.

`quick` is for one durable append, `slow` for what may wait for a network, a key or a disk, `look` for reading, `page`
for rows that somebody scrolls to, `aside` for what may hang or take long (a trial, an export): nothing waits behind it.
"""

from __future__ import annotations

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

    def start(self) -> None:
        """Begin; once only."""
        for thread in self._threads.values():
            thread.start()

    def submit(self, lane: Lane, work: Callable[[Session], T]) -> Future[T]:
        """Do `work` on a lane. Faults travel in the future.

        Raises:
            Stopped: before `start` and after `stop`.
        """
        return self._threads[lane].submit(work)

    def stop(self) -> None:
        """Finish what was taken, then end."""
        for thread in self._threads.values():
            thread.stop(_ENDS_WITHIN_S)


def _nothing(_session: Session) -> None:
    """The session is closed by whoever opened it."""
