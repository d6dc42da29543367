"""The whole checklist: the response plan's steps and every other task, ticked, dropped, opened again, set anew.

What is ticked is what is saved. It does nothing but write down what people did.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QComboBox, QPushButton, QWidget

from console.domain.plans import Plan
from console.domain.tasks import Task
from console.services import checklist
from console.services.incidents import IncidentLine
from console.services.session import Session
from console.ui.duties import TaskRow
from console.ui.kept import Kept
from console.ui.parts import row
from console.ui.room import Room
from console.ui.sheets import Labelled, Sheet, text_line, text_lines
from console.ui.widgets import EmptyState, Text
from console.viewmodels.duties import DUTIES, Duties, checklist_heading
from console.viewmodels.said_times import next_clock
from console.viewmodels.times import both
from console.viewmodels.zones import shown_zone, zone_chosen

_DAY_MS: Final = 86_400_000
_DAYS: Final = (("no day", 0), ("today", 0), ("tomorrow", 1), ("in 3 days", 3), ("in a week", 7), ("in 2 weeks", 14),
                ("in a month", 30))  # fmt: skip


class ChecklistDialog(Sheet):
    """Every task of one incident. It follows the record while it is open."""

    def __init__(self, room: Room, parent: QWidget, line: IncidentLine, say: Callable[[Task, bool], None]) -> None:
        super().__init__(
            room, parent, f"Checklist of {line.label}",
            "Space ticks the task that has the focus; once more opens it again. Each is a signed entry.",
        )  # fmt: skip
        self._line, self._say_done = line, say
        self._rows: dict[str, TaskRow] = {}
        self._drops: dict[str, QWidget] = {}
        self._heading = Text(room.look, "", weight="semibold")
        self._plans = QComboBox()
        self._plans.setAccessibleName("Response plan")
        self._begin = QPushButton("Begin this plan")
        self._begin.setAutoDefault(False)
        self._begin.clicked.connect(self._begin_plan)
        self._none = EmptyState(room.look, "No task is set", "Begin a response plan, or set a task of your own.", "",
                                "list")  # fmt: skip
        self._none.hide()  # nothing is known to be unset before it was read
        self._begin.setEnabled(False)
        self._place = QWidget()
        line_of = row(self._place, room.look.theme.space("unit"))
        line_of.addWidget(self._plans)
        line_of.addWidget(self._begin)
        line_of.addStretch(1)
        for part in (self._heading, self._none, self._place):
            self.add(part)
        self.only_close()
        self.add_button("Set a task ...", self._set)
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._second)
        self._tick.start()
        self.take_room(680, 680)
        self.read_first(checklist.plans, self._offer, "Reading ...", "look")
        room.bridge.on(DUTIES, self._take, self)

    def _offer(self, plans: tuple[Plan, ...]) -> None:
        for one in plans:
            self._plans.addItem(f"{one.name} ({len(one.steps)} steps)", one.id)
            if self._line.severity in one.severities:
                self._plans.setCurrentIndex(self._plans.count() - 1)
        self._begin.setEnabled(bool(plans))

    def _take(self, duties: Duties | None) -> None:
        if duties is None or duties.inc != self._line.inc:
            return
        self._none.setVisible(not duties.tasks)
        self._heading.setText(checklist_heading(duties) if duties.tasks else "")
        self._heading.setVisible(bool(duties.tasks))
        self._place.setVisible(not any(one.plan for one in duties.tasks) and not duties.closed)
        now = self.room.desk.session.clock.wall_ms()
        for one in duties.tasks:
            if one.entry not in self._rows:
                self._rows[one.entry] = made = TaskRow(self.room, self._say_done)
                held = QWidget()
                line = row(held)
                line.addWidget(made, 1)
                drop = QPushButton("Drop ...")
                drop.setAutoDefault(False)
                drop.setProperty("kind", "quiet")
                drop.setAccessibleName(f"Drop: {one.text}")
                drop.clicked.connect(partial(self._drop, one))
                line.addWidget(drop)
                self._drops[one.entry] = drop
                self.body.insertWidget(self.body.indexOf(self._place), held)
            self._rows[one.entry].put(one, now, duties)
            self._drops[one.entry].setVisible(one.state == "open")
        gone = set(self._rows) - {one.entry for one in duties.tasks}
        for name in gone:  # taken back
            self._drops.pop(name)
            frame = self._rows.pop(name).parentWidget()
            if frame is not None:
                frame.deleteLater()

    def _second(self) -> None:
        self._take(self.room.desk.outlet.latest(DUTIES))

    def _begin_plan(self) -> None:
        plan = str(self._plans.currentData())
        work = partial(checklist.begin, inc=self._line.inc, named=plan)
        self.carry_out(work, lambda _stored: self.room.desk.refresh())

    def _set(self) -> None:
        TaskDialog(self.room, self, self._line.inc).open()

    def _drop(self, task: Task) -> None:
        DropDialog(self.room, self, task).open()


class TaskDialog(Sheet):
    """Sets a task: what, whose, until when."""

    def __init__(self, room: Room, parent: QWidget, inc: str) -> None:
        super().__init__(room, parent, "Set a task", "A follow-up with an owner and a day gets done.")
        self._inc = inc
        self.text = text_lines(room, "What is to be done", 3)
        self.owner = text_line("Whose it is", 80)
        self.day = QComboBox()
        for at, (word, days) in enumerate(_DAYS):
            self.day.addItem(word, days if at else -1)
        self.at = text_line("At what time")
        self.at.setPlaceholderText("HH:MM (empty: at the end of the day)")
        self._at = Labelled(room, f"At what time, in {zone_chosen(room.desk.outlet)}", self.at)
        self._told = Text(room.look, size="small", tone="text-muted", wrap=True)
        self.add(Labelled(room, "What is to be done", self.text))
        self.add(Labelled(room, "Whose it is: a person or a role (optional)", self.owner))
        self.add(Labelled(room, "Until when", self.day))
        self.add(self._at)
        self.add(self._told)
        self.add_button("Set it", self._set, "main")
        for signal in (self.text.textChanged, self.day.currentIndexChanged, self.at.textChanged):
            signal.connect(self.check)
        self.check()
        self.fit(560)
        self.text.setFocus()
        self._kept = Kept(self, f"task:{inc}", {"text": self.text, "owner": self.owner})

    def why_not(self) -> str:
        """What is still to be said."""
        due = self._due_ms()
        self._at.setVisible(int(self.day.currentData()) >= 0)
        zone = shown_zone(zone_chosen(self.room.desk.outlet))
        self._told.setText("" if due in (None, -1) else f"Until {both(int(due or 0), zone)}.")
        if not self.text.toPlainText().strip():
            return "Say what is to be done."
        return "Say the time as HH:MM." if due == -1 else ""

    def _due_ms(self) -> int | None:
        """Until when; None where no day is named, -1 where no time can be read."""
        days = int(self.day.currentData())
        if days < 0:
            return None
        zone = shown_zone(zone_chosen(self.room.desk.outlet))
        now = self.room.desk.session.clock.wall_ms()
        at = next_clock(self.at.text() or "23:59", now, zone)
        return -1 if at is None else at + days * _DAY_MS

    def _set(self) -> None:
        text, owner, due, inc = self.text.toPlainText().strip(), self.owner.text().strip(), self._due_ms(), self._inc

        def work(session: Session) -> str:
            return checklist.add(session, inc, text, owner, due).id

        def done(_entry: str) -> None:
            self.room.desk.refresh()
            self.accept()

        self.carry_out(self._kept.spending(work), done)


class DropDialog(Sheet):
    """Why a task will not be done."""

    def __init__(self, room: Room, parent: QWidget, task: Task) -> None:
        super().__init__(room, parent, "Drop a task", task.text)
        self._task = task
        self.reason = text_line("Why", 300)
        self.add(Labelled(room, "Why", self.reason))
        self.add_button("Drop it", self._drop, "main")
        self.reason.textChanged.connect(self.check)
        self.reason.returnPressed.connect(self.press_main)
        self.check()
        self.fit(520)
        self.reason.setFocus()

    def why_not(self) -> str:
        """What is still to be said."""
        return "" if self.reason.text().strip() else "Say why."

    def _drop(self) -> None:
        work = partial(checklist.drop, task=self._task, reason=self.reason.text())
        self.carry_out(work, lambda _stored: self.accept())


__all__ = ["ChecklistDialog", "DropDialog", "TaskDialog"]
