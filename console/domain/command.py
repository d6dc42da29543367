"""Who holds which role in an incident: one fold for the screen, the dispatcher and the auditor's verifier.

It reads the entries about roles and nothing else, so that whoever has those gets the same answer, whatever else they
have. It verifies no signature, and only entries that count may be handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from console.domain.forms import Roster
from console.domain.seen import Seen, in_order

COMMAND: Final = ("commander", "deputy")
ROLE_KINDS: Final = (
    "incident.declared", "command.offered", "command.accepted", "command.assumed", "role.assigned", "role.released",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Roles:
    """The roles held in one incident, by person; `commander` is null before it was declared.

    Held is not yet granted: the quorum rule counts a role only where the roster grants it too. `led` are those who ever
    commanded or deputised in it: what they cancelled stays cancelled when command moves on.
    """

    commander: str | None = None
    held: Mapping[str, frozenset[str]] = field(default_factory=dict)
    led: frozenset[str] = frozenset()

    @property
    def besides(self) -> tuple[str, ...]:
        """Who declared it too and may command: they hold the role beside the commander until it moves by signature."""
        return tuple(one for one, roles in self.held.items() if "commander" in roles and one != self.commander)


def fold_roles(entries: Iterable[Seen], roster: Roster | None = None) -> Roles:
    """Fold the entries of one incident; those of other kinds are passed over.

    Command is with whoever declared, until a signed pair of offer and acceptance, or until somebody assumes it. With
    `roster`, nobody comes to command by these whom it does not grant it.

    An incident is declared once, by one person: its id is new then. A further declaration by somebody else, dated back
    as it may be, takes command from nobody: everybody who declared it and may command holds the role until command
    moves by signature, whichever declaration is the one. So `held` and `led` are the same for everybody; `commander`,
    the one who is shown, is whose declaration came here first (`declaration_of`).
    """
    told = as_told(entries, ROLE_KINDS)
    fold = _Fold(roster, declaration_of(told, roster))
    for entry in told:
        fold.take(entry)
    held = {person: frozenset(roles) for person, roles in sorted(fold.held.items()) if roles}
    return Roles(fold.commander, held, frozenset(fold.led))


def as_told(entries: Iterable[Seen], kinds: tuple[str, ...]) -> tuple[Seen, ...]:
    """The people's and consoles' entries of these kinds, in an order that depends on nothing but these very entries.

    Each comes after its feed's earlier ones, after what it names in `of`, and after what of these it refers to.
    """
    some = (entry for entry in entries if entry.kind in kinds)
    return in_order(replace(entry, refs=(*entry.refs, *entry.about)) for entry in some)


def declared_in(entries: Iterable[Seen], roster: Roster | None) -> Seen | None:
    """The declaration of one incident, by the rule that says who commands it: title, words and time are this one's.

    On every screen and page, whatever else is among the entries: who commands and what it is called go together.
    """
    return declaration_of(as_told(entries, ROLE_KINDS), roster)


def declared_besides(entries: Iterable[Seen], roster: Roster | None) -> tuple[Seen, ...]:
    """The declarations by others who may command, one each: nothing that this console writes ever makes one."""
    told = as_told(entries, ROLE_KINDS)
    one = declaration_of(told, roster)
    if one is None or roster is None:
        return ()
    may = {person.person for person in roster.persons if "commander" in person.roles} - {one.author}
    by = {entry.author: entry for entry in reversed(told) if entry.kind == "incident.declared" and entry.author in may}
    return tuple(reversed(by.values()))


def declaration_of(told: Iterable[Seen], roster: Roster | None) -> Seen | None:
    """The declaration of an incident among its entries in order.

    Of several by people whom the roster lets command, the one that was received first: whoever declares anew what was
    declared has read of it, and may date that back, but not into the past of a console that knew. Where nothing is
    known of receipt (a bundle), the first in order.
    """
    declared = [entry for entry in told if entry.kind == "incident.declared" and entry.author is not None]
    may = {one.person for one in (() if roster is None else roster.persons) if "commander" in one.roles}
    able = [entry for entry in declared if entry.author in may]
    return min(able, key=lambda entry: entry.received_ms, default=declared[0] if declared else None)


class _Fold:
    def __init__(self, roster: Roster | None, declared: Seen | None) -> None:
        self._may = None if roster is None else {one.person: frozenset(one.roles) for one in roster.persons}
        self._declared = declared
        self._moved = False
        self._offers: dict[str, str] = {}
        self.held: dict[str, set[str]] = {}
        self.led: set[str] = set()
        self.commander: str | None = None

    def take(self, entry: Seen) -> None:
        author = entry.author
        if author is None:
            return
        if entry.kind == "incident.declared":
            self._declare(entry, author)
        elif entry.kind == "command.offered" and "commander" in self.held.get(author, ()):
            self._offers[entry.id] = entry.words("to")
        elif (entry.kind == "command.accepted" and author in [self._offers.get(name) for name in entry.about]) or (
            entry.kind == "command.assumed"
        ):
            if self._qualified(author):
                self._moved = True
                self._command(author)
        elif entry.kind in ("role.assigned", "role.released"):
            self._role(entry, author)

    def _declare(self, entry: Seen, author: str) -> None:
        if self._declared is None or self._moved:
            return
        if entry.id == self._declared.id:
            self.commander = author
            self.led.add(author)
            self.held.setdefault(author, set()).add("commander")
        elif author != self._declared.author and self._may is not None and self._qualified(author):
            self.led.add(author)
            self.held.setdefault(author, set()).add("commander")

    def _qualified(self, person: str) -> bool:
        return self._may is None or "commander" in self._may.get(person, ())

    def _command(self, person: str) -> None:
        for roles in self.held.values():
            roles.discard("commander")
        self.commander = person
        self.led.add(person)
        self.held.setdefault(person, set()).add("commander")
        self._offers.clear()  # whoever offered it has it no more to give

    def _role(self, entry: Seen, author: str) -> None:
        person, role = entry.words("person"), entry.words("role")
        if role == "commander":
            return  # command moves by offer and acceptance, or by assuming it
        in_command = bool(self.held.get(author, set()).intersection(COMMAND))
        if entry.kind == "role.released" and (author == person or in_command):
            self.held.get(person, set()).discard(role)
        elif entry.kind == "role.assigned" and in_command:
            self.held.setdefault(person, set()).add(role)
            if role in COMMAND:
                self.led.add(person)
