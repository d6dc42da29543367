"""The main window: header, incidents and models at the left, timeline and board in the middle, now at the right.

It places parts and binds commands. It must never read the journal, hold a rule or wait.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QByteArray, QEvent, QObject, QSettings, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow, QSplitter, QStackedWidget, QTabBar, QWidget

from console.domain.deceit import shown
from console.ui.banners import Banners
from console.ui.header import Header
from console.ui.incidents import IncidentsPanel
from console.ui.keys import Keys
from console.ui.look_commands import add_look_commands
from console.ui.menu import MenuButton
from console.ui.models import ModelsPanel
from console.ui.now import NowPanel
from console.ui.outbox import OutboxDrawer
from console.ui.parts import column, fit
from console.ui.room import Room
from console.ui.timeline import TimelinePanel
from console.ui.widgets import Stripe
from console.viewmodels.commands import Command
from console.viewmodels.drafts import DRAFTS_GONE, DraftsGone
from console.viewmodels.shell import NOW, SHELL, Shell, Trouble

if TYPE_CHECKING:  # a window that starts shows the timeline; the board is built behind it
    from console.ui.board import BoardPanel
    from console.ui.coverage import CoveragePanel
    from console.ui.review import ReviewPanel

TABS = (
    ("timeline", "Timeline"), ("board", "Status board"), ("coverage", "Coverage"), ("review", "After action"),
)  # fmt: skip
_WANTED: Final = QSize(1360, 860)
_LEAST: Final = QSize(960, 600)
_SIDE_PX: Final = 230
_NOW_PX: Final = (300, 380)
_PAINTED_AT_LATEST_MS: Final = 1_000  # a window that opens minimised is never exposed, and has to work all the same


class MainWindow(QMainWindow):
    """One profile's window. `closing` is emitted when the person closes it, before anything ends.

    `painted` is emitted once, when it is there to be seen: what it does not show at first begins then.
    """

    closing = Signal(QCloseEvent)
    painted = Signal()

    def __init__(self, room: Room, settings: QSettings, *, late: bool = False) -> None:
        """`late` leaves the commands that need much code to `complete`, so that the window comes at once."""
        super().__init__()
        self._room = room
        self._settings = settings
        self.setObjectName("main")
        self.timeline = TimelinePanel(room)
        self.now = NowPanel(room)
        self.outbox = OutboxDrawer(room)
        self.banners = Banners(room)
        self._tabs = QTabBar()
        self._middle = QStackedWidget()
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self.setCentralWidget(self._laid_out(room))
        self._bind()
        self._keys = Keys(self, room.commands, self.banners.say, late=late)
        self.is_complete = self._seen = False
        if late:
            self.painted.connect(self._keys.listen)
        else:
            self.complete()
        self.header.add_button(MenuButton(room, self._keys.give))
        room.doer.set_parent_window(self)
        room.doer.troubled.connect(self._trouble)
        room.bridge.on(SHELL, self._shell)
        room.bridge.on(DRAFTS_GONE, self._drafts_gone)
        self._restore()

    def complete(self) -> None:
        """Offer the commands that were left for later."""
        from console.ui.late import add_late_commands  # noqa: PLC0415  a window that starts needs none of them
        from console.ui.waiting_commands import add_commands as add_waiting_commands  # noqa: PLC0415  as above

        self.build_board()
        add_late_commands(self._room, self, self.banners.note, self._settings)
        add_waiting_commands(self._room, self, self.outbox.show_pointed)
        self._keys.bind_new()
        self._room.commands.growing = False
        self.banners.listen()
        self.is_complete = True

    def build_board(self) -> None:
        """Build what is behind the second tab, where nobody has looked there yet."""
        _ = self.board

    @cached_property
    def board(self) -> BoardPanel:
        """The status board, built when it is first wanted."""
        from console.ui.board import BoardPanel  # noqa: PLC0415  as above

        made = BoardPanel(self._room)
        made.changed.connect(self._models.take)
        made.add_commands(self._room.commands)
        self._keys.bind_new()
        self._middle.addWidget(made)
        return made

    @cached_property
    def coverage(self) -> CoveragePanel:
        """The coverage map, built when it is first wanted."""
        from console.ui.coverage import CoveragePanel  # noqa: PLC0415  as above

        made = CoveragePanel(self._room)
        self._middle.addWidget(made)
        return made

    @cached_property
    def review(self) -> ReviewPanel:
        """The after-action view, built when it is first wanted."""
        from console.ui.review import ReviewPanel  # noqa: PLC0415  as above

        made = ReviewPanel(self._room)
        self._middle.addWidget(made)
        return made

    def show_tab(self, name: str) -> None:
        """Bring one of the tabs to the front."""
        at = [one for one, _ in TABS].index(name)
        self._tabs.setCurrentIndex(at)
        self._turn(at).setFocus()

    def _turn(self, at: int) -> QWidget:
        part: QWidget = getattr(self, TABS[at][0])
        self._middle.setCurrentWidget(part)
        return part

    def raise_up(self) -> None:
        """Come to the front, because the program was started a second time."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  Qt's name
        """Whoever opens it can write at once."""
        super().showEvent(event)
        if not event.spontaneous():
            self.timeline.composer.begin("note")
        if not self._seen:
            self.windowHandle().installEventFilter(self)
            QTimer.singleShot(_PAINTED_AT_LATEST_MS, self, self._painted)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """The system shows the window: it is painted before anything else is done."""
        if event.type() == QEvent.Type.Expose:
            watched.removeEventFilter(self)
            QTimer.singleShot(0, self, self._painted)
        return False

    def _painted(self) -> None:
        if not self._seen:
            self._seen = True
            self.painted.emit()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  Qt's name
        """Ask whoever listens; they may keep it open."""
        self._settings.setValue("geometry", self.saveGeometry())
        self._settings.setValue("split", self._split.saveState())
        self.closing.emit(event)

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _laid_out(self, room: Room) -> QWidget:
        for _, title in TABS:
            self._tabs.addTab(title)
        self._tabs.setExpanding(False)
        self._tabs.setDrawBase(False)
        self._tabs.setAccessibleName("What the middle shows")
        self._tabs.currentChanged.connect(self._turn)
        self._middle.addWidget(self.timeline)
        side = QSplitter(Qt.Orientation.Vertical)
        self.incidents = IncidentsPanel(room)
        side.addWidget(self.incidents)
        self._models = ModelsPanel(room)
        side.addWidget(self._models)
        middle = QWidget()
        inner = column(middle)
        inner.addWidget(self._tabs)
        inner.addWidget(self._middle, 1)
        for part, stretch in ((side, 0), (middle, 1), (self.now, 0)):
            self._split.addWidget(part)
            self._split.setStretchFactor(self._split.count() - 1, stretch)
        self._split.setChildrenCollapsible(False)
        content = QWidget()
        lines = column(content)
        self.header = Header(room)
        lines.addWidget(self.header)
        lines.addWidget(self.banners)
        lines.addWidget(self._split, 1)
        lines.addWidget(self.outbox)
        self.banners.deserted.connect(lambda: self._turn(self._tabs.currentIndex()).setFocus())
        return Stripe(room.look, content, drill=room.desk.session.settings.world == "drill")

    def _bind(self) -> None:
        add = self._room.commands.add
        add(Command(name="palette", title="All commands", key="Ctrl+K", group="Window", run=self._palette))
        add(Command(name="board", title="Status board", key="g b", group="Go", run=self._board))
        add(Command(name="timeline", title="Timeline", key="g t", group="Go", run=lambda: self.show_tab("timeline")))
        for name, title, key, also in (
            ("coverage", "Coverage map", "g c", "surfaces categories levers gaps rehearsed"),
            ("after-action", "After-action view", "g a", "review findings follow-ups how long retrospective"),
        ):
            add(Command(name=name, title=title, key=key, group="Go", also=also,
                        run=partial(self.show_tab, "review" if name == "after-action" else name)))  # fmt: skip
        add(Command(name="incidents", title="Incidents", key="g i", group="Go", run=self.incidents.take_focus))
        add(Command(name="outbox", title="Outbox", key="g o", group="Go", run=self.outbox.toggle))
        add(Command(name="review", title="Review and sign", key="r", group="Corrections", run=self._review,
                    why_not=self._why_no_review, also="confirm approve refuse"))  # fmt: skip
        self.timeline.add_commands(self._room.commands)
        self.now.add_commands(self._room.commands)
        add_look_commands(self._room.commands, self._room.look, self._settings)

    def _board(self) -> None:
        self.show_tab("board")
        pointed = self._room.desk.pointed_surface
        if pointed is not None:
            self.board.choose_model(pointed[0])

    def _to_review(self) -> str | None:
        """The document that was pointed at, else the first that waits for this person."""
        if self._room.desk.pointed is not None:
            return self._room.desk.pointed[0]
        now = self._room.desk.outlet.latest(NOW)
        needs = () if now is None else now.needs
        return next((need.doc for need in needs if need.kind == "approve" and need.doc is not None), None)

    def _why_no_review(self) -> str | None:
        return "Nothing waits for your signature; choose a correction first." if self._to_review() is None else None

    def _review(self) -> None:
        from console.services.callout import note_opened  # noqa: PLC0415  a window that starts needs no dialog yet
        from console.ui.confirm import ConfirmDialog  # noqa: PLC0415  as above

        doc = self._to_review()
        if doc is not None:
            ConfirmDialog.opened(self._room, doc, self)
            self._room.doer.do(lambda session: note_opened(session, doc), failed=lambda _trouble: None, lane="slow")

    def _palette(self) -> None:
        from console.ui.palette import Palette  # noqa: PLC0415  as in _review

        Palette(self._room.commands, self._room.look, self._keys.give, self).open()

    # -- what is said --------------------------------------------------------------------------------------------------

    def _trouble(self, trouble: Trouble) -> None:
        self.banners.say(trouble.what, trouble.next_step)

    def _drafts_gone(self, gone: DraftsGone) -> None:
        if gone.names:
            self.banners.say(*gone.told())

    def _shell(self, shell: Shell) -> None:
        parts = ["DRILL"] if shell.world == "drill" else []
        if shell.line is not None:
            parts += [shell.line.label, shell.line.title]
        name = shown(self._room.desk.session.settings.name)  # two people may have their windows on one screen
        self.setWindowTitle(" - ".join([*parts, *([name] if name else []), "Standdown"]))

    def _restore(self) -> None:
        fit(self, _WANTED, _LEAST)
        wide = self.width()  # where there is little of it, the middle, where one writes, keeps most
        side, now = min(_SIDE_PX, wide // 5), max(_NOW_PX[0], min(_NOW_PX[1], wide * 28 // 100))
        self._split.setSizes([side, wide - side - now, now])
        for name, put in (("geometry", self.restoreGeometry), ("split", self._split.restoreState)):
            kept: object = self._settings.value(name)
            if isinstance(kept, QByteArray):
                put(kept)
