"""What most adapters do alike: find the lever, send in order, compare what is read, ask about many, know a name."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Literal, TypeVar

from adapters.contract import (
    Lever,
    Malformed,
    Manifest,
    NotSent,
    OutcomeUnknown,
    Planned,
    ReadBack,
    Receipt,
    Refused,
    Request,
    Stale,
    Throttled,
    Wish,
)

Asked = TypeVar("Asked")
Told = TypeVar("Told")
AT_ONCE: Final = 8


def lever_of(manifest: Manifest, wish: Wish) -> Lever:
    """The lever that is wished for.

    Raises:
        Refused: when there is none of this name.
    """
    try:
        return manifest.lever(wish.lever)
    except KeyError:
        raise Refused(f"there is no lever {wish.lever} here") from None


def names(sentence: str, name: str) -> bool:
    """Whether a sentence names a thing as a whole word: "t" is in "Not found", and is not named there."""
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", sentence) is not None


async def in_order(
    requests: Sequence[Request], send: Callable[[Request], Awaitable[Receipt]], did: str = "accepted"
) -> Receipt:
    """One request after the other; what the last came to.

    Raises:
        OutcomeUnknown: where a later one fails in whatever way: an earlier one landed, and nobody may call that unsent.
        AdapterFault: as `send`, of the first.
    """
    receipt = Receipt(outcome="accepted")
    for number, request in enumerate(requests):
        try:
            receipt = await send(request)
        except (Refused, Malformed, NotSent, Stale, Throttled) as fault:
            if number:
                raise OutcomeUnknown(f"{number} of {len(requests)} were {did}, then: {fault.detail}") from fault
            raise
    return receipt


def compared(
    planned: Planned, fields: Mapping[str, str], at_ms: int, detail: str = "", *, arrived: bool = True
) -> ReadBack:
    """In effect where the fields are those wanted, and the provider has got there."""
    same = dict(fields) == dict(planned.wanted) and arrived
    verdict: Literal["in-effect", "not-in-effect"] = "in-effect" if same else "not-in-effect"
    return ReadBack(verdict=verdict, fields=fields, at_ms=at_ms, detail=detail)


async def for_each(asked: Sequence[Asked], ask: Callable[[Asked], Awaitable[Told]]) -> list[Told]:
    """Every answer in the order asked, some at a time; the first fault is everybody's, when all have ended."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(question: Asked) -> Told:
        async with turn:
            return await ask(question)

    told: list[Told] = []
    for answer in await asyncio.gather(*(one(question) for question in asked), return_exceptions=True):
        if isinstance(answer, BaseException):
            raise answer
        told.append(answer)
    return told
