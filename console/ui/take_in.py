"""Takes in what a colleague carried here: files, photographs of QR pictures, what was pasted, the screen itself.

It says which frames are missing until none is. What asks for a signature opens its confirmation; it signs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QMimeData, Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFileDialog, QFrame, QPushButton, QWidget

from console.domain.deceit import shown
from console.domain.errors import Problem
from console.domain.frames import Standing
from console.services import bringing
from console.services.bringing import Taken
from console.services.brought import Gathering
from console.services.session import Session
from console.ui.confirm import ConfirmDialog
from console.ui.parts import column, row
from console.ui.pictures import grey, read_picture, see_screens
from console.ui.qr_picture import FrameCells, numbers_here
from console.ui.room import Room
from console.ui.sheets import Sheet
from console.ui.widgets import IconMark, Text

_LEAD: Final = (
    "A file, photographs of the QR pictures in any order, or their text. Nothing in them is believed: every signature "
    "is proven here before anything is kept."
)
_WATCH_MS: Final = 600
_SHOWN_FAULTS: Final = 6


@dataclass(frozen=True, slots=True)
class _Seen:
    """How far it is after one more thing was brought: sets under way, what was taken in, what was not."""

    standings: tuple[Standing, ...]
    taken: tuple[Taken, ...]
    faults: tuple[str, ...]


class TakeSheet(Sheet):
    """Drop, choose, paste or look at the screen; what is whole is taken in at once."""

    def __init__(self, room: Room, parent: QWidget | None) -> None:
        super().__init__(room, parent, "Take in what was carried here", _LEAD)
        self._gathering = Gathering()
        self._window = parent
        self.setAcceptDrops(True)
        self.add(self._ground(room))
        self.progress = Text(room.look, "Nothing has been brought yet.", weight="medium", wrap=True)
        self.cells = FrameCells(room.look)
        self.told = Text(room.look, wrap=True)
        self.faults = Text(room.look, tone="alarm", wrap=True)
        for part in (self.progress, self.cells, self.told, self.faults):
            self.add(part)
        for part in (self.cells, self.told, self.faults):
            part.hide()
        self.only_close()
        self._watch = QTimer(self)
        self._watch.setInterval(_WATCH_MS)
        self._watch.timeout.connect(self._look_at_screen)
        self.take_room(760, 560)
        self.body.addStretch(1)

    def _ground(self, room: Room) -> QWidget:
        """Where things are dropped, and the other ways."""
        unit = room.look.theme.space("unit")
        ground = QFrame()
        ground.setProperty("ground", "raised")
        lines = column(ground, unit, (3 * unit, 2 * unit, 3 * unit, 2 * unit))
        top = QWidget()
        line = row(top, unit)
        line.addStretch(1)
        line.addWidget(IconMark(room.look, "inbox", "text-muted"))
        line.addWidget(Text(room.look, "Drop files or photographs here", weight="medium"))
        line.addStretch(1)
        lines.addWidget(top)
        ways = QWidget()
        line = row(ways, unit)
        self.choose = self._way("Choose files ...", self._choose)
        self.paste = self._way("Paste (Ctrl+V)", self._paste)
        self.screen_button = self._way("Watch the screen", self._turn_watch)
        self.screen_button.setCheckable(True)
        self.screen_button.setToolTip("Reads the QR pictures that another window shows, until all are here.")
        line.addStretch(1)
        for button in (self.choose, self.paste, self.screen_button):
            line.addWidget(button)
        line.addStretch(1)
        lines.addWidget(ways)
        return ground

    def _way(self, text: str, run: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.clicked.connect(run)
        return button

    # -- ways in -------------------------------------------------------------------------------------------------------

    def take_files(self, names: Sequence[str]) -> None:
        """Read these files, on a lane; pictures are decoded there as well."""
        paths = [Path(name) for name in names]
        self._bring(lambda: self._gathering.add_files(paths, read_picture))

    def take_text(self, text: str) -> None:
        """Frames as lines of text."""
        self._bring(lambda: self._gathering.add_text(text, "What was pasted"))

    def take_images(self, images: Sequence[QImage], called: str, *, quiet: bool = False) -> None:
        """Pictures that are no files; `quiet` says nothing of those that hold no frame."""
        pictures = [image.copy() for image in images]

        def work() -> None:
            for picture in pictures:
                self._gathering.add_picture(grey(picture), called)
            if quiet:
                self._gathering.faults.clear()

        self._bring(work)

    def take_mime(self, found: QMimeData) -> None:
        """What was dropped or pasted."""
        files = [one.toLocalFile() for one in found.urls() if one.isLocalFile()]
        if files:
            self.take_files(files)
        elif found.hasImage():
            self.take_images([QImage(found.imageData())], "The pasted picture")
        elif found.hasText():
            self.take_text(found.text())

    def _choose(self) -> None:
        dialog = QFileDialog(self, "What was carried here")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(self.take_files)
        dialog.open()

    def _paste(self) -> None:
        found = QGuiApplication.clipboard().mimeData()
        if found is not None:
            self.take_mime(found)

    def _turn_watch(self) -> None:
        if self.screen_button.isChecked():
            self._watch.start()
        else:
            self._watch.stop()

    def _look_at_screen(self) -> None:
        """Every screen as it is now; where the system does not show it to programs, that is said once."""
        if self.is_busy:
            return
        seen = see_screens()
        if not seen:
            self.screen_button.setChecked(False)
            self._watch.stop()
            self.tell("This system does not let programs see the screen.", "Take a picture of it and paste that.")
            return
        self.take_images(seen, "The screen", quiet=True)

    # -- what becomes of it --------------------------------------------------------------------------------------------

    def _bring(self, gather: Callable[[], None]) -> None:
        gathering = self._gathering

        def work(session: Session) -> _Seen:
            gathering.faults.clear()  # of what was brought before
            gather()
            taken: list[Taken] = []
            while gathering.whole:
                try:
                    taken.append(bringing.take(session, gathering.whole.pop(0)))
                except Problem as fault:
                    gathering.faults.append(str(fault))
            return _Seen(gathering.standings(), tuple(taken), tuple(dict.fromkeys(gathering.faults)))

        self.carry_out(work, self._show, "Reading and proving ...", "aside")

    def _show(self, seen: _Seen) -> None:
        under_way = next((one for one in seen.standings if one.missing), None)
        self.cells.setVisible(under_way is not None)
        if under_way is not None:
            here = under_way.count - len(under_way.missing)
            self.cells.put(under_way.count, numbers_here(under_way.count, under_way.missing))
            others = len([one for one in seen.standings if one.missing]) - 1
            more = "" if not others else f" ({others} other sets are incomplete as well.)"
            self.progress.setText(
                f"{here} of {under_way.count} frames are here. Take in pictures of the {len(under_way.missing)} that "
                f"are outlined below.{more}"
            )
        elif seen.taken:
            self.progress.setText("All of it is here.")
        faults = [*(fault for one in seen.taken for fault in one.faults), *seen.faults]
        self._tell_faults(faults)
        if seen.taken:
            self._taken(seen.taken[-1])

    def _tell_faults(self, faults: Sequence[str]) -> None:
        more = len(faults) - _SHOWN_FAULTS
        lines = [shown(one) for one in faults[-_SHOWN_FAULTS:]] + ([f"and {more} more"] if more > 0 else [])
        self.faults.setText("\n".join(lines))
        self.faults.setVisible(bool(lines))

    def _taken(self, taken: Taken) -> None:
        """What asks is opened for its signer; what answers is told."""
        self._watch.stop()
        self.screen_button.setChecked(False)
        desk = self.room.desk
        desk.refresh()
        if taken.asks:
            ConfirmDialog.opened(self.room, taken.doc, self._window)
            self.accept()
            return
        self.told.setText("\n".join(sentences(taken, desk.session.name_of)))
        self.told.show()

    # -- dropped and pasted --------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Ctrl+V takes what the clipboard holds."""
        if event.matches(QKeySequence.StandardKey.Paste):
            self._paste()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802  Qt's name
        """Files, pictures and text."""
        found = event.mimeData()
        if found.hasUrls() or found.hasImage() or found.hasText():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802  Qt's name
        """They are read at once."""
        event.acceptProposedAction()
        self.take_mime(event.mimeData())


def sentences(taken: Taken, name_of: Callable[[str | None], str]) -> list[str]:
    """Who decided what, whether it counts, and what is missing now."""
    lines: list[str] = []
    for one in taken.records:
        did = "approved it" if one.decision == "approve" else "refused it"
        known = "" if one.new else ", which was known here already"
        why = f" It does not count: {one.why_not}." if one.why_not else ""
        said = f" They said: \u201c{shown(one.remark)}\u201d" if one.remark else ""
        lines.append(f"{shown(name_of(one.person))} {did}{known}.{why}{said}")
    standing = taken.standing
    if standing is not None:
        refused = any(one.decision == "refuse" and not one.why_not for one in taken.records)
        if standing.verdict.met:
            lines.append("Its signatures are complete.")
        elif refused:
            lines.append("It was refused: this revision ends.")
        else:
            lines.append(f"Still missing: {' '.join(standing.verdict.missing)}")
    return lines
