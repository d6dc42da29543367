"""Lists of thousands of keys: matched page by page, read a hundred at once; one by one it answers 80 times a second.

A key that is made or deleted meanwhile shifts the pages, so of those that no page showed it is asked by name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Final, TypeVar

from adapters.contract import Context, Lever, Malformed, Planned, ReadBack, Refused, Wish
from adapters.forms import model_or_params
from adapters.litellm import holders, wire
from adapters.litellm.gateway import Gateway, every_key, gateway, is_hash, together

A = TypeVar("A")
T = TypeVar("T")
_FEW: Final = 20  # asked for by themselves
_AT_ONCE: Final = 20
_A_PAGE_COSTS: Final = 4  # as much as so many single questions, by the clock
_GROUP: Final = 100  # keys in one question: a reply of some 120 KiB
_SMALLEST: Final = 12  # a mixed group is halved down to this; what is left is read by itself


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
    context: Context,
    lever: Lever,
    wishes: Sequence[Wish],
    plan: Callable[[Wish, Gateway], Awaitable[Planned | Refused]],
) -> list[Planned | Refused]:
    """As `plan` for each wish with a lever that needs no more than the key itself."""
    there = await gateway(context)

    async def alone(wish: Wish) -> Planned | Refused:
        return await plan(wish, there)

    keys = await keys_for(context, len(wishes))
    if keys is None:
        return await each(wishes, alone)
    by_word: dict[str, list[wire.ListedKey]] = {}
    for key in keys.values():
        for word in {key.token, key.key_alias or key.token}:
            by_word.setdefault(word, []).append(key)

    def planned(wish: Wish) -> Planned | Refused:
        found = by_word[wish.selector]
        if len(found) > 1:
            return Refused(f"{len(found)} keys have the alias {wish.selector}: select by token hash")
        try:
            params = model_or_params(lever, wish)
            there.surface(wish.surface_key)
            there.surface(params.get("model", ""))
            holder = holders.of_key(found[0].token, found[0])
            return holders.planned(context, lever, wish, params, there, holder)
        except Refused as fault:
            return fault

    missed = [wish for wish in wishes if wish.selector not in by_word]
    absent = await _absent(context, [wish.selector for wish in missed])
    anew = [wish for wish in missed if wish.selector not in absent]
    told: dict[str, Planned | Refused] = {
        name: Refused(f"the gateway knows no key {why}{name}") for name, why in absent.items()
    }
    told |= {wish.selector: one for wish, one in zip(anew, await each(anew, alone), strict=True)}
    return [told[wish.selector] if wish.selector in told else planned(wish) for wish in wishes]


async def _absent(context: Context, names: Sequence[str]) -> dict[str, str]:
    """Which of many names no key has, each with what it was asked as; asked by name, a hundred at a time.

    None of them where the gateway does not answer such a question: they are asked for one by one then.
    """
    asked = sorted({name for name in names if name and not name.startswith("sk-")})
    if len(asked) <= _FEW:
        return {}
    absent: dict[str, str] = {}
    try:
        for some in _groups([name for name in asked if is_hash(name)]):
            # rows do not tell their hash: where one of these is there, each is asked for
            absent |= {} if await together(context, some) else dict.fromkeys(some, "")
        for some in _groups([name for name in asked if not is_hash(name)]):
            there = {row.key_alias for row in await together(context, (), some)}
            absent |= {name: "with the alias " for name in some if name not in there}
    except (Refused, Malformed):  # another version, or too long an answer
        return absent
    return absent


def _groups(of: Sequence[A], size: int = _GROUP) -> Iterator[Sequence[A]]:
    return (of[at : at + size] for at in range(0, len(of), size))


async def read_keys(
    context: Context, planned: Sequence[Planned], ask: Callable[[Planned], Awaitable[ReadBack]],
    judge: Callable[[Planned, dict[str, str]], ReadBack],
) -> list[ReadBack]:  # fmt: skip
    """As `ask` for each plan about a key; `judge` says what its fields, as they were read, come to."""
    told, left = await _read_alike(context, planned, judge) if len(planned) > _FEW else ({}, list(planned))
    keys = await keys_for(context, len(left))
    known = {} if keys is None else keys
    for one in left:
        if one.selector in known:
            told[one.selector] = judge(one, holders.fields_of(one.lever.partition(".")[2], known[one.selector]))
    missed = [one for one in left if one.selector not in told]
    told |= {one.selector: seen for one, seen in zip(missed, await each(missed, ask), strict=True)}
    return [told[one.selector] for one in planned]


async def _read_alike(
    context: Context, planned: Sequence[Planned], judge: Callable[[Planned, dict[str, str]], ReadBack]
) -> tuple[dict[str, ReadBack], list[Planned]]:
    """What is read of keys that stand alike, a hundred at once; and those of which this says nothing.

    The gateway's answer does not say which row is whose. So a group tells only when every key is there and all rows
    say the same, or when none is there; any other is halved.
    """
    told: dict[str, ReadBack] = {}
    left: list[Planned] = []
    verb, *others = {one.lever.partition(".")[2] for one in planned}
    if others:
        return told, list(planned)
    groups = [list(some) for some in _groups(planned)]
    while groups:
        some = groups.pop()
        try:
            rows = await together(context, [one.selector for one in some])
        except (Refused, Malformed):  # another version, or too long an answer
            return told, [*left, *some, *(one for more in groups for one in more)]
        stand = [holders.fields_of(verb, row) for row in rows]
        if not rows or (len(rows) == len(some) and all(fields == stand[0] for fields in stand)):
            told |= {one.selector: judge(one, stand[0] if rows else {}) for one in some}
        elif len(some) <= _SMALLEST:
            left += some
        else:
            groups += [some[: len(some) // 2], some[len(some) // 2 :]]
    return told, left
