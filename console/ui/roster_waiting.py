"""Rosters that wait for signatures, and a roster that split: as cards, each with what can be done about it.

It looks into the shared places on a lane and shows what it is told. It counts no signature and chooses no version.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from console.domain.deceit import shown
from console.services import roster
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.roster import RosterDialog
from console.ui.roster_settling import SettleSheet
from console.ui.theme import Look
from console.ui.widgets import IconMark, Text
from console.viewmodels.organisation import Looked, WaitingView, look_for_rosters
from console.viewmodels.roster_split import SplitView, VersionView, split_views
from console.viewmodels.shell import Trouble

_SHORT: Final = 6  # lines


class Shelf(QWidget):
    """A column of parts that is laid anew whenever what it shows changed."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._unit = look.theme.space("unit")
        self._column = column(self)
        self._held: QWidget | None = None

    def put(self, parts: list[QWidget]) -> None:
        """Show these, and nothing that was here before."""
        held = QWidget()
        inner = column(held, self._unit)
        for part in parts:
            inner.addWidget(part)
        if self._held is not None:
            self._held.deleteLater()
        self._held = held
        self._column.addWidget(held)


class WaitingRosters(Shelf):
    """Each roster that waits; a place that is not there is said, for of that one nothing is known."""

    def __init__(self, room: Room) -> None:
        super().__init__(room.look)
        self._room = room
        self._seen: Looked | None = None
        self._asking = False
        self.put([Text(room.look, "Looking into the shared folder ...", tone="text-muted")])

    def look_again(self) -> None:
        """Which rosters wait; one look at a time."""
        if not self._asking:
            self._asking = True
            self._room.doer.do(look_for_rosters, self._take, failed=self._lost, lane="slow", over=self)

    def _lost(self, _trouble: Trouble) -> None:
        self._asking = False  # a folder that is gone is told beside, where founding looks into it
        if self._seen is None:
            look = self._room.look
            self.put([marked(look, "circle-question-mark", "unknown", "Not known: it could not be read.", wrap=True)])

    def _take(self, found: Looked) -> None:
        self._asking = False
        if found == self._seen:
            return
        self._seen = found
        look = self._room.look
        lines = [self._card(one) for one in found.waiting]
        lines += [
            marked(look, "triangle-alert", "waiting", f"Not known: {shown(place)} is not there.", wrap=True)
            for place in found.gone
        ]
        self.put(lines or [Text(look, "None waits.", tone="text-muted")])

    def _card(self, one: WaitingView) -> QWidget:
        look = self._room.look
        card = QFrame()
        card.setAccessibleName(f"{one.paper.headline} {one.missing}")
        layout = carded(look, card)
        head = QWidget()
        line = row(head, look.theme.space("unit"))
        line.addWidget(IconMark(look, "triangle-alert", "waiting"), 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(Text(look, one.paper.headline, weight="semibold", wrap=True), 1)
        if one.mine == "signed" and one.alone:
            line.addWidget(quiet_button("Withdraw", partial(self._withdraw, one.sha)))
        open_ = quiet_button("Read and sign ..." if one.mine == "may" else "Read ...", partial(self._read, one))
        if one.mine == "may":
            open_.setProperty("kind", "main")
        line.addWidget(open_)
        layout.addWidget(head)
        layout.addWidget(Text(look, one.why, wrap=True))
        told = f"Signed by {one.signed}. {one.paper.problems[0] if one.paper.problems else one.missing}"
        layout.addWidget(Text(look, told, tone="alarm" if one.paper.problems else "text-muted", wrap=True))
        return card

    def _read(self, one: WaitingView) -> None:
        RosterDialog(self._room, one, self.window()).show()

    def _withdraw(self, sha: str) -> None:
        self._room.doer.do(
            lambda session: roster.withdraw(session, sha), lambda _done: self.look_again(), lane="slow", over=self
        )


class Splits(Shelf):
    """A roster of which two versions were validly signed: both, side by side in words, and what to do. Else nothing."""

    def __init__(self, room: Room) -> None:
        super().__init__(room.look)
        self._room = room
        self._seen: tuple[SplitView, ...] = ()
        self._asking = False
        self.hide()

    def look_again(self) -> None:
        """Read it anew; one reading at a time."""
        if not self._asking:
            self._asking = True
            self._room.doer.do(split_views, self._take, failed=self._lost, lane="look", over=self)

    def _lost(self, _trouble: Trouble) -> None:
        self._asking = False  # it is told among what is missing, too

    def _take(self, found: tuple[SplitView, ...]) -> None:
        self._asking = False
        if found != self._seen:
            self._seen = found
            self.put([self._card(one) for one in found])
            self.setVisible(bool(found))

    def _card(self, one: SplitView) -> QWidget:
        look = self._room.look
        card = QFrame()
        title = f"The organisation is split: {_number(len(one.versions))} rosters {one.n} were validly signed"
        card.setAccessibleName(title)
        layout = carded(look, card)
        layout.addWidget(marked(look, "octagon-alert", "alarm", title, bold=True, wrap=True))
        layout.addWidget(
            Text(look, "Consoles follow whichever reached them first; this one cannot tell which is meant.", wrap=True)
        )
        for version in one.versions:
            layout.addWidget(self._version(version))
        for step in one.steps:
            layout.addWidget(marked(look, "arrow-right", "text", step, wrap=True))
        settle = quiet_button("Settle it: the version that counts here goes on ...", partial(self._settle, one))
        settle.setEnabled(one.may_settle)
        settle.setToolTip("" if one.may_settle else "An admin of the version that counts here settles it.")
        layout.addWidget(settle, 0, Qt.AlignmentFlag.AlignLeft)
        return card

    def _settle(self, one: SplitView) -> None:
        SettleSheet(self._room, self, one).open()

    def _version(self, one: VersionView) -> QWidget:
        look = self._room.look
        held = QFrame()
        held.setProperty("ground", "panel")
        layout = carded(look, held, ground="panel")
        head = QWidget()
        line = row(head, look.theme.space("unit"))
        line.addWidget(Text(look, one.headline, weight="medium", wrap=True), 1)
        line.addWidget(
            marked(look, "monitor", "known", "counts here")
            if one.used
            else marked(look, "x", "waiting", "does not count here")
        )
        layout.addWidget(head)
        layout.addWidget(Text(look, f"Signed by {one.signed}.", wrap=True))
        layout.addWidget(Text(look, one.words, mono=True, wrap=True))
        lines = [line for part in one.sections for line in (part.heading, *(f"    {text}" for text in part.lines))]
        more = Text(look, "\n".join(lines), tone="text-muted", wrap=True)
        layout.addWidget(more)
        if len(lines) > _SHORT:  # the difference is what matters: a short one is not hidden
            more.hide()
            turn = quiet_button("What it says ...", lambda: more.setVisible(not more.isVisible()))
            layout.addWidget(turn, 0, Qt.AlignmentFlag.AlignLeft)
        return held


def carded(look: Look, card: QFrame, ground: str = "raised") -> QVBoxLayout:
    """The layout of a card."""
    wide, unit = look.theme.space("wide"), look.theme.space("unit")
    card.setProperty("ground", ground)
    return column(card, look.theme.space("half"), (wide, unit, wide, unit))


def quiet_button(text: str, run: Callable[[], None]) -> QPushButton:
    """A button that Enter does not press by default."""
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.clicked.connect(press(run))
    return button


def press(run: Callable[[], None]) -> Callable[[], None]:
    """What a button does, whatever Qt says besides."""

    def pressed() -> None:
        run()

    return pressed


def marked(look: Look, icon: str, tone: str, text: str, *, bold: bool = False, wrap: bool = False) -> QWidget:
    """A word, or a sentence (`wrap`), with a mark before it."""
    held = QWidget()
    line = row(held, look.theme.space("unit"))
    at = Qt.AlignmentFlag.AlignTop if wrap else Qt.AlignmentFlag.AlignVCenter
    line.addWidget(IconMark(look, icon, tone), 0, at)
    said = Text(look, text, weight="semibold" if bold else "regular", wrap=wrap)
    if wrap:
        said.setAlignment(Qt.AlignmentFlag.AlignTop)
    line.addWidget(said, 1)
    return held


def _number(of: int) -> str:
    return {2: "two", 3: "three"}.get(of, str(of))
