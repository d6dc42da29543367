"""Widgets for a form of the view-models: a provider's settings and secrets, a lever's parameters.

A fault stands beside its field, and what was typed stays. Secrets are handed on once and emptied; it saves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from console.ui.parts import column, row
from console.ui.theme import Look
from console.ui.unlock import secret_field
from console.ui.widgets import Text
from console.viewmodels.provider_forms import Field, Form, Value, Values

Told = Callable[[], None]
Editor = QLineEdit | QPlainTextEdit | QCheckBox | QComboBox
UNSAID: Final = "(not said)"
_LONG_LINES: Final = 4
_MOST_ROWS: Final = 200


class FormFields(QWidget):
    """Every field of a form, one below the other. `changed` is emitted at each keystroke, `entered` at Enter."""

    changed = Signal()
    entered = Signal()

    def __init__(self, look: Look, form: Form, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._form = form
        self._checked = False
        self._boxes: dict[str, FieldBox | RowsBox] = {}
        self._secrets: dict[str, FieldBox] = {}
        lines = column(self, look.theme.space("wide"))
        for one in form.fields:
            box = RowsBox(look, one) if one.kind == "rows" else FieldBox(look, one)
            self._boxes[one.name] = box
            self._place(lines, box)
        for one in form.secrets:
            secret = FieldBox(look, one)
            self._secrets[one.name] = secret
            self._place(lines, secret)
        first = next(iter([*self._boxes.values(), *self._secrets.values()]), None)
        if first is not None:
            self.setFocusProxy(first)

    def typed(self) -> dict[str, Value]:
        """What stands in the fields, as `Form.values` and `Form.params` take it; secrets are not among it."""
        return {name: box.value() for name, box in self._boxes.items()}

    def put(self, values: Values) -> None:
        """Fill in; a field that is not named keeps what it has."""
        for name, value in values.items():
            if name in self._boxes:
                self._boxes[name].put(value)

    def secrets(self) -> dict[str, str]:
        """What was typed as secrets, by the adapter's names; never to be kept by whoever asks."""
        return {name: str(box.value()) for name, box in self._secrets.items()}

    def forget_secrets(self) -> None:
        """Empty them: they have served."""
        for box in self._secrets.values():
            box.put("")

    def check(self) -> bool:
        """Show what is wrong beside each field, from now on at each keystroke too; true where all is good."""
        self._checked = True
        faults = self._form.faults(self.typed())
        for name, box in self._boxes.items():
            box.tell(faults)
            if faults and _concerns(name, faults) and not any(one.hasFocus() for one in self.findChildren(QWidget)):
                box.setFocus()
        return not faults

    def _place(self, lines: QVBoxLayout, box: FieldBox | RowsBox) -> None:
        box.changed.connect(self._touched)
        box.entered.connect(self.entered)
        lines.addWidget(box)

    def _touched(self) -> None:
        if self._checked:
            self.check()
        self.changed.emit()


class FieldBox(QWidget):
    """One field: its title above, what it means below, and a fault where there is one."""

    changed = Signal()
    entered = Signal()

    def __init__(self, look: Look, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._field = field
        self.editor = editor_for(look, field)
        told = field.required or field.kind in ("bool", "choice", "secret")
        title = field.title if told else f"{field.title} (optional)"
        self._fault = Text(look, size="small", tone="alarm", wrap=True)
        self._fault.hide()
        lines = column(self, look.theme.space("half"))
        if field.kind != "bool":
            name = Text(look, title, weight="medium")
            name.setBuddy(self.editor)
            lines.addWidget(name)
        lines.addWidget(self.editor)
        if field.help:
            lines.addWidget(Text(look, _sentence(field.help), size="small", tone="text-muted", wrap=True))
        lines.addWidget(self._fault)
        self.setFocusProxy(self.editor)
        connect(self.editor, self.changed.emit, self.entered.emit)

    def value(self) -> Value:
        """What stands in it."""
        return value_of(self.editor)

    def put(self, value: Value) -> None:
        """Let this stand in it."""
        put_value(self.editor, value)

    def tell(self, faults: Mapping[str, str]) -> None:
        """Show what is wrong with it, if anything is."""
        fault = faults.get(self._field.name, "")
        self._fault.setText(fault)
        self._fault.setVisible(bool(fault))
        self.editor.setAccessibleDescription(fault or self._field.help)


class RowsBox(QWidget):
    """A field that is a table: a row each, with a button that adds one and one that takes it away."""

    changed = Signal()
    entered = Signal()

    def __init__(self, look: Look, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._field = look, field
        self._rows: list[_TableRow] = []
        self._grid = QGridLayout()
        self._grid.setSpacing(look.theme.space("unit"))
        for at, one in enumerate(field.fields):
            self._grid.addWidget(Text(look, one.title, size="small", tone="text-muted"), 0, at)
            self._grid.setColumnStretch(at, 1)
        self._fault = Text(look, size="small", tone="alarm", wrap=True)
        self._fault.hide()
        self._more = QPushButton("Add a row")
        self._more.setAccessibleName(f"Add a row: {field.title}")
        self._more.clicked.connect(self._another)
        lines = column(self, look.theme.space("half"))
        lines.addWidget(Text(look, field.title, weight="medium"))
        if field.help:
            lines.addWidget(Text(look, _sentence(field.help), size="small", tone="text-muted", wrap=True))
        lines.addLayout(self._grid)
        lines.addWidget(self._fault)
        foot = QWidget()
        line = row(foot)
        line.addWidget(self._more)
        line.addStretch(1)
        lines.addWidget(foot)
        self._add()

    def value(self) -> Sequence[Mapping[str, str]]:
        """The rows, blank ones included: a fault names its row by number."""
        return tuple(one.values() for one in self._rows)

    def put(self, value: Value) -> None:
        """Let these rows stand in it."""
        if isinstance(value, str | bool):
            return
        while self._rows:
            self._rows.pop().remove()
        for values in value[:_MOST_ROWS] or ({},):
            self._add().put(values)
        self.changed.emit()

    def tell(self, faults: Mapping[str, str]) -> None:
        """Show what is wrong: the first fault in words, and in which row."""
        told: list[str] = [faults[self._field.name]] if self._field.name in faults else []
        for at, one in enumerate(self._rows):
            told += one.tell(f"{self._field.name}.{at}", faults, at + 1)
        self._fault.setText("\n".join(told[:_LONG_LINES]))
        self._fault.setVisible(bool(told))

    def _another(self) -> None:
        if len(self._rows) < _MOST_ROWS:
            self._add().focus()
            self.changed.emit()

    def _add(self) -> _TableRow:
        made = _TableRow(self._look, self._field, self._grid, len(self._rows) + 1)
        for editor in made.editors.values():
            connect(editor, self.changed.emit, self.entered.emit)
        made.gone.clicked.connect(lambda: self._take_away(made))
        self._rows.append(made)
        self.setFocusProxy(next(iter(self._rows[0].editors.values()), self._more))
        return made

    def _take_away(self, gone: _TableRow) -> None:
        values = [one.values() for one in self._rows if one is not gone]
        self.put(values)
        self._more.setFocus()


class _TableRow:
    """The editors of one row, in a grid that others share."""

    def __init__(self, look: Look, field: Field, grid: QGridLayout, at: int) -> None:
        self.editors: dict[str, Editor] = {}
        self._titles = {one.name: one.title for one in field.fields}
        self._grid = grid
        for place, one in enumerate(field.fields):
            editor = editor_for(look, one)
            editor.setAccessibleName(f"{one.title}, row {at}")
            self.editors[one.name] = editor
            grid.addWidget(editor, at, place)
        self.gone = QToolButton()
        self.gone.setIcon(look.icon("x"))
        self.gone.setToolTip("Take this row away")
        self.gone.setAccessibleName(f"Take row {at} away")
        grid.addWidget(self.gone, at, len(field.fields))

    def values(self) -> dict[str, str]:
        return {name: str(value_of(one)) for name, one in self.editors.items()}

    def put(self, values: Mapping[str, str]) -> None:
        for name, value in values.items():
            if name in self.editors:
                put_value(self.editors[name], value)

    def tell(self, where: str, faults: Mapping[str, str], number: int) -> list[str]:
        told: list[str] = []
        for name, editor in self.editors.items():
            fault = faults.get(f"{where}.{name}", "")
            editor.setAccessibleDescription(fault)
            if fault:
                told.append(f"Row {number}, {self._titles[name]}: {fault}")
        return told

    def focus(self) -> None:
        next(iter(self.editors.values())).setFocus()

    def remove(self) -> None:
        for part in (*self.editors.values(), self.gone):
            self._grid.removeWidget(part)
            part.hide()
            part.deleteLater()


# -- editors -----------------------------------------------------------------------------------------------------------


def editor_for(look: Look, field: Field) -> Editor:
    """The control for one field, with its name for screen readers and what stands in it at first."""
    editor: Editor
    if field.kind == "bool":
        editor = QCheckBox(field.title)
    elif field.kind == "choice":
        editor = QComboBox()
        unsaid = () if field.required or str(field.default) in field.choices else ("",)
        for choice in (*unsaid, *field.choices):
            editor.addItem(choice or UNSAID, choice)
    elif field.kind == "secret":
        editor = secret_field(field.title)
    elif field.long:
        editor = QPlainTextEdit()
        editor.setTabChangesFocus(True)
        editor.setFixedHeight(look.theme.metrics().lineSpacing() * _LONG_LINES + 2 * look.theme.space("unit"))
    else:
        editor = QLineEdit()
        if field.kind == "number":
            editor.setInputMethodHints(Qt.InputMethodHint.ImhFormattedNumbersOnly)
    editor.setAccessibleName(field.title)
    editor.setAccessibleDescription(field.help)
    put_value(editor, field.default)
    return editor


def value_of(editor: Editor) -> str | bool:
    """What stands in a control."""
    if isinstance(editor, QCheckBox):
        return editor.isChecked()
    if isinstance(editor, QComboBox):
        return str(editor.currentData() or "")
    return editor.toPlainText() if isinstance(editor, QPlainTextEdit) else editor.text()


def put_value(editor: Editor, value: Value) -> None:
    """Let this stand in a control; a choice that it does not have changes nothing."""
    if isinstance(editor, QCheckBox):
        editor.setChecked(value is True or value == "true")
    elif isinstance(editor, QComboBox):
        at = editor.findData(str(value))
        if at >= 0:
            editor.setCurrentIndex(at)
    elif isinstance(editor, QPlainTextEdit):
        editor.setPlainText(str(value))
    else:
        editor.setText(str(value))


def connect(editor: Editor, changed: Told, entered: Told) -> None:
    """Tell of every change, and of Enter where the control is one line."""

    def told() -> None:  # whatever the signal carries is left out
        changed()

    if isinstance(editor, QCheckBox):
        editor.toggled.connect(told)
    elif isinstance(editor, QComboBox):
        editor.currentIndexChanged.connect(told)
    else:
        editor.textChanged.connect(told)
        if isinstance(editor, QLineEdit):
            editor.returnPressed.connect(entered)


def _concerns(name: str, faults: Mapping[str, str]) -> bool:
    return any(one == name or one.startswith(f"{name}.") for one in faults)


def _sentence(text: str) -> str:
    """With a capital, unless it begins with an address or the name of a setting, which are written as they are."""
    first = text.split(" ", 1)[0]
    return text if "://" in first or "_" in first else text[:1].upper() + text[1:]
