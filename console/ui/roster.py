"""The dialog in which a roster that waits is read and signed, with one's approver key or a sealed recovery key.

It is signed from the view of its very bytes, under the guards of every confirmation. Nothing here counts a signature.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QPushButton, QWidget
from shiboken6 import isValid

from console.journal.values import Draft
from console.keys.recovery import TypedKey
from console.services import dispatch, roster
from console.services.roster import RECOVERY, Outcome
from console.services.session import APPROVER, Session
from console.ui.confirm_senses import Senses, tell_of_view
from console.ui.confirm_sign import SignPanel
from console.ui.confirm_view import Content
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.roster_recovery import RecoveryKey
from console.ui.screens import room_on_screen
from console.ui.widgets import Stripe, Text
from console.viewmodels.approval import guard_of
from console.viewmodels.guard import Guard
from console.viewmodels.organisation import WaitingView
from console.viewmodels.shell import Trouble

_LOOK_MS: Final = 200
_ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_SIZE: Final = (860, 720)
_WORDS_ASKED: Final = "The eight words of envelope 2, for this one signature"


class RosterDialog(QDialog):
    """One roster, read from its bytes, and one signature. It may be left at any time; leaving signs nothing."""

    def __init__(self, room: Room, waiting: WaitingView, parent: QWidget | None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._room, self._waiting, self._view = room, waiting, waiting.paper
        look, view = room.look, waiting.paper
        self.setWindowTitle(f"Sign: {view.headline}")
        self.setAccessibleName(f"Sign: {view.headline}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._guard: Guard = guard_of(room.desk.session.clock, view)
        self.content = Content(look)
        self.content.put(view, view.problems)
        self.sign = SignPanel(look, self._guard, view)
        self.sign.sign.connect(self._give)
        self.sign.ask.connect(self._ask)
        self.sign.unlock.connect(self._unlock)
        self.sign.leave.connect(self.close)
        unit = look.theme.space("unit")
        inner = QWidget()
        lines = column(inner, unit, (3 * unit, 2 * unit, 3 * unit, 2 * unit))
        self._headline = Text(look, view.headline, size="headline", weight="semibold", wrap=True)
        self._headline.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        words = Text(look, f"In words: {' '.join(view.digest_words)}", mono=True, wrap=True)
        words.setAccessibleName(f"The roster in words, the same on every screen: {' '.join(view.digest_words)}")
        self.recovery = RecoveryKey(room, waiting.sha)
        self.recovery.changed.connect(self._turn)
        self.use_recovery = QPushButton("Use my sealed recovery key ...")
        self.use_recovery.setToolTip("For whoever lost the machine or the key: the two envelopes sign in its place")
        self.use_recovery.clicked.connect(self._show_recovery)
        self.use_recovery.setVisible(not view.problems)
        above = QWidget()
        line = row(above, unit)
        line.addWidget(words, 1)
        line.addWidget(self.use_recovery, 0, Qt.AlignmentFlag.AlignTop)
        for part in (self._headline, above):
            lines.addWidget(part)
        lines.addWidget(self.content, 1)
        lines.addWidget(self.recovery)
        lines.addWidget(self.sign)
        column(self).addWidget(Stripe(look, inner, drill=room.desk.session.settings.world == "drill"))
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)
            button.setDefault(False)
        self._headline.setFocus(Qt.FocusReason.OtherFocusReason)
        screen, scale = room_on_screen(self), look.theme.text_scale
        self.resize(min(round(_SIZE[0] * scale), screen.width()), min(round(_SIZE[1] * scale), screen.height()))
        self._senses = Senses(self, lambda: self._guard)
        self._tick = QTimer(self)
        self._tick.setInterval(_LOOK_MS)
        self._tick.timeout.connect(self._look)
        self._tick.start()
        self._look()

    @property
    def guard(self) -> Guard:
        """What decides whether anything may be pressed."""
        return self._guard

    # -- the sealed recovery key ---------------------------------------------------------------------------------------

    def _show_recovery(self) -> None:
        self.use_recovery.hide()
        self.recovery.show()
        self.recovery.setFocus()

    def _turn(self) -> None:
        """Another key would sign: what was prepared begins anew."""
        key, view = self.recovery.key, self._waiting.paper
        self._view = view if key is None else replace(view, can_sign=not view.problems, why_not="")
        self.sign.ask_for(_WORDS_ASKED if key is not None else "")
        self._guard.reset()
        self.sign.put(self._view)
        self._look()

    # -- signing -------------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        tell_of_view(self._guard, self._view, self._view, whole=self.content.whole, turning=False, locked_writer=False)
        self._senses.look()
        self.sign.look_again()

    def _give(self, choice: str, passphrase: bytes, _reason: str) -> None:
        self._senses.look()
        if self._guard.take(self._waiting.sha) != choice or choice != "approve":
            self.sign.say("Nothing was signed.")
            return
        self.sign.set_busy(busy=True)
        sha, sealed = self._waiting.sha, self.recovery.key

        def work(session: Session) -> Outcome:
            return _signed_with(session, sha, sealed, passphrase)

        self._room.doer.do(work, self._signed, failed=self._failed, lane="slow", over=self)

    def _signed(self, outcome: Outcome) -> None:
        if isValid(self):
            self.recovery.forget()
            told = "It is in force." if outcome.in_force else f"It still waits: {outcome.missing}"
            self.sign.finish(f"Signed. {told}", "Others have it as soon as their consoles have met the folder.")
        self._room.doer.do(dispatch.sync_all, lambda _done: None, failed=lambda _trouble: None, lane="slow", over=self)
        self._room.desk.refresh()

    def _failed(self, trouble: Trouble) -> None:
        self._guard.give_back()
        self.sign.say(f"{trouble.what} {trouble.next_step}".strip())

    def _ask(self, text: str) -> None:
        said = f"Question about roster {self._waiting.n} ({self._waiting.sha[:12]}): {text}"
        self._room.doer.do(
            lambda session: session.append(Draft("note", disclosures={"text": said})),
            lambda _done: self.sign.asked(), failed=self._failed, over=self,
        )  # fmt: skip

    def _unlock(self) -> None:
        self._room.doer.do(
            lambda session: session.writer(), lambda _done: self._look(), failed=self._failed, lane="slow", over=self
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Enter presses nothing; Escape goes one step back."""
        escape = event.key() == Qt.Key.Key_Escape and self.sign.back()
        if event.key() in _ENTER or escape:
            event.accept()
        else:
            super().keyPressEvent(event)

    def done(self, result: int) -> None:
        """Leaving signs nothing and wipes what was typed."""
        self._tick.stop()
        self.sign.back()
        self.sign.wipe()
        self.recovery.forget()
        super().done(result)


def _signed_with(session: Session, sha: str, sealed: TypedKey | None, passphrase: bytes) -> Outcome:
    """One signature; what was typed for it serves for nothing else."""
    what = APPROVER if sealed is None else RECOVERY
    session.offer(what, passphrase)
    try:
        return roster.sign(session, sha, recovery=sealed)
    finally:
        session.forget(what)
