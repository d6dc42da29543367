"""What others write is never a formula in a table, whatever separates the cells where it is opened."""

from __future__ import annotations

import csv
import io

import pytest

from console.domain.lists import to_csv
from console.domain.spreadsheet import plain_cell

FORMULAS = (
    "=1+1",
    "+1",
    "-1+cmd|' /C calc'!A0",
    "@SUM(1)",
    " =1",
    "\uff1d1",
    "\t=1",
    "a\n=1",
    "a;=1",
    "a; +1;b",
    "a\t=1",
    "a|@x",
)


@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_no_cell_is_a_formula_by_whatever_it_is_read(text: str, separator: str) -> None:
    made = to_csv([["one", text, "three"]], ["a", "b", "c"])
    # a spreadsheet of another country knows no quotes that begin within a cell
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
        for row in csv.reader(io.StringIO(made), delimiter=separator, quoting=quoting):
            assert not [
                one for one in row if one.strip().strip('"').strip()[:1] in tuple("=+-@\uff1d\uff0b\uff0d\uff20")
            ]


def test_other_text_stays_as_it_is() -> None:
    for text in ("a note", "12; then 13", "a = b", "k-1", "x@example.test", "", "one\ntwo"):
        assert plain_cell(text) == text
