"""One piece of a list: how its accounts are, which of them are sent, and what became of them.

It decides about accounts one by one and sends nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from adapters.contract import AdapterFault, Malformed, NotSent, Planned, ReadBack, Refused, Throttled
from console.domain.actions import Target
from console.domain.errors import Problem
from console.domain.lists import LIFTS, list_of
from console.domain.overlap import covers
from console.domain.profile import JsonValue
from console.journal.tx import Tx
from console.outbox import gate
from console.outbox.gate import Authority
from console.outbox.item import Row
from console.outbox.list_told import by_name
from console.outbox.members import HELD, Members
from console.outbox.overlap import in_force_at, lift_of, place_at
from console.outbox.reading import Reading
from console.providers.lists import fill
from console.providers.plane import Plane
from console.providers.planned import from_disclosures


@dataclass(slots=True)
class Piece:
    """What became of the accounts of one piece."""

    already: list[str] = field(default_factory=list[str])
    sent: list[str] = field(default_factory=list[str])
    failed: dict[str, str] = field(default_factory=dict[str, str])
    again: dict[str, str] = field(default_factory=dict[str, str])


def fields_of(found: Piece, done: int, whole: int) -> dict[str, JsonValue]:
    """The result of a piece, as it is entered: how far the list got, and who failed."""
    return {
        "list.next": str(done), "list.of": str(whole), "list.sent": str(len(found.sent)),
        "list.already": str(len(found.already)), **by_name("list.failed", found.failed),
    }  # fmt: skip


def sort_out(template: Planned, seen: Mapping[str, ReadBack | AdapterFault]) -> tuple[Piece, list[str]]:
    """Which accounts are to be sent, by what was read of each a moment ago."""
    found, to_send = Piece(), list[str]()
    for account, one in seen.items():
        if isinstance(one, Malformed | Refused):
            found.failed[account] = f"it cannot be read: {one.detail}"
        elif isinstance(one, AdapterFault):
            found.again[account] = one.detail
        elif is_so(template, one):
            found.already.append(account)
        elif one.verdict == "cannot-tell":
            found.failed[account] = one.detail or "it is not there any more"
        elif gate.compare(fill(template, account), one) is None:
            found.failed[account] = "it is no longer as it was signed"
        else:
            to_send.append(account)
    return found, to_send


def is_so(template: Planned, seen: ReadBack) -> bool:
    """As wanted, or (of containment) stricter: something else in force there may hold it."""
    return seen.verdict == "in-effect" or (template.direction == "contain" and covers(seen.fields, template.wanted))


def not_held(
    tx: Tx, authority: Authority, row: Row, accounts: Iterable[str], found: Piece, members: Members
) -> list[str]:
    """A lift leaves what another correction in force holds, alone or in a list; that is told, account by account.

    A lift that does not say what it lifts leaves every single correction, and lists decided after it was written.
    """
    action = authority.action
    target = action.targets[row.target]
    reading = Reading.of(tx)
    known = [
        one
        for one in reading.authorised()
        if one[1].sha != row.doc and any(t.instance == target.instance for t in one[2].targets)
    ]
    lists = {
        (held.sha, at) for _, held, other, _ in known for at, t in enumerate(other.targets) if t.listed is not None
    }
    lift = lift_of(action, authority.planned, authority.decided_ms)
    given: list[str] = []
    for account in accounts:
        place = place_at(target.instance, target.surface, fill(authority.planned, account))
        there = in_force_at(tx.connection, place, known, members=members, steps=reading.steps_of) if known else None
        claims = () if there is None else there.claims
        left = [one for one in claims if not lift.lifts(one) or (lift.names is None and one.key not in lists)]
        if any(not covers(lift.wanted, one.wanted) for one in left):
            found.failed[account] = HELD
        else:
            given.append(account)
    return given


def given_back(tx: Tx, row: Row, planned: Planned, lines_of: Callable[[str], Sequence[str] | None]) -> Iterator[str]:
    """Accounts that a later restore gives back of this list, by a list of its own or one by one."""
    for at_ms, held, action, holds in Reading.of(tx).authorised():
        if action.direction != "restore" or at_ms < row.decided_ms or not holds():
            continue
        for at, target in enumerate(action.targets):
            if (target.instance, target.lever) == (row.instance, planned.lever) and not target.canary:
                yield from _accounts(target, held.disclosed(at), action.undoes, row.doc, lines_of)


def _accounts(
    target: Target, disclosed: Mapping[str, JsonValue], undoes: str | None, doc: str,
    lines_of: Callable[[str], Sequence[str] | None],
) -> Sequence[str]:  # fmt: skip
    """What a restore gives back of this list; one that names another correction leaves the list as it is."""
    try:
        planned = from_disclosures(target, disclosed, "restore")
    except Problem:
        return ()
    if (undoes or planned.params.get(LIFTS) or doc) != doc:
        return ()
    sha = list_of(planned.params)
    return (planned.selector,) if sha is None else lines_of(sha) or ()


def lost(
    template: Planned, sent: Sequence[str], seen: Sequence[ReadBack | AdapterFault] | AdapterFault
) -> frozenset[str]:
    """Of those that were written, who does not show; where it cannot be read now, all are looked at again."""
    if isinstance(seen, AdapterFault):
        return frozenset(sent)
    told = zip(sent, seen, strict=True)
    return frozenset(account for account, one in told if not (isinstance(one, ReadBack) and is_so(template, one)))


async def look(
    plane: Plane, template: Planned, piece: Sequence[str]
) -> Sequence[ReadBack | AdapterFault] | AdapterFault:
    """How each account of a piece is; one fault where the provider cannot be asked now."""
    try:
        seen = await plane.read_back_many([fill(template, one) for one in piece])
    except AdapterFault as fault:
        return fault
    return next((one for one in seen if isinstance(one, NotSent | Throttled)), None) or seen


__all__ = ["Piece", "fields_of", "given_back", "is_so", "look", "lost", "not_held", "sort_out"]
