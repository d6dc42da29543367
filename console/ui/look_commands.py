"""How the window looks, by command: theme, size of text; kept for the next start. It changes nothing but the look."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import QSettings

from console.ui.theme import Choice, Look
from console.viewmodels.commands import Command, Commands

_LOOKS: Final[tuple[tuple[Choice, str], ...]] = (
    ("system", "Look as the system does"), ("light", "Light look"), ("dark", "Dark look"),
    ("high-contrast", "High contrast"),
)  # fmt: skip
_SIZES: Final = ((100, "Text at 100 %"), (125, "Text at 125 %"), (150, "Text at 150 %"))


def kept_look(settings: QSettings) -> tuple[Choice, float]:
    """What was chosen last; anything else is the system's look at 100 %."""
    choice = str(settings.value("look", "system"))
    size = str(settings.value("text", "100"))
    known: dict[str, Choice] = {one: one for one, _ in _LOOKS}
    return known.get(choice, "system"), next((percent / 100 for percent, _ in _SIZES if str(percent) == size), 1.0)


def add_look_commands(commands: Commands, look: Look, settings: QSettings) -> None:
    """Offer them."""
    for choice, title in _LOOKS:
        run = partial(_choose, look, settings, choice)
        commands.add(Command(name=f"look-{choice}", title=title, group="Look", also="theme colours", run=run))
    for percent, title in _SIZES:
        run = partial(_size, look, settings, percent)
        commands.add(Command(name=f"text-{percent}", title=title, group="Look", also="font size zoom", run=run))


def _choose(look: Look, settings: QSettings, choice: Choice) -> None:
    settings.setValue("look", choice)
    look.choose(choice)


def _size(look: Look, settings: QSettings, percent: int) -> None:
    settings.setValue("text", str(percent))
    look.choose(look.choice, text_scale=percent / 100)
