"""The two lines above everything, painted from the header's chips; ages and timers go on once a second.

It says nothing of its own: `console.viewmodels.header` does.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from console.services.live_values import Connectivity
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.theme import Look
from console.ui.tokens import LINKS, SEVERITIES, STATES, Mark
from console.ui.widgets.shapes import paint_shape
from console.ui.widgets.text import plain_tooltip
from console.viewmodels.header import CONNECTIVITY, Chip, header_lines
from console.viewmodels.shell import SHELL, Shell
from console.viewmodels.zones import shown_zone, zone_chosen

_MARKS: Final[dict[str, Mark]] = {**STATES, **LINKS, **SEVERITIES}


class Header(QWidget):
    """Title and incident above, connections and who is unlocked below."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        self._shell: Shell | None = None
        self._links: Connectivity | None = None
        self.setAccessibleName("Header")
        self.setAutoFillBackground(True)
        theme = room.look.theme
        edge = theme.space("unit") + 4
        lines = column(self, 2, (edge, theme.space("unit"), edge, theme.space("unit")))
        above, below = QWidget(), QWidget()
        self._above, self._below = row(above, theme.space("wide")), row(below, theme.space("wide"))
        self._title = ChipLabel(room.look, large=True)
        self._title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._above.addWidget(self._title, 1)
        self._right: list[ChipLabel] = []
        self._left: list[ChipLabel] = []
        self._me = QToolButton()
        self._me.setAccessibleName("Who is unlocked")
        self._me.clicked.connect(lambda: room.commands.give("lock" if self._is_open() else "unlock"))
        self._below.addStretch(1)
        self._below.addWidget(self._me)
        lines.addWidget(above)
        lines.addWidget(below)
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._show)
        self._tick.start()
        room.bridge.on(SHELL, self._take_shell)
        room.bridge.on(CONNECTIVITY, self._take_links)
        room.look.changed.connect(self._show)

    def add_button(self, button: QToolButton) -> None:
        """Put a button at the right end of the first line."""
        self._above.addWidget(button)

    def _is_open(self) -> bool:
        return self._shell is not None and self._shell.unlocked

    def _take_shell(self, shell: Shell) -> None:
        self._shell = shell
        self._show()

    def _take_links(self, links: Connectivity) -> None:
        self._links = links
        self._show()

    def _show(self) -> None:
        if self._shell is None:
            return
        zone = shown_zone(zone_chosen(self._room.desk.outlet))
        told = header_lines(self._shell, self._links, self._room.desk.session.clock.wall_ms(), zone)
        self._title.put(told.title)
        self._right = _fill(self._room.look, self._above, self._right, told.incident, 1)
        self._left = _fill(self._room.look, self._below, self._left, told.links, 0)
        self._me.setText(told.me.text)
        self._me.setToolTip(plain_tooltip(told.me.tip))
        self._me.setIcon(self._room.look.icon("lock-open" if self._is_open() else "lock"))
        self._me.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)


def _fill(
    look: Look, layout: QHBoxLayout, labels: list[ChipLabel], chips: tuple[Chip, ...], first: int
) -> list[ChipLabel]:
    """Show the chips in the labels there are, with more or fewer as needed."""
    while len(labels) < len(chips):
        label = ChipLabel(look)
        layout.insertWidget(first + len(labels), label)
        labels.append(label)
    for extra in labels[len(chips) :]:
        layout.removeWidget(extra)
        extra.deleteLater()
    kept = labels[: len(chips)]
    for label, chip in zip(kept, chips, strict=True):
        label.put(chip)
    return kept


class ChipLabel(QWidget):
    """One statement: its shape, its word. Elided where there is no room, with the whole of it in the tooltip."""

    def __init__(self, look: Look, *, large: bool = False) -> None:
        super().__init__()
        self._look = look
        self._large = large
        self._chip = Chip(text="")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def put(self, chip: Chip) -> None:
        """Show this one."""
        if chip == self._chip:
            return
        before, self._chip = self.sizeHint(), chip
        spoken = f"{_MARKS[chip.mark].word}, {chip.text}" if chip.mark in SEVERITIES else chip.text
        self.setAccessibleName(spoken)
        self.setToolTip(plain_tooltip(chip.tip or chip.text))
        if self.sizeHint() != before:  # a second that passed changes no width: figures are equally wide
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """As wide as what it says."""
        theme = self._look.theme
        self.setFont(self._font())
        width = self.fontMetrics().horizontalAdvance(self._chip.text) + 2
        if self._chip.mark:
            width += theme.space("mark") + theme.space("unit")
        if self._chip.mark in SEVERITIES:
            width += self.fontMetrics().horizontalAdvance(self._chip.mark) + theme.space("unit")
        return QSize(width, self.fontMetrics().height() + 4)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802  Qt's signature
        """Draw it with this moment's colours."""
        theme, chip = self._look.theme, self._chip
        painter = QPainter(self)
        painter.setFont(self._font())
        box = self.rect()
        if chip.mark:
            mark, side = _MARKS[chip.mark], theme.space("mark")
            tone = theme.colour(mark.tone)
            paint_shape(painter, QRectF(0, (self.height() - side) / 2, side, side), mark.shape, tone)
            box.setLeft(side + theme.space("unit"))
            if chip.mark in SEVERITIES:
                painter.setPen(tone)
                painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter), mark.word)
                box.setLeft(box.left() + painter.fontMetrics().horizontalAdvance(mark.word) + theme.space("unit"))
        painter.setPen(theme.colour(chip.tone))
        told = painter.fontMetrics().elidedText(chip.text, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter), told)
        painter.end()

    def _font(self) -> QFont:
        theme = self._look.theme
        return theme.font("title" if self._large else "small", "semibold" if self._chip.strong else "regular")
