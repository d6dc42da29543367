"""A dialog that is not read yet lets nothing be done with it; one that cannot be read says so, and reads again."""

from __future__ import annotations

from collections.abc import Callable
from unittest.mock import patch

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from console.services import incidents
from console.ui.again import AgainSheet
from console.ui.callout import CalloutSheet
from console.ui.doer import Doer
from console.ui.emergency import BreakGlassSheet, CommandSheet
from console.ui.evidence import EvidenceDialog
from console.ui.kept import Kept
from console.ui.lift_stages import StagesSheet
from console.ui.lists import ListSheet
from console.ui.organisation import OrganisationDialog
from console.ui.policy import PolicySheet
from console.ui.refusals import RefusalsSheet
from console.ui.room import Room
from console.ui.roster_restored import RestoredSheet
from console.ui.sheets import Sheet, text_line
from tests.kit.rooms import troubles_of
from tests.viewmodels.standings import standing, target

WITHIN_MS = 30_000
NO_DISK = OSError(5, "Input/output error", "journal.db")
MADE: dict[str, Callable[[Room, str], QWidget]] = {
    "policy": lambda room, _inc: PolicySheet(room, None),
    "callout": lambda room, _inc: CalloutSheet(room, None),
    "command": lambda room, inc: CommandSheet(room, None, inc),
    "break-glass": lambda room, _inc: BreakGlassSheet(room, None, lambda _sha: None),
    "list": lambda room, inc: ListSheet(room, None, inc),
    "stages": lambda room, inc: StagesSheet(room, None, inc, lambda _sha: None),
    "record": lambda room, _inc: RestoredSheet(room, None),
    "evidence": lambda room, _inc: EvidenceDialog(room, None),
    "organisation": lambda room, _inc: OrganisationDialog(room),
}
LEAVES = {"Cancel", "Close", "Read again"}
READS_ITSELF = {"Choose ...", "Lodging letter ...", "Recovery envelopes ...", "This console's record ..."}


def never(*_what: object, **_how: object) -> None:
    """Reads for ever."""


def fails(doer: Doer, _work: object, *_done: object, failed=None, **_how: object) -> None:
    """A disk that cannot be read: told in the next round of the loop, as every answer."""
    trouble = doer.trouble_of(NO_DISK)
    QTimer.singleShot(0, lambda: (failed or doer.troubled.emit)(trouble))


def said(part: QWidget) -> str:
    return "\n".join(one.text() for one in part.findChildren(QLabel) if one.isVisibleTo(part))


def enabled(part: QWidget) -> set[str]:
    buttons = [one for one in part.findChildren(QPushButton) if one.isVisibleTo(part)]
    return {one.text() for one in buttons if one.isEnabled()} - LEAVES - READS_ITSELF - {""}


@pytest.fixture
def inc(room: Room) -> str:
    found = incidents.declare(room.desk.session, "F-7 lies", severity=2).entry.inc
    assert found is not None
    return found


@pytest.mark.parametrize("name", MADE)
def test_nothing_is_done_with_what_is_not_read(name: str, room: Room, inc: str, qtbot) -> None:
    with patch.object(Doer, "do", never):
        dialog = MADE[name](room, inc)
        qtbot.addWidget(dialog)
        dialog.show()
        assert not enabled(dialog)
        assert "Reading" in said(dialog) or "Looking" in said(dialog)


@pytest.mark.parametrize("name", MADE)
def test_what_cannot_be_read_says_so_and_is_read_again(name: str, room: Room, inc: str, qtbot) -> None:
    with patch.object(Doer, "do", fails):
        dialog = MADE[name](room, inc)
        qtbot.addWidget(dialog)
        dialog.show()
        qtbot.waitUntil(lambda: "journal.db: Input/output error." in said(dialog), timeout=WITHIN_MS)
        assert "Reading" not in said(dialog)
        assert "Looking" not in said(dialog)
        assert "could not be read" in said(dialog) or "not known" in said(dialog)
        assert not enabled(dialog)
    if isinstance(dialog, Sheet):
        again = next(one for one in dialog.findChildren(QPushButton) if one.text() == "Read again")
        again.click()
        qtbot.waitUntil(lambda: not again.isVisibleTo(dialog), timeout=WITHIN_MS)
    else:  # it looks by itself, every two seconds
        qtbot.waitUntil(lambda: "journal.db" not in said(dialog), timeout=WITHIN_MS)
        qtbot.waitUntil(lambda: "not be read" not in said(dialog), timeout=WITHIN_MS)
    assert "could not be read" not in said(dialog)


def test_what_is_left_of_a_correction_is_not_said_to_be_nothing_where_it_cannot_be_read(room: Room, qtbot) -> None:
    with patch.object(Doer, "do", fails):
        sheet = AgainSheet(room, None, [standing(target())])
        qtbot.addWidget(sheet)
        sheet.show()
        qtbot.waitUntil(lambda: "journal.db" in said(sheet), timeout=WITHIN_MS)
        assert "What stands there now is not known." in said(sheet)
        assert "Nothing of it is left" not in said(sheet)
        assert "Reading" not in said(sheet)
        assert not enabled(sheet)


def test_why_tries_cannot_be_read_stays_to_be_read(room: Room, qtbot) -> None:
    with patch.object(Doer, "do", fails):
        sheet = RefusalsSheet(room, None, standing(target()))
        qtbot.addWidget(sheet)
        sheet.show()
        qtbot.waitUntil(lambda: "journal.db" in said(sheet), timeout=WITHIN_MS)
        assert not sheet._again.isActive(), "reading again by itself wipes it away"
        assert "could not be read" in said(sheet)


def test_what_is_not_kept_of_a_dialog_that_was_left_is_said_by_the_window(room: Room, qtbot) -> None:
    told = troubles_of(room)
    sheet = Sheet(room, None, "About something")
    line = text_line("What")
    sheet.add(line)
    sheet.show()
    _kept = Kept(sheet, "something", {"what": line})
    line.setText("three reports since noon")
    with patch.object(Doer, "do", fails):
        sheet.reject()
        qtbot.waitUntil(lambda: bool(told), timeout=WITHIN_MS)
    assert "Input/output error" in told[0].what
