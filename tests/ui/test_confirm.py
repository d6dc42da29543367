"""The confirmation as it is read: what is above the fold, what ticks, what changes in place, what is locked and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from shiboken6 import isValid

from adapters.practice.simulator import Estate
from console.domain.moment import NotSeen
from console.services import approvals, corrections, incidents
from console.services.approvals import Reading
from console.services.corrections import Proposal, TargetWish
from console.services.session import Locked, Session, nobody_asked
from console.ui.confirm import ConfirmDialog
from console.ui.confirm_outcome import outcome_of
from console.ui.unlock import UnlockDialog
from console.ui.widgets import Exact
from tests.kit.confirming import ASKED, Hand, name_of, opened, proposed, ready, until
from tests.kit.pair import connect, connect_manual, passphrase
from tests.kit.resting import rest

pytestmark = pytest.mark.qt_log_ignore(  # offscreen has no order of windows
    "plugin does not support raise", "plugin does not support propagateSizeHints", extend=True
)
BLOCK = TargetWish(provider="gateway-east", surface="", lever="key.block", selector="key-research")
CANARY = replace(BLOCK, selector="key-canary", canary=True)


@pytest.fixture
def high(pair) -> Iterator[tuple[Session, Proposal]]:
    """Three targets: one blocked, one canary, one asked of people; the practice estate answers."""
    with Estate() as estate:
        connect(pair[0], estate)
        connect_manual(pair[0], "atlas-large")
        inc = str(incidents.declare(pair[0], "It helps with exploits", 1).entry.inc)
        wishes = [BLOCK, CANARY, ASKED]
        made = corrections.propose(pair[0], inc, wishes, "Three reports.", if_not="It goes on.", criteria="Fixed")
        yield pair[0], made


@pytest.fixture
def dialog(room, high) -> Iterator[ConfirmDialog]:
    shown = opened(room, high[1].sha)
    ready(shown)
    yield shown
    if isValid(shown):
        shown.close()
    rest(50)


def texts(widget) -> list[str]:
    found = [one.text() for one in widget.findChildren(QLabel) if one.isVisibleTo(widget) and one.text()]
    return found + [one.toPlainText() for one in widget.findChildren(Exact) if one.isVisibleTo(widget)]


def test_in_five_seconds_what_where_how_many_why_what_if_not_and_who_else(dialog):
    assert dialog._headline.text() == (
        "Block the key Research assistant at gateway-east; ask support desk to act on the model at the vendor; "
        "with 1 canary beside."
    )
    assert dialog.focusWidget() is dialog._headline  # read out first
    told = texts(dialog)
    for words in ("Three reports.", "It goes on.", "Fixed", "high", "2 more persons have to sign."):
        assert words in told
    assert any(text.startswith("Can sign now: ") for text in told)
    assert [one.accessibleName()[:9] for one in dialog._content.cards] == ["Target 1:", "Target 2:", "Target 3:"]
    for card, word in zip(dialog._content.cards, ("yes", "canary", "by hand"), strict=True):
        assert word in texts(card)
    answers = [one for one in dialog.findChildren(QLabel) if one.text() == "It goes on."]
    assert answers[0].mapTo(dialog, answers[0].rect().bottomLeft()).y() < 400
    words = [one.text() for one in dialog._standing.findChildren(QLabel)]
    assert [word for word in words if word in dialog._view.digest_words]
    assert dialog._view.sha[:32] in "\n".join(words)


def test_what_was_read_here_stands_beside_what_is_signed(dialog):
    until(lambda: "called so here too; read here" in dialog._content.cards[0]._read.text())
    card = dialog._content.cards[0]
    now = dialog._paper.now_ms
    dialog._took_readings((Reading(target=0, how="contradiction", at_ms=now, name="Other", why="it is called Other"),))
    assert dialog._content.cards[0] is card  # in place: nobody loses their line
    assert card._against.isVisibleTo(dialog)
    assert "it is called Other" in card.accessibleName()


def test_the_providers_are_read_again_only_about_what_is_here_and_one_reading_at_a_time(room, high):
    shown = ConfirmDialog.opened(room, high[1].sha, None)
    assert not shown._again.isEnabled()
    shown._took_readings(())
    assert not shown._again.isEnabled()  # the document itself was not read yet
    until(shown._again.isEnabled)
    shown._again.click()
    assert not shown._again.isEnabled()
    until(shown._again.isEnabled)
    shown.close()


def test_only_the_times_change_from_second_to_second(dialog):
    cards, labels = list(dialog._content.cards), list(dialog._standing._left)
    before = labels[0].text()
    until(lambda: labels[0].text() != before)
    assert isValid(labels[0])
    assert [isValid(one) for one in cards] == [True, True, True]
    late = replace(dialog._paper, now_ms=dialog._paper.document.approve_by + 61_000)
    dialog._take(late)
    assert dialog._standing._left[0].text() == "passed 1 min 1 s ago"
    until(lambda: "has passed" in dialog._sign._state.text())
    assert not dialog._sign._hold["approve"].isEnabled()


def test_one_key_shows_the_exact_requests_and_keys_scroll(dialog):
    hand = Hand(dialog)
    hand.key(Qt.Key.Key_X)
    told = "\n".join(texts(dialog._content))
    assert "POST /admin/keys/key-research/block" in told
    assert "POST /admin/keys/key-research/unblock" in told
    assert "Sent by this console" in told
    hand.key(Qt.Key.Key_PageDown)
    assert dialog._content.verticalScrollBar().value() > 0
    hand.key(Qt.Key.Key_X)
    assert "POST" not in "\n".join(texts(dialog._content))


def test_what_is_signed_and_cannot_be_judged_here_yet_is_said_to_be_signed(dialog, monkeypatch):
    def not_here(_session, _held):
        raise NotSeen("The entry ffff")

    monkeypatch.setattr(approvals, "judge", not_here)
    told: list[object] = []
    dialog._papers.sign("approve", passphrase("commander", "your approver key"), "", None, told.append, told.append)
    until(lambda: told)
    assert told == ["The entry ffff was seen when it was decided, but is not here. Meet the shared folder, then again."]
    assert outcome_of("approve", str(told[0]), dialog._view)[0] == "Signed."
    until(lambda: "approved" in "\n".join(texts(dialog._standing)))


def _many(dialog):
    paper = dialog._paper
    dialog._papers.present = lambda: None  # it would be read anew meanwhile, as it is in the record
    dialog._take(replace(paper, sheet=replace(paper.sheet, targets=paper.sheet.targets * 60)))
    content = dialog._content
    until(lambda: content.verticalScrollBar().maximum() > 20_000)  # laid out
    return content


def _in_sight(content):
    """The places of targets of which anything can be seen."""
    seen = content.viewport().rect()
    places = content._targets._places
    return [one for one in places if seen.intersects(one.rect().translated(one.mapTo(content.viewport(), QPoint())))]


def test_of_many_targets_all_have_their_place_and_those_in_sight_are_laid_out(dialog):
    content = _many(dialog)
    assert content.whole
    assert len(content.cards) < 20
    names = [place.accessibleName() or place.card.accessibleName() for place in content._targets._places]
    assert [name.split(":")[0] for name in names] == [f"Target {number}" for number in range(1, 181)]
    bar = content.verticalScrollBar()
    for part in (7, 3, 10, 0, 5):
        bar.setValue(bar.maximum() * part // 10)
        QApplication.processEvents()
        assert all(place.card is not None for place in _in_sight(content))
    bar.setValue(bar.maximum())
    QApplication.processEvents()
    assert content.cards[-1].accessibleName().startswith("Target 180: ")


def test_what_is_seen_of_many_targets_stays_where_it_is_when_one_above_turns_out_higher(dialog):
    content = _many(dialog)
    bar = content.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    QApplication.processEvents()
    for _ in range(12):
        last = _in_sight(content)[-1]
        before, step = last.mapTo(content.viewport(), QPoint()).y(), content.viewport().height() // 3
        bar.setValue(bar.value() - step)
        QApplication.processEvents()
        assert last.mapTo(content.viewport(), QPoint()).y() == before + step
        assert all(one.height() == one.card.height() for one in _in_sight(content))


def test_by_tab_one_comes_to_every_target_and_its_card_is_laid_out_there(dialog):
    content = _many(dialog)
    content._targets._places[40].setFocus(Qt.FocusReason.TabFocusReason)
    card = content._targets._places[40].card
    assert card is not None
    assert QApplication.focusWidget() is card.last
    QTest.keyClick(dialog, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is content._targets._places[41].card.last


def test_where_a_screen_reader_listens_it_is_signed_only_when_all_are_laid_out(dialog, monkeypatch):
    monkeypatch.setattr(QAccessible, "isActive", lambda: True)
    content = _many(dialog)
    assert not content.whole
    assert name_of(dialog) == "locked"
    assert "Not every target" in dialog._guard.state().reason
    until(lambda: content.whole)
    assert len(content.cards) == 180
    assert name_of(dialog) in {"waiting", "ready"}


def test_a_document_that_is_not_here_says_so_and_offers_nothing(room, qtbot):
    shown = opened(room, "0" * 64)
    assert shown._headline.text() == "This document cannot be shown here."
    assert "not here yet" in shown._sign._state.text()
    assert not shown._sign._stack.isVisibleTo(shown)
    rest(1_200)
    assert name_of(shown) == "locked"
    shown.close()


def test_a_locked_writer_key_is_said_before_anybody_types_and_unlocked_from_there(room, pair):
    made = proposed(pair[0])
    pair[0].ask = nobody_asked
    pair[0].lock()
    shown = opened(room, made.sha)
    assert name_of(shown) == "locked"
    assert "writer key is locked" in shown._sign._state.text()
    assert not shown._sign._unlock["approve"].isEnabled()
    shown._sign._open_writer.click()
    until(lambda: shown.findChildren(UnlockDialog))
    asked = shown.findChildren(UnlockDialog)[0]
    assert asked.accessibleName() == "Unlock your writer key"
    asked._typed.setText(passphrase("commander", "your writer key").decode())
    asked.accept()
    until(lambda: pair[0].unlocked)
    shown.activateWindow()
    ready(shown)
    assert not shown._sign._open_writer.isVisibleTo(shown)
    shown.close()


def test_reading_at_the_opening_asks_for_no_passphrase(room, pair, monkeypatch):
    def locked(session, held):
        raise Locked("the secrets")

    made = proposed(pair[0])
    monkeypatch.setattr(approvals, "readings", locked)
    shown = opened(room, made.sha)
    until(lambda: shown._again.text() == "Unlock and read the providers ...")
    assert not [one for one in QApplication.topLevelWidgets() if isinstance(one, UnlockDialog)]
    shown._again.click()
    until(lambda: shown.findChildren(UnlockDialog))
    shown.findChildren(UnlockDialog)[0].reject()
    until(lambda: "Not read here" in shown._banner.accessibleName())
    shown.close()


def test_a_question_decides_nothing_and_enter_does_not_send_it(dialog, high):
    hand = Hand(dialog)
    hand.click(dialog._sign._question)
    hand.type("why not slower")
    hand.key(Qt.Key.Key_Return)
    assert dialog._sign._question.text() == "why not slower"
    hand.click(dialog._sign._ask)
    until(lambda: not dialog._sign._question.text())
    assert "Nothing was decided" in dialog._sign._state.text()
    session, made = high
    note = session.reader.entries(made.action.inc, kinds=("note",))[-1]
    assert note.disclosed["text"] == "why not slower"


def test_somebody_elses_decision_begins_it_anew(dialog, high):
    session, made = high
    begun = dialog._guard.begun
    held = corrections.find_document(session, made.sha)
    approvals.decide(session, held, "approve", lambda: passphrase("commander", "your approver key"))
    dialog._papers.present()
    until(lambda: dialog._view.who.signed)
    assert dialog._guard.begun > begun
    ready(dialog)
    assert not dialog._sign._hold["approve"].isEnabled()
    until(lambda: "has signed already" in dialog._sign._state.text())


def test_the_same_document_has_one_confirmation(room, high):
    first = ConfirmDialog.opened(room, high[1].sha, None)
    assert ConfirmDialog.opened(room, high[1].sha, None) is first
    first.close()
    rest(50)
    second = ConfirmDialog.opened(room, high[1].sha, None)
    assert isValid(second)
    second.close()


def test_every_control_has_a_name_and_the_tab_order_is_the_reading_order(dialog):
    until(dialog._again.isEnabled)  # once what is read here was read
    hand = Hand(dialog)
    seen: list[str] = []
    for _ in range(30):
        hand.key(Qt.Key.Key_Tab)
        at = dialog.focusWidget()
        name = at.accessibleName() or getattr(at, "text", str)()
        assert name, at
        if name in seen:
            break
        seen.append(name)
    value = f"Type the model's name and the count of targets: {dialog._view.to_type}"
    more = "Show the exact request of target 1 and how it is taken back"
    order = ["What would be signed", more, "Read the providers again", value, "Ask, decide nothing",
             "A second person signs here ..."]  # fmt: skip
    assert [name for name in seen if name in order] == order, seen


def test_a_question_that_was_begun_survives_the_window_and_no_secret_is_kept_with_it(room, high, dialog):
    drafts = room.desk.drafts
    dialog._sign._question.setText("Does this also hit the batch jobs?")
    dialog._sign._passphrase.setText("a secret of mine")
    dialog._sign._typed.setText("atlas-large 3")
    until(lambda: "batch jobs" in drafts.load().get(f"dialog:confirm:{high[1].sha}", ""))
    kept = "".join(drafts.load().values())
    assert "a secret of mine" not in kept
    assert "atlas-large 3" not in kept
    dialog.close()
    again = opened(room, high[1].sha)
    ready(again)
    until(lambda: again._sign._question.text() == "Does this also hit the batch jobs?")
    assert again._guard.state().name != "armed", "what came back has armed nothing"
    again._sign.asked()
    until(lambda: not drafts.load())
    again.close()


def test_a_document_that_cannot_be_read_is_not_said_to_be_being_read(room, high, qtbot, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise OSError("Input/output error")

    monkeypatch.setattr("console.ui.confirm_papers.present", broken)
    shown = ConfirmDialog.opened(room, high[1].sha, None)
    qtbot.addWidget(shown)
    qtbot.waitUntil(lambda: shown._headline.text() == "The document could not be read.")
    assert not any("Reading" in text for text in texts(shown))
