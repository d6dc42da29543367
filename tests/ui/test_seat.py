"""A second person takes the seat at this console on screen: the first is locked out, one signature, it returns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog, QMainWindow, QPushButton
from shiboken6 import isValid

from console.services import approvals, corrections
from console.services.session import Locked, nobody_asked
from console.ui.confirm import ConfirmDialog
from console.viewmodels.seat import IDLE_MS, Seat
from tests.kit.clock import FakeClock
from tests.kit.confirming import Hand, name_of, proposed, ready, records, until
from tests.kit.pair import passphrase
from tests.kit.resting import rest

pytestmark = pytest.mark.qt_log_ignore(  # offscreen has no order of windows
    "plugin does not support raise", "plugin does not support propagateSizeHints", extend=True
)


@pytest.fixture
def scene(room, pair, qapp) -> Iterator[SimpleNamespace]:
    """The commander's window with the confirmation of one proposal over it."""
    one, two = pair
    made = proposed(one)
    one.ask = nobody_asked
    window = QMainWindow()
    window.setCentralWidget(QPushButton("something of the first person's"))
    window.show()
    dialog = ConfirmDialog.opened(room, made.sha, window)
    until(lambda: dialog._sign is not None)
    ready(dialog)
    yield SimpleNamespace(room=room, one=one, two=two, made=made, window=window, dialog=dialog, band=dialog._seat)
    if isValid(dialog):
        dialog.close()
    window.close()
    rest(50)
    window.deleteLater()


def names(scene) -> list[QPushButton]:
    """Those who are offered the seat by name, because their profile lies on this computer."""
    held = scene.band._names
    return [one for at in range(held.count()) if isinstance(one := held.itemAt(at).widget(), QPushButton)]


def offer(scene) -> QFileDialog:
    """Give the seat, up to the question for the folder."""
    scene.band._offer.click()
    until(lambda: names(scene))
    scene.band._folder.click()
    until(lambda: any(isinstance(one, QFileDialog) and one.isVisible() for one in QApplication.topLevelWidgets()))
    return next(one for one in QApplication.topLevelWidgets() if isinstance(one, QFileDialog) and one.isVisible())


def take(scene) -> None:
    """The approver sits down, by their name: nobody has to know where a profile lies."""
    scene.band._offer.click()
    until(lambda: names(scene))
    assert [one.text() for one in names(scene)] == ["Approver"]
    assert names(scene)[0].isVisibleTo(scene.dialog)
    names(scene)[0].click()
    until(lambda: scene.band.state.phase == "taken")
    scene.dialog.activateWindow()


def test_while_the_seat_is_offered_the_first_person_is_locked_out_and_nobody_signs(scene):
    hand = Hand(scene.dialog)
    hand.type_value()
    assert scene.one.unlocked
    chooser = offer(scene)
    assert not scene.one.unlocked
    with pytest.raises(Locked):
        scene.one.writer()
    assert not scene.window.centralWidget().isEnabled()
    assert scene.dialog.isEnabled()
    assert scene.band.isVisibleTo(scene.dialog)
    assert "Commander is locked out" in scene.band.accessibleName()
    chooser.close()
    scene.dialog.activateWindow()
    rest(1_300)
    assert name_of(scene.dialog) == "locked"
    assert "handed over" in scene.dialog._sign._state.text()
    assert scene.dialog._sign._typed.text() == ""
    scene.band._back.click()
    assert scene.window.centralWidget().isEnabled()
    assert scene.band.line.isVisibleTo(scene.dialog)
    assert not scene.one.unlocked


def test_whoever_turns_to_the_first_persons_window_is_brought_back(scene):
    offer(scene).close()
    scene.dialog.activateWindow()
    scene.window.activateWindow()
    until(scene.dialog.isActiveWindow)


def test_the_second_person_reads_anew_types_their_own_and_the_record_says_shared(scene):
    take(scene)
    dialog = scene.dialog
    assert "Approver has the seat for one signature" in scene.band.accessibleName()
    assert "the seat returns in " in scene.band._note.text()
    assert not dialog._sign._open_writer.isVisibleTo(dialog)  # theirs is not needed
    assert not dialog._sign._question.isEnabled()
    ready(dialog)
    hand = Hand(dialog)
    hand.type_value()
    hand.hold(dialog._sign._hold["approve"])
    assert dialog._sign._passphrase.accessibleName().startswith("Passphrase for the approver key of Approver")
    assert not dialog._sign._reason.isVisibleTo(dialog)
    hand.type(passphrase("approver", "your approver key").decode())
    hand.click(dialog._sign._go)
    until(lambda: dialog._sign.signed)
    (signed,) = approvals.weigh_up(scene.one, corrections.find_document(scene.one, scene.made.sha)).records
    assert (signed[1].record.person, signed[1].record.seat) == (scene.two.me, "shared")
    assert scene.band.state.phase == "signed"
    assert not scene.window.centralWidget().isEnabled()
    until(lambda: dialog._view.who.signed)
    assert dialog._view.who.signed[0].where.endswith("(shared seat)")
    scene.band._back.click()
    until(lambda: not dialog._sign.signed)
    assert scene.window.centralWidget().isEnabled()
    until(lambda: dialog._sign._open_writer.isVisibleTo(dialog))
    assert "Unlock it first" in dialog._sign._state.text()


def test_the_first_persons_passphrase_signs_nothing_at_the_second_ones_seat(scene):
    take(scene)
    ready(scene.dialog)
    hand = Hand(scene.dialog)
    hand.type_value()
    hand.hold(scene.dialog._sign._hold["approve"])
    hand.type(passphrase("commander", "your approver key").decode())
    hand.click(scene.dialog._sign._go)
    until(lambda: scene.dialog._sign._said is not None)
    assert not records(scene.one, scene.made.sha)
    assert scene.band.state.phase == "taken"


def test_a_folder_that_is_no_members_is_refused_in_words_and_may_be_chosen_again(scene, tmp_path):
    offer(scene).close()
    scene.band.take(str(tmp_path))
    until(lambda: scene.band._note.text().endswith("folder."))
    scene.band.take(str(scene.one.paths.root))
    until(lambda: "your own" in scene.band._note.text())
    assert scene.band.state.phase == "offered"
    assert scene.band._folder.isVisibleTo(scene.dialog)


def test_what_cannot_count_at_one_console_is_said_before_anybody_types(scene, monkeypatch):
    why = "At a shared seat a software key never counts for what is critical."
    monkeypatch.setattr(approvals, "why_not_counted", lambda session, held, guest, judged=None: why)
    take(scene)
    assert scene.band._note.text() == f"{why} Sign it at your own console."
    ready(scene.dialog)
    hand = Hand(scene.dialog)
    hand.type_value()
    assert not scene.dialog._sign._hold["approve"].isEnabled()
    assert not scene.dialog._sign._unlock["approve"].isEnabled()
    assert scene.dialog._sign._unlock["refuse"].isEnabled()  # a refusal needs no quorum
    assert why in scene.dialog._sign._state.text()


def test_five_minutes_without_a_signature_end_the_hand_over_on_screen(scene):
    clock = FakeClock()
    seat = Seat(clock, owner=scene.one.me, owner_name="Commander", lock=scene.room.desk.lock)
    scene.band._seat = seat
    take(scene)
    panel = scene.dialog._sign
    clock.advance(IDLE_MS)
    scene.band.tick()
    assert scene.band.state.phase == "own"
    assert scene.dialog._sign is not panel
    assert scene.window.centralWidget().isEnabled()


def test_closing_gives_the_seat_back(scene):
    take(scene)
    scene.dialog.close()
    rest(50)
    assert scene.window.centralWidget().isEnabled()
    assert not scene.one.unlocked


def test_a_name_that_deceives_is_made_visible(scene):
    take(scene)
    guest = replace(scene.band.state.guest, name="App\u202erover")
    scene.band._seat._guest = guest
    assert "App<U+202E>rover" in scene.band.state.sentence


def test_giving_back_the_seat_of_what_is_decided_leaves_no_form_that_nobody_can_sign(scene):
    held = corrections.find_document(scene.one, scene.made.sha)
    approvals.decide(scene.one, held, "approve", lambda: passphrase("commander", "your approver key"))
    take(scene)
    ready(scene.dialog)
    hand = Hand(scene.dialog)
    hand.type_value()
    hand.hold(scene.dialog._sign._hold["approve"])
    hand.type(passphrase("approver", "your approver key").decode())
    hand.click(scene.dialog._sign._go)
    until(lambda: scene.dialog._sign.signed)
    scene.band._back.click()
    until(lambda: not isValid(scene.dialog) or not scene.dialog.isVisible())
    assert scene.window.centralWidget().isEnabled()
