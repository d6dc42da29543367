"""Handing over and taking in at the window: the very same confirmation opens, and the answer goes back."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow

from console.services import approvals, bringing, carrying, corrections, dispatch, qr
from console.ui import take_in
from console.ui.carry import CarrySheet
from console.ui.carry_commands import CarryCommands
from console.ui.confirm import ConfirmDialog
from console.ui.take_in import TakeSheet
from tests.kit.confirming import Hand, proposed, ready, records, until
from tests.kit.pair import passphrase
from tests.kit.photograph import photograph
from tests.kit.resting import rest
from tests.kit.rooms import room_of
from tests.services.test_lists import QUICK

KEY = "your approver key"


@pytest.fixture
def made(pair):
    """A proposal that the commander signed; the approver's console shares nothing with it, not even who commands."""
    shutil.rmtree(Path(pair[0].settings.places[0]))
    for session in pair:
        session.change_settings(replace(session.settings, places=()))
    found = proposed(pair[0])
    held = corrections.find_document(pair[0], found.sha)
    approvals.decide(pair[0], held, "approve", lambda: passphrase("commander", KEY))
    return found


@pytest.fixture
def theirs(pair, look):
    """The surroundings of the approver's window."""
    pair[1].writer()
    with room_of(pair[1], look) as made:
        yield made


def confirmation() -> ConfirmDialog | None:
    found = (one for one in QApplication.topLevelWidgets() if isinstance(one, ConfirmDialog) and one.isVisible())
    return next(found, None)


def shown(sheet) -> None:
    sheet.open()
    QTest.qWaitForWindowExposed(sheet)


def ask(session, sha, way="pictures"):
    return carrying.ask(session, corrections.find_document(session, sha), way)


def test_the_pictures_take_turns_and_can_be_stepped_through(room, made):
    sheet = CarrySheet(room, None, made.sha, asks=True)
    shown(sheet)
    frames = ask(room.desk.session, made.sha).frames()
    until(lambda: len(sheet._modules) == len(frames))
    until(lambda: sheet._at == 2)
    assert sheet.which.text() == f"Picture 3 of {len(frames)}"
    QTest.keyClick(sheet, Qt.Key.Key_Left)
    assert (sheet._at, sheet._tick.isActive()) == (1, False)
    assert sheet.picture.accessibleName() == f"Picture 2 of {len(frames)}"
    seen = qr.read(grey_of(sheet.picture.grab().toImage()))
    assert seen == [frames[1]]
    sheet.history.click()
    until(lambda: sheet._at == 0 and sheet._modules and sheet.which.text().startswith("Picture 1 of "))
    assert sheet._frames == ask(room.desk.session, made.sha, "file").frames()
    sheet.close()


def grey_of(image: QImage):
    from console.ui.pictures import grey

    return grey(image)


def test_it_is_saved_as_a_file_and_as_pictures(room, made, tmp_path):
    sheet = CarrySheet(room, None, made.sha, asks=True)
    shown(sheet)
    until(lambda: sheet._ready is not None)
    sheet.write_file(str(tmp_path / "it.standdown-ask"))
    until(lambda: "Written" in sheet.doing.text())
    assert (tmp_path / "it.standdown-ask").read_bytes() == ask(room.desk.session, made.sha, "file").data
    sheet.write_pictures(str(tmp_path / "pictures"))
    until(lambda: "written to" in sheet.doing.text())
    assert len(list((tmp_path / "pictures").iterdir())) == len(sheet._ready.frames)
    sheet.close()


def test_photographs_some_missing_then_whole_open_the_confirmation_and_the_answer_goes_back(
    pair, room, theirs, made, tmp_path
):
    one, two = pair
    pictures = carrying.write_pictures(ask(one, made.sha), tmp_path / "ask")
    shots = [photograph(each, tmp_path / f"{at}.jpg", seed=at) for at, each in enumerate(pictures)]
    sheet = TakeSheet(theirs, None)
    shown(sheet)
    sheet.take_files([str(each) for each in shots[1:]])
    until(lambda: not sheet.is_busy)
    assert sheet.progress.text().startswith(f"{len(shots) - 1} of {len(shots)} frames are here.")
    assert sheet.cells.accessibleName().endswith("missing 1")
    assert confirmation() is None
    sheet.take_images([QImage(str(shots[0]))], "The pasted picture")
    until(lambda: (found := confirmation()) is not None and found._guard is not None and found._content.whole)
    dialog = confirmation()
    assert dialog.sha == made.sha
    rest(60)
    hand = Hand(dialog)
    ready(dialog)
    hand.type_value()
    hand.click(dialog._sign._unlock["approve"])
    hand.type(passphrase("approver", KEY).decode())
    hand.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    until(lambda: dialog._sign.signed)
    assert records(two, made.sha) == ["approve", "approve"]
    assert "the console that sends it can tell" in dialog._sign._next.text()
    dialog._sign.hand_back.emit()
    until(lambda: any(isinstance(each, CarrySheet) and each._ready for each in QApplication.topLevelWidgets()))
    back = next(each for each in QApplication.topLevelWidgets() if isinstance(each, CarrySheet))
    back.write_pictures(str(tmp_path / "answer"))
    until(lambda: "1 picture written" in back.doing.text())
    dialog.close()
    (answer,) = (tmp_path / "answer").iterdir()
    sheet = TakeSheet(room, None)
    shown(sheet)
    sheet.take_files([str(photograph(answer, tmp_path / "answer.jpg"))])
    until(lambda: not sheet.told.isHidden())
    assert sheet.told.text() == "Approver approved it.\nIts signatures are complete."
    sheet.close()
    dispatch.run_outbox(one, deadline_ms=one.clock.boot_ms() + 60_000, pace=QUICK)
    assert [stored.entry.pub["doc"] for stored in one.reader.entries(kinds=("dispatch.authorised",))] == [made.sha]


def test_the_screen_is_watched_until_all_frames_were_on_it(pair, theirs, made, monkeypatch):
    pictures = [QImage.fromData(qr.png(frame)) for frame in ask(pair[0], made.sha).frames()]
    turns = iter([[], [QImage(64, 64, QImage.Format.Format_Grayscale8)], *([one, one] for one in pictures)])
    monkeypatch.setattr(take_in, "_WATCH_MS", 20)
    monkeypatch.setattr(take_in, "see_screens", lambda: next(turns, []))
    sheet = TakeSheet(theirs, None)
    shown(sheet)
    sheet.screen_button.click()
    until(lambda: not sheet.screen_button.isChecked())
    assert "does not let programs see the screen" in sheet.trouble.accessibleName()
    sheet.screen_button.click()
    until(lambda: (found := confirmation()) is not None and found._content.whole)
    confirmation().close()


def test_an_answer_is_told_in_words(pair, room, made):
    one, two = pair
    bringing.take(two, ask(one, made.sha).data)
    held = corrections.find_document(two, made.sha)
    approvals.decide(two, held, "refuse", lambda: passphrase("approver", KEY), reason="The fallback is down.")
    sheet = TakeSheet(room, None)
    shown(sheet)
    QGuiApplication.clipboard().setText("\n".join(carrying.answer(two, held).frames()))
    QTest.keyClick(sheet, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    until(lambda: not sheet.told.isHidden())
    assert "Approver refused it. They said: \u201cThe fallback is down.\u201d" in sheet.told.text()
    assert "this revision ends" in sheet.told.text()
    sheet.close()


def test_what_is_no_frame_is_said(room, made, tmp_path):
    (tmp_path / "letter.txt").write_text("a letter")
    sheet = TakeSheet(room, None)
    shown(sheet)
    sheet.take_files([str(tmp_path / "letter.txt")])
    until(lambda: not sheet.faults.isHidden())
    assert "letter.txt" in sheet.faults.text()
    assert sheet.told.isHidden()
    sheet.close()


def test_a_file_dropped_anywhere_on_the_window_is_taken_in(pair, theirs, made, tmp_path):
    carried = ask(pair[0], made.sha, "file")
    carrying.write_file(carried, tmp_path / carried.name)
    window = QMainWindow()
    CarryCommands(theirs, window).add_commands(theirs.commands)
    window.show()
    found = QMimeData()
    found.setUrls([QUrl.fromLocalFile(str(tmp_path / carried.name))])
    how = (Qt.DropAction.CopyAction, found, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(5, 5), *how))
    QApplication.sendEvent(window, QDropEvent(QPointF(5, 5), *how))
    until(lambda: confirmation() is not None)
    dialog = confirmation()
    assert dialog.sha == made.sha
    until(lambda: dialog._content.whole)
    dialog.close()
    window.close()
