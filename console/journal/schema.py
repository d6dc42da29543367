"""The tables of journal.db, as versioned steps. Entries are never updated or deleted; values beside them may be.

Other packages hand in parts of their own (`Part`), so that their rows commit together with entries.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """A named group of tables. Each step is a run of statements; the number of steps is the part's version.

    A step once released is never changed: add another.
    """

    name: str
    steps: tuple[tuple[str, ...], ...]


def _guards(table: str) -> tuple[str, str]:
    """Against bugs, not against attackers: signatures and `verify` stand against those."""
    return (
        f"""CREATE TRIGGER {table}_stays_as_written BEFORE UPDATE ON {table}
        BEGIN SELECT RAISE(ABORT, '{table} rows are never changed'); END""",
        f"""CREATE TRIGGER {table}_stays BEFORE DELETE ON {table}
        BEGIN SELECT RAISE(ABORT, '{table} rows are never deleted'); END""",
    )


_DISCLOSURE = """CREATE TABLE disclosure (
        holder TEXT NOT NULL, digest TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (holder, digest))
        STRICT, WITHOUT ROWID"""

_FIRST = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    """CREATE TABLE entry (
        n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, feed TEXT NOT NULL, seq INTEGER NOT NULL,
        inc TEXT, iseq INTEGER NOT NULL, kind TEXT NOT NULL, subj TEXT, hlc_ms INTEGER NOT NULL,
        hlc_n INTEGER NOT NULL, received_ms INTEGER NOT NULL, raw BLOB NOT NULL, sig BLOB NOT NULL) STRICT""",
    "CREATE UNIQUE INDEX entry_place ON entry (feed, seq, id)",
    "CREATE INDEX entry_incident ON entry (inc, n) WHERE inc IS NOT NULL",
    "CREATE INDEX entry_subject ON entry (subj, n) WHERE subj IS NOT NULL",
    *_guards("entry"),
    """CREATE TABLE feed (
        feed TEXT PRIMARY KEY, key TEXT NOT NULL, author TEXT, console TEXT NOT NULL, opened TEXT NOT NULL,
        mine INTEGER NOT NULL) STRICT, WITHOUT ROWID""",
    "CREATE INDEX feed_key ON feed (key)",
    *_guards("feed"),
    "CREATE TABLE fork (feed TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    """CREATE TABLE standing (
        id TEXT PRIMARY KEY, standing TEXT NOT NULL CHECK (standing IN ('quarantined', 'forked')))
        STRICT, WITHOUT ROWID""",
    _DISCLOSURE,
    """CREATE TABLE tombstone (
        digest TEXT PRIMARY KEY, doc TEXT NOT NULL, at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID""",
    *_guards("tombstone"),
    """CREATE TABLE document (
        sha256 TEXT PRIMARY KEY, type TEXT NOT NULL, op TEXT, carried_by TEXT, received_ms INTEGER NOT NULL,
        raw BLOB NOT NULL) STRICT""",
    "CREATE INDEX document_op ON document (op) WHERE op IS NOT NULL",
    *_guards("document"),
    """CREATE TABLE blob (
        sha256 TEXT PRIMARY KEY, size INTEGER NOT NULL, received_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID""",
    """CREATE TABLE roster (
        sha256 TEXT PRIMARY KEY, n INTEGER NOT NULL, rival INTEGER NOT NULL, received_ms INTEGER NOT NULL,
        raw BLOB NOT NULL) STRICT, WITHOUT ROWID""",
    *_guards("roster"),
    """CREATE TABLE roster_sig (
        sha256 TEXT NOT NULL, key TEXT NOT NULL, sig BLOB NOT NULL, PRIMARY KEY (sha256, key))
        STRICT, WITHOUT ROWID""",
)

# Entries whose `prev` or `refs` are not here yet, or await something themselves (`console.journal.whole`); and those
# that awaited something, with the local number of what they were last waiting for. Both follow from the entries.
_WHOLE = (
    "CREATE TABLE awaits (id TEXT NOT NULL, ref TEXT NOT NULL, PRIMARY KEY (id, ref)) STRICT, WITHOUT ROWID",
    "CREATE INDEX awaits_ref ON awaits (ref)",
    "CREATE TABLE joined (n INTEGER NOT NULL, id TEXT NOT NULL, PRIMARY KEY (n, id)) STRICT, WITHOUT ROWID",
    """CREATE INDEX entry_kind ON entry (
        iif(json_valid(CAST(raw AS TEXT)), coalesce(json_extract(CAST(raw AS TEXT), '$.kind'), ''), ''), n)""",
    """INSERT INTO awaits WITH RECURSIVE
        said(id, text) AS (
            SELECT id, iif(json_valid(CAST(raw AS TEXT)), CAST(raw AS TEXT), '{}') FROM entry),
        line(id, ref) AS MATERIALIZED (
            SELECT said.id, r.value FROM said, json_each(said.text, '$.refs') r
            UNION SELECT id, json_extract(text, '$.prev') FROM said),
        late(id) AS (
            SELECT id FROM line WHERE ref IS NOT NULL AND ref NOT IN (SELECT id FROM entry)
            UNION SELECT line.id FROM late JOIN line ON line.ref = late.id)
        SELECT DISTINCT id, ref FROM line
        WHERE ref IS NOT NULL AND (ref NOT IN (SELECT id FROM entry) OR ref IN (SELECT id FROM late))""",
)

# `"shareable":true`, as canonical JSON writes it: SQLite takes the index where a query has the very same words
MARKED = "instr(raw, x'22736861726561626C65223A74727565') > 0"

_ORG = ("CREATE INDEX entry_org ON entry (feed, n) WHERE inc IS NULL",)

# The kind that an entry's bytes say, whatever the column says
KIND_SAID = "iif(json_valid(CAST(raw AS TEXT)), coalesce(json_extract(CAST(raw AS TEXT), '$.kind'), ''), '')"
# What screens ask for is a few kinds of a long record. What decides reads by what is signed instead (`entry_kind`).
_TOLD = (
    "CREATE INDEX entry_told ON entry (kind, inc)",
    f"CREATE INDEX entry_marked ON entry (inc) WHERE {MARKED}",
)

# Most of what people write is notes, and nobody looks for those by their kind: they cost no page of these two. SQLite
# takes either only where a query has the very same words.
_LEAN = (
    "DROP INDEX entry_told",
    "CREATE INDEX entry_told ON entry (kind, inc) WHERE kind <> 'note'",
    "DROP INDEX entry_kind",
    f"CREATE INDEX entry_kind ON entry ({KIND_SAID}, n) WHERE {KIND_SAID} <> 'note'",
)

# Values of entries lie by local number: one that was just written touches the page of the one before it. Those of
# documents lie by hash. A redaction makes both anew by the same words (`Tx.bury`), and the view that is read.
VALUE_TABLES = {
    "entry_value": """CREATE TABLE entry_value (
        n INTEGER NOT NULL, digest TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (n, digest)) STRICT, WITHOUT ROWID""",
    "document_value": """CREATE TABLE document_value (
        holder TEXT NOT NULL, digest TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (holder, digest))
        STRICT, WITHOUT ROWID""",
}
VALUES = """CREATE VIEW disclosure (holder, digest, body) AS
    SELECT e.id, v.digest, v.body FROM entry_value v JOIN entry e ON e.n = v.n
    UNION ALL SELECT holder, digest, body FROM document_value"""
_PLACED = (
    "ALTER TABLE disclosure RENAME TO disclosure_before",
    *VALUE_TABLES.values(),
    """INSERT INTO entry_value SELECT e.n, d.digest, d.body
        FROM disclosure_before d CROSS JOIN entry e ON e.id = d.holder ORDER BY e.n, d.digest""",
    """INSERT INTO document_value SELECT holder, digest, body FROM disclosure_before
        WHERE holder NOT IN (SELECT id FROM entry) ORDER BY holder, digest""",
    "DROP TABLE disclosure_before",
    VALUES,
)

# Whatever has a kind somewhere in its bytes that is not a note's, or no note's kind at all: that is every entry which
# says another one. It is judged by bytes, which is quicker than reading the JSON; no text in JSON can hold an unescaped
# quote and so look like a field.
BY_KIND_SAID = (
    """(instr(replace(CAST(raw AS TEXT), '"kind":"note"', ''), '"kind":') > 0 """
    "OR instr(raw, x'226B696E64223A226E6F746522') = 0)"
)
_BY_BYTES = ("DROP INDEX entry_kind", f"CREATE INDEX entry_kind ON entry ({KIND_SAID}, n) WHERE {BY_KIND_SAID}")

JOURNAL = Part("journal", (_FIRST, _WHOLE, _ORG, _TOLD, _LEAN, _PLACED, _BY_BYTES))
