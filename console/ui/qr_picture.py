"""A QR picture on screen, sharp and dark on white whatever the look, and cells that say which frames are here.

They paint what they are given and know nothing of what it holds.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from console.services.qr import BORDER
from console.ui.theme import Look

_SMALLEST: Final = 400
_DARK, _LIGHT = QColor("#000000"), QColor("#ffffff")  # a camera reads contrast; no theme changes that


class QrPicture(QWidget):
    """One picture as large as fits in whole pixels for each module: a blurred edge is a frame that is not read."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._rows: tuple[bytes, ...] = ()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def put(self, rows: tuple[bytes, ...], name: str) -> None:
        """Show these modules; none leaves it white."""
        self._rows = rows
        self.setAccessibleName(name)
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """Square; it grows with the window."""
        return self.minimumSizeHint()

    def minimumSizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """Smaller, a camera does not read it."""
        return QSize(_SMALLEST, _SMALLEST)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802  Qt's signature
        """White ground, dark modules."""
        painter = QPainter(self)
        ratio = self.devicePixelRatioF()
        side = min(self.width(), self.height())
        count = (len(self._rows) or 1) + 2 * BORDER
        step = int(side * ratio / count) / ratio
        whole = step * count if self._rows else side
        left, top = (self.width() - whole) / 2, (self.height() - whole) / 2
        left, top = round(left * ratio) / ratio, round(top * ratio) / ratio
        painter.fillRect(QRectF(left, top, whole, whole), _LIGHT)
        for y, row in enumerate(self._rows):
            for x, length in _runs(row):
                at = QPointF(left + (x + BORDER) * step, top + (y + BORDER) * step)
                painter.fillRect(QRectF(at.x(), at.y(), length * step, step), _DARK)


def _runs(row: bytes) -> list[tuple[int, int]]:
    """Where dark modules begin, and how many follow one another."""
    found: list[tuple[int, int]] = []
    at = row.find(1)
    while at >= 0:
        end = row.find(0, at)
        end = len(row) if end < 0 else end
        found.append((at, end - at))
        at = row.find(1, end)
    return found


class FrameCells(QWidget):
    """One numbered cell for each frame: filled where it is here, outlined where it is missing, ringed if looked at."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._count, self._here, self._now = 0, frozenset[int](), 0
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        look.changed.connect(self.update)

    def put(self, count: int, here: Collection[int], now: int = 0) -> None:
        """So many, of which these are here; `now` is the one that is looked at, 0 for none."""
        changed = count != self._count
        self._count, self._here, self._now = count, frozenset(here), now
        missing = [at for at in range(1, count + 1) if at not in self._here]
        lacks = f"; missing {', '.join(map(str, missing))}" if missing else ""
        self.setAccessibleName(f"{count - len(missing)} of {count} frames{lacks}")
        if changed:
            self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:  # noqa: N802  Qt's name
        """They break into rows."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802  Qt's name
        """As many rows as they take."""
        wide, high = self._cell()
        return max(1, -(-self._count // max(1, width // wide))) * high

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """A few in a row."""
        wide = 8 * self._cell()[0]
        return QSize(wide, self.heightForWidth(wide))

    def minimumSizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """One."""
        return QSize(*self._cell())

    def _cell(self) -> tuple[int, int]:
        measure = self._look.theme.metrics("small")
        return measure.horizontalAdvance("000") + 12, measure.height() + 10

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802  Qt's signature
        """Cells from left to right."""
        theme = self._look.theme
        painter = QPainter(self)
        painter.setFont(theme.font("small", "medium"))
        wide, high = self._cell()
        in_row = max(1, self.width() // wide)
        for number in range(1, self._count + 1):
            row, col = divmod(number - 1, in_row)
            box = QRectF(col * wide + 1, row * high + 1, wide - 5, high - 5)
            here = number in self._here
            painter.setPen(theme.colour("accent" if here else "edge"))
            if here:
                painter.fillRect(box, theme.colour("accent"))
            painter.drawRect(box)
            painter.setPen(theme.colour("on-accent" if here else "text-muted"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(number))
            if number == self._now:
                painter.setPen(theme.colour("text"))
                painter.drawRect(box.adjusted(-1, -1, 1, 1))
                painter.drawRect(box)


def numbers_here(count: int, missing: Sequence[int]) -> frozenset[int]:
    """Which of so many are here."""
    return frozenset(range(1, count + 1)) - frozenset(missing)
