"""What comes before an entry on its own branch of a forked feed, each signed entry read once. It proves nothing.

Whoever forks their own feed may write a hundred thousand entries behind it: none of them costs a walk through the file.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from console.journal import envelope

_MOST: Final = 200_000
_Link = tuple[str | None, str | None, int]


class Ancestry:
    """By id: the entry before, the incident, the number in it. An id is the hash of all three: none ever changes."""

    __slots__ = ("_links",)

    def __init__(self) -> None:
        self._links: dict[str, _Link] = {}

    def last_in_incident(
        self, connection: sqlite3.Connection, start: str | None, inc: str | None
    ) -> tuple[int, str] | None:
        """Number and id of the last entry of an incident, from `start` backwards; None where there is none."""
        links, at = self._links, start
        while at is not None:
            found = links.get(at)
            if found is None:
                found = self._read(connection, at)
            if found[1] == inc:
                return found[2], at
            at = found[0]
        return None

    def _read(self, connection: sqlite3.Connection, ident: str) -> _Link:
        row = connection.execute("SELECT raw FROM entry WHERE id = ?", (ident,)).fetchone()
        entry = envelope.read_entry(row[0])
        if len(self._links) >= _MOST:
            self._links.clear()
        found = self._links[ident] = (entry.prev, entry.inc, entry.iseq)
        return found


__all__ = ["Ancestry"]
