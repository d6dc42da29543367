"""The small widgets say what they show, hide nothing, and the held button acts for a hand alone."""

from __future__ import annotations

import itertools
import subprocess
import sys

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QAccessible, QColor, QFontMetrics, QImage, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from console.ui import gallery, tokens
from console.ui.header import ChipLabel
from console.ui.widgets import (
    AgeLabel,
    Banner,
    Digest,
    Elide,
    EmptyState,
    Exact,
    FlowRow,
    HoldButton,
    KeyHint,
    SeverityBadge,
    Sparkline,
    StateMark,
    Stripe,
    Text,
    Words,
    age_words,
    paint_mark,
    paint_shape,
    plain_tooltip,
)
from console.ui.widgets.shapes import SHAPES
from console.ui.widgets.sparkline import words_of
from console.viewmodels.header import Chip

TABLES = (tokens.STATES, tokens.SEVERITIES, tokens.GRAVITIES, tokens.LINKS, tokens.SERVING)
ADDRESS = "projects/frontier/locations/europe-west4/endpoints/7741902213"


def _accessible(widget):
    found = QAccessible.queryAccessibleInterface(widget)
    return found.role(), found.text(QAccessible.Text.Name)


def _colours_in(widget):
    image = widget.grab().toImage()
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


# -- shapes and marks --------------------------------------------------------------------------------------------------


def _silhouette(shape, side):
    image = QImage(side, side, QImage.Format.Format_Grayscale8)
    image.fill(Qt.GlobalColor.black)
    painter = QPainter(image)
    paint_shape(painter, QRectF(0, 0, side, side), shape, QColor("white"))
    painter.end()
    return [image.pixelColor(x, y).lightness() for x in range(side) for y in range(side)]


@pytest.mark.parametrize("table", TABLES)
def test_shapes_of_a_table_differ_without_colour_even_when_small(table):
    side = 12
    drawn = {mark.shape: _silhouette(mark.shape, side) for mark in table.values()}
    for (one, a), (other, b) in itertools.combinations(drawn.items(), 2):
        differing = sum(abs(x - y) for x, y in zip(a, b, strict=True)) / 255 / (side * side)
        assert differing > 0.05, f"{one} and {other} look alike"


def test_every_shape_of_the_tokens_can_be_painted_and_no_other_is_known():
    used = {mark.shape for table in TABLES for mark in table.values()}
    assert used == set(SHAPES)
    assert all(sum(_silhouette(shape, 14)) > 14 * 14 * 10 for shape in used)


def test_a_state_says_word_and_note_and_shows_its_colour(qtbot, look):
    mark = StateMark(look, "enforced", "14:06")
    qtbot.addWidget(mark)
    assert _accessible(mark) == (QAccessible.Role.StaticText, "enforced 14:06")
    assert tokens.colours("dark")["enforced"] in _colours_in(mark)
    mark.set_state("attested")
    assert _accessible(mark)[1] == mark.text() == "attested only"
    assert tokens.colours("dark")["good"] not in _colours_in(mark)


def test_a_state_nobody_knows_is_shown_as_nothing_else(qtbot, look):
    mark = StateMark(look, "recorded")
    qtbot.addWidget(mark)
    with pytest.raises(KeyError):
        mark.set_state("probably fine")
    assert mark.text() == "recorded"


def test_a_word_never_gives_way_to_its_note(qtbot, look):
    mark = StateMark(look, "unmeasurable", "since 14:06 at Azure")
    qtbot.addWidget(mark)
    word = QFontMetrics(look.theme.font("body", "medium")).horizontalAdvance("not measurable")
    assert mark.minimumSizeHint().width() >= word + look.theme.space("mark")
    assert mark.sizeHint().width() > mark.minimumSizeHint().width()
    assert "since 14:06 at Azure" in mark.toolTip()


def test_a_severity_is_a_filled_badge_with_its_word(qtbot, look):
    badge = SeverityBadge(look, "SEV-2")
    qtbot.addWidget(badge)
    assert _accessible(badge) == (QAccessible.Role.StaticText, "severity SEV-2")
    assert {tokens.colours("dark")["sev-2"], tokens.colours("dark")["on-sev-2"]} <= _colours_in(badge)
    with pytest.raises(KeyError):
        badge.set_severity("SEV-0")


def test_marks_follow_the_theme_at_once(qtbot, look):
    mark = StateMark(look, "failed")
    qtbot.addWidget(mark)
    mark.show()
    look.choose("light")
    assert tokens.colours("light")["alarm"] in _colours_in(mark)


def test_a_mark_painted_into_a_narrow_cell_stays_inside(look):
    image = QImage(60, 20, QImage.Format.Format_RGB32)
    image.fill(QColor("black"))
    painter = QPainter(image)
    paint_mark(painter, QRectF(0, 0, 40, 20), tokens.STATES["attention"], look.theme, "note")
    painter.end()
    assert {image.pixelColor(x, y).name() for x in range(42, 60) for y in range(20)} == {"#000000"}


# -- words -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age_ms", "words"),
    [(-5, "0 s"), (999, "0 s"), (59_999, "59 s"), (60_000, "1 min"), (7_200_000, "2 h"), (200_000_000, "2 d")],
)
def test_an_age_is_told_in_its_largest_whole_unit(age_ms, words):
    assert age_words(age_ms) == words


def test_an_age_greys_out_and_says_stale(qtbot, look):
    label = AgeLabel(look, stale_after_s=60)
    qtbot.addWidget(label)
    assert _accessible(label) == (QAccessible.Role.StaticText, "never heard")
    label.set_read(1_012_000, 1_012_000)
    assert label.text() == "read just now"
    label.set_read(1_000_000, 1_012_000)
    assert (label.text(), label.stale) == ("read 12 s ago", False)
    label.tick(1_060_000)
    assert not label.stale
    label.tick(1_060_001)
    assert (label.text(), label.stale) == ("stale: read 1 min ago", True)
    assert _accessible(label)[1] == label.text()
    label.set_read(None, 1_060_001)
    assert label.text() == "never heard"


def test_a_reading_from_the_future_is_not_called_fresh(qtbot, look):
    label = AgeLabel(look, stale_after_s=60)
    qtbot.addWidget(label)
    label.set_read(1_300_000, 1_000_000)
    assert label.text() == "read 5 min ahead of this clock"


def test_elided_text_keeps_both_ends_and_hides_nothing(qtbot, look):
    label = Elide(look, ADDRESS)
    qtbot.addWidget(label)
    label.show()
    label.resize(1000, 20)
    assert (label.elided(), label.toolTip()) == (ADDRESS, "")
    label.resize(200, 20)
    assert label.elided().startswith("projects/")
    assert label.elided().endswith("02213")
    assert label.elided() != ADDRESS
    assert label.toolTip() == plain_tooltip(ADDRESS)
    assert _accessible(label) == (QAccessible.Role.StaticText, ADDRESS)
    assert label.accessibleDescription() == ADDRESS


def test_text_from_outside_is_never_markup_and_hides_no_marks(qtbot, look):
    label = Elide(look, "<b>key</b> \u202eabc")
    qtbot.addWidget(label)
    label.show()
    label.resize(20, 20)
    assert label.textFormat() == Qt.TextFormat.PlainText
    assert label.text() == "<b>key</b> <U+202E>abc"
    assert "&lt;b&gt;" in label.toolTip()


def test_text_is_dressed_anew_when_theme_or_scale_changes(qtbot, look):
    label = Text(look, "uncontained", tone="alarm")
    qtbot.addWidget(label)
    assert tokens.colours("dark")["alarm"] in _colours_in(label)
    look.choose("light", text_scale=1.5)
    assert label.font().pixelSize() == round(tokens.TYPE["body"] * 1.5)
    assert tokens.colours("light")["alarm"] in _colours_in(label)


def test_a_digest_is_whole_in_words_and_digits_and_can_be_selected(qtbot, look):
    digest = Digest(look, "7c" * 32, "amber lantern orbit velvet")
    qtbot.addWidget(digest)
    words, digits = digest.findChildren(QLabel)
    assert digits.text().replace("\n", "") == "7c" * 32
    assert digits.accessibleName() == f"SHA-256: {'7c' * 32}"
    assert _accessible(words) == (QAccessible.Role.StaticText, "Digest in words: amber lantern orbit velvet")
    for label in (words, digits):
        assert label.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByKeyboard
        label.setSelection(0, 5)
        assert label.selectedText() == label.text()[:5]


def test_a_key_is_named_as_one(qtbot, look):
    hint = KeyHint(look, "Ctrl+K")
    qtbot.addWidget(hint)
    assert _accessible(hint) == (QAccessible.Role.StaticText, "key Ctrl+K")


# -- sparkline ---------------------------------------------------------------------------------------------------------


def test_a_line_says_in_words_what_it_shows(qtbot, look):
    line = Sparkline(look, "latency", "ms")
    qtbot.addWidget(line)
    assert _accessible(line)[1] == "latency: nothing heard"
    line.set_readings([80, None, 340, 120])
    assert _accessible(line)[1] == "latency: last 120 ms, 80 to 340 ms in 4 readings, 1 of them unheard"
    assert words_of([80, float("nan")], "latency", "ms").startswith("latency: last one unheard")


def test_a_line_has_a_gap_where_nothing_was_heard(qtbot, look):
    line = Sparkline(look, "latency", "ms")
    qtbot.addWidget(line)
    line.resize(100, 20)

    def columns():
        image, ground = line.grab().toImage(), QColor(tokens.colours("dark")["ground"])
        return {x for x in range(100) if any(image.pixelColor(x, y) != ground for y in range(20))}

    line.set_readings([5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5])
    assert set(range(2, 98)) <= columns()
    line.set_readings([5, 5, 5, 5, None, None, None, 5, 5, 5, 5])
    assert not columns() & set(range(34, 66))


@pytest.mark.parametrize("readings", [(), (None,), (float("inf"),), (0.0,), (0, 0, 0), (-4, 5)])
def test_a_line_of_odd_readings_paints(qtbot, look, readings):
    line = Sparkline(look, "latency", "ms")
    qtbot.addWidget(line)
    line.set_readings(readings)
    assert not line.grab().isNull()


# -- frames ------------------------------------------------------------------------------------------------------------


def test_a_drill_is_framed_and_named_and_the_frame_goes_with_it(qtbot, look):
    frame = Stripe(look, QLabel("content"), drill=True)
    qtbot.addWidget(frame)
    frame.resize(300, 120)
    colour = tokens.colours("dark")["drill"]
    image = frame.grab().toImage()
    edges = [[image.pixelColor(x, y).name() for x in range(0, 300, 2)] for y in (2, 117)]
    edges += [[image.pixelColor(x, y).name() for y in range(0, 120, 2)] for x in (2, 297)]
    assert all(colour in edge for edge in edges)
    assert frame.accessibleName() == "Drill: practice, on simulators"
    frame.set_drill(drill=False)
    assert colour not in _colours_in(frame)
    assert frame.contentsMargins().top() == frame.layout().contentsMargins().top() == 0


def test_what_is_painted_anew_inside_the_frame_paints_no_stripes(qtbot, look, monkeypatch):
    content = QLabel("content")
    frame = Stripe(look, content, drill=True)
    qtbot.addWidget(frame)
    painted = []
    monkeypatch.setattr(frame, "_paint_word", lambda _painter: painted.append(1))
    frame.resize(300, 120)
    with qtbot.waitExposed(frame, timeout=30_000):
        frame.show()
    frame.repaint()
    once = len(painted)
    frame.repaint(content.geometry())
    assert len(painted) == once > 0
    frame.repaint()
    assert len(painted) == once + 1


def test_a_banner_stays_until_it_is_over(qtbot, look):
    window = QWidget()
    qtbot.addWidget(window)
    banner = Banner(look, window)
    assert banner.isHidden()
    banner.tell("offline", "Azure has not answered.", "What is queued waits.", "Show")
    assert not banner.isHidden()
    assert banner.accessibleName() == "Azure has not answered. What is queued waits."
    with qtbot.waitSignal(banner.acted):
        QTest.keyClick(banner._button, Qt.Key.Key_Space)
    assert not banner.isHidden()
    banner.tell("info", "Building.")
    assert banner._button.isHidden()
    assert banner._next.isHidden()
    banner.clear()
    assert banner.isHidden()


def test_a_banner_told_before_it_has_a_place_opens_no_window_and_shows_with_its_place(qtbot, look):
    window, banner = QWidget(), Banner(look)
    qtbot.addWidget(window)
    banner.tell("info", "Building.")
    assert not banner.isVisible()
    QVBoxLayout(window).addWidget(banner)
    window.show()
    qtbot.waitUntil(banner.isVisible)


def test_a_long_banner_in_a_narrow_and_short_window_is_not_cut_off(qtbot, look):
    window = QWidget()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    banner = Banner(look)
    layout.addWidget(banner)
    layout.addWidget(QPlainTextEdit(), 1)
    banner.tell("alarm", "Uncontained on two of four surfaces. " * 4, "Nobody has proposed anything. " * 4, "Review")
    window.resize(360, 40)
    window.show()
    qtbot.waitExposed(window)
    for label in (banner._sentence, banner._next):
        qtbot.waitUntil(lambda label=label: label.height() >= label.heightForWidth(label.width()))
    narrow = banner.height()
    window.resize(900, 300)
    qtbot.waitUntil(lambda: banner.height() < narrow)  # and it gives the room back


def test_buttons_go_on_in_a_second_line_where_there_is_no_room(qtbot):
    holder = QWidget()
    qtbot.addWidget(holder)
    flow = FlowRow(holder, 8)
    buttons = [QPushButton(f"One of three buttons, {at}") for at in range(3)]
    for one in buttons:
        flow.addWidget(one)
    wide, line = flow.sizeHint().width(), flow.sizeHint().height()
    assert flow.minimumSize().width() < wide / 2, "a narrow panel is not made wider by its buttons"
    assert flow.heightForWidth(wide) == line
    holder.resize(wide - 1, 4 * line)
    holder.show()
    assert flow.heightForWidth(wide - 1) > 2 * line
    assert [one.y() for one in buttons] == [0, 0, line + 8]
    assert all(holder.rect().contains(one.geometry()) for one in buttons)


def test_a_statement_of_the_header_is_given_the_room_of_its_words(qtbot, look):
    holder = QWidget()
    qtbot.addWidget(holder)
    line = QHBoxLayout(holder)
    chip = ChipLabel(look)
    line.addWidget(chip)
    line.addStretch(1)
    chip.put(Chip(text="lllllllll"))
    holder.resize(600, 40)
    holder.show()
    chip.put(Chip(text="WWWWWWWWW"))  # as many letters
    qtbot.waitUntil(lambda: chip.width() >= chip.sizeHint().width())


def test_an_empty_place_leads_on(qtbot, look):
    place = EmptyState(look, "No incident", "Declare one when something may be wrong.", "Declare")
    qtbot.addWidget(place)
    assert place.accessibleName() == "No incident. Declare one when something may be wrong."
    with qtbot.waitSignal(place.acted):
        QTest.keyClick(place._button, Qt.Key.Key_Space)


# -- the held button ---------------------------------------------------------------------------------------------------


class Clock:
    def __init__(self):
        self.ms = 0.0

    def __call__(self):
        return self.ms


@pytest.fixture
def held(qtbot, look):
    """A window with the button, active; `.acted` counts, `.stay(ms)` lets time pass as the button watches."""
    window, clock = QWidget(), Clock()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    button, other = HoldButton(look, "Block 1 key", now_ms=clock), QLineEdit()
    layout.addWidget(button)
    layout.addWidget(other)
    window.show()
    with qtbot.waitActive(window):
        window.activateWindow()
    button.window_, button.other, button.clock, button.acted = window, other, clock, 0

    def stay(ms, step=100):
        for _ in range(0, ms, step):
            clock.ms += step
            button.tick()

    def count():
        button.acted += 1

    button.stay = stay
    button.held.connect(count)
    button.setFocus()
    assert button.hasFocus()
    yield button
    for pressed in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):  # QTest remembers what it pressed
        QTest.mouseRelease(other, pressed)


def _press(button):
    QTest.mousePress(button, Qt.MouseButton.LeftButton)


def test_it_acts_once_when_held_for_the_whole_time(held):
    _press(held)
    held.stay(1400)
    assert (held.acted, round(held.progress, 2)) == (0, 0.93)
    held.stay(100)
    assert held.acted == 1
    held.stay(3000)
    QTest.mouseRelease(held, Qt.MouseButton.LeftButton)
    assert (held.acted, held.progress) == (1, 0.0)


def test_its_own_timer_watches_the_hold(qtbot, look):
    button = HoldButton(look, "Block", hold_ms=60)
    qtbot.addWidget(button)
    button.show()
    with qtbot.waitActive(button):
        button.activateWindow()
    button.setFocus()
    with qtbot.waitSignal(button.held, timeout=2000):
        _press(button)
    QTest.mouseRelease(button, Qt.MouseButton.LeftButton)


@pytest.mark.parametrize(
    "end",
    [
        lambda b: QTest.mouseRelease(b, Qt.MouseButton.LeftButton),
        lambda b: QTest.mouseMove(b, QPoint(-20, 5)) or _move(b, QPointF(-20, 5)),
        lambda b: QApplication.sendEvent(b, QEvent(QEvent.Type.Leave)),
        lambda b: b.other.setFocus(),
        lambda b: b.setText("Block 2 keys"),
        lambda b: b.reset(),
        lambda b: b.setEnabled(False),
        lambda b: b.hide(),
        lambda b: QApplication.sendEvent(b, QEvent(QEvent.Type.WindowDeactivate)),
        lambda b: QTest.keyClick(b, Qt.Key.Key_Return),
        lambda b: QTest.mousePress(b, Qt.MouseButton.RightButton),
    ],
    ids=["release", "move out", "leave", "focus", "words", "content", "disabled", "hidden", "window", "key", "right"],
)
def test_whatever_breaks_the_hold_breaks_it(held, qtbot, end):
    _press(held)
    held.stay(1400)
    with qtbot.waitSignal(held.broken):
        end(held)
    held.stay(3000)
    assert (held.acted, held.progress) == (0, 0.0)


def _move(button, position):
    QApplication.sendEvent(
        button,
        QMouseEvent(
            QEvent.Type.MouseMove, position, button.mapToGlobal(position), Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
        ),
    )  # fmt: skip


def _made_up(button, kind=QEvent.Type.MouseButtonPress):
    centre = QPointF(button.rect().center())
    return QMouseEvent(
        kind, centre, button.mapToGlobal(centre), Qt.MouseButton.LeftButton, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip


@pytest.mark.parametrize(
    "attempt",
    [
        lambda b: QApplication.sendEvent(b, _made_up(b)),
        lambda b: (QApplication.postEvent(b, _made_up(b)), QApplication.processEvents()),
        lambda b: b.click(),
        lambda b: b.animateClick(),
        lambda b: b.setDown(True),
        lambda b: QTest.keyPress(b, Qt.Key.Key_Space),
        lambda b: QTest.keyPress(b, Qt.Key.Key_Return),
        lambda b: QApplication.sendEvent(
            b, QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier, " ")
        ),
        lambda b: QTest.mouseDClick(b, Qt.MouseButton.LeftButton),
        lambda b: QTest.mousePress(b, Qt.MouseButton.RightButton),
        lambda b: QAccessible.queryAccessibleInterface(b).actionInterface().doAction("Press"),
    ],
    ids=["sent", "posted", "click", "animate", "down", "space", "enter", "made-up key", "double", "right", "reader"],
)
def test_nothing_but_a_hand_begins_a_hold(held, attempt):
    attempt(held)
    held.stay(5000)
    assert held.acted == 0


def test_a_press_while_the_window_is_not_watching_counts_for_nothing(held):
    _press(held)
    held.stay(200)
    assert held.progress > 0
    held.clock.ms += 5000
    held.tick()
    assert (held.acted, held.progress) == (0, 0.0)


def test_a_clock_that_goes_back_ends_the_hold(held):
    _press(held)
    held.stay(200)
    assert held.progress > 0
    held.clock.ms -= 1
    held.tick()
    held.stay(3000)
    assert held.acted == 0


def test_without_the_focus_a_press_begins_nothing(held):
    held.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    held.other.setFocus()
    assert held.other.hasFocus()
    assert not held.hasFocus()
    _press(held)
    held.stay(1500)
    assert held.acted == 0


def test_a_press_beside_another_button_of_the_pointer_begins_nothing(held):
    QTest.mousePress(held, Qt.MouseButton.RightButton)
    _press(held)
    held.stay(1500)
    assert held.acted == 0


def test_it_is_a_button_that_says_how_it_is_used(held):
    assert _accessible(held) == (QAccessible.Role.Button, "Block 1 key")
    assert "held on it for 1.5 seconds" in held.accessibleDescription()


# -- the gallery -------------------------------------------------------------------------------------------------------


def test_the_gallery_paints_every_page_in_every_theme(qapp, tmp_path):
    made = gallery.paint(qapp, tmp_path)
    assert len(made) == 4 * len(tokens.THEMES)
    assert all(QImage(str(path)).width() > 300 for path in made)


def test_the_widgets_need_nothing_of_the_record_and_no_network():
    code = (
        "import sys, console.ui.widgets\n"
        "print([n for n in sys.modules if n.startswith(('console.journal', 'console.keys', 'httpx', 'adapters'))])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_exact_text_is_shown_whole_however_narrow_and_however_long_its_words(qtbot, look) -> None:
    text = '{"key":"' + "0123456789abcdef" * 8 + '"}'
    shown = Exact(look, text)
    qtbot.addWidget(shown)
    shown.resize(1400, 40)
    shown.show()
    wide = shown.height()
    shown.resize(200, 40)
    assert shown.height() > 3 * wide
    assert shown.minimumSizeHint().width() < 200
    assert not shown.horizontalScrollBar().isVisible()
    qtbot.waitUntil(lambda: shown.verticalScrollBar().maximum() == 0)
    assert shown.toPlainText() == shown.accessibleName() == text


def test_a_word_that_no_line_can_hold_gives_way_in_its_middle_and_the_whole_is_one_key_away(qtbot, look) -> None:
    digits = "0123456789abcdef" * 4
    words = Words(look, f"Block a key {digits}, gateway")
    qtbot.addWidget(words)
    assert words.seen() == f"Block a key {digits[:13]}\u2026{digits[-12:]}, gateway"
    assert words.text() == words.accessibleName() == f"Block a key {digits}, gateway"
    assert digits in words.toolTip()
    assert words.minimumSizeHint().width() < 300, "a card of a panel holds it"
    words.setText("Block a key, gateway")
    assert (words.seen(), words.toolTip(), words.accessibleName()) == ("Block a key, gateway", "", "")
