"""What people did before its provider was connected is watched later, from the window: read back, tried, recorded."""

from __future__ import annotations

import urllib.request
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from adapters.practice.simulator import Estate
from console.app import main
from console.journal.values import Draft
from console.outbox.steps import Pace
from console.services import callout, corrections, dispatch, incidents, needs, overview, providers, standing
from console.ui.timeline_detail import EntryDetail
from console.ui.watch import WatchDialog
from tests.kit.pair import connect

WITHIN_MS = 30_000
WORDS = "On call blocked the research key in the vendor's console."


@pytest.fixture
def window(qtbot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def recorded(room):
    """An incident in which something was recorded by hand before any provider was connected."""
    session = room.desk.session
    inc = str(incidents.declare(session, "t", 2).entry.inc)
    now = session.clock.wall_ms()
    entry = corrections.record_by_hand(
        session, WORDS, inc=inc, category="user", done_ms=now - 60_000, selector="key-research"
    )
    room.desk.choose(inc)
    return inc, entry.id


def opened(qtbot, room, window, inc: str | None, entry: str | None = None) -> WatchDialog:
    dialog = WatchDialog(room, window, inc, entry)
    dialog.open()
    qtbot.waitUntil(lambda: dialog._ground is not None and not dialog.is_busy, timeout=WITHIN_MS)
    return dialog


def test_before_anything_is_connected_it_says_what_to_do(qtbot, room, window, recorded) -> None:
    dialog = opened(qtbot, room, window, recorded[0])
    assert "Connect the one where it was done" in dialog._none.text()
    assert dialog.doing.text() == "Choose where it can be read."


def told_by(capsys, session, *words: str) -> str:
    capsys.readouterr()
    main(["--profile", str(session.paths.root), *words])
    return capsys.readouterr().out


def test_connected_later_it_is_read_back_tried_and_looked_at_again(qtbot, room, window, recorded, capsys) -> None:
    session, (inc, entry) = room.desk.session, recorded
    with Estate(gateway_lag_s=0.0) as estate:
        connect(session, estate, "gateway")
        east = next(one for one in estate.instances() if one["name"] == "gateway-east")
        dialog = opened(qtbot, room, window, inc)
        assert dialog.which.currentData() == entry
        assert dialog.selector.text() == "key-research", "what was said then is filled in"
        assert dialog.lever.currentText() == "Block a key", "of its own kind first"
        dialog.surface.setCurrentIndex(dialog.surface.findText("gateway-east"))
        dialog.press_main()
        qtbot.waitUntil(lambda: "does NOT stand" in dialog.found.text(), timeout=WITHIN_MS)
        assert "no credential here" in dialog.found.text()
        providers.add_canary(session, "gateway-east", "key-research", east["secrets"]["key-research"])
        in_their_console(east, "key-research")
        dialog.press_main()
        qtbot.waitUntil(lambda: "says that it stands" in dialog.found.text(), timeout=WITHIN_MS)
        assert "was refused" in dialog.found.text()
        assert "looked at again by itself" in dialog.found.text()
        in_their_console(east, "key-research", "unblock")
        dispatch.run_outbox(session, deadline_ms=30_000, pace=replace(Pace(), recheck_ms=20))
        again = opened(qtbot, room, window, inc)
        assert "no longer stood" in again._told.text()
        [line] = told_by(capsys, session, "correct", "recorded-by-hand").splitlines()
        assert "[UNDONE, read " in line
        assert "done by hand: Research assistant. It was undone." in told_by(capsys, session, "status")
    everything, lines = standing.corrections(session), incidents.list_incidents(session)
    assert [one.text for one in needs.needs(session, everything, lines) if one.kind == "decide"] == [
        "Done by hand: Research assistant was undone"
    ]
    assert [one.about for one in callout.calls(session) if one.why == "drift"] == [entry]
    readings = list(session.reader.entries(inc, kinds=("reading.observed",)))
    assert [one.entry.pub["verdict"] for one in readings] == ["not-in-effect", "in-effect", "refused", "not-in-effect"]
    assert all(one.entry.pub["of"] == [entry] for one in readings), "they stand with what they are about"


def in_their_console(gateway: dict, key: str, verb: str = "block") -> None:
    """Somebody blocks a key without this program."""
    request = urllib.request.Request(
        f"{gateway['settings']['base_url']}/admin/keys/{key}/{verb}", data=b"{}", method="POST",
        headers={"Authorization": f"Bearer {gateway['secrets']['admin']}", "Content-Type": "application/json"},
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200


def test_the_entry_itself_offers_it(qtbot, room, window, recorded) -> None:
    _, entry = recorded
    detail = EntryDetail(room, lambda _name: None)
    qtbot.addWidget(detail)
    detail.show()
    detail.show_entry(entry)
    qtbot.waitUntil(lambda: detail.detail is not None, timeout=WITHIN_MS)
    button = next(one for one in detail.findChildren(QPushButton) if one.text() == "Watch it ...")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    dialog = detail.findChild(WatchDialog)
    qtbot.waitUntil(lambda: dialog._ground is not None and not dialog.is_busy, timeout=WITHIN_MS)
    assert dialog.which.currentData() == entry


def test_what_was_taken_back_is_not_offered(room, recorded) -> None:
    session, (inc, entry) = room.desk.session, recorded
    assert [one.entry for one in overview.recorded_by_hand(session, inc)] == [entry]
    other = str(incidents.declare(session, "other", 3).entry.inc)
    assert overview.recorded_by_hand(session, other) == ()
    session.append(Draft("retraction", inc, None, {"of": [entry]}, {"reason": "it was another key"}))
    assert overview.recorded_by_hand(session) == ()
