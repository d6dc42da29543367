"""The look as values: colours by role, space, type, and the words, shapes and tones of states. No Qt.

Everything comes from one file, resources/themes/tokens.toml. No other module may name a colour or a size of its own.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from console.domain.errors import WrongUse
from console.ui.resources import resource

__all__ = [
    "CLOCKS", "COVERAGE", "GRAVITIES", "LINKS", "MOTION", "SERVING", "SEVERITIES", "SPACE", "STATES", "SURFACES",
    "TASKS", "THEMES", "TYPE", "Colours", "Mark", "colours", "contrast",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mark:
    """How one state is told: a word, a shape that no other state of its table has, and the role of its colour."""

    word: str
    shape: str
    tone: str


@dataclass(frozen=True, slots=True, eq=False)
class Colours:
    """One theme's colours, `#rrggbb` by role; the name of a state, severity, gravity or link gives its tone's."""

    name: str
    dark: bool
    roles: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        """The colour of a role or of something that is told by a mark.

        Raises:
            KeyError: for a name that no table has.
        """
        return self.roles.get(name) or self.roles[_TONES[name]]


def _read() -> dict[str, Any]:
    with resource("themes", "tokens.toml").open("rb") as file:
        return tomllib.load(file)


def _marks(table: Mapping[str, Mapping[str, str]]) -> Mapping[str, Mark]:
    return MappingProxyType({name: Mark(**fields) for name, fields in table.items()})


_FILE: Final = _read()

SPACE: Final[Mapping[str, int]] = MappingProxyType(_FILE["space"])
TYPE: Final[Mapping[str, int]] = MappingProxyType(_FILE["type"])
MOTION: Final[Mapping[str, int]] = MappingProxyType(_FILE["motion"])
STATES: Final = _marks(_FILE["states"])
SEVERITIES: Final = _marks(_FILE["severities"])
GRAVITIES: Final = _marks(_FILE["gravities"])
LINKS: Final = _marks(_FILE["links"])
SERVING: Final = _marks(_FILE["serving"])
CLOCKS: Final = _marks(_FILE["clocks"])
TASKS: Final = _marks(_FILE["tasks"])
COVERAGE: Final = _marks(_FILE["coverage"])
THEMES: Final = tuple(_FILE["theme"])
SURFACES: Final = ("ground", "panel", "raised", "hover", "selection")  # what text and shapes are laid on

_TABLES: Final = (COVERAGE, TASKS, CLOCKS, SERVING, LINKS, GRAVITIES, SEVERITIES, STATES)
_TONES: Final = {name: mark.tone for table in _TABLES for name, mark in table.items()}


def colours(theme: str) -> Colours:
    """The colours of a theme, by its name in THEMES.

    Raises:
        WrongUse: when there is no such theme.
    """
    if theme not in THEMES:
        raise WrongUse(f"There is no theme named {theme}.", f"Choose one of {', '.join(THEMES)}.")
    roles = dict(_FILE["theme"][theme])
    return Colours(theme, roles.pop("dark"), MappingProxyType(roles))


def contrast(one: str, other: str) -> float:
    """The contrast of two `#rrggbb` colours as WCAG 2.2 defines it: 1.0 to 21.0."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - the standard's
