"""The policy's page: who could sign what, another policy tried beside it, and proposed by the next roster."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel

from console.services import roster
from console.services.session import APPROVER, WRITER
from console.ui.policy import PolicySheet
from console.ui.room import Room
from tests.kit.pair import passphrase

WITHIN_MS = 30_000


def texts(part) -> str:
    return "\n".join(one.text() for one in part.findChildren(QLabel))


def test_a_policy_is_read_tried_and_proposed(room: Room, qtbot) -> None:
    sheet = PolicySheet(room, None)
    qtbot.addWidget(sheet)
    sheet.show()
    qtbot.waitUntil(lambda: "Could be signed now by" in texts(sheet.cards), timeout=WITHIN_MS)
    assert "Approver with Commander (you)" in texts(sheet.cards)
    assert "correction lead; ratified within 24 hours" in texts(sheet.cards)
    assert not sheet.propose.isEnabled()
    sheet.levels.persons["high"].setValue(3)
    qtbot.waitUntil(lambda: "Nobody could sign this then" in texts(sheet.told), timeout=WITHIN_MS)
    sheet.reason.setText("longer nights")
    assert not sheet.propose.isEnabled()
    sheet.levels.persons["high"].setValue(2)
    assert (sheet.windows["undo"].text(), sheet.changed()) == ("15 minutes", {})
    sheet.windows["undo"].setText("30min")
    qtbot.waitUntil(lambda: "undo it for 30 minutes (before: 15 minutes)" in texts(sheet.told), timeout=WITHIN_MS)
    qtbot.waitUntil(sheet.propose.isEnabled, timeout=WITHIN_MS)
    session = room.desk.session
    for what in (WRITER, APPROVER):
        session.offer(what, passphrase("commander", what))
    sheet.propose.click()
    qtbot.waitUntil(lambda: "is signed by you" in texts(sheet), timeout=WITHIN_MS)
    (waiting,) = roster.waiting(session)
    assert waiting.reason == "longer nights"
    assert not sheet.propose.isEnabled()


def test_what_is_no_policy_is_said_and_cannot_be_proposed(room: Room, qtbot) -> None:
    sheet = PolicySheet(room, None)
    qtbot.addWidget(sheet)
    sheet.show()
    qtbot.waitUntil(lambda: "Could be signed now by" in texts(sheet.cards), timeout=WITHIN_MS)
    sheet.windows["approve_by"].setText("a while")
    qtbot.waitUntil(lambda: "is a time from 1min to 24h" in texts(sheet.told), timeout=WITHIN_MS)
    assert not sheet.propose.isEnabled()
