"""Work that may hang, on a thread of its own: neither the loop nor the end of the process ever waits for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def beside(work: Callable[[], T], name: str) -> T:
    """What `work` gives. Cancelled, the caller goes on, and what `work` gives later is nobody's.

    A pool would be joined when the loop closes: a share that hangs would then keep the console from ending.
    """
    given: Future[T] = Future()

    def run() -> None:
        try:
            made = work()
        except BaseException as fault:  # noqa: BLE001  whatever it was, it belongs to whoever awaits
            with suppress(InvalidStateError):
                given.set_exception(fault)
        else:
            with suppress(InvalidStateError):
                given.set_result(made)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await asyncio.wrap_future(given)
