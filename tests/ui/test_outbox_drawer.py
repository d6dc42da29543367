"""The drawer, what a returning link brings, and what is proposed again: each row offers the one thing that helps."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QLabel, QWidget

from adapters.practice.simulator import Estate
from console.journal.values import Draft
from console.services import approvals, corrections, dispatch, incidents
from console.services.corrections import TargetWish
from console.services.fates import Sender
from console.services.live_values import Connectivity, EngineLink, ProviderLink
from console.ui.again import AgainSheet
from console.ui.outbox import OutboxDrawer
from console.ui.outbox_row import COMMANDS, OutboxRow
from console.ui.waiting_commands import add_commands
from console.viewmodels.commands import Command
from console.viewmodels.header import CONNECTIVITY
from console.viewmodels.outbox import HELP_WORDS
from console.viewmodels.shell import NOW, Now
from tests.kit.pair import connect, pair_at, passphrase, sync
from tests.kit.rooms import room_of
from tests.kit.scene import QUICK
from tests.viewmodels.standings import row, standing, target

WISH = TargetWish(
    provider="gateway-east", surface="", lever="key.rpm", selector="key-research", params={"rpm": "10"}
)  # fmt: skip


def links(state: str = "answers") -> Connectivity:
    link = ProviderLink(instance="g-1", name="gateway", adapter="practice", state=state, since_ms=1)
    return Connectivity(engine=EngineLink(state="here"), providers=(link,))


def texts(widget: QWidget) -> str:
    return "\n".join(one.text() for one in widget.findChildren(QLabel) if one.isVisibleTo(widget))


class Place:
    """A window with a drawer, its commands, and whatever stands in the outbox."""

    def __init__(self, qtbot, room) -> None:
        self.room, self._qtbot = room, qtbot
        self.given: list[str] = []
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.window.show()
        self.drawer = OutboxDrawer(room)
        qtbot.addWidget(self.drawer)
        add_commands(room, self.window, self.drawer.show_pointed)
        for name in ("cancel-correction", "attest", "review"):
            room.commands.add(Command(name=name, title=name, run=lambda name=name: self.given.append(name)))
        self.drawer.resize(1000, 500)
        self.drawer.show()

    def put(self, *standings, state: str = "answers", **known) -> None:
        self.room.desk.outlet.post(CONNECTIVITY, links(state))
        self.room.desk.outlet.post(NOW, Now(tuple(standings), (), tuple(standings), **known))
        self.drawer._take(self.room.desk.outlet.latest(NOW))
        self.drawer._link(self.room.desk.outlet.latest(CONNECTIVITY))

    def rows(self) -> dict[int, OutboxRow]:
        return {key[1]: one for key, one in self.drawer._rows.items()}

    def until(self, condition) -> None:
        self._qtbot.waitUntil(condition)


@pytest.fixture
def place(qtbot, room, monkeypatch):
    """What is shown is what a test puts there: the record is read once, and not again beneath it."""
    made = Place(qtbot, room)
    made.until(lambda: room.desk.outlet.latest(NOW) is not None)
    monkeypatch.setattr(room.desk, "_read", lambda _session: None)
    return made


def test_every_help_that_a_row_can_offer_has_a_word_and_a_command() -> None:
    assert set(HELP_WORDS) == {*COMMANDS, "now"}


def test_each_row_says_its_fate_and_offers_the_one_thing_that_helps(place) -> None:
    now = place.room.desk.session.clock.wall_ms()
    known = {"f" * 64: Sender("the console of Approver", now - 400_000)}
    place.put(
        standing(
            target(row=row(outage=True, held=True, not_before_ms=now + 60_000)),
            target("stale", index=1, detail="rpm was 60, is 30.", row=row(state="stale")),
            target("unknown", index=2, row=row(state="unknown")),
            target(index=3, row=None, dispatchers=("f" * 64,), since_ms=now - 300_000),
            target(index=4, by_hand=True),
            execute_by_ms=now + 600_000, execute_until_ms=now + 600_000, signed_ms=1,
        ),
        senders=known,
    )  # fmt: skip
    place.drawer.toggle()
    rows = place.rows()
    words = {at: (one.helps.text() if one.helps.isVisibleTo(one) else "") for at, one in rows.items()}
    assert words == {
        0: "Send now", 1: "Propose again ...", 2: "", 3: "Take over ...", 4: "Say what became of it ...",
    }  # fmt: skip
    assert [at for at, one in rows.items() if one.cancel.isVisibleTo(one)] == [0], "what is held goes by itself soon"
    assert "rpm was 60, is 30." in rows[1].accessibleName()
    assert "nothing was heard of it for 5 min" in rows[3].accessibleName()
    rows[4].helps.click()
    assert place.given == ["attest"]
    assert place.room.desk.pointed == ("d" * 64, 4)


def test_an_empty_drawer_takes_no_more_room_than_its_sentence(place) -> None:
    place.put()
    place.drawer.toggle()
    empty = place.drawer._scroll.height()
    place.put(*[standing(target(row=row())) for _ in range(1)], *[
        replace(standing(*(target(index=at, row=row()) for at in range(9))), doc="e" * 64)
    ])  # fmt: skip
    place.until(lambda: place.drawer._scroll.height() > empty)
    assert empty < 200


def test_a_need_jumps_to_its_row_with_the_focus_on_what_helps(qtbot, place) -> None:
    place.put(standing(target("stale", detail="changed", row=row(state="stale"))))
    place.drawer.activateWindow()
    place.room.desk.point_at("d" * 64, 0)
    assert place.room.commands.give("outbox-at") is None
    place.until(lambda: place.rows()[0].helps.hasFocus() or not place.drawer.isActiveWindow())
    assert place.drawer._strip.isChecked()


def test_a_returning_link_shows_what_goes_what_is_confirmed_and_what_lapsed(place) -> None:
    now = place.room.desk.session.clock.wall_ms()
    one = standing(
        target(row=row(outage=True, held=True, not_before_ms=now + 60_000)),
        target("stale", index=1, detail="It changed.", row=row(state="stale", missed=True)),
        target("failed", index=2, detail="The provider says no.", row=row(state="failed", missed=True)),
        execute_by_ms=now + 600_000, execute_until_ms=now + 600_000,
    )  # fmt: skip
    place.put(one, state="unreachable")
    assert not place.drawer.returning.isVisible() or "confirmed again" not in texts(place.drawer.returning)
    place.put(one)
    panel = place.drawer.returning
    assert panel.isVisible()
    told = texts(panel)
    assert "gateway answers again" in told
    assert "1 goes in" in told
    assert "1 to be confirmed again; 1 lapsed and never sent." in told
    shown = {one.line.target: one for one in panel.findChildren(OutboxRow) if one.line is not None}
    assert {at: one.helps.text() for at, one in shown.items()} == {
        0: "Send now", 1: "Propose again ...", 2: "Propose again ...",
    }  # fmt: skip
    panel.close_it.click()
    assert not panel.isVisible()
    assert len(place.drawer._lines) == 3, "closed is not answered: the drawer goes on telling it"


def test_send_now_ends_the_hold_of_that_row_alone(place, monkeypatch) -> None:
    from console.services import resending

    now = place.room.desk.session.clock.wall_ms()
    ended: list[tuple[str, int | None]] = []
    monkeypatch.setattr(resending, "release", lambda _session, doc, target=None: ended.append((doc, target)) or 1)
    held = row(outage=True, held=True, not_before_ms=now + 60_000)
    both = standing(target(row=held), target(index=1, row=held), execute_until_ms=now + 600_000)
    place.put(both)
    place.drawer.toggle()
    place.rows()[1].helps.click()
    place.until(lambda: bool(ended))
    assert ended == [("d" * 64, 1)]
    assert place.room.commands.give("send-now") is None
    place.until(lambda: len(ended) == 2)
    assert ended[1] == ("d" * 64, None), "the command ends every hold of what is shown"


@pytest.fixture(scope="module")
def stale(founded, tmp_path_factory):
    """Two consoles, and one correction that went stale because somebody changed the limit meanwhile."""
    folder = tmp_path_factory.mktemp("stale")
    with pytest.MonkeyPatch.context() as patch, Estate(gateway_lag_s=0.0) as estate:
        patch.setenv("XDG_STATE_HOME", str(folder))
        with pair_at(founded, folder / "org") as (one, two):
            connect(one, estate, "gateway")
            inc = str(incidents.declare(one, "t", 2).entry.inc)
            made = corrections.propose(one, inc, [WISH], "It answers what it must not.")
            sync(one, two)
            for session, who in ((one, "commander"), (two, "approver")):
                held = corrections.find_document(session, made.sha)
                approvals.decide(session, held, "approve", lambda who=who: passphrase(who, "your approver key"))
            sync(one, two)
            estate.sites["gateway-east"].state["key-research"].rpm.write(5, 0.0, 0.0)
            told = dispatch.run_outbox(one, deadline_ms=one.clock.boot_ms() + 30_000, pace=replace(QUICK, rounds=1))
            assert [one.state for one in told.rows] == ["stale"], told
            yield one, inc, made.sha


def test_propose_again_shows_what_changed_keeps_the_reason_and_asks_for_signatures_anew(qtbot, stale, look) -> None:
    one, inc, doc = stale
    with room_of(one, look) as room:
        place = Place(qtbot, room)
        room.desk.choose(inc)
        place.until(lambda: (room.desk.outlet.latest(NOW) or Now((), ())).standings != ())
        needs = room.desk.outlet.latest(NOW).needs
        assert [(need.kind, need.helps, need.doc) for need in needs] == [("decide", "again", doc)]
        room.desk.point_at(doc, 0)
        assert room.commands.give("propose-again") is None
        [sheet] = place.window.findChildren(AgainSheet)
        place.until(lambda: bool(sheet.found))
        [change] = sheet.found
        [rpm] = [each for each in change.fields if each.name == "rpm"]
        assert (rpm.differs, json.loads(rpm.now), json.loads(rpm.wanted)) == (True, 5, 10)
        place.until(lambda: "Changed since it was signed: rpm." in texts(sheet))
        assert "5  (changed)" in texts(sheet)
        assert sheet.reason.toPlainText() == "It answers what it must not."
        sheet.press_main()
        place.until(lambda: sheet.is_over or sheet.trouble.isVisible())
        assert sheet.is_over, sheet.trouble.accessibleName()
        place.until(lambda: "Nothing moves before it is signed" in texts(sheet))
        again = corrections.action_of(corrections.find_document(one, room.desk.pointed[0]))
        assert (again.rev, again.supersedes) == (2, doc)
        room.desk.refresh()
        place.until(lambda: not any(need.kind == "decide" for need in room.desk.outlet.latest(NOW).needs))
        assert any(need.kind == "approve" for need in room.desk.outlet.latest(NOW).needs)


def test_a_cancel_that_came_too_late_is_told_as_such(stale) -> None:
    """The record is appended as another console would have: the deciding console had not seen it."""
    from console.services import standing as standings

    one, inc, doc = stale
    held = corrections.find_document(one, doc)
    one.append(Draft("correction.cancelled", inc, corrections.action_of(held).op, {"doc": doc}, {"reason": "late"}))
    found = [each for each in standings.corrections(one, inc) if each.doc == doc]
    assert [said.late for each in found for said in each.said] == [True] * len(found)


def test_where_several_may_be_meant_the_palette_offers_a_choice_and_a_row_means_its_own(place) -> None:
    first = standing(target("stale", name="Research key"), doc="a" * 64, reason="Exploits.", proposed_ms=1)
    other = standing(
        target("failed", name="Night batch", selector="key-2"), doc="b" * 64, reason="It floods.", proposed_ms=2
    )
    place.put(first, other)
    assert place.room.commands.give("propose-again") is None
    [sheet] = place.window.findChildren(AgainSheet)
    offered = [sheet.which.itemText(at) for at in range(sheet.which.count())]
    assert offered == ["Block a key: Research key", "Block a key: Night batch"]
    assert (sheet.one.doc, sheet.reason.toPlainText()) == (first.doc, "Exploits.")
    sheet.which.setCurrentIndex(1)
    assert (sheet.one.doc, sheet.reason.toPlainText()) == (other.doc, "It floods.")
    sheet.reason.setPlainText("It still floods.")
    sheet.which.setCurrentIndex(0)
    assert (sheet.one.doc, sheet.reason.toPlainText()) == (first.doc, "It still floods.")
    sheet.close()
    place.room.desk.point_at(other.doc, 0)
    assert place.room.commands.give("propose-again") is None
    meant = [one for one in place.window.findChildren(AgainSheet) if one.isVisible()]
    assert [(one.one.doc, one.which.count()) for one in meant] == [(other.doc, 1)]
