"""The commands about corrections beyond the composer: call-out, the policy. It opens dialogs only."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QWidget

from console.ui.room import Room
from console.viewmodels.commands import Command, Commands

_PROVISIONAL: Final = "The record is provisional: found an organisation first."


class CorrectionCommands:
    """One per window. Its dialogs are imported when they are opened: the first window does not wait for them."""

    def __init__(self, room: Room, window: QWidget) -> None:
        self._room = room
        self._window = window

    def add_commands(self, commands: Commands) -> None:
        """Offer them."""
        commands.add(Command(name="policy", title="Who has to sign what", group="Organisation", run=self._policy,
                             why_not=self._founded, also="approval policy quorum signatures levels"))  # fmt: skip

        commands.add(Command(name="callout", title="Reaching people: call-out", group="Organisation", run=self._callout,
                             why_not=self._founded, also="page pager hooks on call acknowledge escalate"))  # fmt: skip

    def _founded(self) -> str | None:
        return (
            "The record is provisional: found an organisation first." if self._room.desk.session.provisional else None
        )

    def _policy(self) -> None:
        from console.ui.policy import PolicySheet  # noqa: PLC0415  the first window does not wait for it

        PolicySheet(self._room, self._window).open()

    def _callout(self) -> None:
        from console.ui.callout import CalloutSheet  # noqa: PLC0415  as above

        CalloutSheet(self._room, self._window).open()
