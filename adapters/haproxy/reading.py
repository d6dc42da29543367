"""What the socket and the map files say, asked as seldom as can be: of many callers a file is read once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final, Literal

from adapters.contract import Context, Reply, Request
from adapters.haproxy import wire

_MOST: Final = 8000  # letters of a line: the console sends no longer one


def line(text: str, effect: Literal["read", "write"] = "write") -> Request:
    """One line to the socket."""
    return Request(method="LINE", path="/", body=text, content_type=None, effect=effect)


async def say(context: Context, text: str) -> Reply:
    """What the socket answers to a line that asks."""
    return await context.send(line(text, "read"))


async def values(context: Context, path: str, keys: Sequence[str], *, file: bool) -> dict[str, dict[str, str]]:
    """Of each key of a map its value, as JSON: what counts now (`runtime`), and with `file` what its file says."""
    asked = list(dict.fromkeys(keys))
    found = {key: {"runtime": json.dumps(value)} for key, value in (await _runtime(context, path, asked)).items()}
    if file:
        request = Request(method="FILE", path=path, content_type=None, effect="read")
        kept = wire.lines_of((await context.send(request)).body)
        for key in asked:
            found[key]["file"] = json.dumps(kept.get(key))
    return found


async def _runtime(context: Context, path: str, keys: Sequence[str]) -> dict[str, str | None]:
    """The socket takes several commands in one line, and answers each in its turn."""
    found: dict[str, str | None] = {}
    some: list[str] = []
    for at, key in enumerate(keys):
        some.append(key)
        size = sum(len(f"get map {path} {one};") for one in some)
        if at == len(keys) - 1 or size + len(f"get map {path} {keys[at + 1]};") > _MOST:
            told = await say(context, ";".join(f"get map {path} {one}" for one in some))
            found |= dict(zip(some, wire.values_of(told, len(some)), strict=True))
            some = []
    return found
