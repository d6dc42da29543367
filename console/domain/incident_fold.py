"""An incident's own state, folded from entries in order: who commands, how bad, which phase, what was known.

Command moves only by a signed pair of offer and acceptance, or by assuming it. Severities said concurrently: the worse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from console.domain.actions import Closing, Document
from console.domain.command import ROLE_KINDS, Roles, as_told, declared_in, fold_roles
from console.domain.corrections import CorrectionState
from console.domain.forms import Head, Roster
from console.domain.occurred import occurred_at
from console.domain.seen import Seen, newest

HEADLINE_KINDS: Final = (
    *ROLE_KINDS, "severity.changed", "phase.changed", "status.changed", "closing.authorised",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class KnowledgeFact:
    """Who knew what since when (ms), and when it was written down; a late entry shows."""

    entry: str
    author: str | None
    since_ms: int
    recorded_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class Attested:
    """A correction done by hand before or beside the console: its time, direction, category and the entry."""

    entry: str
    author: str | None
    done_ms: int
    direction: str
    category: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentState:
    """One incident as its entries say it stands. `order` is chain order; `timeline` the order of occurrence.

    `held` maps a person to the roles held in this incident. `frontier` is set once it was closed by two; `after_close`
    names entries beyond it. `declared_ms` is null while the declaration is not here.
    """

    inc: str
    title: str = ""
    severity: int | None = None
    serious: bool = False
    phase: str = "analysis"
    status: str = "declared"
    commander: str | None = None
    held: Mapping[str, frozenset[str]] = field(default_factory=dict)
    declared_ms: int | None = None
    declared_by: str | None = None
    corrections: Mapping[str, CorrectionState] = field(default_factory=dict)
    facts: tuple[KnowledgeFact, ...] = ()
    by_hand: tuple[Attested, ...] = ()
    linked: tuple[str, ...] = ()
    retracted: frozenset[str] = frozenset()
    amended: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    closed: bool = False
    frontier: tuple[Head, ...] = ()
    after_close: tuple[str, ...] = ()
    unknown_kinds: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    timeline: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """What one line says of an incident; a function of the entries of `HEADLINE_KINDS` alone.

    `declared` is the entry that declared it.
    """

    title: str
    severity: int | None
    phase: str
    status: str
    roles: Roles
    declared: str | None
    declared_ms: int | None
    declared_by: str | None
    closed: bool
    frontier: tuple[Head, ...]


def headline_of(good: Sequence[Seen], documents: Mapping[str, Document], inc: str, roster: Roster | None) -> Headline:
    """The headline of one incident from its counting entries; further kinds may be among them and change nothing."""
    told = as_told(good, HEADLINE_KINDS)
    first = declared_in(told, roster)
    closed, frontier = closing_of(told, documents, inc)
    status = _last_word(told, "status.changed", "status", "declared")
    return Headline(
        title=" ".join(first.disclosed_text("title", "text").split()) if first else "",  # one line, in every list
        severity=severity_of(told),
        phase=_last_word(told, "phase.changed", "phase", "analysis"),
        status="closed" if closed else status,
        roles=fold_roles(told, roster),
        declared=first.id if first else None,
        declared_ms=first.hlc[0] if first else None,
        declared_by=first.author if first else None,
        closed=closed,
        frontier=frontier,
    )


def _last_word(told: Sequence[Seen], kind: str, name: str, otherwise: str) -> str:
    said = [entry.words(name) for entry in told if entry.kind == kind and entry.author]
    return said[-1] if said else otherwise


def severity_of(told: Sequence[Seen]) -> int | None:
    """The severity said last; of those said concurrently the worse, which is the smaller number."""
    said = [entry for entry in told if entry.kind in ("incident.declared", "severity.changed") and entry.author]
    return min((entry.number("severity") for entry in newest(said, told)), default=None)


def closing_of(good: Sequence[Seen], documents: Mapping[str, Document], inc: str) -> tuple[bool, tuple[Head, ...]]:
    """Whether it is closed now, and the frontier of the closing that two signed last."""
    closed = False
    frontier: tuple[Head, ...] = ()
    for entry in good:
        if entry.kind == "closing.authorised" and entry.author is None:
            document = documents.get(entry.words("doc"))
            if isinstance(document, Closing) and document.inc == inc:
                closed, frontier = True, document.frontier
        elif entry.kind == "status.changed" and entry.words("status") == "reopened":
            closed = False
    return closed, frontier


def knowledge_of(good: Sequence[Seen]) -> tuple[KnowledgeFact, ...]:
    """The knowledge facts, by the time since which it was known."""
    found = [
        KnowledgeFact(one.id, one.author, one.number("since_ms"), one.hlc[0], one.disclosed_text("text"))
        for one in good
        if one.kind == "knowledge.fact"
    ]
    return tuple(sorted(found, key=lambda fact: fact.since_ms))


def by_hand_of(good: Sequence[Seen]) -> tuple[Attested, ...]:
    """What was done by hand without an action document."""
    return tuple(
        Attested(
            one.id,
            one.author,
            one.number("done_ms"),
            one.words("direction"),
            one.words("category"),
            one.disclosed_text("name", "text"),
        )
        for one in good
        if one.kind == "correction.attested" and one.pub.get("doc") is None
    )


def occurred_ms(entry: Seen) -> int:
    """When it occurred as its author says, else when it was recorded."""
    found = occurred_at(entry.disclosed.get("occurred"))
    return entry.hlc[0] if found is None else found
