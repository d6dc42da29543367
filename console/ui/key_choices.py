"""Where a key is to live, as a choice on a page: a file with a passphrase, the ssh-agent, or a FIDO2 security key.

What is typed is handed on once. Nothing here asks an agent or a device by itself: whoever holds it does, on a lane.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QWidget

from console.ui.pages import Field, NewPassphrase
from console.ui.parts import column
from console.ui.theme import Look
from console.ui.unlock import secret_field
from console.ui.widgets import Text
from console.viewmodels.keys import AGENT_SAYS, DEVICE_SAYS, HeldKey, why_not_member

if TYPE_CHECKING:
    from console.keys.publickey import PublicKey

Take = Callable[["tuple[HeldKey, ...] | str"], None]
Ask = Callable[[Take], None]
_BEING_ASKED: Final = "The ssh-agent is being asked."


class AgentChoice(QWidget):
    """Which key of the agent: by its comment, with its words. It is asked anew each time this is turned to."""

    changed = Signal()

    def __init__(self, look: Look, ask: Ask) -> None:
        super().__init__()
        self._ask = ask
        self.keys = QComboBox()
        self.keys.setAccessibleName("Which key of the ssh-agent")
        self.keys.hide()
        self.told = Text(look, _BEING_ASKED, size="small", tone="text-muted", wrap=True)
        self._found: tuple[HeldKey, ...] = ()
        lines = column(self, look.theme.space("half"))
        lines.addWidget(self.keys)
        lines.addWidget(self.told)
        self.keys.currentIndexChanged.connect(self.changed)
        self.setFocusProxy(self.keys)

    def look_again(self) -> None:
        """Ask the agent."""
        self._ask(self._take)

    def _take(self, found: tuple[HeldKey, ...] | str) -> None:
        self._found = () if isinstance(found, str) else found
        self.keys.clear()
        for one in self._found:
            self.keys.addItem(one.title, one.public.fingerprint)
        self.keys.setVisible(bool(self._found))
        self.told.setText(found if isinstance(found, str) else AGENT_SAYS)
        self.told.set_tone("alarm" if isinstance(found, str) else "text-muted")
        self.changed.emit()

    def chosen(self) -> PublicKey | None:
        """The key; None where there is none."""
        at = self.keys.currentIndex()
        return self._found[at].public if 0 <= at < len(self._found) else None

    def why_not(self) -> str:
        """Why it will not do yet."""
        return "" if self.chosen() is not None else "There is no key of the agent to choose."


class WriterChoice(QWidget):
    """A new writer key with a passphrase; or, where somebody ticks it, a key of their ssh-agent."""

    changed = Signal()
    entered = Signal()

    def __init__(self, look: Look, title: str, ask: Ask) -> None:
        super().__init__()
        self.passphrase = NewPassphrase(look, title)
        self.use_agent = QCheckBox("A key of my ssh-agent signs what I write, instead of a new one")
        self.agent = AgentChoice(look, ask)
        self.agent.hide()
        lines = column(self, look.theme.space("unit"))
        for part in (self.passphrase, self.use_agent, self.agent):
            lines.addWidget(part)
        self.use_agent.toggled.connect(self._turn)
        self.passphrase.entered.connect(self.entered)
        for part in (self.passphrase, self.agent):
            part.changed.connect(self.changed)
        self.setFocusProxy(self.passphrase)

    def _turn(self, agent: bool) -> None:  # noqa: FBT001  Qt's signal
        self.passphrase.setVisible(not agent)
        self.agent.setVisible(agent)
        if agent:
            self.agent.look_again()
        self.changed.emit()

    def why_not(self) -> str:
        """What is still to be said."""
        return self.agent.why_not() if self.use_agent.isChecked() else self.passphrase.why_not()

    def held(self) -> PublicKey | None:
        """The agent's key, where it is one."""
        return self.agent.chosen() if self.use_agent.isChecked() else None

    def typed(self) -> bytes:
        """The new passphrase; empty where there is none."""
        return b"" if self.use_agent.isChecked() else self.passphrase.typed()

    def forget(self) -> None:
        """It has served."""
        self.passphrase.forget()


class ApproverChoice(QWidget):
    """A new approver key with a passphrase; or, where somebody ticks it, one on a FIDO2 security key."""

    changed = Signal()
    entered = Signal()

    def __init__(self, look: Look, title: str) -> None:
        super().__init__()
        self.passphrase = NewPassphrase(look, title)
        self.use_device = QCheckBox("My approver key is made on a FIDO2 security key")
        self.pin = Field(look, "The PIN of your security key", DEVICE_SAYS, edit=secret_field("The PIN"))
        self.pin.hide()
        lines = column(self, look.theme.space("unit"))
        for part in (self.passphrase, self.use_device, self.pin):
            lines.addWidget(part)
        self.use_device.toggled.connect(self._turn)
        self.passphrase.entered.connect(self.entered)
        self.pin.entered.connect(self.entered)
        for part in (self.passphrase, self.pin):
            part.changed.connect(self.changed)
        self.setFocusProxy(self.passphrase)

    def _turn(self, device: bool) -> None:  # noqa: FBT001  Qt's signal
        self.passphrase.setVisible(not device)
        self.pin.setVisible(device)
        if device:
            self.pin.setFocus()
        self.changed.emit()

    @property
    def on_device(self) -> bool:
        """Whether it is made on a security key."""
        return self.use_device.isChecked()

    def why_not(self) -> str:
        """What is still to be said."""
        if not self.on_device:
            return self.passphrase.why_not()
        return "" if self.pin.text() else "Type the PIN of your security key."

    def typed(self) -> bytes:
        """The new passphrase, or the PIN."""
        return self.pin.text().encode() if self.on_device else self.passphrase.typed()

    def forget(self) -> None:
        """It has served."""
        self.passphrase.forget()
        self.pin.edit.clear()


class MemberChoice(QWidget):
    """For whoever is a member already: their own id in that organisation, as any colleague's screen shows it."""

    changed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.is_member = QCheckBox("I am a member already: a further device, or one in place of a lost one")
        self.ident = Field(
            look, "Your id there", "It begins with p-, and stands under your name in a colleague's Organisation window."
        )
        self.ident.hide()
        lines = column(self, look.theme.space("unit"))
        lines.addWidget(self.is_member)
        lines.addWidget(self.ident)
        self.is_member.toggled.connect(self._turn)
        self.ident.changed.connect(self._check)

    def _turn(self, member: bool) -> None:  # noqa: FBT001  Qt's signal
        self.ident.setVisible(member)
        if member:
            self.ident.setFocus()
        self.changed.emit()

    def _check(self) -> None:
        why = why_not_member(self.ident.text())
        self.ident.say(why, wrong=bool(why and self.ident.text().strip()))
        self.changed.emit()

    def why_not(self) -> str:
        """What is still to be said."""
        return why_not_member(self.ident.text()) if self.is_member.isChecked() else ""

    def member(self) -> str | None:
        """The id; None for somebody new."""
        return self.ident.text().strip() if self.is_member.isChecked() else None
