"""Rotating leaked credentials on screen: where each stands, by what was counted. No rule, no widget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from console.domain.deceit import shown
from console.domain.errors import WrongUse
from console.domain.rotation import Use
from console.services import rotation
from console.services.levers import LeverLine, ParamLine
from console.services.rotation import Held, Item, Rotating
from console.services.session import Session
from console.viewmodels.approval_words import count
from console.viewmodels.lists import Place, places
from console.viewmodels.times import both

WORDS: Final = {
    "in use": ("octagon-alert", "alarm"), "replaced": ("hourglass", "waiting"), "seen in use": ("check", "known"),
    "quiet": ("minus", "known"), "revoked": ("ban", "good"),
}  # fmt: skip
NOTHING_SLOWS: Final = "Nothing reversible slows it here: it is revoked when its replacement is seen in use."


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
class Slowing:
    """A reversible lever that is pulled first. `selects` (empty: the credential itself) is what has to be named for it.

    A project, an owner: whatever shares it is slowed too. `asks` are the values that it needs.
    """

    lever: str
    title: str
    selects: str
    asks: tuple[ParamLine, ...]


@dataclass(frozen=True, slots=True)
class Revoking:
    """One way to revoke at one surface, and what can slow it first; `why_none` where nothing can."""

    place: Place
    title: str
    revoke: str
    slowing: tuple[Slowing, ...]
    why_none: str = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """One credential as typed into the form; `by` is what slows it first, `at` whom, `values` how much."""

    place: Revoking
    old: str
    new: str
    by: Slowing | None
    at: str = ""
    values: Mapping[str, str] = field(default_factory=dict[str, str])


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
    """Every lever of a place that revokes, each with what slows the same credential, or what it belongs to, first."""
    from console.services import providers  # noqa: PLC0415  as small as the question

    instances = providers.instances_of(session)
    manifest = instances.registry.manifest(instances.get(place.provider).adapter)
    revoking = [one for one in manifest.levers if one.revokes_credential]
    found: list[Revoking] = []
    for one in revoking:
        slowing = tuple(_slowing(place.levers, one.selector, one.partial_sibling))
        title = f"{place.title}: {one.title}" if len(revoking) > 1 else place.title
        found.append(Revoking(place, title, one.name, slowing, "" if slowing else NOTHING_SLOWS))
    return found


def _slowing(levers: Sequence[LeverLine], selector: str, milder: str | None) -> Iterator[Slowing]:
    """Its milder sibling, then what limits the same, then what limits whom it belongs to: all of it reversible."""
    fit = [one for one in levers if one.reversal == "exact" and (one.name == milder or one.category == "frequency")]
    for one in sorted(fit, key=lambda one: (one.name != milder, one.selector != selector)):
        asks = tuple(param for param in one.params if param.required)
        yield Slowing(one.name, one.title, "" if one.selector == selector else one.selector, asks)


def first_value(param: ParamLine) -> str:
    """What a form begins with: as little as can be, where it is a rate."""
    return param.default or ("1" if "a minute" in param.title else "")


def begin(session: Session, inc: str, typed: tuple[Typed, ...], why: str) -> None:
    """Keep a rotation as typed: slowed first as is said of each, revoked when it is replaced.

    Raises:
        WrongUse: for what is no rotation, or where something of what slows it is not said.
    """
    rotation.begin(session, inc, [_item(one) for one in typed], why)


def _item(one: Typed) -> Item:
    place, old = one.place.place, one.old.strip()
    if one.by is None:
        return Item(instance=place.provider, surface=place.surface, old=old, new=one.new.strip(), sibling="",
                    params=(), revoke=one.place.revoke)  # fmt: skip
    at = one.at.strip() if one.by.selects else ""
    if one.by.selects and not at:
        raise WrongUse(f"Say which {one.by.selects} is slowed for {old}.", "Or choose not to slow it first.")
    pairs: list[tuple[str, str]] = []
    for param in one.by.asks:
        value = one.values.get(param.name, "").strip()
        if not value:
            raise WrongUse(f"{param.title}: say how {old} is slowed.", "Or choose not to slow it first.")
        if "a minute" in param.title and not (value.isascii() and value.isdigit()):
            raise WrongUse("Slow it down to a whole number a minute.", "Or choose not to slow it first.")
        pairs.append((param.name, value))
    return Item(instance=place.provider, surface=place.surface, old=old, new=one.new.strip(), sibling=one.by.lever,
                params=tuple(pairs), revoke=one.place.revoke, slow_at=at)  # fmt: skip
