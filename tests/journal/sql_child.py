"""A process of its own that holds a database open and does what it is told: see `console.runtime.child`."""

from __future__ import annotations

import sqlite3

_open: list[sqlite3.Connection] = []


def answer(question: object) -> object:
    """A path opens the database in WAL mode; a list of statements is done one after another; None closes it."""
    if question is None:
        _open.pop().close()
    elif isinstance(question, str):
        connection = sqlite3.connect(question, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        connection.execute("PRAGMA wal_autocheckpoint = 0").fetchall()
        _open.append(connection)
    elif isinstance(question, list):
        return [_open[-1].execute(str(one)).fetchall() for one in question]
    return None
