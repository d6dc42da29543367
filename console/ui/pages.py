"""The parts that a first run and the organisation's dialog are made of: pages, fields, words in large type.

What was typed stays through an error and is forgotten once it has served. They never touch a disk.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from console.domain.errors import Problem
from console.ui.parts import column, row
from console.ui.theme import Look
from console.ui.unlock import secret_field
from console.ui.widgets import Banner, Text
from console.viewmodels.firstrun import WORDS, hear, why_not_passphrase

WIDTH_PX: Final = 640
_A_ROW: Final = 4
_LOG = logging.getLogger(__name__)


def trouble_of(fault: BaseException) -> tuple[str, str]:
    """A fault as a sentence and the next step; a fault of the program is logged."""
    if isinstance(fault, Problem):
        return fault.what, fault.next_step
    what, step = getattr(fault, "what", None), getattr(fault, "next_step", "")
    if isinstance(what, str):
        return what, str(step)
    if isinstance(fault, OSError):
        where = fault.filename or "The system"
        return f"{where}: {fault.strerror or fault}.", "Check the path and the space on the disk."
    _LOG.error("a step of the first run ended with a fault of the program", exc_info=fault)
    return f"This is a fault of the program ({type(fault).__name__}).", "What was saved is safe; please report it."


class Page(QWidget):
    """A heading, a sentence, a body that scrolls where it must, and at the foot what can be done."""

    back = Signal()

    def __init__(self, look: Look, title: str, lead: str, *, back: bool = True, width_px: int = WIDTH_PX) -> None:
        super().__init__()
        self.look = look
        wide, block = look.theme.space("wide"), look.theme.space("block")
        self.heading = Text(look, title, size="headline", weight="semibold")
        self.lead = Text(look, lead, tone="text-muted", wrap=True)
        self.trouble = Banner(look)
        inner = QWidget()
        self.body = column(inner, wide)
        for part in (self.heading, self.lead, self.trouble):
            self.body.addWidget(part)
        inner.setMaximumWidth(width_px)
        held = QWidget()
        centred = row(held, 0, (block, block, block, wide))
        centred.addStretch(1)
        centred.addWidget(inner, 100)
        centred.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        scroll.setWidget(held)
        self._foot = QWidget()
        foot = row(self._foot, look.theme.space("unit"), (block, wide, block, wide))
        self._back = QPushButton("Back")
        self._back.clicked.connect(self.back)
        self._back.setVisible(back)
        self.doing = Text(look, tone="text-muted")
        foot.addWidget(self._back)
        foot.addWidget(self.doing, 1)
        self._foot_row = foot
        whole = column(self)
        whole.addWidget(scroll, 1)
        whole.addWidget(self._foot)
        self.setAccessibleName(title)

    def add(self, part: QWidget) -> None:
        """Below what is there."""
        self.body.addWidget(part)

    def end(self) -> None:
        """Nothing comes below."""
        self.body.addStretch(1)

    def add_button(self, text: str, kind: str = "") -> QPushButton:
        """A button at the right of the foot; `kind` as the style sheet knows it."""
        button = QPushButton(text)
        if kind:
            button.setProperty("kind", kind)
        self._foot_row.addWidget(button)
        return button

    def set_busy(self, doing: str) -> None:
        """Say what is under way; an empty text ends it. Nothing can be pressed or changed meanwhile."""
        self.doing.setText(doing)
        for part in self.findChildren(QWidget):
            if isinstance(part, QPushButton | QLineEdit | QCheckBox | FolderField):
                part.setEnabled(not doing)
        if doing:
            self.trouble.clear()
        else:
            self.check()

    def check(self) -> None:
        """See anew what may be pressed."""

    def tell(self, fault: BaseException) -> None:
        """Say what went wrong; what was typed stays."""
        self.set_busy("")
        what, step = trouble_of(fault)
        self.trouble.tell("alarm", what, step)


class Field(QWidget):
    """A line to type into, its name above and a word about it below."""

    changed = Signal()
    entered = Signal()

    def __init__(
        self, look: Look, title: str, hint: str = "", *, edit: QLineEdit | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.edit = edit or QLineEdit()
        self.edit.setAccessibleName(title)
        self.edit.textChanged.connect(self._edited)
        self.edit.returnPressed.connect(self.entered)
        name = Text(look, title, weight="medium")
        name.setBuddy(self.edit)
        self._hint = Text(look, hint, size="small", tone="text-muted", wrap=True)
        self._hint.setVisible(bool(hint))
        self._line = QHBoxLayout()
        self._line.setSpacing(look.theme.space("unit"))
        self._line.addWidget(self.edit, 1)
        layout = column(self, look.theme.space("half"))
        layout.addWidget(name)
        layout.addLayout(self._line)
        layout.addWidget(self._hint)
        self.setFocusProxy(self.edit)

    def _edited(self) -> None:
        self.changed.emit()

    def text(self) -> str:
        """What was typed."""
        return self.edit.text()

    def say(self, hint: str, *, wrong: bool = False) -> None:
        """A word below the line; `wrong` shows it as a fault."""
        self._hint.setText(hint)
        self._hint.set_tone("alarm" if wrong else "text-muted")
        self._hint.setVisible(bool(hint))
        self.edit.setAccessibleDescription(hint)

    def hint(self) -> str:
        """The word below."""
        return self._hint.text()


class FolderField(Field):
    """A folder: typed, or chosen in the system's own dialog. Whether it is there is found out later, elsewhere."""

    def __init__(self, look: Look, title: str, hint: str = "", parent: QWidget | None = None) -> None:
        super().__init__(look, title, hint, parent=parent)
        choose = QPushButton("Choose")
        choose.setAccessibleName(f"Choose: {title}")
        choose.clicked.connect(self._choose)
        self._title = title
        self._line.addWidget(choose)

    def path(self) -> Path:
        """What was typed as an absolute path."""
        typed = Path(self.text().strip())
        with contextlib.suppress(RuntimeError):  # ~ of somebody who is not known here
            typed = typed.expanduser()
        return typed.absolute()

    def _choose(self) -> None:
        dialog = QFileDialog(self.window(), self._title, self.text())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.edit.setText)
        dialog.open()


class NewPassphrase(QWidget):
    """A passphrase to be chosen, typed twice."""

    changed = Signal()
    entered = Signal()

    def __init__(self, look: Look, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._first = Field(look, title, edit=secret_field(title))
        self._again = Field(look, "The same again", edit=secret_field(f"{title}, the same again"))
        self._hint = Text(look, size="small", tone="text-muted", wrap=True)
        pair = QHBoxLayout()
        pair.setSpacing(look.theme.space("wide"))
        for field in (self._first, self._again):
            pair.addWidget(field, 1)
            field.changed.connect(self._check)
        self._first.entered.connect(self._again.edit.setFocus)
        self._again.entered.connect(self.entered)
        layout = column(self, look.theme.space("half"))
        layout.addLayout(pair)
        layout.addWidget(self._hint)
        self.setFocusProxy(self._first.edit)
        self._check()

    def why_not(self) -> str:
        """Why it will not do yet; empty where it will."""
        return why_not_passphrase(self._first.text(), self._again.text())

    def typed(self) -> bytes:
        """What was typed."""
        return self._first.text().encode()

    def forget(self) -> None:
        """Empty the fields: it has served."""
        self._first.edit.clear()
        self._again.edit.clear()

    def _check(self) -> None:
        why = self.why_not()
        differs = bool(self._again.text()) and not self._first.text().startswith(self._again.text())
        self._hint.setText(why or "They are the same.")
        self._hint.set_tone("alarm" if why and differs else "text-muted")
        self._first.edit.setAccessibleDescription(why)
        self.changed.emit()


class WordsCard(QFrame):
    """Eight words in large type, to be read out: two rows of four, numbered."""

    def __init__(self, look: Look, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("ground", "raised")
        self._words = ""
        wide = look.theme.space("wide")
        layout = column(self, look.theme.space("unit"), (wide, wide, wide, wide))
        layout.addWidget(Text(look, title, weight="medium", wrap=True))
        grid = QGridLayout()
        grid.setHorizontalSpacing(wide)
        grid.setVerticalSpacing(look.theme.space("unit"))
        self._cells: list[Text] = []
        for at in range(WORDS):
            cell = QVBoxLayout()
            cell.setSpacing(0)
            word = Text(look, size="headline", mono=True)
            cell.addWidget(Text(look, str(at + 1), size="small", tone="text-muted"))
            cell.addWidget(word)
            self._cells.append(word)
            grid.addLayout(cell, at // _A_ROW, at % _A_ROW)
            grid.setColumnStretch(at % _A_ROW, 1)
        layout.addLayout(grid)
        self._title = title
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_words(self, words: str) -> None:
        """Show these."""
        self._words = words
        for cell, word in zip(self._cells, [*words.split(), *[""] * WORDS], strict=False):
            cell.setText(word)
        self.setAccessibleName(f"{self._title} {', '.join(words.split())}")

    def words(self) -> str:
        """Those that are shown."""
        return self._words


class HeardField(Field):
    """Words that a person types as they hear them; it says at once which is no word of the list."""

    def __init__(self, look: Look, title: str, parent: QWidget | None = None) -> None:
        super().__init__(look, title, hear("").hint, parent=parent)
        self.edit.setFont(look.theme.font("title", mono=True))
        self._look = look
        look.changed.connect(self._dress)  # a method, not a lambda: it ends with the field
        self.changed.connect(self._typed)

    def _dress(self) -> None:
        self.edit.setFont(self._look.theme.font("title", mono=True))

    def complete(self) -> bool:
        """Whether eight words of the list were typed."""
        return hear(self.text()).complete

    def _typed(self) -> None:
        heard = hear(self.text())
        self.say(heard.hint, wrong=bool(heard.unknown))


def press(button: QPushButton) -> Callable[[], None]:
    """What Enter in the last field does: press the button, where it may be pressed."""

    def pressed() -> None:
        if button.isEnabled():
            button.click()

    return pressed
