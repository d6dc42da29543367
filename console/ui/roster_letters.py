"""Dialogs about what reaches beyond the organisation: the lodging letter, and one person's record taken over."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QWidget

from console.domain.deceit import shown
from console.journal.values import Stored
from console.services import lodging
from console.services.lodging import LoneRecord
from console.ui.pages import FolderField
from console.ui.room import Room
from console.ui.sheets import Labelled, Sheet, text_line
from console.ui.widgets import Text
from console.viewmodels.approval_words import count
from console.viewmodels.times import both


class LetterSheet(Sheet):
    """Writes the one-page letter that others keep for the organisation."""

    def __init__(self, room: Room, parent: QWidget) -> None:
        super().__init__(
            room, parent, "Lodging letter",
            "One page with fingerprints only: lodge it with counsel, an auditor or a public page, and again each "
            "month. With it nobody can later show another history.",
        )  # fmt: skip
        self.path = text_line("File")
        self.path.setText(str(Path.home() / f"lodging-{room.desk.session.org[2:8]}.txt"))
        self.keeper = text_line("With whom it is lodged")
        self.add(Labelled(room, "File", self.path))
        self.add(Labelled(room, "With whom it is lodged", self.keeper))
        self.add_button("Write it", self._write, "main")
        self.path.textChanged.connect(self.check)
        self.check()
        self.fit(520)
        self.keeper.setFocus()

    def why_not(self) -> str:
        """A file is needed."""
        return "" if self.path.text().strip() else "Name a file."

    def _write(self) -> None:
        path, keeper = Path(self.path.text().strip()).expanduser(), self.keeper.text()
        self.carry_out(lambda session: lodging.lodge(session, path, keeper), self._written, lane="aside")

    def _written(self, made: lodging.Letter) -> None:
        self.lead.setText(f"Written, and recorded. SHA-256 {made.sha256}")
        self.only_close()


class AdoptSheet(Sheet):
    """Takes over the record that one person began alone: first it is shown whose it is, then it is named."""

    def __init__(self, room: Room, parent: QWidget) -> None:
        super().__init__(
            room, parent, "Take over one person's record",
            "Somebody began alone, before they belonged to this organisation. One entry then names their record's "
            "beginning and how far it goes, so that nobody can change it unseen. Their bytes stay where they are; it "
            "cannot be undone, only said again when the record has grown.",
        )  # fmt: skip
        self.folder = FolderField(room.look, "The folder of their profile", "On their stick, or a copy of it here.")
        self.found = Text(room.look, wrap=True)
        self.words = Text(room.look, mono=True, wrap=True)
        self.compare = Text(
            room.look, "They read these words to you from their screen (Organisation). If they differ, do not go on.",
            tone="text-muted", wrap=True,
        )  # fmt: skip
        for part in (self.folder, self.found, self.words, self.compare):
            self.add(part)
        self.look_button = self.add_button("Look", self._look)
        self.go = self.add_button("Take over as it stands", self._take_over, "main")
        self._seen: LoneRecord | None = None
        self.folder.changed.connect(self._forget)
        self.folder.entered.connect(self._look)
        self._forget()
        self.fit(600)
        self.folder.setFocus()

    def why_not(self) -> str:
        """It is looked at first."""
        self.look_button.setEnabled(bool(self.folder.text().strip()) and not self.is_busy)
        if self._seen is None:
            return "Look at it first."
        return "It was taken over as it stands already." if self._seen.known else ""

    def _forget(self) -> None:
        self._seen = None
        for part in (self.found, self.words, self.compare):
            part.hide()
        self.check()

    def _look(self) -> None:
        if self.look_button.isEnabled():
            path = self.folder.path()
            self.carry_out(lambda session: lodging.read_record(session, path), self._show, "Looking ...", lane="aside")

    def _show(self, found: LoneRecord) -> None:
        self._seen = found
        written = (
            f"{count(found.entries, 'entry', 'entries')}, the newest of {both(found.newest_ms)}"
            if found.entries
            else "nothing is written in it yet"
        )
        self.found.setText(
            f"{shown(found.name)} began it {both(found.begun_ms)}; {written}. Its organisation is {found.org}."
        )
        self.words.setText(found.words)
        self.words.setAccessibleName(f"Its beginning in words: {found.words}")
        for part in (self.found, self.words, self.compare):
            part.show()
        self.check()
        self.take_room(600, 460)

    def _take_over(self) -> None:
        path, seen = self.folder.path(), self._seen
        self.carry_out(lambda session: lodging.adopt_record(session, path, seen=seen), self._done, lane="aside")

    def _done(self, stored: Stored) -> None:
        self.lead.setText(f"Taken over and recorded ({stored.id[:16]}). Keep their folder as it is: it is the record.")
        self.go.hide()
        self.look_button.hide()
        self.only_close()
