"""The commands about what is owed: reporting clocks, the response plan, tasks; and their place beside the corrections.

They open dialogs and give intentions to the doer; no rule lives here.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtWidgets import QWidget

from console.domain.tasks import Task
from console.services import checklist
from console.services.incidents import IncidentLine
from console.services.session import Session
from console.ui.checklist import ChecklistDialog, TaskDialog
from console.ui.clocks import ClocksDialog, RegimesDialog
from console.ui.duties import DutySections
from console.ui.room import Room
from console.viewmodels.commands import Command, Commands
from console.viewmodels.duties import DUTIES, DutyReader
from console.viewmodels.incident_words import NO_INCIDENT
from console.viewmodels.shell import INCIDENTS

_GROUP: Final = "Incident"


def _always() -> None:
    """It may always be given."""


class DutyCommands:
    """One per window. `sections` is what stands beside the corrections."""

    def __init__(self, room: Room, window: QWidget) -> None:
        self._room, self._window = room, window
        self.reader = DutyReader(room.desk)
        self.sections = DutySections(room, self.reader, self.say)
        self.reader.start()

    def add_commands(self, commands: Commands) -> None:
        """Offer them."""
        for name, title, key, run, why_not, also in (
            ("clocks", "Reporting clocks", "g r", self._clocks, self._not_chosen, "authority report deadline notify"),
            ("regimes", "Which reporting regimes apply to us", "", self._regimes, _always, "law gdpr nis2 dora clocks"),
            ("checklist", "Checklist: all tasks", "g l", self._checklist, self._not_chosen, "tasks plan playbook"),
            ("next-task", "Go to the next open task", "g k", self._to_tasks, self._no_task, "tick checklist"),
            ("task", "Set a task", "", self._task, self._not_chosen, "follow-up owner todo"),
            ("begin-plan", "Begin the response plan", "", self._begin, self._no_plan, "checklist playbook sev-1"),
        ):  # fmt: skip
            commands.add(Command(name=name, title=title, key=key, group=_GROUP, run=run, why_not=why_not, also=also))

    def say(self, task: Task, done: bool) -> None:  # noqa: FBT001  what a box says
        """Tick a task off, or open it again."""

        def work(session: Session) -> str:
            return (checklist.tick if done else checklist.reopen)(session, task).id

        self._room.doer.do(work, lambda _entry: self.reader.touch())

    # -- windows -------------------------------------------------------------------------------------------------------

    def _clocks(self) -> None:
        line = self._line()
        if line is not None:
            ClocksDialog(self._room, self._window, line, self.reader.touch).open()

    def _regimes(self) -> None:
        RegimesDialog(self._room, self._window, self.reader.touch).open()

    def _checklist(self) -> None:
        line = self._line()
        if line is not None:
            ChecklistDialog(self._room, self._window, line, self.say).open()

    def _task(self) -> None:
        line = self._line()
        if line is not None:
            TaskDialog(self._room, self._window, line.inc).open()

    def _to_tasks(self) -> None:
        self.sections.focus_tasks()

    def _begin(self) -> None:
        duties = self._room.desk.outlet.latest(DUTIES)
        if duties is not None and duties.plan is not None:
            work = partial(checklist.begin, inc=duties.inc, named=duties.plan.id)
            self._room.doer.do(work, lambda _stored: self.reader.touch())

    # -- why not -------------------------------------------------------------------------------------------------------

    def _line(self) -> IncidentLine | None:
        known, inc = self._room.desk.outlet.latest(INCIDENTS), self._room.desk.inc
        return next((one for one in known.lines if one.inc == inc), None) if known is not None else None

    def _not_chosen(self) -> str | None:
        return NO_INCIDENT if self._line() is None else None

    def _no_task(self) -> str | None:
        duties = self._room.desk.outlet.latest(DUTIES)
        open_ones = duties is not None and any(one.state == "open" for one in duties.tasks)
        return None if open_ones else "No task is open."

    def _no_plan(self) -> str | None:
        duties = self._room.desk.outlet.latest(DUTIES)
        return None if duties is not None and duties.plan is not None else "No response plan waits to be begun."


__all__ = ["DutyCommands"]
