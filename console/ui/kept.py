"""What is typed in a dialog, kept in the profile while it is typed: it survives a kill, and leaving by mistake.

It is gone once what it was for is durable. Never put a passphrase, a credential or words to be forgotten in its hands.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeVar

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QPlainTextEdit, QRadioButton, QWidget
from shiboken6 import isValid

from console.services.session import Session
from console.ui.choice import Choice
from console.viewmodels.drafts import DRAFTS_GONE

if TYPE_CHECKING:
    from console.ui.room import Room
    from console.ui.sheets import Sheet
    from console.viewmodels.drafts import DraftsGone
    from console.viewmodels.shell import Trouble

T = TypeVar("T")
Part = QLineEdit | QPlainTextEdit | QCheckBox | QRadioButton | QComboBox | Choice
_AFTER_MS: Final = 200
_BACK: Final = "What you were writing here is back; it is not saved yet."


class KeptTexts(QObject):
    """One per form. `name` says what it is about; what was kept comes back into fields that nobody has touched."""

    def __init__(self, owner: QWidget, room: Room, name: str, parts: Mapping[str, Part]) -> None:
        super().__init__(owner)
        self._owner, self._room, self._name, self._parts = owner, room, f"dialog:{name}", dict(parts)
        self._fresh: dict[str, str] = {}
        self._kept = ""
        self._spent = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_AFTER_MS)
        self._soon.timeout.connect(self.keep)

    def begin(self) -> None:
        """The fields stand as at first: whatever is typed from now on is kept, and what was kept comes back."""
        self._fresh = self._now()
        self._room.bridge.on(DRAFTS_GONE, self._redacted, self)
        for part in self._parts.values():
            _on_change(part, self._soon.start)
        name, drafts = self._name, self._room.desk.drafts
        self._room.doer.do(lambda _session: drafts.load().get(name, ""), self._restore, over=self._owner)

    def spending(self, work: Callable[[Session], T]) -> Callable[[Session], T]:
        """The same work; what was kept goes as soon as it is done."""
        name, drafts = self._name, self._room.desk.drafts

        def spent(session: Session) -> T:
            result = work(session)
            self._spent = True
            drafts.keep(name, "")
            return result

        return spent

    def keep(self) -> None:
        """Keep what stands there now."""
        self._soon.stop()
        now = self._now()
        text = "" if now == self._fresh else json.dumps(now, ensure_ascii=False)
        if self._spent or text == self._kept:
            return
        self._kept = text
        name, drafts = self._name, self._room.desk.drafts

        def work(_session: Session) -> None:
            if not self._spent:
                drafts.keep(name, text)

        self._room.doer.do(work, failed=self.not_kept, over=self._owner)

    def _redacted(self, _gone: DraftsGone) -> None:
        """Something was redacted: what stands here is judged again, though nobody types."""
        if self._now() != self._fresh:
            self._kept = ""
            self.keep()

    def not_kept(self, trouble: Trouble) -> None:
        """It repeats what was redacted, or cannot be written; it stays in the fields."""
        self._kept = ""
        self._room.doer.troubled.emit(trouble)

    def anew(self) -> None:
        """The fields stand as at first again."""
        for name, part in self._parts.items():
            _write(part, self._fresh.get(name, ""))

    def came_back(self) -> None:
        """What was kept stands in the fields."""

    def _now(self) -> dict[str, str]:
        return {name: _read(part) for name, part in self._parts.items()}

    def _restore(self, text: str) -> None:
        try:
            found: object = json.loads(text) if text else None
        except ValueError:
            return
        if not isinstance(found, dict) or self._now() != self._fresh:
            return
        self._kept = text
        for name, part in self._parts.items():
            if isinstance(value := found.get(name), str):
                _write(part, value)
        if self._now() != self._fresh:
            self.came_back()


class Kept(KeptTexts):
    """Of a sheet: it says that something came back, and begins anew where somebody wants that.

    `when` is a moment said beside it: "now" was another one then, so it is asked for again.
    """

    def __init__(
        self, sheet: Sheet, name: str, parts: Mapping[str, Part], *, wait: bool = False, when: QLineEdit | None = None
    ) -> None:
        super().__init__(sheet, sheet.room, name, parts)
        self._sheet, self._when = sheet, when
        sheet.finished.connect(self.keep)
        sheet.trouble.acted.connect(self._again)
        if not wait:
            self.begin()

    def not_kept(self, trouble: Trouble) -> None:
        """Say so in the sheet."""
        if not isValid(self._sheet) or not self._sheet.isVisible():  # it was left meanwhile: the window says it
            super().not_kept(trouble)
            return
        self._kept = ""
        self._sheet.tell(trouble.what, trouble.next_step)

    def came_back(self) -> None:
        """Say so."""
        if self._when is not None:
            self._when.clear()
        self._sheet.trouble.tell("info", _BACK, "", "Begin anew")
        self._sheet.check()

    def _again(self) -> None:
        self.anew()
        self._sheet.trouble.clear()
        self._sheet.check()


def _read(part: Part) -> str:
    if isinstance(part, QLineEdit):
        return part.text()
    if isinstance(part, QPlainTextEdit):
        return part.toPlainText()
    if isinstance(part, QCheckBox | QRadioButton):
        return "yes" if part.isChecked() else ""
    if isinstance(part, QComboBox):
        data = part.currentData()
        return "" if data is None else str(data)
    return part.value() or ""


def _write(part: Part, text: str) -> None:
    if isinstance(part, QLineEdit):
        part.setText(text)
    elif isinstance(part, QPlainTextEdit):
        part.setPlainText(text)
        part.moveCursor(part.textCursor().MoveOperation.End)
    elif isinstance(part, QCheckBox | QRadioButton):
        part.setChecked(text == "yes")
    elif isinstance(part, QComboBox):
        found = next((at for at in range(part.count()) if str(part.itemData(at)) == text), -1)
        if found >= 0:
            part.setCurrentIndex(found)
    elif text:
        part.choose(text)


def _on_change(part: QWidget, told: Callable[[], None]) -> None:
    if isinstance(part, QLineEdit | QPlainTextEdit):
        part.textChanged.connect(told)
    elif isinstance(part, QCheckBox | QRadioButton):
        part.toggled.connect(told)
    elif isinstance(part, QComboBox):
        part.currentIndexChanged.connect(told)
    elif isinstance(part, Choice):
        part.changed.connect(told)
