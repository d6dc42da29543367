"""How grave an action is: reversibility x blast radius, from the targets' public fields alone (protocol.md section 6).

The incident's severity never enters here, or people would under-declare. No text, no disclosure, no clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from console.domain.actions import Target
from console.domain.forms import GRAVITIES, Policy


def gravity(targets: Sequence[Target], direction: str, recent_normal: int, policy: Policy) -> tuple[str, str]:
    """The gravity of an action and the reason for it, as one sentence.

    `recent_normal` counts the normal actions already authorised in the hour before now, by the same proposer or on the
    same surface, whichever is more (sections 6 and 12).
    """
    worst = ("normal", "It contains one account or key on one surface, and can be reverted.")
    for found in _reasons(counted_targets(targets), direction, recent_normal, policy):
        if graver(found[0], worst[0]):
            worst = found
    return worst


def graver(one: str, other: str) -> bool:
    """Whether gravity `one` is above `other`."""
    return GRAVITIES.index(one) > GRAVITIES.index(other)


def counted_targets(targets: Sequence[Target]) -> tuple[Target, ...]:
    """The targets that weigh: all but one reversible one-selector canary beside each real (surface, lever).

    Whoever marks more as canaries than that, or only canaries, has them counted: the mark is the proposer's own word.
    """
    spare = {(t.surface, t.instance, t.lever, t.model) for t in targets if not t.canary}
    found: list[Target] = []
    for target in targets:
        place = (target.surface, target.instance, target.lever, target.model)
        small = (
            target.selectors == 1 and target.listed is None and target.reversal != "none" and not target.all_surfaces
        )
        if target.canary and small and place in spare:
            spare.discard(place)
        else:
            found.append(target)
    return tuple(found)


def irreversible(targets: Sequence[Target]) -> bool:
    """Whether something is done that cannot be taken back; a revoked credential is judged by what stops working."""
    return any(target.reversal == "none" and target.credential is None for target in targets)


def _reasons(
    targets: Sequence[Target], direction: str, recent_normal: int, policy: Policy
) -> Iterator[tuple[str, str]]:
    if irreversible(targets):
        yield "critical", "Something in it cannot be reverted."
    if any(target.category == "shutdown" and target.all_surfaces for target in targets):
        yield "critical", "It takes a model off all its surfaces."
    if direction != "contain":
        yield "high", "It gives back what was taken away."
    if any(target.credential == "in-use" for target in targets):
        yield "high", "It revokes a credential that is in use."
    yield from _blast_radius(targets)
    if recent_normal >= policy.normal_per_hour:
        yield "high", f"More than {policy.normal_per_hour} normal actions were taken within an hour."


def _blast_radius(targets: Sequence[Target]) -> Iterator[tuple[str, str]]:
    if any(target.selectors == 0 for target in targets):
        yield "high", "It is for a whole surface, not for somebody selected."
    if any(target.all_surfaces for target in targets):
        yield "high", "It reaches all surfaces of a model."
    if len({target.surface for target in targets}) > 1:
        yield "high", "It reaches more than one surface."
    if sum(max(target.selectors, target.listed or 0) for target in targets) > 1 or len(targets) > 1:
        yield "high", "It reaches more than one account or key."
