"""Redaction from the timeline: what is ticked is proposed, nothing more; and who has carried it out is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit

from console.runtime.drafts import AboutRedacted
from console.services import approvals, corrections, dispatch, incidents, redaction
from console.ui.composer import Composer
from console.ui.entry_dialogs import AmendDialog
from console.ui.redact import RedactDialog, RedactionsDialog, add_commands
from console.ui.timeline import TimelinePanel
from console.ui.timeline_table import LINE
from console.ui.widgets import Text
from console.viewmodels.commands import Command
from console.viewmodels.drafts import DRAFTS_GONE, Drafts
from console.viewmodels.lines import LineView
from tests.kit.pair import founded, pair, passphrase, sync
from tests.kit.rooms import room_of
from tests.kit.traces import traces

__all__ = ["founded", "pair"]
WITHIN_MS = 10_000
SECRET = "sk-live-quetzal-7731"


@pytest.fixture
def told(pair):
    one, two = pair
    one.writer()
    inc = str(incidents.declare(one, "F-7 helps with exploits", 1).entry.inc)
    note = incidents.write(two, "note", f"the key {SECRET} was sent to us", inc=inc, occurred_ms=1_763_906_500_000)
    copy = incidents.write(one, "note", f"copied: {SECRET}", inc=inc)
    sync(two, one)
    return one, two, note, copy


@pytest.fixture
def dialog(qtbot, look, told):
    one, _, note, _ = told
    with room_of(one, look) as room:
        made = RedactDialog(room, None, note.id)
        made.show()
        qtbot.waitUntil(lambda: bool(made.boxes), timeout=WITHIN_MS)
        yield made
        made.close()
        made.deleteLater()


def words_of(widget):
    return [one.text() for one in widget.findChildren(Text) if one.isVisibleTo(widget)]


def test_what_was_said_is_ticked_and_when_it_happened_is_not(dialog, told) -> None:
    _, _, note, _ = told
    ticked = {box.text(): box.isChecked() for box in dialog.boxes.values()}
    assert ticked == {"Text": True, "When it happened": False}
    assert any(SECRET in text for text in words_of(dialog))
    assert all(sentence in words_of(dialog) for sentence in redaction.LEAVES)
    assert dialog.why_not() == "Say why."
    for box in dialog.boxes.values():
        assert box.accessibleName().startswith("Redact: ")
        box.setChecked(False)
    assert dialog.why_not() == "Tick what has to go."
    assert not dialog.go.isEnabled()
    assert {holder for holder, _ in dialog.boxes} == {note.id}


def test_copies_are_found_and_ticked_and_all_of_it_is_proposed(qtbot, dialog, told) -> None:
    one, _, note, copy = told
    dialog.words.setText("QUETZAL")
    qtbot.keyClick(dialog.words, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: any(holder == copy.id for holder, _ in dialog.boxes), timeout=WITHIN_MS)
    assert set(dialog.chosen()) == {note.id, copy.id}
    qtbot.waitUntil(lambda: not dialog.is_busy, timeout=WITHIN_MS)
    qtbot.keyClicks(dialog.reason, "a key was pasted")
    qtbot.keyClick(dialog.reason, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(redaction.standings(one)), timeout=WITHIN_MS)
    qtbot.waitUntil(lambda: any("Nothing is deleted yet" in text for text in words_of(dialog)), timeout=WITHIN_MS)
    (standing,) = redaction.standings(one)
    assert (standing.values, standing.reason, standing.state) == (2, "a key was pasted", "proposed")
    assert dialog.room.desk.pointed == (standing.sha, None)
    assert not any(SECRET in line.text() or "QUETZAL" in line.text() for line in dialog.findChildren(QLineEdit))
    assert SECRET in str(one.reader.entry(note.id).disclosed["text"])


def test_a_reason_that_says_the_secret_is_refused_and_everything_typed_stays(qtbot, dialog, told) -> None:
    one, _, _, _ = told
    dialog.reason.setText(f"the key {SECRET} was sent to us")
    dialog.go.click()
    qtbot.waitUntil(lambda: any("repeats" in text for text in words_of(dialog)), timeout=WITHIN_MS)
    assert dialog.reason.text() == f"the key {SECRET} was sent to us"
    assert dialog.go.isEnabled()
    assert redaction.standings(one) == ()


def test_the_command_is_about_the_chosen_entry_and_leads_to_the_confirmation(qtbot, look, told) -> None:
    one, _, _, _ = told
    given: list[str] = []
    with room_of(one, look) as room:
        panel = TimelinePanel(room)
        qtbot.addWidget(panel)
        panel.show()
        add_commands(room, panel)
        room.commands.add(Command(name="review", title="Review", run=lambda: given.append("review")))
        command = next(command for command in room.commands if command.name == "redact")
        assert command.why_not() == "Choose an entry first."
        qtbot.waitUntil(lambda: panel._model.rowCount() == 3, timeout=WITHIN_MS)
        panel.table.setCurrentIndex(panel._model.index(2, 0))
        qtbot.waitUntil(lambda: command.why_not() is None, timeout=WITHIN_MS)
        room.commands.give("redact")
        found = [one for one in QApplication.topLevelWidgets() if isinstance(one, RedactDialog) and one.isVisible()]
        (dialog,) = found
        qtbot.waitUntil(lambda: bool(dialog.boxes), timeout=WITHIN_MS)
        dialog.reason.setText("why")
        dialog.go.click()
        qtbot.waitUntil(lambda: any("Nothing is deleted yet" in text for text in words_of(dialog)), timeout=WITHIN_MS)
        button = next(b for b in dialog.findChildren(type(dialog.go)) if b.text() == "Open the confirmation")
        qtbot.waitUntil(button.hasFocus, timeout=WITHIN_MS)  # once its window is active
        button.click()
        assert given == ["review"]
        panel.close()


def test_who_has_carried_it_out_is_told_and_who_has_not(qtbot, look, told) -> None:
    one, two, note, _ = told
    chosen = {source.holder: [v.digest for v in source.values] for source in redaction.choose(one, note.id)}
    made = redaction.propose(one, chosen, "a key was pasted")
    sync(one, two)
    for session, who in ((one, "commander"), (two, "approver")):
        held = corrections.find_document(session, made.sha)
        approvals.decide(session, held, "approve", lambda who=who: passphrase(who, "your approver key"))
    sync(two, one)
    redaction.carry_out(one)
    with room_of(one, look) as room:
        dialog = RedactionsDialog(room, None)
        qtbot.addWidget(dialog)
        dialog.show()
        qtbot.waitUntil(lambda: "a key was pasted" in words_of(dialog), timeout=WITHIN_MS)
        assert "carried out here" in words_of(dialog)
        assert any(text.startswith("Done at Commander's console") for text in words_of(dialog))
        assert "Not heard from Approver's console yet" in words_of(dialog)


def test_where_nothing_is_redacted_it_says_how(qtbot, look, pair) -> None:
    with room_of(pair[0], look) as room:
        dialog = RedactionsDialog(room, None)
        qtbot.addWidget(dialog)
        dialog.show()
        qtbot.waitUntil(lambda: "Nothing is redacted" in words_of(dialog), timeout=WITHIN_MS)


def test_the_window_carries_it_out_by_itself_while_it_shows_it(qtbot, look, told) -> None:
    """The open timeline, its index and the engine in one process: the text leaves the screen and every file."""
    one, two, note, copy = told
    chosen = {}
    for named in (note.id, copy.id):
        chosen |= {source.holder: [v.digest for v in source.values] for source in redaction.choose(one, named)}
    made = redaction.propose(one, chosen, "a key was pasted")
    sync(one, two)
    with room_of(one, look) as room:
        panel = TimelinePanel(room)
        qtbot.addWidget(panel)
        panel.resize(900, 600)
        panel.show()
        qtbot.waitUntil(lambda: any(SECRET in text for text in rows_of(panel)), timeout=WITHIN_MS)
        for session, who in ((two, "approver"), (one, "commander")):
            held = corrections.find_document(session, made.sha)
            approvals.decide(session, held, "approve", lambda who=who: passphrase(who, "your approver key"))
            sync(session)
        room.desk.bring_engine()
        qtbot.waitUntil(lambda: redaction.standing(one, made.sha).state == "done here", timeout=30_000)
        qtbot.waitUntil(lambda: not any(SECRET in text for text in rows_of(panel)), timeout=WITHIN_MS)
        assert traces(SECRET, one.paths.root) == []
        panel.close()
    dispatch.sync_all(two)
    assert [done.outcome for done in redaction.carry_out(two)] == ["done"]
    sync(two, one)
    assert traces(SECRET, one.paths.root, two.paths.root, Path(one.settings.places[0])) == []


def rows_of(panel: TimelinePanel) -> list[str]:
    lines = [panel._model.index(at, 0).data(LINE) for at in range(panel._model.rowCount())]
    return [line.text for line in lines if line is not None]


def forgotten(one, two, *chosen) -> None:
    """Two people sign, and this console carries it out."""
    made = redaction.propose(
        one, {holder: [v.digest for v in redaction.choose(one, holder)[0].values] for holder in chosen}, "it must go"
    )
    for session, who in ((one, "commander"), (two, "approver")):
        sync(one, two)
        held = corrections.find_document(session, made.sha)
        approvals.decide(session, held, "approve", lambda who=who: passphrase(who, "your approver key"), shown=made.sha)
    sync(two, one)
    (told,) = redaction.carry_out(one)
    assert told.outcome == "done"


def view_of(note) -> LineView:
    return LineView(
        id=note.id, n=1, kind="note", word="note", shape="ring", tone="quiet", author="Approver", speaker="", text="",
        day="", clock="", zone="UTC", about="", recorded="", occurred_ms=0, recorded_ms=0, subj=None, badges=(),
    )  # fmt: skip


def test_what_is_being_typed_when_a_redaction_comes_is_told_on_screen(qtbot, look, told) -> None:
    """Nobody types: the composer and an open dialog say by themselves that they repeat it; the text stays."""
    one, two, note, copy = told
    with room_of(one, look) as room:
        composer = Composer(room)
        qtbot.addWidget(composer)
        composer.show_incident(note.entry.inc)
        dialog = AmendDialog(room, None, view_of(note))
        dialog.show()
        qtbot.waitUntil(lambda: SECRET in dialog.text.toPlainText(), timeout=WITHIN_MS)
        dialog.text.setPlainText(f"{dialog.text.toPlainText()}, said twice")
        composer.field.setPlainText(f"they say the key {SECRET} was sent to us")
        drafts = Drafts(one.paths.root)
        qtbot.waitUntil(lambda: len(drafts.load()) == 2, timeout=WITHIN_MS)
        forgotten(one, two, note.id, copy.id)
        room.desk.refresh()
        qtbot.waitUntil(lambda: any("repeats words" in text for text in words_of(composer)), timeout=WITHIN_MS)
        qtbot.waitUntil(lambda: "redacted" in dialog.trouble.accessibleName(), timeout=WITHIN_MS)
        assert composer.text() == f"they say the key {SECRET} was sent to us"
        assert drafts.load() == {}
        assert traces(SECRET, one.paths.root) == []
        composer.field.setPlainText("they say it is old")
        qtbot.waitUntil(lambda: list(drafts.load().values()) == ["they say it is old"], timeout=WITHIN_MS)
        dialog.close()
        dialog.deleteLater()


def test_drafts_that_went_are_counted_for_the_window(qtbot, look, told) -> None:
    one, two, note, copy = told
    with room_of(one, look) as room:
        room.desk.drafts.keep("dialog:task", f"look into it: the key {SECRET} was sent to us")
        room.desk.drafts.keep(f"dialog:amend:{note.id}", "something about it")
        room.desk.drafts.keep("timeline:i-x", "this stays")
        forgotten(one, two, note.id, copy.id)
        room.desk.refresh()
        heard = []
        room.bridge.on(DRAFTS_GONE, heard.append)
        qtbot.waitUntil(lambda: any(gone.names for gone in heard), timeout=WITHIN_MS)
        gone = next(one_ for one_ in heard if one_.names)
        assert gone.names == {"dialog:task", f"dialog:amend:{note.id}"}
        assert gone.told()[0].startswith("A redaction removed 2 drafts on this console")
        assert room.desk.drafts.load() == {"timeline:i-x": "this stays"}


def test_a_draft_that_another_program_removed_is_not_kept_before_it_is_emptied(tmp_path) -> None:
    drafts = Drafts(tmp_path)
    drafts.keep("dialog:task", "the words")
    (tmp_path / "drafts.json").write_text("{}")  # as `standdown redact run` leaves it: its words are not known here
    assert drafts.missing() == {"dialog:task"}
    assert drafts.missing() == frozenset()
    for text in ("the words", "the words again"):
        with pytest.raises(AboutRedacted):
            drafts.keep("dialog:task", text)
    assert drafts.load() == {}
    drafts.keep("dialog:task", "")
    drafts.keep("dialog:task", "anew")
    assert drafts.load() == {"dialog:task": "anew"}
