"""Founding and joining on screen: where one is, the one thing to do now, the envelopes. For first run and main window.

It shows what `services.founding` tells and gives intentions to the doer. It decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, cast

from PySide6.QtCore import Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QHideEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QCheckBox, QFrame, QPushButton, QWidget

from console.services import founding, setup
from console.services.founding import Progress, Stage
from console.services.session import Session
from console.ui.pages import Page
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.roster_envelopes import EnvelopesSheet
from console.ui.stages import Act, Beside, Panel, open_process, panel_for
from console.ui.widgets import Banner, IconMark, Text
from console.viewmodels.organisation import steps
from console.viewmodels.shell import Trouble

LOOK_EVERY_MS: Final = 2_000
_STEPS_PX: Final = 216
_PAGE_PX: Final = 888
_STEP_ICONS: Final = {"done": ("check", "good"), "now": ("arrow-right", "accent"), "later": ("minus", "text-muted")}


class StepList(QWidget):
    """The steps, one below the other, each with its state in a word and a shape."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._look = room.look
        self._column = column(self, room.look.theme.space("unit"))
        self._rows: list[tuple[IconMark, Text]] = []

    def take(self, progress: Progress) -> None:
        """Show where it stands."""
        for at, step in enumerate(steps(progress)):
            if at == len(self._rows):
                self._add()
            mark, text = self._rows[at]
            mark.set_icon(*_STEP_ICONS[step.state])
            text.setText(step.title)
            text.set_tone("text" if step.state == "now" else "text-muted")
            text.setAccessibleName(f"Step {at + 1}, {step.state}: {step.title}")

    def _add(self) -> None:
        held = QWidget()
        line = row(held, self._look.theme.space("unit"))
        mark, text = IconMark(self._look, "minus", "text-muted"), Text(self._look, wrap=True)
        line.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(text, 1)
        self._rows.append((mark, text))
        self._column.addWidget(held)


class Envelopes(QFrame):
    """Recovery sheets that still lie as files: to be printed, sealed, and deleted. Shown until they are gone."""

    def __init__(self, room: Room, act: Act) -> None:
        super().__init__()
        look = room.look
        self.setProperty("ground", "raised")
        unit, wide = look.theme.space("unit"), look.theme.space("wide")
        layout = column(self, unit, (wide, unit + 4, wide, unit + 4))
        head = QWidget()
        line = row(head, unit)
        line.addWidget(IconMark(look, "triangle-alert", "waiting"))
        line.addWidget(Text(look, "Your recovery envelopes still lie here as files", weight="medium"), 1)
        self._where = Text(look, tone="text-muted", wrap=True)
        self.sealed = QCheckBox("Both are printed, sealed, and kept in two places")
        self.delete = QPushButton("Delete the files")
        self.delete.setEnabled(False)
        self.sealed.toggled.connect(self.delete.setEnabled)
        self.delete.clicked.connect(lambda: act(lambda session: setup.delete_envelopes(session.paths), "Deleting."))
        self.paper = QPushButton("Print or save ...")
        self.paper.clicked.connect(lambda: EnvelopesSheet(room, self.window()).open())
        show = QPushButton("Open the folder")
        show.clicked.connect(self._open)
        foot = QWidget()
        below = row(foot, unit)
        below.addWidget(self.paper)
        below.addWidget(show)
        below.addStretch(1)
        below.addWidget(self.delete)
        for part in (head, self._where, self.sealed, foot):
            layout.addWidget(part)
        self._folder = ""
        self.hide()

    def take(self, progress: Progress) -> None:
        """Where they lie, or that they are gone."""
        self.setVisible(bool(progress.envelopes))
        if progress.envelopes:
            self._folder = str(Path(progress.envelopes[0]).parent)
            self._where.setText(
                f"{self._folder}. Both together can sign a roster in your name, when your keys are lost; one alone is "
                "worth nothing. Print both, seal each by itself, then delete the files."
            )
        else:
            self.sealed.setChecked(False)

    def _open(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(self._folder))


class Founding(QWidget):
    """Steps, the panel of the stage, the envelopes. It looks into the folder every two seconds while it is shown."""

    progressed = Signal(object)
    lost = Signal(object)

    def __init__(self, room: Room, *, beside: Beside = open_process) -> None:
        super().__init__()
        self._room, self._beside = room, beside
        self._stage: Stage | None = None
        self._panel: Panel | None = None
        self._asking = False
        self._failed = False
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_EVERY_MS)
        self._timer.timeout.connect(self.look_again)
        look = room.look
        self.trouble = Banner(look)
        self.doing = Text(look, tone="text-muted")
        self.envelopes = Envelopes(room, self._act)
        self.steps = StepList(room)
        self._place = QWidget()
        self._holds = column(self._place)
        self.doing.hide()
        right = QWidget()
        stacked = column(right, look.theme.space("wide"))
        for part in (self.trouble, self._place, self.doing, self.envelopes):
            stacked.addWidget(part)
        stacked.addStretch(1)
        self.steps.setFixedWidth(_STEPS_PX)
        layout = row(self, look.theme.space("block"))
        layout.addWidget(self.steps, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(right, 1)

    @property
    def panel(self) -> Panel | None:
        """What is to be done now; None before the first look."""
        return self._panel

    @property
    def stage(self) -> Stage | None:
        """How far it was at the last look."""
        return self._stage

    def look_again(self) -> None:
        """See how far it is; one look at a time."""
        if not self._asking:
            self._asking = True
            self._room.doer.do(founding.meet, self._take, failed=self._lost, lane="slow", over=self)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Look at once, and from now on."""
        super().showEvent(event)
        self._timer.start()
        self.look_again()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Nobody looks, nothing is read."""
        super().hideEvent(event)
        self._timer.stop()

    def _take(self, progress: Progress) -> None:
        self._asking = False
        if progress.stage != self._stage:
            self._stage = progress.stage
            self._put(panel_for(progress.stage, self._room, self._act, self._beside))
        if self._panel is not None:
            self._panel.take(progress)
        self.steps.take(progress)
        self.envelopes.take(progress)
        if not self._failed:  # what became of an action stays until the next one
            self._say_trouble(progress.trouble)
        if progress.stage == "ready" and not progress.envelopes:
            self._timer.stop()
        self.progressed.emit(progress)

    def _say_trouble(self, trouble: str) -> None:
        if trouble:
            self.trouble.tell("offline", trouble)
        else:
            self.trouble.clear()

    def _lost(self, trouble: Trouble) -> None:
        self._asking = False
        self.trouble.tell("alarm", trouble.what, trouble.next_step)
        self.lost.emit(trouble)

    def _put(self, panel: Panel) -> None:
        focus = cast("QWidget | None", self.focusWidget())  # the stubs forget that there may be none
        follows = focus in (None, self) or (self._panel is not None and self._panel.isAncestorOf(focus))
        if self._panel is not None:
            self._holds.removeWidget(self._panel)
            self._panel.deleteLater()
        self._panel = panel
        self._holds.addWidget(panel)
        if follows:
            panel.setFocus()

    def _act(self, work: Callable[[Session], object], doing: str) -> None:
        """Do it, with the panel at rest meanwhile; then look again."""
        self.doing.setText(doing)
        self.doing.show()
        self.trouble.clear()
        self._failed = False
        if self._panel is not None:
            focus = cast("QWidget | None", self.focusWidget())
            if focus is not None and self._panel.isAncestorOf(focus):
                self.setFocus()  # or it would go on to the envelopes, where Space ticks that they are sealed
            self._panel.setEnabled(False)

        def over() -> None:
            self.doing.setText("")
            self.doing.hide()
            if self._panel is not None:
                self._panel.setEnabled(True)
                if self.focusWidget() is self:
                    self._panel.setFocus()

        def done(_result: object) -> None:
            over()
            self.look_again()

        def failed(trouble: Trouble) -> None:
            over()
            self._failed = True
            self.trouble.tell("alarm", trouble.what, trouble.next_step)

        self._room.doer.do(work, done, failed=failed, lane="slow", over=self)


class FoundingPage(Page):
    """Founding or joining in the first run's window."""

    left = Signal()

    def __init__(self, room: Room, *, beside: Beside) -> None:
        super().__init__(
            room.look, "Two people", "From one person's record to two people who can act.", back=False,
            width_px=_PAGE_PX,
        )  # fmt: skip
        self.founding = Founding(room, beside=beside)
        self.add(self.founding)
        self.end()
        self.go = self.add_button("Go to the main window")
        self.go.clicked.connect(self.left)
        self.doing.setText("You may leave at any time; it goes on from here.")
        self.founding.progressed.connect(self._progressed)

    def _progressed(self, progress: Progress) -> None:
        done = progress.stage == "ready"
        self.heading.setText("Found an organisation" if progress.founder else "Join an organisation")
        self.go.setProperty("kind", "main" if done else "")
        QApplication.style().polish(self.go)
        self.doing.setText("" if done else "You may leave at any time; it goes on from here.")
