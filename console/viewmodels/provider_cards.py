"""Providers in words: what an adapter can do in the five categories, what a trial found, which are connected here.

It claims no more than was learnt: planned is not allowed, and not tried is said. What reads, reads on a lane.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from console.domain.deceit import shown
from console.domain.errors import Problem
from console.providers.instance import MANUAL, check_world
from console.services import providers
from console.services.connection import ConnectionReport, LeverReport
from console.services.inventory import Retired, retired
from console.services.live_values import Connectivity, ProviderLink
from console.services.secrets import open_secrets
from console.services.session import Session
from console.viewmodels.header import provider_sentence
from console.viewmodels.house import kinds
from console.viewmodels.times import ago

REVERSALS: Final = {"exact": "reversible", "best-effort": "partly reversible", "none": "IRREVERSIBLE"}
REACHES: Final = {"everyone": "for everyone", "our-customers": "for our customers", "only-us": "only for us"}
LINK_MARKS: Final = {
    "answers": "online", "unreachable": "offline", "broken": "refused", "unread": "unheard", "by-hand": "paused",
}  # fmt: skip
_RIGHTS: Final = {
    True: "the provider says that its writes are allowed", None: "whether it may be written is unproven",
    False: "on some it may not",
}  # fmt: skip
_VERDICTS: Final = ("allowed", "can-plan", "cannot", "not-tried")  # in the order in which they are told
_MINUTE_S: Final = 120
_BY_HAND: Final = "People are asked to do it; it is known by their word alone, unless it can be measured elsewhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ability:
    """One category: what can be done there, one line each; none, and `why_not` says why."""

    title: str
    can: tuple[str, ...]
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterCard:
    """An adapter to choose. `why_not` where it cannot be connected in this profile."""

    name: str
    title: str
    abilities: tuple[Ability, ...] = ()
    notes: tuple[str, ...] = ()
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLine:
    """One lever of a trial: can-plan, cannot or not-tried; allowed where it is planned and its writes are allowed.

    `right` is what it says of them: allowed, lacking, or unproven where it says nothing.
    """

    verdict: str
    title: str
    detail: str
    right: str = "unproven"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """A trial as it is shown. `good` is whether it answers; `asked` how it was asked what this credential may write."""

    good: bool
    headline: str
    facts: tuple[str, ...]
    surfaces: tuple[str, ...]
    levers: tuple[ReportLine, ...]
    impossible: tuple[str, ...]
    warnings: tuple[str, ...]
    asked: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRow:
    """One provider of this profile as it is kept. `probes`: selectors whose credential is here; `called`: their names.

    `kind` is the adapter's own name, `settings` as they are kept. `retired` says who removed it for everybody, and why.
    """

    instance: str
    name: str
    kind: str
    adapter: str
    address: str
    settings: Mapping[str, Any]
    surfaces: int
    probes: tuple[str, ...]
    can_probe: bool
    retired: str = ""
    called: Mapping[str, str] = field(default_factory=dict[str, str])

    def probe_named(self, selector: str) -> str:
        """A canary by the name people gave it."""
        return shown(self.called.get(selector, selector))


def adapter_cards(session: Session) -> tuple[AdapterCard, ...]:
    """Every adapter, those that can be connected here first."""
    cards = [_card(session, one) for one in providers.adapters()]
    return tuple(sorted(cards, key=lambda one: (bool(one.why_not), one.title.casefold())))


def _card(session: Session, told: Mapping[str, Any]) -> AdapterCard:
    name = str(told["name"])
    if "broken" in told:
        return AdapterCard(name=name, title=name, why_not=f"It cannot be used: {told['broken']}")
    why = ""
    try:
        check_world(name, session.settings.world)
    except Problem as fault:
        why = fault.what
    levers: Sequence[Mapping[str, Any]] = told["levers"]
    not_possible: Mapping[str, str] = told["not_possible"]
    abilities = tuple(
        Ability(
            title=title,
            can=(_BY_HAND,) if name == MANUAL else tuple(
                _lever_words(one) for one in levers if one["category"] == category
            ),
            why_not=_sentence(not_possible.get(category, "not possible through this adapter")),
        )
        for category, title in kinds(session.settings.house).items()
    )  # fmt: skip
    notes = tuple(f"{_sentence(what, '')}: {why}" for what, why in not_possible.items() if what not in kinds(None))
    if address := told.get("address"):
        notes = (f"Declared in a file. It speaks to {address} and to no other place.", *notes)
    return AdapterCard(name=name, title=str(told["title"]), abilities=abilities, notes=notes, why_not=why)


def _lever_words(one: Mapping[str, Any]) -> str:
    return (
        f"{one['title']}: {REVERSALS[one['reversal']]}, {REACHES[one['reach']]}{_within(one['propagation_s'])}"
        f"{'' if one['probe'] else ', cannot be measured'}{'' if one['proven'] else ', unproven'}"
    )


def _within(seconds: int) -> str:
    if seconds <= 0:
        return ""
    return f", takes hold within {seconds} s" if seconds < _MINUTE_S else f", takes hold within {seconds // 60} min"


def report_view(report: ConnectionReport) -> ReportView:
    """A trial in words."""
    impossible = tuple(
        f"{kinds(None).get(what, _sentence(what, ''))}: {why}" for what, why in sorted(report.not_possible.items())
    )
    took = "" if report.latency_ms is None else f" in {report.latency_ms} ms"
    if not report.answers:
        headline = f"It does not answer: {report.fault}."
    elif report.who:
        headline = f"It answers{took}. There we are: {report.who}."
    else:
        headline = f"It answers{took}. It does not say who we are there."
    return ReportView(
        good=report.answers, headline=headline,
        facts=tuple(f"{_sentence(name.replace('_', ' '), '')}: {text}" for name, text in sorted(report.facts.items())),
        surfaces=tuple(
            f"{name or key}{'' if model == (name or key) else f': {model}'}{f' ({detail})' if detail else ''}"
            for key, name, model, detail in report.surfaces
        ),
        levers=_together([_report_line(one) for one in report.levers]), impossible=impossible, warnings=report.warnings,
        asked=_sentence(f"what it may write: {report.asked}") if report.asked else "",
    )  # fmt: skip


def _report_line(one: LeverReport) -> ReportLine:
    parts = [f"{REVERSALS[one.reversal]}, {REACHES[one.reach]}{_within(one.propagation_s)}"]
    if one.at:
        parts.append(f"planned for {', '.join(one.at)}")
    if one.why:
        parts.append(one.why)
    if one.verdict != "cannot":
        parts.append("a person carries it out" if one.by_hand else _RIGHTS[one.allowed])
    verdict = "allowed" if one.verdict == "can-plan" and one.allowed else one.verdict
    right = "unproven" if one.allowed is None else "allowed" if one.allowed else "lacking"
    return ReportLine(verdict=verdict, title=one.title, detail=_sentence("; ".join(parts)), right=right)


def _together(lines: Sequence[ReportLine]) -> tuple[ReportLine, ...]:
    """What can be done first; levers of which the same is said are told together, or nobody reads to the end."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for one in sorted(lines, key=lambda line: _VERDICTS.index(line.verdict)):
        found.setdefault((one.verdict, one.detail, one.right), []).append(one.title)
    return tuple(
        ReportLine(verdict=verdict, title=", ".join(titles), detail=detail, right=right)
        for (verdict, detail, right), titles in found.items()
    )


def rows_of(session: Session) -> tuple[ProviderRow, ...]:
    """The providers of this profile, in the order in which they were connected."""
    instances = providers.instances_of(session)
    surfaces, gone = providers.surfaces(session), retired(session)
    found: list[ProviderRow] = []
    for one in instances.all():
        try:
            manifest = instances.registry.manifest(one.adapter)
            title = manifest.title
            can_probe = any(lever.probe in ("credential", "canary") for lever in manifest.levers)
        except Problem:
            title, can_probe = one.adapter, False
        address = str(one.settings.get("base_url") or one.settings.get("who") or "")
        found.append(ProviderRow(
            instance=one.id, name=one.name, kind=one.adapter, adapter=title, address=address, settings=one.settings,
            surfaces=sum(known.instance == one.id for known in surfaces), probes=tuple(sorted(one.probe_credentials)),
            can_probe=can_probe, retired=_retired(session, gone.get(one.id)), called=one.called,
        ))  # fmt: skip
    return tuple(found)


def _retired(session: Session, found: Retired | None) -> str:
    if found is None:
        return ""
    who = "you" if found.by == session.me else shown(session.name_of(found.by))
    why = f": {shown(found.reason)}" if found.reason else ""
    return _sentence(f"retired for everybody by {who}, {ago(session.clock.wall_ms(), found.at_ms)}{why}")


def link_of(links: Connectivity | None, instance: str) -> ProviderLink | None:
    """How one provider is connected, where anybody has looked."""
    return None if links is None else links.link(instance)


def link_words(link: ProviderLink | None, now_ms: int) -> tuple[str, str]:
    """Its mark of the links' table, and its state with its age in a sentence."""
    if link is None:
        return "unheard", "Nobody has looked at it yet."
    told = provider_sentence(link, now_ms).removeprefix(f"{link.name}: ")
    return LINK_MARKS[link.state], _sentence(told)


def where_secrets_lie(session: Session) -> str:
    """In a sentence; a keyring may take its time to answer."""
    return open_secrets(session).where


def open_all_secrets(session: Session) -> None:
    """Unlock the place of the providers' credentials, so that the engine can read them.

    Raises:
        Locked, WrongPassphrase, VaultUnusable: as their names say.
    """
    instances = providers.instances_of(session)
    names: list[str] = []
    for one in instances.all():
        try:
            own = tuple(instances.registry.manifest(one.adapter).secrets)
        except Problem:
            own = ()
        names += [one.secret(name) for name in (*own, *one.probe_credentials.values())]
    open_secrets(session).prime(names)


def _sentence(text: str, end: str = ".") -> str:
    plain = text[:1].upper() + text[1:]
    return plain if not end or plain.endswith((".", "!", "?")) else plain + end
