"""What a window does not show at first, imported on a lane once it is there: what a note takes, the board, dialogs."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSettings

from console.ui.room import Room

if TYPE_CHECKING:
    from console.ui.window import MainWindow
    from console.viewmodels.lanes import Lanes

_WRITING: Final = (
    "console.viewmodels.timeline", "console.viewmodels.intake", "console.services.incidents",
    "cryptography.hazmat.primitives.serialization",
)  # fmt: skip
_BOARD: Final = ("console.ui.board",)
# in pieces: nobody who writes meanwhile waits for more than one of them
_LATE: Final = (
    "pydantic", "adapters.contract", "httpx", "console.providers.plane", "console.services.approvals", "keyring",
    "console.services.trial", "console.services.exporting", "console.ui.confirm", "console.ui.organisation",
    "console.ui.intents", "console.ui.proposal", "console.ui.redact", "console.services.checklist",
    "console.ui.duty_commands", "console.ui.screen_lock", "console.ui.evidence", "console.ui.drill_result",
)  # fmt: skip
_WAITS_S: Final = 0.5


def steps(room: Room, window: MainWindow) -> list[tuple[Callable[[], None], Callable[[], None]]]:
    """What comes once the window is there, in order: what to import on a lane, and what to do then on Qt's thread.

    First what it takes to understand, sign and show what is typed, then the board, then the commands.
    """
    bring = partial(_import, room.desk.lanes)
    return [
        (partial(bring, _WRITING), _nothing),
        (partial(bring, _BOARD), window.build_board),
        (partial(bring, _LATE), window.complete),
    ]


def _import(lanes: Lanes, names: Sequence[str]) -> None:
    """One after the other, each when nothing is being written for a person."""
    for name in names:
        lanes.calm(_WAITS_S)
        importlib.import_module(name)


def _nothing() -> None:
    """The thread that imported has what it takes."""


def add_late_commands(room: Room, window: MainWindow, say: Callable[[str, str], None], settings: QSettings) -> None:
    """Offer them; on Qt's thread."""
    from console.ui.drill_result import add_commands as add_drill_result  # noqa: PLC0415  as below
    from console.ui.duty_commands import DutyCommands  # noqa: PLC0415  as below
    from console.ui.evidence import add_commands as add_evidence  # noqa: PLC0415  as below
    from console.ui.intents import Intents  # noqa: PLC0415  see the module's docstring
    from console.ui.notify import Notifier  # noqa: PLC0415  as above
    from console.ui.proposal import add_commands  # noqa: PLC0415  as above
    from console.ui.redact import add_commands as add_redaction  # noqa: PLC0415  as above
    from console.ui.screen_lock import listen_to_desktop  # noqa: PLC0415  as above

    add_commands(room, window)
    add_redaction(room, window)
    add_evidence(room, window)
    add_drill_result(room, window)
    Intents(room, window, say, settings).add_commands(room.commands)
    duties = DutyCommands(room, window)
    duties.add_commands(room.commands)
    window.now.add_before_over(duties.sections)
    Notifier(room, window, settings, say).add_commands(room.commands)
    listen_to_desktop(room, window)
