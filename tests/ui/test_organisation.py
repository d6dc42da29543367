"""The organisation's dialog: who can act, in words; founding from a record that one person began."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QRadioButton, QWidget
from shiboken6 import isValid

from console.domain.forms import Roster
from console.keys import canon
from console.keys.words import words_of
from console.runtime.paths import ProfilePaths
from console.runtime.settings import read_settings
from console.services import dispatch, members, organisation, roster
from console.services.founding import key_words
from console.services.readiness import organisation_facts
from console.services.record import start_record
from console.services.session import WRITER, Session, nobody_asked
from console.ui.bridge import Bridge
from console.ui.doer import Doer
from console.ui.organisation import OrganisationDialog
from console.ui.pages import NewPassphrase
from console.ui.room import Room
from console.ui.roster import RosterDialog
from console.ui.roster_members import AdmitSheet, MemberSheet
from console.ui.theme import Look
from console.ui.unlock import UnlockDialog
from console.viewmodels.commands import Commands
from console.viewmodels.desk import Desk
from console.viewmodels.organisation import members as view_members
from console.viewmodels.organisation import waiting_views
from tests.kit.confirming import Hand
from tests.kit.pair import Asks, passphrase

WITHIN_MS = 30_000


def ask(what: str, *, new: bool = False) -> bytes:
    return f"long enough for {what}".encode()


@pytest.fixture
def room_at(look: Look) -> Iterator[Callable[[ProfilePaths], Room]]:
    made: list[Room] = []

    def open_(paths: ProfilePaths) -> Room:
        session = Session.open(paths, nobody_asked)
        desk = Desk(session)
        bridge = Bridge(desk.outlet)
        desk.start()
        made.append(Room(desk, bridge, look, Commands(), Doer(desk, bridge, look)))
        return made[-1]

    yield open_
    for room in made:
        room.bridge.close()
        room.desk.stop()
        room.desk.session.close()


@pytest.fixture
def alone(tmp_path: Path) -> ProfilePaths:
    paths = ProfilePaths(tmp_path / "alone")
    start_record(paths, ask, name="Commander", world="drill")
    return paths


def texts(part: QWidget) -> str:
    return "\n".join(one.text() for one in part.findChildren(QLabel))


@pytest.fixture
def dialog(room_at, alone: ProfilePaths, qtbot) -> Iterator[OrganisationDialog]:
    made = OrganisationDialog(room_at(alone))
    made.open()
    qtbot.waitUntil(lambda: made.founding.stage is not None, timeout=WITHIN_MS)
    yield made
    if isValid(made):
        made.close()


def test_one_person_is_told_what_is_missing_and_begins_with_the_next_step(dialog: OrganisationDialog, qtbot) -> None:
    assert dialog.tabs.currentIndex() == 1
    qtbot.waitUntil(lambda: "None waits." in texts(dialog.who), timeout=WITHIN_MS)
    told = texts(dialog.who)
    assert "PROVISIONAL: ONE PERSON" in told
    assert "A second person." in told
    assert told.count("not now") == 3
    assert not dialog.who.admit.isEnabled(), "one person admits nobody: founding does"
    assert "standdown" not in told.casefold()


def test_founding_from_a_record_asks_for_the_writer_key_and_shows_the_words(
    dialog: OrganisationDialog, alone: ProfilePaths, tmp_path: Path, qtbot
) -> None:
    (tmp_path / "share").mkdir()
    panel = dialog.founding.panel
    panel.folder.edit.setText(str(tmp_path / "share"))
    for line in panel.findChild(NewPassphrase).findChildren(QLineEdit):
        line.setText("for approving")
    panel.go.click()

    def prompts() -> list[UnlockDialog]:
        return [one for one in QApplication.topLevelWidgets() if isinstance(one, UnlockDialog) and one.isVisible()]

    qtbot.waitUntil(lambda: bool(prompts()), timeout=WITHIN_MS)
    prompts()[0].findChildren(QLineEdit)[0].setText(ask("your writer key").decode())
    prompts()[0].accept()
    qtbot.waitUntil(lambda: dialog.founding.stage == "inviting", timeout=WITHIN_MS)
    with Session.open(alone, ask) as session:
        shown = dialog.founding.panel.card.words()
        joined = organisation.join(
            ProfilePaths(tmp_path / "second"), ask, folder=tmp_path / "share", words=shown, name="Approver",
            envelopes=tmp_path / "sheets",
        )  # fmt: skip
        assert len(session.settings.places) == 1
    qtbot.waitUntil(lambda: "One request" in texts(dialog.founding), timeout=WITHIN_MS)
    assert joined.words not in texts(dialog.founding), "whoever admits must hear them, not read them here"
    founding = dialog.founding
    qtbot.waitUntil(founding.envelopes.isVisible, timeout=WITHIN_MS)
    dialog.activateWindow()
    founding.panel.heard.setFocus()
    founding._act(lambda _session: None, "Signing.")
    assert founding.focusWidget() is not founding.envelopes.sealed, "Space would say that the envelopes are sealed"
    qtbot.waitUntil(founding.doing.isHidden, timeout=WITHIN_MS)
    assert founding.panel.isAncestorOf(founding.focusWidget())


def test_the_house_is_changed_here(dialog: OrganisationDialog, alone: ProfilePaths, qtbot) -> None:
    dialog.tabs.setCurrentIndex(0)
    choice = next(one for one in dialog.findChildren(QRadioButton) if one.text() == "Both")
    choice.setFocus()
    qtbot.keyClick(choice, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: read_settings(alone.settings).house == "both", timeout=WITHIN_MS)


def test_closing_while_it_looks_hurts_nothing(room_at, alone: ProfilePaths, qtbot) -> None:
    room = room_at(alone)
    gate = threading.Event()
    room.desk.do(lambda _session: gate.wait(60), "slow")
    made = OrganisationDialog(room)
    made.open()
    made.close()
    qtbot.waitUntil(lambda: not isValid(made))
    gate.set()
    after = room.desk.do(lambda _session: None, "slow")
    qtbot.waitUntil(after.done)
    qtbot.wait(50)  # the answer to the look comes when nobody is there


@pytest.fixture(scope="module")
def founded_pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.kit.pair import found

    folder = tmp_path_factory.mktemp("pair")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        found(folder)
    return folder


def test_two_who_can_act_are_told_by_name_with_keys_in_words(founded_pair: Path, room_at, qtbot) -> None:
    made = OrganisationDialog(room_at(ProfilePaths(founded_pair / "commander")))
    qtbot.addWidget(made)
    made.open()
    qtbot.waitUntil(lambda: made.founding.stage == "ready", timeout=WITHIN_MS)
    told = texts(made.who)
    assert "Nothing: two people can act." in told
    assert told.count("yes, by Approver, Commander") == 4, "normal, high, critical, and the next roster"
    assert "A change of the roster (2 admins): yes, by Approver, Commander. Nobody may be away." in told
    assert told.count("rehearsed") == 2
    with Session.open(ProfilePaths(founded_pair / "commander"), ask) as session:
        for member in session.roster.roster.persons:
            for key in member.keys:
                assert key_words(key.key) in told


def test_a_folder_that_is_gone_is_said_and_the_dialog_lives(founded_pair: Path, room_at, qtbot) -> None:
    share, away = founded_pair / "share", founded_pair / "away"
    share.rename(away)
    try:
        made = OrganisationDialog(room_at(ProfilePaths(founded_pair / "approver")))
        qtbot.addWidget(made)
        made.open()
        qtbot.waitUntil(lambda: made.founding.stage == "ready", timeout=WITHIN_MS)
        assert str(share) in made.founding.trouble.accessibleName()
        qtbot.waitUntil(lambda: f"Not known: {share} is not there." in texts(made.who), timeout=WITHIN_MS)
        assert "None waits." not in texts(made.who)
    finally:
        away.rename(share)


# -- a roster that waits -----------------------------------------------------------------------------------------------


@pytest.fixture
def three(pair, tmp_path: Path, room_at) -> Iterator[tuple[OrganisationDialog, Room, Session, str]]:
    """The approver's dialog, with a third person's request in the folder, and its words."""
    one, two = pair
    asked = organisation.join(
        ProfilePaths(tmp_path / "third"), Asks("scribe"), folder=Path(one.settings.places[0]), name="Scribe",
        words=words_of(organisation.genesis_of(one)), envelopes=tmp_path / "e3",
    )  # fmt: skip
    room = room_at(two.paths)
    made = OrganisationDialog(room)
    made.open()
    yield made, room, one, asked.words
    if isValid(made):
        made.close()


def button(part: QWidget, text: str) -> QPushButton | None:
    return next((one for one in part.findChildren(QPushButton) if one.text() == text and not one.isHidden()), None)


def test_who_comes_with_which_keys_is_read_and_signed_by_the_second_admin(three, qtbot) -> None:
    dialog, room, one, words = three
    outcome = members.admit(one, words, name="Scribe", roles=("approver", "scribe"), reason="Takes notes")
    dispatch.sync_all(one)
    qtbot.waitUntil(lambda: button(dialog.who, "Read and sign ...") is not None, timeout=WITHIN_MS)
    qtbot.waitUntil(lambda: "Takes notes" in texts(dialog.who), timeout=WITHIN_MS)
    dialog.close()
    [view] = waiting_views(room.desk.session)
    signing = RosterDialog(room, view, None)
    signing.show()
    told = texts(signing)
    assert "May hold: approver, scribe" in told
    after = Roster.parse(canon.decode(roster.find(one, "").raw, limit=1 << 20))
    newcomer = next(person for person in after.persons if person.roles == ("approver", "scribe"))
    assert all(key_words(key.key) in told for key in newcomer.keys)
    qtbot.waitUntil(lambda: signing.guard.state().name == "ready", timeout=WITHIN_MS)
    hand = Hand(signing)
    hand.dialog._sign = signing.sign
    assert not signing.sign._hold["refuse"].isEnabled()
    hand.key(Qt.Key.Key_Return)
    assert signing.guard.state().name == "ready", "Enter signs nothing"
    qtbot.waitUntil(signing.sign._hold["approve"].isEnabled, timeout=WITHIN_MS)  # the panel looks in beats
    hand.hold(signing.sign._hold["approve"])
    hand.type(passphrase("approver", "your approver key").decode())
    hand.click(signing.sign._go)
    qtbot.waitUntil(lambda: signing.sign.signed, timeout=WITHIN_MS)
    assert "It is in force." in signing.sign._outcome.text()
    dispatch.sync_all(one)
    assert one.roster.sha256 == outcome.sha
    signing.close()


def test_a_roster_one_signed_is_shown_and_can_be_withdrawn(three, qtbot) -> None:
    dialog, room, _, words = three
    with Session.open(room.desk.session.paths, Asks("approver")) as session:
        members.admit(session, words, name="Scribe")
    qtbot.waitUntil(lambda: button(dialog.who, "Withdraw") is not None, timeout=WITHIN_MS)
    assert button(dialog.who, "Read and sign ...") is None
    room.desk.session.offer(WRITER, passphrase("approver", WRITER))
    button(dialog.who, "Withdraw").click()
    qtbot.waitUntil(lambda: button(dialog.who, "Withdraw") is None, timeout=WITHIN_MS)
    assert "None waits." in texts(dialog.who)


def test_admitting_needs_words_a_name_and_a_role(three) -> None:
    dialog, room, _, words = three
    sheet = AdmitSheet(room, dialog)
    sheet.open()
    assert sheet.why_not() == "Type the eight words."
    sheet.heard.edit.setText(words)
    assert sheet.why_not() == "Give their name."
    sheet.name.setText("Scribe")
    assert sheet.why_not() == ""
    sheet.roles.ticks["approver"].setChecked(False)
    assert "role" in sheet.why_not()
    sheet.what.setCurrentIndex(1)
    assert sheet.why_not() == ""
    assert sheet.roles.isHidden() or not sheet.roles.isVisibleTo(sheet)
    sheet.close()


def test_a_member_is_changed_and_a_revocation_says_why(three, qtbot) -> None:
    dialog, room, _, _ = three
    qtbot.waitUntil(dialog.who.admit.isEnabled, timeout=WITHIN_MS)
    other = next(one for one in view_members(organisation_facts(room.desk.session)) if not one.me)
    sheet = MemberSheet(room, dialog, other)
    sheet.open()
    assert set(sheet.roles.chosen()) == set(other.roles.split(", "))
    assert not sheet.since.isVisibleTo(sheet)
    sheet.what.setCurrentIndex(2)
    assert "Say why" in sheet.why_not()
    sheet.reason.setText("stolen")
    assert sheet.why_not() == ""
    assert sheet.since.isVisibleTo(sheet)
    assert not sheet.roles.isVisibleTo(sheet)
    qtbot.waitUntil(lambda: "revoked for ever" in sheet.does.text(), timeout=WITHIN_MS)
    [_, *feeds] = sheet.does.text().splitlines()
    heads = room.desk.session.reader.heads()
    theirs = [one.feed for one in room.desk.session.reader.feeds() if one.console == other.consoles[0]]
    assert len(feeds) == len(theirs) == 2
    for feed in theirs:
        assert any(f"entry {heads[feed][0]} " in line and heads[feed][1][:12] in line for line in feeds)
    sheet.since.setText("00:00 2020-01-01")
    qtbot.waitUntil(lambda: "revoked for ever" not in sheet.does.text(), timeout=WITHIN_MS)
    sheet.since.setText("2020-01-01 00:00")
    qtbot.waitUntil(lambda: sheet.does.text().count("nothing is good") == 2, timeout=WITHIN_MS)
    sheet.close()
