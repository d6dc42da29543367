"""Puts the tokens on Qt: palette, one style sheet, fonts; and the look that a window hands to its parts.

A widget asks its `Look` at the moment it paints. It must never keep a colour.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from string import Template
from typing import Final, Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QIcon, QPalette, QPixmap
from PySide6.QtWidgets import QApplication

from console.ui import fonts
from console.ui.icons import Icons
from console.ui.resources import resource
from console.ui.tokens import MOTION, SPACE, TYPE, Colours, colours

Choice = Literal["system", "light", "dark", "high-contrast"]

_ROLES: Final = {
    QPalette.ColorRole.Window: "ground",
    QPalette.ColorRole.Base: "panel",
    QPalette.ColorRole.AlternateBase: "panel",
    QPalette.ColorRole.Button: "raised",
    QPalette.ColorRole.ToolTipBase: "raised",
    QPalette.ColorRole.WindowText: "text",
    QPalette.ColorRole.Text: "text",
    QPalette.ColorRole.ButtonText: "text",
    QPalette.ColorRole.BrightText: "text",
    QPalette.ColorRole.ToolTipText: "text",
    QPalette.ColorRole.PlaceholderText: "text-muted",
    QPalette.ColorRole.Highlight: "selection",
    QPalette.ColorRole.HighlightedText: "text",
    QPalette.ColorRole.Accent: "accent",
    QPalette.ColorRole.Link: "accent",
    QPalette.ColorRole.LinkVisited: "accent",
    QPalette.ColorRole.Light: "hover",
    QPalette.ColorRole.Midlight: "raised",
    QPalette.ColorRole.Mid: "line",
    QPalette.ColorRole.Dark: "line",
    QPalette.ColorRole.Shadow: "ground",
}
_FADED: Final = (
    QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText,
    QPalette.ColorRole.HighlightedText, QPalette.ColorRole.PlaceholderText,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Theme:
    """One look: colours, the person's text scale (1.0 is 100 %), and whether motion is wanted."""

    colours: Colours
    text_scale: float = 1.0
    reduced_motion: bool = False

    @classmethod
    def load(cls, name: str, *, text_scale: float = 1.0, reduced_motion: bool = False) -> Theme:
        """The theme of that name in the tokens.

        Raises:
            WrongUse: when there is none.
        """
        return cls(colours(name), text_scale, reduced_motion)

    @property
    def name(self) -> str:
        """As the tokens call it: light, dark or high-contrast."""
        return self.colours.name

    def colour(self, name: str) -> QColor:
        """The colour of a role, or of a state, severity, gravity or link by its own name. Not to be changed."""
        return _colour(self.colours[name])

    def font(self, size: str = "body", weight: fonts.Weight = "regular", *, mono: bool = False) -> QFont:
        """The font of a size the tokens name: small, body, title, headline, wall, wall-headline."""
        return fonts.font(round(TYPE[size] * self.text_scale), weight, mono=mono)

    def metrics(self, size: str = "body", weight: fonts.Weight = "regular", *, mono: bool = False) -> QFontMetrics:
        """The measures of the same font, kept."""
        return fonts.metrics(round(TYPE[size] * self.text_scale), weight, mono)

    def space(self, name: str = "unit") -> int:
        """A distance of the tokens in logical pixels; a row grows with the text."""
        return round(SPACE[name] * self.text_scale) if name in ("row", "mark") else SPACE[name]

    def motion_ms(self, name: str = "short") -> int:
        """How long a movement may take: 0 where reduced motion is asked for."""
        return 0 if self.reduced_motion else MOTION[name]

    def palette(self) -> QPalette:
        """Every role of a palette, from the tokens. Not to be changed: copy it."""
        return _palette(self.name)

    def style_sheet(self) -> str:
        """The one style sheet, with this theme's values."""
        values = {role.replace("-", "_"): value for role, value in self.colours.roles.items()}
        parts = resource("themes", "parts").as_posix()
        mark = self.space("mark")
        # a radio button with its edge is twice `half` wide; a larger radius is none to Qt, and it would be a square
        return _sheet().substitute(
            values, theme=self.name, parts=parts, radius=SPACE["radius"], mark=mark, half=mark // 2 + 1
        )


def apply(app: QApplication, theme: Theme, *, sheet: bool = True) -> None:
    """Make every window of the application look so, now; whatever is on screen is painted anew."""
    fonts.load()
    if app.style().objectName().lower() != "fusion":
        app.setStyle("Fusion")
    app.setPalette(theme.palette())
    app.setFont(theme.font())
    if sheet:
        app.setStyleSheet(theme.style_sheet())


class Look(QObject):
    """What a window hands to its parts: the theme of the moment, its icons, and word of a change.

    `choice` "system" follows the system's scheme and its wish for contrast; where the system tells nothing, it is dark.
    """

    changed = Signal()

    def __init__(
        self, app: QApplication, choice: Choice = "system", *, text_scale: float = 1.0, reduced_motion: bool = False,
        sheet: bool = True,
    ) -> None:  # fmt: skip
        """Without `sheet` the style sheet waits for `dress`: a window that is built beneath it takes twice as long."""
        super().__init__(app)
        self._app = app
        self._choice: Choice = choice
        self._text_scale = text_scale
        self._reduced_motion = reduced_motion
        self._icons = Icons()
        hints = app.styleHints()
        hints.colorSchemeChanged.connect(self._system_changed)
        hints.accessibility().contrastPreferenceChanged.connect(self._system_changed)
        self._theme = self._wanted()
        self._dressed = sheet
        apply(app, self._theme, sheet=sheet)

    def dress(self) -> None:
        """Put the style sheet on, if it waited."""
        if not self._dressed:
            self._dressed = True
            self._app.setStyleSheet(self._theme.style_sheet())

    @property
    def theme(self) -> Theme:
        """The theme of this moment."""
        return self._theme

    @property
    def choice(self) -> Choice:
        """What the person chose."""
        return self._choice

    def choose(self, choice: Choice, *, text_scale: float | None = None, reduced_motion: bool | None = None) -> None:
        """Look so from now on; what is None stays as it was. Everything on screen is painted anew."""
        self._choice = choice
        self._text_scale = self._text_scale if text_scale is None else text_scale
        self._reduced_motion = self._reduced_motion if reduced_motion is None else reduced_motion
        self._put(self._wanted())

    def icon(self, name: str, tone: str = "text", size_px: int = 16) -> QIcon:
        """An icon for a button or an action in this moment's colours: ask again at `changed`."""
        return self._icons.icon(name, self._theme.colours, tone, size_px)

    def pixmap(self, name: str, tone: str = "text", size_px: int = 16, ratio: float = 1.0) -> QPixmap:
        """An icon to paint now, for a screen of `ratio` device pixels."""
        return self._icons.pixmap(name, size_px, self._theme.colours, tone, ratio)

    def _wanted(self) -> Theme:
        name = scheme_of(self._app) if self._choice == "system" else self._choice
        return Theme.load(name, text_scale=self._text_scale, reduced_motion=self._reduced_motion)

    def _system_changed(self) -> None:
        wanted = self._wanted()
        if wanted.name != self._theme.name:
            self._put(wanted)

    def _put(self, theme: Theme) -> None:
        self._theme = theme
        apply(self._app, theme, sheet=self._dressed)
        self.changed.emit()


def scheme_of(app: QApplication) -> str:
    """The theme that the system asks for; dark where it says nothing."""
    hints = app.styleHints()
    if hints.accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast:
        return "high-contrast"
    return "light" if hints.colorScheme() == Qt.ColorScheme.Light else "dark"


@functools.cache
def _sheet() -> Template:
    return Template(resource("themes", "style.qss").read_text(encoding="ascii"))


@functools.cache
def _colour(value: str) -> QColor:
    return QColor(value)


@functools.cache
def _palette(name: str) -> QPalette:
    made = QPalette()
    theme = Theme.load(name)
    for role, token in _ROLES.items():
        made.setColor(role, theme.colour(token))
    for role in _FADED:
        made.setColor(QPalette.ColorGroup.Disabled, role, theme.colour("text-disabled"))
    return made
