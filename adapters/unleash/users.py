"""Blocking users, one or thousands: each stands in one of the prepared segments, which are written whole.

What is signed says of one user whether it is to stand there (`adapters.membership`). Which segment takes it, and who
else stands in it, is read at the moment of sending; the console proves that nobody else is moved.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from adapters.contract import Context, Planned, ReadBack, Refused, Rendered, Whole
from adapters.membership import Member, member, member_of, members_of
from adapters.unleash import segments, wire
from adapters.unleash.levers import BLOCK, Settings

LONGEST = 100  # a longer value is refused: seen on 7.5.1
_MOST_FLAGS = 50  # so many flags are asked whether they carry every segment
_GONE = "what it was written to is gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What every block at one flag has in common: the segments, who stands in them, and how much they take."""

    flag: str
    names: tuple[str, ...]
    paths: tuple[str, ...]
    blocked: frozenset[str]
    segments: tuple[wire.Segment, ...]
    most: int
    notes: tuple[str, ...]


async def look(context: Context, settings: Settings, flag: str) -> Ground:
    """Where a block at this flag would be written; without a flag, at the first by which it can be seen.

    Raises:
        Refused: when the segment is not prepared, or some strategy of the flag would let the user in all the same.
    """
    (first, *more), most = await asyncio.gather(segments.find(context, settings.segment), segments.most_values(context))
    place = (settings.project, settings.environment)
    flags = await segments.carriers(context, first, *place)
    asked = [flag] if flag else flags
    found = await asyncio.gather(*(segments.carried(context, place[0], one, place[1]) for one in asked[:_MOST_FLAGS]))
    there = next((pair for pair in zip(asked, found, strict=False) if first.id in pair[1]), None)
    if there is None and flag:
        raise Refused(f"{flag} has a strategy without the segment {first.name}, which lets everybody in")
    if there is None:
        raise Refused(f"no flag has the segment {first.name} on every strategy: a block would do nothing")
    chosen, ids = there
    kept = [first, *(one for one in more if one.id in ids)]
    left = [one.name for one in more if one.id not in ids]
    others = [one for one in flags if one != chosen][:_MOST_FLAGS]
    theirs = await asyncio.gather(*(segments.carried(context, place[0], one, place[1]) for one in others))
    open_ = [one for one, has in zip(others, theirs, strict=True) if not {segment.id for segment in kept} <= has]
    return Ground(
        flag=chosen, names=tuple(one.name for one in kept), paths=tuple(segments.path(one.id) for one in kept),
        blocked=frozenset(user for one in kept for user in segments.users(one)), segments=tuple(kept), most=most,
        notes=tuple(_notes(kept, flags, open_, left, most)),
    )  # fmt: skip


def _notes(
    kept: Sequence[wire.Segment], flags: Sequence[str], open_: Sequence[str], left: Sequence[str], most: int
) -> Iterator[str]:
    yield f"reaches every flag that carries the segment {kept[0].name}: {', '.join(flags[:8])}"
    if open_:
        yield f"some of them may still be let in by {', '.join(open_[:8])}: not every strategy there has every segment"
    names = ", ".join(one.name for one in kept)
    there = sum(len(segments.users(one)) for one in kept)
    yield f"{there} users stand in {names} now, which take at most {most} values each"
    yield "what is sent is the whole segment as it stands then, with nobody else moved in or out"
    if left:
        yield f"not used, for {', '.join(left)} is not on every strategy"


def plan(blank: Planned, ground: Ground) -> Planned:
    """One user to stand in one of the segments, or in none.

    Raises:
        Refused: when that cannot be a user.
    """
    user, block = blank.selector, blank.direction == "contain"
    if not user or len(user) > LONGEST or not user.isprintable():
        raise Refused("say which user, by the id that the product gives to Unleash")
    inside = user in ground.blocked
    return replace(
        blank, surface_key=ground.flag, model=ground.flag, params={"segments": ", ".join(ground.names)},
        pre=_fields(inside), wanted=_fields(block), requests=(member(user, ground.paths, inside=block),),
        revert=(member(user, ground.paths, inside=inside),), notes=(*ground.notes, *blank.notes),
    )  # fmt: skip


def within(ground: Ground, plans: Sequence[Planned | Refused]) -> list[Planned | Refused]:
    """The same, with whoever finds no room any more refused: the first of them do."""
    here = [one for one in plans if isinstance(one, Planned) and one.surface_key == ground.flag]
    new = [one.selector for one in here if one.direction == "contain" and one.pre != one.wanted]
    _, left = segments.allot(ground.segments, ground.most, new)
    fits, over = len(new) - len(left), frozenset(left)
    why = Refused(
        f"no room: {fits} of {len(new)} new ones fit into {', '.join(ground.names)}; prepare one more segment"
    )

    def judged(one: Planned | Refused) -> Planned | Refused:
        mine = isinstance(one, Planned) and one.surface_key == ground.flag
        return why if mine and isinstance(one, Planned) and one.selector in over else one

    return [judged(one) for one in plans] if over else list(plans)


async def render(context: Context, planned: Sequence[Planned]) -> Rendered:
    """The exact writes, from what stands in the segments now; a user goes into the first that has room."""
    asked = members_of(planned)
    places = {(one.paths, one.inside) for one in asked.values()}
    if len(places) != 1:
        raise Refused("these do not ask for one thing of the same segments")
    ((paths, inside),) = places
    there, most = await asyncio.gather(segments.held(context, paths), segments.most_values(context))
    if not there:
        raise Refused(f"{_GONE}: no segment of blocked users is there any more", wire.NOT_FOUND)
    if not inside:
        out = [(one, [user for user in dict.fromkeys(one.users) if user in asked]) for one in there]
        return Rendered(wholes=tuple(_whole(one, taken, ()) for one, taken in out if taken))
    known = {user for one in there for user in one.users}
    new = [account for account in asked if account not in known]
    shares, left = segments.allot([one.segment for one in there], most, new)
    return Rendered(
        wholes=tuple(_whole(one, (), put) for one, put in zip(there, shares, strict=True) if put),
        refused=dict.fromkeys(left, "no segment has room for it"),
    )  # fmt: skip


def _whole(one: segments.Held, out: Sequence[str], put: Sequence[str]) -> Whole:
    """The write of one segment with more users, or fewer."""
    gone = frozenset(out)
    after = [*(user for user in one.users if user not in gone), *put]
    return Whole(path=one.path, read=one.text, request=segments.write(one.segment, after), accounts=(*out, *put))


async def read_back(context: Context, planned: Sequence[Planned]) -> list[ReadBack]:
    """Whether each user stands in one of the segments that its plan names; each segment is read once."""
    asked = [_asked(one) for one in planned]
    paths = tuple(dict.fromkeys(path for one in asked for path in one.paths))
    there = {one.path: frozenset(one.users) for one in await segments.held(context, paths)}
    at_ms = context.now_ms()

    def one(told: Member, plan: Planned) -> ReadBack:
        mine = [there[path] for path in told.paths if path in there]
        if not mine:
            return ReadBack(verdict="cannot-tell", fields={}, at_ms=at_ms, detail=_GONE)
        inside = any(told.account in some for some in mine)
        fields = _fields(inside) if "blocked" in plan.wanted else _older(mine[0])
        return ReadBack(verdict="in-effect" if inside is told.inside else "not-in-effect", fields=fields, at_ms=at_ms)

    return [one(told, plan) for told, plan in zip(asked, planned, strict=True)]


def paths_of(planned: Planned) -> tuple[str, ...]:
    """The segments that a plan of this lever writes to."""
    return _asked(planned).paths


def _asked(planned: Planned) -> Member:
    told = member_of(planned.requests[0]) if planned.requests else None
    if told is not None:
        return told
    # signed before this form was there: the whole segment, with the user in it or not
    wanted = json.loads(planned.wanted.get("values", "[]"))
    inside, number = planned.selector in wanted, int(planned.params.get("segment", "0"))
    return Member(account=planned.selector, inside=inside, paths=(segments.path(number),))


def _fields(inside: bool) -> Mapping[str, str]:  # noqa: FBT001  the one thing it says
    return {"blocked": json.dumps(inside)}


def _older(users: frozenset[str]) -> Mapping[str, str]:
    return {"values": json.dumps(sorted(users))}


__all__ = ["BLOCK", "Ground", "look", "paths_of", "plan", "read_back", "render", "within"]
