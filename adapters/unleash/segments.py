"""Blocking one user by the segment of blocked users: the constraint that a user is none of these, on every strategy.

The segment is prepared in peace and put on the strategies of every flag that guards a model (README): a block can then
be one write. A flag with a strategy that lacks the segment would let the user through, so it is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from adapters.contract import Context, Refused, Request
from adapters.unleash import wire

_USER, _NONE_OF = "userId", "NOT_IN"


async def find(context: Context, name: str) -> wire.Segment:
    """The prepared segment.

    Raises:
        Refused: when there is none of this name, or it says nothing about users.
    """
    reply = await context.call("GET", "/api/admin/segments", effect="read")
    for segment in wire.read(wire.Segments, wire.check(reply, "segments")).segments:
        if segment.name == name:
            if _ours(segment.constraints) is None:
                raise Refused(f"the segment {name} has no constraint that {_USER} is none of a list")
            return segment
    raise Refused(f"there is no segment called {name}: prepare it once, as the adapter's README says", wire.NOT_FOUND)


async def carriers(context: Context, segment: wire.Segment, project: str, environment: str) -> list[str]:
    """The flags of a project that have the segment on some strategy in this environment."""
    reply = await context.call("GET", f"/api/admin/segments/{segment.id}/strategies", effect="read")
    found = wire.read(wire.Carriers, wire.check(reply, "segment")).strategies
    here = [one.featureName for one in found if (one.projectId, one.environment) == (project, environment)]
    return list(dict.fromkeys(here))


async def holds(context: Context, segment: wire.Segment, project: str, flag: str, environment: str) -> bool:
    """Whether every strategy of a flag carries the segment: one that does not would let everybody through."""
    path = (
        f"/api/admin/projects/{quote(project, safe='')}/features/{quote(flag, safe='')}"
        f"/environments/{quote(environment, safe='')}/strategies"
    )
    reply = wire.check(await context.call("GET", path, effect="read"), "strategies")
    found = wire.Strategies.model_validate({"all": reply.json()}).all
    active = [strategy for strategy in found if not strategy.disabled]
    return bool(active) and all(segment.id in strategy.segments for strategy in active)


def fields(segment: wire.Segment) -> dict[str, str]:
    """The users that are blocked, as exact JSON text."""
    ours = _ours(segment.constraints)
    return {"values": json.dumps(ours["values"] if ours else [])}


def wanted(segment: wire.Segment, user: str, *, block: bool) -> dict[str, str]:
    """The list with this user, or without; as it is where that is so already."""
    now = json.loads(fields(segment)["values"])
    kept = [value for value in now if value != user]
    return {"values": json.dumps((now if user in now else [*now, user]) if block else kept)}


def same(now: Mapping[str, str], wanted: Mapping[str, str], user: str) -> bool:
    """Whether the list says of this user what is wanted; who else stands in it is another correction's matter."""
    return (user in json.loads(now["values"])) is (user in json.loads(wanted["values"]))


def write(segment: wire.Segment, values: Mapping[str, str]) -> Request:
    """The whole segment with this list and everything else as it was: there is no narrower write."""
    ours = _ours(segment.constraints)
    after = json.loads(values["values"])
    more = {"description": segment.description, "project": segment.project}
    body = {
        "name": segment.name, **{name: value for name, value in more.items() if value is not None},
        "constraints": [{**one, "values": after} if one is ours else one for one in segment.constraints],
    }  # fmt: skip
    text = json.dumps(body, separators=(",", ":"))
    return Request(method="PUT", path=f"/api/admin/segments/{segment.id}", body=text)


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
