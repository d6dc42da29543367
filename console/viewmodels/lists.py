"""Lists of accounts on screen: where one can go, what the match says, how far it is. No widget, no rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from console.domain.deceit import shown
from console.domain.errors import WrongUse
from console.domain.lists import MAX_BYTES, Imported, read_list
from console.domain.render import REACHES
from console.services import corrections, list_progress, lists
from console.services.levers import LeverLine, options_for
from console.services.list_progress import Progress
from console.services.lists import Matched
from console.services.planning import TargetWish
from console.services.protected import CANARY, protected
from console.services.session import Session
from console.services.standing import Standing
from console.viewmodels.approval_words import count

_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Place:
    """One surface at which lists can be restricted, its levers that select one account, and its canaries."""

    provider: str
    surface: str
    title: str
    levers: tuple[LeverLine, ...]
    canaries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A match as it is shown: a headline, figures, and groups of accounts with why they are left out."""

    matched: Matched
    headline: str
    figures: tuple[tuple[str, str], ...]
    groups: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def can(self) -> bool:
        """Whether anybody is left in it."""
        return bool(self.matched.accounts)


def places(session: Session) -> tuple[Place, ...]:
    """Where a list can go. For a lane."""
    found: list[Place] = []
    canaries = [selector for selector, why in protected(session).items() if why == CANARY]
    for one in options_for(session, ""):
        levers = tuple(lever for lever in one.levers if not lever.wide)
        if levers and not one.by_hand:
            name = one.surface.name or one.surface.model
            title = shown(name if name == one.provider else f"{name} at {one.provider}")
            found.append(Place(one.surface.instance, one.surface.surface, title, levers, tuple(canaries)))
    return tuple(found)


def read(path: str, typed: str, column: str) -> Imported:
    """The list in a file, or as typed.

    Raises:
        WrongUse: when there is none, or it cannot be read.
    """
    if typed.strip():
        return read_list(typed.encode("utf-8", "replace"), "typed here", column)
    file = Path(path.strip()).expanduser()
    try:
        if file.stat().st_size > MAX_BYTES:
            raise WrongUse(f"{file.name} is too long for a list.", "Split it.")
        raw = file.read_bytes()
    except (OSError, RuntimeError) as fault:
        raise WrongUse(f"{file} cannot be read.", str(getattr(fault, "strerror", "") or "Check the path.")) from None
    return read_list(raw, file.name, column)


def match(session: Session, place: Place, lever: str, params: Mapping[str, str], imported: Imported) -> Report:
    """Ask the provider about every line. For the slow lane."""
    wished = TargetWish(provider=place.provider, surface=place.surface, lever=lever, params=dict(params))
    return report(lists.match(session, wished, imported))


def report(found: Matched) -> Report:
    """A match in words."""
    read_, line = found.imported, len(found.accounts)
    figures = [
        ("Read", f"{count(read_.read, 'line', 'lines')} of {shown(read_.source)}"
                 + (f", column {shown(read_.column)}" if read_.column else "")),
        ("Will be restricted", count(line, "account", "accounts")),
        ("So already", str(len(found.already))), ("Unknown to the provider", str(len(found.unknown))),
        ("Protected, left out", str(len(found.protected))), ("Stands otherwise, left out", str(len(found.other))),
        ("Twice, or refused", f"{read_.again} twice, {read_.refused} refused"),
    ]  # fmt: skip
    if found.template is not None:
        sent = "; ".join(shown(f"{one.method} {one.path} {one.body}") for one in found.template.requests)
        figures += [("Sent for each", sent), ("Reaches", REACHES[found.template.reach])]
    heavy = tuple(f"{shown(account)}: {count(calls, 'call', 'calls')}" for account, calls in found.heaviest)
    groups = [
        ("In use most", heavy or ("The provider does not count use here.",)),
        ("Protected", tuple(f"{shown(a)}: {shown(why)}" for a, why in found.protected[:_SHOWN])),
        ("Unknown", tuple(f"{shown(a)}: {shown(why)}" for a, why in found.unknown[:_SHOWN])),
        ("Stands otherwise", tuple(f"{shown(a)}: {shown(why)}" for a, why in found.other[:_SHOWN])),
        ("Refused lines", tuple(f"line {number}: {shown(why)}" for number, why in read_.problems[:_SHOWN])),
        ("Look closely", tuple(f"{shown(a)}: {shown(why)}" for a, why in read_.odd[:_SHOWN])),
    ]
    headline = f"{count(line, 'account', 'accounts')} would be restricted." if line else "Nobody is left in it."
    return Report(found, headline, tuple(figures), tuple(one for one in groups if one[1]))


@dataclass(frozen=True, slots=True)
class Underway:
    """A correction with a list and how far it is."""

    doc: str
    title: str
    direction: str
    progress: Progress


def under_way(session: Session, standings: tuple[Standing, ...]) -> tuple[Underway, ...]:
    """The corrections that have lists, the newest first. For a lane."""
    found: list[Underway] = []
    for one in standings:
        held = corrections.find_document(session, one.doc)
        if all(target.listed is None for target in corrections.action_of(held).targets):
            continue
        found += [
            Underway(one.doc, shown(one.title), one.direction, far) for far in list_progress.progress(session, one.doc)
        ]
    return tuple(reversed(found))
