"""The outbox: one line at the bottom that opens into a drawer with why each thing waits, until when, and what then.

It sends nothing. What a row offers are commands like everywhere else; above it stands what a returning link brings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QToolButton, QWidget

from console.services.live_values import Connectivity
from console.ui.outbox_row import OutboxRow
from console.ui.parts import column, row
from console.ui.returning import ReturnPanel
from console.ui.room import Room
from console.ui.widgets import EmptyState, Text
from console.viewmodels.header import CONNECTIVITY
from console.viewmodels.outbox import OutboxLine, outbox_lines, summary
from console.viewmodels.returning import Returns
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
        self._rows: dict[tuple[str, int], OutboxRow] = {}
        self._returns = Returns.begin()
        self.returning = ReturnPanel(room)
        self.returning.closed.connect(self._close_return)
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
        self._scroll.hide()
        lines = column(self)
        for part in (self.returning, self._scroll, line):
            lines.addWidget(part)
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._show)
        self._tick.start()
        room.bridge.on(NOW, self._take)
        room.bridge.on(CONNECTIVITY, self._link)
        room.bridge.on(PROVEN, self._prove)
        room.look.changed.connect(self._show)
        self._show()

    def toggle(self) -> None:
        """Open or close the drawer; opened, it has the focus."""
        self._strip.toggle()
        if self._strip.isChecked():
            self._scroll.setFocus()

    def show_pointed(self) -> None:
        """Open the drawer at the row that the desk points at, with the focus on what helps there."""
        if not self._strip.isChecked():
            self._strip.toggle()
        else:
            self._fill()
        pointed = self._room.desk.pointed
        found = [one for key, one in self._rows.items() if pointed is not None and key[0] == pointed[0]]
        exact = [one for key, one in self._rows.items() if key == pointed]
        if not (exact or found):
            self._scroll.setFocus()
            return
        at = (exact or found)[0]
        QTimer.singleShot(0, at, lambda: self._scroll.ensureWidgetVisible(at))  # once it has been laid out
        at.take_focus()

    def _close_return(self) -> None:
        shown = self._returns.shown(self._lines)
        if shown is not None:
            self._returns.close(shown)
        self._show()

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
        same = self._links is not None and _stands(links) == _stands(self._links)
        self._links = links
        self._returns.take(links)
        if not same:  # several times a second only an answer's time differs, of which nothing is said here
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
        self.returning.put(self._returns.shown(self._lines), now_ms)
        if self._strip.isChecked():
            self._fill()

    def _fill(self) -> None:
        wanted = {(line.doc, line.target): line for line in self._lines}
        for key in [one for one in self._rows if one not in wanted]:
            gone = self._rows.pop(key)
            self._column.removeWidget(gone)
            gone.deleteLater()
        for at, (key, line) in enumerate(wanted.items()):
            if key not in self._rows:
                self._rows[key] = OutboxRow(self._room)
            self._column.insertWidget(at, self._rows[key])
            self._rows[key].put(line)
        self._empty.setVisible(not wanted and self._now is not None)
        self._take_height()

    def _take_height(self) -> None:
        """As high as what is in it, up to a limit, from where it scrolls."""
        most = round(_OPEN_HEIGHT * self._room.look.theme.text_scale)
        wanted = self._list.sizeHint().height() + 2 * self._scroll.frameWidth()
        self._scroll.setFixedHeight(min(most, wanted))


def _stands(links: Connectivity) -> object:
    """What of it decides what a row says."""
    return links.engine, [(one.instance, one.state, one.since_ms, one.fault) for one in links.providers]
