"""Where a sealed recovery key is read off its first envelope, to sign one roster: typed, pasted, or from a file.

It is kept in this window only, never in a file, and forgotten when it has signed or the window closes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QPushButton, QWidget

from console.domain.deceit import shown
from console.keys.canon import sha256_hex
from console.keys.faults import BadKeyFile
from console.keys.recovery import TypedKey, read_sheet
from console.keys.words import words_of
from console.services import roster
from console.services.session import Session
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.sheets import text_lines
from console.ui.widgets import Text
from console.viewmodels.shell import Trouble

_REST_MS: Final = 300
_MOST_CHARS: Final = 20_000
_ASKS: Final = (
    "Type, scan or paste envelope 1 here, from the line BEGIN to the line END. The words of envelope 2 are asked for "
    "when you sign. A recovery key signs rosters only; whoever opens it should have it replaced afterwards."
)


class RecoveryKey(QFrame):
    """`changed` tells that `key` is another one: None until a key of an admin is read that counts for this roster."""

    changed = Signal()

    def __init__(self, room: Room, sha: str) -> None:
        super().__init__()
        self._room, self._sha = room, sha
        self.key: TypedKey | None = None
        look = room.look
        unit, wide = look.theme.space("unit"), look.theme.space("wide")
        self.setProperty("ground", "raised")
        self.setAccessibleName("Your sealed recovery key")
        self.typed = text_lines(room, "Envelope 1: the key file", 4)
        self.typed.setFont(look.theme.font("small", mono=True))
        self.typed.setPlaceholderText("-----BEGIN OPENSSH PRIVATE KEY-----")
        self.typed.textChanged.connect(self._typing)
        choose = QPushButton("From a file ...")
        choose.setAutoDefault(False)
        choose.clicked.connect(self._choose)
        self.told = Text(look, wrap=True, tone="text-muted")
        foot = QWidget()
        line = row(foot, unit)
        line.addWidget(self.told, 1)
        line.addWidget(choose, 0, Qt.AlignmentFlag.AlignTop)
        lines = column(self, unit, (wide, unit, wide, unit))
        lines.addWidget(Text(look, "Sign with your sealed recovery key", weight="semibold"))
        for part in (Text(look, _ASKS, tone="text-muted", wrap=True), self.typed, foot):
            lines.addWidget(part)
        self.setFocusProxy(self.typed)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._read)
        self.hide()

    def forget(self) -> None:
        """It has served."""
        self.key = None
        self.typed.clear()
        self.typed.document().clearUndoRedoStacks()

    def _typing(self) -> None:
        if self.key is not None:
            self.key = None
            self.changed.emit()
        self._say("")
        self._rest.start()

    def _read(self) -> None:
        text = self.typed.toPlainText()[:_MOST_CHARS]
        if not text.strip():
            return
        try:
            found = read_sheet(text)
        except BadKeyFile as fault:
            self._say(f"Not yet: {fault.what.partition(': ')[2] or fault.what}")
            return
        sha = self._sha

        def whose(session: Session) -> str | None:
            person = roster.recovery_counts_for(session, roster.find(session, sha), found.public)
            return None if person is None else session.name_of(person)

        self._room.doer.do(
            whose, lambda name: self._take(found, name), failed=self._failed, lane="slow", over=self
        )  # fmt: skip

    def _take(self, found: TypedKey, name: str | None) -> None:
        if name is None:
            self._say("This is no recovery key of an admin of this organisation, or it ended or was revoked.", "alarm")
            return
        self.key = found
        self._say(f"The recovery key of {shown(name)}: {words_of(sha256_hex(found.public.blob))}", "good")
        self.changed.emit()

    def _failed(self, trouble: Trouble) -> None:
        self._say(f"{trouble.what} {trouble.next_step}".strip(), "alarm")

    def _say(self, text: str, tone: str = "text-muted") -> None:
        self.told.setText(text)
        self.told.set_tone(tone)

    def _choose(self) -> None:
        dialog = QFileDialog(self.window(), "The text of envelope 1")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self._open)
        dialog.open()

    def _open(self, name: str) -> None:
        def read(_session: Session) -> str:
            with Path(name).open("rb") as file:
                return file.read(_MOST_CHARS).decode("utf-8", "replace")

        self._room.doer.do(read, self.typed.setPlainText, failed=self._failed, lane="aside", over=self)
