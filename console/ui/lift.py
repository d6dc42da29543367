"""Giving back: a lift that two sign, an undo that one signer may sign in its time, a cancel of what has not gone.

Lift and undo only propose; nothing moves before it is signed. What was typed stays through an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from console.domain.deceit import shown
from console.services import corrections, undoing
from console.services.corrections import Proposal
from console.services.session import Session
from console.services.standing import Standing
from console.services.undoing import WayBack
from console.ui.kept import Kept
from console.ui.parts import column
from console.ui.proposal_said import ProposedPage
from console.ui.room import Room
from console.ui.sheets import Labelled, Sheet, text_lines
from console.ui.widgets import Banner, StateMark, Text
from console.viewmodels.shell import NOW, Now
from console.viewmodels.times import left

_SHOWN: Final = 12
_REASON_LINES: Final = 3
_READING: Final = "Reading what stands there, and proposing ..."
_SOON_MS: Final = 60_000


class _AboutOne(Sheet):
    """A dialog about one correction, chosen where several may be meant, with a reason."""

    def __init__(
        self, room: Room, parent: QWidget, title: str, lead: str, candidates: Sequence[Standing], doc: str | None
    ) -> None:
        super().__init__(room, parent, title, lead)
        self.candidates = tuple(candidates)
        self.is_over = False
        self.which = QComboBox()
        for one in self.candidates:
            self.which.addItem(shown(one.title), one.doc)
        self.which.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        at = self.which.findData(doc)
        self.which.setCurrentIndex(max(at, 0))
        self.pointed = at >= 0
        self.which.currentIndexChanged.connect(self._turn)
        self._heading = Text(room.look, weight="medium", wrap=True)
        self._targets = QWidget()
        self._lines: QVBoxLayout = column(self._targets, 2)
        self.reason = text_lines(room, "Why", _REASON_LINES)
        self.reason.textChanged.connect(self.check)
        if len(self.candidates) > 1:
            self.add(Labelled(room, "Which correction", self.which))
        self.add(self._heading)
        self.add(self._targets)
        about = doc or ("none" if not self.candidates else self.candidates[0].doc)
        self.kept = Kept(self, f"{type(self).__name__}:{about}", {"reason": self.reason})

    def follow(self) -> None:
        """Show what stands, now and as it changes: for the end of a constructor."""
        self._turn()
        self.room.bridge.on(NOW, self._take, self)

    @property
    def one(self) -> Standing | None:
        """The correction that is meant."""
        doc = self.which.currentData()
        return next((one for one in self.candidates if one.doc == doc), None)

    def why_not(self) -> str:
        """What is still to be said."""
        if self.one is None:
            return "There is none."
        return "" if self.reason.toPlainText().strip() else "Say why."

    def _take(self, now: Now) -> None:
        """What stands may change beneath: the states shown are those of this moment."""
        if self.is_over:
            return
        fresh = {one.doc: one for one in now.everything or now.standings}
        self.candidates = tuple(fresh.get(one.doc, one) for one in self.candidates)
        self._turn()

    def _turn(self, _at: int = 0) -> None:
        one = self.one
        while (item := self._lines.takeAt(0)) is not None:
            if (gone := item.widget()) is not None:
                gone.hide()
                gone.deleteLater()
        if one is not None:
            self._heading.setText(shown(one.title))
            for target in one.targets[:_SHOWN]:
                marks = " (canary)" if target.canary else " (by hand)" if target.by_hand else ""
                told = f" {shown(target.name)} at {shown(target.instance_name)}{marks}"
                self._lines.addWidget(StateMark(self.room.look, target.state, told, size="small"))
            if len(one.targets) > _SHOWN:
                more = f"and {len(one.targets) - _SHOWN} more"
                self._lines.addWidget(Text(self.room.look, more, size="small", tone="text-muted"))
        self.turned(one)
        self.check()

    def turned(self, one: Standing | None) -> None:
        """Another correction is meant, or it stands otherwise now."""


class _Proposing(_AboutOne):
    """Proposes on a lane that may wait for a provider, then says that nothing moves yet."""

    def begin(self, word: str, hint: str) -> None:
        """The rest of the form, with its main button."""
        self.add(Labelled(self.room, "Why", self.reason, hint))
        self.said = ProposedPage(self.room)
        self.said.hide()
        self.add(self.said)
        self.go = self.add_button(word, self.propose, "main")
        self.reason.setFocus()
        self.follow()

    def propose(self) -> None:
        """To be filled in."""

    def carry(self, proposal: Proposal, needed: str) -> None:
        """It is proposed: show the way to the signatures."""
        self.is_over = True
        self.room.desk.point_at(proposal.sha)
        self.room.desk.refresh()
        for part in self.findChildren(QWidget):
            if part.parent() is self.said.parent() and part is not self.said:
                part.hide()
        self.said.put(proposal, (), self.room.desk.session.clock.wall_ms(), needed)
        self.said.show()
        self.lead.hide()
        self.go.hide()
        self.reason.blockSignals(True)  # noqa: FBT003  Qt's signature
        self.only_close()
        if any(one.name == "review" for one in self.room.commands):
            on = self.add_button("Open the confirmation", self._review, "main")
            on.setFocus()
        self.check()

    def _review(self) -> None:
        self.accept()
        self.room.commands.give("review")


class LiftDialog(_Proposing):
    """Proposes to restore what a correction restricted, from a fresh reading."""

    def __init__(self, room: Room, parent: QWidget, candidates: Sequence[Standing], doc: str | None = None) -> None:
        super().__init__(
            room, parent, "Lift a correction",
            "Access is given back when two people have signed. What is sent is the strictest that remains, where "
            "another correction still holds the same place.", candidates, doc,
        )  # fmt: skip
        self.criteria = Text(room.look, tone="text-muted", wrap=True)
        self.add(self.criteria)
        self.begin("Propose to lift", "What has changed since, and how it was tested. Everybody who signs reads it.")
        self.fit(620)

    def propose(self) -> None:
        """Read the targets anew, and propose."""
        one, reason = self.one, self.reason.toPlainText().strip()
        if one is None:
            return
        doc = one.doc

        def work(session: Session) -> Proposal:
            return corrections.lift(session, doc, reason)

        kept = self.kept.spending(work)
        self.carry_out(kept, lambda made: self.carry(made, "two people, each with their own key"), _READING, "slow")

    def turned(self, one: Standing | None) -> None:
        """Say when an undo would be the shorter way."""
        now = self.room.desk.session.clock.wall_ms()
        told = ""
        if one is not None and one.undo_until_ms is not None and one.undo_until_ms > now:
            told = f"One of its signers alone may still undo it exactly: {left(now, one.undo_until_ms)}."
        self.criteria.setText(told)
        self.criteria.setVisible(bool(told))


class UndoDialog(_Proposing):
    """Proposes to revert exactly to the signed state before; one of its signers suffices, once, in its time."""

    def __init__(self, room: Room, parent: QWidget, candidates: Sequence[Standing], doc: str | None = None) -> None:
        super().__init__(
            room, parent, "Undo a correction",
            "Goes back exactly to what stood there before, as it was signed; once, and everybody sees it.",
            candidates, doc,
        )  # fmt: skip
        self.time = Banner(room.look)
        self.add(self.time)
        self.way: WayBack | None = None
        self._asked: tuple[str, str] | None = None
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._second)
        self.begin("Propose to undo", "What was wrong with it.")
        self._tick.start()
        self.fit(620)

    def why_not(self) -> str:
        """What is still to be said, or that its time is over."""
        return "Its time is over: lift it, with two signatures." if self._left_ms() <= 0 else super().why_not()

    def propose(self) -> None:
        """From the signed bytes; nothing has to be read."""
        one, reason = self.one, self.reason.toPlainText().strip()
        if one is None:
            return
        doc = one.doc
        names = [self.room.desk.session.name_of(person) for person in one.signed]
        needed = f"one of those who signed it: {', '.join(names)}" if names else "one of those who signed it"

        def work(session: Session) -> Proposal:
            return corrections.undo(session, doc, reason)

        def carried(made: Proposal) -> None:
            self.carry(made, needed if made.way is None or made.way.alone else "")

        self.carry_out(self.kept.spending(work), carried, "Proposing ...", "slow")

    def turned(self, one: Standing | None) -> None:
        """Say how much time is left; and from where it goes, once the record has been asked for it."""
        asked = None if one is None else (one.doc, one.state)
        if asked is not None and asked != self._asked:
            self._asked, self.way, doc = asked, None, asked[0]

            def work(session: Session) -> WayBack:
                return undoing.way_back(session, corrections.find_document(session, doc))

            self.room.doer.do(work, lambda way: self._goes(doc, way), failed=lambda _trouble: None, lane="look",
                              over=self)  # fmt: skip
        self._second()

    def _goes(self, doc: str, way: WayBack) -> None:
        if self.one is not None and self.one.doc == doc:
            self.way = way
            self._second()

    def _left_ms(self) -> int:
        one = self.one
        if one is None or one.undo_until_ms is None:
            return 0
        return one.undo_until_ms - self.room.desk.session.clock.wall_ms()

    def _second(self) -> None:
        one, session = self.one, self.room.desk.session
        if one is None or one.undo_until_ms is None or self._left_ms() <= 0:
            self.time.tell("warning", "The time in which one signer may undo it is over.", "Lift it instead.")
        else:
            mine = session.me in one.signed
            who = "You signed it: your signature alone suffices." if mine else (
                f"One signature suffices: {', '.join(map(session.name_of, one.signed))}."
            )  # fmt: skip
            told, way = f"{left(session.clock.wall_ms(), one.undo_until_ms)} to undo it.", self.way
            pressing = self._left_ms() < _SOON_MS or (way is not None and not way.alone)
            if way is not None:
                said = (who if way.alone else "", way.told, way.then)
                who = " ".join(part for part in said if part)
            self.time.tell("warning" if pressing else "info", told, who)
        self.check()


class CancelDialog(_AboutOne):
    """Cancels what has not gone yet; what went already needs an undo or a lift."""

    def __init__(self, room: Room, parent: QWidget, candidates: Sequence[Standing], doc: str | None = None) -> None:
        super().__init__(
            room, parent, "Cancel a correction",
            "What has not gone will not go. What has gone stays, and is not undone by this.", candidates, doc,
        )  # fmt: skip
        self.add(Labelled(room, "Why", self.reason, "It stays in the record."))
        self.add_button("Cancel the correction", self._cancel, "main")
        self.only_close("Leave it")
        self.reason.setFocus()
        self.follow()
        self.fit(600)

    def _cancel(self) -> None:
        one, reason = self.one, self.reason.toPlainText().strip()
        if one is None:
            return
        doc = one.doc

        def work(session: Session) -> str:
            return corrections.cancel(session, doc, reason).id

        def done(_entry: str) -> None:
            self.room.desk.refresh()
            self.accept()

        self.carry_out(self.kept.spending(work), done)
