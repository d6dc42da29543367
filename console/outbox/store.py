"""The outbox table in journal.db. Every function works inside the caller's transaction, beside the entry it belongs to.

It must never be the only witness: a row without its signed entries counts for nothing (`gate`).
"""

from __future__ import annotations

import sqlite3
from typing import Any, Final

from console.journal.schema import Part
from console.outbox.item import Row

# The first form was changed in place while nobody used it yet: some tables lack decided_ms. In the inner SELECT that
# name means the table's own column where there is one, else the outer one.
_WITH_DECIDED: Final = (
    "ALTER TABLE outbox RENAME TO outbox_before",
    """CREATE TABLE outbox (
        doc TEXT NOT NULL, target INTEGER NOT NULL, op TEXT NOT NULL, inc TEXT NOT NULL,
        instance TEXT NOT NULL, direction TEXT NOT NULL CHECK (direction IN ('contain', 'restore')),
        by_hand INTEGER NOT NULL, state TEXT NOT NULL, attempt INTEGER NOT NULL, since_ms INTEGER NOT NULL,
        decided_ms INTEGER NOT NULL, not_before_ms INTEGER NOT NULL, tries INTEGER NOT NULL,
        missed INTEGER NOT NULL, outage INTEGER NOT NULL, held INTEGER NOT NULL, detail TEXT NOT NULL,
        PRIMARY KEY (doc, target))
        STRICT, WITHOUT ROWID""",
    """INSERT INTO outbox (doc, target, op, inc, instance, direction, by_hand, state, attempt, since_ms, decided_ms,
            not_before_ms, tries, missed, outage, held, detail)
        SELECT doc, target, op, inc, instance, direction, by_hand, state, attempt, since_ms,
            (SELECT decided_ms FROM outbox_before own WHERE own.doc = o.doc AND own.target = o.target),
            not_before_ms, tries, missed, outage, held, detail
        FROM (SELECT *, since_ms AS decided_ms FROM outbox_before) o""",
    "DROP TABLE outbox_before",
)
OUTBOX: Final = Part(
    "outbox",
    (
        (
            """CREATE TABLE outbox (
                doc TEXT NOT NULL, target INTEGER NOT NULL, op TEXT NOT NULL, inc TEXT NOT NULL,
                instance TEXT NOT NULL, direction TEXT NOT NULL CHECK (direction IN ('contain', 'restore')),
                by_hand INTEGER NOT NULL, state TEXT NOT NULL, attempt INTEGER NOT NULL, since_ms INTEGER NOT NULL,
                decided_ms INTEGER NOT NULL, not_before_ms INTEGER NOT NULL, tries INTEGER NOT NULL,
                missed INTEGER NOT NULL, outage INTEGER NOT NULL, held INTEGER NOT NULL, detail TEXT NOT NULL,
                PRIMARY KEY (doc, target))
                STRICT, WITHOUT ROWID""",
        ),
        _WITH_DECIDED,
    ),
)
_FIELDS: Final = (
    "doc", "target", "op", "inc", "instance", "direction", "by_hand", "state", "attempt", "since_ms", "decided_ms",
    "not_before_ms", "tries", "missed", "outage", "held", "detail",
)  # fmt: skip
_FLAGS: Final = frozenset({"by_hand", "missed", "outage", "held"})
_LIST: Final = ", ".join(_FIELDS)


def enqueue(connection: sqlite3.Connection, row: Row) -> None:
    """Put a new row; sqlite3.IntegrityError where this document's target stands in the outbox already."""
    marks = ", ".join("?" * len(_FIELDS))
    values = tuple(getattr(row, name) for name in _FIELDS)
    connection.execute(f"INSERT INTO outbox ({_LIST}) VALUES ({marks})", values)  # noqa: S608  our own names


def save(connection: sqlite3.Connection, row: Row) -> None:
    """Write a row's present state over its former one."""
    sets = ", ".join(f"{name} = ?" for name in _FIELDS[2:])
    values = (*(getattr(row, name) for name in _FIELDS[2:]), row.doc, row.target)
    connection.execute(f"UPDATE outbox SET {sets} WHERE doc = ? AND target = ?", values)  # noqa: S608  as above


def load(connection: sqlite3.Connection, doc: str | None = None) -> list[Row]:
    """Every row (of one document, where it is named), oldest document first."""
    where, values = ("", ()) if doc is None else (" WHERE doc = ?", (doc,))
    found = connection.execute(f"SELECT {_LIST} FROM outbox{where} ORDER BY decided_ms, doc, target", values)  # noqa: S608  our own names
    return [_row(one) for one in found.fetchall()]


def find(connection: sqlite3.Connection, doc: str, target: int) -> Row | None:
    """One row."""
    found = connection.execute(f"SELECT {_LIST} FROM outbox WHERE doc = ? AND target = ?", (doc, target)).fetchone()  # noqa: S608  our own names
    return None if found is None else _row(found)


def forget(connection: sqlite3.Connection, doc: str, target: int) -> None:
    """Take out a row that no signed entry stands for."""
    connection.execute("DELETE FROM outbox WHERE doc = ? AND target = ?", (doc, target))


def _row(values: tuple[Any, ...]) -> Row:
    named: dict[str, Any] = dict(zip(_FIELDS, values, strict=True))
    checked: dict[str, Any] = {name: bool(value) if name in _FLAGS else value for name, value in named.items()}
    return Row(**checked)
