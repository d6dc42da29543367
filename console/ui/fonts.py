"""Loads the bundled faces, and makes fonts of them: Inter for text, a mono face without ligatures for ids and digests.

It must never ask the system for a face: what is shown at 3 a.m. looks the same on every console.
"""

from __future__ import annotations

import functools
from typing import Final, Literal

from PySide6.QtGui import QFont, QFontDatabase, QFontMetrics

from console.domain.errors import Problem
from console.ui.resources import resource

Weight = Literal["regular", "medium", "semibold"]

_FILES: Final = ("Inter-Regular.otf", "Inter-Medium.otf", "Inter-SemiBold.otf", "IBMPlexMono-Regular.ttf")
_TEXT: Final = "Inter"
_MONO: Final = "IBM Plex Mono"
_WEIGHTS: Final = {
    "regular": QFont.Weight.Normal, "medium": QFont.Weight.Medium, "semibold": QFont.Weight.DemiBold,
}  # fmt: skip
# equally wide figures; and no letters that join or swap: "->" is shown as it was written, as whoever signs reads it
_FEATURES: Final = ((QFont.Tag("tnum"), 1), (QFont.Tag("calt"), 0), (QFont.Tag("liga"), 0))


@functools.cache
def load() -> tuple[str, ...]:
    """Load the faces, once; there must be a QGuiApplication. Returns the families.

    Raises:
        Problem: when one is missing or damaged.
    """
    families: dict[str, None] = {}
    for name in _FILES:
        number = QFontDatabase.addApplicationFont(str(resource("fonts", name)))
        if number < 0:
            raise Problem(f"The font {name} is damaged.", "Install Standdown again.")
        families |= dict.fromkeys(QFontDatabase.applicationFontFamilies(number))
    return tuple(families)


def font(size_px: int, weight: Weight = "regular", *, mono: bool = False) -> QFont:
    """A font of `size_px` logical pixels. Figures are all equally wide, so that a running time does not tremble."""
    return QFont(_font(size_px, weight, mono))  # a copy: whoever makes it italic makes only theirs so


@functools.cache
def metrics(size_px: int, weight: Weight = "regular", mono: bool = False) -> QFontMetrics:  # noqa: FBT001, FBT002 - a key
    """The measures of that font, made once: tables ask for them in every cell."""
    return QFontMetrics(_font(size_px, weight, mono))


@functools.cache
def _font(size_px: int, weight: Weight, mono: bool) -> QFont:  # noqa: FBT001 - a key of the cache
    load()
    made = QFont(_MONO if mono else _TEXT)
    made.setPixelSize(size_px)
    made.setWeight(QFont.Weight.Normal if mono else _WEIGHTS[weight])
    made.setStyleHint(QFont.StyleHint.Monospace if mono else QFont.StyleHint.SansSerif)
    for feature, value in _FEATURES:
        made.setFeature(feature, value)
    return made
