"""Evidence for named people in the window: attached, told to everybody, opened by those it is for, passed on."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from console.services import incidents, opening, sealed, timeline
from console.ui.evidence import EvidenceDialog, ShareDialog, add_commands
from console.ui.timeline_detail import EntryDetail
from console.ui.widgets import Text
from tests.kit.pair import sync
from tests.kit.rooms import room_of
from tests.kit.traces import traces

SECRET = "Quetzalcoatl-witness-7731-Xylophone"


@pytest.fixture
def told(pair):
    one, two = pair
    one.writer()
    two.writer()
    inc = str(incidents.declare(one, "F-7 helps with exploits", 1).entry.inc)
    sync(one, two)
    return one, two, inc


def words_of(widget):
    return [one.text() for one in widget.findChildren(Text) if one.isVisibleTo(widget)]


def entries(session, inc):
    return session.reader.entries(inc, kinds=("evidence",))


@pytest.fixture
def file(tmp_path):
    made = tmp_path / "outside" / "the-statement-of-the-witness.txt"
    made.parent.mkdir()
    made.write_text(SECRET, encoding="utf-8")
    return made


def test_it_is_attached_for_who_is_ticked(qtbot, look, told, file) -> None:
    one, two, inc = told
    with room_of(one, look) as room:
        add_commands(room, None)
        made = EvidenceDialog(room, None)
        made.show()
        qtbot.waitUntil(lambda: made.people is not None and not made.is_busy)
        assert made.why_not() == "Choose the file."
        made.path.setText(str(file))
        assert made.why_not() == "Tick who may open it besides you."
        assert not made.go.isEnabled()
        (tick,) = made.people.ticks.values()
        assert (tick.text(), tick.accessibleName()) == ("Approver", "May open it: Approver")
        tick.setChecked(True)
        made.text.setPlainText("a statement")
        with qtbot.waitSignal(made.accepted, timeout=60_000):
            made.go.click()
    (stored,) = [*entries(one, inc), *one.reader.entries(org=True, kinds=("evidence",))]  # whatever was shown
    assert stored.disclosed["text"] == "a statement"
    assert traces(SECRET, one.paths.root) == []
    assert traces(file.name, one.paths.root) == []
    sync(one, two)
    assert opening.open_file(two, stored.id).raw == SECRET.encode()


def test_held_elsewhere_asks_who_and_where(qtbot, look, told, file) -> None:
    one, _, inc = told
    with room_of(one, look) as room:
        made = EvidenceDialog(room, None)
        made.show()
        qtbot.waitUntil(lambda: made.people is not None and not made.is_busy)
        made.path.setText(str(file))
        made.kind.setCurrentIndex(1)
        assert made.why_not() == "Say who holds it and where."
        assert not made.people.isVisible()
        made.holder.setText("Counsel")
        made.where.setText("safe 2")
        with qtbot.waitSignal(made.accepted, timeout=60_000):
            qtbot.keyClick(made, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    (stored,) = [*entries(one, inc), *one.reader.entries(org=True, kinds=("evidence",))]  # whatever was shown
    assert stored.entry.pub["class"] == "held"
    assert traces(SECRET, one.paths.root) == []


def test_the_entry_tells_for_whom_it_is_and_offers_what_can_be_done(qtbot, look, told, file, tmp_path) -> None:
    one, two, inc = told
    mine = sealed.attach(one, file, ["Approver"], inc=inc)
    other = sealed.attach(one, file, ["Commander"], inc=inc)
    sync(one, two)
    with room_of(two, look) as room:
        pane = EntryDetail(room, lambda _command: None)
        qtbot.addWidget(pane)
        pane.show()
        pane.show_entry(other.id)
        qtbot.waitUntil(lambda: pane.detail is not None and pane.detail.id == other.id)
        said = words_of(pane)
        assert "For Commander alone. You cannot open it." in said
        assert any(line.startswith("A file whose name is encrypted too, ") for line in said)
        pane._write(str(tmp_path / "kept.age"))
        pane.show_entry(mine.id)
        qtbot.waitUntil(lambda: pane.detail is not None and pane.detail.id == mine.id)
        said = words_of(pane)
        assert "For Commander, Approver alone. You can open it." in said
        assert any(line.startswith(f"{file.name}, ") for line in said)
        pane._write(str(tmp_path / "opened.txt"))
        qtbot.waitUntil(lambda: (tmp_path / "opened.txt").exists() and (tmp_path / "kept.age").exists())
    assert (tmp_path / "opened.txt").read_text(encoding="utf-8") == SECRET
    assert (tmp_path / "kept.age").read_bytes().startswith(b"age-encryption.org/v1\n")


def test_it_is_passed_on_to_who_is_ticked(qtbot, look, told, file) -> None:
    one, two, inc = told
    first = sealed.attach(one, file, ["Commander"], inc=inc)
    with room_of(one, look) as room:
        made = ShareDialog(room, None, first.id)
        made.show()
        qtbot.waitUntil(lambda: made.people is not None and not made.is_busy)
        assert made.why_not() == "Tick who else may open it."
        next(iter(made.people.ticks.values())).setChecked(True)
        with qtbot.waitSignal(made.accepted, timeout=60_000):
            made.go.click()
        again = ShareDialog(room, None, entries(one, inc)[-1].id)
        again.show()
        qtbot.waitUntil(lambda: again.people is not None and not again.is_busy)
        assert again.why_not() == "Everybody whom it could be encrypted to can open it already."
        again.close()
    sync(one, two)
    last = entries(two, inc)[-1]
    assert timeline.detail(two, last.id).file.mine
    assert opening.open_file(two, last.id).name == file.name
