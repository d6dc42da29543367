"""The targets of a document, every one at its place; the card of one is laid out when it comes into sight.

A place that has no card yet says its target whole to a screen reader, and takes the focus for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QFocusEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from console.ui.confirm_card import TargetCard, spoken
from console.ui.theme import Look
from console.viewmodels.approval import TargetView

_AT_FIRST: Final = 8  # cards made at once, seen or not: most documents have no more
_GUESS_PX: Final = 240  # a card's height before one is known
_SLICE_S: Final = 0.008


class Targets(QWidget):
    """As high as all its cards will be. `settled` tells that `whole` became true, `moved` by how much the seen moved.

    Where a screen reader listens, every card is made, a few at a time: it reads what is not in sight, too.
    """

    settled = Signal()
    moved = Signal(int)

    def __init__(self, look: Look, views: Sequence[TargetView], opened: set[int], spacing: int) -> None:
        super().__init__()
        self._spacing = spacing
        self._top = 0
        self._guess = _GUESS_PX
        self._places = [_Place(look, one, opened, self._put, self) for one in views]
        self._rest = QTimer(self)
        self._rest.setInterval(0)
        self._rest.timeout.connect(self._make_some)
        for place in self._places[:_AT_FIRST]:
            place.make()
        if not self.whole:
            self._rest.start()

    @property
    def whole(self) -> bool:
        """Whether all of it can be read: each has its place and its sentence, and its card where anybody listens."""
        return not QAccessible.isActive() or all(place.card is not None for place in self._places)

    @property
    def cards(self) -> list[TargetCard]:
        """Those that are made, in order."""
        return [place.card for place in self._places if place.card is not None]

    def order(self, before: QWidget) -> None:
        """By Tab from there from target to target. It has to be in its window by then."""
        for place in self._places:
            QWidget.setTabOrder(before, place.last)
            before = place.last

    def read(self, views: Sequence[TargetView]) -> None:
        """The same targets with other readings."""
        for place, one in zip(self._places, views, strict=True):
            place.read(one)
        if not self.whole:  # a screen reader may have come since
            self._rest.start()

    def turn_all(self, opened: set[int]) -> None:
        """Show every exact request, or hide them all; a card that is made later is as its neighbours are."""
        numbers = {place.number for place in self._places}
        wanted = not numbers <= opened
        for place in self._places:
            if (place.number in opened) != wanted:
                place.turn(opened)

    def look_at(self, top: int, bottom: int) -> None:
        """What lies between these two lines of it is seen: its cards are made before anybody does."""
        self._top = top
        for place in self._seen(top, bottom):
            if place.card is None:
                place.make()
                self._put()

    def _seen(self, top: int, bottom: int) -> Iterator[_Place]:
        """One after the other, as they lie by then: a card that is made moves those below."""
        for place in self._places:
            if place.y() > bottom:
                return
            if place.y() + place.height() >= top:
                yield place

    def _make_some(self) -> None:
        until = time.perf_counter() + _SLICE_S
        for place in self._places:
            if place.card is None:
                place.make()
                if time.perf_counter() > until:
                    break
        self._put()
        if self.whole:
            self._rest.stop()
            self.settled.emit()

    # -- places --------------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """Another width: every card is as high as it is then."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._put()

    def _put(self) -> None:
        """Lay every place where it belongs, and be as high as they are together."""
        width = self.width()
        made = next((place for place in reversed(self._places) if place.card is not None), None)
        if made is not None:
            self._guess = made.wanted(width, self._guess)
        y = above = 0
        for place in self._places:
            line = place.y() if place.fresh else place.y() + place.height()
            height = place.wanted(width, self._guess)
            if line < self._top:
                above += height - place.height()
            if (place.y(), place.width(), place.height()) != (y, width, height):
                place.setGeometry(0, y, width, height)
            y += height + self._spacing
        whole = max(0, y - self._spacing)
        if whole != self.minimumHeight():
            self.setFixedHeight(whole)
        if above and self._top > 0:
            self.moved.emit(above)


class _Place(QWidget):
    """Where one target stands. `changed` is called when its card wants another height."""

    def __init__(
        self, look: Look, one: TargetView, opened: set[int], changed: Callable[[], None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._look, self._one, self._opened, self._changed = look, one, opened, changed
        self.card: TargetCard | None = None
        self._measured = (0, 0)  # at this width it is so high
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(spoken(one))

    @property
    def number(self) -> int:
        """The target's number."""
        return self._one.number

    @property
    def last(self) -> QWidget:
        """What takes the focus here."""
        return self if self.card is None else self.card.last

    @property
    def fresh(self) -> bool:
        """Whether nobody knows yet how high it is: it lies above what is seen if it begins above."""
        return self._measured[0] == 0

    def make(self) -> None:
        """Lay it out."""
        self.card = TargetCard(self._look, self._one, self._opened)
        self.card.setParent(self)
        self.card.resize(self.size())
        self.card.show()
        self.setAccessibleName("")
        QWidget.setTabOrder(self, self.card.last)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def read(self, one: TargetView) -> None:
        """The same target with another reading."""
        self._one = one
        if self.card is None:
            self.setAccessibleName(spoken(one))
        else:
            self.card.read(one)

    def turn(self, opened: set[int]) -> None:
        """Show its exact requests, or hide them."""
        if self.card is None:
            opened ^= {self.number}
        else:
            self.card.turn()

    def wanted(self, width: int, guess: int) -> int:
        """How high it is at this width."""
        if self.card is None:
            return guess
        if self._measured[0] != width:
            self._measured = (width, self._high(self.card, width))
        return self._measured[1]

    def _high(self, card: TargetCard, width: int) -> int:
        return card.heightForWidth(width) if card.hasHeightForWidth() else card.sizeHint().height()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """The card fills it."""
        super().resizeEvent(event)
        if self.card is not None:
            self.card.resize(event.size())

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802  Qt's name
        """Whoever comes here by Tab comes to the card."""
        super().focusInEvent(event)
        if self.card is None:
            self.make()
            self._changed()
        self.last.setFocus(event.reason())

    def event(self, event: QEvent) -> bool:
        """The card changed in itself: it may want another height."""
        if event.type() == QEvent.Type.LayoutRequest and self.card is not None:
            before, width = self._measured, self.width()
            self._measured = (width, self._high(self.card, width))
            if self._measured != before:
                self._changed()
        return super().event(event)
