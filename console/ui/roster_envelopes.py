"""The two recovery envelopes: looked at, printed, saved as a page, and deleted once they are sealed.

They are drawn in memory. The words of the second one are not shown unless a person asks, and never both at once.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QFrame, QLabel, QWidget

from console.runtime import platform
from console.services import envelopes, setup
from console.services.envelopes import Envelope
from console.services.session import Session
from console.ui.envelope_paper import pdf_of, picture_of
from console.ui.parts import row
from console.ui.room import Room
from console.ui.roster_waiting import Shelf, carded, marked, quiet_button
from console.ui.sheets import Labelled, Sheet
from console.ui.widgets import Text

_WIDE_PX: Final = 300
_TITLES: Final = {1: "Envelope 1: the key file", 2: "Envelope 2: the words that open it"}
_ABOUT: Final = {
    1: "Without the words it is worth nothing.",
    2: "Without the key file they are worth nothing. They are not shown unless you ask: who reads both can sign.",
}
_LEAD: Final = (
    "When your keys are lost, both together sign a roster in your name, so that you are admitted again; they sign "
    "nothing else. Print both, seal each by itself, keep them in two places with two people, then delete the files."
)
_PRINTING: Final = (
    "A printer and its queue may keep a copy, some for a day: choose one that you trust, on a cable. Or save the page "
    "on a stick."
)
_NO_PRINTER: Final = "No printer is set up here: save each page on a stick, and print it where nobody else reads it."
_NONE: Final = "No envelope of yours lies here as a file."


class EnvelopesSheet(Sheet):
    """Both sheets, as long as they lie here as files."""

    def __init__(self, room: Room, parent: QWidget | None) -> None:
        super().__init__(room, parent, "Your recovery envelopes", _LEAD)
        self.printer = QComboBox()
        self._printers = Labelled(room, "Printer", self.printer, _PRINTING)
        self._no_printer = Text(room.look, _NO_PRINTER, tone="text-muted", wrap=True)
        self._shelf = Shelf(room.look)
        self.sealed = QCheckBox("Both are printed, sealed, and kept in two places")
        self.delete = self.add_button("Delete the files", self._delete, "danger")
        for part in (self._printers, self._no_printer, self._shelf, self.sealed):
            self.add(part)
            part.hide()
        self.body.addStretch(0)
        self.delete.hide()
        self.sealed.toggled.connect(self.check)
        self.cards: dict[int, EnvelopeCard] = {}
        self.only_close()
        self.take_room(760, 700)
        self._look()

    def _look(self) -> None:
        def look(session: Session) -> tuple[tuple[Envelope, ...], tuple[str, ...]]:
            return envelopes.left(session.paths), envelopes.printers()

        self.room.doer.do(look, lambda found: self._show(*found), lane="aside", over=self,
                          failed=lambda trouble: self.tell(trouble.what, trouble.next_step))  # fmt: skip

    def _show(self, found: tuple[Envelope, ...], printers: tuple[str, ...]) -> None:
        self.printer.clear()
        self.printer.addItems(list(printers))
        self._printers.setVisible(bool(found and printers))
        self._no_printer.setVisible(bool(found and not printers))
        self.cards = {one.which: EnvelopeCard(self, one, may_print=bool(printers)) for one in found}
        held = QWidget()
        beside = row(held, self.room.look.theme.space("wide"))
        for card in self.cards.values():
            beside.addWidget(card, 1)
        self._shelf.put([held] if found else [marked(self.room.look, "check", "good", _NONE)])
        self._shelf.show()
        self.body.setStretch(self.body.count() - 1, 0 if found else 1)
        self.sealed.setChecked(False)
        self.sealed.setVisible(bool(found))
        self.delete.setVisible(bool(found))
        self.check()

    def check(self) -> None:
        """Deleting waits for a word."""
        super().check()
        self.delete.setEnabled(self.sealed.isChecked() and not self.is_busy)

    def print_page(self, one: Envelope) -> None:
        """To the chosen printer, by a pipe."""
        page, printer = self._page(one), self.printer.currentText()
        self.carry_out(
            lambda _session: envelopes.send_to_printer(printer, f"Standdown envelope {one.which}", page),
            lambda _done: self._printed(one), f"Handing envelope {one.which} to {printer} ...", lane="aside",
        )  # fmt: skip

    def _printed(self, one: Envelope) -> None:
        self.cards[one.which].say("It was handed to the printer. Look that the page is whole before you seal it.")

    def save_page(self, one: Envelope, path: Path) -> None:
        """As a PDF where the person said, for this user alone."""
        page = self._page(one)
        self.carry_out(
            lambda _session: platform.write_durably(path, page),
            lambda _done: self._saved(one, path),
            "Saving ...",
            lane="aside",
        )

    def _saved(self, one: Envelope, path: Path) -> None:
        self.cards[one.which].say(f"Saved as {path}. Print it, then delete it there, too.")

    def _page(self, one: Envelope) -> bytes:
        return pdf_of(one.text, f"Standdown envelope {one.which}", self.room.look.theme.font("body", mono=True))

    def _delete(self) -> None:
        self.carry_out(lambda session: setup.delete_envelopes(session.paths), self._deleted)

    def _deleted(self, number: int) -> None:
        files = "1 file was" if number == 1 else f"{number} files were"
        self.lead.setText(
            f"{files} deleted. From some disks a deleted file may be recovered: a stick can be destroyed."
        )
        self._look()


class EnvelopeCard(QFrame):
    """One of the two: a picture of the page, and what can be done with it."""

    def __init__(self, sheet: EnvelopesSheet, one: Envelope, *, may_print: bool) -> None:
        super().__init__()
        self._sheet, self._one = sheet, one
        look = sheet.room.look
        lines = carded(look, self)
        self.setAccessibleName(_TITLES[one.which])
        lines.addWidget(Text(look, _TITLES[one.which], weight="semibold", wrap=True))
        lines.addWidget(Text(look, _ABOUT[one.which], tone="text-muted", wrap=True))
        self.picture = QLabel()
        self.picture.setAccessibleName(f"A picture of the page of envelope {one.which}")
        self.picture.setVisible(False)
        self.turn = quiet_button("Show the page", self._turn)
        self.print = quiet_button("Print ...", partial(sheet.print_page, one))
        self.save = quiet_button("Save as PDF ...", self._choose)
        self.print.setVisible(may_print)
        for button in (self.turn, self.print, self.save):
            button.setAccessibleName(f"{button.text().removesuffix(' ...')}, envelope {one.which}")
        buttons = QWidget()
        beside = row(buttons, look.theme.space("unit"))
        for button in (self.print, self.save, self.turn):
            beside.addWidget(button)
        beside.addStretch(1)
        self._told = Text(look, str(one.path), size="small", tone="text-muted", wrap=True)
        for part in (buttons, self.picture, self._told):
            lines.addWidget(part)
        lines.addStretch(1)
        if one.which == 1:
            self._turn()

    def say(self, text: str) -> None:
        """What became of it."""
        self._told.setText(text)

    def _turn(self) -> None:
        """Show the page, or cover it; the two are never shown at once."""
        shown = not self.picture.isVisibleTo(self)
        if shown:
            for other in self._sheet.cards.values():
                other.cover()
            font = self._sheet.room.look.theme.font("body", mono=True)
            self.picture.setPixmap(picture_of(self._one.text, font, _WIDE_PX, self.devicePixelRatioF()))
        else:
            self.picture.clear()
        self.picture.setVisible(shown)
        self.turn.setText("Cover it" if shown else "Show the page")

    def cover(self) -> None:
        """Show nothing of it."""
        if self.picture.isVisibleTo(self):
            self._turn()

    def _choose(self) -> None:
        dialog = QFileDialog(self.window(), _TITLES[self._one.which])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("pdf")
        dialog.selectFile(f"envelope-{self._one.which}.pdf")
        dialog.fileSelected.connect(self._save)
        dialog.open()

    def _save(self, name: str) -> None:
        self._sheet.save_page(self._one, Path(name))
