"""What later restores gave back of what was in force: by the name of what they lift, else by the value they set.

It reads what was signed and what entries recorded; of several corrections at one place it ends none by mistake.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from console.domain.actions import Action
from console.domain.corrections import IN_EFFECT, IN_FORCE
from console.domain.errors import Problem
from console.domain.overlap import Claim, Lift
from console.outbox.facts import Held
from console.services.fates import place_of

if TYPE_CHECKING:
    from console.services.standing import Standing, TargetStanding


def with_lifts(found: Sequence[Standing], held: Mapping[str, Held]) -> list[Standing]:
    """What a later restore gave back is no longer in force; one that names its correction leaves all others there."""
    given_back: dict[tuple[str, str, str, str], list[tuple[Standing, TargetStanding]]] = {}
    for one in found:
        if one.direction == "restore":
            for target in one.targets:
                if target.state in IN_EFFECT:
                    given_back.setdefault(place_of(target), []).append((one, target))
    if not given_back:
        return list(found)
    taken = Counter(
        place_of(target)
        for one in found if one.direction == "contain"
        for target in one.targets if target.state in IN_FORCE
    )  # fmt: skip
    lifted: list[Standing] = []
    for one in found:
        if one.direction != "contain":
            lifted.append(one)
            continue
        targets = tuple(
            _lifted(one, target, given_back.get(place_of(target), ()), held, alone=taken[place_of(target)] == 1)
            for target in one.targets
        )
        changed = targets != one.targets
        over = changed and all(target.state in ("lifted", "superseded", "cancelled") for target in targets)
        lifted.append(replace(one, targets=targets, state="lifted" if over else one.state) if changed else one)
    return lifted


def _lifted(
    one: Standing, target: TargetStanding, back: Sequence[tuple[Standing, TargetStanding]], held: Mapping[str, Held],
    *, alone: bool,
) -> TargetStanding:  # fmt: skip
    if target.state not in IN_FORCE:
        return target
    since = [
        given.since_ms for restore, given in back
        if given.since_ms >= target.since_ms and _gives_back(restore, given, one, target, held, alone=alone)
    ]  # fmt: skip
    return replace(target, state="lifted", since_ms=max(since), detail="") if since else target


def _gives_back(
    restore: Standing, given: TargetStanding, one: Standing, target: TargetStanding, held: Mapping[str, Held],
    *, alone: bool,
) -> bool:  # fmt: skip
    """By name, else by its value where several are in force at the place (`console.domain.overlap.Lift`)."""
    if restore.undoes is not None or alone:
        return restore.undoes in (None, one.doc)
    later, before = held[restore.doc].document, one.authorised_ms
    if not isinstance(later, Action) or before is None:
        return True
    lift = Lift(decided_ms=restore.authorised_ms or later.created, created_ms=later.created,
                wanted=_wanted(held[restore.doc], given), names=None)  # fmt: skip
    return lift.lifts(
        Claim(doc=one.doc, target=target.index, decided_ms=before, wanted=_wanted(held[one.doc], target),
              signed_pre={}, found=None, supersedes=None)
    )  # fmt: skip


def _wanted(held: Held, target: TargetStanding) -> Mapping[str, str]:
    from console.providers.planned import from_disclosures  # noqa: PLC0415  only where several fight over one place

    action = held.document
    if not isinstance(action, Action):
        return {}
    try:
        return from_disclosures(action.targets[target.index], held.disclosed(target.index), action.direction).wanted
    except Problem:
        return {}
