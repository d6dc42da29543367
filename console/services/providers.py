"""Connect providers, name their surfaces for everybody, look at them. Secrets never enter the journal."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeVar

from console.domain.errors import Problem, WaitsForConnection, WrongUse
from console.domain.profile import JsonValue
from console.journal.values import Draft
from console.providers.instance import Instance, Instances, check_settings, check_world
from console.providers.plane import Plane, Planes
from console.providers.poller import Look, look
from console.providers.proofs import Secrets
from console.providers.registry import Registry
from console.providers.wishes import AdapterFault, Found, wish
from console.runtime.ids import new_id
from console.services.inventory import Surface, known_instance, retired, surfaces
from console.services.secrets import SecretPlace, open_secrets
from console.services.session import Locked, Session

T = TypeVar("T")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._:/@+-]+")


def instances_of(session: Session) -> Instances:
    """The provider instances of this profile."""
    return Instances(session.paths.root, Registry.load(), session.settings.world, session.entropy)


def adapters() -> list[dict[str, Any]]:
    """Every adapter, its settings, secrets and levers; broken ones with their reason."""
    registry = Registry.load()
    found: list[dict[str, Any]] = []
    for name in registry.names():
        known = registry.look_up(name)
        if known is None or not hasattr(known, "manifest"):
            found.append({"name": name, "broken": getattr(known, "reason", "unknown")})
            continue
        manifest = registry.manifest(name)
        found.append({
            "name": name, "title": manifest.title, "version": manifest.version, "secrets": dict(manifest.secrets),
            "address": getattr(known, "address", ""),
            "settings": sorted(manifest.settings.model_fields),
            "levers": [
                {"name": one.name, "title": one.title, "category": one.category, "reversal": one.reversal,
                 "reach": one.reach, "propagation_s": one.propagation_s, "probe": one.probe, "proven": one.proven}
                for one in manifest.levers
            ],
            "not_possible": dict(manifest.not_possible),
        })  # fmt: skip
    return found


def add(
    session: Session, adapter: str, name: str, settings: Mapping[str, Any], secret_for: Callable[[str], str],
    *, id: str | None = None,  # noqa: A002  the field's own name
) -> tuple[Instance, str]:  # fmt: skip
    """Keep an instance, its secrets and one organisation-wide entry; gives it and where its secrets lie.

    Raises:
        UnknownAdapter, WrongWorld, BadSettings, Locked: as their names say; then nothing is kept.
    """
    instances = instances_of(session)
    manifest = instances.registry.manifest(adapter)
    check_world(adapter, instances.world)
    check_settings(manifest.settings, settings)
    named = id or known_instance(session, adapter, name)
    session.person()
    place = open_secrets(session)
    ident = named or new_id("g", session.entropy)
    if any(ident == one.id or name == one.name for one in instances.all()):
        raise WrongUse(f"There is a provider named {name!r} already.", "Choose another name.")
    given = {one: secret_for(f"{manifest.title}: {what}") for one, what in manifest.secrets.items()}
    given = {f"{ident}/{one}": secret for one, secret in given.items() if secret}
    # secrets first: their place may be locked, and then no provider without them is left behind
    for one, secret in given.items():
        place.put(one, secret)
    try:
        instance = instances.add(adapter, name, settings, id=ident)
    except Problem:
        for one in given:
            place.forget(one)
        raise
    if named is None or named in retired(session):
        session.append(
            Draft("provider.added", pub={"instance": instance.id, "adapter": f"{adapter}/{manifest.version}"},
                  disclosures={"name": name})
        )  # fmt: skip
    return instance, place.where


def add_canary(session: Session, provider: str, selector: str, secret: str) -> Instance:
    """Keep the credential with which a selector (a canary, or the target itself) may be probed.

    One that is kept already is replaced.

    Raises:
        Locked: when the place of the secrets is locked; nothing is kept then, nor where the provider has no adapter.
    """
    instances = instances_of(session)
    instance = instances.get(provider)
    proper = on_planes(session, lambda planes: _proper(_plane(planes, instance.id), selector))
    before = instance.probe_credentials.get(proper)
    taken = set(instance.probe_credentials.values())
    name = before or next(f"probe-{at}" for at in count() if f"probe-{at}" not in taken)
    open_secrets(session).put(instance.secret(name), secret)
    return instances.set_probe_credential(instance.id, proper, name, called=selector)


async def _proper(plane: Plane, selector: str) -> str:
    """The provider's own word for a selector (an alias may have been typed), as plans will name it."""
    for lever in plane.manifest.levers:
        if lever.probe in ("credential", "canary") and not lever.wide:
            try:
                return (await plane.plan(wish(lever.name, selector, "", {}))).selector
            except AdapterFault:
                continue
    return selector


def plain_model(name: str) -> str:
    """A model's name as the signed forms allow it."""
    return _NOT_PLAIN.sub("-", name).strip("-")[:128] or "model"


def adopt_surfaces(session: Session, provider: str) -> list[Surface]:
    """Discover a provider's surfaces and name the new ones for the whole organisation; gives the new ones."""
    instance = instances_of(session).get(provider)
    found = on_planes(session, lambda planes: _discover(_plane(planes, instance.id)))
    known = {one.key for one in surfaces(session) if one.instance == instance.id}
    levers = instances_of(session).registry.manifest(instance.adapter).levers
    reach = levers[0].reach if levers else "only-us"  # a page that is only read offers no surface either
    drafts: list[Draft] = []
    for one in found:
        if one.key in known:
            continue
        pub: dict[str, JsonValue] = {
            "surface": new_id("t", session.entropy), "instance": instance.id, "model": plain_model(one.model),
            "kind": one.kind, "control": one.control, "reach": reach,
        }  # fmt: skip
        drafts.append(Draft("surface.added", pub=pub, disclosures={"name": one.name, "key": one.key}))
    if drafts:
        session.append_all(drafts)
    return [one for one in surfaces(session) if one.instance == instance.id and one.key not in known]


async def _discover(plane: Plane) -> list[Found]:
    try:
        return list(await plane.discover())
    except AdapterFault as fault:
        raise WaitsForConnection(f"{plane.instance.name}: {fault.detail}.", "Check it, then try again.") from None


def _plane(planes: Planes, instance: str) -> Plane:
    plane = planes.get(instance)
    if plane is None:
        raise Problem(planes.why_not(instance), "See `standdown provider list`.")
    return plane


def on_planes(session: Session, work: Callable[[Planes], Awaitable[T]]) -> T:
    """Open every plane, do `work` on one event loop, close them.

    Raises:
        Locked: when a secret was needed that nobody has unlocked: to an adapter it is a riddle, to a person a question.
    """
    secrets = _Noting(open_secrets(session))
    try:
        return asyncio.run(_with_planes(session, secrets, work))
    finally:
        if secrets.locked is not None:
            raise secrets.locked


class _Noting:
    """Secrets, with a note of what was locked when it was needed."""

    def __init__(self, place: SecretPlace) -> None:
        self._place = place
        self.locked: Locked | None = None

    def get(self, name: str) -> str | None:
        """The secret, or None."""
        try:
            return self._place.get(name)
        except Locked as fault:
            self.locked = fault
            raise


async def _with_planes(session: Session, secrets: Secrets, work: Callable[[Planes], Awaitable[T]]) -> T:
    planes = Planes.open(instances_of(session), secrets, session.clock)
    try:
        return await work(planes)
    finally:
        await planes.aclose()


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """One provider as it is now, or why nothing is known."""

    instance: str
    name: str
    adapter: str
    look: Look | None
    broken: str


def status(session: Session) -> list[ProviderStatus]:
    """Look at every provider once, all at the same time."""

    async def work(planes: Planes) -> list[ProviderStatus]:
        looks = await asyncio.gather(*(look(plane) for plane in planes.all()))
        seen = [
            ProviderStatus(plane.instance.id, plane.instance.name, plane.instance.adapter, found, "")
            for plane, found in zip(planes.all(), looks, strict=True)
        ]
        return seen + [ProviderStatus(b.instance.id, b.instance.name, b.instance.adapter, None, b.reason)
                       for b in planes.broken()]  # fmt: skip

    return on_planes(session, work)


def find_surface(session: Session, instance: Instance, named: str) -> Surface:
    """The surface a person means at one instance: its key, name, id or model; may be left out where there is one.

    Raises:
        WrongUse: when no single one fits.
    """
    here = [one for one in surfaces(session) if one.instance == instance.id]
    fits = [one for one in here if named in (one.key, one.name, one.surface)] or [
        one for one in here if named in (one.model, one.own)
    ]
    if not named and len(here) == 1:
        fits = here
    if len(fits) != 1:
        raise WrongUse(
            f"No single surface of {instance.name} is called {named!r}.", "See `standdown provider surfaces`."
        )
    return fits[0]


__all__: Sequence[str] = (
    "ProviderStatus", "Surface", "adapters", "add", "add_canary", "adopt_surfaces", "find_surface", "instances_of",
    "on_planes", "plain_model", "status", "surfaces",
)  # fmt: skip
