"""Keys, envelopes, records and a restored backup in the window: each way from the first click to what it changed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QWidget
from shiboken6 import isValid

from console.journal.values import Draft
from console.keys import keyfile, signer, sshsig
from console.keys.words import words_of
from console.runtime.paths import ProfilePaths
from console.services import dispatch, members, organisation, recovery, roster, setup
from console.services.readiness import organisation_facts
from console.services.record import start_record
from console.services.session import WRITER, Session, nobody_asked
from console.sync.folder import FolderPlace
from console.sync.people import put_roster
from console.ui.pages import NewPassphrase
from console.ui.roster import RosterDialog
from console.ui.roster_commands import RosterCommands
from console.ui.roster_envelopes import EnvelopesSheet
from console.ui.roster_keys import RenewSheet
from console.ui.roster_letters import AdoptSheet
from console.ui.roster_members import AdmitSheet
from console.ui.roster_restored import RestoredSheet
from console.ui.roster_settling import SettleSheet
from console.ui.roster_waiting import Splits
from console.ui.unlock import UnlockDialog
from console.viewmodels.organisation import members as view_members
from console.viewmodels.organisation import waiting_views
from console.viewmodels.roster_split import split_views
from tests.keys.device import PIN, device_library, security_key
from tests.keys.test_agent import add, running
from tests.kit.confirming import Hand
from tests.kit.pair import Asks, passphrase, sync
from tests.kit.rooms import room_of
from tests.services.test_roster_split import hear_apart

__all__ = ["device_library", "running", "security_key"]

WITHIN_MS = 30_000
APPROVES = "your approver key"


@pytest.fixture
def window(qtbot) -> QWidget:
    """Whatever the sheets are over."""
    made = QWidget()
    qtbot.addWidget(made)
    return made


def texts(part: QWidget) -> str:
    return "\n".join(one.text() for one in part.findChildren(QLabel) if one.isVisibleTo(part))


def twice(field: NewPassphrase, typed: str) -> None:
    for line in field.findChildren(QLineEdit):
        line.setText(typed)


def pressed(sheet, qtbot) -> None:
    assert sheet.why_not() == "", sheet.why_not()
    sheet.go.click()
    qtbot.waitUntil(lambda: not sheet.go.isVisible() or sheet.trouble.isVisible(), timeout=WITHIN_MS)
    assert not sheet.trouble.isVisibleTo(sheet), sheet.trouble.accessibleName()


def sign_by_hand(dialog: RosterDialog, typed: str, qtbot) -> None:
    """As a person does it: held, the secret typed, the button pressed."""
    qtbot.waitUntil(lambda: dialog.guard.state().name == "ready", timeout=WITHIN_MS)
    qtbot.waitUntil(dialog.sign._hold["approve"].isEnabled, timeout=WITHIN_MS)
    hand = Hand(dialog)
    hand.dialog._sign = dialog.sign
    hand.hold(dialog.sign._hold["approve"])
    hand.type(typed)
    hand.click(dialog.sign._go)
    qtbot.waitUntil(lambda: dialog.sign.signed or dialog.guard.state().name != "armed", timeout=WITHIN_MS)
    qtbot.waitUntil(lambda: dialog.sign.signed, timeout=WITHIN_MS)


# -- a new key ---------------------------------------------------------------------------------------------------------


def test_a_writer_key_is_renewed_and_used_once_another_admin_signed(pair, look, window, qtbot) -> None:
    one, two = pair
    before = keyfile.read_saved(one.paths.key("writer"), "writer").public
    with room_of(one, look) as room:
        sheet = RenewSheet(room, window, admin=True)
        sheet.open()
        assert "passphrase" in sheet.why_not() or "characters" in sheet.why_not()
        twice(sheet.fresh, "quite another one")
        assert "approver key of now" in sheet.why_not()
        sheet.now.setText(passphrase("commander", APPROVES).decode())
        pressed(sheet, qtbot)
        assert "It waits: 1 of 2" in sheet.lead.text()
        assert sheet.now.text() == ""
        sheet.close()
    sync(one, two)
    [waits] = roster.waiting(two)
    assert waits.reason == "A new writer key."
    assert roster.sign(two, waits.sha).in_force
    sync(one, two)
    assert keyfile.read_saved(one.paths.key("writer"), "writer").public != before
    one.ask = lambda what, *, new=False: b"quite another one"
    one.append(Draft("note", disclosures={"text": "with it"}))


def test_a_key_of_the_agent_is_chosen_by_its_comment(running, pair, look, window, tmp_path, qtbot) -> None:
    one, two = pair
    add(tmp_path, "first@desk")
    add(tmp_path, "second@desk")
    with room_of(one, look) as room:
        sheet = RenewSheet(room, window, admin=True)
        sheet.open()
        sheet.kind.setCurrentIndex(1)
        qtbot.waitUntil(lambda: sheet.agent.keys.count() == 2, timeout=WITHIN_MS)
        at = next(at for at in range(2) if sheet.agent.keys.itemText(at).startswith("second@desk"))
        sheet.agent.keys.setCurrentIndex(at)
        chosen = sheet.agent.chosen()
        sheet.now.setText(passphrase("commander", APPROVES).decode())
        pressed(sheet, qtbot)
        sheet.close()
    sync(one, two)
    assert roster.sign(two, roster.waiting(two)[0].sha).in_force
    sync(one, two)
    kept = keyfile.read_saved(one.paths.key("writer"), "writer")
    assert kept.public == chosen
    assert keyfile.is_held(kept)
    one.append(Draft("note", disclosures={"text": "by the agent"}))


def test_without_an_agent_it_says_so_and_nothing_can_be_made(pair, look, window, monkeypatch, qtbot) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with room_of(pair[0], look) as room:
        sheet = RenewSheet(room, window, admin=True)
        sheet.open()
        sheet.kind.setCurrentIndex(1)
        qtbot.waitUntil(lambda: "There is no ssh-agent" in sheet.agent.told.text(), timeout=WITHIN_MS)
        sheet.now.setText("anything at all")
        assert sheet.why_not()
        assert not sheet.go.isEnabled()
        sheet.close()


def test_an_approver_key_on_a_security_key_is_made_and_signs_by_its_pin(
    security_key, pair, look, window, qtbot
) -> None:  # fmt: skip
    one, two = pair
    with room_of(one, look) as room:
        sheet = RenewSheet(room, window, admin=True, use="approver")
        sheet.open()
        sheet.kind.setCurrentIndex(1)
        assert "PIN" in sheet.why_not()
        sheet.pin.setText("0815")
        sheet.now.setText(passphrase("commander", APPROVES).decode())
        sheet.go.click()
        qtbot.waitUntil(lambda: sheet.trouble.isVisibleTo(sheet), timeout=WITHIN_MS)
        assert "security key" in sheet.trouble.accessibleName()
        assert roster.waiting(one) == ()
        sheet.pin.setText(PIN.decode())
        pressed(sheet, qtbot)
        sheet.close()
    sync(one, two)
    assert roster.sign(two, roster.waiting(two)[0].sha).in_force
    sync(one, two)
    outcome = members.change_roles(two, "Commander", ("admin", "approver", "commander"))
    sync(two, one)
    with room_of(one, look) as room:
        [view] = waiting_views(one)
        dialog = RosterDialog(room, view, None)
        dialog.show()
        sign_by_hand(dialog, PIN.decode(), qtbot)
        assert "It is in force." in dialog.sign._outcome.text()
        dialog.close()
    assert one.roster.sha256 == outcome.sha


def test_new_envelopes_are_made_and_printed_from_the_same_sheet(pair, look, window, tmp_path, qtbot) -> None:
    one, _ = pair
    with room_of(one, look) as room:
        sheet = RenewSheet(room, window, admin=True, use="recovery")
        sheet.open()
        assert not sheet.kind.isVisible()
        sheet.folder.edit.setText(str(tmp_path / "stick"))
        sheet.now.setText(passphrase("commander", APPROVES).decode())
        pressed(sheet, qtbot)
        assert "Print and seal both envelopes now" in sheet.lead.text()
        [print_] = [one for one in sheet.findChildren(QPushButton) if one.text() == "Print or save ..."]
        print_.click()
        opened = next(one for one in window.findChildren(EnvelopesSheet))
        qtbot.waitUntil(lambda: len(opened.cards) == 2, timeout=WITHIN_MS)
        opened.close()
        sheet.close()
    assert [path.parent for path in setup.envelopes_left(one.paths)] == [tmp_path / "stick"] * 2
    assert roster.waiting(one)[0].reason == "A new recovery key, in new envelopes."


# -- a lost machine, and its sealed key --------------------------------------------------------------------------------


@pytest.fixture
def fresh(pair, tmp_path: Path) -> Iterator[tuple[Session, str]]:
    """The approver's new machine, which asks to be admitted as theirs; and its words."""
    one, two = pair
    paths = ProfilePaths(tmp_path / "fresh")
    asked = organisation.join(
        paths, Asks("fresh"), folder=Path(one.settings.places[0]), words=words_of(organisation.genesis_of(one)),
        name="Approver", envelopes=tmp_path / "e3", member=two.me,
    )  # fmt: skip
    with ExitStack() as stack:
        yield stack.enter_context(Session.open(paths, Asks("fresh"))), asked.words


def test_a_lost_machine_is_replaced_by_one_admin_and_the_sealed_envelopes(pair, fresh, look, window, qtbot) -> None:
    one, two = pair
    session, words = fresh
    with room_of(one, look) as room:
        sheet = AdmitSheet(room, window, view_members(organisation_facts(one)))
        sheet.open()
        sheet.heard.edit.setText(words)
        at = next(at for at in range(sheet.what.count()) if sheet.what.itemData(at) == two.settings.console)
        sheet.what.setCurrentIndex(at)
        assert "sealed recovery key" in texts(sheet)
        sheet.reason.setText("Left on a train")
        sheet._admit()
        qtbot.waitUntil(lambda: not isValid(sheet) or not sheet.isVisible(), timeout=WITHIN_MS)
    sync(one)
    dispatch.sync_all(session)
    sheets = Path(one.settings.places[0]).parent / "e2"
    with room_of(session, look) as room:
        [view] = waiting_views(session)
        dialog = RosterDialog(room, view, None)
        dialog.show()
        assert not dialog.recovery.isVisible()
        dialog.use_recovery.click()
        text = (sheets / "recovery-envelope-1.txt").read_text()
        dialog.recovery.typed.setPlainText(text[: len(text) // 2])
        qtbot.waitUntil(lambda: "Not yet" in dialog.recovery.told.text(), timeout=WITHIN_MS)
        dialog.recovery.typed.setPlainText(session.paths.key("approver").read_text())
        qtbot.waitUntil(lambda: "no recovery key" in dialog.recovery.told.text(), timeout=WITHIN_MS)
        own = (session.paths.root.parent / "e3" / "recovery-envelope-1.txt").read_text()
        dialog.recovery.typed.setPlainText(own)
        qtbot.waitUntil(lambda: "recovery key of Approver" in dialog.recovery.told.text(), timeout=WITHIN_MS)
        dialog.recovery.typed.setPlainText(text)
        qtbot.waitUntil(
            lambda: dialog.recovery.key is not None and dialog.recovery.key.public.line in text, timeout=WITHIN_MS
        )
        assert "envelope 2" in dialog.sign._passphrase.accessibleName()
        lines = (sheets / "recovery-envelope-2.txt").read_text().splitlines()
        spoken = next(line.strip() for line in lines if line.startswith("    "))
        sign_by_hand(dialog, spoken, qtbot)
        assert "It is in force." in dialog.sign._outcome.text()
        assert dialog.recovery.typed.toPlainText() == ""
        dialog.close()
    sync(one, session)
    assert one.roster.is_revoked(keyfile.read_saved(two.paths.key("approver"), "approver").public.fingerprint)
    session.append(Draft("note", disclosures={"text": "from the new machine"}))


# -- envelopes ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def printer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A printing system that keeps what it is handed, page by page."""
    programs, pages = tmp_path / "bin", tmp_path / "pages"
    programs.mkdir()
    pages.mkdir()
    (programs / "lpstat").write_text(
        '#!/bin/sh\ncase $1 in -e) echo Attic; echo Office;; -d) echo "system default destination: Office";; esac\n'
    )
    (programs / "lp").write_text(f'#!/bin/sh\ncat > "{pages}/$2-$$"\n')
    for program in programs.iterdir():
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return pages


@pytest.fixture
def sheets(pair) -> tuple[Session, str]:
    """The commander's envelopes still lie in the profile; and the words of the second."""
    one, _ = pair
    folder = one.paths.root / "envelopes"
    shutil.copytree(Path(one.settings.places[0]).parent / "e1", folder)
    lines = (folder / "recovery-envelope-2.txt").read_text().splitlines()
    return one, next(line.strip() for line in lines if line.startswith("    "))


def test_envelopes_are_printed_by_a_pipe_saved_for_oneself_and_deleted(
    sheets, look, window, printer, tmp_path, monkeypatch, qtbot
) -> None:
    one, spoken = sheets
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    with room_of(one, look) as room:
        sheet = EnvelopesSheet(room, window)
        sheet.open()
        qtbot.waitUntil(lambda: len(sheet.cards) == 2, timeout=WITHIN_MS)
        assert sheet.printer.currentText() == "Office", "the usual one first"
        assert sheet.cards[1].picture.isVisibleTo(sheet)
        assert not sheet.cards[2].picture.isVisibleTo(sheet), "the words are not shown by themselves"
        sheet.cards[2].turn.click()
        assert sheet.cards[2].picture.isVisibleTo(sheet)
        assert not sheet.cards[1].picture.isVisibleTo(sheet), "never both"
        for which in (1, 2):
            sheet.cards[which].print.click()
            qtbot.waitUntil(lambda which=which: "handed" in texts(sheet.cards[which]), timeout=WITHIN_MS)
        pages = [page.read_bytes() for page in printer.iterdir()]
        assert len(pages) == 2
        assert all(page.startswith(b"%PDF-") and page.rstrip().endswith(b"%%EOF") for page in pages)
        kept = tmp_path / "one.pdf"
        sheet.save_page(sheet.cards[1]._one, kept)
        qtbot.waitUntil(lambda: "Saved as" in texts(sheet.cards[1]), timeout=WITHIN_MS)
        assert kept.read_bytes().startswith(b"%PDF-")
        assert kept.stat().st_mode & 0o077 == 0
        assert list((tmp_path / "temporary").iterdir()) == [], "no page lies in a temporary file"
        assert not sheet.delete.isEnabled()
        sheet.sealed.setChecked(True)
        sheet.delete.click()
        qtbot.waitUntil(lambda: "No envelope of yours" in texts(sheet), timeout=WITHIN_MS)
        sheet.close()
    assert setup.envelopes_left(one.paths) == ()
    holding = [path for path in one.paths.root.rglob("*") if path.is_file() and spoken.encode() in path.read_bytes()]
    assert holding == []


def test_a_printer_that_refuses_says_why_and_the_files_stay(sheets, look, window, printer, qtbot) -> None:
    one, _ = sheets
    lp = Path(os.environ["PATH"].split(os.pathsep)[0]) / "lp"
    lp.write_text("#!/bin/sh\necho 'lp: the printer is out of paper' >&2\nexit 1\n")
    with room_of(one, look) as room:
        sheet = EnvelopesSheet(room, window)
        sheet.open()
        qtbot.waitUntil(lambda: len(sheet.cards) == 2, timeout=WITHIN_MS)
        sheet.cards[1].print.click()
        qtbot.waitUntil(lambda: "out of paper" in sheet.trouble.accessibleName(), timeout=WITHIN_MS)
        sheet.close()
    assert len(setup.envelopes_left(one.paths)) == 2


# -- records -----------------------------------------------------------------------------------------------------------


def test_a_lone_record_is_looked_at_and_taken_over_as_it_stands(pair, look, window, tmp_path, qtbot) -> None:
    one, _ = pair
    paths = ProfilePaths(tmp_path / "lone")
    started = start_record(paths, Asks("lone"), name="Night shift", world="drill")
    with Session.open(paths, Asks("lone")) as lone:
        lone.append(Draft("note", disclosures={"text": "seen alone"}))
    with room_of(one, look) as room:
        sheet = AdoptSheet(room, window)
        sheet.open()
        assert not sheet.go.isEnabled()
        sheet.folder.edit.setText(str(paths.root))
        sheet.look_button.click()
        qtbot.waitUntil(lambda: "Night shift began it" in sheet.found.text(), timeout=WITHIN_MS)
        assert sheet.words.text() == started.words
        with Session.open(paths, Asks("lone")) as lone:
            lone.append(Draft("note", disclosures={"text": "meanwhile"}))
        sheet.go.click()
        qtbot.waitUntil(lambda: "has changed" in sheet.trouble.accessibleName(), timeout=WITHIN_MS)
        sheet.look_button.click()
        qtbot.waitUntil(lambda: "3 entries" in sheet.found.text(), timeout=WITHIN_MS)
        sheet.go.click()
        qtbot.waitUntil(lambda: "Taken over" in sheet.lead.text(), timeout=WITHIN_MS)
        sheet.close()
    [adopted] = one.reader.entries(org=True, kinds=("organisation.adopted",))
    assert adopted.entry.pub["roster"] == started.genesis


@pytest.fixture
def restored(tmp_path: Path) -> Iterator[Session]:
    """A backup was put back: two entries are missing here, and lie in the shared place."""
    paths, share = ProfilePaths(tmp_path / "p"), tmp_path / "share"
    share.mkdir()
    start_record(paths, Asks("lone"), name="Commander")
    with Session.open(paths, Asks("lone")) as session:
        session.change_settings(replace(session.settings, places=(str(share),)))
        session.append(Draft("note", disclosures={"text": "before"}))
    shutil.copytree(paths.root, tmp_path / "backup")
    with Session.open(paths, Asks("lone")) as session:
        for text in ("one", "two"):
            session.append(Draft("note", disclosures={"text": text}))
        dispatch.sync_all(session)
    shutil.rmtree(paths.root)
    shutil.copytree(tmp_path / "backup", paths.root)
    with Session.open(paths, Asks("lone")) as session:
        yield session


def test_a_restored_backup_is_told_and_goes_on_in_new_feeds(restored: Session, look, window, qtbot) -> None:
    with room_of(restored, look) as room:
        sheet = RestoredSheet(room, window)
        sheet.open()
        qtbot.waitUntil(sheet.go.isVisible, timeout=WITHIN_MS)
        qtbot.waitUntil(lambda: "is there" in texts(sheet), timeout=WITHIN_MS)
        told = texts(sheet)
        assert "What you wrote: here up to entry 1, written up to 3 (2 entries missing)." in told
        assert "This cannot be taken back." in told
        assert f"{restored.settings.places[0]} is there" in told
        sheet.go.click()
        qtbot.waitUntil(lambda: "The record goes on." in sheet.lead.text(), timeout=WITHIN_MS)
        qtbot.waitUntil(lambda: "entries were fetched" in texts(sheet))
        sheet.close()
    assert recovery.lacks(restored) == ()
    texts_there = [one.disclosed.get("text") for one in restored.reader.entries(org=True, kinds=("note",))]
    assert texts_there == ["before", "one", "two"]
    restored.append(Draft("note", disclosures={"text": "after"}))


def test_where_the_place_is_away_it_waits_until_a_person_says_so(restored: Session, look, window, qtbot) -> None:
    share = Path(restored.settings.places[0])
    share.rename(share.with_name("away"))
    with room_of(restored, look) as room:
        sheet = RestoredSheet(room, window)
        sheet.open()
        qtbot.waitUntil(sheet.go.isVisible, timeout=WITHIN_MS)
        assert not sheet.alone.isVisible()
        sheet.go.click()
        qtbot.waitUntil(sheet.alone.isVisible, timeout=WITHIN_MS)
        assert "2 entries are missing still" in sheet.trouble.accessibleName()
        assert len(recovery.lacks(restored)) == 1
        sheet.alone.setChecked(True)
        sheet.go.click()
        qtbot.waitUntil(lambda: "The record goes on." in sheet.lead.text(), timeout=WITHIN_MS)
        qtbot.waitUntil(lambda: "are in no place that was met" in texts(sheet))  # laid anew at Qt's next turn
        sheet.close()


# -- a split, and the commands -----------------------------------------------------------------------------------------


@pytest.fixture
def split(pair, tmp_path: Path) -> tuple[str, str]:
    """Two versions 2, both signed by both; the commander's console follows the first, the approver's the other."""
    one, two = pair
    first = members.change_roles(one, "Approver", ("admin", "approver"))
    raw = roster.waiting(one)[0].raw
    roster.withdraw(one, first.sha)
    other = members.change_roles(two, "Commander", ("admin", "approver", "commander"))
    raws = {first.sha: raw, other.sha: roster.waiting(two)[0].raw}
    share = FolderPlace(Path(one.settings.places[0]))
    for session, who in ((one, "commander"), (two, "approver")):  # what no console does, somebody's program does
        key = keyfile.read_saved(session.paths.key("approver"), "approver")
        for bytes_ in raws.values():
            blob = signer.sign_once(key, sshsig.roster_ns(one.org), bytes_, passphrase(who, APPROVES))
            put_roster(share, 2, bytes_, {key.public.fingerprint: blob})
    hear_apart(one, two, first.sha, other.sha, share, tmp_path)
    sync(one, two)
    sync(one, two)
    assert (one.roster.sha256, two.roster.sha256) == (first.sha, other.sha)
    return first.sha, other.sha


def test_a_split_roster_shows_both_versions_and_is_settled_by_the_admins_of_both(
    pair, split, look, window, qtbot
) -> None:  # fmt: skip
    one, two = pair
    first, other = split
    [view] = split_views(one)
    assert [(version.sha, version.used) for version in view.versions] == [(first, True), (other, False)]
    assert organisation_facts(one)["in_every_branch"] == sorted((one.me, two.me))
    with room_of(one, look) as room:
        card = Splits(room)
        qtbot.addWidget(card)
        card.look_again()
        qtbot.waitUntil(lambda: not card.isHidden(), timeout=WITHIN_MS)
        told = texts(card)
        assert "two rosters 2 were validly signed" in told
        assert told.count("Signed by Approver, Commander.") == 2
        assert words_of(first) in told
        assert words_of(other) in told
        assert "Approver and Commander stand in both" in told
        assert "sign nothing but containment" in told
        sheet = SettleSheet(room, window, view)
        sheet.open()
        assert words_of(first) in texts(sheet)
        assert sheet.why_not() == "Say why: whoever signs has to know."
        sheet.reason.setText("The second one was a slip")
        room.desk.session.offer(APPROVES, passphrase("commander", APPROVES))
        sheet._propose()
        qtbot.waitUntil(lambda: not isValid(sheet) or not sheet.isVisible(), timeout=WITHIN_MS)
    sync(one, two)
    [waits] = waiting_views(two)
    assert waits.paper.can_sign, waits.paper.problems
    assert waits.paper.headline.startswith("Roster 3: end the split, roster 2")
    assert any("the one that counts on this console" in part.heading for part in waits.paper.sections)
    with room_of(two, look) as room:
        dialog = RosterDialog(room, waits, None)
        dialog.show()
        sign_by_hand(dialog, passphrase("approver", APPROVES).decode(), qtbot)
        assert "It is in force." in dialog.sign._outcome.text()
        dialog.close()
    sync(one, two)
    assert split_views(one) == split_views(two) == ()
    assert one.roster.sha256 == two.roster.sha256 == waits.sha


def test_the_palette_lists_them_and_says_why_not(pair, look, window, qtbot) -> None:
    with room_of(pair[0], look) as room:
        RosterCommands(room, window).add_commands(room.commands)
        for typed, name in (
            ("yubikey", "renew-key"), ("print", "envelopes"), ("stolen", "lost"), ("backup", "this-record"),
            ("provisional", "adopt-record"), ("newcomer", "admit"), ("counsel", "letter"),
        ):  # fmt: skip
            assert name in [one.name for one in room.commands.find(typed)][:3], typed
        room.desk.refresh()
        qtbot.waitUntil(lambda: room.commands.get("adopt-record").why_not() is None, timeout=WITHIN_MS)
        assert room.commands.give("this-record") is None
        opened = next(one for one in window.findChildren(RestoredSheet))
        qtbot.waitUntil(lambda: "Nothing is missing." in texts(opened), timeout=WITHIN_MS)
        opened.close()


def test_one_persons_record_takes_nothing_over(tmp_path, look, window, qtbot) -> None:
    paths = ProfilePaths(tmp_path / "alone")
    start_record(paths, Asks("alone"), name="Commander", world="drill")
    with Session.open(paths, Asks("alone")) as session, room_of(session, look) as room:
        session.offer(WRITER, b"")
        session.forget(WRITER)
        RosterCommands(room, window).add_commands(room.commands)
        room.desk.refresh()
        qtbot.waitUntil(lambda: bool(room.commands.get("adopt-record").why_not()), timeout=WITHIN_MS)
        assert "found the organisation first" in str(room.commands.get("admit").why_not())


def test_enter_in_the_envelope_field_signs_nothing(pair, look, qtbot) -> None:
    one, two = pair
    members.change_roles(one, "Approver", ("admin", "approver"))
    sync(one, two)
    with room_of(two, look) as room:
        [view] = waiting_views(two)
        dialog = RosterDialog(room, view, None)
        dialog.show()
        dialog.use_recovery.click()
        qtbot.keyClick(dialog.recovery.typed, Qt.Key.Key_Return)
        assert not dialog.sign.signed
        assert roster.waiting(two)[0].signed == (one.me,)
        dialog.close()


def test_who_is_no_admin_reads_words_to_one_and_is_given_the_new_key(pair, look, window, tmp_path, qtbot) -> None:
    one, two = pair
    paths = ProfilePaths(tmp_path / "third")
    asked = organisation.join(
        paths, Asks("scribe"), folder=Path(one.settings.places[0]), words=words_of(organisation.genesis_of(one)),
        name="Scribe", envelopes=tmp_path / "e3",
    )  # fmt: skip
    outcome = members.admit(one, asked.words, name="Scribe", roles=("approver", "scribe"))
    sync(one, two)
    roster.sign(two, outcome.sha)
    with Session.open(paths, Asks("scribe")) as third:
        sync(third, one)
        before = keyfile.read_saved(paths.key("writer"), "writer").public
        with room_of(third, look) as room:
            sheet = RenewSheet(room, window, admin=False)
            sheet.open()
            assert not sheet.now.isVisible(), "who proposes nothing signs nothing"
            twice(sheet.fresh, "quite another one")
            pressed(sheet, qtbot)
            words = sheet.card.words()
            assert len(words.split()) == 8
            sheet.close()
        with room_of(one, look) as room:
            admit = AdmitSheet(room, window, view_members(organisation_facts(one)))
            admit.open()
            admit.heard.edit.setText(words)
            admit.what.setCurrentIndex(1)
            assert admit.why_not() == ""
            admit._admit()
            qtbot.waitUntil(lambda: not isValid(admit) or not admit.isVisible(), timeout=WITHIN_MS)
        sync(one, two)
        [waits] = roster.waiting(two)
        assert roster.sign(two, waits.sha).in_force
        sync(two, third)
        assert keyfile.read_saved(paths.key("writer"), "writer").public != before


def test_a_locked_writer_key_is_asked_for_and_a_wrong_approver_passphrase_is_said_as_what_it_is(
    pair, look, window, qtbot
) -> None:  # fmt: skip
    one, _ = pair
    one.lock()
    one.ask = nobody_asked
    with room_of(one, look) as room:
        sheet = RenewSheet(room, window, admin=True)
        sheet.open()
        twice(sheet.fresh, "quite another one")
        sheet.now.setText("a wrong passphrase")
        sheet.go.click()
        qtbot.waitUntil(lambda: bool(sheet.findChildren(UnlockDialog)), timeout=WITHIN_MS)
        [prompt] = sheet.findChildren(UnlockDialog)
        prompt.findChildren(QLineEdit)[0].setText(passphrase("commander", WRITER).decode())
        prompt.accept()
        qtbot.waitUntil(sheet.trouble.isVisible, timeout=WITHIN_MS)
        assert "approver key file" in sheet.trouble.accessibleName()
        assert not [one for one in sheet.findChildren(UnlockDialog) if one.isVisible()]
        assert sheet.go.isEnabled(), "what was typed serves again"
        sheet.close()
    assert roster.waiting(one) == ()
