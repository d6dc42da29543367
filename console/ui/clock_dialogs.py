"""What people say about a reporting clock: since when we are aware, that a report was sent, why one is set aside.

Each is one entry through the service. What was typed stays until it is durable; none of them signs a document.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from console.domain.regimes import Regime
from console.services import clocks
from console.services.clock_words import hours
from console.services.session import Session
from console.ui.kept import Kept
from console.ui.room import Room
from console.ui.sheets import Labelled, Sheet, text_line, text_lines
from console.ui.widgets import Text
from console.viewmodels.said_times import said_moment
from console.viewmodels.times import both
from console.viewmodels.zones import shown_zone, zone_chosen

_NOT_SAID: Final = "It is not said yet which limit is meant"
_WHEN: Final = "As 03:14, -20m, or 2026-11-26 03:14"


class _Moment:
    """A field for a moment that is over, with what was understood beneath it."""

    def __init__(self, sheet: Sheet, title: str, otherwise: str) -> None:
        self._sheet = sheet
        self._otherwise = otherwise
        self.edit: QLineEdit = text_line(title)
        self.edit.setPlaceholderText(_WHEN)
        self.part = Labelled(sheet.room, f"{title}, in {zone_chosen(sheet.room.desk.outlet)}", self.edit)
        self.edit.textChanged.connect(sheet.check)

    def tell(self) -> None:
        """Say what was understood."""
        at = self.at_ms()
        if not self.edit.text().strip():
            self.part.say(self._otherwise)
        elif at is None:
            self.part.say("That is no moment that is over.", wrong=True)
        else:
            self.part.say(both(at, shown_zone(zone_chosen(self._sheet.room.desk.outlet))))

    def at_ms(self) -> int | None:
        """The moment; None where nothing or no moment stands in it."""
        zone = shown_zone(zone_chosen(self._sheet.room.desk.outlet))
        return said_moment(self.edit.text(), self._sheet.room.desk.session.clock.wall_ms(), zone)

    def is_wrong(self) -> bool:
        """Whether something stands in it that is no moment."""
        return bool(self.edit.text().strip()) and self.at_ms() is None


class DetermineDialog(Sheet):
    """Since when we are aware, under one regime. The earliest determination counts."""

    def __init__(self, room: Room, parent: QWidget, inc: str, regime: Regime, first_fact_ms: int | None) -> None:
        super().__init__(
            room, parent, f"Awareness: {regime.short}",
            f"The clock runs from {regime.awareness}. Legal, the commander or a deputy determines it; the earliest "
            "determination counts, and no later one moves the deadline out.",
        )  # fmt: skip
        self._inc, self._regime, self._fact = inc, regime, first_fact_ms
        self.limit = QComboBox()
        self.limit.addItem(_NOT_SAID, "")
        for report in regime.reports:
            for limit in report.limits:
                if limit.when:
                    self.limit.addItem(f"{limit.when[:1].upper()}{limit.when[1:]}: {hours(limit.hours)}", limit.id)
        zone = shown_zone(zone_chosen(room.desk.outlet))
        earliest = "" if first_fact_ms is None else f"Empty: from the first fact, {both(first_fact_ms, zone)}."
        self.since = _Moment(self, "Aware since", earliest)
        self.text = text_lines(room, "On what grounds", 4)
        if self.limit.count() > 1:
            self.add(Labelled(room, "Which limit is meant", self.limit))
        self.add(self.since.part)
        self.add(Labelled(room, "On what grounds (optional)", self.text))
        self.add_button("Determine it", self._determine, "main")
        self.check()
        self.fit(600)
        self.since.edit.setFocus()
        self._kept = Kept(self, f"awareness:{inc}:{regime.id}", {"since": self.since.edit, "text": self.text})

    def why_not(self) -> str:
        """What is still to be said."""
        self.since.tell()
        if self.since.is_wrong():
            return "Give a moment that is over."
        return "Say since when: no fact is recorded." if self._fact is None and self.since.at_ms() is None else ""

    def _determine(self) -> None:
        limit, at, text = str(self.limit.currentData()), self.since.at_ms(), self.text.toPlainText()
        name = f"{self._regime.id}/{limit}" if limit else self._regime.id
        work = partial(clocks.determine, inc=self._inc, named=name, at_ms=at, text=text)
        self.carry_out(self._kept.spending(work), lambda _stored: self.accept())


class SentDialog(Sheet):
    """That a report was sent: which, when, to whom, under which reference."""

    def __init__(self, room: Room, parent: QWidget, inc: str, regime: Regime) -> None:
        super().__init__(
            room, parent, f"Report sent: {regime.short}",
            f"To: {regime.to}. This records that it was sent; nothing is sent from here.",
        )  # fmt: skip
        self._inc, self._regime = inc, regime
        self.report = QComboBox()
        for one in regime.reports:
            self.report.addItem(f"{one.name[:1].upper()}{one.name[1:]}", one.id)
        self.at = _Moment(self, "Sent at", "Empty: now. What is entered later than it was shows.")
        self.text = text_lines(room, "To whom, and under which reference", 3)
        self.text.textChanged.connect(self.check)
        if self.report.count() > 1:
            self.add(Labelled(room, "Which report", self.report))
        self.add(self.at.part)
        self.add(Labelled(room, "To whom, and under which reference", self.text))
        self.add_button("Record it", self._record, "main")
        self.check()
        self.fit(600)
        self.text.setFocus()
        self._kept = Kept(self, f"sent:{inc}:{regime.id}", {"at": self.at.edit, "text": self.text})

    def why_not(self) -> str:
        """What is still to be said."""
        self.at.tell()
        if self.at.is_wrong():
            return "Give a moment that is over."
        return "" if self.text.toPlainText().strip() else "Say to whom it went: it is what proves it."

    def _record(self) -> None:
        name, at = f"{self._regime.id}/{self.report.currentData()}", self.at.at_ms()
        work = partial(clocks.notified, inc=self._inc, named=name, at_ms=at, text=self.text.toPlainText().strip())
        self.carry_out(self._kept.spending(work), lambda _stored: self.accept())


class AsideDialog(Sheet):
    """Why a regime does not apply to this incident, or why awareness is not determined yet: a decision not to act."""

    def __init__(self, room: Room, parent: QWidget, inc: str, regime: Regime) -> None:
        super().__init__(
            room, parent, f"Set aside: {regime.short}",
            "It is recorded as a decision not to act, with your reason. A determination brings the clock back.",
        )  # fmt: skip
        self._inc, self._regime = inc, regime
        self.which = QComboBox()
        self.which.addItem("It does not apply to this incident", False)  # noqa: FBT003  the item's value
        self.which.addItem("It may apply; awareness is not determined yet", True)  # noqa: FBT003  as above
        self.reason = text_lines(room, "Why", 3)
        self.reason.textChanged.connect(self.check)
        self._means = Text(room.look, size="small", tone="text-muted", wrap=True)
        self.which.currentIndexChanged.connect(self.check)
        self.add(Labelled(room, "What is decided", self.which))
        self.add(self._means)
        self.add(Labelled(room, "Why", self.reason))
        self.add_button("Record it", self._record, "main")
        self.check()
        self.fit(560)
        self.reason.setFocus()
        self._kept = Kept(self, f"aside:{inc}:{regime.id}", {"reason": self.reason})

    def why_not(self) -> str:
        """What is still to be said."""
        self._means.setText(
            "The clock goes on, provisionally; the reason stands beside it." if self.which.currentData() else
            "The clock stops, and is shown as set aside with the reason."
        )  # fmt: skip
        return "" if self.reason.toPlainText().strip() else "Say why."

    def _record(self) -> None:
        reason, applies = self.reason.toPlainText().strip(), bool(self.which.currentData())

        def work(session: Session) -> str:
            return clocks.set_aside(session, self._inc, self._regime.id, reason, applies=applies).id

        self.carry_out(self._kept.spending(work), lambda _entry: self.accept())


__all__ = ["AsideDialog", "DetermineDialog", "SentDialog"]
