"""An endpoint's traffic, and the models that are deployed on it.

Traffic is one field and is written alone. A model is deployed again as it was read, under its own number: slow, and
only where there is room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from adapters.contract import Context, Planned, Refused, Request, Stale
from adapters.google_vertex import reading, wire
from adapters.google_vertex.levers import ASIDE, QUIET, UNDEPLOY, Settings

NONE = "null"
WHOLE = 100
_KNOWN_HERE = "Google does not keep how it was before: lift the correction itself"


def key_of(one: wire.Endpoint) -> str:
    """Its surface."""
    return f"endpoints/{one.id}"


def model_of(one: wire.Endpoint) -> str:
    """What it serves: the model that was deployed under the lowest number; without any, the endpoint's own name."""
    first = sorted(one.deployedModels, key=lambda each: str(each.get("id")).rjust(10))
    return _called(first[0]) if first else name_of(one)


def name_of(one: wire.Endpoint) -> str:
    """What people call it, whatever is deployed: a plan made before and after a correction says the same."""
    return one.displayName or one.id


def _called(deployed: Mapping[str, Any]) -> str:
    return str(deployed.get("displayName") or str(deployed.get("model", "")).rpartition("/")[2] or deployed.get("id"))


# -- planning ----------------------------------------------------------------------------------------------------------


async def plan(context: Context, settings: Settings, blank: Planned) -> Planned:
    """The plan for one endpoint or one deployed model."""
    named, ident = _asked(blank)
    one = await _one(context, settings, named)
    if blank.surface_key not in {"", key_of(one)}:
        raise Refused(f"{one.id} is an endpoint of its own, not part of {blank.surface_key}")
    at = replace(blank, surface_key=key_of(one), model=name_of(one), name=name_of(one))
    if blank.lever == QUIET.name:
        return _quiet(settings, replace(at, selector=one.id), one)
    deployed = _deployed(one, ident)
    ident = str(deployed["id"]) if deployed else ident
    named_at = replace(at, selector=f"{one.id}/{ident}", name=_called(deployed) if deployed else ident)
    if blank.lever == ASIDE.name:
        return _aside(settings, named_at, one, ident)
    return _undeploy(settings, named_at, one, ident)


def _asked(blank: Planned) -> tuple[str, str]:
    """Which endpoint is meant, and which deployed model on it, as far as that is said."""
    surface = blank.surface_key.removeprefix("endpoints/")
    if surface.startswith("publishers/"):
        raise Refused("it is no endpoint")
    if blank.selector in {"", blank.surface_key} or blank.selector.startswith("endpoints/"):
        return blank.selector.removeprefix("endpoints/") or surface, ""
    named, slash, ident = blank.selector.partition("/")
    if blank.lever == QUIET.name or slash:
        return named, ident
    return (surface, named) if surface else (named, "")


async def _one(context: Context, settings: Settings, named: str) -> wire.Endpoint:
    if named.isdigit():
        found = await reading.endpoint(context, settings, named)
        if found is not None:
            return found
    every, _ = await reading.endpoints(context, settings)
    same = [one for one in every if named and one.displayName == named]
    if len(same) != 1:
        raise Refused(f"{len(same)} endpoints of this location are called that: give its number", wire.NOT_FOUND)
    return same[0]


def _deployed(one: wire.Endpoint, ident: str) -> dict[str, Any] | None:
    """The deployed model of this number, or the only one of this name. A number that is free may have been in use."""
    if not ident and len(one.deployedModels) == 1:
        return one.deployedModels[0]
    if ident.isdigit() and len(ident) <= 10:  # noqa: PLR2004  so long are Google's numbers of deployed models at most
        return one.deployed(ident)
    same = [each for each in one.deployedModels if ident and each.get("displayName") == ident]
    if len(same) != 1:
        there = ", ".join(f"{one.id}/{each.get('id')} ({_called(each)})" for each in one.deployedModels[:8])
        raise Refused(f"say which model of {name_of(one)}: {there or 'none is deployed'}", wire.NOT_FOUND)
    return same[0]


def _quiet(settings: Settings, blank: Planned, one: wire.Endpoint) -> Planned:
    now = one.trafficSplit
    then: dict[str, int] = {}
    if blank.direction == "restore":
        if now or len(one.deployedModels) != 1:
            raise Refused("there is traffic already" if now else _KNOWN_HERE)
        then = {str(one.deployedModels[0].get("id")): WHOLE}
    notes = ["what is deployed stays, runs on and costs on", *_private(one)]
    return _traffic(settings, replace(blank, notes=tuple(notes)), one, then)


def _aside(settings: Settings, blank: Planned, one: wire.Endpoint, ident: str) -> Planned:
    if blank.direction == "restore":
        raise Refused(_KNOWN_HERE)
    if one.deployed(ident) is None:
        raise Refused("this model is not deployed there", wire.NOT_FOUND)
    then = without(one.trafficSplit, ident)
    others = ", ".join(_share(one, number, share) for number, share in then.items())
    notes = (f"its share goes to the others: {others}", "one call cannot tell which model answers")
    return _traffic(settings, replace(blank, notes=notes), one, then)


def _share(one: wire.Endpoint, ident: str, share: int) -> str:
    return f"{_called(one.deployed(ident) or {'id': ident})} {share} %"


def without(split: Mapping[str, int], ident: str) -> dict[str, int]:
    """The split without this one: the others keep their proportions and are whole again.

    Raises:
        Refused: when no other has traffic.
    """
    others = {number: share for number, share in split.items() if number != ident and share > 0}
    total = sum(others.values())
    if not split.get(ident, 0):
        return {number: share for number, share in split.items() if number != ident}
    if not total:
        raise Refused(f"no other model of this endpoint has traffic: use {QUIET.name}")
    then = {number: share * WHOLE // total for number, share in others.items()}
    left = WHOLE - sum(then.values())
    for number in sorted(others, key=lambda each: (-(others[each] * WHOLE % total), each))[:left]:
        then[number] += 1
    return then


def _traffic(settings: Settings, blank: Planned, one: wire.Endpoint, then: Mapping[str, int]) -> Planned:
    path = reading.vertex(f"{settings.place}/endpoints/{one.id}?updateMask=trafficSplit")

    def write(split: Mapping[str, int]) -> Request:
        return Request(method="PATCH", path=path, body=wire.text({"trafficSplit": split}))

    return replace(
        blank, pre={"traffic": wire.text(one.trafficSplit)}, wanted={"traffic": wire.text(then)},
        params={"endpoint": one.id}, requests=(write(then),), revert=(write(one.trafficSplit),),
    )  # fmt: skip


def _undeploy(settings: Settings, blank: Planned, one: wire.Endpoint, ident: str) -> Planned:
    if blank.direction == "restore":
        raise Refused(_KNOWN_HERE)
    deployed, split = one.deployed(ident), one.trafficSplit
    alone = len(one.deployedModels) == 1
    then: dict[str, int] = split if deployed is None else {} if alone else without(split, ident)
    given = {"trafficSplit": then} if then != split and then else {}
    path = reading.vertex(f"{settings.place}/endpoints/{one.id}")
    away = Request(
        method="POST", path=f"{path}:undeployModel", body=wire.text({"deployedModelId": ident, **given})
    )  # fmt: skip
    back = away if deployed is None else _deploy(path, deployed, split, ident)
    return replace(
        blank, pre={"deployed": shown(deployed), "traffic": wire.text(split)},
        wanted={"deployed": NONE, "traffic": wire.text(then)}, requests=(away,), revert=(back,),
        params={"endpoint": one.id, "deployed": ident}, notes=tuple(_notes(one, deployed, then)),
    )  # fmt: skip


def _deploy(path: str, deployed: Mapping[str, Any], split: Mapping[str, int], ident: str) -> Request:
    """As it was: the same number, the same version, the same machines; 0 stands for what is being deployed."""
    spec = {name: value for name, value in deployed.items() if name in wire.WRITABLE}
    version = deployed.get("modelVersionId")
    if version:
        spec["model"] = f"{str(spec.get('model', '')).partition('@')[0]}@{version}"
    renamed = {"0" if number == ident else number: share for number, share in split.items()}
    body = {"deployedModel": spec, **({"trafficSplit": renamed} if renamed else {})}
    return Request(method="POST", path=f"{path}:deployModel", body=wire.text(body))


def _notes(one: wire.Endpoint, deployed: Mapping[str, Any] | None, then: Mapping[str, int]) -> Sequence[str]:
    if deployed is None:
        return ["nothing is deployed under this number now"]
    notes = ["deploying again takes minutes, needs free quota and machines, and may fail: traffic comes back with it"]
    if then:
        notes.append("its share goes to the others: " + ", ".join(_share(one, *each) for each in then.items()))
    lost = sorted(set(deployed) - wire.WRITABLE - wire.TOLD)
    if lost:
        notes.append(f"not known here, and not given back: {', '.join(lost)[:200]}")
    return [*notes, *_private(one)]


def _private(one: wire.Endpoint) -> list[str]:
    told = "callers come to a dedicated address: a probe from here cannot tell"
    return [told] if one.dedicatedEndpointEnabled else []


# -- reading back ------------------------------------------------------------------------------------------------------


def shown(deployed: Mapping[str, Any] | None) -> str:
    """A deployed model as a field: what is given to deploy it again, with its version beside it."""
    if deployed is None:
        return NONE
    kept = {name: value for name, value in deployed.items() if name in wire.WRITABLE}
    bare, _, version = str(kept.get("model", "")).partition("@")
    return wire.text({**kept, "model": bare, "version": str(deployed.get("modelVersionId") or version)})


async def fields_now(context: Context, settings: Settings, planned: Planned) -> dict[str, str]:
    """The fields as they are; nothing where the endpoint itself is gone."""
    one = await reading.endpoint(context, settings, planned.params["endpoint"])
    if one is None:
        return {}
    found = {"traffic": wire.text(one.trafficSplit)}
    if planned.lever == UNDEPLOY.name:
        found["deployed"] = shown(one.deployed(planned.params["deployed"]))
    return found


async def must_be_as_read(context: Context, settings: Settings, planned: Planned, *, back: bool) -> None:
    """Raise `Stale` where somebody else changed the traffic: what is sent names a whole split."""
    now = await fields_now(context, settings, planned)
    before = planned.wanted if back else planned.pre
    if now not in (dict(before), dict(planned.pre if back else planned.wanted)):
        raise Stale("the endpoint was changed after the plan was made, and nothing was sent")
