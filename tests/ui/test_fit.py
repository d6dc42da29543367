"""No window is larger than the screen: at 200 % a laptop has room for half, and what is beyond it cannot be used."""

from __future__ import annotations

from PySide6.QtCore import QSettings, QSize
from PySide6.QtWidgets import QPushButton, QWidget

from console.runtime.paths import ProfilePaths
from console.services import incidents
from console.ui.duties import _Section
from console.ui.firstrun import FirstRun
from console.ui.organisation import OrganisationDialog
from console.ui.parts import fit
from console.ui.proposal_dialog import ProposalDialog
from console.ui.screens import room_on_screen
from console.ui.window import MainWindow


def test_every_large_window_opens_within_the_screen(room, qtbot, tmp_path) -> None:
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    inc = incidents.declare(room.desk.session, "F-7 lies", severity=2).entry.inc
    assert inc is not None
    windows = (
        MainWindow(room, settings),
        FirstRun(ProfilePaths(tmp_path / "none"), room.look, lambda _paths, _done: None),
        OrganisationDialog(room),
        ProposalDialog(room, inc),
    )
    most = room_on_screen(windows[0])
    assert most == QSize(800, 800), "Qt's own offscreen screen, on which none of them fits as it is wanted"
    for window in windows:
        qtbot.addWidget(window)
        window.show()
        assert window.size().boundedTo(most) == window.size(), type(window).__name__
        assert window.minimumSize().boundedTo(most) == window.minimumSize(), type(window).__name__


def test_where_there_is_little_room_the_middle_keeps_most(room, qtbot, tmp_path) -> None:
    window = MainWindow(room, QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat))
    qtbot.addWidget(window)
    window.show()
    side, middle, now = window._split.sizes()
    assert middle > now > side


def test_a_window_is_as_large_as_is_wanted_where_there_is_room(qtbot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    fit(window, QSize(500, 400), QSize(300, 200))
    assert (window.size(), window.minimumSize()) == (QSize(500, 400), QSize(300, 200))


def test_a_heading_of_the_narrow_panel_gives_way_to_what_stands_beside_it(room, qtbot) -> None:
    room.look.choose("dark", text_scale=1.5)
    section = _Section(room, "Checklist, 11 of 13 open, 2 overdue")
    qtbot.addWidget(section)
    beside = QPushButton("All tasks ...")
    section.head.addWidget(beside)
    whole = section.heading.fontMetrics().horizontalAdvance(section.heading.text()) + beside.sizeHint().width()
    assert section.minimumSizeHint().width() < whole
    room.look.choose("dark", text_scale=1.0)
