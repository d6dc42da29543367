"""What is to be done at each stage of founding and joining: one panel a stage, each with at most one main button.

A panel asks and shows. It gives its intention to whoever holds it, and never shows the words that it has to be told.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QProcess
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from console.domain.deceit import shown
from console.domain.words import roles_said
from console.keys import hardware
from console.runtime.paths import ProfilePaths
from console.services import dispatch, organisation, setup
from console.services.founding import Progress, Stage
from console.services.session import APPROVER, Session
from console.services.setup import Note
from console.ui.doors import KEYS_HINT
from console.ui.key_choices import ApproverChoice
from console.ui.pages import FolderField, HeardField, WordsCard, press
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.roster_waiting import WaitingRosters
from console.ui.widgets import IconMark, Text
from console.ui.words_in_view import WordsInView
from console.viewmodels.organisation import Ability, abilities

_ROOT: Final = Path(__file__).resolve().parents[2]
Beside = Callable[[ProfilePaths], None]
Act = Callable[[Callable[[Session], object], str], None]
_SHARED: Final = "It has to exist already. For two people at one computer a new, empty folder will do."
_OURS: Final = "{} reads these out"
_WAITS: Final[dict[str, tuple[str, str]]] = {
    "admitted": ("You have signed", "Now your colleague signs the roster on their screen."),
    "signed": ("You have signed", "The roster comes into force as soon as the other signature is here."),
    "others-rehearsing": (
        "You have rehearsed",
        "Two signatures count once your colleague has rehearsed as well.",
    ),
}


def panel_for(stage: Stage, room: Room, act: Act, beside: Beside) -> Panel:
    """The panel of a stage."""
    if stage == "inviting":
        return InvitingPanel(room, act, beside)
    made = _PANELS.get(stage)
    return WaitingPanel(room, act, *_WAITS[stage]) if made is None else made(room, act)


def open_process(paths: ProfilePaths) -> None:
    """A second person's window as a process of its own, which ends when they close it."""
    command = ["-m", "console", "--profile", str(paths.root), "window"]
    QProcess.startDetached(sys.executable, command, str(_ROOT))


class Panel(QWidget):
    """What is to be done at one stage."""

    def __init__(self, room: Room, act: Act, title: str, sentence: str) -> None:
        super().__init__()
        self.room, self.look, self.act = room, room.look, act
        self.body = column(self, room.look.theme.space("wide"))
        self.body.addWidget(Text(room.look, title, size="title", weight="semibold", wrap=True))
        self.body.addWidget(Text(room.look, sentence, wrap=True))
        self._foot: QHBoxLayout | None = None
        self.setAccessibleName(title)

    def take(self, progress: Progress) -> None:
        """Show what is new."""

    def add_button(self, text: str) -> QPushButton:
        """The one thing to do, at the left below the rest."""
        button = QPushButton(text)
        button.setProperty("kind", "main")
        held = QWidget()
        self._foot = row(held)
        self._foot.addWidget(button)
        self._foot.addStretch(1)
        self.body.addWidget(held)
        return button


class AlonePanel(Panel):
    """A folder, an approver key, envelopes."""

    def __init__(self, room: Room, act: Act) -> None:
        super().__init__(
            room, act, "Share a folder, and make the key with which you approve",
            "The folder is where your consoles meet: a network share, a synchronised folder, or a stick that goes to "
            "and fro. Nothing in it is trusted: every entry is verified.",
        )  # fmt: skip
        self.folder = FolderField(self.look, "The folder you share with your colleague", _SHARED)
        self.approver = ApproverChoice(self.look, "A passphrase for what you approve: another one than for writing")
        self.envelopes = FolderField(self.look, "Where your two recovery envelopes go", KEYS_HINT)
        for part in (self.folder, self.approver, self.envelopes):
            self.body.addWidget(part)
            part.changed.connect(self._check)
        self.go = self.add_button("Make my keys and share the beginning")
        self.go.clicked.connect(self._make)
        self.folder.entered.connect(self.approver.setFocus)
        self.approver.entered.connect(press(self.go))
        self.setFocusProxy(self.folder)
        self._check()

    def take(self, progress: Progress) -> None:
        """What was named before, where nothing is typed."""
        if not self.folder.text():
            self.folder.edit.setText(progress.note.folder)
        if not self.envelopes.text():
            usual = str(self.room.desk.session.paths.root / "envelopes")
            self.envelopes.edit.setText(progress.note.envelopes or usual)

    def _check(self) -> None:
        named = bool(self.folder.text().strip() and self.envelopes.text().strip())
        self.go.setEnabled(named and not self.approver.why_not())

    def _make(self) -> None:
        folder = self.folder.path()
        envelopes = self.envelopes.path()
        typed, on_device = self.approver.typed(), self.approver.on_device

        def make(session: Session) -> None:
            door = setup.read_note(session.paths).door  # founding from the main window is no first run's
            setup.write_note(session.paths, Note(door, str(folder), str(envelopes)))
            session.writer()
            session.offer(hardware.PIN if on_device else APPROVER, typed)
            organisation.prepare_founding(session, folder, envelopes, on_device=on_device)

        self.act(make, "Making your keys." + (" Touch your security key when it blinks." if on_device else ""))


class InvitingPanel(Panel):
    """One's own words to read out, and the colleague's to be typed."""

    def __init__(self, room: Room, act: Act, beside: Beside) -> None:
        super().__init__(
            room, act, "Compare words with your colleague, by voice",
            "On the telephone or across the table, not in writing. Your colleague opens Standdown, chooses Join, names "
            "the same folder and types the words you read.",
        )  # fmt: skip
        self._beside = beside
        self._name = shown(room.desk.session.settings.name)
        self._in_view: WordsInView | None = None
        self.card = WordsCard(self.look, "Read these to your colleague")
        self.heard = HeardField(self.look, "Then type what your colleague reads to you")
        self.waits = Text(self.look, tone="text-muted", wrap=True)
        self.go = self.add_button("Admit")
        second = QPushButton("Open a window for my colleague here")
        second.setToolTip("For two people at one computer: a profile of its own, beside this one")
        second.clicked.connect(self._open)
        for part in (self.card, self.heard, self.waits):
            self.body.insertWidget(self.body.count() - 1, part)
        if self._foot is not None:
            self._foot.addWidget(second)
        self._requests = 0
        self.heard.changed.connect(self._check)
        self.heard.entered.connect(press(self.go))
        self.go.clicked.connect(self._admit)
        self.setFocusProxy(self.heard)
        self._check()

    def take(self, progress: Progress) -> None:
        """New requests."""
        self.card.show_words(progress.genesis_words)
        self._requests = len(progress.requests) + progress.unread
        some = "One request lies" if self._requests == 1 else f"{self._requests:,} requests lie"
        told = f"{some} in the folder; the words tell which is your colleague's." if self._requests else (
            f"No request lies in {progress.folder} yet. It is looked for all the time."
        )  # fmt: skip
        if progress.unread:
            told += (
                f" {progress.unread:,} of them were not read: nobody lays so many there by mistake. Whose words you "
                "type is found among all of them; find out who writes into the folder."
            )
        self.waits.setText(told)
        self._check()

    def _check(self) -> None:
        self.go.setEnabled(self.heard.complete() and self._requests > 0)

    def _admit(self) -> None:
        words = self.heard.text()
        self.act(lambda session: organisation.admit(session, words), "Comparing, and signing the roster.")

    def _open(self) -> None:
        paths = self.room.desk.session.paths

        def prepare(session: Session) -> ProfilePaths:
            other = setup.second_profile(paths)
            setup.write_note(other, Note("join", session.settings.places[0]))
            return other

        def opened(other: ProfilePaths) -> None:
            self._beside(other)
            self._in_view = self._in_view or WordsInView(self.look, _OURS.format(self._name), self, "left")
            self._in_view.show_words(self.card.words())

        self.room.doer.do(prepare, opened, lane="slow", over=self)


class AskingPanel(Panel):
    """The newcomer's words to read out."""

    def __init__(self, room: Room, act: Act) -> None:
        super().__init__(
            room, act, "Read your words to an admin, by voice",
            "Your request lies in the folder. An admin types what you read, and signs the roster that names you.",
        )  # fmt: skip
        self.card = WordsCard(self.look, "Read these to your colleague")
        self.waits = Text(self.look, tone="text-muted", wrap=True)
        self._in_view: WordsInView | None = None
        self.rosters = WaitingRosters(room)  # a member who lost a machine signs second, from this new one
        self.body.addWidget(self.card)
        self.body.addWidget(self.waits)
        self.body.addWidget(self.rosters)
        self.rosters.hide()

    def take(self, progress: Progress) -> None:
        """The words of one's own request."""
        if progress.my_words is None:
            self.waits.setText(
                f"Your request is not in {progress.folder or 'the folder'} (any more): is it the same folder?"
            )
        else:
            self.card.show_words(progress.my_words)
            session = self.room.desk.session
            if self._in_view is None and setup.shares_computer(session.paths):
                title = _OURS.format(shown(session.settings.name))
                self._in_view = WordsInView(self.look, title, self, "right")
                self._in_view.show_words(progress.my_words)
            self.waits.setText("Waiting for the signatures. You may close this and come back.")
        member = any(one["me"] for one in progress.facts["people"])
        self.rosters.setVisible(member)
        if member:
            self.rosters.look_again()


class WaitingPanel(Panel):
    """Nothing to do here but to wait for somebody."""

    def __init__(self, room: Room, act: Act, title: str, sentence: str) -> None:
        super().__init__(room, act, title, sentence)
        self.body.addWidget(Text(self.look, "It is looked for all the time. You may close this.", tone="text-muted"))


class SigningPanel(Panel):
    """What the roster that waits would do, and the signature."""

    def __init__(self, room: Room, act: Act) -> None:
        super().__init__(
            room, act, "Sign the roster",
            "Your signature makes it an organisation of two, and these keys count. Your approver key is asked for.",
        )  # fmt: skip
        self._people = Text(self.look, wrap=True)
        self.body.addWidget(self._people)
        self.go = self.add_button("Sign the roster")
        self._shown = ""
        self.go.clicked.connect(self._sign)
        self.setFocusProxy(self.go)

    def take(self, progress: Progress) -> None:
        """Who is named, with which keys. What is signed is this one, whatever else comes into the folder."""
        told: list[str] = []
        for one in sorted(progress.roster, key=lambda party: (not party.founder, party.me)):
            who = "You" if one.me else f"{one.name}, who founded it" if one.founder else f"{one.name}, A FURTHER PERSON"
            told.append(f"{who}: {roles_said(one.roles)}")
            told += [f"    {use} key: {words}" for use, words in one.keys]
        if any(not one.me and not one.founder for one in progress.roster):
            told += ["", "It names more than the two of you: ask who that is before you sign."]
        self._people.setText("\n".join(told))
        self._shown = progress.roster_sha

    def _sign(self) -> None:
        self.act(partial(_sign, sha=self._shown), "Signing.")


class RehearsingPanel(Panel):
    """One signature that changes nothing."""

    def __init__(self, room: Room, act: Act) -> None:
        super().__init__(
            room, act, "Rehearse a signature",
            "The roster is in force. Your approvals count once you have signed for practice: a document that can never "
            "be an action. It shows now, not in an incident, that your key and your passphrase work.",
        )  # fmt: skip
        self.go = self.add_button("Rehearse")
        self.go.clicked.connect(lambda: self.act(_rehearse, "Signing."))
        self.setFocusProxy(self.go)


class ReadyPanel(Panel):
    """Done: who can sign what."""

    def __init__(self, room: Room, act: Act) -> None:
        super().__init__(
            room, act, "Two people can act now",
            "Corrections can be proposed, signed by both and sent. What is left, where there is none: a gateway, and "
            "a canary at it (Providers, g p). Then practise once together.",
        )  # fmt: skip
        self._lines = AbilityList(room)
        self.body.addWidget(self._lines)

    def take(self, progress: Progress) -> None:
        """Whose signatures could be had."""
        self._lines.take(abilities(progress.facts))


class AbilityList(QWidget):
    """For each gravity, whether its signatures could be had now: a mark and a sentence."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._look = room.look
        self._column = column(self, room.look.theme.space("unit"))
        self._rows: list[tuple[IconMark, Text]] = []

    def take(self, found: tuple[Ability, ...]) -> None:
        """Show these."""
        for at, one in enumerate(found):
            if at == len(self._rows):
                held = QWidget()
                line = row(held, self._look.theme.space("unit"))
                self._rows.append((IconMark(self._look, "minus"), Text(self._look, wrap=True)))
                line.addWidget(self._rows[at][0])
                line.addWidget(self._rows[at][1], 1)
                self._column.addWidget(held)
            mark, text = self._rows[at]
            mark.set_icon("check" if one.can else "x", "good" if one.can else "alarm")
            text.setText(one.sentence)


_PANELS: Final[dict[str, Callable[[Room, Act], Panel]]] = {
    "alone": AlonePanel, "asking": AskingPanel, "signing": SigningPanel, "rehearsing": RehearsingPanel,
    "ready": ReadyPanel,
}  # fmt: skip


def _sign(session: Session, sha: str) -> None:
    organisation.sign_roster(session, sha)
    dispatch.sync_all(session)


def _rehearse(session: Session) -> None:
    organisation.adopt_rosters(session)
    organisation.rehearse(session)
    dispatch.sync_all(session)
