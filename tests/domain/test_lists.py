"""Lists as they come: text, tables, what people save from spreadsheets, and what somebody hostile would hand in."""

from __future__ import annotations

import csv
import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain import lists
from console.domain.errors import BadForm, Problem, WrongUse
from console.domain.lists import MAX_CHARS, drawn, from_bytes, read_list, to_bytes, to_csv


@pytest.mark.parametrize(("raw", "lines", "column"), [
    (b"b\na\n\n# a remark\nb\n", ("a", "b"), ""),
    ("\ufeffkey-1\r\nkey-2\r\n".encode(), ("key-1", "key-2"), ""),
    ("key-1\nkey-2".encode("utf-16"), ("key-1", "key-2"), ""),
    (b"user_id,plan\nu-1,free\nu-2,paid\n", ("u-1", "u-2"), "user_id"),
    (b"plan;Key ID;key_id\nfree;x;k-1\n", ("k-1",), "key_id"),
    (b"account\nu-1\nu-2\n", ("u-1", "u-2"), "account"),
    (b'"email"\n"a@b.example"\n', ("a@b.example",), "email"),
])  # fmt: skip
def test_what_people_bring(raw: bytes, lines: tuple[str, ...], column: str) -> None:
    found = read_list(raw, "l")
    assert (found.lines, found.column) == (lines, column)
    assert from_bytes(found.raw, found.sha256) == lines


def test_a_column_is_named_or_counted() -> None:
    raw = b"north,u-1\nsouth,u-2\n"
    assert read_list(raw, "l", "2").lines == ("u-1", "u-2")
    assert read_list(b"where,who\nnorth,u-1\n", "l", "who").lines == ("u-1",)
    with pytest.raises(WrongUse, match="not clear which column"):
        read_list(raw, "l")
    with pytest.raises(WrongUse, match="no column"):
        read_list(raw, "l", "key")


@pytest.mark.parametrize("raw", [
    b"", b"\n\n", b"\xff\xfe\x00", b"a\xffb\n", b"# only a remark\n", b"\xd8\x00",
    b'account\n"never ends' + b"x" * 200_000,
])  # fmt: skip
def test_what_is_no_list_is_refused_in_a_sentence(raw: bytes) -> None:
    with pytest.raises(WrongUse):
        read_list(raw, "l")


def test_lines_that_cannot_be_accounts_are_told_by_number_and_never_mended() -> None:
    raw = "ok\nbad\u202eevil\nzero\u0000\n" + "x" * (MAX_CHARS + 1) + "\n\u0430dmin\n"
    found = read_list(raw.encode(), "l")
    assert found.lines == ("ok", "\u0430dmin")
    assert [number for number, _ in found.problems] == [2, 3, 4]
    assert found.refused == 3
    assert found.odd[0][0] == "\u0430dmin"  # a Cyrillic letter


def test_a_cell_is_kept_from_being_a_formula() -> None:
    rows = list(csv.reader(io.StringIO(to_csv([("=cmd()", "why, so"), ("-1", 'a "quote"')], ("account", "why")))))
    assert rows[1:] == [["'=cmd()", "why, so"], ["'-1", 'a "quote"']]


def test_a_list_that_is_too_long_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "MAX_BYTES", 8)
    monkeypatch.setattr(lists, "MAX_LINES", 2)
    assert read_list(b"a\nb\na\n", "l").lines == ("a", "b")
    with pytest.raises(WrongUse, match="longer than"):
        read_list(b"a\n" * 5, "l")
    with pytest.raises(WrongUse, match="more than 2 accounts"):
        read_list(b"a\nb\nc\n", "l")


def test_a_table_of_one_column_is_its_cells_and_rows_may_be_empty_or_short() -> None:
    assert read_list(b"u-1\nu-2\n", "l", "1").lines == ("u-1", "u-2")
    found = read_list(b'"u-1,"\n"u,2"\n', "l")  # commas within cells only
    assert (found.lines, found.column) == (("u,2", "u-1,"), "column 1")
    found = read_list(b"plan,key_id\nfree,k-1\n,\nfree\npaid,k-2\n", "l")
    assert found.lines == ("k-1", "k-2")
    found = read_list(b'key_id\n"k-1\nk-2"\nk-3\n', "l")
    assert (found.lines, found.problems[0][1]) == (("k-3",), "more than one line in a cell")


@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=30), st.binary(max_size=40))
def test_whatever_comes_is_normalised_or_refused(cells: list[str], junk: bytes) -> None:
    raw = "\n".join(cells).encode("utf-8", "surrogatepass") + junk
    try:
        found = read_list(raw, "l")
    except Problem:
        return
    assert from_bytes(found.raw, found.sha256) == found.lines == tuple(sorted(set(found.lines)))
    assert found.read == len(found.lines) + found.again + found.refused


@given(st.sets(st.integers(0, 500), min_size=1))
def test_the_drawn_rows_hang_on_the_document_and_not_on_an_order(numbers: set[int]) -> None:
    lines = [f"a-{one}" for one in numbers]
    rows = drawn("ab" * 32, lines)
    assert rows == drawn("ab" * 32, list(reversed(lines)))
    assert len(rows) == min(20, len(lines))
    assert set(rows) <= set(lines)


def test_other_bytes_than_were_signed_are_no_list() -> None:
    raw = to_bytes(["a", "b"])
    for other in (b"a\n", b"b\na\n", b"a\nb", b"\xff\n"):
        with pytest.raises(BadForm):
            from_bytes(other, read_list(raw, "l").sha256)
        if other != b"a\n":  # by its own name, too, it is no list
            with pytest.raises(BadForm):
                from_bytes(other, hashlib.sha256(other).hexdigest())
