"""Letters act only while no text has the focus; nothing approves by a letter; the palette finds and says why not."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QListWidget, QPushButton, QVBoxLayout, QWidget

from console.ui.keys import Keys
from console.ui.palette import Palette
from console.viewmodels.commands import Command, Commands


class Place(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.text, self.button = QLineEdit(), QPushButton("a button")
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addWidget(self.button)


@pytest.fixture
def given() -> list[str]:
    return []


@pytest.fixture
def commands(given) -> Commands:
    made = Commands()
    for name, key, why in (("note", "n", None), ("board", "g b", None), ("outbox", "g o", None),
                           ("palette", "Ctrl+K", None), ("correct", "c", "No provider is connected.")):  # fmt: skip
        made.add(Command(name=name, title=name.title(), key=key, run=lambda name=name: given.append(name),
                         why_not=lambda why=why: why))  # fmt: skip
    return made


@pytest.fixture
def place(qtbot, commands, given) -> Place:
    made = Place()
    qtbot.addWidget(made)
    Keys(made, commands, given.append)
    made.show()
    made.activateWindow()
    qtbot.waitExposed(made)
    qtbot.waitUntil(made.isActiveWindow)
    return made


def test_a_letter_acts_where_no_text_has_the_focus(qtbot, place, given) -> None:
    place.button.setFocus()
    qtbot.keyClicks(place.button, "n")
    qtbot.keyClicks(place.button, "go")
    qtbot.keyClicks(place.button, "gb")
    assert given == ["note", "outbox", "board"]


def test_in_a_text_a_letter_is_a_letter(qtbot, place, given) -> None:
    place.text.setFocus()
    qtbot.keyClicks(place.text, "ngb")
    assert given == []
    assert place.text.text() == "ngb"


def test_a_sequence_that_begins_wrongly_is_forgotten(qtbot, place, given) -> None:
    place.button.setFocus()
    qtbot.keyClicks(place.button, "gxb")
    assert given == []
    qtbot.keyClicks(place.button, "gn")
    assert given == ["note"]


def test_a_key_with_modifiers_acts_everywhere(qtbot, place, given) -> None:
    place.text.setFocus()
    qtbot.keyClick(place.text, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert given == ["palette"]


def test_a_command_that_may_not_be_given_says_why(qtbot, place, given) -> None:
    place.button.setFocus()
    qtbot.keyClicks(place.button, "c")
    assert given == ["No provider is connected."]


def test_the_palette_finds_and_gives(qtbot, place, commands, given, look) -> None:
    palette = Palette(commands, look, given.append, place)
    palette.open()
    field = palette.findChild(QLineEdit)
    rows = palette.findChild(QListWidget)
    qtbot.keyClicks(field, "out")
    assert rows.item(0).text() == "Outbox"
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert given == ["outbox"]
    assert not palette.isVisible()


def test_the_palette_moves_by_arrows_and_speaks_keys_and_reasons(qtbot, place, commands, given, look) -> None:
    palette = Palette(commands, look, given.append, place)
    palette.open()
    field, rows = palette.findChild(QLineEdit), palette.findChild(QListWidget)
    qtbot.keyClick(field, Qt.Key.Key_Down)
    assert rows.currentRow() == 1
    spoken = [rows.item(at).data(Qt.ItemDataRole.AccessibleTextRole) for at in range(rows.count())]
    assert "Note, key n" in spoken
    assert "Correct, key c, No provider is connected." in spoken
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert given == []
