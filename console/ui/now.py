"""What stands now, at the right: what needs you, then corrections pending, queued, in force and over, as cards.

It shows cards and gives their commands; it decides nothing and signs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from console.ui.parts import column, panel_title
from console.ui.room import Room
from console.ui.widgets import EmptyState, FlowRow, StateMark, Text, Words, plain_tooltip
from console.viewmodels.cards import Card, CardLine, card_of, need_card
from console.viewmodels.commands import Command, Commands
from console.viewmodels.shell import NOW, Now

_OVER_SHOWN = 20


class NowPanel(QWidget):
    """Sections of cards; each goes on telling its times once a second while it is seen."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        self._now: Now | None = None
        self.setMinimumWidth(300)
        content = QWidget()
        self._lines = column(content, 0, (0, 0, room.look.theme.space("unit"), room.look.theme.space("unit")))
        self._empty = EmptyState(
            room.look, "Nothing is restricted", "Corrections that are proposed, on their way or in force show here.",
            "Propose a correction", "ban",
        )  # fmt: skip
        self._empty.acted.connect(lambda: room.commands.give("correct"))
        self._empty.hide()  # nothing is known to be unrestricted before the record was read
        self._unread = Text(room.look, "Reading the record ...", tone="text-muted")
        unit = room.look.theme.space("unit")
        self._unread.setContentsMargins(2 * unit, 2 * unit, unit, unit)
        self._lines.addWidget(self._unread)
        self._lines.addWidget(self._empty)
        self._sections = {
            name: _Section(room, title)
            for name, title in (
                ("needs", "Needs you"), ("pending", "Pending: waits for signatures"),
                ("queued", "Queued and under way"),
                ("in force", "In force"), ("over", "Over"),
            )
        }  # fmt: skip
        for section in self._sections.values():
            self._lines.addWidget(section)
        self._lines.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setWidget(content)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self._scroll.setAccessibleName("Now: what needs you, and corrections")
        column(self).addWidget(self._scroll)
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._show)
        self._tick.start()
        room.bridge.on(NOW, self._take)

    def add_commands(self, commands: Commands) -> None:
        """Offer this panel's commands."""
        commands.add(Command(name="needs", title="What needs me", key="g y", group="Go", run=self._to_needs))

    def add_before_over(self, part: QWidget) -> None:
        """Give a part a place after the corrections that count now, before those that are over."""
        self._lines.insertWidget(self._lines.indexOf(self._sections["over"]), part)

    def _to_needs(self) -> None:
        first = self._sections["needs"].first() or self._sections["pending"].first()
        (first or self._scroll).setFocus()

    def _take(self, now: Now) -> None:
        self._now = now
        self._unread.hide()
        self._show()

    def _show(self) -> None:
        if self._now is None:
            return
        session = self._room.desk.session
        at = session.clock.wall_ms()
        self._sections["needs"].put([need_card(need, at) for need in self._now.needs])
        shown = 0
        for name in ("pending", "queued", "in force", "over"):
            found = self._now.group(name)
            shown += len(found) if name != "over" else 0
            cards = [card_of(one, session.name_of, at) for one in found[:_OVER_SHOWN]]
            self._sections[name].put(cards)
        self._empty.setVisible(shown == 0 and not self._now.needs)


class _Section(QWidget):
    """A title with a count, and its cards. Empty, it is not there."""

    def __init__(self, room: Room, title: str) -> None:
        super().__init__()
        self._room = room
        self._title = title
        self._cards: dict[str, _CardFrame] = {}
        self._heading = panel_title(room.look, title)
        unit = room.look.theme.space("unit")
        self._lines = column(self, unit // 2, (unit, 0, 0, 0))
        self._lines.addWidget(self._heading)
        self.hide()

    def put(self, cards: list[Card]) -> None:
        """Show these, in this order."""
        wanted = {card.key: card for card in cards}
        for key in [one for one in self._cards if one not in wanted]:
            gone = self._cards.pop(key)
            self._lines.removeWidget(gone)
            gone.deleteLater()
        for at, (key, card) in enumerate(wanted.items(), start=1):
            frame = self._cards.get(key)
            if frame is None:
                frame = self._cards[key] = _CardFrame(self._room)
            if self._lines.indexOf(frame) != at:
                self._lines.insertWidget(at, frame)
            frame.put(card)
        self._heading.setText(f"{self._title}  {len(wanted)}")
        self.setVisible(bool(wanted))

    def first(self) -> QWidget | None:
        """The first card, for the focus."""
        return next(iter(self._cards.values()), None)


class _CardFrame(QFrame):
    """One card. It takes the focus; Enter gives its first command, which never signs anything."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        self._card: Card | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        unit = room.look.theme.space("unit")
        self._mark = StateMark(room.look, "proposed", size="small")
        self._title = Words(room.look, weight="medium")
        self._count = Text(room.look, size="small", tone="text-muted", wrap=True)
        self._told = Text(room.look, size="small", tone="text-muted", wrap=True)
        self._targets = QVBoxLayout()
        self._targets.setSpacing(0)
        self._buttons = QWidget()
        self._row = FlowRow(self._buttons, unit)
        lines = column(self, 3, (unit + 2, unit, unit, unit))
        lines.addWidget(self._title)
        lines.addWidget(self._mark)
        for part in (self._count, self._told):
            lines.addWidget(part)
        lines.addLayout(self._targets)
        lines.addWidget(self._buttons)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        room.look.changed.connect(self.update)

    def put(self, card: Card) -> None:
        """Show this one; nothing is touched that has not changed."""
        before, self._card = self._card, card
        if card == before:
            return
        self._title.setText(card.title)
        self._mark.set_state(card.state)
        self._count.setText(card.count)
        self._count.setVisible(bool(card.count))
        self._told.setText("\n".join(card.told))
        self._told.setVisible(bool(card.told))
        self.setAccessibleName(card.sentence)
        if before is None or card.lines != before.lines:
            self._fill(card, before)
        if before is None or card.commands != before.commands:
            self._offer(card)
        self.update()

    def _fill(self, card: Card, before: Card | None) -> None:
        """Ages in the tooltips go on every second: the marks stay, for nothing may flicker because time passes."""
        wanted = card.lines if len(card.lines) > 1 else ()
        while self._targets.count() > len(wanted):
            item = self._targets.takeAt(self._targets.count() - 1)
            if item is not None and (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for at, line in enumerate(wanted):
            item = self._targets.itemAt(at)
            mark = None if item is None else item.widget()
            if not isinstance(mark, StateMark):
                mark = StateMark(self._room.look, line.state, size="small")
                self._targets.addWidget(mark)
                mark.set_state(line.state, f" {line.text}")
            elif before is None or not _same(line, before.lines[at : at + 1]):
                mark.set_state(line.state, f" {line.text}")
            mark.setToolTip(plain_tooltip(line.tip))

    def _offer(self, card: Card) -> None:
        while (item := self._row.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.deleteLater()
        for at, (command, word) in enumerate(card.commands):
            button = QPushButton(word)
            button.setAccessibleName(f"{word}: {card.title}")
            if at == 0 and card.alarm:
                button.setProperty("kind", "main")
            button.clicked.connect(lambda _checked=False, name=command: self._give(name))
            self._row.addWidget(button)

    def _give(self, command: str) -> None:
        if self._card is None:
            return
        if self._card.doc is not None:
            self._room.desk.point_at(self._card.doc, self._card.target)
        if self._card.inc is not None and self._card.inc != self._room.desk.inc:
            self._room.desk.choose(self._card.inc)
        why = self._room.commands.give(command)
        if why is not None:
            self.setToolTip(plain_tooltip(why))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Enter opens what the card is about."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._card is not None:
            self._give(self._card.commands[0][0])
            return
        super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """As Enter."""
        if self._card is not None:
            self._give(self._card.commands[0][0])
        super().mouseDoubleClickEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802  Qt's signature
        """A raised ground; the tone of what is urgent at its left; a ring where it has the focus."""
        theme = self._room.look.theme
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour("raised"))
        if self._card is not None and self._card.alarm:
            painter.fillRect(0, 0, 3, self.height(), theme.colour("alarm"))
        painter.setPen(theme.colour("focus" if self.hasFocus() else "line"))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        if self.hasFocus():
            painter.drawRect(self.rect().adjusted(1, 1, -2, -2))
        painter.end()


def _same(line: CardLine, before: Sequence[CardLine]) -> bool:
    return any((one.state, one.text) == (line.state, line.text) for one in before)
