"""Below the corrections: the reporting clocks with the time there is, and the checklist, ticked off with one key.

It shows a few of each and leads to the dialogs that show all. It never ticks anything that is not saved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QPushButton, QWidget

from console.domain.clocks import Clock
from console.domain.tasks import Task
from console.services.clock_words import words_of
from console.ui.parts import column, panel_title, row
from console.ui.room import Room
from console.ui.tokens import CLOCKS, TASKS
from console.ui.widgets import StateMark, Text, Words, plain_tooltip
from console.viewmodels.duties import (
    DUTIES,
    Duties,
    DutyReader,
    checklist_heading,
    clocks_rest,
    clocks_shown,
    task_mark,
    task_told,
    tasks_shown,
)

_READ_EVERY_MS: Final = 30_000
Say = Callable[[Task, bool], None]


class DutySections(QWidget):
    """Two sections; each is there only where there is something in it."""

    def __init__(self, room: Room, reader: DutyReader, say: Say) -> None:
        super().__init__()
        self._room, self._reader, self._say = room, reader, say
        self._duties: Duties | None = None
        unit = room.look.theme.space("unit")
        self.clocks = _Section(room, "Reporting clocks")
        self.tasks = _Section(room, "Checklist")
        lines = column(self)
        for section in (self.clocks, self.tasks):
            lines.addWidget(section)
        self._all_clocks = _link(room, "clocks")
        self._all_tasks = _link(room, "checklist")
        self._begin = QPushButton("")
        self._begin.clicked.connect(lambda: room.commands.give("begin-plan"))
        self.clocks.head.addWidget(self._all_clocks)
        self.tasks.head.addWidget(self._all_tasks)
        self.tasks.foot.addWidget(self._begin)
        self.tasks.foot.addStretch(1)
        self.tasks.foot.setContentsMargins(0, 0, unit, unit // 2)
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._show)
        self._tick.start()
        self._read = QTimer(self)
        self._read.setInterval(_READ_EVERY_MS)
        self._read.timeout.connect(reader.touch)
        self._read.start()
        room.bridge.on(DUTIES, self._take, self)
        self._show()

    def focus_tasks(self) -> bool:
        """Put the focus on the first open task; whether there is one."""
        found = [one for one in self.tasks.rows() if isinstance(one, TaskRow) and not one.box.isChecked()]
        if found:
            found[0].box.setFocus()
        return bool(found)

    def focus_clocks(self) -> bool:
        """Put the focus on the first clock; whether there is one."""
        found = self.clocks.rows()
        if found:
            found[0].setFocus()
        return bool(found)

    def _take(self, duties: Duties | None) -> None:
        self._duties = duties
        self._show()

    def _show(self) -> None:
        duties, now = self._duties, self._room.desk.session.clock.wall_ms()
        if duties is None:
            self.clocks.hide()
            self.tasks.hide()
            return
        self.clocks.put([(one.key, one) for one in clocks_shown(duties)], lambda: ClockRow(self._room), now, duties)
        rest = clocks_rest(duties)
        self._all_clocks.setText(f"{rest} ..." if rest else "All clocks ...")
        self.clocks.heading.setText("Reporting clocks")
        self.clocks.setVisible(bool(duties.clocks) or bool(duties.fault))
        self.clocks.say(duties.fault)
        self.tasks.put([(one.entry, one) for one in tasks_shown(duties)],
                       lambda: TaskRow(self._room, self._say), now, duties)  # fmt: skip
        self.tasks.heading.setText(checklist_heading(duties) if duties.tasks else "Checklist")
        self._begin.setVisible(duties.plan is not None)
        if duties.plan is not None:
            self._begin.setText(f"Begin the {duties.plan.id.upper()} plan")
            self._begin.setToolTip(plain_tooltip(f"{duties.plan.name}: {len(duties.plan.steps)} steps become tasks"))
        self._all_tasks.setText("All tasks ..." if duties.tasks else "Set a task ...")
        self.tasks.setVisible(bool(duties.tasks) or duties.plan is not None)


def _link(room: Room, command: str) -> QPushButton:
    button = QPushButton("")
    button.setProperty("kind", "quiet")
    button.clicked.connect(lambda: room.commands.give(command))
    return button


class _Section(QWidget):
    """A heading with what leads to all of it beside, rows that stay while their values change, a word, and a foot."""

    def __init__(self, room: Room, title: str) -> None:
        super().__init__()
        unit = room.look.theme.space("unit")
        self._rows: dict[str, ClockRow | TaskRow] = {}
        self.heading = panel_title(room.look, title)
        self.heading.setWordWrap(True)  # at large text the panel has no room for it and the way to all of them
        self._lines = column(self, unit // 2, (unit, 0, 0, 0))
        top = QWidget()
        self.head = row(top, unit)
        self.head.addWidget(self.heading, 1)
        self._lines.addWidget(top)
        self._word = Text(room.look, size="small", tone="alarm", wrap=True)
        self._word.hide()
        self._lines.addWidget(self._word)
        foot = QWidget()
        self.foot = row(foot, unit)
        self._lines.addWidget(foot)
        self.hide()

    def rows(self) -> list[ClockRow | TaskRow]:
        """Its rows, in order."""
        return list(self._rows.values())

    def say(self, word: str) -> None:
        """A word of alarm below the rows, or none."""
        self._word.setText(word)
        self._word.setVisible(bool(word))

    def put(
        self, wanted: Sequence[tuple[str, Clock | Task]], make: Callable[[], ClockRow | TaskRow], now_ms: int,
        duties: Duties,
    ) -> None:  # fmt: skip
        """Show these, in this order; what stays is not made anew."""
        names = [name for name, _ in wanted]
        for name in [one for one in self._rows if one not in names]:
            gone = self._rows.pop(name)
            self._lines.removeWidget(gone)
            gone.deleteLater()
        rows = {name: self._rows.get(name) or make() for name in names}
        for at, (name, value) in enumerate(wanted, start=1):
            shown = rows[name]
            if self._lines.indexOf(shown) != at:
                self._lines.insertWidget(at, shown)
            shown.put(value, now_ms, duties)
        self._rows = rows


class ClockRow(QFrame):
    """One clock. It takes the focus; Enter and a double click open all of them."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("ground", "raised")
        unit = room.look.theme.space("unit")
        self._title = Words(room.look, weight="medium")
        self._left = Text(room.look, weight="medium")
        self._mark = StateMark(room.look, "running", table=CLOCKS, size="small")
        self._told = Text(room.look, size="small", tone="text-muted", wrap=True)
        head = QWidget()
        line = row(head, unit)
        line.addWidget(self._title, 1)
        line.addWidget(self._left)
        below = QWidget()
        line = row(below, unit)
        line.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self._told, 1)
        lines = column(self, 2, (unit + 2, unit - 2, unit, unit - 2))
        for part in (head, below):
            lines.addWidget(part)

    def put(self, clock: Clock | Task, now_ms: int, _duties: Duties) -> None:
        """Show this one; nothing is touched that has not changed."""
        if not isinstance(clock, Clock):
            return
        words = words_of(clock, now_ms)
        for part, text in ((self._title, words.title), (self._left, words.left), (self._told, words.detail)):
            if part.text() != text:
                part.setText(text)
        self._left.set_tone("alarm" if words.pressing else "text")
        self._mark.set_state(clock.state)
        self._told.setVisible(bool(words.detail))
        self.setToolTip(plain_tooltip("\n".join(words.more)))
        self.setAccessibleName(f"{words.state}: {words.line}")

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Enter opens all clocks."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._room.commands.give("clocks")
            return
        super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """As Enter."""
        self._room.commands.give("clocks")
        super().mouseDoubleClickEvent(event)


class TaskRow(QWidget):
    """One task with a box: Space or a click ticks it off, once more opens it again. Ticked is only what is saved."""

    def __init__(self, room: Room, say: Say) -> None:
        super().__init__()
        self._say = say
        self._task: Task | None = None
        unit = room.look.theme.space("unit")
        self.box = QCheckBox()
        self.box.clicked.connect(self._clicked)
        self._text = Text(room.look, wrap=True)
        self._mark = StateMark(room.look, "open", table=TASKS, size="small")
        self._told = Text(room.look, size="small", tone="text-muted", wrap=True)
        self._text.setBuddy(self.box)
        words = QWidget()
        lines = column(words, 1)
        lines.addWidget(self._text)
        below = QWidget()
        line = row(below, unit)
        line.addWidget(self._mark)
        line.addWidget(self._told, 1)
        lines.addWidget(below)
        whole = row(self, unit, (2, 2, unit, 2))
        whole.addWidget(self.box, 0, Qt.AlignmentFlag.AlignTop)
        whole.addWidget(words, 1)
        self.setFocusProxy(self.box)

    def put(self, task: Clock | Task, now_ms: int, duties: Duties) -> None:
        """Show this one."""
        if not isinstance(task, Task):
            return
        self._task = task
        self.box.setChecked(task.state == "done")
        told, state = task_told(duties, task, now_ms), task_mark(task, now_ms)
        for part, text in ((self._text, task.text), (self._told, told)):
            if part.text() != text:
                part.setText(text)
        self._mark.set_state(state)
        self._mark.setVisible(state != "open")  # an empty box says that it is open
        self._text.set_tone("text-muted" if task.state != "open" else "text")
        name = f"{task.text}, {told}" if told else task.text
        if self.box.accessibleName() != name:
            self.box.setAccessibleName(name)

    def _clicked(self, wanted: bool) -> None:  # noqa: FBT001  Qt's signal
        self.box.setChecked(not wanted)  # as it is saved; the record says when it is otherwise
        if self._task is not None:
            self._say(self._task, wanted)
