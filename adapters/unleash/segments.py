"""The segments of blocked users: the constraint that a user is none of these, on every strategy of a flag.

They are prepared in peace and put on the strategies of every flag that guards a model (README): a block can then be one
write. A flag with a strategy that lacks the first of them would let the user through, so it is refused.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from adapters.contract import Context, Refused, Request
from adapters.unleash import wire

_USER, _NONE_OF = "userId", "NOT_IN"
USUAL_VALUES: Final = 1_000  # so many values a segment takes, where the server does not say otherwise
MOST_BYTES: Final = 100_000  # a longer request is refused (413): seen on 7.5.1, which does not tell


async def find(context: Context, name: str) -> tuple[wire.Segment, ...]:
    """The prepared segment, and those that go on with it (`NAME-2`, `NAME-3`), in order.

    Raises:
        Refused: when there is none of this name, or it says nothing about users.
    """
    reply = await context.call("GET", "/api/admin/segments", effect="read")
    found = wire.read(wire.Segments, wire.check(reply, "segments")).segments
    first = next((one for one in found if one.name == name), None)
    if first is None:
        raise Refused(
            f"there is no segment called {name}: prepare it once, as the adapter's README says", wire.NOT_FOUND
        )
    if _ours(first.constraints) is None:
        raise Refused(f"the segment {name} has no constraint that {_USER} is none of a list")
    numbered = {
        int(told[1]): one
        for one in found
        if (told := re.fullmatch(rf"{re.escape(name)}-([1-9]\d?)", one.name)) and _ours(one.constraints) is not None
    }
    return (first, *(numbered[number] for number in sorted(numbered) if number > 1))


async def most_values(context: Context) -> int:
    """How many values this server takes in one segment."""
    reply = await context.call("GET", "/api/admin/ui-config", effect="read")
    told = wire.read(wire.Config, wire.check(reply, "limits")).resourceLimits
    return USUAL_VALUES if told is None or told.segmentValues is None else told.segmentValues


async def carriers(context: Context, segment: wire.Segment, project: str, environment: str) -> list[str]:
    """The flags of a project that have the segment on some strategy in this environment."""
    reply = await context.call("GET", f"{path(segment.id)}/strategies", effect="read")
    found = wire.read(wire.Carriers, wire.check(reply, "segment")).strategies
    here = [one.featureName for one in found if (one.projectId, one.environment) == (project, environment)]
    return list(dict.fromkeys(here))


async def carried(context: Context, project: str, flag: str, environment: str) -> frozenset[int]:
    """The segments on every strategy of a flag: one that lacks a segment lets everybody in it through."""
    place = (
        f"/api/admin/projects/{quote(project, safe='')}/features/{quote(flag, safe='')}"
        f"/environments/{quote(environment, safe='')}/strategies"
    )
    reply = wire.check(await context.call("GET", place, effect="read"), "strategies")
    found = wire.Strategies.model_validate({"all": reply.json()}).all
    active = [frozenset(strategy.segments) for strategy in found if not strategy.disabled]
    return frozenset[int]().union(*active).intersection(*active)


@dataclass(frozen=True, slots=True)
class Held:
    """One segment as it stands now: the exact text, and what it says."""

    path: str
    text: str
    segment: wire.Segment

    @property
    def users(self) -> list[str]:
        """Who is blocked by it, in its order."""
        return users(self.segment)


async def held(context: Context, paths: Sequence[str]) -> list[Held]:
    """These segments as they stand now; those that are gone, or say nothing about users any more, are left out."""

    async def one(place: str) -> Held | None:
        reply = await context.call("GET", place, effect="read")
        if reply.status == wire.NOT_FOUND:
            return None
        segment = wire.read(wire.Segment, wire.check(reply, "segment"))
        return None if _ours(segment.constraints) is None else Held(place, reply.body.decode(), segment)

    found = await asyncio.gather(*(one(place) for place in paths))
    return [there for there in found if there is not None]


def path(segment: int) -> str:
    """Where a segment is read and written."""
    return f"/api/admin/segments/{segment}"


def users(segment: wire.Segment) -> list[str]:
    """Who is blocked by a segment."""
    ours = _ours(segment.constraints)
    return [str(one) for one in ours["values"]] if ours else []


def allot(there: Sequence[wire.Segment], most: int, new: Sequence[str]) -> tuple[list[list[str]], list[str]]:
    """Who goes into which of these segments, in order, and who finds no room.

    The values of a segment's other constraints count too, and the whole of it has to fit into one request.
    """
    left, shares = list(new), list[list[str]]()
    for segment in there:
        values = sum(len(one["values"]) for one in segment.constraints if isinstance(one.get("values"), list))
        bytes_ = len(write(segment, users(segment)).body.encode())
        taken = 0
        for user in left[: max(0, most - values)]:
            bytes_ += len(json.dumps(user)) + 1
            if bytes_ > MOST_BYTES:
                break
            taken += 1
        shares.append(left[:taken])
        left = left[taken:]
    return shares, left


def write(segment: wire.Segment, after: Sequence[str]) -> Request:
    """The whole segment with these users and everything else as it was: there is no narrower write."""
    ours = _ours(segment.constraints)
    more = {"description": segment.description, "project": segment.project}
    body = {
        "name": segment.name, **{name: value for name, value in more.items() if value is not None},
        "constraints": [{**one, "values": list(after)} if one is ours else one for one in segment.constraints],
    }  # fmt: skip
    text = json.dumps(body, separators=(",", ":"))
    return Request(method="PUT", path=path(segment.id), body=text)


def shuts_out(strategies: Sequence[wire.ClientStrategy], user: str) -> bool:
    """Whether every strategy that a product reads says that this user is none of those it lets in."""
    return bool(strategies) and all(
        any(_is_ours(one) and user in one["values"] for one in strategy.constraints) for strategy in strategies
    )


def _ours(constraints: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    return next((one for one in constraints if _is_ours(one)), None)


def _is_ours(one: Mapping[str, Any]) -> bool:
    told = (one.get("contextName"), one.get("operator"), bool(one.get("inverted")))
    return told == (_USER, _NONE_OF, False) and isinstance(one.get("values"), list)
