"""The commands about corrections: compose, lift, undo, cancel, attest, record by hand; and why one may not be given.

It opens dialogs for what the desk points at; no rule lives here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from console.domain.corrections import IN_FORCE, QUEUED
from console.services.standing import Standing
from console.ui.agreements import AgreementsSheet
from console.ui.attest import AttestDialog, RecordDialog
from console.ui.lift import CancelDialog, LiftDialog, UndoDialog
from console.ui.proposal_dialog import ProposalDialog
from console.ui.room import Room
from console.ui.watch import WatchDialog
from console.viewmodels.commands import Command, WhyNot
from console.viewmodels.incident_words import NO_INCIDENT
from console.viewmodels.shell import INCIDENTS, NOW, SHELL

_GROUP: Final = "Corrections"
_JOINING: Final = "You are not admitted yet: an admin signs the roster first."
_NO_UNDO: Final = "Nothing can be undone by one signature now; lift it."
_ALONE: Final = "One person's record cannot dispatch: record it by hand, or found the organisation."


class CorrectionCommands:
    """One per window. A composer that is open for an incident is raised, not doubled."""

    def __init__(self, room: Room, window: QWidget) -> None:
        self._room, self._window = room, window
        self._composer: ProposalDialog | None = None

    def add(self) -> None:
        """Offer them."""
        self._add("correct", "Propose a correction", self._correct, self._not_open,
                  "block throttle restrict withdraw stop shut down", "c")  # fmt: skip
        self._add("lift", "Lift a correction", self._lift, self._none(liftable, "Nothing is in force."),
                  "restore give back")  # fmt: skip
        self._add("undo", "Undo a correction", self._undo, self._none(undoable, _NO_UNDO), "revert mistake")
        self._add("cancel-correction", "Cancel a correction", self._cancel,
                  self._none(cancellable, "Nothing is pending or queued."), "withdraw proposal stop")  # fmt: skip
        self._add("attest", "Attest what was done by hand", self._attest,
                  self._none(attestable, "Nothing is asked of people by hand."), "vendor confirmed done")  # fmt: skip
        self._add("record-by-hand", "Record a correction made by hand", self._record, self._not_admitted,
                  "already done outside manual")  # fmt: skip

        self._add("watch-by-hand", "Watch a correction made by hand", self._watch, self._not_admitted,
                  "read back probe does it stand outside manual")  # fmt: skip

        self._add("agreements", "Agreements with downstream users", self._agreements, self._not_admitted,
                  "terms contract notice customers register")  # fmt: skip

    def _add(self, name: str, title: str, run: Callable[[], None], why_not: WhyNot, also: str, key: str = "") -> None:
        self._room.commands.add(
            Command(name=name, title=title, run=run, key=key, group=_GROUP, also=also, why_not=why_not)
        )

    def _agreements(self) -> None:
        AgreementsSheet(self._room, self._window).open()

    # -- dialogs -------------------------------------------------------------------------------------------------------

    def _correct(self) -> None:
        desk = self._room.desk
        inc = desk.inc
        if inc is None:
            return
        model, surface = desk.pointed_surface or (None, None)
        again = self._fallen()
        open_one = self._composer
        if open_one is not None and isValid(open_one) and open_one.isVisible() and open_one.inc == inc:
            open_one.raise_()
            open_one.activateWindow()
            return
        self._composer = ProposalDialog(
            self._room, inc, model=model, surface=surface or None, again=again, parent=self._window
        )
        self._composer.show()
        self._composer.activateWindow()

    def _fallen(self) -> Standing | None:
        """What is pointed at, where it has fallen and somebody has to decide: it is proposed anew."""
        pointed, now = self._room.desk.pointed, self._room.desk.outlet.latest(NOW)
        if (
            pointed is None
            or now is None
            or not any(need.kind == "decide" and need.doc == pointed[0] for need in now.needs)
        ):
            return None
        return next((one for one in now.everything if one.doc == pointed[0]), None)

    def _lift(self) -> None:
        LiftDialog(self._room, self._window, self._candidates(liftable), self._pointed()).open()

    def _undo(self) -> None:
        UndoDialog(self._room, self._window, self._candidates(undoable), self._pointed()).open()

    def _cancel(self) -> None:
        CancelDialog(self._room, self._window, self._candidates(cancellable), self._pointed()).open()

    def _attest(self) -> None:
        pointed = self._room.desk.pointed
        AttestDialog(
            self._room, self._window, self._candidates(attestable), self._pointed(), pointed[1] if pointed else None
        ).open()

    def _record(self) -> None:
        RecordDialog(self._room, self._window, self._room.desk.inc).open()

    def _watch(self) -> None:
        WatchDialog(self._room, self._window, self._room.desk.inc).open()

    # -- which, and why not --------------------------------------------------------------------------------------------

    def _pointed(self) -> str | None:
        pointed = self._room.desk.pointed
        return None if pointed is None else pointed[0]

    def _candidates(self, which: Callable[[Standing, int], bool]) -> tuple[Standing, ...]:
        """Those of the incident that is shown, the newest first; what is pointed at is always among them."""
        now, at = self._room.desk.outlet.latest(NOW), self._room.desk.session.clock.wall_ms()
        if now is None:
            return ()
        shown = {one.doc for one in now.standings}
        return tuple(
            one for one in reversed(now.everything or now.standings)
            if which(one, at) and (one.doc in shown or one.doc == self._pointed())
        )  # fmt: skip

    def _none(self, which: Callable[[Standing, int], bool], otherwise: str) -> WhyNot:
        return lambda: self._not_admitted() or self._alone() or (None if self._candidates(which) else otherwise)

    def _rung(self) -> str:
        shell = self._room.desk.outlet.latest(SHELL)
        return "" if shell is None else shell.rung

    def _alone(self) -> str | None:
        return _ALONE if self._rung() == "provisional" else None

    def _not_admitted(self) -> str | None:
        return _JOINING if self._rung() == "joining" else None

    def _not_open(self) -> str | None:
        known, inc = self._room.desk.outlet.latest(INCIDENTS), self._room.desk.inc
        line = None if known is None else next((one for one in known.lines if one.inc == inc), None)
        if self._not_admitted() is not None or line is None:
            return self._not_admitted() or NO_INCIDENT
        return "The incident is closed: reopen it first." if line.status == "closed" else None


def liftable(one: Standing, _now_ms: int) -> bool:
    """In force somewhere and nothing of it on its way, so that it can be given back; what people do by hand apart."""
    going = any(target.state in QUEUED and not target.by_hand for target in one.targets)
    return one.direction == "contain" and not going and any(target.state in IN_FORCE for target in one.targets)


def undoable(one: Standing, now_ms: int) -> bool:
    """Within the time in which one signer alone takes it back."""
    return one.undo_until_ms is not None and one.undo_until_ms > now_ms and one.group in ("in force", "queued")


def cancellable(one: Standing, _now_ms: int) -> bool:
    """Something of it has not gone yet."""
    return one.group in ("pending", "queued")


def attestable(one: Standing, _now_ms: int) -> bool:
    """Something of it is asked of people, and their word is missing or may change."""
    return any(target.by_hand and target.state in _ASKED for target in one.targets)


_ASKED: Final[Sequence[str]] = ("queued", "dispatching", "accepted", "attention", "unknown", "attested")


def add_commands(room: Room, window: QWidget) -> None:
    """Offer every command about corrections; their dialogs stand above `window`."""
    CorrectionCommands(room, window).add()


__all__ = ["CorrectionCommands", "ProposalDialog", "add_commands"]
