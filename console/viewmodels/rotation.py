"""Rotating leaked credentials on screen: where each stands, by what was counted. No rule, no widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from console.domain.deceit import shown
from console.domain.errors import WrongUse
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
    """The rotations of an incident, and where credentials can be revoked."""

    cards: tuple[RotationCard, ...]
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Typed:
    """One credential as typed into the form."""

    place: Place
    old: str
    new: str
    slow_to: str


def page(session: Session, inc: str) -> RotationPage:
    """Counted anew; for the slow lane."""
    rotation.look(session, inc)
    some = tuple(one for one in places(session) if _levers(session, one)[1])
    return RotationPage(tuple(_card(one) for one in rotation.rotations(session, inc)), some)


def _card(one: Rotating) -> RotationCard:
    lines = tuple(_line(held) for held in one.items)
    slow = "slow" not in one.proposed and any(held.item.sibling for held in one.items)
    return RotationCard(one.rotation.sha256, shown(one.rotation.why), lines, slow, bool(one.ready))


def _line(held: Held) -> CredentialLine:
    icon, tone = WORDS[held.word]
    new = f", replaced by {shown(held.item.new)}" if held.item.new else ""
    slowed = "; slowed" if held.slowed else ""
    counted = "Its use is not counted here."
    if held.old is not None:
        grew = f"last growing {both(held.old.grew_ms)}" if held.old.grew_ms is not None else "not growing since then"
        counted = f"{count(held.old.asked, 'call', 'calls')} counted since {both(held.old.since_ms)}, {grew}."
    if held.new is not None:
        counted += f" The new one: {count(held.new.asked, 'call', 'calls')}."
    place = bool(held.item.new) and held.placed_ms is None and held.word != "revoked"
    return CredentialLine(f"{shown(held.item.old)}{new}: {held.word}{slowed}", counted, icon, tone, place)


def _levers(session: Session, place: Place) -> tuple[str, str]:
    """Of a place: the reversible lever with a number of calls, and the one that revokes; empty where there is none."""
    from console.services import providers  # noqa: PLC0415  as small as the question

    instances = providers.instances_of(session)
    manifest = instances.registry.manifest(instances.get(place.provider).adapter)
    revoke = next((one for one in manifest.levers if one.revokes_credential), None)
    sibling = next((one for one in place.levers if revoke is not None and one.name == revoke.partial_sibling), None)
    return sibling.name if sibling is not None else "", revoke.name if revoke is not None else ""


def begin(session: Session, inc: str, typed: tuple[Typed, ...], why: str) -> None:
    """Keep a rotation as typed: slowed by the revoking lever's milder sibling, to so many calls a minute.

    Raises:
        WrongUse: for what is no rotation.
    """
    items: list[Item] = []
    for one in typed:
        sibling, revoke = _levers(session, one.place)
        name = next((p.name for lever in one.place.levers if lever.name == sibling for p in lever.params), "")
        slow = one.slow_to.strip()
        if slow and not (slow.isascii() and slow.isdigit()):
            raise WrongUse("Slow it down to a whole number of calls a minute.", "Or leave it empty.")
        items.append(
            Item(instance=one.place.provider, surface=one.place.surface, old=one.old.strip(), new=one.new.strip(),
                 sibling=sibling if slow else "", params=((name, slow),) if slow and name else (), revoke=revoke)
        )  # fmt: skip
    rotation.begin(session, inc, items, why)
