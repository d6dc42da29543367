"""The frame of a dialog: heading, lead, trouble, a body that scrolls where it must, what is under way, and buttons.

What was typed stays through an error. It waits for nothing, and can be left while something is under way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QWidget,
)
from shiboken6 import isValid

from console.services.session import Session
from console.ui.parts import column, fit, keep_in_reach, row
from console.ui.room import Room
from console.ui.screens import room_on_screen
from console.ui.widgets import Banner, Stripe, Text
from console.ui.widgets.text import plain_tooltip
from console.viewmodels.lanes import Lane
from console.viewmodels.shell import Trouble

T = TypeVar("T")
NOT_READ = "It could not be read."
_READING = "Reading ..."
_TEXT_LINES = 6
_EDGE = 64
_INSET = 5


def _nothing() -> None:
    """A fault that was told is all there is to it."""


class Sheet(QDialog):
    """Modal to its window, gone when closed. Ctrl+Enter presses the main button; Escape leaves.

    What is under way when it is left goes on; a fault it then meets is told by the window.
    """

    def __init__(self, room: Room, parent: QWidget | None, title: str, lead: str = "") -> None:
        super().__init__(parent)
        self.room = room
        look = room.look
        wide, unit = look.theme.space("wide"), look.theme.space("unit")
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(title)
        self.trouble = Banner(look)
        inside = QWidget()
        self.body = column(inside, wide, (wide, 0, wide, wide))
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inside)
        self._scroll, self._inside = scroll, inside
        content = QWidget()
        lines = column(content, unit, (0, wide, 0, 0))
        head = QWidget()
        above = column(head, unit, (wide + 2, 0, wide + 2, unit))  # the scroll area's own edge
        above.addWidget(Text(look, title, size="title", weight="semibold"))
        self.lead = Text(look, lead, tone="text-muted", wrap=True)
        self.lead.setVisible(bool(lead))
        above.addWidget(self.lead)
        above.addWidget(self.trouble)
        lines.addWidget(head)
        lines.addWidget(scroll, 1)
        foot = QFrame()
        foot.setProperty("ground", "panel")
        self._foot = row(foot, unit, (wide, unit + 4, wide, unit + 4))
        self.doing = Text(look, tone="text-muted", size="small")
        self._foot.addWidget(self.doing, 1)
        self._leave = QPushButton("Cancel")
        self._leave.setAutoDefault(False)
        self._leave.clicked.connect(self.reject)
        self._foot.addWidget(self._leave)
        lines.addWidget(foot)
        self._main: QPushButton | None = None
        self._busy = False
        self._unread = ""  # while what it shows is read, and where that failed
        self._was_read = False
        self._needing: list[QWidget] = []
        self._re_read: QPushButton | None = None
        QShortcut(QKeySequence("Ctrl+Return"), self).activated.connect(self._press_main)
        column(self).addWidget(Stripe(look, content, drill=room.desk.session.settings.world == "drill"))

    # -- what it is made of --------------------------------------------------------------------------------------------

    def add(self, part: QWidget, stretch: int = 0) -> None:
        """Below what is there."""
        self.body.addWidget(part, stretch)

    def add_button(self, text: str, run: Callable[[], None], kind: str = "") -> QPushButton:
        """At the right of the foot. The one of kind `main` is pressed by Ctrl+Enter; Enter alone presses none."""
        button = QPushButton(text)
        button.setAutoDefault(False)
        if kind:
            button.setProperty("kind", kind)
        if kind == "main":
            self._main = button
        button.clicked.connect(run)
        self._foot.addWidget(button)
        return button

    def only_close(self, word: str = "Close") -> None:
        """There is nothing to do but to leave, or what there is, is done."""
        self._leave.setText(word)

    def set_main(self, button: QPushButton) -> None:
        """Which of the buttons Ctrl+Enter presses from now on."""
        self._main = button
        self.check()

    def press_main(self) -> None:
        """As Ctrl+Enter, and as Enter in a last field of one line."""
        self._press_main()

    def take_room(self, width: int, height: int) -> None:
        """So large at a text of 100 %, larger with the text, never larger than the screen."""
        fit(self, QSize(width, height) * self.room.look.theme.text_scale)

    def fit(self, width: int, most_height: int = 720) -> None:
        """As high as what is in it, up to a limit; the rest scrolls. To be called last."""
        self.body.addStretch(0)
        scale = self.room.look.theme.text_scale
        layout, wide = self._inside.layout(), round(width * scale)
        inner = layout.heightForWidth(wide) if layout is not None and layout.hasHeightForWidth() else 0
        inner = max(inner, self._inside.sizeHint().height())
        other = self.sizeHint().height() - self._scroll.sizeHint().height()
        height = inner + max(other, 0) + 2 * self.room.look.theme.space("unit")
        self.take_room(width, min(most_height, round(height / scale)))

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  Qt's name
        """What is in it is not squeezed: where the screen allows, only its height scrolls."""
        super().showEvent(event)
        keep_in_reach(self)
        self._inside.installEventFilter(self)
        self._keep_wide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """What was read may be wider than what stood there before."""
        if watched is self._inside and event.type() == QEvent.Type.LayoutRequest:
            self._keep_wide()
        return super().eventFilter(watched, event)

    def _keep_wide(self) -> None:
        edges = self._scroll.verticalScrollBar().sizeHint().width() + 2 * self._scroll.frameWidth()
        least = self._inside.minimumSizeHint().width() + edges
        self._scroll.setMinimumWidth(min(least, room_on_screen(self).width() - _EDGE))

    # -- carrying out --------------------------------------------------------------------------------------------------

    def need_reading(self, *parts: QWidget) -> None:
        """Parts with which nothing is done before `read_first` has read; to be called before it."""
        self._needing += parts

    def read_first(
        self, work: Callable[[Session], T], done: Callable[[T], None], doing: str = _READING, lane: Lane = "look"
    ) -> None:
        """Read what it shows, then `done`.

        Until that is there nothing is done with it; where it fails, it offers to read again.
        """
        if not self._was_read:
            self._unread = doing
            self._let(on=False)

        def taken(found: T) -> None:
            self._was_read, self._unread = True, ""
            self._let(on=True)
            if self._re_read is not None:
                self._re_read.hide()
            self.check()
            done(found)

        def lost() -> None:
            if self._was_read:
                return
            self._unread = NOT_READ
            if self._re_read is None:
                self._re_read = self.add_button("Read again", lambda: self.read_first(work, done, doing, lane))
            self._re_read.show()
            self.not_read()
            self.check()

        self.carry_out(work, taken, doing, lane, lost)

    def not_read(self) -> None:
        """What it shows could not be read: to be said where it said that it is read."""

    def _let(self, *, on: bool) -> None:
        for part in self._needing:
            part.setEnabled(on)

    def carry_out(
        self, work: Callable[[Session], T], done: Callable[[T], None], doing: str = "Saving ...", lane: Lane = "quick",
        lost: Callable[[], None] = _nothing,
    ) -> None:  # fmt: skip
        """Do it, then `done`; a fault is told here, then `lost`, and everything typed stays."""
        self.set_busy(doing)

        def ended(result: T) -> None:
            if isValid(self):
                self.set_busy("")
                done(result)

        def broken(trouble: Trouble) -> None:
            if isValid(self) and self.isVisible():
                self.set_busy("")
                self.tell(trouble.what, trouble.next_step)
                lost()
            else:
                self.room.doer.troubled.emit(trouble)

        self.room.doer.do(work, ended, failed=broken, lane=lane, over=self)

    def set_busy(self, doing: str) -> None:
        """Say what is under way; an empty text ends it. It can be left meanwhile, and nothing pressed twice."""
        self._busy = bool(doing)
        self.doing.setText(doing)
        if doing:
            self.trouble.clear()
        self.check()

    @property
    def is_busy(self) -> bool:
        """Whether something is under way."""
        return self._busy

    def check(self) -> None:
        """See anew whether the main button may be pressed; `why_not` says."""
        why = self.why_not()
        why = self._unread or why
        if self._re_read is not None:
            self._re_read.setEnabled(not self._busy)
        if self._main is not None:
            self._main.setEnabled(not self._busy and not why)
            self._main.setToolTip(plain_tooltip(why))
        if not self._busy:
            self.doing.setText(why)

    def why_not(self) -> str:
        """Why the main button may not be pressed yet, in words; empty where it may."""
        return ""

    def tell(self, what: str, next_step: str = "") -> None:
        """Say what went wrong."""
        self.trouble.tell("alarm", what, next_step)

    def _press_main(self) -> None:
        if self._main is not None and self._main.isEnabled():
            self._main.click()


class Labelled(QWidget):
    """Any control with its name above and a word about it below."""

    def __init__(self, room: Room, title: str, control: QWidget, hint: str = "") -> None:
        super().__init__()
        self.control = control
        name = Text(room.look, title, weight="medium")
        name.setBuddy(control)
        if not control.accessibleName():
            control.setAccessibleName(title)
        lines = column(self, room.look.theme.space("half"))
        lines.addWidget(name)
        lines.addWidget(control)
        self._hint = Text(room.look, size="small", tone="text-muted", wrap=True)
        lines.addWidget(self._hint)
        self.say(hint)
        self.setFocusProxy(control)

    def say(self, hint: str, *, wrong: bool = False) -> None:
        """A word below; `wrong` shows it as a fault."""
        self._hint.setText(hint)
        self._hint.set_tone("alarm" if wrong else "text-muted")
        self._hint.setVisible(bool(hint))
        self.control.setAccessibleDescription(hint)


def text_line(name: str, most: int = 0) -> QLineEdit:
    """A line to type into; `most` characters where it has a limit."""
    made = QLineEdit()
    made.setAccessibleName(name)
    if most:
        made.setMaxLength(most)
    return made


class Lines(QPlainTextEdit):
    """Several lines of plain text, as high as asked for and higher where there is room; Tab goes on."""

    def __init__(self, room: Room, name: str, lines: int = _TEXT_LINES) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setAccessibleName(name)
        theme = room.look.theme
        self._height = theme.metrics().lineSpacing() * lines + 2 * theme.space("unit")
        self.setMinimumHeight(min(self._height, theme.metrics().lineSpacing() * _TEXT_LINES))

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """As many lines as asked for."""
        return QSize(super().sizeHint().width(), self._height)


class Number(QSpinBox):
    """A whole number from `least` to `most`, set off from its edge as what is typed elsewhere."""

    def __init__(self, least: int, most: int) -> None:
        super().__init__()
        self.setRange(least, most)
        self.lineEdit().setTextMargins(_INSET, 0, 0, 0)  # no rule of a style sheet reaches it


def text_lines(room: Room, name: str, lines: int = _TEXT_LINES) -> Lines:
    """Several lines of plain text."""
    return Lines(room, name, lines)
