"""The timeline: saved is said after the commit, drafts survive, what is typed finds, pasted logs are shown first."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from PySide6.QtCore import QMimeData, QRect, Qt, QUrl
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication, QLabel

from console.services import dispatch, incidents, timeline
from console.services.live_values import Connectivity, EngineLink, PlaceLink
from console.ui.intake import IntakeDialog, PictureDialog
from console.ui.timeline import TimelinePanel
from console.ui.timeline_detail import in_short
from console.ui.timeline_table import LINE, TimelineRow
from console.ui.unlock import UnlockDialog
from console.viewmodels.drafts import Drafts
from console.viewmodels.header import CONNECTIVITY
from console.viewmodels.zones import ZONE
from tests.kit.pair import founded, pair, passphrase
from tests.ui.room import room_of

__all__ = ["founded", "pair"]


@pytest.fixture
def panel(qtbot, look, pair):
    session, _ = pair
    session.writer()
    incidents.declare(session, "F-7 helps with exploits", 1)
    with room_of(session, look) as room:
        made = TimelinePanel(room)
        made.add_commands(room.commands)
        qtbot.addWidget(made)
        made.resize(900, 700)
        made.show()
        qtbot.waitExposed(made)
        qtbot.waitUntil(lambda: made._model.rowCount() == 1, timeout=5_000)
        made.room = room
        yield made
        made.close()


def _texts(panel: TimelinePanel) -> list[str]:
    lines = [panel._model.index(at, 0).data(LINE) for at in range(panel._model.rowCount())]
    return [line.text for line in lines if line is not None]


def _type(qtbot, panel: TimelinePanel, text: str) -> None:
    field = panel.composer._text
    field.setFocus()
    qtbot.keyClicks(field, text)


def test_saved_is_said_after_the_commit_and_the_row_appears(qtbot, panel) -> None:
    _type(qtbot, panel, "three keys restricted")
    assert panel.composer._state.text() == "not saved yet"
    qtbot.keyClick(panel.composer._text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: panel.composer._state.text().startswith("Saved "), timeout=5_000)
    stored = panel.room.desk.session.reader.entries(panel.room.desk.inc, kinds=("note",))
    assert [one.disclosed["text"] for one in stored] == ["three keys restricted"]
    assert panel.composer.text() == ""
    qtbot.waitUntil(lambda: "three keys restricted" in _texts(panel), timeout=5_000)


def test_while_it_is_not_durable_it_is_not_called_saved(qtbot, panel, monkeypatch) -> None:
    """The word waits for the future, not for the key."""
    slow = panel.room.desk.lanes.submit("quick", lambda _session: time.sleep(0.4))
    _type(qtbot, panel, "later")
    qtbot.keyClick(panel.composer._text, Qt.Key.Key_Return)
    assert panel.composer._state.text() == "saving ..."
    assert not slow.done()
    qtbot.waitUntil(lambda: panel.composer._state.text().startswith("Saved "), timeout=5_000)
    assert slow.done()


def test_a_time_is_read_in_the_zone_that_is_shown_and_told_in_both(qtbot, panel) -> None:
    """Whoever reads the timeline in local time types local time."""
    panel.room.desk.outlet.post(ZONE, "Asia/Kolkata")
    _type(qtbot, panel, "2026-01-02 08:00 two reports came in")
    assert "2026-01-02 08:00:00 IST (02:30:00 UTC)" in panel.composer._understood.text()
    qtbot.keyClick(panel.composer._text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "two reports came in" in _texts(panel), timeout=5_000)
    assert "IST" in panel.composer._state.text()
    stored = panel.room.desk.session.reader.entries(panel.room.desk.inc, kinds=("note",))[-1]
    assert stored.disclosed["occurred"]["at_ms"] == 1767321000000
    _shown_with(qtbot, panel, stored.id, "08:00:00 IST (02:30:00 UTC)")
    panel.room.desk.outlet.post(ZONE, "UTC")
    qtbot.waitUntil(lambda: "IST" not in _facts(panel), timeout=5_000)
    _shown_with(qtbot, panel, stored.id, "Occurred 2026-01-02 02:30:00 UTC")


def _shown_with(qtbot, panel, entry: str, words: str) -> None:
    """Asked for until it is told so: what else reads at that moment may put another answer in its place."""
    for _ in range(100):
        panel.detail.show_entry(entry)
        qtbot.wait(200)
        if words in _facts(panel):
            return
    raise AssertionError(_facts(panel))


def test_what_no_shared_place_has_says_so_until_one_has_it(qtbot, panel) -> None:
    session = panel.room.desk.session
    _type(qtbot, panel, "typed without a network")
    qtbot.keyClick(panel.composer._text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "typed without a network" in _texts(panel), timeout=5_000)
    assert "unsynced" in _badges(panel)[-1]
    stored = session.reader.entries(panel.room.desk.inc, kinds=("note",))[-1]
    panel.detail.show_entry(stored.id)
    qtbot.waitUntil(lambda: "Only here" in _facts(panel), timeout=5_000)
    links = Connectivity(engine=EngineLink(state="here"), places=(PlaceLink(path="/mnt/shared", to_send=1),))
    panel.room.desk.outlet.post(CONNECTIVITY, links)
    dispatch.sync_all(session)
    met = Connectivity(engine=EngineLink(state="here"), places=(PlaceLink(path="/mnt/shared", to_send=0),))
    panel.room.desk.outlet.post(CONNECTIVITY, met)
    qtbot.waitUntil(lambda: not any("unsynced" in one for one in _badges(panel)), timeout=5_000)


def _badges(panel: TimelinePanel) -> list[list[str]]:
    lines = [panel._model.index(at, 0).data(LINE) for at in range(panel._model.rowCount())]
    return [[] if line is None else [badge.name for badge in line.badges] for line in lines]


def _facts(panel: TimelinePanel) -> str:
    return "\n".join(one.text() for one in panel.detail.findChildren(QLabel))


def test_what_is_understood_is_said_and_written(qtbot, panel) -> None:
    _type(qtbot, panel, "-5m @operator two reports came in")
    assert "occurred" in panel.composer._understood.text()
    assert "said by operator" in panel.composer._understood.text()
    qtbot.keyClick(panel.composer._text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "two reports came in" in _texts(panel), timeout=5_000)
    stored = panel.room.desk.session.reader.entries(panel.room.desk.inc, kinds=("note",))[0]
    assert stored.disclosed["speaker"] == "operator"
    assert 290_000 <= stored.entry.hlc[0] - stored.disclosed["occurred"]["at_ms"] <= 310_000


def test_a_fact_is_known_since_the_time_typed(qtbot, panel) -> None:
    panel.room.commands.give("write-knowledge.fact")
    _type(qtbot, panel, "-2h the on-call engineer knew of it")
    assert panel.composer._understood.text().startswith("known since")
    qtbot.keyClick(panel.composer._text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: panel.composer._state.text().startswith("Saved "), timeout=5_000)
    (fact,) = panel.room.desk.session.reader.entries(panel.room.desk.inc, kinds=("knowledge.fact",))
    assert 7_100_000 <= fact.entry.hlc[0] - fact.entry.pub["since_ms"] <= 7_300_000


def test_shift_enter_is_a_line_and_an_empty_text_writes_nothing(qtbot, panel) -> None:
    qtbot.keyClick(panel.composer._text, Qt.Key.Key_Return)
    _type(qtbot, panel, "one")
    qtbot.keyClick(panel.composer._text, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    _type(qtbot, panel, "two")
    assert panel.composer.text() == "one\ntwo"
    assert panel.room.desk.session.reader.entries(panel.room.desk.inc, kinds=("note",)) == []


def test_escape_leaves_the_composer_and_what_is_typed_stays(qtbot, panel) -> None:
    _type(qtbot, panel, "first")
    qtbot.keyClick(panel.composer._text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "first" in _texts(panel))
    panel.composer.begin("note")
    _type(qtbot, panel, "half a sentence")
    qtbot.keyClick(panel.composer._text, Qt.Key.Key_Escape)
    assert not panel.composer._text.hasFocus()
    assert panel.table.hasFocus()
    assert panel.composer._text.toPlainText() == "half a sentence"


def test_a_locked_key_asks_and_the_text_stays_until_it_is_saved(qtbot, panel) -> None:
    panel.room.desk.session.ask = _locked
    panel.room.desk.lock()
    _type(qtbot, panel, "written while locked")
    qtbot.keyClick(panel.composer._text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: _dialog(UnlockDialog) is not None, timeout=5_000)
    assert panel.composer.text() == "written while locked"
    dialog = _dialog(UnlockDialog)
    dialog._typed.setText(passphrase("commander", "your writer key").decode())
    dialog.accept()
    qtbot.waitUntil(lambda: panel.composer._state.text().startswith("Saved "), timeout=8_000)


def test_giving_up_the_unlocking_loses_nothing(qtbot, panel) -> None:
    panel.room.desk.session.ask = _locked
    panel.room.desk.lock()
    _type(qtbot, panel, "kept")
    qtbot.keyClick(panel.composer._text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: _dialog(UnlockDialog) is not None, timeout=5_000)
    _dialog(UnlockDialog).reject()
    qtbot.waitUntil(lambda: panel.composer._state.text().startswith("Not saved"), timeout=5_000)
    assert panel.composer.text() == "kept"


def test_a_draft_is_kept_beside_and_comes_back(qtbot, panel, look) -> None:
    _type(qtbot, panel, "half a sent")
    root = panel.room.desk.session.paths.root
    qtbot.waitUntil(lambda: "half a sent" in Drafts(root).load().values(), timeout=3_000)
    again = TimelinePanel(panel.room)
    qtbot.addWidget(again)
    qtbot.waitUntil(lambda: again.composer.text() == "half a sent", timeout=5_000)
    assert "not saved yet" in again.composer._state.text()


def test_find_as_you_type_and_escape_shows_all(qtbot, panel) -> None:
    session, inc = panel.room.desk.session, panel.room.desk.inc
    for text in ("alpha report", "beta report", "gamma"):
        incidents.write(session, "note", text, inc=inc)
    qtbot.waitUntil(lambda: panel._model.rowCount() == 4, timeout=5_000)
    qtbot.keyClicks(panel.field, "repo")
    qtbot.waitUntil(lambda: _texts(panel) == ["alpha report", "beta report"], timeout=5_000)
    qtbot.keyClick(panel.field, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: panel._model.rowCount() == 4, timeout=5_000)


def test_words_that_are_nowhere_say_so_and_offer_all(qtbot, panel) -> None:
    qtbot.keyClicks(panel.field, "zzzz")
    qtbot.waitUntil(lambda: panel._middle.currentWidget() is panel._nothing, timeout=5_000)
    panel._nothing.acted.emit()
    qtbot.waitUntil(lambda: panel._model.rowCount() == 1, timeout=5_000)


def test_a_chat_log_is_shown_first_and_written_on_enter(qtbot, panel) -> None:
    log = QMimeData()
    log.setText("03:14 operator: first report\n03:16 analyst: second\n03:20 operator: third")
    panel._intake.take(log)
    qtbot.waitUntil(lambda: _dialog(IntakeDialog) is not None, timeout=3_000)
    dialog = _dialog(IntakeDialog)
    assert panel.room.desk.session.reader.entries(panel.room.desk.inc, kinds=("note",)) == []
    dialog.table.item(1, 0).setCheckState(Qt.CheckState.Unchecked)
    dialog.table.item(2, 3).setText("third, mended")
    dialog._source.setText("war room chat")
    dialog.press_main()
    qtbot.waitUntil(
        lambda: len(panel.room.desk.session.reader.entries(panel.room.desk.inc, kinds=("note",))) == 2, timeout=5_000
    )
    told = panel.room.desk.session.reader.entries(panel.room.desk.inc, kinds=("note",))
    assert [one.disclosed["text"] for one in told] == ["first report", "third, mended"]
    assert {one.disclosed["source"] for one in told} == {"war room chat"}
    assert all(one.entry.pub["quoted"] for one in told)


def test_a_picture_and_a_file_become_evidence_with_their_hash(qtbot, panel, tmp_path) -> None:
    picture = QImage(4, 4, QImage.Format.Format_RGB32)
    picture.fill(0)
    pasted = QMimeData()
    pasted.setImageData(picture)
    panel._intake.take(pasted)
    qtbot.waitUntil(lambda: _dialog(PictureDialog) is not None, timeout=5_000)
    shown = _dialog(PictureDialog)
    assert not panel.room.desk.session.reader.entries(panel.room.desk.inc, kinds=("evidence",)), "it is shown first"
    qtbot.keyClicks(shown.words, "the prompt on screen")
    qtbot.keyClick(shown.words, Qt.Key.Key_Return)
    file = tmp_path / "transcript.json"
    file.write_text("{}")
    (tmp_path / "folder").mkdir()
    dropped = QMimeData()
    dropped.setUrls([QUrl.fromLocalFile(str(file))])
    panel._intake.take(dropped)
    session, inc = panel.room.desk.session, panel.room.desk.inc
    qtbot.waitUntil(lambda: len(session.reader.entries(inc, kinds=("evidence",))) == 2, timeout=5_000)
    names = {one.disclosed["blob"]["name"] for one in session.reader.entries(inc, kinds=("evidence",))}
    assert names == {"pasted.png", "transcript.json"}
    told = [one.disclosed.get("text") for one in session.reader.entries(inc, kinds=("evidence",))]
    assert "the prompt on screen" in told
    refused = QMimeData()
    refused.setUrls([QUrl.fromLocalFile(str(tmp_path / "folder"))])
    panel._intake.take(refused)
    qtbot.waitUntil(lambda: "is a folder" in panel.composer._state.text(), timeout=5_000)


def test_enter_shows_the_entry_whole_with_its_history(qtbot, panel) -> None:
    session, inc = panel.room.desk.session, panel.room.desk.inc
    stored = incidents.write(session, "note", "first wording\nand a second line", inc=inc)
    qtbot.waitUntil(lambda: panel._model.rowCount() == 2, timeout=5_000)
    timeline.amend(session, stored.id, "better wording")
    panel.table.go_to(1)
    panel.table.setFocus()
    qtbot.keyClick(panel.table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: panel.detail.detail is not None, timeout=5_000)
    found = panel.detail.detail
    assert [one.text for one in found.history.wordings] == ["first wording\nand a second line", "better wording"]
    qtbot.keyClick(panel.table, Qt.Key.Key_Return)
    assert not panel.detail.isVisible()


def test_j_and_k_move_and_letters_are_left_to_the_window(qtbot, panel) -> None:
    session, inc = panel.room.desk.session, panel.room.desk.inc
    for at in range(3):
        incidents.write(session, "note", f"entry {at}", inc=inc)
    qtbot.waitUntil(lambda: panel._model.rowCount() == 4, timeout=5_000)
    panel.table.setFocus()
    qtbot.waitUntil(lambda: panel.table.currentIndex().row() == 3)
    qtbot.keyClicks(panel.table, "kkj")
    assert panel.table.currentIndex().row() == 2
    qtbot.keyClicks(panel.table, "x")
    assert panel.table.currentIndex().row() == 2


def test_every_control_has_a_name(panel) -> None:
    for control in (
        panel.table,
        panel.field,
        panel.composer._text,
        panel.composer._kind,
        panel._kind_button,
        panel.detail,
    ):
        assert control.accessibleName()


def _locked(what: str, *, new: bool = False) -> bytes:
    from console.services.session import Locked

    raise Locked(what, new=new)


def _dialog(kind: type):
    found = [one for one in QApplication.topLevelWidgets() if isinstance(one, kind) and one.isVisible()]
    return found[0] if found else None


@pytest.mark.parametrize("width", [340, 460, 640, 900])
def test_the_words_of_a_row_are_seen_however_narrow_the_window_is(qtbot, panel, width) -> None:
    """At 960 pixels the middle of the window has some 340: day and author give way there, words never."""

    def painted(text: str) -> QImage:
        made = QImage(width, 28, QImage.Format.Format_RGB32)
        made.fill(0)
        painter = QPainter(made)
        line = panel._model.line(0)
        row = TimelineRow(panel.room.look, panel.table)
        row._paint_line(painter, panel.room.look.theme, QRect(0, 0, width, 28), replace(line, text=text))
        painter.end()
        return made

    assert painted("three keys restricted") != painted("")


def test_a_signature_is_told_by_its_beginning_and_a_digest_whole() -> None:
    digest = "5e23e1a0" * 8
    assert in_short(f"{digest}, {digest}") == f"{digest}, {digest}"
    assert in_short("U1NIU0lH" * 60) == "U1NIU0lHU1NIU0lHU1NIU0lH... (480 characters)"
