"""The incident's timeline: rows, filter and search, one entry whole, and where one writes. It decides nothing.

Everything is read on lanes; the thread that paints reads cached pages only.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QLineEdit,
    QMenu,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QWidget,
)

from console.ui.composer import Composer
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.timeline_detail import EntryDetail
from console.ui.timeline_table import TimelineModel, TimelineTable
from console.ui.widgets import EmptyState, Text
from console.viewmodels.commands import Command, Commands
from console.viewmodels.header import CONNECTIVITY
from console.viewmodels.lines import KIND_MARKS
from console.viewmodels.shell import GROWN, SHELL, Grown, Shell
from console.viewmodels.zones import ZONE, shown_zone, zone_chosen

if TYPE_CHECKING:  # a window that starts needs no rows and no dialog yet
    from console.services.live_values import Connectivity
    from console.ui.intake import Intaker
    from console.viewmodels.lines import LineView
    from console.viewmodels.timeline import Change, TimelineRows

_GROUPS: Final = (
    ("What people wrote", ("note", "observation", "witness", "objection", "task", "communication", "evidence")),
    ("Call-out", ("call.paged",)),
    ("Decisions", ("decision", "decision.not-to-act", "awareness.determination", "severity.changed", "phase.changed",
                   "status.changed", "command.offered", "command.accepted", "command.assumed")),
    ("Facts known", ("knowledge.fact",)),
    ("Corrections", tuple(kind for kind in KIND_MARKS if kind.startswith(("correction.", "dispatch.", "document.")))),
    ("Providers", ("provider.unreachable", "provider.reachable", "reading.observed")),
)  # fmt: skip
_TYPED_AFTER_MS: Final = 120
_About = Literal["amend", "retract", "retype"]
T = TypeVar("T")
_ROWS, _EMPTY, _NOTHING = 0, 1, 2


class TimelinePanel(QWidget):
    """Filter above, rows, the chosen entry, the composer."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        self._rows: TimelineRows | None = None
        self._to_send: tuple[tuple[str, int | None], ...] = ()
        self._inc: str | None = None
        self._shown = False
        self._kinds: tuple[str, ...] = ()
        self.setAcceptDrops(True)
        unit = room.look.theme.space("unit")
        self._model = TimelineModel(self)
        self.table = TimelineTable(room.look, self._model)
        self.table.opened.connect(self._turn_detail)
        self.table.selectionModel().currentChanged.connect(self._choose)
        self.table.tail_left.connect(self._below)
        self.composer = Composer(room)
        self.composer.pasted.connect(self._pasted)
        self.composer.left.connect(self._leave)
        self.detail = EntryDetail(room, self._give)
        self.detail.hide()
        self.field = QLineEdit()
        self.field.setPlaceholderText("Find as you type")
        self.field.setClearButtonEnabled(True)
        self.field.setAccessibleName("Find in the timeline")
        self.field.installEventFilter(self)
        self._typed = QTimer(self)
        self._typed.setSingleShot(True)
        self._typed.setInterval(_TYPED_AFTER_MS)
        self._typed.timeout.connect(self._filter)
        self.field.textChanged.connect(self._typed.start)
        self._state = Text(room.look, "", size="small", tone="text-muted")
        self._more = QPushButton("")
        self._more.hide()
        self._more.clicked.connect(self.table.to_tail)
        self._middle = QStackedWidget()
        self._empty = EmptyState(
            room.look, "Nothing is written yet", "Write what happened below: Enter saves it, signed.", icon="pencil"
        )
        self._nothing = EmptyState(room.look, "Nothing fits", "No entry has these words and kinds.", "Show everything")
        self._nothing.acted.connect(self._clear)
        for part in (self.table, self._empty, self._nothing):
            self._middle.addWidget(part)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self._middle)
        split.addWidget(self.detail)
        split.setStretchFactor(0, 1)
        split.setSizes([500, 220])
        split.setChildrenCollapsible(False)
        lines = column(self)
        lines.addWidget(self._head(unit))
        lines.addWidget(split, 1)
        lines.addWidget(self._more)
        lines.addWidget(self.composer)
        self._listen()

    def _listen(self) -> None:
        self._room.bridge.on(SHELL, self._shell)
        self._room.bridge.on(GROWN, self._grown)
        self._room.bridge.on(ZONE, self._zone)
        self._room.bridge.on(CONNECTIVITY, self._places)

    def _head(self, unit: int) -> QWidget:
        head = QWidget()
        line = row(head, unit, (unit, 4, unit, 4))
        self._kind_button = QToolButton()
        self._kind_button.setText("All kinds")
        self._kind_button.setAccessibleName("Which kinds of entries are shown")
        self._kind_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self._kind_button)
        menu.addAction("All kinds").triggered.connect(lambda _on=False: self._choose_kinds("All kinds", ()))
        for word, kinds in _GROUPS:
            menu.addAction(word).triggered.connect(partial(self._choose_kinds, word, kinds))
        self._kind_button.setMenu(menu)
        line.addWidget(self.field, 1)
        line.addWidget(self._kind_button)
        line.addWidget(self._state)
        return head

    def add_commands(self, commands: Commands) -> None:
        """Offer this panel's commands."""
        for kind, title, key in (
            ("note", "Write a note", "n"), ("decision", "Record a decision", "d"),
            ("knowledge.fact", "Record a fact known", "a"), ("observation", "Record an observation", "o"),
            ("objection", "Record an objection", ""), ("task", "Write down a task", ""),
            ("decision.not-to-act", "Record a decision not to act", ""),
            ("witness", "Record words heard elsewhere", ""),
            ("communication", "Record a communication", ""),
        ):  # fmt: skip
            commands.add(
                Command(name=f"write-{kind}", title=title, key=key, group="Write", run=partial(self._begin, kind))
            )
        for name, title, key, run, also in (
            ("evidence", "Attach evidence", "e", self._attach, "file upload"),
            ("paste", "Paste into the timeline", "", self._paste, "clipboard chat log"),
            ("filter", "Filter the timeline", "/", self._to_find, ""),
            ("find", "Find in the timeline", "Ctrl+F", self._to_find, "search"),
            ("jump", "Jump to a time", "Ctrl+J", self._jump, ""),
            ("newest", "To the newest entry", "G", self.table.to_tail, "tail end"),
        ):
            commands.add(Command(name=name, title=title, key=key, group="Write", run=run, also=also))
        about: tuple[tuple[_About, str, str], ...] = (
            ("amend", "Amend the entry", "m"), ("retract", "Take the entry back", "Ctrl+Delete"),
            ("retype", "Tell the entry as another kind", "t"),
        )  # fmt: skip
        for name, title, key in about:
            commands.add(Command(name=name, title=title, key=key, group="Write", run=partial(self._about, name),
                                 why_not=self._why_no_entry))  # fmt: skip

    def setFocus(self) -> None:  # type: ignore[override]  # noqa: N802  Qt's name; its overload with a reason is not used
        """The rows take the focus, or the composer where there are none."""
        (self.table if self._model.rowCount() else self.composer).setFocus()

    def shows(self, inc: str | None) -> bool:
        """Whether the rows of this incident are those that are shown."""
        return self._shown and inc == self._inc

    @property
    def whole(self) -> bool:
        """Whether the order of all rows is known."""
        return self._rows is not None and self._rows.whole

    # -- what is shown -------------------------------------------------------------------------------------------------

    def _shell(self, shell: Shell) -> None:
        if self._shown and shell.inc == self._inc:
            return
        self._shown, self._inc = True, shell.inc
        self.composer.show_incident(shell.inc)
        self._open()

    def _places(self, links: Connectivity) -> None:
        """A place was given more of what was only here, or something is only here that was not."""
        to_send = tuple((one.path, one.to_send) for one in links.places)
        if to_send != self._to_send and self._rows is not None:
            self._rows.tell_anew()
        self._to_send = to_send

    def _zone(self, _name: str) -> None:
        if self._shown:
            self._open()

    def _open(self) -> None:
        from console.services.synced import SyncedUpto  # noqa: PLC0415  as above
        from console.viewmodels.targets import TargetsOfRows  # noqa: PLC0415  as above
        from console.viewmodels.timeline import Presenter, TimelineRows  # noqa: PLC0415  as above

        if self._rows is not None:
            self._rows.close()
        desk, session = self._room.desk, self._room.desk.session
        drill, zone = session.settings.world == "drill", shown_zone(zone_chosen(desk.outlet))
        presenter = Presenter(
            name_of=session.name_of, drill=drill, zone=zone, synced_upto=SyncedUpto(session),
            targets=TargetsOfRows(session),
        )  # fmt: skip
        self._rows = TimelineRows(
            desk.projections, self._inc, self._page, self._room.bridge.when_done, self._heard, presenter,
        )  # fmt: skip
        self._model.put(self._rows)
        self._rows.open()
        self.detail.show_entry(None)

    def _page(self, work: Callable[[], T]) -> Future[T]:
        """Have it done on the lane of the rows."""
        return self._room.desk.lanes.submit("page", lambda _session: work())

    def _grown(self, _grown: Grown) -> None:
        if self._rows is not None:
            self._rows.refresh()
        if self.detail.isVisible():
            self.detail.again()

    def _heard(self, change: Change) -> None:
        self._model.take(change)
        if change.what == "jumped":
            self.table.go_to(change.first)
        rows = self._rows
        if rows is None:
            return
        self._middle.setCurrentIndex(_ROWS if rows.count else _NOTHING if rows.filtered else _EMPTY)
        what = "entry" if rows.count == 1 else "entries"
        told, tone = f"{rows.count:,} {what}, times in {zone_chosen(self._room.desk.outlet)}", "text-muted"
        if rows.fault is not None:
            told, tone = f"The rows cannot be read: {self._room.doer.trouble_of(rows.fault).what}", "alarm"
        elif rows.progress is not None and rows.progress.building and not rows.progress.finished:
            told = f"Ordering {rows.progress.done:,} of {rows.progress.total:,} entries ..."
        elif rows.busy:
            told = "Reading ..."
        self._state.setText(told)
        self._state.set_tone(tone)

    def _below(self, count: int) -> None:
        self._more.setText("1 new entry below" if count == 1 else f"{count} new entries below")
        self._more.setVisible(count > 0)

    # -- filter and search ---------------------------------------------------------------------------------------------

    def _choose_kinds(self, word: str, kinds: tuple[str, ...], _on: bool = False) -> None:  # noqa: FBT001, FBT002  Qt's signal
        self._kinds = kinds
        self._kind_button.setText(word)
        self._filter()

    def _filter(self) -> None:
        if self._rows is not None:
            self._rows.show(self._kinds, self.field.text())

    def _clear(self) -> None:
        self.field.clear()
        self._choose_kinds("All kinds", ())

    def _to_find(self) -> None:
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def _jump(self) -> None:
        from console.ui.entry_dialogs import JumpDialog  # noqa: PLC0415  as above

        JumpDialog(self._room, self, self._jump_to).open()

    def _jump_to(self, at_ms: int) -> None:
        if self._rows is not None:
            at = self._rows.jump(at_ms)
            if at is not None:
                self.table.go_to(at)
            self.table.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """In the find field Escape clears, Enter and Down go to the rows."""
        if watched is self.field and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                self._clear()
                self.table.setFocus()
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down):
                self._filter()
                self.table.setFocus()
                return True
        return super().eventFilter(watched, event)

    def _leave(self) -> None:
        """Out of the composer to the rows; where there are none, to nothing."""
        if self.table.isVisible():
            self.table.setFocus()
        elif (focused := self.composer.focusWidget()) is not None:
            focused.clearFocus()

    # -- the chosen entry ----------------------------------------------------------------------------------------------

    def chosen(self) -> LineView | None:
        """The row the cursor is on."""
        return self.table.line()

    def _choose(self) -> None:
        if self.detail.isVisible():
            line = self.chosen()
            self.detail.show_entry(None if line is None else line.id)

    def _turn_detail(self) -> None:
        self.detail.setVisible(not self.detail.isVisible())
        self._choose()

    def _why_no_entry(self) -> str | None:
        return None if self.chosen() is not None else "Choose an entry first."

    def _about(self, what: _About) -> None:
        from console.ui.entry_dialogs import AmendDialog, RetractDialog, RetypeDialog  # noqa: PLC0415  as above

        dialog = {"amend": AmendDialog, "retract": RetractDialog, "retype": RetypeDialog}[what]
        line = self.chosen()
        if line is not None:
            dialog(self._room, self, line).open()

    def _give(self, command: str) -> None:
        self._room.commands.give(command)

    # -- writing -------------------------------------------------------------------------------------------------------

    @cached_property
    def _intake(self) -> Intaker:
        from console.ui.intake import Intaker  # noqa: PLC0415  as above

        return Intaker(self._room, self, self.composer)

    def _begin(self, kind: str) -> None:
        self.window().activateWindow()
        self.composer.begin(kind)

    def _attach(self) -> None:
        self._intake.choose_files()

    def _pasted(self, found: QMimeData) -> None:
        self._intake.take(found)

    def _paste(self) -> None:
        found = QApplication.clipboard().mimeData()
        if found is not None:
            self._intake.take(found)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Ctrl+V anywhere in the timeline takes what the clipboard holds."""
        if event.matches(QKeySequence.StandardKey.Paste):
            self._paste()
            return
        super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802  Qt's name
        """Files and pictures may be dropped."""
        if event.mimeData().hasUrls() or event.mimeData().hasImage():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802  Qt's name
        """They become evidence."""
        event.acceptProposedAction()
        self._intake.take(event.mimeData())
