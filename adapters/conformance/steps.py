"""The small steps of the kit: run, wait until it is so, expect a fault, fail with a sentence."""

from __future__ import annotations

import asyncio
import copy
import json
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from adapters.conformance.bent import Overheard
from adapters.contract import Adapter, AdapterFault, Context, Lever, Planned, Request, Wish, WritesWhole
from adapters.membership import check, members_of

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


def after_restart(adapter: Adapter) -> Adapter:
    """The adapter as another process has it: made of the same settings, and nothing of what is asked of this one.

    Taken before anything was asked.
    """
    return copy.deepcopy(adapter)


async def exact(
    adapter: Adapter, context: Context, planned: Planned, requests: tuple[Request, ...] | None = None
) -> Planned:
    """The plan with what is really sent for these `requests` (its own): some is made, and proven, at the moment."""
    asked = planned if requests is None else replace(planned, requests=requests)
    members = members_of([asked])
    if not members:
        return asked
    must(isinstance(adapter, WritesWhole), "what is signed of a set can be made into an exact write")
    heard = Overheard(context)
    made = await adapter.render(heard, [asked]) if isinstance(adapter, WritesWhole) else None
    must(made is not None and not made.refused, f"there is a way: {made}")
    only_reads(heard, "making an exact write")
    wholes = () if made is None else made.wholes
    for whole in wholes:
        check(whole, members)
    return replace(asked, requests=tuple(whole.request for whole in wholes))


def as_kept(planned: Planned) -> Planned:
    """The plan as it comes back from a record: its text, and nothing else of the moment at which it was made."""

    def text(fields: Mapping[str, str]) -> dict[str, str]:
        return {name: str(value) for name, value in json.loads(json.dumps(dict(fields))).items()}

    def again(requests: tuple[Request, ...]) -> tuple[Request, ...]:
        return tuple(Request(**json.loads(json.dumps(one.as_json()))) for one in requests)

    return replace(
        planned, params=text(planned.params), pre=text(planned.pre), wanted=text(planned.wanted),
        requests=again(planned.requests), revert=again(planned.revert),
    )  # fmt: skip


def wish_of(planned: Planned, lever: Lever) -> Wish:
    """The wish that a plan meets, from what is signed of it alone."""
    known = () if lever.params is None else lever.params.model_fields
    params = {name: value for name, value in planned.params.items() if name in known and value}
    return Wish(
        lever=planned.lever, selector=planned.selector, surface_key=planned.surface_key, params=params,
        direction=planned.direction,
    )  # fmt: skip


def only_reads(heard: Overheard, what: str) -> None:
    """Fail where something was written."""
    must(all(request.effect == "read" for request in heard.sent), f"{what} sends nothing but what it reads by")
    must(all(effect == "read" for _, _, effect, _, _ in heard.calls), f"{what} only reads")
