"""What holds for the whole organisation, folded from its entries: providers, surfaces, models, rehearsals, forks.

Secrets and settings are local and never here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from console.domain.actions import Document, Rehearsal
from console.domain.facts import fingerprint
from console.domain.seen import Carried, Seen, carried, in_order


@dataclass(frozen=True, slots=True)
class ProviderSeen:
    """A provider instance: adapter and version, the name people gave it, since when, and whether it was removed."""

    instance: str
    adapter: str
    name: str
    since_ms: int
    removed: bool = False


@dataclass(frozen=True, slots=True)
class SurfaceSeen:
    """One place where a model is offered. `key` names it within its instance."""

    surface: str
    instance: str
    model: str
    kind: str
    control: str
    reach: str
    name: str
    key: str
    since_ms: int
    removed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationState:
    """The inventory and the standing of people. `models` maps a model to its surfaces that are not removed.

    `rehearsed` are persons who signed their rehearsal; `forked` persons and `forked_keys` fingerprints whose feed has a
    proven fork.
    """

    providers: Mapping[str, ProviderSeen] = field(default_factory=dict)
    surfaces: Mapping[str, SurfaceSeen] = field(default_factory=dict)
    models: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rehearsed: frozenset[str] = frozenset()
    self_tested: frozenset[str] = frozenset()
    forked_feeds: frozenset[str] = frozenset()
    forked_keys: frozenset[str] = frozenset()
    forked: frozenset[str] = frozenset()
    order: tuple[str, ...] = ()


def fold_organisation(
    entries: Sequence[Seen],
    documents: Mapping[str, Document] | None = None,
    sound: Callable[[Carried], bool] = lambda _carried: True,
) -> OrganisationState:
    """The organisation's state. `sound` says whether a carried record's signature holds (the caller verifies).

    Entries of incidents may be given too; only forks and rehearsals are read from those.
    """
    ordered = in_order(entries)
    good = [entry for entry in ordered if entry.standing == "good"]
    providers = _providers(good)
    surfaces = _surfaces(good)
    feeds = _forked_feeds(ordered)
    opened = {entry.feed: entry for entry in ordered if entry.kind == "feed.open"}
    authors = {entry.feed: entry.author for entry in ordered}
    models: dict[str, tuple[str, ...]] = {}
    for one in surfaces.values():
        if not one.removed:
            models[one.model] = (*models.get(one.model, ()), one.surface)
    return OrganisationState(
        providers=providers,
        surfaces=surfaces,
        models=models,
        rehearsed=_rehearsed(good, documents or {}, sound),
        self_tested=frozenset(one.author for one in good if one.kind == "self-test" and one.author),
        forked_feeds=feeds,
        forked_keys=frozenset(key for feed in feeds if feed in opened and (key := _key_of(opened[feed]))),
        forked=frozenset(author for feed in feeds if (author := authors.get(feed))),
        order=tuple(entry.id for entry in ordered),
    )


def _providers(good: Sequence[Seen]) -> dict[str, ProviderSeen]:
    found: dict[str, ProviderSeen] = {}
    for entry in good:
        name = entry.words("instance")
        if entry.kind not in ("provider.added", "provider.removed") or entry.author is None:
            continue
        removed = entry.kind == "provider.removed"
        if removed and name in found:
            before = found[name]
            found[name] = ProviderSeen(name, before.adapter, before.name, entry.hlc[0], removed=True)
        elif not removed:
            found[name] = ProviderSeen(name, entry.words("adapter"), entry.disclosed_text("name"), entry.hlc[0])
    return found


def _surfaces(good: Sequence[Seen]) -> dict[str, SurfaceSeen]:
    found: dict[str, SurfaceSeen] = {}
    for entry in good:
        if entry.kind not in ("surface.added", "surface.removed") or entry.author is None:
            continue
        name = entry.words("surface")
        removed = entry.kind == "surface.removed"
        if removed and name not in found:
            continue
        one = found[name] if removed else None
        found[name] = SurfaceSeen(
            surface=name,
            instance=one.instance if one else entry.words("instance"),
            model=one.model if one else entry.words("model"),
            kind=one.kind if one else entry.words("kind"),
            control=one.control if one else entry.words("control"),
            reach=one.reach if one else entry.words("reach"),
            name=one.name if one else entry.disclosed_text("name"),
            key=one.key if one else entry.disclosed_text("key"),
            since_ms=entry.hlc[0],
            removed=removed,
        )
    return found


def _rehearsed(
    good: Sequence[Seen], documents: Mapping[str, Document], sound: Callable[[Carried], bool]
) -> frozenset[str]:
    """Whoever carried, in an entry of their own, their signed rehearsal of themselves: the entry is the self-test."""
    found: set[str] = set()
    for entry in good:
        one = carried(entry) if entry.kind == "document.approved" else None
        if one is None or one.record.decision != "approve" or one.record.person != entry.author:
            continue
        document = documents.get(one.record.doc)
        if isinstance(document, Rehearsal) and document.person == one.record.person and sound(one):
            found.add(one.record.person)
    return frozenset(found)


def _forked_feeds(ordered: Sequence[Seen]) -> frozenset[str]:
    """Feeds with a fork: told by the door (standing), or by a proof that another console wrote."""
    told = {entry.feed for entry in ordered if entry.standing == "forked"}
    proven = {one.words("feed") for one in ordered if one.kind == "fork.proof" and one.standing == "good"}
    return frozenset(told | proven)


def _key_of(opening: Seen) -> str | None:
    try:
        return fingerprint(opening.words("key"))
    except (ValueError, IndexError):
        return None
