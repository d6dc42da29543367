"""Turns a journal of today into one of an earlier form, as that version would have written the same rows."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from console.runtime.paths import ProfilePaths

FORMS = Path(__file__).parents[1] / "upgrade" / "forms"


def make_old(paths: ProfilePaths, *names: str) -> None:
    """Of the forms in `tests/upgrade/forms` of these names, one of each part. Nobody may have the profile open."""
    beside = paths.root / "old.db"
    with closing(sqlite3.connect(beside, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        connection.execute("ATTACH ? AS now", (str(paths.journal),))
        connection.execute("BEGIN")
        connection.execute("CREATE TABLE part (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID")
        for form in (json.loads((FORMS / f"{name}.json").read_bytes()) for name in names or ("journal-1", "outbox-1")):
            for statement in (statement for step in form["steps"] for statement in step):
                connection.execute(statement)
            connection.execute("INSERT INTO part VALUES (?, ?)", (form["part"], len(form["steps"])))
        listed = "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name <> 'part'"
        for (table,) in connection.execute(listed).fetchall():
            columns = [row[1] for row in connection.execute(f"PRAGMA main.table_info({table})")]
            told = [row[1] for row in connection.execute(f"PRAGMA now.table_info({table})")]
            both = ", ".join(one for one in columns if one in told)
            if both:
                connection.execute(f"INSERT INTO main.{table} ({both}) SELECT {both} FROM now.{table}")
        connection.execute("COMMIT")
        connection.execute("DETACH now")
    for tail in ("", "-wal", "-shm"):
        paths.journal.with_name(paths.journal.name + tail).unlink(missing_ok=True)
    beside.rename(paths.journal)
