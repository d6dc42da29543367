"""Try a provider before it is relied on: does it answer, what is there, what can this credential restrict.

It only ever reads: status, discovery, and plans that nobody sends. What only a write would tell is said to be untried.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from console.domain.errors import WaitsForConnection
from console.providers.instance import MANUAL, Instance, Instances, check_settings, check_world
from console.providers.plane import Plane
from console.providers.registry import make_adapter
from console.providers.rights import granted, may_not
from console.providers.wishes import AdapterFault, Found, Lever, wish
from console.runtime.ids import new_id
from console.services.connection_report import ConnectionReport, LeverReport, Verdict, by_grant, by_plans, how_asked
from console.services.provider_settings import STAND_IN, least_of
from console.services.providers import instances_of
from console.services.secrets import open_secrets
from console.services.session import Session

_MOST_TRIED: Final = 8  # surfaces on which a lever is planned for trial; a gateway may serve hundreds
_NAME: Final = "trial"
_NOBODY: Final = "standdown-trial"
_DENIED: Final = frozenset({401, 403})


class _Given:
    """Secrets that were typed and are kept nowhere; others by name from the vault."""

    def __init__(self, given: Mapping[str, str], session: Session) -> None:
        self._given = given
        self._session = session

    def get(self, name: str) -> str | None:
        """The secret, or None."""
        typed = self._given.get(name.partition("/")[2])
        return typed if typed is not None else open_secrets(self._session).get(name)


def try_connection(
    session: Session, adapter: str, settings: Mapping[str, Any], secrets: Mapping[str, str],
    *, selectors: Mapping[str, str] | None = None, instance: Instance | None = None,
) -> ConnectionReport:  # fmt: skip
    """Try a provider that is not saved yet (`secrets` by the adapter's own names), or `instance` as it is saved.

    `selectors` names by lever something to plan for trial (a canary key, say). Nothing is written, here or there.

    Raises:
        UnknownAdapter, WrongWorld, BadSettings, Locked: as their names say.
    """
    instances = instances_of(session)
    plane = _plane(session, instances, adapter, settings, secrets, instance)
    return asyncio.run(try_plane(plane, adapter, dict(selectors or {})))


def try_saved(session: Session, provider: str, *, selectors: Mapping[str, str] | None = None) -> ConnectionReport:
    """Try a provider as it is saved, by id or name.

    Raises:
        NoSuchInstance: when there is none; else as `try_connection`.
    """
    found = instances_of(session).get(provider)
    probed = {one.name: selector for one in instances_of(session).registry.manifest(found.adapter).levers
              for selector in found.probe_credentials if not one.wide}  # fmt: skip
    return try_connection(
        session, found.adapter, found.settings, {}, selectors={**probed, **(selectors or {})}, instance=found
    )


def require_answer(report: ConnectionReport, name: str) -> None:
    """Nothing where it answers.

    Raises:
        WaitsForConnection: where it does not, or refuses this credential.
    """
    if not report.answers:
        raise WaitsForConnection(f"{name} does not answer: {report.fault}.", "Check its address and its credentials.")


def _plane(
    session: Session, instances: Instances, adapter: str, settings: Mapping[str, Any], secrets: Mapping[str, str],
    instance: Instance | None,
) -> Plane:  # fmt: skip
    check_world(adapter, instances.world)
    usable = instances.registry.usable(adapter)
    settled = check_settings(usable.manifest.settings, settings)
    made = instance or Instance(id=new_id("g", session.entropy), adapter=adapter, name=_NAME, settings=settled)
    if instance is not None:
        open_secrets(session).prime(instance.secret(name) for name in usable.manifest.secrets)
    given = secrets if instance is None else {name: text for name, text in secrets.items() if text}
    # an unsaved one reads nothing from the vault: what was not typed is not there
    typed = {name: given.get(name, "") for name in usable.manifest.secrets} if instance is None else given
    return Plane(
        made, make_adapter(usable, settled), _Given(typed, session), session.clock, world=instances.world,
    )  # fmt: skip


async def try_plane(plane: Plane, adapter: str, selectors: Mapping[str, str]) -> ConnectionReport:
    """What one trial of this plane finds, by reading only; its connections are closed afterwards."""
    report = ConnectionReport(
        adapter=adapter, title=plane.manifest.title, answers=False, not_possible=dict(plane.manifest.not_possible)
    )  # fmt: skip
    try:
        if adapter == MANUAL:
            return await _by_hand(plane, report)
        return await _look(plane, report, selectors)
    except AdapterFault as fault:
        return replace(report, fault=fault.detail.rstrip("."), levers=_untried(plane, "the provider was not read"))
    finally:
        await plane.aclose()


async def _by_hand(plane: Plane, report: ConnectionReport) -> ConnectionReport:
    found = await plane.discover()
    levers = _untried(plane, "people carry it out: nothing can be tried")
    return replace(report, answers=True, who="people", surfaces=_surfaces(found), levers=levers)


async def _look(plane: Plane, report: ConnectionReport, selectors: Mapping[str, str]) -> ConnectionReport:
    status = await plane.status()
    found = await plane.discover()
    told, untold = await granted(plane)
    levers = [
        by_grant(await _lever(plane, lever, found, selectors.get(lever.name, "")), told)
        for lever in plane.manifest.levers
    ]
    facts = dict(status.facts)
    return replace(
        report, answers=True, latency_ms=status.latency_ms, who=facts.pop("identity", ""), surfaces=_surfaces(found),
        levers=tuple(levers), facts=facts, warnings=tuple(_warnings(facts, found, levers)),
        asked=how_asked(plane, told, untold, levers),
    )  # fmt: skip


def _surfaces(found: Sequence[Found]) -> tuple[tuple[str, str, str, str], ...]:
    return tuple((one.key, one.name, one.model, one.detail) for one in found)


def _untried(plane: Plane, why: str) -> tuple[LeverReport, ...]:
    return tuple(_report(lever, "not-tried", why) for lever in plane.manifest.levers)


def _report(lever: Lever, verdict: Verdict, why: str = "", at: Sequence[str] = ()) -> LeverReport:
    return LeverReport(
        lever=lever.name, title=lever.title, category=lever.category, reach=lever.reach, reversal=lever.reversal,
        propagation_s=lever.propagation_s, probe=lever.probe, verdict=verdict, why=why, at=tuple(dict.fromkeys(at)),
        by_hand=lever.by_hand,
    )  # fmt: skip


async def _lever(plane: Plane, lever: Lever, found: Sequence[Found], selector: str) -> LeverReport:
    """Plan it with the least parameters: a wide lever on each surface, a narrow one on what was named.

    Where nothing was named, something that nobody has is asked for: a credential that may not even read shows by it.
    """
    params = least_of(lever.params)
    named = lever.wide or bool(selector)
    places = [(one.key, one.key) for one in found[:_MOST_TRIED]] if lever.wide else [(selector or _NOBODY, "")]
    planned: list[str] = []
    refused: list[str] = []
    denied = False
    lacks: list[tuple[str, ...] | None] = []
    if selector and not lever.wide:  # some have to be told besides at which surface
        places += [(selector, one.key) for one in found[:1]]
    for chosen, key in places:
        if planned and not lever.wide:
            break
        try:
            made = await plane.plan(wish(lever.name, chosen, key, params))
            planned.append(made.name)
            lacks.append(await may_not(plane, made))
        except AdapterFault as fault:
            denied = denied or getattr(fault, "status", None) in _DENIED
            refused.append(f"{chosen}: {fault.detail.rstrip('.')}" if named else fault.detail.rstrip("."))
    if planned and not lever.wide:
        refused.clear()
    if planned and named:
        return by_plans(_report(lever, "can-plan", "; ".join(refused), planned), lacks)
    if not named and not denied:
        why = f"name {_one(lever.selector)} to try it with"
        return _report(lever, "not-tried", why)
    if (unsaid := [name for name, value in params.items() if value == STAND_IN]) and not denied:
        return _report(lever, "not-tried", f"it has to be told {' and '.join(unsaid)}, which nobody can guess")
    why = "; ".join(dict.fromkeys(refused)) or "there is no surface to try it on"
    return replace(_report(lever, "cannot", why), denied=denied)


def _one(kind: str) -> str:
    return f"{'an' if kind[:1] in 'aeio' else 'a'} {kind}"  # a user


def _warnings(facts: Mapping[str, str], found: Sequence[Found], levers: Sequence[LeverReport]) -> list[str]:
    told: list[str] = []
    if not found:
        told.append("It lists no surface: nothing can be corrected there.")
    in_file = facts.get("models_in_file", "0")
    if in_file not in {"", "0"}:
        told.append(f"{in_file} of its models stand in its configuration file and cannot be blocked from here.")
    if facts.get("database") == "none":
        told.append("It has no database: keys cannot be blocked there.")
    if any(one.denied for one in levers):
        told.append("It refuses this credential a part of what is needed: it may be no administrator's.")
    if levers and all(one.verdict == "cannot" for one in levers):
        told.append("No lever can be planned with this credential.")
    return told


__all__ = ["ConnectionReport", "LeverReport", "require_answer", "try_connection", "try_plane", "try_saved"]
