"""Which entries are here with everything they descend from. One that refers to what is not here yet awaits it.

Feeds come one by one, so an entry may be here a moment before one of another feed that its writer had seen. It is
shown, but no decision counts it: nobody could judge that decision again. What never comes holds up nobody else, since
`Ledger.newly_seen` cites no entry that awaits.
"""

from __future__ import annotations

import sqlite3

import orjson

from console.domain.forms import Entry
from console.journal.ledger import Ledger
from console.journal.rows import select_heads

# `r.value` is the id of an entry that is not here, or that awaits something itself
_LACKING = (
    "SELECT r.value FROM json_each(?) r WHERE r.value NOT IN (SELECT id FROM entry) "
    "OR r.value IN (SELECT id FROM awaits)"
)


def note(ledger: Ledger, entry: Entry, ident: str, n: int, *, mine: bool) -> None:
    """After an entry was kept: write down what it awaits, or let those go on that awaited it. `n`: its local number.

    Whatever `mine` refers to is whole: it was chosen so.
    """
    names = [] if mine else list(entry.refs)
    if ledger.any_awaits() and entry.prev is not None:
        names.append(entry.prev)
    connection = ledger.connection
    lacking = connection.execute(_LACKING, (orjson.dumps(names).decode(),)).fetchall() if names else []
    if lacking:
        connection.executemany(
            "INSERT INTO awaits (id, ref) VALUES (?, ?) ON CONFLICT DO NOTHING", [(ident, ref) for (ref,) in lacking]
        )
        ledger.awaits_changed()
    elif ledger.any_awaits():
        _join(ledger, ident, n)


def _join(ledger: Ledger, ident: str, n: int) -> None:
    """One entry is whole: so are those which awaited it and nothing else, and those which awaited these."""
    connection = ledger.connection
    joined = [ident]
    while joined:
        one = joined.pop()
        waiting = connection.execute("SELECT id FROM awaits WHERE ref = ?", (one,)).fetchall()
        if not waiting:
            continue
        connection.execute("DELETE FROM awaits WHERE ref = ?", (one,))
        for (name,) in waiting:
            if connection.execute("SELECT 1 FROM awaits WHERE id = ?", (name,)).fetchone() is None:
                connection.execute("INSERT INTO joined (n, id) VALUES (?, ?)", (n, name))
                joined.append(name)
        ledger.awaits_changed()


def select_whole_heads(connection: sqlite3.Connection) -> dict[str, tuple[int, str]]:
    """The last entry of every feed that counts and is here with everything it descends from.

    A feed without one is left out, but for one that never counted: of that its last entry.
    """
    heads = select_heads(connection)
    cuts = connection.execute(
        "SELECT e.feed, min(e.seq) FROM awaits a CROSS JOIN entry e ON e.id = a.id GROUP BY e.feed"
    ).fetchall()
    for feed, seq in cuts:
        if feed not in heads or heads[feed][0] < seq:
            continue
        row = connection.execute(
            "SELECT e.seq, e.id FROM entry e WHERE e.feed = ? AND e.seq < ? AND e.id NOT IN (SELECT id FROM standing) "
            "ORDER BY e.seq DESC LIMIT 1",
            (feed, seq),
        ).fetchone()
        del heads[feed]
        if row is not None:
            heads[feed] = (row[0], row[1])
    return heads
