"""Giving back from the window: a lift and an undo are proposed and move nothing, a cancel says what it does not do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget
from shiboken6 import isValid

from adapters.practice.simulator import Estate
from console.services import approvals, corrections, incidents
from console.services.corrections import TargetWish
from console.services.undoing import DEAD, WayBack
from console.ui.lift import CancelDialog, LiftDialog, UndoDialog
from console.ui.proposal import add_commands, cancellable, liftable, undoable
from console.viewmodels.commands import Command
from console.viewmodels.shell import NOW
from tests.kit.pair import connect, pair_at
from tests.kit.rooms import room_of
from tests.viewmodels.standings import MIN_MS, NOW_MS, standing, target

WITHIN_MS = 20_000
KEY = TargetWish(provider="gateway-east", surface="", lever="key.block", selector="key-research")


@pytest.fixture(scope="module")
def console(founded, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lift")
    with pytest.MonkeyPatch.context() as patch, Estate() as estate:
        patch.setenv("XDG_STATE_HOME", str(folder))
        with pair_at(founded, folder / "org") as (one, _):
            connect(one, estate, "gateway")
            yield one, str(incidents.declare(one, "t", 2).entry.inc)


class Place:
    """A window, one signed proposal, and how it stands."""

    def __init__(self, qtbot, room, inc: str) -> None:
        self.room, self._qtbot = room, qtbot
        self.reviewed: list[str] = []
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.window.show()
        add_commands(room, self.window)
        room.commands.add(Command(name="review", title="Review", run=lambda: self.reviewed.append("yes")))
        room.desk.choose(inc)
        session = room.desk.session
        self.doc = corrections.propose(session, inc, [KEY], "Exploits.").sha
        held = corrections.find_document(session, self.doc)
        approvals.decide(session, held, "approve", lambda: session.ask("your approver key"))
        room.desk.refresh()
        self.until(lambda: self.found() is not None and bool(self.found().signed))

    def found(self):
        now = self.room.desk.outlet.latest(NOW)
        return None if now is None else next((one for one in now.everything if one.doc == self.doc), None)

    def until(self, condition) -> None:
        self._qtbot.waitUntil(condition, timeout=WITHIN_MS)

    def standing(self, **changed):
        now = self.room.desk.session.clock.wall_ms()
        return replace(self.found(), **{"undo_until_ms": now + 5 * MIN_MS, **changed})


@pytest.fixture
def place(qtbot, console, look):
    one, inc = console
    with room_of(one, look) as room:
        yield Place(qtbot, room, inc)


def texts(widget: QWidget) -> str:
    return "\n".join(one.text() for one in widget.findChildren(QLabel) if one.isVisible())


def gone(dialog) -> bool:
    return not isValid(dialog) or not dialog.isVisible()


def shown(dialog):
    dialog.open()
    return dialog


def test_an_undo_says_how_long_it_is_possible_and_that_one_signer_suffices(qtbot, place) -> None:
    one = place.standing()
    dialog = shown(UndoDialog(place.room, place.window, [one], one.doc))
    dialog.is_over = True  # the record knows no dispatch: what stands here is what was handed in
    dialog.candidates = (one,)
    dialog._second()
    assert "min" in dialog.time.accessibleName()
    assert "left to undo it" in dialog.time.accessibleName()
    assert "your signature alone suffices" in dialog.time.accessibleName()
    assert not dialog.go.isEnabled()
    place.until(lambda: dialog.way is not None)  # the record knows of no sending: that is said as soon as it is read
    assert "your signature alone suffices" not in dialog.time.accessibleName()
    assert "One signature does not suffice" in dialog.time.accessibleName()
    assert "Lift it, with two signatures" in dialog.time.accessibleName()
    qtbot.keyClicks(dialog.reason, "It was the wrong caller")
    dialog.press_main()
    place.until(lambda: place.room.desk.pointed is not None and place.room.desk.pointed[0] != place.doc)
    place.until(dialog.said.isVisible)
    held = corrections.find_document(place.room.desk.session, place.room.desk.pointed[0])
    action = corrections.action_of(held)
    assert (action.undoes, action.direction) == (place.doc, "restore")
    assert "Nothing moves before it is signed" in texts(dialog)
    assert "two people, one of them commander or deputy" in texts(dialog)
    assert "Goes from" in texts(dialog)
    dialog.press_main()
    assert place.reviewed == ["yes"]
    assert gone(dialog)


def test_an_undo_says_from_which_console_it_goes(place) -> None:
    one = place.standing()
    dialog = shown(UndoDialog(place.room, place.window, [one], one.doc))
    dialog.is_over = True
    place.until(lambda: dialog.way is not None)
    dialog.candidates = (one,)
    away = "It is sent from the console ..k3vw of Approver, which has to run."
    dialog._goes(one.doc, WayBack(feeds=("f",), alone=True, elsewhere=("c",), told=away, then=DEAD))
    assert f"your signature alone suffices. {away} {DEAD}" in dialog.time.accessibleName()
    here = "It is sent from this console."
    dialog._goes(one.doc, WayBack(feeds=("f",), alone=True, elsewhere=(), told=here))
    assert dialog.time.accessibleName().endswith(f"your signature alone suffices. {here}")
    dialog._goes("another", WayBack(feeds=(), alone=False, elsewhere=(), told="of another correction"))
    assert "of another correction" not in dialog.time.accessibleName()
    dialog.reject()


def test_an_undo_whose_time_is_over_leads_to_a_lift(place) -> None:
    now = place.room.desk.session.clock.wall_ms()
    one = place.standing(undo_until_ms=now - 1)
    dialog = shown(UndoDialog(place.room, place.window, [one], one.doc))
    dialog.reason.setPlainText("wrong")
    assert "is over" in dialog.time.accessibleName()
    assert not dialog.go.isEnabled()
    assert "lift it" in dialog.doing.text().lower()


def test_a_lift_is_proposed_from_a_fresh_reading_and_takes_two(place) -> None:
    one = place.standing()
    dialog = shown(LiftDialog(place.room, place.window, [one], one.doc))
    dialog.candidates = (one,)
    dialog._turn()
    assert "still undo it" in texts(dialog)
    assert dialog.doing.text() == "Say why."
    dialog.reason.setPlainText("Fixed and tested again")
    dialog.press_main()
    place.until(dialog.said.isVisible)
    assert "two people" in texts(dialog)
    assert "Unblock key" in texts(dialog)
    held = corrections.find_document(place.room.desk.session, place.room.desk.pointed[0])
    assert corrections.action_of(held).direction == "restore"
    assert corrections.action_of(held).gravity == "high"
    assert not dialog.reason.isVisible()


def test_a_fault_while_lifting_loses_nothing(place, console) -> None:
    one = place.standing(doc="0" * 64)
    dialog = shown(LiftDialog(place.room, place.window, [one], one.doc))
    dialog.reason.setPlainText("Fixed")
    dialog.press_main()
    place.until(dialog.trouble.isVisible)
    assert dialog.reason.toPlainText() == "Fixed"
    assert dialog.go.isEnabled()


def test_a_cancel_is_recorded_with_its_reason(qtbot, place) -> None:
    one = place.found()
    dialog = shown(CancelDialog(place.room, place.window, [one], one.doc))
    qtbot.keyClicks(dialog.reason, "The wrong key")
    qtbot.keyClick(dialog.reason, Qt.Key.Key_Return)
    assert dialog.isVisible(), "Enter alone cancels nothing"
    dialog.press_main()
    place.until(lambda: gone(dialog))
    stored = place.room.desk.session.reader.entries(kinds=("correction.cancelled",))[-1]
    assert stored.entry.pub["doc"] == place.doc
    assert stored.disclosed["reason"].startswith("The wrong key")


def test_where_several_may_be_meant_it_is_chosen_and_the_pointed_one_comes_first(place) -> None:
    one = place.found()
    other = standing(target("enforced", name="Night batch"), doc="e" * 64, title="Block a key: Night batch")
    dialog = shown(CancelDialog(place.room, place.window, [other, one], one.doc))
    assert dialog.which.isVisible()
    assert dialog.one.doc == one.doc
    dialog.which.setCurrentIndex(0)
    assert "Night batch" in texts(dialog)


def test_which_may_be_lifted_undone_and_cancelled() -> None:
    held = standing(target("recorded"), target("queued", by_hand=True))
    assert liftable(held, NOW_MS)
    assert not liftable(standing(target("recorded"), target("queued")), NOW_MS)
    assert not liftable(standing(target("proposed"), authorised_ms=None), NOW_MS)
    assert not liftable(standing(target("enforced"), direction="restore"), NOW_MS)
    assert undoable(held, NOW_MS)
    assert not undoable(held, NOW_MS + 5 * MIN_MS)
    assert not undoable(replace(held, undo_until_ms=None), NOW_MS)
    assert cancellable(standing(target("proposed"), authorised_ms=None), NOW_MS)
    assert not cancellable(standing(target("enforced")), NOW_MS)
