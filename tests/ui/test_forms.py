"""An adapter's own form is filled in from the keyboard; faults stand beside fields; secrets are handed on once."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPlainTextEdit, QPushButton, QToolButton

from console.services.providers import adapters
from console.ui.forms import FormFields
from console.viewmodels.provider_forms import lever_form, settings_form

ADAPTERS = [one["name"] for one in adapters() if "broken" not in one]


def shown(qtbot, look, form) -> FormFields:
    made = FormFields(look, form)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_every_field_of_every_adapter_has_a_control_with_a_name(qtbot, look, adapter) -> None:
    form = settings_form(adapter)
    fields = shown(qtbot, look, form)
    assert set(fields.typed()) == {one.name for one in form.fields}
    assert set(fields.secrets()) == {one.name for one in form.secrets}
    kinds = (QLineEdit, QPlainTextEdit, QComboBox, QToolButton, QPushButton)
    controls = [one for kind in kinds for one in fields.findChildren(kind)]
    assert controls
    assert all(one.accessibleName() for one in controls)


def test_what_is_typed_is_what_the_adapter_takes(qtbot, look) -> None:
    form = settings_form("practice")
    fields = shown(qtbot, look, form)
    address, token = fields.findChildren(QLineEdit)[:2]
    qtbot.keyClicks(address, " http://127.0.0.1:4000 ")
    fields.findChild(QComboBox).setCurrentText("cloud")
    qtbot.keyClicks(token, "practice-secret")
    assert form.values(fields.typed()) == {"base_url": "http://127.0.0.1:4000", "part": "cloud"}
    assert fields.check()
    assert token.echoMode() == QLineEdit.EchoMode.Password
    assert fields.secrets() == {"admin": "practice-secret"}
    fields.forget_secrets()
    assert fields.secrets() == {"admin": ""}
    assert "practice-secret" not in str(fields.typed())


def test_a_fault_stands_beside_its_field_and_goes_when_it_is_mended(qtbot, look) -> None:
    form = settings_form("litellm")
    fields = shown(qtbot, look, form)
    address = fields.findChildren(QLineEdit)[0]
    assert not fields.check()
    assert address.accessibleDescription() == "This is needed."
    qtbot.keyClicks(address, "https://gateway.example")
    assert "needed" not in address.accessibleDescription()
    assert fields.check()


def test_rows_are_added_filled_and_taken_away(qtbot, look) -> None:
    form = settings_form("manual")
    fields = shown(qtbot, look, form)
    more = next(one for one in fields.findChildren(QPushButton) if "Add a row" in one.text())
    qtbot.mouseClick(more, Qt.MouseButton.LeftButton)
    second = [one for one in fields.findChildren(QLineEdit) if one.accessibleName() in
              {"Key, row 2", "Name, row 2", "Model, row 2"}]  # fmt: skip
    for cell, text in zip(second, ("here", "our page", "F-7"), strict=True):
        qtbot.keyClicks(cell, text)
    assert not fields.check(), "a blank row above a filled one is a fault with its number"
    told = [one.text() for one in fields.findChildren(QLabel) if one.text().startswith("Row 1, ")]
    assert told
    gone = next(one for one in fields.findChildren(QToolButton) if one.accessibleName() == "Take row 1 away")
    qtbot.mouseClick(gone, Qt.MouseButton.LeftButton)
    rows = form.values(fields.typed())["surfaces"]
    assert rows == [{"key": "here", "name": "our page", "model": "F-7", "reach": "only-us"}]
    assert fields.check()


def test_a_levers_parameters_are_taken_as_text(qtbot, look) -> None:
    form = lever_form("litellm", "key.rpm")
    fields = shown(qtbot, look, form)
    qtbot.keyClicks(fields.findChild(QLineEdit), "7")
    assert form.params(fields.typed()) == {"rpm": "7"}


def test_enter_in_a_line_is_told(qtbot, look) -> None:
    fields = shown(qtbot, look, settings_form("litellm"))
    with qtbot.waitSignal(fields.entered):
        qtbot.keyClick(fields.findChildren(QLineEdit)[0], Qt.Key.Key_Return)
