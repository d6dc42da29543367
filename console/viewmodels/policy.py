"""The approval policy on screen: each sort of deed with who could sign it and why others cannot. No rule, no widget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from console.domain.deceit import shown
from console.domain.errors import Problem
from console.domain.policy import Row, settings_of, span, span_ms, span_said
from console.services import policy
from console.services.session import Session

# who must be among the signers: the words on screen, and the setting they stand for
AMONG: Final[Mapping[str, str]] = {
    "": "anybody who may approve",
    "commander|deputy:1": "one of them the Commander or a Deputy",
    "commander:1": "one of them the Commander",
    "commander|deputy:1,legal:1": "one Commander or Deputy, and one from Legal",
    "commander|deputy:1,expert:1": "one Commander or Deputy, and one Subject-matter expert",
    "commander|deputy:2": "two of them Commander or Deputy",
}


@dataclass(frozen=True, slots=True)
class Card:
    """One sort of deed: its title, what it needs, whether the signatures could be had, and lines that say from whom."""

    deed: str
    title: str
    needs: str
    can: bool
    together: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PolicyPage:
    """What the page shows: the settings, the cards, and of a trial what it changes and what speaks against it."""

    settings: Mapping[str, str]
    cards: tuple[Card, ...]
    changes: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


def page(session: Session, inc: str | None) -> PolicyPage:
    """The policy in force, for a lane. Roles count as held in `inc`, where there is one."""
    return PolicyPage(settings_of(policy.in_force(session)), cards(session, policy.who_may(session, inc)))


def trial(session: Session, settings: Mapping[str, str]) -> PolicyPage:
    """The same under other settings, for a lane; a setting that is none is told, not raised."""
    try:
        tried = policy.attempt(session, settings)
    except Problem as fault:
        return PolicyPage(settings, (), (), (f"{fault.what} {fault.next_step}".strip(),))
    return PolicyPage(settings, cards(session, tried.rows), tried.changes, tried.against)


def window_said(typed: str) -> str:
    """A time of the policy as people write it: `24 hours` for `24h`."""
    found = span_ms(typed)
    return typed if found is None else span_said(found)


def window_typed(said: str) -> str:
    """The same as a setting, `24h`; what is no time stays as it was typed, so that it can be answered."""
    found = span_ms(said)
    return said.strip() if found is None else span(found)


def cards(session: Session, rows: Sequence[Row]) -> tuple[Card, ...]:
    """The table with names in place of ids."""
    return tuple(_card(session, one) for one in rows)


def _card(session: Session, one: Row) -> Card:
    def name(person: str) -> str:
        return f"{shown(session.name_of(person))} (you)" if person == session.me else shown(session.name_of(person))

    sets = [" with ".join(sorted(map(name, people))) for people in one.together]
    lines = [f"{name(person)} cannot: {why}." for person, why in one.cannot]
    lines += list(one.missing)
    together = f"Could be signed now by {', or '.join(sets)}." if sets else "Nobody could sign it now."
    return Card(one.deed, one.title, one.needs, one.can, together, tuple(lines))
