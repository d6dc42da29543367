"""Whether a correction bites, over time: one chart for each target, with the same facts in words beside it.

It reads the record and what was tried here; it tries nothing and changes nothing.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QWidget

from console.domain.deceit import shown
from console.services import bites
from console.services.bites import Series
from console.services.standing import Standing
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.sheets import Sheet
from console.ui.widgets import StateMark, Text
from console.ui.widgets.refusals import RefusalsChart, Shown, Tried
from console.viewmodels.shell import GROWN, Grown
from console.viewmodels.times import clock_time, moment, zone_name
from console.viewmodels.zones import shown_zone, zone_chosen

_READING: Final = "Reading what tries came to ..."
_AGAIN_MS: Final = 2_000
_SELECTABLE: Final = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
_TONES: Final = {
    "bites": "good", "does not bite": "alarm", "partly": "alarm", "undone": "changed", "measuring": "known",
    "asked": "claimed", "not measurable": "known", "given back": "quiet",
}  # fmt: skip


class RefusalsSheet(Sheet):
    """About one correction; read again while it is measured."""

    def __init__(self, room: Room, parent: QWidget, one: Standing) -> None:
        super().__init__(
            room, parent, "Does it bite?",
            "What the provider says is one thing; what tries of it come to is another. Passed stands above the line, "
            "refused below it, from the moment it was accepted.",
        )  # fmt: skip
        self.one = one
        self.found: tuple[Series, ...] | None = None
        self.add(Text(room.look, shown(one.title), weight="medium", wrap=True))
        self._targets = QWidget()
        self._lines = column(self._targets, room.look.theme.space("wide"))
        self.add(self._targets)
        self.body.addStretch(1)
        self.only_close()
        self._again = QTimer(self)
        self._again.setInterval(_AGAIN_MS)
        self._again.timeout.connect(self._read)
        self._again.start()
        room.bridge.on(GROWN, self._grown, self)
        self.take_room(840, 660)
        self._read()

    def _grown(self, _grown: Grown) -> None:
        self._read()

    def _read(self) -> None:
        if self.is_busy:
            return
        doc, first = self.one.doc, self.found is None
        self.read_first(lambda session: bites.series(session, doc), self._took, _READING if first else " ", "look")

    def not_read(self) -> None:
        """What went wrong stays to be read, until somebody has it read again."""
        self._again.stop()

    def _took(self, found: tuple[Series, ...]) -> None:
        if found == self.found:
            return
        focused = next((at for at, one in enumerate(self.charts) if one.hasFocus()), None)
        self.found = found
        while (item := self._lines.takeAt(0)) is not None:
            if (gone := item.widget()) is not None:
                gone.hide()
                gone.deleteLater()
        for one in found:
            self._lines.addWidget(SeriesPaper(self.room, one))
        if not found:
            told = "Nothing of it has reached a provider yet."
            self._lines.addWidget(Text(self.room.look, told, tone="text-muted"))
        if focused is not None and focused < len(self.charts):
            self.charts[focused].setFocus()
        if not self._again.isActive():
            self._again.start()
        if all(one.verdict not in ("measuring", "asked", "partly", "does not bite") for one in found):
            self._again.stop()

    @property
    def charts(self) -> list[RefusalsChart]:
        """One for each target."""
        papers = [self._lines.itemAt(at) for at in range(self._lines.count())]
        widgets = [None if item is None else item.widget() for item in papers]
        return [one.chart for one in widgets if isinstance(one, SeriesPaper)]


class SeriesPaper(QWidget):
    """One target: its state, its surface, the chart, the words."""

    def __init__(self, room: Room, one: Series) -> None:
        super().__init__()
        look = room.look
        zone = shown_zone(zone_chosen(room.desk.outlet))
        lines = column(self, look.theme.space("half"))
        head = QWidget()
        top = row(head, look.theme.space("unit"))
        marks = " (canary)" if one.canary else ""
        where = one.where if one.surface == one.where else f"{one.surface} at {one.where}"
        top.addWidget(StateMark(look, one.state, f" {shown(one.title)}{marks}, {shown(where)}"), 1)
        top.addWidget(Text(look, one.verdict.capitalize(), weight="semibold", tone=_TONES[one.verdict]))
        lines.addWidget(head)
        words = bites.sentence(one, lambda at_ms: moment(at_ms, zone))
        self.chart = RefusalsChart(look, Shown(
            accepted_ms=one.accepted_ms, bound_ms=one.bound_ms, bites_ms=one.bites_since_ms,
            tried=tuple(
                Tried(each, *counts) for m in one.moments if m.passed or m.refused
                for each, *counts in _spread(m)
            ),
            words=f"{one.title}{marks}, {where}: {one.verdict}. {words}",
            clock=lambda at_ms: clock_time(at_ms, zone),
        ))  # fmt: skip
        lines.addWidget(self.chart)
        told = Text(look, shown(words), wrap=True)
        told.setTextInteractionFlags(_SELECTABLE)
        lines.addWidget(told)
        zone_told = f"Times in {zone_name(one.accepted_ms, zone)}."
        entered = sum(m.passed + m.refused for m in one.moments if m.entered)
        if entered:
            zone_told += f" {entered} of the tries are told as they were entered, spread over their time."
        lines.addWidget(Text(look, zone_told, size="small", tone="text-muted", wrap=True))


def _spread(one: bites.Moment) -> list[tuple[int, int, int]]:
    """What was entered of a stretch of time, spread evenly over it; a single moment stands as it is."""
    if one.until_ms - one.at_ms <= 1_000 or one.passed + one.refused < 2:  # noqa: PLR2004  one try is at one time
        return [(one.at_ms, one.passed, one.refused)]
    step = (one.until_ms - one.at_ms) / (one.passed + one.refused - 1)
    first = [(round(one.at_ms + at * step), 1, 0) for at in range(one.passed)]
    return first + [(round(one.at_ms + at * step), 0, 1) for at in range(one.passed, one.passed + one.refused)]


__all__ = ["RefusalsSheet", "SeriesPaper"]
