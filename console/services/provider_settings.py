"""What an adapter wants to be told, as plain data: its settings, its secrets, the parameters of its levers.

It reads the adapter's own pydantic models, so that a form and the check behind it can never differ. It keeps nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pydantic import BaseModel, ValidationError

from console.domain.errors import WrongUse
from console.providers.registry import Registry

Kind = Literal["text", "url", "number", "bool", "choice", "path", "secret", "rows"]
STAND_IN: Final = "-"  # said for a text that nobody can guess
_LONG_CHARS = 300  # a text that may be longer than this deserves several lines

_SECRET_TITLES: Final = {"admin": "Administrator's credential"}  # a form's label; what exactly, each adapter says


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSchema:
    """One field. `default` is what stands where nothing is said; `choices` only for `choice`, `fields` only for `rows`.

    `least` and `most` bound a number; `long` asks for several lines.
    """

    name: str
    title: str
    help: str
    kind: Kind
    required: bool
    default: Any = None
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    long: bool = False
    fields: tuple[FieldSchema, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """A form's content: what it is about, its fields, and secrets (they go to the vault and never into settings)."""

    name: str
    title: str
    fields: tuple[FieldSchema, ...]
    secrets: tuple[FieldSchema, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class FieldFault:
    """What is wrong with one field, in words. `name` is dotted inside rows (`surfaces.0.model`)."""

    name: str
    what: str


def settings_schema(adapter: str) -> Schema:
    """What a provider of this adapter needs to be told.

    Raises:
        UnknownAdapter: when there is no usable adapter of this name.
    """
    manifest = Registry.load().manifest(adapter)
    secrets = tuple(
        FieldSchema(name=name, title=_SECRET_TITLES.get(name, _words(name)), help=what, kind="secret", required=False)
        for name, what in manifest.secrets.items()
    )
    return Schema(
        name=adapter, title=manifest.title, fields=_fields_of(manifest.settings), secrets=secrets,
        notes=dict(manifest.not_possible),
    )  # fmt: skip


def lever_schema(adapter: str, lever: str) -> Schema:
    """What a lever needs to be told beside what it selects.

    Raises:
        UnknownAdapter: as `settings_schema`.
        WrongUse: when the adapter has no such lever.
    """
    found = _lever(adapter, lever)
    return Schema(name=lever, title=found.title, fields=() if found.params is None else _fields_of(found.params))


def settings_faults(adapter: str, settings: Mapping[str, Any]) -> tuple[FieldFault, ...]:
    """Every fault of these settings, by field; none where they are good.

    Raises:
        UnknownAdapter: as `settings_schema`.
    """
    return _faults(Registry.load().manifest(adapter).settings, settings)


def lever_faults(adapter: str, lever: str, params: Mapping[str, Any]) -> tuple[FieldFault, ...]:
    """Every fault of these parameters, by field; raises as `lever_schema`."""
    model = _lever(adapter, lever).params
    if model is None:
        return tuple(FieldFault(name, "This lever takes no such parameter.") for name in params)
    return _faults(model, params)


def least_params(adapter: str, lever: str) -> dict[str, str]:
    """As `least_of`, by names; raises as `lever_schema`."""
    return least_of(_lever(adapter, lever).params)


def least_of(params: type[BaseModel] | None) -> dict[str, str]:
    """Parameters that satisfy a lever with the least: only to ask whether it could be planned, never to send."""
    found: dict[str, str] = {}
    for one in () if params is None else _fields_of(params):
        if one.required:
            found[one.name] = str(int(one.least or 0)) if one.kind == "number" else (one.choices or (STAND_IN,))[0]
    return found


def _lever(adapter: str, lever: str) -> Any:  # noqa: ANN401  the contract's Lever: its type is the adapters' own
    for one in Registry.load().manifest(adapter).levers:
        if one.name == lever:
            return one
    raise WrongUse(f"{adapter} has no lever {lever[:64]!r}.", "See `standdown provider adapters`.")


# -- from a model to fields --------------------------------------------------------------------------------------------


def _fields_of(model: type[BaseModel]) -> tuple[FieldSchema, ...]:
    schema = model.model_json_schema()
    return _fields(schema, schema.get("$defs", {}))


def _fields(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> tuple[FieldSchema, ...]:
    required = set(schema.get("required", ()))
    return tuple(
        _field(name, _resolved(one, defs), defs, required=name in required)
        for name, one in schema.get("properties", {}).items()
    )


def _resolved(one: Mapping[str, Any], defs: Mapping[str, Any]) -> dict[str, Any]:
    """With its reference followed, and of "this or nothing" the this."""
    found = dict(one)
    for part in ("anyOf", "allOf"):
        options = [option for option in found.get(part, ()) if option.get("type") != "null"]
        if len(options) == 1:
            found = {**options[0], **{name: value for name, value in found.items() if name != part}}
    if "$ref" in found:
        target = defs.get(str(found["$ref"]).rpartition("/")[2], {})
        found = {**target, **{name: value for name, value in found.items() if name != "$ref"}}
    return found


def _field(name: str, one: Mapping[str, Any], defs: Mapping[str, Any], *, required: bool) -> FieldSchema:
    kind = _kind(name, one, defs)
    rows = _resolved(one.get("items", {}), defs) if kind == "rows" else {}
    choices = tuple(str(value) for value in one.get("enum", [one["const"]] if "const" in one else ()))
    return FieldSchema(
        name=name, title=_title(name, one), help=str(one.get("description", "")), kind=kind, required=required,
        default=one.get("default"), choices=choices, least=one.get("minimum", one.get("exclusiveMinimum")),
        most=one.get("maximum", one.get("exclusiveMaximum")), long=int(one.get("maxLength", 0)) > _LONG_CHARS,
        fields=_fields(rows, defs),
    )  # fmt: skip


def _kind(name: str, one: Mapping[str, Any], defs: Mapping[str, Any]) -> Kind:
    shape, form = one.get("type"), one.get("format")
    if "enum" in one or "const" in one:
        return "choice"
    if shape == "array" and _resolved(one.get("items", {}), defs).get("properties"):
        return "rows"
    by_shape: dict[object, Kind] = {"boolean": "bool", "integer": "number", "number": "number"}
    by_form: dict[object, Kind] = {"uri": "url", "path": "path", "file-path": "path", "directory-path": "path",
                                   "password": "secret"}  # fmt: skip
    if shape in by_shape:
        return by_shape[shape]
    return by_form.get(form, "url" if name == "url" or name.endswith("_url") else "text")


def _title(name: str, one: Mapping[str, Any]) -> str:
    """The model's own title; what pydantic makes of a name by itself is made plainer."""
    told = str(one.get("title", ""))
    return told if told and told != name.replace("_", " ").title() else _words(name)


def _words(name: str) -> str:
    return name.replace("_", " ").replace("-", " ").strip().capitalize()


# -- from pydantic's faults to words -----------------------------------------------------------------------------------


def _faults(model: type[BaseModel], values: Mapping[str, Any]) -> tuple[FieldFault, ...]:
    try:
        model.model_validate(dict(values))
    except ValidationError as fault:
        found = fault.errors(include_input=False, include_url=False)
        return tuple(FieldFault(".".join(str(part) for part in one["loc"]), _told(one)) for one in found)
    return ()


def _told(one: Mapping[str, Any]) -> str:  # noqa: PLR0911  one sentence for each thing that can be wrong
    kind, context = str(one["type"]), one.get("ctx", {})
    if kind in ("missing", "string_too_short", "too_short"):
        return "This is needed."
    if kind == "extra_forbidden":
        return "There is no such setting."
    if kind in ("int_parsing", "int_type", "int_from_float"):
        return "Write a whole number."
    if kind.startswith(("float_", "decimal_")):
        return "Write a number."
    if kind.startswith("bool_"):
        return "Say yes or no."
    if kind in ("literal_error", "enum"):
        return f"Choose one of {context.get('expected', 'those offered')}."
    if kind == "string_too_long":
        return f"At most {context.get('max_length')} characters."
    if kind in ("greater_than_equal", "greater_than"):
        return f"At least {context.get('ge', context.get('gt'))}."
    if kind in ("less_than_equal", "less_than"):
        return f"At most {context.get('le', context.get('lt'))}."
    return _sentence(str(context.get("error") or one["msg"]))


def _sentence(text: str) -> str:
    first = text.removeprefix("Value error, ").strip()
    return (first[:1].upper() + first[1:]).rstrip(".") + "."


__all__: Sequence[str] = (
    "STAND_IN", "FieldFault", "FieldSchema", "Schema", "least_of", "least_params", "lever_faults", "lever_schema",
    "settings_faults", "settings_schema",
)  # fmt: skip
