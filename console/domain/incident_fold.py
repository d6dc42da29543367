"""An incident's own state, folded from entries in order: who commands, how bad, which phase, what was known.

Command moves only by a signed pair of offer and acceptance, or by assuming it. Severities said concurrently: the worse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from console.domain.actions import Closing, Document
from console.domain.corrections import CorrectionState
from console.domain.forms import Head, Roster
from console.domain.seen import Seen, newest

COMMAND = ("commander", "deputy")


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


class CommandFold:
    """Who holds which role, at each point of the order. With a roster, nobody comes to command who may not."""

    def __init__(self, roster: Roster | None = None) -> None:
        self._may = None if roster is None else {one.person: frozenset(one.roles) for one in roster.persons}
        self._held: dict[str, set[str]] = {}
        self._offers: dict[str, tuple[str, str]] = {}
        self.commander: str | None = None

    def commands(self, person: str) -> bool:
        """Whether this person commands or deputises now."""
        return bool(self._held.get(person, set()) & set(COMMAND))

    def held(self) -> dict[str, frozenset[str]]:
        """The roles held, by person."""
        return {person: frozenset(roles) for person, roles in sorted(self._held.items()) if roles}

    def take(self, entry: Seen) -> None:
        """Fold one entry in."""
        author = entry.author
        if author is None:
            return
        if entry.kind == "incident.declared" and self.commander is None:
            self._command(author)
        elif entry.kind == "command.offered" and author == self.commander:
            self._offers[entry.id] = (author, entry.words("to"))
        elif (entry.kind == "command.accepted" and self._accepts(entry, author)) or (
            entry.kind == "command.assumed" and self._qualified(author)
        ):
            self._command(author)
        elif entry.kind in ("role.assigned", "role.released"):
            self._role(entry, author)

    def _accepts(self, entry: Seen, author: str) -> bool:
        """An offer by whoever commands now, to this very person."""
        offers = [self._offers[name] for name in entry.about if name in self._offers]
        return any(offer == (self.commander, author) for offer in offers) and self._qualified(author)

    def _qualified(self, person: str) -> bool:
        return self._may is None or "commander" in self._may.get(person, ())

    def _command(self, person: str) -> None:
        if self.commander is not None:
            self._held[self.commander].discard("commander")
        self.commander = person
        self._held.setdefault(person, set()).add("commander")

    def _role(self, entry: Seen, author: str) -> None:
        person, role = entry.words("person"), entry.words("role")
        if role == "commander":
            return  # command moves by offer and acceptance only
        if entry.kind == "role.released" and (author == person or self.commands(author)):
            self._held.get(person, set()).discard(role)
        elif entry.kind == "role.assigned" and self.commands(author):
            self._held.setdefault(person, set()).add(role)


def severity_of(ordered: Sequence[Seen], good: Sequence[Seen]) -> int | None:
    """The severity said last; of those said concurrently the worse, which is the smaller number."""
    said = [entry for entry in good if entry.kind in ("incident.declared", "severity.changed") and entry.author]
    last = newest(said, ordered)
    return min((entry.number("severity") for entry in last), default=None)


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
    told = entry.disclosed.get("occurred")
    found = told.get("at_ms") if isinstance(told, dict) else None
    return found if type(found) is int else entry.hlc[0]
