"""YAML as plain data in which every value knows its line. Nothing in a file is ever constructed, included or run.

Only what JSON could say: no tags, no anchors, no aliases, no name twice; `on`, `off`, `yes` and `no` are words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import yaml

MOST_BYTES: Final = 64 * 1024
_WHOLE: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\Z")
_FRACTION: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,17}\Z")
_WORDS: Final = {"true": True, "false": False, "null": None, "~": None, "": None}
_SCHEMA: Final = "tag:yaml.org,2002:"
_PLAIN_TAGS: Final = frozenset(
    _SCHEMA + kind for kind in ("str", "int", "float", "bool", "null", "map", "seq", "timestamp", "merge", "value")
)

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Step = str | int


class BadFile(Exception):
    """The file is not what it has to be. `line` counts from 1; `what` is one sentence without the file's name."""

    def __init__(self, line: int, what: str) -> None:
        """Keep both."""
        super().__init__(f"line {line}: {what}")
        self.line = line
        self.what = what


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says, and where it says it: a line for every path of steps into `value`."""

    value: Json
    lines: dict[tuple[Step, ...], int]

    def line(self, path: tuple[Step, ...]) -> int:
        """The line of what stands there, or of what is nearest above it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read(text: str) -> Document:
    """The text as data.

    Raises:
        BadFile: with the line, when it is not YAML, or more than plain data.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise BadFile(1, f"it is longer than {MOST_BYTES // 1024} KiB")
    try:
        for event in _events(text):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise BadFile(line, "anchors and aliases are not read here: write it out")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        raise BadFile(mark.line + 1 if mark else 1, f"it is no YAML: {fault.problem or 'it ends too early'}") from None
    except (yaml.YAMLError, UnicodeError):
        raise BadFile(1, "it is no YAML text") from None
    except RecursionError:
        raise BadFile(1, "it is nested too deeply") from None
    if node is None:
        raise BadFile(1, "it is empty")
    lines: dict[tuple[Step, ...], int] = {}
    return Document(_value(node, (), lines), lines)


def _events(text: str) -> Iterator[yaml.Event]:
    yield from yaml.parse(text, Loader=yaml.SafeLoader)


def _value(node: yaml.Node, path: tuple[Step, ...], lines: dict[tuple[Step, ...], int]) -> Json:
    line = node.start_mark.line + 1
    lines.setdefault(path, line)
    if node.tag not in _PLAIN_TAGS:
        raise BadFile(line, f"tags like {node.tag.removeprefix(_SCHEMA)[:40]} are not read here")
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, number), lines) for number, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines)
    return _scalar(str(node.value), quoted=getattr(node, "style", None) is not None)


def _mapping(node: yaml.MappingNode, path: tuple[Step, ...], lines: dict[tuple[Step, ...], int]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for name, value in node.value:
        line = name.start_mark.line + 1
        if not isinstance(name, yaml.ScalarNode) or name.tag == f"{_SCHEMA}merge":
            raise BadFile(line, "a name has to be plain text")
        key = str(name.value)
        if key in found:
            raise BadFile(line, f"{key} stands twice")
        lines[(*path, key)] = line
        found[key] = _value(value, (*path, key), lines)
    return found


def _scalar(text: str, *, quoted: bool) -> Json:
    if quoted:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.match(text):
        return int(text)
    return float(text) if _FRACTION.match(text) else text
