"""Dialogs that export an incident and check bundles or profiles. What does not hold is said first, and why.

They write nothing over, and nothing but what the person named.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFileDialog, QFrame, QPushButton, QRadioButton, QWidget

from console.exports.bundle import Exported
from console.keys.words import words_of
from console.services.incidents import IncidentLine
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.sheets import Labelled, Sheet, text_line
from console.ui.widgets import Digest, Elide, IconMark, Text
from console.viewmodels.exports import Verdict, check, export_to, own_genesis, suggested
from console.viewmodels.times import span

_SHOWN: Final = 12
_WRITING: Final = "Writing and checking the bundle"
_CHECKING: Final = "Checking every file, signature and decision"


class PathField(QWidget):
    """A path that is typed, or chosen in the system's own dialog; whether it will do is found out later."""

    def __init__(self, name: str, ask: Callable[[QWidget, str], QFileDialog]) -> None:
        super().__init__()
        self.edit = text_line(name)
        self._name, self._ask = name, ask
        self._line = line = row(self, 8)
        line.addWidget(self.edit, 1)
        button = QPushButton("Choose ...")
        button.setAutoDefault(False)
        button.setAccessibleName(f"Choose: {name}")
        button.clicked.connect(self._choose)
        line.addWidget(button)
        self.setFocusProxy(self.edit)

    def text(self) -> str:
        """What stands in it."""
        return self.edit.text()

    def add(self, button: QPushButton) -> None:
        """Another way to choose, at the right."""
        self._line.addWidget(button)

    def _choose(self) -> None:
        dialog = self._ask(self.window(), self.edit.text())
        dialog.setWindowTitle(self._name)
        dialog.fileSelected.connect(self.edit.setText)
        dialog.open()


def ask_save(parent: QWidget, at: str) -> QFileDialog:
    """Where a new file goes; nothing is written over, so the system is not asked about that."""
    dialog = QFileDialog(parent, "", at)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
    dialog.selectFile(at)
    return dialog


def ask_open(parent: QWidget, at: str) -> QFileDialog:
    """Which file is read."""
    dialog = QFileDialog(parent, "", at)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    return dialog


def ask_folder(parent: QWidget, at: str) -> QFileDialog:
    """Which folder is read."""
    dialog = QFileDialog(parent, "", at)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    return dialog


class _Timed(Sheet):
    """A sheet that says for how long something has been under way."""

    def __init__(self, room: Room, parent: QWidget, title: str, lead: str) -> None:
        super().__init__(room, parent, title, lead)
        self._what, self._began = "", 0.0
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._tell)

    def begin(self, what: str) -> str:
        """Start counting; gives what is said first."""
        self._what, self._began = what, time.monotonic()
        self._tick.start()
        return f"{what} ..."

    def _tell(self) -> None:
        if not self.is_busy:
            self._tick.stop()
            return
        self.doing.setText(f"{self._what}: {span(round((time.monotonic() - self._began) * 1000))}. It may be closed.")


class ExportDialog(_Timed):
    """Writes the bundle of an incident, signed with the writer key, and offers to check it at once."""

    def __init__(self, room: Room, parent: QWidget, line: IncidentLine) -> None:
        super().__init__(
            room, parent, f"Export {line.label}",
            "A signed bundle that ssh-keygen, sha256sum and openssl check without this program. What is privileged or "
            "redacted is left out, and listed.",
        )  # fmt: skip
        self._line = line
        self._written: Exported | None = None
        self.path = PathField("Where to", ask_save)
        self.path.edit.setText(str(suggested(line)))
        self._place = Labelled(room, "Where to", self.path, "A name that ends in .zip is one file; any other, a new "
                               "folder. Nothing is written over.")  # fmt: skip
        self.add(self._place)
        self._result = QWidget()
        self._lines = column(self._result, room.look.theme.space("unit"))
        self.add(self._result)
        self.body.addStretch(1)
        self.save = self.add_button("Export", self._export, "main")
        self.verify = self.add_button("Verify it now", self._verify)
        self.verify.hide()
        self.path.edit.textChanged.connect(self.check)
        self.path.edit.returnPressed.connect(self.press_main)
        self.check()
        self.take_room(640, 420)

    def why_not(self) -> str:
        """What is still to be said."""
        return "" if self.path.text().strip() else "Choose where it goes."

    def _export(self) -> None:
        work = partial(export_to, inc=self._line.inc, typed=self.path.text())
        self.carry_out(work, self._done, self.begin(_WRITING), "aside")

    def _done(self, written: Exported) -> None:
        self._written = written
        look = self.room.look
        self.save.hide()
        self.verify.show()
        self.verify.setFocus()
        self.only_close()
        self._place.hide()
        self._lines.addWidget(_headline(self.room, "Written.", "good", "shield-check"))
        self._lines.addWidget(Elide(look, str(written.path)))
        self._lines.addWidget(Text(look, f"{written.files} files. The manifest's SHA-256:", size="small",
                                   tone="text-muted"))  # fmt: skip
        self._lines.addWidget(Digest(look, written.manifest_sha256, words_of(written.manifest_sha256)))
        for warning in written.warnings[:_SHOWN]:
            self._lines.addWidget(Text(look, f"Mind: {warning}", tone="changed", wrap=True))
        self.check()

    def _verify(self) -> None:
        if self._written is not None:
            dialog = VerifyDialog(self.room, self, str(self._written.path))
            dialog.open()
            dialog.begin_with_ours()


class VerifyDialog(_Timed):
    """Checks a bundle, another profile, or this one: the verdict, and where it does not hold the first thing wrong."""

    def __init__(self, room: Room, parent: QWidget, path: str = "") -> None:
        super().__init__(
            room, parent, "Verify a record",
            "Checks every file, signature and link, and judges every decision again by the rule.",
        )  # fmt: skip
        self.mine = QRadioButton("The record of this profile")
        self.other = QRadioButton("A bundle, or the profile of somebody else")
        (self.other if path else self.mine).setChecked(True)
        self.path = PathField("A bundle (zip)", ask_open)
        self.path.edit.setText(path)
        self.folder = QPushButton("Choose a folder ...")
        self.folder.setAutoDefault(False)
        self.folder.clicked.connect(self._choose_folder)
        self.path.add(self.folder)
        self.genesis = text_line("Genesis")
        self.genesis.setPlaceholderText("64 hexadecimal digits, as you had them another way")
        self.ours = QPushButton("Use ours")
        self.ours.setAutoDefault(False)
        self.ours.setAccessibleName("Use the genesis of this organisation, as this profile has it pinned")
        self.ours.setToolTip("The genesis of this organisation, as this profile has it pinned")
        self.ours.clicked.connect(self._use_ours)
        held = QWidget()
        line = row(held, room.look.theme.space("unit"))
        line.addWidget(self.genesis, 1)
        line.addWidget(self.ours)
        held.setFocusProxy(self.genesis)
        self._genesis = Labelled(room, "Genesis (optional)", held, "Without it a bundle proves only that it "
                                 "agrees with itself: anybody can make one that does.")  # fmt: skip
        what = QWidget()
        both = column(what)
        for radio in (self.mine, self.other):
            both.addWidget(radio)
        for part in (what, self.path, self._genesis):
            self.add(part)
        self._result = QFrame()
        self._result.setProperty("ground", "raised")
        wide = room.look.theme.space("wide")
        self._lines = column(self._result, room.look.theme.space("unit"), (wide, wide, wide, wide))
        self._result.hide()
        self.add(self._result)
        self.body.addStretch(1)
        self.only_close()
        self.add_button("Verify", self._verify, "main")
        for radio in (self.mine, self.other):
            radio.toggled.connect(self.check)
        self.path.edit.textChanged.connect(self._typed)
        for edit in (self.path.edit, self.genesis):
            edit.returnPressed.connect(self.press_main)
        self.check()
        self.take_room(680, 640)

    def begin_with_ours(self) -> None:
        """Check at once, held against this organisation's genesis."""

        def known(genesis: str) -> None:
            self.genesis.setText(genesis)
            self.press_main()

        self.carry_out(own_genesis, known, "Reading ...", "look")

    def check(self) -> None:
        """Only a bundle has a path and a genesis to compare."""
        super().check()
        self._genesis.setEnabled(self.other.isChecked())
        self.path.setEnabled(self.other.isChecked())

    def why_not(self) -> str:
        """What is still to be said."""
        return "Choose what is checked." if self.other.isChecked() and not self.path.text().strip() else ""

    def _typed(self) -> None:
        self.other.setChecked(True)
        self.check()

    def _choose_folder(self) -> None:
        dialog = ask_folder(self, self.path.text())
        dialog.setWindowTitle("A bundle or a profile (folder)")
        dialog.fileSelected.connect(self.path.edit.setText)
        dialog.open()

    def _use_ours(self) -> None:
        self.carry_out(own_genesis, self.genesis.setText, "Reading ...", "look")

    def _verify(self) -> None:
        other = self.other.isChecked()
        work = partial(
            check, typed=self.path.text() if other else "", genesis=self.genesis.text() if other else ""
        )  # fmt: skip
        self._result.hide()
        self.carry_out(work, self._show, self.begin(_CHECKING), "aside")

    def _show(self, verdict: Verdict) -> None:
        while (item := self._lines.takeAt(0)) is not None:
            if (gone := item.widget()) is not None:
                gone.hide()
                gone.deleteLater()
        tone = "alarm" if not verdict.holds else "good" if verdict.anchored else "waiting"
        icon = {"alarm": "octagon-alert", "good": "shield-check", "waiting": "shield"}[tone]
        self._lines.addWidget(_headline(self.room, verdict.headline, tone, icon))
        for at, told in enumerate(verdict.lines[:_SHOWN]):
            first = at == 0 and not verdict.holds
            line = Text(self.room.look, told, weight="medium" if first else "regular", wrap=True)
            self._lines.addWidget(line)
        self._result.setAccessibleName(" ".join((verdict.headline, *verdict.lines)))
        self._result.show()
        self.check()


def _headline(room: Room, text: str, tone: str, icon: str) -> QWidget:
    """A verdict by icon, word and tone."""
    held = QWidget()
    line = row(held, room.look.theme.space("unit"))
    line.addWidget(IconMark(room.look, icon, tone, 20), 0, Qt.AlignmentFlag.AlignTop)
    line.addWidget(Text(room.look, text, size="title", weight="semibold", tone=tone, wrap=True), 1)
    return held


__all__ = ["ExportDialog", "PathField", "VerifyDialog", "ask_save"]
