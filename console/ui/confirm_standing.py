"""The right side of the confirmation: how much it weighs, who else, until when, and the words to be read to each other.

It shows what the view says; of all this only the times change from second to second, and they change in place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from console.ui.parts import column
from console.ui.theme import Look
from console.ui.tokens import GRAVITIES, STATES
from console.ui.widgets import StateMark, Text
from console.viewmodels.approval import ApprovalView
from console.viewmodels.approval_standing import SignerView, WhoElse, WindowView

SELECTABLE: Final = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
_IN_A_ROW: Final = 2
_HEX_LINE: Final = 32


class Standing(QWidget):
    """Made anew where more than the times changed."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._shown: ApprovalView | None = None
        self._left: list[Text] = []
        self._lines = column(self, look.theme.space("unit") + 4)

    def put(self, view: ApprovalView) -> None:
        """Show this view."""
        kept = replace(view, until=tuple(replace(one, left="") for one in view.until), targets=(), readings=())
        if kept != self._shown:
            self._shown = kept
            self._make(view)
        self.tick(view.until)

    def tick(self, until: Sequence[WindowView]) -> None:
        """Say what is left of each limit."""
        for label, one in zip(self._left, until, strict=False):
            if label.text() != one.left:
                label.setText(one.left)
                label.setAccessibleName(f"{one.word}: {one.left}")
            label.set_tone("alarm" if one.left.startswith("passed") else "text")

    def _make(self, view: ApprovalView) -> None:
        while (item := self._lines.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        look = self._look
        if view.gravity:
            holder = QWidget()
            lines = column(holder, 2)
            lines.addWidget(StateMark(look, view.gravity, table=GRAVITIES, size="title"))
            lines.addWidget(Text(look, view.gravity_why, size="small", tone="text-muted", wrap=True))
            self._lines.addWidget(holder)
        if view.who is not None:
            self._lines.addWidget(_who(look, view.who))
        self._left = []
        if view.until:
            self._lines.addWidget(self._until(view.until))
        self._lines.addWidget(_words(look, view))
        self._lines.addStretch(1)

    def _until(self, until: Sequence[WindowView]) -> QWidget:
        """One limit a row: what it is for and when, and what is left of it."""
        look, holder = self._look, QWidget()
        lines = column(holder, 2)
        lines.addWidget(_title(look, "Until when"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(look.theme.space("unit"))
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        top = Qt.AlignmentFlag.AlignTop
        for at, one in enumerate(until):
            left = Text(look, one.left, weight="medium" if at == 0 else "regular")
            left.setAccessibleName(f"{one.word}: {one.left}")
            self._left.append(left)
            told = Text(look, f"{one.word} {one.when}", size="small", tone="text-muted", wrap=True)
            grid.addWidget(told, at, 0, top)
            grid.addWidget(left, at, 1, top | Qt.AlignmentFlag.AlignRight)
        lines.addLayout(grid)
        return holder


def _title(look: Look, text: str) -> Text:
    return Text(look, text, size="small", weight="semibold", tone="text-muted")


def _who(look: Look, who: WhoElse) -> QWidget:
    holder = QWidget()
    lines = column(holder, 3)
    lines.addWidget(_title(look, "Who else"))
    lines.addWidget(Text(look, f"Proposed by {who.proposer}", wrap=True))
    for one in who.signed:
        lines.addWidget(StateMark(look, _decided(one), one.name, table=STATES))
        where = f"{one.when}, {one.where}" + ("" if one.counts else f". Does not count: {one.why_not}")
        lines.addWidget(Text(look, where, size="small", tone="text-muted", wrap=True))
    for text in who.missing:
        lines.addWidget(Text(look, text, tone="waiting", wrap=True))
    if who.met:
        lines.addWidget(Text(look, "Its signatures are complete.", tone="good", wrap=True))
    if who.can_sign:
        lines.addWidget(Text(look, f"Can sign now: {', '.join(who.can_sign)}", wrap=True))
    for name, why in () if who.met else who.cannot:
        lines.addWidget(Text(look, f"{name} cannot: {why}", size="small", tone="text-muted", wrap=True))
    return holder


def _decided(one: SignerView) -> str:
    if one.decision == "refuse":
        return "refused"
    return "approved" if one.counts else "stale"


def _words(look: Look, view: ApprovalView) -> QWidget:
    """The digest in words large enough to be read over a telephone, two in a row and numbered; below it its digits."""
    holder = QWidget()
    lines = column(holder, look.theme.space("half"))
    lines.addWidget(_title(look, "Read these words to each other"))
    table = QWidget()
    grid = QGridLayout(table)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(look.theme.space("unit"))
    grid.setVerticalSpacing(2)
    for at, word in enumerate(view.digest_words):
        label = Text(look, word, size="title", mono=True)
        label.setTextInteractionFlags(SELECTABLE)
        grid.addWidget(label, at // _IN_A_ROW, at % _IN_A_ROW)
    for at in range(_IN_A_ROW):
        grid.setColumnStretch(at, 1)
    table.setAccessibleName(f"Digest in words: {' '.join(view.digest_words)}")
    digits = Text(look, _broken(view.sha), mono=True, size="small", tone="text-muted")
    digits.setAccessibleName(f"SHA-256: {view.sha}")
    digits.setTextInteractionFlags(SELECTABLE)
    lines.addWidget(table)
    lines.addWidget(digits)
    return holder


def _broken(sha: str) -> str:
    return "\n".join(sha[at : at + _HEX_LINE] for at in range(0, len(sha), _HEX_LINE))
