"""The coverage map in words: what a cell says, what is told of it beneath, the gaps in a sentence. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from console.domain.words import CATEGORY_WORDS
from console.viewmodels.times import ago, span

if TYPE_CHECKING:
    from console.services.coverage import Cell, Coverage, Row

CATEGORIES: Final = tuple(CATEGORY_WORDS.values())
_REVERSAL: Final = {
    "exact": "can be undone exactly", "best-effort": "can be undone, as well as may be", "none": "CANNOT be undone",
}  # fmt: skip
_REACH: Final = {"everyone": "reaches everyone", "our-customers": "reaches our customers", "only-us": "reaches only us"}


def cell_note(cell: Cell, now_ms: int) -> str:
    """The second line of a cell: how fast and when it was rehearsed, else what can be said of undoing it."""
    if cell.last is not None:
        took = "" if cell.last.in_ms is None else f"in {span(cell.last.in_ms)}, "
        word = "attested " if cell.last.by_hand else ""
        return f"{word}{took}{ago(now_ms, cell.last.at_ms)}"
    if cell.state == "tried":
        return "never enforced"
    if cell.levers and cell.reversal == "none":
        return _REVERSAL["none"]
    return f"{len(cell.levers)} levers" if len(cell.levers) > 1 else "".join(cell.levers[:1])


def cell_told(row: Row, cell: Cell, now_ms: int) -> tuple[str, ...]:
    """Everything there is to say of a cell, a line each."""
    at = CATEGORY_WORDS[cell.category]
    where = row.name if row.name == row.provider else f"{row.name}, {row.provider or 'not connected here'}"
    found = [f"{at} at {where}: {row.kind}, {_REACH.get(row.reach, '')}"]
    if cell.last is not None:
        how = "attested by a person" if cell.last.by_hand else "observed to be enforced"
        took = "" if cell.last.in_ms is None else f" {span(cell.last.in_ms)} after its quorum was met"
        canary = ", on a canary" if cell.last.canary else ""
        times = f"; {cell.times} times in all" if cell.times > 1 else ""
        found.append(f"{cell.last.lever}: {how}{took}, {ago(now_ms, cell.last.at_ms)}{canary}{times}.")
    if cell.levers:
        bound = "" if cell.bound_s is None else f" The quickest is meant to bite within {span(cell.bound_s * 1000)}."
        found.append(f"{'; '.join(cell.levers)}: {_REVERSAL[cell.reversal]}.{bound}")
    if cell.takes:
        found.append(cell.takes)
    if cell.why:
        found.append(f"{cell.why[:1].upper()}{cell.why[1:]}")
    return tuple(found)


def row_name(row: Row) -> tuple[str, str]:
    """A row's two lines: the model and where, and which surface."""
    return f"{row.model} at {row.provider or '(not connected here)'}", f"{row.name} \u00b7 {row.kind}"


def summary(found: Coverage) -> str:
    """How much of it is known to work."""
    if not found.rows:
        return "No surface is in the inventory."
    cells = [cell for row in found.rows for cell in row.cells]
    rehearsed = sum(cell.state == "rehearsed" for cell in cells)
    places = f"{len(found.rows)} surfaces" if len(found.rows) > 1 else "1 surface"
    gaps = f"{len(found.gaps)} gaps" if len(found.gaps) != 1 else "1 gap"
    return f"{places}, {rehearsed} of {len(cells)} cells rehearsed, {gaps if found.gaps else 'no gap'}"


__all__ = ["CATEGORIES", "cell_note", "cell_told", "row_name", "summary"]
