"""When one person has to act, in the window: break-glass, what was sent alone, more time, assuming command."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from adapters.practice.simulator import Estate
from console.services import assumption, corrections, incidents
from console.services.corrections import TargetWish
from console.services.session import WRITER
from console.ui.emergency import BreakGlassSheet, CommandSheet, ExtendSheet, GlassSheet
from console.ui.room import Room
from console.viewmodels.shell import NOW
from tests.kit.pair import connect, passphrase

WITHIN_MS = 60_000


def texts(part) -> str:
    return "\n".join(one.text() for one in part.findChildren(QLabel) if not one.isHidden())


@pytest.fixture
def estate():
    with Estate() as running:
        yield running


def test_a_waiting_containment_is_proposed_for_one_alone(room: Room, estate: Estate, qtbot) -> None:
    session = room.desk.session
    connect(session, estate, "gateway")
    inc = incidents.declare(session, "a campaign", severity=1).entry.inc
    assert inc is not None
    wishes = [TargetWish(provider="gateway-east", surface="", lever="key.block", selector=key)
              for key in ("key-research", "key-shop")]  # fmt: skip
    made = corrections.propose(session, inc, wishes, "exploits")
    room.desk.refresh()
    qtbot.waitUntil(lambda: bool((now := room.desk.outlet.latest(NOW)) and now.everything), timeout=WITHIN_MS)
    signs: list[str] = []
    sheet = BreakGlassSheet(room, None, signs.append)
    sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)  # it closes itself, and the test ends it
    qtbot.addWidget(sheet)
    sheet.show()
    qtbot.waitUntil(lambda: sheet.one is not None, timeout=WITHIN_MS)
    assert sheet.one is not None
    assert (sheet.one.doc, sheet.one.why_not) == (made.sha, "")
    sheet.reason.setPlainText("too short")
    assert not sheet.go.isEnabled()
    sheet.reason.setPlainText("exploits are live and nobody answers")
    qtbot.waitUntil(sheet.go.isEnabled, timeout=WITHIN_MS)
    session.offer(WRITER, passphrase("commander", WRITER))
    sheet.go.click()
    qtbot.waitUntil(lambda: bool(signs), timeout=WITHIN_MS)
    action = corrections.action_of(corrections.find_document(session, signs[0]))
    assert (action.break_glass, action.rev) == (True, 2)
    glass = GlassSheet(room, None, signs.append)
    qtbot.addWidget(glass)
    glass.show()
    qtbot.waitUntil(lambda: "Nobody acted alone" in texts(glass), timeout=WITHIN_MS)
    more = ExtendSheet(room, None, signs.append)
    qtbot.addWidget(more)
    more.show()
    assert not more.go.isEnabled()  # nothing is on its way


def test_command_that_one_holds_is_neither_asked_for_nor_assumed(room: Room, qtbot) -> None:
    session = room.desk.session
    inc = incidents.declare(session, "a campaign", severity=1).entry.inc
    assert inc is not None
    sheet = CommandSheet(room, None, inc)
    qtbot.addWidget(sheet)
    sheet.show()
    qtbot.waitUntil(lambda: "Commander commands." in sheet.told.text(), timeout=WITHIN_MS)
    assert not sheet.ask.isEnabled()
    sheet.reason.setPlainText("because")
    assert not sheet.go.isEnabled()
    assert sheet.why_not() == assumption.silence(session, inc).why_not == "You command it already."
