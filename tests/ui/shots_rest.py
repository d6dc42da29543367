"""Pictures of dialogs that are reached from within others: shown, unread, and where they cannot be read.

Over the real organisation of `tests.ui.shots_states`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from unittest.mock import patch

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QDialog

from console.domain.tasks import Task
from console.services import regimes
from console.services.incidents import IncidentLine
from console.ui.attest import AttestDialog
from console.ui.checklist import DropDialog
from console.ui.clock_dialogs import AsideDialog, DetermineDialog, SentDialog
from console.ui.command_dialogs import AcceptDialog
from console.ui.doer import Doer
from console.ui.entry_dialogs import AmendDialog, RetractDialog, RetypeDialog
from console.ui.evidence import ShareDialog
from console.ui.incident_dialogs import ReopenDialog
from console.ui.intake import IntakeDialog, PictureDialog
from console.ui.model_names import ModelNamesDialog
from console.ui.opened import OpenProfile
from console.ui.provider_life import EditProviderDialog, RemoveCanaryDialog, RemoveProviderDialog
from console.ui.providers import CanaryDialog, TrialDialog
from console.ui.redact import RedactDialog
from console.viewmodels.intake import understand
from console.viewmodels.lines import LineView
from console.viewmodels.provider_cards import rows_of
from console.viewmodels.shell import INCIDENTS, NOW
from tests.kit.resting import rest
from tests.ui import screens
from tests.ui.shots_base import Shots, until
from tests.ui.shots_doing import fails, never

_CHAT: Final = "14:02 analyst: it writes exploits\n14:03 on-call: blocking the keys now\n14:05 analyst: third report"
_SHOWN_MS: Final = 600
_UNREAD_MS: Final = 300


def pictures(shots: Shots, opened: OpenProfile) -> None:
    """Each as it is; and each that reads, before it has read and where it cannot."""
    for make in _made(opened, _line(opened), _view(opened)):
        shown = _picture(shots, make, "normal", _SHOWN_MS)
        for state, does in (("loading", never), ("error", fails)):
            if state in screens.needed(shown):
                with patch.object(Doer, "do", does):
                    _picture(shots, make, state, _UNREAD_MS)


def _picture(shots: Shots, make: Callable[[], QDialog], state: str, wait_ms: int) -> str:
    dialog = make()
    dialog.show()
    rest(wait_ms)
    name = type(dialog).__name__
    shots.both(dialog, f"{state}-{name}")
    dialog.close()
    rest(50)
    return name


def _line(opened: OpenProfile) -> IncidentLine:
    until(lambda: opened.desk.outlet.latest(INCIDENTS) is not None)
    known = opened.desk.outlet.latest(INCIDENTS)
    assert known is not None
    return next(one for one in known.lines if one.inc == opened.desk.inc)


def _view(opened: OpenProfile) -> LineView:
    panel = opened.window.timeline
    until(lambda: panel.table.model().rowCount() > 0)
    panel.table.go_to(panel.table.model().rowCount() - 1)
    until(lambda: panel.chosen() is not None)
    chosen = panel.chosen()
    assert chosen is not None
    return chosen


def _made(opened: OpenProfile, line: IncidentLine, view: LineView) -> list[Callable[[], QDialog]]:
    room, window, now_ms = opened.room, opened.window, opened.session.clock.wall_ms()
    row, regime = rows_of(opened.session)[0], regimes.regimes(opened.session)[0]
    task = Task(entry="", text="Tell the two partners who resell it", author=None, recorded_ms=now_ms)
    now = opened.desk.outlet.latest(NOW)
    standings = () if now is None else tuple(now.standings)
    chat = understand(_CHAT, now_ms)
    pasted = QImage(640, 360, QImage.Format.Format_RGB32)
    pasted.fill(0x30506F)
    return [
        lambda: AmendDialog(room, window, view),
        lambda: RetractDialog(room, window, view),
        lambda: RetypeDialog(room, window, view),
        lambda: RedactDialog(room, window, view.id),
        lambda: ShareDialog(room, window, view.id),
        lambda: IntakeDialog(room, window, chat, window.timeline.composer),
        lambda: PictureDialog(room, window, pasted, bytes(2048), window.timeline.composer),
        lambda: ReopenDialog(room, window, line),
        lambda: AcceptDialog(room, window, line),
        lambda: DropDialog(room, window, task),
        lambda: DetermineDialog(room, window, line.inc, regime, now_ms),
        lambda: SentDialog(room, window, line.inc, regime),
        lambda: AsideDialog(room, window, line.inc, regime),
        lambda: AttestDialog(room, window, standings),
        lambda: ModelNamesDialog(room, window, "F-7"),
        lambda: EditProviderDialog(room, window, row),
        lambda: RemoveProviderDialog(room, window, row),
        lambda: RemoveCanaryDialog(room, window, row),
        lambda: TrialDialog(room, window, row),
        lambda: CanaryDialog(room, window, row),
    ]
