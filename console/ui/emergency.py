"""When one person has to act, in the window: break-glass, ratification, more time, assuming command.

Each says first what it means and who is told. It proposes; the confirmation signs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtWidgets import QComboBox, QPushButton, QVBoxLayout, QWidget

from console.domain.render import MIN_BREAK_GLASS_REASON
from console.services import assumption, glass
from console.services.corrections import Proposal
from console.services.session import Session
from console.services.standing import Standing
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.sheets import Labelled, Sheet, text_lines
from console.ui.widgets import IconMark, Text
from console.ui.widgets.text import plain_tooltip
from console.viewmodels.emergency import (
    Choice,
    CommandPage,
    GlassLine,
    command,
    extend,
    glasses,
    may_break,
    may_extend,
)
from console.viewmodels.shell import NOW

_REASON_LINES: Final = 3
Opens = Callable[[str], None]  # puts a document before its signer


def standings_of(room: Room) -> tuple[Standing, ...]:
    """The corrections as the window last heard of them."""
    now = room.desk.outlet.latest(NOW)
    return () if now is None else tuple(now.everything or now.standings)


class _Choosing(Sheet):
    """A correction is chosen; why it may not be meant is said."""

    none: str = ""  # what is said where nothing can be meant

    def __init__(self, room: Room, parent: QWidget | None, title: str, lead: str) -> None:
        super().__init__(room, parent, title, lead)
        self.choices: tuple[Choice, ...] = ()
        self.read = False
        self.which = QComboBox()
        self.which.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.which.currentIndexChanged.connect(self.check)
        self.add(Labelled(room, "Which correction", self.which))

    def take_choices(self, found: tuple[Choice, ...]) -> None:
        """What may be meant, the possible ones first."""
        self.choices, self.read = found, True
        self.which.clear()
        self.which.addItems([one.title for one in found])
        self.check()

    @property
    def one(self) -> Choice | None:
        """The one that is meant."""
        at = self.which.currentIndex()
        return self.choices[at] if 0 <= at < len(self.choices) else None

    def why_not(self) -> str:
        """Why it may not be done with what is chosen."""
        if self.one is None:
            return self.none if self.read else "Reading ..."
        return self.one.why_not


class BreakGlassSheet(_Choosing):
    """A waiting containment is proposed anew so that this person alone may sign it."""

    none = "No containment waits for signatures."

    def __init__(self, room: Room, parent: QWidget | None, opens: Opens) -> None:
        super().__init__(
            room, parent, "Break the glass",
            "You alone send a containment that needs two. Everybody is called out at once, your reason is in the "
            "record, and another person has to ratify it within the time the policy sets, or it stays an open finding. "
            "Only what can be reverted, or a revoked credential; never giving back.",
        )  # fmt: skip
        self._opens = opens
        self.reason = text_lines(room, "Why nobody else can sign", _REASON_LINES)
        self.add(Labelled(room, "Why, in 20 characters or more", self.reason, "Everybody reads it."))
        self.go = self.add_button("Propose it for me alone", self._go, "danger")
        self.set_main(self.go)
        self.reason.textChanged.connect(self.check)
        self.fit(620)
        standings = standings_of(room)
        self.read_first(lambda session: may_break(session, standings), self.take_choices, "Reading ...", lane="slow")

    def why_not(self) -> str:
        """What is still to be said."""
        short = len(self.reason.toPlainText().strip()) < MIN_BREAK_GLASS_REASON
        return super().why_not() or ("Say why, in 20 characters or more." if short else "")

    def _go(self) -> None:
        one, reason = self.one, self.reason.toPlainText()
        if one is None:
            return

        def done(made: Proposal) -> None:
            self.room.desk.refresh()
            self.accept()
            self._opens(made.sha)

        self.carry_out(
            lambda session: glass.break_the_glass(session, one.doc, reason), done, "Reading what stands there ...",
            lane="slow",
        )  # fmt: skip


class ExtendSheet(_Choosing):
    """More time for what is on its way: proposed, then signed by one of its signers."""

    none = "Nothing is on its way that could be given more time."

    def __init__(self, room: Room, parent: QWidget | None, opens: Opens) -> None:
        super().__init__(
            room, parent, "Give a correction more time",
            "The same bytes may be sent for longer, once, up to 24 h after they were written. One of the people who "
            "signed it signs this too. Only containment; what has lapsed is proposed again.",
        )  # fmt: skip
        self._opens = opens
        self.go = self.add_button("Ask for more time", self._go, "main")
        self.fit(560)
        self.take_choices(may_extend(standings_of(room)))

    def _go(self) -> None:
        one = self.one
        if one is None:
            return

        def done(sha: str) -> None:
            self.room.desk.refresh()
            self.accept()
            self._opens(sha)

        self.carry_out(lambda session: extend(session, one.doc), done, "Proposing ...")


class GlassSheet(Sheet):
    """What was sent by one person alone: ratified, due, or an open finding."""

    def __init__(self, room: Room, parent: QWidget | None, opens: Opens) -> None:
        super().__init__(
            room, parent, "Sent by one person alone",
            "Everything that went under break-glass. Another person who may command ratifies it; what nobody ratified "
            "in time stays an open finding and stands on the first page of every export.",
        )  # fmt: skip
        self._opens = opens
        self.told = QWidget()
        self._told: QVBoxLayout = column(self.told, room.look.theme.space("unit"))
        self.add(self.told)
        self.only_close()
        self.fit(640)
        inc = room.desk.inc
        self.read_first(lambda session: glasses(session, inc), self._take, "Reading ...", lane="slow")

    def _take(self, found: tuple[GlassLine, ...]) -> None:
        look = self.room.look
        for one in found:
            held = QWidget()
            line = row(held, look.theme.space("unit"))
            line.addWidget(IconMark(look, one.icon, one.tone))
            words = QWidget()
            lines = column(words, 2)
            lines.addWidget(Text(look, one.title, weight="semibold", wrap=True))
            lines.addWidget(Text(look, one.told, wrap=True))
            line.addWidget(words, 1)
            if one.ask:
                button = QPushButton("Ratify ...")
                button.setAutoDefault(False)
                button.setAccessibleName(f"Ratify {one.title}")
                button.clicked.connect(partial(self._ratify, one.doc))
                line.addWidget(button)
            self._told.addWidget(held)
        if not found:
            self._told.addWidget(Text(look, "Nobody acted alone in this incident.", tone="text-muted"))
        self.fit(640)

    def _ratify(self, doc: str) -> None:
        def done(sha: str) -> None:
            self.accept()
            self._opens(sha)

        self.carry_out(lambda session: glass.ratify(session, doc), done, "Proposing ...")


class CommandSheet(Sheet):
    """Who commands; asking for a sign of life, and assuming command."""

    def __init__(self, room: Room, parent: QWidget | None, inc: str) -> None:
        super().__init__(
            room, parent, "Assume command",
            "Where whoever commands does not answer: ask first, and they are called out. Ten minutes without a word of "
            "theirs, and a person whom the roster lets command may assume it with one signature. They may take it "
            "back.",
        )  # fmt: skip
        self._inc = inc
        self._page: CommandPage | None = None
        self.told = Text(room.look, "Reading ...", weight="semibold", wrap=True)
        self.reason = text_lines(room, "Why you assume command", _REASON_LINES)
        self.add(self.told)
        self.add(Labelled(room, "Why you assume command", self.reason, "Everybody reads it."))
        self.ask = self.add_button("Ask for a sign of life", self._ask)
        self.go = self.add_button("Assume command", self._assume, "danger")
        self.set_main(self.go)
        self.reason.textChanged.connect(self.check)
        self.fit(600)
        self._read()

    def _read(self) -> None:
        self.read_first(lambda session: command(session, self._inc), self._take, "Reading ...", lane="slow")

    def _take(self, found: CommandPage) -> None:
        self._page = found
        self.told.setText(found.sentence)
        self.check()

    def not_read(self) -> None:
        """Nobody assumes command without having read who holds it."""
        self.told.setText("Who commands could not be read.")

    def why_not(self) -> str:
        """Why it may not be assumed now."""
        if self._page is None:
            return "Reading ..."
        return self._page.why_not_assume or ("" if self.reason.toPlainText().strip() else "Say why.")

    def check(self) -> None:
        """Asking has its own conditions."""
        super().check()
        self.ask.setEnabled(self._page is not None and not self._page.why_not_ask and not self.is_busy)
        self.ask.setToolTip(plain_tooltip("" if self._page is None else self._page.why_not_ask))

    def _ask(self) -> None:
        def work(session: Session) -> None:
            assumption.ask(session, self._inc)

        self.carry_out(work, lambda _none: self._read(), "Asking ...")

    def _assume(self) -> None:
        reason = self.reason.toPlainText()

        def done(_none: None) -> None:
            self.room.desk.refresh()
            self.accept()

        def work(session: Session) -> None:
            assumption.assume(session, self._inc, reason)

        self.carry_out(work, done, "Signing ...")
