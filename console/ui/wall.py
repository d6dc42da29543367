"""The wall: one incident, read-only, legible from five metres, safe to project. It shows; nothing can be done on it.

It says as of when it holds where it could not be made anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QFont, QFontMetrics, QGuiApplication, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from console.services.board import Cell
from console.services.live_values import Looks
from console.ui.fonts import Weight, font
from console.ui.room import Room
from console.ui.screens import room_on_screen, screen_of
from console.ui.tokens import CLOCKS, SEVERITIES, STATES
from console.ui.widgets import paint_shape
from console.viewmodels.board import BoardModel
from console.viewmodels.shell import LOOKS, NOW, SHELL, Now, Shell
from console.viewmodels.times import ago
from console.viewmodels.wall import WallLine, WallView, as_of, read_picture, wall_view

if TYPE_CHECKING:
    from console.services.picture import Picture

_LEFT: Final = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT: Final = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_WRAP: Final = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
_OWED_SHOWN: Final = 3
_LEAST_OFFERED: Final = 0.4  # of the height at the right
_BASE_HEIGHT: Final = 1080  # sizes are told for a screen this high, and grow with it
_WORST: Final = ("unreachable", "broken", "refused", "gone", "degraded", "stale", "unknown", "unread", "loading")


class Wall(QWidget):
    """A window of its own. F11 or Escape leaves."""

    def __init__(self, room: Room) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self._room = room
        self._picture: Picture | None = None
        self._names: dict[str, str] = {}
        self._reading = False
        self._again = False
        self._board = BoardModel()
        self.setWindowTitle("Standdown wall")
        self.setAccessibleName("Wall display")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumSize(QSize(960, 540).boundedTo(room_on_screen(self)))
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._second)
        self._tick.start()
        room.bridge.on(NOW, self._now, self)
        room.bridge.on(SHELL, self._shell, self)
        room.bridge.on(LOOKS, self._looks, self)
        room.look.changed.connect(self.update)

    def show_on(self, window: QWidget) -> None:
        """Full screen, on a screen where `window` is not, if there is one."""
        here = screen_of(window)
        other = next((one for one in QGuiApplication.screens() if one is not here), here)
        self.setGeometry(other.geometry())
        self.showFullScreen()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """F11 and Escape leave; everything else does nothing."""
        if event.key() in (Qt.Key.Key_F11, Qt.Key.Key_Escape):
            self.close()

    # -- news ----------------------------------------------------------------------------------------------------------

    def _now(self, now: Now) -> None:
        self._board.take_corrections(now.everything, self._room.desk.session.clock.wall_ms())
        self._read()

    def _shell(self, _shell: Shell) -> None:
        self._read()

    def _looks(self, looks: Looks) -> None:
        self._board.take_looks(looks, self._room.desk.session.clock.wall_ms())
        self.update()

    def _second(self) -> None:
        self._board.tick(self._room.desk.session.clock.wall_ms())
        self.update()

    def _read(self) -> None:
        """One picture at a time, on the lane that reads."""
        inc = self._room.desk.inc
        if inc is None:
            self._picture = None
            if self._room.desk.outlet.latest(SHELL) is not None:  # before that nothing is known to be unchosen
                self.setAccessibleDescription("No incident is chosen.")
            self.update()
            return
        if self._reading:
            self._again = True
            return
        self._reading, self._again = True, False
        self._room.bridge.when_done(
            self._room.desk.do(lambda session: read_picture(session, inc), "look"), self._take, self._lost, self
        )

    def _take(self, found: tuple[Picture, dict[str, str]]) -> None:
        self._reading = False
        self._picture, self._names = found
        told = self._view()
        if told is not None:
            self.setAccessibleDescription(f"{told.title}. {told.containment} {told.commander} commands.")
        self.update()
        if self._again:
            self._read()

    def _lost(self, fault: BaseException) -> None:
        self._reading = False
        self._room.doer.troubled.emit(self._room.doer.trouble_of(fault))

    def _view(self) -> WallView | None:
        if self._picture is None:
            return None
        return wall_view(self._picture, self._names, self._room.desk.session.clock.wall_ms())

    # -- painting ------------------------------------------------------------------------------------------------------

    def _px(self, size: float) -> int:
        return max(9, round(size * min(self.height() / _BASE_HEIGHT, self.width() / 1920)))

    def _font(self, size: float, weight: Weight = "regular") -> QFont:
        return font(self._px(size), weight)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802  Qt's signature
        """Everything anew; once a second is little."""
        painter = QPainter(self)
        theme = self._room.look.theme
        painter.fillRect(self.rect(), theme.colour("ground"))
        told, edge = self._view(), self._px(36)
        box = self.rect().adjusted(edge, edge // 2, -edge, -edge // 2)
        if told is None:
            painter.setFont(self._font(44, "medium"))
            painter.setPen(theme.colour("text-muted"))
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), self._instead())
            self._paint_marks(painter, box, self._drill())
        else:
            top = self._paint_marks(painter, box, told.marks)
            top = self._paint_head(painter, QRect(box.left(), top, box.width(), 0), told)
            left = QRect(box.left(), top, round(box.width() * 0.56), box.bottom() - top)
            right = QRect(left.right() + edge, top, box.right() - left.right() - edge, left.height())
            owed = self._paint_owed(painter, left, told)
            self._paint_corrections(painter, left.adjusted(0, 0, 0, -owed), told)
            self._paint_right(painter, right, told)
        painter.end()

    def _instead(self) -> str:
        """What is said where no incident is shown: nothing is known to be chosen before the record was read."""
        room = self._room
        chosen = room.desk.inc is not None or room.desk.outlet.latest(SHELL) is None
        return "Reading the record ..." if chosen else "No incident is chosen"

    def _drill(self) -> tuple[str, ...]:
        from console.services.picture import DRILL  # noqa: PLC0415  a window that starts paints no wall

        return (DRILL,) if self._room.desk.session.settings.world == "drill" else ()

    def _paint_marks(self, painter: QPainter, box: QRect, marks: Sequence[str]) -> int:
        theme, top = self._room.look.theme, box.top()
        for mark in marks:
            drill = mark.startswith("DRILL")
            high = self._px(52)
            bar = QRect(box.left(), top, box.width(), high)
            painter.fillRect(bar, theme.colour("drill" if drill else "provisional"))
            painter.setFont(self._font(30, "semibold"))
            painter.setPen(theme.colour("on-drill" if drill else "on-provisional"))
            painter.drawText(bar.adjusted(self._px(16), 0, 0, 0), _LEFT, mark)
            top += high + self._px(10)
        return top

    def _paint_head(self, painter: QPainter, box: QRect, told: WallView) -> int:
        theme = self._room.look.theme
        mark = SEVERITIES[f"SEV-{told.severity}"]
        high, side = self._px(96), self._px(60)
        painter.setFont(self._font(30))
        painter.setPen(theme.colour("text-muted"))
        right = QRect(box.right() - self._px(420), box.top(), self._px(420), self._px(44))
        painter.drawText(right, _RIGHT, told.clock)
        age = as_of(self._room.desk.session.clock.wall_ms(), self._picture.now_ms) if self._picture is not None else ""
        painter.drawText(QRect(box.left(), box.top(), box.width() // 2, self._px(44)), _LEFT,
                         f"{told.label}   {told.phase}   {age}")  # fmt: skip
        row = QRect(box.left(), box.top() + self._px(48), box.width(), high)
        paint_shape(painter, QRectF(row.left(), row.center().y() - side / 2, side, side), mark.shape,
                    theme.colour(mark.tone))  # fmt: skip
        painter.setFont(self._font(64, "semibold"))
        painter.setPen(theme.colour(mark.tone))
        word = painter.fontMetrics().horizontalAdvance(mark.word)
        painter.drawText(row.adjusted(side + self._px(16), 0, 0, 0), _LEFT, mark.word)
        painter.setPen(theme.colour("text"))
        timer_width = painter.fontMetrics().horizontalAdvance(told.elapsed) + self._px(20)
        painter.drawText(row, _RIGHT, told.elapsed)
        title = row.adjusted(side + word + self._px(48), 0, -timer_width, 0)
        shown = painter.fontMetrics().elidedText(told.title, Qt.TextElideMode.ElideRight, title.width())
        painter.drawText(title, _LEFT, shown)
        top = row.bottom() + self._px(8)
        painter.setFont(self._font(36, "medium"))
        painter.setPen(theme.colour(told.tone))
        high = painter.boundingRect(
            QRect(box.left(), top, box.width() - self._px(24), 4000), _WRAP, told.containment
        ).height()
        painter.fillRect(QRect(box.left(), top, self._px(8), high), theme.colour(told.tone))
        painter.drawText(
            QRect(box.left() + self._px(24), top, box.width() - self._px(24), high), _WRAP, told.containment
        )
        return top + high + self._px(24)

    def _heading(self, painter: QPainter, box: QRect, top: int, text: str) -> int:
        theme = self._room.look.theme
        painter.setFont(self._font(26, "semibold"))
        painter.setPen(theme.colour("text-muted"))
        high = self._px(40)
        painter.drawText(QRect(box.left(), top, box.width(), high), _LEFT, text)
        painter.fillRect(QRect(box.left(), top + high, box.width(), 1), theme.colour("line"))
        return top + high + self._px(10)

    def _paint_corrections(self, painter: QPainter, box: QRect, told: WallView) -> None:
        top = self._heading(painter, box, box.top(), "Corrections")
        if not told.lines:
            painter.setFont(self._font(32))
            painter.setPen(self._room.look.theme.colour("text-muted"))
            painter.drawText(QRect(box.left(), top, box.width(), self._px(60)), _LEFT, "None has been proposed")
            return
        high = self._px(96)
        room = max(1, (box.bottom() - top) // high)
        shown = told.lines if len(told.lines) <= room else told.lines[: room - 1]
        for line in shown:
            self._paint_line(painter, QRect(box.left(), top, box.width(), high), line)
            top += high
        if len(shown) < len(told.lines):
            painter.setFont(self._font(30))
            painter.setPen(self._room.look.theme.colour("text-muted"))
            painter.drawText(
                QRect(box.left(), top, box.width(), high), _LEFT, f"and {len(told.lines) - len(shown)} more"
            )

    def _paint_owed(self, painter: QPainter, box: QRect, told: WallView) -> int:
        """The reporting clocks at the foot, the most pressing first; how high that is, nothing where none runs."""
        if not told.owed:
            return 0
        theme, high, side = self._room.look.theme, self._px(54), self._px(30)
        shown = told.owed[:_OWED_SHOWN]
        whole = self._px(60) + high * len(shown)
        top = self._heading(painter, box, box.bottom() - whole, "Reporting clocks")
        for one in shown:
            line, mark = QRect(box.left(), top, box.width(), high), CLOCKS[one.state]
            tone = theme.colour(mark.tone)
            paint_shape(painter, QRectF(line.left(), line.center().y() - side / 2, side, side), mark.shape, tone)
            painter.setFont(self._font(32, "medium"))
            painter.setPen(tone)
            right = one.left if one.state in ("running", "missed") else f"{mark.word}, {one.left}"
            width = painter.fontMetrics().horizontalAdvance(right)
            painter.drawText(line, _RIGHT, right)
            painter.setPen(theme.colour("text"))
            rest = line.adjusted(side + self._px(14), 0, -width - self._px(20), 0)
            painter.drawText(
                rest, _LEFT, painter.fontMetrics().elidedText(one.text, Qt.TextElideMode.ElideRight, rest.width())
            )
            top += high
        return whole + self._px(12)

    def _paint_line(self, painter: QPainter, box: QRect, line: WallLine) -> None:
        theme, mark, side = self._room.look.theme, STATES[line.state], self._px(34)
        tone = theme.colour(mark.tone)
        painter.setFont(self._font(34, "medium"))
        state = QFontMetrics(painter.font()).horizontalAdvance(mark.word)
        right = QRect(box.right() - state, box.top(), state, box.height() // 2)
        painter.setPen(tone)
        painter.drawText(right, _RIGHT, mark.word)
        paint_shape(
            painter, QRectF(right.left() - side - 8, right.center().y() - side / 2, side, side), mark.shape, tone
        )
        painter.setFont(self._font(34))
        painter.setPen(theme.colour("text"))
        left = QRect(box.left(), box.top(), box.width() - state - side - self._px(40), box.height() // 2)
        painter.drawText(
            left, _LEFT, painter.fontMetrics().elidedText(line.text, Qt.TextElideMode.ElideMiddle, left.width())
        )
        painter.setFont(self._font(26))
        painter.setPen(theme.colour("text-muted"))
        below = QRect(box.left(), box.top() + box.height() // 2, box.width(), box.height() // 2 - self._px(2))
        painter.drawText(
            below, _LEFT, painter.fontMetrics().elidedText(line.why, Qt.TextElideMode.ElideRight, below.width())
        )

    def _paint_right(self, painter: QPainter, box: QRect, told: WallView) -> None:
        theme = self._room.look.theme
        top = self._heading(painter, box, box.top(), "Where it is offered")
        most = max(round(box.height() * _LEAST_OFFERED), box.bottom() - top - self._beneath(painter, box, told))
        top = self._paint_surfaces(painter, QRect(box.left(), top, box.width(), most))
        top = self._heading(painter, box, top + self._px(8), "Last decisions")
        painter.setFont(self._font(30))
        for text in told.decisions or ("None is recorded",):
            painter.setPen(theme.colour("text" if told.decisions else "text-muted"))
            room = QRect(box.left(), top, box.width(), self._px(80))
            high = min(room.height(), painter.boundingRect(room, _WRAP, text).height())
            painter.save()
            painter.setClipRect(QRect(room.left(), room.top(), room.width(), high))
            painter.drawText(room, _WRAP, text)
            painter.restore()
            top += high + self._px(8)
        top = self._heading(painter, box, top + self._px(8), "Command")
        painter.setFont(self._font(34, "medium"))
        painter.setPen(theme.colour("text"))
        painter.drawText(QRect(box.left(), top, box.width(), self._px(44)), _LEFT, told.commander)
        painter.setFont(self._font(26))
        painter.setPen(theme.colour("text-muted"))
        rest = "   ".join(part for part in (told.roles, told.update) if part)
        painter.drawText(QRect(box.left(), top + self._px(46), box.width(), self._px(80)), _WRAP, rest)

    def _beneath(self, painter: QPainter, box: QRect, told: WallView) -> int:
        """How high decisions and command are, so that surfaces have all the rest."""
        painter.setFont(self._font(30))
        room = QRect(box.left(), 0, box.width(), self._px(80))
        high = [painter.boundingRect(room, _WRAP, text).height() for text in told.decisions or ("None is recorded",)]
        decisions = sum(min(room.height(), one) + self._px(8) for one in high)
        return decisions + 2 * self._px(60) + self._px(46) + (self._px(80) if told.roles or told.update else 0)

    def _paint_surfaces(self, painter: QPainter, box: QRect) -> int:
        """The worst first; a cell is painted as on the board, larger."""
        cells = sorted(self._board.board.cells.values(), key=_worst)
        if not cells:
            painter.setFont(self._font(30))
            painter.setPen(self._room.look.theme.colour("text-muted"))
            painter.drawText(QRect(box.left(), box.top(), box.width(), self._px(44)), _LEFT, "Nothing was heard yet")
            return box.top() + self._px(52)
        theme, high = self._room.look.theme, self._px(92)
        room = max(1, box.height() // high)
        shown = cells if len(cells) <= room else cells[: room - 1]
        top = box.top()
        for cell in shown:
            self._paint_surface(painter, QRect(box.left(), top, box.width(), high), cell)
            top += high
        if len(shown) < len(cells):
            painter.setFont(self._font(26))
            painter.setPen(theme.colour("text-muted"))
            painter.drawText(
                QRect(box.left(), top, box.width(), self._px(40)), _LEFT, f"and {len(cells) - len(shown)} more"
            )
            top += self._px(40)
        return top

    def _paint_surface(self, painter: QPainter, box: QRect, cell: Cell) -> None:
        theme, side = self._room.look.theme, self._px(34)
        sign = cell.sign
        tone = theme.colour("changed" if cell.drifted or cell.doubt else "quiet" if cell.stale else sign.tone)
        half = box.height() // 2
        painter.setFont(self._font(32, "medium"))
        state, _, before = cell.word.partition(", ")  # "unreachable, was serving" would leave no room for the place
        word = painter.fontMetrics().elidedText(state, Qt.TextElideMode.ElideRight, box.width() // 2)
        width = painter.fontMetrics().horizontalAdvance(word)
        painter.setPen(tone)
        painter.drawText(QRect(box.right() - width, box.top(), width + 1, half), _RIGHT, word)
        paint_shape(
            painter, QRectF(box.right() - width - side - 8, box.top() + (half - side) / 2, side, side), sign.shape, tone
        )
        painter.setFont(self._font(32))
        painter.setPen(theme.colour("text"))
        left = QRect(box.left(), box.top(), box.width() - width - side - self._px(40), half)
        told = f"{cell.model}  {cell.provider}"
        painter.drawText(left, _LEFT, painter.fontMetrics().elidedText(told, Qt.TextElideMode.ElideRight, left.width()))
        painter.setFont(self._font(24))
        painter.setPen(theme.colour("changed" if cell.drifted or cell.doubt else "text-muted"))
        now = self._board.board.now_ms
        age = "never read" if cell.read_ms is None else f"read {ago(now, cell.read_ms)}"
        what = cell.doubt or ", ".join(f"{STATES[one.state].word}: {one.what}" for one in cell.recorded)
        below = QRect(box.left(), box.top() + half, box.width(), half - self._px(2))
        text = "   ".join(part for part in (before, age if not cell.by_hand else "", what) if part)
        painter.drawText(
            below, _LEFT, painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, below.width())
        )


def _worst(cell: Cell) -> tuple[bool, int, str, str]:
    rank = _WORST.index(cell.state) if cell.state in _WORST else len(_WORST)
    return not (cell.drifted or bool(cell.doubt)), rank, cell.model, cell.provider
