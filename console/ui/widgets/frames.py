"""Frames around content: the stripes of a drill, banners that stay until what they say is over, empty places.

No message vanishes by itself: there are no toasts. Whoever shows a banner takes it away when it is no longer so.
"""

from __future__ import annotations

from typing import Final, Literal

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QPainter,
    QPaintEvent,
    QPolygonF,
    QRegion,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from console.ui.theme import Look
from console.ui.widgets.text import Text

BannerKind = Literal["info", "good", "warning", "alarm", "offline", "drill", "provisional"]

_BANNERS: Final[dict[BannerKind, tuple[str, str]]] = {  # its icon, its tone
    "info": ("info", "known"),
    "good": ("check", "good"),
    "warning": ("triangle-alert", "waiting"),
    "alarm": ("octagon-alert", "alarm"),
    "offline": ("cloud-off", "waiting"),
    "drill": ("flag", "drill"),
    "provisional": ("pencil", "provisional"),
}
_SIDE: Final = 6
_TOP: Final = 22
_STEP: Final = 12
DRILL_WORDS: Final = "DRILL"


class IconMark(QWidget):
    """An icon in a tone, painted for the screen it is on. The words beside it carry the meaning."""

    def __init__(
        self, look: Look, icon: str, tone: str = "text", size_px: int = 16, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look, self._icon, self._tone, self._size_px = look, icon, tone, size_px
        self.setFixedSize(size_px, size_px)

    def set_icon(self, icon: str, tone: str) -> None:
        """Show another one."""
        self._icon, self._tone = icon, tone
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name and signature
        """The icon."""
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._look.pixmap(self._icon, self._tone, self._size_px, self.devicePixelRatioF()))


class Stripe(QFrame):
    """Holds a window's content; in a drill it frames it with stripes and says DRILL above it."""

    def __init__(self, look: Look, content: QWidget, *, drill: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._drill = look, False
        layout = QVBoxLayout(self)
        layout.setSpacing(0)
        layout.addWidget(content)
        self.set_drill(drill=drill)

    def set_drill(self, *, drill: bool) -> None:
        """Frame it, or leave the content alone."""
        self._drill = drill
        margins = (_SIDE, _TOP, _SIDE, _SIDE) if drill else (0, 0, 0, 0)
        layout = self.layout()
        if layout is not None:
            layout.setContentsMargins(*margins)
        self.setAccessibleName("Drill: practice, on simulators" if drill else "")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name and signature
        """The stripes and the word, where it is a drill; most of what is painted anew lies inside of them."""
        frame = QRegion(self.rect()) - QRegion(self.rect().adjusted(_SIDE, _TOP, -_SIDE, -_SIDE))
        if not self._drill or not event.region().intersects(frame):
            return
        theme = self._look.theme
        painter = QPainter(self)
        painter.setClipRegion(frame)
        painter.fillRect(self.rect(), theme.colour("on-drill"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("drill"))
        height = float(self.height())
        for left in range(-self.height(), self.width(), 2 * _STEP):
            corners = ((left, height), (left + height, 0), (left + height + _STEP, 0), (left + _STEP, height))
            painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in corners]))
        self._paint_word(painter)

    def _paint_word(self, painter: QPainter) -> None:
        theme = self._look.theme
        painter.setFont(theme.font("small", "semibold"))
        measure = painter.fontMetrics()
        width = measure.horizontalAdvance(DRILL_WORDS) + 2 * theme.space("wide")
        plate = QRectF((self.width() - width) / 2, 0, width, _TOP)
        painter.fillRect(plate, theme.colour("drill"))
        painter.setPen(theme.colour("on-drill"))
        painter.drawText(plate, int(Qt.AlignmentFlag.AlignCenter), DRILL_WORDS)


class Banner(QFrame):
    """One sentence that matters now, what to do about it, and at most one button. It stays until it is taken away."""

    acted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._tone = "known"
        unit = look.theme.space("unit")
        self._icon = IconMark(look, "info", "known")
        self._sentence = Text(look, weight="medium", wrap=True)
        self._next = Text(look, tone="text-muted", wrap=True)
        self._button = QPushButton()
        self._button.clicked.connect(self.acted)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._sentence)
        words.addWidget(self._next)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(unit + 6, unit, unit, unit)
        layout.setSpacing(unit + 2)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(words, 1)
        layout.addWidget(self._button, 0, Qt.AlignmentFlag.AlignVCenter)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.hide()

    def tell(self, kind: BannerKind, sentence: str, next_step: str = "", action: str = "") -> None:
        """Show it. `action` is the button's word; without one there is no button. Screen readers hear it once."""
        icon, self._tone = _BANNERS[kind]
        before = self.accessibleName()
        self._icon.set_icon(icon, self._tone)
        self._sentence.setText(sentence)
        self._next.setText(next_step)
        self._next.setVisible(bool(next_step))
        self._button.setText(action)
        self._button.setVisible(bool(action))
        said = f"{sentence} {next_step}".rstrip()
        self.setAccessibleName(said)
        if self.parentWidget() is None:  # told before it has a place: shown with its place, not as a window
            self.setAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide, on=False)
        else:
            self.show()
        self._claim()
        self.update()
        if said != before and QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, said))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Another width may need another height."""
        super().resizeEvent(event)
        self._claim()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """From now on its height counts."""
        super().showEvent(event)
        self._claim()

    def _claim(self) -> None:
        """A window that is short of room may not cut a warning off, as Qt would let it."""
        layout = self.layout()
        if layout is not None and self.isVisible():
            self.setMinimumHeight(layout.heightForWidth(self.width()))

    def clear(self) -> None:
        """Take it away: what it said is over."""
        self.setAccessibleName("")
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name and signature
        """A raised ground with a bar of the tone at its left and a hairline around."""
        theme = self._look.theme
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour("raised"))
        painter.setPen(theme.colour("line"))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.fillRect(0, 0, 4, self.height(), theme.colour(self._tone))


class EmptyState(QWidget):
    """A place where nothing is yet: what it is for, in one sentence, and the way to the first one."""

    acted = Signal()

    def __init__(
        self,
        look: Look,
        title: str,
        sentence: str,
        action: str = "",
        icon: str = "inbox",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._title = Text(look, title, size="title", weight="medium")
        self._sentence = Text(look, sentence, tone="text-muted", wrap=True)
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._button = QPushButton(action)
        self._button.setVisible(bool(action))
        self._button.clicked.connect(self.acted)
        layout = QVBoxLayout(self)
        layout.setSpacing(look.theme.space("unit"))
        layout.addStretch(1)
        layout.addWidget(IconMark(look, icon, "text-muted", 32), 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self._title, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self._sentence)  # not centred as a widget: its height follows the width it is given
        layout.addWidget(self._button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(2)
        self.setAccessibleName(f"{title}. {sentence}")

    def say(self, title: str, sentence: str) -> None:
        """It is otherwise than was thought."""
        self._title.setText(title)
        self._sentence.setText(sentence)
        self.setAccessibleName(f"{title}. {sentence}")

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room to breathe."""
        return super().sizeHint().expandedTo(QSize(320, 200))
