"""Proves the journal while people work: in the background, from where it was proven before, giving way to everything.

It keeps how far it came in a hint beside the journal. Who asks for a verification by name gets a whole one (`whole`),
which takes nothing on trust. It never writes the journal, and never waits for whoever listens.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Final, Self

from console.domain.errors import Problem
from console.journal.hands import MANY, Hands
from console.journal.verified import Upto, path_of, read_upto, write_upto
from console.journal.verify import Progress, Readable, Report, verify_file, verify_profile
from console.runtime import platform
from console.services.session import Session

SLICE_S: Final = 2.0  # one snapshot: the journal's log cannot be wiped while somebody still reads an older one
_LEAST_GAP_S: Final = 0.2
_CLOSES_WITHIN_S: Final = 60.0
NEXT_STEP: Final = (
    "Keep the folder as it is, stop writing here, and pull the record from a colleague or the sync place."
)


class Phase(StrEnum):
    """How a verification stands. `failed`: it could not be carried out, so nothing is known."""

    waiting = "waiting"
    running = "running"
    sound = "sound"
    wrong = "wrong"
    cancelled = "cancelled"
    failed = "failed"


@dataclass(frozen=True, slots=True)
class Progressed:
    """How a verification stands at one moment.

    `done` of `total` entries are proven, `earlier` of them at an earlier start. `where` and `why` name the first thing
    that does not hold (or, failed, what kept it from being carried out).
    """

    phase: Phase
    done: int = 0
    total: int = 0
    earlier: int = 0
    where: str = ""
    why: str = ""

    @property
    def sentence(self) -> str:
        """One sentence for people, and the next step where there is one."""
        match self.phase:
            case Phase.wrong:
                return f"The journal does not hold: {self.where}: {self.why}. {NEXT_STEP}"
            case Phase.failed:
                return f"The journal could not be verified: {self.why}. Nothing is known of it until it is."
            case Phase.sound:
                before = f", {self.earlier} of them at an earlier one" if self.earlier else ""
                return f"The journal is sound: {self.done} entries proven at this start{before}."
            case Phase.running:
                return f"The journal is being verified: {self.done} of {self.total} entries."
            case Phase.cancelled:
                return f"Verifying was stopped at {self.done} of {self.total} entries; it goes on at the next start."
            case Phase.waiting:
                return "The journal was not verified yet."


Listener = Callable[[Progressed], None]


class Verification:
    """One run over a session's journal, on a thread of its own. A context manager; leaving it cancels and joins.

    `listener` is called on that thread, a few times a second at most, and must not wait. The session must stay open
    until `close`. Where so many entries are to be proven (`processes_from`), processes of their own do it.
    """

    def __init__(
        self,
        session: Session,
        listener: Listener | None = None,
        *,
        slice_s: float = SLICE_S,
        processes_from: int = MANY,
    ) -> None:
        self._session = session
        self._listener = listener
        self._slice_s = slice_s
        self._processes_from = processes_from
        self._path = path_of(session.paths)
        self._cancel = threading.Event()
        self._state = Progressed(Phase.waiting)
        self._thread: threading.Thread | None = None
        self._deadline = 0.0
        self._told_at = 0.0
        self._earlier = 0

    @property
    def state(self) -> Progressed:
        """How it stands now; from any thread."""
        return self._state

    def start(self) -> None:
        """Begin, where it is not running; a finished one begins again from where it came."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._cancel.clear()
        self._state = Progressed(Phase.running)
        self._thread = threading.Thread(target=self._run, name="verification", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Stop soon; what was proven is kept. It does not wait."""
        self._cancel.set()

    def close(self) -> None:
        """Cancel, and wait until the thread is gone (a few hundred entries at most)."""
        self.cancel()
        self.wait(_CLOSES_WITHIN_S)

    def wait(self, timeout_s: float | None = None) -> Progressed:
        """Wait for the end of the run; gives how it stands then."""
        if self._thread is not None:
            self._thread.join(timeout_s)
        return self._state

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # -- on its own thread ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            platform.give_way()
            with Hands(gives_way=True, processes_from=self._processes_from) as hands:
                self._tell(self._slices(hands))
        except Problem as fault:
            self._tell(Progressed(Phase.failed, why=fault.what.rstrip(".")))
        except Exception as fault:  # noqa: BLE001  what nobody thought of must not look like "still running"
            self._tell(Progressed(Phase.failed, why=f"a fault of the program ({type(fault).__name__}: {fault})"))

    def _slices(self, hands: Hands) -> Progressed:
        at_least = upto = read_upto(self._path)
        self._earlier = upto.entries
        anew = False
        while True:
            # the second time around all of it in one look, or what comes in meanwhile might go on for ever
            self._deadline = float("inf") if anew else time.monotonic() + self._slice_s
            report = verify_profile(
                self._session.store, self._progress, since=upto, at_least=at_least, stop=self._stop, hands=hands
            )  # fmt: skip
            if report.first_wrong is not None:
                return self._with(Phase.wrong, report)
            if report.upto == Upto() and not report.finished:
                anew, self._earlier = True, 0
            upto = report.upto
            with suppress(OSError):
                write_upto(self._path, upto)
            if report.finished:
                return self._with(Phase.sound, report)
            if self._cancel.is_set():
                return self._with(Phase.cancelled, report)

    def _stop(self) -> bool:
        return self._cancel.is_set() or time.monotonic() > self._deadline

    def _progress(self, done: int, total: int) -> None:
        now = time.monotonic()
        if done < self._earlier:
            self._earlier = 0  # what was proven before does not serve any more
        self._state = Progressed(Phase.running, done, total, self._earlier)
        if now - self._told_at >= _LEAST_GAP_S:
            self._told_at = now
            self._tell(self._state)

    def _with(self, phase: Phase, report: Report) -> Progressed:
        last, wrong = self._state, report.first_wrong
        where, why = ("", "") if wrong is None else (wrong.where, wrong.why)
        done = report.counts["entries"]
        earlier = self._earlier if done >= self._earlier else 0
        return Progressed(phase, done, max(last.total, done), earlier, where, why)

    def _tell(self, state: Progressed) -> None:
        self._state = state
        if self._listener is not None:
            self._listener(state)


def whole(journal: Readable, progress: Progress | None = None) -> Report:
    """Verify everything, here and now, on the caller's thread: the file, every byte in it, and that nothing is gone.

    What was verified before is believed in one thing only: that it was here. It writes nothing.
    """
    file = verify_file(journal)
    report = verify_profile(journal, progress, at_least=read_upto(path_of(journal.paths)))
    if report.first_wrong is None and file is not None:
        return Report(ok=False, first_wrong=file, counts=report.counts)
    return report


def keep(journal: Readable, report: Report) -> None:
    """Let the next start go on from what is proven now."""
    if report.ok:
        with suppress(OSError):
            write_upto(path_of(journal.paths), report.upto)
