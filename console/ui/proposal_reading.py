"""Reads what a composition would mean, on a lane of its own, one reading at a time; and keeps what was read.

It proposes nothing. What is not of this moment is told apart from what is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from console.services import approvals, corrections
from console.services.corrections import TargetWish, Trial
from console.services.provider_settings import lever_faults
from console.services.session import Session
from console.ui.room import Room
from console.viewmodels.composing import Placed
from console.viewmodels.ground import Ground, plainer
from console.viewmodels.proposal import PlanLine, TrialView, trial_view
from console.viewmodels.shell import Trouble

Faults = dict[int, dict[str, str]]
Read = tuple[Sequence[Placed], Trial, TrialView, Faults]


class PlanReader:
    """One per composer. `changed` is called whenever there is something new to show; it lives as long as `over`."""

    def __init__(self, room: Room, inc: str, over: QWidget, changed: Callable[[], None]) -> None:
        self._room, self._inc, self._over, self._changed = room, inc, over, changed
        self._lines: dict[str, PlanLine] = {}
        self._keys: tuple[str, ...] | None = None
        self._wanted: tuple[Placed, ...] | None = None
        self._alone: frozenset[str] = frozenset()
        self.ground: Ground | None = None
        self.view: TrialView | None = None
        self.faults: Faults = {}
        self.reading = False
        self.stopped = ""

    def want(self, placed: Sequence[Placed]) -> None:
        """Read these, unless they were just read; what is under way is waited for first."""
        self._wanted = tuple(placed)
        if not self.reading and not self.stopped and not self.is_fresh(placed):
            self._read(self._wanted)

    def again(self, placed: Sequence[Placed]) -> None:
        """Read these, whatever is known: a provider may answer by now, or a key be at hand."""
        self.stopped, self._keys, self._lines = "", None, {}
        self.want(placed)
        self._changed()

    def forget_faults(self) -> None:
        """The rows are others now."""
        self.faults = {}

    def line(self, one: Placed) -> PlanLine | None:
        """The plan of a wish as it was last read; none while it is not known."""
        return self._lines.get(key_of(one.wish))

    def is_fresh(self, placed: Sequence[Placed]) -> bool:
        """Whether what was read last is just this."""
        return self._keys == tuple(key_of(one.wish) for one in placed)

    def is_alone(self, one: Placed) -> bool:
        """Whether it is a canary whose target cannot be corrected, so that it is not corrected either."""
        return key_of(one.wish) in self._alone

    def possible(self, placed: Sequence[Placed]) -> list[Placed]:
        """Those whose plan is known and can be done."""
        found = [(one, self.line(one)) for one in placed]
        return [one for one, line in found if line is not None and line.possible]

    def _read(self, placed: tuple[Placed, ...]) -> None:
        self.reading = True
        inc, wishes = self._inc, [one.wish for one in placed]
        adapters = {} if self.ground is None else dict(self.ground.adapters)

        def work(session: Session) -> Read:
            kept: Sequence[Placed] = placed
            trial = corrections.plan(session, inc, wishes)
            alone = _canaries_alone(placed, trial)
            if alone:  # a canary goes beside its target only; what is weighed is what would be proposed
                kept = [one for one in placed if one not in alone]
                trial = corrections.plan(session, inc, [one.wish for one in kept])
            view = trial_view(trial, approvals.names_here(session), session.clock.wall_ms())
            return kept, trial, view, _faults(placed, adapters)

        def failed(trouble: Trouble) -> None:
            if isValid(self._over):
                self.reading = False
                self.stopped = f"{trouble.what} {trouble.next_step}".strip()
                self._changed()

        def done(found: Read) -> None:
            if isValid(self._over):
                self._took(placed, found)

        self._room.doer.do(work, done, failed=failed, lane="aside", over=self._over)

    def _took(self, placed: tuple[Placed, ...], found: Read) -> None:
        kept, trial, view, self.faults = found
        self.reading = False
        self._keys = tuple(key_of(one.wish) for one in placed)
        options = () if self.ground is None else self.ground.options
        names = {one.surface.instance: one.provider for one in options}
        self._lines = {
            key_of(one.wish): replace(line, why_not=plainer(line.why_not, names.get(one.wish.provider, "")))
            for one, line in zip(trial.targets, view.lines, strict=True)
        }
        self._alone = frozenset(key_of(one.wish) for one in placed) - frozenset(key_of(one.wish) for one in kept)
        self.view = view if placed else None
        self._changed()
        if self._wanted is not None and not self.is_fresh(self._wanted):
            self._read(self._wanted)


def key_of(wish: TargetWish) -> str:
    """What makes a wish another wish."""
    return json.dumps(
        [wish.provider, wish.surface, wish.lever, wish.selector, sorted(wish.params.items()), wish.canary,
         wish.assignee]
    )  # fmt: skip


def _canaries_alone(placed: Sequence[Placed], trial: Trial) -> list[Placed]:
    rows = {
        one.row for one, found in zip(placed, trial.targets, strict=True)
        if found.planned is not None and not one.wish.canary
    }  # fmt: skip
    return [one for one in placed if one.wish.canary and one.row not in rows]


def _faults(placed: Sequence[Placed], adapters: dict[str, str]) -> Faults:
    """What is wrong with the parameters, by row and field, in the words of the lever's own model."""
    found: Faults = {}
    for one in placed:
        adapter = adapters.get(one.wish.provider, "")
        for fault in lever_faults(adapter, one.wish.lever, one.wish.params) if adapter else ():
            found.setdefault(one.row, {})[fault.name] = fault.what
    return found
