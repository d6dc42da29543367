"""The coverage map and the after-action view: every cell says its state in a word, and a page is read to the end."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QLabel

from console.services import checklist, incidents
from console.services.after_action import review
from console.services.coverage import Cell, Coverage, Rehearsal, Row
from console.services.live_values import Looks
from console.services.picture import Containment
from console.ui.board import BoardPanel
from console.ui.coverage import CoveragePanel
from console.ui.review import ReviewPanel
from console.ui.tokens import COVERAGE
from console.ui.wall import Wall
from console.ui.widgets import Text
from console.ui.window import MainWindow
from console.viewmodels.commands import Command
from console.viewmodels.review import review_view
from console.viewmodels.shell import SHELL

NOW = 1_763_906_531_000
HELD = Rehearsal(at_ms=NOW - 3 * 86_400_000, in_ms=12_000, lever="Block a key", canary=True, by_hand=False)
CELLS = (
    Cell(category="user", state="rehearsed", levers=("Block a key", "Delete a key"), reversal="exact", bound_s=5,
         last=HELD, times=2),
    Cell(category="frequency", state="unproven", levers=("Slow a key",), reversal="exact", bound_s=5),
    Cell(category="capability", state="none", why="The gateway has no such switch."),
    Cell(category="use-case", state="tried", levers=("Filter",), reversal="best-effort", bound_s=60),
    Cell(category="shutdown", state="possible", levers=("Remove",), reversal="none", bound_s=60),
)  # fmt: skip
ROW = Row(surface="t-1", name="gateway-east", model="F-7", provider="gateway", kind="public", control="developer",
          reach="our-customers", cells=CELLS)  # fmt: skip
MAP = Coverage(now_ms=NOW, rows=(ROW, replace(ROW, surface="t-2", name="west")), gaps=("one", "two", "three", "four"))


@pytest.fixture
def panel(qtbot, room):
    made = CoveragePanel(room)
    qtbot.addWidget(made)
    made.take(MAP)
    return made


def test_each_cell_is_told_in_words_for_eyes_and_ears(panel) -> None:
    told = [panel.table.item(0, at).data(Qt.ItemDataRole.AccessibleTextRole) for at in range(1, 6)]
    assert told == [
        "User: rehearsed, in 12 s, 3 d ago", "Frequency: unproven, Slow a key", "Capability: no lever",
        "Use case: tried, never enforced", "Shutdown: untried, CANNOT be undone",
    ]  # fmt: skip
    assert panel._summary.text() == "2 surfaces, 2 of 10 cells rehearsed, 4 gaps"
    assert panel._gaps.text().endswith("and 1 more")
    assert set(COVERAGE) >= {cell.state for cell in CELLS}


def test_the_chosen_cell_is_told_in_full_and_leads_to_the_composer(panel, room) -> None:
    assert "Block a key: observed to be enforced 12 s after its quorum was met, 3 d ago, on a canary; 2 times" in (
        panel._detail.text()
    )
    panel.table.setCurrentCell(1, 3)
    assert panel._detail.text().splitlines()[-1] == "The gateway has no such switch."
    given: list[str] = []
    room.commands.add(Command(name="correct", title="Correct", group="x", run=lambda: given.append("correct")))
    panel._button.click()
    assert given == ["correct"]
    assert room.desk.pointed_surface == ("F-7", "t-2")
    panel.take(MAP)
    assert (panel.table.currentRow(), panel.table.currentColumn()) == (1, 3), "a new reading moves nobody's place"


def test_the_map_is_read_when_it_is_seen_and_says_when_nothing_is_known(qtbot, room) -> None:
    made = CoveragePanel(room)
    qtbot.addWidget(made)
    assert made._found is None
    made.show()
    qtbot.waitUntil(lambda: made._found is not None)
    assert made._empty.isVisible()


def test_the_review_reads_the_incident_and_follows_the_record(qtbot, room) -> None:
    session = room.desk.session
    inc = incidents.declare(session, "F-7 helps", 1).entry.inc
    assert inc is not None
    room.desk.choose(inc)
    panel = ReviewPanel(room)
    qtbot.addWidget(panel)
    panel.resize(700, 600)
    panel.show()

    def words() -> list[str]:
        return [one.text() for one in panel.findChildren(Text) if one.isVisible()]

    qtbot.waitUntil(lambda: "Open findings  2" in words())
    assert panel._headline.text().startswith("Not contained: ")
    assert "No follow-up is set: what changes, who does it, until when?" in words()
    checklist.add(session, inc, "Change the rota", "Deputy", session.clock.wall_ms() - 1)
    qtbot.waitUntil(lambda: "overdue" in words())
    assert any(one.startswith("Deputy, 20") for one in words())


def test_before_the_record_was_read_nothing_is_said_to_be_unchosen_or_unknown(qtbot, room, monkeypatch) -> None:
    panel, board, wall = ReviewPanel(room), BoardPanel(room), Wall(room)
    for made in (panel, board, wall):
        qtbot.addWidget(made)

    def said(part) -> str:
        return "\n".join(one.text() for one in part._middle.currentWidget().findChildren(QLabel))

    with monkeypatch.context() as unread:
        unread.setattr(room.desk.outlet, "latest", lambda _topic: None)
        panel.take(None)
        assert (said(panel).splitlines()[0], wall._instead()) == ("Reading the record ...",) * 2
    assert "Not read yet" in said(board)
    qtbot.waitUntil(lambda: room.desk.outlet.latest(SHELL) is not None)
    panel.take(None)
    board._looks(Looks(surfaces=(), instances=(), poll_ms=5_000))
    assert "No incident is chosen" in said(panel)
    assert wall._instead() == "No incident is chosen"
    qtbot.waitUntil(lambda: wall.accessibleDescription() == "No incident is chosen.")
    assert "No surface is known yet" in said(board)


def test_no_time_is_told_backwards(room) -> None:
    session = room.desk.session
    inc = incidents.declare(session, "F-7 helps", 1).entry.inc
    assert inc is not None
    incidents.record_fact(session, "Known after all", inc=inc, since_ms=session.clock.wall_ms() + 1)
    view = review_view(review(session, inc), session.name_of)
    (length,) = next(part.lines for part in view.parts if part.title == "How long it took")
    assert length.text == "Declared to first fact"


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"enforced": 2}, "Contained 7 s after the declaration, all of it observed"),
        ({"enforced": 1, "recorded": 1},
         "In force as decided 7 s after the declaration; 1 of 2 observed to hold"),
        ({"attested": 1}, "In force as decided 7 s after the declaration; 0 of 1 observed to hold"),
    ],
)  # fmt: skip
def test_contained_is_said_of_what_was_observed_and_of_nothing_else(room, counts, words) -> None:
    inc = incidents.declare(room.desk.session, "F-7 helps", 1).entry.inc
    assert inc is not None
    found = review(room.desk.session, inc)
    held = Containment("contained", found.now_ms, **counts)
    told = review_view(replace(found, containment=held, contained_ms=7_000), room.desk.session.name_of)
    assert (told.headline, told.alarm) == (words, False)


def test_the_window_turns_to_them_by_command_and_builds_neither_before(qtbot, room, tmp_path) -> None:
    window = MainWindow(room, QSettings(str(tmp_path / "w.ini"), QSettings.Format.IniFormat))
    qtbot.addWidget(window)
    assert not {"coverage", "review"} & set(vars(window))
    assert room.commands.give("coverage") is None
    assert window._middle.currentWidget() is window.coverage
    assert room.commands.give("after-action") is None
    assert window._middle.currentWidget() is window.review
    assert room.commands.give("timeline") is None
    assert window._middle.currentWidget() is window.timeline
    names = {one.name for one in room.commands}
    assert {"clocks", "checklist", "next-task", "begin-plan", "regimes", "task"} <= names
    single = [one for one in room.commands if len(one.key) == 1]
    assert not [one for one in single if one.name in {"clocks", "checklist", "begin-plan"}]
