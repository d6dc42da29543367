"""Of a long incident, only the later entries that name certain others: what was taken back, amended, answered.

Pure reading: the names are looked at in the index, and no value is opened of an entry that concerns something else.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from typing import Final

from console.journal.rows import select_entries
from console.journal.values import Stored

_AT_ONCE: Final = 400
_NAMING: Final = (
    "SELECT e.n, iif(json_valid(CAST(e.raw AS TEXT)), json_extract(CAST(e.raw AS TEXT), '$.pub.of'), '[]') "
    "FROM entry e INDEXED BY entry_told WHERE e.kind <> 'note' AND e.inc = ? AND e.kind IN (?, ?)"
)


def entries_about(
    connection: sqlite3.Connection, inc: str, kinds: tuple[str] | tuple[str, str], known: Collection[str]
) -> list[Stored]:
    """Entries of these kinds in this incident that name one of `known` in `pub.of`, in order of receipt."""
    ids = set(known)
    one, other = kinds[0], kinds[-1]
    numbers = [n for n, of in connection.execute(_NAMING, (inc, one, other)) if not ids.isdisjoint(_names(of))]
    return by_number(connection, sorted(numbers))


def by_number(connection: sqlite3.Connection, numbers: Sequence[int]) -> list[Stored]:
    """The entries of these numbers, in order of receipt."""
    found: list[Stored] = []
    for at in range(0, len(numbers), _AT_ONCE):
        some = numbers[at : at + _AT_ONCE]
        found += select_entries(connection, f"e.n IN ({','.join('?' * len(some))})", some)
    return found


def _names(of: str | None) -> list[str]:
    try:
        told: object = json.loads(of or "[]")
    except ValueError:
        return []
    return [str(name) for name in told] if isinstance(told, list) else []
