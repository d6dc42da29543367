"""From a file's text to a form, and to every fault in it with its line: a person mends them all at once.

It reads and compares; it never sends anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from adapters.http import template
from adapters.http.form import FORMAT, Ask, Declaration, LeverForm
from adapters.http.lines import BadFile, Document, Json, Step, read

_WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_READS: Final = frozenset({"GET", "POST"})
_PLAINER: Final = {
    "missing": "this is needed", "extra_forbidden": "there is no such word here", "dict_type": "expected a mapping",
    "model_type": "expected a mapping", "string_type": "expected text: put it in quotes", "too_short": "it is empty",
    "int_type": "expected a whole number", "int_parsing": "expected a whole number",
    "bool_type": "expected true or false", "bool_parsing": "expected true or false", "list_type": "expected a list",
}  # fmt: skip

Path = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: its line (from 1), where it stands in the file, and what is wrong in one clause."""

    line: int
    where: str
    what: str

    @property
    def sentence(self) -> str:
        """For people."""
        return f"line {self.line}{f', {self.where}' if self.where else ''}: {self.what}"


class BadDeclaration(Exception):
    """A file that declares no adapter; `faults` says everything that is wrong with it."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        """Keep them."""
        super().__init__("; ".join(fault.sentence for fault in faults))
        self.faults = faults


def declaration(text: str) -> Declaration:
    """What the file declares.

    Raises:
        BadDeclaration: with every fault, in the order of lines.
    """
    try:
        document = read(text)
    except BadFile as fault:
        raise BadDeclaration((Fault(fault.line, "", fault.what),)) from None
    if not isinstance(document.value, dict):
        raise BadDeclaration((Fault(1, "", "expected a mapping with standdown, name, base_url, surfaces, levers"),))
    if document.value.get("standdown") != FORMAT:
        what = f"expected `standdown: {FORMAT}`: this console reads that form and no other"
        raise BadDeclaration((Fault(document.line(("standdown",)), "standdown", what),))
    try:
        form = Declaration.model_validate(document.value)
    except ValidationError as fault:
        found = [
            _fault(document, one["loc"], _told(one["type"], one["msg"])) for one in fault.errors(include_url=False)
        ]
        raise BadDeclaration(tuple(sorted(found, key=lambda one: one.line))) from None
    if found := [_fault(document, path, what) for path, what in _crossed(form)]:
        raise BadDeclaration(tuple(sorted(found, key=lambda one: one.line)))
    return form


def _fault(document: Document, path: Path, what: str) -> Fault:
    steps = tuple(step for step in path if step != "[key]")
    return Fault(document.line(steps), ".".join(str(step) for step in steps), what)


def _told(kind: str, message: str) -> str:
    told = _PLAINER.get(kind, message.removeprefix("Value error, "))
    return told[:1].lower() + told[1:]


# -- what no single field can know -------------------------------------------------------------------------------------


def _crossed(form: Declaration) -> Iterator[tuple[Path, str]]:
    if (form.auth == "none") != (form.secret is None):
        yield ("auth",), "secret says what the credential is; it goes with bearer or x-api-key, and only with them"
    settings = {f"setting.{name}" for name in form.settings}
    yield from _ask(("surfaces", "read"), form.surfaces.read, settings, _READS)
    for name, lever in form.levers.items():
        if lever.milder is not None and (lever.milder == name or lever.milder not in form.levers):
            yield ("levers", name, "milder"), "it names no other lever of this file"
        yield from _lever(("levers", name), lever, settings | {"selector", "surface"})


def _lever(at: Path, lever: LeverForm, seen: set[str]) -> Iterator[tuple[Path, str]]:
    fields = {f"field.{name}" for name in lever.fields}
    params = {f"param.{name}" for name in lever.params}
    if lever.exists is not None:
        yield from _ask((*at, "exists"), lever.exists, seen, _READS)
    yield from _ask((*at, "read"), lever.read, seen, _READS)
    for name, place in lever.fields.items():
        yield from _places((*at, "fields", name), [place.path, place.contains], seen)
    yield from _places((*at, "contain"), lever.contain, seen | params)
    yield from _places((*at, "restore"), lever.restore, seen)
    for number, write in enumerate(lever.write):
        for ask in write.send:
            yield from _ask((*at, "write", number), ask, seen | fields, _WRITES)
    if lever.probe is not None:
        yield from _ask((*at, "probe"), lever.probe.ask, seen, _WRITES | _READS)


def _ask(at: Path, ask: Ask, known: set[str], methods: frozenset[str]) -> Iterator[tuple[Path, str]]:
    if ask.method not in methods:
        yield at, f"{ask.method} cannot {'change' if methods is _WRITES else 'look at'} anything"
    yield from _places(at, [ask.path, ask.body], known)


def _places(at: Path, given: Json, known: set[str]) -> Iterator[tuple[Path, str]]:
    try:
        unknown = sorted(template.names(given) - known)
    except ValueError as fault:
        yield at, str(fault)
        return
    if unknown:
        places = ", ".join(f"{{{name}}}" for name in sorted(known))
        yield at, f"there is no {{{unknown[0]}}} here; known: {places or 'none'}"
