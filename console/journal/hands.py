"""Who proves: threads of this process while there is little to prove, a process for each core where there is much.

Threads share one interpreter, and a signature is two thirds of the work: a second core adds a third to what one does.
Processes share nothing. Where one cannot be had, or is lost, its windows are proven here: slower, and to the same end.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from types import TracebackType
from typing import Final, Self

from console.journal.prover import Proof, Prover, Row, Values
from console.runtime import platform
from console.runtime.child import Child, ChildGone

_MOST: Final = 4
_CHILD: Final = "console.journal.prover_child"
_ANSWERS_WITHIN_S: Final = 60.0
MANY: Final = 20_000
"""From so many entries on processes pay: what starting them costs is proven in a tenth of a second."""


@dataclass(slots=True)
class _Seat:
    """A place for a child: not started yet, there, or `lost`. `prover` is the one it was given."""

    child: Child | None = None
    prover: Prover | None = None
    lost: bool = False


class Hands:
    """Proves windows beside the caller. A context manager; used by one thread, and by its own.

    `gives_way`: everything else on this machine comes first. With one core the caller does it all.
    """

    def __init__(self, *, gives_way: bool = False, cores: int | None = None, processes_from: int = MANY) -> None:
        self.count = min(_MOST, cores or platform.cores())
        self._gives_way = gives_way
        self._processes_from = processes_from
        self._seats: SimpleQueue[_Seat] = SimpleQueue()
        self._all: list[_Seat] = []
        self._pool: ThreadPoolExecutor | None = None
        if self.count > 1:
            self._pool = ThreadPoolExecutor(self.count, thread_name_prefix="verify", initializer=self._begin)

    def expect(self, entries: int) -> None:
        """So many are to be proven now: take processes where that is many, and keep them."""
        if self._all or self._pool is None or entries < self._processes_from:
            return
        self._all = [_Seat() for _ in range(self.count)]
        for seat in self._all:
            self._seats.put(seat)

    def submit(self, prover: Prover, window: Sequence[Row], values: Values) -> Future[Proof]:
        """Have a window proven."""
        if self._pool is not None:
            return self._pool.submit(self._prove, prover, window, values)
        done: Future[Proof] = Future()
        done.set_result(prover.window(window, values))
        return done

    @property
    def processes(self) -> tuple[int, ...]:
        """The ids of the processes that are there."""
        return tuple(seat.child.pid for seat in self._all if seat.child is not None)

    def close(self) -> None:
        """Prove what was handed in, then end threads and processes."""
        if self._pool is not None:
            self._pool.shutdown()
        for seat in self._all:
            if seat.child is not None:
                seat.child.close()
        self._all = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # -- on its own threads --------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        if self._gives_way:
            platform.give_way()

    def _prove(self, prover: Prover, window: Sequence[Row], values: Values) -> Proof:
        if not self._all:
            return prover.window(window, values)
        seat = self._seats.get(timeout=_ANSWERS_WITHIN_S)  # as many seats as threads: one is free
        try:
            proof = None if seat.lost else self._ask(seat, prover, window, values)
        except ChildGone:
            seat.child, seat.lost, proof = None, True, None
        finally:
            self._seats.put(seat)
        return prover.window(window, values) if proof is None else proof

    def _ask(self, seat: _Seat, prover: Prover, window: Sequence[Row], values: Values) -> Proof | None:
        child = seat.child
        if child is None:
            child = seat.child = Child(_CHILD)
            if self._gives_way:
                child.ask(True, _ANSWERS_WITHIN_S)  # noqa: FBT003  the question has one form
        if seat.prover is not prover:
            child.ask(prover, _ANSWERS_WITHIN_S)
            seat.prover = prover
        proof = child.ask((window, values), _ANSWERS_WITHIN_S)
        return proof if isinstance(proof, Proof) else None
