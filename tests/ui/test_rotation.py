"""A rotation in the window: what leaked is kept, its use counted, the old ones slowed by one proposal."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton

from adapters.practice.simulator import Estate
from console.services import corrections, incidents
from console.services.session import WRITER
from console.ui.room import Room
from console.ui.rotation import RotationSheet
from tests.kit.pair import connect, passphrase

WITHIN_MS = 60_000


def texts(part) -> str:
    return "\n".join(one.text() for one in part.findChildren(QLabel) if not one.isHidden())


@pytest.fixture
def estate():
    with Estate() as running:
        yield running


def button(part, word: str) -> QPushButton:
    return next(one for one in part.findChildren(QPushButton) if one.text().startswith(word))


def test_two_leaked_credentials_are_kept_counted_and_slowed(room: Room, estate: Estate, qtbot) -> None:
    session = room.desk.session
    connect(session, estate, "gateway")
    inc = incidents.declare(session, "a leak", severity=2).entry.inc
    assert inc is not None
    signs: list[str] = []
    sheet = RotationSheet(room, None, inc, signs.append)
    sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)  # it closes itself, and the test ends it
    qtbot.addWidget(sheet)
    sheet.show()
    qtbot.waitUntil(lambda: len(sheet.rows) == 1, timeout=WITHIN_MS)
    assert not sheet.go.isEnabled()
    sheet.add_row()
    places = [sheet.rows[0].place.itemText(at) for at in range(sheet.rows[0].place.count())]
    east, west = (next(at for at, text in enumerate(places) if side in text) for side in ("east", "west"))
    for line, at, old, new in ((sheet.rows[0], east, "key-shop", "key-canary"), (sheet.rows[1], west, "key-batch", "")):
        line.place.setCurrentIndex(at)
        line.old.setText(old)
        line.new.setText(new)
    sheet.why.setText("found in a public repository")
    session.offer(WRITER, passphrase("commander", WRITER))
    qtbot.waitUntil(sheet.go.isEnabled, timeout=WITHIN_MS)
    sheet.go.click()
    qtbot.waitUntil(lambda: "key-shop, replaced by key-canary: in use" in texts(sheet.told), timeout=WITHIN_MS)
    assert "calls counted since" in texts(sheet.told)
    assert not button(sheet.told, "Revoke").isEnabled()
    button(sheet.told, "It is placed").click()
    qtbot.waitUntil(lambda: "key-shop, replaced by key-canary: replaced" in texts(sheet.told), timeout=WITHIN_MS)
    button(sheet.told, "Slow").click()
    qtbot.waitUntil(lambda: bool(signs), timeout=WITHIN_MS)
    action = corrections.action_of(corrections.find_document(session, signs[0]))
    assert [target.lever for target in action.targets] == ["key.rpm", "key.rpm"]
