"""A few words to choose one from, each with what it means; and the four severities so."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QRadioButton, QWidget

from console.ui.theme import Look
from console.ui.widgets import SeverityBadge, Text
from console.viewmodels.incident_words import SEVERITY_MEANS


class Choice(QWidget):
    """A few words to choose from, each with what it means. Arrows move; Alt and its number choose a severity."""

    changed = Signal()

    def __init__(
        self, look: Look, name: str, words: Mapping[str, str], means: Mapping[str, str], *, severities: bool = False
    ) -> None:
        super().__init__()
        self._buttons: dict[str, QRadioButton] = {}
        self._means: dict[str, Text] = {}
        self._words = dict(words)
        group = QButtonGroup(self)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(look.theme.space("wide"))
        grid.setVerticalSpacing(look.theme.space("half"))
        last = 2 if severities else 1
        grid.setColumnStretch(last, 1)
        for at, (value, word) in enumerate(words.items()):
            button = QRadioButton("" if severities else word)
            if severities:
                button.setShortcut(f"Alt+{value}")
            button.setAccessibleName(f"{word}: {means[value]}")
            button.toggled.connect(self._toggled)
            group.addButton(button)
            self._buttons[value] = button
            grid.addWidget(button, at, 0)
            if severities:
                grid.addWidget(SeverityBadge(look, f"SEV-{value}"), at, 1)
            self._means[value] = Text(look, means[value], tone="text-muted", wrap=True)
            grid.addWidget(self._means[value], at, last)
        self.setAccessibleName(name)
        self.setFocusProxy(next(iter(self._buttons.values())))

    def _toggled(self, on: bool) -> None:  # noqa: FBT001  Qt's signal
        if on:
            self.changed.emit()

    def value(self) -> str | None:
        """What is chosen, or None."""
        return next((value for value, button in self._buttons.items() if button.isChecked()), None)

    def mean(self, value: str, text: str) -> None:
        """Say of one word what it means by now."""
        self._means[value].setText(text)
        self._buttons[value].setAccessibleName(f"{self._words[value]}: {text}")

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """A click on the words of a line chooses it too."""
        at = event.position().y()
        for button in self._buttons.values():
            if button.geometry().top() <= at <= button.geometry().bottom():
                button.setChecked(True)
                button.setFocus()

    def choose(self, value: str) -> None:
        """Choose this one, where there is such a one; the focus comes to it first."""
        if value not in self._buttons:
            return
        self._buttons[value].setChecked(True)
        self.setFocusProxy(self._buttons[value])


def severity_choice(look: Look) -> Choice:
    """The four severities."""
    words = {str(one): f"SEV-{one}" for one in SEVERITY_MEANS}
    means = {str(one): text for one, text in SEVERITY_MEANS.items()}
    return Choice(look, "Severity", words, means, severities=True)
