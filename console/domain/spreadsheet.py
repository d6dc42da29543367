"""Cells for a table that a spreadsheet opens: nothing in them is a formula, by whatever sign it separates the cells."""

from __future__ import annotations

import re
from typing import Final

# where a cell may begin: at the start, in a further line, and behind the signs by which spreadsheets of some countries
# separate cells, whatever stands in quotes; then blanks, and what begins a formula, its wide forms as well
_FORMULA: Final = re.compile(r"(^|[\n\r\t;|])([ \u00a0\u3000]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")


def plain_cell(text: str) -> str:
    """The text with an apostrophe before everything that a spreadsheet could take for a formula."""
    made = _FORMULA.sub(r"\1\2'", text)
    return f"'{made}" if made[:1] in ("\t", "\r") else made


__all__ = ["plain_cell"]
