"""One model under several names: each provider keeps its own, the organisation has one, a person says which are one.

It suggests and never decides. Tying is an entry everybody reads; nothing at a provider is renamed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from console.domain.errors import BadForm, WrongUse
from console.domain.profile import JsonValue
from console.domain.shape import model_name
from console.journal.values import Draft, Stored
from console.services.inventory import Surface, surfaces
from console.services.session import Session

_LEAST: Final = 4  # letters that two names have to share before one is taken for the other with something behind it
_VENDOR: Final = re.compile(r"^(?:(?:us|eu|apac|global)\.)?[a-z0-9]+\.(?=[a-z])")  # `us.anthropic.claude-...`
_BEHIND: Final = re.compile(r"(?:[-_@:](?:\d{4}-\d{2}-\d{2}|\d{8}|\d{6}|\d{4}|v\d+(?:[.:]\d+)*|latest|preview))+$")


@dataclass(frozen=True, slots=True)
class Likely:
    """A surface that may serve a model under another name, and why it is thought so."""

    surface: Surface
    why: str


def bare(name: str) -> str:
    """A name without what vendors put before it and behind it: `openai/Frontier-7:latest` is `frontier7`."""
    last = name.casefold().rsplit("/", 1)[-1]
    return _letters(_VENDOR.sub("", last))


def likely(known: Iterable[Surface], model: str) -> tuple[Likely, ...]:
    """Surfaces of other models that may be this one: the same letters, or the same with a version or date behind."""
    there = list(known)
    names = {model, *(one.own for one in there if one.model == model)}
    found: list[Likely] = []
    for one in there:
        if one.model == model:
            continue
        why = next((why for name in sorted(names) if (why := _alike(name, one.own or one.model))), "")
        if why:
            found.append(Likely(one, why))
    return tuple(found)


def _alike(one: str, other: str) -> str:
    first, second = bare(one), bare(other)
    if first and first == second:
        return "the same name, written otherwise"
    first, second = _letters(_short(one)), _letters(_short(other))
    if first == second and len(first) >= _LEAST:
        return "the same name with another version or date"
    return ""


def _short(name: str) -> str:
    return _BEHIND.sub("", _VENDOR.sub("", name.casefold().rsplit("/", 1)[-1]))


def _letters(name: str) -> str:
    return "".join(char for char in name if char.isalnum())


def tie(session: Session, chosen: Sequence[str], model: str, why: str = "") -> list[Stored]:
    """From now on these surfaces are the organisation's model of this name; gives the entries, one each.

    What the providers call them stays, and is what is sent to them. What was proposed before keeps its name.

    Raises:
        WrongUse: for a bad name, an unknown surface, or when nothing changes.
    """
    name = model.strip()
    try:
        model_name(name, "model")
    except BadForm as fault:
        raise WrongUse(f"{name[:64]!r} is no name for a model.", "Use letters, digits and . _ : / @ + -.") from fault
    known = {one.surface: one for one in surfaces(session)}
    missing = [one for one in chosen if one not in known]
    if missing:
        raise WrongUse(f"There is no surface {missing[0][:64]!r}.", "See `standdown provider models`.")
    changed = [known[one] for one in chosen if known[one].model != name]
    if not changed:
        raise WrongUse(f"They are {name} already.", "Choose another surface, or another name.")
    return session.append_all([_announced(one, name, why) for one in changed])


def untie(session: Session, chosen: Sequence[str], why: str = "") -> list[Stored]:
    """These surfaces are models of their own again, under the name that their provider gave them.

    Raises:
        WrongUse: as `tie`.
    """
    known = {one.surface: one for one in surfaces(session)}
    changed = [known[one] for one in chosen if one in known and known[one].model != known[one].own]
    if not changed:
        raise WrongUse("They stand under their own names already.", "See `standdown provider models`.")
    return session.append_all([_announced(one, one.own, why) for one in changed])


def _announced(one: Surface, model: str, why: str) -> Draft:
    pub: dict[str, JsonValue] = {
        "surface": one.surface, "instance": one.instance, "model": model, "kind": one.kind, "control": one.control,
        "reach": one.reach,
    }  # fmt: skip
    told = f"{one.own} is {model} here" if model != one.own else f"{one.own} is a model of its own again"
    words: dict[str, JsonValue] = {"name": one.name, "key": one.key, "text": f"{told}{f': {why}' if why else ''}."}
    return Draft("surface.added", pub=pub, disclosures=words)
