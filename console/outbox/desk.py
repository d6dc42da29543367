"""What many targets ask of the record at the same time, asked in one transaction: one reading and one commit for all.

Nobody waits for others to come: what is asked while a transaction is under way goes together into the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar, cast

from console.journal.store import JournalStore
from console.journal.tx import Tx
from console.runtime.workers import Stopped

T = TypeVar("T")
MOST: Final = 50  # in one transaction: somebody's note waits behind it
_Outcome = tuple[object, BaseException | None]


@dataclass(frozen=True, slots=True)
class _Asked:
    work: Callable[[Tx], object]
    answer: asyncio.Future[object]


class Desk:
    """One per engine, used on one loop at a time.

    Each work stands for itself: what one raises undoes nothing of another's.
    """

    __slots__ = ("_busy", "_loop", "_waiting")

    def __init__(self) -> None:
        self._waiting: list[_Asked] = []
        self._busy = False
        self._loop: asyncio.AbstractEventLoop | None = None

    async def ask(self, store: JournalStore, work: Callable[[Tx], T]) -> T:
        """Do `work` in a transaction; durable when this returns. A cancelled caller undoes nothing: it is done."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # what was under way on a loop that ended tells nobody here that it is done
            self._loop, self._busy = loop, False
        answer: asyncio.Future[object] = loop.create_future()
        self._waiting.append(_Asked(work, answer))
        if not self._busy:
            self._busy = True
            loop.call_soon(self._next, store)  # whoever asks in the same turn of the loop goes with it
        return cast("T", await answer)

    def hand_over(self, store: JournalStore) -> None:
        """Give everything that waits to the journal now: the loop may end before its turn would come."""
        while self._waiting:
            self._next(store)

    def _next(self, store: JournalStore) -> None:
        some, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        self._busy = bool(some)
        if not some:
            return
        try:
            done = asyncio.wrap_future(store.transaction(partial(_each, [one.work for one in some])))
        except Stopped as fault:  # the journal is closed
            _tell(some, [(None, fault)] * len(some))
            self._next(store)
        else:
            done.add_done_callback(partial(self._done, store, some))

    def _done(self, store: JournalStore, some: Sequence[_Asked], done: asyncio.Future[list[_Outcome]]) -> None:
        fault = done.exception()
        _tell(some, done.result() if fault is None else [(None, fault)] * len(some))
        self._next(store)


def _each(works: Sequence[Callable[[Tx], object]], tx: Tx) -> list[_Outcome]:
    found: list[_Outcome] = []
    for work in works:
        try:
            found.append((tx.apart(partial(work, tx)), None))
        except BaseException as fault:
            if not tx.connection.in_transaction:
                raise  # the disk failed or is full: nothing of the others stands either
            found.append((None, fault))
    return found


def _tell(some: Sequence[_Asked], outcomes: Sequence[_Outcome]) -> None:
    for one, (result, fault) in zip(some, outcomes, strict=True):
        if one.answer.done():
            continue
        if fault is None:
            one.answer.set_result(result)
        else:
            one.answer.set_exception(fault)


__all__ = ["Desk"]
