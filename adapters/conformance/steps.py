"""The small steps of the kit: run, wait until it is so, expect a fault, fail with a sentence."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from adapters.conformance.bent import Overheard
from adapters.contract import AdapterFault

Outcome = TypeVar("Outcome")
Fault = TypeVar("Fault", bound=AdapterFault)


def must(condition: object, sentence: str) -> None:
    """Fail with a sentence. A plain assertion would be stripped from a shipped module by `python -O`."""
    if not condition:
        raise AssertionError(sentence)


def run(work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Run one piece of asynchronous work to its end."""
    return asyncio.run(work)


async def until(
    look: Callable[[], Awaitable[Outcome]], so: Callable[[Outcome], bool], within_s: float, every_s: float = 0.05
) -> Outcome:
    """Look again and again until it is so, or the time is over; the last look either way."""
    ends_at_s = time.monotonic() + within_s
    while True:
        seen = await look()
        if so(seen) or time.monotonic() >= ends_at_s:
            return seen
        await asyncio.sleep(every_s)


async def faulted(work: Awaitable[object], kinds: tuple[type[Fault], ...], sentence: str) -> Fault:
    """The fault that the work raised; fails when it raised none or another."""
    try:
        came = await work
    except kinds as fault:
        return fault
    except AdapterFault as fault:
        raise AssertionError(f"{sentence}; it raised {type(fault).__name__}: {fault.detail}") from fault
    raise AssertionError(f"{sentence}; it came back with {came!r}")


def only_reads(heard: Overheard, what: str) -> None:
    """Fail where something was written."""
    must(all(request.effect == "read" for request in heard.sent), f"{what} sends nothing but what it reads by")
    must(all(effect == "read" for _, _, effect, _, _ in heard.calls), f"{what} only reads")
