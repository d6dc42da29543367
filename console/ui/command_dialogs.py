"""Dialogs about who does what in an incident: roles, hand-over of command, acceptance, and the proposal to close.

They write through the services only. None of them signs a document: that is the confirmation's.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QPlainTextEdit, QWidget

from console.domain.words import role_word
from console.services import closing, incidents
from console.services.incidents import IncidentLine
from console.services.session import Session
from console.ui.kept import Kept
from console.ui.room import Room
from console.ui.sheets import Labelled, Sheet, text_lines
from console.ui.widgets import EmptyState, Text
from console.ui.widgets.text import plain_tooltip
from console.viewmodels.incident_words import (
    INCIDENT_ROLES,
    Member,
    Offer,
    briefing,
    last_offer,
    members,
)
from console.viewmodels.shell import NOW
from console.viewmodels.times import ago

READING: Final = "Reading ..."
_SHOWN: Final = 6
_ROLE_PX: Final = 96
_NAME_PX: Final = 130


class RolesDialog(Sheet):
    """Everybody with the roles of the incident; a tick gives one, taking the tick away releases it."""

    def __init__(self, room: Room, parent: QWidget, line: IncidentLine, *, may_give: bool) -> None:
        lead = "A tick gives a role, without it the role is released." if may_give else (
            "Only the commander or a deputy gives roles; you may lay your own down."
        )  # fmt: skip
        super().__init__(room, parent, f"Roles in {line.label}", lead)
        self._line, self._may_give = line, may_give
        self.boxes: dict[tuple[str, str], QCheckBox] = {}
        self._had: set[tuple[str, str]] = set()
        self._place = QWidget()
        self._grid = QGridLayout(self._place)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(room.look.theme.space("unit"))
        self.add(self._place)
        self.body.addStretch(1)
        self.add_button("Save", self._save, "main")
        self.read_first(lambda session: members(session, line.inc), self._fill, READING, "look")
        self.take_room(1000, 420)

    def why_not(self) -> str:
        """What is still to be said."""
        return "" if self._changes() else "Nothing is changed."

    def _fill(self, people: tuple[Member, ...]) -> None:
        look = self.room.look
        least = round(_ROLE_PX * look.theme.text_scale)
        for at, role in enumerate(INCIDENT_ROLES, start=1):
            heading = Text(look, role_word(role), size="small", tone="text-muted", wrap=True)
            heading.setMinimumWidth(least)
            self._grid.addWidget(heading, 0, at, Qt.AlignmentFlag.AlignBottom)
        self._grid.setColumnStretch(0, 1)
        for line, one in enumerate(people, start=1):
            self._grid.addWidget(self._name(one), line, 0)
            for at, role in enumerate(INCIDENT_ROLES, start=1):
                self._grid.addWidget(self._box(one, role), line, at, Qt.AlignmentFlag.AlignLeft)
        self.check()
        first = next((box for box in self.boxes.values() if box.isEnabled()), None)
        if first is not None:
            first.setFocus()

    def _name(self, one: Member) -> Text:
        marks = [*(["you"] if one.me else []), *(["commands"] if "commander" in one.roles else [])]
        told = f"{one.name} ({', '.join(marks)})" if marks else one.name
        name = Text(self.room.look, told, weight="medium", wrap=True)
        name.setMinimumWidth(round(_NAME_PX * self.room.look.theme.text_scale))
        return name

    def _box(self, one: Member, role: str) -> QCheckBox:
        box = QCheckBox()
        box.setAccessibleName(f"{role_word(role)}: {one.name}")
        box.setToolTip(plain_tooltip(role_word(role)))
        holds = role in one.roles
        box.setChecked(holds)
        box.setEnabled(self._may_give or (one.me and holds))
        box.toggled.connect(self.check)
        self.boxes[one.person, role] = box
        if holds:
            self._had.add((one.person, role))
        return box

    def _changes(self) -> list[tuple[str, str, bool]]:
        """Person, role, and whether it is released."""
        return [
            (person, role, not box.isChecked())
            for (person, role), box in self.boxes.items()
            if box.isChecked() != ((person, role) in self._had)
        ]

    def _save(self) -> None:
        changes = self._changes()

        def work(session: Session) -> int:
            for person, role, release in changes:
                incidents.assign_role(session, self._line.inc, person, role, release=release)
            return len(changes)

        self.carry_out(work, lambda _count: self.accept())


class HandOverDialog(Sheet):
    """Offers command with a briefing in the form of ICS-201, drafted from the record; it passes when accepted."""

    def __init__(self, room: Room, parent: QWidget, line: IncidentLine) -> None:
        super().__init__(
            room, parent, f"Hand over command of {line.label}",
            "You command until they accept. The offer with its briefing, and the acceptance, are signed entries.",
        )  # fmt: skip
        self._line = line
        self._people: tuple[Member, ...] = ()
        self.to = QComboBox()
        self.briefing = text_lines(room, "Briefing", 14)
        self._whom = Labelled(room, "To whom", self.to)
        self.add(self._whom)
        self.add(Labelled(room, "Briefing", self.briefing, "Drafted from the record: read it, mend it, add what it "
                          "cannot know."), 1)  # fmt: skip
        self.add_button("Offer command", self._offer, "main")
        self._kept = Kept(self, f"hand-over:{line.inc}", {"briefing": self.briefing, "to": self.to}, wait=True)
        self.read_first(lambda session: (members(session, line.inc), briefing(session, line.inc)), self._fill, READING,
                        "look")  # fmt: skip
        self.take_room(680, 640)

    def why_not(self) -> str:
        """What is still to be said."""
        if not self._people:
            return "Nobody else may command by the roster."
        return "" if self.briefing.toPlainText().strip() else "Write what they must know."

    def _fill(self, found: tuple[tuple[Member, ...], str]) -> None:
        self._people = tuple(one for one in found[0] if one.may_command and not one.me)
        for one in self._people:
            roles = f"  ({', '.join(map(role_word, one.roles))})" if one.roles else ""
            self.to.addItem(f"{one.name}{roles}", one.person)
        self.to.setEnabled(bool(self._people))
        self._whom.say("" if self._people else "Nobody else may command by the roster. An admin gives that role.",
                       wrong=not self._people)  # fmt: skip
        if not self.briefing.toPlainText():
            self.briefing.setPlainText(found[1])
        self.briefing.textChanged.connect(self.check)
        self._kept.begin()
        self.check()
        self.to.setFocus()

    def _offer(self) -> None:
        to, text, inc = str(self.to.currentData()), self.briefing.toPlainText().strip(), self._line.inc

        def work(session: Session) -> str:
            return incidents.offer_command(session, inc, to, text).id

        self.carry_out(self._kept.spending(work), lambda _entry: self.accept())


class AcceptDialog(Sheet):
    """Shows the briefing that was offered, and accepts command."""

    def __init__(self, room: Room, parent: QWidget, line: IncidentLine) -> None:
        super().__init__(room, parent, f"Take command of {line.label}", READING)
        self._line = line
        self._offer: Offer | None = None
        self.briefing = QPlainTextEdit()
        self.briefing.setReadOnly(True)
        self.briefing.setAccessibleName("Briefing")
        self.add(self.briefing, 1)
        self.add_button("Accept command", self._accept, "main")
        self.read_first(lambda session: last_offer(session, line.inc), self._fill, READING, "look")
        self.take_room(640, 520)

    def not_read(self) -> None:
        """Neither that it was offered nor that it was not."""
        self.lead.setText("Whether command was offered to you is not known.")

    def why_not(self) -> str:
        """Whether there is an offer at all."""
        return "" if self._offer is not None else "Nobody offered you command of this incident."

    def _fill(self, offer: Offer | None) -> None:
        self._offer = offer
        self.briefing.setVisible(offer is not None)
        if offer is None:
            self.lead.setText("Nobody offered you command of this incident. Ask the commander to offer it.")
        else:
            age = ago(self.room.desk.session.clock.wall_ms(), offer.at_ms)
            self.lead.setText(f"{offer.by} offered it {age}. From your acceptance on you are accountable.")
            self.briefing.setPlainText(offer.briefing or "(no briefing was written)")
        self.check()
        self.briefing.setFocus()

    def _accept(self) -> None:
        inc = self._line.inc
        self.carry_out(lambda session: incidents.accept_command(session, inc).id, lambda _entry: self.accept())


class CloseDialog(Sheet):
    """Proposes the closing: a document that names every feed's head, and takes two signatures."""

    def __init__(self, room: Room, parent: QWidget, line: IncidentLine) -> None:
        super().__init__(
            room, parent, f"Close {line.label}",
            "Proposes a closing that names where every feed stands. It is closed when two people have signed it; what "
            "is written later stays visible as written later.",
        )  # fmt: skip
        self._line = line
        self.add(self._open_ends())
        self.body.addStretch(1)
        self.add_button("Propose to close", self._propose, "main")
        self.fit(600)

    def _open_ends(self) -> QWidget:
        """What is still in force or under way: closing lifts nothing."""
        now = self.room.desk.outlet.latest(NOW)
        found = [] if now is None else [
            one for one in now.standings if one.inc == self._line.inc and one.group in ("in force", "queued", "pending")
        ]  # fmt: skip
        if not found:
            return EmptyState(self.room.look, "Nothing is open", "No correction of it is in force or under way.", "",
                              "check")  # fmt: skip
        words = {"in force": "in force", "queued": "under way", "pending": "waits for signatures"}
        told = [f"{one.title}: {words[one.group]}" for one in found[:_SHOWN]]
        told += [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
        text = "Still open; closing lifts and stops nothing:\n" + "\n".join(f"- {one}" for one in told)
        return Text(self.room.look, text, wrap=True)

    def _propose(self) -> None:
        self.carry_out(partial(closing.propose_closing, inc=self._line.inc), self._proposed)

    def _proposed(self, doc: str) -> None:
        self.accept()
        self.room.desk.point_at(doc)
        if any(one.name == "review" for one in self.room.commands):
            self.room.commands.give("review")
