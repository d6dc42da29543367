"""Proposing the version that ends a split of the roster: which one goes on, who is left out, and why."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from console.services import dispatch, settling
from console.services.roster import Outcome
from console.ui.room import Room
from console.ui.sheets import Labelled, Sheet, text_line
from console.ui.widgets import Text
from console.viewmodels.roster_split import SplitView
from console.viewmodels.shell import Trouble

_LEAD = (
    "Only once every admin agreed, by voice. It proposes a roster by which the version that counts on this console "
    "goes on, with everything that any branch revoked. Admins of each branch have to sign it; then every console "
    "follows it. What only the other version said is then not so."
)


class SettleSheet(Sheet):
    """A reason, and the first signature."""

    def __init__(self, room: Room, parent: QWidget, split: SplitView) -> None:
        super().__init__(room, parent, "End the split", _LEAD)
        used = next(one for one in split.versions if one.used)
        words = Text(room.look, used.words, mono=True, wrap=True)
        words.setAccessibleName(f"The version that goes on, in words: {used.words}")
        self.add(Labelled(room, "This version goes on", words))
        left = split.left_out or "Nobody"
        self.add(Text(room.look, f"Afterwards to be admitted again: {left}.", wrap=True))
        self.reason = text_line("Why this one goes on (whoever signs reads it)")
        self.add(Labelled(room, "Why this one goes on (whoever signs reads it)", self.reason))
        self.add_button("Propose and sign", self._propose, "main")
        self.reason.textChanged.connect(self.check)
        self.check()
        self.fit(600)
        self.reason.setFocus()

    def why_not(self) -> str:
        """A reason."""
        return "" if self.reason.text().strip() else "Say why: whoever signs has to know."

    def _propose(self) -> None:
        reason = self.reason.text().strip()
        self.carry_out(
            lambda session: settling.settle(session, reason), self._proposed, "Signing the roster ...", lane="slow"
        )

    def _proposed(self, _outcome: Outcome) -> None:
        window = self.parentWidget()
        self.room.doer.do(dispatch.sync_all, lambda _d: None, failed=_told_beside, lane="slow", over=window)
        self.room.desk.refresh()
        self.accept()


def _told_beside(_trouble: Trouble) -> None:
    """A place that is gone is told by the window's banner; the proposal lies here until it returns."""
