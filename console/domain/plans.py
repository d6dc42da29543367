"""Response plans as data: the steps of an incident, who does each, within how long. Values, and the reading of them.

It reads a table that somebody else parsed. A plan obliges nobody: its steps become tasks in the record.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from console.domain.errors import WrongUse
from console.domain.forms import ROLES

_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_MOST_STEPS: Final = 100
_MOST_CHARS: Final = 300
_MOST_MIN: Final = 525_600
_WORST, _MILDEST = 1, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: what, in which role, and within how many minutes of the beginning (None: whenever)."""

    id: str
    name: str
    role: str
    within_min: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A response plan. `severities` are those it is meant for; `source` says what it rests on."""

    id: str
    version: int
    name: str
    severities: tuple[int, ...]
    steps: tuple[Step, ...]
    source: str = ""


def read_plan(table: Mapping[str, object], where: str) -> Plan:
    """The plan of a parsed file; `where` names the file.

    Raises:
        WrongUse: saying what is wrong with it.
    """
    ident, version = table.get("id"), table.get("version")
    if not isinstance(ident, str) or not _ID.fullmatch(ident):
        raise _wrong(where, "its id is missing, or is not small letters, digits and dashes")
    if type(version) is not int or version < 1:
        raise _wrong(where, "its version is no whole number from 1 on")
    told = table.get("step")
    if not isinstance(told, list) or not 1 <= len(told) <= _MOST_STEPS:
        raise _wrong(where, f"it has no steps, or more than {_MOST_STEPS}")
    steps = tuple(_step(one, where) for one in told)
    if len({one.id for one in steps}) < len(steps):
        raise _wrong(where, "two of its steps have one id")
    return Plan(
        id=ident, version=version, name=_text(table, "name", where), severities=_severities(table, where), steps=steps,
        source=_text(table, "source", where, needed=False),
    )  # fmt: skip


def _step(told: object, where: str) -> Step:
    if not isinstance(told, dict):
        raise _wrong(where, "a step is no table")
    ident, within = told.get("id"), told.get("within_min")
    if not isinstance(ident, str) or not _ID.fullmatch(ident):
        raise _wrong(where, "a step has no id of small letters, digits and dashes")
    if within is not None and (type(within) is not int or not 1 <= within <= _MOST_MIN):
        raise _wrong(where, f"the step {ident} is to be done within no whole number of minutes")
    role = _text(told, "role", where)
    if role not in ROLES:
        raise _wrong(where, f"the step {ident} is for {role[:40]!r}, which is no role")
    return Step(id=ident, name=_text(told, "name", where), role=role, within_min=within)


def _severities(table: Mapping[str, object], where: str) -> tuple[int, ...]:
    found = table.get("severities", [])
    if not isinstance(found, list) or not all(type(one) is int and _WORST <= one <= _MILDEST for one in found):
        raise _wrong(where, "its severities are no numbers from 1 to 4")
    return tuple(found)


def _text(table: Mapping[str, object], name: str, where: str, *, needed: bool = True) -> str:
    found = table.get(name, "")
    if not isinstance(found, str) or len(found) > _MOST_CHARS or (needed and not found.strip()):
        raise _wrong(where, f"it does not say its {name} in at most {_MOST_CHARS} characters")
    return " ".join(found.split())


def _wrong(where: str, what: str) -> WrongUse:
    return WrongUse(f"The response plan {where} cannot be read: {what}.", "Mend the file, or take it away.")
