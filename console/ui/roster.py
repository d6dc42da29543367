"""Dialogs that change the roster: read and sign what waits, admit somebody, change a member, write the letter.

They show what the services tell and give intentions; nothing here counts a signature. A roster is signed from the view
of its very bytes, under the guards of every confirmation.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QGridLayout, QPushButton, QWidget
from shiboken6 import isValid

from console.domain.forms import ROLES
from console.journal.values import Draft
from console.services import dispatch, lodging, members, roster
from console.services.roster import Outcome
from console.services.session import APPROVER, Session
from console.ui.confirm_senses import Senses, tell_of_view
from console.ui.confirm_sign import SignPanel
from console.ui.confirm_view import Content
from console.ui.pages import HeardField
from console.ui.parts import column
from console.ui.room import Room
from console.ui.sheets import Labelled, Sheet, text_line
from console.ui.widgets import Stripe, Text
from console.viewmodels.approval import guard_of
from console.viewmodels.guard import Guard
from console.viewmodels.intake import read_moment
from console.viewmodels.organisation import Member, WaitingView
from console.viewmodels.shell import Trouble

_LOOK_MS: Final = 200
_NAME_CHARS: Final = 120
_USUAL_ROLES: Final = frozenset({"approver"})
_ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_SIZE: Final = (860, 720)


class RosterDialog(QDialog):
    """One roster, read from its bytes, and one signature. It may be left at any time; leaving signs nothing."""

    def __init__(self, room: Room, waiting: WaitingView, parent: QWidget | None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._room, self._waiting = room, waiting
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
        for part in (self._headline, words):
            lines.addWidget(part)
        lines.addWidget(self.content, 1)
        lines.addWidget(self.sign)
        column(self).addWidget(Stripe(look, inner, drill=room.desk.session.settings.world == "drill"))
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)
            button.setDefault(False)
        self._headline.setFocus(Qt.FocusReason.OtherFocusReason)
        screen, scale = self.screen().availableSize(), look.theme.text_scale
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

    def _look(self) -> None:
        tell_of_view(
            self._guard, self._waiting.paper, self._waiting.paper, whole=self.content.whole, turning=False,
            locked_writer=False,
        )  # fmt: skip
        self._senses.look()
        self.sign.look_again()

    def _give(self, choice: str, passphrase: bytes, _reason: str) -> None:
        self._senses.look()
        if self._guard.take(self._waiting.sha) != choice or choice != "approve":
            self.sign.say("Nothing was signed.")
            return
        self.sign.set_busy(busy=True)
        sha = self._waiting.sha

        def work(session: Session) -> Outcome:
            session.offer(APPROVER, passphrase)
            return roster.sign(session, sha)

        self._room.doer.do(work, self._signed, failed=self._failed, lane="slow", over=self)

    def _signed(self, outcome: Outcome) -> None:
        if isValid(self):
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
        super().done(result)


class RoleChoice(QWidget):
    """Every role with a tick."""

    def __init__(self, room: Room, held: frozenset[str]) -> None:
        super().__init__()
        self.ticks = {role: QCheckBox(role) for role in ROLES}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(room.look.theme.space("wide"))
        for at, (role, tick) in enumerate(self.ticks.items()):
            tick.setChecked(role in held)
            tick.setAccessibleName(f"May hold {role}")
            grid.addWidget(tick, at // 3, at % 3)
        self.setAccessibleName("Roles they may hold")
        self.setFocusProxy(next(iter(self.ticks.values())))

    def chosen(self) -> tuple[str, ...]:
        """The roles that are ticked."""
        return tuple(role for role, tick in self.ticks.items() if tick.isChecked())


class _Proposing(Sheet):
    """Proposes a roster, tells what it still lacks, and closes."""

    def proposed(self, _outcome: Outcome) -> None:
        """It lies in the folder with one's own signature."""
        window = self.parentWidget()
        self.room.doer.do(dispatch.sync_all, lambda _d: None, failed=lambda _t: None, lane="slow", over=window)
        self.room.desk.refresh()
        self.accept()


class AdmitSheet(_Proposing):
    """Admits whoever's request has the words that are heard."""

    def __init__(self, room: Room, parent: QWidget) -> None:
        super().__init__(
            room, parent, "Admit somebody",
            "They choose Join at their console and read you eight words, by voice. Another admin compares and signs "
            "as well; only then do their keys count.",
        )  # fmt: skip
        self.heard = HeardField(room.look, "Type the words you hear")
        self.name = text_line("Their name, as colleagues will read it", _NAME_CHARS)
        self.roles = RoleChoice(room, _USUAL_ROLES)
        self.device = QCheckBox("It is a member's further device or renewed key, and their own voice read the words")
        self.reason = text_line("Why (whoever signs reads it)")
        self.add(self.heard)
        self.add(self.device)
        self._who = Labelled(room, "Their name, as colleagues will read it", self.name)
        self._roles = Labelled(room, "Roles they may hold", self.roles)
        self.add(self._who)
        self.add(self._roles)
        self.add(Labelled(room, "Why (whoever signs reads it)", self.reason))
        self.add_button("Admit and sign", self._admit, "main")
        self.device.toggled.connect(self._turn)
        for signal in (self.heard.changed, self.name.textChanged):
            signal.connect(self.check)
        for tick in self.roles.ticks.values():
            tick.toggled.connect(self.check)
        self.check()
        self.fit(600)
        self.heard.setFocus()

    def _turn(self, device: bool) -> None:  # noqa: FBT001  Qt's signal
        self._who.setEnabled(not device)
        self._roles.setEnabled(not device)
        self.check()

    def why_not(self) -> str:
        """What is still to be said."""
        if not self.heard.complete():
            return "Type the eight words."
        if self.device.isChecked():
            return ""
        if not self.name.text().strip():
            return "Give their name."
        return "" if self.roles.chosen() else "Choose at least one role."

    def _admit(self) -> None:
        words, name, reason = self.heard.text(), self.name.text(), self.reason.text()
        roles, device = self.roles.chosen(), self.device.isChecked()

        def work(session: Session) -> Outcome:
            if device:
                return members.admit(session, words, device=True, reason=reason)
            return members.admit(session, words, name=name, roles=roles, reason=reason)

        self.carry_out(work, self.proposed, "Comparing, and signing the roster ...", lane="slow")


class MemberSheet(_Proposing):
    """Other roles for a member, their leaving, or a lost device."""

    def __init__(self, room: Room, parent: QWidget, member: Member) -> None:
        super().__init__(
            room, parent, f"Change {member.name}",
            "Each change is a new roster: it counts when enough admins have signed it.",
        )  # fmt: skip
        self._member = member
        self.what = QComboBox()
        self.what.addItem("Other roles", "roles")
        self.what.addItem("They leave: no role, every key ends", "leave")
        for console in member.consoles:
            self.what.addItem(f"A device is lost: revoke its keys (console ..{console[-4:]})", console)
        self.what.addItem("Revoke every key of theirs, for ever", "revoke")
        self.roles = RoleChoice(room, frozenset(member.roles.split(", ")))
        self.since = text_line("Since when nothing is good")
        self.since.setPlaceholderText("14:02, or 2026-11-25 14:02 UTC; empty: from now on")
        self.reason = text_line("Why (whoever signs reads it)")
        self.add(Labelled(room, "What changes", self.what))
        self._roles = Labelled(room, "Roles they may hold", self.roles)
        self._since = Labelled(
            room, "Since when", self.since, "What was written later is set aside and shown; nothing is erased."
        )
        self.add(self._roles)
        self.add(self._since)
        self.add(Labelled(room, "Why (whoever signs reads it)", self.reason))
        self.add_button("Propose and sign", self._propose, "main")
        self.what.currentIndexChanged.connect(self._turn)
        self.reason.textChanged.connect(self.check)
        self._turn()
        self.fit(560)
        self.what.setFocus()

    def _turn(self) -> None:
        what = str(self.what.currentData())
        self._roles.setEnabled(what == "roles")
        self._since.setEnabled(what not in ("roles", "leave"))
        self.check()

    def why_not(self) -> str:
        """A revocation says why."""
        revokes = str(self.what.currentData()) not in ("roles", "leave")
        return "Say why: whoever signs has to know." if revokes and not self.reason.text().strip() else ""

    def _propose(self) -> None:
        what, who, reason = str(self.what.currentData()), self._member.person, self.reason.text().strip()
        roles, typed = self.roles.chosen(), self.since.text().strip()

        def work(session: Session) -> Outcome:
            if what == "roles":
                return members.change_roles(session, who, roles, reason)
            if what == "leave":
                return members.leave(session, who, reason)
            since = read_moment(typed, session.clock.wall_ms()) if typed else None
            return members.revoke(session, who if what == "revoke" else what, reason, since)

        self.carry_out(work, self.proposed, "Signing the roster ...", lane="slow")


class LetterSheet(Sheet):
    """Writes the one-page letter that others keep for the organisation."""

    def __init__(self, room: Room, parent: QWidget) -> None:
        super().__init__(
            room, parent, "Lodging letter",
            "One page with fingerprints only: lodge it with counsel, an auditor or a public page, and again each "
            "month. With it nobody can later show another history.",
        )  # fmt: skip
        self.path = text_line("File")
        self.path.setText(str(Path.home() / f"lodging-{room.desk.session.org[2:8]}.txt"))
        self.keeper = text_line("With whom it is lodged")
        self.add(Labelled(room, "File", self.path))
        self.add(Labelled(room, "With whom it is lodged", self.keeper))
        self.add_button("Write it", self._write, "main")
        self.path.textChanged.connect(self.check)
        self.check()
        self.fit(520)
        self.keeper.setFocus()

    def why_not(self) -> str:
        """A file is needed."""
        return "" if self.path.text().strip() else "Name a file."

    def _write(self) -> None:
        path, keeper = Path(self.path.text().strip()).expanduser(), self.keeper.text()
        self.carry_out(lambda session: lodging.lodge(session, path, keeper), self._written, lane="slow")

    def _written(self, made: lodging.Letter) -> None:
        self.lead.setText(f"Written, and recorded. SHA-256 {made.sha256}")
        self.only_close()
