"""Dialogs about members: admit somebody, a further or replaced device, other roles, leaving, a revocation.

They show what the services tell and give intentions. What a change would do stands there before it is proposed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLineEdit, QWidget

from console.domain.forms import ROLES
from console.domain.words import role_said, role_word
from console.services import dispatch, members
from console.services.roster import Outcome
from console.services.session import Session
from console.ui.kept import Kept, Part
from console.ui.pages import HeardField
from console.ui.room import Room
from console.ui.sheets import Labelled, Sheet, text_line
from console.ui.widgets import Text
from console.viewmodels.approval_words import count
from console.viewmodels.intake import read_moment
from console.viewmodels.organisation import Member
from console.viewmodels.revocation import RevocationView, revocation_view
from console.viewmodels.shell import Trouble
from console.viewmodels.zones import zone_chosen

_NAME_CHARS: Final = 120
_USUAL_ROLES: Final = frozenset({"approver"})
_NEWCOMER: Final = "newcomer"
_DEVICE: Final = "device"
_REST_MS: Final = 250
_DOES_LINES: Final = 4
_SET_ASIDE: Final = "What was written later is set aside and shown; nothing is erased."
_ADMITS: Final = {
    _NEWCOMER: "A new person: from when the roster is in force their keys count for the roles you tick.",
    _DEVICE: "Only when their own voice read the words: whoever holds these keys acts as that member. A key that is "
    "renewed goes on for seven days, so that everybody has the roster first.",
    "lost": "Only when their own voice read the words. The lost device's keys are revoked by the same roster. Where "
    "two admins are needed, its owner signs second: with their sealed recovery key, from the new device.",
}
_DOES: Final = {
    "roles": "Keys and history stay. Who loses the role admin can sign no further roster.",
    "leave": "Every key of theirs ends when it comes into force; what they wrote before stays good, they stay listed.",
}


class RoleChoice(QWidget):
    """Every role with a tick."""

    def __init__(self, room: Room, held: frozenset[str]) -> None:
        super().__init__()
        self.ticks = {role: QCheckBox(role_word(role)) for role in ROLES}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(room.look.theme.space("wide"))
        for at, (role, tick) in enumerate(self.ticks.items()):
            tick.setChecked(role in held)
            tick.setAccessibleName(f"May hold {role_said(role)}")
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
    """Admits whoever's request has the words that are heard: somebody new, or a member's device or renewed key."""

    def __init__(self, room: Room, parent: QWidget, people: tuple[Member, ...] = ()) -> None:
        super().__init__(
            room, parent, "Admit somebody",
            "They choose Join at their console and read you eight words, by voice. Another admin compares and signs "
            "as well; only then do their keys count.",
        )  # fmt: skip
        self.heard = HeardField(room.look, "Type the words you hear")
        self.what = QComboBox()
        self.what.addItem("Somebody new", _NEWCOMER)
        self.what.addItem("A member's further device, or renewed key", _DEVICE)
        for one in people:
            for console in one.consoles:
                self.what.addItem(f"{one.name}'s new device, in place of a lost one ({_short(console)})", console)
        self.name = text_line("Their name, as colleagues will read it", _NAME_CHARS)
        self.roles = RoleChoice(room, _USUAL_ROLES)
        self._zone = zone_chosen(room.desk.outlet)
        self.since = since_line(self._zone)
        self.reason = text_line("Why (whoever signs reads it)")
        self.add(self.heard)
        self.add(Labelled(room, "What they ask for", self.what))
        self._told = Text(room.look, tone="text-muted", wrap=True)
        self._who = Labelled(room, "Their name, as colleagues will read it", self.name)
        self._roles = Labelled(room, "Roles they may hold", self.roles)
        self._since = Labelled(room, "Since when it is lost", self.since, _SET_ASIDE)
        for part in (self._told, self._who, self._roles, self._since):
            self.add(part)
        self.add(Labelled(room, "Why (whoever signs reads it)", self.reason))
        self.add_button("Admit and sign", self._admit, "main")
        self.what.currentIndexChanged.connect(self._turn)
        for signal in (self.heard.changed, self.name.textChanged):
            signal.connect(self.check)
        for tick in self.roles.ticks.values():
            tick.toggled.connect(self.check)
        self._turn()
        self.fit(620)
        self.heard.setFocus()
        # the words are heard anew, and the roles ticked anew: no file may bring what somebody is admitted by
        parts: dict[str, Part] = {"name": self.name, "what": self.what, "reason": self.reason}
        self._kept = Kept(self, "admit", parts, when=self.since)

    def _turn(self) -> None:
        kind = str(self.what.currentData())
        self._who.setVisible(kind == _NEWCOMER)
        self._roles.setVisible(kind == _NEWCOMER)
        self._since.setVisible(kind not in (_NEWCOMER, _DEVICE))
        self._told.setText(_ADMITS.get(kind, _ADMITS["lost"]))
        self.check()

    def why_not(self) -> str:
        """What is still to be said."""
        if not self.heard.complete():
            return "Type the eight words."
        if self.what.currentData() != _NEWCOMER:
            return ""
        if not self.name.text().strip():
            return "Give their name."
        return "" if self.roles.chosen() else "Choose at least one role."

    def _admit(self) -> None:
        words, name, reason = self.heard.text(), self.name.text(), self.reason.text()
        roles, kind, typed = self.roles.chosen(), str(self.what.currentData()), self.since.text().strip()
        zone = self._zone

        def work(session: Session) -> Outcome:
            if kind == _NEWCOMER:
                return members.admit(session, words, name=name, roles=roles, reason=reason)
            lost = "" if kind == _DEVICE else kind
            since = read_moment(typed, session.clock.wall_ms(), zone) if typed and lost else None
            return members.admit(session, words, device=True, lost=lost, since_ms=since, reason=reason)

        kept = self._kept.spending(work)
        self.carry_out(kept, self.proposed, "Comparing, and signing the roster ...", lane="slow")


class _Revoking(_Proposing):
    """Has a choice of what is revoked, since when and why, and says what that would set aside before it is proposed."""

    def __init__(self, room: Room, parent: QWidget, title: str, lead: str, name: str) -> None:
        super().__init__(room, parent, title, lead)
        self._name = name
        self.what = QComboBox()
        self._zone = zone_chosen(room.desk.outlet)
        self.since = since_line(self._zone)
        self.reason = text_line("Why (whoever signs reads it)")
        self.does = Text(room.look, wrap=True)
        self.does.setAccessibleName("What it does")
        self.does.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.does.setMinimumHeight(room.look.theme.metrics().lineSpacing() * _DOES_LINES)
        self._since = Labelled(room, "Since when", self.since, _SET_ASIDE)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._ask)

    def put_together(self, *between: QWidget) -> None:
        """The parts in their order; the choices are in `what` already."""
        self.add(Labelled(self.room, "What changes", self.what))
        for part in (*between, self._since, self.does):
            self.add(part)
        self.add(Labelled(self.room, "Why (whoever signs reads it)", self.reason))
        self.add_button("Propose and sign", self._propose, "main")
        self.what.currentIndexChanged.connect(self.turn)
        self.since.textChanged.connect(self._rest.start)
        self.reason.textChanged.connect(self.check)
        self.turn()
        self.fit(620)
        self.what.setFocus()
        self._kept = Kept(self, self._name, {"what": self.what, "reason": self.reason}, when=self.since)

    def revoked(self) -> str:
        """The person, console or key that would be revoked; empty where it is something else."""
        return str(self.what.currentData())

    def turn(self) -> None:
        """Something else was chosen."""
        self._since.setVisible(bool(self.revoked()))
        self.does.setText(_DOES.get(str(self.what.currentData()), "Looking what it would set aside ..."))
        self._ask()
        self.check()

    def why_not(self) -> str:
        """A revocation says why."""
        return "Say why: whoever signs has to know." if self.revoked() and not self.reason.text().strip() else ""

    def _ask(self) -> None:
        """How far each feed would stay good, read anew."""
        what, typed, zone = self.revoked(), self.since.text().strip(), self._zone
        if not what:
            return

        def look(session: Session) -> RevocationView:
            since = read_moment(typed, session.clock.wall_ms(), zone) if typed else None
            return revocation_view(session, what, since)

        def show(view: RevocationView) -> None:
            if (what, typed) == (self.revoked(), self.since.text().strip()):
                told = (
                    f"{count(view.keys, 'key is', 'keys are')} revoked for ever; a mistake is answered with new keys."
                )
                self.does.setText("\n".join((told, *(view.lines or ("Nothing written with it is known here.",)))))

        def unknown(trouble: Trouble) -> None:
            if (what, typed) == (self.revoked(), self.since.text().strip()):
                self.does.setText(trouble.what)

        self.room.doer.do(look, show, failed=unknown, lane="look", over=self)

    def _propose(self) -> None:
        self.carry_out(self._kept.spending(self.work()), self.proposed, "Signing the roster ...", lane="slow")

    def work(self) -> Callable[[Session], Outcome]:
        """The revocation that is chosen now."""
        what, reason, typed = self.revoked(), self.reason.text().strip(), self.since.text().strip()
        zone = self._zone

        def revoke(session: Session) -> Outcome:
            since = read_moment(typed, session.clock.wall_ms(), zone) if typed else None
            return members.revoke(session, what, reason, since)

        return revoke

    def add_lost(self, member: Member, whose: str) -> None:
        """The devices and keys of a member among the choices."""
        for console in member.consoles:
            self.what.addItem(f"{whose}device is lost: revoke its keys (console {_short(console)})", console)
        for use, words, fingerprint in member.keys:
            if fingerprint not in member.ended:
                spoken = " ".join(words.split()[:3])
                self.what.addItem(f"{whose}{use} key is lost: revoke it ({spoken} ...)", fingerprint)
        self.what.addItem(f"{whose}keys, every one, for ever", member.person)


class LostSheet(_Revoking):
    """A device or a key is lost or stolen: which, since when, and what that sets aside."""

    def __init__(self, room: Room, parent: QWidget, people: tuple[Member, ...]) -> None:
        super().__init__(
            room, parent, "A device or a key is lost",
            "Its keys are revoked by a new roster, which counts when enough admins have signed it. Until then they "
            "still count: call the other admin. A member with no other key joins again, as a further device.", "lost",
        )  # fmt: skip
        for one in people:
            if one.roles or one.consoles:
                self.add_lost(one, f"{one.name}'s ")
        self.put_together()


class MemberSheet(_Revoking):
    """Other roles for a member, their leaving, a lost device, a single key: with what it does, beforehand."""

    def __init__(self, room: Room, parent: QWidget, member: Member) -> None:
        super().__init__(
            room, parent, f"Change {member.name}",
            "Each change is a new roster: it counts when enough admins have signed it.", f"member:{member.person}",
        )  # fmt: skip
        self._member = member
        self.what.addItem("Other roles", "roles")
        self.what.addItem("They leave: no role, every key ends", "leave")
        self.add_lost(member, "Their ")
        self.roles = RoleChoice(room, frozenset(member.roles.split(", ")))
        self._roles = Labelled(room, "Roles they may hold", self.roles)
        self.put_together(self._roles)

    def revoked(self) -> str:
        """Nothing, for the first two choices."""
        what = super().revoked()
        return "" if what in _DOES else what

    def turn(self) -> None:
        """Roles are chosen where they are what changes."""
        self._roles.setVisible(self.what.currentData() == "roles")
        super().turn()

    def work(self) -> Callable[[Session], Outcome]:
        """What is chosen now."""
        what, who, reason = str(self.what.currentData()), self._member.person, self.reason.text().strip()
        roles = self.roles.chosen()
        if what == "roles":
            return lambda session: members.change_roles(session, who, roles, reason)
        if what == "leave":
            return lambda session: members.leave(session, who, reason)
        return super().work()


def since_line(zone: str) -> QLineEdit:
    """Since when nothing is good, in the zone in which this window tells times."""
    made = text_line("Since when nothing is good")
    made.setPlaceholderText(f"14:02, or 2026-11-25 14:02 ({zone}); empty: from now on")
    return made


def _short(console: str) -> str:
    return f"..{console[-4:]}"
