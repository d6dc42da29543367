"""The composer of a correction: what a person says at the left, what it would mean at the right; then it is proposed.

It reads on a lane while somebody types, and never waits. A proposal moves nothing; what is typed survives a kill.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QSize, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QBoxLayout, QStackedWidget, QWidget

from console.services import corrections
from console.services.corrections import Proposal, TargetWish
from console.services.incidents import IncidentLine
from console.services.session import Session
from console.services.standing import Standing
from console.ui.model_names import ModelNamesDialog
from console.ui.parts import fit
from console.ui.proposal_fields import Fields
from console.ui.proposal_plan import PlanPanel, PlanPaper, Shown
from console.ui.proposal_reading import PlanReader, key_of
from console.ui.proposal_said import ProposedPage
from console.ui.room import Room
from console.ui.sheets import Sheet
from console.ui.widgets import EmptyState, Text
from console.viewmodels.composing import Composition, Placed
from console.viewmodels.ground import Ground, likely_model, read_ground, where_of
from console.viewmodels.proposal import PlanLine
from console.viewmodels.shell import GROWN, INCIDENTS, LOOKS, NOW, Grown

DEBOUNCE_MS: Final = 300
_LARGE_TEXT: Final = 1.4
_WANTED: Final = QSize(1180, 800)
_LEAST: Final = QSize(1000, 600)
READING: Final = "Reading what is there ..."
_PROPOSING: Final = "Reading once more, and proposing ..."
_ALONE: Final = (
    "One person's record cannot dispatch: plan here, carry it out yourself and record it by hand, or found first."
)
_NOTHING: Final = (
    "Connect what controls the model (a vendor whom people have to ask counts too), or record what was done by hand."
)
_FIRST: Final = "user"
_ASKED: Final = {"instruction": "Instruction", "contact": "Contact", "ticket": "Ticket", "by": "By when"}


class ProposalDialog(Sheet):
    """Stands beside its window. `model` and `surface` are what it is about, where that is known."""

    def __init__(
        self, room: Room, inc: str, *, model: str | None = None, surface: str | None = None,
        again: Standing | None = None, parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        line = _line(room, inc)
        lead = "" if line is None else f"{line.label}  {line.title}"
        super().__init__(room, parent, "Propose a correction", lead)
        self.setModal(False)
        self.inc = inc
        self._model, self._surface, self._again = model, surface, again
        self._title = "" if line is None else line.title
        self.ground: Ground | None = None
        self.made: Composition | None = None
        self.reader = PlanReader(room, inc, self, self._show)
        self._kept = ""
        self._touched = False
        self.pages = QStackedWidget()
        self.fields = Fields(room, self.change, self)
        self.fields.model_chosen.connect(self._start)
        self.fields.kind_chosen.connect(self._start_kind)
        self.fields.names_asked.connect(self._ask_names)
        self.plan = PlanPanel(room.look)
        self.plan.pulled.connect(self._pull)
        self.empty = EmptyState(
            room.look, "No surface is known", _NOTHING,
            "Connect a provider ...", "plug",
        )  # fmt: skip
        self.empty.acted.connect(lambda: self._give("provider-add"))
        self.said = ProposedPage(room)
        self.reading = Text(room.look, READING, tone="text-muted")
        for page in (self.reading, self._composer(), self.empty, self.said):
            self.pages.addWidget(page)
        self.add(self.pages, 1)
        self.by_hand = self.add_button("Record by hand ...", lambda: self._give("record-by-hand"))
        self.again = self.add_button("Read again", lambda: self.reader.again(self._placed()))
        self.propose = self.add_button("Propose", self._propose, "main")
        self.only_close()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(DEBOUNCE_MS)
        self._soon.timeout.connect(self._due)
        self.trouble.acted.connect(self._take_over)
        room.bridge.on(GROWN, self._grown, self)
        room.bridge.on(LOOKS, lambda _looks: self.fields.see(), self)
        fit(self, _WANTED * room.look.theme.text_scale, _LEAST)  # its buttons are at the foot: never beyond the screen
        self._load()

    # -- what is there -------------------------------------------------------------------------------------------------

    def tell(self, what: str, next_step: str = "") -> None:
        """Say what went wrong; where nothing could be read, nothing is being read any more."""
        self.reading.setText("What is there could not be read.")
        super().tell(what, next_step)

    def _load(self) -> None:
        name, drafts = self._draft, self.room.desk.drafts

        def work(session: Session) -> tuple[Ground, str]:
            return read_ground(session), drafts.load().get(name, "")

        self.carry_out(work, self._loaded, READING, "look")

    @property
    def _draft(self) -> str:
        return f"correction:{self.inc}"

    def _loaded(self, found: tuple[Ground, str]) -> None:
        self.ground, kept = found
        self._kept = kept
        ground = self.ground
        if not ground.options:
            self.pages.setCurrentWidget(self.empty)
            self.check()
            return
        self.fields.known(tuple(one for known in ground.canaries.values() for one in known) + self._used())
        again = None if self._again is None else Composition.again(ground, self._again)
        before = again or Composition.from_text(kept, ground)
        fits = before is not None and (self._model in (None, "", before.draft.model))
        if before is not None and fits:
            self.made = before
            if again is None:
                self.trouble.tell("info", "What you were composing here is back.", "", "Begin anew")
        else:
            model = self._model if self._model in ground.models else likely_model(ground, self._title, self._before())
            self.made = Composition.start(ground, model or "", _FIRST)
        self.pages.setCurrentIndex(1)
        self.fields.build(ground, self.made)
        self._show()
        self._place_focus()
        if ground.provisional:
            self.lead.setText(_ALONE)
        self.reader.ground = ground
        self.reader.want(())  # opens the place of the secrets now: no prompt comes between two letters later
        self._due()

    def _place_focus(self) -> None:
        at = self._row_of(self._surface)
        if at is not None:
            self.fields.ensureWidgetVisible(self.fields.rows[at])
        self.fields.first(self.made).setFocus()

    def _row_of(self, surface: str | None) -> int | None:
        rows = () if self.made is None else self.made.draft.rows
        return next((at for at, row in enumerate(rows) if row.options.surface.surface == surface), None)

    def _before(self) -> tuple[Standing, ...]:
        now = self.room.desk.outlet.latest(NOW)
        return () if now is None else tuple(one for one in now.everything if one.inc == self.inc)

    def _used(self) -> tuple[str, ...]:
        now = self.room.desk.outlet.latest(NOW)
        every = () if now is None else now.everything
        return tuple({target.selector for one in every for target in one.targets if not target.by_hand})

    def _grown(self, _grown: Grown) -> None:
        if self.ground is not None and not self.ground.options and not self.is_busy:
            self._load()

    def _take_over(self) -> None:
        """Begin anew: what was kept goes, and only because somebody said so."""
        if self.ground is not None and self.made is not None:
            self.made = Composition.start(self.ground, self.made.draft.model, _FIRST)
            self._touched = True
            self.trouble.clear()
            self._rebuilt()

    # -- changing ------------------------------------------------------------------------------------------------------

    def change(self, how: Callable[[Composition], Composition]) -> None:
        """Do this to the composition, and show what comes of it."""
        if self.made is None:
            return
        self.made = how(self.made)
        self._touched = True
        self._show()
        self._soon.start()

    def _pull(self, at: int, lever: str, surface: str = "") -> None:
        """Another lever in that row; or another row in its stead, which is then left out with a word."""
        ground, other = self.ground, self._row_of(surface) if surface else None
        if ground is None or (surface and other is None):
            return
        if other is None:
            self.change(lambda now: now.pull(at, lever, ground))
            return
        why = "It cannot be blocked there; it is switched off at the vendor."
        self.change(lambda now: now.choose(other, True).choose(at, False).word(at, why))  # noqa: FBT003  as `choose`
        self.fields.ensureWidgetVisible(self.fields.rows[other])

    def _ask_names(self) -> None:
        if self.made is None or not self.made.draft.model:
            return
        dialog = ModelNamesDialog(self.room, self, self.made.draft.model)
        dialog.accepted.connect(self._named)
        dialog.open()

    def _named(self) -> None:
        """Other surfaces are this model by now: they are rows of it, and everything typed stays."""
        self.room.desk.refresh()
        self.carry_out(read_ground, self._took_ground, READING, "look")

    def _took_ground(self, ground: Ground) -> None:
        self.ground = self.reader.ground = ground
        self._start(None)

    def _start_kind(self, kind: str) -> None:
        self._start(None, kind)

    def _start(self, model: str | None, kind: str | None = None) -> None:
        if self.ground is None or self.made is None:
            return
        draft = self.made.draft
        self.made = Composition.start(self.ground, model or draft.model, kind or draft.category, self.made)
        self._rebuilt()

    def _rebuilt(self) -> None:
        if self.ground is None or self.made is None:
            return
        self.reader.forget_faults()
        self.fields.build(self.ground, self.made)
        self._show()
        self._soon.start()

    # -- reading -------------------------------------------------------------------------------------------------------

    def _due(self) -> None:
        """Nothing was typed for a moment: keep it, and read what it would mean."""
        self._keep()
        self.reader.want(self._placed())

    def _keep(self) -> None:
        """Keep what is typed in the profile, so that it survives a kill."""
        text = "" if self.made is None else self.made.text()
        if text == self._kept or not self._touched:
            return
        self._kept = text
        name, drafts = self._draft, self.room.desk.drafts
        self.room.doer.do(lambda _session: drafts.keep(name, text))

    # -- showing -------------------------------------------------------------------------------------------------------

    def _placed(self) -> tuple[Placed, ...]:
        return () if self.made is None or self.ground is None else self.made.wishes(self.ground)

    @property
    def _is_fresh(self) -> bool:
        return self.reader.is_fresh(self._placed())

    def _show(self) -> None:
        made, ground = self.made, self.ground
        if made is None or ground is None:
            return
        placed = self._placed()
        self.fields.put(made)
        self._tell_rows(made, ground, placed)
        targets = tuple(_shown(made, one, self.reader.line(one)) for one in placed if not self.reader.is_alone(one))
        note = self.reader.stopped or ("" if targets else _nothing_yet(made))
        self.plan.put(
            PlanPaper(
                targets=targets, verdict=self.reader.view, fresh=self._is_fresh, left_out=self._left(), note=note,
                unproven=made.unproven(ground),
            )
        )  # fmt: skip
        self.check()

    def _tell_rows(self, made: Composition, ground: Ground, placed: tuple[Placed, ...]) -> None:
        common: dict[str, str] = {}
        for at, shown in enumerate(self.fields.rows):
            row = made.draft.rows[at]
            if not row.chosen:
                fault = "Say why it is left out." if self._touched and made.unsaid(at) else ""
                shown.say("left" if row.lever else "gap", fault)
                continue
            own = {name for name, text in row.params if text} | (set(_ASKED) if row.options.by_hand else set())
            wrong = self.reader.faults.get(at, {}) if self._is_fresh else {}
            common |= {name: what for name, what in wrong.items() if name not in own}
            wanting = made.wanting(at, ground)
            if wanting:  # what is said for all rows is missed at its own field
                told = [what for name, what in wanting.items() if name in own or name == "lever"]
                shown.say("wanting", " ".join(told))
            else:
                shown.say(*self._state([one for one in placed if one.row == at]))
        self.fields.tell("", common)

    def _state(self, placed: list[Placed]) -> tuple[str, str]:
        """How far the plan of one row is, and what is wrong with it."""
        lines = [self.reader.line(one) for one in placed if not self.reader.is_alone(one)]
        bad = next((line for line in lines if line is not None and not line.possible), None)
        if bad is not None:
            return ("waits" if bad.waits else "cannot"), bad.why_not
        if any(line is None for line in lines):
            return ("waits", "Its plan could not be read.") if self.reader.stopped else ("reading", "")
        return "planned", ""

    def _left(self) -> tuple[str, ...]:
        """What is left out, by choice or because it cannot be done, as it would be signed."""
        if self.made is None:
            return ()
        told = list(self.made.left_out())
        for one in self._placed():
            line = self.reader.line(one)
            if line is not None and not line.possible and not one.wish.canary:
                row = self.made.draft.rows[one.row]
                which = f", {one.wish.selector}" if self.made.narrow(one.row) else ""
                told.append(f"{where_of(row)}{which}: {line.why_not}")
        return tuple(told)

    def why_not(self) -> str:
        """Why it cannot be proposed yet."""
        made, ground = self.made, self.ground
        if made is None or ground is None or self.pages.currentIndex() != 1:
            return ""
        if ground.provisional:
            return "One person alone cannot dispatch."
        told = made.wanted(ground)
        if told:
            return told[0]
        if self.reader.stopped:
            return self.reader.stopped
        if not self._is_fresh:
            return "The plan is being read ..."
        return "" if self.reader.possible(self._placed()) else "Nothing of it can be done as it stands."

    def check(self) -> None:
        """The buttons say what they do, in numbers."""
        super().check()
        composing, proposed = self.pages.currentIndex() == 1, self.pages.currentWidget() is self.said
        alone = self.ground is not None and self.ground.provisional
        placed = self._placed()
        ready, lines = self.reader.possible(placed), [self.reader.line(one) for one in placed]
        waits = composing and any(line is not None and line.waits for line in lines)
        self.propose.setVisible(composing and not alone)
        self.by_hand.setVisible(not proposed and (alone or waits or self.pages.currentWidget() is self.empty))
        self.again.setVisible(composing and (bool(self.reader.stopped) or waits))
        self.again.setEnabled(not self.reader.reading)
        if composing and self._is_fresh and ready:
            lost = sum(not self.reader.is_alone(one) for one in placed) - len(ready)
            self.propose.setText(f"Propose {len(ready)}, leave out {lost}" if lost else f"Propose {len(ready)}")
        else:
            self.propose.setText("Propose")

    # -- proposing -----------------------------------------------------------------------------------------------------

    def _propose(self) -> None:
        made = self.made
        if made is None or self.why_not():
            return
        draft, inc, left = made.draft, self.inc, self._left()
        wishes: list[TargetWish] = [one.wish for one in self.reader.possible(self._placed())]
        name, drafts = self._draft, self.room.desk.drafts

        def work(session: Session) -> Proposal:
            proposal = corrections.propose(
                session, inc, wishes, draft.reason, criteria=draft.criteria, left_out=left, if_not=draft.if_not,
                review_in_ms=draft.review_in_ms, fallback=made.fallback, allowed_by=made.agreements,
            )  # fmt: skip
            drafts.keep(name, "")
            return proposal

        self._soon.stop()
        self.carry_out(work, self._proposed, _PROPOSING, "slow")

    def _proposed(self, proposal: Proposal) -> None:
        self._touched = False
        view = self.reader.view
        now = self.room.desk.session.clock.wall_ms()
        self.said.put(proposal, () if view is None else view.can_sign, now)
        self.pages.setCurrentWidget(self.said)
        self.trouble.clear()
        self.room.desk.point_at(proposal.sha)
        self.room.desk.refresh()
        if any(one.name == "review" for one in self.room.commands):
            button = self.add_button("Open the confirmation", self._review, "main")
            button.setAutoDefault(True)  # nothing is typed here any more, and the confirmation has guards of its own
            self.set_main(button)
            button.setFocus()
        self.check()

    def _review(self) -> None:
        self.accept()
        self.room.commands.give("review")

    # -- frame ---------------------------------------------------------------------------------------------------------

    def _composer(self) -> QWidget:
        """Side by side, or one above the other where the text is so large that neither would have room beside."""
        page = QWidget()
        large = self.room.look.theme.text_scale > _LARGE_TEXT
        both = QBoxLayout(QBoxLayout.Direction.TopToBottom if large else QBoxLayout.Direction.LeftToRight, page)
        both.setContentsMargins(0, 0, 0, 0)
        both.setSpacing(self.room.look.theme.space("wide"))
        both.addWidget(self.fields, 6)
        both.addWidget(self.plan, 5)
        return page

    def _give(self, name: str) -> None:
        if any(one.name == name for one in self.room.commands):
            why = self.room.commands.give(name)
            if why is not None:
                self.tell(why)

    def done(self, result: int) -> None:
        """Leaving keeps what was typed."""
        self._soon.stop()
        self._keep()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  Qt's name
        """As `done`."""
        self._soon.stop()
        self._keep()
        super().closeEvent(event)


def _line(room: Room, inc: str) -> IncidentLine | None:
    known = room.desk.outlet.latest(INCIDENTS)
    return None if known is None else next((one for one in known.lines if one.inc == inc), None)


def _shown(made: Composition, one: Placed, line: PlanLine | None) -> Shown:
    row, params = made.draft.rows[one.row], one.wish.params
    told = tuple((title, params[name]) for name, title in _ASKED.items() if row.options.by_hand and params.get(name))
    return Shown(
        key=key_of(one.wish), row=one.row, where=row.options.surface.name, line=line, canary=one.wish.canary, asked=told
    )


def _nothing_yet(made: Composition) -> str:
    if not made.draft.model:
        return "Choose the model; then what would be sent where stands here, before anybody signs it."
    if made.selects and not made.selector:
        return f"Say which {' or '.join(made.selects)}; what would be sent where is read as you type."
    return "Nothing is chosen that could be planned yet."


__all__ = ["ProposalDialog"]
