"""Every guard of the confirmation by its name, with presses that come through the platform's own door, and without.

The same with a real pointer and keys before a real X server is in test_confirm_screen.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QAccessible, QAccessibleActionInterface, QGuiApplication, QKeyEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QLabel, QMenu, QPushButton, QWidget
from shiboken6 import isValid

from console.outbox.facts import Held
from console.services import corrections
from console.services.approvals import Reading
from console.ui import confirm_papers
from console.ui.confirm import ConfirmDialog
from console.ui.screens import room_on_screen
from console.ui.theme import Look
from console.viewmodels.guard import HOLD_MS, STEADY_MS, STEP_MS
from tests.kit.clock import FakeClock
from tests.kit.confirming import ASKED, Hand, name_of, opened, proposed, ready, records, until
from tests.kit.pair import pair_at, passphrase
from tests.kit.resting import rest
from tests.kit.rooms import room_of

pytestmark = pytest.mark.qt_log_ignore(  # extends what conftest ignores: offscreen has no order of windows
    "plugin does not support raise", "plugin does not support propagateSizeHints", extend=True
)
APPROVER = passphrase("commander", "your approver key").decode()


@pytest.fixture(scope="module")
def scene(founded, tmp_path_factory, qapp) -> Iterator[SimpleNamespace]:
    """A commander's room with one proposal that stays unsigned whatever is tried."""
    folder = tmp_path_factory.mktemp("guards")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder))
        with pair_at(founded, folder / "org") as (one, two):
            made = proposed(one)
            look = Look(qapp, "dark")
            with room_of(one, look) as room:
                yield SimpleNamespace(room=room, one=one, two=two, sha=made.sha, made=made)
            look.deleteLater()


@pytest.fixture
def dialog(scene) -> Iterator[ConfirmDialog]:
    """The confirmation, read, in front, and its second over."""
    shown = opened(scene.room, scene.sha)
    ready(shown)
    yield shown
    assert not records(scene.one, scene.sha)
    if isValid(shown):
        shown.close()
    rest(50)


def armed(dialog: ConfirmDialog, choice: str = "approve") -> Hand:
    hand = Hand(dialog)
    hand.type_value()
    hand.hold(dialog._sign._hold[choice])
    assert name_of(dialog) == "armed"
    return hand


# -- how one signs -----------------------------------------------------------------------------------------------------


def test_typed_held_and_unlocked_it_is_signed_once(scene):
    made = proposed(scene.one)
    shown = opened(scene.room, made.sha)
    ready(shown)
    hand = armed(shown)
    hand.type(APPROVER)
    hand.click(shown._sign._go)
    until(lambda: shown._sign.signed)
    assert records(scene.one, made.sha) == ["approve"]
    assert shown._sign._outcome.text() == "Signed. It is not complete yet."
    assert shown._sign._next.text() == "Still missing: 1 more person has to sign."
    assert shown._sign._passphrase.text() == ""
    until(lambda: shown._view.who.signed)
    assert name_of(shown) == "locked"
    shown.close()


def test_by_keys_alone_it_is_signed_with_a_value_and_a_chord(scene):
    made = proposed(scene.one)
    shown = opened(scene.room, made.sha)
    ready(shown)
    hand = Hand(shown)
    for _ in range(30):
        if shown.focusWidget() is shown._sign._typed:
            break
        hand.key(Qt.Key.Key_Tab)
    hand.type(shown._sign._view.to_type)
    for _ in range(5):
        if shown.focusWidget() is shown._sign._unlock["refuse"]:
            break
        hand.key(Qt.Key.Key_Tab)
    hand.key(Qt.Key.Key_Space)
    assert name_of(shown) == "armed"
    hand.key(Qt.Key.Key_Tab)
    hand.type(APPROVER)
    hand.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert "Say why you refuse" in shown._sign._about.text()
    hand.type("Not this one")
    hand.key(Qt.Key.Key_Tab)
    hand.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    until(lambda: shown._sign.signed)
    assert records(scene.one, made.sha) == ["refuse"]
    entry = scene.one.reader.entries(made.action.inc, kinds=("correction.refused",))[-1]
    assert entry.disclosed["reason"] == "Not this one"
    shown.close()


# -- keys --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
def test_enter_and_space_never_approve(dialog, key):
    hand = Hand(dialog)
    hand.type_value()
    hand.key(Qt.Key.Key_Return)
    assert name_of(dialog) == "ready"
    dialog._sign._hold["approve"].setFocus()
    hand.key(key)
    assert name_of(dialog) == "ready"
    hand.hold(dialog._sign._hold["approve"])
    if key != Qt.Key.Key_Space:  # which a passphrase may contain
        hand.type(APPROVER)
        hand.key(key)
    else:
        hand.type(APPROVER)
    dialog._sign._go.setFocus()
    hand.key(key)
    assert name_of(dialog) == "armed"
    assert not dialog._sign._busy


def test_no_button_is_the_default_one(dialog):
    buttons = dialog.findChildren(QPushButton)
    assert len(buttons) > 8
    assert not [one.text() for one in buttons if one.autoDefault() or one.isDefault()]


def test_escape_goes_one_step_back_and_wipes_the_passphrase(dialog):
    hand = armed(dialog)
    hand.type("half a pass")
    hand.key(Qt.Key.Key_Escape)
    assert dialog.isVisible()
    assert dialog._sign._passphrase.text() == ""
    assert name_of(dialog) == "waiting"
    hand.key(Qt.Key.Key_Escape)
    assert not isValid(dialog)


# -- time and hand -----------------------------------------------------------------------------------------------------


def test_a_double_click_begins_nothing(dialog):
    hand = Hand(dialog)
    hand.type_value()
    button = dialog._sign._hold["approve"]
    hand.click(button)
    QTest.mouseDClick(hand.window, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, hand.at(button))
    hand.press(button)
    rest(300)
    hand.release(button)
    assert name_of(dialog) == "ready"
    assert button.progress == 0.0


def test_a_press_before_its_time_is_none(scene):
    shown = opened(scene.room, scene.sha)
    clock = FakeClock()
    shown._guard._clock = clock
    shown._guard.reset()
    hand = Hand(shown)
    button = shown._sign._hold["approve"]
    hand.type_value()
    clock.advance(STEADY_MS - 1)
    rest(60)
    assert name_of(shown) == "waiting"
    assert not button.isEnabled()
    hand.press(button)
    for _ in range(2 * HOLD_MS // STEP_MS):
        clock.advance(STEP_MS)
        rest(45)
    assert name_of(shown) == "ready"  # held long enough, but begun too early
    hand.release(button)
    shown.close()


def test_a_hold_that_is_too_short_is_none_even_if_the_window_hung(dialog):
    hand = Hand(dialog)
    hand.type_value()
    hand.hold(dialog._sign._hold["approve"], 1_200)
    rest(600)
    assert name_of(dialog) == "ready"


def test_the_hand_that_has_left_holds_no_more(dialog):
    hand = Hand(dialog)
    hand.type_value()
    button = dialog._sign._hold["approve"]
    hand.press(button)
    rest(700)
    QTest.mouseMove(hand.window, hand.at(dialog._headline))
    rest(1_200)
    assert name_of(dialog) == "ready"
    hand.release(dialog._headline)


# -- what was made up --------------------------------------------------------------------------------------------------


def test_made_up_events_and_accessible_actions_do_not_sign(dialog):
    sign = dialog._sign
    for letter in sign._view.to_type:
        send(sign._typed, QKeyEvent(QEvent.Type.KeyPress, 0, Qt.KeyboardModifier.NoModifier, letter))
    assert sign._typed.text() == sign._view.to_type
    rest(80)
    assert not dialog._guard.state().typed_fits
    assert "was not typed" in sign._state.text()
    sign._typed.clear()
    hand = Hand(dialog)
    hand.type_value()
    hold = sign._hold["approve"]
    hold.setFocus()
    send(hold, mouse(QEvent.Type.MouseButtonPress, hold))
    rest(1_800)
    send(hold, mouse(QEvent.Type.MouseButtonRelease, hold))
    hold.click()
    press(hold)
    rest(300)
    assert name_of(dialog) == "ready"
    press(sign._unlock["approve"])  # an accessible action may open the prompt
    until(lambda: name_of(dialog) == "armed")
    hand.type(APPROVER)
    press(sign._go)  # and never sign
    sign._go.click()
    send(sign._go, mouse(QEvent.Type.MouseButtonPress, sign._go))
    send(sign._go, mouse(QEvent.Type.MouseButtonRelease, sign._go))
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        send(sign._passphrase, QKeyEvent(kind, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier))
    rest(300)
    assert name_of(dialog) == "armed"
    assert not sign._busy


def send(widget: QWidget, event: QEvent) -> None:
    """As a program does. (QTest's own events pass for a person's: Qt marks them so.)"""
    QApplication.sendEvent(widget, event)


def mouse(kind: QEvent.Type, widget: QWidget) -> QMouseEvent:
    at, left = QPointF(widget.rect().center()), Qt.MouseButton.LeftButton
    return QMouseEvent(kind, at, widget.mapToGlobal(at), left, left, Qt.KeyboardModifier.NoModifier)


def press(button: QAbstractButton) -> None:
    """As a screen reader's press does."""
    found = QAccessible.queryAccessibleInterface(button)
    action = found.actionInterface()
    action.doAction(QAccessibleActionInterface.pressAction())


def test_a_pasted_value_does_not_count_until_it_is_typed(dialog):
    hand = Hand(dialog)
    QGuiApplication.clipboard().setText(dialog._view.to_type[:-1])
    hand.click(dialog._sign._typed)
    hand.key(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    hand.type(dialog._view.to_type[-1])
    assert dialog._sign._typed.text() == dialog._view.to_type
    assert not dialog._guard.state().typed_fits
    hand.key(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    hand.key(Qt.Key.Key_Backspace)
    hand.type(dialog._view.to_type)
    assert dialog._guard.state().typed_fits


# -- what disturbs -----------------------------------------------------------------------------------------------------


def test_stolen_focus_begins_anew(dialog):
    hand = armed(dialog)
    hand.type("half a pass")
    thief = QWidget()
    thief.setGeometry(2_000, 2_000, 50, 50)  # elsewhere: it is the focus that is told
    thief.show()
    thief.activateWindow()
    until(lambda: name_of(dialog) == "waiting")
    rest(80)
    assert dialog._sign._passphrase.text() == dialog._sign._typed.text() == ""
    thief.close()
    dialog.activateWindow()
    ready(dialog)
    assert not dialog._guard.state().may_hold


def test_minimised_it_is_not_read(dialog):
    hand = armed(dialog)
    dialog.showMinimized()
    until(lambda: name_of(dialog) == "waiting")
    rest(1_300)
    assert name_of(dialog) == "waiting"
    dialog.showNormal()
    dialog.activateWindow()
    ready(dialog)
    assert dialog._sign._stack.currentIndex() == 0
    assert hand.window.isVisible()


@pytest.mark.parametrize("kind", ["tool", "menu", "dialog"])
def test_obscured_it_is_not_read(dialog, kind):
    armed(dialog)
    made = {"tool": lambda: QWidget(None, Qt.WindowType.Tool), "menu": QMenu, "dialog": lambda: QDialog(dialog)}
    above = made[kind]()
    above.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    above.setGeometry(dialog.geometry())
    above.show()
    until(lambda: name_of(dialog) == "waiting")
    assert dialog._senses.covered()
    above.close()
    above.deleteLater()
    dialog.activateWindow()
    ready(dialog)


def test_content_swapped_during_the_hold_begins_anew(dialog, scene):
    hand = Hand(dialog)
    hand.type_value()
    hand.press(dialog._sign._hold["approve"])
    rest(700)
    paper = dialog._paper
    swapped = replace(paper.sheet, parts=replace(paper.sheet.parts, why="another reason"))
    dialog._take(replace(paper, sheet=swapped))
    rest(1_400)
    assert name_of(dialog) != "armed"
    hand.release(dialog._sign._hold["approve"])
    assert not dialog._guard.state().typed_fits
    assert dialog._view.reason == "another reason"


def test_other_bytes_than_those_first_shown_lock_it_for_good(dialog):
    armed(dialog)
    dialog._take(replace(dialog._paper, sha="f" * 64))
    rest(1_300)
    assert name_of(dialog) == "locked"
    assert "other bytes than those first shown" in dialog._sign._state.text()


def test_bytes_swapped_where_they_lie_are_not_signed(dialog, scene, monkeypatch):
    other = proposed(scene.one, wish=replace(ASKED, params={"instruction": "Something else"}))
    hand = armed(dialog)
    found = corrections.find_document(scene.one, other.sha)
    swapped = Held(scene.sha, found.document, found.row)
    monkeypatch.setattr(confirm_papers, "read_document", lambda connection, sha: swapped)
    hand.type(APPROVER)
    hand.click(dialog._sign._go)
    until(lambda: dialog._sign._said is not None)
    assert "not the document that was shown" in dialog._sign._said[0]
    assert not records(scene.one, other.sha)


def test_only_a_contradiction_resets(dialog):
    hand = Hand(dialog)
    hand.type_value()
    begun = dialog._guard.begun
    now = dialog._paper.now_ms
    dialog._took_readings((Reading(target=0, how="offline", at_ms=now, why="no answer"),))
    assert "offline" in dialog._content.cards[0]._read.text()
    assert (dialog._guard.begun, name_of(dialog)) == (begun, "ready")
    dialog._took_readings((Reading(target=0, how="contradiction", at_ms=now, name="X", why="it is called X"),))
    assert name_of(dialog) == "waiting"
    assert "it is called X" in dialog._against.accessibleName()
    ready(dialog)  # it can be signed all the same, by whoever has read it
    dialog._took_readings((Reading(target=0, how="by-hand", at_ms=now),))
    assert dialog._against.isHidden()


def test_a_wrong_passphrase_signs_nothing_and_keeps_the_remark(dialog):
    hand = armed(dialog)
    dialog._sign._reason.setText("as agreed")
    hand.type("not the passphrase")
    hand.click(dialog._sign._go)
    until(lambda: dialog._sign._said is not None)
    assert name_of(dialog) == "waiting"
    assert dialog._sign._reason.text() == "as agreed"
    assert dialog._sign._passphrase.text() == ""


# -- what deceives, what is clipped ------------------------------------------------------------------------------------


def test_bidi_and_homoglyph_names_are_marked_and_made_visible(scene):
    odd = replace(ASKED, params={"instruction": "Stop p\u0430ypal\u202e\u200b"})
    made = proposed(scene.one, wish=odd, reason="Because \u05e9")
    shown = opened(scene.room, made.sha)
    texts = [one.text() for one in shown.findChildren(QLabel)]
    told = "\n".join(texts)
    assert "letters of different scripts" in told
    assert "written from right to left" in told
    assert "<U+202E>" in told
    assert "<U+200B>" in told
    assert not [text for text in texts if "\u202e" in text or "\u200b" in text]
    assert {one.textFormat() for one in shown.findChildren(QLabel)} == {Qt.TextFormat.PlainText}
    shown.close()


@pytest.mark.parametrize("percent", [100, 200])
def test_nothing_is_clipped(scene, qapp, percent):
    look = scene.room.look
    look.choose("dark", text_scale=percent / 100)
    shown = opened(scene.room, scene.sha)
    shown.setMinimumSize(100, 100)
    shown.resize(round(1120 * percent / 100), round(860 * percent / 100))
    ready(shown)
    sign = shown._sign
    try:
        parts = [*sign._hold.values(), *sign._unlock.values(), sign._typed, sign._ask, sign._question, sign._state]
        for part in (*parts, shown._headline, shown._content, shown._seat.line):
            corner = part.mapTo(shown, part.rect().bottomRight())
            assert part.isVisibleTo(shown)
            assert shown.rect().contains(corner), part.accessibleName()
        assert shown._content.height() > shown.height() // 4
        for label in shown.findChildren(QLabel):
            if label.isVisibleTo(shown) and type(label).__name__ == "Text" and label.text():
                wanted = label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()
                assert label.height() >= wanted - 2, label.text()
                assert label.wordWrap() or label.width() >= label.sizeHint().width() - 2, label.text()
        for button in shown.findChildren(QPushButton):
            if button.isVisibleTo(shown):
                assert button.width() >= button.sizeHint().width() - 2, button.text()
                assert button.height() >= button.sizeHint().height() - 2, button.text()
    finally:
        shown.close()
        look.choose("dark", text_scale=1.0)


def test_it_is_never_larger_than_the_screen(dialog):
    room = room_on_screen(dialog)
    assert room.expandedTo(dialog.size()) == room
