"""Regimes as data: who has to be told, what starts the clock, within how many hours. Values, and the reading of them.

It reads a table that somebody else parsed. It judges no incident: `console.domain.clocks` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final, Literal

from console.domain.errors import WrongUse

House = Literal["make", "use", "both"]
AWARENESS: Final = "awareness"
CLOSING: Final = "closing"
HOUR_MS: Final = 3_600_000
_HOUSES: Final[tuple[House, ...]] = ("make", "use", "both")
_ID: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}")
_MOST_HOURS: Final = 100_000
_MOST: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Within how many hours, and when this limit is the one that is meant (empty: always)."""

    id: str
    hours: int
    when: str = ""

    @property
    def length_ms(self) -> int:
        """How long it is."""
        return self.hours * HOUR_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report that is owed. `runs_from`: `awareness`, another report's id, or `closing`.

    Several limits exclude each other. `repeats`: each report starts the limit anew. `only_where_said`: its clock runs
    only once somebody determined that its limit is meant.
    """

    id: str
    name: str
    runs_from: str
    limits: tuple[Limit, ...]
    repeats: bool = False
    only_where_said: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """One law, code or contract. `source` and `read` say where its limits were read, and when (an ISO day).

    `in_force_ms`: a start before it runs no clock. `applies` is the product's guess for its house.
    """

    id: str
    short: str
    name: str
    to: str
    awareness: str
    house: House
    applies: bool
    source: str
    read: str
    reports: tuple[Report, ...]
    note: str = ""
    in_force_ms: int | None = None

    def report(self, ident: str) -> Report | None:
        """The report of that id."""
        return next((one for one in self.reports if one.id == ident), None)

    def limit(self, ident: str) -> Limit | None:
        """The limit of that id, in whatever report."""
        return next((limit for report in self.reports for limit in report.limits if limit.id == ident), None)


def read_regimes(table: Mapping[str, object]) -> tuple[Regime, ...]:
    """The regimes of a parsed file.

    Raises:
        WrongUse: naming the regime and what is wrong with it.
    """
    found = tuple(_regime(one, at) for at, one in enumerate(_tables(table, "regime", "the file")))
    twice = _twice(one.id for one in found)
    if twice:
        raise _wrong(twice, "stands in it twice")
    return found


def _regime(told: Mapping[str, object], at: int) -> Regime:
    where = f"regime {at + 1}"
    ident = _ident(told, where)
    house: House | None = next((one for one in _HOUSES if one == told.get("house")), None)
    if house is None:
        raise _wrong(ident, "its house is none of make, use, both")
    reports = tuple(_report(one, ident) for one in _tables(told, "report", ident))
    known = {one.id for one in reports}
    for one in reports:
        if one.runs_from not in (AWARENESS, CLOSING, *known) or one.runs_from == one.id:
            raise _wrong(ident, f"its report {one.id} runs from {one.runs_from[:40]!r}, which is nothing")
    if not reports or _twice(one.id for one in reports):
        raise _wrong(ident, "it has no report, or one twice")
    if _twice(limit.id for one in reports for limit in one.limits):
        raise _wrong(ident, "two of its limits have one id")
    return Regime(
        id=ident, short=_text(told, "short", ident), name=_text(told, "name", ident), to=_text(told, "to", ident),
        awareness=_text(told, "awareness", ident), house=house, applies=told.get("applies") is True,
        source=_text(told, "source", ident), read=_day(_text(told, "read", ident), "read", ident), reports=reports,
        note=_text(told, "note", ident, needed=False), in_force_ms=_start(told, ident),
    )  # fmt: skip


def _report(told: Mapping[str, object], regime: str) -> Report:
    ident = _ident(told, f"a report of {regime}")
    limits = tuple(_limit(one, regime) for one in _tables(told, "limit", f"{regime}/{ident}"))
    if not limits:
        raise _wrong(regime, f"its report {ident} has no limit")
    return Report(
        id=ident, name=_text(told, "name", regime), runs_from=_text(told, "from", regime),
        limits=tuple(sorted(limits, key=lambda one: one.hours)), repeats=told.get("repeats") is True,
        only_where_said=told.get("only_where_said") is True,
    )  # fmt: skip


def _limit(told: Mapping[str, object], regime: str) -> Limit:
    hours = told.get("hours")
    if type(hours) is not int or not 1 <= hours <= _MOST_HOURS:
        raise _wrong(regime, "a limit is a whole number of hours, from 1 on")
    return Limit(id=_ident(told, f"a limit of {regime}"), hours=hours, when=_text(told, "when", regime, needed=False))


# -- pieces ------------------------------------------------------------------------------------------------------------


def _tables(told: Mapping[str, object], name: str, where: str) -> list[dict[str, object]]:
    found = told.get(name, [])
    if not isinstance(found, list) or len(found) > _MOST or not all(isinstance(one, dict) for one in found):
        raise _wrong(where, f"its {name} is no list of tables")
    return found


def _ident(told: Mapping[str, object], where: str) -> str:
    found = told.get("id")
    if not isinstance(found, str) or not _ID.fullmatch(found) or found in (AWARENESS, CLOSING):
        raise _wrong(where, "its id is missing, or is not small letters, digits, dots and dashes")
    return found


def _text(told: Mapping[str, object], name: str, where: str, *, needed: bool = True) -> str:
    found = told.get(name, "")
    if not isinstance(found, str) or (needed and not found.strip()):
        raise _wrong(where, f"it does not say its {name}")
    return found.strip()


def _day(found: str, name: str, where: str) -> str:
    try:
        return date.fromisoformat(found).isoformat()
    except ValueError:
        raise _wrong(where, f"its {name} is no day like 2026-11-26") from None


def _start(told: Mapping[str, object], where: str) -> int | None:
    found = _text(told, "in_force", where, needed=False)
    if not found:
        return None
    return int(datetime.fromisoformat(_day(found, "in_force", where)).replace(tzinfo=UTC).timestamp() * 1000)


def _twice(names: Iterable[str]) -> str:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return ""


def _wrong(where: str, what: str) -> WrongUse:
    return WrongUse(f"The reporting clocks cannot be read: {where}: {what}.", "Mend the file; see its first lines.")
