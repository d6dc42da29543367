"""The composer on screen: few keys from a key's id to a proposal, what is left out said, nothing typed ever lost."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QPlainTextEdit, QWidget
from shiboken6 import isValid

from adapters.practice.simulator import Estate
from console.domain.reasons import read_reason
from console.services import corrections, incidents, model_names, provider_life, providers
from console.services.corrections import TargetWish
from console.services.live_values import InstanceLook, Looks, ProviderLink, SurfaceLook
from console.services.planning import DAY_MS
from console.services.record import start_record
from console.services.session import Session
from console.ui.agreements import AgreementsSheet
from console.ui.keys import Keys
from console.ui.model_names import ModelNamesDialog
from console.ui.proposal import ProposalDialog, add_commands
from console.ui.proposal_plan import PlanCard
from console.ui.screens import room_on_screen
from console.ui.widgets import Exact, Words
from console.viewmodels.commands import Command
from console.viewmodels.shell import INCIDENTS, LOOKS, NOW, SHELL
from tests.kit.pair import Asks, connect, connect_manual, pair_at
from tests.kit.rooms import room_of, troubles_of

WITHIN_MS = 20_000
CTRL = Qt.KeyboardModifier.ControlModifier
WHY = "Exploits; three reports."


@pytest.fixture(scope="module")
def console(founded, tmp_path_factory):
    folder = tmp_path_factory.mktemp("proposal")
    with pytest.MonkeyPatch.context() as patch, Estate() as estate:
        patch.setenv("XDG_STATE_HOME", str(folder))
        with pair_at(founded, folder / "org") as (one, _):
            connect(one, estate)
            providers.add_canary(one, "gateway-east", "key-canary", estate.instances()[0]["secrets"]["key-canary"])
            yield one, estate


class Place:
    """A window with the commands about corrections, and an incident of its own."""

    def __init__(self, qtbot, room) -> None:
        self.room = room
        self._qtbot = qtbot
        self.reviewed: list[str] = []
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.window.show()
        add_commands(room, self.window)
        room.commands.add(Command(name="review", title="Review", run=self._review))
        work = room.desk.do(lambda session: incidents.declare(session, "Atlas large helps with exploits", 2))
        self.inc = work.result(60).entry.inc
        room.desk.choose(self.inc)
        self.until(lambda: any(one.inc == self.inc for one in self.latest(INCIDENTS)))
        self.until(lambda: room.desk.outlet.latest(SHELL) is not None and room.desk.outlet.latest(NOW) is not None)

    def latest(self, topic):
        found = self.room.desk.outlet.latest(topic)
        return getattr(found, "lines", found) or ()

    def until(self, condition) -> None:
        self._qtbot.waitUntil(condition, timeout=WITHIN_MS)

    def composer(self) -> ProposalDialog:
        assert self.room.commands.give("correct") is None
        dialog = self.window.findChildren(ProposalDialog)[-1]
        self.until(lambda: dialog.pages.currentIndex() in (1, 2) and not dialog.is_busy)
        return dialog

    def typed(self, dialog: ProposalDialog, selector: str = "key-research", why: str = WHY) -> None:
        """As a person in a hurry: the id, Tab, the reason."""
        dialog.activateWindow()
        self._qtbot.keyClicks(dialog.fields.which, selector)
        dialog.fields.reason.setFocus()
        self._qtbot.keyClicks(dialog.fields.reason, why)

    def read(self, dialog: ProposalDialog) -> None:
        """Wait until what stands there was read just so."""
        self.until(lambda: not dialog.reader.reading and dialog.reader.is_fresh(dialog._placed()))

    def propose(self, dialog: ProposalDialog):
        """Press Ctrl+Enter, and give the document."""
        self.until(dialog.propose.isEnabled)
        self._qtbot.keyClick(dialog.fields.reason, Qt.Key.Key_Return, CTRL)
        self.until(lambda: dialog.pages.currentWidget() is dialog.said)
        return corrections.find_document(self.room.desk.session, self.room.desk.pointed[0])

    def row(self, dialog: ProposalDialog, name: str):
        rows = dialog.made.draft.rows
        return next(dialog.fields.rows[at] for at, row in enumerate(rows) if row.options.surface.name == name)

    def drafts(self) -> dict[str, str]:
        return self.room.desk.drafts.load()

    def _review(self) -> None:
        self.reviewed.append(self.room.desk.pointed[0])


@pytest.fixture
def place(qtbot, console, look):
    one, estate = console
    with room_of(one, look) as room:
        made = Place(qtbot, room)
        yield made
        for simulator in estate.simulators.values():
            simulator.clear(None)
        for dialog in made.window.findChildren(ProposalDialog):
            dialog.close()


def reason_of(held) -> str:
    return str(held.row.disclosed_by_digest[corrections.action_of(held).reason_sd][1])


# -- the shortest way --------------------------------------------------------------------------------------------------


def test_one_gateway_key_is_proposed_with_an_id_a_reason_and_three_other_keys(qtbot, place) -> None:
    keys = Keys(place.window, place.room.commands, lambda *_said: None)
    place.window.activateWindow()
    place.until(place.window.isActiveWindow)
    qtbot.keyClick(place.window, Qt.Key.Key_C)
    assert keys is not None
    dialog = place.window.findChildren(ProposalDialog)[-1]
    place.until(lambda: dialog.pages.currentIndex() == 1)
    place.until(dialog.fields.which.hasFocus)
    qtbot.keyClicks(dialog.fields.which, "key-research")
    qtbot.keyClick(dialog.fields.which, Qt.Key.Key_Tab)
    assert dialog.fields.reason.hasFocus()
    qtbot.keyClicks(dialog.fields.reason, WHY)
    held = place.propose(dialog)
    action = corrections.action_of(held)
    told = [(held.disclosed(at)["selector"], target.canary) for at, target in enumerate(action.targets)]
    assert told == [("key-research", False), ("key-canary", True)]
    assert action.gravity == "normal"
    assert action.review_by == action.created + DAY_MS
    reason = read_reason(reason_of(held))
    assert (reason.why, reason.if_not) == (WHY, "")
    told = [one.split(":")[0].split(",")[0] for one in reason.left_out]
    assert told == ["Atlas large at model-server", "Main deployment at cloud", "gateway-west"]


def test_the_composer_is_no_larger_than_the_screen_or_what_it_needs(place) -> None:
    dialog = place.composer()
    most = room_on_screen(dialog).expandedTo(dialog.minimumSize())
    assert dialog.size() == dialog.size().boundedTo(most)
    assert dialog.minimumHeight() <= 600, "its buttons are at the foot of a laptop's screen too"


def test_a_proposal_moves_nothing_and_leads_to_the_confirmation(place) -> None:
    dialog = place.composer()
    place.typed(dialog)
    held = place.propose(dialog)
    assert "Nothing moves before it is signed" in texts(dialog)
    assert place.drafts() == {}
    dialog.press_main()
    assert place.reviewed == [held.sha]
    place.until(lambda: not isValid(dialog) or not dialog.isVisible())


def test_enter_alone_proposes_nothing_nor_does_ctrl_enter_before_the_plan_is_read(qtbot, place) -> None:
    dialog = place.composer()
    place.typed(dialog)
    before = place.room.desk.session.reader.heads()
    dialog._due()
    qtbot.keyClick(dialog.fields.reason, Qt.Key.Key_Return, CTRL)
    assert "being read" in dialog.doing.text()
    qtbot.keyClick(dialog.fields.which, Qt.Key.Key_Return)
    place.read(dialog)
    qtbot.keyClick(dialog.fields.which, Qt.Key.Key_Return)
    assert dialog.pages.currentIndex() == 1
    assert place.room.desk.session.reader.heads() == before


# -- what it would mean ------------------------------------------------------------------------------------------------


def test_what_would_be_sent_and_what_cannot_be_stand_beside_it(place) -> None:
    dialog = place.composer()
    place.typed(dialog)
    place.read(dialog)
    told = dialog.plan.text()
    for words in ("POST /admin/keys/key-research/block {}", "POST /admin/keys/key-research/unblock {}", "no  →  yes",
                  "can be reverted exactly", "normal", "1 more person has to sign", "Commander"):  # fmt: skip
        assert words in told, words
    west = place.row(dialog, "gateway-west")
    assert west.fault.text() == "No key is called key-research."
    assert west.mark.text() == "cannot be done"
    assert dialog.propose.text() == "Propose 2, leave out 1"
    server = place.row(dialog, "Atlas large")  # as it is connected it has no keys: nothing to plan, and nothing to fail
    assert server.mark.text() == "nothing to pull"
    offers = [server.levers.itemText(at) for at in range(server.levers.count())]
    assert [one.partition(" (")[0] for one in offers] == [
        "Nothing of this kind: leave it out", "Instead: Unload a model"
    ]  # fmt: skip
    assert told.count("(canary)") == 1, "a canary goes beside its target only"


def test_another_name_of_the_model_is_suggested_confirmed_and_becomes_a_row(qtbot, place) -> None:
    session = place.room.desk.session
    connect_manual(session, "openai/Atlas_Large", "vendor-two")
    dialog = place.composer()
    place.typed(dialog)
    count = len(dialog.fields.rows)
    assert "openai/Atlas_Large" in dialog.fields._maybe.text()
    qtbot.mouseClick(dialog.fields.names, Qt.MouseButton.LeftButton)
    names = dialog.findChild(ModelNamesDialog)
    place.until(lambda: bool(names.boxes) and not names.is_busy)
    ticked = [box for box in names.boxes.values() if box.isChecked()]
    assert [box.text() for box in ticked] == ["openai/Atlas_Large"], "what is thought so is ticked, and nothing else"
    names.press_main()
    place.until(lambda: len(dialog.fields.rows) == count + 1)
    assert dialog.fields.reason.toPlainText() == WHY, "what was typed stays"
    asked = next(row for row in dialog.made.draft.rows if row.options.surface.own == "openai/Atlas_Large")
    assert "openai/Atlas_Large" in dict(asked.params)["instruction"], "they are asked under the name they know"
    assert "Calls it openai/Atlas_Large" in next(
        one.told.text() for one in dialog.fields.rows if "Calls it" in one.told.text()
    )
    assert dialog.fields._maybe.text() == ""
    model_names.untie(session, [asked.options.surface.surface])
    provider_life.remove(session, "vendor-two", "end of the test")


def test_a_key_of_64_digits_that_cannot_be_planned_clips_nothing(qtbot, place) -> None:
    digits = "0123456789abcdef" * 4
    dialog = place.composer()
    dialog.setMinimumSize(1000, 600)  # wider than the tests' screen: as narrow as it is wanted
    place.typed(dialog, digits)
    place.read(dialog)
    cards = [one for one in dialog.plan.findChildren(PlanCard) if digits in one.accessibleName()]
    assert cards, "the accessible name tells it whole"
    for card in cards:
        assert card.width() <= dialog.plan.viewport().width(), "nothing lies beyond the edge"
        for words in card.findChildren(Words):
            assert words.minimumSizeHint().width() <= words.width()
    assert any(digits in one.toolTip() for card in cards for one in card.findChildren(Words))


def test_it_weighs_what_would_be_proposed_and_not_what_cannot_be_done(place) -> None:
    dialog = place.composer()
    dialog._start_kind("shutdown")
    dialog.fields.reason.setPlainText(WHY)
    place.read(dialog)
    assert place.row(dialog, "gateway-east").mark.text() == "nothing to pull"
    view = dialog.reader.view
    assert view.gravity == "high", "two of four surfaces are not the whole model"
    action = corrections.action_of(place.propose(dialog))
    assert (action.gravity, len(action.targets)) == ("high", 2)


def test_a_wrong_figure_is_told_beside_its_field(qtbot, place) -> None:
    dialog = place.composer()
    qtbot.keyClick(dialog, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    assert dialog.made.draft.category == "frequency"
    place.typed(dialog)
    rpm = dialog.fields.asked["rpm"]
    assert "Requests a minute is missing" in dialog.doing.text()
    qtbot.keyClicks(rpm.editor, "many")
    place.read(dialog)
    assert "Write a whole number." in texts(rpm)
    assert not dialog.propose.isEnabled()
    rpm.editor.clear()
    qtbot.keyClicks(rpm.editor, "5")
    place.until(dialog.propose.isEnabled)
    assert "Write a whole number." not in texts(rpm)
    assert "0 to 1,000,000" in texts(rpm)


def test_a_provider_that_does_not_answer_is_told_and_read_again(place, console) -> None:
    console[1].simulators["gateway-east"].switch("down")
    dialog = place.composer()
    place.typed(dialog)
    place.read(dialog)
    east = place.row(dialog, "gateway-east")
    assert east.mark.text() == "does not answer"
    assert dialog.again.isVisible()
    assert dialog.by_hand.isVisible()
    assert dialog.doing.text() == "Nothing of it can be done as it stands."
    console[1].simulators["gateway-east"].clear("down")
    dialog.again.click()
    place.until(dialog.propose.isEnabled)
    assert east.mark.text() == "can be done"
    assert (dialog.fields.which.text(), dialog.fields.reason.toPlainText()) == ("key-research", WHY)


def test_a_fault_while_proposing_loses_nothing(place, console) -> None:
    dialog = place.composer()
    place.typed(dialog)
    place.until(dialog.propose.isEnabled)
    console[1].simulators["gateway-east"].switch("down")
    dialog.press_main()
    place.until(lambda: dialog.trouble.isVisible() and not dialog.is_busy)
    assert "Nothing was proposed" in dialog.trouble.accessibleName()
    assert dialog.pages.currentIndex() == 1
    assert (dialog.fields.which.text(), dialog.fields.reason.toPlainText()) == ("key-research", WHY)


# -- leaving out -------------------------------------------------------------------------------------------------------


def test_leaving_a_surface_out_asks_for_a_word_which_is_signed(qtbot, place) -> None:
    dialog = place.composer()
    place.typed(dialog)
    assert [row.box.isChecked() for row in dialog.fields.rows] == [True, True, False, False]
    place.row(dialog, "gateway-east").only.click()
    assert [row.box.isChecked() for row in dialog.fields.rows] == [True, False, False, False]
    west = place.row(dialog, "gateway-west")
    assert west.mark.text() == "left out"
    assert west.fault.text() == "Say why it is left out."
    assert dialog.doing.text() == "Say why gateway-west is left out."
    west.word.setFocus()
    qtbot.keyClicks(west.word, "the key is of the east only")
    held = place.propose(dialog)
    assert read_reason(reason_of(held)).left_out == (
        "gateway-west: the key is of the east only",
        "Atlas large at model-server: as it is connected here it has no lever of this kind",
        "Main deployment at cloud: as it is connected here it has no lever of this kind",
    )


def test_one_word_goes_for_every_surface_that_is_left_out_until_one_has_its_own(qtbot, place) -> None:
    dialog = place.composer()
    place.typed(dialog)
    for name in ("gateway-east", "gateway-west"):
        place.row(dialog, name).box.setChecked(False)
    qtbot.keyClicks(place.row(dialog, "gateway-west").word, "partners")
    assert place.row(dialog, "gateway-east").word.text() == "partners", "one word for all"
    place.row(dialog, "gateway-east").word.clear()
    qtbot.keyClicks(place.row(dialog, "gateway-east").word, "research")
    assert place.row(dialog, "gateway-west").word.text() == "partners"


def test_a_surface_without_such_a_lever_says_so_and_offers_what_it_has(place) -> None:
    dialog = place.composer()
    dialog._start_kind("capability")
    east = place.row(dialog, "gateway-east")
    assert east.mark.text() == "nothing to pull"
    assert "no tools to take away" in east.told.text()
    assert not east.box.isEnabled()
    offers = [east.levers.itemText(at) for at in range(east.levers.count())]
    assert offers[0].startswith("Nothing of this kind")
    assert offers[1] == "Instead: Slow a key down (frequency)"
    east.levers.setCurrentIndex(2)
    assert (east.box.isChecked(), dialog.made.draft.rows[0].lever) == (True, "key.block")
    east.levers.setCurrentIndex(0)
    assert not east.box.isChecked()


def test_what_else_is_said_is_signed_with_it(qtbot, place) -> None:
    dialog = place.composer()
    place.typed(dialog)
    qtbot.keyClicks(dialog.fields.criteria, "Fixed and tested")
    qtbot.keyClicks(dialog.fields.if_not, "More of them")
    dialog.fields.review.setCurrentIndex(dialog.fields.review.findText("in 4 hours"))
    held = place.propose(dialog)
    action = corrections.action_of(held)
    assert action.review_by == action.created + DAY_MS // 6
    assert read_reason(reason_of(held)).if_not == "More of them"
    assert held.row.disclosed_by_digest[action.lift_criteria_sd][1] == "Fixed and tested"


def test_one_row_may_select_otherwise_than_the_rest(qtbot, place) -> None:
    dialog = place.composer()
    place.typed(dialog)
    west = place.row(dialog, "gateway-west")
    west.more.setChecked(True)
    field = next(one for one in west.own.findChildren(QLineEdit) if one.placeholderText() == "as above: key-research")
    qtbot.keyClicks(field, "key-batch")
    place.read(dialog)
    assert (west.mark.text(), west.fault.text()) == ("can be done", "")
    assert "POST /admin/keys/key-batch/block {}" in dialog.plan.text()


# -- kept --------------------------------------------------------------------------------------------------------------


def test_what_is_typed_survives_the_dialog_and_the_process(qtbot, place) -> None:
    dialog = place.composer()
    place.typed(dialog)
    place.row(dialog, "gateway-west").box.click()
    place.until(lambda: "key-research" in place.drafts().get(f"correction:{place.inc}", ""))
    dialog.close()
    place.until(lambda: not isValid(dialog) or not dialog.isVisible())
    again = place.composer()
    assert (again.fields.which.text(), again.fields.reason.toPlainText()) == ("key-research", WHY)
    assert not place.row(again, "gateway-west").box.isChecked()
    assert "is back" in again.trouble.accessibleName()
    again.trouble.acted.emit()
    assert (again.fields.which.text(), again.fields.reason.toPlainText()) == ("", "")
    qtbot.keyClicks(again.fields.which, "k")
    again.fields.which.clear()
    again.change(lambda made: made.select(""))
    place.until(lambda: f"correction:{place.inc}" not in place.drafts())


def test_another_kind_or_model_keeps_the_reason_and_the_key(place) -> None:
    dialog = place.composer()
    place.typed(dialog)
    dialog._start_kind("shutdown")
    assert not dialog.fields.which.isVisible()
    dialog._start_kind("user")
    assert (dialog.fields.which.text(), dialog.fields.reason.toPlainText()) == ("key-research", WHY)
    dialog.fields.model.line.setText("smal")
    dialog.fields.model.line.editingFinished.emit()
    assert dialog.made.draft.model == "atlas-small"
    assert dialog.fields.model.line.text() == "atlas-small"
    dialog.fields.model.line.setText("no such model")
    dialog.fields.model.line.editingFinished.emit()
    assert dialog.fields.model.line.text() == "atlas-small"


def test_an_open_composer_is_raised_and_not_doubled(place) -> None:
    dialog = place.composer()
    place.room.commands.give("correct")
    assert place.window.findChildren(ProposalDialog) == [dialog]


def test_what_fell_is_proposed_anew_with_its_targets_and_reason(place) -> None:
    wish = TargetWish(provider="gateway-west", surface="", lever="key.rpm", selector="key-batch", params={"rpm": "1"})
    made = corrections.propose(place.room.desk.session, place.inc, [wish], "Too many calls.", left_out=["east: idle"])
    place.until(lambda: any(one.doc == made.sha for one in place.latest(NOW).everything))
    one = next(one for one in place.latest(NOW).everything if one.doc == made.sha)
    dialog = ProposalDialog(place.room, place.inc, again=one, parent=place.window)
    dialog.show()
    place.until(lambda: dialog.pages.currentIndex() == 1)
    assert dialog.fields.reason.toPlainText() == "Too many calls."
    west = place.row(dialog, "gateway-west")
    assert (west.box.isChecked(), dialog.made.draft.category) == (True, "frequency")
    assert not place.row(dialog, "gateway-east").box.isChecked()


# -- other states ------------------------------------------------------------------------------------------------------


def test_alone_it_plans_and_leads_to_recording_by_hand(qtbot, look, tmp_path) -> None:
    from console.runtime.paths import ProfilePaths

    paths, asks = ProfilePaths(tmp_path / "alone"), Asks("commander")
    start_record(paths, asks, name="Commander", world="drill")
    with Session.open(paths, asks) as session, room_of(session, look) as room:
        place = Place(qtbot, room)
        for name in ("lift", "undo", "cancel-correction", "attest"):
            assert "cannot dispatch" in str(room.commands.get(name).why_not()), name
        dialog = place.composer()
        assert dialog.pages.currentWidget() is dialog.empty
        assert dialog.by_hand.isVisible()
        assert not dialog.propose.isVisible()
        dialog.close()
        room.desk.do(lambda one: connect_manual(one, "f-7"), "slow").result(60)
        dialog = place.composer()
        assert "cannot dispatch" in dialog.lead.text()
        place.typed(dialog)
        place.read(dialog)
        assert dialog.fields.rows[0].mark.text() == "can be done"
        assert "Block key-research for f-7." in dialog.plan.text()
        assert not dialog.propose.isVisible()
        assert dialog.by_hand.isVisible()
        dialog.close()


def test_what_is_asked_by_hand_follows_the_key_until_somebody_writes_it(place, console) -> None:
    connect_manual(console[0], "atlas-large", "vendor")
    try:
        dialog = place.composer()
        place.typed(dialog)
        vendor = place.row(dialog, "the model at the vendor")
        asked = vendor._ask.instruction
        assert asked.toPlainText() == "Block key-research for atlas-large."
        asked.setFocus()
        asked.setPlainText("Please block our research key.")
        vendor._ask.fields["ticket"].setFocus()
        vendor._ask.fields["ticket"].setText("T-17")
        vendor.edited("ticket", "T-17")
        dialog.change(lambda made: made.select("key-shop"))
        assert asked.toPlainText() == "Please block our research key."
        dialog.change(lambda made: made.select("key-research"))
        held = place.propose(dialog)
        action = corrections.action_of(held)
        at = next(at for at, target in enumerate(action.targets) if target.by_hand)
        assert "Please block our research key." in str(held.disclosed(at))
        assert "T-17" in str(held.disclosed(at))
    finally:
        providers.instances_of(console[0]).remove("vendor")


def test_the_commands_say_why_they_may_not_be_given(place) -> None:
    commands = place.room.commands
    assert commands.get("correct").why_not() is None
    assert commands.get("record-by-hand").why_not() is None
    assert commands.get("attest").why_not() == "Nothing is asked of people by hand."
    assert commands.get("lift").why_not() == "Nothing is in force."
    place.room.desk.choose(None)
    assert "No incident is chosen" in str(commands.get("correct").why_not())


def test_every_control_has_a_name_and_the_way_through_is_in_reading_order(place) -> None:
    dialog = place.composer()
    place.typed(dialog)
    for one in dialog.findChildren(QWidget):
        if isinstance(one, QLineEdit | QPlainTextEdit | QComboBox | QAbstractButton) and one.isVisible():
            named = one.accessibleName() or (one.text() if isinstance(one, QAbstractButton) else "")
            assert named or isinstance(one.parent(), QComboBox), one
    order: list[QWidget] = []
    at: QWidget = dialog.fields.model.line
    for _ in range(200):
        at = at.nextInFocusChain()
        if at in (dialog.fields.which, dialog.fields.reason, dialog.fields.rows[0].box, dialog.fields.criteria,
                  dialog.fields.if_not) and at not in order:  # fmt: skip
            order.append(at)
    assert order == [dialog.fields.which, dialog.fields.reason, dialog.fields.rows[0].box, dialog.fields.criteria,
                     dialog.fields.if_not]  # fmt: skip


def test_no_trouble_is_told_to_nobody(place) -> None:
    told = troubles_of(place.room)
    dialog = place.composer()
    place.typed(dialog)
    place.read(dialog)
    dialog.close()
    assert told == []


def texts(widget: QWidget) -> str:
    from PySide6.QtWidgets import QLabel

    found = [one.text() for one in widget.findChildren(QLabel) if one.isVisible()]
    return "\n".join(found + [one.toPlainText() for one in widget.findChildren(Exact) if one.isVisible()])


# -- what is said besides ----------------------------------------------------------------------------------------------


def seen(session: Session, state: str, ago_ms: int = 2_000) -> Looks:
    """As if an engine had seen the small model so, some time ago."""
    small = next(one for one in providers.surfaces(session) if one.model == "atlas-small")
    at_ms = session.clock.wall_ms() - ago_ms
    told = SurfaceLook(
        key=small.key, model=small.model, state=state, restrictions=(), detail="", read_ms=at_ms, made_ms=0
    )
    large = replace(told, key="atlas-large", model="atlas-large", made_ms=86_400_000)
    link = ProviderLink(instance=small.instance, name="model-server", adapter="practice", state="answers",
                        looked_ms=at_ms, read_ms=at_ms)  # fmt: skip
    return Looks(surfaces=(small,), instances=(InstanceLook(link=link, surfaces=(told, large)),), poll_ms=5_000)


def test_what_answers_instead_is_said_to_be_up_only_where_it_was_seen_lately(place) -> None:
    dialog = place.composer()
    besides = dialog.fields.besides
    small = next(one for one in providers.surfaces(place.room.desk.session) if one.model == "atlas-small")
    besides.fallback.setCurrentIndex(besides.fallback.findData(small.surface))
    assert dialog.made.fallback == small.surface
    assert "Not looked at here yet" in besides._up.text()
    for state, ago_ms, word in (("serving", 2_000, "Serving, read "), ("stopped", 2_000, "Stopped, read "),
                                ("serving", 60_000, "Stale, was serving, read ")):  # fmt: skip
        place.room.desk.outlet.post(LOOKS, seen(place.room.desk.session, state, ago_ms))
        dialog.fields.see()
        assert besides._up.text().startswith(word)
        assert besides._up.text().endswith(
            " EARLIER than atlas-large, by its provider's word (1970-01-01, 1970-01-02)."
        )
    kept = dialog.made.text()
    assert json.loads(kept)["fallback"] == small.surface
    besides.fallback.setCurrentIndex(besides.fallback.findData("none"))
    assert not besides._up.isVisibleTo(dialog)


def test_one_press_takes_what_does_less_and_the_row_says_so(place) -> None:
    dialog = place.composer()
    place.typed(dialog)
    place.read(dialog)
    button = next(one for one in dialog.plan.findChildren(QAbstractButton) if one.text() == "Slow a key down instead")
    button.click()
    east = next(row for row in dialog.made.draft.rows if row.options.surface.name == "gateway-east")
    assert (east.lever, east.line.category) == ("key.rpm", "frequency")
    box = place.row(dialog, "gateway-east").levers
    assert box.currentText().startswith("Milder: Slow a key down")


def test_agreements_are_entered_offered_where_they_fit_and_ended(place) -> None:
    sheet = AgreementsSheet(place.room, place.window)
    sheet.show()
    place.until(lambda: not sheet.is_busy)
    assert sheet.why_not() == "Say with whom."
    sheet.partner.setText("Acme Ltd")
    assert sheet.why_not() == "Say what it allows."
    sheet.allows["user"].setChecked(True)
    sheet.hours.setValue(720)
    sheet.enter.click()
    place.until(lambda: len(sheet.known) == 1 and not sheet.is_busy)
    dialog = place.composer()
    terms = dialog.fields.besides.terms
    assert [terms.itemText(at) for at in range(terms.count())] == ["None named", "Acme Ltd, 720 h of notice"]
    terms.setCurrentIndex(1)
    assert "Acme Ltd is owed 720 h of notice" in dialog.fields.besides._owed.text()
    dialog._start_kind("shutdown")
    assert terms.itemText(0) == "None is registered that allows it"
    assert dialog.made.agreements == ()
    end = next(one for one in sheet.findChildren(QAbstractButton) if one.text() == "End it")
    end.click()
    assert sheet.known  # not without a reason
    sheet.reason.setText("They left.")
    end.click()
    place.until(lambda: not sheet.known)
    sheet.close()


def test_what_cannot_be_read_is_not_said_to_be_being_read(qtbot, place, monkeypatch) -> None:
    def broken(_session: Session) -> None:
        raise OSError("Input/output error")

    monkeypatch.setattr("console.ui.proposal_dialog.read_ground", broken)
    dialog = ProposalDialog(place.room, place.inc, parent=place.window)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.reading.text() == "What is there could not be read.")
    dialog.close()
