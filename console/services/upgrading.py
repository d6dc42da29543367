"""A record of an earlier version is brought to the form of this one before it is opened: beside whoever waits for it.

A long record takes a minute or two. It says how far it is, may be broken off at any moment, and goes on at the next
opening; until then the record is as it was. It never changes what was written.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Literal, Self

from console.domain.errors import Problem
from console.journal.faults import named
from console.journal.ledger import connect
from console.journal.migrate import BrokenOff, Upgraded, migrate, missing
from console.journal.schema import JOURNAL
from console.outbox.store import OUTBOX
from console.runtime.paths import ProfilePaths

PARTS: Final = (JOURNAL, OUTBOX)
ENDS_WITHIN_S: Final = 60.0
Phase = Literal["running", "done", "broken off", "failed"]


@dataclass(frozen=True, slots=True)
class Upgrading:
    """How an upgrade stands at one moment. `seconds` is how long it has taken so far."""

    phase: Phase
    done: int
    total: int
    entries: int
    seconds: int = 0
    fault: Problem | None = None

    @property
    def sentence(self) -> str:
        """One sentence for people."""
        match self.phase:
            case "running":
                return (
                    f"The record ({self.entries:,} entries) comes from an earlier version and is brought up to date: "
                    f"step {min(self.done + 1, self.total)} of {self.total}, {self.seconds} s so far."
                )
            case "done":
                return f"The record is up to date ({self.seconds} s)."
            case "broken off":
                return "It was broken off: the record is as it was, and bringing it up to date goes on next time."
            case "failed":
                return "The record could not be brought up to date." if self.fault is None else self.fault.what


def needed(paths: ProfilePaths) -> Upgraded | None:
    """What has to be done before this profile's record can be opened; None where nothing has to."""
    return missing(paths.journal, PARTS)


class Upgrade:
    """One upgrade, on a thread of its own. A context manager; leaving it breaks off and waits for its end.

    It may be begun by two programs at once: the second finds nothing left to do.
    """

    def __init__(self, paths: ProfilePaths, wanted: Upgraded) -> None:
        self._paths = paths
        self._stop = threading.Event()
        self._began = time.monotonic()
        self._ended: Upgrading | None = None
        self._wanted = wanted
        self._done = 0
        self._thread = threading.Thread(target=self._run, name="upgrade", daemon=True)

    @property
    def state(self) -> Upgrading:
        """How it stands now; from any thread."""
        return self._ended or self._as("running")

    def start(self) -> None:
        """Begin; once only."""
        self._began = time.monotonic()
        self._thread.start()

    def break_off(self) -> None:
        """Stop within a moment; it does not wait."""
        self._stop.set()

    def wait(self, timeout_s: float) -> Upgrading:
        """Wait for its end, or for so long; how it stands then."""
        self._thread.join(timeout_s)
        return self.state

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.break_off()
        self.wait(ENDS_WITHIN_S)

    # -- on its own thread ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            connection = connect(self._paths.journal)
            try:
                migrate(connection, PARTS, self._told, self._stop.is_set)
            finally:
                connection.close()
        except BrokenOff:
            self._ended = self._as("broken off")
        except (Problem, sqlite3.Error, OSError) as fault:
            self._ended = self._as("failed", fault if isinstance(fault, Problem) else self._plainly(fault))
        else:
            self._ended = self._as("done")

    def _told(self, done: int) -> None:
        self._done = done

    def _plainly(self, fault: Exception) -> Problem:
        return named(fault, self._paths.journal) or Problem(
            f"The record could not be brought up to date ({type(fault).__name__}).",
            "It is as it was. Open it again, or with the version that wrote it.",
        )

    def _as(self, phase: Phase, fault: Problem | None = None) -> Upgrading:
        seconds = round(time.monotonic() - self._began)
        return Upgrading(phase, self._done, self._wanted.total, self._wanted.entries, seconds, fault)


def bring(paths: ProfilePaths, said: Callable[[str], None], every_s: float = 5.0) -> None:
    """Bring a record up to date where it has to be, and say how far it is; for whoever has nothing else to do.

    Raises:
        Problem: where it could not be.
    """
    wanted = needed(paths)
    if wanted is None:
        return
    with Upgrade(paths, wanted) as upgrade:
        while (state := upgrade.wait(every_s)).phase == "running":
            said(state.sentence)
    if state.fault is not None:
        raise state.fault
    if state.seconds >= every_s:
        said(state.sentence)


__all__ = ["PARTS", "Upgrade", "Upgrading", "bring", "needed"]
