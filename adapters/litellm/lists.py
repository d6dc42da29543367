"""Lists of thousands of keys, read page by page: one by one a gateway answers about 30 times a second.

A key that is made or deleted meanwhile shifts the pages, so those that no page showed are asked for by themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from adapters.contract import Context, Lever, Planned, ReadBack, Refused, Wish
from adapters.litellm import holders, wire
from adapters.litellm.gateway import every_key, gateway
from adapters.litellm.levers import params_of

A = TypeVar("A")
T = TypeVar("T")
_FEW: Final = 20  # asked for by themselves
_AT_ONCE: Final = 20
_A_PAGE_COSTS: Final = 6  # as much as so many single questions, by the clock
_MOST_ASKED_ANEW: Final = (
    200  # a gateway answers so many well within a step; of more it is taken that they are not there
)


async def each(asked: Sequence[A], ask: Callable[[A], Awaitable[T]]) -> list[T]:
    """Every answer in the order asked, some at a time."""
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(question: A) -> T:
        async with turn:
            return await ask(question)

    return list(await asyncio.gather(*(one(question) for question in asked)))


async def keys_for(context: Context, count: int) -> dict[str, wire.ListedKey] | None:
    """Every key by its token hash; None where asking for those that are meant is quicker."""
    try:
        return (
            None
            if count <= _FEW
            else {one.token: one for one in await every_key(context, most_pages=count // _A_PAGE_COSTS)}
        )
    except Refused:
        return None


async def plan_keys(
    context: Context, lever: Lever, wishes: Sequence[Wish], plan: Callable[[Wish], Awaitable[Planned | Refused]]
) -> list[Planned | Refused]:
    """As `plan` for each wish with a lever that needs no more than the key itself."""
    keys = await keys_for(context, len(wishes))
    if keys is None:
        return await each(wishes, plan)
    there = await gateway(context)
    by_word: dict[str, list[wire.ListedKey]] = {}
    for key in keys.values():
        for word in {key.token, key.key_alias or key.token}:
            by_word.setdefault(word, []).append(key)

    def planned(wish: Wish) -> Planned | Refused:
        found = by_word.get(wish.selector, [])
        if len(found) > 1:
            return Refused(f"{len(found)} keys have the alias {wish.selector}: select by token hash")
        try:
            params = params_of(lever, wish)
            there.surface(wish.surface_key)
            there.surface(params.get("model", ""))
            holder = holders.of_key(found[0].token, found[0])
            return holders.planned(context, lever, wish, params, there, holder)
        except Refused as fault:
            return fault

    missed = [wish for wish in wishes if wish.selector not in by_word]
    if len(missed) <= _MOST_ASKED_ANEW:
        told = await each(missed, plan)
    else:
        told = [Refused(f"the gateway knows no key {wish.selector}") for wish in missed]
    anew = {wish.selector: one for wish, one in zip(missed, told, strict=True)}
    return [anew[wish.selector] if wish.selector in anew else planned(wish) for wish in wishes]


async def read_keys(
    context: Context, planned: Sequence[Planned], ask: Callable[[Planned], Awaitable[ReadBack]],
    judge: Callable[[Planned, dict[str, str]], ReadBack],
) -> list[ReadBack]:  # fmt: skip
    """As `ask` for each plan about a key; `judge` says what its fields, as they were read, come to."""
    keys = await keys_for(context, len(planned))
    if keys is None:
        return await each(planned, ask)
    missed = [one for one in planned if one.selector not in keys]
    if len(missed) > _MOST_ASKED_ANEW:
        anew = [judge(one, {}) for one in missed]
    else:
        anew = await each(missed, ask)
    told = {one.selector: seen for one, seen in zip(missed, anew, strict=True)}
    for one in planned:
        if one.selector in keys:
            fields = holders.fields_of(one.lever.partition(".")[2], keys[one.selector])
            told[one.selector] = judge(one, fields)
    return [told[one.selector] for one in planned]
