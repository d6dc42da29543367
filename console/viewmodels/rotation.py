"""Rotating leaked credentials on screen: where each stands, by what was counted. No rule, no widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from console.domain.deceit import shown
from console.domain.errors import WrongUse
from console.domain.rotation import Use
from console.services import rotation
from console.services.rotation import Held, Item, Rotating
from console.services.session import Session
from console.viewmodels.approval_words import count
from console.viewmodels.lists import Place, places
from console.viewmodels.times import both

WORDS: Final = {
    "in use": ("octagon-alert", "alarm"), "replaced": ("hourglass", "waiting"), "seen in use": ("check", "known"),
    "quiet": ("minus", "known"), "revoked": ("ban", "good"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CredentialLine:
    """One credential in words, with an icon and a tone; `place`: its replacement can be said to be placed."""

    told: str
    counted: str
    icon: str
    tone: str
    place: bool


@dataclass(frozen=True, slots=True)
class RotationCard:
    """One rotation, and what may be proposed of it now."""

    name: str
    why: str
    lines: tuple[CredentialLine, ...]
    may_slow: bool
    may_revoke: bool


@dataclass(frozen=True, slots=True)
class RotationPage:
    """The rotations of an incident, where credentials can be revoked, and whose use could not be read just now."""

    cards: tuple[RotationCard, ...]
    places: tuple[Revoking, ...]
    not_read: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Revoking:
    """One way to revoke at one surface. `sibling` (empty: none) slows the same credential first, by `number` a minute.

    Where what slows it selects something else (its project, its owner), that is a correction of its own.
    """

    place: Place
    title: str
    revoke: str
    sibling: str
    number: str


@dataclass(frozen=True, slots=True)
class Typed:
    """One credential as typed into the form."""

    place: Revoking
    old: str
    new: str
    slow_to: str


def page(session: Session, inc: str) -> RotationPage:
    """Counted anew; for the slow lane."""
    not_read = tuple(f"Not read: {shown(one)}." for one in rotation.look(session, inc))
    some = tuple(way for one in places(session) for way in _ways(session, one))
    return RotationPage(tuple(_card(one) for one in rotation.rotations(session, inc)), some, not_read)


def _card(one: Rotating) -> RotationCard:
    lines = tuple(_line(held) for held in one.items)
    revoke = any("revoke" not in one.items[at].steps for at in one.ready)
    return RotationCard(one.rotation.sha256, shown(one.rotation.why), lines, bool(one.to_slow), revoke)


def _line(held: Held) -> CredentialLine:
    icon, tone = WORDS[held.word]
    new = f", replaced by {shown(held.item.new)}" if held.item.new else ""
    slowed = "; slowed" if held.slowed else ""
    counted = used(held.old)
    if held.new is not None:
        counted += f"\n      The new one: {used(held.new)}"
    place = bool(held.item.new) and held.placed_ms is None and held.word != "revoked"
    return CredentialLine(f"{shown(held.item.old)}{new}: {held.word}{slowed}", counted, icon, tone, place)


def used(one: Use | None) -> str:
    """What is known of a credential's use, as a sentence."""
    if one is None:
        return "Its use is not counted here."
    if one.last_ms is not None:
        when = f"its last use was {both(one.last_ms)}" if one.last_ms else "it knows of no use"
        return f"By its provider {when}, read {both(one.at_ms)}."
    grew = f"last growing {both(one.grew_ms)}" if one.grew_ms is not None else "not growing since then"
    return f"{count(one.asked, 'call', 'calls')} counted since {both(one.since_ms)}, {grew}."


def _ways(session: Session, place: Place) -> list[Revoking]:
    """Every lever of a place that revokes, each with the milder one that selects the same credential, if there is."""
    from console.services import providers  # noqa: PLC0415  as small as the question

    instances = providers.instances_of(session)
    manifest = instances.registry.manifest(instances.get(place.provider).adapter)
    revoking = [one for one in manifest.levers if one.revokes_credential]
    by_name = {one.name: one for one in place.levers}
    found: list[Revoking] = []
    for one in revoking:
        sibling = by_name.get(one.partial_sibling or "")
        asked = [param.name for param in sibling.params if param.required] if sibling is not None else []
        fits = sibling is not None and sibling.selector == one.selector and len(asked) <= 1
        slowly = f"first: {sibling.title}" if fits and sibling is not None else "slowed by a correction of its own"
        title = f"{place.title}: {one.title}, {slowly}" if len(revoking) > 1 or not fits else place.title
        name = sibling.name if fits and sibling is not None else ""
        found.append(Revoking(place, title, one.name, name, asked[0] if name and asked else ""))
    return found


def begin(session: Session, inc: str, typed: tuple[Typed, ...], why: str) -> None:
    """Keep a rotation as typed: slowed by the revoking lever's milder sibling, to so many calls a minute.

    Raises:
        WrongUse: for what is no rotation.
    """
    items: list[Item] = []
    for one in typed:
        slow, at = one.slow_to.strip(), one.place
        if slow and not (slow.isascii() and slow.isdigit()):
            raise WrongUse("Slow it down to a whole number of calls a minute.", "Or leave it empty.")
        items.append(
            Item(instance=at.place.provider, surface=at.place.surface, old=one.old.strip(), new=one.new.strip(),
                 sibling=at.sibling if slow else "", revoke=at.revoke,
                 params=((at.number, slow),) if slow and at.number else ())
        )  # fmt: skip
    rotation.begin(session, inc, items, why)
