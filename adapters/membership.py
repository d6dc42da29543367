"""Sets that a provider takes only whole: what is signed says of one account whether it is to stand in one of them.

A request MEMBER is never sent. The exact write is made of it at the moment (`contract.WritesWhole`), and `check`
refuses every one that changes more than was signed in what was read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adapters.contract import Planned, Refused, Request, Whole

MEMBER: Final = "MEMBER"
_PUT, _TAKE = ("put", "into"), ("take", "from")
_Pair = tuple[str, list[str], list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One account, and the places of which one is to hold it (`inside`), or none."""

    account: str
    inside: bool
    paths: tuple[str, ...]


def member(account: str, paths: Sequence[str], *, inside: bool) -> Request:
    """The request that people sign. Its path is the first place."""
    who, where = _PUT if inside else _TAKE
    return Request(method=MEMBER, path=paths[0], body=json.dumps({who: account, where: list(paths)}))


def member_of(request: Request) -> Member | None:
    """What a request says of an account; None where it is of another kind.

    Raises:
        Refused: when it is not of the form that `member` makes.
    """
    if request.method != MEMBER:
        return None
    said = _object(request.body)
    inside = set(said) == set(_PUT)
    who, where = _PUT if inside else _TAKE
    account, paths = said.get(who), said.get(where)
    if isinstance(account, str) and isinstance(paths, list) and paths and all(isinstance(one, str) for one in paths):
        found = Member(account=account, inside=inside, paths=tuple(paths))
        if member(account, found.paths, inside=inside) == request:
            return found
    raise Refused("what was signed does not say whom to put in or take out")


def members_of(planned: Sequence[Planned]) -> dict[str, Member]:
    """What plans ask for, by account; empty where they ask for something else.

    Raises:
        Refused: as `member_of`, and when they ask for one account both ways.
    """
    found: dict[str, Member] = {}
    for one in planned:
        for request in one.requests:
            told = member_of(request)
            if told is not None and found.setdefault(told.account, told) != told:
                raise Refused("one account is asked for in two ways")
    return found


def check(whole: Whole, asked: Mapping[str, Member]) -> None:
    """That a write changes nothing of what was read but the accounts that it names, each as it was asked for.

    What it leaves out of the answer, at the top, is what the provider fills in itself. New ones stand behind the old.

    Raises:
        Refused: when it changes anything else.
    """
    request = whole.request
    plain = (request.method, request.effect, request.encoding) == ("PUT", "write", "text")
    if not plain or request.path != whole.path:
        raise Refused("the adapter would write what was not read")
    _, old, new = _changed(whole)
    mine = set(whole.accounts)
    if not mine or len(mine) != len(whole.accounts) or not mine <= set(asked):
        raise Refused("the adapter would change accounts that nobody signed")
    inside = {asked[one].inside for one in mine}
    if any(whole.path not in asked[one].paths for one in mine):
        raise Refused("the adapter would write to a place that nobody signed")
    put = [*old, *whole.accounts] if not mine & set(old) else None
    taken = [one for one in old if one not in mine] if mine <= set(old) else None
    if new != (put if inside == {True} else taken if inside == {False} else None):
        raise Refused("the adapter would change accounts that nobody signed")


def place_of(whole: Whole) -> str:
    """Where in its body the set stands, as a JSON pointer.

    Raises:
        Refused: as `check`.
    """
    return _changed(whole)[0]


def _changed(whole: Whole) -> _Pair:
    before, after = _object(whole.read), _object(whole.request.body)
    found = [pair for name in after for pair in _lists(f"/{name}", before.get(name), after[name])]
    if len(found) != 1:
        raise Refused("the adapter would change more than one set, or none")
    return found[0]


def _lists(place: str, old: Any, new: Any) -> Iterator[_Pair]:  # noqa: ANN401  any JSON value
    """The lists of texts in which two values differ, and where.

    Raises:
        Refused: when they differ in anything else.
    """
    if isinstance(old, list) and isinstance(new, list):
        if _texts(old) and _texts(new):
            if old != new:
                yield place, old, new
            return
        if len(old) == len(new):
            for at, (mine, other) in enumerate(zip(old, new, strict=True)):
                yield from _lists(f"{place}/{at}", mine, other)
            return
    elif isinstance(old, dict) and isinstance(new, dict):
        if set(old) == set(new):
            for name, mine in old.items():
                yield from _lists(f"{place}/{name}", mine, new[name])
            return
    elif json.dumps(old) == json.dumps(new):  # true is not one
        return
    raise Refused("the adapter would change something else of what was read")


def _texts(value: list[Any]) -> bool:
    return all(isinstance(one, str) for one in value)


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Refused("what was read or would be written is no object")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


__all__ = ["MEMBER", "Member", "check", "member", "member_of", "members_of", "place_of"]
