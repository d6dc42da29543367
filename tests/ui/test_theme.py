"""The theme reaches every control, a focused one is seen, and switching repaints what is on screen."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontInfo, QFontMetrics, QPalette
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QTabBar,
    QTableWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from console.domain.errors import WrongUse
from console.ui import icons, tokens
from console.ui.theme import Theme, scheme_of


def _controls():
    tabs = QTabBar()
    tabs.addTab("Board")
    tabs.addTab("Timeline")
    combo, many = QComboBox(), QListWidget()
    combo.addItems(["one", "two"])
    many.addItems(["one", "two"])
    return [
        QPushButton("Review"), QToolButton(), QLineEdit("text"), QPlainTextEdit("text"), combo, QSpinBox(),
        QCheckBox("Drill"), QRadioButton("Dark"), tabs, many, QTableWidget(3, 3),
    ]  # fmt: skip


def _colours_in(widget):
    image = widget.grab().toImage()
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


@pytest.mark.parametrize("theme", tokens.THEMES)
def test_every_focusable_control_shows_a_ring_when_it_has_the_focus(qtbot, look, theme):
    look.choose(theme)
    window = QWidget()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    controls = _controls()
    spare = QLabel("elsewhere")
    spare.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    for control in [*controls, spare]:
        control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        layout.addWidget(control)
    window.show()
    qtbot.waitExposed(window)
    with qtbot.waitActive(window):
        window.activateWindow()
    ring = tokens.colours(theme)["focus"]
    for control in controls:
        spare.setFocus()
        before = _count(control, ring)
        control.setFocus()
        assert control.hasFocus()
        assert _count(control, ring) - before > 40, f"{type(control).__name__} shows no ring in {theme}"


def _count(widget, colour):
    image = widget.grab().toImage()
    wanted = colour.lower()
    return sum(
        image.pixelColor(x, y).name() == wanted for x in range(image.width()) for y in range(image.height())
    )  # fmt: skip


def test_the_ring_moves_nothing(qtbot, look):
    window = QWidget()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    first, second = QPushButton("One"), QLineEdit("two")
    layout.addWidget(first)
    layout.addWidget(second)
    window.show()
    with qtbot.waitActive(window):
        window.activateWindow()
    second.setFocus()
    at_rest = first.sizeHint()
    first.setFocus()
    assert first.hasFocus()
    assert first.sizeHint() == at_rest


@pytest.mark.parametrize("theme", tokens.THEMES)
def test_a_disabled_control_looks_it(qtbot, look, theme):
    look.choose(theme)
    one, other = QPushButton("Sign"), QPushButton("Sign")
    for button in (one, other):
        qtbot.addWidget(button)
        button.resize(120, 32)
    other.setEnabled(False)
    faint = tokens.colours(theme)["text-disabled"]
    assert other.palette().color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText).name() == faint
    assert tokens.colours(theme)["edge"] in _colours_in(one)
    assert tokens.colours(theme)["edge"] not in _colours_in(other)


def test_switching_repaints_what_is_on_screen_and_says_so(qtbot, look):
    label = QLabel("Frontier model")
    qtbot.addWidget(label)
    label.resize(200, 40)
    label.show()
    assert tokens.colours("dark")["ground"] in _colours_in(label)
    with qtbot.waitSignal(look.changed):
        look.choose("light")
    assert label.palette().color(QPalette.ColorRole.Window).name() == tokens.colours("light")["ground"]
    seen = _colours_in(label)
    assert tokens.colours("light")["ground"] in seen
    assert tokens.colours("dark")["ground"] not in seen


def test_the_system_is_followed_where_it_tells_and_dark_where_it_does_not(qapp, look):
    hints = qapp.styleHints()
    look.choose("system")
    try:
        assert hints.colorScheme() == Qt.ColorScheme.Unknown
        assert scheme_of(qapp) == look.theme.name == "dark"
    finally:
        hints.unsetColorScheme()


class _Telling:
    """A system that tells its scheme and its wish for contrast: the offscreen platform tells neither."""

    def __init__(self, scheme, contrast):
        self.colorScheme, self.contrastPreference = (lambda: scheme), (lambda: contrast)

    def styleHints(self):  # noqa: N802 - Qt's name
        return self

    accessibility = styleHints


@pytest.mark.parametrize(
    ("scheme", "contrast", "theme"),
    [
        (Qt.ColorScheme.Light, Qt.ContrastPreference.NoPreference, "light"),
        (Qt.ColorScheme.Dark, Qt.ContrastPreference.NoPreference, "dark"),
        (Qt.ColorScheme.Light, Qt.ContrastPreference.HighContrast, "high-contrast"),
    ],
)
def test_what_the_system_tells_is_what_is_shown(scheme, contrast, theme):
    assert scheme_of(_Telling(scheme, contrast)) == theme


def test_a_choice_is_kept_whatever_the_system_says(qapp, look):
    look.choose("light")
    look._system_changed()
    assert look.theme.name == look.choice == "light"


def test_the_style_is_fusion_and_the_font_ours(qapp, look):
    assert qapp.style().objectName() in {"fusion", ""} or qapp.style().baseStyle().objectName() == "fusion"
    assert QFontInfo(qapp.font()).family() == "Inter"
    assert qapp.font().pixelSize() == tokens.TYPE["body"]
    assert QFontInfo(look.theme.font(mono=True)).family() == "IBM Plex Mono"


def test_weights_are_real_faces_not_smeared_ones(look):
    widths = [
        QFontMetrics(look.theme.font("headline", w)).horizontalAdvance("Hamburg")
        for w in ("regular", "medium", "semibold")
    ]
    assert widths == sorted(set(widths))


def test_figures_are_equally_wide_and_no_letters_join(look):
    for mono in (False, True):
        measure = QFontMetrics(look.theme.font("headline", mono=mono))
        assert len({measure.horizontalAdvance(figure * 4) for figure in "0123456789"}) == 1
        assert measure.horizontalAdvance("->") == measure.horizontalAdvance("-") + measure.horizontalAdvance(">")


def test_text_scales_with_the_person_and_motion_stops_where_unwanted(look):
    look.choose("dark", text_scale=2.0, reduced_motion=True)
    assert look.theme.font().pixelSize() == 2 * tokens.TYPE["body"]
    assert look.theme.space("row") == 2 * tokens.SPACE["row"]
    assert look.theme.motion_ms() == 0
    look.choose("light")
    assert look.theme.reduced_motion
    assert look.theme.text_scale == 2.0


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_a_radio_button_is_round_at_every_size_of_text(look, scale):
    theme = Theme.load("dark", text_scale=scale)
    assert f"QRadioButton::indicator {{ border-radius: {theme.space('mark') // 2 + 1}px; }}" in theme.style_sheet()


def test_an_unknown_theme_is_refused(look):
    with pytest.raises(WrongUse):
        Theme.load("sepia")


# -- icons -------------------------------------------------------------------------------------------------------------


def test_every_icon_draws_in_the_colour_asked_for(look):
    wanted = tokens.colours("dark")["alarm"]
    for name in icons.names():
        image = look.pixmap(name, "alarm", 32).toImage()
        solid = {
            image.pixelColor(x, y).name() for x in range(32) for y in range(32) if image.pixelColor(x, y).alpha() == 255
        }
        assert solid == {wanted}, name


def test_an_icon_is_drawn_once_for_each_scale_and_colour(look):
    one = look.pixmap("lock", "text", 16, 2.0)
    assert one.cacheKey() == look.pixmap("lock", "text", 16, 2.0).cacheKey()
    assert one.cacheKey() != look.pixmap("lock", "alarm", 16, 2.0).cacheKey()
    assert one.size() == QSize(32, 32)
    assert one.deviceIndependentSize().toSize() == QSize(16, 16)


def test_an_icon_that_is_not_there_is_refused(look):
    with pytest.raises(WrongUse, match="no icon named"):
        look.pixmap("../secret")


# -- in processes of their own -----------------------------------------------------------------------------------------


def _child(code, **environment):
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", **environment}
    return subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=100, check=False
    )


def test_a_hundred_thousand_set_texts_do_not_end_the_process():
    # PySide6 6.12.0 on Python 3.11 loses references to None and aborts after some 5,700
    done = _child(
        "from PySide6.QtWidgets import QApplication, QLabel\n"
        "app = QApplication([]); label = QLabel()\n"
        "for i in range(100_000): label.setText(str(i))\n"
        "print(label.text())\n"
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "99999", "")


def test_at_200_percent_the_same_window_has_twice_the_pixels():
    code = (
        "from PySide6.QtWidgets import QApplication, QPushButton\n"
        "from console.ui.theme import Look\n"
        "app = QApplication([]); look = Look(app, 'dark'); button = QPushButton('Review'); button.resize(120, 32)\n"
        "print(button.grab().toImage().width(), look.pixmap('lock', ratio=button.devicePixelRatio()).width())\n"
    )
    one, two = _child(code), _child(code, QT_SCALE_FACTOR="2")
    assert (one.stdout.split(), one.stderr) == (["120", "16"], "")
    assert (two.stdout.split(), two.stderr) == (["240", "32"], "")
