"""What comes before an entry on its own branch of a forked feed, found in a few steps however much lies there.

Whoever forks their own feed may write a hundred thousand entries behind it, on as many branches as they like: none of
them costs a walk back through the others. It proves nothing.
"""

from __future__ import annotations

import hashlib
import sqlite3
from typing import Final, NamedTuple, cast

from console.journal import envelope
from console.runtime.ids import SystemEntropy

_MOST: Final = 100_000
_EVERY: Final = 64
_WIDE: Final = 16
_EMPTY: Final[_Node] = (None,) * _WIDE
# the last entry of every incident: a tree that is never changed, so that branches share what they have in common
_Last = tuple[int, str]
_Leaf = tuple[int, _Last]
_Node = tuple["_Node | _Leaf | None", ...]


class _Link(NamedTuple):
    """What an entry says of its place."""

    id: str
    prev: str | None
    inc: str | None
    seq: int
    iseq: int


class Ancestry:
    """Remembers by id what came before. An id is the hash of everything behind it: none ever changes."""

    __slots__ = ("_known", "_salt")

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, _Node]] = {}  # by id: its number, the last of every incident up to it
        self._salt = SystemEntropy().token(16)  # incidents are named by whoever declares them

    def last_in_incident(self, connection: sqlite3.Connection, start: str | None, inc: str | None) -> _Last | None:
        """Number and id of the last entry of an incident, from `start` backwards; None where there is none."""
        run: list[_Link] = []
        at = start
        while at is not None and at not in self._known:
            link = _read(connection, at)
            if link.inc == inc and len(run) < _EVERY:
                return link.iseq, link.id  # so it is nearly always: nothing has to be remembered for it
            run.append(link)
            at = link.prev
        node = _EMPTY if at is None else self._known[at][1]
        for link in reversed(run):
            node = _with(node, self._place(link.inc), (link.iseq, link.id))
            if link.id == start or link.seq % _EVERY == 0:
                self._keep(link, node)
        return _find(node, self._place(inc))

    def _place(self, inc: str | None) -> int:
        return int.from_bytes(hashlib.blake2b((inc or "").encode(), key=self._salt, digest_size=16).digest(), "big")

    def _keep(self, link: _Link, node: _Node) -> None:
        """Where there are too many, only those at regular distances stay, and where these are too many none."""
        if len(self._known) >= _MOST:
            self._known = {ident: one for ident, one in self._known.items() if one[0] % _EVERY == 0}
            if len(self._known) > _MOST // 2:
                self._known.clear()
        self._known[link.id] = link.seq, node


def _read(connection: sqlite3.Connection, ident: str) -> _Link:
    row = connection.execute("SELECT raw FROM entry WHERE id = ?", (ident,)).fetchone()
    entry = envelope.read_entry(row[0])
    return _Link(ident, entry.prev, entry.inc, entry.seq, entry.iseq)


def _find(node: _Node, place: int) -> _Last | None:
    rest = place
    while True:
        below = node[rest % _WIDE]
        if below is None:
            return None
        if len(below) != _WIDE:
            leaf = cast("_Leaf", below)
            return leaf[1] if leaf[0] == place else None
        node, rest = cast("_Node", below), rest // _WIDE


def _with(node: _Node, place: int, last: _Last, depth: int = 0) -> _Node:
    """The same, with another last entry of one incident."""
    slot = place // _WIDE**depth % _WIDE
    below = node[slot]
    if below is None:
        put: _Node | _Leaf = (place, last)
    elif len(below) == _WIDE:
        put = _with(cast("_Node", below), place, last, depth + 1)
    else:
        leaf = cast("_Leaf", below)
        put = (place, last)
        if leaf[0] != place:
            put = _with(_with(_EMPTY, leaf[0], leaf[1], depth + 1), place, last, depth + 1)
    return (*node[:slot], put, *node[slot + 1 :])


__all__ = ["Ancestry"]
