"""What the composer asks besides targets: what becomes of work in flight, what answers instead, which agreement.

It shows a composition and tells what a person changed; how the fallback is now comes from what the engine saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QWidget

from console.providers.wishes import FINISH, RUNNING, STOP
from console.services.live_values import Looks
from console.ui.parts import column, row
from console.ui.proposal_rows import Change
from console.ui.room import Room
from console.ui.sheets import Labelled
from console.ui.widgets import Text
from console.viewmodels.composing import Composition
from console.viewmodels.ground import Ground
from console.viewmodels.instead import Offer, fallbacks, standby, terms, worries

_RUNNING: Final = (Offer(FINISH, "Let it finish"), Offer(STOP, "Stop it, where that can be done"))
_NARROW: Final = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon


class Besides(QWidget):
    """Three choices in a column, each with what is to be weighed under it."""

    def __init__(self, room: Room, change: Change) -> None:
        super().__init__()
        self._change = change
        self._ground: Ground | None = None
        self._made: Composition | None = None
        self._filling = False
        self.running, self.fallback, self.terms = (_choice() for _ in range(3))
        self.running.currentIndexChanged.connect(self._ran)
        self.fallback.currentIndexChanged.connect(self._instead)
        self.terms.currentIndexChanged.connect(self._allowed)
        self._up = Text(room.look, size="small", tone="text-muted", wrap=True)
        self._owed = Text(room.look, size="small", tone="waiting", wrap=True)
        unit = room.look.theme.space("unit")
        lines = column(self, unit)
        self._running = Labelled(room, "What runs there already (Alt+B)", self.running)
        lines.addWidget(self._running)
        both = QWidget()
        beside = row(both, unit)
        for title, box, told in (
            ("What answers in its place", self.fallback, self._up),
            ("The agreement that allows it", self.terms, self._owed),
        ):
            part = QWidget()
            inner = column(part, 2)
            inner.addWidget(Labelled(room, title, box))
            inner.addWidget(told)
            inner.addStretch(1)
            beside.addWidget(part, 1)
        lines.addWidget(both)

    def take_focus(self) -> None:
        """To the first of the choices that is shown."""
        first = self.running if self._running.isVisibleTo(self) else self.fallback
        first.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def in_order(self) -> list[QWidget]:
        """What takes the focus, in reading order."""
        return [self.running, self.fallback, self.terms]

    def put(self, ground: Ground, made: Composition, looks: Looks | None, now_ms: int) -> None:
        """Show this."""
        self._ground, self._made, self._filling = ground, made, True
        draft = made.draft
        self._running.setVisible(made.asks_running(ground))
        _offer(self.running, _RUNNING, made.common.get(RUNNING) or FINISH)
        _offer(self.fallback, fallbacks(ground, draft.model), made.fallback)
        _offer(self.terms, terms(ground.agreements, draft.category, draft.model), " ".join(made.agreements))
        owed = worries(ground.agreements, made.agreements, draft.category, ground.goes_within_ms)
        self._owed.setText(" ".join(owed))
        self._owed.setVisible(bool(owed))
        self._filling = False
        self.see(looks, now_ms)

    def see(self, looks: Looks | None, now_ms: int) -> None:
        """How the fallback is by now."""
        if self._ground is None or self._made is None:
            return
        seen = standby(looks, self._ground, self._made.fallback, now_ms, self._made.draft.model)
        self._up.setVisible(seen is not None)
        if seen is not None:
            self._up.setText(seen.words)
            self._up.set_tone("text-muted" if seen.is_up else "alarm")
            self.fallback.setAccessibleDescription(seen.words)

    def _ran(self, _at: int) -> None:
        kept = str(self.running.currentData() or FINISH)
        if not self._filling:
            self._change(lambda now: now.set(RUNNING, "" if kept == FINISH else kept))

    def _instead(self, _at: int) -> None:
        kept = str(self.fallback.currentData() or "")
        if not self._filling:
            self._change(lambda now: now.instead(kept))

    def _allowed(self, _at: int) -> None:
        kept = tuple(str(self.terms.currentData() or "").split())
        if not self._filling:
            self._change(lambda now: now.allowed_by(kept))


def _choice() -> QComboBox:
    box = QComboBox()
    box.setSizeAdjustPolicy(_NARROW)
    box.setMinimumContentsLength(12)
    return box


def _offer(box: QComboBox, offers: Sequence[Offer], chosen: str) -> None:
    """These, and this one chosen; made anew only where they are others."""
    if [(box.itemData(at), box.itemText(at)) for at in range(box.count())] != [(one.key, one.words) for one in offers]:
        box.clear()
        for one in offers:
            box.addItem(one.words, one.key)
    box.setCurrentIndex(max(box.findData(chosen), 0))


__all__ = ["Besides"]
