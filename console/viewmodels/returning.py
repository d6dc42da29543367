"""A link that came back, and what it brings: what goes in a moment, what is confirmed again, what lapsed. Pure values.

Nothing here sends or stops anything. What had fallen while the link was away stays shown until a person closes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from console.services.live_values import Connectivity
from console.viewmodels.outbox import OutboxLine
from console.viewmodels.times import span

_AWAY: Final = ("unreachable", "unread")
_NAMED: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """What a return brings, in three parts; each line is one target, the first to go first."""

    places: tuple[str, ...]
    going: tuple[OutboxLine, ...]
    again: tuple[OutboxLine, ...]
    lapsed: tuple[OutboxLine, ...]

    @property
    def headline(self) -> str:
        """Who is back."""
        names = ", ".join(self.places[:_NAMED])
        more = len(self.places) - _NAMED
        who = f"{names} and {more} more" if more > 0 else names
        return f"{who} {'answers' if len(self.places) == 1 else 'answer'} again"

    def sentence(self, now_ms: int) -> str:
        """What happens now, in a line; it changes once a second while something is about to go."""
        told: list[str] = []
        if self.going:
            first = min(line.hold_until_ms or now_ms for line in self.going)
            told.append(f"{_count(len(self.going))} in {span(first - now_ms)} unless somebody cancels")
        if self.again:
            told.append(f"{len(self.again)} to be confirmed again")
        if self.lapsed:
            told.append(f"{len(self.lapsed)} lapsed and never sent")
        return "; ".join(told) + "."


def _count(going: int) -> str:
    return "1 goes" if going == 1 else f"{going} go, the first"


@dataclass(slots=True)
class Returns:
    """Watches links come back, for one window. A person may close what it shows; what is new shows again."""

    _was: dict[str, str]
    _back: set[str]
    _closed: set[tuple[str, int]]

    @staticmethod
    def begin() -> Returns:
        """Nothing was seen yet."""
        return Returns({}, set(), set())

    def take(self, links: Connectivity) -> None:
        """Take note of how every provider is connected now."""
        for one in links.providers:
            before = self._was.get(one.instance, "unread")
            if one.state == "answers" and before in _AWAY:
                self._back.add(one.instance)
            elif one.state in _AWAY:
                self._back.discard(one.instance)
            self._was[one.instance] = one.state

    def close(self, shown: Return) -> None:
        """A person has read it: what is in it now is not shown again here. What is held goes all the same."""
        self._closed |= {(line.doc, line.target) for line in (*shown.going, *shown.again, *shown.lapsed)}

    def shown(self, lines: Sequence[OutboxLine]) -> Return | None:
        """What is to be shown; None where no link brought anything, or a person has closed it."""
        fresh = [line for line in lines if (line.doc, line.target) not in self._closed]
        going = tuple(line for line in fresh if line.hold_until_ms is not None)
        fallen = [line for line in fresh if line.away and line.fate is not None and line.instance in self._back]
        again = tuple(line for line in fallen if line.fate == "again")
        lapsed = tuple(line for line in fallen if line.fate == "anew")
        if not (going or again or lapsed):
            return None
        places = tuple(dict.fromkeys(line.where for line in (*going, *again, *lapsed)))
        return Return(
            places=places, going=tuple(sorted(going, key=lambda line: line.hold_until_ms or 0)), again=again,
            lapsed=lapsed,
        )  # fmt: skip


__all__ = ["Return", "Returns"]
