"""Reconnection, shown while it happens: what goes in a moment, what has to be confirmed again, what lapsed.

One calm panel above the outbox's line. It stops and sends nothing by itself; closed, what is held goes all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QPushButton, QSizePolicy, QWidget

from console.ui.outbox_row import OutboxRow
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.widgets import IconMark, Text
from console.viewmodels.outbox import OutboxLine
from console.viewmodels.returning import Return

_SHOWN: Final = 4


class ReturnPanel(QFrame):
    """Hidden while no link has brought anything."""

    closed = Signal()

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        self._told = ""
        unit = room.look.theme.space("unit")
        self.setProperty("ground", "panel")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        head = QWidget()
        top = row(head, unit)
        self.headline = Text(room.look, size="title", weight="semibold")
        self.sentence = Text(room.look, wrap=True)
        top.addWidget(IconMark(room.look, "refresh-cw", "known"))
        top.addWidget(self.headline)
        top.addWidget(self.sentence, 1)
        self.close_it = QPushButton("Close")
        self.close_it.setToolTip("What is held goes all the same; what is to be decided stays in the outbox.")
        self.close_it.clicked.connect(self.closed)
        top.addWidget(self.close_it)
        lines = column(self, unit // 2, (unit + 4, unit, unit + 4, unit))
        lines.addWidget(head)
        self._parts = {
            "going": _Part(room, "Goes by itself after the hold, if nothing laxer is found there"),
            "again": _Part(room, "Not sent: its people confirm it again"),
            "lapsed": _Part(room, "Lapsed or failed: never sent"),
        }
        for part in self._parts.values():
            lines.addWidget(part)
        self.hide()

    def put(self, shown: Return | None, now_ms: int) -> None:
        """Show this return, counting down; nothing where there is none."""
        self.setVisible(shown is not None)
        if shown is None:
            self._told = ""
            return
        told = shown.sentence(now_ms)
        self.headline.setText(shown.headline)
        self.sentence.setText(told)
        self.setAccessibleName(f"{shown.headline}: {told}")
        for name, found in (("going", shown.going), ("again", shown.again), ("lapsed", shown.lapsed)):
            self._parts[name].put(found)
        key = f"{shown.headline} {len(shown.going)} {len(shown.again)} {len(shown.lapsed)}"
        if key != self._told:  # read out once, not every second
            self._told = key
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, f"{shown.headline}: {told}"))


class _Part(QWidget):
    """One heading and its rows; not there where it is empty."""

    def __init__(self, room: Room, title: str) -> None:
        super().__init__()
        self._room, self._title = room, title
        self._rows: dict[tuple[str, int], OutboxRow] = {}
        unit = room.look.theme.space("unit")
        self._lines = column(self, 0, (unit // 2, 0, 0, 0))
        self._heading = Text(room.look, title, size="small", weight="semibold", tone="text-muted")
        self._more = Text(room.look, size="small", tone="text-muted")
        self._lines.addWidget(self._heading)
        self._lines.addWidget(self._more)
        self.hide()

    def put(self, found: Sequence[OutboxLine]) -> None:
        """Show these, the first few of them."""
        wanted = {(line.doc, line.target): line for line in found[:_SHOWN]}
        for key in [one for one in self._rows if one not in wanted]:
            gone = self._rows.pop(key)
            self._lines.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        for at, (key, line) in enumerate(wanted.items(), start=1):
            made = self._rows.get(key)
            if made is None:
                made = self._rows[key] = OutboxRow(self._room)
            if self._lines.indexOf(made) != at:
                self._lines.insertWidget(at, made)
            made.put(line)
        more = len(found) - len(wanted)
        self._more.setText(f"and {more} more, in the outbox below")
        self._more.setVisible(more > 0)
        self._heading.setText(f"{self._title}  {len(found)}")
        self.setVisible(bool(found))
