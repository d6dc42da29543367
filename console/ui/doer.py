"""Carries out what a person asks for without ever waiting: on a lane, with the unlock prompt where a key is locked.

A fault becomes one sentence and what to do next; it is never lost and never a traceback.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from console.domain.errors import Problem
from console.keys.faults import WrongPassphrase
from console.runtime.workers import Stopped
from console.services.session import Locked, Session
from console.services.setup import practice_hint
from console.ui.bridge import Bridge
from console.ui.theme import Look
from console.ui.unlock import UnlockDialog
from console.viewmodels.desk import Desk
from console.viewmodels.lanes import Lane
from console.viewmodels.shell import Trouble

T = TypeVar("T")
_LOG = logging.getLogger(__name__)


def nothing(_result: object) -> None:
    """For those who read the outcome from the journal."""


class Doer(QObject):
    """One per window. `troubled` carries what no caller shows; `busy` how many intentions are under way."""

    troubled = Signal(object)
    busy = Signal(int)

    def __init__(self, desk: Desk, bridge: Bridge, look: Look) -> None:
        super().__init__()
        self._desk = desk
        self._bridge = bridge
        self._look = look
        self._under_way = 0
        self._parent: QWidget | None = None

    def set_parent_window(self, window: QWidget) -> None:
        """Over which window prompts appear where the caller names none."""
        self._parent = window

    def do(
        self,
        work: Callable[[Session], T],
        done: Callable[[T], None] = nothing,
        *,
        failed: Callable[[Trouble], None] | None = None,
        lane: Lane = "quick",
        over: QWidget | None = None,
        _asked: str | None = None,
    ) -> None:
        """Run `work` on a lane, then `done` here. A locked key asks for its passphrase and tries again.

        `failed` is told what went wrong, or that the person did not unlock; without it the window shows it. Where
        `over`, the part of the window that asked, is gone by then, `done` is not called.
        """
        self._count(1)

        def ended(result: T) -> None:
            self._count(-1)
            if over is None or isValid(over):
                done(result)

        def broken(fault: BaseException) -> None:
            self._count(-1)
            if over is not None and not isValid(over):  # whoever asked has left: the window says what became of it
                self._tell(self.trouble_of(fault), None)
                return
            needs = fault.key if isinstance(fault, Locked) else _asked
            if needs is None or not isinstance(fault, Locked | WrongPassphrase):
                self._tell(self.trouble_of(fault), failed)
                return

            def again() -> None:
                self.do(work, done, failed=failed, lane=lane, over=over, _asked=needs)

            new = isinstance(fault, Locked) and fault.new
            self._unlock(needs, again, failed, over, wrong=isinstance(fault, WrongPassphrase), new=new)

        try:
            future = self._desk.do(work, lane)
        except Stopped:  # the window is closing: nobody is there to be told
            self._count(-1)
            return
        self._bridge.when_done(future, ended, broken)

    def trouble_of(self, fault: BaseException) -> Trouble:
        """A fault as a sentence and the next step; a fault of the program is logged."""
        now = self._desk.session.clock.wall_ms()
        if isinstance(fault, Problem):
            return Trouble(fault.what, fault.next_step, now)
        what, step = getattr(fault, "what", None), getattr(fault, "next_step", "")
        if isinstance(what, str):
            return Trouble(what, str(step), now)
        if isinstance(fault, OSError):
            where = fault.filename or "The system"
            return Trouble(f"{where}: {fault.strerror or fault}.", "Check the path and the space on the disk.", now)
        _LOG.error("an intention ended with a fault of the program", exc_info=fault)
        return Trouble(
            f"This is a fault of the program ({type(fault).__name__}).",
            "What was saved is safe; please report it.",
            now,
        )

    def _unlock(
        self, what: str, again: Callable[[], None], failed: Callable[[Trouble], None] | None, over: QWidget | None,
        *, wrong: bool = False, new: bool = False,
    ) -> None:  # fmt: skip
        hint = practice_hint(self._desk.session.paths)
        whose = self._desk.session.settings.name
        dialog = UnlockDialog(what, self._look, over or self._parent, wrong=wrong, new=new, hint=hint, whose=whose)

        def typed() -> None:
            self._desk.session.offer(what, dialog.take())
            again()

        def given_up() -> None:
            now = self._desk.session.clock.wall_ms()
            self._tell(Trouble("Nothing was done: the key stayed locked.", "Unlock it, then try again.", now), failed)

        dialog.accepted.connect(typed)
        dialog.rejected.connect(given_up)
        dialog.open()

    def _tell(self, trouble: Trouble, failed: Callable[[Trouble], None] | None) -> None:
        if failed is not None:
            failed(trouble)
        else:
            self.troubled.emit(trouble)

    def _count(self, change: int) -> None:
        self._under_way += change
        self.busy.emit(self._under_way)
