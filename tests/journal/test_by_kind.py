"""The index by what bytes say is their kind leaves out notes, and nothing else, however an entry is nested."""

import json
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.journal.migrate import migrate
from console.journal.schema import BY_KIND_SAID, JOURNAL, KIND_SAID

TEXTS = st.sampled_from(["note", "dispatch.authorised", '"kind":"note"', '","kind":"note","x":"', "\\", "kind", ""])
NAMES = st.sampled_from(["kind", "_sd", "aaa", "pub", "zzz", '"kind"'])
NESTED = st.recursive(TEXTS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3))
ENTRIES = st.dictionaries(NAMES, NESTED, max_size=4).map(
    lambda value: json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
)


@pytest.fixture(scope="module")
def journal():
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection, [JOURNAL])
        yield connection


def kept(journal, raw):
    """The kind that it says, and whether the index has it."""
    sql = f"SELECT {KIND_SAID}, {BY_KIND_SAID} FROM (SELECT ? AS raw)"
    kind, taken = journal.execute(sql, (raw,)).fetchone()
    return kind, bool(taken)


@given(ENTRIES)
def test_whoever_says_another_kind_is_found(journal, raw):
    kind, taken = kept(journal, raw)
    assert taken or kind == "note" or (kind == "" and b'"kind":"note"' in raw)


@pytest.mark.parametrize("raw", [b"", b"junk", b"\0", b'{"kind" : "x"}', b"\xff\xfe", b'{"kind":5}', b'{"kind":"not'])
def test_what_is_damaged_is_found(journal, raw):
    assert kept(journal, raw)[1]


def test_a_note_is_left_out(journal):
    assert kept(journal, b'{"kind":"note","pub":{"quoted":true}}') == ("note", False)


def test_the_question_of_what_decides_is_asked_of_it(journal):
    sql = f"EXPLAIN QUERY PLAN SELECT e.id FROM entry e WHERE {BY_KIND_SAID} AND {KIND_SAID} IN ('', 'a', 'b')"
    assert "USING INDEX entry_kind" in journal.execute(sql).fetchone()[3]
