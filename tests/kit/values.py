"""Values as rows of one table beside what holds them, for tests that alter a journal: what is read as one is two."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from console.journal.schema import VALUES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

_BEFORE = (
    "CREATE TEMP TABLE place AS SELECT id, n FROM entry",
    "CREATE TEMP TABLE held AS SELECT holder, digest, body FROM disclosure",
    "DELETE FROM entry_value WHERE n IN (SELECT n FROM entry)",
    "DELETE FROM document_value",
    "DROP VIEW disclosure",
    "CREATE TABLE disclosure (holder TEXT, digest TEXT, body TEXT, PRIMARY KEY (holder, digest))",
    "INSERT INTO disclosure SELECT * FROM held",
    "DROP TABLE held",
)
_PLACE = "coalesce((SELECT n FROM entry e WHERE e.id = d.holder), (SELECT n FROM place p WHERE p.id = d.holder))"
_AFTER = (
    f"INSERT INTO entry_value SELECT {_PLACE}, digest, body FROM disclosure d WHERE {_PLACE} IS NOT NULL",
    f"INSERT INTO document_value SELECT holder, digest, body FROM disclosure d WHERE {_PLACE} IS NULL",
    "DROP TABLE disclosure",
    "DROP TABLE place",
    VALUES,
)


@contextmanager
def values_as_rows(connection: sqlite3.Connection) -> Iterator[None]:
    """Let `disclosure` be a table that is edited; a value of an entry that went stays where that entry was."""
    for words in _BEFORE:
        connection.execute(words)
    yield
    for words in _AFTER:
        connection.execute(words)
