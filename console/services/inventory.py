"""The organisation's providers and surfaces as its entries tell: who offers what, under which name, and what is gone.

Pure reading. A later announcement of the same surface or provider counts instead of the earlier one, whoever made it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from console.journal.values import Stored
from console.services.session import Session

_KINDS = ("provider.added", "provider.removed", "surface.added", "surface.removed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """A surface as the organisation knows it: its id, where, the provider's key for it, what people call it.

    `model` is the organisation's name of the model; `own` what this provider called it when it was first seen.
    """

    surface: str
    instance: str
    model: str
    kind: str
    control: str
    reach: str
    name: str
    key: str
    own: str = ""


@dataclass(frozen=True, slots=True)
class Retired:
    """That a provider was removed for everybody: who said so, when (ms), and why."""

    instance: str
    by: str | None
    at_ms: int
    reason: str


def surfaces(session: Session) -> list[Surface]:
    """Every surface of the organisation that was not removed, and whose provider was not."""
    gone = retired(session)
    found: dict[str, Surface | None] = {}
    own: dict[str, str] = {}
    for one in _entries(session):
        name = str(one.entry.pub.get("surface", ""))
        if one.entry.kind == "surface.added":
            pub = {field: str(value) for field, value in one.entry.pub.items()}
            found[name] = Surface(
                surface=name, instance=pub["instance"], model=pub["model"], kind=pub["kind"], control=pub["control"],
                reach=pub["reach"], name=str(one.disclosed.get("name", "")), key=str(one.disclosed.get("key", "")),
                own=own.setdefault(name, pub["model"]),
            )  # fmt: skip
        elif one.entry.kind == "surface.removed" and name in found:
            found[name] = None
    return [one for one in found.values() if one is not None and one.instance not in gone]


def retired(session: Session) -> dict[str, Retired]:
    """Every provider that was removed for everybody and not added again, by instance."""
    found: dict[str, Retired] = {}
    for one in _entries(session):
        name = str(one.entry.pub.get("instance", ""))
        if one.entry.kind == "provider.removed":
            reason = str(one.disclosed.get("reason", ""))
            found[name] = Retired(name, one.entry.author, one.entry.hlc[0], reason)
        elif one.entry.kind == "provider.added":
            found.pop(name, None)
    return found


def known_instance(session: Session, adapter: str, name: str) -> str | None:
    """The id a colleague's console gave this provider, so that both mean the same; one that was removed is no more."""
    gone, found = retired(session), dict[str, tuple[str, str]]()
    for one in _entries(session):
        if one.entry.kind == "provider.added":
            told = str(one.entry.pub["adapter"]).split("/", 1)[0]
            found[str(one.entry.pub["instance"])] = (told, str(one.disclosed.get("name", "")))
    return next((ident for ident, told in found.items() if told == (adapter, name) and ident not in gone), None)


def _entries(session: Session) -> Iterator[Stored]:
    """Those that count, in the order in which their writers wrote them."""
    stored = [one for one in session.reader.entries(org=True, kinds=_KINDS) if one.standing == "good"]
    return iter(sorted(stored, key=lambda one: (*one.entry.hlc, one.entry.feed)))
