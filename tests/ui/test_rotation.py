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
from console.viewmodels.rotation import NOTHING_SLOWS, Revoking, RotationPage, Typed
from tests.kit.pair import connect, passphrase
from tests.viewmodels.test_rotation import PLACE, REVOKING

NOTHING = Revoking(PLACE, "Archive a key", "key.archive", (), NOTHING_SLOWS)

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


def test_what_belongs_to_something_else_is_slowed_there_in_the_same_form(room: Room, qtbot, monkeypatch) -> None:
    """An account of OpenAI's at its project: which one, at which model, how much."""
    kept: list[Typed] = []
    monkeypatch.setattr("console.ui.rotation.page", lambda _session, _inc: RotationPage((), (REVOKING, NOTHING)))
    monkeypatch.setattr("console.ui.rotation.begin", lambda _session, _inc, typed, _why: kept.extend(typed))
    sheet = RotationSheet(room, None, "i-1", lambda _sha: None)
    qtbot.addWidget(sheet)
    sheet.show()
    qtbot.waitUntil(lambda: len(sheet.rows) == 1, timeout=WITHIN_MS)
    (line,) = sheet.rows
    assert line.by.currentText() == "Slow a project down at a model"
    assert not line.at.isHidden()
    assert "Which project (all of it is slowed):" in texts(line)
    assert [edit.text() for edit in line.values.values()] == ["", "1"]
    line.old.setText("svc_1")
    sheet.why.setText("found in a public repository")
    assert not sheet.go.isEnabled()
    assert "which project" in sheet.why_not()
    line.at.setText("proj_1")
    line.values["model"].setText("atlas")
    qtbot.waitUntil(sheet.go.isEnabled, timeout=WITHIN_MS)
    line.by.setCurrentIndex(line.by.count() - 1)
    assert (line.slowing, line.at.isHidden(), line.values) == (None, True, {})
    line.place.setCurrentIndex(1)
    assert (line.by.currentText(), line.by.isEnabled()) == ("nothing here slows it", False)
    assert "Nothing reversible" in line.by.toolTip()
    line.place.setCurrentIndex(0)
    line.values["model"].setText("atlas")
    sheet.go.click()
    qtbot.waitUntil(lambda: bool(kept), timeout=WITHIN_MS)
    assert (kept[0].old, kept[0].by.lever, kept[0].at) == ("svc_1", "project.rpm", "proj_1")
    assert kept[0].values == {"model": "atlas", "rpm": "1"}
