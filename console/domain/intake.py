"""What somebody typed or pasted into the timeline, understood: one entry, a chat log, links, a table, or a long text.

Nothing is lost: what is not understood stays text. It writes nothing and knows no clock; what is shown is previewed.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from console.domain import stamps
from console.domain.chatlog import Row, read_log, split_lines
from console.domain.stamps import CLOCK, Moment

MAX_ROW_BYTES: Final = 30_000  # an entry's value holds 64 KiB as JSON, where a character may take two
MAX_ROWS: Final = 1_000
_PREVIEW_ROWS: Final = 6
_URL: Final = re.compile(r"https?://[^\s<>\"]{3,2000}", re.IGNORECASE)
_WHEN: Final = re.compile(
    rf"(?P<at>(?:\d{{4}}-\d{{2}}-\d{{2}}[ T])?{CLOCK}|-(?:\d+[dhms])+)\s+(?P<rest>\S.*)", re.DOTALL | re.IGNORECASE
)
_WHO: Final = re.compile(r'@(?:"(?P<long>[^"\n]{1,80})"|(?P<short>[^\s:@"]{1,80})):?\s+(?P<rest>\S.*)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class OneEntry:
    """One entry. Without a time said, it occurred when it is written."""

    row: Row


@dataclass(frozen=True, slots=True)
class Several:
    """A chat log: each row becomes a quoted entry, once its reader has accepted them."""

    rows: tuple[Row, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Link:
    """Nothing but addresses. They are written down, never opened."""

    urls: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows and columns: kept whole as evidence. `preview` holds the first rows, `count` says how many there are."""

    name: str
    raw: bytes
    columns: int
    count: int
    preview: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class LongText:
    """More than entries can hold: kept whole as evidence."""

    name: str
    raw: bytes
    preview: tuple[str, ...]


Intake = OneEntry | Several | Link | Table | LongText


def understand(text: str, now_ms: int, zone: tzinfo) -> Intake:
    """What this text is. Times of day are read in `zone`, as not ahead of `now_ms`."""
    lines = split_lines(text)
    filled = [line for line in lines if line.strip()]
    urls = tuple(word for line in filled for word in line.split())
    if urls and all(_URL.fullmatch(word) for word in urls):
        return Link(urls, "\n".join(line.strip() for line in filled))
    log = read_log(text, now_ms, zone)
    table = _table(text, filled)
    if table is not None and not (log.timed == len(filled) and table.columns == 2):  # noqa: PLR2004  time, then words
        return table
    found: Intake
    if len(filled) > 1 and (log.timed > 1 or log.formed):
        found = Several(log.rows, next(row.source for row in log.rows))
    else:
        found = OneEntry(_composed("\n".join(lines), lines, now_ms, zone))
    rows = found.rows if isinstance(found, Several) else (found.row,)
    if len(rows) > MAX_ROWS or any(len(row.text.encode()) > MAX_ROW_BYTES for row in rows):
        return LongText("pasted.txt", _bytes(text), tuple(filled[:_PREVIEW_ROWS]))
    return found


def quoted_rows(text: str, now_ms: int, zone: tzinfo) -> tuple[Row, ...]:
    """The rows of what is known to be a chat log, even one of a single line; none where no line has a time."""
    log = read_log(text, now_ms, zone)
    return log.rows if log.timed else ()


def _composed(text: str, lines: list[str], now_ms: int, zone: tzinfo) -> Row:
    """`03:14 text`, `-5m text`, `@name text`, and both, in either order, each once."""
    at: Moment | None = None
    speaker = ""
    rest = text.strip("\n")
    for _ in range(2):
        bare = rest.lstrip()
        if at is None and (when := _WHEN.fullmatch(bare)) and (moment := _moment(when["at"], now_ms, zone)):
            at, rest = moment, when["rest"]
        elif not speaker and (who := _WHO.fullmatch(bare)):
            speaker, rest = who["long"] or who["short"], who["rest"]
    numbers = tuple(number for number, line in enumerate(lines) if line.strip())
    return Row(rest, at.at_ms if at else None, at.plus_minus_s if at else 0, speaker, "", numbers)


def _moment(text: str, now_ms: int, zone: tzinfo) -> Moment | None:
    if text.startswith("-"):
        return stamps.read_back(text.lower(), now_ms)
    stamp = stamps.read_stamp(text, stamps.today_in(now_ms, zone))
    return None if stamp is None else stamps.settle(stamp, now_ms, zone)


def _table(text: str, filled: list[str]) -> Table | None:
    """Tabs, commas or semicolons between the same number of columns in every row; prose has spaces after its commas."""
    for delimiter, ending in (("\t", "tsv"), (",", "csv"), (";", "csv")):
        if len(filled) < 2 or delimiter not in filled[0]:  # noqa: PLR2004  a table has at least two rows
            continue
        rows = _cells(text, delimiter)
        widths = {len(row) for row in rows}
        if len(rows) < 2 or len(widths) != 1 or min(widths) < 2:  # noqa: PLR2004  as above, and two columns
            continue
        if delimiter != "\t" and any(cell.startswith(" ") for row in rows for cell in row[1:]):
            continue
        preview = tuple(tuple(cell for cell in row) for row in rows[:_PREVIEW_ROWS])
        return Table(f"pasted.{ending}", _bytes(text), min(widths), len(rows), preview)
    return None


def _cells(text: str, delimiter: str) -> list[list[str]]:
    try:
        found = list(csv.reader(io.StringIO(text.strip("\r\n"), newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return []
    return [row for row in found if any(cell.strip() for cell in row)]


def _bytes(text: str) -> bytes:
    """The very characters that were pasted; half a surrogate pair, which no text file holds, as its number."""
    return text.encode("utf-8", "backslashreplace")
