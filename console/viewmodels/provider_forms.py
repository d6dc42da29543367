"""Forms for connecting a provider and for a lever's parameters, from the adapter's own models. They save nothing.

A secret never stands in a form's values: it is handed on once, and forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from console.services import provider_settings
from console.services.provider_settings import FieldFault, FieldSchema, Kind, Schema

Value = str | bool | Sequence[Mapping[str, str]]
Values = Mapping[str, Value]
_YES = frozenset({"yes", "true", "1", "on"})


_Check = Callable[[Mapping[str, Any]], tuple[FieldFault, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field as it is shown. `default` is what stands in it at first; `fields` are the columns where it is a table.

    `help` is a short line beside it, with its bounds where it has any.
    """

    name: str
    title: str
    help: str
    kind: Kind
    required: bool
    default: Value = ""
    choices: tuple[str, ...] = ()
    long: bool = False
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What is asked. `secrets` are asked for apart; `notes` say what is not possible at this provider."""

    name: str
    title: str
    fields: tuple[Field, ...]
    secrets: tuple[Field, ...]
    notes: Mapping[str, str]
    check: _Check

    def first(self) -> dict[str, Value]:
        """What stands in the fields at first."""
        return {one.name: one.default for one in self.fields}

    def typed(self, settings: Mapping[str, Any]) -> dict[str, Value]:
        """Settings as they are kept, as they would be typed."""
        return {one.name: _typed(one, settings[one.name]) for one in self.fields if settings.get(one.name) is not None}

    def values(self, typed: Values) -> dict[str, Any]:
        """What was typed as the adapter takes it: blanks and empty last rows left out."""
        found: dict[str, Any] = {}
        for one in self.fields:
            value = _taken(one, typed.get(one.name, one.default))
            if value is not None:
                found[one.name] = value
        return found

    def params(self, typed: Values) -> dict[str, str]:
        """As `values`, in the text that a wish carries."""
        return {
            name: ("true" if value else "false") if isinstance(value, bool) else str(value)
            for name, value in self.values(typed).items()
        }

    def faults(self, typed: Values) -> dict[str, str]:
        """What is wrong, in words, by field (`surfaces.0.model` inside a table); empty where all is good."""
        found: dict[str, str] = {}
        for fault in self.check(self.values(typed)):
            found.setdefault(fault.name, fault.what)
        return found


def settings_form(adapter: str) -> Form:
    """What a provider of this adapter needs to be told.

    Raises:
        UnknownAdapter: when there is no usable adapter of this name.
    """
    check = partial(provider_settings.settings_faults, adapter)
    return _form(provider_settings.settings_schema(adapter), check)


def lever_form(adapter: str, lever: str) -> Form:
    """What a lever needs to be told beside what it selects.

    Raises:
        UnknownAdapter, WrongUse: when there is no such adapter or lever.
    """
    check = partial(provider_settings.lever_faults, adapter, lever)
    return _form(provider_settings.lever_schema(adapter, lever), check)


def _form(schema: Schema, check: _Check) -> Form:
    return Form(
        name=schema.name, title=schema.title, fields=tuple(map(_field, schema.fields)),
        secrets=tuple(map(_field, schema.secrets)), notes=schema.notes, check=check,
    )  # fmt: skip


def _field(one: FieldSchema) -> Field:
    return Field(
        name=one.name, title=one.title, help=_help(one), kind=one.kind, required=one.required, default=_default(one),
        choices=one.choices, long=one.long, fields=tuple(map(_field, one.fields)),
    )  # fmt: skip


def _default(one: FieldSchema) -> Value:
    if one.kind == "bool":
        return one.default is True
    if one.kind == "rows":
        return ()
    return "" if one.default is None else str(one.default)


def _typed(one: Field, value: Any) -> Value:  # noqa: ANN401  a setting is whatever JSON the adapter's model wrote
    if one.kind == "bool":
        return value is True
    if one.kind == "rows" and isinstance(value, list):
        rows: list[Mapping[str, Any]] = value
        return tuple({name: "" if cell is None else str(cell) for name, cell in row.items()} for row in rows)
    return str(value)


def _help(one: FieldSchema) -> str:
    bounds = ""
    if one.least is not None and one.most is not None:
        bounds = f"{one.least:,} to {one.most:,}"
    elif one.least is not None:
        bounds = f"{one.least:,} or more"
    elif one.most is not None:
        bounds = f"{one.most:,} or less"
    return "; ".join(part for part in (one.help, bounds) if part)


def _taken(one: Field, value: Value) -> Any:  # noqa: ANN401  what the adapter's model takes: text, truth or rows
    """None where nothing was said."""
    if one.kind == "bool":
        return value if isinstance(value, bool) else str(value).strip().lower() in _YES
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, str):
        text = value if one.long else value.strip()
        return text if text.strip() else None
    rows = [{name: cell.strip() for name, cell in row.items() if cell.strip()} for row in value]
    while rows and not rows[-1]:
        rows.pop()  # the last ones only: a fault names its row by number
    return rows or None


__all__ = ["Field", "Form", "Value", "Values", "lever_form", "settings_form"]
