"""What the composer and Ctrl+V make of a text, and how it is previewed before anybody accepts it. It writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from console.domain import intake
from console.domain.chatlog import Row
from console.domain.errors import WrongUse
from console.domain.intake import Intake, Link, LongText, OneEntry, Several, Table

_NOTES: Final = "Each becomes a note at its own time in the timeline; any can be re-typed later with one key."
_EVIDENCE: Final = "One entry of evidence, with its hash. Above is its beginning."


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One row of a preview: when, with its zone (empty: as it is written); how far it may be off; who; the words."""

    when: str
    within: str
    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be written: a sentence, the rows, and `asks`: whether a person has to accept it first.

    `becomes` says what is made of it.
    """

    sentence: str
    rows: tuple[PreviewRow, ...]
    asks: bool
    becomes: str = _NOTES


def understand(text: str, now_ms: int, zone: str = "UTC") -> Intake:
    """What this text is: one entry, several, a link, a table, or a long text; times of day are read in `zone`."""
    return intake.understand(text, now_ms, zone_of(zone))


def zone_of(name: str) -> tzinfo:
    """The IANA zone of this name; UTC for a name that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def preview(found: Intake, zone: str = "UTC", source: str = "") -> Preview:
    """How it is shown before it is written; `source` is what the person says it was quoted from."""
    where = zone_of(zone)
    if isinstance(found, Several):
        rows = tuple(_row(one, where) for one in found.rows)
        count = "1 entry" if len(rows) == 1 else f"{len(rows)} entries"
        return Preview(
            f"{count}, quoted from {source or found.source}. Enter accepts, Esc gives it up.", rows, asks=True
        )
    if isinstance(found, Table):
        lines = f"{found.count} line{'' if found.count == 1 else 's'}"
        sentence = f"A table of {lines} and {found.columns} columns, kept whole as evidence ({found.name})."
        rows = tuple(PreviewRow("", "", "", "  |  ".join(cells)) for cells in found.preview)
        return Preview(sentence, rows, asks=True, becomes=_EVIDENCE)
    if isinstance(found, LongText):
        rows = tuple(PreviewRow("", "", "", line[:200]) for line in found.preview)
        return Preview(f"A long text, kept whole as evidence ({found.name}).", rows, asks=True, becomes=_EVIDENCE)
    if isinstance(found, Link):
        rows = tuple(PreviewRow("", "", "", url) for url in found.urls)
        return Preview("A link: it is written down, and not opened.", rows, asks=False)
    return Preview("One note.", (_row(found.row, where),), asks=False)


def read_moment(text: str, now_ms: int, zone: str = "UTC") -> int:
    """The moment (ms) that somebody typed: `14:02`, `2026-11-25 14:02`, `-30m`.

    Raises:
        WrongUse: for anything else.
    """
    found = understand(f"{text.strip()} .", now_ms, zone)
    if isinstance(found, OneEntry) and found.row.occurred_ms is not None and found.row.text.strip() == ".":
        return found.row.occurred_ms
    raise WrongUse(f"{text[:40]!r} is no moment.", "Write 14:02, 2026-11-25 14:02, or -30m for half an hour ago.")


def _row(row: Row, zone: tzinfo) -> PreviewRow:
    when = "" if row.occurred_ms is None else datetime.fromtimestamp(row.occurred_ms / 1000, zone)
    return PreviewRow(
        when if isinstance(when, str) else when.strftime("%Y-%m-%d %H:%M:%S %Z"),
        "" if row.occurred_ms is None else within(row.plus_minus_s),
        row.speaker,
        row.text,
    )


def within(seconds: int) -> str:
    """An uncertainty in its largest whole unit: `\u00b160 s`, `\u00b130 min`, `\u00b129 d`."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"\u00b1{round(seconds / size)} {unit}"
    return f"\u00b1{seconds} s"


__all__ = [
    "Intake", "Link", "LongText", "OneEntry", "Preview", "PreviewRow", "Several", "Table", "preview",
    "read_moment", "understand", "within", "zone_of",
]  # fmt: skip
