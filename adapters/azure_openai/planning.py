"""The exact requests there and back, for each lever.

A filter is set by putting the whole deployment, as it was read: whatever else of it changes before it is sent makes the
plan stale. The two filters and the blocklist are prepared in peace and only put in place in an incident.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from adapters.azure_openai import wire
from adapters.azure_openai.account import Reader, missing, uses
from adapters.azure_openai.levers import CLOSE, PAUSABLE, Settings
from adapters.contract import Context, Planned, Refused, Request

NONE = "null"
DEFAULT_FILTER = "Microsoft.DefaultV2"
_PREVIEW = "Azure offers pausing as a preview, and may change it"
_STAYS_DELETED = "a deployment is made again by hand, needs free quota, and gets none where it is short"


def text(value: object) -> str:
    """JSON in one spelling."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _body(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


async def capacity(context: Context, reader: Reader, blank: Planned, units: int) -> Planned:
    """Fewer units of the same kind."""
    found, _ = await _deployment(context, reader, blank.selector)
    if blank.direction == "restore":
        raise Refused("Azure does not keep how much there was before: lift the correction itself")
    now = found.sku.capacity
    if now is None or not found.sku.name:
        raise Refused(f"{blank.selector} does not tell its capacity: nothing could be given back")
    if units > now:
        raise Refused(f"{blank.selector} has {now} units: {units} would be more, not less")

    def write(number: int) -> Request:
        sku = {"sku": {"name": found.sku.name, "capacity": number}}
        return Request(method="PATCH", path=reader.path("deployments", blank.selector), body=_body(sku))

    return replace(
        blank, pre={"capacity": text(now)}, wanted={"capacity": text(units)}, params={"capacity": str(units)},
        requests=(write(units),), revert=(write(now),),
        notes=("callers over the limit are answered 429; giving back needs the quota to be still free",),
    )  # fmt: skip


async def pause(context: Context, reader: Reader, blank: Planned) -> Planned:
    """Azure's own pause, for the kinds of deployment that have one."""
    found, _ = await _deployment(context, reader, blank.selector, wire.PREVIEW)
    if found.sku.name not in PAUSABLE:
        raise Refused(f"{blank.selector} is of the kind {found.sku.name or 'none told'}, which cannot be paused")
    now, then = found.properties.deploymentState, "Paused" if blank.direction == "contain" else "Running"

    def write(state: str) -> Request:
        verb = "pause" if state == "Paused" else "resume"
        path = reader.path("deployments", blank.selector, verb, version=wire.PREVIEW)
        return Request(method="POST", path=path, content_type=None)

    return replace(
        blank, pre={"deploymentState": text(now)}, wanted={"deploymentState": text(then)}, requests=(write(then),),
        revert=(write(now),), notes=(_PREVIEW,),
    )  # fmt: skip


async def filtered(context: Context, reader: Reader, blank: Planned, settings: Settings) -> Planned:
    """The strict filter, or Azure's default one, on the whole deployment as it was read."""
    _, told = await _deployment(context, reader, blank.selector)
    whole = wire.writable(told)
    now = whole["properties"].get("raiPolicyName")
    notes: list[str] = []
    if blank.direction == "contain":
        if await reader.policy(context, settings.strict_policy) is None:
            raise Refused(f"there is no content filter called {settings.strict_policy}: prepare it once")
        then = settings.strict_policy
    elif now == settings.strict_policy:
        then = DEFAULT_FILTER
        notes = ["which filter it had before is not kept by Azure: it gets the default one"]
    else:
        then = now

    def write(name: str | None) -> Request:
        properties = {key: value for key, value in whole["properties"].items() if key != "raiPolicyName"}
        body = {**whole, "properties": properties if name is None else {**properties, "raiPolicyName": name}}
        return Request(method="PUT", path=reader.path("deployments", blank.selector), body=_body(body))

    return replace(
        blank, pre={"raiPolicyName": text(now)}, wanted={"raiPolicyName": text(then)}, requests=(write(then),),
        revert=(write(now),), params={"rest": rest_of(whole)},
        notes=(*notes, "the deployment is put whole, as it was read; what the filter stops cannot be tried from here"),
    )  # fmt: skip


def rest_of(whole: Mapping[str, Any]) -> str:
    """A deployment without the field that a filter's lever writes, in one spelling."""
    properties = {name: value for name, value in whole["properties"].items() if name != "raiPolicyName"}
    return text({**whole, "properties": properties})


async def forbidden(context: Context, reader: Reader, blank: Planned, settings: Settings, term: str) -> Planned:
    """One entry more in the blocklist that the deployment's filter uses."""
    found, _ = await _deployment(context, reader, blank.selector)
    if not await reader.has_blocklist(context):
        raise Refused(f"there is no blocklist called {settings.blocklist}: prepare it once")
    policies = await reader.policies(context)
    using = {name for name, policy in policies.items() if uses(policy, settings.blocklist)}
    if found.properties.raiPolicyName not in using:
        raise Refused(f"the filter of {blank.selector} does not block what is asked by {settings.blocklist}")
    others, _ = await reader.deployments(context)
    reached = sorted(one.name for one in others if one.properties.raiPolicyName in using)
    name = entry_name(term)
    before = await reader.item(context, name)
    now = NONE if before is None else text({"isRegex": bool(before.isRegex), "pattern": before.pattern})
    then = text({"isRegex": False, "pattern": term}) if blank.direction == "contain" else NONE
    path = reader.path("raiBlocklists", settings.blocklist, "raiBlocklistItems", name)

    def write(entry: str) -> Request:
        if entry == NONE:
            return Request(method="DELETE", path=path, content_type=None)
        return Request(method="PUT", path=path, body=_body({"properties": json.loads(entry)}))

    return replace(
        blank, pre={"entry": now}, wanted={"entry": then}, requests=(write(then),), revert=(write(now),),
        params={"term": term, "entry": name, "blocklist": settings.blocklist},
        notes=(f"reaches every deployment whose filter uses {settings.blocklist}: {', '.join(reached[:8])}",),
    )  # fmt: skip


def entry_name(term: str) -> str:
    """The entry's own name: a term may hold what a path may not."""
    return f"sd-{hashlib.sha256(term.encode()).hexdigest()[:24]}"


async def door(context: Context, reader: Reader, blank: Planned) -> Planned:
    """One of the account's own doors: the public network, or keys."""
    found, _ = await reader.account(context)
    others, _ = await reader.deployments(context)
    names = sorted(one.name for one in others)
    if blank.surface_key and blank.surface_key not in names:
        raise missing("deployment", blank.surface_key)
    contain = blank.direction == "contain"
    field, now = door_of(blank.lever), door_now(blank.lever, found)
    then = ("Disabled" if contain else "Enabled") if blank.lever == CLOSE.name else contain
    notes = [f"reaches every deployment of the account: {', '.join(names[:8])}"]
    if blank.lever == CLOSE.name:
        notes += ["its private endpoints go on"] if found.properties.privateEndpointConnections else []
        notes += ["services that Azure trusts go on (networkAcls.bypass)"] if found.properties.trusts else []
    else:
        notes.append("callers who sign in with Entra ID go on")

    def write(value: object) -> Request:
        return Request(method="PATCH", path=reader.path(), body=_body({"properties": {field: value}}))

    surface = blank.surface_key or (names[0] if names else "")
    return replace(
        blank, surface_key=surface, name=f"account {found.name}", model=blank.model or surface,
        pre={field: text(now)}, wanted={field: text(then)}, requests=(write(then),), revert=(write(now),),
        params={"deployment": surface}, notes=tuple(notes),
    )  # fmt: skip


def door_of(lever: str) -> str:
    """The account's field that this lever writes."""
    return "publicNetworkAccess" if lever == CLOSE.name else "disableLocalAuth"


def door_now(lever: str, account: wire.Account) -> str | bool:
    """The field as it is; what an account does not say is open."""
    if lever == CLOSE.name:
        return account.properties.publicNetworkAccess or "Enabled"
    return bool(account.properties.disableLocalAuth)


async def deleted(context: Context, reader: Reader, blank: Planned) -> Planned:
    """Away with it, for good."""
    if blank.direction == "restore":
        raise Refused("a deleted deployment is made again by hand")
    await _deployment(context, reader, blank.selector)
    request = Request(method="DELETE", path=reader.path("deployments", blank.selector), content_type=None)
    return replace(
        blank, pre={"there": "true"}, wanted={"there": "false"}, requests=(request,), revert=(), notes=(_STAYS_DELETED,)
    )


async def _deployment(
    context: Context, reader: Reader, name: str, version: str = wire.API
) -> tuple[wire.Deployment, dict[str, Any]]:
    found = await reader.deployment(context, name, version)
    if found is None:
        raise missing("deployment", name)
    return found
