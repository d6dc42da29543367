"""Who has to sign what: the policy in force as cards, and another one tried beside it before it is proposed.

It shows what the services tell and proposes through them; no signature is counted here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QGridLayout, QLineEdit, QWidget

from console.domain.forms import GRAVITIES
from console.domain.needs import FLOORS
from console.domain.policy import WINDOWS
from console.domain.words import role_word
from console.services import dispatch, policy
from console.services.roster import Outcome
from console.services.session import Session
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.roster_members import RoleChoice
from console.ui.sheets import Labelled, Number, Sheet, text_line
from console.ui.widgets import IconMark, Text
from console.viewmodels.policy import AMONG, Card, PolicyPage, page, trial, window_said, window_typed

_PAUSE_MS: Final = 300
_AMONG_CHARS: Final = 40
_LEAD: Final = (
    "What a correction needs follows from what it does, never from the incident's severity. The policy is part of the "
    "roster: a change counts when enough admins have signed the roster that names it, and what was proposed before "
    "has to be proposed again."
)
_LEVELS: Final = {"normal": "One user or key, reversible", "high": "Wider, or giving back", "critical": "For good"}


class PolicySheet(Sheet):
    """Opens on who can sign what now; the settings below change only a trial until they are proposed."""

    def __init__(self, room: Room, parent: QWidget | None) -> None:
        super().__init__(room, parent, "Who has to sign what", _LEAD)
        self._settings: Mapping[str, str] = {}
        self._tried: PolicyPage | None = None
        self._asked = 0
        look = room.look
        self.cards = QWidget()
        column(self.cards, look.theme.space("unit"))
        self._heading = Text(look, "Reading the policy ...", size="title", weight="semibold")
        self.levels = _Levels(room)
        self.windows: dict[str, QLineEdit] = {}
        self.glass = RoleChoice(room, frozenset())
        self.glass.setAccessibleName("Roles that may contain alone in an emergency")
        self.hourly = Number(1, 99)
        self.hourly.setFixedWidth(64)
        self.told = QWidget()
        column(self.told, look.theme.space("half"))
        self.reason = text_line("Why (whoever signs reads it)")
        times = self._times()
        self.need_reading(self.levels, times, self.glass, self.hourly, self.reason)
        self.add(self._heading)
        self.add(self.cards)
        self.add(Text(look, "Try another policy", size="title", weight="semibold"))
        self.add(self.levels)
        self.add(times)
        self.add(Labelled(room, "Break-glass: who may contain alone in an emergency", self.glass,
                          "A reason is asked for, everybody is called, and another person ratifies it."))  # fmt: skip
        self.add(Labelled(room, "So many narrow restrictions an hour by one person; more count as wide", self.hourly))
        self.add(self.told)
        self.add(Labelled(room, "Why (whoever signs reads it)", self.reason))
        self.propose = self.add_button("Propose and sign the roster", self._propose, "main")
        self.only_close()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._try)
        self.reason.textChanged.connect(self.check)
        self.check()
        self.take_room(820, 760)
        inc = room.desk.inc
        self.read_first(lambda session: page(session, inc), self._take, "Reading the policy ...", lane="slow")

    def _times(self) -> QWidget:
        held = QWidget()
        grid = QGridLayout(held)
        grid.setContentsMargins(0, 0, 0, 0)
        for at, (name, title) in enumerate(WINDOWS.items()):
            edit = text_line(title, 16)
            edit.setFixedWidth(round(110 * self.room.look.theme.text_scale))
            self.windows[name.removesuffix("_ms")] = edit
            grid.addWidget(Text(self.room.look, title), at, 0)
            grid.addWidget(edit, at, 1)
        grid.setColumnStretch(0, 1)
        return held

    # -- showing -------------------------------------------------------------------------------------------------------

    def _take(self, found: PolicyPage) -> None:
        """The policy in force, and the fields set to it."""
        self._settings = found.settings
        self._heading.setText("Who could sign what now")
        self._show_cards(found.cards)
        self.levels.put(found.settings)
        for name, edit in self.windows.items():
            edit.setText(window_said(found.settings[name]))
            edit.textChanged.connect(self._again)
        held = set(found.settings["break_glass"].split(","))
        for role, tick in self.glass.ticks.items():
            tick.setChecked(role in held)
            tick.setAccessibleName(f"{role_word(role)} may contain alone")
            tick.toggled.connect(self._again)
        self.hourly.setValue(int(found.settings["normal_per_hour"]))
        self.hourly.valueChanged.connect(self._again)
        self.levels.connect_changes(self._again)
        self.check()

    def _show_cards(self, cards: tuple[Card, ...]) -> None:
        self._clear(self.cards)
        layout = self.cards.layout()
        for one in cards:
            if layout is not None:
                layout.addWidget(_card(self.room, one))

    def _clear(self, held: QWidget) -> None:
        layout = held.layout()
        while layout is not None and (item := layout.takeAt(0)) is not None:
            if (gone := item.widget()) is not None:
                gone.hide()
                gone.deleteLater()

    def not_read(self) -> None:
        """Nothing is tried against what is not known."""
        self._heading.setText("The policy could not be read")

    # -- trying --------------------------------------------------------------------------------------------------------

    def changed(self) -> dict[str, str]:
        """The settings that differ from the policy in force."""
        now = {name: window_typed(edit.text()) for name, edit in self.windows.items()}
        now |= self.levels.settings()
        now["break_glass"] = ",".join(self.glass.chosen())
        now["normal_per_hour"] = str(self.hourly.value())
        return {
            name: value
            for name, value in now.items()
            if sorted(value.split(",")) != sorted(self._settings.get(name, value).split(","))  # in whatever order
        }

    def _again(self, *_what: object) -> None:
        self._tried = None
        self.check()
        self._pause.start()

    def _try(self) -> None:
        settings = self.changed()
        self._asked += 1
        mine = self._asked

        def done(found: PolicyPage) -> None:
            if mine == self._asked:
                self._take_trial(found if settings else None)

        self.room.doer.do(lambda session: trial(session, settings), done, lane="slow", over=self)

    def _take_trial(self, found: PolicyPage | None) -> None:
        self._tried = found
        self._clear(self.told)
        layout, look = self.told.layout(), self.room.look
        if found is not None and layout is not None:
            head = "What whoever signs it reads" if found.changes else "This is no policy"
            layout.addWidget(Text(look, head, weight="semibold"))
            for one in found.changes:
                less = one.startswith("LESS")
                layout.addWidget(_marked(self.room, "triangle-alert" if less else "chevron-right",
                                         "waiting" if less else "text-muted", one))  # fmt: skip
            for one in found.against:
                layout.addWidget(_marked(self.room, "octagon-alert", "alarm", one))
            if found.cards:
                layout.addWidget(Text(look, "Under it", weight="semibold"))
            for card in found.cards:
                mark = ("check", "good") if card.can else ("x", "alarm")
                layout.addWidget(_marked(self.room, *mark, f"{card.title}: {card.needs} {card.together}"))
        self.check()

    def why_not(self) -> str:
        """What is still to be said before it can be proposed."""
        if not self._settings or not self.changed():
            return ""
        if self._tried is None:
            return "Trying it ..."
        if self._tried.against:
            return "It cannot be proposed so."
        return "" if self.reason.text().strip() else "Say why."

    def check(self) -> None:
        """Nothing to propose where nothing is changed."""
        super().check()
        if not self._settings or not self.changed():
            self.propose.setEnabled(False)

    def _propose(self) -> None:
        settings, reason = self.changed(), self.reason.text()

        def work(session: Session) -> Outcome:
            return policy.propose(session, settings, reason)

        self.carry_out(work, self._proposed, "Signing the roster ...", lane="slow")

    def _proposed(self, outcome: Outcome) -> None:
        window = self.parentWidget()
        self.room.doer.do(dispatch.sync_all, lambda _d: None, failed=lambda _t: None, lane="slow", over=window)
        self.room.desk.refresh()
        told = "It is in force." if outcome.in_force else f"It waits under Organisation. {outcome.missing}"
        self.trouble.tell("good", f"Roster {outcome.n} is signed by you.", told)
        self._settings = {}
        self.check()
        self.doing.setText("")


class _Levels(QWidget):
    """The three levels: how many, who among them, and whether each at a console of their own."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self.persons: dict[str, Number] = {}
        self.among: dict[str, QComboBox] = {}
        self.apart: dict[str, QCheckBox] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(room.look.theme.space("wide"))
        for at, weight in enumerate(GRAVITIES):
            persons, among, apart = Number(FLOORS[weight], 9), QComboBox(), QCheckBox("own consoles")
            persons.setAccessibleName(f"{_LEVELS[weight]}: how many persons sign")
            among.setAccessibleName(f"{_LEVELS[weight]}: who must be among them")
            apart.setAccessibleName(f"{_LEVELS[weight]}: each on a console of their own")
            if weight == "critical":
                apart.setChecked(True)
                apart.setEnabled(False)
                apart.setToolTip("What cannot be taken back is always signed on distinct consoles.")
            for value, words in AMONG.items():
                among.addItem(words, value)
            among.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            among.setMinimumContentsLength(_AMONG_CHARS)
            persons.setFixedWidth(64)
            self.persons[weight], self.among[weight], self.apart[weight] = persons, among, apart
            for column_at, part in enumerate((Text(room.look, _LEVELS[weight]), persons, among, apart)):
                grid.addWidget(part, at, column_at)
        grid.setColumnStretch(2, 1)

    def put(self, settings: Mapping[str, str]) -> None:
        """Show these."""
        for weight in GRAVITIES:
            self.persons[weight].setValue(int(settings[f"{weight}.persons"]))
            roles, among = settings[f"{weight}.roles"], self.among[weight]
            if among.findData(roles) < 0:
                among.addItem(roles, roles)
            among.setCurrentIndex(among.findData(roles))
            self.apart[weight].setChecked(weight == "critical" or settings[f"{weight}.consoles"] == "yes")

    def connect_changes(self, run: object) -> None:
        """Call it whenever one is changed."""
        for weight in GRAVITIES:
            self.persons[weight].valueChanged.connect(run)
            self.among[weight].currentIndexChanged.connect(run)
            self.apart[weight].toggled.connect(run)

    def settings(self) -> dict[str, str]:
        """As the fields stand."""
        found: dict[str, str] = {}
        for weight in GRAVITIES:
            found[f"{weight}.persons"] = str(self.persons[weight].value())
            found[f"{weight}.roles"] = str(self.among[weight].currentData())
            found[f"{weight}.consoles"] = "yes" if self.apart[weight].isChecked() else "no"
        return found


def _card(room: Room, one: Card) -> QWidget:
    look = room.look
    wide, unit = look.theme.space("wide"), look.theme.space("unit")
    card = QFrame()
    card.setProperty("ground", "raised")
    card.setAccessibleName(f"{one.title}. {one.needs} {one.together}")
    layout = column(card, look.theme.space("half"), (wide, unit, wide, unit))
    layout.addWidget(_marked(room, *(("check", "good") if one.can else ("x", "alarm")), one.title, weight=True))
    layout.addWidget(Text(look, f"Needs {one.needs}", tone="text-muted", wrap=True))
    layout.addWidget(Text(look, one.together, wrap=True))
    for line in one.lines:
        layout.addWidget(Text(look, line, tone="text-muted", wrap=True))
    return card


def _marked(room: Room, icon: str, tone: str, text: str, *, weight: bool = False) -> QWidget:
    held = QWidget()
    line = row(held, room.look.theme.space("unit"))
    line.addWidget(IconMark(room.look, icon, tone))
    line.addWidget(Text(room.look, text, wrap=True, weight="semibold" if weight else "regular"), 1)
    return held
