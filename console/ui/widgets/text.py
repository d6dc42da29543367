"""Words on screen: plain text in a token's size and tone, elided text that hides nothing, digests, keys, ages.

Text from outside is never taken for markup, in a label or a tooltip, and what has no look of its own is made visible.
"""

from __future__ import annotations

import html
import math
import re
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import (
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from console.domain.deceit import shown
from console.ui.fonts import Weight
from console.ui.theme import Look
from console.viewmodels.times import ago

NEVER: Final = "never heard"
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"))
_SELECTABLE: Final = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
_LINE: Final = 32
_WORD: Final = re.compile(r"\S+")


def plain_tooltip(text: str) -> str:
    """A tooltip that shows `text` as it is: Qt would take tags in it for markup."""
    return f"<span>{html.escape(text)}</span>" if text else ""


def age_words(age_ms: int) -> str:
    """An age in its largest whole unit, as in `12 s`, `6 min`, `3 h`, `2 d`. A negative one counts as none."""
    seconds = max(0, age_ms) // 1000
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


class Text(QLabel):
    """Plain text. Size, weight and tone are names of the tokens and follow the theme as it changes."""

    def __init__(
        self, look: Look, text: str = "", *, size: str = "body", weight: Weight = "regular", tone: str = "text",
        mono: bool = False, wrap: bool = False, parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._look = look
        self._size, self._tone, self._mono = size, tone, mono
        self._weight: Weight = weight
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        self.setText(text)
        look.changed.connect(self._dress)
        self._dress()

    def set_tone(self, tone: str) -> None:
        """Show it in another tone; a tone never stands alone for a meaning."""
        if tone != self._tone:
            self._tone = tone
            self._dress()

    def _dress(self) -> None:
        theme = self._look.theme
        self.setFont(theme.font(self._size, self._weight, mono=self._mono))
        palette = QPalette(theme.palette())
        palette.setColor(QPalette.ColorGroup.Active, QPalette.ColorRole.WindowText, theme.colour(self._tone))
        palette.setColor(QPalette.ColorGroup.Inactive, QPalette.ColorRole.WindowText, theme.colour(self._tone))
        self.setPalette(palette)


class Words(Text):
    """Wrapped text in which a word that no line can hold gives way in its middle: a key of 64 digits, a path.

    `text` is the whole; so are the tooltip and the accessible name, wherever something gave way.
    """

    _whole = ""

    def __init__(
        self, look: Look, text: str = "", *, size: str = "body", weight: Weight = "regular", tone: str = "text"
    ) -> None:
        super().__init__(look, text, size=size, weight=weight, tone=tone, wrap=True)

    def setText(self, text: str) -> None:  # noqa: N802 - Qt's name
        """Show this text."""
        self._whole = text
        seen = fold_words(text)
        super().setText(seen)
        self.setToolTip(plain_tooltip(text) if seen != text else "")
        self.setAccessibleName(text if seen != text else "")

    def text(self) -> str:
        """The whole."""
        return self._whole

    def seen(self) -> str:
        """What stands on screen."""
        return super().text()


def fold_words(text: str, most: int = 28) -> str:
    """The text with every longer word shortened in its middle: keys and ids differ at their ends."""
    keep = (most - 1) // 2

    def fold(found: re.Match[str]) -> str:
        word = found[0]
        return word if len(word) <= most else f"{word[:keep]}\N{HORIZONTAL ELLIPSIS}{word[-keep:]}"

    return _WORD.sub(fold, text)


class Elide(Text):
    """One line that gives way where space is short: in the middle, for ids differ at their ends.

    The whole stays in the tooltip and in the accessible name and description.
    """

    def setText(self, text: str) -> None:  # noqa: N802 - Qt's name
        """Show this text; marks that have no look of their own are spelled out."""
        super().setText(shown(text))
        self.setAccessibleName(self.text())
        self.setAccessibleDescription(self.text())
        self._tell()
        self.update()

    def elided(self) -> str:
        """What is seen at the present width."""
        room = self.contentsRect().width()
        return QFontMetrics(self.font()).elidedText(self.text(), Qt.TextElideMode.ElideMiddle, room)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for a few letters; the rest may give way."""
        return QSize(QFontMetrics(self.font()).averageCharWidth() * 9, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """The tooltip stands only where something gave way."""
        super().resizeEvent(event)
        self._tell()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name and signature
        """The text as far as there is room."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.setFont(self.font())
        painter.drawText(self.contentsRect(), int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), self.elided())

    def _dress(self) -> None:
        super()._dress()
        self._tell()

    def _tell(self) -> None:
        self.setToolTip(plain_tooltip(self.text()) if self.elided() != self.text() else "")


class Exact(QPlainTextEdit):
    """Small mono text that is shown whole, to the letter: it breaks anywhere, is as high as it needs, can be copied."""

    def __init__(self, look: Look, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setReadOnly(True)
        self.setProperty("kind", "exact")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
        self.setTextInteractionFlags(_SELECTABLE)
        self.setTabChangesFocus(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # read with its part; one stop for each would be too many
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)  # it would lie over what is being read
        self.document().setDocumentMargin(0)
        self.viewport().setAutoFillBackground(False)
        self.setPlainText(text)
        self.setAccessibleName(text)
        look.changed.connect(self._dress)
        self._dress()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Another width breaks it into other lines."""
        super().resizeEvent(event)
        self._fit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """The wheel turns what it lies in."""
        event.ignore()

    def _dress(self) -> None:
        self.setFont(self._look.theme.font("small", mono=True))
        self._fit()

    def _fit(self) -> None:
        high, block = 0.0, self.document().begin()
        while block.isValid():
            high += self.blockBoundingRect(block).height()
            block = block.next()
        self.setFixedHeight(math.ceil(high) + 2)


class Digest(QWidget):
    """A SHA-256: its words, which people read to each other, and its hex digits, both selectable, never shortened."""

    def __init__(self, look: Look, sha256_hex: str = "", words: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = Text(look, mono=True, wrap=True)
        self._hex = Text(look, mono=True, size="small", tone="text-muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(look.theme.space("half"))
        for label in (self._words, self._hex):
            label.setTextInteractionFlags(_SELECTABLE)
            layout.addWidget(label)
        self.set_digest(sha256_hex, words)

    def set_digest(self, sha256_hex: str, words: str) -> None:
        """Show another one."""
        lines = [sha256_hex[i : i + _LINE] for i in range(0, len(sha256_hex), _LINE)]
        self._words.setText(words)
        self._hex.setText("\n".join(lines))
        self._words.setAccessibleName(f"Digest in words: {words}")
        self._hex.setAccessibleName(f"SHA-256: {sha256_hex}")
        self.setAccessibleName(f"Digest: {words}" if words else f"SHA-256: {sha256_hex}")

    def text(self) -> str:
        """The words as shown."""
        return self._words.text()


class AgeLabel(Text):
    """How old a reading is: `read 12 s ago`. Past its time it says stale and greys out; unread, it says so.

    It has no clock: whoever owns it calls `tick`, once for all of them.
    """

    def __init__(self, look: Look, *, stale_after_s: float, verb: str = "read", parent: QWidget | None = None) -> None:
        super().__init__(look, NEVER, size="small", tone="unknown", parent=parent)
        self._stale_after_s, self._verb = stale_after_s, verb
        self._read_ms: int | None = None

    def set_read(self, read_ms: int | None, now_ms: int) -> None:
        """When it was last read, wall-clock ms; None for never."""
        self._read_ms = read_ms
        self.tick(now_ms)

    @property
    def stale(self) -> bool:
        """Whether it said stale when last told the time."""
        return self.text().startswith("stale")

    def tick(self, now_ms: int) -> None:
        """Say the age as of now. It repaints only when the words change."""
        words, tone = self._told(now_ms)
        if words != self.text():
            self.setText(words)
            self.setAccessibleName(words)
        self.set_tone(tone)

    def _told(self, now_ms: int) -> tuple[str, str]:
        if self._read_ms is None:
            return NEVER, "unknown"
        age_ms = now_ms - self._read_ms
        if age_ms < -1000:  # noqa: PLR2004 - a second of difference between two clocks is nothing to speak of
            return f"{self._verb} {age_words(-age_ms)} ahead of this clock", "changed"
        said = f"{self._verb} {ago(now_ms, self._read_ms)}"
        return (f"stale: {said}", "quiet") if age_ms > self._stale_after_s * 1000 else (said, "text-muted")


class KeyHint(QLabel):
    """The key of a command, drawn as a key cap."""

    def __init__(self, look: Look, key: str, parent: QWidget | None = None) -> None:
        super().__init__(key, parent)
        self._look = look
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAccessibleName(f"key {key}")

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for the letters and the cap."""
        measure = self._look.theme.metrics("small", "medium")
        unit = self._look.theme.space("unit")
        return QSize(max(measure.horizontalAdvance(self.text()) + unit + 2, measure.height() + 4), measure.height() + 4)

    minimumSizeHint = sizeHint  # noqa: N815 - Qt's name

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name and signature
        """The cap and its letters."""
        theme, wanted = self._look.theme, self.sizeHint()
        cap = QRectF(0.5, (self.height() - wanted.height()) / 2 + 0.5, wanted.width() - 1, wanted.height() - 1)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("edge"), 1))
        painter.setBrush(theme.colour("raised"))
        painter.drawRoundedRect(cap, theme.space("radius"), theme.space("radius"))
        painter.setFont(theme.font("small", "medium"))
        painter.setPen(theme.colour("text"))
        painter.drawText(cap, int(Qt.AlignmentFlag.AlignCenter), self.text())
