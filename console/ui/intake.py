"""What was pasted or dropped, shown before it is written: rows to mend or leave out, a picture, a table, files.

Nothing from outside is opened by itself: an address is written down, a file is read only because somebody dropped it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData, QSize, Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from console.domain.chatlog import Row
from console.domain.errors import WrongUse
from console.services import incidents
from console.services.session import Session
from console.ui.carry_commands import carried_in, take_in
from console.ui.composer import Composer
from console.ui.room import Room
from console.ui.sheets import Labelled, Sheet, text_line
from console.ui.widgets import Text
from console.viewmodels.intake import Intake, OneEntry, Several, preview, understand
from console.viewmodels.shell import Trouble
from console.viewmodels.zones import zone_chosen

MAX_PASTE_CHARS: Final = 4_000_000
MAX_FILES: Final = 50
_WHEN, _WHO, _TEXT = 1, 2, 3
_PICTURE: Final = QSize(760, 400)
_WORDS: Final = 500
_SMOOTH: Final = Qt.TransformationMode.SmoothTransformation


class Intaker:
    """Takes what comes in by clipboard or by drop, for the incident that is shown."""

    def __init__(self, room: Room, window: QWidget, composer: Composer) -> None:
        self._room, self._window, self._composer = room, window, composer

    def take(self, found: QMimeData) -> None:
        """Understand it, and ask before anything but a file is written."""
        files = [Path(one.toLocalFile()) for one in found.urls() if one.isLocalFile()]
        if carried := carried_in(found):  # it asks for a signature, or brings one: no evidence
            take_in(self._room, self._window, carried)
        elif files:
            self._files(files)
        elif found.hasImage():
            self._picture(QImage(found.imageData()))
        elif found.hasText():
            self._words(found.text())

    def choose_files(self) -> None:
        """Let the person choose files of this machine."""
        dialog = QFileDialog(self._window, "Attach evidence")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(self._chosen)
        dialog.open()

    def _chosen(self, names: list[str]) -> None:
        self._files([Path(name) for name in names])

    def _words(self, text: str) -> None:
        if len(text) > MAX_PASTE_CHARS:
            self._composer.say("That is more than can be pasted: save it as a file and drop the file here.", "alarm")
            return
        zone = zone_chosen(self._room.desk.outlet)
        understood = understand(text, self._room.desk.session.clock.wall_ms(), zone)
        if isinstance(understood, OneEntry):
            self._composer.insert(text)
            return
        IntakeDialog(self._room, self._window, understood, self._composer).open()

    def _picture(self, image: QImage) -> None:
        raw = QByteArray()
        buffer = QBuffer(raw)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        if image.isNull() or not image.save(buffer, "PNG"):  # type: ignore[call-overload]  # a device and a format are taken
            self._composer.say("That picture cannot be read.", "alarm")
            return
        PictureDialog(self._room, self._window, image, bytes(raw.data()), self._composer).open()

    def _files(self, files: list[Path]) -> None:
        if len(files) > MAX_FILES:
            self._composer.say(
                f"{len(files)} files at once are too many: pack them, or drop {MAX_FILES} at a time.", "alarm"
            )
            return
        inc = self._room.desk.inc
        for path in files:

            def work(session: Session, path: Path = path) -> str:
                if path.is_dir():
                    raise WrongUse(f"{path.name} is a folder.", "Drop its files, or pack it first.")
                return incidents.attach(session, path, inc=inc, how="dropped onto the timeline")[1]

            self._composer.say(f"Attaching {path.name} ...")
            self._run(work, path.name)

    def _run(self, work: Callable[[Session], str], name: str) -> None:
        def done(sha: str) -> None:
            self._composer.say(f"{name} is attached, SHA-256 {sha[:16]}...", "good")
            self._room.desk.refresh()

        def failed(trouble: Trouble) -> None:
            self._composer.say(f"{name} is not attached. {trouble.what} {trouble.next_step}", "alarm")

        self._room.doer.do(work, done, failed=failed, lane="slow", over=self._composer)


class IntakeDialog(Sheet):
    """A preview by time and speaker. Rows can be mended or left out; Enter accepts, Escape gives it up."""

    def __init__(self, room: Room, parent: QWidget, found: Intake, composer: Composer) -> None:
        told = preview(found, zone_chosen(room.desk.outlet))
        super().__init__(room, parent, "Pasted", told.sentence)
        self._found, self._composer = found, composer
        self._source = QLineEdit()
        self._source.setPlaceholderText(getattr(found, "source", "") or "where it was copied from")
        self.add(Labelled(room, "Quoted from", self._source))
        self.table = QTableWidget(len(told.rows), 4)
        self.table.setHorizontalHeaderLabels(["", "When", "Who", "Text"])
        self.table.setAccessibleName("Rows to be written")
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(_TEXT, QHeaderView.ResizeMode.Stretch)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        mendable = isinstance(found, Several)
        for at, line in enumerate(told.rows):
            tick = QTableWidgetItem()
            tick.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsSelectable)
            tick.setCheckState(Qt.CheckState.Checked)
            tick.setData(Qt.ItemDataRole.AccessibleTextRole, "written when ticked")
            self.table.setItem(at, 0, tick)
            for column, text in ((_WHEN, f"{line.when} {line.within}".strip()), (_WHO, line.who), (_TEXT, line.text)):
                item = QTableWidgetItem(text)
                if not mendable or column == _WHEN:
                    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
                self.table.setItem(at, column, item)
        self.table.setColumnHidden(0, not mendable)
        self.table.resizeColumnToContents(0)
        self.table.resizeColumnToContents(_WHEN)
        self.add(self.table, 1)
        for column in (_WHEN, _WHO):
            self.table.setColumnHidden(column, not mendable)
        self.table.horizontalHeader().setVisible(mendable)
        self.add(Text(room.look, told.becomes, size="small", tone="text-muted", wrap=True))
        accept = self.add_button("Write them" if mendable else "Keep it", self._accept, "main")
        accept.setDefault(True)
        self.take_room(820, 560)
        accept.setFocus()

    def _accept(self) -> None:
        found, source, inc = self._mended(), self._source.text().strip(), self.room.desk.inc

        def work(session: Session) -> int:
            return len(incidents.keep(session, found, inc=inc, source=source))

        def done(count: int) -> None:
            self._composer.say("1 entry is saved" if count == 1 else f"{count} entries are saved", "good")
            self.room.desk.refresh()
            self.accept()

        self.carry_out(work, done)

    def _mended(self) -> Intake:
        """What is left of it, as mended; a text that was emptied is left out."""
        if not isinstance(self._found, Several):
            return self._found
        rows: list[Row] = []
        for at, one in enumerate(self._found.rows):
            tick, who, text = self.table.item(at, 0), self.table.item(at, _WHO), self.table.item(at, _TEXT)
            if tick is None or who is None or text is None or tick.checkState() != Qt.CheckState.Checked:
                continue
            if text.text().strip():
                rows.append(replace(one, speaker=who.text().strip(), text=text.text()))
        return replace(self._found, rows=tuple(rows))


class PictureDialog(Sheet):
    """A pasted picture before it is kept: what is in the record stays there, also a secret on a screen."""

    def __init__(self, room: Room, parent: QWidget, image: QImage, data: bytes, composer: Composer) -> None:
        size = f"{image.width()} x {image.height()} pixels, {len(data) / 1024:,.0f} KiB"
        super().__init__(room, parent, "Pasted", f"A picture, kept as evidence (pasted.png): {size}.")
        self._data, self._composer = data, composer
        self.words = text_line("What it shows (optional)", _WORDS)
        picture = QLabel()
        most = QSize(_PICTURE) * room.look.theme.text_scale
        small = image.width() <= most.width() and image.height() <= most.height()
        fitted = image if small else image.scaled(most, Qt.AspectRatioMode.KeepAspectRatio, _SMOOTH)
        picture.setPixmap(QPixmap.fromImage(fitted))
        picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        picture.setAccessibleName(f"The pasted picture, {size}")
        self.add(picture, 1)
        self.add(Labelled(room, "What it shows (optional)", self.words))
        told = "Look whether a key or a name is in it: everybody in the organisation will see it, and it stays."
        self.add(Text(room.look, told, size="small", tone="text-muted", wrap=True))
        self.add_button("Keep it", self._keep, "main")
        self.words.returnPressed.connect(self.press_main)
        self.fit(820)
        self.words.setFocus()

    def _keep(self) -> None:
        inc, data, words = self.room.desk.inc, self._data, self.words.text().strip()
        how = "pasted into the timeline"

        def work(session: Session) -> str:
            return incidents.attach_bytes(session, data, "pasted.png", inc=inc, text=words, how=how)[1]

        def done(sha: str) -> None:
            self._composer.say(f"The picture is attached, SHA-256 {sha[:12]}", "good")
            self.room.desk.refresh()
            self.accept()

        self.carry_out(work, done)
