"""All reporting clocks of an incident, regime by regime, with what can be said of each; and which regimes apply.

It shows and opens dialogs. It never says that a law applies: the file says what it was read from, people decide.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QCheckBox, QFrame, QPushButton, QWidget

from console.domain.clocks import Clock
from console.domain.regimes import Regime
from console.services import regimes
from console.services.clock_words import words_of
from console.services.incidents import IncidentLine
from console.services.session import Session
from console.ui.clock_dialogs import AsideDialog, DetermineDialog, SentDialog
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.sheets import Sheet
from console.ui.tokens import CLOCKS
from console.ui.widgets import EmptyState, StateMark, Text
from console.viewmodels.duties import DUTIES, Duties
from console.viewmodels.times import both
from console.viewmodels.zones import shown_zone, zone_chosen

_LEAD = "What is owed to whom, and how long there is. It is product data, no legal advice: counsel decides."


class ClocksDialog(Sheet):
    """Every regime that runs, was met, missed or set aside in one incident. It follows the record while it is open."""

    def __init__(self, room: Room, parent: QWidget, line: IncidentLine, changed: Callable[[], None]) -> None:
        """`changed` is told when other regimes apply than before."""
        super().__init__(room, parent, f"Reporting clocks of {line.label}", _LEAD)
        self._line, self._changed = line, changed
        self._shown: tuple[Clock, ...] | None = None
        self.regimes: dict[str, RegimePart] = {}
        self._none = EmptyState(
            room.look, "No clock runs", "They run from the earliest knowledge fact, provisionally, and from awareness "
            "once it is determined.", "Record a fact", "clock",
        )  # fmt: skip
        self._none.acted.connect(self._record_fact)
        self._fault = Text(room.look, tone="alarm", wrap=True)
        self._fault.hide()
        self.add(self._fault)
        self.add(self._none)
        self.only_close()
        self.add_button("Which regimes apply ...", self._choose)
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._second)
        self._tick.start()
        self.take_room(680, 640)
        room.bridge.on(DUTIES, self._take, self)

    def _take(self, duties: Duties | None) -> None:
        if duties is None or duties.inc != self._line.inc:
            return
        self._fault.setText(duties.fault)
        self._fault.setVisible(bool(duties.fault))
        self._none.setVisible(not duties.clocks and not duties.fault)
        if duties.clocks != self._shown:
            self._shown = duties.clocks
            self._fill(duties.clocks)

    def _fill(self, found: tuple[Clock, ...]) -> None:
        for gone in self.regimes.values():
            self.body.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        by_regime: dict[str, list[Clock]] = {}
        for one in found:
            by_regime.setdefault(one.regime.id, []).append(one)
        self.regimes = {name: RegimePart(self.room, told, self._say) for name, told in by_regime.items()}
        for part in self.regimes.values():
            self.add(part)
        self.body.addStretch(1)
        self._second()

    def _second(self) -> None:
        now = self.room.desk.session.clock.wall_ms()
        for part in self.regimes.values():
            part.tell(now)

    def _say(self, what: str, regime: Regime) -> None:
        if what == "determine":
            duties = self.room.desk.outlet.latest(DUTIES)
            first = min((one.since_ms for one in (() if duties is None else duties.clocks)), default=None)
            DetermineDialog(self.room, self, self._line.inc, regime, first).open()
        elif what == "sent":
            SentDialog(self.room, self, self._line.inc, regime).open()
        else:
            AsideDialog(self.room, self, self._line.inc, regime).open()

    def _record_fact(self) -> None:
        self.reject()
        self.room.commands.give("write-knowledge.fact")

    def _choose(self) -> None:
        RegimesDialog(self.room, self, self._changed).open()


class RegimePart(QFrame):
    """One regime: its name, its clocks, what can be said of it, and where its limits were read."""

    def __init__(self, room: Room, clocks: list[Clock], say: Callable[[str, Regime], None]) -> None:
        super().__init__()
        regime = clocks[0].regime
        self._clocks = [(one, ClockPart(room)) for one in clocks]
        unit = room.look.theme.space("unit")
        self.setProperty("ground", "raised")
        lines = column(self, unit, (2 * unit, unit + 4, 2 * unit, unit + 4))
        lines.addWidget(Text(room.look, regime.name, weight="semibold", wrap=True))
        for _, part in self._clocks:
            lines.addWidget(part)
        buttons = QWidget()
        line = row(buttons, unit)
        self.buttons: dict[str, QPushButton] = {}
        for what, word in (
            ("determine", "Awareness ..."), ("sent", "Report sent ..."), ("aside", "Set aside ..."),
        ):  # fmt: skip
            button = QPushButton(word)
            button.setAutoDefault(False)
            button.setAccessibleName(f"{word} {regime.short}")
            button.clicked.connect(partial(say, what, regime))
            self.buttons[what] = button
            line.addWidget(button)
        line.addStretch(1)
        lines.addWidget(buttons)
        note = f" {regime.note}" if regime.note else ""
        source = f"Read {regime.read}: {regime.source}.{note}"
        lines.addWidget(Text(room.look, source, size="small", tone="text-muted", wrap=True))
        self.setAccessibleName(regime.name)

    def tell(self, now_ms: int) -> None:
        """Its times as they are now."""
        for clock, part in self._clocks:
            part.tell(clock, now_ms)


class ClockPart(QWidget):
    """One clock: state and time left in a line, when it ends, and the rest beneath."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        self._mark = StateMark(room.look, "running", table=CLOCKS)
        self._left = Text(room.look, weight="medium", wrap=True)
        self._more = Text(room.look, size="small", tone="text-muted", wrap=True)
        head = QWidget()
        line = row(head, 2 * room.look.theme.space("unit"))
        line.addWidget(self._mark)
        line.addWidget(self._left, 1)
        lines = column(self, 2)
        lines.addWidget(head)
        lines.addWidget(self._more)

    def tell(self, clock: Clock, now_ms: int) -> None:
        """Show it as it is now; nothing is touched that has not changed."""
        words = words_of(clock, now_ms)
        zone = shown_zone(zone_chosen(self._room.desk.outlet))
        told = [f"Ends {both(clock.due_ms, zone)}.", f"{words.detail[:1].upper()}{words.detail[1:]}." if words.detail
                else "", *words.more]  # fmt: skip
        self._mark.set_state(clock.state)
        self._left.set_tone("alarm" if words.pressing else "text")
        for part, text in ((self._left, f"{words.title}: {words.left}"),
                           (self._more, "\n".join(one for one in told if one))):  # fmt: skip
            if part.text() != text:
                part.setText(text)


class RegimesDialog(Sheet):
    """Which regimes apply to us: a setting of this console, with the source of each."""

    def __init__(self, room: Room, parent: QWidget, changed: Callable[[], None]) -> None:
        super().__init__(
            room, parent, "Which regimes apply to us",
            "What is ticked is shown here from the first fact on. It changes no entry; other consoles have their own "
            "choice.",
        )  # fmt: skip
        self._changed = changed
        self.boxes: dict[str, QCheckBox] = {}
        self._had: dict[str, bool] = {}
        self.add_button("Save", self._save, "main")
        self.take_room(640, 640)
        self.read_first(_read, self._fill, "Reading ...", "look")

    def why_not(self) -> str:
        """What is still to be said."""
        return "" if self._changes() else "Nothing is changed."

    def _fill(self, found: list[tuple[Regime, bool]]) -> None:
        for regime, on in found:
            box = QCheckBox(regime.short.replace("&", "&&"))
            box.setAccessibleDescription(regime.name)
            box.setChecked(on)
            box.toggled.connect(self.check)
            self.boxes[regime.id], self._had[regime.id] = box, on
            part = QWidget()
            lines = column(part, 2)
            lines.addWidget(box)
            begins = "" if regime.in_force_ms is None else f" From {both(regime.in_force_ms)[:10]}."
            told = f"{regime.name}. To: {regime.to}.{begins} Read {regime.read}: {regime.source}."
            word = Text(self.room.look, told, size="small", tone="text-muted", wrap=True)
            word.setContentsMargins(24, 0, 0, 0)
            word.setMinimumWidth(0)
            lines.addWidget(word)
            self.add(part)
        self.body.addStretch(1)
        self.check()

    def _changes(self) -> dict[str, bool]:
        return {name: box.isChecked() for name, box in self.boxes.items() if box.isChecked() != self._had[name]}

    def _save(self) -> None:
        changes = self._changes()

        def work(session: Session) -> None:
            for name, on in changes.items():
                regimes.choose(session, name, on=on)

        def done(_none: None) -> None:
            self._changed()
            self.room.desk.refresh()
            self.accept()

        self.carry_out(work, done)


def _read(session: Session) -> list[tuple[Regime, bool]]:
    told = regimes.chosen(session)
    return [(one, regimes.applies(session, one, told)) for one in regimes.regimes(session)]


__all__ = ["ClocksDialog", "RegimesDialog"]
