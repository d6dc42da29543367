"""The after-action view: a page to read together, made anew when the record grew. It judges nobody, signs nothing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QPushButton, QScrollArea, QStackedWidget, QWidget

from console.services.session import Session
from console.ui.follower import Follower
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.widgets import EmptyState, Text
from console.viewmodels.review import Line, Part, ReviewView, review_view
from console.viewmodels.shell import SHELL
from console.viewmodels.zones import shown_zone, zone_chosen

if TYPE_CHECKING:
    from console.services.after_action import Review

_LEAD_PX: Final = 150
_WIDE_PX: Final = 900
_SHOWN, _NONE, _UNREAD = 0, 1, 2


class ReviewPanel(QWidget):
    """The incident that is shown, looked back on."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        self._view: ReviewView | None = None
        wide, unit = room.look.theme.space("wide"), room.look.theme.space("unit")
        self._title = Text(room.look, "", tone="text-muted", wrap=True)
        self._headline = Text(room.look, "Reading ...", size="title", weight="semibold", wrap=True)
        task, export = QPushButton("Set a follow-up ..."), QPushButton("Export ...")
        task.clicked.connect(lambda: room.commands.give("task"))
        export.clicked.connect(lambda: room.commands.give("export"))
        head = QWidget()
        line = row(head, unit, (wide, unit + 4, wide, unit))
        words = QWidget()
        lines = column(words, 2)
        lines.addWidget(self._headline)
        lines.addWidget(self._title)
        line.addWidget(words, 1)
        line.addWidget(task)
        line.addWidget(export)
        self._page = QWidget()
        self._page.setMaximumWidth(round(_WIDE_PX * room.look.theme.text_scale))
        self._lines = column(self._page, 0, (wide, 0, wide, wide))
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.area.setAccessibleName("After action")
        self.area.setWidget(self._page)
        self._empty = EmptyState(
            room.look, "No incident is chosen",
            "Choose one at the left to look back on it, or declare one with Ctrl+I.", "", "history",
        )  # fmt: skip
        self._shown = QWidget()
        whole = column(self._shown)
        whole.addWidget(head)
        whole.addWidget(self.area, 1)
        self._middle = QStackedWidget()
        self._middle.addWidget(self._shown)
        self._middle.addWidget(self._empty)
        self._middle.addWidget(EmptyState(room.look, "Reading the record ...", "", "", "history"))
        self._middle.setCurrentIndex(_UNREAD)
        column(self).addWidget(self._middle)
        self.setFocusProxy(self.area)
        self._follower = Follower(room, self, self._read, self.take)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  Qt's name
        """What is seen is read."""
        super().showEvent(event)
        self._follower.shown()

    def _read(self, session: Session) -> Review | None:
        from console.services.after_action import review  # noqa: PLC0415  on the lane that reads

        inc = self._room.desk.inc
        return None if inc is None else review(session, inc)

    def take(self, found: Review | None) -> None:
        """Show it; what has not changed is not made anew."""
        if found is None:
            unread = self._room.desk.outlet.latest(SHELL) is None  # no incident is known yet: none is chosen either
            self._middle.setCurrentIndex(_UNREAD if unread else _NONE)
            return
        self._middle.setCurrentIndex(_SHOWN)
        session = self._room.desk.session
        view = review_view(found, session.name_of, shown_zone(zone_chosen(self._room.desk.outlet)))
        self._headline.setText(view.headline)
        self._headline.set_tone("alarm" if view.alarm else "text")
        self._title.setText(view.title)
        if self._view is None or view.parts != self._view.parts:
            self._fill(view)
        self._view = view

    def _fill(self, view: ReviewView) -> None:
        at = self.area.verticalScrollBar().value()
        while (item := self._lines.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for part in view.parts:
            self._lines.addWidget(self._section(part))
        self._lines.addStretch(1)
        self._page.updateGeometry()
        self.area.verticalScrollBar().setValue(at)

    def _section(self, part: Part) -> QWidget:
        look, unit = self._room.look, self._room.look.theme.space("unit")
        made = QWidget()
        made.setAccessibleName(part.title)
        lines = column(made, unit // 2, (0, unit, 0, unit))
        count = f"  {len(part.lines)}" if part.title == "Open findings" and part.lines else ""
        lines.addWidget(Text(look, f"{part.title}{count}", size="small", weight="semibold", tone="text-muted"))
        if not part.lines:
            lines.addWidget(Text(look, part.none, tone="text-muted", wrap=True))
            return made
        held = QWidget()
        grid = QGridLayout(held)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * unit)
        grid.setVerticalSpacing(unit // 2)
        grid.setColumnStretch(1, 1)
        narrow = all(line.lead == "\u2022" for line in part.lines)
        for at, line in enumerate(part.lines):
            self._put(grid, at, line, narrow=narrow)
        lines.addWidget(held)
        return made

    def _put(self, grid: QGridLayout, at: int, line: Line, *, narrow: bool) -> None:
        look = self._room.look
        add = partial(Text, look, size="small", tone="text-muted", wrap=True)
        lead = Text(look, line.lead, tone="alarm" if line.alarm else "text-muted")
        if not narrow:
            lead.setMinimumWidth(round(_LEAD_PX * look.theme.text_scale))
        words = QWidget()
        lines = column(words, 0)
        lines.addWidget(Text(look, line.text, wrap=True))
        if line.under:
            lines.addWidget(add(line.under))
        grid.addWidget(lead, at, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(words, at, 1)


__all__ = ["ReviewPanel"]
