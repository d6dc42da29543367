"""Placeholders in requests: plain substitution, each value escaped for the place where it lands. Nothing is computed.

`{selector}`, `{surface}`, `{param.NAME}`, `{setting.NAME}`, and where something is written `{field.NAME}`; `{{` and
`}}` stand for braces. A placeholder can never reach a host, a method, a header or the name of a JSON member.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote

from adapters.contract import Malformed, Refused
from adapters.http.lines import Json

MOST_CHARS: Final = 4000
_PLACE: Final = re.compile(r"\{\{|\}\}|\{([a-z]+(?:\.[A-Za-z0-9_-]+)?)\}|[{}]")
_WHOLE: Final = re.compile(r"\{([a-z]+(?:\.[A-Za-z0-9_-]+)?)\}\Z")

Values = Mapping[str, Json]


def names(template: Json) -> set[str]:
    """The placeholders of a template, wherever they stand in it.

    Raises:
        ValueError: saying what is wrong: a stray brace, or a placeholder in the name of a member.
    """
    found: set[str] = set()
    for text in _texts(template):
        for match in _PLACE.finditer(text):
            if match[0] in "{}":
                raise ValueError(f"a stray brace in {text[:60]!r}: write {{{{ or }}}} for a brace")
            if match[1]:
                found.add(match[1])
    return found


def _texts(template: Json) -> Iterator[str]:
    if isinstance(template, str):
        yield template
    elif isinstance(template, list):
        for item in template:
            yield from _texts(item)
    elif isinstance(template, dict):
        for name, item in template.items():
            if "{" in name:
                raise ValueError(f"a placeholder may not name a member: {name[:60]!r}")
            yield from _texts(item)


def path(template: str, values: Values) -> str:
    """A path with its query, every value percent-encoded.

    Raises:
        Refused: when a value would leave its place, is empty, or is no plain text or number.
    """

    def place(match: re.Match[str]) -> str:
        return _brace(match) or quote(word(values[match[1]], match[1]), safe="")

    made = _PLACE.sub(place, template)
    if len(made) > MOST_CHARS or {".", ".."} & set(made.partition("?")[0].split("/")):
        raise Refused("that would ask for another path than the file says")
    return made


def body(template: Json, values: Values) -> str:
    """A JSON text. A placeholder alone keeps its value's type; within a text it becomes text.

    Raises:
        Refused: when a value within a text is no text or number, or is a number JSON does not have.
    """
    try:
        return json.dumps(fill(template, values), separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except ValueError:
        raise Refused("a value is a number that JSON does not have") from None


def fill(template: Json, values: Values) -> Json:
    """The template's value.

    Raises:
        Refused: as `body`.
    """
    if isinstance(template, list):
        return [fill(item, values) for item in template]
    if isinstance(template, dict):
        return {name: fill(item, values) for name, item in template.items()}
    if not isinstance(template, str):
        return template
    if alone := _WHOLE.match(template):
        return values[alone[1]]
    return _PLACE.sub(lambda match: _brace(match) or word(values[match[1]], match[1]), template)


def _brace(match: re.Match[str]) -> str:
    return match[0][0] if match[1] is None else ""


def word(value: Json, name: str) -> str:
    """A value as it stands within a text.

    Raises:
        Refused: when it is empty, has control characters, or is no text, number or truth.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return json.dumps(value)
    if not isinstance(value, str) or not value or not value.isprintable():
        raise Refused(f"{name} is empty or no plain text")
    return value


def look(answer: Json, where: str, values: Values) -> Json:
    """What stands at a dotted path in an answer; the empty path is the answer itself.

    Raises:
        Malformed: when nothing stands there: the answer is not the one the file describes.
    """
    found = answer
    for step in where.split(".") if where else ():
        name = word(fill(step, values), "a step")
        if isinstance(found, dict) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
        else:
            raise Malformed(f"the answer has nothing at {where}")
    return found
