"""What people did themselves is attested and recorded as said, with its time, and read back where it can be."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget
from shiboken6 import isValid

from adapters.practice.simulator import Estate
from console.services import corrections, incidents
from console.services.corrections import TargetWish
from console.ui.attest import AttestDialog, RecordDialog
from console.ui.proposal import attestable
from console.viewmodels.shell import NOW
from tests.kit.pair import connect, connect_manual, pair_at
from tests.kit.rooms import room_of
from tests.viewmodels.standings import NOW_MS, standing, target

WITHIN_MS = 20_000
CTRL = Qt.KeyboardModifier.ControlModifier
ASK = {"instruction": "Stop Atlas large for our account", "contact": "+1 555 0100", "ticket": "T-17"}


@pytest.fixture(scope="module")
def console(founded, tmp_path_factory):
    folder = tmp_path_factory.mktemp("attest")
    with pytest.MonkeyPatch.context() as patch, Estate() as estate:
        patch.setenv("XDG_STATE_HOME", str(folder))
        with pair_at(founded, folder / "org") as (one, _):
            connect(one, estate, "gateway")
            connect_manual(one, "atlas-large")
            inc = str(incidents.declare(one, "t", 2).entry.inc)
            wish = TargetWish(provider="vendor", surface="", lever="manual.ask", params=ASK)
            yield one, inc, corrections.propose(one, inc, [wish], "Exploits.").sha


class Place:
    """A window and the by-hand step of one proposal."""

    def __init__(self, qtbot, room, inc: str, doc: str) -> None:
        self.room, self._qtbot, self.inc, self.doc = room, qtbot, inc, doc
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.window.show()
        room.desk.choose(inc)
        self.until(lambda: self.found() is not None)

    def found(self):
        now = self.room.desk.outlet.latest(NOW)
        return None if now is None else next((one for one in now.everything if one.doc == self.doc), None)

    def until(self, condition) -> None:
        self._qtbot.waitUntil(condition, timeout=WITHIN_MS)

    def attested(self):
        return list(self.room.desk.session.reader.entries(kinds=("correction.attested",)))

    def record(self) -> RecordDialog:
        dialog = RecordDialog(self.room, self.window, self.inc)
        dialog.open()
        self.until(lambda: dialog.surface.count() > 1)
        return dialog


@pytest.fixture
def place(qtbot, console, look):
    one, inc, doc = console
    with room_of(one, look) as room:
        yield Place(qtbot, room, inc, doc)


def texts(widget: QWidget) -> str:
    return "\n".join(one.text() for one in widget.findChildren(QLabel) if one.isVisible())


def gone(dialog) -> bool:
    return not isValid(dialog) or not dialog.isVisible()


def test_a_step_by_hand_is_attested_with_what_was_asked_in_view(qtbot, place) -> None:
    dialog = AttestDialog(place.room, place.window, [place.found()], place.doc, 0)
    dialog.open()
    place.until(lambda: "Stop Atlas large for our account" in texts(dialog))
    assert "+1 555 0100" in texts(dialog)
    assert dialog.ticket.text() == "T-17"
    assert dialog.doing.text() == "Say who says so, and what they say."
    qtbot.keyClicks(dialog.text, "Support confirmed it on the telephone")
    dialog.when.line.setText("tomorrow at noon")
    assert "no moment" in texts(dialog.when)
    assert dialog.doing.text() == "Say when it was done."
    dialog.when.line.setText("-20m")
    assert "20 min ago" in texts(dialog.when)
    before = len(place.attested())
    qtbot.keyClick(dialog.text, Qt.Key.Key_Return, CTRL)
    place.until(lambda: gone(dialog))
    assert len(place.attested()) == before + 1
    stored = place.attested()[-1]
    now = place.room.desk.session.clock.wall_ms()
    assert (stored.entry.pub["doc"], stored.entry.pub["target"], stored.entry.pub["outcome"]) == (place.doc, 0, "done")
    assert abs(now - 20 * 60_000 - int(stored.entry.pub["done_ms"])) < 60_000
    assert stored.disclosed["ticket"] == "T-17"
    assert "Support confirmed" in stored.disclosed["text"]


def test_a_promise_is_told_apart_from_what_is_done(place) -> None:
    dialog = AttestDialog(place.room, place.window, [place.found()], place.doc, 0)
    dialog.open()
    dialog.outcome.choose("promised")
    dialog.text.setPlainText("They will within the hour")
    dialog.press_main()
    place.until(lambda: gone(dialog))
    assert place.attested()[-1].entry.pub["outcome"] == "promised"


def test_what_was_done_outside_is_recorded_and_read_back(place) -> None:
    dialog = place.record()
    assert dialog.doing.text() == "Say what was done, and by whom."
    dialog.text.setPlainText("On call blocked the research key at the gateway itself")
    dialog.when.line.setText("-5m")
    dialog.surface.setCurrentIndex(dialog.surface.findText("gateway-east"))
    assert "so that it can be watched" in dialog.doing.text()
    assert dialog.lever.currentData() == "key.block", "the kind's own lever first, none that asks for a figure"
    assert dialog.lever.findData("key.rpm") < 0
    dialog.selector.setText("key-research")
    dialog.press_main()
    place.until(lambda: dialog.watch.isVisible() and not dialog.is_busy)
    pub = place.attested()[-1].entry.pub
    assert (pub["doc"], pub["category"], pub["lever"], pub["direction"]) == (None, "user", "key.block", "contain")
    dialog.press_main()
    place.until(lambda: "does NOT stand" in dialog.found.text())
    assert len(place.attested()) >= 1
    read = list(place.room.desk.session.reader.entries(kinds=("reading.observed",)))
    assert read[-1].entry.pub["verdict"] == "not-in-effect"
    dialog.close()


def test_what_cannot_be_read_is_recorded_as_said(place) -> None:
    dialog = place.record()
    dialog.text.setPlainText("The vendor was asked on the telephone")
    dialog.back.setChecked(True)
    dialog.press_main()
    place.until(lambda: gone(dialog))
    pub = place.attested()[-1].entry.pub
    assert pub["direction"] == "restore"
    assert "instance" not in pub


def test_which_steps_may_be_attested() -> None:
    assert attestable(standing(target("queued", by_hand=True)), NOW_MS)
    assert attestable(standing(target("attested", by_hand=True)), NOW_MS)
    assert not attestable(standing(target("queued")), NOW_MS)
    assert not attestable(standing(target("proposed", by_hand=True)), NOW_MS)
