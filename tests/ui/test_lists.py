"""A list in the window: matched, who is left out shown, proposed; under way, and who failed."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel

from adapters.practice.simulator import CallerKey, Estate
from console.services import incidents, lists, protected, providers
from console.services.session import WRITER
from console.ui.lists import ListSheet, ListsSheet
from console.ui.room import Room
from tests.kit.pair import connect, passphrase

WITHIN_MS = 30_000


def texts(part) -> str:
    return "\n".join(one.text() for one in part.findChildren(QLabel))


@pytest.fixture
def estate():
    with Estate() as running:
        site = running.sites["gateway-east"]
        for at in range(60):
            site.state[f"acct-{at:03}"] = CallerKey(f"acct-{at:03}", f"Account {at}", f"practice-{at}")
        yield running


def test_a_list_is_matched_and_proposed(room: Room, estate: Estate, qtbot) -> None:
    session = room.desk.session
    connect(session, estate, "gateway")
    providers.add_canary(session, "gateway-east", "key-canary", "practice-gateway-east-key-canary")
    protected.protect(session, "acct-005", "a named customer")
    inc = incidents.declare(session, "a campaign", severity=2).entry.inc
    assert inc is not None
    sheet = ListSheet(room, None, inc)
    qtbot.addWidget(sheet)
    sheet.show()
    qtbot.waitUntil(lambda: sheet.where is not None, timeout=WITHIN_MS)
    assert not sheet.match.isEnabled()
    sheet.place.setCurrentIndex(next(at for at in range(sheet.place.count()) if "east" in sheet.place.itemText(at)))
    sheet.lever.setCurrentIndex(sheet.lever.findData("key.block"))
    sheet.typed.setPlainText("\n".join(f"acct-{at:03}" for at in range(62)))
    sheet.reason.setPlainText("a campaign of exploits")
    assert not sheet.go.isEnabled()
    sheet.match.click()
    qtbot.waitUntil(lambda: "59 accounts would be restricted." in texts(sheet.told), timeout=WITHIN_MS)
    assert "acct-005: a named customer" in texts(sheet.told)
    assert "/admin/keys/<<account>>/block" in texts(sheet.told)
    sheet.column.setText("2")  # another list than was matched
    assert not sheet.go.isEnabled()
    sheet.column.setText("")
    sheet.match.click()
    qtbot.waitUntil(sheet.go.isEnabled, timeout=WITHIN_MS)
    session.offer(WRITER, passphrase("commander", WRITER))
    sheet.go.click()
    qtbot.waitUntil(lambda: "Proposed. Nothing moves" in texts(sheet.said), timeout=WITHIN_MS)
    room.desk.choose(inc) if hasattr(room.desk, "choose") else None
    under = ListsSheet(room, None)
    qtbot.addWidget(under)
    under.show()
    qtbot.waitUntil(lambda: "0 of 59 accounts gone through" in texts(under) or "No correction" in texts(under),
                    timeout=WITHIN_MS)  # fmt: skip


def test_what_is_no_list_is_said_and_nothing_is_proposed(room: Room, estate: Estate, qtbot) -> None:
    session = room.desk.session
    connect(session, estate, "gateway")
    inc = incidents.declare(session, "a campaign", severity=2).entry.inc
    assert inc is not None
    sheet = ListSheet(room, None, inc)
    qtbot.addWidget(sheet)
    sheet.show()
    qtbot.waitUntil(lambda: sheet.where is not None, timeout=WITHIN_MS)
    sheet.path.edit.setText("/nowhere/list.csv")
    sheet.match.click()
    qtbot.waitUntil(lambda: "cannot be read" in texts(sheet), timeout=WITHIN_MS)
    assert not sheet.go.isEnabled()
    assert lists is not None
