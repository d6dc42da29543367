"""The corrections of one incident, folded on as entries come in, and equal to folding all of them anew.

It takes what comes after everything it has; of what would come in between it only says so. It verifies no signature.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.domain.actions import Document
from console.domain.command import ROLE_KINDS
from console.domain.corrections import CorrectionState
from console.domain.corrections_fold import CorrectionsFold
from console.domain.forms import Roster
from console.domain.incident_fold import headline_of
from console.domain.seen import Seen, in_order

_Place = tuple[int, int, str, int, str]


class CorrectionsOn:
    """Begun with every entry there is; `documents` may gain those that later entries name, and nothing else."""

    def __init__(
        self, entries: Sequence[Seen], documents: Mapping[str, Document], roster: Roster | None, inc: str
    ) -> None:
        ordered = in_order(entries)
        good = [entry for entry in ordered if entry.standing == "good"]
        self._fold = CorrectionsFold(documents, headline_of(good, documents, inc, roster).roles.led)
        self._last: dict[str, int] = {}
        self._known: set[str] = set()
        self._awaited: set[str] = set()
        self._end: _Place | None = None
        self._take(ordered)

    def goes_on(self, entries: Sequence[Seen]) -> bool:
        """Whether all of these come after all that it has, and none says anew who commands."""
        return all(
            entry.id not in self._known
            and entry.id not in self._awaited
            and entry.kind not in ROLE_KINDS
            and entry.seq > self._last.get(entry.feed, -1)
            and (self._end is None or _place(entry) > self._end)
            for entry in entries
        )

    def take(self, entries: Sequence[Seen]) -> None:
        """Fold in what `goes_on` allowed."""
        self._take(in_order(entries))

    def states(self) -> tuple[CorrectionState, ...]:
        """The corrections, in the order of their first entry."""
        return self._fold.states()

    def _take(self, ordered: Sequence[Seen]) -> None:
        for entry in ordered:
            self._known.add(entry.id)
            self._last[entry.feed] = max(entry.seq, self._last.get(entry.feed, -1))
            self._end = max(_place(entry), self._end or _place(entry))
            if entry.standing == "good":
                self._fold.take(entry)
        self._awaited.update(name for entry in ordered for name in entry.refs if name not in self._known)


def _place(entry: Seen) -> _Place:
    return (entry.hlc[0], entry.hlc[1], entry.feed, entry.seq, entry.id)
