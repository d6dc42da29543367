"""Dialogs about the keys of this console: a new one in place of one it has, and where a key is to live.

Passphrases are taken once and handed on; a PIN goes to `ssh-keygen` alone. Only a roster in force changes what counts.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QComboBox, QWidget

from console.keys import hardware
from console.services import dispatch, renewal
from console.services.members import NEW_KEYS
from console.services.roster import Outcome
from console.services.session import APPROVER, Session
from console.ui.doors import KEYS_HINT
from console.ui.key_choices import AgentChoice, Take
from console.ui.pages import FolderField, NewPassphrase, WordsCard
from console.ui.parts import column
from console.ui.room import Room
from console.ui.roster_envelopes import EnvelopesSheet
from console.ui.sheets import Labelled, Sheet
from console.ui.unlock import secret_field
from console.viewmodels.keys import DEVICE_SAYS, agent_keys
from console.viewmodels.shell import Trouble

_FILE: Final = "A new key in a file here, with a passphrase"
_AGENT: Final = "A key of your ssh-agent"
_DEVICE: Final = "A FIDO2 security key: PIN and touch"
_KINDS: Final = {
    "writer": ((_FILE, "file"), (_AGENT, "agent")),
    "approver": ((_FILE, "file"), (_DEVICE, "device")),
    "recovery": (("Two sealed envelopes, on paper", "paper"),),
}
_USES: Final[dict[str, renewal.Use]] = {"writer": "writer", "approver": "approver", "recovery": "recovery"}


class RenewSheet(Sheet):
    """A new writer or approver key of this console: a file, the agent's, or on a security key."""

    def __init__(self, room: Room, parent: QWidget, *, admin: bool, use: renewal.Use = "writer") -> None:
        super().__init__(
            room, parent, "A new key for this console",
            "The key of before goes on until the roster that names the new one is in force, and seven days more, so "
            "that nothing written meanwhile is lost. "
            + ("Another admin signs that roster." if admin else "You read words to an admin, and two admins sign it."),
        )  # fmt: skip
        self._admin = admin
        self.use = QComboBox()
        self.use.addItem("The writer key: signs what you write", "writer")
        self.use.addItem("The approver key: signs approvals and rosters", "approver")
        self.use.addItem("The recovery key: two new envelopes", "recovery")
        self.use.setCurrentIndex(self.use.findData(use))
        self.kind = QComboBox()
        self.fresh = NewPassphrase(room.look, "A passphrase for the new key")
        self.agent = AgentChoice(room.look, self._ask_agent)
        self.pin = secret_field("The PIN of your security key")
        self.now = secret_field("Passphrase (or PIN) of your approver key of now")
        self._where = Labelled(room, "Where the new one lives", self.kind)
        self._pin = Labelled(room, "The PIN of your security key", self.pin, DEVICE_SAYS)
        self._now = Labelled(
            room, "Passphrase (or PIN) of your approver key of now", self.now,
            "It signs the roster that names the new key, as its first signer.",
        )  # fmt: skip
        self.folder = FolderField(room.look, "Where the two new envelopes go", KEYS_HINT)
        self.folder.edit.setText(str(room.desk.session.paths.root / "envelopes"))
        self.card = WordsCard(room.look, "Read these to an admin, by voice")
        self.card.hide()
        self._body = QWidget()
        lines = column(self._body, room.look.theme.space("wide"))
        for part in (
            Labelled(room, "Which key", self.use), self._where, self.fresh, self.agent, self._pin, self.folder,
            self._now,
        ):  # fmt: skip
            lines.addWidget(part)
        self.add(self._body)
        self.add(self.card)
        self.go = self.add_button("Make it, and sign the roster" if admin else "Make it, and ask", self._make, "main")
        self._now.setVisible(admin)
        self.use.currentIndexChanged.connect(self._kinds)
        self.kind.currentIndexChanged.connect(self._turn)
        for signal in (
            self.fresh.changed,
            self.agent.changed,
            self.folder.changed,
            self.pin.textChanged,
            self.now.textChanged,
        ):
            signal.connect(self.check)
        self._kinds()
        self.fit(600)
        self.use.setFocus()

    # -- what is asked -------------------------------------------------------------------------------------------------

    def _kinds(self) -> None:
        kinds = _KINDS[str(self.use.currentData())]
        self._where.setVisible(len(kinds) > 1)
        self.kind.blockSignals(True)  # noqa: FBT003  Qt's own signature
        self.kind.clear()
        for title, kind in kinds:
            self.kind.addItem(title, kind)
        self.kind.blockSignals(False)  # noqa: FBT003  as above
        self._turn()

    def _turn(self) -> None:
        kind = self.kind.currentData()
        self.fresh.setVisible(kind == "file")
        self.agent.setVisible(kind == "agent")
        self._pin.setVisible(kind == "device")
        self.folder.setVisible(kind == "paper")
        if kind == "agent":
            self.agent.look_again()
        self.check()

    def why_not(self) -> str:
        """What is still to be said."""
        match self.kind.currentData():
            case "file":
                why = self.fresh.why_not()
            case "agent":
                why = self.agent.why_not()
            case "paper":
                why = "" if self.folder.text().strip() else "Name a folder for the envelopes."
            case _:
                why = "" if self.pin.text() else "Type the PIN of your security key."
        if why or not self._admin:
            return why
        return "" if self.now.text() else "Type the passphrase of your approver key of now."

    def _ask_agent(self, take: Take) -> None:
        self.room.doer.do(lambda _session: agent_keys(), take, lane="aside", over=self)

    # -- making it -----------------------------------------------------------------------------------------------------

    def _make(self) -> None:
        """First the writer key, where it is locked: else a wrong passphrase below would look like one of that key."""
        self.carry_out(lambda session: session.person(), lambda _feed: self._make_key(), "Making it ...", lane="slow")

    def _make_key(self) -> None:
        use, kind = _USES[str(self.use.currentData())], self.kind.currentData()
        held = self.agent.chosen() if kind == "agent" else None
        sheets = self.folder.path() if kind == "paper" else None
        given = {
            NEW_KEYS.get(use, ""): self.fresh.typed() if kind == "file" else b"",
            hardware.PIN: self.pin.text().encode() if kind == "device" else b"",
            APPROVER: self.now.text().encode() if self._admin else b"",
        }

        def work(session: Session) -> tuple[str, Outcome | None]:
            for what, typed in given.items():
                if typed:
                    session.offer(what, typed)
            try:
                return renewal.renew(session, use, held=held, on_device=kind == "device", envelopes=sheets)
            finally:
                for what in given:
                    session.forget(what)

        doing = "Making it: touch your security key when it blinks ..." if kind == "device" else "Making it ..."
        self.carry_out(work, self._made, doing, lane="slow")

    def _made(self, result: tuple[str, Outcome | None]) -> None:
        words, outcome = result
        self.fresh.forget()
        for field in (self.pin, self.now):
            field.clear()
        window = self.parentWidget()
        self.room.doer.do(dispatch.sync_all, lambda _d: None, failed=_told_beside, lane="slow", over=window)
        self.room.desk.refresh()
        self._body.hide()
        self.go.hide()
        if outcome is None:
            self.card.show_words(words)
            self.card.show()
            self.lead.setText(
                "An admin types what you read (Admit somebody: a member's renewed key). The new key is used here from "
                "when the roster is in force; then this console asks for its passphrase."
            )
        else:
            told = "It is in force." if outcome.in_force else f"It waits: {outcome.missing}."
            self.lead.setText(
                f"Made, proposed and signed as roster {outcome.n}. {told} The new key counts from when it is in force. "
                "It is listed under Rosters that wait until then."
            )
        if self.kind.currentData() == "paper":
            self.lead.setText(
                f"{self.lead.text()} Print and seal both envelopes now; the old ones count for seven days."
            )
            self.add_button("Print or save ...", lambda: EnvelopesSheet(self.room, self.parentWidget()).open(), "main")
        self.only_close()
        self.take_room(600, 320)


def _told_beside(_trouble: Trouble) -> None:
    """A place that is gone is told by the window's banner; what was made lies here until it returns."""
