"""What is owed in the incident that is shown: its reporting clocks and its checklist, read on a lane, told as values.

Read anew where something was written, another incident is shown, or time alone may have changed it. It never waits.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from console.domain.errors import Problem
from console.domain.words import role_said
from console.runtime.workers import Stopped
from console.services.session import Session
from console.viewmodels.desk import Desk
from console.viewmodels.outlet import Topic
from console.viewmodels.shell import GROWN, SHELL
from console.viewmodels.times import beside, clock_time

if TYPE_CHECKING:  # what reads the record is imported on the lane that reads
    from console.domain.clocks import Clock
    from console.domain.plans import Plan
    from console.domain.tasks import Task

CLOCKS_SHOWN: Final = 3
TASKS_SHOWN: Final = 5
TASKS_READ: Final = 1_000
_DONE_SHOWN: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Duties:
    """What is owed in one incident. `plan` is the response plan that is meant for its severity and was not begun.

    `names`: display names by person. `fault` says why the clocks cannot be told, where they cannot. `older`: there are
    tasks from before those that were read.
    """

    inc: str
    closed: bool
    clocks: tuple[Clock, ...] = ()
    tasks: tuple[Task, ...] = ()
    plan: Plan | None = None
    names: tuple[tuple[str, str], ...] = ()
    fault: str = ""
    older: bool = False

    def name_of(self, person: str | None) -> str:
        """What a person is called."""
        return dict(self.names).get(person or "", person or "")


DUTIES: Topic[Duties | None] = Topic("duties")


class DutyReader:
    """One per window. `start` begins to listen; `touch` reads soon, many times are one."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._gate = threading.Lock()
        self._busy = False
        self._again = False

    def start(self) -> None:
        """Read now, and again whenever something may have changed."""
        self._desk.outlet.listen(self._heard)
        self.touch()

    def touch(self) -> None:
        """Read soon, on a lane; from any thread."""
        with self._gate:
            self._again = self._busy
            if self._busy:
                return
            self._busy = True
        with suppress(Stopped):
            self._desk.do(self._read, "aside")

    def _heard(self, name: str, _snapshot: object) -> None:
        if name in (GROWN.name, SHELL.name):
            self.touch()

    def _read(self, session: Session) -> None:
        try:
            inc = self._desk.inc
            self._desk.outlet.post(DUTIES, None if inc is None else read_duties(session, inc))
        except Problem:  # an incident that is not here any more: the desk says so
            self._desk.outlet.post(DUTIES, None)
        finally:
            with self._gate:
                again, self._busy = self._again, False
            if again:
                self.touch()


def read_duties(session: Session, inc: str) -> Duties:
    """What is owed in an incident now; for a lane.

    Raises:
        WrongUse: when there is no such incident here.
    """
    from console.services import checklist, clocks, incidents  # noqa: PLC0415  as above

    line = next((one for one in incidents.list_incidents(session) if one.inc == inc), None)
    if line is None:
        return Duties(inc=inc, closed=False)
    found: tuple[Clock, ...] = ()
    fault = ""
    try:
        found = clocks.clocks_in(session, inc)
    except Problem as trouble:
        fault = trouble.what
    tasks = checklist.tasks_in(session, inc, TASKS_READ)
    plan = None
    if line.status != "closed" and not any(one.plan for one in tasks):
        with suppress(Problem):
            plan = checklist.plan_for(session, line.severity)
    people = {one.by for one in tasks if one.by is not None} | {one.author for one in tasks if one.author is not None}
    return Duties(
        inc=inc, closed=line.status == "closed", clocks=found, tasks=tasks, plan=plan, fault=fault,
        names=tuple(sorted((one, session.name_of(one)) for one in people)),
        older=checklist.behind(session, inc, TASKS_READ) > 0,
    )  # fmt: skip


# -- what is shown of it beside the corrections ------------------------------------------------------------------------


def clocks_shown(duties: Duties) -> tuple[Clock, ...]:
    """The open ones, the most pressing first, a few of them."""
    return tuple(one for one in duties.clocks if one.open)[:CLOCKS_SHOWN]


def clocks_rest(duties: Duties) -> str:
    """What is not shown, in words: how many more are open, met, met late, set aside."""
    more = sum(one.open for one in duties.clocks) - CLOCKS_SHOWN
    counts = [(max(0, more), "more")]
    counts += [(sum(one.state == state for one in duties.clocks), state) for state in ("met", "met late", "set aside")]
    return ", ".join(f"{count} {word}" for count, word in counts if count)


def tasks_shown(duties: Duties) -> tuple[Task, ...]:
    """The one ticked off last, so that a slip can be taken back, then those that are open, a few of them."""
    done = sorted((one for one in duties.tasks if one.state == "done"), key=lambda one: one.at_ms or 0)[-_DONE_SHOWN:]
    return (*done, *[one for one in duties.tasks if one.state == "open"][:TASKS_SHOWN])


def checklist_heading(duties: Duties) -> str:
    """`Checklist  3 of 13 done`."""
    counted = [one for one in duties.tasks if one.state != "dropped"]
    of = "of the newest" if duties.older else "of"
    return f"Checklist  {sum(one.state == 'done' for one in counted)} {of} {len(counted)} done"


def task_told(duties: Duties, task: Task, now_ms: int) -> str:
    """Beneath a task: who did it and when, else whose it is and how long there is."""
    if task.state != "open":
        at = "" if task.at_ms is None else f" {clock_time(task.at_ms)[:5]} UTC{beside(task.at_ms, form='%H:%M')}"
        return f"by {duties.name_of(task.by)}{at}" + (f": {task.note}" if task.note else "")
    told = [role_said(task.owner)] if task.owner else []
    if task.due_ms is not None:
        told.append(_about_left(task.due_ms - now_ms))
    return ", ".join(told)


def _about_left(left_ms: int) -> str:
    """In one unit: a list in which every second moves is not calm."""
    minutes = abs(left_ms) // 60_000
    told = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} d"  # noqa: PLR2004  two of a unit before the next
    return f"{told} left" if left_ms >= 0 else f"{told} late"


def task_mark(task: Task, now_ms: int) -> str:
    """The mark of the tokens that tells its state."""
    return "overdue" if task.overdue(now_ms) else task.state
