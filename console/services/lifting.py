"""What a lift has to send where several corrections are in force at one place: the strictest that remains.

Where none remains, exactly what was there before the first of them. It reads; people sign what it says.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from console.domain.errors import Problem, WrongUse
from console.domain.overlap import Claim, InForce, Lift, covers, same, what_remains
from console.outbox.facts import Held, read_document
from console.outbox.members import Members
from console.outbox.overlap import Authorised, authorised, in_force_at, place_at
from console.outbox.rulings import had_its_people
from console.providers.lists import fill
from console.providers.planned import Planned, from_disclosures
from console.providers.wishes import PATCH
from console.services import providers
from console.services.session import Session

_NAMED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A correction in force at the same place: its document, what it asks for, what it found there."""

    doc: str
    wanted: dict[str, str]
    found: dict[str, str]


def beside(session: Session, where: providers.Surface, planned: Planned) -> tuple[Beside, ...]:
    """What is in force where this plan would write, oldest first."""
    return tuple(
        Beside(doc=one.doc, wanted=dict(one.wanted), found=dict(one.before))
        for one in _at(session, where, planned).claims
    )


def with_others(session: Session, where: providers.Surface, planned: Planned, lifts: str | None = None) -> Planned:
    """The plan as it has to be beside what is in force at the same place, with a note for its signers.

    Of a lift the requests change; `lifts` is the document that is lifted (None: everything known now). Of containment
    only the note does: its own requests are needed once the stricter one is lifted.

    Raises:
        WrongUse: when what remains in force cannot be compared, so that no single value is the strictest.
    """
    place = _at(session, where, planned)
    if planned.direction == "contain":
        return _contained(planned, place)
    now = session.clock.wall_ms()
    told, claim = what_remains(place, Lift(decided_ms=now, created_ms=now, wanted=planned.wanted, names=lifts))
    if told == "incomparable":
        raise WrongUse(
            f"At {planned.name} several corrections stay in force, and none of them is the strictest.",
            "Lift them together, or propose one correction that asks for what is to stand.",
        )
    if claim is None or (told != "strictest" and PATCH in planned.params):
        return planned  # by a text there is one way back, the one that was signed
    held = _planned(session, claim, planned.selector)
    if PATCH in planned.params:
        raise WrongUse(
            f"The correction {claim.doc[:16]} keeps {planned.name} as it is: nobody may be asked to take that back.",
            "Lift that one too, or first.",
        )
    if told == "strictest":
        note = f"The correction {claim.doc[:16]} stays in force here: this gives back what it asks for, and no more."
        return replace(planned, wanted=held.wanted, requests=held.requests, notes=(*planned.notes, note))
    return _baseline(planned, claim, held)


def held_beside(
    session: Session, where: providers.Surface, template: Planned, accounts: Sequence[str], lifts: str
) -> tuple[str, ...]:
    """What the signers of a list's lift have to know: which of its accounts another correction holds all the same."""
    members, now = Members(session.reader.blob), session.clock.wall_ms()
    lift = Lift(decided_ms=now, created_ms=now, wanted=template.wanted, names=lifts)
    held: list[str] = []
    with session.reader.snapshot() as connection:
        known = [
            one for one in _known(session, connection)
            if one[1].sha != lifts and any(target.instance == where.instance for target in one[2].targets)
        ]  # fmt: skip
        for account in accounts if known else ():
            place = place_at(where.instance, where.surface, fill(template, account))
            left = in_force_at(connection, place, known, members=members).without(lift)
            held += [account] if any(not covers(lift.wanted, one.wanted) for one in left) else []
    if not held:
        return ()
    which = ", ".join(held[:_NAMED]) + (f" and {len(held) - _NAMED} more" if len(held) > _NAMED else "")
    return (f"{len(held)} of {len(accounts)} stay restricted, for another correction holds them: {which}.",)


def held_here(
    session: Session, where: providers.Surface, template: Planned, accounts: Sequence[str]
) -> frozenset[str]:  # fmt: skip
    """Which of these accounts another correction in force holds as strictly as this list would."""
    members, held = Members(session.reader.blob), set[str]()
    with session.reader.snapshot() as connection:
        known = [
            one for one in _known(session, connection) if any(t.instance == where.instance for t in one[2].targets)
        ]  # fmt: skip
        for account in accounts if known else ():
            place = place_at(where.instance, where.surface, fill(template, account))
            claims = in_force_at(connection, place, known, members=members).claims
            held |= {account} if any(covers(one.wanted, template.wanted) for one in claims) else set()
    return frozenset(held)


def _known(session: Session, connection: sqlite3.Connection) -> Authorised:
    return authorised(connection, partial(had_its_people, connection, session.store.rosters))


def _contained(planned: Planned, place: InForce) -> Planned:
    stricter = [one for one in place.claims if covers(one.wanted, planned.wanted)]
    if not stricter:
        return planned
    note = f"The correction {stricter[-1].doc[:16]} in force here is as strict: nothing is sent while it stands."
    return replace(planned, notes=(*planned.notes, note))


def _baseline(planned: Planned, claim: Claim, held: Planned) -> Planned:
    """What was there before the first correction of the row, with the bytes that were signed to revert it."""
    was = claim.before
    if set(held.pre) != set(planned.pre):
        return planned  # signed when this lever was written otherwise: its bytes are no way back any more
    if all(same(was.get(name), value) for name, value in held.pre.items()):
        if all(same(planned.wanted.get(name), value) for name, value in held.pre.items()):
            return planned
        note = "This gives back what was there before it was first restricted, not the provider's default."
        return replace(planned, wanted=held.pre, requests=held.revert, notes=(*planned.notes, note))
    told = ", ".join(f"{name} was {value}" for name, value in sorted(was.items()))
    note = f"Somebody had changed it before it was first restricted: {told}. Compare that with what this gives back."
    return replace(planned, notes=(*planned.notes, note))


def stand_bys(session: Session, instance: str) -> tuple[str, ...]:
    """The machine feeds of other consoles that connected this provider: who sends containment where this one is silent.

    In one order everywhere; at most fifteen stand behind the first.
    """
    mine = session.settings.console
    listed = {one.console for one in session.roster.roster.consoles if one.to_ms is None}
    connected = {
        one.entry.console for one in session.reader.entries(org=True, kinds=("provider.added",))
        if one.entry.pub["instance"] == instance and one.standing == "good"
    }  # fmt: skip
    newest: dict[str, tuple[int, str]] = {}
    for one in session.reader.entries(org=True, kinds=("feed.open",)):
        console = one.entry.console
        if one.entry.author is None and one.standing == "good" and console in connected & listed - {mine}:
            newest[console] = max(newest.get(console, (0, "")), (one.entry.hlc[0], one.feed))
    return tuple(newest[console][1] for console in sorted(newest))[:15]


def _at(session: Session, where: providers.Surface, planned: Planned) -> InForce:
    with session.reader.snapshot() as connection:
        place = place_at(where.instance, where.surface, planned)
        return in_force_at(connection, place, _known(session, connection), members=Members(session.reader.blob))


def _planned(session: Session, claim: Claim, selector: str) -> Planned:
    """What a claim asks for; of a list, for the one account."""
    with session.reader.snapshot() as connection:
        held: Held = read_document(connection, claim.doc)
    targets = getattr(held.document, "targets", ())
    if claim.target >= len(targets):
        raise Problem("A correction in force here is not readable.", "Sync, then try again.")
    planned = from_disclosures(targets[claim.target], held.disclosed(claim.target))
    return planned if targets[claim.target].listed is None else fill(planned, selector)
