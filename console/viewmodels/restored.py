"""A record that is older than what this console has written: what is missing, where it may be had, what then."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from console.services import recovery
from console.services.machine_time import clock_sentence
from console.services.recovery import Lack
from console.services.session import Session
from console.viewmodels.approval_words import count


@dataclass(frozen=True, slots=True)
class PlaceView:
    """One shared place and whether it is there."""

    name: str
    there: bool


@dataclass(frozen=True, slots=True)
class RestoredView:
    """`lacks` has a sentence for each own feed that was written further; `clock` what is wrong with the clock.

    `may_confirm`: two people may confirm the time that it shows.
    """

    lacks: tuple[str, ...]
    missing: int
    places: tuple[PlaceView, ...]
    clock: str
    may_confirm: bool = False

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.lacks and not self.clock


def restored_view(session: Session) -> RestoredView:
    """Read anew. For a lane: it looks whether places are there."""
    found = recovery.lacks(session)
    whose = {one.feed: one.author is not None for one in session.reader.feeds()}
    places = tuple(PlaceView(place, Path(place).is_dir()) for place in session.settings.places)
    lines = tuple(_line(one, by_person=whose.get(one.feed)) for one in found)
    clock = clock_sentence(session)
    may_confirm = bool(clock) and not lines and not session.provisional
    return RestoredView(lines, sum(one.entries for one in found), places, clock, may_confirm)


def _line(one: Lack, *, by_person: bool | None) -> str:
    what = {True: "What you wrote", False: "What this machine recorded", None: "A feed of this console"}[by_person]
    here = f"here up to entry {one.here}" if one.here >= 0 else "nothing of it is here"
    return f"{what}: {here}, written up to {one.written} ({count(one.entries, 'entry', 'entries')} missing)."
