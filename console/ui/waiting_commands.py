"""The commands about what waits, lapsed or fell: send now, propose again, take over, look at it, see whether it bites.

They are about what the desk points at, else about what comes first; no rule lives here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QWidget

from console.services.fates import FALLEN, Help, answered, fate_of, newest_at, waits
from console.ui.room import Room
from console.viewmodels.commands import Command
from console.viewmodels.shell import NOW, Now

if TYPE_CHECKING:
    from console.services.session import Session
    from console.services.standing import Standing, TargetStanding

_GROUP: Final = "Corrections"
_MEASURED: Final = ("accepted", "recorded", "enforced", "unmeasurable", "drifted", "attention", "lifted")


class WaitingCommands:
    """One per window. `show` opens the outbox at what is pointed at."""

    def __init__(self, room: Room, window: QWidget, show: Callable[[], None]) -> None:
        self._room, self._window, self._show = room, window, show

    def add(self) -> None:
        """Offer them."""
        put = self._room.commands.add
        put(Command(name="send-now", title="Send now everything that is held", group=_GROUP, run=self._now,
                    also="release hold reconnection",
                    why_not=lambda: self._none("now", "Nothing is held.")))  # fmt: skip
        put(Command(name="propose-again", title="Propose again what lapsed, changed or failed", group=_GROUP,
                    run=lambda: self._open("again"), also="stale expired failed retry diff confirm again",
                    why_not=lambda: self._none("again", "Nothing has lapsed, changed or failed.")))  # fmt: skip
        put(Command(name="take-over", title="Take over what another console was to send", group=_GROUP,
                    run=lambda: self._open("take-over"), also="dead dispatcher silent console",
                    why_not=lambda: self._none("take-over", "No silent console has anything to send.")))  # fmt: skip
        put(Command(name="outbox-at", title="Show it in the outbox", group="Go", run=self._show,
                    also="waits lapsed held"))  # fmt: skip
        put(Command(name="refusals", title="Does it bite? Refusals over time", group=_GROUP, run=self._refusals,
                    also="chart probes passed refused enforced evidence",
                    why_not=lambda: None if self._measured() else "Nothing has reached a provider yet."))  # fmt: skip

    # -- what they are about -------------------------------------------------------------------------------------------

    def _now_told(self) -> Now | None:
        return self._room.desk.outlet.latest(NOW)

    def _about(self, what: Help) -> list[tuple[Standing, TargetStanding]]:
        """Every target that this would help, what is pointed at first."""
        now = self._now_told()
        if now is None:
            return []
        at_ms, pointed = self._room.desk.session.clock.wall_ms(), self._room.desk.pointed
        everything = now.everything or now.standings
        later = newest_at(everything)
        found = [
            (one, target)
            for one in everything if one.inc not in now.closed
            for target in one.targets if helps(one, target, at_ms, now) == what and not answered(one, target, later)
        ]  # fmt: skip
        shown = {one.doc for one in now.standings}
        mine = [pair for pair in found if pointed is not None and pair[0].doc == pointed[0]]
        exact = [pair for pair in mine if pointed is not None and pair[1].index == pointed[1]]
        return exact or mine or [pair for pair in found if pair[0].doc in shown]

    def _none(self, what: Help, otherwise: str) -> str | None:
        return None if self._about(what) else otherwise

    def _measured(self) -> Standing | None:
        now, pointed = self._now_told(), self._room.desk.pointed
        if now is None:
            return None
        able = [
            one for one in now.everything or now.standings
            if one.direction == "contain" and any(t.state in _MEASURED and not t.by_word for t in one.targets)
        ]  # fmt: skip
        meant = [one for one in able if pointed is not None and one.doc == pointed[0]]
        shown = {one.doc for one in now.standings}
        here = [one for one in able if one.doc in shown]
        return next(iter([*meant, *reversed(here)]), None)

    # -- carrying out --------------------------------------------------------------------------------------------------

    def _now(self) -> None:
        """Of the incident that is shown; a row's own button ends the hold of that one alone."""
        now = self._now_told()
        docs = () if now is None else tuple({
            one.doc for one in now.standings for target in one.targets
            if helps(one, target, self._room.desk.session.clock.wall_ms(), now) == "now"
        })  # fmt: skip

        def work(session: Session) -> int:
            from console.services import resending  # noqa: PLC0415  a window that starts sends nothing yet

            return sum(resending.release(session, doc) for doc in docs)

        self._room.doer.do(work, lambda _count: self._room.desk.refresh(), over=self._window)

    def _open(self, how: Help) -> None:
        from console.ui.again import AgainSheet  # noqa: PLC0415  the first window does not wait for it

        about = self._about(how)
        if about:
            some = list({one.doc: one for one, _ in about}.values())
            AgainSheet(self._room, self._window, some, "take-over" if how == "take-over" else "again").open()

    def _refusals(self) -> None:
        from console.ui.refusals import RefusalsSheet  # noqa: PLC0415  as above

        one = self._measured()
        if one is not None:
            RefusalsSheet(self._room, self._window, one).open()


def helps(one: Standing, target: TargetStanding, now_ms: int, now: Now) -> Help:
    """The one thing that helps a target on; nothing where it needs nothing, or only time."""
    if target.by_hand or one.state in ("refused", "cancelled", "superseded"):
        return ""
    if target.state == "drifted":
        return "again"
    if target.state not in FALLEN and not waits(one, target, now_ms, now.senders):
        return ""
    return fate_of(one, target, now_ms, now.senders).help


def add_commands(room: Room, window: QWidget, show: Callable[[], None]) -> None:
    """Offer every command about what waits; their dialogs stand above `window`."""
    WaitingCommands(room, window, show).add()


__all__ = ["WaitingCommands", "add_commands", "helps"]
