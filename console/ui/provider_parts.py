"""What an adapter can do and what a trial found, as the dialogs about providers show it: never by colour alone."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from console.ui.parts import column
from console.ui.theme import Look
from console.ui.tokens import Mark
from console.ui.widgets import IconMark, StateMark, Text
from console.viewmodels.provider_cards import AdapterCard, ReportView

VERDICTS: Final = {
    "allowed": Mark("can be planned, and it allows the writes", "ring", "known"),
    "can-plan": Mark("can be planned, unproven", "ring", "claimed"),
    "cannot": Mark("cannot", "no-entry", "alarm"),
    "not-tried": Mark("not tried", "question", "unknown"),
}
_SHOWN: Final = 12


class AbilityList(QWidget):
    """The five categories: what can be done, and why not where it cannot."""

    def __init__(self, look: Look, card: AdapterCard) -> None:
        super().__init__()
        unit = look.theme.space("unit")
        lines = column(self, unit)
        for one in card.abilities:
            line = QWidget()
            grid = QGridLayout(line)
            grid.setContentsMargins(0, 0, 0, 0)
            grid.setHorizontalSpacing(unit)
            grid.setVerticalSpacing(2)
            grid.setColumnStretch(1, 1)
            icon, tone = ("check", "good") if one.can else ("minus", "text-muted")
            grid.addWidget(IconMark(look, icon, tone), 0, 0)
            title = one.title if one.can else f"{one.title}: no"
            grid.addWidget(Text(look, title, weight="medium", tone="text" if one.can else "text-muted"), 0, 1)
            for at, told in enumerate(one.can or (one.why_not,), start=1):
                grid.addWidget(Text(look, told, size="small", tone="text-muted", wrap=True), at, 1)
            lines.addWidget(line)
        for note in card.notes:
            lines.addWidget(Text(look, note, size="small", tone="text-muted", wrap=True))
        lines.addStretch(1)
        told = "; ".join(f"{one.title}: {', '.join(one.can) or one.why_not}" for one in card.abilities)
        self.setAccessibleName(f"{card.title}. {told}")


class ReportPanel(QWidget):
    """What a trial found, one block below the other; empty until there is one."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._lines: QVBoxLayout = column(self, look.theme.space("unit"))

    def show_report(self, view: ReportView) -> None:
        """Show this one instead of what was there."""
        self.clear()
        self._add(Text(self._look, view.headline, weight="medium", tone="text" if view.good else "alarm", wrap=True))
        for warning in view.warnings:
            self._add(Text(self._look, f"Mind: {warning}", tone="changed", wrap=True))
        self._block("", view.facts)
        if view.good:
            self._block("Surfaces found", view.surfaces or ("None.",))
        if view.levers:
            self._add(self._title("What this credential can restrict"))
            if view.asked:
                self._add(Text(self._look, view.asked, size="small", wrap=True))
            for one in view.levers:
                self._add(StateMark(self._look, one.verdict, table=VERDICTS))
                self._add(Text(self._look, one.title, wrap=True))
                self._add(Text(self._look, one.detail, size="small", tone="text-muted", wrap=True))
        self._block("Not possible there", view.impossible)
        self._lines.addStretch(1)
        self.setAccessibleName(view.headline)

    def say(self, sentence: str) -> None:
        """Show a sentence instead of a report."""
        self.clear()
        self._add(Text(self._look, sentence, tone="text-muted", wrap=True))
        self._lines.addStretch(1)

    def clear(self) -> None:
        """Show nothing."""
        while (item := self._lines.takeAt(0)) is not None:
            if (gone := item.widget()) is not None:
                gone.hide()
                gone.deleteLater()

    def _block(self, title: str, told: tuple[str, ...]) -> None:
        if title and told:
            self._add(self._title(title))
        for one in told[:_SHOWN]:
            self._add(Text(self._look, one, size="small", wrap=True))
        if len(told) > _SHOWN:
            self._add(Text(self._look, f"and {len(told) - _SHOWN} more", size="small", tone="text-muted"))

    def _title(self, text: str) -> Text:
        return Text(self._look, text, size="small", weight="semibold", tone="text-muted")

    def _add(self, part: QWidget) -> None:
        self._lines.addWidget(part)
