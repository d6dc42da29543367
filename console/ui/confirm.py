"""The confirmation: a document as its signer reads it, from the very bytes, and one signature under every guard.

It decides nothing: the guard says when, the service says whether, the child process signs. It never waits.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QHideEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QPushButton, QScrollArea, QWidget

from console.outbox.facts import read_document
from console.services import approvals
from console.services.presented import Presented, present
from console.services.session import Session
from console.ui.confirm_sign import SignPanel
from console.ui.confirm_view import Content, Standing, severity_mark
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.widgets import Banner, EmptyState, Stripe, Text
from console.viewmodels.approval import ApprovalView, approval_view, choices_of, guard_of
from console.viewmodels.guard import Guard, NotArmed, OtherBytes
from console.viewmodels.seat import Seat
from console.viewmodels.shell import GROWN, Grown, Trouble

_TICK_MS = 1000


class ConfirmDialog(QDialog):
    """One document, one signer, one signature. It stays above its window and may be left at any time."""

    def __init__(self, room: Room, sha: str, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._room, self._sha = room, sha
        self._paper: Presented | None = None
        self._view: ApprovalView | None = None
        self._guard: Guard | None = None
        self._sign: SignPanel | None = None
        self._readings: tuple[approvals.Reading, ...] = ()
        self._presenting = False
        session = room.desk.session
        self._seat = Seat(session.clock, owner=session.me, owner_name=session.settings.name, lock=room.desk.lock)
        self.setWindowTitle("Confirm")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(False)
        self.setMinimumSize(880, 640)
        self.resize(1080, 820)
        self._build()
        self._tick = QTimer(self)
        self._tick.setInterval(_TICK_MS)
        self._tick.timeout.connect(self._second)
        room.bridge.on(GROWN, self._grown, self)
        self._present()
        self._read()

    def _build(self) -> None:
        room = self._room
        look = room.look
        self._headline = Text(look, "Reading the document ...", size="headline", weight="semibold", wrap=True)
        self._headline.setAccessibleName("Headline")
        self._subline = Text(look, "", tone="text-muted", wrap=True)
        self._mark = QWidget()
        self._mark_line = row(self._mark)
        self._seat_line = Text(look, self._seat.state().sentence, weight="medium")
        self._seat_button = QPushButton("A second person signs here ...")
        self._seat_button.setAutoDefault(False)
        self._seat_button.clicked.connect(self._turn_seat)
        self._again = QPushButton("Read the providers again")
        self._again.setAutoDefault(False)
        self._again.clicked.connect(self._read)
        self._banner = Banner(look)
        self._content = Content(look)
        self._standing = Standing(look)
        self._foot = QWidget()
        self._foot_lines = column(self._foot)
        self._waiting = EmptyState(look, "Reading the document", "Its bytes are read and proven before they are shown.")
        self._foot_lines.addWidget(self._waiting)
        column(self).addWidget(Stripe(look, self._laid_out(), drill=room.desk.session.settings.world == "drill"))

    def _laid_out(self) -> QWidget:
        unit = self._room.look.theme.space("unit")
        body = QWidget()
        middle = row(body, 3 * unit)
        middle.addWidget(self._content, 1)
        middle.addWidget(self._aside())
        inner = QWidget()
        lines = column(inner, unit, (3 * unit, 2 * unit, 3 * unit, 2 * unit))
        top = QWidget()
        seat = row(top, unit)
        seat.addWidget(self._mark)
        seat.addWidget(self._subline, 1)
        seat.addWidget(self._seat_line)
        seat.addWidget(self._seat_button)
        lines.addWidget(top)
        lines.addWidget(self._headline)
        lines.addWidget(self._banner)
        lines.addWidget(body, 1)
        lines.addWidget(self._foot)
        return inner

    def _aside(self) -> QWidget:
        """The right column, scrolling where the window is low."""
        unit = self._room.look.theme.space("unit")
        aside = QWidget()
        lines = column(aside, unit, (0, 0, unit, 0))
        lines.addWidget(self._standing)
        lines.addWidget(self._again, 0, Qt.AlignmentFlag.AlignLeft)
        lines.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(aside)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setAccessibleName("Weight, who else, until when, words")
        scroll.setFixedWidth(unit * 40)
        return scroll

    # -- reading -------------------------------------------------------------------------------------------------------

    def _grown(self, _grown: Grown) -> None:
        self._present()

    def _present(self) -> None:
        """Read the document and its standing anew; one reading at a time."""
        if self._presenting:
            return
        self._presenting = True
        self._room.doer.do(
            lambda session: present(session, self._sha), self._take, failed=self._lost, lane="look", over=self
        )

    def _take(self, paper: Presented) -> None:
        self._presenting = False
        self._paper = paper
        self._show()

    def _lost(self, trouble: Trouble) -> None:
        self._presenting = False
        self._banner.tell("alarm", trouble.what, trouble.next_step)

    def _read(self) -> None:
        """What this console reads for itself; it stands beside what is signed and never replaces it."""
        self._again.setEnabled(False)

        def work(session: Session) -> tuple[approvals.Reading, ...]:
            with session.reader.snapshot() as connection:
                held = read_document(connection, self._sha)
            return tuple(approvals.readings(session, held))

        self._room.doer.do(work, self._took_readings, failed=self._unread, lane="slow", over=self)

    def _took_readings(self, found: tuple[approvals.Reading, ...]) -> None:
        self._again.setEnabled(True)
        before = self._view.contradiction if self._view is not None else ""
        self._readings = found
        self._show()
        if self._view is not None and self._guard is not None and self._view.contradiction not in ("", before):
            self._guard.contradicted()

    def _unread(self, trouble: Trouble) -> None:
        self._again.setEnabled(True)
        self._banner.tell("offline", f"Not read here: {trouble.what}", trouble.next_step)

    def _show(self) -> None:
        if self._paper is None:
            return
        seat = self._seat.state()
        view = approval_view(self._paper, self._readings, person=seat.person)
        first, self._view = self._view is None, view
        self._headline.setText(view.headline)
        self._headline.setAccessibleName(view.headline)
        self.setWindowTitle(f"Confirm: {view.headline}")
        told = [view.direction, view.incident]
        self._subline.setText("   ".join(part for part in told if part))
        if first and view.severity:
            self._mark_line.addWidget(severity_mark(self._room.look, view.severity))
        self._content.put(view)
        self._standing.put(view)
        if self._guard is None or self._sign is None:
            self._begin(view)
        else:
            self._guard.permit(choices_of(view))
            if choices_of(view):
                self._guard.allow("problem")
            else:
                self._guard.forbid("problem", view.why_not or "It cannot be signed here.")
            self._sign.put(view)
        if view.contradiction:
            self._banner.tell("alarm", f"A reading speaks against it: {view.contradiction}", "Ask before you sign.")

    def _begin(self, view: ApprovalView) -> None:
        """A guard and a panel of their own for whoever has the seat."""
        if self._sign is not None:
            self._sign.forget()
            self._foot_lines.removeWidget(self._sign)
            self._sign.deleteLater()
        self._waiting.hide()
        guest = self._seat.state().guest
        whose = "your approver key" if guest is None else f"the approver key of {guest.name}"
        self._guard = guard_of(self._room.desk.session.clock, view)
        self._sign = SignPanel(self._room.look, self._guard, view, whose)
        self._sign.sign.connect(self._give)
        self._sign.ask.connect(self._put_question)
        self._foot_lines.addWidget(self._sign)
        self._seen()

    # -- the guard's senses --------------------------------------------------------------------------------------------

    def _seen(self) -> None:
        """Tell the guard whether this window is in front, whole and has the focus."""
        if self._guard is None:
            return
        handle = self.windowHandle()
        self._guard.shown(self.isVisible() and not self.isMinimized() and bool(handle) and handle.isExposed())
        self._guard.focus(self.isActiveWindow())
        self._guard.obscured(self._is_covered())

    def _is_covered(self) -> bool:
        """Whether another window of ours lies over it; of other programs only the focus tells."""
        if QApplication.activePopupWidget() is not None or QApplication.activeModalWidget() not in (None, self):
            return True
        mine = self.frameGeometry()
        others = [one for one in QApplication.topLevelWidgets() if one.isVisible() and one not in (self, self.parent())]
        return any(one.isWindow() and one.isActiveWindow() and one.frameGeometry().intersects(mine) for one in others)

    def event(self, event: QEvent) -> bool:
        """Whatever could hide, cover or take the focus away is told at once."""
        handled = super().event(event)
        if event.type() in (
            QEvent.Type.WindowActivate, QEvent.Type.WindowDeactivate, QEvent.Type.WindowStateChange,
            QEvent.Type.Expose, QEvent.Type.ActivationChange,
        ):  # fmt: skip
            self._seen()
        return handled

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  Qt's name
        """It counts from here."""
        super().showEvent(event)
        self._tick.start()
        QTimer.singleShot(0, self, self._seen)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  Qt's name
        """Hidden, it is not read."""
        super().hideEvent(event)
        self._tick.stop()
        self._seen()

    def _second(self) -> None:
        self._seen()
        seat = self._seat.state()
        self._seat_line.setText(seat.sentence)
        if self._paper is not None and self._guard is not None and self._guard.state().name in ("waiting", "ready"):
            self._present()

    # -- deciding ------------------------------------------------------------------------------------------------------

    def _give(self, choice: str, passphrase: bytes, reason: str) -> None:
        """One signature over the bytes first shown."""
        if self._guard is None or self._sign is None or self._paper is None:
            return
        try:
            taken = self._guard.take(self._paper.sha)
        except (NotArmed, OtherBytes) as fault:
            self._sign.say(fault.what)
            return
        if taken != choice:
            self._sign.say("Nothing was signed.")
            return
        guest = None if self._seat.state().phase == "own" else self._seat.signer()
        self._sign.setEnabled(False)
        self._banner.tell("info", "Signing ...")

        def work(session: Session) -> approvals.Waiting:
            with session.reader.snapshot() as connection:
                held = read_document(connection, self._sha)
            approvals.decide(session, held, choice, lambda: passphrase, reason=reason, guest=guest, shown=self._sha)
            return approvals.judge(session, held)

        self._room.doer.do(work, lambda standing: self._signed(choice, standing), failed=self._refused, lane="slow",
                           over=self)  # fmt: skip

    def _signed(self, choice: str, standing: approvals.Waiting) -> None:
        if self._seat.state().phase == "taken":
            self._seat.signed()
        if self._sign is not None:
            self._sign.setEnabled(True)
            self._sign.forget()
        self._room.desk.refresh()
        if choice == "refuse":
            self._banner.tell("info", "Refused and signed: this revision ends.", "A new revision needs a new proposal.")
        elif standing.verdict.met:
            self._banner.tell("good", "Signed. Its signatures are complete.", "It goes now: see the outbox.")
        else:
            self._banner.tell("good", "Signed.", "Still missing: " + " ".join(standing.verdict.missing))
        self._present()

    def _refused(self, trouble: Trouble) -> None:
        """The service said no: nothing was signed, and it may be begun anew."""
        self._banner.clear()
        if self._guard is not None:
            self._guard.give_back()
        if self._sign is not None:
            self._sign.setEnabled(True)
            self._sign.say(f"{trouble.what} {trouble.next_step}".strip())

    def _put_question(self, text: str) -> None:
        def work(session: Session) -> None:
            with session.reader.snapshot() as connection:
                held = read_document(connection, self._sha)
            approvals.ask(session, held, text)

        sign = self._sign
        self._room.doer.do(
            work, lambda _done: sign.asked() if sign is not None else None, failed=self._refused, over=self
        )

    # -- the seat ------------------------------------------------------------------------------------------------------

    def _turn_seat(self) -> None:
        """Give the seat to a second person for one signature, or take it back."""
        if self._seat.state().phase != "own":
            self._seat.give_back()
            self._seat_changed()
            return
        self._seat.offer()
        self._seat_changed()
        folder = QFileDialog(self, "The second person's own profile folder")
        folder.setFileMode(QFileDialog.FileMode.Directory)
        folder.setOption(QFileDialog.Option.ShowDirsOnly)
        folder.fileSelected.connect(self.take_seat)
        folder.rejected.connect(self._turn_seat)
        folder.open()

    def take_seat(self, folder: str) -> None:
        """The second person's profile lies in `folder`."""

        def seated(guest: approvals.Guest) -> None:
            self._seat.take(guest)
            self._seat_changed()
            self._warn_seat(guest)

        def not_seated(trouble: Trouble) -> None:
            self._seat.give_back()
            self._seat_changed()
            self._banner.tell("alarm", trouble.what, trouble.next_step)

        self._room.doer.do(
            lambda session: approvals.find_guest(session, Path(folder)),
            seated,
            failed=not_seated,
            lane="slow",
            over=self,
        )

    def _warn_seat(self, guest: approvals.Guest) -> None:
        """Whether a signature here could count at all is said before anybody types."""

        def work(session: Session) -> str | None:
            with session.reader.snapshot() as connection:
                held = read_document(connection, self._sha)
            return approvals.why_not_counted(session, held, guest)

        def told(why: str | None) -> None:
            if why is not None and self._guard is not None:
                self._guard.forbid("seat", why)
                self._banner.tell("alarm", why, "Sign it at your own console.")

        self._room.doer.do(work, told, lane="slow", over=self)

    def _seat_changed(self) -> None:
        state = self._seat.state()
        self._banner.clear()
        self._seat_line.setText(state.sentence)
        self._seat_line.set_tone("text" if state.phase == "own" else "changed")
        own = state.phase == "own"
        self._seat_button.setText("A second person signs here ..." if own else "Give the seat back")
        self._guard, paper = None, self._paper
        if paper is not None:
            view = approval_view(paper, self._readings, person=state.person)
            self._begin(view)
            if state.phase == "offered" and self._guard is not None:
                self._guard.forbid("seat", state.sentence)
            self._show()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  Qt's name
        """Leaving signs nothing and wipes what was typed."""
        if self._sign is not None:
            self._sign.forget()
        if self._seat.state().phase != "own":
            self._seat.give_back()
        super().closeEvent(event)
