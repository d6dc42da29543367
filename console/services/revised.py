"""The revisions of one action beside each other: what a later one took over, and who ended one, in time or too late."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from console.domain.corrections import IN_FORCE, OVER, QUEUED, STATES, RevisionState
from console.journal.values import Stored
from console.services.fates import place_of

if TYPE_CHECKING:
    from console.services.standing import Standing, TargetStanding


@dataclass(frozen=True, slots=True)
class Said:
    """That somebody cancelled or refused a revision, when (ms), and why. `late`: it had been decided before."""

    what: Literal["cancelled", "refused"]
    person: str | None
    at_ms: int
    late: bool
    reason: str = ""


def said_of(current: RevisionState, by_id: Mapping[str, Stored]) -> tuple[Said, ...]:
    """Who cancelled or refused it; one record may be carried by several entries."""
    signed_by = {one.entry: one.record.person for one in current.approvals}
    ended = [*current.refused, *([current.cancelled] if current.cancelled else []), *current.late]
    found: dict[tuple[str, str | None], Said] = {}
    for one in (by_id[name] for name in dict.fromkeys(ended) if name in by_id):
        reason = one.disclosed.get("reason")
        said = Said(
            "refused" if one.id in signed_by else "cancelled", signed_by.get(one.id, one.entry.author),
            one.entry.hlc[0], one.id in current.late, reason if isinstance(reason, str) else "",
        )  # fmt: skip
        found.setdefault((said.what, said.person), said)
    return tuple(sorted(found.values(), key=lambda said: said.at_ms))


def one_by_one(shown: Sequence[Standing], current: str) -> list[Standing]:
    """Revisions of one action: what a later one does at a place, an earlier one does not any more.

    What is in force stays the earlier one's until the later one's own has reached its provider.
    """
    kept: list[Standing] = []
    for at, one in enumerate(shown):
        later = [target for other in shown[at + 1 :] for target in other.targets]
        reached = {place_of(target) for target in later if target.state in IN_FORCE}
        decided = reached | {place_of(target) for target in later if target.state in QUEUED}
        targets = tuple(_after(target, reached, decided) for target in one.targets)
        if one.doc == current or not all(target.state in OVER for target in targets):
            state = next((word for word in STATES if any(target.state == word for target in targets)), one.state)
            kept.append(one if targets == one.targets else replace(one, targets=targets, state=state))
    return kept


def _after(target: TargetStanding, reached: Container[object], decided: Container[object]) -> TargetStanding:
    if target.state in ("refused", "cancelled", "superseded"):
        return target
    over = place_of(target) in (reached if target.state in IN_FORCE else decided)
    return replace(target, state="superseded", detail="") if over else target
