"""What is typed in a dialog survives SIGKILL and leaving by mistake, and is gone once what it was for is durable."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from console.services import incidents
from console.services.readiness import organisation_facts
from console.ui.attest import RecordDialog
from console.ui.command_dialogs import HandOverDialog
from console.ui.entry_dialogs import AmendDialog
from console.ui.incident_dialogs import DeclareDialog, SeverityDialog
from console.ui.provider_life import RemoveProviderDialog
from console.ui.redact import RedactDialog
from console.ui.roster_members import AdmitSheet, LostSheet, MemberSheet
from console.viewmodels.drafts import Drafts
from console.viewmodels.lines import LineView
from console.viewmodels.organisation import members
from console.viewmodels.provider_cards import ProviderRow

ROOT = Path(__file__).resolve().parents[2]
WITHIN_MS = 30_000
TITLE = "F-7 helps with exploits"

CHILD = """
import sys
from pathlib import Path
from PySide6.QtTest import QTest
from console.runtime.paths import ProfilePaths
from console.services.session import Session
from console.ui.incident_dialogs import DeclareDialog
from console.ui.start import application
from console.ui.theme import Look
from tests.kit.pair import Asks
from tests.kit.rooms import room_of
app = application()
with Session.open(ProfilePaths(Path(sys.argv[1])), Asks("commander")) as session, room_of(session, Look(app, "dark")) as room:
    dialog = DeclareDialog(room, None)
    dialog.open()
    QTest.keyClicks(dialog.title, sys.argv[2])
    dialog.severity.choose("2")
    dialog.text.setPlainText("line one\\nline two")
    app.exec()
"""  # noqa: E501  a program


@pytest.fixture
def window(qtbot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(1200, 800)
    made.show()
    return made


def kept(room) -> dict[str, str]:
    return {name: text for name, text in Drafts(room.desk.session.paths.root).load().items() if "dialog:" in name}


def test_what_is_typed_in_declare_survives_sigkill(qtbot, room, window) -> None:
    folder = room.desk.session.paths.root
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(folder), TITLE], env=environment, stderr=subprocess.PIPE)
    try:
        ends = time.monotonic() + 60
        while "line two" not in "".join(kept(room).values()) and time.monotonic() < ends and child.poll() is None:
            time.sleep(0.05)
    finally:
        child.send_signal(signal.SIGKILL)
        _, said = child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL, said
    dialog = DeclareDialog(room, window)
    dialog.open()
    qtbot.waitUntil(lambda: dialog.title.text() == TITLE, timeout=WITHIN_MS)
    assert dialog.severity.value() == "2"
    assert dialog.text.toPlainText() == "line one\nline two"
    assert "is back" in dialog.trouble.accessibleName()
    dialog.press_main()
    qtbot.waitUntil(lambda: kept(room) == {}, timeout=WITHIN_MS)
    assert [one.title for one in incidents.list_incidents(room.desk.session)] == [TITLE], "once, and nothing is left"


def test_leaving_by_mistake_keeps_it_and_begin_anew_takes_it_away(qtbot, room, window) -> None:
    dialog = DeclareDialog(room, window)
    dialog.open()
    qtbot.keyClicks(dialog.title, TITLE)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: TITLE in "".join(kept(room).values()), timeout=WITHIN_MS)
    again = DeclareDialog(room, window)
    again.open()
    qtbot.waitUntil(lambda: again.title.text() == TITLE, timeout=WITHIN_MS)
    anew = next(one for one in again.trouble.findChildren(QPushButton) if one.text() == "Begin anew")
    qtbot.mouseClick(anew, Qt.MouseButton.LeftButton)
    assert again.title.text() == ""
    qtbot.waitUntil(lambda: kept(room) == {}, timeout=WITHIN_MS)


def test_each_incident_and_entry_keeps_its_own(qtbot, room, window) -> None:
    session = room.desk.session
    for title in ("one", "two"):
        incidents.declare(session, title, 2)
    one, two = incidents.list_incidents(session)
    dialog = SeverityDialog(room, window, one)
    dialog.open()
    qtbot.keyClicks(dialog.reason, "contained")
    dialog.reject()
    qtbot.waitUntil(lambda: "contained" in "".join(kept(room).values()), timeout=WITHIN_MS)
    other = SeverityDialog(room, window, two)
    other.open()
    room.desk.do(lambda _session: None, "quick").result(60)
    qtbot.wait(100)
    assert other.reason.text() == ""
    other.reject()
    mine = SeverityDialog(room, window, one)
    mine.open()
    qtbot.waitUntil(lambda: mine.reason.text() == "contained", timeout=WITHIN_MS)


def test_a_briefing_that_was_mended_is_kept_and_the_draft_from_the_record_is_not(qtbot, room, window) -> None:
    session = room.desk.session
    incidents.declare(session, TITLE, 2)
    line = incidents.list_incidents(session)[0]
    untouched = HandOverDialog(room, window, line)
    untouched.open()
    qtbot.waitUntil(lambda: bool(untouched.briefing.toPlainText()) and not untouched.is_busy, timeout=WITHIN_MS)
    untouched.reject()
    room.desk.do(lambda _session: None, "quick").result(60)
    assert kept(room) == {}
    dialog = HandOverDialog(room, window, line)
    dialog.open()
    qtbot.waitUntil(lambda: bool(dialog.briefing.toPlainText()) and not dialog.is_busy, timeout=WITHIN_MS)
    dialog.briefing.appendPlainText("Mind the batch jobs.")
    qtbot.waitUntil(lambda: "batch jobs" in "".join(kept(room).values()), timeout=WITHIN_MS)
    dialog.reject()
    again = HandOverDialog(room, window, line)
    again.open()
    qtbot.waitUntil(lambda: again.briefing.toPlainText().endswith("Mind the batch jobs."), timeout=WITHIN_MS)
    again.press_main()
    qtbot.waitUntil(lambda: kept(room) == {}, timeout=WITHIN_MS)


def shown(dialog):
    dialog.open()
    return dialog


def test_what_is_typed_to_redact_to_change_a_roster_and_to_remove_is_kept_and_no_word_heard_or_to_be_forgotten(
    qtbot, room, window
) -> None:
    session = room.desk.session
    note = incidents.write(session, "note", "the key sk-live-quetzal was sent to us", inc=None)
    other = next(one for one in members(organisation_facts(session)) if not one.me)
    gone = ProviderRow(
        instance="g-1", name="gateway", kind="practice", adapter="Practice estate", address="", settings={}, surfaces=1,
        probes=("a", "b"), can_probe=True,
    )  # fmt: skip
    made = {
        "redact": lambda: RedactDialog(room, window, note.id),
        "admit": lambda: AdmitSheet(room, window),
        "member": lambda: MemberSheet(room, window, other),
        "lost": lambda: LostSheet(room, window, (other,)),
        "remove": lambda: RemoveProviderDialog(room, window, gone),
    }
    opened = {name: shown(make()) for name, make in made.items()}
    for name, dialog in opened.items():
        dialog.reason.setText(f"why it is {name}")
    opened["redact"].words.setText("sk-live-quetzal")
    opened["admit"].name.setText("Scribe")
    opened["admit"].heard.edit.setText("salad radio pacific lagoon")
    opened["member"].what.setCurrentIndex(1)
    opened["remove"].here.setChecked(True)
    for dialog in opened.values():
        dialog.reject()
    qtbot.waitUntil(lambda: len(kept(room)) == len(made), timeout=WITHIN_MS)
    assert not any(word in text for word in ("quetzal", "salad") for text in kept(room).values())
    again = {name: shown(make()) for name, make in made.items()}
    for name, dialog in again.items():
        qtbot.waitUntil(lambda name=name, dialog=dialog: dialog.reason.text() == f"why it is {name}", timeout=WITHIN_MS)
    assert again["admit"].name.text() == "Scribe"
    assert again["admit"].heard.text() == ""
    assert again["member"].what.currentIndex() == 1
    assert again["remove"].here.isChecked(), "for everybody is never chosen by a kill"
    for dialog in again.values():
        dialog.reject()


def test_a_moment_is_asked_for_again_because_now_was_another_one(qtbot, room, window) -> None:
    dialog = RecordDialog(room, window, None)
    dialog.open()
    dialog.text.setPlainText("On call blocked key-17 in the vendor's console.")
    qtbot.waitUntil(lambda: "key-17" in "".join(kept(room).values()), timeout=WITHIN_MS)
    dialog.reject()
    again = RecordDialog(room, window, None)
    again.open()
    qtbot.waitUntil(lambda: "key-17" in again.text.toPlainText(), timeout=WITHIN_MS)
    assert again.why_not() == "Say when it was done."


def test_a_fault_loses_nothing_and_leaves_it_kept(qtbot, room, window, monkeypatch) -> None:
    session = room.desk.session
    written = incidents.write(session, "note", "first wording", inc=None)
    view = LineView(
        id=written.id, n=1, kind="note", word="note", shape="ring", tone="quiet", author="Commander", speaker="",
        text="first wording", day="2026-11-25", clock="14:02:11", zone="UTC", about="", recorded="14:02:11",
        occurred_ms=0, recorded_ms=0, subj=None, badges=(),
    )  # fmt: skip
    dialog = AmendDialog(room, window, view)
    dialog.open()
    qtbot.waitUntil(lambda: dialog.text.toPlainText() == "first wording", timeout=WITHIN_MS)
    dialog.text.setPlainText("better wording")

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("console.services.timeline.amend", full)
    dialog.press_main()
    qtbot.waitUntil(lambda: "No space" in dialog.trouble.accessibleName(), timeout=WITHIN_MS)
    assert dialog.text.toPlainText() == "better wording"
    qtbot.waitUntil(lambda: "better wording" in "".join(kept(room).values()), timeout=WITHIN_MS)


def test_a_draft_that_begins_from_an_entry_goes_when_something_of_it_is_redacted(qtbot, room) -> None:
    session, drafts = room.desk.session, room.desk.drafts
    one, two = (incidents.write(session, "note", text, inc=None) for text in ("the secret words", "other words"))
    drafts.keep(f"dialog:amend:{one.id}", "the secret words, better")
    drafts.keep(f"dialog:amend:{two.id}", "other words, better")
    drafts.keep("dialog:declare", "a title")
    digest = one.entry.sd[0]
    buried = "INSERT INTO tombstone (digest, doc, at_ms) VALUES (?, ?, 0)"  # what a redaction leaves
    session.store.write(lambda tx: tx.connection.execute(buried, (digest, "0" * 64)).rowcount)
    room.desk.refresh()
    qtbot.waitUntil(lambda: f"dialog:amend:{one.id}" not in drafts.load(), timeout=WITHIN_MS)
    assert set(drafts.load()) == {f"dialog:amend:{two.id}", "dialog:declare"}
