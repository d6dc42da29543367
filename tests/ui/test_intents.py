"""Incidents are declared, rated, handed over, closed, shared, exported and verified from the window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QWidget
from shiboken6 import isValid

from console.services import closing, incidents
from console.services.brief import situation
from console.services.organisation import genesis_of
from console.services.session import SECRETS, WRITER, nobody_asked
from console.ui.command_dialogs import AcceptDialog, CloseDialog, HandOverDialog, RolesDialog
from console.ui.exports import ExportDialog, VerifyDialog
from console.ui.help import About, KeysSheet
from console.ui.incident_dialogs import DeclareDialog, MoveDialog, ReopenDialog, SeverityDialog
from console.ui.intents import Intents
from console.ui.sharing import CopyDialog, RoomPageDialog
from console.ui.unlock import UnlockDialog
from console.viewmodels import provider_cards
from console.viewmodels.roompage import ROOM_PAGE
from console.viewmodels.shell import INCIDENTS, NOW, SHELL
from console.viewmodels.zones import ZONE, zone_chosen
from tests.kit.pair import passphrase, sync
from tests.kit.rooms import room_of, troubles_of

WITHIN_MS = 15_000
CTRL = Qt.KeyboardModifier.ControlModifier


class Place:
    """A window with the intents' commands, and what it was told."""

    def __init__(self, qtbot, room, folder: Path) -> None:
        self.room = room
        self.said: list[str] = []
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.window.resize(1200, 800)
        self.window.show()
        self.settings = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)
        self.intents = Intents(room, self.window, lambda what, step: self.said.append(f"{what} {step}"), self.settings)
        self.intents.add_commands(room.commands)
        self._qtbot = qtbot
        self.until(lambda: room.desk.outlet.latest(SHELL) is not None)

    def until(self, condition) -> None:
        self._qtbot.waitUntil(condition, timeout=WITHIN_MS)

    def give(self, name: str, kind):
        """Give a command and hand out the dialog it opens."""
        assert self.room.commands.give(name) is None
        return self.window.findChildren(kind)[-1]

    def why_not(self, name: str) -> str | None:
        return self.room.commands.get(name).why_not()

    def line(self):
        known = self.room.desk.outlet.latest(INCIDENTS)
        return next((one for one in known.lines if one.inc == self.room.desk.inc), None)

    def declared(self, severity: int = 2) -> str:
        """An incident that is shown."""
        work = self.room.desk.do(
            lambda session: incidents.declare(session, "F-7 lies", severity, "seen", shareable=True)
        )
        inc = work.result(60).entry.inc
        self.room.desk.choose(inc)
        self.until(lambda: self.line() is not None and self.room.desk.outlet.latest(SHELL).inc == inc)
        return inc


@pytest.fixture
def place(qtbot, room, tmp_path) -> Place:
    return Place(qtbot, room, tmp_path)


def gone(dialog) -> bool:
    return not isValid(dialog) or not dialog.isVisible()


def texts(widget: QWidget) -> str:
    return "\n".join(one.text() for one in widget.findChildren(QLabel) if one.isVisibleTo(widget))


# -- incidents ---------------------------------------------------------------------------------------------------------


def test_an_incident_is_declared_by_the_keyboard_and_shown(qtbot, place) -> None:
    dialog = place.give("declare", DeclareDialog)
    dialog.activateWindow()
    place.until(dialog.isActiveWindow)
    assert dialog.doing.text() == "Say in one line what is wrong."
    qtbot.keyClicks(dialog.title, "F-7 answers with exploits")
    assert dialog.doing.text() == "Choose a severity."
    qtbot.keyClick(dialog.title, Qt.Key.Key_Return)
    dialog.severity.choose("1")
    dialog.text.setFocus()
    qtbot.keyClicks(dialog.text, "two transcripts")
    qtbot.keyClick(dialog.text, Qt.Key.Key_Return, CTRL)
    place.until(lambda: place.line() is not None)
    line = place.line()
    assert (line.title, line.severity, line.commander) == ("F-7 answers with exploits", 1, place.room.desk.session.me)
    assert gone(dialog)


def test_enter_alone_declares_nothing(qtbot, place) -> None:
    dialog = place.give("declare", DeclareDialog)
    qtbot.keyClicks(dialog.title, "half a thought")
    dialog.severity.choose("4")
    qtbot.keyClick(dialog.title, Qt.Key.Key_Return)
    qtbot.keyClick(dialog.severity.focusProxy(), Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert place.room.desk.session.reader.incidents() == []


def test_a_locked_key_is_asked_for_and_nothing_typed_is_lost(qtbot, place) -> None:
    session = place.room.desk.session
    session.lock()
    session.ask = nobody_asked
    dialog = place.give("declare", DeclareDialog)
    dialog.title.setText("F-7 lies")
    dialog.severity.choose("2")
    dialog.press_main()
    place.until(lambda: dialog.findChildren(UnlockDialog) != [])
    dialog.findChildren(UnlockDialog)[-1].reject()
    place.until(lambda: "stayed locked" in dialog.trouble.accessibleName())
    assert (dialog.title.text(), dialog.severity.value()) == ("F-7 lies", "2")
    session.offer(WRITER, passphrase("commander", WRITER))
    dialog.press_main()
    place.until(lambda: place.line() is not None)


def test_lowering_a_severity_asks_for_a_reason(place) -> None:
    place.declared(2)
    dialog = place.give("severity", SeverityDialog)
    assert dialog.doing.text() == "Choose another severity."
    dialog.severity.choose("1")
    assert dialog.doing.text() == ""
    dialog.severity.choose("4")
    assert dialog.doing.text() == "Say why it may be lowered."
    dialog.reason.setText("it was a test account")
    dialog.press_main()
    place.until(lambda: place.line().severity == 4)


@pytest.mark.parametrize(("name", "to"), [("phase", "execution"), ("status", "holding")])
def test_phase_and_status_are_moved_on(place, name, to) -> None:
    place.declared()
    dialog = place.give(name, MoveDialog)
    assert dialog.doing.text() == f"Choose another {name}."
    dialog.choice.choose(to)
    dialog.press_main()
    place.until(lambda: getattr(place.line(), name) == to)


def test_roles_are_given_and_released(place) -> None:
    inc = place.declared()
    session = place.room.desk.session
    dialog = place.give("roles", RolesDialog)
    place.until(lambda: bool(dialog.boxes))
    other = next(person for person, _ in dialog.boxes if person != session.me)
    dialog.boxes[other, "scribe"].setChecked(True)
    dialog.press_main()
    place.until(lambda: place.room.desk.outlet.latest(SHELL).scribes == ("Approver",))
    dialog = place.give("roles", RolesDialog)
    place.until(lambda: bool(dialog.boxes) and dialog.boxes[other, "scribe"].isChecked())
    dialog.boxes[other, "scribe"].setChecked(False)
    dialog.press_main()
    place.until(lambda: place.room.desk.outlet.latest(SHELL).scribes == ())
    assert place.room.desk.inc == inc


def test_command_is_offered_with_a_briefing_and_accepted(qtbot, place, pair, look, tmp_path) -> None:
    inc = place.declared()
    dialog = place.give("hand-over", HandOverDialog)
    place.until(lambda: "1 SITUATION" in dialog.briefing.toPlainText())
    assert dialog.to.count() == 1
    assert "F-7 lies" in dialog.briefing.toPlainText()
    dialog.briefing.appendPlainText("The vendor calls back at three.")
    dialog.press_main()
    place.until(lambda: gone(dialog))
    sync(*pair)
    with room_of(pair[1], look) as other:
        there = Place(qtbot, other, tmp_path / "other")
        other.desk.choose(inc)
        there.until(lambda: there.line() is not None and other.desk.outlet.latest(NOW) is not None)
        assert "You do not command it" in str(there.why_not("hand-over"))
        there.until(lambda: there.why_not("accept-command") is None)
        accept = there.give("accept-command", AcceptDialog)
        there.until(lambda: "vendor calls back" in accept.briefing.toPlainText())
        accept.press_main()
        there.until(lambda: there.line().commander == pair[1].me)
        assert there.why_not("accept-command") == "You command it already."


def test_closing_is_proposed_and_a_closed_incident_reopens(place, pair) -> None:
    inc = place.declared()
    assert place.why_not("reopen") == "It is not closed."
    dialog = place.give("close", CloseDialog)
    assert "Nothing is open" in texts(dialog)
    dialog.press_main()
    place.until(lambda: gone(dialog))
    doc, _ = place.room.desk.pointed
    held = pair[0].reader.document(doc)
    assert held.type == "closing.v1"
    assert place.line().status != "closed", "a proposal closes nothing"
    assert closing.propose_closing(pair[0], inc) != ""


def test_without_an_incident_each_command_says_why_not(place) -> None:
    for name in ("severity", "phase", "status", "roles", "hand-over", "accept-command", "close", "reopen",
                 "copy-situation", "export", "room-page"):  # fmt: skip
        assert "No incident is chosen" in str(place.why_not(name)), name
    assert place.why_not("sync") == "The engine does not run."
    assert place.why_not("declare") is None


def test_a_reason_is_asked_for_before_reopening(place) -> None:
    place.declared()
    dialog = ReopenDialog(place.room, place.window, place.line())
    dialog.open()
    assert dialog.doing.text() == "Say why."
    dialog.reason.setText("it came back")
    dialog.press_main()
    place.until(lambda: place.line().status == "reopened")


# -- sharing -----------------------------------------------------------------------------------------------------------


def test_the_situation_is_copied_and_the_copy_recorded(place) -> None:
    inc = place.declared()
    assert place.room.commands.give("copy-situation") is None
    place.until(lambda: any("Copied for colleagues" in one for one in place.said))
    copied = QGuiApplication.clipboard().text()
    assert copied.splitlines()[:2] == list(situation(place.room.desk.session, inc, "internal").lines[:2])
    told = place.room.desk.session.reader.entries(inc, kinds=("communication",))
    assert "copied for: internal" in str(told[-1].disclosed["text"])


def test_a_copy_that_could_not_be_recorded_says_so(place) -> None:
    place.declared()
    session = place.room.desk.session
    session.ask = nobody_asked
    session.lock()
    troubles = troubles_of(place.room)
    place.room.doer.set_parent_window(place.window)
    assert place.room.commands.give("copy-situation") is None
    place.until(lambda: place.window.findChildren(UnlockDialog) != [])
    place.window.findChildren(UnlockDialog)[-1].reject()
    place.until(lambda: bool(troubles))
    assert "copied, but that is not recorded" in troubles[0].what
    assert place.said == []


def test_what_others_read_is_shown_before_it_is_copied(place) -> None:
    place.declared()
    dialog = place.give("copy-situation-for", CopyDialog)
    place.until(lambda: "An incident commander" in dialog.preview.toPlainText())
    assert "Commander." not in dialog.preview.toPlainText()
    dialog.audience.choose("internal")
    place.until(lambda: "commander: Commander" in dialog.preview.toPlainText())
    shown = dialog.preview.toPlainText()
    dialog.press_main()
    place.until(lambda: any("Copied for colleagues" in one for one in place.said))
    assert QGuiApplication.clipboard().text() == shown


def test_the_room_page_is_kept_up_and_given_up(place, tmp_path) -> None:
    inc = place.declared()
    page = tmp_path / "wall.html"
    dialog = place.give("room-page", RoomPageDialog)
    dialog.path.edit.setText(str(page))
    dialog.press_main()
    place.until(page.exists)
    place.until(lambda: place.room.desk.outlet.latest(ROOM_PAGE) is not None)
    place.room.desk.do(lambda session: incidents.change(session, inc, "severity", "1", "")).result(60)
    place.until(lambda: "SEV-1" in page.read_text(encoding="utf-8"))
    place.until(dialog.stop.isEnabled)
    dialog.stop.click()
    place.until(lambda: place.room.desk.outlet.latest(ROOM_PAGE) is None)
    before = page.read_bytes()
    place.room.desk.do(lambda session: incidents.change(session, inc, "severity", "3", "calmer")).result(60)
    place.until(lambda: place.line().severity == 3)
    place.room.desk.do(lambda _session: None, "aside").result(60)
    assert page.read_bytes() == before


def test_the_zone_is_chosen_and_remembered(place) -> None:
    assert zone_chosen(place.room.desk.outlet) == "UTC"
    assert place.room.commands.give("zone") is None
    chosen = place.room.desk.outlet.latest(ZONE)
    assert place.settings.value("zone") == chosen
    assert f"read in {chosen}" in place.said[-1]


# -- exports -----------------------------------------------------------------------------------------------------------


def test_an_incident_is_exported_and_verified_and_damage_is_named_first(qtbot, place, tmp_path) -> None:
    place.declared()
    out = tmp_path / "bundle.zip"
    dialog = place.give("export", ExportDialog)
    dialog.path.edit.setText(str(out))
    dialog.press_main()
    place.until(lambda: "Written." in texts(dialog))
    dialog.verify.click()
    verify = dialog.findChildren(VerifyDialog)[-1]
    place.until(lambda: "It holds." in texts(verify))
    assert "the one that was had another way" in texts(verify)
    verify.genesis.clear()
    verify.press_main()
    place.until(lambda: "It agrees with itself." in texts(verify._result))
    assert "NOT compared" in texts(verify)
    verify.genesis.setText("0" * 64)
    verify.press_main()
    place.until(lambda: "It does not hold." in texts(verify._result))
    qtbot.mouseClick(verify.ours, Qt.MouseButton.LeftButton)
    place.until(lambda: verify.genesis.text() == genesis_of(place.room.desk.session))
    verify.press_main()
    place.until(lambda: "It holds." in texts(verify._result))
    raw = bytearray(out.read_bytes())
    raw[len(raw) // 2] ^= 1
    (tmp_path / "bad.zip").write_bytes(raw)
    verify.path.edit.setText(str(tmp_path / "bad.zip"))
    verify.press_main()
    place.until(lambda: "It does not hold." in texts(verify))
    assert "It holds." not in texts(verify._result)


def test_nothing_is_written_over_and_the_path_stays(place, tmp_path) -> None:
    place.declared()
    out = tmp_path / "bundle.zip"
    out.write_bytes(b"mine")
    dialog = place.give("export", ExportDialog)
    dialog.path.edit.setText(str(out))
    dialog.press_main()
    place.until(lambda: "exists already" in dialog.trouble.accessibleName())
    assert (out.read_bytes(), dialog.path.text()) == (b"mine", str(out))


def test_this_profile_is_verified(place) -> None:
    place.declared()
    dialog = place.give("verify", VerifyDialog)
    dialog.press_main()
    place.until(lambda: "The profile's journal holds" in texts(dialog))


def test_a_genesis_that_is_none_is_said(place, tmp_path) -> None:
    dialog = place.give("verify", VerifyDialog)
    dialog.path.edit.setText(str(tmp_path))
    dialog.genesis.setText("abc")
    dialog.press_main()
    place.until(lambda: "64 hexadecimal digits" in dialog.trouble.accessibleName())


# -- keys and help -----------------------------------------------------------------------------------------------------


def test_keys_and_about_open(place) -> None:
    assert place.give("keys", KeysSheet).isVisible()
    about = place.give("about", About)
    assert str(place.room.desk.session.paths.root) in texts(about)


def test_the_secrets_file_is_unlocked(place, monkeypatch) -> None:
    """Where secrets lie in a file, its passphrase is asked for once, and they are then read."""
    read: list[str] = []
    session = place.room.desk.session

    class Shut:
        where = "a file"

        def prime(self, names) -> None:
            read.append(session.ask(SECRETS).decode())

    session.ask = nobody_asked
    monkeypatch.setattr(provider_cards, "open_secrets", lambda _session: Shut())
    assert place.room.commands.give("unlock-secrets") is None
    place.until(lambda: place.window.findChildren(UnlockDialog) != [])
    prompt = place.window.findChildren(UnlockDialog)[-1]
    assert "credentials" in texts(prompt)
    prompt._typed.setText("a passphrase for them")
    prompt.accept()
    place.until(lambda: read == ["a passphrase for them"])
