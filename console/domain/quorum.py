"""The rule that decides whether a document has its people: one pure function, every clause ANDed (protocol.md 6, 12).

The dialog, the dispatcher and the auditor run it over the same facts. It verifies no signature itself: `Signed` says
that the caller did. It must never answer "met" for anything a clause speaks against.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from console.domain.actions import Document
from console.domain.clock_doubt import WAITS, Deciding, stands, waits_while_doubtful
from console.domain.clock_form import Clock
from console.domain.facts import HARDWARE, Facts, KeyKind, Signed, approver_keys, fingerprint
from console.domain.gravity import gravity
from console.domain.needs import Need, objections, ways, weigh
from console.domain.records import Keys, in_force, is_bad, sift, wrong_person

__all__ = [
    "HARDWARE", "Facts", "KeyKind", "Signed", "Verdict", "approver_keys", "fingerprint", "gravity", "quorum",
    "time_confirmed",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether it is met, and if not, what is missing and who can still help.

    `gravity` is null where a document has none. `counted` are the distinct persons that count; `cannot` names everybody
    else and why; `rejected` names records by nonce and why.
    """

    met: bool
    gravity: str | None
    reason: str
    counted: tuple[str, ...]
    missing: tuple[str, ...]
    can_sign: tuple[str, ...]
    cannot: tuple[tuple[str, str], ...]
    rejected: tuple[tuple[str, str], ...]


def quorum(
    doc_sha: str,
    document: Document,
    signed: Sequence[Signed],
    facts: Facts,
    now_ms: int,
    *,
    unreachable: bool = False,
    doubtful: bool = False,
    deciding: Deciding | None = None,
) -> Verdict:
    """Judge one document by the records that were received for it.

    `unreachable` says that its provider has not been reachable, so that the longer window applies where it was signed.
    `doubtful` says that the deciding console's clock had gone back: containment is then judged by `now_ms` alone, for
    the times of what was received before it are ahead of it; restores and what is irreversible wait, unless people
    confirmed the time of the clocks it is decided by (`deciding`).
    """
    keys = approver_keys(facts.roster)
    waits = doubtful and waits_while_doubtful(document) and not time_confirmed(facts, deciding, now_ms)
    # whoever confirms a time signs under hybrid times that still are where that clock had been
    latest = now_ms if (doubtful and not waits) or isinstance(document, Clock) else None
    good, rejected = sift(doc_sha, document, signed, facts, keys, latest_ms=latest)
    weight, reason = weigh(document, facts)
    against = objections(document, facts, now_ms, unreachable=unreachable)
    if waits:
        against = (*against, WAITS)
    if any(one.record.decision == "refuse" for one in good):
        against = (*against, "Someone who may sign has refused this revision.")
    approvals = tuple(one for one in good if one.record.decision == "approve")
    outcomes = [(need, _counted(need, approvals)) for need in ways(document, facts, now_ms, weight)]
    need, counted = next((pair for pair in outcomes if not _short(*pair)), outcomes[0])
    missing = (*against, *_short(need, counted))
    can_sign, cannot = _who_can(need, counted, facts, keys, now_ms, document)
    return Verdict(
        met=not missing,
        gravity=weight,
        reason=reason,
        counted=counted,
        missing=missing,
        can_sign=() if against or not missing else can_sign,
        cannot=cannot,
        rejected=rejected,
    )


def time_confirmed(facts: Facts, deciding: Deciding | None, now_ms: int) -> bool:
    """Whether two people confirmed the time of these clocks, and nothing that happened since speaks against it.

    Asked by this very rule, as of any document: distinct persons, their keys, no refusal.
    """
    if deciding is None:
        return False
    about = replace(facts, clocks=(), cancelled=False, refused=False)
    return any(
        quorum(one.sha, one.clock, one.signed, about, now_ms, doubtful=True).met
        for one in facts.clocks
        if stands(one.clock, deciding)
    )


def _counted(need: Need, approvals: Sequence[Signed]) -> tuple[str, ...]:
    """The distinct persons that count, as many as the consoles allow, those with a wanted role first."""
    by_person: dict[str, list[Signed]] = {}
    for one in approvals:
        if need.out(one.record.person) is None:
            by_person.setdefault(one.record.person, []).append(one)
    if not need.strict_consoles:
        return tuple(sorted(by_person))
    wanted = {role for clause in need.clauses for role in clause.any_of}
    order = sorted(by_person, key=lambda person: (not (need.roles_of(person) & wanted), person))
    seats: dict[str, str] = {}
    counted = [p for p in order if _own_hardware(by_person[p]) or _seat(p, by_person, seats, set())]
    return tuple(sorted(counted))


def _own_hardware(records: Sequence[Signed]) -> bool:
    return any(one.key_kind == HARDWARE and one.user_verified for one in records)


def _seat(person: str, by_person: Mapping[str, Sequence[Signed]], seats: dict[str, str], tried: set[str]) -> bool:
    """Find this person a console nobody else's software key needs, moving others where that helps (a matching)."""
    for one in by_person[person]:
        console = one.record.console
        if one.record.seat == "shared" or console in tried:
            continue
        tried.add(console)
        if console not in seats or _seat(seats[console], by_person, seats, tried):
            seats[console] = person
            return True
    return False


def _short(need: Need, counted: Sequence[str]) -> tuple[str, ...]:
    """What is still missing, as sentences."""
    found = list(need.against)
    people = max(need.persons, 1) - len(counted)
    if people > 0:
        where = " on a console of their own (or with their own verified FIDO2 key)" if need.strict_consoles else ""
        found.append(f"{people} more {'person has' if people == 1 else 'persons have'} to sign{where}.")
    for clause in need.clauses:
        short = clause.count - sum(1 for person in counted if need.roles_of(person) & set(clause.any_of))
        if short > 0:
            found.append(f"{short} of the signers must hold the role {' or '.join(clause.any_of)}.")
    if len(found) > len(need.against) and need.beside:
        found[-1] = f"{found[-1]} {need.beside}"  # more signatures heal it: it is no sentence of its own
    return tuple(found)


def _deficit(need: Need, counted: Sequence[str]) -> int:
    clauses = sum(
        max(0, clause.count - sum(1 for person in counted if need.roles_of(person) & set(clause.any_of)))
        for clause in need.clauses
    )
    return max(max(need.persons, 1) - len(counted), clauses)


def _who_can(
    need: Need,
    counted: tuple[str, ...],
    facts: Facts,
    keys: Keys,
    now_ms: int,
    document: Document,
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    can: list[str] = []
    cannot: list[tuple[str, str]] = []
    usable = {
        person.person
        for name, (person, key) in keys.items()
        if in_force(key.from_ms, key.to_ms, now_ms) and not is_bad(name, facts)
    }
    for member in facts.roster.persons:
        person = member.person
        if person in counted:
            why: str | None = "has signed already"
        elif person not in usable:
            why = "has no valid approver key"
        else:
            why = wrong_person(person, facts, document) or need.out(person)
        if why is None and _deficit(need, (*counted, person)) >= _deficit(need, counted):
            why = "does not hold the role that is still missing"
        if why is None:
            can.append(person)
        else:
            cannot.append((person, why))
    return tuple(can), tuple(cannot)
