"""Reaching people in the window: a hook is added and tried, a call is shown and acknowledged."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QPushButton

from console.services import callout, callout_settings, corrections, incidents
from console.services.corrections import TargetWish
from console.services.session import WRITER
from console.ui.callout import CalloutSheet
from console.ui.room import Room
from tests.kit.pair import connect_manual, passphrase

WITHIN_MS = 30_000


def texts(part) -> str:
    return "\n".join(one.text() for one in part.findChildren(QLabel) if not one.isHidden())


def test_a_hook_is_added_tried_and_a_call_acknowledged(room: Room, qtbot) -> None:
    session = room.desk.session
    connect_manual(session, "F-7")
    inc = incidents.declare(session, "it lies", severity=1).entry.inc
    assert inc is not None
    wish = TargetWish(provider="vendor", surface="", lever="manual.ask", params={"instruction": "stop", "who": "x"})
    corrections.propose(session, inc, [wish], "it lies to people")
    session.lock()
    sheet = CalloutSheet(room, None)
    qtbot.addWidget(sheet)
    sheet.show()
    qtbot.waitUntil(lambda: "A proposal waits for a signature." in texts(sheet.calls), timeout=WITHIN_MS)
    assert "nobody is paged from this console" in texts(sheet.hooks)
    assert not sheet.test.isEnabled()
    sheet.name.setText("room")
    sheet.kind.setCurrentIndex(sheet.kind.findData("webhook"))
    sheet.address.setText("http://127.0.0.1:1/nobody-listens")
    sheet.whom.setCurrentIndex(sheet.whom.findData("everyone"))
    sheet.go.click()
    qtbot.waitUntil(
        lambda: "room: an address that takes JSON; reaches everyone" in texts(sheet.hooks), timeout=WITHIN_MS
    )
    sheet.test.click()
    qtbot.waitUntil(lambda: "1 of 1 hooks failed" in texts(sheet), timeout=WITHIN_MS)
    session.offer(WRITER, passphrase("commander", WRITER))
    heard = next(one for one in sheet.calls.findChildren(QPushButton) if one.text() == "I have heard of it")
    heard.click()
    qtbot.waitUntil(lambda: "has heard of it" in texts(sheet.calls), timeout=WITHIN_MS)
    (call,) = callout.called(session)
    assert call.state_of(session.me) == "acknowledged"
    sheet.wait.setValue(7)
    next(one for one in sheet.findChildren(QPushButton) if one.text() == "Keep this order").click()
    qtbot.waitUntil(lambda: callout_settings.read(session).ladder.wait_ms == 420_000, timeout=WITHIN_MS)
