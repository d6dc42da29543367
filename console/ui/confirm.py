"""The confirmation: a document as its signer reads it, from the very bytes, and one signature under every guard.

It decides nothing: the guard says when, the service says whether, the child process signs. It never waits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QAbstractSlider, QApplication, QDialog, QPushButton, QScrollArea, QWidget

from console.domain.errors import WrongUse
from console.services import approvals
from console.services.presented import Presented
from console.ui.carry_commands import hand_over
from console.ui.confirm_fields import ENTER
from console.ui.confirm_outcome import outcome_of, progress_of
from console.ui.confirm_papers import Found, Papers
from console.ui.confirm_senses import Senses, tell_of_view
from console.ui.confirm_sign import SignPanel
from console.ui.confirm_standing import Standing
from console.ui.confirm_view import Content, severity_mark
from console.ui.kept import KeptTexts
from console.ui.parts import column, fit, keep_in_reach, row
from console.ui.room import Room
from console.ui.seat import SeatBand
from console.ui.widgets import Banner, Elide, EmptyState, Stripe, Text
from console.viewmodels.approval import ApprovalView, approval_view, guard_of
from console.viewmodels.approval_standing import windows
from console.viewmodels.guard import Guard
from console.viewmodels.shell import GROWN, NOW, SHELL, Grown, Now, Shell, Trouble

SMALLEST: Final = QSize(880, 640)
_WANTED: Final = QSize(1120, 860)
_LARGE_TEXT: Final = 1.4  # a text scale beyond which there is no room beside
_LOOK_MS: Final = 200
_A_SECOND: Final = 5  # looks
_AGAIN: Final = 25  # looks between two readings of how it stands: rules depend on the time too
_SCROLLS: Final[dict[int, QAbstractSlider.SliderAction]] = {
    Qt.Key.Key_Down: QAbstractSlider.SliderAction.SliderSingleStepAdd,
    Qt.Key.Key_Up: QAbstractSlider.SliderAction.SliderSingleStepSub,
    Qt.Key.Key_PageDown: QAbstractSlider.SliderAction.SliderPageStepAdd,
    Qt.Key.Key_PageUp: QAbstractSlider.SliderAction.SliderPageStepSub,
}


class ConfirmDialog(QDialog):
    """One document, one signer, one signature. It stays above its window and may be left at any time."""

    def __init__(self, room: Room, sha: str, parent: QWidget | None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._room, self._sha = room, sha
        self._paper: Presented | None = None
        self._view: ApprovalView | None = None
        self._guard: Guard | None = None
        self._sign: SignPanel | None = None
        self._readings: tuple[approvals.Reading, ...] = ()
        self._looks = 0
        self._reading = True
        self._decided = False
        self.setWindowTitle("Confirm")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(False)
        self._papers = Papers(room, sha, self)
        self._papers.came.connect(self._take)
        self._papers.lost.connect(self._lost)
        self._papers.read.connect(self._took_readings)
        self._papers.unread.connect(self._unread)
        self._build()
        self._fit()
        self._senses = Senses(self, lambda: self._guard)
        self._tick = QTimer(self)
        self._tick.setInterval(_LOOK_MS)
        self._tick.timeout.connect(self._look)
        room.bridge.on(GROWN, self._grown, self)
        room.bridge.on(SHELL, self._shell, self)
        room.bridge.on(NOW, self._now, self)
        self._papers.present()
        self._papers.look(asked=False)

    @staticmethod
    def opened(room: Room, sha: str, parent: QWidget | None) -> ConfirmDialog:
        """The confirmation of this document over this window, in front: the one that is open already, or a new one."""
        for one in QApplication.topLevelWidgets():
            if isinstance(one, ConfirmDialog) and one.sha == sha and one.parent() is parent and one.isVisible():
                one.setWindowState(one.windowState() & ~Qt.WindowState.WindowMinimized)
                one.raise_()
                one.activateWindow()
                return one
        found = ConfirmDialog(room, sha, parent)
        found.show()
        return found

    @property
    def sha(self) -> str:
        """The document it is about."""
        return self._sha

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _fit(self) -> None:
        """As large as is good, and never larger than the screen: what is cut off cannot be read."""
        fit(self, _WANTED * self._room.look.theme.text_scale, SMALLEST)

    def _build(self) -> None:
        room, look = self._room, self._room.look
        self._large = look.theme.text_scale > _LARGE_TEXT
        size = "title" if self._large else "headline"
        self._headline = Text(look, "Reading the document ...", size=size, weight="semibold", wrap=True)
        self._subline = Elide(look, "", tone="text-muted")
        self._mark = QWidget()
        self._mark_line = row(self._mark)
        self._seat = SeatBand(self._room, self._sha, self)
        self._seat.turned.connect(self._seat_turned)
        self._again = QPushButton("Read the providers again")
        self._again.setAutoDefault(False)
        self._again.clicked.connect(self._read_again)
        self._carry = QPushButton("Hand over by file or QR ...")
        self._carry.clicked.connect(lambda: hand_over(room, self._sha, self, asks=True))
        self._against, self._banner = Banner(look), Banner(look)
        self._standing = Standing(look)
        aside = self._aside()
        self._content = Content(look, aside if self._large else None)
        self._content.drawn.connect(self._drawn)
        self._foot = QWidget()
        self._foot_lines = column(self._foot)
        self._waiting = EmptyState(look, "Reading the document", "Its bytes are read and proven before they are shown.")
        self._foot_lines.addWidget(self._waiting)
        drill = self._room.desk.session.settings.world == "drill"
        column(self).addWidget(Stripe(look, self._laid_out(aside), drill=drill))
        for banner in (self._against, self._banner):
            banner.clear()
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)
            button.setDefault(False)
        for part in (self._seat.line, self._carry, self._again):
            part.setEnabled(False)  # until there is something to hand over, and to read about
        self._headline.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # read out first, and no button is a key away
        self._headline.setFocus(Qt.FocusReason.OtherFocusReason)

    def _laid_out(self, aside: QWidget) -> QWidget:
        unit = self._room.look.theme.space("unit")
        body = QWidget()
        middle = row(body, 2 * unit)
        middle.addWidget(self._content, 1)
        if not self._large:
            middle.addWidget(self._scrolling(aside))
        top = QWidget()
        line = row(top, unit)
        line.addWidget(self._mark)
        line.addWidget(self._subline, 1)
        line.addWidget(self._seat.line)
        inner = QWidget()
        lines = column(inner, unit, (3 * unit, 2 * unit, 3 * unit, 2 * unit))
        for part in (top, self._headline, self._seat, self._against, self._banner):
            lines.addWidget(part)
        lines.addWidget(body, 1)
        lines.addWidget(self._foot)
        return inner

    def _aside(self) -> QWidget:
        """Weight, who else, until when, words: beside the evidence, or with large text at its end."""
        aside = QWidget()
        unit = self._room.look.theme.space("unit")
        lines = column(aside, unit, (0, 0, unit, 0))
        lines.addWidget(self._standing)
        for button in (self._again, self._carry):
            lines.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        lines.addStretch(1)
        return aside

    def _scrolling(self, aside: QWidget) -> QWidget:
        """The right column, scrolling where the window is low."""
        look = self._room.look
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(aside)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setAccessibleName("Weight, who else, until when, words")
        scroll.setFixedWidth(round(look.theme.space("unit") * 39 * max(1.0, look.theme.text_scale)))
        return scroll

    # -- reading -------------------------------------------------------------------------------------------------------

    def _grown(self, _grown: Grown) -> None:
        self._papers.present()

    def _take(self, paper: Presented) -> None:
        self._paper = paper
        if paper.problem is not None:
            self._banner.clear()  # whatever else failed, failed for the same reason
        self._may_read_again()
        self._show()

    def _lost(self, trouble: Trouble) -> None:
        if self._guard is not None:
            self._guard.forbid("reading", f"It could not be read anew: {trouble.what}")
        if not self._waiting.isHidden():  # nothing was shown yet
            self._headline.setText("The document could not be read.")
            self._waiting.say("Nothing can be signed here", "What is not read is not shown, and not signed.")
        self._banner.tell("alarm", trouble.what, trouble.next_step)

    def _read_again(self) -> None:
        self._reading = True
        self._may_read_again()
        self._papers.look(asked=True)

    def _may_read_again(self) -> None:
        """Only about what is here to read about, and one reading at a time."""
        self._again.setEnabled(self._paper is not None and not self._reading)

    def _took_readings(self, found: Found) -> None:
        self._reading = False
        self._may_read_again()
        self._again.setText("Unlock and read the providers ..." if found is None else "Read the providers again")
        if found is not None:
            self._readings = found
            self._show()

    def _unread(self, trouble: Trouble) -> None:
        self._reading = False
        self._may_read_again()
        if self._paper is not None and self._paper.problem is not None:
            return  # it says already why nothing of it can be read
        self._banner.tell("offline", f"Not read here: {trouble.what}", trouble.next_step)

    # -- showing -------------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        """Make the view anew for whoever has the seat, and tell the guard what that changes."""
        if self._paper is None:
            return
        before, view = self._view, self._view_now(self._paper)
        self._view = view
        if self._headline.text() != view.headline:
            self._headline.setText(view.headline)
            self._headline.setAccessibleName(view.headline)
            self.setWindowTitle(f"Confirm: {view.headline}")
        self._subline.setText("   ".join(part for part in (view.direction, view.incident) if part))
        if view.severity and self._mark_line.count() == 0:
            self._mark_line.addWidget(severity_mark(self._room.look, view.severity))
        signed = self._sign is not None and self._sign.signed
        self._content.put(view, () if signed or view.can_sign else view.problems)
        self._standing.put(view)
        if view.contradiction:
            self._against.tell("alarm", f"A reading speaks against it: {view.contradiction}.", "Ask before you sign.")
        else:
            self._against.clear()
        if self._guard is None or self._sign is None:
            self._begin(view)
        else:
            self._tell_guard(self._guard, before, view)
            self._sign.put(view)

    def _view_now(self, paper: Presented) -> ApprovalView:
        seat = self._seat.state
        view = approval_view(paper, self._readings, person=seat.person)
        if seat.phase == "taken" and self._seat.why_not and view.can_sign:
            view = replace(view, can_sign=False, why_not=self._seat.why_not)
        return view

    def _tell_guard(self, guard: Guard, before: ApprovalView | None, view: ApprovalView) -> None:
        phase = self._seat.state.phase
        locked = phase == "own" and not self._room.desk.session.unlocked
        tell_of_view(guard, before, view, whole=self._content.whole, turning=phase == "offered", locked_writer=locked)

    def _begin(self, view: ApprovalView) -> None:
        """A guard and a panel of their own for whoever has the seat."""
        if self._sign is not None:
            self._sign.wipe()
            self._foot_lines.removeWidget(self._sign)
            self._sign.hide()
            self._sign.deleteLater()
        self._waiting.hide()
        for part in (self._seat.line, self._carry):
            part.setEnabled(True)
        guest = self._seat.state.guest
        self._guard = guard_of(self._room.desk.session.clock, view)
        self._tell_guard(self._guard, None, view)
        self._sign = SignPanel(self._room.look, self._guard, view, "" if guest is None else guest.name)
        self._sign.sign.connect(self._give)
        self._sign.ask.connect(self._put_question)
        self._sign.unlock.connect(self._unlock_writer)
        self._sign.leave.connect(self.close)
        self._sign.hand_back.connect(lambda: hand_over(self._room, self._sha, self, asks=False))
        self._foot_lines.addWidget(self._sign)
        if guest is None:  # who has the seat as a guest leaves nothing behind in this profile
            KeptTexts(self._sign, self._room, f"confirm:{self._sha}", self._sign.prose).begin()
        self._senses.look()
        self._sign.look_again()

    def _drawn(self) -> None:
        if self._guard is not None:
            self._guard.allow("drawing")

    def _shell(self, _shell: Shell) -> None:
        self._show()

    def _now(self, now: Now) -> None:
        if self._sign is not None and self._sign.signed:
            self._sign.now(progress_of(now, self._sha))

    def _look(self) -> None:
        """Some times a second: what is in front. Each second: the times. Now and then: how it stands."""
        self._looks += 1
        self._senses.look()
        if self._looks % _A_SECOND == 0:
            self._seat.tick()
            if self._paper is not None:
                now = self._room.desk.session.clock.wall_ms()
                self._standing.tick(windows(replace(self._paper, now_ms=now)))
        if self._looks % _AGAIN == 0:
            self._papers.present()

    # -- deciding ------------------------------------------------------------------------------------------------------

    def _give(self, choice: str, passphrase: bytes, reason: str) -> None:
        """One signature over the bytes first shown."""
        if self._guard is None or self._sign is None or self._paper is None:
            return
        self._senses.look()
        try:
            guest = self._seat.guest()
            taken = self._guard.take(self._paper.sha)
        except WrongUse as fault:
            self._sign.say(f"{fault.what} {fault.next_step}")
            return
        if taken != choice:
            self._sign.say("Nothing was signed.")
            return
        self._sign.set_busy(busy=True)

        self._papers.sign(
            choice, passphrase, reason, guest, lambda standing: self._signed(choice, standing), self._refused
        )

    def _signed(self, choice: str, standing: approvals.Waiting | str) -> None:
        self._seat.signed()
        self._banner.clear()
        self._decided = choice == "refuse" or (not isinstance(standing, str) and standing.verdict.met)
        if self._sign is not None and self._view is not None:
            self._sign.finish(*outcome_of(choice, standing, self._view))
        self._room.desk.refresh()
        self._papers.present()

    def _refused(self, trouble: Trouble) -> None:
        """The service said no: nothing was signed, and it may be begun anew."""
        if self._guard is not None:
            self._guard.give_back()
        if self._sign is not None:
            self._sign.say(f"{trouble.what} {trouble.next_step}".strip())

    def _put_question(self, text: str) -> None:
        sign = self._sign

        def told(tell: Callable[[SignPanel], None]) -> None:
            if sign is not None and sign is self._sign:
                tell(sign)

        def failed(trouble: Trouble) -> None:
            told(lambda panel: panel.say(f"{trouble.what} {trouble.next_step}".strip()))

        self._papers.ask(text, lambda _done: told(SignPanel.asked), failed)

    def _unlock_writer(self) -> None:
        """Before anybody types: the key that carries the signature, asked for by itself."""

        def failed(trouble: Trouble) -> None:
            self._banner.tell("warning", trouble.what, trouble.next_step)

        def done(_signer: object) -> None:
            self._banner.clear()
            self._room.desk.refresh()
            self._show()

        self._room.doer.do(lambda session: session.writer(), done, failed=failed, lane="slow", over=self)

    # -- the seat, the keys, the end -----------------------------------------------------------------------------------

    def _seat_turned(self) -> None:
        """Somebody else reads it now: anew, under a guard of their own; what is decided leaves nothing to sign."""
        if self._decided and self._seat.state.phase == "own":
            self.close()
            return
        self._banner.clear()
        if self._sign is not None:
            self._guard, sign, self._sign = None, self._sign, None
            sign.wipe()
            self._foot_lines.removeWidget(sign)
            sign.hide()
            sign.deleteLater()
        self._show()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  Qt's name
        """It counts from here."""
        super().showEvent(event)
        self._tick.start()
        keep_in_reach(self)
        QTimer.singleShot(0, self, self._senses.look)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Enter presses nothing here, wherever it is pressed. Escape goes one step back; x shows the exact requests.

        t goes to the value that is to be typed: past every target, and to no button.
        """
        escape = event.key() == Qt.Key.Key_Escape and self._sign is not None and self._sign.back()
        if event.key() in ENTER or escape:
            event.accept()
        elif event.key() in _SCROLLS:
            bar = self._content.verticalScrollBar()
            bar.triggerAction(_SCROLLS[event.key()])
        elif event.key() == Qt.Key.Key_X and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self._content.turn_all()
        elif event.key() == Qt.Key.Key_T and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            if self._sign is not None:
                self._sign.go_to_value()
        else:
            super().keyPressEvent(event)

    def done(self, result: int) -> None:
        """Leaving signs nothing and wipes what was typed."""
        self._tick.stop()
        if self._sign is not None:
            self._sign.back()
            self._sign.wipe()
        self._seat.leave()
        super().done(result)
