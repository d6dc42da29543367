"""The surfaces of a declared plane: named in the file, or read from the service's own list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from adapters.contract import Found, Malformed
from adapters.http import template
from adapters.http.form import State, Surfaces
from adapters.http.lines import Json

MOST: Final = 2000
Stand = Literal["serving", "stopped", "unknown"]


@dataclass(frozen=True, slots=True)
class Seen:
    """One surface and how it is."""

    found: Found
    state: Stand
    detail: str


def seen(form: Surfaces, answer: Json, values: template.Values) -> list[Seen]:
    """Every surface in this answer.

    Raises:
        Malformed: when the answer is not the one the file describes, or one key stands for two.
    """
    if not isinstance(answer, dict | list):
        raise Malformed("the answer is neither an object nor a list")
    found = list(_fixed(form, answer, values) if form.fixed else _listed(form, answer, values))
    if len({one.found.key for one in found}) != len(found):
        raise Malformed("two surfaces have one key")
    return found


def _fixed(form: Surfaces, answer: Json, values: template.Values) -> Iterator[Seen]:
    state, detail = _state(form.state, answer, values)
    for one in form.fixed:
        yield Seen(
            Found(key=one.key, name=one.name, model=one.model, kind=one.kind, control=form.control), state, detail
        )


def _listed(form: Surfaces, answer: Json, values: template.Values) -> Iterator[Seen]:
    items = template.look(answer, form.each, values)
    if not isinstance(items, list) or len(items) > MOST:
        raise Malformed(f"the answer has no list of at most {MOST} at {form.each or 'its top'}")
    for item in items:
        if not isinstance(item, dict):
            raise Malformed("a surface in the list is no object")
        key = _word(item, form.key, values)
        state, detail = _state(form.state, item, values)
        name = _word(item, form.name, values) if form.name else key
        model = _word(item, form.model, values) if form.model else key
        yield Seen(Found(key=key, name=name, model=model, control=form.control), state, detail)


def _word(item: Json, where: str, values: template.Values) -> str:
    found = template.look(item, where, values)
    if isinstance(found, bool) or not isinstance(found, str | int) or not str(found).isprintable() or found == "":
        raise Malformed(f"what stands at {where} is no name")
    return str(found)


def _state(form: State | None, item: Json, values: template.Values) -> tuple[Stand, str]:
    if form is None:
        return "unknown", "the file does not say how to tell"
    value = template.look(item, form.path, values)
    if any(same(value, one) for one in form.serving):
        return "serving", ""
    if any(same(value, one) for one in form.stopped):
        return "stopped", ""
    return "unknown", "its state is none the file knows"


def same(one: Json, other: Json) -> bool:
    """Equal and of one type: 1 is not true."""
    return one == other and type(one) is type(other)
