"""Lists of accounts in the window: one matched and proposed, and those under way with who failed. It sends nothing.

What is left out and why is shown before anything is proposed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QComboBox, QLineEdit, QPushButton, QVBoxLayout, QWidget

from console.services import list_progress, lists
from console.services.corrections import Proposal
from console.services.planning import TargetWish
from console.services.session import Session
from console.ui.exports import PathField, ask_open, ask_save
from console.ui.parts import column
from console.ui.proposal_plan import grid_of
from console.ui.proposal_said import ProposedPage
from console.ui.room import Room
from console.ui.sheets import Labelled, Sheet, text_line, text_lines
from console.ui.widgets import Text
from console.viewmodels.lists import Place, Report, Underway, match, places, read, under_way
from console.viewmodels.shell import NOW

_TYPED_LINES: Final = 4
_REASON_LINES: Final = 3
_NO_CANARY: Final = "none: enforcement is then read back, not probed"
_LEAD: Final = (
    "Thousands of accounts as one correction: the provider is asked about every line first. Both signers see the "
    "counts, the list's hash and the same twenty rows drawn from it; it is sent piece by piece and goes on where it "
    "was cut short."
)


class ListSheet(Sheet):
    """Reads a list, matches it, shows who is left out, and proposes."""

    def __init__(self, room: Room, parent: QWidget | None, inc: str) -> None:
        super().__init__(room, parent, "Restrict a list of accounts", _LEAD)
        self._inc = inc
        self._places: tuple[Place, ...] = ()
        self._report: Report | None = None
        self.path = PathField("The list: a text file with one account a line, or a table (CSV)", ask_open)
        self.typed = text_lines(room, "Or type or paste it", _TYPED_LINES)
        self.column = text_line("Column of a table: heading or number", 60)
        self.place, self.lever, self.canary = QComboBox(), QComboBox(), QComboBox()
        for box in (self.place, self.lever, self.canary):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.params: dict[str, QLineEdit] = {}
        self._params = QWidget()
        self._params_in = column(self._params, room.look.theme.space("unit"))
        self.told = QWidget()
        self._told = column(self.told, room.look.theme.space("half"))
        self.reason = text_lines(room, "Why", _REASON_LINES)
        self.said = ProposedPage(room)
        self.said.hide()
        self._form = [
            Labelled(room, "The list", self.path, "UTF-8; lines that begin with # are left out."),
            Labelled(room, "Or type or paste it", self.typed),
            Labelled(room, "Column, where it is a table", self.column, "Found by its heading where that is clear."),
            Labelled(room, "Where", self.place), Labelled(room, "What is done to each", self.lever), self._params,
            Labelled(room, "A canary that is restricted with it and probed", self.canary), self.told,
            Labelled(room, "Why", self.reason),
        ]  # fmt: skip
        for part in (*self._form, self.said):
            self.add(part)
        self.match = self.add_button("Match", self._match)
        self.go = self.add_button("Propose", self._propose, "main")
        self.place.currentIndexChanged.connect(self._turn_place)
        self.lever.currentIndexChanged.connect(self._turn_lever)
        for signal in (self.path.edit.textChanged, self.typed.textChanged, self.column.textChanged):
            signal.connect(self._changed)
        self.reason.textChanged.connect(self.check)
        self.check()
        self.body.addStretch(1)
        self.take_room(760, 760)
        self.read_first(places, self._take_places, "Reading what can be pulled where ...", lane="slow")

    # -- the form ------------------------------------------------------------------------------------------------------

    def _take_places(self, found: tuple[Place, ...]) -> None:
        self._places = found
        self.place.addItems([one.title for one in found])
        if not found:
            self.tell("No provider connected here has a lever that selects one account.", "Connect a gateway first.")
        self._turn_place()

    @property
    def where(self) -> Place | None:
        """The place that is chosen."""
        at = self.place.currentIndex()
        return self._places[at] if 0 <= at < len(self._places) else None

    def _turn_place(self, _at: int = 0) -> None:
        self.lever.clear()
        self.canary.clear()
        where = self.where
        if where is not None:
            for one in where.levers:
                self.lever.addItem(one.title, one.name)
            for canary in where.canaries:
                self.canary.addItem(canary, canary)
            self.canary.addItem(_NO_CANARY, "")
        self._changed()

    def _turn_lever(self, _at: int = 0) -> None:
        while (item := self._params_in.takeAt(0)) is not None:
            if (gone := item.widget()) is not None:
                gone.hide()
                gone.deleteLater()
        self.params = {}
        where = self.where
        lever = next((one for one in where.levers if one.name == self.lever.currentData()), None) if where else None
        for one in lever.params if lever is not None else ():
            edit = text_line(one.title)
            edit.setText(one.default)
            edit.textChanged.connect(self._changed)
            self.params[one.name] = edit
            self._params_in.addWidget(Labelled(self.room, one.title, edit))
        self._changed()

    def _changed(self, *_what: object) -> None:
        """Another list than was matched: what was shown is not what would be proposed."""
        self._report = None
        _clear(self._told)
        self.check()

    # -- matching and proposing ----------------------------------------------------------------------------------------

    def _match(self) -> None:
        where = self.where
        if where is None:
            return
        path, typed, named = self.path.text(), self.typed.toPlainText(), self.column.text()
        lever = str(self.lever.currentData())
        params = {name: edit.text().strip() for name, edit in self.params.items() if edit.text().strip()}

        def work(session: Session) -> Report:
            return match(session, where, lever, params, read(path, typed, named))

        self.carry_out(work, self._take_report, "Asking the provider about every line ...", lane="slow")

    def _take_report(self, found: Report) -> None:
        self._report = found
        _clear(self._told)
        look = self.room.look
        self._told.addWidget(Text(look, found.headline, size="title", weight="semibold", wrap=True))
        self._told.addWidget(grid_of(look, list(found.figures)))
        for title, lines in found.groups:
            self._told.addWidget(Text(look, title, weight="medium"))
            self._told.addWidget(Text(look, "\n".join(lines), wrap=True, tone="text-muted"))
        self.told.setAccessibleName(found.headline)
        self.check()

    def why_not(self) -> str:
        """What is still wanting before it can be proposed."""
        if not self.path.text().strip() and not self.typed.toPlainText().strip():
            return "Name a list."
        if self._report is None:
            return "Match it first."
        if not self._report.can:
            return "Nobody is left in it."
        return "" if self.reason.toPlainText().strip() else "Say why."

    def check(self) -> None:
        """The list can be matched as soon as there is one."""
        super().check()
        named = bool(self.path.text().strip() or self.typed.toPlainText().strip())
        self.match.setEnabled(named and self.where is not None and not self.is_busy)

    def _propose(self) -> None:
        found, reason, canary, inc = self._report, self.reason.toPlainText(), self.canary.currentData(), self._inc
        if found is None:
            return
        wished = found.matched.wish
        beside = [
            TargetWish(provider=wished.provider, surface=wished.surface, lever=wished.lever, selector=str(canary),
                       params=wished.params, canary=True)
        ] if canary else []  # fmt: skip

        def work(session: Session) -> Proposal:
            return lists.propose(session, inc, found.matched, reason, canaries=beside)

        self.carry_out(work, self._proposed, "Keeping the list, and proposing ...", lane="slow")

    def _proposed(self, made: Proposal) -> None:
        for part in self._form:
            part.hide()
        self.match.hide()
        self.go.hide()
        self.said.put(made, (), self.room.desk.session.clock.wall_ms())
        self.said.show()
        self.only_close()
        self.lead.setText("The signers see its counts, its hash and twenty rows drawn from it.")
        self.room.desk.refresh()


class ListsSheet(Sheet):
    """Every correction with a list: how far it is, who failed; failures as a table, and the lift of the list."""

    def __init__(self, room: Room, parent: QWidget | None) -> None:
        super().__init__(room, parent, "Lists of accounts", "How far each has gone, and who failed and why.")
        self._found: tuple[Underway, ...] = ()
        self.which = QComboBox()
        self.which.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.told = QWidget()
        self._told: QVBoxLayout = column(self.told, room.look.theme.space("half"))
        self.path = PathField("Where the table of failures goes", ask_save)
        self.reason = text_line("Why it is given back")
        self.save = QPushButton("Save the failures")
        self.save.setAutoDefault(False)
        self.save.clicked.connect(self._save)
        self.path.add(self.save)
        self.add(Labelled(room, "Which list", self.which))
        self.add(self.told)
        self.add(Labelled(room, "The failures as a table (CSV)", self.path))
        self.add(Labelled(room, "Give it back: why", self.reason, "A proposal, by the same list; two people sign it."))
        self.lift = self.add_button("Propose the lift", self._lift, "main")
        self.only_close()
        self.which.currentIndexChanged.connect(self._turn)
        for signal in (self.reason.textChanged, self.path.edit.textChanged):
            signal.connect(self.check)
        self.check()
        self.body.addStretch(1)
        self.take_room(700, 620)
        now = room.desk.outlet.latest(NOW)
        standings = () if now is None else tuple(now.everything or now.standings)
        self.read_first(lambda session: under_way(session, standings), self._take, "Reading ...", lane="slow")

    def _take(self, found: tuple[Underway, ...]) -> None:
        self._found = found
        self.which.addItems([f"{one.title} ({one.progress.count})" for one in found])
        self._turn()

    @property
    def one(self) -> Underway | None:
        """The list that is meant."""
        at = self.which.currentIndex()
        return self._found[at] if 0 <= at < len(self._found) else None

    def _turn(self, _at: int = 0) -> None:
        _clear(self._told)
        one, look = self.one, self.room.look
        if one is None:
            self._told.addWidget(Text(look, "No correction of this incident has a list.", tone="text-muted", wrap=True))
        else:
            far = one.progress
            self._told.addWidget(Text(look, f"{far.state}. {far.sentence}", weight="semibold", wrap=True))
            self._told.addWidget(
                Text(look, f"List {far.sha256}", mono=True, wrap=True, tone="text-muted", size="small")
            )
            failed = "\n".join(f"{account}: {why}" for account, why in far.failed[:60]) or "Nobody failed."
            self._told.addWidget(Text(look, failed, wrap=True, tone="text-muted"))
        self.check()

    def why_not(self) -> str:
        """What is still to be said before it can be given back."""
        one = self.one
        if one is None:
            return ""
        if one.direction != "contain":
            return "It gives back already."
        return "" if self.reason.text().strip() else "Say why it is given back."

    def check(self) -> None:
        """Failures can be saved once a path is named."""
        super().check()
        if self.one is None:
            self.lift.setEnabled(False)
        self.save.setEnabled(self.one is not None and bool(self.path.text().strip()) and not self.is_busy)

    def _save(self) -> None:
        one, path = self.one, self.path.text().strip()
        if one is None:
            return

        def work(session: Session) -> int:
            return list_progress.write_failures(session, one.doc, Path(path).expanduser())

        self.carry_out(
            work, lambda saved: self.trouble.tell("good", f"{saved} failures are in {path}.", ""), "Writing ..."
        )

    def _lift(self) -> None:
        one, reason = self.one, self.reason.text()
        if one is None:
            return

        def done(_made: Proposal) -> None:
            self.room.desk.refresh()
            self.accept()

        self.carry_out(
            lambda session: lists.lift(session, one.doc, reason), done, "Asking about every account ...", lane="slow"
        )


def _clear(layout: QVBoxLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        if (gone := item.widget()) is not None:
            gone.hide()
            gone.deleteLater()
