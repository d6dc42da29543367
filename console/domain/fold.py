"""What stands, folded from entries: an incident, or the organisation. Pure, total, the same in any order of arrival.

Given a set of entries the answer is one; an entry given twice changes nothing; an unknown kind stops nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.domain.actions import Document
from console.domain.corrections import (
    Authorised,
    CorrectionState,
    RevisionState,
    TargetState,
)
from console.domain.corrections_fold import CorrectionsFold
from console.domain.errors import WrongUse
from console.domain.forms import Head, Roster
from console.domain.incident_fold import (
    Attested,
    IncidentState,
    KnowledgeFact,
    by_hand_of,
    headline_of,
    knowledge_of,
    occurred_ms,
)
from console.domain.kinds import KINDS
from console.domain.organisation_fold import OrganisationState, fold_organisation
from console.domain.seen import Carried, Seen, in_order

__all__ = [
    "Attested", "Authorised", "Carried", "CorrectionState", "IncidentState", "KnowledgeFact", "OrganisationState",
    "RevisionState", "Seen", "TargetState", "fold_incident", "fold_organisation",
]  # fmt: skip


def fold_incident(
    entries: Sequence[Seen],
    documents: Mapping[str, Document] | None = None,
    roster: Roster | None = None,
    inc: str | None = None,
) -> IncidentState:
    """The state of one incident. Without `documents` (by SHA-256) targets are known only by their recorded steps.

    Entries of other chains may be given too: they tell what came before what, and change nothing else. `inc` is needed
    where entries of more than one incident are given. With `roster`, only who may command comes to command.

    Raises:
        WrongUse: when it is not clear which incident is meant.
    """
    known = documents or {}
    name = inc or _only_incident(entries)
    everything = in_order(entries)
    mine = [entry for entry in everything if entry.inc == name]
    good = [entry for entry in mine if entry.standing == "good"]
    head = headline_of(good, known, name, roster)
    corrections = CorrectionsFold(known, head.roles.led)
    for entry in good:
        corrections.take(entry)
    return IncidentState(
        inc=name,
        title=head.title,
        severity=head.severity,
        serious=any(entry.kind == "incident.declared" and entry.pub.get("serious") is True for entry in good),
        phase=head.phase,
        status=head.status,
        commander=head.roles.commander,
        held=head.roles.held,
        declared_ms=head.declared_ms,
        declared_by=head.declared_by,
        corrections={one.op: one for one in corrections.states()},
        facts=knowledge_of(good),
        by_hand=by_hand_of(good),
        linked=_named(good, "incident.link"),
        retracted=frozenset(_named(good, "retraction")),
        amended=_amendments(good),
        closed=head.closed,
        frontier=head.frontier,
        after_close=_beyond(mine, head.frontier),
        unknown_kinds=tuple(entry.id for entry in mine if entry.kind not in KINDS),
        order=tuple(entry.id for entry in mine),
        timeline=tuple(entry.id for entry in sorted(mine, key=lambda one: (occurred_ms(one), one.hlc, one.feed))),
    )


def _only_incident(entries: Sequence[Seen]) -> str:
    found = {entry.inc for entry in entries if entry.inc is not None}
    if len(found) != 1:
        raise WrongUse("It is not clear which incident is meant.", "Name the incident.")
    return found.pop()


def _named(good: Sequence[Seen], kind: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for entry in good if entry.kind == kind for name in entry.about))


def _amendments(good: Sequence[Seen]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for entry in good:
        if entry.kind == "amendment":
            for name in entry.about:
                found[name] = (*found.get(name, ()), entry.id)
    return found


def _beyond(mine: Sequence[Seen], frontier: Sequence[Head]) -> tuple[str, ...]:
    """Entries that are not covered by the closing's frontier; none before there is one."""
    if not frontier:
        return ()
    last = {feed: seq for feed, seq, _ in frontier}
    return tuple(entry.id for entry in mine if entry.seq > last.get(entry.feed, -1))
