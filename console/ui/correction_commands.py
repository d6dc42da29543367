"""The commands about corrections beyond the composer: lists, call-out, emergency, policy. It opens dialogs only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtWidgets import QWidget

from console.ui.room import Room
from console.viewmodels.commands import Command, Commands, WhyNot
from console.viewmodels.incident_words import NO_INCIDENT

_GROUP: Final = "Corrections"
_PROVISIONAL: Final = "The record is provisional: found an organisation first."


class CorrectionCommands:
    """One per window. Its dialogs are imported when they are opened: the first window does not wait for them."""

    def __init__(self, room: Room, window: QWidget) -> None:
        self._room = room
        self._window = window

    def add_commands(self, commands: Commands) -> None:
        """Offer them."""

        def add(name: str, title: str, run: Callable[[], None], why_not: WhyNot, also: str) -> None:
            commands.add(Command(name=name, title=title, run=run, group=_GROUP, also=also, why_not=why_not))

        commands.add(Command(name="policy", title="Who has to sign what", group="Organisation", run=self._policy,
                             why_not=self._founded, also="approval policy quorum signatures levels"))  # fmt: skip

        commands.add(Command(name="callout", title="Reaching people: call-out", group="Organisation", run=self._callout,
                             why_not=self._founded, also="page pager hooks on call acknowledge escalate"))  # fmt: skip
        add("list", "Restrict a list of accounts", self._list, self._not_open,
            "import csv thousands keys users bulk block")  # fmt: skip
        add("lists", "Lists of accounts under way", self._lists, self._not_open, "failures progress lift list")
        add("stages", "Give back in stages", self._stages, self._not_open, "staged lift percent hold stop put back")
        add("rotate", "Rotate leaked credentials", self._rotate, self._not_open, "rotation leaked key revoke replace")
        add("break-glass", "Break the glass: send alone", self._break_glass, self._not_open, "emergency one person")
        add("glass", "Sent by one person alone", self._glass, self._not_open, "break-glass ratify finding")
        add("extend", "Give a correction more time", self._extend, self._not_open, "extension lapse longer")
        add("assume-command", "Assume command", self._assume, self._not_open, "take over silent commander")

    def _not_open(self) -> str | None:
        if (why := self._founded()) is not None:
            return why
        return NO_INCIDENT if self._room.desk.inc is None else None

    def _founded(self) -> str | None:
        return (
            "The record is provisional: found an organisation first." if self._room.desk.session.provisional else None
        )

    def _policy(self) -> None:
        from console.ui.policy import PolicySheet  # noqa: PLC0415  the first window does not wait for it

        PolicySheet(self._room, self._window).open()

    def _list(self) -> None:
        from console.ui.lists import ListSheet  # noqa: PLC0415  as above

        if self._room.desk.inc is not None:
            ListSheet(self._room, self._window, self._room.desk.inc).open()

    def _lists(self) -> None:
        from console.ui.lists import ListsSheet  # noqa: PLC0415  as above

        ListsSheet(self._room, self._window).open()

    def _callout(self) -> None:
        from console.ui.callout import CalloutSheet  # noqa: PLC0415  as above

        CalloutSheet(self._room, self._window).open()

    def _stages(self) -> None:
        from console.ui.lift_stages import StagesSheet  # noqa: PLC0415  as above

        if self._room.desk.inc is not None:
            StagesSheet(self._room, self._window, self._room.desk.inc, self._sign).open()

    def _rotate(self) -> None:
        from console.ui.rotation import RotationSheet  # noqa: PLC0415  as above

        if self._room.desk.inc is not None:
            RotationSheet(self._room, self._window, self._room.desk.inc, self._sign).open()

    def _break_glass(self) -> None:
        from console.ui.emergency import BreakGlassSheet  # noqa: PLC0415  as above

        BreakGlassSheet(self._room, self._window, self._sign).open()

    def _glass(self) -> None:
        from console.ui.emergency import GlassSheet  # noqa: PLC0415  as above

        GlassSheet(self._room, self._window, self._sign).open()

    def _extend(self) -> None:
        from console.ui.emergency import ExtendSheet  # noqa: PLC0415  as above

        ExtendSheet(self._room, self._window, self._sign).open()

    def _assume(self) -> None:
        from console.ui.emergency import CommandSheet  # noqa: PLC0415  as above

        if self._room.desk.inc is not None:
            CommandSheet(self._room, self._window, self._room.desk.inc).open()

    def _sign(self, doc: str) -> None:
        from console.ui.confirm import ConfirmDialog  # noqa: PLC0415  as above

        ConfirmDialog.opened(self._room, doc, self._window)
