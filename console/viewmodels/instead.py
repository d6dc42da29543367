"""What a correction says besides its targets, for the composer: what answers instead and whether it is up, agreements.

Values from what was read and what was seen. What nobody looked at is not said to be up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from console.domain.agreements import HOUR_MS, concerns
from console.domain.deceit import shown
from console.services.agreements import Registered
from console.services.board import board, short_age
from console.services.fallback import NONE, age_beside, candidates
from console.services.live_values import Looks
from console.services.providers import plain_model
from console.viewmodels.approval_words import clock
from console.viewmodels.ground import Ground


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that can be chosen: what is kept, and its words."""

    key: str
    words: str


@dataclass(frozen=True, slots=True)
class Seen:
    """How a surface is, in words with its age; `is_up` only where it was heard lately to serve."""

    words: str
    is_up: bool


def fallbacks(ground: Ground, model: str) -> tuple[Offer, ...]:
    """What may answer instead of a model: nothing said, nothing at all, or a surface of another model."""
    by_surface = {one.surface.surface: one for one in ground.options}
    found = candidates([one.surface for one in ground.options], model)
    offers = [Offer("", "Not said"), Offer(NONE, "Nothing answers in its place")]
    for one in found:
        provider = by_surface[one.surface].provider or "a provider not connected here"
        where = provider if one.name in (provider, one.model) else f"{one.name} at {provider}"
        offers.append(Offer(one.surface, shown(f"{one.model}, {where}")))
    return tuple(offers)


def standby(looks: Looks | None, ground: Ground, surface: str, now_ms: int, model: str = "") -> Seen | None:
    """How a surface that may answer instead of a model is now, and whether that is the earlier; None where none is."""
    if surface in ("", NONE):
        return None
    known = next((one.surface for one in ground.options if one.surface.surface == surface), None)
    if looks is None or known is None:
        return Seen("Not looked at here yet; it is read when this is proposed.", is_up=False)
    only = replace(
        looks, surfaces=(known,), instances=tuple(one for one in looks.instances if one.link.instance == known.instance)
    )
    cell = next((one for one in board(only, (), now_ms).cells.values() if one.surface == surface), None)
    if cell is None or cell.read_ms is None:
        word = "Unknown" if cell is None else cell.word.capitalize()
        return Seen(f"{word}: nothing was read of it here.", is_up=False)
    limits = f"; {'; '.join(map(shown, cell.reported))}" if cell.reported else ""
    age = short_age(max(0, now_ms - cell.read_ms))
    made = {
        plain_model(one.model): one.made_ms
        for each in only.instances
        for one in each.surfaces
        if one.made_ms is not None
    }
    older = age_beside(known.model, model, made)
    return Seen(
        f"{cell.word.capitalize()}, read {clock(cell.read_ms, now_ms)}, {age} ago{limits}."
        + (f" {older[:1].upper()}{older[1:]}." if older else ""),
        is_up=cell.state == "serving" and not cell.stale,
    )  # fmt: skip


def terms(known: Sequence[Registered], category: str, model: str) -> tuple[Offer, ...]:
    """The agreements that allow this kind of correction of this model: none named, each, or all of them."""
    fits = [one for one in known if one.agreement.covers(category, model)]
    offers = [Offer("", "None named" if fits else "None is registered that allows it")]
    offers += [
        Offer(one.entry, shown(f"{one.agreement.partner}{f', {one.agreement.where}' if one.agreement.where else ''}, "
                               f"{notice(one.agreement.notice_h)}"))
        for one in fits
    ]  # fmt: skip
    if len(fits) > 1:
        offers.append(Offer(" ".join(one.entry for one in fits), f"All {len(fits)} of them"))
    return tuple(offers)


def notice(hours: int) -> str:
    """`no notice`, `72 h of notice`."""
    return "no notice" if hours == 0 else f"{hours} h of notice"


def worries(known: Sequence[Registered], named: Sequence[str], category: str, within_ms: int) -> tuple[str, ...]:
    """What is to be weighed of the agreements that are named, before it is proposed."""
    lines = [one.agreement.line(one.entry, (category,)) for one in known if one.entry in named]
    return tuple(map(shown, concerns(lines, within_ms)))


def longest_h(known: Sequence[Registered], named: Sequence[str]) -> int:
    """The longest notice owed by those that are named, in hours."""
    return max((one.agreement.notice_h for one in known if one.entry in named), default=0)


__all__ = ["HOUR_MS", "Offer", "Seen", "fallbacks", "longest_h", "notice", "standby", "terms", "worries"]
