"""What can be pulled at which surface of a model, from the adapters' manifests alone; the mild levers first."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from console.domain.actions import CATEGORIES
from console.domain.errors import Problem
from console.providers.instance import Instance
from console.providers.offered import offered
from console.providers.wishes import Lever, Manifest
from console.services import providers
from console.services.session import Session

_REVERSALS = ("exact", "best-effort", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamLine:
    """One parameter of a lever: `title` names it with its unit; `choices` where only these are allowed."""

    name: str
    title: str
    required: bool
    default: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeverLine:
    """One lever in plain values. `milder` is the lever that does less at the same place, where there is one.

    `by_hand`: a person carries it out, by a text that the adapter renders.
    """

    name: str
    title: str
    category: str
    selector: str
    wide: bool
    reversal: str
    reach: str
    propagation_s: int
    probe: str | None
    proven: bool
    milder: str | None
    params: tuple[ParamLine, ...]
    by_hand: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One surface and what can be done there. `cannot` says of each category without a lever why there is none.

    `broken` says why nothing can be done from this console at all.
    """

    surface: providers.Surface
    provider: str
    by_hand: bool
    levers: tuple[LeverLine, ...]
    cannot: tuple[tuple[str, str], ...]
    broken: str = ""

    def of(self, category: str) -> tuple[LeverLine, ...]:
        """The levers of one category; by hand everything can be asked."""
        return self.levers if self.by_hand else tuple(one for one in self.levers if one.category == category)


def options_for(session: Session, model: str) -> tuple[Options, ...]:
    """Every known surface of a model (all models where it is empty), with its levers."""
    instances = providers.instances_of(session)
    known = {one.id: one for one in instances.all()}
    there: dict[str, Sequence[Lever]] = {}
    found: list[Options] = []
    for surface in providers.surfaces(session):
        if model and surface.model != model:
            continue
        instance = known.get(surface.instance)
        if instance is None:
            found.append(_unusable(surface, "", "Its provider is not connected on this console."))
            continue
        try:
            if instance.id not in there:
                there[instance.id] = offered(instances.registry, instance)
            found.append(_options(session, surface, instance, there[instance.id]))
        except Problem as fault:
            found.append(_unusable(surface, instance.name, fault.what))
    return tuple(found)


def _options(session: Session, surface: providers.Surface, instance: Instance, offers: Sequence[Lever]) -> Options:
    manifest = providers.instances_of(session).registry.manifest(instance.adapter)
    levers = mild_first(offers)
    elsewhere = {one.category for one in manifest.levers}
    there = {one.category for one in levers}
    by_hand = instance.adapter == "manual"
    missing = () if by_hand else tuple(category for category in CATEGORIES if category not in there)
    return Options(
        surface=surface, provider=instance.name, by_hand=by_hand, levers=levers,
        cannot=tuple((one, _why_not(manifest, one, elsewhere)) for one in missing),
    )  # fmt: skip


def _why_not(manifest: Manifest, category: str, elsewhere: Container[str]) -> str:
    """Why a kind has no lever at one instance: the provider has none, or its settings leave it out."""
    if category in elsewhere:
        return "as it is connected here it has no lever of this kind"
    return manifest.not_possible.get(category, f"{manifest.title} has no lever for it")


def _unusable(surface: providers.Surface, provider: str, why: str) -> Options:
    return Options(surface=surface, provider=provider, by_hand=False, levers=(), cannot=(), broken=why)


def mild_first(levers: Sequence[Lever]) -> tuple[LeverLine, ...]:
    """Levers in the order in which they are offered: exactly reversible, then narrow, then whatever is a milder one."""
    milder = {one.partial_sibling for one in levers if one.partial_sibling}

    def order(one: Lever) -> tuple[int, bool, bool]:
        return _REVERSALS.index(one.reversal), one.wide, one.name not in milder

    return tuple(_line(one) for one in sorted(levers, key=order))


def _line(one: Lever) -> LeverLine:
    return LeverLine(
        name=one.name, title=one.title, category=one.category, selector=one.selector, wide=one.wide,
        reversal=one.reversal, reach=one.reach, propagation_s=one.propagation_s, probe=one.probe, proven=one.proven,
        milder=one.partial_sibling, params=_params(one.params), by_hand=one.by_hand,
    )  # fmt: skip


def _params(model: type[BaseModel] | None) -> tuple[ParamLine, ...]:
    if model is None:
        return ()
    schema = model.model_json_schema()
    found: list[ParamLine] = []
    for name, told in dict(schema.get("properties", {})).items():
        default = told.get("default")
        found.append(
            ParamLine(
                name=str(name), title=str(told.get("title", name)), required=name in schema.get("required", ()),
                default="" if default is None else str(default), choices=tuple(map(str, told.get("enum", ()))),
            )
        )  # fmt: skip
    return tuple(found)
