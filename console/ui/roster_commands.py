"""The commands about roster, keys and this console's own record. Each opens its dialog; no rule lives here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtWidgets import QWidget

from console.services import readiness
from console.services.session import Session
from console.ui.room import Room
from console.ui.roster_envelopes import EnvelopesSheet
from console.ui.roster_keys import RenewSheet
from console.ui.roster_letters import AdoptSheet, LetterSheet
from console.ui.roster_members import AdmitSheet, LostSheet
from console.ui.roster_restored import RestoredSheet
from console.ui.sheets import Sheet
from console.viewmodels.commands import Command, Commands
from console.viewmodels.organisation import Member, members
from console.viewmodels.shell import SHELL

_GROUP: Final = "Organisation"
_KEYS: Final = "Keys"
Made = Callable[[tuple[Member, ...]], Sheet]


class RosterCommands:
    """One per window."""

    def __init__(self, room: Room, window: QWidget) -> None:
        self._room, self._window = room, window

    def add_commands(self, commands: Commands) -> None:
        """Offer them."""
        room, window, add = self._room, self._window, commands.add
        add(Command(
            name="admit", title="Admit somebody, or a member's new device", group=_GROUP, why_not=self._no_admin_yet,
            run=lambda: self._with_members(lambda people: AdmitSheet(room, window, people)), also="newcomer",
        ))  # fmt: skip
        add(Command(
            name="lost", title="A device or a key is lost: revoke it", group=_GROUP, why_not=self._no_admin_yet,
            run=lambda: self._with_members(lambda people: LostSheet(room, window, people)),
            also="stolen revoke revocation laptop",
        ))  # fmt: skip
        add(Command(
            name="renew-key", title="A new key for this console", group=_KEYS, why_not=self._not_admitted,
            run=lambda: self._with_members(self._renew),
            also="renew rotate writer approver fido2 security key agent yubikey passphrase",
        ))  # fmt: skip
        add(Command(name="envelopes", title="Recovery envelopes: print, save, delete", group=_KEYS,
                    run=lambda: EnvelopesSheet(room, window).open(), also="sealed recovery key paper"))  # fmt: skip
        add(Command(name="letter", title="Lodging letter", group=_GROUP, why_not=self._not_admitted,
                    run=lambda: LetterSheet(room, window).open(), also="lodge counsel auditor"))  # fmt: skip
        add(Command(name="adopt-record", title="Take over one person's record", group=_GROUP,
                    why_not=self._not_founded, run=lambda: AdoptSheet(room, window).open(),
                    also="adopt provisional lone"))  # fmt: skip
        add(Command(name="this-record", title="This console's record and clock", group=_KEYS,
                    run=lambda: RestoredSheet(room, window).open(),
                    also="recover restored backup doctor older clock time confirm"))  # fmt: skip

    def _with_members(self, made: Made) -> None:
        """Open what needs to know who is in the organisation: read on a lane, then shown."""

        def read(session: Session) -> tuple[Member, ...]:
            return members(readiness.organisation_facts(session))

        self._room.doer.do(read, lambda people: made(people).open(), lane="look", over=self._window)

    def _renew(self, people: tuple[Member, ...]) -> Sheet:
        return RenewSheet(self._room, self._window, admin=any(one.me and one.is_admin for one in people))

    # -- why not -------------------------------------------------------------------------------------------------------

    def _rung(self) -> str:
        shell = self._room.desk.outlet.latest(SHELL)
        return "" if shell is None else shell.rung

    def _not_admitted(self) -> str | None:
        return "You are not admitted yet: an admin signs the roster first." if self._rung() == "joining" else None

    def _not_founded(self) -> str | None:
        if self._rung() == "provisional":
            return "This is one person's record itself: found the organisation first."
        return self._not_admitted()

    def _no_admin_yet(self) -> str | None:
        """Whether this person is an admin is found out when it is proposed: the service has the last word."""
        if self._rung() == "provisional":
            return "You are alone here: found the organisation first (Organisation)."
        return self._not_admitted()
