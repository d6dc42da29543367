"""A file that not everybody may read: attached for named people or recorded as held elsewhere, and passed on to more.

What is typed here is not kept as a draft. The file in the clear is read once and written nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QPushButton, QWidget

from console.domain.deceit import shown
from console.services import sealed, timeline
from console.services.sealed import Reader
from console.services.session import Session
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.sheets import Labelled, Sheet, text_line, text_lines
from console.ui.widgets import Text
from console.viewmodels.commands import Command

if TYPE_CHECKING:
    from console.journal.values import Stored

_NAMED: Final = "need-to-know"
_HELD: Final = "held"
_KINDS: Final = (("Only people I name: encrypted", _NAMED), ("Nobody here: held elsewhere, not copied", _HELD))
_MEANS: Final = {
    _NAMED: "The file and its name are encrypted to the writer keys of those you tick before anything is kept.",
    _HELD: "It is read once for its hash and size. No byte of it is kept or sent.",
}
_CHARS: Final = 200


class People(QWidget):
    """Members with a tick each; who cannot be encrypted to is there, with the reason. Oneself is always among them."""

    def __init__(self, room: Room, people: Sequence[Reader], me: str, there: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self.ticks: dict[str, QCheckBox] = {}
        lines = column(self, room.look.theme.space("half"))
        for one in people:
            why = "you" if one.person == me else "can open it already" if one.person in there else one.why_not
            if why:
                lines.addWidget(Text(room.look, f"{shown(one.name)}: {why}", tone="text-muted"))
                continue
            tick = QCheckBox(shown(one.name))
            tick.setAccessibleName(f"May open it: {tick.text()}")
            self.ticks[one.person] = tick
            lines.addWidget(tick)
        self.setAccessibleName("Who may open it")
        if self.ticks:
            self.setFocusProxy(next(iter(self.ticks.values())))

    def chosen(self) -> tuple[str, ...]:
        """Ids of those who were ticked here."""
        return tuple(person for person, tick in self.ticks.items() if tick.isChecked())


class EvidenceDialog(Sheet):
    """One file; who may read it; for whom or where it is held; what everybody reads of it."""

    def __init__(self, room: Room, parent: QWidget) -> None:
        super().__init__(
            room, parent, "Attach evidence for named people",
            "Everybody reads that there is a file, its size and hash, and what you write here.",
        )  # fmt: skip
        self._inc = room.desk.inc
        self.people: People | None = None
        self.path = text_line("File")
        self.kind = QComboBox()
        for word, kind in _KINDS:
            self.kind.addItem(word, kind)
        self._kind = Labelled(room, "Who may read it", self.kind, _MEANS[_NAMED])
        self._place = QWidget()
        self._lines = column(self._place)
        self.holder, self.where = text_line("Who holds it", _CHARS), text_line("Where it lies", _CHARS)
        self._held = (Labelled(room, "Who holds it", self.holder), Labelled(room, "Where it lies", self.where))
        self.text, self.how = text_lines(room, "What it shows", 2), text_line("How it was obtained", _CHARS)
        self.add(Labelled(room, "File", self._choosing()))
        self.add(self._kind)
        self.add(self._place)
        for part in self._held:
            self.add(part)
        self.add(
            Labelled(room, "What it shows", self.text, "Everybody reads this: say nothing that is in the file only.")
        )
        self.add(Labelled(room, "How it was obtained", self.how))
        self.go = self.add_button("Attach", self._attach, "main")
        self.path.textChanged.connect(self.check)
        self.kind.currentIndexChanged.connect(self._turn)
        for field in (self.holder, self.where):
            field.textChanged.connect(self.check)
        self._turn()
        self.take_room(600, 680)
        self.read_first(sealed.readers, self._fill, "Reading ...", "look")

    def _choosing(self) -> QWidget:
        made = QWidget()
        line = row(made, self.room.look.theme.space("unit"))
        line.addWidget(self.path, 1)
        choose = QPushButton("Choose ...")
        choose.setAutoDefault(False)
        choose.setAccessibleName("Choose the file")
        choose.clicked.connect(self._choose)
        line.addWidget(choose)
        made.setFocusProxy(self.path)
        return made

    def _choose(self) -> None:
        dialog = QFileDialog(self, "Evidence", self.path.text())
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.path.setText)
        dialog.open()

    def _fill(self, people: Sequence[Reader]) -> None:
        self.people = People(self.room, people, self.room.desk.session.me)
        for tick in self.people.ticks.values():
            tick.toggled.connect(self.check)
        self._lines.addWidget(Labelled(self.room, "Who may open it", self.people))
        self.check()
        self.path.setFocus()

    def _turn(self) -> None:
        kind = self.kind.currentData()
        self._kind.say(_MEANS[kind])
        self._place.setVisible(kind == _NAMED)
        for part in self._held:
            part.setVisible(kind == _HELD)
        self.check()

    def why_not(self) -> str:
        """What is still to be said."""
        if not self.path.text().strip():
            return "Choose the file."
        if self.kind.currentData() == _HELD:
            return "" if self.holder.text().strip() and self.where.text().strip() else "Say who holds it and where."
        if self.people is None:
            return "Reading ..."
        if not self.people.ticks:
            return "Nobody else is in the roster whom a file could be encrypted to."
        return "" if self.people.chosen() else "Tick who may open it besides you."

    def _attach(self) -> None:
        path, inc = Path(self.path.text().strip()).expanduser(), self._inc
        text, how = self.text.toPlainText().strip(), self.how.text().strip()
        if self.kind.currentData() == _HELD:
            work = partial(
                sealed.hold, path=path, inc=inc, holder=self.holder.text(), place=self.where.text(), text=text, how=how
            )
        else:
            named = () if self.people is None else self.people.chosen()
            work = partial(sealed.attach, path=path, names=named, inc=inc, text=text, how=how)
        self.carry_out(work, self._attached, "Reading the file ...", "slow")

    def _attached(self, _stored: Stored) -> None:
        self.room.desk.refresh()
        self.accept()


class ShareDialog(Sheet):
    """More people for a file that one can open."""

    def __init__(self, room: Room, parent: QWidget, entry: str) -> None:
        super().__init__(
            room, parent, "Pass the file on",
            "It is encrypted anew for those who can open it and those you tick: a further entry, signed by you.",
        )  # fmt: skip
        self._entry = entry
        self.people: People | None = None
        self.add(
            Text(room.look, "Whoever opens it can keep a copy: nothing takes that back.", tone="text-muted", wrap=True)
        )
        self.go = self.add_button("Pass on", self._share, "main")
        self.body.addStretch(1)
        self.take_room(520, 380)

        def work(session: Session) -> tuple[tuple[Reader, ...], frozenset[str]]:
            file = timeline.detail(session, entry).file
            return sealed.readers(session), frozenset(file.named.to if file is not None and file.named else ())

        self.read_first(work, self._fill, "Reading ...", "look")

    def _fill(self, found: tuple[tuple[Reader, ...], frozenset[str]]) -> None:
        self.people = People(self.room, found[0], self.room.desk.session.me, found[1])
        for tick in self.people.ticks.values():
            tick.toggled.connect(self.check)
        self.body.insertWidget(0, Labelled(self.room, "Who may open it", self.people))
        self.people.setFocus()
        self.check()

    def why_not(self) -> str:
        """Somebody new has to be named."""
        if self.people is None:
            return "Reading ..."
        if not self.people.ticks:
            return "Everybody whom it could be encrypted to can open it already."
        return "" if self.people.chosen() else "Tick who else may open it."

    def _share(self) -> None:
        named = () if self.people is None else self.people.chosen()
        work = partial(sealed.share, entry=self._entry, names=named)
        self.carry_out(work, self._shared, "Encrypting ...", "slow")

    def _shared(self, _stored: Stored) -> None:
        self.room.desk.refresh()
        self.accept()


def add_commands(room: Room, window: QWidget) -> None:
    """Offer it; passing on is a button of the entry that names such a file."""
    room.commands.add(
        Command(name="evidence-for", title="Attach evidence for named people", key="E", group="Write",
                run=lambda: EvidenceDialog(room, window).open(),
                also="need-to-know encrypt secret confidential held elsewhere file")
    )  # fmt: skip


__all__ = ["EvidenceDialog", "People", "ShareDialog", "add_commands"]
