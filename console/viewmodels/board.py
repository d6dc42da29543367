"""What the status board shows, and which of its cells have to be painted anew. It reads nothing and asks nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from console.services.board import STATES, Board, Cell, Column, board, short_age
from console.services.live_values import Looks

if TYPE_CHECKING:  # as in services.board
    from console.services.standing import Standing

Place = tuple[int, int]
_EMPTY: Final = Looks(surfaces=(), instances=(), poll_ms=5_000)


@dataclass(frozen=True, slots=True)
class Change:
    """What a new snapshot changed: the cells at these places, or (where rows or columns differ) everything."""

    places: frozenset[Place]
    everything: bool = False


class BoardModel:
    """The latest board. `take` and `tick` say what to paint; ages are asked for at the moment of painting.

    Use it on one thread.
    """

    def __init__(self) -> None:
        self._looks = _EMPTY
        self._corrections: Sequence[Standing] = ()
        self._board = board(_EMPTY, (), 0)
        self._ages: dict[Place, str] = {}

    @property
    def board(self) -> Board:
        """The board as last made."""
        return self._board

    @property
    def rows(self) -> tuple[str, ...]:
        """Models, by name."""
        return self._board.rows

    @property
    def columns(self) -> tuple[Column, ...]:
        """Providers, in the order in which they were added."""
        return self._board.columns

    def cell(self, row: int, column: int) -> Cell | None:
        """What stands at a place."""
        return self._board.cell(row, column)

    def take_looks(self, looks: Looks, now_ms: int) -> Change:
        """The engine's latest `looks`."""
        self._looks = looks
        return self._make(now_ms)

    def take_corrections(self, corrections: Sequence[Standing], now_ms: int) -> Change:
        """Every correction as it stands (of all incidents: a surface does not ask which)."""
        self._corrections = corrections
        return self._make(now_ms)

    def tick(self, now_ms: int) -> Change:
        """Time passed: what became stale, and whose age in words is another. Call it about once a second."""
        return self._make(now_ms)

    def _make(self, now_ms: int) -> Change:
        before, self._board = self._board, board(self._looks, self._corrections, now_ms)
        ages = {place: age_text(cell) for place, cell in self._board.cells.items()}
        older, self._ages = self._ages, ages
        if (before.rows, before.columns) != (self._board.rows, self._board.columns):
            return Change(frozenset(self._board.cells), everything=True)
        changed = {
            place for place, cell in self._board.cells.items()
            if before.cells.get(place) != cell or older.get(place) != ages[place]
        }  # fmt: skip
        return Change(frozenset(changed | (before.cells.keys() - self._board.cells.keys())))

    # -- the same for ears ---------------------------------------------------------------------------------------------

    def sentence(self, row: int, column: int) -> str:
        """A place in spoken words; an empty one says so."""
        found = self.cell(row, column)
        if found is None:
            return f"{self.rows[row]} is not served at {self.columns[column].name}."
        return self._board.sentence(found)

    def lines(self) -> tuple[tuple[Place, str], ...]:
        """The table twin: every cell in a sentence, row by row."""
        return tuple((place, self._board.sentence(cell)) for place, cell in sorted(self._board.cells.items()))

    def summary(self) -> str:
        """The whole board in a sentence: how many surfaces, and how many of them in each state, the worst first."""
        cells = list(self._board.cells.values())
        if not cells:
            return "No surface is known yet."
        counts = {name: sum(cell.state == name for cell in cells) for name in _WORST_FIRST}
        told = ", ".join(f"{count:,} {STATES[name].word}" for name, count in counts.items() if count)
        drifted = sum(cell.drifted or bool(cell.doubt) for cell in cells)
        more = f" {drifted} not as our record says." if drifted else ""
        return f"{len(cells):,} surface{'' if len(cells) == 1 else 's'}: {told}.{more}"


_WORST_FIRST: Final = (
    "unreachable", "broken", "refused", "gone", "degraded", "stale", "unknown", "unread", "loading", "stopped",
    "elsewhere", "by-hand", "serving",
)  # fmt: skip


def age_text(cell: Cell) -> str:
    """How old what the cell shows is, as it stands in its corner: `12 s`, `attested 2 h`, `never`."""
    if cell.by_hand:
        return "" if cell.attested_ms is None else "attested"
    return "never" if cell.age_ms is None else short_age(cell.age_ms)


__all__ = ["BoardModel", "Change", "Place", "age_text"]
