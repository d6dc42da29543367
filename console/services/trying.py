"""Notes every try of what a correction forbids, aside: the dispatcher never waits for it, and never fails by it."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from console.journal.tries import Tries, Try, path_beside
from console.services.live_places import aside
from console.services.session import Session

_MOST_KEPT: Final = 5_000  # while the disk does not answer
_ENDS_WITHIN_S: Final = 2.0


@dataclass(slots=True)
class TryNotes:
    """One per engine. Call it with each try, from any thread; `close` once nothing is tried any more."""

    tries: Tries
    _gate: threading.Lock = field(default_factory=threading.Lock)
    _new: list[Try] = field(default_factory=list[Try])
    _writing: Future[None] | None = None

    @staticmethod
    def of(session: Session) -> TryNotes:
        """In the file of this profile."""
        return TryNotes(Tries(path_beside(session.paths.index)))

    def __call__(self, one: Try) -> None:
        """Take note of it."""
        with self._gate:
            self._new.append(one)
            del self._new[:-_MOST_KEPT]
            if self._writing is None:
                self._writing = aside(self._write, "tries")

    def close(self) -> None:
        """Keep what is left, and close the file; a disk that hangs is not waited for."""
        writing = self._writing
        if writing is not None and not wait([writing], _ENDS_WITHIN_S).done:
            return
        self.tries.close()

    def _write(self) -> None:
        while True:
            with self._gate:
                found, self._new = self._new, []
                if not found:
                    self._writing = None
                    return
            with suppress(sqlite3.Error):  # nothing else depends on it
                self.tries.add(found)


__all__ = ["TryNotes"]
