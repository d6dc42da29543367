"""The outbox: one line at the bottom that opens into a drawer with why each thing waits, until when, and what then.

It sends nothing. "Now" ends a visible hold; cancelling and proposing again are commands like everywhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QScrollArea, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from console.services.live_values import Connectivity
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.widgets import EmptyState, StateMark, Text, Words
from console.viewmodels.header import CONNECTIVITY
from console.viewmodels.outbox import OutboxLine, outbox_lines, summary
from console.viewmodels.shell import NOW, PROVEN, Now
from console.viewmodels.zones import shown_zone, zone_chosen

if TYPE_CHECKING:
    from console.services.verification import Progressed

_OPEN_HEIGHT = 240


class OutboxDrawer(QWidget):
    """The strip and, when open, the list."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        self._now: Now | None = None
        self._links: Connectivity | None = None
        self._proven = ""
        self._lines: tuple[OutboxLine, ...] = ()
        self._rows: dict[tuple[str, int], _Row] = {}
        unit = room.look.theme.space("unit")
        self._strip = QToolButton()
        self._strip.setCheckable(True)
        self._strip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._strip.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._strip.toggled.connect(self._open)
        self._chain = Text(room.look, "", size="small", tone="text-muted")
        line = QWidget()
        strip = row(line, unit, (unit, 2, unit + 4, 2))
        strip.addWidget(self._strip, 1)
        strip.addWidget(self._chain)
        self._list = QWidget()
        self._column = column(self._list, 2, (unit, unit, unit, unit))
        self._empty = EmptyState(room.look, "Nothing is on its way", "What is approved shows here until it took hold.")
        self._column.addWidget(self._empty)
        self._column.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setWidget(self._list)
        self._scroll.setAccessibleName("Outbox: what is on its way and why it waits")
        self._scroll.setFixedHeight(_OPEN_HEIGHT)
        self._scroll.hide()
        lines = column(self)
        lines.addWidget(self._scroll)
        lines.addWidget(line)
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._show)
        self._tick.start()
        room.bridge.on(NOW, self._take)
        room.bridge.on(CONNECTIVITY, self._link)
        room.bridge.on(PROVEN, self._prove)
        self._show()

    def toggle(self) -> None:
        """Open or close the drawer; opened, it has the focus."""
        self._strip.toggle()
        if self._strip.isChecked():
            self._scroll.setFocus()

    def _open(self, opened: bool) -> None:  # noqa: FBT001  Qt's signal
        self._scroll.setVisible(opened)
        self._show()

    def _take(self, now: Now) -> None:
        self._now = now
        self._show()

    def _prove(self, found: Progressed) -> None:
        self._proven = found.sentence
        self._show()

    def _link(self, links: Connectivity) -> None:
        self._links = links
        self._show()

    def _show(self) -> None:
        now_ms, zone = self._room.desk.session.clock.wall_ms(), shown_zone(zone_chosen(self._room.desk.outlet))
        self._lines = () if self._now is None else outbox_lines(self._now, self._links, now_ms, zone)
        text = "Outbox not read yet" if self._now is None else summary(self._lines, now_ms)
        icon = "chevron-down" if self._strip.isChecked() else "chevron-up"
        self._strip.setIcon(self._room.look.icon(icon))
        self._strip.setText(text)
        self._strip.setAccessibleName(text)
        engine = "" if self._links is None else self._links.engine.sentence
        self._chain.setText("   ".join(part for part in (self._proven, engine) if part))
        if self._scroll.isVisible():
            self._fill()

    def _fill(self) -> None:
        wanted = {(line.doc, line.target): line for line in self._lines}
        for key in [one for one in self._rows if one not in wanted]:
            gone = self._rows.pop(key)
            self._column.removeWidget(gone)
            gone.deleteLater()
        for at, (key, line) in enumerate(wanted.items()):
            if key not in self._rows:
                self._rows[key] = _Row(self._room)
            self._column.insertWidget(at, self._rows[key])
            self._rows[key].put(line)
        self._empty.setVisible(not wanted and self._now is not None)


class _Row(QWidget):
    """One target: state, what and where; why it waits; until when; what then; and what a person may do."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        self._line: OutboxLine | None = None
        unit = room.look.theme.space("unit")
        self._mark = StateMark(room.look, "queued")
        self._mark.setMinimumWidth(14 * unit)
        self._title = Words(room.look, weight="medium")
        self._why = Words(room.look)
        self._then = Text(room.look, size="small", tone="text-muted", wrap=True)
        self._release = QPushButton("Send now")
        self._release.clicked.connect(self._now)
        self._cancel = QPushButton("Cancel ...")
        self._cancel.clicked.connect(lambda: self._give("cancel-correction"))
        self._attest = QPushButton("Say what became of it ...")
        self._attest.clicked.connect(lambda: self._give("attest"))
        words = QVBoxLayout()
        words.setSpacing(0)
        for part in (self._title, self._why, self._then):
            words.addWidget(part)
        buttons = QHBoxLayout()
        for button in (self._release, self._attest, self._cancel):
            buttons.addWidget(button)
        line = row(self, unit, (0, 4, 0, 4))
        line.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        line.addLayout(words, 1)
        line.addLayout(buttons)

    def put(self, line: OutboxLine) -> None:
        """Show this one; nothing is touched that has not changed."""
        if line == self._line:
            return
        self._line = line
        self._mark.set_state(line.state)
        self._title.setText(f"{line.title} at {line.where}")
        self._why.setText(line.why)
        self._then.setText(f"{line.until[:1].upper()}{line.until[1:]}. {line.then}".strip())
        self._release.setVisible(line.can_release)
        self._attest.setVisible(line.waits == "people" and line.state in ("queued", "accepted"))
        self._cancel.setVisible(line.state in ("queued", "held", "approved"))
        self.setAccessibleName(f"{line.title} at {line.where}, {line.state}. {line.why} {line.until}. {line.then}")

    def _now(self) -> None:
        engine, line = self._room.desk.engine, self._line
        if engine is None or line is None:
            return
        self._release.setEnabled(False)
        self._room.bridge.when_done(
            engine.release(line.doc, line.target), lambda _done: self._release.setEnabled(True), self._failed
        )

    def _failed(self, fault: BaseException) -> None:
        self._release.setEnabled(True)
        self._room.doer.troubled.emit(self._room.doer.trouble_of(fault))

    def _give(self, command: str) -> None:
        if self._line is not None:
            self._room.desk.point_at(self._line.doc, self._line.target)
            self._room.commands.give(command)
