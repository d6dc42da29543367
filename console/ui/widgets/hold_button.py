"""The button that asks for a hand: it acts when a real pointer has been held on it for the whole time, and never else.

It is not the guard; it is what the guard's dialog shows. No key, click, double click or made-up event makes it act.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from console.ui.theme import Look
from console.ui.tokens import MOTION

_TICK_MS: Final = 16
_LONGEST_GAP_MS: Final = 400  # beyond this nobody can say that the hand stayed: the window was not watching
_NS_PER_MS: Final = 1_000_000
_LOST: Final = frozenset({QEvent.Type.WindowDeactivate, QEvent.Type.EnabledChange, QEvent.Type.ParentChange})


def _monotonic_ms() -> float:
    return time.monotonic_ns() / _NS_PER_MS


class HoldButton(QAbstractButton):
    """`held` comes once per hold, at its end, while the pointer is still down. `clicked` means nothing here.

    `let_go` comes once per press, when the hand has left, whether `held` came before it or not. Whoever changes what
    would be signed calls `reset`; leaving, releasing, losing the focus and hiding do the same.
    """

    held = Signal()
    began = Signal()
    broken = Signal()
    let_go = Signal()

    def __init__(
        self, look: Look, text: str, *, hold_ms: int = MOTION["hold"], tone: str = "accent",
        now_ms: Callable[[], float] = _monotonic_ms, parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._look, self._hold_ms, self._tone, self._now_ms = look, hold_ms, tone, now_ms
        self._since_ms: float | None = None
        self._down = False
        self._seen_ms = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self.tick)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setText(text)
        self.setAccessibleDescription(
            f"Acts when the pointer is held on it for {hold_ms / 1000:g} seconds. No key presses it."
        )

    def setText(self, text: str) -> None:  # noqa: N802 - Qt's name
        """Other words are another content: a hold under way is over."""
        self.reset()
        super().setText(text)
        self.setAccessibleName(text)

    @property
    def progress(self) -> float:
        """How much of the time has been held: 0.0 to 1.0."""
        if self._since_ms is None:
            return 0.0
        return min(1.0, (self._seen_ms - self._since_ms) / self._hold_ms)

    def reset(self) -> None:
        """The hold is over without effect; the next one begins with a new press."""
        if self._since_ms is not None:
            self._since_ms = None
            self._timer.stop()
            self.update()
            self.broken.emit()
        if self._down:
            self._down = False
            self.let_go.emit()

    def tick(self) -> None:
        """Look at the clock: the button's own timer does so some sixty times a second while it is held."""
        if self._since_ms is None:
            return
        now_ms = self._now_ms()
        if now_ms - self._seen_ms > _LONGEST_GAP_MS or now_ms < self._seen_ms:
            self.reset()
            return
        self._seen_ms = now_ms
        if now_ms - self._since_ms >= self._hold_ms:
            self._since_ms = None
            self._timer.stop()
            self.held.emit()
        self.update()

    # -- what begins and what ends a hold ------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Begin, if a real hand presses the left button alone while this has the focus."""
        event.accept()
        real = event.spontaneous() and event.source() != Qt.MouseEventSource.MouseEventSynthesizedByApplication
        if not (real and event.button() == event.buttons() == Qt.MouseButton.LeftButton and self.hasFocus()):
            self.reset()
            return
        self.reset()
        self._since_ms = self._seen_ms = self._now_ms()
        self._down = True
        self._timer.start()
        self.began.emit()
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """A double click is haste: it begins nothing."""
        event.accept()
        self.reset()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Too early, or already done."""
        event.accept()
        self.reset()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Leaving the button ends it, though the pointer is grabbed."""
        event.accept()
        if not self.rect().contains(event.position().toPoint()):
            self.reset()

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """The pointer is elsewhere."""
        self.reset()
        super().leaveEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Attention is elsewhere."""
        self.reset()
        super().focusOutEvent(event)
        self.update()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Nobody sees it."""
        self.reset()
        super().hideEvent(event)

    def event(self, event: QEvent) -> bool:
        """Another window, or no leave to act any more."""
        if event.type() in _LOST:
            self.reset()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Keys pass by: Enter and Space never act here."""
        self.reset()
        event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """As when pressed."""
        event.ignore()

    # -- what it looks like --------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """The words and the time asked for, in one line."""
        theme = self._look.theme
        measure = theme.metrics("body", "semibold")
        small = theme.metrics("small")
        width = measure.horizontalAdvance(self.text()) + small.horizontalAdvance(self._hint()) + 7 * theme.space("unit")
        return QSize(width, theme.space("row") + theme.space("unit"))

    minimumSizeHint = sizeHint  # noqa: N815 - Qt's name

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name and signature
        """Its words; how far the hold is, as a ground that fills from the left; the focus as a ring."""
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box, radius = QRectF(self.rect()).adjusted(1, 1, -1, -1), theme.space("radius")
        on = self.isEnabled()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("raised" if on else "panel"))
        painter.drawRoundedRect(box, radius, radius)
        if on and self.progress > 0:
            done = QRectF(box.left(), box.top(), box.width() * self.progress, box.height())
            painter.fillRect(done, theme.colour("selection"))
            painter.fillRect(QRectF(done.right() - 3, box.top(), 3, box.height()), theme.colour(self._tone))
        ring = theme.colour("focus" if self.hasFocus() else self._tone) if on else theme.colour("line")
        width = theme.space("focus") if self.hasFocus() else 1
        painter.setPen(QPen(ring, width, Qt.PenStyle.SolidLine if on else Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, radius, radius)
        self._paint_words(painter, box.adjusted(2 * theme.space("unit"), 0, -2 * theme.space("unit"), 0), on=on)

    def _paint_words(self, painter: QPainter, box: QRectF, *, on: bool) -> None:
        theme = self._look.theme
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(theme.font("body", "semibold"))
        painter.setPen(theme.colour("text" if on else "text-disabled"))
        painter.drawText(box, int(middle | Qt.AlignmentFlag.AlignLeft), self.text())
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("text-muted" if on else "text-disabled"))
        painter.drawText(box, int(middle | Qt.AlignmentFlag.AlignRight), self._hint())

    def _hint(self) -> str:
        return f"hold {self._hold_ms / 1000:g} s"
